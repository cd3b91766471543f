"""Results of a path as rows: figures of its years, stocks, outlays, and what it is worth.

By region every year. By sector every year under the main level of returns to research, in
detailed years under the others. Trade, and the rates of the policy, in detailed years under
the main level, for which welfare is taken apart. Changes are against the baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.data.parameters.parameter_files import load_dynamics_parameters
from cge.dynamics.ground_shocks import apart, ground_shocks
from cge.dynamics.sourcing import Sourcing
from cge.indicators import fiscal
from cge.indicators.accumulation import LOGS, domar, knowledge_policy, productivity, stocks
from cge.indicators.present_value import Turn, break_even, payback, present_value
from cge.path.solved import PathCase, PathYear, baseline_absorption, welfare
from cge.path.solving import PathContent, solved_path
from cge.policy.benchmarks import calendar_year
from cge.policy.case import with_rates_given
from cge.results.collect import Wanted, add_solution
from cge.results.policy_rows import OF_GDP, add_outlay, add_parts
from cge.results.register import add_known
from cge.results.row_schema import Rows, world_label
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.solve.decompose import Decomposition, decompose
from cge.solve.solution import Allocation
from cge.tasks.runner import Place

#: Years with all figures, beside the last: trade, factors by sector, the rates of the policy.
DETAILED = (1, 5, 10, 15, 20, 25)
#: Years whose welfare is taken apart unless others are chosen, beside the last.
YEARS = (1, 10)
#: Outlay on all that is no measure about knowledge, which have names of their own.
SUBSIDIES = "subsidies and taxes forgone"
#: Measures of a path as a whole, and those that take the outlays of its years.
_OF_OUTLAYS = ("outlay", "outlay_share", "outlay_part", "present_value_outlay")
OF_WORTH = (
    "present_value", "present_value_beyond", "present_value_money", "present_value_outlay",
    "present_value_at_rate", "break_even_year", "payback_year",
)  # fmt: skip


@dataclass(frozen=True)
class PathFigures:
    """All that the rows of a path depend on.

    Parameters
    ----------
    path : PathContent
    main : bool
        Whether its level of returns to research is the one that is shown in full.
    parts : tuple of int
        Years whose welfare is taken apart.
    only : tuple of str
        Measures to collect, of detailed years and of the path as a whole; empty: all, of all
        years.
    years : tuple of int, optional
        Of which years figures are collected, in place of the detailed ones, and nothing but the
        measures in `only`.
    """

    path: PathContent
    main: bool = True
    parts: tuple[int, ...] = ()
    only: tuple[str, ...] = ()
    years: tuple[int, ...] | None = None

    def wants(self, *measures: str) -> bool:
        """Whether one of some measures is collected."""
        if not self.only and self.years is None:
            return True
        return not {*self.only}.isdisjoint(measures)


def path_rows(asked: PathFigures, place: Place) -> dict[str, Any]:
    """Collect the rows of a path.

    Returns
    -------
    dict
        ``rows`` (DataFrame); ``lost``, years whose welfare could not be taken apart.
    """
    rows, case = Rows(), solved_path(asked.path, place)
    last = len(case.years)
    detailed = some_years(last, DETAILED) if asked.years is None else asked.years
    by_sector = range(1, last + 1) if asked.main else detailed
    told = detailed if asked.only else ()
    if asked.years != ():
        add_solutions(rows, case, by_sector, detailed if asked.main else (), asked.only, told)
        add_state(rows, case, by_sector, asked.only, told)
    spent = np.zeros((last, len(case.model.benchmark.regions)))
    if asked.wants(*_OF_OUTLAYS):
        spent = add_outlays(rows, case)
    if asked.wants(*OF_WORTH):
        add_worth(rows, case, spent)
    lost = add_decompositions(rows, case, asked.parts, by_shock=asked.years is None)
    frame = dated(rows, case)
    if asked.only or asked.years is not None:
        years = frame["path_year"]
        frame = frame[frame["measure"].isin(asked.only) & (years.isna() | years.isin(detailed))]
    return {"rows": frame, "lost": lost}


def add_solutions(
    rows: Rows, case: PathCase, by_sector: Sequence[int] = (), routes: Sequence[int] = (),
    only: Sequence[str] = (), years: Sequence[int] = (),
) -> None:  # fmt: skip
    """Add the figures of all years or some: of regions, in some of sectors, in some of routes."""
    for year, base in case.pairs():
        if years and year.year not in years:
            continue
        detail = 3 if year.year in routes else 2 if year.year in by_sector else 1
        wanted = Wanted(detail, state=False, measures=only or None)
        then = None if base is None else base.solution
        add_solution(rows, year.solution, then, wanted, path_year=year.year)


def dated(rows: Rows, case: PathCase) -> pd.DataFrame:
    """Rows of a path with years of the calendar, where the benchmark has one."""
    frame, origin = rows.frame(), calendar_year(case.model.benchmark)
    if origin >= 0:
        frame["calendar_year"] = frame["path_year"] + origin
    return frame


def add_state(
    rows: Rows, case: PathCase, by_sector: Sequence[int], only: Sequence[str] = (),
    years: Sequence[int] = (),
) -> None:  # fmt: skip
    """Add capital, knowledge and productivity, and the policy about knowledge.

    Parameters
    ----------
    rows : Rows
    case : PathCase
    by_sector : sequence of int
        Years with figures by sector; those by region are there for all.
    only : sequence of str
        Measures to add; empty: all.
    years : sequence of int
        Of which; empty: all.
    """
    b = case.model.benchmark
    codes = np.array(b.regions, dtype=object)
    of_cells: dict[int, dict[str, Any]] = {
        1: {"region": codes},
        2: {"region": codes.repeat(len(b.sectors)),
            "sector": np.tile(np.array(b.sectors, dtype=object), len(codes))},
    }  # fmt: skip
    routes = {"region": codes.repeat(len(codes)), "partner": np.tile(codes, len(codes))}

    def told(name: str) -> bool:
        return not only or name in only

    moved = _moved_sources(case) if any(map(told, _sources(case.years[-1], None))) else set()
    for year, base in case.pairs():
        if years and year.year not in years:
            continue
        at: dict[str, Any] = {"path_year": year.year}
        detailed = year.year in by_sector
        then = None if base is None else stocks(b, base.state, base.business)
        for name, arrays in stocks(b, year.state, year.business).items():
            for n, now in enumerate(arrays if told(name) else ()):
                if now.ndim == 1 or detailed:
                    ratio = now if then is None else now / then[name][n]
                    add_known(rows, name, ratio.ravel(), b, 1.0, **of_cells[now.ndim], **at)
        for name, cells in _sources(year, base).items():
            if not told(name):
                continue
            add_known(rows, name, domar(b, cells), b, **of_cells[1], **at)
            if detailed and name in moved:
                add_known(rows, name, cells.ravel(), b, unit=LOGS, **of_cells[2], **at)
        if year.state.knowledge is not None:
            for name, (values, nothing) in knowledge_policy(year.policy).items():
                if not told(name):
                    continue
                where = routes if name == "openness" else of_cells[values.ndim]
                here = values.ravel() != nothing
                if here.any():
                    add_known(rows, name, values.ravel()[here], b, nothing, **at,
                              **{axis: cells[here] for axis, cells in where.items()})  # fmt: skip


def _sources(year: PathYear, base: PathYear | None) -> dict[str, Array]:
    """Productivity of a year by source and in all, nothing where there is no knowledge."""
    if not year.productivity:
        return {}
    return productivity(year.productivity, {} if base is None else base.productivity)


def _moved_sources(case: PathCase) -> set[str]:
    """Sources that move productivity in some year."""
    every = [_sources(year, base) for year, base in case.pairs()]
    return {name for one in every for name, cells in one.items() if cells.any()}


def add_outlays(rows: Rows, case: PathCase) -> Array:
    """Add the spending of governments on the policy, in all and by kind; return it, (years, s)."""
    b = case.model.benchmark
    every = [_outlays(case, year) for year in case.years]
    spent = np.array([np.sum(list(one.values()), axis=0) for one in every])
    for year, total, kinds in zip(case.years, spent, every, strict=True):
        add_outlay(rows, total, year.solution, path_year=year.year)
        gdp = year.solution.by_region("gdp")
        for kind, value in kinds.items():
            if any(one[kind].any() for one in every):
                rows.add("outlay_part", value, region=b.regions, item=kind, unit=b.unit,
                         benchmark=0.0, change=100 * value / gdp, change_unit=OF_GDP,
                         path_year=year.year)  # fmt: skip
    return spent


def _outlays(case: PathCase, year: PathYear) -> dict[str, Array]:
    """Spending of governments on the policy in a year by kind, each (s,)."""
    nothing = np.zeros(len(case.model.benchmark.regions))
    kinds = [kind.outlay for kind in KnowledgeMeasure.kinds.values() if kind.outlay]
    spent = {SUBSIDIES: fiscal.outlay(year.solution), **dict.fromkeys(kinds, nothing)}
    for number, value in year.outlays.items():
        kind = case.scenario.knowledge[number].outlay
        if kind:
            spent[kind] = spent[kind] + value
    return spent


def consumption(case: PathCase) -> Array:
    """Gain in real consumption by year, (years, s), in the benchmark's money at its prices.

    Investment makes the capital of later years, whose yield is consumed then; counted as well
    it would be counted twice. Where capital does not accumulate it makes none, and all that is
    absorbed counts. What is borrowed is consumed, and its service is not.
    """
    b, model = case.model.benchmark, case.model
    family = model.outcomes["final_spending"]
    accumulates = case.laws.recursion.settings.accumulates
    counted = np.array([not accumulates or kind != "inv" for kind in b.agent_class])
    agents = family.at("d")[0]
    own = counted[agents]

    def real(at: Allocation) -> Array:
        volume = np.where(own, at.values("final_spending") / at.values("agent_price"), 0.0)
        return np.bincount(family.at("s")[0], volume, len(b.regions)).astype(float)

    return np.array([
        real(year.solution) - real(model.start if base is None else base.solution)
        for year, base in case.pairs()
    ])  # fmt: skip


def add_worth(rows: Rows, case: PathCase, spent: Array) -> None:
    """Add the worth of the path as a whole to each region and to the world.

    Parameters
    ----------
    rows : Rows
    case : PathCase
    spent : ndarray (years, s)
        Outlays.
    """
    streams = (*welfare(case), consumption(case), spent)
    _add_worth(rows, case, list(case.model.benchmark.regions), *streams)
    whole = (stream.sum(axis=1, keepdims=True) for stream in streams)
    _add_worth(rows, case, [world_label(case.model.benchmark.regions)], *whole)


def _add_worth(
    rows: Rows, case: PathCase, codes: Sequence[str], variation: Array, absorption: Array,
    consumed: Array, spent: Array,
) -> None:  # fmt: skip
    b, rates = case.model.benchmark, (case.laws["discount_rate"], case.laws["growth"])
    gain, whole = present_value(variation, *rates), present_value(absorption, *rates).total
    found = {
        "present_value": 100 * gain.total / whole,
        "present_value_beyond": 100 * gain.beyond / whole,
        "present_value_money": present_value(consumed, *rates).total,
    }
    if spent.any():
        found["present_value_outlay"] = present_value(spent, *rates).total
    for name, value in found.items():
        add_known(rows, name, value, b, region=codes)
    for rate in other_rates(*rates):
        other = present_value(variation, rate, rates[1]).total
        size = present_value(absorption, rate, rates[1]).total
        add_known(rows, "present_value_at_rate", 100 * other / size, b, region=codes,
                  item=f"{100 * rate:g} %")  # fmt: skip
    percent = 100 * variation / absorption
    turns: dict[str, list[Turn]] = {
        "break_even_year": [break_even(stream) for stream in percent.T],
        "payback_year": [payback(stream, *rates) for stream in percent.T],
    }
    for name, ends in turns.items():
        years = [np.nan if turn.year is None else float(turn.year) for turn in ends]
        words = ["" if turn.text == str(turn.year) else turn.text for turn in ends]
        add_known(rows, name, years, b, region=codes, item=words)


def other_rates(discount: float, growth: float) -> tuple[float, ...]:
    """Ends of the range of discount rates, as far as they exceed growth."""
    known = load_dynamics_parameters()
    ends = {known.at("discount_rate", "low"), known.at("discount_rate", "high")}
    return tuple(sorted(rate for rate in ends if rate > growth and rate != discount))


def decomposed(
    year: PathYear, sourcing: Sourcing | None = None, base: Allocation | None = None,
    by_shock: bool = True,
) -> Decomposition:  # fmt: skip
    """Take the welfare of a year apart, all that moved since the benchmark a shock of its own.

    Endogenous rates are taken as given: their effect is the measure's.

    Parameters
    ----------
    year : PathYear
    sourcing : Sourcing, optional
        The menus of the model, if they are known.
    base : Allocation, optional
        The world in which nothing has moved, where that is not the benchmark: stand-ins for
        imports are in reach.
    by_shock : bool
        Whether parts are also told by shock, which takes as long as the parts themselves.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    sought = tuple(rate for rate in year.endogenous if rate.swaps)
    solution = with_rates_given(year.solution, sought)
    if not by_shock:
        return decompose(solution, base=base, by_shock=False)
    measures = apart((*year.shocks, *(rate.shock for rate in year.endogenous)))
    ground = ground_shocks(
        solution.model, solution.given, measures, year.productivity, year.policy, sourcing
    )
    return decompose(solution, (*measures, *ground), base)


def some_years(years: int, wanted: Sequence[int] = YEARS) -> tuple[int, ...]:
    """The wanted years that a path has, and its last."""
    return tuple(int(n) for n in np.unique([*(y for y in wanted if y < years), years]))


def add_decompositions(
    rows: Rows, case: PathCase, years: Sequence[int], by_shock: bool = True
) -> list[int]:
    """Add the parts of welfare in some years; return those in which it can not be taken apart.

    Where the baseline moves, each part is that of the path less that of the baseline.

    Parameters
    ----------
    rows : Rows
    case : PathCase
    years : sequence of int
    by_shock : bool
        Whether parts are also told by shock.
    """
    sourcing, lost = Sourcing(case.model), []
    for year, base in case.pairs():
        if year.year in years:
            try:
                found = decomposed(year, sourcing, by_shock=by_shock)
                less = None if base is None else decomposed(base, sourcing, by_shock=by_shock)
            except NoEquilibrium:
                lost.append(year.year)
                continue
            add_parts(rows, found, case.model, less, baseline_absorption(case, base),
                      places=False, path_year=year.year)  # fmt: skip
    return lost
