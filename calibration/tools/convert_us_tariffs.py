"""Build the United States tariff increases of 2025-26 by partner and sector.

Usage::

    python calibration/tools/convert_us_tariffs.py --raw DIR [--out calibration/tariffs]

Writes two files with the same columns: ``us_2025_08.csv``, the schedule of August 2025 as the
source gives it by HS chapter, and ``us_2025_26.csv``, the state on 2026-07-22, whose level by
partner is the source's and whose pattern over sectors is estimated. Prints the cross-check against
the source's averages. The method is described in ``calibration/tariffs/provenance.yaml``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sector_maps import EU27, GOODS_2013, ISIC3_TO_WIOD2013, read_us_imports, read_wiod_flows

PARTNERS = {
    "AUSTRALIA": "AUS",
    "BRAZIL": "BRA",
    "CANADA": "CAN",
    "CHINA": "CHN",
    "EUROPEAN UNION": "EU",
    "INDIA": "IND",
    "INDONESIA": "IDN",
    "JAPAN": "JPN",
    "KOREA, SOUTH": "KOR",
    "MEXICO": "MEX",
    "RUSSIA": "RUS",
    "TAIWAN": "TWN",
    "TURKEY": "TUR",
    "UNITED KINGDOM": "GBR",
}
"""Partners of the source that are regions of the model; the other partners are ROW."""

EU_CODES = {
    "AUSTRIA": "AUT",
    "BELGIUM": "BEL",
    "BULGARIA": "BGR",
    "CYPRUS": "CYP",
    "CZECH REPUBLIC": "CZE",
    "DENMARK": "DNK",
    "ESTONIA": "EST",
    "FINLAND": "FIN",
    "FRANCE": "FRA",
    "GERMANY": "DEU",
    "GREECE": "GRC",
    "HUNGARY": "HUN",
    "IRELAND": "IRL",
    "ITALY": "ITA",
    "LATVIA": "LVA",
    "LITHUANIA": "LTU",
    "LUXEMBOURG": "LUX",
    "MALTA": "MLT",
    "NETHERLANDS": "NLD",
    "POLAND": "POL",
    "PORTUGAL": "PRT",
    "ROMANIA": "ROU",
    "SLOVAKIA": "SVK",
    "SLOVENIA": "SVN",
    "SPAIN": "ESP",
    "SWEDEN": "SWE",
}
"""Members of the European Union in 2025 (without Croatia, which is in ROW) by source name."""

SCHEDULE_DATE = "2025-08-07"
STATE_DATE = "2026-07-22"
BEFORE_SURCHARGE, AFTER_SURCHARGE = "2026-02-20", "2026-02-24"
BEFORE_STATE = "2026-04-06"

METALS_RATE = 50.0
"""Section 232 rate on steel, aluminium and copper, per cent."""

VEHICLE_RATES = {"JPN": 15.0, "KOR": 15.0, "EU": 15.0, "GBR": 10.0, "CAN": 15.0, "MEX": 15.0}
"""Section 232 rate on motor vehicles, per cent, where it is not the general one."""

VEHICLE_RATE = 25.0
VEHICLES = "87"


def read_chapters(raw: Path) -> pd.DataFrame:
    """Read imports and the August 2025 increase by partner and HS chapter.

    Parameters
    ----------
    raw
        Directory of the raw data.

    Returns
    -------
    pandas.DataFrame
        Columns ``partner``, ``hs2``, ``imports`` (USD, 2024), ``increase`` (percentage points).
    """
    files = sorted((raw / "tariffs_us" / "data-hs2").glob("*.csv"))
    frames = [pd.read_csv(f, dtype={"HS2": str, "CTY_CODE": str}) for f in files]
    names = {
        "CTY_NAME": "partner",
        "HS2": "hs2",
        "2024_imports": "imports",
        "2025_tariff_increase": "increase",
    }
    table = pd.concat(frames, ignore_index=True).rename(columns=names)[list(names.values())]
    return table.dropna(subset=["increase"])


def read_levels(raw: Path) -> pd.DataFrame:
    """Read the average increase by partner and date.

    Parameters
    ----------
    raw
        Directory of the raw data.

    Returns
    -------
    pandas.DataFrame
        Percentage points over the 2024 duty, one row a partner, one column a date.
    """
    table = pd.read_csv(raw / "tariffs_us" / "country-by-time.csv")
    return table.pivot(index="country_name", columns="date", values="effective tariff")


def general_rates(chapters: pd.DataFrame) -> pd.Series:
    """Country-wide rate of the August 2025 schedule.

    Parameters
    ----------
    chapters
        Result of :func:`read_chapters`.

    Returns
    -------
    pandas.Series
        The commonest chapter rate of each partner, percentage points.
    """
    rounded = chapters.assign(rate=chapters["increase"].round(2))
    counts = rounded.groupby(["partner", "rate"]).size().rename("n").reset_index()
    commonest = counts.sort_values(["partner", "n", "rate"]).drop_duplicates("partner", keep="last")
    return commonest.set_index("partner")["rate"]


def metal_coverage(chapters: pd.DataFrame, general: pd.Series) -> pd.Series:
    """Share of each chapter's imports that pays the Section 232 metals rate.

    Read from the partners whose country-wide rate is at most 20: a chapter above that rate is a
    mixture of it and of the metals rate.

    Parameters
    ----------
    chapters
        Result of :func:`read_chapters`.
    general
        Result of :func:`general_rates`.

    Returns
    -------
    pandas.Series
        Shares by HS chapter.
    """
    data = chapters.assign(general=chapters["partner"].map(general))
    data = data[(data["general"] <= 20) & (data["hs2"] != VEHICLES)]
    above = (data["increase"] - data["general"]).clip(lower=0) * data["imports"]
    room = (METALS_RATE - data["general"]) * data["imports"]
    return above.groupby(data["hs2"]).sum() / room.groupby(data["hs2"]).sum()


def state_of_2026(chapters: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Estimate the increase of 2026-07-22 by partner and chapter.

    Two layers. The sector-specific layer (Section 232) follows the metals coverage and the vehicle
    rates; the country-wide layer (Section 122 and 301) follows each chapter's share of the
    country-wide rate of August 2025, so exempt chapters stay exempt. Each layer is scaled so that
    the import-weighted means of a partner equal what the source gives; vehicles are never scaled
    above the general Section 232 rate.

    Parameters
    ----------
    chapters
        Result of :func:`read_chapters`.
    levels
        Result of :func:`read_levels`.

    Returns
    -------
    pandas.DataFrame
        ``chapters`` of the partners in ``levels``, with the column ``increase`` replaced.
    """
    general = general_rates(chapters)
    coverage = metal_coverage(chapters, general)
    frames = []
    for partner, part in chapters[chapters["partner"].isin(levels.index)].groupby("partner"):
        level = levels.loc[partner]
        broad_mean = (
            level[AFTER_SURCHARGE]
            - level[BEFORE_SURCHARGE]
            + level[STATE_DATE]
            - level[BEFORE_STATE]
        )
        vehicle = VEHICLE_RATES.get(PARTNERS.get(str(partner), ""), VEHICLE_RATE)
        is_vehicle = (part["hs2"] == VEHICLES).to_numpy()
        metals = np.where(is_vehicle, 0, METALS_RATE * part["hs2"].map(coverage).fillna(0))
        specific_mean = level[STATE_DATE] - broad_mean
        share = part["imports"].to_numpy() / part["imports"].sum()
        guess = specific_mean / (share @ (metals + vehicle * is_vehicle))
        vehicles = min(vehicle * guess, VEHICLE_RATE) * is_vehicle
        metals *= (specific_mean - share @ vehicles) / (share @ metals)
        broad = part["increase"].clip(upper=general[partner]).to_numpy() / general[partner]
        broad = np.where(is_vehicle, 0, broad)
        broad *= broad_mean / (share @ broad)
        frames.append(part.assign(increase=metals + vehicles + broad))
    return pd.concat(frames, ignore_index=True)


def by_sector(us_imports: pd.DataFrame, chapters: pd.DataFrame) -> pd.DataFrame:
    """Average chapter increases over the products of each sector.

    Parameters
    ----------
    us_imports
        Result of :func:`sector_maps.read_us_imports` with the columns ``region`` and ``sector``.
    chapters
        Increases by ``partner`` and ``hs2``.

    Returns
    -------
    pandas.DataFrame
        ``increase`` (fraction), ``rate_2024`` (fraction) and ``imports`` (USD) by ``region`` and
        ``sector``.
    """
    data = us_imports.dropna(subset=["sector"]).merge(
        chapters[["partner", "hs2", "increase"]], on=["partner", "hs2"], how="left"
    )
    mean = data["increase"].mul(data["imports"]).groupby(data["partner"]).sum()
    mean /= data["imports"].groupby(data["partner"]).sum()
    data["increase"] = data["increase"].fillna(data["partner"].map(mean))
    data["extra"] = data["increase"] / 100 * data["imports"]
    sums = data.groupby(["region", "sector"])[["extra", "duty", "imports"]].sum()
    return pd.DataFrame(
        {
            "increase": sums["extra"] / sums["imports"],
            "rate_2024": sums["duty"] / sums["imports"],
            "imports": sums["imports"],
        }
    )


def member_shares(us_imports: pd.DataFrame, chapters: pd.DataFrame) -> pd.DataFrame:
    """Share of each member in United States imports from the European Union, by sector.

    Parameters
    ----------
    us_imports
        Trade with ``region`` and ``sector``; gives the sectors of each chapter.
    chapters
        Result of :func:`read_chapters`; gives the members' imports by chapter.

    Returns
    -------
    pandas.DataFrame
        Shares, one row a member, one column a sector.
    """
    union = us_imports[us_imports["region"] == "EU"].dropna(subset=["sector"])
    table = union.pivot_table(index="hs2", columns="sector", values="imports", aggfunc="sum")
    split = table.div(table.sum(axis=1), axis=0).fillna(0)
    members = chapters.assign(region=chapters["partner"].map(EU_CODES)).dropna(subset=["region"])
    members = members.pivot_table(index="region", columns="hs2", values="imports", aggfunc="sum")
    sizes = members.reindex(columns=split.index).fillna(0) @ split
    return sizes / sizes.sum()


def layout(
    sectors: pd.DataFrame,
    shares: pd.DataFrame,
    regions: list[str],
    status: str,
    rule: str,
    members: tuple[str, ...] = tuple(code for code in EU27 if code != "GBR"),
) -> pd.DataFrame:
    """Lay the increases out by model region and sector.

    Parameters
    ----------
    sectors
        Result of :func:`by_sector`.
    shares
        Result of :func:`member_shares`.
    regions
        Model regions in order.
    status, rule
        What the cells with their own partner data are called.
    members
        Regions that are members of the European Union in 2025.

    Returns
    -------
    pandas.DataFrame
        The table of the output file.
    """
    overall = sectors.assign(extra=sectors["increase"] * sectors["imports"]).groupby("region")
    means = overall["extra"].sum() / overall["imports"].sum()
    frames = []
    for region in regions:
        union = region in members
        partner = "EU" if union else region
        apart = partner in sectors.index
        if not apart:
            partner = "ROW"
        cells = sectors.loc[partner].reindex(GOODS_2013)
        traded = cells["imports"].notna()
        imports = cells["imports"].fillna(0) * apart
        if union:
            imports = imports * shares.reindex(index=[region]).iloc[0].reindex(GOODS_2013).fillna(0)
        own_rule = "eu_common" if union else "row_mean" if partner == "ROW" else rule
        frames.append(
            pd.DataFrame(
                {
                    "importer": "USA",
                    "exporter": region,
                    "sector": GOODS_2013,
                    "increase": cells["increase"].fillna(means[partner]).round(6),
                    "rate_2024": cells["rate_2024"].fillna(0).round(6),
                    "imports_2024_musd": (imports / 1e6).round(3),
                    "status": traded.map({True: status, False: "filled"}),
                    "rule": traded.map({True: own_rule, False: "no_trade"}),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def main() -> None:
    """Run the converter from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--out", type=Path, default=Path("calibration/tariffs"))
    args = parser.parse_args()

    us_imports = read_us_imports(args.raw)
    us_imports = us_imports[~us_imports["partner"].isin(EU_CODES)]
    us_imports["region"] = us_imports["partner"].map(PARTNERS).fillna("ROW")
    us_imports["sector"] = us_imports["isic"].str[:2].map(ISIC3_TO_WIOD2013)
    chapters, levels = read_chapters(args.raw), read_levels(args.raw)
    shares = member_shares(us_imports, chapters)
    regions = [r for r in read_wiod_flows(args.raw, "wiod2013")[0] if r != "USA"]
    check = pd.DataFrame(index=levels.index)
    versions = {
        "us_2025_08.csv": (chapters, SCHEDULE_DATE, "source", "hs2"),
        "us_2025_26.csv": (state_of_2026(chapters, levels), STATE_DATE, "estimated", "two_layers"),
    }
    for name, (increases, date, status, rule) in versions.items():
        table = layout(by_sector(us_imports, increases), shares, regions, status, rule)
        table.to_csv(args.out / name, index=False, lineterminator="\n")
        partner = us_imports.assign(region=us_imports["partner"])
        result = by_sector(partner, increases)
        extra = (result["increase"] * result["imports"]).groupby("region").sum()
        check[f"source {date}"] = levels[date]
        check[f"file {date}"] = 100 * extra / result["imports"].groupby("region").sum()
    check["imports_bn"] = us_imports.groupby("partner")["imports"].sum() / 1e9
    check = check.sort_values("imports_bn", ascending=False)
    print(check[~check.index.isin(EU_CODES)].round(2).to_string())
    lost = us_imports[us_imports["sector"].isna()].groupby("hs2")["imports"].sum() / 1e9
    print("imports outside c1-c16 by HS chapter, bn USD:", lost.round(1).to_dict())


if __name__ == "__main__":
    main()
