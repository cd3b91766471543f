"""Time and memory of reading and calibrating a table of the size of the OECD's, 77 x 45.

    python benchmarks/table_memory.py [FOLDER]

The table is the shipped one of 2011 with regions and sectors split in two, in the layout of the
edition of 2023; only its size is real. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from split_world import _parts

from cge.data.accounts.table_files import load_table

#: Regions beside those of the shipped table, and sectors, as the OECD has them.
_MORE = (
    "ARG BGD BLR BRN CHE CHL CIV CMR COL CRI EGY HKG HRV ISL ISR JOR KAZ KHM LAO MAR MMR MYS NGA "
    "NOR NZL PAK PER PHL SAU SEN SGP THA TUN UKR VNM ZAF"
)
_SECTORS = (
    "A01_02 B05_06 C10T12 C13T15 C31T33 C16 C17_18 C19 C20 C22 C23 C24 C28 C26 C29 D E F G I H49 "
    "H50 H51 H52 H53 K L M O P Q R S T J58T60 A03 B07_08 B09 C21 C25 C27 C30 J61 J62_63 N"
)


def write(path: Path) -> None:
    """Write the table as a CSV file."""
    table, rng = load_table("wiod2013", 2011), np.random.default_rng(0)
    r, part_r = _parts(rng, 41, 77)
    i, part_i = _parts(rng, 35, 45)
    regions = [*table.regions, *_MORE.split()]
    origin = part_r[:, None] * part_i[None, :]
    z = table.intermediate[np.ix_(r, i, r, i)] * origin[..., None, None] * origin
    f = table.final[np.ix_(r, i, r)] * origin[..., None, None] * part_r[:, None]
    n = 77 * 45
    z, f = z.reshape(n, n), f.reshape(n, -1)
    value = (table.value_added[np.ix_(r, i)] * origin).reshape(n)
    labels = [f"{a}_{b}" for a in regions for b in _SECTORS.split()]
    agents = {"HH": "HFCE", "NPISH": "NPISH", "GOV": "GGFC", "GFCF": "GFCF", "INV": "INVNT"}
    final = [f"{a}_{agents[d]}" for a in regions for d in table.agents]
    frame = pd.DataFrame(np.hstack([z, f]), labels, labels + final).round(3)
    frame.loc["VA"] = [*value, *np.zeros(len(final))]
    frame.rename_axis("V1").to_csv(path, float_format="%.10g")


def main() -> None:
    """Write the table, calibrate it in a process of its own, and print what that took."""
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    path, out = place / "2020_SML.csv", place / "world"
    if not path.exists():
        write(path)
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from cge.cli.main import run; run()", "calibrate", path,
         "--aggregation", "default", "--overwrite", "--out", out],
        check=True,
    )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{path.stat().st_size / 1e6:.0f} MB of text: {time.perf_counter() - begun:.0f} s, "
          f"{peak:.2f} GB at most")  # fmt: skip


if __name__ == "__main__":
    main()
