"""Files in the layouts of publishers, written from the shipped table of 2011.

Each has the shipped table's regions and six sectors, added up from its 35, under the labels of
the publisher.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymrio
from numpy.typing import NDArray

from cge.data.accounts.table_files import load_table

Array = NDArray[np.float64]
#: Sectors of the files, as codes of WIOD 2013, and what each is made of.
PARTS = {
    "c1": (1, 2), "c3": (3, 4, 5, 6, 7, 11, 16), "c9": (8, 9, 10, 12), "c14": (13, 14),
    "c15": (15,), "c30": tuple(range(17, 36)),
}  # fmt: skip
#: Their labels at the publishers.
ICIO = {"2025": ("A01", "C10T12", "C20", "C26", "C29", "M"),
        "2023": ("A01_02", "C10T12", "C20", "C26", "C29", "M"),
        "2021": ("01T02", "10T12", "20", "26", "29", "69T75")}  # fmt: skip
FIGARO = ("A01", "C10T12", "C20", "C26", "C29", "M69_70")
WIOD2016 = ("A01", "C10-C12", "C20", "C26", "C29", "M69_M70")
EXIOBASE = ("Cultivation of wheat", "Processing of Food products nec", "Chemicals nec",
            "Manufacture of electrical machinery and apparatus n.e.c. (31)",
            "Manufacture of motor vehicles, trailers and semi-trailers (34)",
            "Other business activities (74)")  # fmt: skip
EORA = ("Agriculture", "Food & Beverages",
        "Petroleum, Chemical and Non-Metallic Mineral Products", "Electrical and Machinery",
        "Transport Equipment", "Finacial Intermediation and Business Activities")  # fmt: skip
GLORIA = (
    "Growing wheat",
    "Food products and feeds n.e.c.",
    "Basic organic chemicals",
    "Computers; electronic products; optical and precision instruments",
    "Motor vehicles, trailers and semi-trailers",
    "Professional, scientific and technical services",
)
_PAIRS = (
    "AUS:AU AUT:AT BEL:BE BGR:BG BRA:BR CAN:CA CHN:CN CYP:CY CZE:CZ DEU:DE DNK:DK ESP:ES EST:EE "
    "FIN:FI FRA:FR GBR:GB GRC:GR HUN:HU IDN:ID IND:IN IRL:IE ITA:IT JPN:JP KOR:KR LTU:LT LUX:LU "
    "LVA:LV MEX:MX MLT:MT NLD:NL POL:PL PRT:PT ROU:RO RUS:RU SVK:SK SVN:SI SWE:SE TUR:TR TWN:TW "
    "USA:US"
)
_ISO2 = dict(pair.split(":") for pair in _PAIRS.split())
_ADB = {"DNK": "DEN", "DEU": "GER", "IDN": "INO", "IRL": "IRE", "NLD": "NET", "CHN": "PRC",
        "PRT": "POR", "ESP": "SPA", "TWN": "TAP", "GBR": "UKG", "ROU": "ROM",
        "ROW": "RoW"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class World:
    """Accounts: regions, flows (n, n), final demand (n, r, 5), value added and wages (n)."""

    regions: tuple[str, ...]
    z: Array
    f: Array
    value: Array
    wages: Array

    @property
    def output(self) -> Array:
        return self.z.sum(axis=1) + self.f.sum(axis=(1, 2))

    @property
    def tax(self) -> Array:
        return self.output - self.z.sum(axis=0) - self.value

    def labels(self, sectors: Sequence[str], name: Callable[[str], str] = str) -> list[str]:
        return [f"{name(r)}_{i}" for r in self.regions for i in sectors]

    def without(self, region: str) -> World:
        """Return the world with a region in the rest of it."""
        kept = [r for r in self.regions if r != region]
        to = np.zeros((len(kept), len(self.regions)))
        for k, code in enumerate(self.regions):
            to[kept.index(code if code in kept else "ROW"), k] = 1
        both = np.kron(to, np.eye(len(PARTS)))
        f = np.einsum("nm,mrd,sr->nsd", both, self.f, to)
        return World(tuple(kept), both @ self.z @ both.T, f, both @ self.value, both @ self.wages)


@cache
def world() -> World:
    """Return the shipped table of 2011 with six sectors."""
    table = load_table("wiod2013", 2011)
    m = np.zeros((len(PARTS), 35))
    for k, parts in enumerate(PARTS.values()):
        m[k, [part - 1 for part in parts]] = 1
    z = np.einsum("ai,risj,bj->rasb", m, table.intermediate, m, optimize=True)
    n = len(table.regions) * len(PARTS)
    order = [table.agents.index(a) for a in ("HH", "NPISH", "GOV", "GFCF", "INV")]
    f = np.einsum("ai,risd->rasd", m, table.final[..., order])
    value, wages = (
        np.einsum("aj,sj->sa", m, v).reshape(n)
        for v in (table.value_added, table.value_added * table.labour_share)
    )
    return World(table.regions, z.reshape(n, n), f.reshape(n, len(table.regions), 5), value,
                 wages)  # fmt: skip


# -- the OECD


def icio_frame(edition: str, extended: bool = False) -> pd.DataFrame:
    """Return the matrix of an edition; extended with China and Mexico in two parts each."""
    w = world()
    rows = w.labels(ICIO[edition])
    names = ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR")
    final = [f"{r}_{d}" for r in w.regions for d in names]
    demand = np.concatenate([w.f, np.zeros((len(rows), len(w.regions), 1))], axis=2)
    demand[:, :, 5], demand[:, :, 0] = 0.01 * demand[:, :, 0], 0.99 * demand[:, :, 0]
    frame = pd.DataFrame(np.hstack([w.z, demand.reshape(len(rows), -1)]), rows, rows + final)
    frame.loc["TLS"] = [*w.tax, *np.zeros(len(final))]
    frame.loc["VA"] = [*w.value, *np.zeros(len(final))]
    if extended:
        frame = _in_parts(frame, rows)
    frame["OUT"] = frame.sum(axis=1)
    frame.loc["OUT"] = frame.sum(axis=0)
    frame.loc[["TLS", "VA", "OUT"], "OUT"] = 0.0
    return frame.round(3).rename_axis("V1")


def _in_parts(frame: pd.DataFrame, rows: list[str]) -> pd.DataFrame:
    for country, parts in (("CHN", ("CN1", "CN2")), ("MEX", ("MX1", "MX2"))):
        own = [row for row in rows if row.startswith(country)]
        for side in (0, 1):
            matrix = frame if side == 0 else frame.T
            for part, share in zip(parts, (0.7, 0.3)):
                new = (share * matrix.loc[own]).set_axis([part + row[3:] for row in own])
                matrix = pd.concat([matrix, new])
            matrix.loc[own] = 0.0
            frame = matrix if side == 0 else matrix.T
    return frame


def icio(edition: str, year: int, extended: bool = False) -> tuple[str, bytes]:
    """Return an archive of the OECD: its name, and its bytes with this and another year."""
    spans = {"2025": "2016-2022", "2023": "2016-2020", "2021": "2015-2018"}[edition]
    stem = {"2021": f"ICIO2021_{spans}"}.get(edition, f"{spans}_{'EXT' if extended else 'SML'}")
    form = {"2021": "ICIO2021_{}.csv"}.get(edition, "{}.csv" if extended else "{}_SML.csv")
    text = icio_frame(edition, extended).to_csv()
    return f"{stem}.zip", archive({form.format(year): text, form.format(year - 1): "V1,OUT\n"})


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of some files."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return raw.getvalue()


# -- Eurostat, ADB, WIOD 2016, EXIOBASE, Eora


def figaro() -> str:
    """Return the matrix of FIGARO, which has no Taiwan."""
    w = world().without("TWN")
    code = {**_ISO2, "ROW": "FIGW1"}
    rows = w.labels(FIGARO, code.__getitem__)
    order = {"P3_S13": 2, "P3_S14": 0, "P3_S15": 1, "P51G": 3, "P5M": 4}
    final = [f"{code[r]}_{d}" for r in w.regions for d in order]
    demand = w.f[:, :, list(order.values())].reshape(len(rows), -1)
    frame = pd.DataFrame(np.hstack([w.z, demand]), rows, rows + final)
    zero = np.zeros(len(final))
    inputs = {"D21X31": w.tax, "OP_RES": 0 * w.tax, "OP_NRES": 0 * w.tax, "D1": w.wages,
              "D29X39": 0.02 * w.value, "B2A3G": 0.98 * w.value - w.wages}  # fmt: skip
    for name, row in inputs.items():
        frame.loc[f"W2_{name}"] = [*row, *zero]
    return frame.round(3).rename_axis("rowLabels").to_csv()


def adb_sheet(year: int) -> list[list[Any]]:
    """Return the rows of a workbook of the ADB."""
    w = world()
    code = [_ADB.get(r, r) for r in w.regions]
    names = ("Households", "NPISH", "Government", "Gross fixed capital formation",
             "Changes in inventories and valuables")  # fmt: skip
    n, sectors = len(PARTS), list(PARTS)
    blank: list[Any] = [None] * 4
    demand = w.f.reshape(len(w.z), -1)
    rows: list[list[Any]] = [
        [f"Multiregional Input-Output Table {year}"], ["62 economies, at current prices"],
        ["In millions of US$"], [],
        [*blank, *[f"Sector {c}" for _ in code for c in sectors], *[d for _ in code for d in names],
         "TOTAL"],
        [*blank, *[r for r in code for _ in sectors], *[r for r in code for _ in names], "ToT"],
        [*blank, *sectors * len(code), *[f"F{k}" for _ in code for k in range(1, 6)], None],
    ]  # fmt: skip
    for k, (row, sold) in enumerate(zip(w.z, demand)):
        cells = [" " if v == 0 else float(v) for v in (*row, *sold)]
        rows.append([None, f"Sector {sectors[k % n]}", code[k // n], sectors[k % n], *cells,
                     float(row.sum() + sold.sum())])  # fmt: skip
    zero = np.zeros(len(w.z))
    for name, label, values in (
        ("Intermediate input total", "r60", w.z.sum(axis=0)),
        ("Taxes less subsidies on products", "r99", w.tax), ("CIF / FOB adjustments", "r61", zero),
        ("Direct purchases abroad by residents", "r62", zero),
        ("Purchases on the domestic territory by non-residents", "r63", zero),
        ("Value added at basic prices", "r64", w.value),
        ("International Transport Margins", "trs", zero), ("TOTAL", "r69", w.output),
    ):  # fmt: skip
        rows.append([None, name, "ToT", label, *map(float, values), *[0.0] * demand.shape[1], None])
    return [row + [None] * (len(rows[4]) - len(row)) for row in rows]


def adb(year: int) -> bytes:
    """Return a workbook of the ADB."""
    raw = io.BytesIO()
    with pd.ExcelWriter(raw, engine="openpyxl") as book:
        options: dict[str, Any] = {"header": False, "index": False}
        pd.DataFrame(adb_sheet(year)).to_excel(book, sheet_name=f"ADB MRIO {year}", **options)
        pd.DataFrame({"Code": ["PRC"]}).to_excel(book, sheet_name="Legend", index=False)
    return raw.getvalue()


def wiod2016(year: int) -> bytes:
    """Return the archive of WIOD 2016 for Stata, with one year in it."""
    w = world()
    n = len(PARTS)
    columns = {f"v{r}{k + 1}": w.z[:, n * s + k] for s, r in enumerate(w.regions)
               for k in range(n)}  # fmt: skip
    columns |= {f"v{r}{n + k + 1}": w.f[:, s, k] for s, r in enumerate(w.regions)
                for k in range(5)}  # fmt: skip
    codes = pd.DataFrame(
        [(i, i, r, k + 1) for r in w.regions for k, i in enumerate(WIOD2016)],
        columns=["IndustryCode", "IndustryDescription", "Country", "RNr"],
    )
    frame = codes.join(pd.DataFrame({"Year": year, **columns, "TOT": w.output}))
    users = list(columns)[: len(w.z)]
    for k, (code, row) in enumerate({"TXSP": w.tax, "VA": w.value, "GO": w.output}.items()):
        line = {**dict.fromkeys(frame.columns, 0.0), **dict(zip(users, row)), "IndustryCode": code}
        line |= {"IndustryDescription": code, "Country": "TOT", "RNr": 70 + k, "Year": year}
        frame = pd.concat([frame, pd.DataFrame([line])], ignore_index=True)
    raw = io.BytesIO()
    frame.to_stata(raw, write_index=False)
    return archive({f"WIOT{year}_October16_ROW.dta": raw.getvalue()})


def exiobase3(place: Path, year: int) -> bytes:
    """Return the archive of a year of EXIOBASE 3."""
    w = world()
    code = {**_ISO2, "ROW": "WA"}
    index = pd.MultiIndex.from_product([[code[r] for r in w.regions], EXIOBASE],
                                       names=["region", "sector"])  # fmt: skip
    names = ["Final consumption expenditure by households",
             "Final consumption expenditure by non-profit organisations serving households (NPISH)",
             "Final consumption expenditure by government", "Gross fixed capital formation",
             "Changes in inventories"]  # fmt: skip
    columns = pd.MultiIndex.from_product([[code[r] for r in w.regions], names],
                                         names=["region", "category"])  # fmt: skip
    wages = "Compensation of employees; wages, salaries, & employers' social contributions: "
    inputs = pd.DataFrame(
        np.array([w.tax, 0.02 * w.value, 0.5 * w.wages, 0.5 * w.wages, 0.98 * w.value - w.wages]),
        pd.Index(["Taxes less subsidies on products purchased: Total",
                  "Other net taxes on production", f"{wages}Low-skilled", f"{wages}High-skilled",
                  "Operating surplus: Remaining net operating surplus"], name="stressor"),
        index,
    )  # fmt: skip
    unit = pd.DataFrame("M.EUR", index=index, columns=["unit"])
    of_inputs = pd.DataFrame("M.EUR", index=inputs.index, columns=["unit"])
    system = pymrio.IOSystem(
        Z=pd.DataFrame(w.z, index, index), unit=unit,
        Y=pd.DataFrame(w.f.reshape(len(w.z), -1), index, columns),
        satellite={"name": "satellite", "F": inputs, "unit": of_inputs},
    )  # fmt: skip
    folder = place / f"IOT_{year}_ixi"
    system.save_all(folder, table_format="txt")
    return archive({f"{folder.name}/{p.relative_to(folder).as_posix()}": p.read_bytes()
                    for p in folder.rglob("*") if p.is_file()})  # fmt: skip


def eora26(folder: Path, year: int) -> None:
    """Write the files of a year of Eora26, in thousands."""
    w = world()
    names = ("Household final consumption P.3h", "Non-profit institutions serving households P.3n",
             "Government final consumption P.3g", "Gross fixed capital formation P.51",
             "Changes in inventories P.52")  # fmt: skip
    code = {"ROW": "XXX"}
    regions = [code.get(r, r) for r in w.regions]
    primary = {"Compensation of employees D.1": w.wages,
               "Net operating surplus B.2n": w.value - w.wages}  # fmt: skip
    parts = {
        f"Eora26_{year}_bp_T": 1e3 * w.z, f"Eora26_{year}_bp_FD": 1e3 * w.f.reshape(len(w.z), -1),
        f"Eora26_{year}_bp_VA": 1e3 * np.array(list(primary.values())),
        f"Eora26_{year}_bp_Q": np.ones((1, len(w.z))),
        f"Eora26_{year}_bp_QY": np.ones((1, 5 * len(regions))),
        "labels_T": [(r, r, "Industries", i) for r in regions for i in EORA],
        "labels_FD": [(r, r, "Final demand", d) for r in regions for d in names],
        "labels_Q": [("CO2", "CO2 (Gg)")],
        "labels_VA": [("Primary inputs", k) for k in primary],
    }  # fmt: skip
    for name, rows in parts.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.txt", sep="\t", header=False, index=False)


def gloria(folder: Path, year: int, edition: str) -> None:
    """Write the files of a year of GLORIA, in thousands: supply and use in one square table."""
    w = world()
    regions, n = list(w.regions), len(PARTS)
    of_industry = np.kron(np.eye(len(regions)), np.kron([[1.0], [0.0]], np.eye(n)))
    of_product = np.kron(np.eye(len(regions)), np.kron([[0.0], [1.0]], np.eye(n)))
    supply, use = np.diag(w.output), w.z
    flows = of_industry @ supply @ of_product.T + of_product @ use @ of_industry.T
    final = np.concatenate([w.f, np.zeros((*w.f.shape[:2], 1))], axis=2)
    mixed = 0.1 * (w.value - w.wages)
    rows = np.array(
        [w.wages, 0 * w.wages, 0 * w.wages, w.value - w.wages - mixed, mixed, mixed * 0]
    )
    by_region = np.zeros((len(regions), len(rows), len(w.z)))
    for k in range(len(regions)):
        own = slice(k * n, (k + 1) * n)
        by_region[k, :, own] = rows[:, own]
    of_year, name = edition.rstrip("a"), "20260101_120secMother_AllCountries_002"
    ending = f"Results_{year}_0{of_year}_Markup001(full).csv"

    def text(values: Array) -> str:
        return pd.DataFrame(values).to_csv(header=False, index=False)

    flows_zip = {
        f"{name}_T-{ending}": text(1e3 * flows),
        f"{name}_Y-{ending}": text(1e3 * of_product @ final.reshape(len(w.z), -1)),
        f"{name}_V-{ending}": text(1e3 * by_region.reshape(-1, len(w.z)) @ of_industry.T),
    }
    accounts_zip = {
        f"{name}_TQ-{ending}": text(np.ones((1, len(flows)))),
        f"{name}_YQ-{ending}": text(np.ones((1, 6 * len(regions)))),
    }
    (folder / f"GLORIA_MRIOs_{of_year}_{year}.zip").write_bytes(archive(flows_zip))
    accounts = folder / f"GLORIA_SatelliteAccounts_0{of_year}_{year}.zip"
    accounts.write_bytes(archive(accounts_zip))
    with pd.ExcelWriter(folder / f"GLORIA_ReadMe_0{edition}.xlsx") as book:
        pd.DataFrame({"Region_acronyms": regions, "Region_names": regions}).to_excel(
            book, sheet_name="Regions", index=False
        )
        pd.DataFrame({"Sector_names": GLORIA}).to_excel(book, sheet_name="Sectors", index=False)
        pd.DataFrame(
            {
                "Value_added_names": ["Compensation of employees D.1", "Taxes on production D.29",
                                      "Subsidies on production D.39", "Net operating surplus B.2n",
                                      "Net mixed income B.3n", "Consumption of fixed capital K.1"],
                "Final_demand_names": ["Household final consumption P.3h",
                                       "Non-profit institutions serving households P.3n",
                                       "Government final consumption P.3g",
                                       "Gross fixed capital formation P.51",
                                       "Changes in inventories P.52",
                                       "Acquisitions less disposals of valuables P.53"],
            }
        ).to_excel(book, sheet_name="Value added and final demand", index=False)  # fmt: skip
        pd.DataFrame(
            {"Sat_indicator": ["CO2"], "Sat_head_indicator": ["Emissions"], "Sat_unit": ["kt"]}
        ).to_excel(book, sheet_name="Satellites", index=False)
