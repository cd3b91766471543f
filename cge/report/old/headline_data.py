"""What a headline's file says: of every policy each figure, central and with its range.

Central are the first elasticity set and central returns to research; the range is over all
combinations that were solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from cge.results.report.notes import notes_of
from cge.results.report.runs import HEADLINE, MADE_BY, Case, Choice, RunFolder, chosen
from cge.results.report.tidy_file import read_tidy

from cge.core.errors import InputError

#: The variant without policy.
NO_POLICY = "no policy"
EV, CENTRAL = "equivalent_variation", "central"
_TEXT = ("region", "variant", "label", "elasticities", "returns", "measure", "unit")


class Found(NamedTuple):
    """A figure under central assumptions, and its range."""

    central: float
    low: float
    high: float

    @property
    def negative(self) -> Found:
        """The same with the other sign."""
        return Found(-self.central, -self.high, -self.low)


NOTHING = Found(np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Headline:
    """What was found for one home region.

    Parameters
    ----------
    run : RunFolder
    region : str
    policies : mapping
        What it is in words by name, without "no policy", in the order of the file.
    elasticities, returns : tuple of str
        Over which figures range, the central ones first.
    figures : mapping
        By policy, measure and year.
    units : mapping
        By measure.
    gaps : bool
        Whether a combination is missing somewhere.
    """

    run: RunFolder
    region: str
    policies: Mapping[str, str]
    elasticities: tuple[str, ...]
    returns: tuple[str, ...]
    figures: Mapping[tuple[str, str, int], Found]
    units: Mapping[str, str]
    gaps: bool

    def years(self, measure: str) -> tuple[int, ...]:
        """Return the years in which a measure was taken."""
        return tuple(sorted({year for _, name, year in self.figures if name == measure}))

    def get(self, policy: str, measure: str, year: int) -> Found:
        """Return a figure, NaN where there is none."""
        return self.figures.get((policy, measure, year), NOTHING)

    def labels(self, longest: int) -> list[str]:
        """Return what policies are called: their words, or their names where these are many."""
        return [
            words if words and len(words) <= longest else name.replace("-", " ").replace("_", " ")
            for name, words in self.policies.items()
        ]

    @property
    def name(self) -> str:
        """The region in words."""
        return self.run.names("regions").get(self.region, self.region).split(" (")[0]

    @property
    def ranged(self) -> bool:
        """Whether there is more than one combination."""
        return len(self.elasticities) * len(self.returns) > 1


def headlines(runs: Sequence[RunFolder], choice: Choice) -> list[Headline]:
    """Return what some runs found, a home region each.

    Raises
    ------
    InputError
        For a folder without such results, and for a region, policy or set that none has.
    """
    found = []
    for run in runs:
        table = read_tidy(run, {HEADLINE: MADE_BY[HEADLINE]}, _TEXT, ("year", "value"))
        if not (table["measure"] == EV).any():
            raise InputError("holds no welfare of any policy", file=run.path / HEADLINE)
        sets = list(dict.fromkeys(table["elasticities"]))
        table = table[table["elasticities"].isin(chosen(sets, choice.elasticities, "elasticities"))]
        for region, rows in table.groupby("region", sort=False):
            found.append(_headline(run, str(region), rows, choice))
    known = [one.region for one in found]
    wanted = chosen(known, choice.regions, "region")
    return [one for one in found if one.region in wanted]


def _headline(run: RunFolder, region: str, table: pd.DataFrame, choice: Choice) -> Headline:
    policies = {
        name: (name, label)
        for name, label in table[["variant", "label"]].drop_duplicates("variant").itertuples(
            index=False, name=None)
        if name != NO_POLICY
    }  # fmt: skip
    if not policies:
        raise InputError("holds no policy", file=run.path / HEADLINE)
    kept = chosen(list(policies), choice.scenarios, "scenario")
    sets = tuple(dict.fromkeys(table["elasticities"]))
    levels = [level for level in dict.fromkeys(table["returns"]) if level]
    middle = CENTRAL if CENTRAL in levels else next(iter(levels), "")
    main = table[table["elasticities"] == sets[0]]
    # What does not hinge on returns is told once, under any of them.
    main = main.iloc[np.argsort(main["returns"] != middle, kind="stable")]
    key = ["variant", "measure", "year"]
    values = table.groupby(key, sort=False)["value"]
    ends = values.agg(["min", "max"])
    central = main.drop_duplicates(key).set_index(key)["value"].reindex(ends.index)
    gaps = bool(table["value"].isna().any())
    figures = {
        (str(name), str(measure), int(year)): Found(float(middle_), float(low), float(high))
        for (name, measure, year), middle_, low, high in zip(
            ends.index, central, ends["min"], ends["max"], strict=True)
    }  # fmt: skip
    units = dict(table.drop_duplicates("measure")[["measure", "unit"]].itertuples(
        index=False, name=None))  # fmt: skip
    others = tuple(level for level in levels if level != middle)
    return Headline(run, region, {name: policies[name][1] for name in kept}, sets,
                    (middle, *others), figures, units, gaps)  # fmt: skip


def range_note(found: Sequence[Headline]) -> str:
    """Return what the central figure and the brackets are."""
    one = max(found, key=lambda h: (h.ranged, len(h.elasticities)))
    returns = one.returns[0]
    central = f"elasticities {one.elasticities[0]}"
    central += f", {returns} returns to research" if returns else ""
    if not one.ranged:
        return f"Under {central}."
    over = []
    if len(one.elasticities) > 1:
        over.append(f"elasticities ({', '.join(one.elasticities)})")
    if len(one.returns) > 1:
        over.append(f"returns to research ({', '.join(sorted(one.returns, key=_rank))})")
    gaps = "; combinations without equilibrium are left out" if one.gaps else ""
    return (f"Central: {central}. In brackets: least and largest over all combinations of "
            f"{' and '.join(over)}{gaps}.")  # fmt: skip


def _rank(level: str) -> int:
    order = ("low", CENTRAL, "high")
    return order.index(level) if level in order else len(order)


def notes(
    found: Sequence[Headline], first: Sequence[str], without: tuple[str, ...] = ()
) -> tuple[str, ...]:
    cases = [Case(one.run, {"elasticities": name}, file=HEADLINE)
             for one in found for name in one.elasticities]  # fmt: skip
    return notes_of(cases, first, codes=[one.region for one in found],
                    without=("Found:", *without))  # fmt: skip
