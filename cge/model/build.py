"""The whole model, put together from its rooms."""

from __future__ import annotations

from pyomo.common.numeric_types import RegisterNumericType
from pyomo.environ import ConcreteModel

from cge.data.accounts.benchmark import Benchmark
from cge.model import (
    backstop,
    demand,
    factors,
    income,
    outcomes,
    production,
    research,
    short_year,
    trade,
)
from cge.model.elasticity import Elasticity
from cge.model.shares import Shares

RegisterNumericType(Elasticity)


def build_model(
    benchmark: Benchmark,
    horizon: str = "long",
    parametric: bool = False,
    backstopped: tuple[str, ...] = (),
) -> ConcreteModel:
    """Declare the static model on a benchmark.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : {"short", "long"}
        Which elasticities the nests have.
    parametric : bool
        Leave the elasticities open (:mod:`cge.model.elasticity`), all but those of nests
        that are Cobb-Douglas. Such a model is there to be compiled, not to be evaluated.
    backstopped : tuple of str
        Commodities whose imports something at home can stand in for
        (:mod:`cge.model.backstop`).

    Returns
    -------
    ConcreteModel
        All equations, variables at their benchmark values, outcomes as expressions.
        Solving it needs :mod:`cge.solve`; there is no AMPL interface involved.
    """
    m = ConcreteModel(name=f"{benchmark.name}-{horizon}")
    k = Shares(benchmark, horizon, parametric, backstopped)
    rooms = (trade, backstop, production, research, demand, factors, income, short_year)
    for room in rooms:
        room.declare(m, k)
    for room in rooms:
        room.equations(m, k)
    outcomes.declare(m, k)
    return m
