"""Reading what the commands wrote: run folders and their cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError

MANIFEST = "manifest.json"
#: Where a run is written unless the user says otherwise.
HOME = Path("results") / "runs"
RESULTS, INTERVALS, DRIVERS = "results.parquet", "sensitivity.parquet", "drivers.parquet"
HEADLINE = "headline.parquet"
#: What else writes a file of that name, in a layout of its own.
FRONTIER, STRESS = "cge frontier STUDY", "cge stress SCENARIO"
#: What makes each file, for who asks for what is not there.
MADE_BY = {
    HEADLINE: "cge headline SCENARIO",
    RESULTS: "cge run SCENARIO",
    INTERVALS: "cge sens SCENARIO",
    DRIVERS: "cge sens SCENARIO",
}
_TEXT = ("scenario", "closure", "elasticities", "returns", "year", "region", "partner",
         "sector", "item", "shock", "measure", "unit", "change_unit", "statistic", "parameter",
         "nest", "direction")  # fmt: skip
_NEEDED = {
    RESULTS: ("scenario", "elasticities", "region", "measure", "value", "unit"),
    INTERVALS: ("scenario", "elasticities", "region", "measure", "statistic", "value", "unit"),
    DRIVERS: ("scenario", "elasticities", "region", "measure", "parameter", "share"),
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What the user wants to see; empty means what fits the kind.

    Parameters
    ----------
    measures, regions, sectors, scenarios, elasticities : tuple of str
    unit : str, optional
    step : float
        Share of the policy in place.
    years : tuple of int
        Of a path: 1 is the first, or years of the calendar.
    detail : bool
        Components rather than their groups.
    title : str, optional
    """

    measures: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    elasticities: tuple[str, ...] = ()
    unit: str | None = None
    step: float = 1.0
    years: tuple[int, ...] = ()
    detail: bool = False
    title: str | None = None


@dataclass(frozen=True, eq=False)
class RunFolder:
    """A folder that `cge run` or `cge sens` wrote."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What made it; empty where there is no manifest."""
        try:
            content = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return {}

    def table(self, name: str) -> pd.DataFrame:
        """Return one of its tables; text that is missing is empty.

        Raises
        ------
        InputError
            If the folder has no such file, or it is not what it should be.
        """
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def _read(self, name: str) -> pd.DataFrame:
        path = self.path / name
        if not path.is_file():
            raise InputError(f"holds no {name}; `{MADE_BY[name]}` writes it", file=self.path)
        try:
            with path.open("rb") as file:  # Arrow opens no path that is not UTF-8
                table = pd.read_parquet(file)
        except Exception as error:  # Arrow has a dozen kinds of error, all about the file
            reason = " ".join(str(error).split())
            raise InputError(f"can not be read as a table: {reason}", file=path) from None
        for column in _NEEDED[name]:
            if column not in table.columns:
                raise InputError(
                    f"column '{column}' is missing: not a file of this program", file=path
                )
        for column in _TEXT:  # what an older file lacks is empty
            words = table[column] if column in table.columns else pd.Series("", table.index)
            words = words.astype("category")
            words = words.cat.rename_categories([str(word) for word in words.cat.categories])
            if "" not in words.cat.categories:
                words = words.cat.add_categories([""])
            table[column] = words.fillna("")
        if "step" not in table.columns:
            table["step"] = 1.0
        table["step"] = table["step"].astype(float).fillna(1.0)
        for column in ("benchmark", "change"):
            if column not in table.columns:
                table[column] = np.nan
        return table

    @property
    def benchmark(self) -> Mapping[str, Any]:
        """What the manifest says of the benchmark; empty where it says nothing."""
        told = self.manifest.get("benchmark")
        return told if isinstance(told, dict) else {}

    @property
    def money(self) -> str:
        """The money unit of its values."""
        unit = self.benchmark.get("unit")
        if isinstance(unit, str):
            return unit
        table = self.table(RESULTS)
        found = table.loc[table["measure"] == "equivalent_variation_value", "unit"]
        return str(found.iloc[0]) if len(found) else "money"

    def names(self, axis: str) -> dict[str, str]:
        """Return the readable names of the codes of an axis, where the run recorded them."""
        names = self.benchmark.get("names", {})
        found = names.get(axis, {}) if isinstance(names, dict) else {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True, eq=False)
class Case:
    """One solution in a run folder.

    Parameters
    ----------
    run : RunFolder
    keys : mapping
        scenario, closure, elasticities, year.
    label : str
        What tells it from the other cases; empty if it is the only one.
    """

    run: RunFolder
    keys: Mapping[str, str]
    label: str = ""
    file: str = RESULTS
    step: float = 1.0
    _found: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict, repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Its rows at the step that was chosen."""
        table = self.run.table(self.file)
        here = np.isclose(table["step"], self.step)
        for key, value in self.keys.items():
            here &= (table[key] == value).to_numpy()
        return table[here]

    def rows(self, *measures: str) -> pd.DataFrame:
        """Return the rows of some measures, with plain text columns."""
        if measures not in self._found:
            here = np.flatnonzero(self.table["measure"].isin(measures))
            plain: dict[str, Any] = {
                str(name): column.array.take(here) for name, column in self.table.items()
            }
            words = {name: np.asarray(plain[name], dtype=object) for name in _TEXT}
            self._found[measures] = pd.DataFrame({**plain, **words})
        return self._found[measures]

    def codes(self, column: str, *measures: str) -> tuple[str, ...]:
        """Return the codes in a column of some measures, in the order of the file."""
        table = self.table
        found = table[table["measure"].isin(measures)] if measures else table
        return tuple(str(code) for code in found[column].unique() if code != "")

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions, in the order of the benchmark."""
        return self.codes("region", "equivalent_variation") or self.codes("region")


def open_runs(paths: Iterable[str | Path]) -> list[RunFolder]:
    """Return the run folders of paths; a bare scenario name means where its run is written.

    Raises
    ------
    InputError
        For a folder that is none of ours, and one given twice.
    """
    runs: list[RunFolder] = []
    for given in paths:
        path = Path(given)
        if path.is_file() and path.name in MADE_BY:
            path = path.parent
        if not path.exists() and path.parent == Path() and (HOME / path.name).is_dir():
            path = HOME / path.name
        if not path.is_dir():
            raise InputError(
                "no such run folder",
                file=path,
                allowed="folders that `cge run` or `cge sens` wrote",
            )
        if not any((path / name).is_file() for name in MADE_BY):
            raise InputError(
                "is not a run's folder", file=path,
                allowed=f"folders with {' or '.join(MADE_BY)}",
            )  # fmt: skip
        if any(run.path.resolve() == path.resolve() for run in runs):
            raise InputError("this run is given twice", file=path)
        runs.append(RunFolder(path))
    if not runs:
        raise InputError("give at least one run folder", allowed="what `cge run` wrote")
    return runs


def cases_of(runs: Sequence[RunFolder], choice: Choice, file: str = RESULTS) -> list[Case]:
    """Return the chosen solutions of some runs, in the order of the files.

    Raises
    ------
    InputError
        For a scenario, an elasticity set or a step that none of the runs has.
    """
    keys = ("scenario", "closure", "elasticities", "year")
    found: list[tuple[RunFolder, dict[str, str]]] = []
    for run in runs:
        table = run.table(file)
        _check_step(table, choice.step, run)
        here = _of_years(table, choice.years, run)
        own: tuple[str, ...] = keys
        if "period" in table.columns:  # a path is shown under the returns that are its main ones
            table, own = table[here], (*keys, "returns")
        for row in table[list(own)].drop_duplicates().itertuples(index=False):
            found.append((run, dict(zip(own, map(str, row), strict=True))))
    for key, wanted in (("scenario", choice.scenarios), ("elasticities", choice.elasticities)):
        known = list(dict.fromkeys(case[key] for _, case in found))
        short = {name.split(".", 1)[-1]: name for name in known} if key == "scenario" else {}
        full = {short.get(name, name) if name not in known else name for name in wanted}
        for name in sorted(full):
            if name not in known:
                raise InputError("not in these runs", key=f"--{key}", value=name, allowed=known)
        found = [(run, case) for run, case in found if not wanted or case[key] in full]
    if not found:
        raise InputError("the runs have no rows for this choice", allowed="another combination")
    labels = labels_of(found)
    return [
        Case(run, case, label, file, choice.step)
        for (run, case), label in zip(found, labels, strict=True)
    ]


def main_returns(table: pd.DataFrame) -> str:
    """Return the level of returns to research under which a path is shown in full."""
    levels = [str(level) for level in table["returns"].unique()]
    return "central" if "central" in levels else levels[0]


def _of_years(table: pd.DataFrame, years: Sequence[int], run: RunFolder) -> NDArray[np.bool_]:
    """Return which rows are of the wanted years of a path.

    Raises
    ------
    InputError
        For a path without a year, a year without a path, and one that the path does not have.
    """
    if "period" not in table.columns:
        if years:
            raise InputError("has no years: it is not a path's", file=run.path, key="--year",
                             value=", ".join(map(str, years)))  # fmt: skip
        return np.ones(len(table), dtype=bool)
    known = periods_of(table)
    if not years:
        raise InputError(
            "is a path's folder: say which of its years", file=run.path, key="--year",
            allowed=f"{known[0]} to {known[-1]}, or the calendar's; or a kind for paths",
        )  # fmt: skip
    chosen = [period_of(table, year) for year in years]
    here = (table["returns"] == main_returns(table)).to_numpy()
    return np.asarray(here & table["period"].isin(chosen).to_numpy())


def periods_of(table: pd.DataFrame) -> list[int]:
    """Return the years of a path, 1 the first."""
    return sorted(int(n) for n in table["period"].dropna().unique())


def period_of(table: pd.DataFrame, year: int) -> int:
    """Return which year of a path is meant.

    Raises
    ------
    InputError
        If the path does not have it.
    """
    known = periods_of(table)
    if year in known:
        return year
    pairs = table.loc[table["period"].notna(), ["period", "year"]].drop_duplicates()
    calendar = {str(code): int(n) for n, code in pairs.itertuples(index=False)}
    if str(year) not in calendar:
        raise InputError("the path has no such year", key="--year", value=year,
                         allowed=f"{known[0]} to {known[-1]}, or the calendar's")  # fmt: skip
    return calendar[str(year)]


def _check_step(table: pd.DataFrame, step: float, run: RunFolder) -> None:
    steps = sorted(table["step"].unique())
    if not np.isclose(steps, step).any():
        raise InputError(
            "this share of the policy is not in the results", file=run.path, key="--step",
            value=step, allowed=[f"{value:g}" for value in steps],
        )  # fmt: skip


def labels_of(found: Sequence[tuple[RunFolder, dict[str, str]]]) -> list[str]:
    """Return what tells the cases apart, in as few words as will do."""
    cases = [case for _, case in found]
    every = dict.fromkeys(key for case in cases for key in case)
    varying = [key for key in every if len({case.get(key, "") for case in cases}) > 1]
    families = {case["scenario"].split(".", 1)[0] for case in cases}
    parts = []
    for run, case in found:
        words = {key: case[key] for key in varying if case.get(key)}
        if "scenario" in words and len(families) == 1 and "." in words["scenario"]:
            words["scenario"] = words["scenario"].split(".", 1)[1]
        if "closure" in words:
            words["closure"] = words["closure"].replace("_", " ")
        if varying == ["elasticities"]:
            words["elasticities"] = f"Elasticities: {case['elasticities']}"
        # Two runs of one scenario that differ in what is no column, the aggregation say.
        twin = any(case == other and run is not where for where, other in found)
        parts.append([*words.values(), *([_folder(run, found)] if twin else [])])
    return [", ".join(words) for words in parts]


def _folder(run: RunFolder, found: Sequence[tuple[RunFolder, dict[str, str]]]) -> str:
    same = {other.path for other, _ in found if other.name == run.name}
    return run.name if len(same) == 1 else str(run.path)


def chosen(
    known: Sequence[str], wanted: Sequence[str], key: str, *, among: str = "these runs"
) -> list[str]:
    """Return the wanted codes, or all there are.

    Raises
    ------
    InputError
        For one that there is not.
    """
    for code in wanted:
        if code not in known:
            raise InputError(f"not in {among}", key=f"--{key}", value=code, allowed=list(known))
    return list(dict.fromkeys(wanted)) or list(known)
