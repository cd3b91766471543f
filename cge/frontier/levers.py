"""From the instruments that a scenario names to columns of a compiled model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cge.core.axes import Integers
from cge.core.errors import refuse_if
from cge.frontier.problem import Lever
from cge.model.wedges import WEDGES
from cge.policy.cells import cells
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.study_options import FrontierChoice, LeverChoice
from cge.solve.model import Model


def levers_of(choice: FrontierChoice, model: Model) -> tuple[Lever, ...]:
    """Instruments of a frontier on a compiled model.

    Raises
    ------
    InputError
        For codes that do not exist, bounds at which a price would not be positive, and a budget
        without a subsidy.
    """
    key = "frontier.instruments"
    levers = laid_levers([(one, choice.region, f"{key}.{n}")
                          for n, one in enumerate(choice.instruments)], model)  # fmt: skip
    refuse_if(
        choice.budget is not None and not any(len(lever.base) for lever in levers),
        "none of the instruments is a subsidy of this region", key="frontier.budget",
        value=choice.budget,
        allowed=[name for name, one in INSTRUMENTS.items() if one.fiscal == "outlay"],
    )  # fmt: skip
    return levers


def laid_levers(chosen: Sequence[tuple[LeverChoice, str, str]], model: Model) -> tuple[Lever, ...]:
    """Instruments on a compiled model.

    Parameters
    ----------
    chosen : sequence of (LeverChoice, str, str)
        With the region that sets it, and where it stands, for messages.
    model : Model

    Raises
    ------
    InputError
        For codes that do not exist, and bounds at which a price would not be positive.
    """
    levers = tuple(_lever(one, region, model, key) for one, region, key in chosen)
    least = model.arrays.start.copy()
    for lever in levers:
        least[lever.columns] += min(lever.sign * lever.low, lever.sign * lever.high)
    for lever, (_, _, key) in zip(levers, chosen, strict=True):
        end = "high" if lever.sign < 0 else "low"
        refuse_if(
            (least[lever.columns] <= 0).any(),
            "this far no price is positive, together with the other instruments on the same "
            "cells", key=f"{key}.{end}", value=getattr(lever, end),
            allowed="rates that leave a positive price",
        )  # fmt: skip
    return levers


def _lever(choice: LeverChoice, region: str, model: Model, key: str) -> Lever:
    instrument = INSTRUMENTS[choice.instrument]
    if instrument.owner not in choice.model_fields_set:
        choice = choice.model_copy(update={instrument.owner: region})
    columns = cells(model, choice, key)
    base = np.zeros(0, dtype=np.int64)
    if instrument.fiscal == "outlay":
        base = _base(model, instrument.variable, columns, region)
    return Lever(choice.name, columns, float(instrument.sign), choice.low, choice.high, base)


def _base(model: Model, variable: str, columns: Integers, region: str) -> Integers:
    """Outcomes that a subsidy of a region is a fraction of, those of its own budget."""
    wedge = WEDGES[variable]
    power, outcome = model.variables[variable], model.outcomes[wedge.base]
    payer = power.codes[power.axes.index(wedge.collector)]
    local = columns - power.start
    local = local[payer[local] == region]
    return outcome.start + outcome.matching(power)[local]
