"""Results of a sensitivity study: draws, their statistics, and what the variance comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array, Bools
from cge.core.errors import NoEquilibrium
from cge.core.fields import files_of
from cge.results.manifest import manifest
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows
from cge.scenario.schema import Scenario
from cge.uncertainty.designs import Design
from cge.uncertainty.selection import ELASTICITIES
from cge.uncertainty.spread import (
    ADJUSTED,
    CENTRAL,
    COEFFICIENT,
    DRAWS_EACH,
    EXPLAINED,
    GROUP_SHARE,
    NOISE,
    POSITIVE,
    SAME_SIGN,
    SHARE,
    SIGN_ERROR,
    STATISTIC_UNITS,
    STATISTICS,
    Regression,
    odds_told,
    pooled_spread,
    sign_kept,
    spread,
)
from cge.uncertainty.uncertain_parameters import PARAMETER, UncertainParameter

#: Numbers of a figure.
FIGURE = ("value", "benchmark", "change")
#: In the place of a set's name where the draws of all sets are taken together.
POOLED = "pooled"
#: Shown in the first pages, where it is among the figures.
EXPECTED_LOSS = "expected_loss"
#: How measures begin that are odds, which may be nothing or without end.
ODDS = "break_even_odds"
_OF_VARIANCE = {
    COEFFICIENT: "standard deviations",
    **dict.fromkeys((SHARE, GROUP_SHARE, ADJUSTED, NOISE, *EXPLAINED.values()),
                    "share of variance"),
}  # fmt: skip


@dataclass(eq=False)
class SetDraws:
    """All draws under one elasticity set.

    Parameters
    ----------
    name : str
        Of the set, in results.
    study : Drawable
        Of a claim also a frontier, of which nothing is drawn.
    parameters : tuple of UncertainParameter
    points : ndarray (draws, parameters)
        Values of the parameters.
    central : ResultSet
        Of the study with all parameters at their central values.
    figures : DataFrame
        Its rows whose spread is reported.
    numbers : ndarray (draws, figures, 3)
        Value, benchmark and change of the figures; NaN where there is no equilibrium.
    failed : list of str
        For each draw why there is none; empty where there is.
    """

    name: str
    study: Any
    parameters: tuple[UncertainParameter, ...]
    points: Array
    central: ResultSet = field(init=False)
    figures: pd.DataFrame = field(init=False)
    numbers: Array = field(default_factory=lambda: np.zeros((0, 0, 3)))
    failed: list[str] = field(default_factory=list)

    def add(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Put in the results of all draws, in their order."""
        self.numbers = np.concatenate([one["numbers"] for one in results])
        self.failed = [reason for one in results for reason in one["failed"]]

    @property
    def solved(self) -> Bools:
        """Whether a draw has an equilibrium, (draws,)."""
        return np.array([not reason for reason in self.failed], dtype=bool)

    @property
    def flat(self) -> Array:
        """Numbers of the draws that have one, (draws, 3 figures)."""
        return self.numbers[self.solved].reshape(int(self.solved.sum()), -1)

    def regression(self, design: Design) -> Regression:
        """The draws of the parameters, to regress figures on."""
        return Regression(self.parameters, self.points[self.solved], design)


def sensitivity_results(
    spec: Mapping[str, Any], scenario: Scenario, sets: Sequence[SetDraws], design: Design,
    split: bool,
) -> ResultSet:  # fmt: skip
    """Put the draws of a study together.

    Raises
    ------
    NoEquilibrium
        If no draw has one.
    """
    if not any(one.solved.any() for one in sets):
        raise NoEquilibrium(f"no draw has an equilibrium; draw 1: {sets[0].failed[0]}")
    rows, quadrature = Rows(), design.quadrature
    for one in sets:
        central = one.figures[list(FIGURE)].to_numpy(dtype=float).ravel()
        signs = {} if quadrature else sign_kept(one.flat, central)
        are_odds = one.figures["measure"].astype(str).str.startswith(ODDS).to_numpy()
        found = {CENTRAL: central, **spread(one.flat, quadrature), **signs}
        for name in {POSITIVE, SAME_SIGN, SIGN_ERROR} & {*found}:  # odds have no sign
            found[name] = np.where(np.repeat(are_odds, len(FIGURE)), np.nan, found[name])
        _add_statistics(rows, one.figures, found)
        if are_odds.any() and not quadrature:
            told = odds_told(one.numbers[one.solved][:, are_odds].reshape(len(one.flat), -1))
            _add_statistics(rows, one.figures[are_odds], told)
    if len(sets) > 1:
        pooled = pooled_spread([one.flat for one in sets], quadrature)
        _add_statistics(rows, sets[0].figures.assign(elasticities=POOLED), pooled)
    for one in sets:
        _add_drivers(rows, one, one.regression(design))
        _add_parameters(rows, one)
        numbers = np.flatnonzero(one.solved)
        _add(rows, one.figures, one.numbers[numbers], point=numbers + 1)
    first = sets[0].central.manifest
    return ResultSet(rows.frame(study="sensitivity"), manifest(
        spec, next(iter(sets[0].study.benchmarks.values())),
        [{**case, "study": "sensitivity"}
         for one in sets for case in one.central.manifest["cases"]],
        [*first["notes"], *_notes(sets, design, split)], files_of(scenario),
        **{name: first[name] for name in ("library",) if name in first},
        parameters=[{"elasticities": one.name, **p.record} for one in sets
                    for p in one.parameters],
        draws=[{"elasticities": one.name, "draws": len(one.points),
                "without_equilibrium": {str(n + 1): why for n, why in enumerate(one.failed) if why}}
               for one in sets],
        pages=_pages(sets[0]), figure="sensitivity",
    ))  # fmt: skip


def _pages(one: SetDraws) -> list[list[Any]]:
    """First pages: of the first measure, and of expected losses where there are any."""
    first = one.figures.iloc[0]
    item = "" if first["disruption"] else first["item"]
    names = [f"{first['measure']}[{item}]" if item else str(first["measure"])]
    if (one.figures["measure"] == EXPECTED_LOSS).any():
        names.append(EXPECTED_LOSS)
    main = {"measures": list(dict.fromkeys(names))}
    kinds = ["sensitivity", "drivers"]
    if len({parameter.family for parameter in one.parameters}) > 1:
        kinds.append("driver-groups")
    return [["intervals", {}], *([kind, main] for kind in kinds)]


def _add(rows: Rows, figures: pd.DataFrame, numbers: Array, **columns: Any) -> None:
    """Add numbers (k, figures, 3) with k values of other columns."""
    count = len(numbers)
    table = figures.iloc[np.tile(np.arange(len(figures)), count)].drop(columns=[*FIGURE, *columns])
    given = {name: np.repeat(np.asarray(column, dtype=object), len(figures))
             for name, column in columns.items()}  # fmt: skip
    flat = dict(zip(FIGURE, numbers.reshape(-1, 3).T, strict=True))
    rows.extend(table.assign(**flat, **given))


def _add_statistics(rows: Rows, figures: pd.DataFrame, found: Mapping[str, Array]) -> None:
    """Add statistics (3 figures,), in their order."""
    for name in (name for name in STATISTICS if name in found):
        numbers = found[name].reshape(1, -1, 3)
        unit = STATISTIC_UNITS.get(name)
        if unit is None:
            _add(rows, figures, numbers, statistic=[name])
        else:
            missing = figures[list(FIGURE)].isna().to_numpy()
            numbers = np.where(missing, np.nan, numbers)
            _add(rows, figures.assign(unit=unit, change_unit=unit), numbers, statistic=[name])


def _add_drivers(rows: Rows, one: SetDraws, regression: Regression) -> None:
    """Add the parameters behind the variance of every figure: of its change, where it has one."""
    value, change = one.numbers[one.solved][:, :, 0], one.numbers[one.solved][:, :, 2]
    results = np.where(np.isnan(change).any(axis=0), value, change)
    places: list[int] = []
    parts: list[tuple[str, str, float]] = []
    for number, result in enumerate(results.T):
        found = regression.drivers(result)
        if found is not None:
            parts += [
                *((SHARE, *pair) for pair in zip(regression.names, found.shares, strict=True)),
                *((COEFFICIENT, *pair)
                  for pair in zip(regression.names, found.coefficients, strict=True)),
                *((GROUP_SHARE, *pair) for pair in regression.groups(found).items()),
                (EXPLAINED[found.ranked], "", found.explained),
                (ADJUSTED, "", found.adjusted), (NOISE, "", found.noise),
            ]  # fmt: skip
            places += [number] * (len(parts) - len(places))
    if parts:
        statistic, shock, numbers = zip(*parts, strict=True)
        rows.extend(one.figures.iloc[places].assign(
            statistic=statistic, shock=shock, value=numbers, benchmark=np.nan, change=np.nan,
            unit=[_OF_VARIANCE[name] for name in statistic], change_unit="",
        ))  # fmt: skip


def _add_parameters(rows: Rows, one: SetDraws) -> None:
    """Add the values of the parameters in every draw."""
    count, labels = len(one.points), one.figures.iloc[0]
    rows.add(
        PARAMETER, one.points.ravel(), item=[p.name for p in one.parameters] * count,
        unit=[p.unit for p in one.parameters] * count, elasticities=one.name,
        point=np.repeat(np.arange(1, count + 1), len(one.parameters)),
        scenario=labels["scenario"], title=one.study.question.title,
    )  # fmt: skip


def _notes(sets: Sequence[SetDraws], design: Design, split: bool) -> list[str]:
    """Notes that belong under any table of the study."""
    sizes = ", ".join(f"{len(one.points)} of {_counted(one)}" for one in sets)
    has_nests = any(not p.place for one in sets for p in one.parameters)
    which = f", {' and '.join(sets[0].study.horizons)}-run elasticities" if has_nests else ""
    mode = " with the mode at the central value" if design.distribution == "triangular" else ""
    lines = [
        f"Draws: {design.kind}, {sizes}; seed {design.seed}.",
        f"Each parameter has a {design.distribution} distribution from its low to its high "
        f"value{mode}{which}. Ranges are the authors' intervals where they give one, else assumed: "
        "see the parameters in manifest.json.",
        _correlation(design, split, has_nests),
    ]
    for one in sets:
        lost = [number for number, reason in enumerate(one.failed) if reason]
        if lost:
            lines.append(
                f"{len(lost)} of {len(one.points)} draws under {one.name} have no equilibrium and "
                f"are not in the statistics; the first is draw {lost[0] + 1}: "
                f"{one.failed[lost[0]]}."
            )
    if design.quadrature:
        lines.append(
            "Quadrature of degree 3 (Stroud 1957, Arndt 1996): mean and standard deviation only; "
            "its points are no sample, and have no quantiles."
        )
    if len(sets) > 1:
        lines.append(
            f"'{POOLED}' takes the sets together, each as likely as the others; the sets "
            "themselves are cases, not draws."
        )
    few = {one.name: r for one in sets if not (r := one.regression(design)).possible}
    if few:
        lines.append(
            f"No shares of variance for {', '.join(few)}: they need "
            f"{max(r.needed for r in few.values())} draws, {DRAWS_EACH} for each parameter."
        )
    return lines


def _counted(one: SetDraws) -> str:
    """How many parameters of which families are drawn under a set."""
    families = [p.family for p in one.parameters]
    counts = ", ".join(f"{families.count(name)} of {name.replace('_', ' ')}"
                       for name in dict.fromkeys(families))  # fmt: skip
    told = "" if {*families} == {ELASTICITIES} else f": {counts}"
    return f"{len(one.parameters)} parameters ({one.name}{told})"


def _correlation(design: Design, split: bool, has_nests: bool) -> str:
    """What is drawn together."""
    if design.correlation > 0:
        together = "all move together" if design.correlation == 1 else (
            f"have rank correlation {design.correlation:g}"
        )  # fmt: skip
        return (f"The values of one nest or group {together}; nests and groups are independent of "
                "each other.")  # fmt: skip
    if not has_nests:
        return (
            "Values are drawn independently of each other (--correlation 1 moves all of a group "
            "together)."
        )
    if split:
        return (
            "Every sector is drawn on its own, even where several use one published value: errors "
            "cancel out, and intervals are too narrow."
        )
    return (
        "A published value that several sectors use is one parameter and moves them together; "
        "different values are drawn independently of each other (--correlation 1 moves all of "
        "a nest together)."
    )
