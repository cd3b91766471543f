"""A solved equilibrium becomes the next benchmark.

Values at its prices are the new accounts and every price is one again; the wedges
stand at the solution's powers; iceberg costs, productivity and weights have moved the
shares and are one again. In calibrated-share form nothing is lost by that: solving a
shock A, rebasing and solving a shock B is solving A and B together, and welfare and
quantities multiply. Levels that are powers (tariffs, taxes) are the same in both;
levels that are ratios (trade cost, productivity, weights, factor supply, differentials)
count from the new benchmark.

What holds where:

- In any one closure the composition is exact, sector-specific factors included: their
  differences in return are in the new values.
- From the short run to the long run it is not: a factor that was sector-specific has
  different prices in different sectors, and a new benchmark takes a dollar of it to be
  the same quantity everywhere. :func:`release` gives the levels under which it moves as
  the physical factor it is.
- Balances are given in money. They are the same money in both as long as A leaves factor
  supplies alone; the numeraire is an index over the new benchmark's factor incomes, so
  otherwise they are worth what that index says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cge.core.axes import ratio
from cge.core.errors import check_known, refuse_if
from cge.core.typed import checked
from cge.data.accounts.benchmark import Benchmark
from cge.solve.solution import Solution

#: Taxes of which a solution has the power, 1 + rate.
TAXES = ("tariff", "export_tax", "intermediate_tax", "final_tax", "factor_tax")


@checked
def rebase(solution: Solution, name: str | None = None) -> Benchmark:
    """Benchmark of which a solution is the unshocked equilibrium.

    Parameters
    ----------
    solution : Solution
        Of any closure; what the closure solved for is taken as it came out.
    name : str, optional
        Default: the old name and ``-rebased``.

    Returns
    -------
    Benchmark
        With the old elasticities, in `unit` at the solution's prices.

    Examples
    --------
    Caliendo and Parro (2015) first take the deficits out, then change tariffs:

    >>> from cge import Model, load_benchmark
    >>> model = Model.build(load_benchmark(aggregation="small"))
    >>> balanced = rebase(model.solve({"balance": 0.0}))
    >>> float(abs(balanced.balance).max())
    0.0
    """
    b = solution.model.benchmark
    refuse_if(
        solution.array("research").any(),
        "spends on research beyond its benchmark's, which a new benchmark has no account for",
        key="research", allowed="a solution with research at zero",
    )  # fmt: skip
    refuse_if(
        (np.abs(solution.array("stand_in_value")) > 1e-9 * b.output.sum()).any(),
        "makes stand-ins for imports, which a new benchmark has no account for",
        key="backstop_premium", allowed="a solution in which they are out of reach",
    )  # fmt: skip
    refuse_if(
        b.bundles is not None or b.saving is not None,
        "has bundles of imports or saving apart from investment, which are not carried over",
        key="benchmark", allowed="a benchmark without them",
    )  # fmt: skip
    refuse_if(
        any(one.household is not None for one in b.elasticities.values()),
        "has a household whose income elasticities are not one, and whose consumption is measured "
        "at the prices of its benchmark, which a new benchmark would change",
        key="elasticities.household", allowed="a benchmark without one",
    )  # fmt: skip
    # Cells that the model does not have keep the rate they had.
    power = {name: solution.array(name, 1 + getattr(b, name)) for name in TAXES}
    net = solution.array("net_of_output_tax", 1 - b.output_tax)
    flows, intermediate, final, payments = (
        solution.array(name)
        for name in ("basic_value", "input_value", "final_value", "factor_payment")
    )

    # A solution holds to the solver's accuracy, a benchmark to rounding: uses are fitted
    # to supplies, then factor incomes to receipts.
    supply = (flows * power["export_tax"] * power["tariff"]).sum(axis=1)  # (u, i, s)
    used = np.zeros_like(supply)
    for u, (sectors, agents) in enumerate(b.users):
        used[u] = (intermediate[:, :, sectors].sum(axis=2) + final[:, agents].sum(axis=1)).T
    fit = ratio(supply, used)
    intermediate *= fit[[b.use_classes.index(c) for c in b.sector_class]].transpose(2, 1, 0)
    final *= fit[[b.use_classes.index(c) for c in b.agent_class]].transpose(2, 0, 1)
    receipts = flows.sum(axis=(0, 3)) * net
    earned = receipts - (intermediate * power["intermediate_tax"]).sum(axis=1)
    payments *= ratio(earned, (payments * power["factor_tax"]).sum(axis=2))[..., None]

    rates: dict[str, Any] = {tax: one - 1 for tax, one in power.items()}
    title = name or f"{b.name}-rebased"
    note = f"Benchmark: not the data, but an equilibrium computed from '{b.name}'."
    return replace(
        b, name=title, flows=flows, intermediate=intermediate, final=final,
        factor_payments=payments, output_tax=1 - net,
        balance=solution.array("transfer") + solution.array("net_borrowing")
        + solution.array("income_from_abroad"),
        notes=(*b.notes, note), origin={**b.origin, "rebased": title},
        **rates,
    )  # fmt: skip


def release(solution: Solution, factor: str) -> dict[str, float]:
    """Levels that make a factor one good again after a short run.

    In a solution with a sector-specific factor its price differs between sectors. On the
    rebased benchmark, where all prices are one, these levels are those at which the
    factor is mobile in physical units: with them, the same elasticities and no balances,
    the long run of the new benchmark is the long run of the old one. Without them the
    differences are permanent.

    Parameters
    ----------
    solution : Solution
        The one that was rebased.
    factor : str

    Returns
    -------
    dict
        Selectors and levels, to be merged into the changes of the next solve.

    Raises
    ------
    InputError
        If there is no such factor.
    """
    model = solution.model
    b = model.benchmark
    check_known([factor], b.factors, "unknown factor", key="factor")
    f = b.factors.index(factor)
    omega = b.elasticities[model.horizon].transformation[:, f]
    refuse_if((omega == 0).any(), "this factor does not move in the long run either", key="factor",
              value=factor)  # fmt: skip
    start = np.ones_like(b.factor_payments)
    price, use = (solution.array(n, start)[..., f] for n in ("factor_price", "factor_use"))
    supply = solution.array("factor_supply", np.ones(b.factor_payments[:, 0].shape))[:, f]
    physical = b.factor_payments[..., f] * use
    endowment = physical.sum(axis=1) / np.maximum((physical * price).sum(axis=1), 1e-300)
    # A sluggish factor (CET) resists moving away from where it was, not from where it is.
    moved = (use * (endowment / supply)[:, None]) ** (1 / omega)[:, None]
    changes = {}
    for s, region in enumerate(b.regions):
        if physical[s].sum() > 0:
            changes[f"factor_supply[{region}, {factor}]"] = float(endowment[s])
        for j in np.flatnonzero(physical[s] > 0):
            cell = f"factor_differential[{region}, {b.sectors[j]}, {factor}]"
            changes[cell] = float(moved[s, j] / price[s, j])
    return changes
