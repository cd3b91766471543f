"""Policy of a solved case as rows: welfare in parts, budgets, marginal cost of funds."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cge.core.axes import Array
from cge.core.quantity import read_lines
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.fiscal import outlay, policy_receipts
from cge.indicators.funds import marginal_cost_of_funds
from cge.indicators.gtap.huff import has_parts, huff
from cge.indicators.welfare_parts import GTAP_PART, LINES, PERCENT, groups, welfare_parts
from cge.policy.case import SolvedCase, with_rates_given
from cge.results.collect import Wanted
from cge.results.row_schema import Rows, world_label
from cge.solve.decompose import Decomposition, Walk, taken_apart, walk
from cge.solve.model import Model
from cge.solve.solution import Solution

OF_GDP = "percent of GDP"

#: Measures of :func:`add_decomposition`.
PARTS = tuple(read_lines(LINES))


def decomposition_of(case: SolvedCase) -> Decomposition:
    """Take the welfare change of a case apart; an endogenous rate counts as given.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    return _taken_apart(case)[1]


def _taken_apart(case: SolvedCase, by_shock: bool = True) -> tuple[Walk, Decomposition]:
    """The way to a case, and welfare along it."""
    solution = with_rates_given(case.solution, case.endogenous)
    shocks = (*case.shocks, *(rate.shock for rate in case.endogenous))
    walked = walk(solution, shocks, by_shock=by_shock)
    return walked, taken_apart(walked, solution, by_shock=by_shock)


def add_parts(
    rows: Rows, found: Decomposition, model: Model, base: Decomposition | None = None,
    absorption: Array | None = None, places: bool = True, **labels: Any,
) -> None:  # fmt: skip
    """Add the parts of equivalent variation, and the world's.

    Parameters
    ----------
    rows : Rows
    found : Decomposition
    model : Model
    base, absorption, places
        See :func:`cge.indicators.welfare_parts.welfare_parts`.
    **labels
        What all rows have in other columns.
    """
    b = model.benchmark
    money = {"unit": b.unit, "benchmark": 0.0, "change_unit": PERCENT}
    table = welfare_parts(found, b, base, absorption, places)
    rows.extend(table, **money, **labels)
    each = table.groupby(["measure", "item", "shock"], sort=False)
    total = each["value"].sum().reset_index()
    size = (b.absorption if absorption is None else absorption).sum()
    rows.extend(total.assign(region=world_label(b.regions), change=100 * total["value"] / size),
                **money, **labels)  # fmt: skip


def add_decomposition(rows: Rows, case: SolvedCase, by_shock: bool = True, **labels: Any) -> None:
    """Add the parts of equivalent variation of a case, also by shock if wanted.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    model = case.solution.model
    b = model.benchmark
    walked, found = _taken_apart(case, by_shock)
    add_parts(rows, found, model, **labels)
    if has_parts(b):
        _add_gtap_parts(rows, huff(walked), b, **labels)
    for name, values in groups(found, b).items():
        figures = [*values, float(values @ b.absorption / b.absorption.sum())]
        rows.add(name, figures, region=[*b.regions, world_label(b.regions)], unit=PERCENT,
                 benchmark=0.0, change=figures, change_unit=PERCENT, **labels)  # fmt: skip


def _add_gtap_parts(rows: Rows, cells: pd.DataFrame, b: Benchmark, **labels: Any) -> None:
    """Add the parts of equivalent variation as GTAP tells them, and the world's."""
    keys = ["region", "partner", "sector", "part"]
    table = cells.groupby(keys, sort=False)["value"].sum().reset_index()
    total = table.groupby("part", sort=False)["value"].sum().reset_index()
    total = total.assign(region=world_label(b.regions))
    size = dict(zip([*b.regions, total["region"].iloc[0]],
                    [*b.absorption.tolist(), float(b.absorption.sum())], strict=True))  # fmt: skip
    for one in (table, total):
        told = one.rename(columns={"part": "item"})
        change = 100 * told["value"] / told["region"].map(size).astype(float)
        rows.extend(told.assign(change=change), measure=GTAP_PART, unit=b.unit, benchmark=0.0,
                    change_unit=PERCENT, **labels)  # fmt: skip


def add_outlay(rows: Rows, spent: Array, solution: Solution, **labels: Any) -> None:
    """Add what governments spend on the policy, (s,), in money and as a share of GDP."""
    b = solution.model.benchmark
    share = 100 * spent / solution.by_region("gdp")
    for name, value, unit in (("outlay", spent, b.unit), ("outlay_share", share, OF_GDP)):
        rows.add(name, value, region=b.regions, unit=unit, benchmark=0.0, change=share,
                 change_unit=OF_GDP, **labels)  # fmt: skip


def add_budget(rows: Rows, case: SolvedCase, wanted: Wanted | None = None, **labels: Any) -> None:
    """Add outlays, what each changed rate brings, and the marginal cost of funds."""
    solution = case.solution
    b = solution.model.benchmark
    measures = ("outlay", "outlay_share", "policy_receipts", "marginal_cost_of_funds")
    if wanted is not None and not wanted.any_of(*measures):
        return
    spent = outlay(solution)
    add_outlay(rows, spent, solution, **labels)
    receipts = policy_receipts(solution)
    rows.extend(receipts.assign(change=receipts["value"]), measure="policy_receipts",
                unit=b.unit, benchmark=0.0, change_unit=b.unit, **labels)  # fmt: skip
    spenders = [code for code, value in zip(b.regions, spent, strict=True) if value > 0]
    if spenders:
        # At the rates in force: a tax that keeps the budget would give back what another raises.
        funds = marginal_cost_of_funds(with_rates_given(solution, case.endogenous), spenders)
        funds = funds.dropna(subset="cost_of_funds")
        rows.add("marginal_cost_of_funds", funds["cost_of_funds"], region=funds["region"],
                 item=funds["tax"], unit="welfare per unit of revenue", **labels)  # fmt: skip
