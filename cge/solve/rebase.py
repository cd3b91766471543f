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

import numpy as np

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.solve.solution import Solution


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
    if solution.array("research").any():
        raise InputError(
            "spends on research beyond its benchmark's, which a new benchmark has no account for",
            key="research", allowed="a solution with research at zero",
        )  # fmt: skip
    power = solution.array  # cells that the model does not have keep the rate they had
    tariff, export_tax = power("tariff", 1 + b.tariff), power("export_tax", 1 + b.export_tax)
    user_tax = power("intermediate_tax", 1 + b.intermediate_tax)
    final_tax = power("final_tax", 1 + b.final_tax)
    factor_tax = power("factor_tax", 1 + b.factor_tax)
    net = power("net_of_output_tax", 1 - b.output_tax)
    flows = solution.array("basic_value")
    intermediate = solution.array("input_value")
    final = solution.array("final_value")
    payments = solution.array("factor_payment")
    transfer = solution.array("transfer")

    # A solution holds to the solver's accuracy, a benchmark to rounding: uses are fitted
    # to supplies, then factor incomes to receipts.
    supply = (flows * export_tax * tariff).sum(axis=1)  # (u, i, s)
    used = np.zeros_like(supply)
    for u, code in enumerate(b.use_classes):
        sectors = [c == code for c in b.sector_class]
        agents = [c == code for c in b.agent_class]
        used[u] = (intermediate[:, :, sectors].sum(axis=2) + final[:, agents].sum(axis=1)).T
    fit = np.divide(supply, used, out=np.zeros_like(supply), where=used > 0)
    intermediate *= fit[[b.use_classes.index(c) for c in b.sector_class]].transpose(2, 1, 0)
    final *= fit[[b.use_classes.index(c) for c in b.agent_class]].transpose(2, 0, 1)
    receipts = flows.sum(axis=(0, 3)) * net
    earned = receipts - (intermediate * user_tax).sum(axis=1)
    cost = (payments * factor_tax).sum(axis=2)
    payments *= np.divide(earned, cost, out=np.zeros_like(cost), where=cost > 0)[..., None]

    title = name or f"{b.name}-rebased"
    note = f"Benchmark: not the data, but an equilibrium computed from '{b.name}'."
    return replace(
        b,
        name=title,
        flows=flows,
        tariff=tariff - 1,
        export_tax=export_tax - 1,
        intermediate=intermediate,
        intermediate_tax=user_tax - 1,
        final=final,
        final_tax=final_tax - 1,
        factor_payments=payments,
        factor_tax=factor_tax - 1,
        output_tax=1 - net,
        balance=transfer,
        notes=(*b.notes, note),
        origin={**b.origin, "rebased": title},
    )


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
    if factor not in b.factors:
        raise InputError("unknown factor", key="factor", value=factor, allowed=b.factors)
    f = b.factors.index(factor)
    start = np.ones_like(b.factor_payments)
    price = solution.array("factor_price", start)[..., f]
    use = solution.array("factor_use", start)[..., f]
    supply = solution.array("factor_supply", np.ones(b.factor_payments[:, 0].shape))[:, f]
    physical = b.factor_payments[..., f] * use
    endowment = physical.sum(axis=1) / np.maximum((physical * price).sum(axis=1), 1e-300)
    # A sluggish factor (CET) resists moving away from where it was, not from where it is.
    moved = (use * (endowment / supply)[:, None]) ** (
        1 / model.benchmark.elasticities[model.horizon].transformation[f]
    )
    changes = {}
    for s, region in enumerate(b.regions):
        if physical[s].sum() > 0:
            changes[f"factor_supply[{region}, {factor}]"] = float(endowment[s])
        for j in np.flatnonzero(physical[s] > 0):
            cell = f"factor_differential[{region}, {b.sectors[j]}, {factor}]"
            changes[cell] = float(moved[s, j] / price[s, j])
    return changes
