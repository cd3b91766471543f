"""Convert the WIOD 2016 release, year 2014, into the compact file of calibration/tables/wiod2014.

Run as ``python calibration/tools/convert_wiod2014.py --raw DIR --out calibration/tables/wiod2014``.
``DIR`` holds, at any depth, ``wiot2014_hybrid.npz`` (domestic blocks and final demand as published,
cross-border intermediates estimated by RAS, see ``provenance.yaml``) and ``df_costs.parquet`` (cost
rows by using sector, as published). The script checks what it reads, rounds the two large arrays,
measures the effect and writes the index files and the provenance file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from packing import AGENTS, REGION_NAMES, find_raw, pack_arrays, unpack_arrays, write_provenance

N_REGIONS, N_SECTORS, N_AGENTS = 44, 56, 5
MANTISSA_BITS = 13
SMALLEST_FLOW = 1e-3
SMALLEST_OUTPUT = 1e-6

COST_ROWS = {
    "VA_basic": "Value added at basic prices",
    "LAB": "Labour compensation at basic prices",
    "CAP": "Capital compensation at basic prices",
    "taxes": "taxes less subsidies on products",
    "margins": "International Transport Margins",
}

SECTOR_CODES = [
    *("A01", "A02", "A03", "B", "C10-C12", "C13-C15", "C16", "C17", "C18", "C19", "C20", "C21"),
    *("C22", "C23", "C24", "C25", "C26", "C27", "C28", "C29", "C30", "C31_C32", "C33", "D35"),
    *("E36", "E37-E39", "F", "G45", "G46", "G47", "H49", "H50", "H51", "H52", "H53", "I", "J58"),
    *("J59_J60", "J61", "J62_J63", "K64", "K65", "K66", "L68", "M69_M70", "M71", "M72", "M73"),
    *("M74_M75", "N", "O84", "P85", "Q", "R_S", "T", "U"),
]


def read_hybrid(path: Path) -> tuple[dict[str, np.ndarray], list[str], list[str]]:
    """Read the table with estimated cross-border intermediates.

    Parameters
    ----------
    path : Path
        ``wiot2014_hybrid.npz``.

    Returns
    -------
    arrays : dict of str to ndarray
        ``Z``, ``F`` and ``x`` in double precision.
    regions, sector_names : list of str
        Index vectors of the file.

    Raises
    ------
    ValueError
        If a shape, the agent order or the region codes are not as expected.
    """
    with np.load(path) as content:
        arrays = {
            "Z": content["Z"].astype(np.float64),
            "F": content["F"].astype(np.float64),
            "x": content["X"].astype(np.float64),
        }
        regions = [str(code) for code in content["countries"]]
        sector_names = [str(name).strip() for name in content["industries"]]
        agents = [str(code) for code in content["final"]]
    size = N_REGIONS * N_SECTORS
    expected = [(size, size), (size, N_REGIONS * N_AGENTS), (size,)]
    if [value.shape for value in arrays.values()] != expected:
        raise ValueError(f"{path.name}: arrays are not of shapes {expected}")
    if agents != [agent for agent, _ in AGENTS] or len(sector_names) != len(SECTOR_CODES):
        raise ValueError(f"{path.name}: agents or sectors are not as expected")
    if any(region not in REGION_NAMES for region in regions):
        raise ValueError(f"{path.name}: unknown region code")
    arrays["x"][np.abs(arrays["x"]) < SMALLEST_OUTPUT] = 0.0
    return arrays, regions, sector_names


def read_costs(path: Path, regions: list[str], sector_names: list[str]) -> dict[str, np.ndarray]:
    """Read the cost rows by using sector and align them with the table.

    Parameters
    ----------
    path : Path
        ``df_costs.parquet``.
    regions, sector_names : list of str
        Index vectors of the table.

    Returns
    -------
    dict of str to ndarray
        One vector of length 2464 by row; NaN for regions the file lacks (the rest of the world).
    """
    costs = pd.read_parquet(path)
    costs["Industry"] = costs["Industry"].str.strip()
    rows = costs.set_index(["Cost Category", "Country", "Industry"])["Cost"]
    cells = pd.MultiIndex.from_product([regions, sector_names])
    return {
        key: rows.loc[label].reindex(cells).to_numpy(np.float64) for key, label in COST_ROWS.items()
    }


def round_mantissa(values: np.ndarray, bits: int) -> np.ndarray:
    """Round to the nearest 32-bit float with a shortened mantissa.

    Parameters
    ----------
    values : ndarray
        Numbers to round.
    bits : int
        Bits of mantissa kept; the largest relative change is ``2 ** -(bits + 1)``.

    Returns
    -------
    ndarray
        float32 numbers.
    """
    drop = 23 - bits
    pattern = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    rounded = (pattern + (1 << (drop - 1))) >> drop << drop
    return rounded.astype(np.uint32).view(np.float32)


def relative_gap(changed: np.ndarray, original: np.ndarray, keep: np.ndarray) -> float:
    """Return the largest relative change over some entries of a vector.

    Parameters
    ----------
    changed, original : ndarray
        Vectors to compare.
    keep : ndarray of bool
        Entries to look at; entries that are zero in `original` are passed over.

    Returns
    -------
    float
        Largest absolute change relative to the original.
    """
    live = keep & (original != 0)
    return float(np.max(np.abs(changed - original)[live] / np.abs(original[live])))


def flow_between(z: np.ndarray, seller: int, buyer: int) -> float:
    """Return intermediates sold by one region to another, in billions.

    Parameters
    ----------
    z : ndarray
        Intermediate flows, million.
    seller, buyer : int
        Region positions.

    Returns
    -------
    float
        Total, rounded to one decimal.
    """
    rows = slice(seller * N_SECTORS, (seller + 1) * N_SECTORS)
    columns = slice(buyer * N_SECTORS, (buyer + 1) * N_SECTORS)
    return round(float(z[rows, columns].sum()) / 1e3, 1)


def check(
    table: dict[str, np.ndarray],
    packed: dict[str, np.ndarray],
    costs: dict[str, np.ndarray],
    regions: list[str],
) -> dict[str, float | int]:
    """Compute the figures that the provenance file reports.

    Parameters
    ----------
    table : dict of str to ndarray
        Arrays before rounding.
    packed : dict of str to ndarray
        Arrays as written.
    costs : dict of str to ndarray
        Cost rows.
    regions : list of str
        Region codes in table order.

    Returns
    -------
    dict
        Figures by name.
    """
    z, f, x = table["Z"], table["F"], table["x"]
    z_packed, f_packed = packed["Z"].astype(np.float64), packed["F"].astype(np.float64)
    known = ~np.isnan(costs["VA_basic"])
    live = x > 0
    residual = x - z.sum(axis=0)
    gap = residual - costs["VA_basic"] - costs["taxes"] - costs["margins"]
    negative = f < 0
    rows, rows_packed = z.sum(axis=1) + f.sum(axis=1), z_packed.sum(axis=1) + f_packed.sum(axis=1)
    domestic = sum(
        z[k : k + N_SECTORS, k : k + N_SECTORS].sum() for k in range(0, x.size, N_SECTORS)
    )
    figures = {
        "world_output_trn": round(x.sum() / 1e6, 3),
        "world_column_residual_trn": round(residual.sum() / 1e6, 3),
        "value_added_43_regions_trn": round(np.nansum(costs["VA_basic"]) / 1e6, 3),
        "taxes_43_regions_bn": round(np.nansum(costs["taxes"]) / 1e3, 1),
        "margins_43_regions_bn": round(np.nansum(costs["margins"]) / 1e3, 1),
        "domestic_intermediates_trn": round(domestic / 1e6, 3),
        "cross_border_intermediates_trn_estimated": round((z.sum() - domestic) / 1e6, 3),
        "mexico_to_usa_intermediates_bn": flow_between(
            z, regions.index("MEX"), regions.index("USA")
        ),
        "usa_to_mexico_intermediates_bn": flow_between(
            z, regions.index("USA"), regions.index("MEX")
        ),
        "zero_output_cells": int((~live).sum()),
        "zero_output_cells_with_uses": int((z.sum(axis=1)[~live] > 1).sum()),
        "negative_Z_cells": int((z < 0).sum()),
        "negative_F_cells_source": int(negative.sum()),
        "negative_F_cells_packed": int((packed["F"] < 0).sum()),
        "negative_F_cells_outside_INV_packed": int(
            (packed["F"] < 0).sum() - (packed["F"][:, 4::5] < 0).sum()
        ),
        "value_added_not_positive_where_output": int((costs["VA_basic"][known & live] <= 0).sum()),
        "residual_not_positive_where_output": int((residual[live] <= 0).sum()),
        "residual_minus_reported_largest_m": round(np.abs(gap[known]).max(), 1),
        "row_sum_minus_output_largest_m": round(np.abs(rows - x).max(), 2),
        "rounding_row_sum_largest_relative": relative_gap(rows_packed, rows, live),
        "rounding_row_sum_largest_relative_output_above_100m": relative_gap(
            rows_packed, rows, x > 100
        ),
        "rounding_column_sum_largest_relative": relative_gap(
            z_packed.sum(axis=0), z.sum(axis=0), live
        ),
        "rounding_world_total_relative": abs(float(rows_packed.sum() / rows.sum()) - 1.0),
        "cells_dropped_as_small": int(((f != 0) & (packed["F"] == 0)).sum()),
        "sum_of_cells_dropped_m": round(np.abs(f[(f != 0) & (packed["F"] == 0)]).sum(), 2),
    }
    return {
        key: value if isinstance(value, int) else float(value) for key, value in figures.items()
    }


def provenance(checks: dict[str, float | int]) -> dict[str, Any]:
    """Return the provenance document.

    Parameters
    ----------
    checks : dict of str to number
        Figures of `check`.

    Returns
    -------
    dict
        Document without the checksums.
    """
    repository = "github.com/gvannice1/hhei_wiod_project"
    commit = "dd1bf410c5cfa08ecb203e36181c2ca8827db627"
    return {
        "title": "World Input-Output Database, 2016 release, year 2014, cross-border estimated",
        "files": {
            "table.npz.xz": {
                "title": "World input-output table 2014, 44 regions x 56 sectors",
                "status": "estimated",
                "estimated_part": (
                    "ALL CROSS-BORDER INTERMEDIATES (the blocks of Z off the diagonal) ARE RAS "
                    "ESTIMATES. Domestic blocks, F, x and the cost rows are the published figures. "
                    "Every result drawn from this table must say so."
                ),
                "estimation": (
                    "Prior: bilateral intermediates of the 2013 release for 2011, spread to 56 "
                    "sectors. Fitted by RAS to the exact 2014 margins: exports of intermediates by "
                    "supplying region and industry, imports of intermediates by using region and "
                    "industry (converged to 1e-7)."
                ),
                "estimation_error": {
                    "tested_on": "2013 release, 2007 table moved to 2011 margins, truth known",
                    "weighted_absolute_error_by_country_pair": 0.14,
                    "weighted_absolute_error_by_origin_sector_and_destination": 0.28,
                    "weighted_absolute_error_by_cell": 0.32,
                    "mexico_to_usa_2014_bn": {
                        "published": 129.3,
                        "estimate": checks["mexico_to_usa_intermediates_bn"],
                    },
                    "usa_to_mexico_2014_bn": {
                        "published": 134.1,
                        "estimate": checks["usa_to_mexico_intermediates_bn"],
                    },
                    "by_industry_error_mexico_usa": {"mex_to_usa": 0.21, "usa_to_mex": 0.34},
                    "true_totals_from": (
                        "decomposition file of github.com/brancengregory/wiod-analysis"
                    ),
                },
                "source": (
                    f"{repository} at commit {commit}, wiod_data/ (df_final_use_wROW.parquet, "
                    "df_gross_output.parquet, df_costs.parquet, intermediate_dict.pkl); the full "
                    "table of cross-border intermediates could not be obtained"
                ),
                "licence": (
                    "WIOD 2016 release: CC BY 4.0, as stated on rug.nl/ggdc/valuechain/wiod/"
                    "wiod-2016-release. The repository the files came from has no licence."
                ),
                "licence_verified": "data licence stated by the producer; repository has none",
                "citation": (
                    "Timmer, M.P., Dietzenbacher, E., Los, B., Stehrer, R. and de Vries, G.J. "
                    "(2015), An Illustrated User Guide to the World Input-Output Database: the "
                    "Case of Global Automotive Production, Review of International Economics 23, "
                    "575-605."
                ),
                "units": "million current US dollars, basic prices",
                "layout": (
                    "Cell index = region position * 56 + sector position, from zero. Z float32 "
                    "(2464, 2464): row = supplying cell, column = using cell. F float32 (2464, "
                    "220): column = region position * 5 + agent position. x float64 (2464,): gross "
                    "output. VA_basic, LAB, CAP, taxes (less subsidies on products), margins "
                    "(international transport margins): float32 (2464,), by using sector, NaN for "
                    "the rest of the world (the last 56)."
                ),
                "changed": (
                    f"Z and F rounded to {MANTISSA_BITS} bits of mantissa (relative change of a "
                    "cell at most 6.1e-5, four significant digits); cells of Z and F below "
                    f"{SMALLEST_FLOW} million in absolute value set to zero; cost rows stored in "
                    "single precision; output below a dollar set to zero."
                ),
                "limits": [
                    (
                        "Taxes and margins are known for intermediate use by sector; the source has "
                        "none for the final-demand columns and none for the rest of the world."
                    ),
                    "Labour compensation of Taiwan exceeds value added (share 1.38): not usable.",
                    (
                        "Advertising (M73) of the rest of the world has no output but sells 6,992 "
                        "million of intermediates, offset by negative final demand."
                    ),
                    (
                        "Value added is negative in C19 of Bulgaria and Brazil, H50 of Luxembourg "
                        "and B of Malta."
                    ),
                    (
                        "The rows for cif/fob adjustment and purchases abroad are zero in every "
                        "intermediate column and left out."
                    ),
                ],
            },
            "regions.csv, sectors.csv, agents.csv": {
                "title": "Index files: position, code, name",
                "status": "industry names as in the source; codes assigned from the names",
            },
        },
        "checked": checks,
    }


def main() -> None:
    """Convert the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="folder of raw downloads")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    table, regions, names = read_hybrid(find_raw(arguments.raw, "wiot2014_hybrid.npz"))
    costs = read_costs(find_raw(arguments.raw, "df_costs.parquet"), regions, names)
    arrays: dict[str, np.ndarray] = {
        key: round_mantissa(
            np.where(np.abs(table[key]) < SMALLEST_FLOW, 0.0, table[key]), MANTISSA_BITS
        )
        for key in ("Z", "F")
    }
    arrays["x"] = table["x"]
    arrays.update({key: value.astype(np.float32) for key, value in costs.items()})
    path = out / "table.npz.xz"
    pack_arrays(path, arrays)
    checks = check(table, unpack_arrays(path), costs, regions)
    print(path.stat().st_size, checks)

    pd.DataFrame(
        {
            "position": range(N_REGIONS),
            "region": regions,
            "source_code": regions,
            "name": [REGION_NAMES[region] for region in regions],
        }
    ).to_csv(out / "regions.csv", index=False)
    pd.DataFrame({"position": range(N_SECTORS), "sector": SECTOR_CODES, "name": names}).to_csv(
        out / "sectors.csv", index=False
    )
    pd.DataFrame(
        [(i, agent, name) for i, (agent, name) in enumerate(AGENTS)],
        columns=["position", "agent", "name"],
    ).to_csv(out / "agents.csv", index=False)
    write_provenance(out, provenance(checks))


if __name__ == "__main__":
    main()
