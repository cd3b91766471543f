"""The paths in run folders: variants, and the range over elasticity sets and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.report.runs import (
    RESULTS,
    Case,
    Choice,
    RunFolder,
    chosen,
    labels_of,
    main_returns,
    period_of,
    periods_of,
)

from cge.core.errors import InputError

#: Years that a table shows unless others are chosen, and the last.
SHOWN = (1, 5, 10, 20)
WORLD = "World"
EV = "equivalent_variation"


@dataclass(frozen=True, eq=False)
class Path:
    """The paths of one variant.

    Parameters
    ----------
    label : str
        What tells it from the other variants; empty if it is the only one.
    main : Case
        Under the first of the chosen elasticity sets and central returns to research.
    cases : tuple of Case
        Under all chosen sets and all returns.
    periods : tuple of int
        Its years, 1 the first.
    """

    label: str
    main: Case
    cases: tuple[Case, ...]
    periods: tuple[int, ...]

    @property
    def run(self) -> RunFolder:
        """The folder it is in."""
        return self.main.run

    def year(self, period: int) -> str:
        """Return a year as a reader calls it."""
        return f"{period} ({calendar})" if (calendar := self.calendar[period]) else str(period)

    @property
    def calendar(self) -> dict[int, str]:
        """The years of the calendar, empty where the benchmark is of none."""
        rows = self.main.rows(EV)
        pairs = rows.dropna(subset="period")[["period", "year"]].drop_duplicates()
        return {
            int(n): str(y) if str(y) != str(n) else "" for n, y in pairs.itertuples(index=False)
        }


def paths_of(runs: Sequence[RunFolder], choice: Choice) -> list[Path]:
    """Return the chosen paths of some runs, in the order of the files.

    Raises
    ------
    InputError
        For a folder that is no path's, a scenario or elasticity set that none of them has.
    """
    found: list[tuple[RunFolder, dict[str, str]]] = []
    cases: dict[int, list[dict[str, str]]] = {}
    keys = ["scenario", "closure", "elasticities", "returns"]
    for run in runs:
        table = run.table(RESULTS)
        if "period" not in table.columns:
            raise InputError("has no years: it is not a path's", file=run.path,
                             allowed="what `cge path SCENARIO` wrote")  # fmt: skip
        rows = table.loc[table["period"].notna(), keys].drop_duplicates()
        for row in rows.itertuples(index=False):
            case = dict(zip(keys, map(str, row), strict=True))
            head = (run, {"scenario": case["scenario"]})
            if head not in found:
                found.append(head)
            cases.setdefault(found.index(head), []).append(case)
    names = list(dict.fromkeys(head["scenario"] for _, head in found))
    short = {name.split(".", 1)[-1]: name for name in names}
    wanted = tuple(short.get(name, name) if name not in names else name
                   for name in choice.scenarios)  # fmt: skip
    scenarios = chosen(names, wanted, "scenario")
    sets = list(dict.fromkeys(c["elasticities"] for group in cases.values() for c in group))
    chosen_sets = chosen(sets, choice.elasticities, "elasticities")
    paths = []
    kept = [n for n, (_, head) in enumerate(found) if head["scenario"] in scenarios]
    for n, label in zip(kept, labels_of([found[n] for n in kept]), strict=True):
        run = found[n][0]
        here = [c for c in cases[n] if c["elasticities"] in chosen_sets]
        if not here:
            continue
        table = run.table(RESULTS)
        made = [Case(run, case, label) for case in here]
        level = main_returns(table)
        main = next((c for c in made if c.keys["returns"] == level), made[0])
        paths.append(Path(label, main, tuple(made), tuple(periods_of(table))))
    if not paths:
        raise InputError("the runs have no rows for this choice", allowed="another combination")
    return paths


def years_of(path: Path, choice: Choice, default: Sequence[int] = SHOWN) -> tuple[int, ...]:
    """Return the chosen years of a path, or the usual ones and its last.

    Raises
    ------
    InputError
        For a year that the path does not have.
    """
    if choice.years:
        table = path.run.table(RESULTS)
        return tuple(dict.fromkeys(period_of(table, year) for year in choice.years))
    last = path.periods[-1]
    return (*(n for n in default if n in path.periods and n < last), last)


def series(case: Case, measure: str, choice: Choice) -> tuple[pd.DataFrame, str]:
    """Return a regional measure by year, years in rows, and its unit; EV with the world's.

    A measure that changes is shown as its change.

    Raises
    ------
    InputError
        If there is no such measure by region and year.
    """
    name, _, item = measure.removesuffix("]").partition("[")
    rows = case.rows(name)
    here = (rows["partner"] == "") & (rows["sector"] == "") & (rows["shock"] == "")
    rows = rows[here & (rows["item"] == item) & rows["period"].notna()]
    if rows.empty:
        every = case.table
        plain = (every["partner"] == "") & (every["sector"] == "") & (every["shock"] == "")
        pairs = every.loc[plain & every["period"].notna(), ["measure", "item"]].drop_duplicates()
        known = sorted(f"{m}[{i}]" if i else str(m) for m, i in pairs.itertuples(index=False))
        raise InputError("is not a measure of a region and year in these runs",
                         key="--measures", value=measure, allowed=known)  # fmt: skip
    table = rows.pivot_table(index="period", columns="region", values="change", dropna=False)
    table = table.reindex(columns=list(case.regions))
    if name == EV and not choice.regions:
        table[WORLD] = world(case, table)
    return table, str(rows["change_unit"].iloc[0])


def world(case: Case, table: pd.DataFrame) -> pd.Series:
    """Return the mean of percentages of absorption over regions, weighted with it, by row."""
    rows = case.rows("absorption").drop_duplicates("region").set_index("region")
    weights = rows["benchmark"].reindex(list(case.regions)).astype(float)
    return (table[list(case.regions)] * weights).sum(axis=1, skipna=False) / weights.sum()


def ranged(
    path: Path, get: Callable[[Case], pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]:
    """Return a table under the main case and its range over all, None where there is one only."""
    main = get(path.main)
    if len(path.cases) == 1:
        return main, None, None
    every = np.array([
        get(case).reindex(index=main.index, columns=main.columns).to_numpy(float)
        for case in path.cases
    ])  # fmt: skip
    low, high = (
        pd.DataFrame(bound(every, axis=0), main.index, main.columns)
        for bound in (np.nanmin, np.nanmax)
    )
    return main, low, high


def mains_of(one: Path) -> list[Case]:
    """Return the paths under main returns, one for each elasticity set."""
    return [case for case in one.cases if case.keys["returns"] == one.main.keys["returns"]]


def range_note(path: Path) -> str:
    """Return what a line and its range are of."""
    sets = list(dict.fromkeys(case.keys["elasticities"] for case in path.cases))
    levels = list(dict.fromkeys(case.keys["returns"] for case in path.cases))
    if len(path.cases) == 1:
        return ""
    over = []
    if len(sets) > 1:
        over.append(f"the elasticity sets {', '.join(sets)}")
    if len(levels) > 1:
        over.append(f"{', '.join(levels)} returns to research")
    returns = f" and {path.main.keys['returns']} returns" if len(levels) > 1 else ""
    return (
        f"Central: elasticities {path.main.keys['elasticities']}{returns}. "
        f"Low and high: the range over {' and '.join(over)}."
    )


def regions_of(paths: Sequence[Path], choice: Choice) -> list[str]:
    """Return the chosen regions, or all.

    Raises
    ------
    InputError
        For one that there is not.
    """
    known = list(dict.fromkeys(code for path in paths for code in path.main.regions))
    return chosen(known, choice.regions, "region")
