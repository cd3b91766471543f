"""How long building, compiling and solving take, and how much memory.

    python benchmarks/run.py                       small, default, full; both solvers
    python benchmarks/run.py --sizes small default
    python benchmarks/run.py --paths small default    25 years of a tariff war instead

Each row is a process of its own. "cold" rows compile the model; "cached" rows read what
a process before them compiled. Times are wall seconds of one run on a shared machine:
compare rows of one table, not tables.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

SCENARIO = {"tariff[*, CHN, *, USA]": 1.5, "tariff[*, USA, *, CHN]": 1.5}
NEXT = {"tariff[*, CHN, *, USA]": 1.25, "tariff[*, USA, *, CHN]": 1.6}
#: Seconds after which a row is given up: Ipopt's linear solver on the full world.
TIME_LIMIT = 600
HEADER = ("size", "solver", "start", "unknowns", "terms", "import", "calibrate", "build", "compile",
          "solve", "to result", "next", "other", "MB")  # fmt: skip


def measure(size: str, solver: str, folder: str) -> dict[str, float]:
    """Measure one process: import, calibrate, build, compile, solve, solve another scenario.

    "other" is the first scenario with other elasticities, the model for them included.
    Where an earlier process has left the compiled model, "build" is reading it and
    "compile" nothing.
    """
    import gc
    import resource
    from time import perf_counter

    began = perf_counter()
    from cge import Model, load_benchmark

    imported = perf_counter()
    benchmark = load_benchmark(aggregation=size)
    calibrated = perf_counter()
    from cge.solve import cache

    name = cache.key(benchmark, "long")
    template = cache.load(Path(folder), name)
    built = perf_counter()
    if template is None:
        from cge.model.build import build_model
        from cge.model.elasticity import parameters
        from cge.model.registry import OUTCOMES
        from cge.solve.monomials import compile_template

        gc.disable()  # as Model.build does
        pyomo_model = build_model(benchmark, "long", parametric=True)
        built = perf_counter()
        count = len(parameters(benchmark.elasticities["long"]))
        template = compile_template(pyomo_model, [outcome.name for outcome in OUTCOMES], count)
        gc.enable()
        cache.save(Path(folder), name, template)
    model = Model(benchmark, template, "long")
    compiled = perf_counter()
    first = model.solve(SCENARIO, solver=solver)
    solved = perf_counter()
    again = model.solve(NEXT, solver=solver)
    finished = perf_counter()
    long = benchmark.elasticities["long"]
    higher = model.with_elasticities(replace(long, armington=1.1 * long.armington))
    other = higher.solve(SCENARIO, solver=solver)
    ended = perf_counter()
    assert max(s.diagnostics.residual for s in (first, again, other)) < 1e-9
    return {
        "unknowns": first.resolved.system.size,
        "terms": model.arrays.exponents.shape[0],
        "import": imported - began,
        "calibrate": calibrated - imported,
        "build": built - calibrated,
        "compile": compiled - built,
        "solve": solved - compiled,
        "to result": solved - began,
        "next": finished - solved,
        "other": ended - finished,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_path(size: str, elasticities: str, years: int) -> dict[str, float]:
    """Measure one process: 25 years of a tariff war with knowledge, calibrated and compiled."""
    import resource
    from time import perf_counter

    began = perf_counter()
    from cge.experiments.path import run_path
    from cge.scenario.schema import Scenario

    both = (("CHN", "USA"), ("USA", "CHN"))
    scenario = Scenario.model_validate({
        "name": "benchmark", "benchmark": {"aggregation": size}, "elasticities": [elasticities],
        "path": {"years": years},
        "policy": [{"instrument": "tariff", "exporter": r, "importer": s, "sector": "goods",
                    "add": 0.5} for r, s in both],
    })  # fmt: skip
    (case,) = run_path(scenario).cases
    return {
        "unknowns": case.years[0].solution.resolved.system.size,
        "years": sum(year.seconds for year in case.years),
        "first": case.years[0].seconds,
        "total": perf_counter() - began,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _paths(sizes: list[str], years: int) -> list[list[str]]:
    """Return the rows of the table of paths."""
    rows = [["size", "elasticities", "unknowns", "first year", f"{years} years", "to result", "MB"]]
    for size in sizes:
        for name in ("fontagne", "boehm"):
            command = [sys.executable, __file__, "--measure-path", size, name, str(years)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            times = [f"{found[k]:.2f}" for k in ("first", "years", "total")]
            rows.append([size, name, f"{found['unknowns']:.0f}", *times, f"{found['MB']:.0f}"])
            print(".", end="", file=sys.stderr, flush=True)
    return rows


def _row(size: str, solver: str, start: str, folder: str) -> list[str]:
    command = [sys.executable, __file__, "--measure", size, solver, folder]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        return [size, solver, start, *[f"> {TIME_LIMIT}"] * (len(HEADER) - 3)]
    if done.returncode != 0:
        return [size, solver, start, *["failed"] * (len(HEADER) - 3)]
    figures = json.loads(done.stdout.splitlines()[-1])
    cells = [f"{figures[k]:.0f}" if k in ("unknowns", "terms", "MB") else f"{figures[k]:.2f}"
             for k in HEADER[3:]]  # fmt: skip
    return [size, solver, start, *cells]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", default=["small", "default", "full"])
    parser.add_argument("--solvers", nargs="+", default=["newton", "ipopt"])
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--paths", nargs="+", help="sizes of which a path is measured instead")
    parser.add_argument("--years", type=int, default=25, help="of a path")
    parser.add_argument("--measure-path", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    if arguments.measure_path:
        size, name, years = arguments.measure_path
        print(json.dumps(measure_path(size, name, int(years))))
        return
    if arguments.paths:
        _print(_paths(arguments.paths, arguments.years))
        return
    rows = [list(HEADER)]
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            for solver in arguments.solvers:
                starts = ("cold", "cached") if solver == "newton" else ("cached",)
                for start in starts:
                    rows.append(_row(size, solver, start, folder))
                    print(".", end="", file=sys.stderr, flush=True)
    _print(rows)


def _print(rows: list[list[str]]) -> None:
    """Print rows, the first of them the header, as a table."""
    print(file=sys.stderr)
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (w + 2) for w in widths) + "|")


if __name__ == "__main__":
    main()
