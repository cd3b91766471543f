"""A path as a tidy table: one row per figure and year, with its unit and its change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cge.calibration.dynamics import load_dynamics
from cge.experiments.path_run import PathCase, PathRun, PathYear
from cge.model.measures import MEASURES
from cge.model.registry import EXOGENOUS
from cge.results import fiscal, tidy
from cge.results.path_knowledge import capital, knowledge_outlay, tidy_knowledge
from cge.results.path_parts import periods, tidy_parts
from cge.results.path_welfare import Turn, break_even, payback, present_value
from cge.results.path_years import calendar, pairs, rates, welfare
from cge.solve.solution import Solution

_AFTER = tidy.COLUMNS.index("elasticities") + 1
#: Those of the tidy table, and which path and which of its years a row is of.
COLUMNS = (*tidy.COLUMNS[:_AFTER], "returns", "period", *tidy.COLUMNS[_AFTER:])
#: Years with all figures: trade, factors by sector, the rates of the policy.
DETAILED = (1, 5, 10, 15, 20, 25)

OF_ABSORPTION = "percent of benchmark absorption"
OF_VALUE = "percent of the present value of baseline absorption"
YEAR = "year of the path"

#: What a year of the path starts from, told by the stocks it is made of.
_STATE = ("origin_weight", "input_weight", "factor_weight", "value_added_weight",
          "material_weight", "final_weight", "productivity", "research")  # fmt: skip
_BY_SECTOR = ("output", "output_value", "value_added", "basic_price")
_ROUTES = ("trade_value", "trade_volume", "bilateral_tariff_revenue",
           "bilateral_export_tax_revenue")  # fmt: skip
_FACTORS = ("output_tax", "sector_employment", "sector_factor_price")
#: Left out of years that are not detailed, and where only regions are wanted.
_PLAIN = frozenset((*EXOGENOUS, *_ROUTES, *_FACTORS))
_REGIONS = frozenset((*_PLAIN, *_BY_SECTOR))


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
    tables = []
    for case in run.cases:
        central = case.returns == main
        detailed = set(periods(len(case.years), DETAILED))
        pieces = [_worth(case)]
        for year, base in pairs(case):
            full = year.year in detailed
            pieces.append(_year(case, year, base, full, central))
        if central:
            pieces.append(tidy_parts(case, periods(len(case.years)) if parts is None else parts))
        table = pd.concat([p for p in pieces if len(p)], ignore_index=True)
        tables.append(_labelled(case, table))
    return _whole(pd.concat(tables, ignore_index=True))


def main_returns(run: PathRun) -> str:
    """Return the level of returns to research that is shown in full."""
    levels = [case.returns for case in run.cases]
    return "central" if "central" in levels else levels[0]


def _year(
    case: PathCase, year: PathYear, base: PathYear | None, full: bool, central: bool
) -> pd.DataFrame:
    solution = year.solution
    b = solution.model.benchmark
    sectors = central or full
    without = frozenset(_STATE) if full and central else _PLAIN if sectors else _REGIONS
    figures = tidy.tidy_solution(solution, without)
    if base is not None:
        figures = _against(figures, tidy.tidy_solution(base.solution, without))
    pieces = [figures, *_outlay(case, solution, year)]
    pieces += [t for t in capital(b, year, base) if sectors or "sector" not in t]
    pieces += tidy_knowledge(b, year, base, sectors)
    return pd.concat(pieces, ignore_index=True).assign(period=year.year)


def _against(table: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Return figures with what they are compared with taken from the baseline's solution.

    What is a change already is one against the benchmark in both; of per cents the quotient
    is taken. Rates of the policy stay compared with the benchmark's.
    """
    keys = ["measure", "region", "partner", "sector", "item"]
    filled = [t.assign(**{k: t[k].fillna("") for k in keys}) for t in (table, base)]
    found = filled[0].merge(filled[1][[*keys, "value"]], on=keys, how="left", suffixes=("", "0"))
    value, then = table["value"].to_numpy(), found["value0"].to_numpy()
    itself = table["measure"].isin([m.name for m in MEASURES]).to_numpy()
    money = (table["measure"] == "equivalent_variation_value").to_numpy()
    policy = table["measure"].isin(EXOGENOUS).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.where(money, value - then, 100 * ((100 + value) / (100 + then) - 1))
        percent = np.where(then != 0, 100 * (value / then - 1), np.nan)
    result = table.copy()
    result["value"] = np.where(itself, deviation, value)
    result["benchmark"] = np.where(itself, 0.0, np.where(policy, table["benchmark"], then))
    relative = (table["change_unit"] == "percent").to_numpy()
    change = np.where(relative, percent, value - then)
    change = np.where(policy, table["change"], change)
    result["change"] = np.where(itself, deviation, change)
    return result


def _outlay(case: PathCase, solution: Solution, year: PathYear) -> list[pd.DataFrame]:
    """Return what each government spends on the policy, by what and in all."""
    b = solution.model.benchmark
    business = None if case.knowledge is None else case.knowledge.business
    spent = {
        "subsidies and taxes forgone": fiscal.outlay(solution),
        **knowledge_outlay(solution, year, business),
    }
    gdp = solution.by_region("gdp")
    total = np.sum(list(spent.values()), axis=0)
    rows = [("outlay", "", total)]
    rows += [("outlay_part", name, values) for name, values in spent.items() if values.any()]
    return [
        pd.DataFrame({
            "region": b.regions, "item": item, "measure": measure, "value": values,
            "unit": b.unit, "benchmark": 0.0, "change": 100 * values / gdp,
            "change_unit": "percent of GDP",
        })
        for measure, item, values in rows
    ]  # fmt: skip


def _worth(case: PathCase) -> pd.DataFrame:
    """Return what the path as a whole is worth to each region."""
    b = case.years[0].solution.model.benchmark
    variation, absorption = welfare(case)
    discount, growth = rates(case)
    gain = present_value(variation, discount, growth)
    whole = present_value(absorption, discount, growth).total
    percent = 100 * variation / absorption

    def rows(measure: str, values: np.ndarray, unit: str, item: str = "") -> pd.DataFrame:
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
    spent = np.array([_outlay(case, y.solution, y)[0]["value"] for y in case.years])
    if spent.any():
        tables.append(rows("present_value_outlay", present_value(spent, discount, growth).total,
                           b.unit))  # fmt: skip
    tables.append(turns("break_even_year", [break_even(stream) for stream in percent.T]))
    tables.append(
        turns("payback_year", [payback(stream, discount, growth) for stream in percent.T])
    )
    return pd.concat(tables, ignore_index=True)


def other_rates(discount: float, growth: float) -> tuple[float, ...]:
    """Return the ends of the range of discount rates, as far as they exceed growth."""
    known = load_dynamics()
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
