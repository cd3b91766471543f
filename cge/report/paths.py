"""Paths of years in results: variants, the range over elasticity sets and returns, years."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cge.core.errors import InputError
from cge.report.cases import (
    Case,
    cases_of,
    main_returns,
    of_case,
    path_year,
    plain_rows,
    regions_of,
    relabelled,
)
from cge.report.choice import Choice
from cge.report.format.page import Page, Panel
from cge.report.notes import notes_of
from cge.results.resultset import ResultSet
from cge.results.schema import TEXT

#: Years that a table shows unless others are chosen, and the last.
SHOWN = (1, 5, 10, 20)
#: More panels than this are not drawn on one page.
MOST_PANELS = 12
EV = "equivalent_variation"
EV_NOTE = (
    "Welfare: equivalent variation of the regional agent (household, government and investment) "
    "in percent of its absorption on the baseline."
)


@dataclass(frozen=True, eq=False)
class PathCases:
    """The paths of one variant.

    Parameters
    ----------
    main : Case
        Under the first of the chosen elasticity sets and the main level of returns to research;
        its label tells it from the other variants, empty if it is the only one.
    cases : tuple of Case
        Under all chosen sets and levels.
    years : tuple of int
        Its years, 1 the first.
    """

    main: Case
    cases: tuple[Case, ...]
    years: tuple[int, ...]

    @property
    def label(self) -> str:
        """Label of the variant among the others."""
        return self.main.label

    def year(self, number: int) -> str:
        """A year as a reader calls it, with that of the calendar where there is one."""
        start = str(self.main.results.benchmark.get("origin", {}).get("year", ""))
        return f"{number} ({int(start) + number})" if start.isdigit() else str(number)

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

    def mains(self) -> list[Case]:
        """Its cases under the main level of returns, one for each elasticity set."""
        level = self.main.keys["research_return"]
        return [case for case in self.cases if case.keys["research_return"] == level]

    def ranged(
        self, get: Callable[[Case], pd.DataFrame]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]:
        """A table under the main case and its range over all, None where there is one only."""
        main = get(self.main)
        if len(self.cases) == 1:
            return main, None, None
        every = np.array([
            get(case).reindex(index=main.index, columns=main.columns).to_numpy(float)
            for case in self.cases
        ])  # fmt: skip
        low, high = (
            pd.DataFrame(bound(every, axis=0), main.index, main.columns)
            for bound in (np.nanmin, np.nanmax)
        )
        return main, low, high


def paths_of(found: Sequence[ResultSet], choice: Choice) -> tuple[list[PathCases], list[str]]:
    """The chosen paths of some results, and the chosen regions.

    Raises
    ------
    InputError
        For results without years, and what none of them has.
    """
    levels = {str(level) for one in found for level in one.rows["research_return"].unique()}
    every = replace(choice, years=(), returns=choice.returns or tuple(levels - {""}))
    cases = [case for case in cases_of(found, every, (EV,)) if case.keys["path_year"]]
    if not cases:
        raise InputError("has no years: it is no path", file=found[0].folder,
                         allowed="what `cge path SCENARIO` wrote")  # fmt: skip
    cases, codes = regions_of(cases, choice)
    groups: dict[tuple[int, str, str], list[Case]] = {}
    for case in cases:
        keys = (id(case.results), str(case.keys["scenario"]), str(case.keys["variant"]))
        groups.setdefault(keys, []).append(case)
    mains = relabelled([_main(group) for group in groups.values()])
    return [
        PathCases(main, tuple(group), tuple(range(1, main.keys["path_year"] + 1)))
        for main, group in zip(mains, groups.values(), strict=True)
    ], codes


def _main(cases: Sequence[Case]) -> Case:
    (level,) = main_returns([str(case.keys["research_return"]) for case in cases])
    return next(case for case in cases if case.keys["research_return"] == level)


def series(case: Case, measure: str) -> tuple[pd.DataFrame, str]:
    """A measure of regions by year, years in rows, and its unit; with the world where it has one.

    A measure that changes is shown as its change.

    Raises
    ------
    InputError
        If there is no such measure by region and year.
    """
    name, _, item = measure.removesuffix("]").partition("[")
    rows = _regional(case)
    mine = rows[(rows["measure"] == name) & (rows["item"] == item)]
    if mine.empty:
        pairs = rows[["measure", "item"]].drop_duplicates().itertuples(index=False)
        known = sorted(f"{m}[{i}]" if i else str(m) for m, i in pairs)
        raise InputError("is not a measure of a region and year in these results",
                         key="--measures", value=measure, allowed=known)  # fmt: skip
    table = mine.pivot_table(
        index="path_year", columns="region", values="change", dropna=False, observed=True
    )
    codes = [code for code in (*case.regions, case.world) if code in table.columns]
    return table[codes], str(mine["change_unit"].iloc[0])


def _regional(case: Case) -> pd.DataFrame:
    """Rows of a path by region and year."""
    rows = plain_rows(case.results)
    here = of_case(rows, {k: v for k, v in case.keys.items() if k != "path_year"})
    for name in ("partner", "sector", "shock"):
        here &= (rows[name] == "").to_numpy()
    rows = rows[here & rows["path_year"].notna().to_numpy()]
    return rows.astype({**dict.fromkeys(TEXT, object), "path_year": int})


def whole(case: Case) -> Case:
    """Figures of the path as a whole."""
    return replace(case, keys={**case.keys, "path_year": 0}, _found={})


def largest(panels: Sequence[tuple], sizes: Sequence[float]) -> tuple[list[tuple], str]:
    """Panels with the largest changes, as many as one page takes, and a line about the others."""
    if len(panels) <= MOST_PANELS:
        return list(panels), ""
    keep = sorted(np.argsort(sizes)[::-1][:MOST_PANELS].tolist())
    return [panels[n] for n in keep], (
        f"Left out are {len(panels) - MOST_PANELS} panels with smaller changes; --scenario and "
        "--region choose."
    )


def page_of(
    kind: str, title: str, stub: str, panels: Sequence[Panel], paths: Sequence[PathCases],
    lines: Sequence[str], spread: bool = True,
) -> Page:  # fmt: skip
    """A page of paths with its notes; with `spread` a range over all cases is shown."""
    shown = [case for one in paths for case in (one.cases if spread else one.mains())]
    first = [line for line in (*lines, range_note(paths[0]) if spread else "") if line]
    names = paths[0].main.results.names("regions")
    return Page(kind, title, stub, tuple(panels), notes_of(shown, first), names)


def range_note(path: PathCases) -> str:
    """Line about what a figure and its range are of."""
    over = {
        "elasticities": "the elasticity sets {}", "research_return": "{} returns to research",
    }  # fmt: skip
    parts = []
    for key, words in over.items():
        known = list(dict.fromkeys(str(case.keys[key]) for case in path.cases))
        parts += [words.format(", ".join(known))] if len(known) > 1 else []
    if not parts:
        return ""
    return f"Central: {case_words(path)} Low and high: the range over {' and '.join(parts)}."


def case_words(path: PathCases) -> str:
    """Under which elasticities and returns a single path is shown."""
    keys = path.main.keys
    return f"Elasticities {keys['elasticities']}, {keys['research_return']} returns to research."
