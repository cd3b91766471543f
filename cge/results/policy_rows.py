"""Policy of a solved case as rows: welfare in parts, budgets, marginal cost of funds."""

from __future__ import annotations

from typing import Any

from cge.core.quantities import read_lines
from cge.indicators.fiscal import moved, outlay, policy_receipts
from cge.indicators.funds import marginal_cost_of_funds
from cge.indicators.welfare_parts import LINES, PERCENT, groups, welfare_parts
from cge.policy.case import SolvedCase, with_rates_given
from cge.results.collect import Wanted, world_label
from cge.results.schema import Rows
from cge.solve.decompose import Decomposition, decompose

#: Measures of :func:`add_decomposition`.
PARTS = tuple(read_lines(LINES))


def decomposition_of(case: SolvedCase) -> Decomposition:
    """Take the welfare change of a case apart; a rate that was found counts as given.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    solution = with_rates_given(case.solution, case.found)
    return decompose(solution, (*case.shocks, *(rate.shock for rate in case.found)))


def add_decomposition(rows: Rows, case: SolvedCase, **labels: Any) -> None:
    """Add the parts of equivalent variation of a case.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    b = case.solution.model.benchmark
    found = decomposition_of(case)
    table = welfare_parts(found, b)
    money = {"unit": b.unit, "benchmark": 0.0, "change_unit": PERCENT}
    rows.extend(table, **money, **labels)
    plain = table[table["measure"] == "ev_part"].groupby(["item", "shock"], sort=False)
    total = plain["value"].sum().reset_index()
    rows.extend(total.assign(measure="ev_part", region=world_label(case.solution.model),
                             change=100 * total["value"] / b.absorption.sum()),
                **money, **labels)  # fmt: skip
    for name, values in groups(found, b).items():
        mean = float(values @ b.absorption / b.absorption.sum())
        for region, value in ((b.regions, values), (world_label(case.solution.model), mean)):
            rows.add(name, value, region=region, unit=PERCENT, benchmark=0.0, change=value,
                     change_unit=PERCENT, **labels)  # fmt: skip


def add_budget(rows: Rows, case: SolvedCase, wanted: Wanted | None = None, **labels: Any) -> None:
    """Add outlays, what each changed rate brings, and the marginal cost of funds."""
    solution = case.solution
    b = solution.model.benchmark
    measures = ("outlay", "outlay_share", "policy_receipts", "marginal_cost_of_funds")
    if wanted is not None and not wanted.any_of(*measures):
        return
    spent = outlay(solution)
    share = 100 * spent / solution.by_region("gdp")
    of_gdp = "percent of GDP"
    rows.add("outlay", spent, region=b.regions, unit=b.unit, benchmark=0.0, change=share,
             change_unit=of_gdp, **labels)  # fmt: skip
    rows.add("outlay_share", share, region=b.regions, unit=of_gdp, benchmark=0.0, change=share,
             change_unit=of_gdp, **labels)  # fmt: skip
    if moved(solution):
        receipts = policy_receipts(solution)
        rows.extend(receipts.assign(change=receipts["value"]), measure="policy_receipts",
                    unit=b.unit, benchmark=0.0, change_unit=b.unit, **labels)  # fmt: skip
    spenders = [code for code, value in zip(b.regions, spent, strict=True) if value > 0]
    if spenders:
        # At the rates in force: a tax that keeps the budget would give back what another raises.
        funds = marginal_cost_of_funds(with_rates_given(solution, case.found), spenders)
        funds = funds.dropna(subset="cost_of_funds")
        rows.add("marginal_cost_of_funds", funds["cost_of_funds"], region=funds["region"],
                 item=funds["tax"], unit="welfare per unit of revenue", **labels)  # fmt: skip
