"""Tariffs, labour shares and research of the estimated world.

Usage::

    python calibration/tools/world_rates.py --raw DIR [--table world2022] [--out calibration]

Runs after ``estimate_world.py``. Writes ``tariffs/TABLE_applied.csv.gz``,
``tariffs/us_2025_08-TABLE.csv`` and ``us_2025_26-TABLE.csv``, ``factors/TABLE_labour_share.csv`` and
``knowledge/TABLE.csv``. Rules are described in the provenance files of those folders.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from convert_factors import pwt_shares, shift_level
from convert_us_tariffs import (
    EU_CODES,
    PARTNERS,
    by_sector,
    layout,
    member_shares,
    read_chapters,
    read_levels,
    state_of_2026,
)
from estimate_world import like_templates
from sector_maps import EU27, GOODS_2013, ISIC3_TO_WIOD2013, read_us_imports, write_gzip_csv

SECTORS = [f"c{k + 1}" for k in range(35)]
BASE_YEAR, LATEST_SHARES = 2011, 2014
EU = tuple(sorted([*(code for code in EU27 if code != "GBR"), "HRV"]))

NEW_PARTNERS = {
    "ARGENTINA": "ARG",
    "BANGLADESH": "BGD",
    "CAMBODIA": "KHM",
    "COLOMBIA": "COL",
    "EGYPT": "EGY",
    "MALAYSIA": "MYS",
    "NEW ZEALAND": "NZL",
    "NORWAY": "NOR",
    "PAKISTAN": "PAK",
    "PHILIPPINES": "PHL",
    "SAUDI ARABIA": "SAU",
    "SINGAPORE": "SGP",
    "SWITZERLAND": "CHE",
    "THAILAND": "THA",
    "UNITED ARAB EMIRATES": "ARE",
    "VIETNAM": "VNM",
}
"""Partners of the source that are regions of the estimated world only."""

WITS_REGIONS = {
    "Brazil": "BRA",
    "Canada": "CAN",
    "China": "CHN",
    "India": "IND",
    "Japan": "JPN",
    "Mexico": "MEX",
    "United Kingdom": "GBR",
    "United States": "USA",
    "EuropeanUnion --- EuropeanUnion": "EU",
    "RestOfTheWorld --- RestOfTheWorld": "ROW",
}

WITS_GROUPS = {
    "Food": ["c1", "c3"],
    "Mining": ["c2"],
    "Textiles": ["c4"],
    "Paper": ["c6", "c7"],
    "Energy": ["c8", "c13"],
    "Chemical": ["c9", "c10"],
    "Metal": ["c12"],
    "Manufacture": ["c5", "c11", "c14", "c15", "c16"],
}
"""Goods groups of the source; machinery (HS 84) stands in its group Energy, footwear in Manufacture."""

CHINA_INDUSTRIES = {
    "c1": [1, 2],
    "c2": [3, 4, 5],
    "c3": [6],
    "c4": [7],
    "c5": [7],
    "c6": [8],
    "c7": [9],
    "c8": [10],
    "c9": [11, 12],
    "c10": [13],
    "c11": [14],
    "c12": [15, 16],
    "c13": [19],
    "c14": [17, 18],
    "c15": [20, 21],
    "c16": [22],
}
"""Industries of the source of China's rises (those of ICIO, in its order)."""

ASEAN = ["IDN", "KHM", "MYS", "PHL", "SGP", "THA", "VNM"]
ASEAN_PARTNERS = ["AUS", "CHN", "JPN", "KOR", "NZL"]
FARM = ["c1", "c3"]
LARGEST = 1.0


class Rates:
    """Rates by importer, exporter and goods sector, each with status and rule.

    Parameters
    ----------
    regions
        Codes.
    """

    def __init__(self, regions: list[str]) -> None:
        self.regions = regions
        shape = (len(regions), len(regions), len(GOODS_2013))
        self.rate = np.zeros(shape)
        self.rule = np.full(shape, "", dtype=object)
        self.source = np.zeros(shape, dtype=bool)

    def at(self, importers: list[str], exporters: list[str], sectors: list[str] = GOODS_2013):
        """Index of cells; codes that are no regions are passed over."""
        place = {code: k for k, code in enumerate(self.regions)}
        rows = [[place[c] for c in codes if c in place] for codes in (importers, exporters)]
        return np.ix_(*rows, [GOODS_2013.index(s) for s in sectors])

    def put(self, at, rate, rule: str, source: bool = False) -> None:
        """Set cells, with the rule that did."""
        self.rate[at], self.rule[at], self.source[at] = rate, rule, source

    def frame(self) -> pd.DataFrame:
        """Rows of the file."""
        cells = [
            (m, x, s, round(float(self.rate[a, b, k]), 6),
             "source" if self.source[a, b, k] else "filled", self.rule[a, b, k])
            for a, m in enumerate(self.regions)
            for b, x in enumerate(self.regions)
            if a != b
            for k, s in enumerate(GOODS_2013)
        ]  # fmt: skip
        names = ["importer", "exporter", "sector", "rate", "status", "rule"]
        return pd.DataFrame(cells, columns=names)


def cube(frame: pd.DataFrame, regions: list[str], value: str) -> np.ndarray:
    """Values by importer, exporter and goods sector; NaN where there is none."""
    cells = pd.MultiIndex.from_product([regions, regions, GOODS_2013])
    found = frame.set_index(["importer", "exporter", "sector"])[value].reindex(cells)
    return found.to_numpy().reshape(len(regions), len(regions), len(GOODS_2013))


def rates_2013(out: Path, regions: list[str]) -> Rates:
    """Rates of about 2013 for all regions: of the 2013 and 2014 tables, else of their rest of the world.

    Parameters
    ----------
    out
        Content folder.
    regions
        Codes of the estimated world.

    Returns
    -------
    Rates
        Rules ``kept_`` and the rule of the 2013 file, ``wiod2014`` and ``as_row``.
    """
    rates = Rates(regions)
    old = pd.read_csv(out / "tariffs" / "wiod2013_applied.csv.gz")
    known = sorted(set(old["importer"]))
    named = [code if code in known else "ROW" for code in regions]
    values, rules = cube(old, known, "rate"), cube(old, known, "rule")
    place = [known.index(code) for code in named]
    rates.rate[:] = np.nan_to_num(values[np.ix_(place, place)].astype(float))
    is_new = np.array([code not in known for code in regions])
    either = is_new[:, None] | is_new[None, :]
    kept = "kept_" + pd.DataFrame(rules.reshape(len(known), -1)).fillna("").to_numpy().reshape(
        rules.shape
    )[np.ix_(place, place)].astype(object)
    rates.rule[:] = np.where(either[:, :, None], "as_row", kept)
    # Two parts of the old rest of the world: its rate on the mean of what its members pay elsewhere.
    inside = np.array(named) == "ROW"
    rest = known.index("ROW")
    mean = np.nanmean(np.delete(values[rest].astype(float), rest, axis=0), axis=0)
    both = inside[:, None] & inside[None, :]
    rates.rate[both] = mean
    later = pd.read_csv(out / "tariffs" / "wiod2014_applied.csv.gz")
    maps = pd.read_csv(out / "concordances" / "nace2_to_wiod2013.csv")
    to_old = dict(zip(maps["sector_wiod2014"], maps["sector_wiod2013"], strict=True))
    later = later.assign(sector=later["sector"].map(to_old))
    later = later.groupby(["importer", "exporter", "sector"], as_index=False)["rate"].mean()
    there = sorted(set(later["importer"]) & set(regions))
    extra = cube(later, there, "rate")
    for code in ("HRV", "CHE", "NOR"):
        k = there.index(code)
        for importers, exporters, block in (
            ([code], there, extra[k][None]), (there, [code], extra[:, k][:, None]),
        ):  # fmt: skip
            at = rates.at(importers, exporters)
            filled = ~np.isnan(block)
            rates.rate[at] = np.where(filled, block, rates.rate[at])
            rates.rule[at] = np.where(filled, "wiod2014", rates.rule[at])
    return rates


def agreements(rates: Rates) -> None:
    """Agreements and free ports of 2022 that the rates of 2013 do not have.

    Parameters
    ----------
    rates
        Changed in place.
    """
    everyone = rates.regions
    industry = [s for s in GOODS_2013 if s not in FARM]
    rates.put(rates.at(["ARE", "SAU"], everyone), 0.05, "gcc_common")
    rates.put(rates.at(["ARE", "SAU"], ["ARE", "SAU"]), 0.0, "gcc_internal")
    rates.put(rates.at(["SGP"], everyone), 0.0, "free_port")
    for ours, theirs in ((ASEAN, ASEAN), (ASEAN, ASEAN_PARTNERS), (ASEAN_PARTNERS, ASEAN)):
        rates.put(rates.at(ours, theirs, industry), 0.0, "asean_agreements")
    rates.put(rates.at(ASEAN, ASEAN), 0.0, "asean_internal")
    rates.put(rates.at(["AUS", "NZL"], ["AUS", "NZL"]), 0.0, "anzcerta")
    rates.put(rates.at(["RUS", "KAZ"], ["RUS", "KAZ"]), 0.0, "eurasian_union")
    rates.put(rates.at(["BRA", "ARG"], ["BRA", "ARG"]), 0.0, "mercosur")
    korea = ["USA", "CAN", "AUS", "NZL", "GBR", "NOR", "CHE", "COL", *EU]
    for ours, theirs in ((["KOR"], korea), (korea, ["KOR"])):
        rates.put(rates.at(ours, theirs, industry), 0.0, "korea_agreements")


def move_to_wits(raw: Path, rates: Rates, trade: np.ndarray) -> None:
    """Move the rates of nine importers to the averages of 2023 by partner and group of goods.

    Parameters
    ----------
    raw
        Directory of the raw data.
    rates
        Changed in place: the pattern within a partner and group is kept, its mean is the source's;
        where the pattern is zero the mean holds for all.
    trade
        Weights by importer, exporter and goods sector.
    """
    frame = pd.read_csv(raw / "tariffs_2023" / "tariffs_wits_2023_10reg_9sec.csv")
    names = [
        frame[f"{side} Name"].str.strip().map(WITS_REGIONS) for side in ("Reporter", "Partner")
    ]
    level = frame.assign(importer=names[0], exporter=names[1], rate=frame["Weighted Average"] / 100)
    single = [code for code in WITS_REGIONS.values() if code not in ("EU", "ROW")]
    rest = [code for code in rates.regions if code not in single and code not in EU]
    members = {**{code: [code] for code in single}, "EU": list(EU), "ROW": rest}
    for row in level.itertuples():
        if row.importer in ("USA", "ROW") or row.Product not in WITS_GROUPS:
            continue
        at = rates.at(members[row.importer], members[row.exporter], WITS_GROUPS[row.Product])
        if row.importer == row.exporter:
            continue
        weight, old = trade[at], rates.rate[at]
        mean = (weight * old).sum() / weight.sum() if weight.sum() > 0 else old.mean()
        new = (
            np.minimum(old * row.rate / mean, LARGEST)
            if mean > 1e-4
            else np.full_like(old, row.rate)
        )
        rates.put(at, new, "wits_2023", source=True)
    rates.put(rates.at(list(EU), list(EU)), 0.0, "eu_internal")
    for ours, theirs in ((["GBR"], list(EU)), (list(EU), ["GBR"])):
        rates.put(rates.at(ours, theirs), 0.0, "eu_gbr_agreement")


def china_rises(raw: Path) -> pd.Series:
    """Rises of China on the United States in 2018-19 by sector, fractions.

    Parameters
    ----------
    raw
        Directory of the raw data.

    Returns
    -------
    pandas.Series
        Weighted with imports of 2017.
    """
    folder = raw / "tradewar_2018"
    rise = pd.read_csv(folder / "tariff_China.csv").set_index("indcode").iloc[:, 0]
    flow = pd.read_csv(folder / "TradeFlow2017.csv").query("iso_o == 'USA' and iso_d == 'CHN'")
    flow = flow.set_index("indcode")["tradevalue"]
    means = {s: np.average(rise[k], weights=flow[k]) for s, k in CHINA_INDUSTRIES.items()}
    return pd.Series(means).round(6)


def us_files(raw: Path, out: Path, table: str, regions: list[str]) -> pd.DataFrame:
    """Write the rises of 2025-26 for the estimated world.

    Parameters
    ----------
    raw, out
        Directories of raw data and content.
    table
        Name of the estimated world.
    regions
        Its codes.

    Returns
    -------
    pandas.DataFrame
        Rates of 2024 by exporter and sector.
    """
    us_imports = read_us_imports(raw)
    us_imports = us_imports[~us_imports["partner"].isin(EU_CODES)]
    us_imports["region"] = us_imports["partner"].map({**PARTNERS, **NEW_PARTNERS}).fillna("ROW")
    us_imports["sector"] = us_imports["isic"].str[:2].map(ISIC3_TO_WIOD2013)
    chapters, levels = read_chapters(raw), read_levels(raw)
    shares = member_shares(us_imports, chapters)
    exporters = [code for code in regions if code != "USA"]
    for name, increases, status, rule in (
        ("us_2025_08", chapters, "source", "hs2"),
        ("us_2025_26", state_of_2026(chapters, levels), "estimated", "two_layers"),
    ):
        frame = layout(by_sector(us_imports, increases), shares, exporters, status, rule, EU)
        frame.to_csv(out / "tariffs" / f"{name}-{table}.csv", index=False, lineterminator="\n")
    return frame


def labour_shares(
    raw: Path, out: Path, year: int, regions: list[str], templates: dict, weights: np.ndarray
) -> pd.DataFrame:
    """Labour shares: sector patterns of 2011, levels moved to the Penn World Table's latest year.

    Parameters
    ----------
    raw, out
        Directories of raw data and content.
    year
        Of the estimated world.
    regions, templates
        Codes, and what new ones are like.
    weights
        Value added, (region, sector).

    Returns
    -------
    pandas.DataFrame
        Rows of the file; every cell is filled.
    """
    old = pd.read_csv(out / "factors" / "wiod2013_labour_share.csv", keep_default_na=False)
    old = old[old["year"] == BASE_YEAR].astype({"labour_share": float})
    pattern = old.pivot(index="region", columns="sector", values="labour_share")[SECTORS]
    national = pwt_shares(raw / "labour_shares_pwt" / "labsh.csv")
    rows = []
    for k, region in enumerate(regions):
        shares = np.clip(like_templates(pattern, region, templates), 0.05, 0.95)
        rule, weight = "pattern_2011", np.maximum(weights[k], 0.0)
        if region not in pattern.index:
            rule = "template"
        if region in national.index and not np.isnan(national.loc[region, LATEST_SHARES]):
            target = national.loc[region, LATEST_SHARES]
            if region in pattern.index:
                mean = float(shares @ weight / weight.sum())
                target = mean + target - national.loc[region, BASE_YEAR]
            shares = np.clip(shift_level(shares, weight, target), 0.05, 0.95)
            rule += f"+level_{LATEST_SHARES}"
        rows += [
            (year, region, s, round(v, 4), "filled", rule)
            for s, v in zip(SECTORS, shares, strict=True)
        ]
    return pd.DataFrame(
        rows, columns=["year", "region", "sector", "labour_share", "status", "rule"]
    )


def split_patents(
    frame: pd.DataFrame, out: Path, names: dict[str, str], gdp: pd.Series
) -> pd.DataFrame:
    """Patents of new regions: their own, else a part of those of the rest of the world by GDP.

    Parameters
    ----------
    frame
        Rows of the file without patents of new regions.
    out
        Content folder.
    names, gdp
        Readable name and value added by region.

    Returns
    -------
    pandas.DataFrame
        The rows with those of new regions, and what is left of the rest of the world in the last year.
    """
    places = pd.read_csv(out / "knowledge" / "patents.csv").query("field == 'all'")
    year = int(places["year"].max())
    own = places[places["year"] == year].set_index("place")["patents"]
    known = set(frame.loc[frame["item"] == "patents", "region"])
    new = [region for region in names if region not in known]
    found = {region: float(own[names[region]]) for region in new if names[region] in own}
    rest = (frame["region"] == "ROW") & (frame["item"] == "patents")
    last = frame[rest].sort_values("year").index[-1:]
    left = max(float(frame.loc[last, "value"].iloc[0]) - sum(found.values()), 0.0)
    lacking = [region for region in new if region not in found]
    share = gdp[[*lacking, "ROW"]] / gdp[[*lacking, "ROW"]].sum()
    rows = [
        {"region": region, "sector": "", "item": "patents", "year": year,
         "value": round(found.get(region, left * share.get(region, 0.0)), 1),
         "status": "original" if region in found else "filled",
         "rule": "" if region in found else "row_by_gdp",
         "filled_percent": 0.0 if region in found else 100.0, "source": "10551"}
        for region in new
    ]  # fmt: skip
    frame = frame[~rest | frame.index.isin(last)].copy()
    frame.loc[last, ["value", "status", "rule", "filled_percent"]] = [
        round(left * share["ROW"], 1), "filled", "row_by_gdp", 100.0,
    ]  # fmt: skip
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


def research(
    out: Path, regions: list[str], templates: dict, names: dict[str, str], gdp: pd.Series
) -> pd.DataFrame:
    """Figures on research: those of the 2013 table, of new regions by templates.

    Parameters
    ----------
    out
        Content folder.
    regions, templates, names, gdp
        Codes, what new ones are like, readable names, and value added.

    Returns
    -------
    pandas.DataFrame
        Rows of the file.
    """
    old = pd.read_csv(out / "knowledge" / "wiod2013.csv", keep_default_na=False)
    latest = old.sort_values("year").drop_duplicates(["region", "sector", "item"], keep="last")
    totals = pd.read_csv(out / "knowledge" / "gerd.csv")
    frames = [old[old["region"].isin(regions)]]
    source_names = {"Viet Nam": "Vietnam"}
    for region, weights in templates.items():
        weight = pd.Series(weights) / sum(weights.values())
        part = latest[latest["region"].isin(weights) & (latest["item"] != "patents")].copy()
        part["value"] = part["value"].astype(float) * part["region"].map(weight)
        made = part.groupby(["sector", "item"], as_index=False).agg(
            value=("value", "sum"), year=("year", "max")
        )
        made = made.assign(
            region=region, status="filled", rule="template", filled_percent=100.0, source=""
        )
        own = totals[totals["country"] == source_names.get(names[region], names[region])]
        value = [c for c in own.columns if "gdp" in c.lower()]
        own = own.dropna(subset=value[:1]) if value else own.iloc[:0]
        if len(own):
            row = own.sort_values("year").iloc[-1]
            gerd = made["item"] == "gerd"
            made.loc[gerd, ["value", "year"]] = [float(row[value[0]]), int(row["year"])]
            made.loc[gerd, ["status", "rule", "filled_percent", "source"]] = [
                "original",
                "",
                0.0,
                str(row["source"]),
            ]
        made["value"] = made["value"].astype(float).round(4)
        frames.append(made[list(old.columns)])
    return split_patents(pd.concat(frames, ignore_index=True), out, names, gdp)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--table", default="world2022")
    parser.add_argument("--out", type=Path, default=Path("calibration"))
    args = parser.parse_args()
    folder = args.out / "tables" / args.table
    index = pd.read_csv(folder / "regions.csv")
    regions, names = (
        index["region"].tolist(),
        dict(zip(index["region"], index["name"], strict=True)),
    )
    given = pd.read_csv(folder / "templates.csv")
    templates = {
        r: dict(zip(p["like"], p["weight"], strict=True))
        for r, p in given.groupby("region", sort=False)
    }
    margins = pd.read_csv(folder / "margins.csv")
    margins["output"] = margins["intermediate_sales"] + margins["final_sales"]
    margins["value_added"] = margins["output"] - margins["intermediate_use"]

    def grid(value: str) -> np.ndarray:
        return (
            margins.pivot(index="region", columns="sector", values=value)
            .loc[regions, SECTORS]
            .to_numpy()
        )

    pairs = pd.read_csv(folder / "trade.csv").pivot(
        index="exporter", columns="importer", values="goods"
    )
    pairs = pairs.reindex(index=regions, columns=regions).fillna(0.0).to_numpy()
    exports = grid("exports")[:, : len(GOODS_2013)]
    mix = exports / np.maximum(exports.sum(axis=1, keepdims=True), 1e-9)
    trade = pairs.T[:, :, None] * mix[None]  # importer, exporter, sector

    rates = rates_2013(args.out, regions)
    agreements(rates)
    move_to_wits(args.raw, rates, trade)
    us = us_files(args.raw, args.out, args.table, regions)
    exporters = [code for code in regions if code != "USA"]
    duty = us.pivot(index="exporter", columns="sector", values="rate_2024").loc[
        exporters, GOODS_2013
    ]
    rates.put(rates.at(["USA"], exporters), duty.to_numpy()[None], "us_duty_2024", source=True)
    rise = china_rises(args.raw)
    at = rates.at(["CHN"], ["USA"])
    rates.put(
        at, rates.rate[at] + rise[GOODS_2013].to_numpy(), "wits_2023+rises_2018_19", source=True
    )
    for k in range(len(regions)):
        rates.rate[k, k] = 0.0
    frame = rates.frame()
    write_gzip_csv(frame, args.out / "tariffs" / f"{args.table}_applied.csv.gz")
    rise.rename_axis("sector").rename("increase").to_csv(
        args.out / "tariffs" / "china_2018_19.csv", lineterminator="\n"
    )
    year = int(args.table[-4:])
    shares = labour_shares(args.raw, args.out, year, regions, templates, grid("value_added"))
    shares.to_csv(
        args.out / "factors" / f"{args.table}_labour_share.csv", index=False, lineterminator="\n"
    )
    gdp = pd.Series(grid("value_added").sum(axis=1), regions)
    research(args.out, regions, templates, names, gdp).to_csv(
        args.out / "knowledge" / f"{args.table}.csv", index=False, lineterminator="\n"
    )
    print(frame.groupby(["status", "rule"]).size().to_string())
    mean = (trade * rates.rate).sum((1, 2)) / trade.sum((1, 2))
    print((100 * pd.Series(mean, regions)).round(2).to_dict())
    print((100 * rise).round(1).to_dict())


if __name__ == "__main__":
    main()
