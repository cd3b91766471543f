"""Points of a frontier: risk, welfare, the price of resilience and the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.cases import Case
from cge.report.choice import FLAGS, Choice, chosen
from cge.report.format.page import Column, Page, Panel
from cge.report.format.units import printed
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.register import heading
from cge.results.resultset import ResultSet
from cge.results.schema import CASE, WORLD

Array = NDArray[np.float64]

#: The three problems in words, and what each maximises.
VERSIONS: Mapping[str, tuple[str, str]] = {
    "unilateral": ("Unilateral", "Unilateral: the region maximises its own EV."),
    "terms_of_trade_neutral": (
        "Partners compensated",
        "Partners compensated: transfers hold the welfare of all others at the benchmark's.",
    ),
    "global": ("For the world", "For the world: the EV of all regions together is maximised."),
}  # fmt: skip
#: The panel of single policies beside a frontier, and that of the point without policy.
POLICIES, NO_POLICY = "policies", "No policy"
CVAR, EV, WORLD_EV = "cvar", "equivalent_variation", "world_equivalent_variation"
PRICE, RATE = "price_of_resilience", "rate"
#: Columns: key, measure, whether of the world, heading, unit, decimals.
_COLUMNS = (
    (CVAR, CVAR, False, "CVaR", "%", 3),
    ("expected_loss", "expected_loss", False, "Expected loss", "%", 3),
    (EV, EV, False, "EV", "%", 3),
    (WORLD_EV, EV, True, "EV, world", "%", 3),
    (PRICE, PRICE, False, "Price of resilience", "EV points per point", 2),
    ("outlay_share", "outlay_share", False, "Outlay", "% of GDP", 2),
)
_TITLE = "The efficiency-resilience frontier"
#: By how much the price of resilience may fall from a point to the next unnoticed.
_ROUNDING = 1e-3


@dataclass(frozen=True, eq=False)
class Curve:
    """A frontier of one version under one elasticity set.

    Parameters
    ----------
    results : ResultSet
    region : str
    keys : mapping
        Of the columns :data:`cge.results.schema.CASE`.
    rows : DataFrame
    """

    results: ResultSet
    region: str
    keys: Mapping[str, Any]
    rows: pd.DataFrame

    @property
    def version(self) -> str:
        """Name of its problem."""
        return str(self.keys["variant"])

    @property
    def elasticities(self) -> str:
        """Name of its elasticity set."""
        return str(self.keys["elasticities"])

    @property
    def name(self) -> str:
        """The region in words."""
        return self.results.names("regions").get(self.region, self.region).split(" (")[0]

    @cached_property
    def points(self) -> list[int]:
        """Numbers of its points."""
        return sorted({int(n) for n in self.rows["point"].dropna()})

    @cached_property
    def instruments(self) -> list[str]:
        """Names of its instruments."""
        return list(dict.fromkeys(self.rows.loc[self.rows["measure"] == RATE, "item"]))

    def figures(
        self, measure: str, item: str = "", world: bool = False, column: str = "value"
    ) -> Array:
        """A measure by point, (points,); NaN where there is none."""
        rows = self.rows
        places = (WORLD, f"{WORLD} total") if world else (self.region,)
        here = (rows["measure"] == measure) & (rows["item"] == item)
        rows = rows[here & rows["region"].isin(places) & rows["point"].notna()]
        return rows.set_index("point")[column].reindex(self.points).to_numpy(float)

    @property
    def case(self) -> Case:
        """What notes are made of."""
        return Case(self.results, {**self.keys, "path_year": 0})


def curves(found: Sequence[ResultSet], choice: Choice) -> list[Curve]:
    """Frontiers that are wanted, versions in the order in which they belong together.

    Raises
    ------
    InputError
        If there is none, and for a region, elasticity set or version that none has.
    """
    every = [curve for results in found for curve in _curves(results)]
    if not every:
        raise InputError("the results hold no frontier", allowed="results of `cge frontier`")
    regions = chosen([one.region for one in every], choice.regions, "regions")
    sets = chosen([one.elasticities for one in every], choice.elasticities, "elasticities")
    names = [name for one in every for name in (one.version, str(one.keys["scenario"]))]
    wanted = chosen(names, choice.scenarios, "scenarios")
    return [
        one for one in every if one.region in regions and one.elasticities in sets
        and (one.version in wanted or one.keys["scenario"] in wanted)
    ]  # fmt: skip


def _curves(results: ResultSet) -> Iterator[Curve]:
    rows = results.to_frame(study="frontier")
    for keys, own in rows.groupby(list(CASE), sort=False, dropna=False):
        region = str(own.loc[own["measure"] == RATE, "region"].iloc[0])
        yield Curve(results, region, dict(zip(CASE, keys, strict=True)), own)


def frontier(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Points of frontiers, a panel for each."""
    shown = curves(found, choice)
    panels = tuple(_panel(one, shown) for one in shown)
    lines = [
        "Each point: the policy with the largest EV of those whose CVaR is no larger, from no "
        "limit (point 0) to the smallest that is attainable. " + _problems(shown),
        "CVaR and expected loss: of real income. Price of resilience: points of what is maximised "
        "for one point of CVaR less.",
        *_checks(shown),
        *(line for one in shown for line in _of_curve(one, shown)),
    ]
    return Page("frontier", choice.title or _TITLE, "Point", panels, _notes(shown, lines),
                shown[0].results.names("regions"), landscape=True)  # fmt: skip


def drawn(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Points of one frontier under one elasticity set, and single policies beside them.

    Panels: versions, the point without policy, and policies of stress tests of the same region
    among the results.

    Raises
    ------
    InputError
        If there are frontiers of several regions.
    """
    shown = curves(found, choice)
    shown = [one for one in shown if one.elasticities == shown[0].elasticities]
    if len({(id(one.results), one.region) for one in shown}) > 1:
        raise InputError("a figure shows one frontier", key=FLAGS["regions"],
                         value=", ".join(dict.fromkeys(one.region for one in shown)),
                         allowed="one folder, or the region of one")  # fmt: skip
    first = shown[0]
    several = len(curves([first.results], Choice(regions=choice.regions))) > len(shown)
    panels = [_panel(one, shown) for one in shown]
    without = float(first.figures(CVAR, column="benchmark")[0])
    panels.append(_dots(NO_POLICY, NO_POLICY, first, (NO_POLICY,), [[without, 0.0]]))
    lines = [
        "Lines: the largest EV at each level of risk, CVaR falling to the right. "
        + _problems(shown) + " Below: the policy at each point, rates added to those of the "
        "benchmark.",
        f"Elasticities: {first.elasticities}." if several else "",
        *_checks(shown),
    ]  # fmt: skip
    beside = list(_policies(found, first, without))
    if beside:
        labels, places = zip(*beside, strict=True)
        panels.append(_dots("Policies", POLICIES, first, labels, places))
        over_years = any(one.rows["path_year"].notna().any() for one in found)
        lines.insert(1, "Dots: single policies, CVaR that without policy plus the change they make"
                     + (" in the last year of their paths. Knowledge and sourcing move along a "
                        "path, and do not on the frontier, which is of the long run."
                        if over_years else "."))  # fmt: skip
    return Page("frontier", choice.title or _TITLE, "Point", tuple(panels),
                _notes(shown, [line for line in lines if line]),
                {first.region: first.name})  # fmt: skip


def _panel(one: Curve, shown: Sequence[Curve]) -> Panel:
    columns, figures = [], []
    for key, measure, world, title, unit, digits in _COLUMNS:
        columns.append(Column(key, title, unit, digits))
        figures.append(one.figures(measure, world=world))
    for item in one.instruments:
        rates = one.figures(RATE, item)
        columns.append(Column(f"{RATE}_{item}", item, printed("percent", rates).unit, 2))
        figures.append(rates)
    parts = [
        one.name if len({other.region for other in shown}) > 1 else "",
        VERSIONS.get(one.version, (one.version, ""))[0],
        one.elasticities if len({other.elasticities for other in shown}) > 1 else "",
    ]
    keys = {"region": one.region, "elasticities": one.elasticities, "version": one.version}
    return Panel(", ".join(part for part in parts if part), tuple(columns),
                 tuple(map(str, one.points)), np.array(figures).T, keys=keys)  # fmt: skip


def _dots(
    title: str, version: str, one: Curve, rows: Sequence[str], places: Sequence[Sequence[float]]
) -> Panel:
    """Panel of policies that are no points of the frontier."""
    columns = (Column(CVAR, heading(CVAR), "%", 3), Column(EV, "EV", "%", 3))
    keys = {"region": one.region, "elasticities": one.elasticities, "version": version}
    return Panel(title, columns, tuple(rows), np.array(places), keys=keys)


def _policies(
    found: Sequence[ResultSet], one: Curve, without: float
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name, risk and welfare of policies that were put to a stress test.

    Raises
    ------
    InputError
        For results that hold neither a frontier nor such policies.
    """
    weighting = one.rows.loc[one.rows["measure"] == CVAR, "weighting"].iloc[0]
    for results in found:
        if (results.rows["study"] == "frontier").any():
            continue
        rows = results.to_frame(region=one.region, elasticities=one.elasticities)
        rows = rows[rows["measure"].isin((CVAR, EV)) & rows["weighting"].isin((weighting, ""))]
        rows = rows[rows["path_year"].fillna(0) == rows["path_year"].fillna(0).max()]
        wide = rows.pivot_table(index=["scenario", "variant", "title"], columns="measure",
                                values=["value", "change"], sort=False)  # fmt: skip
        if ("change", CVAR) not in wide or ("value", EV) not in wide:
            raise InputError(
                "has no policies to set beside the frontier", value=results.name,
                allowed=f"a stress test of {one.region} under {one.elasticities}, with weighting "
                f"{weighting}",
            )  # fmt: skip
        places = wide[[("change", CVAR), ("value", EV)]].dropna()
        for (*_, title), (change, welfare) in zip(places.index, places.to_numpy(), strict=True):
            yield str(title), (without + float(change), float(welfare))


def _problems(shown: Sequence[Curve]) -> str:
    here = dict.fromkeys(one.version for one in shown)
    return " ".join(VERSIONS[version][1] for version in here if version in VERSIONS)


def _checks(shown: Sequence[Curve]) -> list[str]:
    """How far points are from being solved anew, and from the conditions of an optimum."""
    apart = max(float(np.abs(one.figures("check_difference", item)).max())
                for one in shown for item in (EV, CVAR))  # fmt: skip
    residual = max(float(one.figures("first_order_residual").max()) for one in shown)
    return [
        f"Every point was solved again from the benchmark; EV and CVaR differ by at most "
        f"{100 * apart:.1g} percentage points. First-order conditions hold to {residual:.1g}."
    ]


def _of_curve(one: Curve, shown: Sequence[Curve]) -> Iterator[str]:
    """Sentences on how one frontier was found."""
    name = _panel(one, shown).title
    facts, risk = one.case.facts, one.figures(CVAR)
    without = one.figures(CVAR, column="benchmark")[0]
    starts = facts.get("starts", 0)
    yield (
        f"{name}: CVaR {without:.3f} % without policy, {risk[0]:.3f} % at the best EV, "
        f"{risk[-1]:.3f} % at the smallest risk; {facts.get('starts_that_agree')} of {starts} "
        f"starting points reach the same best EV, "
        f"{facts.get('starts_that_agree_on_the_smallest_risk')} of {starts + 1} the same smallest "
        "risk."
    )
    if len(one.points) == 1:
        yield f"{name}: no conflict. The policy that is best for EV has the smallest risk."
    prices = one.figures(PRICE)[:-1]
    if (np.diff(prices) < -_ROUNDING * max([1.0, *prices])).any():
        yield (f"{name}: the frontier is not concave, the price of resilience falls along a part "
               "of it; the points are local optima.")  # fmt: skip


def _notes(shown: Sequence[Curve], first: Sequence[str]) -> tuple[str, ...]:
    return notes_of([one.case for one in shown], first)


KINDS = (
    PageKind("frontier", "the best welfare at each level of risk, its price, and the policy that "
             "gives it", frontier, ("regions",), "frontier_figure", drawn),
)  # fmt: skip
