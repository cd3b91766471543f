"""Solutions in results: chosen, labelled, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import InputError
from cge.report.choice import FLAGS, Choice, chosen
from cge.results.resultset import ResultSet
from cge.results.schema import CASE, TEXT, WORLD

Keys = Mapping[str, Any]
#: Level of the returns to research that stands for all.
CENTRAL = "central"


@lru_cache(maxsize=32)
def plain_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of solutions: no statistics, draws, points or disruptions."""
    rows = results.rows
    here = rows["point"].isna() & (rows["statistic"] == "") & (rows["disruption"] == "")
    return rows[here & (rows["weighting"] == "")]


def all_rows(results: ResultSet) -> pd.DataFrame:
    """All rows, also those of disruptions and statistics over them."""
    return results.rows


@dataclass(frozen=True, eq=False)
class Case:
    """One solution in results.

    Parameters
    ----------
    results : ResultSet
    keys : mapping
        Of the columns :data:`cge.results.schema.CASE`; ``path_year`` is 0 for what is of no year.
    label : str
        What tells it from the other cases shown; empty if it is the only one.
    source : callable
        From results to the rows among which it stands.
    """

    results: ResultSet
    keys: Keys
    label: str = ""
    source: Callable[[ResultSet], pd.DataFrame] = field(default=plain_rows, repr=False)
    _found: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """Title of its scenario or variant."""
        return str(self.keys["title"])

    def rows(self, *measures: str) -> pd.DataFrame:
        """Rows of some measures, with plain columns of text."""
        if measures not in self._found:
            table = self.source(self.results)
            here = table["measure"].isin(measures).to_numpy() & of_case(table, self.keys)
            self._found[measures] = table[here].astype(dict.fromkeys(TEXT, object))
        return self._found[measures]

    def of_region(self, name: str, column: str = "value") -> pd.Series:
        """One measure by region, NaN where there is none; ``name`` may have an [item]."""
        name, _, item = name.removesuffix("]").partition("[")
        rows = self.rows(name)
        here = (rows["partner"] == "") & (rows["sector"] == "") & (rows["shock"] == "")
        rows = rows[here & (rows["item"] == item)].drop_duplicates("region").set_index("region")
        return rows[column].reindex([*self.regions, self.world]).astype(float)

    @property
    def regions(self) -> tuple[str, ...]:
        """Codes of the regions, in the order of the benchmark."""
        return tuple(str(code) for code in self.results.benchmark.get("regions", ()))

    @property
    def world(self) -> str:
        """Label of the world's figures."""
        return WORLD if WORLD not in self.regions else f"{WORLD} total"

    def codes(self, column: str, *measures: str) -> tuple[str, ...]:
        """Codes in a column of some measures, in the order of the rows."""
        rows = self.rows(*measures)
        return tuple(code for code in dict.fromkeys(rows[column]) if code)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the manifest says of it."""
        for told in self.results.manifest.get("cases", ()):
            same = (told.get(k, v) == v for k, v in self.keys.items() if k != "path_year")
            if all(same) and told.get("path_year", 0) in (0, self.keys["path_year"], None):
                return dict(told)
        return {}


def of_case(table: pd.DataFrame, keys: Keys) -> np.ndarray:
    """Which rows are of a case."""
    here = np.ones(len(table), dtype=bool)
    for name, value in keys.items():
        if name == "path_year":
            here &= table[name].fillna(0).to_numpy(dtype=int) == value
        elif name == "step":
            here &= np.isclose(table[name].to_numpy(dtype=float), value)
        else:
            here &= (table[name] == value).to_numpy()
    return here


def cases_of(
    found: Sequence[ResultSet], choice: Choice, measures: Sequence[str] = (),
    years: Sequence[int] | None = None,
    source: Callable[[ResultSet], pd.DataFrame] = plain_rows,
    keep: Callable[[Keys], bool] | None = None,
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
    keep : callable, optional
        Whether a solution is kept.

    Raises
    ------
    InputError
        For a scenario, elasticity set, step or year that none of them has.
    """
    cases: list[tuple[ResultSet, dict[str, Any]]] = []
    for results in found:
        rows = source(results)
        if measures:
            rows = rows[rows["measure"].isin(list(measures))]
        distinct = rows[list(CASE)].drop_duplicates()
        keys = [_keys(row) for row in distinct.itertuples(index=False, name=None)]
        keys = [one for one in keys if keep is None or keep(one)]
        keys = _of_years(keys, choice, years, results)
        cases += [(results, one) for one in _of_step(_of_returns(keys, choice), choice)]
    cases = _of_names(cases, choice)
    if not cases:
        raise InputError("the results have no rows for this choice", allowed="another combination")
    return relabelled([Case(results, keys, source=source) for results, keys in cases])


def relabelled(cases: Sequence[Case]) -> list[Case]:
    """Cases with labels that tell them from each other."""
    labels = _labels([(case.results, case.keys) for case in cases])
    return [replace(case, label=label) for case, label in zip(cases, labels, strict=True)]


def _keys(row: Sequence[Any]) -> dict[str, Any]:
    keys = dict(zip(CASE, row, strict=True))
    return {**keys, "path_year": 0 if pd.isna(keys["path_year"]) else int(keys["path_year"])}


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
    if year in known:
        return year
    start = str(results.benchmark.get("origin", {}).get("year", ""))
    if start.isdigit() and year - int(start) in known:
        return year - int(start)
    raise InputError("the path has no such year", key=FLAGS["years"], value=year,
                     allowed=f"{known[0]} to {known[-1]}, or the calendar's")  # fmt: skip


def _of_returns(keys: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    known = list(dict.fromkeys(one["research_return"] for one in keys if one["research_return"]))
    wanted = chosen(known, choice.returns, "returns") if choice.returns else main_returns(known)
    return [one for one in keys if one["research_return"] in ("", *wanted)]


def main_returns(levels: Sequence[str]) -> list[str]:
    """The level of returns to research that is shown in full."""
    return [CENTRAL] if CENTRAL in levels else list(levels[:1])


def _of_step(keys: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    steps = sorted({float(one["step"]) for one in keys})
    if choice.step is not None and not np.isclose(steps, choice.step).any():
        raise InputError("this share of the policy is not in the results", key=FLAGS["step"],
                         value=choice.step, allowed=[f"{value:g}" for value in steps])  # fmt: skip
    wanted = steps[-1:] if choice.step is None else [choice.step]
    return [one for one in keys if np.isclose(one["step"], wanted).any()]


def _of_names(
    cases: list[tuple[ResultSet, dict[str, Any]]], choice: Choice
) -> list[tuple[ResultSet, dict[str, Any]]]:
    if choice.scenarios:
        known = [name for _, one in cases for name in (one["scenario"], one["variant"]) if name]
        wanted = chosen(list(dict.fromkeys(known)), choice.scenarios, "scenarios")
        cases = [(r, k) for r, k in cases if k["scenario"] in wanted or k["variant"] in wanted]
    if choice.elasticities:
        known = list(dict.fromkeys(one["elasticities"] for _, one in cases))
        wanted = chosen(known, choice.elasticities, "elasticities")
        cases = [(r, k) for r, k in cases if k["elasticities"] in wanted]
    return cases


def _labels(cases: Sequence[tuple[ResultSet, Keys]]) -> list[str]:
    """What tells cases apart, in as few words as will do."""
    words = [_words(results, keys) for results, keys in cases]
    varying = [name for name in words[0] if len({one[name] for one in words}) > 1]
    if "title" in varying and "scenario" in varying:
        pairs = {(one["title"], one["scenario"]) for one in words}
        if len(pairs) == len({one["title"] for one in words}):
            varying.remove("scenario")
    if varying == ["elasticities"]:
        return [f"Elasticities: {one['elasticities']}" for one in words]
    return [", ".join(one[name] for name in varying if one[name]) for one in words]


def _words(results: ResultSet, keys: Keys) -> dict[str, str]:
    year = keys["path_year"]
    return {
        "title": str(keys["title"]),
        "scenario": str(keys["scenario"]),
        "study": {"static": "", "path": "path"}.get(keys["study"], str(keys["study"])),
        "elasticities": str(keys["elasticities"]),
        "research_return": f"{keys['research_return']} returns" if keys["research_return"] else "",
        "path_year": f"year {year}" if year else "",
        "step": f"{100 * keys['step']:g} % of the shock",
        "folder": "" if results.folder is None else results.folder.resolve().name,
    }


def one_money(cases: Sequence[Case]) -> str:
    """The money unit of all cases.

    Raises
    ------
    InputError
        If they differ.
    """
    money = sorted({case.results.money for case in cases})
    if len(money) > 1:
        raise InputError("results in different money units can not share a table",
                         value=", ".join(money), allowed="--unit percent")  # fmt: skip
    return money[0]


def regions_of(cases: Sequence[Case], choice: Choice) -> tuple[list[Case], list[str]]:
    """Cases that have a chosen region, and the chosen regions.

    Raises
    ------
    InputError
        For a region that no case has.
    """
    known = list(dict.fromkeys(code for case in cases for code in case.regions))
    wanted = chosen(known, choice.regions, "regions")
    return [case for case in cases if set(case.regions) & set(wanted)], wanted
