"""The whole model, put together from its rooms."""

from __future__ import annotations

from pyomo.environ import ConcreteModel

from cge.calibration.benchmark import Benchmark
from cge.model import demand, factors, income, outcomes, production, trade
from cge.model.shares import Shares


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
    for room in (trade, production, demand, factors, income):
        room.equations(m, k)
    outcomes.declare(m, k)
    return m
