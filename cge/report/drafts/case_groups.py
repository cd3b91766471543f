"""Solutions put together: one policy under all elasticity sets and returns, and its range."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.report.drafts.cases import (
    CENTRAL,
    EVERY_YEAR,
    LEVELS,
    SHOWN,
    Case,
    Source,
    cases_of,
    first_year,
    levels_of,
    path_year,
    plain_rows,
    relabelled,
)
from cge.report.drafts.choice import Choice
from cge.results.resultset import ResultSet

#: A longer title of a policy gives way to its name.
LONGEST = 30


@dataclass(frozen=True, eq=False)
class Group:
    """Solutions that differ in elasticities and returns to research alone.

    Parameters
    ----------
    cases : tuple of Case
        The first is central: of the first set, under central returns.
    label : str
        What tells it from the other groups.
    """

    cases: tuple[Case, ...]
    label: str = ""

    @property
    def main(self) -> Case:
        """The central one."""
        return self.cases[0]

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], pd.DataFrame]:
        """Rows that were asked for: a page has several columns of one measure."""
        return {}

    def rows(self, *measures: str) -> pd.DataFrame:
        """Rows of all solutions, to be read only."""
        if measures not in self._rows:
            every = [case.rows(*measures) for case in self.cases]
            self._rows[measures] = pd.concat(every) if len(every) > 1 else every[0]
        return self._rows[measures]

    @property
    def policy(self) -> str:
        """Title of the variant, or its name where the title is long."""
        return policy_name(self.main.title, str(self.main.keys["variant"]))

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of the path, 1 the first."""
        return tuple(sorted({int(n) for n in self.main.table["path_year"].dropna()}))

    def year(self, number: int) -> str:
        """A year as a reader calls it, with that of the calendar where there is one."""
        start = first_year(self.main.results)
        return str(number) if start is None else f"{number} ({start + number})"

    def shown(self, choice: Choice, usual: Iterable[int] = SHOWN) -> tuple[int, ...]:
        """The chosen years, or the usual ones and the last.

        Raises
        ------
        InputError
            For a year that the path does not have.
        """
        if choice.years:
            found = (path_year(self.main.results, self.years, year) for year in choice.years)
            return tuple(dict.fromkeys(found))
        last = self.years[-1]
        return (*(n for n in usual if n in self.years and n < last), last)


def policy_name(title: str, variant: str) -> str:
    """Title of a policy, or the name of its variant where the title is long."""
    return title if len(title) <= LONGEST or not variant else re.sub("[-_]", " ", variant)


def grouped(cases: Sequence[Case], *columns: str) -> list[Group]:
    """Solutions put together by results, scenario, variant and further columns, labelled."""
    groups: dict[tuple[Any, ...], list[Case]] = {}
    for case in cases:
        key = (case.keys[name] for name in ("scenario", "variant", *columns))
        groups.setdefault((case.results, *key), []).append(case)
    made = []
    variants = list(dict.fromkeys(key[:3] for key in groups))
    for _, own in sorted(groups.items(), key=lambda one: variants.index(one[0][:3])):
        sets = [case for case in own if case.keys["elasticities"] == own[0].keys["elasticities"]]
        main = min(sets, key=lambda case: case.keys["research_return"] != CENTRAL)
        made.append((main, *(case for case in own if case is not main)))
    labelled = relabelled([own[0] for own in made])
    return [Group(own, one.label) for own, one in zip(made, labelled, strict=True)]


def paths_of(
    found: Sequence[ResultSet], choice: Choice, *columns: str, source: Source = plain_rows,
    world: bool = False,
) -> list[Group]:  # fmt: skip
    """The chosen paths of some results, whole, a group for each variant.

    Further arguments as for :func:`grouped` and :func:`cases_of`.

    Raises
    ------
    InputError
        For results without years, and what none of them has.
    """
    every = replace(choice, years=(), returns=choice.returns or tuple(levels_of(found)))
    whole = {
        (case.results, *keys.values()): replace(case, keys=keys)
        for case in cases_of(found, every, (), EVERY_YEAR, source, world)
        if case.keys["path_year"] for keys in [{**case.keys, "path_year": None}]
    }  # fmt: skip
    refuse_if(not whole, "has no years: it is no path", file=found[0].folder,
              allowed="what `cge path SCENARIO` wrote")  # fmt: skip
    return grouped(list(whole.values()), *columns)


def ranged(rows: pd.DataFrame, keys: Sequence[str], column: str = "value") -> pd.DataFrame:
    """Central figure, least and largest, by some columns.

    Central are the first elasticity set and central returns to research; figures that do not
    depend on returns are the same under any.

    Parameters
    ----------
    rows : DataFrame
        With plain columns elasticities, research_return and those of `keys`.
    keys : sequence of str
    column : str
        Of the figures.

    Returns
    -------
    DataFrame
        Columns central, low, high, indexed by `keys`.
    """
    keys = list(keys)
    sets = rows["elasticities"].to_numpy()
    main = np.flatnonzero(sets == sets[0]) if len(sets) else np.zeros(0, int)
    main = main[np.argsort(rows["research_return"].to_numpy()[main] != CENTRAL, kind="stable")]
    if len(keys) > 1:
        ends = rows.groupby(keys, sort=False)[column].agg(["min", "max"])
        central = rows.iloc[main].drop_duplicates(keys).set_index(keys)[column]
        return pd.DataFrame({
            "central": central.reindex(ends.index), "low": ends["min"], "high": ends["max"]
        })  # fmt: skip
    # Pages ask this of every column: a tenth of the time that grouping in pandas takes.
    (key,) = keys
    codes, values = rows[key].to_numpy(), rows[column].to_numpy(float)
    number = {code: n for n, code in enumerate(dict.fromkeys(codes))}
    place = np.array([number[code] for code in codes], int)
    found = np.full((3, len(number)), np.nan)
    found[0, place[main[::-1]]] = values[main[::-1]]  # the first of several is the last written
    np.fmin.at(found[1], place, values)
    np.fmax.at(found[2], place, values)
    index = pd.Index([*number], dtype=object, name=key)
    return pd.DataFrame(found.T, index, ["central", "low", "high"])


def range_note(cases: Sequence[Case]) -> str:
    """A note on the central figure and its range."""
    sets = list(dict.fromkeys(str(c.keys["elasticities"]) for c in cases if c.keys["elasticities"]))
    known = {str(case.keys["research_return"]) for case in cases}
    levels = [level for level in LEVELS if level in known]
    over = [f"elasticities ({', '.join(sets)})"] * (len(sets) > 1)
    over += [f"returns to research ({', '.join(levels)})"] * (len(levels) > 1)
    middle = CENTRAL if CENTRAL in levels else next(iter(levels), "")
    central = f"elasticities {', '.join(sets[:1])}"
    central += f", {middle} returns to research" if levels else ""
    if not over:
        return f"Under {central}."
    return (f"Central: {central}. Range: least and largest over all combinations of "
            f"{' and '.join(over)}.")  # fmt: skip
