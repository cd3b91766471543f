"""Tables of the United States NSF on research and development, read and checked.

Several lost a column label when they were converted, so that only the order of rows says what a
number is. Every reading of that kind is checked against a second table or an identity; where one
fails the script stops.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from packing import REGION_NAMES

CODES = {
    **{name: code for code, name in REGION_NAMES.items() if code != "ROW"},
    "South Korea": "KOR",
}

SERIES = ["USA", "EU28", "FRA", "DEU", "GBR", "CHN", "JPN", "KOR", "IND"]
"""Order of the nine columns of table 1888, whose labels are lost; checked against table 1875."""

TYPES = ["total", "basic", "applied", "experimental", "other"]

US_YEARS = [1970, 1980, 1990, 2000, *range(2010, 2023)]


def read_raw(raw: Path, table: str) -> pd.DataFrame:
    """Read a table as text."""
    return pd.read_csv(raw / table / "data.csv", dtype=str, keep_default_na=False)


def number(text: str) -> float:
    """Return a published figure, NaN where there is none."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return float("nan")


def expect(condition: bool, what: str) -> None:
    """Stop where the order of rows is not what it was read as."""
    if not condition:
        raise SystemExit(f"the raw tables are not laid out as expected: {what}")


def country_year(label: str) -> tuple[str, int]:
    """Take ``Europe -> Germany (2019)<sup>a</sup>`` apart."""
    found = re.search(r"([^>]+) \((\d{4})\)(?:<sup>.*</sup>)?$", label)
    expect(found is not None, f"label '{label}'")
    assert found is not None
    return found.group(1).strip(), int(found.group(2))


def clean_gerd(raw: Path) -> pd.DataFrame:
    """Return GERD in million PPP dollars and per cent of GDP by country and year.

    Tables 1875 and 6304 have two rows a country, GERD and ratio; table 1888 has 27 a year: nine
    countries in current, nine in constant PPP dollars, nine ratios.
    """
    rows = []
    for table in ("1875", "6304"):
        lines = read_raw(raw, table)
        for first, second in zip(lines[0::2].itertuples(), lines[1::2].itertuples(), strict=True):
            expect(first.time_period == second.time_period, f"table {table}, {first.time_period}")
            country, year = country_year(first.time_period)
            expect(number(first.value) > 100 > number(second.value), f"table {table}, {country}")
            rows.append((country, year, number(first.value), number(second.value), table))
    labelled = {(c, y): (level, ratio) for c, y, level, ratio, t in rows if t == "1875"}
    names = {code: name for name, code in CODES.items()} | {"EU28": "European Union"}
    series = read_raw(raw, "1888")
    for year, lines in series.groupby("time_period", sort=False):
        if not str(year).isdigit():
            continue
        expect(len(lines) == 27, f"table 1888, {year}")
        values = [number(text) for text in lines["value"]]
        for k, code in enumerate(SERIES):
            level, ratio = 1000 * values[k], values[k + 18]
            known = labelled.get((names[code], int(str(year))))
            if known and level == level:
                expect(abs(level / known[0] - 1) < 0.002, f"table 1888, {code} {year}")
                expect(abs(ratio - known[1]) < 0.011, f"table 1888, {code} {year}")
            if ratio == ratio and int(str(year)) >= 1995:
                rows.append((names[code], int(str(year)), level, ratio, "1888"))
    frame = pd.DataFrame(rows, columns=["country", "year", "gerd_ppp", "gerd_gdp", "source"])
    frame["gerd_ppp"] = frame["gerd_ppp"].round(1)
    frame.insert(1, "region", frame["country"].map(CODES).fillna(""))
    frame["status"] = "original"
    frame.loc[_suspect(frame), "status"] = "suspect"
    return frame.sort_values(["country", "year", "source"], ignore_index=True)


def _suspect(frame: pd.DataFrame) -> pd.Series:
    """Find rows whose GERD and ratio imply a GDP far from the country's other rows' of about then.

    Two figures of the same country less than six years apart can not differ by more than half in
    GDP. Which of the two is wrong is told by where the ratio itself jumps.
    """
    gdp = frame["gerd_ppp"] / frame["gerd_gdp"]
    bad = pd.Series(False, index=frame.index)
    for k, row in frame[frame["source"] == "1875"].iterrows():
        twin = frame[(frame["country"] == row["country"]) & (frame["source"] == "6304")]
        for other in twin.index:
            near = abs(frame.loc[other, "year"] - row["year"]) < 6
            far = not 1 / 2 < gdp[k] / gdp[other] < 2
            if near and far and row["gerd_ppp"] / frame.loc[other, "gerd_ppp"] < 2:
                bad[k] = True
    return bad


def clean_types(raw: Path) -> pd.DataFrame:
    """Return R&D by type of work: eight countries about 2019, the United States 1970-2022."""
    rows = []
    lines = read_raw(raw, "6307")
    expect(len(lines) == 80, "table 6307")
    for k in range(8):
        level, share = (lines.iloc[a : a + 5] for a in (5 * k, 40 + 5 * k))
        labels = {
            re.sub("<.*", "", text) for text in [*level["time_period"], *share["time_period"]]
        }
        expect(len(labels) == 1, f"table 6307, {labels}")
        country, year = country_year(labels.pop())
        values = [number(text) for text in level["value"]]
        shares = [number(text) for text in share["value"]]
        if values[1] == values[1]:
            expect(abs(sum(values[1:]) - values[0]) < 0.25, f"table 6307, types of {country}")
            expect(
                all(abs(100 * v / values[0] - s) < 0.15 for v, s in zip(values, shares)),
                f"table 6307, shares of {country}",
            )
            rows += [
                (CODES[country], year, "all", kind, 1000 * v, s, "6307")
                for kind, v, s in zip(TYPES, values, shares)
            ]
    lines = read_raw(raw, "10487")
    groups = {name: [number(t) for t in g["value"]] for name, g in lines.groupby("time_period")}
    titles = {"total": "", "basic": " -> Basic research", "applied": " -> Applied research",
              "experimental": " -> Experimental development"}  # fmt: skip
    levels = {kind: groups[f"All R&D{title}"] for kind, title in titles.items()}
    shares_of = {kind: groups[f"R&D performance -> All R&D{t}"] for kind, t in titles.items()}
    n, base = len(US_YEARS), US_YEARS.index(2017)
    for kind in titles:
        expect(len(levels[kind]) == 2 * n, "table 10487")
        # Constant dollars of 2017 are current dollars in 2017, which pins the years down.
        expect(levels[kind][base] == levels[kind][n + base], "table 10487, years")
        for k, year in enumerate(US_YEARS):
            part = 100 * levels[kind][k] / levels["total"][k]
            expect(abs(part - shares_of[kind][k]) < 0.2, f"table 10487, {kind} {year}")
            rows.append(("USA", year, "all", kind, round(1000 * levels[kind][k], 1),
                         shares_of[kind][k], "10487"))  # fmt: skip
    performers = {
        "business": "Business", "federal_intramural": "Federal intramural", "ffrdc": "FFRDCs",
        "nonfederal_government": "Nonfederal government", "higher_education": "Higher education",
        "nonprofit": "Nonprofit organizations",
    }  # fmt: skip
    for kind, title in list(titles.items())[1:]:
        table = {
            p: groups[f"R&D performance by performer{title} -> {t}"] for p, t in performers.items()
        }
        for k, year in enumerate(US_YEARS):
            parts = [v[k] for v in table.values()]
            expect(abs(np.nansum(parts) - 100) < 0.4, f"table 10487, performers {kind} {year}")
            rows += [("USA", year, p, kind, None, v[k], "10487")
                     for p, v in table.items() if v[k] == v[k]]  # fmt: skip
    columns = ["region", "year", "performer", "type", "value", "percent", "source"]
    return pd.DataFrame(rows, columns=columns).assign(status="original")


def clean_performers(raw: Path) -> pd.DataFrame:
    """Return the shares of performers and funders in GERD, eight countries about 2019."""
    codes = {"Business": "business", "Government": "government", "Rest of the world": "abroad",
             "Higher education": "higher_education", "Private nonprofita": "nonprofit",
             "Other domestic": "other_domestic"}  # fmt: skip
    rows = []
    for line in read_raw(raw, "6306").itertuples():
        value = number(line.value)
        if not line.column_level_2 or value != value:
            continue
        country, year = country_year(line.time_period)
        role = "performer" if line.column_level_1.startswith("R&D performance") else "funder"
        rows.append((CODES[country], year, role, codes[line.column_level_2], value, "6306"))
    frame = pd.DataFrame(
        rows, columns=["region", "year", "role", "sector", "percent", "source"]
    ).assign(status="original")
    for (region, role), part in frame.groupby(["region", "role"]):
        expect(96 < part["percent"].sum() < 100.5, f"table 6306, {role} of {region}")
    return frame


def us_business_share(raw: Path) -> pd.DataFrame:
    """Return business in all R&D of the United States, per cent, 2010-17 (table 1881)."""
    lines = read_raw(raw, "1881").set_index("row_id")
    years = [c for c in lines.columns if re.fullmatch(r"field_\d{4}", c)]
    total, business = (lines.loc[row, years].map(number) for row in ("r002", "r003"))
    expect(lines.loc["r003", "sector_hierarchy_depth"] == "2", "table 1881")
    return pd.DataFrame({"year": [int(y[-4:]) for y in years],
                         "percent": (100 * business / total).round(4).to_list()})  # fmt: skip


def clean_patents(raw: Path) -> pd.DataFrame:
    """Return USPTO patents by place of the inventors and year."""
    frames = []
    for table, field, first in (("10551", "all", 2000), ("10557", "semiconductors", 1998)):
        lines = read_raw(raw, table)
        years = range(first, 2023)
        by_place: dict[str, list[float]] = {}
        for label, part in lines.groupby("time_period", sort=False):
            texts = list(part["value"])
            expect(len(texts) == len(years) + 1, f"table {table}, {label}")
            by_place[str(label)] = [number(text) for text in texts[1:]]  # the first: income group
        top = [k for k in by_place if k.count("->") == 1]
        # Europe stands twice as a whole: by members, and as "Other Europe (2020)".
        gap = np.sum([by_place[k] for k in top], axis=0) - np.array(by_place["World"])
        expect(bool(np.abs(gap).max() <= len(top)), f"table {table}: continents do not add up")
        for label, values in by_place.items():
            place = re.sub("<.*", "", label.split(" -> ")[-1])
            parent = label.split(" -> ")[1] if " -> " in label else ""
            frames.append(pd.DataFrame({
                "place": place, "region": CODES.get(place, ""), "continent": parent,
                "field": field, "year": list(years), "patents": values, "source": table,
            }))  # fmt: skip
    return pd.concat(frames, ignore_index=True).assign(status="original").astype({"patents": int})
