"""Convert the WIOD 2013 release (1995-2011) into the compact files of calibration/tables/wiod2013.

Run as ``python calibration/tools/convert_wiod2013.py --raw DIR --out calibration/tables/wiod2013``.
``DIR`` holds, at any depth, the downloads named in ``provenance.yaml``: ``wiot_YYYY.RData`` for
1995-2011 and ``WIOD2013_GVCmeasures_Dec2017.dta``. The script checks what it reads, writes the
tables, the index files, the value-added shares and the provenance file with its figures.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rdata
from packing import AGENTS, REGION_NAMES, find_raw, pack_arrays, unpack_arrays, write_provenance

YEARS = range(1995, 2012)
N_REGIONS, N_SECTORS, N_AGENTS = 41, 35, 5
RECODE = {"ROM": "ROU", "RoW": "ROW"}
LARGE_OUTPUT = 50_000

SECTORS = [
    ("AtB", "Agriculture, hunting, forestry and fishing"),
    ("C", "Mining and quarrying"),
    ("15t16", "Food, beverages and tobacco"),
    ("17t18", "Textiles and textile products"),
    ("19", "Leather and footwear"),
    ("20", "Wood and products of wood and cork"),
    ("21t22", "Pulp, paper, printing and publishing"),
    ("23", "Coke, refined petroleum and nuclear fuel"),
    ("24", "Chemicals and chemical products"),
    ("25", "Rubber and plastics"),
    ("26", "Other non-metallic minerals"),
    ("27t28", "Basic metals and fabricated metal"),
    ("29", "Machinery, not elsewhere classified"),
    ("30t33", "Electrical and optical equipment"),
    ("34t35", "Transport equipment"),
    ("36t37", "Manufacturing, not elsewhere classified; recycling"),
    ("E", "Electricity, gas and water supply"),
    ("F", "Construction"),
    ("50", "Sale and repair of motor vehicles; retail sale of fuel"),
    ("51", "Wholesale trade, except of motor vehicles"),
    ("52", "Retail trade, except of motor vehicles; repair of household goods"),
    ("H", "Hotels and restaurants"),
    ("60", "Inland transport"),
    ("61", "Water transport"),
    ("62", "Air transport"),
    ("63", "Supporting transport activities; travel agencies"),
    ("64", "Post and telecommunications"),
    ("J", "Financial intermediation"),
    ("70", "Real estate activities"),
    ("71t74", "Renting of machinery and equipment; other business activities"),
    ("L", "Public administration and defence; compulsory social security"),
    ("M", "Education"),
    ("N", "Health and social work"),
    ("O", "Other community, social and personal services"),
    ("P", "Private households with employed persons"),
]


def read_table(path: Path, year: int) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read one RData table and cast it to 32-bit integers without changing a number.

    Parameters
    ----------
    path : Path
        A ``wiot_YYYY.RData`` file.
    year : int
        Its year.

    Returns
    -------
    source_codes : list of str
        Region codes as the file gives them, in order.
    arrays : dict of str to ndarray
        ``Z`` (1435, 1435), ``F`` (1435, 205) and ``x`` (1435,), int32, million current USD.

    Raises
    ------
    ValueError
        If a shape, the year, the sector order or an integer value is not as expected.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        content = rdata.read_rda(path)[f"wiot_{year}"]
    raw = {"Z": content["inter"], "F": content["final"], "x": content["output"]}
    size = N_REGIONS * N_SECTORS
    shapes = {"Z": (size, size), "F": (size, N_REGIONS * N_AGENTS), "x": (size,)}
    arrays = {}
    for key, value in raw.items():
        values = np.asarray(value)
        arrays[key] = values.astype(np.int32)
        if values.shape != shapes[key] or not np.array_equal(arrays[key], values):
            raise ValueError(f"{path.name}: {key} is not an integer array of shape {shapes[key]}")
    sectors = [f"c{i}" for i in range(1, N_SECTORS + 1)]
    if int(content["year"][0]) != year or list(content["industries"]) != sectors:
        raise ValueError(f"{path.name}: year or sector order is not as expected")
    return [str(code) for code in content["countries"]], arrays


def inventory_correction(table: dict[str, np.ndarray]) -> np.ndarray:
    """Return what the net-inventory correction of Antras and Chor adds to each column.

    Every supplier's row is scaled by x / (x - N), N being the row's changes in inventories.

    Parameters
    ----------
    table : dict of str to ndarray
        ``Z``, ``F`` and ``x`` of one year.

    Returns
    -------
    ndarray
        Rise of total intermediate use by using column, million USD. Rows with x <= N have no
        intermediate uses and are left alone.
    """
    x = table["x"].astype(float)
    net = x - table["F"][:, N_AGENTS - 1 :: N_AGENTS].sum(axis=1)
    scale = np.where(net > 0, x / np.where(net > 0, net, 1.0), 1.0)
    return (scale - 1.0) @ table["Z"]


def value_added(
    measures: pd.DataFrame, table: dict[str, np.ndarray], regions: list[str], year: int
) -> pd.DataFrame:
    """Align the published value-added shares of one year with the table.

    Parameters
    ----------
    measures : DataFrame
        The measures file.
    table : dict of str to ndarray
        ``Z``, ``F`` and ``x`` of the year.
    regions : list of str
        Region codes in table order.
    year : int
        Year.

    Returns
    -------
    DataFrame
        Columns year, region, sector, va_share, gross_va_share; one row per cell in table order.

    Raises
    ------
    ValueError
        If a cell is missing or its gross output differs from the table's by more than one million.
    """
    cells = pd.MultiIndex.from_product([regions, range(1, N_SECTORS + 1)])
    rows = measures[measures["year"] == year].set_index(["cty_name", "ind_num"]).reindex(cells)
    x = table["x"].astype(float)
    share = rows["GVC_VAGOi"].to_numpy(np.float64)
    if not np.all(np.abs(rows["GO"].to_numpy(np.float64) - x) < 1.0) or np.isnan(share).any():
        raise ValueError(f"{year}: the measures file does not match the table")
    ratio = np.divide(inventory_correction(table), x, out=np.full_like(x, np.nan), where=x > 0)
    return pd.DataFrame(
        {
            "year": year,
            "region": cells.get_level_values(0),
            "sector": [f"c{i}" for i in cells.get_level_values(1)],
            "va_share": share,
            "gross_va_share": share + ratio,
        }
    )


def check_year(table: dict[str, np.ndarray], shares: pd.DataFrame) -> dict[str, float | int]:
    """Compute the figures of one year that the provenance file reports.

    Parameters
    ----------
    table : dict of str to ndarray
        ``Z``, ``F`` and ``x`` of the year.
    shares : DataFrame
        Result of `value_added` for the year.

    Returns
    -------
    dict
        Figures by name; trillion USD for world totals.
    """
    z, f, x = (table[key].astype(float) for key in ("Z", "F", "x"))
    live = x > 0
    published = shares["va_share"].to_numpy()
    gross = shares["gross_va_share"].to_numpy()
    residual = x - z.sum(axis=0)
    loss = np.where(live, residual - np.nan_to_num(gross) * x, 0.0)
    large = x > LARGE_OUTPUT
    row_gap = x - z.sum(axis=1) - f.sum(axis=1)
    figures = {
        "world_output": round(x.sum() / 1e6, 3),
        "world_column_residual": round(residual.sum() / 1e6, 3),
        "world_va_share_times_output": round((published * x).sum() / 1e6, 3),
        "world_gross_va_share_times_output": round(np.nansum(gross * x) / 1e6, 3),
        "zero_output_cells": int((~live).sum()),
        "negative_Z_cells": int((z < 0).sum()),
        "negative_F_cells": int((f < 0).sum()),
        "negative_F_cells_outside_INV": int((f < 0).sum() - (f[:, 4::5] < 0).sum()),
        "row_gap_largest": float(np.abs(row_gap).max()),
        "row_gap_share_of_output": round(float(np.abs(row_gap).sum() / x.sum()), 6),
        "va_share_not_positive_cells": int((published[live] <= 0).sum()),
        "va_above_residual_cells": int((published * x > residual + 0.5)[live].sum()),
        "gross_va_above_residual_cells": int((loss < -0.5).sum()),
        "rounding_loss_largest": round(float(loss.max()), 1),
        "rounding_loss_of_large_cells_share_of_output": round(
            float(np.max(np.abs(loss[large]) / x[large])), 5
        ),
        "residual_not_positive_cells": int((residual[live] <= 0).sum()),
    }
    return {
        key: value if isinstance(value, int) else float(value) for key, value in figures.items()
    }


def provenance(checks: dict[int, dict[str, float | int]]) -> dict[str, Any]:
    """Return the provenance document.

    Parameters
    ----------
    checks : dict of int to dict
        Figures by year.

    Returns
    -------
    dict
        Document without the checksums.
    """
    largest = max(
        figures["rounding_loss_of_large_cells_share_of_output"] for figures in checks.values()
    )
    repository = "github.com/bquast/wiod"
    commit = "59a28ac22fbd7751ea84c0f33722b5246b0af46d"
    dta_commit = "201c812e51f213d967d8701b6ed6398c79df4a04"
    citation = (
        "Timmer, M.P., Dietzenbacher, E., Los, B., Stehrer, R. and de Vries, G.J. (2015), An "
        "Illustrated User Guide to the World Input-Output Database: the Case of Global "
        "Automotive Production, Review of International Economics 23, 575-605."
    )
    return {
        "title": "World Input-Output Database, 2013 release: world input-output tables 1995-2011",
        "files": {
            "wiot_YYYY.npz.xz": {
                "title": "World input-output table of the year, 41 regions x 35 sectors",
                "status": "original",
                "source": f"{repository} at commit {commit}, data/wiot_YYYY.RData",
                "licence": (
                    "The R package that carries the tables is GPL-3. The page of the 2016 release "
                    "(rug.nl) states CC BY 4.0; the page of the 2013 release could not be "
                    "consulted."
                ),
                "licence_verified": False,
                "citation": citation,
                "units": "million current US dollars, basic prices, whole numbers",
                "layout": (
                    "Z int32 (1435, 1435): row = supplying cell, column = using cell. F int32 "
                    "(1435, 205): column = region position * 5 + agent position. x int32 (1435,): "
                    "gross output. Cell index = region position * 35 + sector position, counted "
                    "from zero in the order of regions.csv and sectors.csv."
                ),
                "changed": (
                    "No number changed; region codes ROM and RoW renamed ROU and ROW; container "
                    "changed from RData to npz in xz."
                ),
                "limits": [
                    (
                        "The R package rounds every cell to whole millions: cells below half a million "
                        "are lost, cross-border flows are 0.5 percent low in total, and row sums "
                        "differ from output (figures below)."
                    ),
                    (
                        "The package has no value added, no net product taxes and no international "
                        "transport margins. The column residual x - sum of Z holds all three together "
                        "plus the rounding loss; net taxes and margins of the final-demand columns "
                        "are absent."
                    ),
                ],
            },
            "value_added.csv.xz": {
                "title": "Value-added shares of gross output, 1995-2011",
                "status": "va_share original; gross_va_share derived",
                "source": (
                    f"github.com/insongkim/concordance at commit {dta_commit}, "
                    "data-raw/WIOD2013_GVCmeasures_Dec2017.dta, variable GVC_VAGOi"
                ),
                "licence": "repository MIT; data by Antras and Chor, computed from WIOD 2013",
                "licence_verified": False,
                "citation": (
                    "Antras, P. and Chor, D. (2018), On the Measurement of Upstreamness and "
                    "Downstreamness in Global Value Chains, in World Trade Evolution: Growth, "
                    "Productivity and Employment, 126-194."
                ),
                "units": "share of gross output",
                "layout": "year, region, sector, va_share, gross_va_share; 17 x 41 x 35 rows",
                "changed": (
                    "va_share is GVC_VAGOi as published (seven digits; 1 where output is zero). "
                    "gross_va_share adds back the column sum of Z[i, j] * (x_i / (x_i - N_i) - 1) "
                    "/ x_j, N being changes in inventories: it undoes the published "
                    "net-inventory correction. Empty where output is zero."
                ),
                "limits": [
                    (
                        "GVC_VAGOi is NOT value added at basic prices. It is one minus intermediate "
                        "use over output in the inventory-corrected table, so it still contains net "
                        "product taxes and transport margins on intermediates: rebuilding it from Z "
                        f"that way leaves gaps of at most {100 * largest:.2f} percent of output in every "
                        f"cell above {LARGE_OUTPUT} million, and those gaps are the cells lost to rounding, "
                        "while net taxes and margins are about 2.5 percent of intermediate use in the "
                        "2016 release."
                    ),
                    (
                        "gross_va_share is therefore value added plus net product taxes plus margins "
                        "on intermediates, free of the rounding of Z. The tax and margin part is "
                        "estimated in calibration/factors/wiod2013_tax_margin_share.csv."
                    ),
                    (
                        "va_share * x exceeds the column residual in many cells (va_above_residual) "
                        "because of the inventory correction, not because of negative taxes; 2009, a "
                        "year of falling inventories, has most."
                    ),
                ],
            },
            "regions.csv, sectors.csv, agents.csv": {
                "title": "Index files: position, code, name",
                "status": "original codes, names typed for this project",
                "source": "country and industry vectors of the R package",
            },
        },
        "checked": {
            "region_order": "identical in all 17 files",
            "output": "equals GO of the measures file within one million in every cell and year",
            "round_trip": "every packed file read back and compared with its source",
            "units": "trillion USD for world totals, million USD for gaps and losses",
            "years": checks,
        },
    }


def main() -> None:
    """Convert all years."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="folder of raw downloads")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    measures = pd.read_stata(find_raw(arguments.raw, "WIOD2013_GVCmeasures_Dec2017.dta"))
    measures["cty_name"] = measures["cty_name"].replace(RECODE)
    first_codes: list[str] = []
    shares, checks = [], {}
    for year in YEARS:
        codes, table = read_table(find_raw(arguments.raw, f"wiot_{year}.RData"), year)
        first_codes = first_codes or codes
        if codes != first_codes:
            raise ValueError(f"{year}: region order differs from {YEARS[0]}")
        path = out / f"wiot_{year}.npz.xz"
        pack_arrays(path, table)
        written = unpack_arrays(path)
        if not all(np.array_equal(written[key], table[key]) for key in table):
            raise ValueError(f"{path.name} does not read back")
        regions = [RECODE.get(code, code) for code in codes]
        year_shares = value_added(measures, table, regions, year)
        checks[year] = check_year(table, year_shares)
        shares.append(year_shares)
        print(year, path.stat().st_size, checks[year])

    regions = [RECODE.get(code, code) for code in first_codes]
    pd.DataFrame(
        {
            "position": range(N_REGIONS),
            "region": regions,
            "source_code": first_codes,
            "name": [REGION_NAMES[region] for region in regions],
        }
    ).to_csv(out / "regions.csv", index=False)
    pd.DataFrame(
        [(i, f"c{i + 1}", nace1, name) for i, (nace1, name) in enumerate(SECTORS)],
        columns=["position", "sector", "nace1", "name"],
    ).to_csv(out / "sectors.csv", index=False)
    pd.DataFrame(
        [(i, agent, name) for i, (agent, name) in enumerate(AGENTS)],
        columns=["position", "agent", "name"],
    ).to_csv(out / "agents.csv", index=False)
    pd.concat(shares).to_csv(
        out / "value_added.csv.xz", index=False, float_format="%.7g", compression="xz"
    )
    write_provenance(out, provenance(checks))


if __name__ == "__main__":
    main()
