"""Build the figures of past years that a backtest is given: tariffs, and real GDP.

Usage::

    python calibration/tools/convert_history.py --raw DIR [--out calibration]

``DIR`` holds ``tariffs1993.txt`` and ``tariffs2005.txt`` of Caliendo and Parro (2015) and
``pwt100_na_data.csv`` of the Penn World Table 10.0. Writes ``tariffs/wiod2013_1993.csv.gz``,
``tariffs/wiod2013_2005.csv.gz`` and ``history/real_gdp.csv``. The rules are described in the
``provenance.yaml`` of the two folders.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sector_maps import CP_TO_WIOD2013, EU27, GOODS_2013, write_gzip_csv

COUNTRIES = [
    "ARG",
    "AUS",
    "AUT",
    "BRA",
    "CAN",
    "CHL",
    "CHN",
    "DNK",
    "FIN",
    "FRA",
    "DEU",
    "GRC",
    "HUN",
    "IND",
    "IDN",
    "IRL",
    "ITA",
    "JPN",
    "KOR",
    "MEX",
    "NLD",
    "NZL",
    "NOR",
    "PRT",
    "ZAF",
    "ESP",
    "SWE",
    "TUR",
    "GBR",
    "USA",
    "ROW",
]
"""Countries of the tariff files, in their order."""

SECTORS = list(CP_TO_WIOD2013)
"""Sectors of the tariff files, in their order."""

UNION_1993 = ["DNK", "FRA", "DEU", "GRC", "IRL", "ITA", "NLD", "PRT", "ESP", "GBR"]
"""Members of the European Union of 1993 that the tariff files have."""

YEARS = (1993, 2005)
LARGEST_RISE = 0.2
"""A rate that rises by more is no change of policy but of what was measured."""

FIRST, LAST = 1995, 2011


def read_rates(path: Path) -> np.ndarray:
    """Rates of a tariff file.

    Parameters
    ----------
    path
        Rows are sectors, and importers within them; columns are exporters; per cent.

    Returns
    -------
    numpy.ndarray
        Fractions (importer, exporter, sector).
    """
    n = len(COUNTRIES)
    return np.loadtxt(path).reshape(len(SECTORS), n, n).transpose(1, 2, 0) / 100


def on_goods(rates: np.ndarray, concordance: pd.DataFrame) -> np.ndarray:
    """Rates on the goods sectors of the table, (importer, exporter, goods)."""
    wide = concordance.pivot(index="source_sector", columns="sector", values="weight").fillna(0)
    return rates @ wide.loc[SECTORS, GOODS_2013].to_numpy()


def cells(rates: np.ndarray, importer: str, exporter: str) -> tuple[np.ndarray, str]:
    """Rates of a pair by goods sector, and the rule that gave them.

    Parameters
    ----------
    rates
        Of :func:`on_goods`.
    importer, exporter
        Codes of the table.
    """
    if importer in EU27 and exporter in EU27:
        return np.zeros(rates.shape[2]), "eu_internal"
    known = [COUNTRIES.index(c) for c in UNION_1993]
    rule = "applied"
    if importer in COUNTRIES:
        to = [COUNTRIES.index(importer)]
    elif importer in EU27:
        to, rule = known, "eu_cet"
    else:
        to, rule = [COUNTRIES.index("ROW")], "row"
    if exporter in COUNTRIES:
        of = [COUNTRIES.index(exporter)]
    elif exporter in EU27:
        of, rule = known, rule if rule != "applied" else "eu_exporter"
    else:
        of, rule = [COUNTRIES.index("ROW")], rule if rule != "applied" else "row"
    return rates[np.ix_(to, of)].mean(axis=(0, 1)), rule


def tariffs(raw: Path, concordance: pd.DataFrame, regions: list[str]) -> dict[int, pd.DataFrame]:
    """Rates of both years in the codes of the table, a row for each cell."""
    found = {year: on_goods(read_rates(raw / f"tariffs{year}.txt"), concordance) for year in YEARS}
    rows: dict[int, list[tuple[object, ...]]] = {year: [] for year in YEARS}
    for importer in regions:
        for exporter in regions:
            if importer == exporter:
                continue
            (first, rule), (last, _) = (cells(found[y], importer, exporter) for y in YEARS)
            rises = last - first > LARGEST_RISE
            for n, sector in enumerate(GOODS_2013):
                kept = "rise_kept" if rises[n] else rule
                status = "source" if kept == "applied" else "filled"
                for year, rate in zip(YEARS, (first[n], first[n] if rises[n] else last[n])):
                    rows[year].append((importer, exporter, sector, round(rate, 6), status, kept))
    head = ["importer", "exporter", "sector", "rate", "status", "rule"]
    return {year: pd.DataFrame(cells, columns=head) for year, cells in rows.items()}


def real_gdp(raw: Path, regions: list[str]) -> pd.DataFrame:
    """Real GDP by region and year, an index with 100 in the first year.

    The rest of the world is chained: growth of its countries weighted with their GDP in US dollars
    of the year before.
    """
    table = pd.read_csv(raw / "pwt100_na_data.csv", sep=None, engine="python")
    table = table[table["year"].between(FIRST, LAST)]
    volume = table.pivot(index="countrycode", columns="year", values="q_gdp")
    dollars = table.assign(usd=table["v_gdp"] / table["xr2"]).pivot(
        index="countrycode", columns="year", values="usd"
    )
    rest = [c for c in volume.index if c not in regions]
    whole = volume.loc[rest].notna().all(axis=1) & dollars.loc[rest].notna().all(axis=1)
    rest = [c for c in rest if whole[c]]
    index = [100.0]
    for year in range(FIRST + 1, LAST + 1):
        growth = volume.loc[rest, year] / volume.loc[rest, year - 1]
        index.append(index[-1] * float(np.average(growth, weights=dollars.loc[rest, year - 1])))
    own = volume.loc[[r for r in regions if r != "ROW"]]
    own = 100 * own.div(own[FIRST], axis=0)
    own.loc["ROW"] = index
    print(f"{len(rest)} countries in the rest of the world; left out: "
          f"{', '.join(c for c in whole.index if not whole[c])}")  # fmt: skip
    own.index.name = "region"
    long = own.loc[regions].reset_index().melt("region", var_name="year", value_name="index")
    long["place"] = long["region"].map(regions.index)
    long = long.sort_values(["place", "year"])[["region", "year", "index"]]
    return long.round(3)


def main() -> None:
    """Run the converter from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--out", type=Path, default=Path("calibration"))
    args = parser.parse_args()
    regions = pd.read_csv(args.out / "tables" / "wiod2013" / "regions.csv")["region"].tolist()
    concordance = pd.read_csv(args.out / "tariffs" / "cp2015_to_wiod2013.csv")
    for year, rates in tariffs(args.raw, concordance, regions).items():
        write_gzip_csv(rates, args.out / "tariffs" / f"wiod2013_{year}.csv.gz")
        print(f"{year}: {len(rates)} cells")
        print(rates.groupby(["status", "rule"]).size().to_string())
    (args.out / "history").mkdir(exist_ok=True)
    found = real_gdp(args.raw, regions)
    found.to_csv(args.out / "history" / "real_gdp.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
