"""Malformed files of every kind that is read: the right value, or one message naming the file.

Every case is a good file spoilt in one place, by a rule that says what must come of it: the same
content as before (another order, quotes, line ends), the same but for one number, or a refusal.
Bytes changed at random may be either, but never a traceback, and never figures that the file does
not hold.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome, snapshot
from test_knowledge_data import own_figures
from test_user_table_external import (
    CATEGORIES,
    REGIONS,
    SECTORS,
    World,
    wiod2016_frame,
    write_folder,
)
from tools import small_model
from worlds import random_world

from cge import InputError, load_scenario
from cge.core.axes import Axes
from cge.data.accounts.aggregation import load_aggregation
from cge.data.accounts.tariffs import load_tariffs
from cge.data.accounts.world_table import WorldTable
from cge.data.benchmark_store import open_benchmark, save_benchmark
from cge.data.elasticities.sets import load_elasticity_set
from cge.data.knowledge.spending import read_figures
from cge.data.library import load_library
from cge.data.parameters.parameter_files import load_knowledge_parameters
from cge.data.sources.pymrio_table import Kind, read_pymrio
from cge.data.sources.user_table import folder_tariffs, read_folder
from cge.policy.baseline import read_baseline
from cge.policy.cells import cells, rates_from_file
from cge.scenario.actions import Measure

Facts = dict[str, np.ndarray]
Run = Callable[..., Outcome]
RATES = "importer,exporter,sector,rate\nCHN,ROW,AGR,0.1\nROW,CHN,MAN,0.25\nROW,CHN,AGR,0.05\n"
MEASURE = ("importer,exporter,sector,weight,rate\nUSA,CHN,c1,1.0,0.1\nUSA,CHN,c14,2.0,0.25\n"
           "USA,CHN,c15,1.5,0.05\n")  # fmt: skip
AXES = Axes(REGIONS, SECTORS)


# -- what is read, as plain numbers


def of_table(table: WorldTable) -> Facts:
    """Return a table's figures in the order of the codes."""
    r, i = (np.argsort(codes) for codes in (table.regions, table.sectors))
    codes = [*sorted(table.regions), *sorted(table.sectors)]
    return {
        "codes": np.array([sum(code.encode()) for code in codes], float),
        "flows": table.intermediate[r][:, i][:, :, r][..., i],
        "final": table.final[r][:, i][:, :, r], "value added": table.value_added[r][:, i],
        "labour": table.labour_share[r][:, i],
    }  # fmt: skip


def published(kind: Kind) -> Callable[[Path], Facts]:
    return lambda path: of_table(read_pymrio(path, kind, year=2014, name="trial"))


def of_model(content: Any) -> Facts:
    """Return the numbers of a part of a file that a schema read."""
    text = content.model_dump_json(by_alias=True)
    return {"content": np.frombuffer(text.encode(), np.uint8).astype(float)}


def of_benchmark(path: Path) -> Facts:
    b = open_benchmark(path)
    return {"flows": b.flows, "armington": b.elasticities["long"].armington}


# -- good files


def _folder(place: Path, form: str = "csv", given: bool = True) -> Path:
    tariff = np.zeros((2, 3, 2))
    tariff[0, :, 1], tariff[1, :, 0] = 0.1, 0.2
    names = {"regions": dict(zip(REGIONS, ("China", "Rest"))), "sectors": [*SECTORS]}
    return write_folder(place / "table", World(), tariff=tariff, form=form,
                        **(names if given else {}))  # fmt: skip


def _saved(place: Path) -> Path:
    world = World()
    world.system(world.parts()).save_all(place / "system", table_format="txt")
    return place / "system"


def _square(place: Path) -> Path:
    """Return a table as the OECD publishes it."""
    world = World()
    z, f = world.square
    rows = [f"{r}_{i}" for r in REGIONS for i in SECTORS]
    final = [f"{r}_{d}" for r in REGIONS for d in ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT")]
    frame = pd.DataFrame(np.hstack([z, f]), index=rows, columns=rows + final)
    frame.loc["VA"] = np.append(world.value.reshape(-1), np.zeros(len(final)))
    frame.to_csv(place / "ICIO2023_2014.csv")
    return place / "ICIO2023_2014.csv"


def _figaro(place: Path) -> Path:
    """Return a table as Eurostat publishes it."""
    world = World()
    z, f = world.square
    rows = [f"{r}_{i}" for r in REGIONS for i in SECTORS]
    final = [f"{r}_{d}" for r in REGIONS for d in ("P3_S14", "P3_S15", "P3_S13", "P51G", "P5M")]
    frame = pd.DataFrame(np.hstack([z, f]), index=rows, columns=rows + final)
    wages, zero = world.wages.reshape(-1), np.zeros(len(final))
    frame.loc["W2_D1"] = np.append(wages, zero)
    frame.loc["W2_B2A3G"] = np.append(world.value.reshape(-1) - wages, zero)
    path = place / "matrix_eu-ic-io_ind-by-ind_26ed_2014.csv"
    frame.rename_axis("rowLabels").to_csv(path)
    return path


def _wiod(place: Path) -> Path:
    wiod2016_frame(World()).to_csv(place / "WIOT2014_x.csv", index=False)
    return place / "WIOT2014_x.csv"


def _eora(place: Path) -> Path:
    world = World()
    z, f = world.square
    folder = place / "eora"
    folder.mkdir()
    codes = [(r.replace("ROW", "XXX"), i) for r in REGIONS for i in SECTORS]
    final = [(r.replace("ROW", "XXX"), c) for r in REGIONS for c in CATEGORIES.values()]
    wages = world.wages.reshape(-1)
    parts = {
        "Eora26_2014_bp_T": z, "Eora26_2014_bp_FD": f, "Eora26_2014_bp_Q": np.ones((1, 6)),
        "Eora26_2014_bp_VA": np.array([wages, world.value.reshape(-1) - wages]),
        "Eora26_2014_bp_QY": np.ones((1, 10)),
        "labels_T": [(r, r, "Industries", i) for r, i in codes],
        "labels_FD": [(r, r, "Final demand", c) for r, c in final],
        "labels_Q": [("CO2", "CO2 (Gg)")],
        "labels_VA": [("Primary inputs", k) for k in ("Compensation of employees D.1",
                                                      "Net operating surplus B.2n")],
    }  # fmt: skip
    for name, rows in parts.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.txt", sep="\t", header=False, index=False)
    return folder


def _text(name: str, text: str) -> Callable[[Path], Path]:
    def write(place: Path) -> Path:
        (place / name).write_text(text, encoding="utf-8")
        return place / name

    return write


def _yaml(name: str, content: Any) -> Callable[[Path], Path]:
    return _text(name, yaml.safe_dump(content, sort_keys=False))


def _benchmark(place: Path) -> Path:
    return save_benchmark(random_world(1), place / "world")


ENTRY = {"nest": "armington", "sector": "AGR", "horizon": "long", "value": 4.0, "low": 3.0,
         "high": 5.0, "status": "assumed", "citation": "a trial"}  # fmt: skip
SET = {"name": "own", "title": "Own", "extends": "boehm", "classification": "mine",
       "entries": [ENTRY, {**ENTRY, "sector": "MAN"}]}  # fmt: skip
AGGREGATION = {
    "name": "two", "table": "mine", "regions": "identity",
    "sectors": {"GOODS": {"name": "Goods", "members": ["AGR", "MAN"]},
                "SRV": {"members": ["SRV"]}},
    "groups": {"sectors": {"traded": ["GOODS"]}},
}  # fmt: skip
SCENARIO = {
    "name": "trial", "title": "A trial",
    "benchmark": {"table": "wiod2013", "aggregation": "small", "year": 2011},
    "elasticities": ["boehm"], "closure": {"kind": "long_run"},
    "policy": [{"instrument": "tariff", "exporter": "CHN", "importer": "USA", "add": 0.1}],
}  # fmt: skip
LIBRARY = {
    "title": "Own", "weightings": {"even": {"trade": 1.0}},
    "disruptions": [{
        "name": "stop-{region}", "each": {"regions": "all"}, "duration": 2,
        "families": {"hit": "trade"}, "severities": {0.5: 1.0, 1.0: 2.0},
        "frequency": {"value": 0.1, "low": 0.05, "high": 0.2, "status": "assumed",
                      "citation": "a trial"},
        "events": [{"type": "supply", "region": "{region}", "loss": 0.4}],
    }],
}  # fmt: skip
DRIVERS = "year,region,sector,labour,productivity\n1,CHN,,1.1,1.05\n2,USA,,0.9,\n3,EU,ELEC,,1.2\n"


def _drivers(path: Path) -> Facts:
    found = read_baseline(path, small_model().benchmark, 4)
    return {"labour": found.labour, "productivity": found.productivity}


def _knowledge(path: Path) -> Facts:
    found = read_figures(path, small_model().benchmark.axes, 2011)
    return {**found.national, "industry": found.industry}


def _aggregation(path: Path) -> Facts:
    world = World()
    table = WorldTable("mine", 2020, REGIONS, SECTORS, ("HH", "NPISH", "GOV", "GFCF", "INV"),
                       world.z, world.f, world.value, np.full((2, 3), 0.5))  # fmt: skip
    found = load_aggregation(path, table)
    return {"members": np.array([len(v) for v in found.members["sectors"].values()], float)}


@dataclass(frozen=True)
class Sheet:
    """A file of cells.

    Parameters
    ----------
    heads, labels : int
        Rows above and columns beside the numbers; in long format the labels are codes.
    sep : str
    rows : tuple of int
        First of the rows, and the one after the last, that are all read.
    numbers : sequence of str
        In long format, names of the columns of numbers.
    whole : bool
        Whether every number of the file is a figure of the table as it stands.
    """

    heads: int = 1
    labels: int = 0
    sep: str = ","
    rows: tuple[int, int] = (1, 7)
    numbers: Sequence[str] = ()
    whole: bool = True

    @property
    def matrix(self) -> bool:
        """Whether labels stand above the numbers, too."""
        return not self.numbers

    def columns(self, header: list[str]) -> list[int]:
        """Columns of numbers that are read."""
        if self.numbers:
            return [header.index(name) for name in self.numbers if name in header]
        return [k for k in range(self.labels, len(header)) if header[k] != "TOT"]


@dataclass(frozen=True)
class Format:
    """A kind of input.

    Parameters
    ----------
    write : callable
        Writes a good one into a folder; returns the path that is read.
    read : callable
    sheets : mapping of str to Sheet
        Files of cells.
    plain : tuple of str
        Files of YAML or JSON.
    binary : tuple of str
    """

    write: Callable[[Path], Path]
    read: Callable[[Path], Facts]
    sheets: dict[str, Sheet] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    binary: tuple[str, ...] = ()


def _of_folder(path: Path) -> Facts:
    return {**of_table(read_folder(path)), **_tariffs(Path(folder_tariffs(path)))}


def _tariffs(path: Path) -> Facts:
    return {"rate": load_tariffs(str(path), "mine", AXES)[0]}


def _figures(place: Path) -> Path:
    return _text("own.csv", own_figures(small_model().benchmark).to_csv(index=False))(place)


def _parameters(path: Path) -> Facts:
    given = load_knowledge_parameters().with_given(path)
    return {"values": np.array([given["growth"], given["depreciation_applied"]])}


def _excel(place: Path) -> Path:
    frame = wiod2016_frame(World()).drop(columns=["Year"])
    head = np.full((6, frame.shape[1]), None, dtype=object)
    for n, column in enumerate(frame.columns[4:], start=4):
        head[4, n], head[5, n] = column[:3], f"c{column[3:] or 9}"
    body = np.vstack([head, frame.to_numpy(dtype=object)])
    pd.DataFrame(body).to_excel(place / "WIOT2014_x.xlsx", header=False, index=False)
    return place / "WIOT2014_x.xlsx"


def _old_wiod(place: Path) -> Path:
    """Return a workbook of the release of 2013, names above and beside the numbers."""
    world = World()
    z, f = world.square
    sectors = [(r, i, f"c{k}") for r in REGIONS for k, i in enumerate(SECTORS, 1)]
    final = [(r, "", f"c{k}") for r in REGIONS for k in (37, 38, 39, 41, 42)]
    head = np.full((6, 4 + len(sectors) + len(final) + 1), None, dtype=object)
    head[0, 0], head[3, -1] = "Input-Output Table for 2014", "Total output"
    for n, (region, code, number) in enumerate([*sectors, *final], start=4):
        head[2:6, n] = code or None, "name", region, number
    rows = [[i, "name", r, k, *z[n], *f[n], world.output.reshape(-1)[n]]
            for n, (r, i, k) in enumerate(sectors)]  # fmt: skip
    below = {"Total intermediate consumption": (z.sum(axis=0), "r60"),
             "Value added at basic prices": (world.value.reshape(-1), "r64")}  # fmt: skip
    rows += [[None, name, None, number, *values, *[0.0] * 11]
             for name, (values, number) in below.items()]  # fmt: skip
    body = np.vstack([head, np.array(rows, dtype=object)])
    pd.DataFrame(body).to_excel(place / "wiot14_x.xlsx", header=False, index=False)
    return place / "wiot14_x.xlsx"


def _archive(place: Path) -> Path:
    _saved(place)
    return Path(shutil.make_archive(str(place / "system"), "zip", place / "system"))


def _parquet(place: Path) -> Path:
    world = World()
    world.system(world.parts()).save_all(place / "system", table_format="parquet")
    return place / "system"


def _measure(path: Path) -> Facts:
    measure = Measure(instrument="tariff", exporter="CHN", importer="USA", file=str(path),
                      column="rate", weight="weight")  # fmt: skip
    model = small_model()
    return {"rate": rates_from_file(model, measure, cells(model, measure, "policy.0"), "policy.0")}


_LONG = {
    "intermediate.csv": Sheet(numbers=("value",), rows=(1, 37)),
    "final.csv": Sheet(numbers=("value",), rows=(1, 61)),
    "value_added.csv": Sheet(numbers=("value",), rows=(1, 13), whole=False),
    "tariffs.csv": Sheet(numbers=("rate",), rows=(1, 7), whole=False),
}
_SAVED = Sheet(3, 2, "\t", (3, 9))
_EORA = Sheet(0, 0, "\t", (0, 6))
FORMATS: dict[str, Format] = {
    "folder": Format(_folder, _of_folder, _LONG, ("table.yaml",)),
    "folder without codes": Format(
        lambda place: _folder(place, given=False), lambda p: of_table(read_folder(p)),
        {name: _LONG[name] for name in ("intermediate.csv", "final.csv")}),
    "folder of Parquet": Format(
        lambda place: _folder(place, "parquet"), lambda p: of_table(read_folder(p)),
        binary=("intermediate.parquet", "final.parquet")),
    "saved system": Format(_saved, published("pymrio"), {
        "Z.txt": _SAVED, "Y.txt": _SAVED,
        "factor_inputs/F.txt": Sheet(3, 1, "\t", (4, 6), whole=False),
    }, ("file_parameters.json", "factor_inputs/file_parameters.json")),
    "OECD": Format(_square, published("icio"),
                   {"ICIO2023_2014.csv": Sheet(1, 1, rows=(1, 7), whole=False)}),
    "WIOD 2016": Format(_wiod, published("wiod2016"),
                        {"WIOT2014_x.csv": Sheet(1, 5, rows=(1, 7), whole=False)}),
    "WIOD 2016 in a workbook": Format(_excel, published("wiod2016"),
                                      binary=("WIOT2014_x.xlsx",)),
    "WIOD 2013": Format(_old_wiod, published("wiod2013"), binary=("wiot14_x.xlsx",)),
    "saved system in an archive": Format(_archive, published("pymrio"), binary=("system.zip",)),
    "saved system of Parquet": Format(_parquet, published("pymrio"),
                                      binary=("Z.parquet", "factor_inputs/F.parquet")),
    "rates of a measure": Format(
        _text("duty.csv", MEASURE), _measure,
        {"duty.csv": Sheet(numbers=("rate", "weight"), rows=(1, 4), whole=False)}),
    "Eora26": Format(_eora, published("eora26"), {
        "Eora26_2014_bp_T.txt": _EORA, "Eora26_2014_bp_FD.txt": _EORA,
        "Eora26_2014_bp_VA.txt": Sheet(0, 0, "\t", (0, 2), whole=False),
    }),
    "tariffs": Format(_text("rates.csv", RATES), _tariffs,
                      {"rates.csv": Sheet(numbers=("rate",), rows=(1, 4))}),
    "drivers": Format(_text("drivers.csv", DRIVERS), _drivers,
                      {"drivers.csv": Sheet(numbers=("labour", "productivity"), rows=(1, 4),
                                            whole=False)}),
    "knowledge": Format(_figures, _knowledge,
                        {"own.csv": Sheet(numbers=("value",), rows=(1, 40), whole=False)}),
    "elasticities": Format(_yaml("set.yaml", SET), lambda p: of_model(load_elasticity_set(p)),
                           plain=("set.yaml",)),
    "aggregation": Format(_yaml("two.yaml", AGGREGATION), _aggregation, plain=("two.yaml",)),
    "scenario": Format(_yaml("trial.yaml", SCENARIO), lambda p: of_model(load_scenario(p)),
                       plain=("trial.yaml",)),
    "library": Format(_yaml("library.yaml", LIBRARY), lambda p: of_model(load_library(p)),
                      plain=("library.yaml",)),
    "parameters": Format(_yaml("own.yaml", {"depreciation_applied": 0.2, "growth": 0.03}),
                         _parameters, plain=("own.yaml",)),
    "benchmark": Format(_benchmark, of_benchmark, plain=("benchmark.yaml",),
                        binary=("arrays.npz",)),
    "FIGARO": Format(_figaro, published("figaro"), {
        "matrix_eu-ic-io_ind-by-ind_26ed_2014.csv": Sheet(1, 1, rows=(1, 7), whole=False)}),
}  # fmt: skip


# -- how a good file is spoilt

SAME, ONE, REFUSED, EITHER = "the same", "one number", "refused", "either"
#: Texts that are no numbers here.
WORDS = ("n.a.", "-", "NA", "x", "12,83", "1.234,5", "1 234", "", "inf", "nan", "1e400", "True",
         "0x1A", "1_000", "١٢", "12%", "$5", "−5", "1.2.3", "#REF!", "1,234.5")  # fmt: skip
#: Ways to write a number that all mean the same.
SPELLED = ("{:.17g}", "{:.17e}", " {:.17g} ", "{:+.17g}", "{:.17E}")


@dataclass(frozen=True)
class Case:
    """A file spoilt in one place, and what must come of it."""

    format: str
    file: str
    how: str
    comes: str
    change: Callable[[Path], object]


class Cells:
    """Damage to a file of cells: one cell, row, label, or the way in which all is written."""

    def __init__(self, rng: np.random.Generator, name: str, file: str, sheet: Sheet) -> None:
        self.rng, self.name, self.file, self.sheet = rng, name, file, sheet

    def case(
        self, how: str, comes: str, edit: Callable[[list[list[str]]], Any], sep: str = "",
        **form: Any,
    ) -> Case:  # fmt: skip
        given = self.sheet.sep

        def change(path: Path) -> None:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, delimiter=given))
            text = io.StringIO()
            form.setdefault("lineterminator", "\n")
            csv.writer(text, delimiter=sep or given, **form).writerows(edit(rows) or rows)
            path.write_bytes(text.getvalue().encode())

        return Case(self.name, self.file, how, comes, change)

    def row(self) -> int:
        return int(self.rng.integers(*self.sheet.rows))

    def put(self, value: Callable[[str], str]) -> Callable[[list[list[str]]], None]:
        def edit(rows: list[list[str]]) -> None:
            first, last = self.sheet.rows
            where = [(n, k) for n in range(first, last) for k in self.sheet.columns(rows[0])
                     if rows[n][k] not in ("", "0.0")]  # fmt: skip
            n, k = where[int(self.rng.integers(len(where)))]
            rows[n][k] = value(rows[n][k])

        return edit

    def relabel(self, value: Callable[[str], str]) -> Callable[[list[list[str]]], None]:
        """Change a label: beside the numbers, or above them."""
        sheet = self.sheet

        def edit(rows: list[list[str]]) -> None:
            known = [
                (n, k) for n in range(*sheet.rows)
                for k in (range(sheet.labels) if sheet.matrix else range(len(rows[0])))
                if re.search("[A-Za-z]", rows[n][k]) and rows[0][k] != "IndustryDescription"
            ]  # fmt: skip
            if sheet.matrix:
                heads = range(min(sheet.heads, 2))
                known += [(n, k) for n in heads for k in sheet.columns(rows[0])]
            n, k = known[int(self.rng.integers(len(known)))]
            rows[n][k] = value(rows[n][k])

        return edit

    def all(self) -> Iterator[Case]:
        rng, sheet, case, same = self.rng, self.sheet, self.case, lambda rows: None
        drivers, inputs = self.name == "drivers", self.file.endswith("F.txt")
        for word in rng.choice(WORDS, 4, replace=False):
            # A driver that is left out does not move; all else needs its number.
            none = drivers and word == ""
            yield case(f"{word!r} for a number", EITHER if none else REFUSED,
                       self.put(lambda _, w=word: str(w)))  # fmt: skip
        spelled, by = str(rng.choice(SPELLED)), float(rng.uniform(1.01, 1.3))
        yield case(f"{spelled} for a number", SAME, self.put(lambda v: spelled.format(float(v))))
        # Shares that no longer add up are refused; a weight alone weighs nothing.
        loose = ("knowledge", "rates of a measure")
        yield case(
            "another number",
            EITHER if self.name in loose else ONE,
            self.put(lambda v: repr(float(v) * by)),
        )
        yield case("quotes around everything", SAME, same, quoting=csv.QUOTE_ALL)
        yield case("line ends of Windows", SAME, same, lineterminator="\r\n")
        row = self.row()
        yield case("a row twice", REFUSED, lambda rows: rows.insert(row, [*rows[row]]))
        # In long format a cell that is not there is zero; an input may be missing.
        yield case("a row gone", EITHER if inputs or not sheet.matrix else REFUSED,
                   lambda rows: [*rows[:row], *rows[row + 1 :]])  # fmt: skip
        # The last column of WIOD is a total that is not read.
        total = drivers or self.name == "WIOD 2016"
        yield case("a field gone", EITHER if total else REFUSED,
                   lambda rows: [*rows[:row], rows[row][:-1], *rows[row + 1 :]])  # fmt: skip
        yield case("a field too many", REFUSED, lambda rows: rows[row].append("7"))
        if sheet.heads:
            for how, value in (
                ("blank", lambda _: ""),
                ("of spaces", lambda _: "  "),
                ("in small letters", str.lower),
                ("misspelt", "{}X".format),
            ):
                # Sectors and drivers may be left blank for a nation; a category of final demand
                # has any name that is recognised, and without a list any code is one.
                strict = self.name in ("folder", "tariffs", "OECD")
                yield case(f"a label {how}", REFUSED if strict else EITHER, self.relabel(value))
        if sheet.heads == 1:
            yield from self.orders()
        if not sheet.matrix:
            yield case("decimal commas that are said", SAME, self.commas(True))
            yield case("decimal commas and semicolons", SAME, self.commas(True), sep=";")
            yield case("decimal commas that are not said", REFUSED, self.commas(False))
            yield case("semicolons", REFUSED, same, sep=";")
            yield case("blank lines", SAME, lambda rows: [[], *rows[:2], [], *rows[2:], []])

    def orders(self) -> Iterator[Case]:
        sheet = self.sheet

        def rename(rows: list[list[str]]) -> None:
            rows[0][self.sheet.columns(rows[0])[-1]] += "x"

        yield self.case("a column renamed", REFUSED, rename)

        def turn(rows: list[list[str]]) -> list[list[str]]:
            rest = sheet.labels + self.rng.permutation(len(rows[0]) - sheet.labels)
            return [[row[k] for k in (*range(sheet.labels), *rest)] for row in rows]

        def mix(rows: list[list[str]]) -> list[list[str]]:
            return [rows[0], *(rows[1 + n] for n in self.rng.permutation(len(rows) - 1))]

        yield self.case("columns in another order", SAME, turn)
        yield self.case("rows in another order", SAME, mix)

    def commas(self, said: bool) -> Callable[[list[list[str]]], list[list[str]]]:
        def edit(rows: list[list[str]]) -> list[list[str]]:
            chosen = self.sheet.columns(rows[0])
            body = [[cell.replace(".", ",") if k in chosen else cell for k, cell in enumerate(row)]
                    for row in rows[1:]]  # fmt: skip
            return [*([["decimal=,"]] if said else []), rows[0], *body]

        return edit


def spoil_bytes(
    rng: np.random.Generator, name: str, file: str, binary: bool = False
) -> Iterator[Case]:
    """Cut a file, change bytes of it, or write it in another encoding."""

    def case(how: str, comes: str, edit: Callable[[bytes], bytes]) -> Case:
        return Case(name, file, how, comes, lambda path: path.write_bytes(edit(path.read_bytes())))

    where, what = rng.random(3), rng.integers(0, 256, 3)

    def flip(raw: bytes) -> bytes:
        content = bytearray(raw)
        for part, byte in zip(where, what, strict=True):
            content[int(part * len(content))] = byte
        return bytes(content)

    # Parquet and workbooks have no checksum of their cells; a benchmark has.
    yield case("bytes changed", EITHER if name != "benchmark" or not binary else REFUSED, flip)
    part = float(rng.uniform(0.05, 0.95))
    yield case("cut off", EITHER, lambda raw: raw[: int(part * len(raw))])
    yield case("nothing in it", REFUSED, lambda raw: b"")
    yield case("zeros for everything", REFUSED, lambda raw: bytes(len(raw)))
    yield case("compressed", REFUSED, zlib.compress)
    if not binary:
        yield case("UTF-16", REFUSED, lambda raw: raw.decode().encode("utf-16"))
        yield case("a byte-order mark", SAME, lambda raw: b"\xef\xbb\xbf" + raw)
    yield Case(name, file, "a folder in its place", EITHER, _to_folder)
    yield Case(name, file, "gone", EITHER, Path.unlink)


def _to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def spoil_parquet(rng: np.random.Generator, name: str, file: str) -> Iterator[Case]:
    """Other types of numbers, rows and columns in a Parquet file in long format."""

    def case(how: str, comes: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> Case:
        def change(path: Path) -> None:
            edit(pd.read_parquet(path)).to_parquet(path)

        return Case(name, file, how, comes, change)

    def values(given: Callable[[pd.Series], Any]) -> Callable[[pd.DataFrame], pd.DataFrame]:
        return lambda frame: frame.assign(value=given(frame["value"]))

    n = int(rng.integers(30))
    yield case("numbers as text", SAME, values(lambda v: [repr(float(x)) for x in v]))
    yield case("a word among numbers", REFUSED, values(
        lambda v: [repr(float(x)) if k != n else "n.a." for k, x in enumerate(v)]))  # fmt: skip
    yield case("no number", REFUSED, values(lambda v: v.mask(v.index == n)))
    yield case("truth values", REFUSED, values(lambda v: v > 3))
    yield case("dates", REFUSED, values(lambda v: pd.to_datetime(v, unit="s")))
    yield case("bytes", REFUSED, values(lambda v: [b"1"] * len(v)))
    yield case("lists", REFUSED, values(lambda v: [[1.0]] * len(v)))
    yield case("a row twice", REFUSED, lambda f: pd.concat([f, f.iloc[[n]]], ignore_index=True))
    yield case("no column of numbers", REFUSED, lambda f: f.drop(columns="value"))
    yield case("a code gone", REFUSED, lambda f: f.assign(origin=f["origin"].mask(f.index == n)))
    yield case("codes as categories", SAME, lambda f: f.astype({"origin": "category"}))


def spoil_workbook(rng: np.random.Generator, name: str, file: str) -> Iterator[Case]:
    """Change one cell, row or label of a workbook of WIOD, or the order of its columns."""

    def case(how: str, comes: str, edit: Callable[[pd.DataFrame], Any]) -> Case:
        def change(path: Path) -> None:
            sheet = pd.read_excel(path, header=None).astype(object)
            found = edit(sheet)
            found = sheet if found is None else found
            found.to_excel(path, header=False, index=False)

        return Case(name, file, how, comes, change)

    def put(row: int, column: int, value: object) -> Callable[[pd.DataFrame], None]:
        def edit(sheet: pd.DataFrame) -> None:
            sheet.iloc[row, column] = value

        return edit

    row, column = int(rng.integers(6, 12)), int(rng.integers(4, 20))
    for word in ("n.a.", "12,83", "-", None, True, "1 234"):
        yield case(f"{word!r} for a number", REFUSED, put(row, column, word))
    yield case("a number as text", SAME, lambda sheet: sheet.astype(str).replace("nan", None))
    yield case("a row twice", REFUSED, lambda s: pd.concat([s, s.iloc[[row]]]))
    yield case("a row gone", REFUSED, lambda s: s.drop(index=row))
    yield case("a column gone", REFUSED, lambda s: s.drop(columns=column))
    yield case("a country misspelt", REFUSED, put(row, 2, "XXX"))
    yield case("a code misspelt", REFUSED, put(row, 0, "XXX"))
    yield case("a column's country misspelt", REFUSED, put(4, column, "XXX"))
    yield case("a column's number blank", EITHER, put(5, column, None))  # of a sector not read
    order = [0, 1, 2, 3, *(4 + rng.permutation(16)), 20]
    yield case("columns in another order", SAME, lambda s: s.iloc[:, order])
    others = [*range(6), *(6 + rng.permutation(8))]
    yield case("rows in another order", SAME, lambda s: s.iloc[others])


def spoil_plain(rng: np.random.Generator, name: str, file: str) -> Iterator[Case]:
    """Put a wrong value in a leaf of a file of YAML or JSON, or a wrong key beside it."""
    in_json = file.endswith("json")
    load: Callable[[str], Any] = json.loads if in_json else yaml.safe_load
    dump: Callable[[Any], str] = json.dumps if in_json else yaml.safe_dump

    def leaves(content: Any) -> Iterator[tuple[Any, Any]]:
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            if isinstance(value, dict | list):
                yield from leaves(value)
            else:
                yield content, key

    def case(how: str, comes: str, edit: Callable[[Any], Any]) -> Case:
        def change(path: Path) -> None:
            content = load(path.read_text(encoding="utf-8"))
            edit(content)
            path.write_text(dump(content), encoding="utf-8")

        return Case(name, file, how, comes, change)

    def put(value: Any, *wanted: type) -> Callable[[Any], None]:
        def edit(content: Any) -> None:
            known = [(c, k) for c, k in leaves(content) if type(c[k]) in wanted]
            inside, key = known[int(rng.integers(len(known)))]
            inside[key] = value

        return edit

    if not in_json and name not in ("aggregation", "benchmark"):  # these have texts alone
        for value in ("abc", "1,5", "12%", True, float("nan"), float("inf"), [1.0], {"a": 1}, None):
            none = name == "scenario"  # a year or a size may be left out
            yield case(f"{value!r} for a number", EITHER if none else REFUSED,
                       put(value, int, float))  # fmt: skip
    if name != "parameters":
        for value in (True, 17, -1.5, {"a": 1}, ["x"], None, "", " ", "x\x1b[31m", "é" * 5000):
            yield case(f"{str(value)[:9]!r} for a text", EITHER, put(value, str))
    if not in_json:
        yield case("an unknown key", REFUSED, lambda content: content.update(colour="red"))


def all_cases(seed: int) -> list[Case]:
    """Return every kind of damage to every file, in places that the seed decides."""
    rng = np.random.default_rng(seed)
    found: list[Case] = []
    for name, made in FORMATS.items():
        for file, sheet in made.sheets.items():
            found += [*Cells(rng, name, file, sheet).all(), *spoil_bytes(rng, name, file)]
        for file in made.plain:
            found += [*spoil_plain(rng, name, file), *spoil_bytes(rng, name, file)]
        for file in made.binary:
            found += spoil_bytes(rng, name, file, binary=True)
            if name == "folder of Parquet":
                found += spoil_parquet(rng, name, file)
            if file.endswith("xlsx"):
                found += spoil_workbook(rng, name, file)
    return found


# -- what comes of it


@cache
def _good(name: str) -> Facts:
    with tempfile.TemporaryDirectory() as place:
        return FORMATS[name].read(FORMATS[name].write(Path(place)))


def differing(a: Facts, b: Facts) -> int:
    """Return in how many numbers two readings differ; all, where they have other shapes."""
    if a.keys() != b.keys() or any(a[k].shape != b[k].shape for k in a):
        return 10**6
    return sum(int((~np.isclose(a[k], b[k], rtol=1e-12, atol=0, equal_nan=True)).sum()) for k in a)


def misread(found: Facts, source: Path, file: Path, sheet: Sheet | None) -> str:
    """Say which figures of a table are in none of its files, or which of a file are lost."""
    figures = [found[key].ravel() for key in ("flows", "final", "rate") if key in found]
    if not figures or sheet is None:
        return ""
    known = np.concatenate(figures)
    files = [p for p in (source.rglob("*") if source.is_dir() else [source]) if p.is_file()]
    held = np.array([number for path in files for number in _numbers_in(path)])
    invented = [x for x in known[known != 0] if not np.isclose(held, x, rtol=1e-12, atol=0).any()]
    here = _numbers_in(file) if sheet.whole and file.is_file() else []
    lost = [x for x in here if x != 0 and not np.isclose(known, x, rtol=1e-12, atol=0).any()]
    return f"{len(invented)} figures are in no file, {len(lost)} are lost" * bool(invented or lost)


def _numbers_in(path: Path) -> list[float]:
    text = path.read_bytes().decode("utf-8", errors="replace")
    found = []
    for cell in re.split(r"[,;\t\r\n\"]+", text):
        try:
            found.append(float(cell))
        except ValueError:
            continue
    return found


def outcome(case: Case, place: Path) -> tuple[str, str]:
    """Return what came of a case, and what is wrong with that."""
    made = FORMATS[case.format]
    source = made.write(place)
    file = source / case.file if source.is_dir() else source
    case.change(file)
    try:
        found = made.read(source)
    except InputError as error:
        said = str(error)
        if (file.name not in said and str(source) not in said) or "\n" in said:
            return "refused", f"the message does not name the file in one line: {said}"
        return "refused", f"refused: {said}" if case.comes in (SAME, ONE) else ""
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    count = differing(found, _good(case.format))
    wrong = {
        REFUSED: f"was read, {count} numbers differ",
        SAME: f"{count} numbers differ" * bool(count),
        ONE: "the number is the old one" * (not count),
        EITHER: misread(found, source, file, made.sheets.get(case.file)),
    }
    return "read", wrong[case.comes]


def try_all(cases: Sequence[Case], place: Path) -> Counter[str]:
    """Try cases, each in a folder of its own, and fail with a list of those that went wrong."""
    counts: Counter[str] = Counter()
    failures = []
    for n, case in enumerate(cases):
        folder = place / str(n)
        folder.mkdir()
        what, wrong = outcome(case, folder)
        counts[what] += 1
        if wrong:
            failures.append(f"{case.format}, {case.file}, {case.how} ({case.comes}): {wrong}")
    assert not failures, "\n".join([f"{len(failures)} of {len(cases)}", *failures])
    return counts


def test_a_sample_of_malformed_files_is_read_rightly_or_refused(tmp_path: Path) -> None:
    counts = try_all(all_cases(seed=0)[::11], tmp_path)
    assert counts["refused"] > 20 and counts["read"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_malformed_files_are_read_rightly_or_refused(tmp_path: Path, seed: int) -> None:
    cases = all_cases(seed)
    counts = try_all(cases, tmp_path)
    print(f"seed {seed}: {len(cases)} files, {dict(counts)}")
    assert counts["refused"] > 200 and counts["read"] > 100


@pytest.mark.slow
def test_the_command_ends_with_2_and_one_line_on_malformed_tables(here: Path, cge: Run) -> None:
    """As a user meets it: nothing on the screen but the message, nothing written."""
    cases = [case for case in all_cases(seed=9) if case.comes == REFUSED
             and case.format in ("folder", "folder of Parquet", "saved system")]  # fmt: skip
    for n, case in enumerate(cases):
        place = here / str(n)
        place.mkdir()
        source = FORMATS[case.format].write(place)
        case.change(source / case.file)
        kind = () if case.format.startswith("folder") else ("--kind", "pymrio", "--year", "2014")
        before = snapshot(place)
        found = cge("calibrate", source, "--out", place / "out", *kind)
        said = f"{case.format}, {case.file}, {case.how}: {found}"
        assert found.code == 2 and found.out == "" and found.err.count("\n") == 1, said
        assert found.err.startswith("cge: ") and "Traceback" not in found.err, said
        assert snapshot(place) == before, said
    assert len(cases) > 80
