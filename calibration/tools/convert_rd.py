"""Build the R&D tables of calibration/knowledge from tables of the United States NSF.

Usage::

    python calibration/tools/convert_rd.py --raw DIR [--out calibration/knowledge]

``DIR`` holds one folder a table (``6304/data.csv``, ``1883/data.csv``, ...) as the repository named
in ``provenance.yaml`` has them. Several of them lost a column label when they were converted, so
that only the order of rows says what a number is; every reading of that kind is checked here
against a second table or an identity, and the script stops where one fails.

What is read goes into the clean tables; what the model needs and the tables lack is filled by the
rules of :data:`RULES` and flagged cell by cell in ``wiod2013.csv`` and ``wiod2014.csv``.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from rd_industries import (
    EU_MEMBERS,
    ISIC4,
    PEERS,
    anberd_by_sector,
    clean_anberd,
    clean_intensity,
    clean_us_business,
    clean_value_added,
    peer_by_sector,
    to_wiod2013,
    wiod2013_weights,
)
from rd_tables import (
    CODES,
    clean_gerd,
    clean_patents,
    clean_performers,
    clean_types,
    expect,
    read_raw,
    us_business_share,
)

from cge.data.accounts.table_files import load_table

TARGET = {"wiod2013": 2011, "wiod2014": 2014}
EU_SMALL, EU_LOWEST = ["CYP", "LVA", "MLT"], ["BGR", "HRV", "ROU"]
EU28 = sorted([*PEERS["eu"][0], *PEERS["eu"][1]])
ASIA_UNLISTED = ["Indonesia", "Thailand", "Vietnam", "Philippines", "Pakistan", "Kazakhstan"]
MIDDLE_EAST_UNLISTED = ["Turkey", "Saudi Arabia", "Iran", "United Arab Emirates", "Qatar"]
COLUMNS = [
    "region",
    "sector",
    "item",
    "year",
    "value",
    "status",
    "rule",
    "filled_percent",
    "source",
]

RULES = {
    "suspect": (
        "Indonesia 2017 in table 1875: GERD over its own GERD/GDP implies a GDP three times that of "
        "table 6304; the row is kept in gerd.csv and used nowhere."
    ),
    "row_pool": (
        "Rest of the world: GERD over GDP, both summed over the countries of tables 1875 and 6304 "
        "that are not regions of the table, each at its year nearest to the table's (GDP in "
        "purchasing power, GERD divided by the published ratio). Countries with less than 500 "
        "million PPP dollars of GERD are not in the tables, so it is somewhat high."
    ),
    "eu_small": (
        "Cyprus, Latvia and Malta, whose GERD is below the 500 million PPP dollars of the tables: "
        "mean GERD/GDP of Bulgaria, Croatia and Romania, the lowest of the European Union."
    ),
    "eu_rest": (
        "Members of the European Union but DEU, FRA and GBR, 1995-2016: own ratio of 2017 (table "
        "1875) times what GERD over GDP of the Union (28) without the three was in the year, over "
        "2017 (table 1888, GDP in purchasing power). 2011: 0.94. The Union's total is met, the "
        "members' own paths are not seen (Finland fell, Poland rose)."
    ),
    "peer_mean": (
        "Share of basic research, or of business as performer, where the tables have none: plain "
        "mean of the peers with a figure. Members of the European Union: DEU, FRA, GBR (basic: FRA, "
        "GBR). Taiwan: JPN, KOR. AUS, CAN, CHE, NOR: USA, JPN, KOR, DEU, FRA, GBR (basic without "
        "DEU). BRA, IDN, MEX, RUS, TUR, ROW: CHN, IND."
    ),
    "anberd_over_gerd": "Business R&D of table 1883 over GERD of table 1888 in the same year.",
    "us_national_patterns": "Business R&D over total R&D of table 1881.",
    "us_share": (
        "Share of business in basic research, published for the United States alone: the share of "
        "the United States in the table's year."
    ),
    "residual_by_gerd": (
        "Patents of countries that table 10551 does not list: what is left of the European Union, "
        "Asia or the Middle East, split by GERD; rest of the world: what is left of the world."
    ),
    "us_2019_share": (
        "United States, machinery and electrical equipment: share in manufacturing R&D of 2019 in "
        "table 6308, NAICS 333 and 335, on manufacturing of table 1883. Finance: share in the total."
    ),
    "residual_by_intensity": (
        "Industry that table 1883 does not list: what its total leaves over, split by value added "
        "(2014) times the R&D intensity of table 10955. All services of China are of this kind."
    ),
    "peer_intensity": (
        "Country without R&D by industry: R&D over value added by industry pooled over the peers "
        "(European Union: DEU, FRA, GBR; Taiwan: JPN, KOR; AUS, CAN, CHE, NOR: the six high-income "
        "countries; others: CHN), times own value added of 2014, scaled to the total. Where no peer "
        "has the industry: the intensity of table 10955 at the peers' level."
    ),
    "no_enterprise": (
        "Public administration, education, health, households and embassies: outside table 10955, "
        "no business R&D."
    ),
    "nearest_year": (
        "Set when a benchmark is calibrated, not in the files: the figure is of another year than "
        "the benchmark, the nearest there is (the earlier of two)."
    ),
}


# -- what the model reads: one value for each region and item, filled where there is none


def nearest(frame: pd.DataFrame, year: int) -> pd.Series:
    """Return the row of the year nearest to `year`, the earlier of two."""
    order = frame.assign(gap=(frame["year"] - year).abs()).sort_values(["gap", "year"])
    return frame.loc[order.index[0]]


def group_of(region: str) -> str:
    """Return the group of peers that a region is filled from."""
    return next(name for name, (_, members) in PEERS.items() if region in members)


def fill_from_peers(known: pd.DataFrame, item: str, regions: Sequence[str], year: int) -> list:
    """Return one filled row for each region without a figure: the plain mean of its peers."""
    rows = []
    for region in regions:
        if region in set(known["region"]):
            continue
        peers = [p for p in PEERS[group_of(region)][0] if p in set(known["region"])]
        values = [nearest(known[known["region"] == p], year)["value"] for p in peers]
        rows.append(row(region, item, year, float(np.mean(values)), "filled", "peer_mean",
                        "from " + " ".join(peers)))  # fmt: skip
    return rows


def row(region: str, item: str, year: int, value: float, status: str, rule: str, source: str,
        sector: str = "", filled: float | None = None) -> dict[str, Any]:  # fmt: skip
    """Return one line of the files the model reads."""
    percent = (100.0 if status == "filled" else 0.0) if filled is None else filled
    return {"region": region, "sector": sector, "item": item, "year": year,
            "value": round(value, 4), "status": status, "rule": rule,
            "filled_percent": round(percent, 1), "source": source}  # fmt: skip


def eu_rest(gerd: pd.DataFrame, base: int) -> dict[int, float]:
    """Return GERD over GDP of the European Union without its three largest, relative to a year.

    Parameters
    ----------
    gerd
        Clean table.
    base
        The year whose ratio is one.
    """
    series = gerd[gerd["source"] == "1888"].copy()
    series["gdp"] = series["gerd_ppp"] / series["gerd_gdp"]
    union = series[series["country"] == "European Union"].set_index("year")
    three = series[series["region"].isin(["DEU", "FRA", "GBR"])].groupby("year")
    whole = three.size() == 3
    level = union["gerd_ppp"] - three["gerd_ppp"].sum()
    size = union["gdp"] - three["gdp"].sum()
    ratio = (level / size)[whole].dropna()
    return {int(y): float(v / ratio[base]) for y, v in ratio.items() if y < min(base, 2017)}


def countries(table: str, clean: dict[str, pd.DataFrame], us_share: pd.DataFrame) -> pd.DataFrame:
    """Return the national figures of a table's regions: gerd, basic, business, business_basic.

    Parameters
    ----------
    table
        ``wiod2013`` or ``wiod2014``.
    clean
        The clean tables by name.
    us_share
        Result of :func:`us_business_share`.
    """
    year = TARGET[table]
    regions = list(load_table(table, year).regions)
    gerd = clean["gerd"][clean["gerd"]["status"] == "original"]
    # The same country and year in two tables: the later edition is the revised figure.
    latest = gerd.assign(edition=gerd["source"].map({"1888": 0, "1875": 0, "6304": 1}))
    latest = latest.sort_values(["edition"], kind="stable").drop_duplicates(
        ["country", "year"], keep="last"
    ).sort_values(["region", "year"])  # fmt: skip
    rows = [
        row(g.region, "gerd", g.year, g.gerd_gdp, "original", "", g.source)
        for g in latest.itertuples() if g.region in regions
    ]  # fmt: skip
    rows += [
        row(g.region, "gerd", when, g.gerd_gdp * factor, "filled", "eu_rest", "1875 1888")
        for g in gerd.query("source == '1875'").itertuples()
        if g.region in regions and g.region in EU_MEMBERS
        for when, factor in eu_rest(gerd, g.year).items()
    ]
    abroad = latest[~latest["region"].isin(regions)]
    groups = {"European Union", "OECD", "G20 countries"}
    pool = [nearest(part, year) for name, part in abroad.groupby("country") if name not in groups]
    total = sum(p["gerd_ppp"] for p in pool)
    rows.append(row("ROW", "gerd", year, total / sum(p["gerd_ppp"] / p["gerd_gdp"] for p in pool),
                    "filled", "row_pool", "1875 6304"))  # fmt: skip
    lowest = [nearest(latest[latest["region"] == r], year)["gerd_gdp"] for r in EU_LOWEST]
    rows += [row(r, "gerd", year, float(np.mean(lowest)), "filled", "eu_small",
                 "from " + " ".join(EU_LOWEST)) for r in EU_SMALL]  # fmt: skip

    types = clean["types"].query("type == 'basic' and performer == 'all'")
    types = types[(types["source"] == "10487") | (types["region"] != "USA")]
    basic = [row(t.region, "basic", t.year, t.percent, "original", "", t.source)
             for t in types.itertuples() if t.year >= 1990]  # fmt: skip
    business = [
        row(p.region, "business", p.year, p.percent, "original", "", p.source)
        for p in clean["performers"].query("role == 'performer' and sector == 'business'").itertuples()
        if p.region != "USA"
    ]  # fmt: skip
    totals = clean["anberd"].query("isic4 == '1-99'").set_index(["region", "year"])["value"]
    for (region, when), value in totals.items():
        level = gerd.query("source == '1888' and region == @region and year == @when")["gerd_ppp"]
        if region != "USA" and len(level):
            business.append(row(region, "business", when, 100 * value / level.iloc[0], "computed",
                                "anberd_over_gerd", "1883 1888"))  # fmt: skip
    business += [row("USA", "business", int(u.year), u.percent, "computed", "us_national_patterns",
                     "1881") for u in us_share.itertuples()]  # fmt: skip
    by_business = clean["types"].query("type == 'basic' and performer == 'business'")
    us_basic = [row("USA", "business_basic", b.year, b.percent, "original", "", b.source)
                for b in by_business.itertuples() if b.year >= 1990]  # fmt: skip
    for known, item in ((basic, "basic"), (business, "business")):
        rows += known
        rows += fill_from_peers(pd.DataFrame(known), item, regions, year)
    value = nearest(pd.DataFrame(us_basic), year)["value"]
    rows += us_basic
    rows += [row(r, "business_basic", year, value, "filled", "us_share", "10487")
             for r in regions if r != "USA"]  # fmt: skip
    return pd.DataFrame(rows)


def patents(table: str, clean: dict[str, pd.DataFrame], national: pd.DataFrame) -> pd.DataFrame:
    """Return USPTO patents of a table's regions, split by rule where they are not listed."""
    year = TARGET[table]
    regions = list(load_table(table, year).regions)
    frame = clean["patents"].query("field == 'all'")
    listed = frame[frame["region"].isin(regions)]
    rows = [row(p.region, "patents", p.year, p.patents, "original", "", "10551")
            for p in listed.itertuples()]  # fmt: skip
    now = frame[frame["year"] == year].set_index("place")["patents"]
    world = load_table("wiod2014", 2014)
    gdp = dict(zip(world.regions, world.value_added.sum(axis=1), strict=True))
    own = national[national["item"] == "gerd"]
    spent = {}
    for code in EU28:
        part = own[own["region"] == code]
        ratio = nearest(part, year)["value"] if len(part) else _croatia(clean)
        spent[code] = ratio * gdp[code]
    has = set(listed["region"])
    unlisted = [code for code in EU28 if code not in has]
    left = now["EU-27"] - sum(now[p] for p in now.index if CODES.get(p) in set(EU28) - {"GBR"})
    split = {code: left * spent[code] / sum(spent[c] for c in unlisted) for code in unlisted}
    gerd = clean["gerd"].query("status == 'original' and source == '6304'")
    gerd = gerd.set_index("country")["gerd_ppp"]
    asia = ["China", "India", "Japan", "Malaysia", "Singapore", "South Korea", "Taiwan"]
    split["IDN"] = (now["Asia"] - sum(now[p] for p in asia)) * gerd["Indonesia"] / sum(
        gerd[c] for c in ASIA_UNLISTED)  # fmt: skip
    split["TUR"] = (now["Middle East"] - now["Israel"]) * gerd["Turkey"] / sum(
        gerd[c] for c in MIDDLE_EAST_UNLISTED)  # fmt: skip
    split = {code: value for code, value in split.items() if code in regions}
    known = listed[listed["year"] == year]["patents"].sum()
    split["ROW"] = now["World"] - known - sum(split.values())
    rows += [row(code, "patents", year, value, "filled", "residual_by_gerd", "10551")
             for code, value in split.items()]  # fmt: skip
    return pd.DataFrame(rows)


def _croatia(clean: dict[str, pd.DataFrame]) -> float:
    gerd = clean["gerd"]
    return float(nearest(gerd[(gerd["region"] == "HRV")], 2011)["gerd_gdp"])


def business_by_sector(clean: dict[str, pd.DataFrame], national: pd.DataFrame) -> pd.DataFrame:
    """Return business R&D of every region of the 2014 table by its 56 sectors.

    Parameters
    ----------
    clean
        The clean tables by name.
    national
        Result of :func:`countries` for ``wiod2014``.

    Returns
    -------
    pandas.DataFrame
        Columns region, sector, value (million USD of 2014), status, rule.
    """
    world = load_table("wiod2014", 2014)
    added = pd.DataFrame(
        np.maximum(world.value_added, 0), index=list(world.regions), columns=list(world.sectors)
    )
    total = {}
    for region in added.index:
        mine = national[national["region"] == region]
        ratio, share = (
            nearest(mine[mine["item"] == item], 2014)["value"] for item in ("gerd", "business")
        )
        total[region] = ratio / 100 * share / 100 * added.loc[region].sum()
    frames = anberd_by_sector(clean["anberd"], clean["us_business"], clean["intensity"],
                              clean["value_added"], added)  # fmt: skip
    found = {region: frame.assign(value=frame["value"] / frame["value"].sum() * total[region])
             for region, frame in frames.items()}  # fmt: skip
    for region in added.index:
        if region not in found:
            peers = [p for p in PEERS[group_of(region)][0] if p in frames]
            frame = peer_by_sector(region, peers, found, added, clean["intensity"],
                                   clean["value_added"])  # fmt: skip
            found[region] = frame.assign(
                value=frame["value"] / frame["value"].sum() * total[region]
            )
    return pd.concat([f.assign(region=r) for r, f in found.items()], ignore_index=True)


def industry_rows(spending: pd.DataFrame, regions: Sequence[str]) -> pd.DataFrame:
    """Return the shares of sectors in business R&D, per cent, in the layout of the files.

    Parameters
    ----------
    spending
        Columns region, sector, value, status, rule, filled (value that a rule filled).
    regions
        Order of the regions.
    """
    rows = []
    for region in regions:
        part = spending[spending["region"] == region]
        years = {"KOR": 2015}
        total = part["value"].sum()
        for s in part.itertuples():
            percent = 100 * s.filled / s.value if s.value > 0 else 100.0
            rows.append(row(region, "industry", years.get(region, 2016), 100 * s.value / total,
                            s.status, s.rule, "1883 6308 10955 10758" if region == "USA" else
                            "1883 10955 10758", s.sector, percent))  # fmt: skip
    return pd.DataFrame(rows)


def provenance() -> dict[str, Any]:
    """Return the record of the folder."""
    common = {
        "source": (
            "github.com/bq-org/ncses_stats_explorer_placeholder at commit "
            "1f879ab65ed260668840db406611ddc10e8455bc, output/tables/ID"
        ),
        "publisher": (
            "National Center for Science and Engineering Statistics, National Science Foundation, "
            "Science and Engineering Indicators; partly from OECD (MSTI, ANBERD), UNESCO, PatentsView "
            "and S&P Global"
        ),
        "licence": (
            "The repository has no licence file. Tables of the United States government; figures of "
            "OECD, UNESCO and S&P Global stand under their own terms."
        ),
        "licence_verified": False,
    }
    return {
        "title": "Research and development: spending, types, industries, patents, parameters",
        "sources": {"tables": common},
        "tables": {
            "1875": "GERD by country, 2017 or the latest year",
            "1881": "Business R&D of the United States, 2010-17",
            "1883": "Business R&D by industry, seven countries, 2016 (Korea 2015), ANBERD",
            "1888": "GERD of nine countries and groups, 1981-2017",
            "6304": "GERD by country, 2019 or the latest year",
            "6306": "GERD by performer and source of funds, eight countries, 2019",
            "6307": "GERD by type of work, eight countries, 2019 (Germany not available)",
            "6308": "Business R&D of the United States by industry, 2019",
            "10487": "R&D of the United States by type of work and performer, 1970-2022",
            "10551": "USPTO utility patents by place of the inventors, 2000-22",
            "10557": "the same in semiconductors, 1998-2022",
            "10758": "Value added of R&D-intensive industries, twelve economies",
            "10955": "R&D over value added by industry (Galindo-Rueda and Verger 2016, OECD)",
        },
        "files": {
            "gerd.csv": "country, region, year, gerd_ppp (million PPP dollars), gerd_gdp (per cent), source, status",
            "types.csv": "region, year, performer, type, value (million PPP dollars; USA: dollars), percent (of the total; by performer: of the type), source, status",
            "performers.csv": "region, year, role (performer, funder), sector, percent (of GERD), source, status",
            "anberd.csv": "region, year, isic4, industry, value (million PPP dollars), source, status",
            "us_business.csv": "year, naics, industry, value (million dollars), source, status",
            "intensity.csv": "isic4, industry, percent (R&D over value added), source, status",
            "value_added.csv": "economy, year, isic4, value (million dollars), source, status",
            "patents.csv": "place, region, continent, field, year, patents, source, status",
            "isic4_to_wiod2013.csv": "concordance: sector of the 2014 table, sector of the 2013 release, weight, rule",
            "wiod2013.csv, wiod2014.csv": (
                "what the model reads: region, sector, item, year, value, status, rule, filled_percent, "
                "source. Items: gerd (per cent of GDP), basic and business (per cent of GERD), "
                "business_basic (per cent of basic), industry (per cent of business R&D, by sector), "
                "patents (number). status: original, computed from originals, filled by rule; "
                "filled_percent is the part of a cell that a rule filled."
            ),
            "parameters.yaml": "rates of return, depreciation, lags and weights, by hand",
        },
        "rules": RULES,
        "row_order": (
            "Tables 1875, 1888, 6304, 6307, 10487 and 10551 lost a column label on conversion; order "
            "carries the meaning. Checked: 1888 against the labelled figures of 1875 (every country "
            "and year in both), types of 6307 and 10487 add up and equal the published shares, "
            "constant dollars of 2017 equal current dollars in 2017, performers add up to 100, "
            "continents to the world."
        ),
        "limits": [
            "Basic research is known for seven countries; every other share is a mean of two or more.",
            "India reports 43.8 per cent of its R&D as of no type; basic is 14.4 per cent of the whole.",
            "Business R&D by industry is known for seven countries, of 2016, and used for every year.",
            "Ratios for countries outside table 1888 are of 2017 or near; before that R&D was mostly lower.",
            "Patents of the United States patent office overstate its own inventors.",
        ],
    }  # fmt: skip


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write provenance.yaml with the checksum of every file that it describes."""
    names = sorted(p.name for p in folder.iterdir()
                   if p.suffix == ".csv" or p.name == "parameters.yaml")  # fmt: skip
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    text = yaml.safe_dump(
        {**record, "sha256": sums}, sort_keys=False, allow_unicode=True, width=100
    )
    (folder / "provenance.yaml").write_text(text, encoding="utf-8")


def convert(raw: Path) -> dict[str, pd.DataFrame]:
    """Return every file of the folder by name, without the ending.

    Parameters
    ----------
    raw
        Folder of the raw tables.
    """
    clean = {
        "gerd": clean_gerd(raw),
        "types": clean_types(raw),
        "performers": clean_performers(raw),
        "anberd": clean_anberd(read_raw(raw, "1883")),
        "us_business": clean_us_business(read_raw(raw, "6308")),
        "intensity": clean_intensity(read_raw(raw, "10955")),
        "value_added": clean_value_added(read_raw(raw, "10758")),
        "patents": clean_patents(raw),
    }
    us_share = us_business_share(raw)
    national = {table: countries(table, clean, us_share) for table in TARGET}
    spending = business_by_sector(clean, national["wiod2014"])
    weights = wiod2013_weights(clean, load_table("wiod2014", 2014), load_table("wiod2013", 2011))
    made = {"isic4_to_wiod2013": weights}
    regions = {table: list(load_table(table, year).regions) for table, year in TARGET.items()}
    by_table = {
        "wiod2014": spending.assign(filled=spending["value"] * spending["part"]),
        "wiod2013": to_wiod2013(spending, weights, regions["wiod2013"]),
    }
    for table, frame in by_table.items():
        parts = [national[table], patents(table, clean, national[table]),
                 industry_rows(frame, regions[table])]  # fmt: skip
        everything = pd.concat(parts, ignore_index=True)
        order = {name: k for k, name in enumerate(regions[table])}
        items = ["gerd", "basic", "business", "business_basic", "patents", "industry"]
        everything["place"] = everything["region"].map(order)
        everything["kind"] = everything["item"].map(items.index)
        everything = everything.sort_values(["kind", "place", "year"], kind="stable")
        made[table] = everything[COLUMNS].reset_index(drop=True)
    expect(set(made["wiod2014"]["sector"]) - {""} <= set(ISIC4), "sectors of the 2014 table")
    return {**clean, **made}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw tables")
    parser.add_argument("--out", type=Path, default=Path("calibration/knowledge"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, frame in convert(arguments.raw).items():
        frame.to_csv(arguments.out / f"{name}.csv", index=False, lineterminator="\n")
    write_record(arguments.out, provenance())


if __name__ == "__main__":
    main()
