"""Estimate a world table of a recent year from WIOD 2011 and margins of the year.

Usage::

    python calibration/tools/estimate_world.py --raw DIR [--year 2022] --out calibration/tables/world2022

Reads margins computed from the tables of the Asian Development Bank (``adb_margins``), goods trade
by pair (``baci_2023``) and the shipped tables; ``templates.csv`` in the folder of the table names
the new regions, and ``rules.yaml`` beside it the numbers that rules need. Writes the margins, trade
by pair, the table, the index files and the provenance file. The estimator is
:mod:`cge.data.estimation`. A year 2017-2022 can be asked for; before, the source has no exports.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from convert_wiod2014 import round_mantissa
from packing import REGION_NAMES, pack_arrays, sha256_of, write_provenance

from cge.core.content import calibration_file
from cge.data.accounts.calibration import clean_shipped
from cge.data.estimation.estimate import CONSTRAINTS, PRIORS, Estimated, estimate
from cge.data.estimation.margins import Margins
from cge.data.estimation.prior import OldTable
from cge.data.estimation.scaling import Totals, scaled

BASE_YEAR = 2011
N_SECTORS, N_GOODS = 35, 16
SMALLEST_FLOW = 0.01
MANTISSA_BITS = 13

NAMES = {
    **REGION_NAMES,
    "ARE": "United Arab Emirates",
    "ARG": "Argentina",
    "BGD": "Bangladesh",
    "COL": "Colombia",
    "EGY": "Egypt",
    "KAZ": "Kazakhstan",
    "KHM": "Cambodia",
    "MYS": "Malaysia",
    "NZL": "New Zealand",
    "PAK": "Pakistan",
    "PHL": "Philippines",
    "SAU": "Saudi Arabia",
    "SGP": "Singapore",
    "THA": "Thailand",
    "VNM": "Viet Nam",
}


def read_economies(raw: Path, year: int) -> pd.DataFrame:
    """Read the margins of all economies of the source.

    Parameters
    ----------
    raw
        Directory of the raw data.
    year
        2017 to 2022.

    Returns
    -------
    pandas.DataFrame
        Columns economy, sector (0 to 34), x, zuse, zsales, y and exports, million USD.
    """
    folder = raw / "adb_margins"
    summary = pd.read_parquet(folder / "summary72.parquet")
    exports = pd.read_parquet(folder / "gvcp72.parquet").query("agg == 35")
    codes = pd.read_csv(folder / "economies.csv")
    table = summary.merge(exports[["t", "s", "i", "Exports"]], on=["t", "s", "i"])
    table = table[table["t"] == year]
    if len(table) != 73 * N_SECTORS:
        raise SystemExit(f"{year}: {len(table)} rows in the source, {73 * N_SECTORS} are needed")
    economy = table["s"].map(dict(zip(codes["mrio"].astype(int), codes["iso_a3"], strict=True)))
    return pd.DataFrame(
        {
            "economy": economy,
            "sector": table["i"] - 1,
            **{name: table[name] for name in ("x", "zuse", "zsales", "y")},
            "exports": table["Exports"],
        }
    )


def read_pairs(raw: Path) -> pd.DataFrame:
    """Read goods trade by pair of economies, million USD, exporters in rows.

    Parameters
    ----------
    raw
        Directory of the raw data.

    Returns
    -------
    pandas.DataFrame
        Square, zeros on the diagonal.
    """
    folder = raw / "baci_2023"
    values = np.nan_to_num(pd.read_csv(folder / "trade_cepii.csv").to_numpy(float)) / 1e3
    np.fill_diagonal(values, 0.0)
    codes = pd.read_csv(folder / "country_labels.csv")["iso3"].tolist()
    return pd.DataFrame(values, codes, codes)


def merged_margins(
    economies: pd.DataFrame, pairs: pd.DataFrame, regions: list[str]
) -> dict[str, np.ndarray]:
    """Margins by region; trade among the economies that form the rest of the world is left out.

    Parameters
    ----------
    economies
        Result of :func:`read_economies`.
    pairs
        Result of :func:`read_pairs`.
    regions
        Regions of the table, the rest of the world last.

    Returns
    -------
    dict of str to ndarray
        By name, (region, sector).
    """
    apart = set(regions[:-1])
    rest = [code for code in pairs.index if code not in apart]
    named = set(economies["economy"]) - {"ROW"}
    inside = {}
    for economy in sorted((named | {"ROW"}) - apart):
        members = [economy] if economy != "ROW" else [code for code in rest if code not in named]
        others = [code for code in rest if code not in members]
        sold = pairs.loc[members].drop(columns=members)
        inside[economy] = float(sold[others].sum().sum() / sold.sum().sum())
    kept = 1.0 - economies["economy"].map(inside).fillna(0.0)
    table = economies.assign(
        region=economies["economy"].where(economies["economy"].isin(apart), "ROW"),
        exports=economies["exports"] * kept,
    )
    sums = table.groupby(["region", "sector"])[["zuse", "zsales", "y", "exports"]].sum()
    cells = pd.MultiIndex.from_product([regions, range(N_SECTORS)])
    sums = sums.reindex(cells)
    return {name: sums[name].to_numpy().reshape(len(regions), N_SECTORS) for name in sums}


def goods_trade(
    pairs: pd.DataFrame, exports: np.ndarray, old: OldTable, regions: list[str], rules: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Goods trade by pair of regions that adds up to what each exports.

    Imports for re-export are taken out of the source, since the exports are of own goods;
    Taiwan, which the source has not, trades with its partners of the older table. Then rows are
    scaled to exports and columns to imports, which are scaled to the world's exports.

    Parameters
    ----------
    pairs
        Result of :func:`read_pairs`.
    exports
        Goods exports by region.
    old
        The older table.
    regions
        Regions of the table, the rest of the world last.
    rules
        Content of ``rules.yaml``.

    Returns
    -------
    trade, by_rule : ndarray
        Values and whether the source has none for the pair, (exporter, importer).
    """
    pairs = pairs.copy()
    for economy, entry in rules["imports_for_own_use"].items():
        pairs[economy] *= entry["value"]
    place = [regions.index(c) if c in regions else len(regions) - 1 for c in pairs.index]
    n = len(regions)
    trade = np.zeros((n, n))
    np.add.at(
        trade, (np.repeat(place, len(place)), np.tile(place, len(place))), pairs.to_numpy().ravel()
    )
    np.fill_diagonal(trade, 0.0)
    imports = trade.sum(axis=0)
    for economy in rules["entrepots"]["value"]:
        k = regions.index(economy)
        imports[k] -= max(trade[k].sum() - exports[k], 0.0)
    # Taiwan: shares of the older table.
    delivered = (old.intermediate.sum(axis=3) + old.final.sum(axis=3))[:, :N_GOODS].sum(axis=1)
    np.fill_diagonal(delivered, 0.0)
    o, k = list(old.regions), regions.index("TWN")
    twn = o.index("TWN")
    to_twn = delivered[:, twn] / delivered.sum(axis=1)
    rest = [r for r in range(n) if r != k]
    share = np.array([to_twn[o.index(r)] if r in o else to_twn[o.index("ROW")] for r in regions])
    scale = (1 - share) * exports / np.maximum(trade.sum(axis=1), 1e-9)
    trade[rest, k] = (share * exports)[rest] / np.maximum(scale[rest], 1e-9)
    mean = delivered[twn] / delivered[twn].sum()
    trade[k] = [mean[o.index(r)] if r in o else 0.0 for r in regions]
    # The older table's rest of the world is shared out to its parts by what they import.
    parts = [r for r, code in enumerate(regions) if code not in o or code == "ROW"]
    trade[k, parts] = mean[o.index("ROW")] * imports[parts] / imports[parts].sum()
    trade[k] *= exports[k]
    imports[k] = exports[k] * delivered[:, twn].sum() / delivered[twn].sum()
    imports[rest] += trade[k, rest]
    imports *= exports.sum() / imports.sum()
    r, s = np.nonzero(trade)
    fit = scaled(
        trade[r, s],
        [Totals("exports", r, exports, regions), Totals("imports", s, imports, regions)],
    )
    trade[r, s] = fit.cells
    by_rule = np.zeros((n, n), dtype=bool)
    by_rule[k], by_rule[:, k] = True, True
    return trade, by_rule


def tax_rates(
    old_regions: list[str], regions: list[str], templates: dict[str, dict[str, float]]
) -> np.ndarray:
    """Net product taxes and margins on inputs over output, (region, sector).

    Parameters
    ----------
    old_regions, regions
        Codes of the older table and of the new one.
    templates
        Of each new region.

    Returns
    -------
    ndarray
        Rates of 2011; of a new region the mean of its templates.
    """
    frame = pd.read_csv(calibration_file("factors", "wiod2013_tax_margin_share.csv"))
    frame = frame[frame["year"] == BASE_YEAR].assign(
        rate=lambda f: f["tax_share"] + f["margin_share"]
    )
    sectors = [f"c{k + 1}" for k in range(N_SECTORS)]
    rates = frame.pivot(index="region", columns="sector", values="rate")[sectors].fillna(0.0)
    return np.stack([like_templates(rates, region, templates) for region in regions])


def like_templates(
    rows: pd.DataFrame, region: str, templates: dict[str, dict[str, float]]
) -> np.ndarray:
    """Row of a region, or the weighted mean of the rows of its templates.

    Parameters
    ----------
    rows
        One row a region of the older table.
    region
        Code.
    templates
        Of each new region.

    Returns
    -------
    ndarray
        Values of the row.
    """
    if region in rows.index:
        return rows.loc[region].to_numpy(float)
    weights = pd.Series(templates[region])
    return (rows.loc[weights.index].to_numpy(float) * weights.to_numpy()[:, None]).sum(
        0
    ) / weights.sum()


def pack(out: Path, found: Estimated, value_added: np.ndarray) -> dict[str, np.ndarray]:
    """Write the table; cells below :data:`SMALLEST_FLOW` million are dropped.

    Parameters
    ----------
    out
        Folder of the table.
    found
        The estimate.
    value_added
        At basic prices, (region, sector).

    Returns
    -------
    dict of str to ndarray
        Arrays as written.
    """
    n = found.margins.output.size

    def rounded(cells: np.ndarray) -> np.ndarray:
        cells = np.where(cells < SMALLEST_FLOW, 0.0, cells)
        return round_mantissa(cells.reshape(n, -1), MANTISSA_BITS)

    arrays = {
        "Z": rounded(found.intermediate),
        "F": rounded(found.final),
        "x": found.margins.output.ravel(),
        "VA_basic": value_added.ravel().astype(np.float32),
    }
    pack_arrays(out / "table.npz.xz", arrays)
    return arrays


def write_margins(out: Path, margins: Margins, by_rule: np.ndarray) -> None:
    """Write the margins by region and sector, and trade by pair.

    Parameters
    ----------
    out
        Folder of the table.
    margins
        Of the year.
    by_rule
        Pairs that a rule filled.
    """
    cells = [(r, i) for r in margins.regions for i in margins.sectors]
    frame = pd.DataFrame(cells, columns=["region", "sector"])
    for name in ("intermediate_sales", "final_sales", "intermediate_use", "exports"):
        frame[name] = getattr(margins, name).ravel().round(3)
    frame.to_csv(out / "margins.csv", index=False, lineterminator="\n")
    pairs = pd.DataFrame(
        [
            (a, b, round(float(margins.trade[r, s]), 2), "filled" if by_rule[r, s] else "source")
            for r, a in enumerate(margins.regions)
            for s, b in enumerate(margins.regions)
            if r != s
        ],
        columns=["exporter", "importer", "goods", "status"],
    )
    pairs.to_csv(out / "trade.csv", index=False, lineterminator="\n")


def provenance(
    year: int, found: Estimated, packed: dict[str, np.ndarray], templates: pd.DataFrame, rules: Any
) -> dict[str, Any]:
    """Return the provenance document.

    Parameters
    ----------
    year
        Of the table.
    found
        The estimate.
    packed
        Arrays as written.
    templates
        Content of ``templates.csv``.
    rules
        Content of ``rules.yaml``.

    Returns
    -------
    dict
        Document without the checksums.
    """
    m = found.margins
    x = np.array(packed["x"])
    rows = packed["Z"].sum(axis=1, dtype=float) + packed["F"].sum(axis=1, dtype=float)
    live = x > 100
    at = {code: k for k, code in enumerate(m.regions)}
    goods = m.trade / 1e3
    return {
        "title": f"World input-output table {year}, estimated from WIOD {BASE_YEAR} and margins of {year}",
        "status": "estimated: every output made with it says so",
        "constraints": {name: f"{told} (status: given)" for name, told in CONSTRAINTS.items()},
        "priors": {
            name: f"{told} (from WIOD {BASE_YEAR}, or templates)" for name, told in PRIORS.items()
        },
        "method": (
            "Of all tables that have the margins the one nearest in information to the prior "
            "(generalised RAS with five sets of constraints; cge.data.estimation). Errors where the "
            "truth is known: docs/estimation.md."
        ),
        "files": {
            "margins.csv": {
                "title": f"Output by use, inputs and exports {year}, {len(m.regions)} regions x {N_SECTORS} sectors",
                "status": "given",
                "source": (
                    "github.com/ksreyes/mrio-processing (K. S. Reyes 2023), commits 1d9d881 and neighbours, "
                    "data/: summaries and exports by economy and sector computed by their author from the "
                    "Multiregional Input-Output Tables of the Asian Development Bank, 72 economies"
                ),
                "licence": "repository MIT; tables under the terms of the Asian Development Bank",
                "licence_verified": "repository yes, tables no; not endorsed by the Asian Development Bank",
                "citation": (
                    "Asian Development Bank, Multiregional Input-Output Tables; Reyes, K. S. (2023), ADB "
                    "MRIO processing scripts."
                ),
                "units": "million current US dollars, basic prices",
                "changed": (
                    "Economies that are not regions added to the rest of the world; their exports to each "
                    "other taken out by their share in goods exports of BACI 2023."
                ),
            },
            "trade.csv": {
                "title": f"Exports of goods by pair {year}",
                "status": "given but for pairs of Taiwan (filled: shares of 2011)",
                "source": (
                    "github.com/JoeLoera/liberation-day-replication, data/base_data/trade_cepii.csv, from the "
                    "replication package of Ignatenko, Lashkaripour, Macedoni, Simonovska (2025): BACI "
                    "release 202501, 2023"
                ),
                "licence": "BACI: Etalab 2.0 (attribution) by CEPII; the repository has none",
                "licence_verified": False,
                "citation": (
                    "Gaulier, G. and Zignago, S. (2010), BACI: International Trade Database at the "
                    "Product-Level, CEPII Working Paper 2010-23."
                ),
                "units": "million current US dollars",
                "changed": (
                    f"Trade of 2023 scaled to goods exports of {year} by exporter and to imports by "
                    "importer, these less imports for re-export (rules.yaml), scaled to the world's exports."
                ),
            },
            "table.npz.xz": {
                "title": f"World input-output table {year}",
                "status": "estimated",
                "units": "million current US dollars, basic prices",
                "layout": (
                    "Cell index = region position * 35 + sector position. Z: row = supplying cell, column = "
                    "using cell; F: column = region position * 5 + agent position; x output; VA_basic value "
                    "added at basic prices: output less inputs less net product taxes and margins with the "
                    "rates of 2011 (of new regions the mean of their templates)."
                ),
                "changed": (
                    f"Cells below {SMALLEST_FLOW} million dropped, others rounded to {MANTISSA_BITS} bits of mantissa."
                ),
            },
            "templates.csv": {"title": "Regions that new ones are like", "status": "judgement"},
            "rules.yaml": {"title": "Numbers of rules", "status": "judgement"},
        },
        "checked": {
            "largest_gap_of_a_margin": float(f"{found.fit.gap:.2g}"),
            "information_from_prior": round(float(found.fit.information), 4),
            "world_output_trn": round(float(m.output.sum()) / 1e6, 2),
            "world_value_added_trn": round(float(m.value_added.sum()) / 1e6, 2),
            "rounding_row_sum_largest_relative_output_above_100m": float(
                f"{np.abs(rows / np.maximum(x, 1e-9) - 1)[live].max():.2g}"
            ),
            "viet_nam_to_usa_goods_bn": round(float(goods[at["VNM"], at["USA"]]), 1),
            "china_to_usa_goods_bn": round(float(goods[at["CHN"], at["USA"]]), 1),
            "mexico_to_usa_goods_bn": round(float(goods[at["MEX"], at["USA"]]), 1),
        },
    }


def main() -> None:
    """Run the estimate from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--year", type=int, default=2022, help="2017 to 2022")
    parser.add_argument("--out", type=Path, default=Path("calibration/tables/world2022"))
    args = parser.parse_args()

    rules = yaml.safe_load((args.out / "rules.yaml").read_text(encoding="utf-8"))
    given = pd.read_csv(args.out / "templates.csv")
    templates: dict[str, dict[str, float]] = {
        str(region): dict(zip(part["like"], part["weight"], strict=True))
        for region, part in given.groupby("region", sort=False)
    }
    clean = clean_shipped("wiod2013", BASE_YEAR)
    base = OldTable(
        clean.raw.regions, clean.raw.sectors, clean.raw.agents, clean.intermediate, clean.final
    )
    regions = [*(r for r in base.regions if r != "ROW"), *templates, "ROW"]
    economies, pairs = read_economies(args.raw, args.year), read_pairs(args.raw)
    sums = merged_margins(economies, pairs, regions)
    trade, by_rule = goods_trade(
        pairs, sums["exports"][:, :N_GOODS].sum(axis=1), base, regions, rules
    )
    margins = Margins(
        args.year, tuple(regions), base.sectors, base.sectors[:N_GOODS],
        intermediate_sales=sums["zsales"], final_sales=sums["y"], intermediate_use=sums["zuse"],
        exports=sums["exports"], trade=trade,
    )  # fmt: skip
    found = estimate(base, margins, templates)
    rates = tax_rates(list(base.regions), regions, templates)
    value_added = margins.value_added - rates * margins.output
    args.out.mkdir(parents=True, exist_ok=True)
    write_margins(args.out, margins, by_rule)
    packed = pack(args.out, found, value_added)
    index = pd.DataFrame(
        {"position": range(len(regions)), "region": regions, "source_code": regions}
    )
    index["name"] = index["region"].map(NAMES)
    index.to_csv(args.out / "regions.csv", index=False, lineterminator="\n")
    for name in ("sectors.csv", "agents.csv"):
        shutil.copy(calibration_file("tables", "wiod2013", name), args.out / name)
    document = provenance(args.year, found, packed, given, rules)
    write_provenance(args.out, document)
    print(
        yaml.safe_dump(document["checked"], sort_keys=False), sha256_of(args.out / "table.npz.xz")
    )
    imports = np.einsum(
        "ris,rs->s", found.intermediate.sum(3) + found.final.sum(3), 1 - np.eye(len(regions))
    )
    report = pd.DataFrame(
        {
            "gdp_bn": margins.value_added.sum(1) / 1e3,
            "exports_bn": margins.exports.sum(1) / 1e3,
            "imports_bn": imports / 1e3,
            "absorption_over_gdp": found.final.sum((0, 1, 3)) / margins.value_added.sum(1),
        },
        regions,
    )
    print(report.round(2).to_string(), found.fit.sweeps, found.fit.steps)


if __name__ == "__main__":
    main()
