"""Sector and region lists shared by the calibration converters.

Every table here is a statement about classifications (which detailed sector belongs to which model
sector), never a number taken from data. Shares that split one detailed sector over several model
sectors are computed from trade data by :func:`isic_shares`.
"""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

EU27 = [
    "AUT",
    "BEL",
    "BGR",
    "CYP",
    "CZE",
    "DEU",
    "DNK",
    "ESP",
    "EST",
    "FIN",
    "FRA",
    "GBR",
    "GRC",
    "HUN",
    "IRL",
    "ITA",
    "LTU",
    "LUX",
    "LVA",
    "MLT",
    "NLD",
    "POL",
    "PRT",
    "ROU",
    "SVK",
    "SVN",
    "SWE",
]
"""Members of the European Union in 2011."""

EU28 = sorted([*EU27, "HRV"])
"""Members of the European Union in 2014."""

GOODS_2013 = [f"c{i}" for i in range(1, 17)]
"""Sectors of the WIOD 2013 release whose imports can carry a tariff."""

GOODS_2014 = [
    "A01",
    "A02",
    "A03",
    "B",
    "C10-C12",
    "C13-C15",
    "C16",
    "C17",
    "C18",
    "C19",
    "C20",
    "C21",
    "C22",
    "C23",
    "C24",
    "C25",
    "C26",
    "C27",
    "C28",
    "C29",
    "C30",
    "C31_C32",
]
"""Sectors of the WIOD 2016 release whose imports can carry a tariff."""

SECTORS_2014 = [
    *GOODS_2014,
    "C33",
    "D35",
    "E36",
    "E37-E39",
    "F",
    "G45",
    "G46",
    "G47",
    "H49",
    "H50",
    "H51",
    "H52",
    "H53",
    "I",
    "J58",
    "J59_J60",
    "J61",
    "J62_J63",
    "K64",
    "K65",
    "K66",
    "L68",
    "M69_M70",
    "M71",
    "M72",
    "M73",
    "M74_M75",
    "N",
    "O84",
    "P85",
    "Q",
    "R_S",
    "T",
    "U",
]
"""All 56 sectors of the WIOD 2016 release, in the order of its tables."""

ISIC3_TO_WIOD2013: dict[str, str] = {
    **dict.fromkeys(["01", "02", "05"], "c1"),
    **dict.fromkeys(["10", "11", "12", "13", "14"], "c2"),
    **dict.fromkeys(["15", "16"], "c3"),
    **dict.fromkeys(["17", "18"], "c4"),
    "19": "c5",
    "20": "c6",
    **dict.fromkeys(["21", "22"], "c7"),
    "23": "c8",
    "24": "c9",
    "25": "c10",
    "26": "c11",
    **dict.fromkeys(["27", "28"], "c12"),
    "29": "c13",
    **dict.fromkeys(["30", "31", "32", "33"], "c14"),
    **dict.fromkeys(["34", "35"], "c15"),
    **dict.fromkeys(["36", "37"], "c16"),
}
"""ISIC rev. 3 divisions of goods to WIOD 2013 sectors."""

_CROPS = ["wht", "gro", "v_f", "osd", "pfb", "ocr", "ctl", "oap", "wol"]
_MINING = ["coa", "oil", "gas", "omn"]
_FOOD = ["cmt", "omt", "vol", "mil", "pcr", "sgr", "ofd", "b_t"]

GTAP_TO_WIOD2013: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    **{g: [("c1", ())] for g in [*_CROPS, "frs", "fsh"]},
    **{g: [("c2", ())] for g in _MINING},
    **{g: [("c3", ())] for g in _FOOD},
    **{g: [("c4", ())] for g in ["tex", "wap"]},
    "lea": [("c5", ())],
    "lum": [("c6", ())],
    "ppp": [("c7", ())],
    "p_c": [("c8", ())],
    "crp": [("c9", ("24",)), ("c10", ("25",))],
    "nmm": [("c11", ())],
    **{g: [("c12", ())] for g in ["i_s", "nfm", "fmp"]},
    "ome": [("c13", ("29",)), ("c14", ("31", "33"))],
    "ele": [("c14", ())],
    **{g: [("c15", ())] for g in ["mvh", "otn"]},
    "omf": [("c16", ())],
}
"""GTAP 9 goods sector to WIOD 2013 sectors, with the ISIC codes whose trade gives each share."""

GTAP_TO_WIOD2014: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    **{g: [("A01", ())] for g in _CROPS},
    "frs": [("A02", ())],
    "fsh": [("A03", ())],
    **{g: [("B", ())] for g in _MINING},
    **{g: [("C10-C12", ())] for g in _FOOD},
    **{g: [("C13-C15", ())] for g in ["tex", "wap", "lea"]},
    "lum": [("C16", ())],
    "ppp": [("C17", ("21",)), ("C18", ("22",))],
    "p_c": [("C19", ())],
    "crp": [
        ("C20", ("241", "242-2423", "243")),
        ("C21", ("2423",)),
        ("C22", ("25",)),
    ],
    "nmm": [("C23", ())],
    **{g: [("C24", ())] for g in ["i_s", "nfm"]},
    "fmp": [("C25", ())],
    "ome": [("C28", ("29",)), ("C27", ("31",)), ("C26", ("33",))],
    "ele": [("C26", ())],
    "mvh": [("C29", ())],
    "otn": [("C30", ())],
    "omf": [("C31_C32", ())],
}
"""GTAP 9 goods sector to WIOD 2016 sectors, with the ISIC codes whose trade gives each share."""

CP_TO_GTAP: dict[str, tuple[str, tuple[str, ...]]] = {
    "Basic metals": ("i_s nfm", ()),
    "Metal products": ("fmp", ()),
    "Machinery n.e.c.": ("ome", ("29",)),
    "Office machinery": ("ele", ("30",)),
    "Electrical machinery": ("ome", ("31",)),
    "Communication equipment": ("ele", ("32",)),
    "Medical and optical": ("ome", ("33",)),
    "Auto": ("mvh", ()),
    "Other transport": ("otn", ()),
}
"""Caliendo-Parro sectors that need a weight: the GTAP sectors and ISIC codes that measure them."""

CP_TO_WIOD2013: dict[str, list[str]] = {
    "Agriculture": ["c1"],
    "Mining": ["c2"],
    "Food": ["c3"],
    "Textile": ["c4", "c5"],
    "Wood": ["c6"],
    "Paper": ["c7"],
    "Petroleum": ["c8"],
    "Chemicals": ["c9"],
    "Plastic": ["c10"],
    "Minerals": ["c11"],
    "Basic metals": ["c12"],
    "Metal products": ["c12"],
    "Machinery n.e.c.": ["c13"],
    "Office machinery": ["c14"],
    "Electrical machinery": ["c14"],
    "Communication equipment": ["c14"],
    "Medical and optical": ["c14"],
    "Auto": ["c15"],
    "Other transport": ["c15"],
    "Other manufacturing": ["c16"],
}
"""Caliendo-Parro goods sectors to WIOD 2013 sectors."""

CP_TO_WIOD2014: dict[str, list[str]] = {
    "Agriculture": ["A01", "A02", "A03"],
    "Mining": ["B"],
    "Food": ["C10-C12"],
    "Textile": ["C13-C15"],
    "Wood": ["C16"],
    "Paper": ["C17", "C18"],
    "Petroleum": ["C19"],
    "Chemicals": ["C20", "C21"],
    "Plastic": ["C22"],
    "Minerals": ["C23"],
    "Basic metals": ["C24"],
    "Metal products": ["C25"],
    "Machinery n.e.c.": ["C28"],
    "Office machinery": ["C26"],
    "Electrical machinery": ["C27"],
    "Communication equipment": ["C26"],
    "Medical and optical": ["C26"],
    "Auto": ["C29"],
    "Other transport": ["C30"],
    "Other manufacturing": ["C31_C32"],
}
"""Caliendo-Parro goods sectors to WIOD 2016 sectors."""


def read_us_imports(raw: Path) -> pd.DataFrame:
    """Read United States imports of 2024 by partner and HS6, with their ISIC rev. 3 code.

    Parameters
    ----------
    raw
        Directory of the raw data.

    Returns
    -------
    pandas.DataFrame
        Columns ``partner``, ``hs6``, ``hs2``, ``isic`` (four digits, missing for HS chapters 98
        and 99), ``imports`` and ``duty`` (USD).
    """
    import rdata  # for this file alone

    trade = pd.read_csv(
        raw / "tariffs_us" / "us_imports_2024_hs6_by_country.csv.gz",
        dtype={"HS6": str, "CTY_CODE": str},
    ).rename(columns={"CTY_NAME": "partner", "HS6": "hs6"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = rdata.read_rda(raw / "concordance" / "hs_isic3.RData")["hs_isic3"]
    isic = table.drop_duplicates("HS_6d").set_index("HS_6d")["ISIC3_4d"].astype(str)
    trade["isic"] = trade["hs6"].map(isic)
    trade["hs2"] = trade["hs6"].str[:2]
    return trade[["partner", "hs6", "hs2", "isic", "imports", "duty"]]


def isic_shares(us_imports: pd.DataFrame, codes: Iterable[tuple[str, ...]]) -> list[float]:
    """Share of each group of ISIC codes in United States imports of all the groups.

    Parameters
    ----------
    us_imports
        Result of :func:`read_us_imports`.
    codes
        Groups of ISIC code prefixes; ``"242-2423"`` means 242 without 2423.

    Returns
    -------
    list of float
        Shares that sum to one, in the order given.
    """

    def value(prefix: str) -> float:
        keep, _, drop = prefix.partition("-")
        isic = us_imports["isic"].fillna("")
        mask = isic.str.startswith(keep)
        if drop:
            mask &= ~isic.str.startswith(drop)
        return float(us_imports.loc[mask, "imports"].sum())

    sums = [sum(value(prefix) for prefix in group) for group in codes]
    return [v / sum(sums) for v in sums]


def gtap_weights(
    concordance: dict[str, list[tuple[str, tuple[str, ...]]]], us_imports: pd.DataFrame
) -> pd.DataFrame:
    """Turn a GTAP concordance into a table of weights.

    Parameters
    ----------
    concordance
        :data:`GTAP_TO_WIOD2013` or :data:`GTAP_TO_WIOD2014`.
    us_imports
        Result of :func:`read_us_imports`; splits a GTAP sector over several model sectors.

    Returns
    -------
    pandas.DataFrame
        Columns ``gtap_sector``, ``sector``, ``weight`` (shares of the GTAP sector, sum to one).
    """
    rows = []
    for gtap, targets in concordance.items():
        shares = [1.0] if len(targets) == 1 else isic_shares(us_imports, [t[1] for t in targets])
        rows += [
            (gtap, sector, round(share, 4))
            for (sector, _), share in zip(targets, shares, strict=True)
        ]
    return pd.DataFrame(rows, columns=["gtap_sector", "sector", "weight"])


def cp_weights(
    targets: dict[str, list[str]], us_imports: pd.DataFrame, world_imports: pd.Series
) -> pd.DataFrame:
    """Weights of the Caliendo-Parro sectors within each model sector.

    Parameters
    ----------
    targets
        :data:`CP_TO_WIOD2013` or :data:`CP_TO_WIOD2014`.
    us_imports
        Result of :func:`read_us_imports`; splits ``ele`` and ``ome``.
    world_imports
        World imports by GTAP sector.

    Returns
    -------
    pandas.DataFrame
        Columns ``source_sector``, ``sector``, ``weight`` (sum to one within ``sector``).
    """
    splits: dict[str, list[tuple[str, ...]]] = {
        "ele": [("30",), ("32",)],
        "ome": [("29",), ("31",), ("33",)],
    }
    shares = {
        (gtap, group): share
        for gtap, groups in splits.items()
        for group, share in zip(groups, isic_shares(us_imports, groups), strict=True)
    }

    def size(source: str) -> float:
        gtap, group = CP_TO_GTAP.get(source, ("", ()))
        return sum(world_imports[g] * shares.get((g, group), 1.0) for g in gtap.split()) or 1.0

    rows = [(s, t, size(s)) for s, sectors in targets.items() for t in sectors]
    table = pd.DataFrame(rows, columns=["source_sector", "sector", "weight"])
    total = table.groupby("sector")["weight"].transform("sum")
    table["weight"] = (table["weight"] / total).round(4)
    return table


def read_wiod_flows(raw: Path, table: str) -> tuple[list[str], np.ndarray]:
    """Goods imports by exporter, sector and importer from a benchmark table.

    Parameters
    ----------
    raw
        Directory of the raw data.
    table
        ``"wiod2013"`` or ``"wiod2014"``.

    Returns
    -------
    list of str
        Region codes.
    numpy.ndarray
        Flows, shape (exporter, sector, importer), all uses together, goods sectors only.
    """
    if table == "wiod2013":
        path, n_goods, n_sectors = raw / "wiod2013/converted/wiot2011.npz", 16, 35
    else:
        path, n_goods, n_sectors = raw / "wiod2016_2014/derived/wiot2014_hybrid.npz", 22, 56
    with np.load(path) as data:
        names = [str(c) for c in data["countries"]]
        n = len(names)
        inter = data["Z"].reshape(n, n_sectors, n, n_sectors).sum(axis=3, dtype=float)
        final = np.clip(data["F"].reshape(n, n_sectors, n, 5), 0, None).sum(axis=3, dtype=float)
    regions = [{"ROM": "ROU", "RoW": "ROW"}.get(c, c) for c in names]
    return regions, (inter + final)[:, :n_goods, :]


def write_gzip_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a compressed CSV file whose bytes depend on its contents only.

    Parameters
    ----------
    frame
        Table to write, without its index.
    path
        File to write.
    """
    text = frame.to_csv(index=False, lineterminator="\n")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
