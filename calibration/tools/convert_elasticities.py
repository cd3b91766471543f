"""Build the two sector-specific elasticity sets and the sector concordance they need.

Usage::

    python calibration/tools/convert_elasticities.py --raw DIR [--out calibration]

Writes ``elasticities/fontagne.yaml``, ``elasticities/caliendo-parro.yaml`` and
``concordances/nace2_to_wiod2013.csv``. The sets ``common`` and ``boehm`` hold no computed number
and are kept by hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from sector_maps import (
    CP_TO_WIOD2013,
    GTAP_TO_WIOD2013,
    SECTORS_2014,
    cp_weights,
    isic_shares,
    read_us_imports,
)

SPREAD = 0.30
"""Half-width of the interval around a trade elasticity, as a fraction (assumed)."""

SERVICES = [f"c{i}" for i in range(18, 36)]

SERVICES_FONTAGNE = (3.8, 1.9, 5.6)
"""Sigma, low and high for services, which the tariff-based estimates cannot cover."""

BLP = "Boehm, Levchenko, Pandalai-Nayar 2023 AER"
FGO = "Fontagne, Guimbard, Orefice 2022 JIE"
CP = "Caliendo, Parro 2015 RES, 99 percent sample"

CP_THETA = {
    "Agriculture": 9.11,
    "Mining": 13.53,
    "Food": 2.62,
    "Textile": 8.10,
    "Wood": 11.50,
    "Paper": 16.52,
    "Petroleum": 64.85,
    "Chemicals": 3.13,
    "Plastic": 1.67,
    "Minerals": 2.41,
    "Basic metals": 3.28,
    "Metal products": 6.99,
    "Machinery n.e.c.": 1.45,
    "Office machinery": 12.95,
    "Electrical machinery": 12.91,
    "Communication equipment": 3.95,
    "Medical and optical": 8.71,
    "Auto": 8.22,
    "Other transport": 8.22,
    "Other manufacturing": 3.98,
}
"""Theta by sector; autos and other transport carry the aggregate estimate."""

CP_SERVICES = 8.22
CP_TRANSPORT_LOW = 1.84
"""Theta of autos alone in the published table (from memory): the low end for transport."""

GTAP10_TO_GTAP9: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "oxt": [("omn", ())],
    "chm": [("crp", ("241", "242-2423", "243"))],
    "bph": [("crp", ("2423",))],
    "rpp": [("crp", ("25",))],
    "ele": [("ele", ()), ("ome", ("33",))],
    "eeq": [("ome", ("31",))],
    "ome": [("ome", ("29",))],
}
"""GTAP 10 sectors made of other sectors of the trade data, with the ISIC codes of each share."""

GTAP10_TO_WIOD2013 = {
    "oxt": "c2",
    "chm": "c9",
    "bph": "c9",
    "rpp": "c10",
    "eeq": "c14",
    "ome": "c13",
    "ely": "c17",
    "gdt": "c17",
}
"""GTAP 10 sectors that the trade data's own concordance does not place."""

NACE2_TO_WIOD2013 = {
    **dict.fromkeys(["A01", "A02", "A03"], "c1"),
    "B": "c2",
    "C10-C12": "c3",
    "C13-C15": "c4",
    "C16": "c6",
    **dict.fromkeys(["C17", "C18", "J58"], "c7"),
    "C19": "c8",
    **dict.fromkeys(["C20", "C21"], "c9"),
    "C22": "c10",
    "C23": "c11",
    **dict.fromkeys(["C24", "C25"], "c12"),
    **dict.fromkeys(["C26", "C27"], "c14"),
    **dict.fromkeys(["C28", "C33"], "c13"),
    **dict.fromkeys(["C29", "C30"], "c15"),
    "C31_C32": "c16",
    **dict.fromkeys(["D35", "E36"], "c17"),
    "E37-E39": "c34",
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
    **dict.fromkeys(
        ["J62_J63", "M69_M70", "M71", "M72", "M73", "M74_M75", "N"],
        "c30",
    ),
    "O84": "c31",
    "P85": "c32",
    "Q": "c33",
    **dict.fromkeys(["J59_J60", "R_S", "U"], "c34"),
    "T": "c35",
}
"""The WIOD 2013 sector whose elasticity each WIOD 2016 sector takes."""


def entry(
    sector: str, horizon: str, numbers: tuple[float, float, float], status: str, **text: str
) -> str:
    """Write one entry of an elasticity file.

    Parameters
    ----------
    sector
        Sector code, or ``*`` for all.
    horizon
        ``short`` or ``long``.
    numbers
        Value, low and high.
    status
        ``read``, ``computed``, ``memory`` or ``assumed``.
    **text
        Further keys.

    Returns
    -------
    str
        One line of YAML.
    """
    value, low, high = (f"{number:.2f}" for number in numbers)
    name = f'"{sector}"' if sector == "*" else sector
    more = "".join(f', {key}: "{words}"' for key, words in text.items())
    return (
        f"  - {{nest: armington, sector: {name}, horizon: {horizon}, value: {value}, low: {low}, "
        f"high: {high}, status: {status}{more}}}"
    )


def sigma_from_theta(theta: float, low: float | None = None) -> tuple[float, float, float]:
    """Elasticity of substitution and its interval from a trade elasticity.

    Parameters
    ----------
    theta
        Trade elasticity in absolute value, sigma minus one.
    low
        Low end of theta if not ``theta * (1 - SPREAD)``.

    Returns
    -------
    tuple of float
        Sigma, low, high.
    """
    bottom = theta * (1 - SPREAD) if low is None else low
    return 1 + theta, 1 + bottom, 1 + theta * (1 + SPREAD)


def short_entry() -> str:
    """Short-run entry shared by the sector-specific sets.

    Returns
    -------
    str
        One line of YAML.
    """
    return entry(
        "*", "short", (0.76, 0.5, 1.0), "assumed", citation=f"{BLP}: impact elasticity, all goods"
    )


def fontagne(raw: Path, us_imports: pd.DataFrame, world: pd.Series) -> list[str]:
    """Entries of the Fontagne-Guimbard-Orefice set.

    Parameters
    ----------
    raw
        Directory of the raw data.
    us_imports
        United States imports by ISIC code.
    world
        World imports by GTAP 9 sector.

    Returns
    -------
    list of str
        Lines of YAML.
    """
    table = pd.read_stata(raw / "elasticities" / "final_tariff_GTAP_2020_10_08.dta")
    epsilon = table.set_index("gtap_sector")["epsilon_GTAP"].astype(float).abs()
    groups: dict[str, list[tuple[str, ...]]] = {
        "crp": [GTAP10_TO_GTAP9[code][0][1] for code in ("chm", "bph", "rpp")],
        "ome": [("29",), ("31",), ("33",)],
    }
    shares = {
        (gtap, group): share
        for gtap, parts in groups.items()
        for group, share in zip(parts, isic_shares(us_imports, parts), strict=True)
    }
    rows = []
    for code, value in epsilon.items():
        parts = GTAP10_TO_GTAP9.get(str(code), [(str(code), ())])
        size = sum(world.get(g, 0.0) * shares.get((g, group), 1.0) for g, group in parts)
        placed = GTAP_TO_WIOD2013.get(str(code), [("", ())])[0][0]
        sector = GTAP10_TO_WIOD2013.get(str(code), placed)
        rows.append((code, sector, value, 1.0 if code == "ely" else size))
    data = pd.DataFrame(rows, columns=["code", "sector", "epsilon", "size"])
    data = data[(data["size"] > 0) & (data["sector"] != "")]
    lines = [short_entry()]
    for number in range(1, 18):
        part = data[data["sector"] == f"c{number}"]
        known = part.dropna(subset=["epsilon"])
        theta = (known["epsilon"] * known["size"]).sum() / known["size"].sum()
        weights = (known["size"] / known["size"].sum()).round(3)
        source = " ".join(f"{c} {w}" for c, w in zip(known["code"], weights, strict=True))
        left_out = part[part["epsilon"].isna()]
        extra = {}
        if len(left_out):
            share = left_out["size"].sum() / part["size"].sum()
            extra["missing"] = f"{' '.join(left_out['code'])}: {share:.2f} of imports left out"
        lines.append(
            entry(
                f"c{number}",
                "long",
                sigma_from_theta(theta),
                "computed",
                source_sector=source,
                **extra,
                citation=f"{FGO}: 1 + |epsilon|, import-weighted",
            )
        )
    lines += [
        entry(
            sector,
            "long",
            SERVICES_FONTAGNE,
            "memory",
            citation="GTAP import-source elasticity of services (3.8), unverified; no tariff-based "
            "estimate exists",
        )
        for sector in SERVICES
    ]
    return lines


def caliendo_parro(us_imports: pd.DataFrame, world: pd.Series) -> list[str]:
    """Entries of the Caliendo-Parro set.

    Parameters
    ----------
    us_imports
        United States imports by ISIC code.
    world
        World imports by GTAP 9 sector.

    Returns
    -------
    list of str
        Lines of YAML.
    """
    weights = cp_weights(CP_TO_WIOD2013, us_imports, world)
    weights["theta"] = weights["source_sector"].map(CP_THETA)
    lines = [short_entry()]
    for number in range(1, 17):
        part = weights[weights["sector"] == f"c{number}"]
        one = len(part) == 1
        theta = float((part["theta"] * part["weight"]).sum())
        pairs = zip(part["source_sector"], part["weight"], strict=True)
        source = ", ".join(name if one else f"{name} {weight:.2f}" for name, weight in pairs)
        transport = number == 15
        lines.append(
            entry(
                f"c{number}",
                "long",
                sigma_from_theta(theta, CP_TRANSPORT_LOW if transport else None),
                "read" if one or transport else "computed",
                source_sector=source,
                citation=f"{CP}: 1 + theta"
                + (", aggregate estimate; low from the estimate for autos" if transport else ""),
            )
        )
    lines += [
        entry(
            sector,
            "long",
            sigma_from_theta(CP_SERVICES),
            "read",
            source_sector="services",
            citation=f"{CP}: 1 + theta, aggregate estimate",
        )
        for sector in ["c17", *SERVICES]
    ]
    return lines


def write_set(path: Path, title: str, note: str, lines: list[str]) -> None:
    """Write an elasticity set.

    Parameters
    ----------
    path
        File to write; its stem is the name of the set.
    title, note
        Descriptions.
    lines
        Entries.
    """
    head = [
        f"name: {path.stem}",
        f"title: {title}",
        "extends: common",
        f"note: >-\n  {note}",
        "classification: wiod2013",
        "entries:",
    ]
    path.write_text("\n".join([*head, *lines]) + "\n")


def main() -> None:
    """Run the converter from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--out", type=Path, default=Path("calibration"))
    args = parser.parse_args()

    us_imports = read_us_imports(args.raw)
    trade = pd.read_csv(args.raw / "tariffs_2013" / "tariffs_2013_tidy.csv.gz")
    world = trade.groupby("gtap_sector")["imports_kusd"].sum()
    write_set(
        args.out / "elasticities" / "fontagne.yaml",
        "Tariff elasticities by sector of Fontagne, Guimbard and Orefice (2022)",
        "Long run: sigma = 1 + |epsilon|, GTAP sectors weighted with world imports of 2013. Low and"
        "\n  high are 30 percent either way of epsilon, assumed: the source file has no standard"
        "\n  errors. Short run: the impact elasticity of the boehm set.",
        fontagne(args.raw, us_imports, world),
    )
    write_set(
        args.out / "elasticities" / "caliendo-parro.yaml",
        "Trade elasticities by sector of Caliendo and Parro (2015)",
        "Long run: sigma = 1 + theta, sectors weighted with world imports of 2013 where several"
        "\n  fall into one. Low and high are 30 percent either way of theta, assumed. The published"
        "\n  value for petroleum (theta 64.85) is kept; it is close to perfect substitution."
        "\n  Short run: the impact elasticity of the boehm set.",
        caliendo_parro(us_imports, world),
    )
    mapping = pd.DataFrame(
        {
            "sector_wiod2014": SECTORS_2014,
            "sector_wiod2013": [NACE2_TO_WIOD2013[s] for s in SECTORS_2014],
        }
    )
    mapping.to_csv(
        args.out / "concordances" / "nace2_to_wiod2013.csv", index=False, lineterminator="\n"
    )


if __name__ == "__main__":
    main()
