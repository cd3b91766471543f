"""A path as a tidy table: one row per figure and year, with its unit and its change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cge.model.registry import EXOGENOUS
from cge.results.path_knowledge import knowledge_outlay, tidy_state
from cge.results.path_parts import periods, tidy_parts
from cge.results.path_rows import figures, stacked, tariff_revenues
from cge.results.path_years import calendar, rates, welfare
from numpy.typing import NDArray

from cge.data.parameter_files import load_dynamics_parameters
from cge.experiments.path_run import PathCase, PathRun
from cge.indicators import fiscal
from cge.indicators.present_value import Turn, break_even, payback, present_value
from cge.results import tidy

Array = NDArray[np.float64]

_AFTER = tidy.COLUMNS.index("elasticities") + 1
#: Those of the tidy table, and which path and which of its years a row is of.
COLUMNS = (*tidy.COLUMNS[:_AFTER], "returns", "period", *tidy.COLUMNS[_AFTER:])
#: Years with all figures: trade, factors by sector, the rates of the policy.
DETAILED = (1, 5, 10, 15, 20, 25)

OF_VALUE = "percent of the present value of baseline absorption"
YEAR = "year of the path"

#: What a year starts from, told by the stocks it is made of, and what capital fixed in its
#: sector earns: no policy.
_STATE = ("origin_weight", "input_weight", "factor_weight", "value_added_weight",
          "material_weight", "final_weight", "productivity", "research",
          "factor_differential")  # fmt: skip
_BY_SECTOR = ("output", "output_value", "value_added", "basic_price")
_DETAILS = (
    "trade_value", "trade_volume", "bilateral_tariff_revenue", "bilateral_export_tax_revenue",
    "output_tax", "sector_employment", "sector_factor_price",
)  # fmt: skip


def tidy_path(run: PathRun, parts: Sequence[int] | None = None) -> pd.DataFrame:
    """Return all reported figures of a path: all variants, sets, returns and years.

    By region every year. By sector every year under central returns to research, under low
    and high ones in detailed years. Trade and the policy's rates in detailed years under
    central returns, and there welfare is taken apart. Changes are against the baseline.

    Parameters
    ----------
    run : PathRun
    parts : sequence of int, optional
        Years whose welfare is taken apart; default 1, 10 and the last.

    Raises
    ------
    InputError
        Unless the discount rate exceeds the growth of the baseline.
    """
    main = main_returns(run)
    tables, known = [], dict[str, pd.DataFrame]()
    for case in run.cases:
        pieces = _of_case(case, case.returns == main, known)
        if case.returns == main:
            pieces.append(tidy_parts(case, periods(len(case.years)) if parts is None else parts))
        table = pd.concat([piece for piece in pieces if len(piece)], ignore_index=True)
        tables.append(_labelled(case, table))
    return _whole(pd.concat(tables, ignore_index=True))


def main_returns(run: PathRun) -> str:
    """Return the level of returns to research that is shown in full."""
    levels = [case.returns for case in run.cases]
    return "central" if "central" in levels else levels[0]


def _of_case(case: PathCase, full: bool, known: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    every = [year.year for year in case.years]
    detailed = periods(len(every), DETAILED)
    spent = _outlay(case)
    pieces = [*_worth(case, spent[""]), *tariff_revenues(case)]
    for one in tidy.REPORTED:
        if one.name in _DETAILS:
            when: Sequence[int] = detailed if full else ()
        else:
            when = every if full or one.name not in _BY_SECTOR else detailed
        pieces.append(figures(case, one, when, known))
    for year in case.years if full else ():
        if year.year in detailed:
            rows = [tidy.moved_rows(year.solution, v) for v in EXOGENOUS if v not in _STATE]
            pieces += [table.assign(period=year.year) for table in rows if len(table)]
    pieces += tidy_state(case, every if full else detailed)
    return [*pieces, *_outlay_rows(case, spent)]


def _outlay(case: PathCase) -> dict[str, Array]:
    """Return what governments spend on the policy, (years, s): in all, and by what."""
    business = None if case.knowledge is None else case.knowledge.business
    found = [
        {"subsidies and taxes forgone": fiscal.outlay(year.solution),
         **knowledge_outlay(year, business)}
        for year in case.years
    ]  # fmt: skip
    parts = {name: np.array([one[name] for one in found]) for name in found[0]}
    total = np.sum(list(parts.values()), axis=0)
    return {"": total, **{name: values for name, values in parts.items() if values.any()}}


def _outlay_rows(case: PathCase, spent: dict[str, Array]) -> list[pd.DataFrame]:
    b = case.years[0].solution.model.benchmark
    gdp = np.array([year.solution.by_region("gdp") for year in case.years])
    every = [year.year for year in case.years]
    return [
        stacked(every, {"region": b.regions}, "outlay_part" if item else "outlay", values, b.unit,
                0.0, 100 * values / gdp, "percent of GDP").assign(item=item)
        for item, values in spent.items()
    ]  # fmt: skip


def _worth(case: PathCase, spent: Array) -> list[pd.DataFrame]:
    """Return what the path as a whole is worth to each region, given outlays (years, s)."""
    b = case.years[0].solution.model.benchmark
    variation, absorption = welfare(case)
    discount, growth = rates(case)
    gain = present_value(variation, discount, growth)
    whole = present_value(absorption, discount, growth).total
    percent = 100 * variation / absorption

    def rows(measure: str, values: Array, unit: str, item: str = "") -> pd.DataFrame:
        return pd.DataFrame({
            "region": b.regions, "item": item, "measure": measure, "value": values, "unit": unit,
            "benchmark": 0.0, "change": values, "change_unit": unit,
        })  # fmt: skip

    def turns(measure: str, found: Sequence[Turn]) -> pd.DataFrame:
        years = np.array([np.nan if turn.year is None else float(turn.year) for turn in found])
        table = rows(measure, years, YEAR)
        return table.assign(item=["" if t.text == str(t.year) else t.text for t in found])

    tables = [
        rows("present_value", 100 * gain.total / whole, OF_VALUE),
        rows("present_value_beyond", 100 * gain.beyond / whole, OF_VALUE),
        rows("present_value_money", gain.total, b.unit),
    ]
    for rate in other_rates(discount, growth):
        other = present_value(variation, rate, growth).total
        size = present_value(absorption, rate, growth).total
        tables.append(rows("present_value_at_rate", 100 * other / size, OF_VALUE,
                           f"{100 * rate:g} %"))  # fmt: skip
    if spent.any():
        tables.append(rows("present_value_outlay", present_value(spent, discount, growth).total,
                           b.unit))  # fmt: skip
    tables.append(turns("break_even_year", [break_even(stream) for stream in percent.T]))
    tables.append(
        turns("payback_year", [payback(stream, discount, growth) for stream in percent.T])
    )
    return tables


def other_rates(discount: float, growth: float) -> tuple[float, ...]:
    """Return the ends of the range of discount rates, as far as they exceed growth."""
    known = load_dynamics_parameters()
    ends = {known.at("discount_rate", "low"), known.at("discount_rate", "high")}
    return tuple(sorted(rate for rate in ends if rate > growth and rate != discount))


def _labelled(case: PathCase, table: pd.DataFrame) -> pd.DataFrame:
    """Return a case's rows with what tells them from those of other cases."""
    period = table["period"] if "period" in table else pd.Series(np.nan, table.index)
    years = {n: calendar(case, int(n)) for n in period.dropna().unique()}
    return table.assign(
        scenario=case.scenario.name, closure=case.years[0].solution.closure.name,
        elasticities=case.elasticities, returns=case.returns, step=1.0,
        period=period.astype("Int64"), year=period.map(years).fillna(""),
    )  # fmt: skip


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all cases in the layout of the table."""
    result = table.reindex(columns=list(COLUMNS))
    words = [c for c in COLUMNS if c not in ("step", "period", "value", "benchmark", "change")]
    places = ["region", "partner", "sector", "item"]  # one that is not named is missing
    result = result.astype(dict.fromkeys([*places, "shock"], object))
    result["shock"] = result["shock"].fillna("")
    result[places] = result[places].replace("", np.nan)
    return result.astype(dict.fromkeys(words, "category"))
