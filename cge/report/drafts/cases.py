"""Solutions in results: chosen, labelled, put together, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import InputError, refuse_if
from cge.core.files import whole
from cge.report.drafts.choice import FLAGS, Choice, chosen
from cge.results.register import item_of
from cge.results.resultset import ResultSet
from cge.results.row_schema import CASE, TEXT, is_world, world_label

Keys = Mapping[str, Any]
Source = Callable[[ResultSet], pd.DataFrame]
#: What is wrong where a page would be empty.
NO_ROWS = "the results have no rows for this choice"
#: Levels of the returns to research, and the one that stands for all.
CENTRAL = "central"
LEVELS = ("low", CENTRAL, "high")
EVERY_YEAR = range(1, 201)
#: Rows up to which those of all solutions are made plain at once.
FEW = 100_000
#: Years of a path that a table shows unless others are chosen, and the last.
SHOWN = (1, 5, 10, 20)


def whose_welfare(found: Iterable[ResultSet]) -> str:
    """Whose spending welfare is made of in these results, in words."""
    return "; ".join(dict.fromkeys(one.welfare_of for one in found))


@lru_cache(maxsize=32)
def all_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of solutions, also those of disruptions and statistics over them."""
    return results.rows[results.rows["point"].isna() & (results.rows["statistic"] == "")]


@lru_cache(maxsize=32)
def plain_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of solutions alone."""
    rows = all_rows(results)
    return rows[(rows["disruption"] == "") & (rows["weighting"] == "")]


@lru_cache(maxsize=32)
def _keys(results: ResultSet, source: Source) -> pd.DataFrame:
    """Keys of the solution that each row is of."""
    keys = source(results)[list(CASE)]
    return keys.assign(path_year=keys["path_year"].fillna(0).astype(int))


@lru_cache(maxsize=32)
def _places(results: ResultSet, source: Source) -> Mapping[tuple[Any, ...], np.ndarray]:
    """Numbers of the rows of each solution."""
    keys = _keys(results, source)
    known = np.flatnonzero(keys.notna().all(axis=1))
    keys = keys.iloc[known]
    # Of few distinct values each: numbered, they are grouped in a tenth of the time.
    number = np.zeros(len(keys), int)
    for name in CASE:
        codes, distinct = pd.factorize(keys[name])
        _, number = np.unique(number * len(distinct) + codes, return_inverse=True)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    own = np.split(order, starts[1:]) if len(order) else []
    first = keys.iloc[[part[0] for part in own]].astype({n: object for n in CASE if n in TEXT})
    return {key: known[part] for key, part in zip(first.itertuples(index=False, name=None), own)}


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(TEXT, object)).copy()


@lru_cache(maxsize=4)
def _plain_rows(results: ResultSet, source: Source) -> pd.DataFrame:
    """Rows of all solutions with plain columns of text."""
    return _plain(source(results))


class _Own:
    """Rows of one solution, and where those of each measure are among them.

    Parameters
    ----------
    rows : DataFrame
        Of all solutions.
    places : ndarray of int
        Which of them are its own.
    every : DataFrame, optional
        Rows of all solutions with plain columns of text, where these are few.
    """

    def __init__(
        self, rows: pd.DataFrame, places: np.ndarray, every: pd.DataFrame | None = None
    ) -> None:
        self.table = rows.iloc[places]
        self._numbers, self._every = places, every

    @cached_property
    def plain(self) -> pd.DataFrame:
        """With plain columns of text, all in one block from which rows are taken at once."""
        return _plain(self.table) if self._every is None else self._every.take(self._numbers)

    @cached_property
    def places(self) -> Mapping[Any, np.ndarray]:
        """Numbers of rows by measure."""
        groups: Any = self.table.groupby("measure", observed=True, sort=False)
        return dict(groups.indices)


@lru_cache(maxsize=8)
def _own_rows(results: ResultSet, source: Source, wanted: tuple[Any, ...]) -> _Own:
    """Rows of the solutions with some keys; None stands for any."""
    own = [
        places for key, places in _places(results, source).items()
        if all(want is None or want == has for want, has in zip(wanted, key, strict=True))
    ]  # fmt: skip
    rows = source(results)
    return _Own(rows, _in_order(own), _plain_rows(results, source) if len(rows) <= FEW else None)


def _in_order(places: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers of rows in the order of the rows."""
    return np.sort(np.concatenate([*places, []]).astype(int))


@dataclass(frozen=True, eq=False)
class Case:
    """One solution in results.

    Parameters
    ----------
    results : ResultSet
    keys : mapping
        Of the columns :data:`cge.results.row_schema.CASE`; ``path_year`` is 0 for what is of no
        year, None for a whole path.
    label : str
        What tells it from the other cases shown; empty if it is the only one.
    source : callable
        From results to the rows among which it stands.
    """

    results: ResultSet
    keys: Keys
    label: str = ""
    source: Source = plain_rows

    @property
    def title(self) -> str:
        """Title of its scenario or variant."""
        return str(self.keys["title"])

    @property
    def texts(self) -> dict[str, str]:
        """Its keys in a data file."""
        return {name: "" if value is None else str(value) for name, value in self.keys.items()}

    @property
    def table(self) -> pd.DataFrame:
        """Its rows."""
        return self._own.table

    @cached_property
    def _own(self) -> _Own:
        return _own_rows(self.results, self.source, tuple(self.keys[name] for name in CASE))

    def rows(self, *measures: str) -> pd.DataFrame:
        """Rows of some measures, with plain columns of text."""
        places = self._own.places
        own = [places[name] for name in dict.fromkeys(measures) if name in places]
        return self._own.plain.take(_in_order(own))

    def of_region(self, measure: str, column: str = "value") -> pd.Series:
        """One measure of regions as a whole, or one item of it, NaN where there is none."""
        name, item = item_of(measure)
        rows = self.rows(name)
        whole = {"partner": "", "sector": "", "shock": "", "item": item}
        here = [rows[key].to_numpy() == wanted for key, wanted in whole.items()]
        rows = rows[np.logical_and.reduce(here)].drop_duplicates("region").set_index("region")
        return rows[column].reindex([*self.regions, self.world]).astype(float)

    @property
    def regions(self) -> tuple[str, ...]:
        """Codes of the regions, in the order of the benchmark."""
        return tuple(str(code) for code in self.results.benchmark.get("regions", ()))

    @property
    def world(self) -> str:
        """Label of the world's figures."""
        return world_label(self.regions)

    def codes(self, column: str, *measures: str) -> tuple[str, ...]:
        """Codes in a column of some measures, in the order of the rows."""
        return tuple(code for code in dict.fromkeys(self.rows(*measures)[column]) if code)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Its facts in the manifest; of a whole path solved year by year, of its last year."""
        year = self.keys["path_year"]
        for told in reversed(self.results.manifest.get("cases", ())):
            same = (told.get(k, v) == v for k, v in self.keys.items() if k != "path_year")
            if all(same) and (year is None or told.get("path_year", 0) in (0, year, None)):
                return dict(told)
        return {}


def measures_in(rows: pd.DataFrame) -> list[str]:
    """Measures in rows, those by item as ``name[item]``."""
    pairs = rows[["measure", "item"]].drop_duplicates().itertuples(index=False, name=None)
    return [f"{name}[{item}]" if item else str(name) for name, item in pairs]


# -- which solutions are shown


def cases_of(
    found: Sequence[ResultSet], choice: Choice, measures: Sequence[str] = (),
    years: Sequence[int] | None = None, source: Source = plain_rows, world: bool = False,
) -> list[Case]:  # fmt: skip
    """The chosen solutions of some results, in the order of their rows.

    Parameters
    ----------
    found : sequence of ResultSet
    choice : Choice
    measures : sequence of str
        Only solutions that have one of these.
    years : sequence of int, optional
        Years of a path that are shown unless others are chosen; default its last.
    source : callable
        From results to the rows that are meant; default those of solutions.
    world : bool
        Unless scenarios are chosen: of a stress test, worlds without policy alone; else those
        with one, if there are any.

    Raises
    ------
    InputError
        For a scenario, elasticity set, step, year or region that none of them has.
    """
    cases: list[Case] = []
    chosen(levels_of(found), choice.returns, "returns")
    for results in found:
        rows = _keys(results, source)
        if measures:
            rows = rows[source(results)["measure"].isin(list(measures))]
        keys: Any = rows.drop_duplicates().to_dict("records")
        if not keys:  # no option is to blame
            continue
        keys = _of_step(_of_returns(_of_years(keys, choice, years, results), choice), choice)
        cases += [Case(results, one, source=source) for one in keys]
    refuse_if(not cases, NO_ROWS)
    cases = _named(cases, ("scenario", "variant"), choice.scenarios, "scenarios")
    cases = _named(cases, ("elasticities",), choice.elasticities, "elasticities")
    if not choice.scenarios:
        alike = [case for case in cases if is_world(str(case.keys["variant"])) == world]
        cases = alike or cases
    if cases and choice.regions:
        wanted = codes_of(cases, choice)
        cases = [case for case in cases if set(case.regions) & set(wanted)]
    refuse_if(not cases, NO_ROWS)
    return relabelled(cases)


def codes_of(cases: Sequence[Case], choice: Choice, world: bool = False) -> list[str]:
    """Chosen regions; with `world` its label too, where none is chosen."""
    known = list(dict.fromkeys(code for case in cases for code in case.regions))
    wanted = chosen(known, choice.regions, "regions")
    return [*wanted, cases[0].world] if world and not choice.regions else wanted


def _of_years(
    keys: list[dict[str, Any]], choice: Choice, usual: Sequence[int] | None, results: ResultSet
) -> list[dict[str, Any]]:
    """Solutions of the years that are wanted; those of a scenario without years all are."""
    found = []
    for path in dict.fromkeys((one["study"], one["scenario"]) for one in keys):
        own = [one for one in keys if (one["study"], one["scenario"]) == path]
        known = sorted({one["path_year"] for one in own} - {0})
        if not known:
            found += own
            continue
        wanted = [path_year(results, known, year) for year in choice.years]
        wanted = wanted or [year for year in usual or () if year in known] or known[-1:]
        found += [one for one in own if one["path_year"] in wanted]
    return found


def path_year(results: ResultSet, known: Sequence[int], year: int) -> int:
    """Year of a path that is meant by a year of it or of the calendar.

    Raises
    ------
    InputError
        If the path does not have it.
    """
    start = first_year(results)
    for meant in (year, year - (start or 0)):
        if meant in known:
            return meant
    raise InputError("the path has no such year", key=FLAGS["years"], value=year,
                     allowed=f"{known[0]} to {known[-1]}, or the calendar's")  # fmt: skip


def first_year(results: ResultSet) -> int | None:
    """Year of the benchmark."""
    return whole(str(results.benchmark.get("origin", {}).get("year", "")))


def _of_returns(keys: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    known = list(dict.fromkeys(one["research_return"] for one in keys if one["research_return"]))
    usual = [CENTRAL] if CENTRAL in known else known[:1]
    return [one for one in keys if one["research_return"] in ("", *(choice.returns or usual))]


def levels_of(found: Sequence[ResultSet]) -> list[str]:
    """Levels of the returns to research in some results."""
    known = (str(level) for one in found for level in one.rows["research_return"].unique())
    return [level for level in dict.fromkeys(known) if level]


def _of_step(keys: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    steps = sorted({float(one["step"]) for one in keys})
    if choice.step is not None and not np.isclose(steps, choice.step).any():
        raise InputError("this share of the policy is not in the results", key=FLAGS["step"],
                         value=choice.step, allowed=[f"{value:g}" for value in steps])  # fmt: skip
    wanted = steps[-1:] if choice.step is None else [choice.step]
    return [one for one in keys if np.isclose(one["step"], wanted).any()]


def _named(
    cases: list[Case], columns: Sequence[str], wanted: Sequence[str], option: str
) -> list[Case]:
    """Cases that have one of the wanted names in one of the columns; all if none is wanted.

    ``*`` and ``?`` in a name stand for anything.
    """
    if not wanted:
        return cases
    names = dict.fromkeys(case.keys[name] for case in cases for name in columns)
    known = [name for name in names if name]
    meant = []
    for one in wanted:
        meant += [name for name in known if fnmatchcase(name, one)] or [one]
    found = chosen(known, meant, option)
    return [case for case in cases if any(case.keys[name] in found for name in columns)]


# -- labels


def relabelled(cases: Sequence[Case]) -> list[Case]:
    """Cases with labels that tell them from each other."""
    words = [_words(case) for case in cases]
    varying = [name for name in words[0] if len({one[name] for one in words}) > 1]
    for name in ("folder", "scenario", "study", "research_return"):  # said by the others already?
        fewer = [other for other in varying if other != name]
        if name in varying and _distinct(words, fewer) == _distinct(words, varying):
            varying = fewer
    labels = [", ".join(one[name] for name in varying if one[name]) for one in words]
    if varying == ["elasticities"]:
        labels = [f"Elasticities: {label}" for label in labels]
    return [replace(case, label=label) for case, label in zip(cases, labels, strict=True)]


def _distinct(words: Sequence[Mapping[str, str]], names: Sequence[str]) -> int:
    return len({tuple(one[name] for name in names) for one in words})


def _words(case: Case) -> dict[str, str]:
    keys, folder = case.keys, case.results.folder
    return {
        "title": case.title,
        "scenario": str(keys["scenario"]),
        "study": {"static": "", "path": "path"}.get(keys["study"], str(keys["study"])),
        "table": str(keys["table"]),
        "elasticities": str(keys["elasticities"]),
        "research_return": f"{keys['research_return']} returns" if keys["research_return"] else "",
        "path_year": f"year {keys['path_year']}" if keys["path_year"] else "",
        "step": f"{100 * keys['step']:g} % of the shock",
        "folder": "" if folder is None else folder.resolve().name,
    }


def one_money(cases: Sequence[Case]) -> str:
    """The money unit of all cases.

    Raises
    ------
    InputError
        If they differ.
    """
    money = sorted({case.results.money for case in cases})
    refuse_if(len(money) > 1, "results in different money units can not share a table",
              value=", ".join(money), allowed="--unit percent")  # fmt: skip
    return money[0]
