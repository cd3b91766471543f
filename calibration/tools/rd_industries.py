"""Business R&D by industry: from ISIC rev. 4 tables to the sectors of the benchmark tables.

The 2014 table is in ISIC rev. 4, like the R&D tables, so R&D is split there, in the table's own
value added, and carried to the 35 sectors of the 2013 release by a concordance of R&D.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cge.core.content import content_dir
from cge.data.accounts.world_table import WorldTable

ANBERD = {
    "united_states_2016": ("USA", 2016), "france_2016": ("FRA", 2016),
    "germany_2016": ("DEU", 2016), "united_kingdom_2016": ("GBR", 2016),
    "china_2016": ("CHN", 2016), "japan_2016": ("JPN", 2016), "south_korea_2015": ("KOR", 2015),
}  # fmt: skip
HIGH_INCOME = ["USA", "JPN", "KOR", "DEU", "FRA", "GBR"]
EU_MEMBERS = [
    "AUT", "BEL", "BGR", "CYP", "CZE", "DNK", "ESP", "EST", "FIN", "GRC", "HRV", "HUN", "IRL",
    "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE",
]  # fmt: skip
PEERS: Mapping[str, tuple[list[str], list[str]]] = {
    "eu": (["DEU", "FRA", "GBR"], ["DEU", "FRA", "GBR", *EU_MEMBERS]),
    "taiwan": (["JPN", "KOR"], ["TWN"]),
    "high_income": (HIGH_INCOME, ["AUS", "CAN", "CHE", "NOR", "USA", "JPN", "KOR"]),
    "emerging": (["CHN", "IND"], ["BRA", "IDN", "MEX", "RUS", "TUR", "ROW", "CHN", "IND"]),
}
"""Group to (peers a missing figure is taken from, members)."""

MANUFACTURING = [
    "C10-C12", "C13-C15", "C16", "C17", "C18", "C19", "C20", "C21", "C22", "C23", "C24", "C25",
    "C26", "C27", "C28", "C29", "C30", "C31_C32", "C33",
]  # fmt: skip
PRIMARY = ["A01", "A02", "A03", "B", "D35", "E36", "E37-E39", "F"]
INFORMATION = ["J58", "J59_J60", "J61", "J62_J63"]
PROFESSIONAL = ["M69_M70", "M71", "M72", "M73", "M74_M75"]
OTHER_SERVICES = ["G45", "G46", "G47", "H49", "H50", "H51", "H52", "H53", "I", "K64", "K65", "K66",
                  "L68", "N", "R_S"]  # fmt: skip
FINANCE = ["K64", "K65", "K66"]
#: No enterprise R&D: outside the taxonomy, or households and embassies.
NONE = ["O84", "P85", "Q", "T", "U"]
ISIC4 = [*MANUFACTURING, *PRIMARY, *INFORMATION, *PROFESSIONAL, *OTHER_SERVICES, *NONE]

#: Codes of table 10955 behind each sector; several are averaged (see :func:`sector_intensity`).
TAXONOMY = {
    **{s: ["01-03"] for s in ("A01", "A02", "A03")},
    "B": ["05-09"], "C10-C12": ["10-12"], "C13-C15": ["13", "14", "15"], "C16": ["16"],
    "C17": ["17"], "C18": ["18"], "C19": ["19"], "C20": ["20"], "C21": ["21"], "C22": ["22"],
    "C23": ["23"], "C24": ["24"], "C25": ["252", "25X"], "C26": ["26"], "C27": ["27"],
    "C28": ["28"], "C29": ["29"], "C30": ["303", "30X"], "C31_C32": ["325", "31", "32X"],
    "C33": ["33"], **{s: ["35-39"] for s in ["D35", "E36", "E37-E39"]}, "F": ["41-43"],
    **{s: ["45-47"] for s in ["G45", "G46", "G47"]},
    **{s: ["49-53"] for s in ["H49", "H50", "H51", "H52", "H53"]}, "I": ["55-56"],
    "J58": ["582", "581"], "J59_J60": ["59-60"], "J61": ["61"], "J62_J63": ["62-63"],
    **{s: ["64-66"] for s in FINANCE}, "L68": ["68"], "M72": ["72"],
    **{s: ["69-75X"] for s in ["M69_M70", "M71", "M73", "M74_M75"]}, "N": ["77-82"],
    "R_S": ["90-99"],
}  # fmt: skip


def _dash(text: str) -> str:
    return text.replace("–", "-").replace("&#8211;", "-").strip()


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return float("nan")


def clean_anberd(lines: pd.DataFrame) -> pd.DataFrame:
    """Return table 1883, million PPP dollars by country and industry."""
    levels = lines.iloc[1:16]
    rows = []
    for line in levels.to_dict("records"):
        code = _dash(line["field_isic_rev_4_division"])
        name = line["industry_full_path"].split(" -> ")[-1]
        for column, (region, year) in ANBERD.items():
            value = _number(line[f"field_{column}_"] if f"field_{column}_" in line
                            else line[f"field_{column}"])  # fmt: skip
            if value == value:
                rows.append((region, year, code, name, value))
    frame = pd.DataFrame(rows, columns=["region", "year", "isic4", "industry", "value"])
    return frame.assign(source="1883", status="original")


def clean_us_business(lines: pd.DataFrame) -> pd.DataFrame:
    """Return table 6308, R&D performed by companies in the United States by industry, 2019."""
    rows = []
    for line in lines.iloc[1:24].to_dict("records"):
        title = _dash(line["industry_and_naics_code_full_path"].split(" -> ")[-1])
        found = re.search(r"'([\d,]+)'", line["field_all_r_da"])
        parts = re.fullmatch(r"(.*?),? ((?:other )?\d[\d, -]*)", title)
        if found is None or parts is None:
            raise SystemExit(f"table 6308: no figure for {title}")
        name, naics = parts.groups()
        rest = "other " if name == "Other" else ""
        rows.append((2019, rest + naics, name, float(found.group(1).replace(",", ""))))
    frame = pd.DataFrame(rows, columns=["year", "naics", "industry", "value"])
    return frame.assign(source="6308", status="original")


def clean_intensity(lines: pd.DataFrame) -> pd.DataFrame:
    """Return table 10955, R&D over value added by industry, per cent."""
    rows = []
    for at in range(0, len(lines), 3):
        code, name, percent = lines["value"].iloc[at : at + 3]
        rows.append((_dash(code), name, float(percent)))
    frame = pd.DataFrame(rows, columns=["isic4", "industry", "percent"])
    return frame.assign(source="10955", status="original")


def clean_value_added(lines: pd.DataFrame) -> pd.DataFrame:
    """Return table 10758 for 2011 and 2014, million dollars by economy and industry."""
    rows = []
    for line in lines.to_dict("records"):
        code = _dash(line["field_isic_rev_4_industry_codes"])
        if not re.fullmatch(r"[A-Z]\d\S*", code):
            continue
        for year in (2011, 2014):
            value = _number(line[f"field_{year}"])
            if value == value:
                rows.append((line["field_economy"], year, code, value))
    frame = pd.DataFrame(rows, columns=["economy", "year", "isic4", "value"])
    return frame.assign(source="10758", status="original")


def _part(value_added: pd.DataFrame, code: str) -> float:
    """Return the world's value added of an industry of table 10758 in 2014."""
    here = value_added.query("economy == 'World (75)' and year == 2014 and isic4 == @code")
    return float(here["value"].iloc[0])


def sector_intensity(
    intensity: pd.DataFrame, value_added: pd.DataFrame, world: Mapping[str, float]
) -> dict[str, float]:
    """Return R&D over value added of each sector of the 2014 table, per cent.

    Where a sector holds a part of its own in table 10955 (weapons, aircraft, medical instruments,
    software), that part has the world value added of table 10758 and the others share the rest
    of the sector's value added equally.

    Parameters
    ----------
    intensity, value_added
        Clean tables.
    world
        World value added by sector of the 2014 table, million dollars.
    """
    percent = intensity.set_index("isic4")["percent"]
    own_part = {"C25": "C252", "C31_C32": "C325", "J58": "J582"}
    result = dict.fromkeys(ISIC4, 0.0)
    for sector, codes in TAXONOMY.items():
        if sector in own_part:
            share = min(_part(value_added, own_part[sector]) / world[sector], 1.0)
            rest = float(np.mean([percent[c] for c in codes[1:]]))
            result[sector] = share * percent[codes[0]] + (1 - share) * rest
        elif sector == "C30":
            a, b = _part(value_added, "C303"), _part(value_added, "C30X")
            result[sector] = (a * percent["303"] + b * percent["30X"]) / (a + b)
        else:
            result[sector] = float(np.mean([percent[c] for c in codes]))
    return result


def anberd_by_sector(
    anberd: pd.DataFrame,
    us_business: pd.DataFrame,
    intensity: pd.DataFrame,
    value_added: pd.DataFrame,
    added: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return business R&D of the seven countries by sector of the 2014 table.

    Parameters
    ----------
    anberd, us_business, intensity, value_added
        Clean tables.
    added
        Value added, region by sector of the 2014 table.

    Returns
    -------
    dict
        By region: columns sector, value (million PPP dollars), status, rule, filled.
    """
    percent = sector_intensity(intensity, value_added, dict(added.sum()))
    naics = us_business.set_index("naics")["value"]
    result = {}
    for region, lines in anberd.groupby("region", sort=False):
        have = lines.set_index("isic4")["value"]
        cells = _Cells(added.loc[str(region)], percent)
        for code in ("20", "21", "26", "29", "30"):
            cells.put(f"C{code}", have[code], "original", "")
        if region == "USA":
            for sector, code in (("C28", "333"), ("C27", "335")):
                cells.put(sector, have["10-33"] * naics[code] / naics["31-33"], "computed",
                          "us_2019_share")  # fmt: skip
        cells.spread(have["10-33"], MANUFACTURING)
        if "45-99" not in have:
            services = [*INFORMATION, *PROFESSIONAL, *OTHER_SERVICES]
            cells.spread(have["1-99"] - have["10-33"], [*PRIMARY, *services])
            result[str(region)] = cells.frame()
            continue
        if "58" in have:
            cells.put("J58", have["58"], "original", "")
        rest = have["58-63"] - have["62"] - have.get("58", 0.0)
        cells.put("J62_J63", have["62"], "original", "")
        cells.add(rest, [s for s in INFORMATION if s != "J58" or "58" not in have])
        cells.put("M72", have["72"], "original", "")
        cells.spread(have["69-75"], PROFESSIONAL)
        if region == "USA":
            amount = have["1-99"] * naics["52"] / naics["21-33, 42-81"]
            finance = added.loc["USA", FINANCE]
            for sector, value in (amount * finance / finance.sum()).items():
                cells.put(str(sector), value, "computed", "us_2019_share")
        cells.spread(have["45-99"] - have["58-63"] - have["69-75"], OTHER_SERVICES)
        cells.spread(have["1-99"] - have["10-33"] - have["45-99"], PRIMARY)
        result[str(region)] = cells.frame()
    return result


class _Cells:
    """R&D of one country by sector while it is put together."""

    def __init__(self, added: pd.Series, percent: Mapping[str, float]) -> None:
        self.weight = {s: float(added[s]) * percent[s] for s in ISIC4}
        self.value = dict.fromkeys(ISIC4, 0.0)
        self.filled = dict.fromkeys(ISIC4, 0.0)
        self.status = dict.fromkeys(ISIC4, "filled")
        self.rule = {s: "no_enterprise" if s in NONE else "residual_by_intensity" for s in ISIC4}

    def put(self, sector: str, value: float, status: str, rule: str) -> None:
        self.value[sector], self.status[sector], self.rule[sector] = float(value), status, rule

    def spread(self, total: float, sectors: Sequence[str]) -> None:
        """Split what `total` leaves over among the sectors without a figure."""
        left = total - sum(self.value[s] for s in sectors)
        self.add(left, [s for s in sectors if self.status[s] == "filled"])

    def add(self, amount: float, sectors: Sequence[str]) -> None:
        """Add an amount to sectors by value added times intensity."""
        weight = sum(self.weight[s] for s in sectors)
        if amount < 0 or weight <= 0:
            raise SystemExit(f"residual {amount:.0f} can not be split over {list(sectors)}")
        for s in sectors:
            part = amount * self.weight[s] / weight
            self.value[s] += part
            self.filled[s] += part
            if self.status[s] != "filled" and part > 0:
                self.status[s], self.rule[s] = "filled", "residual_by_intensity"

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"sector": ISIC4, "value": [self.value[s] for s in ISIC4],
                             "status": [self.status[s] for s in ISIC4],
                             "rule": [self.rule[s] for s in ISIC4],
                             "filled": [self.filled[s] for s in ISIC4]}).pipe(_scaled)  # fmt: skip


def _scaled(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn the filled part into a share, which survives any scaling of the values."""
    share = (frame["filled"] / frame["value"].where(frame["value"] > 0)).fillna(1.0)
    return frame.assign(part=share).drop(columns="filled")


def peer_by_sector(
    region: str,
    peers: Sequence[str],
    found: Mapping[str, pd.DataFrame],
    added: pd.DataFrame,
    intensity: pd.DataFrame,
    value_added: pd.DataFrame,
) -> pd.DataFrame:
    """Return the pattern of business R&D of a country that has none, in any unit.

    Parameters
    ----------
    region, peers
        The country, and those whose R&D over value added it takes.
    found
        R&D of the peers by sector, million USD.
    added, intensity, value_added
        As in :func:`anberd_by_sector`.
    """
    spent = sum(found[p].set_index("sector")["value"] for p in peers)
    base = added.loc[list(peers)].sum()[list(spent.index)]
    percent = pd.Series(sector_intensity(intensity, value_added, dict(added.sum())))[spent.index]
    level = spent.sum() / (base * percent).sum()
    pooled = (spent / base.where(base > 0)).fillna(percent * level)
    value = pooled * added.loc[region, list(spent.index)]
    rules = ["no_enterprise" if s in NONE else "peer_intensity" for s in spent.index]
    return pd.DataFrame({"sector": list(spent.index), "value": value.to_list(), "status": "filled",
                         "rule": rules, "part": 1.0})  # fmt: skip


def wiod2013_weights(
    clean: Mapping[str, pd.DataFrame], world: WorldTable, old: WorldTable
) -> pd.DataFrame:
    """Return how the R&D of each sector of the 2014 table falls on the 35 of the 2013 release.

    By main activity, as the shipped concordance of sectors, but for three that R&D splits:
    textiles from leather, medical instruments (NACE 1: 33) from furniture, and software
    publishing (NACE 1: 72) from books and newspapers.
    """
    path = content_dir("calibration") / "concordances" / "nace2_to_wiod2013.csv"
    main = pd.read_csv(path).set_index("sector_wiod2014")["sector_wiod2013"]
    percent = clean["intensity"].set_index("isic4")["percent"]
    size = dict(zip(world.sectors, world.value_added.sum(axis=0), strict=True))
    before = dict(zip(old.sectors, old.value_added.sum(axis=0), strict=True))
    textiles = before["c4"] * float(np.mean([percent["13"], percent["14"]]))
    leather = before["c5"] * percent["15"]
    medical = _part(clean["value_added"], "C325") * percent["325"]
    rest = size["C31_C32"] - _part(clean["value_added"], "C325")
    furniture = rest * float(np.mean([percent["31"], percent["32X"]]))
    published = clean["anberd"].pivot_table(index="region", columns="isic4", values="value")
    published = published[["58", "582"]].dropna().sum()
    splits = {
        "C13-C15": [("c4", textiles), ("c5", leather)],
        "C31_C32": [("c14", medical), ("c16", furniture)],
        "J58": [("c30", published["582"]), ("c7", published["58"] - published["582"])],
    }
    rules = {
        "C13-C15": "world value added of 2011 times intensity (10955)",
        "C31_C32": "world value added of 2014 (10758) times intensity (10955): 325 to c14",
        "J58": "R&D of 582 in that of 58, countries with both in table 1883: 582 to c30",
    }
    rows = []
    for sector in world.sectors:
        if sector in splits:
            total = sum(value for _, value in splits[sector])
            rows += [(sector, code, round(float(v / total), 4), rules[sector])
                     for code, v in splits[sector]]  # fmt: skip
        else:
            rows.append((sector, main[sector], 1.0, "main activity"))
    return pd.DataFrame(rows, columns=["sector_wiod2014", "sector_wiod2013", "weight", "rule"])


def to_wiod2013(
    spending: pd.DataFrame, weights: pd.DataFrame, regions: Sequence[str]
) -> pd.DataFrame:
    """Carry business R&D to the regions and sectors of the 2013 release.

    Parameters
    ----------
    spending
        Columns region, sector, value, status, rule, part (share that a rule filled).
    weights
        Result of :func:`wiod2013_weights`.
    regions
        Those of the 2013 release; the others join the rest of the world.
    """
    moved = spending.merge(
        weights, left_on="sector", right_on="sector_wiod2014", suffixes=("", "_w")
    )
    moved["value"] *= moved["weight"]
    moved["filled"] = moved["value"] * moved["part"]
    moved["region"] = moved["region"].where(moved["region"].isin(regions), "ROW")
    rows = []
    order = [f"c{k}" for k in range(1, 36)]
    for region in regions:
        mine = moved[moved["region"] == region]
        for sector in order:
            cell = mine[mine["sector_wiod2013"] == sector]
            cell = cell[cell["value"] > 0] if (cell["value"] > 0).any() else cell
            status = "filled" if (cell["status"] == "filled").any() else (
                "original" if len(cell) == 1 and (cell["status"] == "original").all()
                else "computed")  # fmt: skip
            rules = sorted({r for r in cell["rule"] if r})
            rows.append((region, sector, cell["value"].sum(), status,
                         "+".join(rules) or ("sum" if status == "computed" else ""),
                         cell["filled"].sum()))  # fmt: skip
    columns = ["region", "sector", "value", "status", "rule", "filled"]
    return pd.DataFrame(rows, columns=columns)
