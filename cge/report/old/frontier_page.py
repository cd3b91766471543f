"""Points of a frontier as a table, and what its figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.headline_data import EV, headlines
from cge.results.report.notes import notes_of
from cge.results.report.page import Column, Page, Panel
from cge.results.report.runs import FRONTIER, HEADLINE, RESULTS, Case, Choice, RunFolder, chosen
from cge.results.report.tidy_file import read_tidy
from cge.results.report.units import printed

from cge.core.errors import InputError

_TEXT = ("elasticities", "version", "measure", "item", "unit")
#: The three problems, in words.
VERSIONS = {
    "unilateral": "Unilateral",
    "terms_of_trade_neutral": "Partners compensated",
    "global": "For the world",
}
#: The panel of single policies beside a frontier, and that of the point without policy.
POLICIES, NO_POLICY = "policies", "no policy"
WORLD_EV = "world_equivalent_variation"
_MEASURES = (
    ("cvar", "CVaR"), ("expected_loss", "Expected loss"), (EV, "EV"), (WORLD_EV, "EV, world"),
    ("price_of_resilience", "Price of resilience"), ("outlay", "Outlay"),
)  # fmt: skip
_UNITS = {"price_of_resilience": "EV points per point", "cvar": "%", "expected_loss": "%",
          EV: "%", WORLD_EV: "%"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Study:
    """What a frontier study found for one region.

    Parameters
    ----------
    run : RunFolder
    region : str
    table : DataFrame
        Columns elasticities, version, point, measure, item, value, unit.
    """

    run: RunFolder
    region: str
    table: pd.DataFrame

    @property
    def name(self) -> str:
        """The region in words."""
        return self.run.names("regions").get(self.region, self.region).split(" (")[0]

    def value(self, elasticities: str, measure: str) -> float:
        """Return a figure that is of no version and point, NaN where there is none."""
        rows = self.table
        rows = rows[(rows["elasticities"] == elasticities) & (rows["measure"] == measure)]
        return float(rows["value"].iloc[0]) if len(rows) else np.nan


def studies(runs: Sequence[RunFolder], choice: Choice) -> list[Study]:
    """Return the studies among some runs.

    Raises
    ------
    InputError
        For a folder that is none, and for a region or an elasticity set that none has.
    """
    found = []
    for run in runs:
        table = read_tidy(run, {RESULTS: FRONTIER}, _TEXT, ("point", "value"))
        told = run.manifest.get("study")
        region = str(told.get("region", "")) if isinstance(told, dict) else ""
        if not (table["measure"] == "cvar").any():
            raise InputError("holds no frontier", file=run.path, allowed=f"what `{FRONTIER}` wrote")
        found.append(Study(run, region, table))
    regions = chosen([one.region for one in found], choice.regions, "region")
    sets = list(dict.fromkeys(name for one in found for name in one.table["elasticities"]))
    wanted = chosen(sets, choice.elasticities, "elasticities")
    return [
        Study(one.run, one.region, one.table[one.table["elasticities"].isin(wanted)])
        for one in found if one.region in regions
    ]  # fmt: skip


def frontier(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return the points of frontiers: risk, welfare, its price and the policy, a panel for each.

    Raises
    ------
    InputError
        For a folder that is no frontier study's, or a region or set that none has.
    """
    found = studies(runs, choice)
    panels = [panel for one in found for panel in _panels(one, len(found) > 1)]
    lines = [
        "Each point: the policy with the largest EV of those whose CVaR is no larger, from no "
        "limit (point 0) to the smallest that is attainable. " + _versions(panels),
        "CVaR and expected loss: of real income. Price of resilience: points of what is maximised "
        "for one point of CVaR less. Rates: added to those of the benchmark.",
        *_checks(found),
        "How severe disruptions are and how likely is assumed, not estimated.",
    ]
    return Page(
        "frontier", choice.title or "Efficiency and resilience: the frontier", "Point",
        tuple(panels), _notes(found, lines), found[0].run.names("regions"), landscape=True,
    )  # fmt: skip


def _versions(panels: Sequence[Panel]) -> str:
    told = {
        "unilateral": "Unilateral: the region maximises its own EV.",
        "terms_of_trade_neutral":
            "Partners compensated: transfers hold the welfare of all others at the benchmark's.",
        "global": "For the world: the EV of all regions together is maximised.",
    }  # fmt: skip
    shown = {panel.keys["version"] for panel in panels}
    return " ".join(words for version, words in told.items() if version in shown)


def _checks(found: Sequence[Study]) -> list[str]:
    """Return how far points are from being solved anew."""
    apart = pd.concat([one.table[one.table["measure"] == "check_difference"] for one in found])
    if apart.empty:
        return []
    return [f"Every point was solved again from the benchmark; EV and CVaR differ by at most "
            f"{apart['value'].abs().max():.1g} of themselves."]  # fmt: skip


def _panels(one: Study, several: bool) -> list[Panel]:
    sets = list(dict.fromkeys(one.table["elasticities"]))
    items = list(dict.fromkeys(one.table.loc[one.table["measure"] == "rate", "item"]))
    keys = [(measure, "", title) for measure, title in _MEASURES if measure in set(
        one.table["measure"])]  # fmt: skip
    keys += [("rate", item, item) for item in items]
    heads = []
    for measure, item, title in keys:
        rows = one.table[(one.table["measure"] == measure) & (one.table["item"] == item)]
        how = printed("percent" if measure == "rate" else str(rows["unit"].iloc[0]), rows["value"])
        digits = 3 if measure in ("cvar", "expected_loss", EV, WORLD_EV) else 2
        name = f"rate_{item}" if measure == "rate" else measure
        heads.append(Column(name, title, _UNITS.get(measure, how.unit), digits))
    panels = []
    for name in sets:
        here = one.table[one.table["elasticities"] == name]
        known = list(dict.fromkeys(here["version"]))
        for version in dict.fromkeys([v for v in (*VERSIONS, *known) if v in known]):
            rows = here[here["version"] == version]
            points = sorted({int(n) for n in rows["point"]})
            wide = rows.pivot_table(index="point", columns=["measure", "item"], values="value")
            figures = np.array([
                [float(wide[m, i].get(n, np.nan)) if (m, i) in wide else np.nan for m, i, _ in keys]
                for n in points
            ]).reshape(len(points), len(keys))  # fmt: skip
            parts = [one.name if several else "", VERSIONS.get(version, version),
                     name if len(sets) > 1 else ""]  # fmt: skip
            panels.append(Panel(
                ", ".join(part for part in parts if part), tuple(heads),
                tuple(str(n) for n in points), figures,
                keys={"region": one.region, "elasticities": name, "version": version},
            ))  # fmt: skip
    return panels


def figure(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return what a figure of a frontier shows: its points, and single policies beside them.

    One study under one elasticity set; a headline's folder of the same region beside it gives
    the policies. Panels: versions, the point without policy, the policies.

    Raises
    ------
    InputError
        For a folder that is neither, no study or several, and headlines of other regions.
    """
    beside = [run for run in runs if (run.path / HEADLINE).is_file()]
    found = studies([run for run in runs if run not in beside] or runs, choice)
    if len(found) != 1:
        raise InputError("a figure shows one frontier study", key="--region",
                         value=", ".join(one.region for one in found),
                         allowed="one folder, or the region of one")  # fmt: skip
    (one,) = found
    sets = list(dict.fromkeys(one.table["elasticities"]))
    one = Study(one.run, one.region, one.table[one.table["elasticities"] == sets[0]])
    panels = _panels(one, several=False)
    without = one.value(sets[0], "cvar_without_policy")
    heads = (Column("cvar", "CVaR", "%", 3), Column(EV, "EV", "%", 3))
    keys = {"region": one.region, "elasticities": sets[0]}
    lines = [
        "Lines: the largest EV at each level of risk, CVaR falling to the right. "
        + _versions(panels) + " Below: the policy at each point, rates added to those of the "
        "benchmark.",
        f"Elasticities: {sets[0]}." if len(sets) > 1 else "",
        *_checks(found),
        "How severe disruptions are and how likely is assumed, not estimated.",
    ]  # fmt: skip
    if np.isfinite(without):
        panels.append(Panel("No policy", heads, (NO_POLICY,), np.array([[without, 0.0]]),
                            keys={**keys, "version": NO_POLICY}))  # fmt: skip
        if beside:
            panel, line = _policies(beside, one, sets[0], without, choice)
            panels.append(panel)
            lines.insert(1, line)
    title = choice.title or f"{one.name}: efficiency and resilience"
    return Page("frontier", title, "Point", tuple(panels),
                _notes(found, [line for line in lines if line]),
                {one.region: one.name})  # fmt: skip


def _policies(
    beside: Sequence[RunFolder], one: Study, elasticities: str, without: float, choice: Choice
) -> tuple[Panel, str]:
    """Return the policies of a headline where they lie beside a frontier, and what they are.

    Raises
    ------
    InputError
        If none of them is of the region, or none of the elasticity set.
    """
    chosen_ = Choice(regions=(one.region,), elasticities=(elasticities,),
                     scenarios=choice.scenarios)  # fmt: skip
    (found, *_) = headlines(beside, chosen_)
    year = found.years("cvar_change")[-1]
    rows = []
    for name in found.policies:
        change, welfare = (found.get(name, m, year).central for m in ("cvar_change", EV))
        rows.append([without + change, welfare])
    other = set(found.run.manifest.get("disruptions", ())) != _disruptions(one)
    over = ", over other disruptions than those of the frontier" if other else ""
    line = (
        f"Dots: single policies in year {year} of their paths, CVaR that without policy plus the "
        f"change they make{over}. Knowledge and sourcing move along a path, and do not on the "
        "frontier, which is of the long run."
    )
    heads = (Column("cvar", "CVaR", "%", 3), Column(EV, "EV", "%", 3))
    keys = {"region": one.region, "elasticities": elasticities, "version": POLICIES}
    return Panel(f"Policies, year {year}", heads, tuple(found.labels(26)), np.array(rows),
                 keys=keys), line  # fmt: skip


def _disruptions(one: Study) -> set[str]:
    return set(one.table.loc[one.table["measure"] == "loss", "item"])


def _notes(found: Sequence[Study], first: Sequence[str]) -> tuple[str, ...]:
    cases = [Case(one.run, {"elasticities": name}, file=RESULTS)
             for one in found for name in dict.fromkeys(one.table["elasticities"])]  # fmt: skip
    told = ("Point 0:", "Rates are added", "Every point was solved")  # said above
    return notes_of(cases, first, codes=[one.region for one in found if one.region], without=told)
