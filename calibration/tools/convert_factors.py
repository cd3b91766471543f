"""Build labour shares and cost-rate estimates of calibration/factors from the 2016 release.

Run as ``python calibration/tools/convert_factors.py --raw DIR --tables calibration/tables --out
calibration/factors``, after the two table converters. ``DIR`` holds, at any depth, the downloads
``factor_costs_2007.xlsx``, ``factor_costs_2011.xlsx``, ``factor_costs_2014.xlsx`` and ``labsh.csv``.

Every cell not taken straight from the source is flagged; `RULES` lists the rules by code.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from packing import find_raw, unpack_arrays, write_provenance
from scipy.optimize import brentq

LOWEST, HIGHEST = 0.05, 0.95
YEARS = range(1995, 2012)
SOURCE_YEARS = (2007, 2011)
UNUSABLE, REST = "TWN", "ROW"
TWIN = "KOR"
EMERGING = ["BRA", "CHN", "IDN", "IND", "MEX", "RUS", "TUR"]
PRIVATE_HOUSEHOLDS = {"c35", "T"}

COST_ROWS = {
    "taxes": "taxes less subsidies on products",
    "margins": "International Transport Margins",
    "value_added": "Value added at basic prices",
    "output": "Output at basic prices",
    "labour": "Labour compensation at basic prices",
}

NACE1_OF_NACE2 = {
    **dict.fromkeys(["A01", "A02", "A03"], "c1"),
    "B": "c2",
    "C10-C12": "c3",
    "C16": "c6",
    **dict.fromkeys(["C17", "C18", "J58"], "c7"),
    "C19": "c8",
    **dict.fromkeys(["C20", "C21"], "c9"),
    "C22": "c10",
    "C23": "c11",
    **dict.fromkeys(["C24", "C25"], "c12"),
    **dict.fromkeys(["C28", "C33"], "c13"),
    **dict.fromkeys(["C26", "C27"], "c14"),
    **dict.fromkeys(["C29", "C30"], "c15"),
    "C31_C32": "c16",
    **dict.fromkeys(["D35", "E36"], "c17"),
    "F": "c18",
    "G45": "c19",
    "G46": "c20",
    "G47": "c21",
    "I": "c22",
    "H49": "c23",
    "H50": "c24",
    "H51": "c25",
    "H52": "c26",
    **dict.fromkeys(["H53", "J61"], "c27"),
    **dict.fromkeys(["K64", "K65", "K66"], "c28"),
    "L68": "c29",
    **dict.fromkeys(["J62_J63", "M69_M70", "M71", "M72", "M73", "M74_M75", "N"], "c30"),
    "O84": "c31",
    "P85": "c32",
    "Q": "c33",
    **dict.fromkeys(["E37-E39", "J59_J60", "R_S", "U"], "c34"),
    "T": "c35",
}
SPLIT_SECTOR, SPLIT_TARGETS = "C13-C15", ("c4", "c5")

RULES = {
    "sector_mean": (
        "Source share above 0.95, below 0.05 or undefined (no value added): value-added weighted "
        "mean share of the sector over the regions with a usable cell, moved to the region's level "
        "(see level shift) and clipped to [0.05, 0.95]."
    ),
    "region_mean": (
        "As sector_mean, but no region has a usable cell: the region's own mean over usable cells."
    ),
    "cap": (
        "Private households with employed persons: source share above 0.95, below 0.05 or "
        "undefined set to 0.95."
    ),
    "clipped": (
        "Only with --clip: source share between 0 and 1 but outside [0.05, 0.95] set to the "
        "nearer bound instead of the sector mean."
    ),
    "korea_pattern": (
        "Taiwan, whose labour compensation exceeds value added: Korea's sector pattern shifted so "
        "that Taiwan's value-added weighted mean equals the Penn World Table share of the year."
    ),
    "emerging_mean": (
        "Rest of the world: value-added weighted mean of Brazil, China, Indonesia, India, Mexico, "
        "Russia and Turkey, sector by sector."
    ),
    "level_2007": (
        "Year without a source file: the region's 2007 shares, shifted so that its mean moves from "
        "2007 as the Penn World Table share does (linear between its years)."
    ),
    "level_2011": "As level_2007, from 2011.",
}


def read_costs(path: Path, codes: dict[str, str]) -> pd.DataFrame:
    """Read the cost rows of one year.

    Parameters
    ----------
    path : Path
        A ``factor_costs_YYYY.xlsx`` file: row 0 holds industries, row 1 regions.
    codes : dict of str to str
        NACE 2 sector code by industry name.

    Returns
    -------
    DataFrame
        Index (region, nace2), one column by entry of `COST_ROWS`, million USD.
    """
    sheet = pd.read_excel(path, header=None)
    cells = pd.MultiIndex.from_arrays(
        [sheet.iloc[1, 1:], [codes[name.strip()] for name in sheet.iloc[0, 1:]]],
        names=["region", "nace2"],
    )
    rows = sheet.iloc[2:].set_index(0)
    return pd.DataFrame(
        {key: rows.loc[label].to_numpy(np.float64) for key, label in COST_ROWS.items()},
        index=cells,
    )


def make_concordance(names: pd.Series, nace1: pd.Series, value_added: pd.Series) -> pd.DataFrame:
    """Build the concordance from NACE 2 to NACE 1 sectors.

    Parameters
    ----------
    names : Series
        Sector names by NACE 2 code.
    nace1 : Series
        NACE 1 code by sector of the 2013 release.
    value_added : Series
        World value added of 2011 by sector of the 2013 release; splits `SPLIT_SECTOR`.

    Returns
    -------
    DataFrame
        Columns nace2, nace2_name, sector, nace1, weight; weights of one nace2 sum to one.
    """
    total = value_added[list(SPLIT_TARGETS)].sum()
    rows = []
    for code in names.index:
        if code == SPLIT_SECTOR:
            rows += [(code, t, round(float(value_added[t] / total), 3)) for t in SPLIT_TARGETS]
        else:
            rows.append((code, NACE1_OF_NACE2[code], 1.0))
    table = pd.DataFrame(rows, columns=["nace2", "sector", "weight"])
    table["nace2_name"] = table["nace2"].map(names)
    table["nace1"] = table["sector"].map(nace1)
    return table[["nace2", "nace2_name", "sector", "nace1", "weight"]]


def to_nace1(costs: pd.DataFrame, concordance: pd.DataFrame) -> pd.DataFrame:
    """Add up cost rows from NACE 2 to the 35 sectors.

    Parameters
    ----------
    costs : DataFrame
        Result of `read_costs`.
    concordance : DataFrame
        Result of `make_concordance`.

    Returns
    -------
    DataFrame
        Index (region, sector), same columns.
    """
    merged = costs.reset_index().merge(concordance, on="nace2")
    columns = list(costs.columns)
    merged[columns] = merged[columns].mul(merged["weight"], axis=0)
    return merged.groupby(["region", "sector"])[columns].sum()


def shift_level(shares: np.ndarray, weights: np.ndarray, target: float) -> np.ndarray:
    """Move shares to a given weighted mean by one common factor on the odds s / (1 - s).

    Parameters
    ----------
    shares : ndarray
        Shares strictly between zero and one.
    weights : ndarray
        Weights, not negative, not all zero.
    target : float
        Weighted mean to reach, between zero and one.

    Returns
    -------
    ndarray
        Shifted shares, all between zero and one and in the same order.
    """

    def moved(log_factor: float) -> np.ndarray:
        odds = np.exp(log_factor) * shares / (1.0 - shares)
        return odds / (1.0 + odds)

    def gap(log_factor: float) -> float:
        return float(moved(log_factor) @ weights / weights.sum() - target)

    return moved(brentq(gap, -10.0, 10.0, xtol=1e-12))


def screen(
    labour: pd.DataFrame, value_added: pd.DataFrame, clip: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn labour compensation into shares, replacing the cells that cannot be used.

    Parameters
    ----------
    labour, value_added : DataFrame
        Region by sector, million USD.
    clip : bool
        Set possible shares outside the bounds to the nearer bound, not to the sector mean.

    Returns
    -------
    shares : DataFrame
        Region by sector, within [0.05, 0.95]; the row of `UNUSABLE` is meaningless.
    rules : DataFrame
        Code of the rule applied, empty for source cells.
    """
    raw = (labour / value_added.where(value_added > 0)).astype(float)
    usable = raw.ge(LOWEST) & raw.le(HIGHEST)
    usable.loc[UNUSABLE] = False
    weight = value_added.where(usable)
    sector_mean = labour.where(usable).sum() / weight.sum().where(lambda total: total > 0)
    shares, rules = raw.where(usable), pd.DataFrame("", index=raw.index, columns=raw.columns)
    for region in raw.index.drop(UNUSABLE):
        good = usable.loc[region]
        own_mean = labour.loc[region, good].sum() / value_added.loc[region, good].sum()
        pattern = sector_mean.fillna(own_mean)
        # The shift is fixed on the usable cells and read off for the others: one call over all
        # sectors with zero weight where the source cannot be used.
        level = shift_level(
            pattern.to_numpy(), weight.loc[region].fillna(0.0).to_numpy(), own_mean
        ).clip(LOWEST, HIGHEST)
        rule = np.where(sector_mean.notna(), "sector_mean", "region_mean")
        fill = pd.DataFrame({"share": level, "rule": rule}, index=raw.columns)
        if clip:
            near = raw.loc[region].between(0.0, 1.0)
            fill.loc[near, "share"] = raw.loc[region].clip(LOWEST, HIGHEST)
            fill.loc[near, "rule"] = "clipped"
        private = raw.columns.isin(PRIVATE_HOUSEHOLDS)
        fill.loc[private, "share"] = HIGHEST
        fill.loc[private, "rule"] = "cap"
        shares.loc[region] = raw.loc[region].where(good, fill["share"])
        rules.loc[region] = fill["rule"].where(~good, "")
    return shares, rules


def fill_regions(
    shares: pd.DataFrame, rules: pd.DataFrame, weights: pd.DataFrame, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add Taiwan and the rest of the world.

    Parameters
    ----------
    shares, rules : DataFrame
        Region by sector, without usable rows for the two.
    weights : DataFrame
        Value added of the benchmark table, region by sector.
    level : float
        Mean labour share of Taiwan to reach.

    Returns
    -------
    shares, rules : DataFrame
        In the order of `weights`, complete.
    """
    shares, rules = shares.reindex(weights.index), rules.reindex(weights.index)
    shares.loc[UNUSABLE] = shift_level(
        shares.loc[TWIN].to_numpy(), weights.loc[UNUSABLE].to_numpy(), level
    ).clip(LOWEST, HIGHEST)
    rules.loc[UNUSABLE] = "korea_pattern"
    mass = weights.loc[EMERGING]
    plain = shares.loc[EMERGING].mean()
    mean = (shares.loc[EMERGING] * mass).sum() / mass.sum().where(lambda total: total > 0)
    shares.loc[REST] = mean.fillna(plain)
    rules.loc[REST] = "emerging_mean"
    return shares, rules


def weighted_mean(shares: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """Return the value-added weighted mean share by region.

    Parameters
    ----------
    shares, weights : DataFrame
        Region by sector.

    Returns
    -------
    Series
        By region.
    """
    return (shares * weights).sum(axis=1) / weights.sum(axis=1)


def pwt_shares(path: Path) -> pd.DataFrame:
    """Read the Penn World Table labour shares and fill the years between by straight lines.

    Parameters
    ----------
    path : Path
        ``labsh.csv`` with columns iso3, year, labsh.

    Returns
    -------
    DataFrame
        Region by year, 1995 to 2014.
    """
    known = pd.read_csv(path).pivot(index="iso3", columns="year", values="labsh")
    years = range(int(min(known.columns)), int(max(known.columns)) + 1)
    return known.reindex(columns=years).interpolate(axis=1, limit_area="inside")


def to_long(shares: pd.DataFrame, rules: pd.DataFrame, year: int) -> pd.DataFrame:
    """Put one year into the layout of the shipped files.

    Parameters
    ----------
    shares, rules : DataFrame
        Region by sector.
    year : int
        Year.

    Returns
    -------
    DataFrame
        Columns year, region, sector, labour_share, status, rule.
    """
    flat = rules.to_numpy().ravel()
    return pd.DataFrame(
        {
            "year": year,
            "region": np.repeat(shares.index, shares.shape[1]),
            "sector": np.tile(shares.columns, shares.shape[0]),
            "labour_share": shares.to_numpy(np.float64).ravel().round(4),
            "status": np.where(flat == "", "source", "filled"),
            "rule": flat,
        }
    )


def labour_1995_2011(
    costs: dict[int, pd.DataFrame],
    weights: dict[int, pd.DataFrame],
    pwt: pd.DataFrame,
    clip: bool,
) -> pd.DataFrame:
    """Build the labour shares of the 41 x 35 tables.

    Parameters
    ----------
    costs : dict of int to DataFrame
        Cost rows by source year on 35 sectors.
    weights : dict of int to DataFrame
        Value added of the table by year, region by sector.
    pwt : DataFrame
        Result of `pwt_shares`.
    clip : bool
        As in `screen`.

    Returns
    -------
    DataFrame
        Long layout, all years.
    """
    screened = {}
    for source in SOURCE_YEARS:
        first = weights[source]
        kept = first.index.drop(REST)
        labour, added = (
            costs[source][key].unstack("sector").loc[kept, first.columns]
            for key in ("labour", "value_added")
        )
        screened[source] = screen(labour, added, clip)
    pieces = []
    for year in YEARS:
        source = 2011 if year >= 2010 else 2007
        shares, rules = (frame.copy() for frame in screened[source])
        if year != source:
            start = weighted_mean(shares, weights[source].loc[shares.index])
            for region in shares.index.drop(UNUSABLE):
                target = start[region] * pwt.loc[region, year] / pwt.loc[region, source]
                shares.loc[region] = shift_level(
                    shares.loc[region].to_numpy(), weights[year].loc[region].to_numpy(), target
                ).clip(LOWEST, HIGHEST)
            tag = f"level_{source}"
            rules = rules.map(lambda rule, tag=tag: f"{rule}+{tag}" if rule else tag)
        shares, rules = fill_regions(shares, rules, weights[year], float(pwt[year][UNUSABLE]))
        pieces.append(to_long(shares, rules, year))
    return pd.concat(pieces, ignore_index=True)


def labour_2014(
    costs: pd.DataFrame, weights: pd.DataFrame, pwt: pd.DataFrame, clip: bool
) -> pd.DataFrame:
    """Build the labour shares of the 44 x 56 table.

    Parameters
    ----------
    costs : DataFrame
        Cost rows of 2014 on 56 sectors.
    weights : DataFrame
        Value added, region by sector, the rest of the world included.
    pwt : DataFrame
        Result of `pwt_shares`.
    clip : bool
        As in `screen`.

    Returns
    -------
    DataFrame
        Long layout.
    """
    kept = weights.index.drop(REST)
    labour, added = (
        costs[key].unstack("nace2").loc[kept, weights.columns] for key in ("labour", "value_added")
    )
    shares, rules = screen(labour, added, clip)
    shares, rules = fill_regions(shares, rules, weights, float(pwt[2014][UNUSABLE]))
    return to_long(shares, rules, 2014)


def tax_margin_rates(
    costs: dict[int, pd.DataFrame], cells: dict[int, pd.DataFrame]
) -> pd.DataFrame:
    """Estimate net product taxes and transport margins on intermediates, as shares of output.

    Parameters
    ----------
    costs : dict of int to DataFrame
        Cost rows by source year on 35 sectors.
    cells : dict of int to DataFrame
        Frames by source year whose index and columns are the regions and sectors of the tables.

    Returns
    -------
    DataFrame
        Columns year, region, sector, tax_share, margin_share, va_share, status, rule.
    """
    pieces = []
    for year in SOURCE_YEARS:
        rows = costs[year]
        emerging = rows.loc[EMERGING].groupby("sector").sum()
        by_region = rows.groupby("region").sum()
        for region in cells[year].index:
            for sector in cells[year].columns:
                if region == REST:
                    entry, rule = emerging.loc[sector], "emerging_mean"
                elif rows.loc[(region, sector), "output"] > 0:
                    entry, rule = rows.loc[(region, sector)], ""
                else:
                    entry, rule = by_region.loc[region], "region_mean"
                shares = (entry[["taxes", "margins", "value_added"]] / entry["output"]).round(5)
                status = "filled" if rule else "source"
                pieces.append((year, region, sector, *shares.tolist(), status, rule))
    names = ["year", "region", "sector", "tax_share", "margin_share", "va_share", "status", "rule"]
    return pd.DataFrame(pieces, columns=names)


def read_weights(
    tables: Path,
) -> tuple[dict[int, pd.DataFrame], dict[int, pd.DataFrame], pd.DataFrame]:
    """Read value added and output by cell from the converted tables.

    Parameters
    ----------
    tables : Path
        Folder that holds ``wiod2013`` and ``wiod2014``.

    Returns
    -------
    weights_2013 : dict of int to DataFrame
        By year: gross value-added share times output, region by sector.
    outputs_2013 : dict of int to DataFrame
        By year: gross output, region by sector.
    weights_2014 : DataFrame
        Value added at basic prices; for the rest of the world the column residual.
    """
    folder = tables / "wiod2013"
    regions = pd.read_csv(folder / "regions.csv")["region"]
    sectors = pd.read_csv(folder / "sectors.csv")["sector"]
    shares = pd.read_csv(folder / "value_added.csv.xz").set_index("year")["gross_va_share"]
    weights, outputs = {}, {}
    for year in YEARS:
        shape = (len(regions), len(sectors))
        output = unpack_arrays(folder / f"wiot_{year}.npz.xz")["x"].astype(float).reshape(shape)
        added = shares.loc[year].fillna(0.0).to_numpy().reshape(shape) * output
        outputs[year] = pd.DataFrame(output, index=regions, columns=sectors)
        weights[year] = pd.DataFrame(added, index=regions, columns=sectors)
    folder = tables / "wiod2014"
    regions = pd.read_csv(folder / "regions.csv")["region"]
    sectors = pd.read_csv(folder / "sectors.csv")["sector"]
    table = unpack_arrays(folder / "table.npz.xz")
    residual = table["x"] - table["Z"].sum(axis=0, dtype=np.float64)
    added = np.where(np.isnan(table["VA_basic"]), residual, table["VA_basic"]).clip(min=0.0)
    weights_2014 = pd.DataFrame(
        added.reshape(len(regions), len(sectors)), index=regions, columns=sectors
    )
    return weights, outputs, weights_2014


def check(
    labour_35: pd.DataFrame,
    labour_56: pd.DataFrame,
    rates: pd.DataFrame,
    weights: dict[int, pd.DataFrame],
    outputs: dict[int, pd.DataFrame],
    weights_2014: pd.DataFrame,
    pwt: pd.DataFrame,
) -> dict[str, Any]:
    """Compute the figures that the provenance file reports.

    Parameters
    ----------
    labour_35, labour_56, rates : DataFrame
        The three shipped files.
    weights : dict of int to DataFrame
        Value added of the 2013 release by year.
    outputs : dict of int to DataFrame
        Gross output of the 2013 release by year.
    weights_2014 : DataFrame
        Value added of 2014.
    pwt : DataFrame
        Result of `pwt_shares`.

    Returns
    -------
    dict
        Figures by name.
    """

    def economy(
        labour: pd.DataFrame, year: int, weight: pd.DataFrame
    ) -> dict[str, dict[str, float]]:
        wide = labour[labour["year"] == year].pivot(
            index="region", columns="sector", values="labour_share"
        )
        means = weighted_mean(wide.loc[weight.index, weight.columns], weight)
        return {
            region: {
                "here": round(float(mean), 3),
                "pwt": round(float(pwt[year][region]), 3),
            }
            for region, mean in means.drop(REST).items()
        }

    def counts(labour: pd.DataFrame, year: int) -> dict[str, int]:
        rule = labour.loc[labour["year"] == year, "rule"].replace("", "source")
        return {str(key): int(value) for key, value in rule.value_counts().items()}

    def basic_value_added(year: int) -> dict[str, float | int]:
        rate = rates[rates["year"] == year].assign(
            wedge=lambda r: r["tax_share"] + r["margin_share"]
        )
        wedge = rate.pivot(index="region", columns="sector", values="wedge")
        gross, output = weights[year], outputs[year]
        net = gross - wedge.loc[gross.index, gross.columns] * output
        return {
            "gross_value_added_trn": round(float(gross.to_numpy().sum()) / 1e6, 3),
            "estimated_taxes_and_margins_trn": round(
                float((gross - net).to_numpy().sum()) / 1e6, 3
            ),
            "estimated_value_added_at_basic_prices_trn": round(
                float(net.to_numpy().sum()) / 1e6, 3
            ),
            "cells_with_output_and_no_positive_value_added": int(
                ((net <= 0) & (output > 0)).to_numpy().sum()
            ),
            "lowest_rate": round(float(rate["wedge"].min()), 4),
            "highest_rate": round(float(rate["wedge"].max()), 4),
        }

    return {
        "cells_2007_by_rule": counts(labour_35, 2007),
        "cells_2011_by_rule": counts(labour_35, 2011),
        "cells_2014_by_rule": counts(labour_56, 2014),
        "lowest_and_highest_share": [
            float(min(labour_35["labour_share"].min(), labour_56["labour_share"].min())),
            float(max(labour_35["labour_share"].max(), labour_56["labour_share"].max())),
        ],
        "value_added_after_tax_margin_share": {
            year: basic_value_added(year) for year in SOURCE_YEARS
        },
        "economy_wide_2011": economy(labour_35, 2011, weights[2011]),
        "economy_wide_2014": economy(labour_56, 2014, weights_2014),
    }


def provenance(checks: dict[str, Any]) -> dict[str, Any]:
    """Return the provenance document.

    Parameters
    ----------
    checks : dict
        Figures of `check`.

    Returns
    -------
    dict
        Document without the checksums.
    """
    costs_source = (
        "github.com/gvannice1/hhei_wiod_project at commit "
        "dd1bf410c5cfa08ecb203e36181c2ca8827db627, wiod_data/factor_costs_{2007,2011,2014}.xlsx"
    )
    costs_licence = (
        "WIOD 2016 release: CC BY 4.0, as stated on rug.nl/ggdc/valuechain/wiod/wiod-2016-release. "
        "The repository the files came from has no licence."
    )
    citation = (
        "Timmer, M.P., Dietzenbacher, E., Los, B., Stehrer, R. and de Vries, G.J. (2015), Review "
        "of International Economics 23, 575-605; Feenstra, R.C., Inklaar, R. and Timmer, M.P. "
        "(2015), The Next Generation of the Penn World Table, American Economic Review 105, "
        "3150-3182."
    )
    layout = "year, region, sector, labour_share, status (source or filled), rule"
    return {
        "title": "Factor shares and cost rates by region and sector",
        "sources": {
            "cost_rows": {
                "title": "WIOD 2016 release, value added, labour and capital compensation, taxes",
                "source": costs_source,
                "licence": costs_licence,
                "licence_verified": "data licence stated by the producer; repository has none",
            },
            "penn_world_table": {
                "title": "Penn World Table 10.0, labsh, years 1995 2000 2005 2007 2011 2014",
                "source": "github.com/madhurm16/lisa at commit fef0834, _data/_csv/_pwt",
                "licence": "CC BY 4.0, from memory",
                "licence_verified": False,
            },
        },
        "citation": citation,
        "files": {
            "wiod2013_labour_share.csv": {
                "title": "Labour compensation over value added, 41 regions x 35 sectors, 1995-2011",
                "status": "per cell: source (2007 and 2011) or filled by a stated rule",
                "units": "share of value added at basic prices",
                "layout": layout,
                "changed": (
                    "56 NACE 2 sectors added up to 35 with nace2_to_nace1.csv before the share is "
                    "taken. 2007 and 2011 use their own source file. Other years are derived: up "
                    "to 2009 from 2007, 2010 from 2011 (rules level_2007, level_2011). Codes joined "
                    "by + apply one after the other."
                ),
            },
            "wiod2014_labour_share.csv": {
                "title": "Labour compensation over value added, 44 regions x 56 sectors, 2014",
                "status": "per cell: source or filled by a stated rule",
                "units": "share of value added at basic prices",
                "layout": layout,
            },
            "wiod2013_tax_margin_share.csv": {
                "title": "Net product taxes and transport margins on intermediates over output",
                "status": "estimated",
                "units": "share of gross output",
                "layout": (
                    "year (2007, 2011), region, sector, tax_share, margin_share, va_share, status, "
                    "rule"
                ),
                "changed": (
                    "Rates of the 2016 release (SNA 2008, NACE 2) on the 35 sectors; an estimate "
                    "of what the 2013 tables hold, because those are published here without their "
                    "tax and margin rows. Subtract tax_share and margin_share from gross_va_share "
                    "of tables/wiod2013/value_added.csv.xz to estimate value added at basic "
                    "prices. va_share is the value added share in the 2016 release, for comparison. "
                    "Status filled: emerging_mean for the rest of the world, region_mean where the "
                    "release has no output."
                ),
            },
            "nace2_to_nace1.csv": {
                "title": "NACE 2 (2016 release) to NACE 1 (2013 release) sectors",
                "status": "judgement, by main activity",
                "layout": "nace2, nace2_name, sector, nace1, weight (sums to one by nace2)",
                "notes": [
                    (
                        "C13-C15 holds textiles and leather: split by the world value added of c4 and "
                        "c5 in 2011. Both get the same shares."
                    ),
                    (
                        "J58 goes to c7: with it value added of 2011 by region is 15 percent from that "
                        "of the 2013 release (median), without it 53 percent. It takes software "
                        "publishing, which NACE 1 has in 72, along."
                    ),
                    (
                        "C33, E37-E39, N and U go whole to c13, c34, c30 and c34 although NACE 1 "
                        "spreads them."
                    ),
                ],
            },
        },
        "rules": RULES,
        "level_shift": (
            "One factor per region multiplies the odds s / (1 - s) of all its sectors so that the "
            "value-added weighted mean reaches the target; shares stay between zero and one."
        ),
        "checked": checks,
    }


def main() -> None:
    """Build all files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="folder of raw downloads")
    parser.add_argument("--tables", type=Path, required=True, help="folder of converted tables")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--clip", action="store_true", help="set possible shares beyond a bound to the bound"
    )
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    weights, outputs, weights_2014 = read_weights(arguments.tables)
    names = pd.read_csv(arguments.tables / "wiod2014" / "sectors.csv").set_index("sector")["name"]
    nace1 = pd.read_csv(arguments.tables / "wiod2013" / "sectors.csv").set_index("sector")["nace1"]
    codes = {name: str(code) for code, name in names.items()}
    detailed = {
        year: read_costs(find_raw(arguments.raw, f"factor_costs_{year}.xlsx"), codes)
        for year in (*SOURCE_YEARS, 2014)
    }
    concordance = make_concordance(names, nace1, weights[2011].sum())
    costs = {year: to_nace1(detailed[year], concordance) for year in SOURCE_YEARS}
    pwt = pwt_shares(find_raw(arguments.raw, "labsh.csv"))

    labour_35 = labour_1995_2011(costs, weights, pwt, arguments.clip)
    labour_56 = labour_2014(detailed[2014], weights_2014, pwt, arguments.clip)
    rates = tax_margin_rates(costs, {year: weights[year] for year in SOURCE_YEARS})
    concordance.to_csv(out / "nace2_to_nace1.csv", index=False)
    labour_35.to_csv(out / "wiod2013_labour_share.csv", index=False)
    labour_56.to_csv(out / "wiod2014_labour_share.csv", index=False)
    rates.to_csv(out / "wiod2013_tax_margin_share.csv", index=False)
    figures = check(labour_35, labour_56, rates, weights, outputs, weights_2014, pwt)
    write_provenance(out, provenance(figures))


if __name__ == "__main__":
    main()
