"""Write calibration/example: the 2011 world table, 3 regions x 6 sectors, as plain files.

It shows the layout that `cge calibrate` reads, on real figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cge.data.accounts.aggregation import load_aggregation
from cge.data.accounts.table_files import load_table
from cge.data.accounts.tariffs import load_tariffs

REGIONS = {"CHN": "China", "USA": "United States", "ROW": "Rest of the world"}


def _long(array: np.ndarray, axes: dict[str, list[str]]) -> pd.DataFrame:
    cells = pd.MultiIndex.from_product(axes.values(), names=axes.keys())
    frame = pd.DataFrame({"value": array.ravel()}, index=cells).reset_index()
    return frame[frame["value"] != 0].round({"value": 3})


def main() -> None:
    """Aggregate the shipped table and write it as long CSV files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    table = load_table("wiod2013", 2011)
    small = load_aggregation("small", table)
    to_sector = small.matrices(table.regions, table.sectors)[1]
    to_region = np.array(
        [[(r == code) or (code == "ROW" and r not in REGIONS) for r in table.regions]
         for code in REGIONS]
    ).astype(float)  # fmt: skip
    to_region[2, table.regions.index("ROW")] = 1.0
    regions, sectors = list(REGIONS), list(small.sectors)

    flows = np.einsum("ar,bi,cs,dj,risj->abcd", to_region, to_sector, to_region, to_sector,
                      table.intermediate, optimize=True)  # fmt: skip
    final = np.einsum("ar,bi,cs,risd->abcd", to_region, to_sector, to_region, table.final,
                      optimize=True)  # fmt: skip
    labour = np.einsum("cs,dj,sj->cd", to_region, to_sector, table.value_added * table.labour_share)
    total = np.einsum("cs,dj,sj->cd", to_region, to_sector, table.value_added)
    rates, _ = load_tariffs("applied", "wiod2013", table.regions, table.sectors)
    trade = table.intermediate.sum(axis=3) + table.final.sum(axis=3)
    paid, base = (
        np.einsum("ar,bi,cs,ris->abc", to_region, to_sector, to_region, x, optimize=True)
        for x in (trade * rates, trade)
    )
    tariff = np.divide(paid, base, out=np.zeros_like(paid), where=base > 0)

    keys = {"origin": regions, "commodity": sectors, "destination": regions}
    _long(flows, {**keys, "sector": sectors}).to_csv(out / "intermediate.csv", index=False)
    _long(final, {**keys, "agent": list(table.agents)}).to_csv(out / "final.csv", index=False)
    factors = np.stack([labour, total - labour], axis=2)
    _long(factors, {"region": regions, "sector": sectors, "factor": ["LAB", "CAP"]}).to_csv(
        out / "value_added.csv", index=False
    )
    rows = [
        {"importer": s, "exporter": r, "sector": i, "rate": round(float(tariff[a, b, c]), 5)}
        for a, r in enumerate(regions)
        for b, i in enumerate(sectors)
        for c, s in enumerate(regions)
        if r != s and tariff[a, b, c] > 0
    ]
    pd.DataFrame(rows).to_csv(out / "tariffs.csv", index=False)
    description = {
        "name": "example",
        "year": 2011,
        "unit": "million USD",
        "flows": "net",
        "notes": [*table.notes, "Aggregated to 3 regions x 6 sectors as an example."],
        "regions": REGIONS,
        "sectors": dict(small.names["sectors"]),
    }
    text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True, width=100)
    (out / "table.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
