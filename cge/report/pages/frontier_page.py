"""Points of a frontier: risk, welfare, the price of resilience and the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.report.drafts.case_groups import policy_name
from cge.report.drafts.cases import CENTRAL, Case, cases_of
from cge.report.drafts.choice import FLAGS, Choice, chosen
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel, short_name
from cge.results.resultset import ResultSet

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
PRICE, RATE, EXPECTED = "price_of_resilience", "rate", "expected_loss"
#: Welfare and risk as a frontier has them: keys of columns stand for either.
WORTH, FAMILY = "present_value", "loss_by_family"
#: By how much the price of resilience may fall from a point to the next unnoticed.
_ROUNDING = 1e-3


class Curve:
    """A frontier of one version under one elasticity set: `case` is what results have of it."""

    def __init__(self, case: Case) -> None:
        self.case, rates = case, case.rows(RATE)
        self.version, self.elasticities = (str(case.keys[key])
                                           for key in ("variant", "elasticities"))  # fmt: skip
        self.region = str(rates["region"].iloc[0])
        #: Of a path; 0 where it is of the long run.
        self.year = int(case.facts.get("year") or 0)
        self.name = short_name(case.results.names("regions").get(self.region, self.region))
        self.risk = CVAR if len(case.rows(CVAR)) else EXPECTED
        self.goal = WORTH if case.facts.get("objective") == WORTH else EV
        family = str(case.facts.get("constraint", CVAR))
        #: What has the ceiling, in words.
        self.ceiling = {CVAR: "CVaR", "expected": "expected loss"}.get(
            family if self.risk == EXPECTED else CVAR, f"loss from {family.replace('_', ' ')}"
        )
        self.points = sorted({int(n) for n in case.table["point"].dropna()})
        self.instruments = list(dict.fromkeys(rates["item"]))

    def figures(self, measure: str, item: str = "", column: str = "value") -> Array:
        """A measure by point, (points,); NaN where there is none."""
        world = measure == WORLD_EV
        named = {CVAR: self.risk, EV: self.goal, WORLD_EV: self.goal}
        rows = self.case.rows(named.get(measure, measure))
        region = self.case.world if world else self.region
        rows = rows[(rows["item"] == item) & (rows["region"] == region) & rows["point"].notna()]
        return rows.set_index("point")[column].reindex(self.points).to_numpy(float)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of its panel but the rates."""
        welfare = "EV" if self.goal == EV else "Present value of EV"
        risk = Column(CVAR, self.ceiling[0].upper() + self.ceiling[1:], "%", 3)
        return (
            risk, *([Column(EXPECTED, "Expected loss", "%", 3)] if self.risk == CVAR else []),
            Column(EV, welfare, "%", 3), Column(WORLD_EV, f"{welfare}, world", "%", 3),
            Column(PRICE, "Price of resilience", "EV points per point"),
            Column("outlay_share", "Outlay", "% of GDP"),
        )  # fmt: skip

    def panel(self, shown: Sequence[Curve]) -> Panel:
        """Its points in rows; titled by what tells it from the others."""
        rates = [Column(f"{RATE}_{item}", item, "%") for item in self.instruments]
        figures = [self.figures(column.key) for column in self.columns]
        figures += [self.figures(RATE, item) for item in self.instruments]
        parts = [
            self.name if len({other.region for other in shown}) > 1 else "",
            VERSIONS.get(self.version, (self.version, ""))[0],
            self.elasticities if len({other.elasticities for other in shown}) > 1 else "",
        ]
        return Panel(", ".join(part for part in parts if part), (*self.columns, *rates),
                     tuple(map(str, self.points)), np.array(figures).T,
                     keys=self.keys(self.version))  # fmt: skip

    def keys(self, version: str) -> dict[str, str]:
        """Keys of a panel in a data file."""
        return {"region": self.region, "elasticities": self.elasticities, "version": version}

    def dots(
        self, title: str, version: str, rows: Sequence[str], places: Sequence[Sequence[float]]
    ) -> Panel:
        """Panel of policies that are no points of the frontier."""
        columns = tuple(one for one in self.columns if one.key in (CVAR, EV))
        return Panel(title, columns, tuple(rows), np.array(places), keys=self.keys(version))


@lru_cache(maxsize=32)
def frontier_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of frontiers."""
    return results.rows[results.rows["study"] == "frontier"]


def curves(found: Sequence[ResultSet], choice: Choice) -> list[Curve]:
    """Frontiers that are wanted, versions in the order in which they belong together.

    Raises
    ------
    InputError
        If there is none, and for a region, elasticity set or version that none has.
    """
    every = [Curve(case) for case in cases_of(found, choice, (RATE,), source=frontier_rows)]
    regions = chosen([one.region for one in every], choice.regions, "regions")
    return [one for one in every if one.region in regions]


def frontier(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Points of frontiers, a panel for each."""
    shown = curves(found, choice)
    risk = " or ".join(dict.fromkeys(one.ceiling for one in shown))
    lines = [
        f"Each point: the policy with the largest EV of those whose {risk} is no larger, from no "
        "limit (point 0) to the smallest that is attainable. " + _problems(shown),
        "CVaR and other losses: of real income. Price of resilience: points of what is maximised "
        f"for one point of {risk} less.",
        *_checks(shown),
        *(line for one in shown for line in _of_curve(one, shown)),
    ]
    return _draft([one.panel(shown) for one in shown], shown, lines)


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
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
    if len({(one.case.results, one.region) for one in shown}) > 1:
        raise InputError("a figure shows one frontier", key=FLAGS["regions"],
                         value=", ".join(dict.fromkeys(one.region for one in shown)),
                         allowed="one folder, or the region of one")  # fmt: skip
    first = shown[0]
    several = len(curves([first.case.results], Choice(regions=choice.regions))) > len(shown)
    without = float(first.figures(CVAR, column="benchmark")[0])
    panels = [one.panel(shown) for one in shown]
    panels.append(first.dots(NO_POLICY, NO_POLICY, (NO_POLICY,), [[without, 0.0]]))
    dots, beside = "", list(_policies(found, first, without))
    if beside:
        panels.append(first.dots("Policies", POLICIES, *zip(*beside, strict=True)))
        over_years = any(one.rows["path_year"].notna().any() for one in found)
        dots = (f"Dots: single policies, {first.ceiling} that without policy plus the change they "
                f"make{_when(first) if over_years else '.'}")  # fmt: skip
    lines = [
        f"Lines: the largest EV at each level of risk, {first.ceiling} falling to the right. "
        + _problems(shown) + " Below: the policy at each point, rates added to those of the "
        "benchmark." + _idle(first.panel(shown)),
        dots,
        f"Elasticities: {first.elasticities}." if several else "",
        *_checks(shown),
    ]  # fmt: skip
    return _draft(panels, shown, lines)


def _idle(panel: Panel) -> str:
    """Sentence on the instruments that are used at no point."""
    idle = [column.title for n, column in enumerate(panel.columns)
            if column.key.startswith(f"{RATE}_")
            and not panel.figures[:, n].round(column.digits).any()]  # fmt: skip
    return f" Not used at any point: {', '.join(idle)}." if idle else ""


def _when(one: Curve) -> str:
    """Which year of their paths single policies are shown in."""
    if one.year:
        return f" in year {one.year} of their paths, which is that of the frontier."
    return (" in the last year of their paths. Knowledge and sourcing move along a path, and do "
            "not on the frontier, which is of the long run.")  # fmt: skip


def _draft(panels: Sequence[Panel], shown: Sequence[Curve], lines: Sequence[str]) -> Draft:
    return Draft("The efficiency-resilience frontier", "Point", panels,
                 [one.case for one in shown], lines)  # fmt: skip


def _policies(
    found: Sequence[ResultSet], one: Curve, without: float
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name, risk and welfare of policies that were put to a stress test.

    Raises
    ------
    InputError
        For results that hold neither a frontier nor such policies.
    """
    weighting = one.case.rows(one.risk)["weighting"].iloc[0]
    family = one.case.facts.get("constraint", "") if one.ceiling.startswith("loss from") else ""
    risk = FAMILY if family else one.risk
    for results in found:
        if (results.rows["study"] == "frontier").any():
            continue
        rows = results.to_frame()
        rows = rows[(rows["region"] == one.region) & (rows["elasticities"] == one.elasticities)]
        refuse_if(one.goal != EV, "a stress test has welfare of single years, and the frontier "
                  "present values", value=results.name,
                  allowed="a frontier with objective: year")  # fmt: skip
        rows = rows[rows["measure"].isin((risk, EV)) & rows["weighting"].isin((weighting, ""))]
        rows = rows[(rows["measure"] == EV) | (rows["item"] == family)]
        years = rows["path_year"].fillna(0)
        rows = rows[years == (one.year or years.max())]
        levels = [level for level in rows["research_return"].unique() if level]
        main = CENTRAL if CENTRAL in levels else next(iter(levels), "")
        rows = rows[rows["research_return"].isin((main, ""))]
        wide = rows.pivot_table(index=["scenario", "variant", "title"], columns="measure",
                                values=["value", "change"], sort=False)  # fmt: skip
        refuse_if(("change", risk) not in wide or ("value", EV) not in wide,
                  "has no policies to set beside the frontier", value=results.name,
                  allowed=f"a stress test of {one.region} under {one.elasticities}, with weighting "
                          f"{weighting}")  # fmt: skip
        places = wide[[("change", risk), ("value", EV)]].dropna()
        for (_, variant, title), (change, welfare) in zip(
            places.index, places.to_numpy(), strict=True
        ):
            yield policy_name(str(title), str(variant)), (without + float(change), float(welfare))


def _problems(shown: Sequence[Curve]) -> str:
    here = dict.fromkeys(one.version for one in shown)
    return " ".join(VERSIONS[version][1] for version in here if version in VERSIONS)


def _checks(shown: Sequence[Curve]) -> list[str]:
    """How far points are from being solved anew, and from the conditions of an optimum."""
    apart = max(float(np.abs(one.figures("check_difference", item)).max())
                for one in shown for item in (EV, one.risk))  # fmt: skip
    residual = max(float(one.figures("first_order_residual").max()) for one in shown)
    return [
        f"Every point was solved again from the benchmark; welfare and risk differ by at most "
        f"{100 * apart:.1g} percentage points. First-order conditions hold to {residual:.1g}."
    ]


def _of_curve(one: Curve, shown: Sequence[Curve]) -> Iterator[str]:
    """Sentences on how one frontier was found."""
    name = one.panel(shown).title
    facts, risk = one.case.facts, one.figures(CVAR)
    without = one.figures(CVAR, column="benchmark")[0]
    starts = facts.get("starts", 0)
    yield (
        f"{name}: {one.ceiling} {without:.3f} % without policy, {risk[0]:.3f} % at the best EV, "
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


KINDS = (
    PageKind("frontier", "the best welfare at each level of risk, its price, and the policy that "
             "gives it", frontier, ("regions",), "frontier", drawn, "results of `cge frontier`"),
)  # fmt: skip
