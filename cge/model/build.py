"""The whole model, put together from its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cge.data.accounts.benchmark import Benchmark
from cge.model import (
    backstop,
    demand,
    factors,
    income,
    outcomes,
    ownership,
    production,
    research,
    saving,
    short_year,
    trade,
)
from cge.model.language.elasticity import Elasticity
from cge.model.shares import Declared, Shares

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

_ROOMS = (
    trade, backstop, production, research, demand, factors, ownership, saving, income, short_year,
)  # fmt: skip


def declare(m: Declared, k: Shares) -> None:
    """Declare all variables, equations and outcomes in a model.

    Parameters
    ----------
    m : ConcreteModel
        Or what stands for it in the compiler.
    k : Shares
        Likewise.
    """
    for room in _ROOMS:
        room.declare(m, k)
    for room in _ROOMS:
        room.equations(m, k)
    outcomes.declare(m, k)


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
        Leave the elasticities open (:mod:`cge.model.language.elasticity`), all but those of nests
        that are Cobb-Douglas. Such a model is there to be read, not to be evaluated.
    backstopped : tuple of str
        Commodities whose imports something at home can stand in for
        (:mod:`cge.model.backstop`).

    Returns
    -------
    ConcreteModel
        All equations, variables at their benchmark values, outcomes as expressions.
        Solving it needs :mod:`cge.solve`; there is no AMPL interface involved.
    """
    from pyomo.common.numeric_types import RegisterNumericType
    from pyomo.environ import ConcreteModel

    RegisterNumericType(Elasticity)
    m = ConcreteModel(name=f"{benchmark.name}-{horizon}")
    declare(m, Shares(benchmark, horizon, parametric, backstopped))
    return m
