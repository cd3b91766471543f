"""The whole model, put together from its rooms."""

from __future__ import annotations

from pyomo.environ import ConcreteModel

from cge.calibration.benchmark import Benchmark
from cge.model import demand, factors, income, outcomes, production, trade
from cge.model.shares import Shares

#: Exogenous unless a closure says otherwise. Every other variable is endogenous.
EXOGENOUS = (
    "tariff",
    "export_tax",
    "trade_cost",
    "origin_weight",
    "net_of_output_tax",
    "intermediate_tax",
    "final_tax",
    "factor_tax",
    "productivity",
    "input_weight",
    "final_weight",
    "factor_supply",
    "factor_differential",
    "balance",
    "numeraire",
)

#: By Walras' law one equation is implied by the others; this one is left out and checked.
WALRAS_EQUATION = "factor_market"


def build_model(benchmark: Benchmark, speed: str = "long") -> ConcreteModel:
    """Declare the static model on a benchmark.

    Parameters
    ----------
    benchmark : Benchmark
    speed : {"short", "long"}
        Which elasticities the nests have.

    Returns
    -------
    ConcreteModel
        All equations, variables at their benchmark values, outcomes as expressions.
        Solving it needs :mod:`cge.solve`; there is no AMPL interface involved.
    """
    m = ConcreteModel(name=f"{benchmark.name}-{speed}")
    k = Shares(benchmark, speed)
    for room in (trade, production, demand, factors, income):
        room.declare(m, k)
    for room in (production, trade, demand, factors, income):
        room.equations(m, k)
    outcomes.declare(m, k)
    return m
