"""How long a folder of GTAP data takes from Python's start to an equilibrium, and to the next one.

    python benchmarks/gtap.py my-gtap

One process on one core. Times are processor seconds / wall seconds, counted from Python's start;
"next" is another scenario in the same process, "other" one with other elasticities.
"""

from __future__ import annotations

import argparse
import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

from time import process_time

from run import Clock, memory

#: The power of all tariffs, those on trade within regions included, up ten per cent; and another.
FIRST = {"tariff[imports, *, *, *]": 1.1}
NEXT = {"tariff[imports, *, *, *]": 1.05, "net_of_output_tax[*, *]": 1.01}


def main() -> None:
    """Time one folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="of GTAP data")
    folder = parser.parse_args().folder
    begun, clock = process_time(), Clock()
    from cge import Model, calibrate_gtap, read_gtap
    from cge.indicators.gtap.gtap_parity import multiplied

    rows = [("import", clock.read())]
    data = read_gtap(folder)
    b = calibrate_gtap(data).benchmark
    rows.append(("read and calibrate", clock.read()))
    model = Model.build(b)
    rows.append(("compile", clock.read()))
    first = multiplied(model, FIRST)
    rows.append(("solve", clock.read()))
    at_first = memory()
    processor, wall = clock.total()
    rows.append(("from Python's start", (processor + begun, wall)))
    clock.read()
    following = multiplied(model, NEXT)
    rows.append(("next", clock.read()))
    other = calibrate_gtap(data, "ESBM").benchmark
    clock.read()
    multiplied(Model.build(other), FIRST)
    rows.append(("other elasticities", clock.read()))
    print(f"{len(b.sectors)} x {len(b.regions)}, {first.resolved.system.size:,} unknowns")
    for name, (processor, wall) in rows:
        print(f"{name:<22} {processor:7.2f} / {wall:.2f} s")
    print(f"{'memory':<22} {memory():7.0f} MB, {at_first:.0f} MB at the first equilibrium")
    for name, solution in (("first", first), ("next", following)):
        print(f"{name}: {solution.diagnostics}")


if __name__ == "__main__":
    main()
