"""From the instruments that a scenario names to columns of a compiled model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Integers
from cge.core.errors import refuse_if
from cge.frontier.problem import Lever
from cge.model.wedges import WEDGES
from cge.policy.cells import cells
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.study_options import FrontierChoice, LeverChoice
from cge.solve.model import Model


@dataclass(frozen=True, eq=False)
class KnowledgeLever(Lever):
    """An instrument about knowledge whose rate is chosen; it moves no column by itself.

    Parameters
    ----------
    measure : KnowledgeMeasure
        At no particular size.
    """

    measure: KnowledgeMeasure

    def at(self, rate: float) -> KnowledgeMeasure:
        """The measure at a rate; openness is that of the benchmark with the rate added."""
        (size,) = self.measure.sizes[:1] or ("set_",)
        return self.measure.model_copy(update={size: 1.0 + rate if size == "set_" else rate})


def levers_of(choice: FrontierChoice, model: Model) -> tuple[Lever, ...]:
    """Instruments of a frontier on a compiled model.

    Raises
    ------
    InputError
        For codes that do not exist, bounds at which a price would not be positive, and a budget
        without a subsidy.
    """
    key = "frontier.instruments"
    chosen = [
        (each, choice.region, f"{key}.{n}") for n, one in enumerate(choice.instruments)
        for each in _of_each_sector(one, model, f"{key}.{n}")
    ]  # fmt: skip
    levers = laid_levers(chosen, model)
    refuse_if(
        choice.budget is not None and not any(_costs(lever) for lever in levers),
        "none of the instruments is a subsidy of this region", key="frontier.budget",
        value=choice.budget,
        allowed=[name for name, one in INSTRUMENTS.items() if one.fiscal == "outlay"],
    )  # fmt: skip
    return levers


def _of_each_sector(choice: LeverChoice, model: Model, key: str) -> list[LeverChoice]:
    """The instruments that one stands for: one of each sector, or itself."""
    if choice.each is None:
        return [choice]
    sectors = model.benchmark.codes("sectors", choice.sector, f"{key}.sector")
    return [choice.model_copy(update={"name": f"{choice.name} {code}", "sector": code})
            for code in sectors]  # fmt: skip


def _costs(lever: Lever) -> bool:
    """Whether the region pays for it."""
    if isinstance(lever, KnowledgeLever):
        return bool(lever.measure.outlay)
    return len(lever.base) > 0


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
        For codes that do not exist, bounds at which a price would not be positive, and two
        instruments of the same cells.
    """
    levers = tuple(_lever(one, region, model, key) for one, region, key in chosen)
    for n, lever in enumerate(levers):
        twins = [one.name for one in levers[:n] if len(lever.columns)
                 and np.array_equal(np.sort(one.columns), np.sort(lever.columns))]  # fmt: skip
        refuse_if(twins, f"moves the same cells as {', '.join(twins)}: nothing tells their rates "
                  "apart", key=chosen[n][2], value=lever.name, allowed="one of the two, with the "
                  "bounds of both")  # fmt: skip
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
    if choice.about_knowledge is not None:
        return _knowledge_lever(choice, choice.about_knowledge, region)
    instrument, choice = INSTRUMENTS[choice.instrument], owned(choice, region)
    columns = cells(model, choice, key)
    base = np.zeros(0, dtype=np.int64)
    if instrument.fiscal == "outlay":
        base = _base(model, instrument.variable, columns, region)
    return Lever(choice.name, columns, float(instrument.sign), choice.low, choice.high, base)


def owned(choice: LeverChoice, region: str) -> LeverChoice:
    """An instrument, set by a region unless it says by whom."""
    if choice.about_knowledge is None:
        owner = INSTRUMENTS[choice.instrument].owner
    else:
        owner = "region" if "region" in choice.keys else "learner"
    return choice if owner in choice.model_fields_set else choice.model_copy(update={owner: region})


def _knowledge_lever(
    choice: LeverChoice, kind: type[KnowledgeMeasure], region: str
) -> KnowledgeLever:
    choice, size = owned(choice, region), kind.sizes[0] if kind.sizes else "set"
    aimed = {key: getattr(choice, key) for key in ("instrument", *choice.keys)}
    measure = kind.model_validate({**aimed, "label": choice.name, size: float(size == "set")})
    none = np.zeros(0, dtype=np.int64)
    return KnowledgeLever(choice.name, none, 0.0, choice.low, choice.high, none, measure)


def _base(model: Model, variable: str, columns: Integers, region: str) -> Integers:
    """Outcomes that a subsidy of a region is a fraction of, those of its own budget."""
    wedge = WEDGES[variable]
    power, outcome = model.variables[variable], model.outcomes[wedge.base]
    payer = power.codes[power.axes.index(wedge.collector)]
    local = columns - power.start
    local = local[payer[local] == region]
    return outcome.start + outcome.matching(power)[local]
