"""From the measures of a scenario to levels of the model's exogenous variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, refuse_if
from cge.core.rate_bounds import LARGEST_RATE
from cge.data.accounts.benchmark import CAPITAL
from cge.policy.cells import cells, rates_from_file
from cge.policy.owners import capital_at, check_parts, move_capital
from cge.policy.targets import Sought, Target, targets_of
from cge.scenario.actions import Measure
from cge.scenario.instruments import INSTRUMENTS, OWNERSHIP, QUOTA
from cge.scenario.schema import ScaledBalance, Scenario
from cge.solve.closure import Swap
from cge.solve.homotopy import Shock
from cge.solve.model import Model

#: A rate that moves by less has not moved.
UNMOVED = 1e-12


@dataclass(frozen=True, eq=False)
class PolicyLevels:
    """A scenario's policy on a compiled model.

    Parameters
    ----------
    levels : ndarray (columns,)
        Level of every column with the policy in place; a rate that is solved for stands where
        the search for it begins.
    shocks : tuple of Shock
        What each measure does to given columns, and the balances. They add up to the whole
        change from the benchmark.
    targets : tuple of Target
    moved : tuple of str
        Keys of the measures whose size is given and that move something.
    """

    levels: Array
    shocks: tuple[Shock, ...]
    targets: tuple[Target, ...]
    moved: tuple[str, ...]

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """All swaps by which a rate is solved for."""
        return tuple(swap for target in self.targets for swap in target.swaps)


def policy_levels(
    model: Model, scenario: Scenario, share: float = 1.0, phases: Sequence[float] | None = None
) -> PolicyLevels:
    """Levels of all columns with a scenario's policy in place.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    share : float
        Part of the whole shock: of the log of each power, of a budget, of what a quota
        takes away.
    phases : sequence of float, optional
        Part of each measure that is in force, by number; one of which nothing is in force
        does not exist. Default: all of all.

    Raises
    ------
    InputError
        If a measure names what does not exist, makes a rate of -100 % or below, or moves a
        rate that is solved for.
    """
    free, start = model.arrays.free, model.arrays.start
    levels, shocks, moving = start.copy(), [], []
    sought: list[Sought] = []
    taken: dict[int, str] = {}
    for number, measure in enumerate(scenario.policy):
        phase = 1.0 if phases is None else phases[number]
        if phase == 0:
            continue
        key = f"policy.{number}"
        positions = cells(model, measure, key)
        before = levels[positions]
        if measure.instrument != QUOTA:
            held = [column for column in positions.tolist() if column in taken]
            if held:
                raise InputError(f"moves a rate that is solved for in {taken[held[0]]}", key=key,
                                 value=measure.instrument)  # fmt: skip
            here, there = positions, before
            if measure.moved:
                _check_mobile(scenario, key)
                here = np.concatenate([positions, capital_at(model, positions)])
                there = levels[here]
            _apply(model, measure, levels, positions, key)
            if measure.moved:
                move_capital(model, positions, before, levels)
            if measure.instrument == OWNERSHIP:
                check_parts(model, levels, key)
            moved = np.log(levels[here] / there)
            if phase != 1.0:
                moved = phase * moved
                levels[here] = there * np.exp(moved)
            shocks.append(Shock(measure.text, here, share * moved))
            if (np.abs(moved) > UNMOVED).any():
                moving.append(key)
        if measure.instrument == QUOTA or measure.unsized or measure.budget is not None:
            sought.append(Sought(measure, positions, before, key, phase))
            if measure.instrument != QUOTA:
                taken.update(dict.fromkeys(positions.tolist(), key))
    balance = scenario.closure.balance
    if balance != "given":
        scale = balance.scale if isinstance(balance, ScaledBalance) else 0.0
        here = model.variables["balance"].columns
        levels[here] *= scale
        shocks.append(Shock("trade balances", here, share * (levels[here] - start[here])))
    if share != 1.0:
        ratio = np.where(free, 1.0, levels / np.where(free, 1.0, start))
        levels = np.where(free, start + share * (levels - start), start * ratio**share)
        sought = [
            replace(one, before=start[one.positions] * (one.before / start[one.positions]) ** share)
            for one in sought
        ]
    targets = targets_of(model, scenario, sought, levels, share)
    return PolicyLevels(levels, tuple(shocks), targets, tuple(moving))


def _check_mobile(scenario: Scenario, key: str) -> None:
    """Refuse to move capital between regions where each sector keeps its own."""
    fixed = CAPITAL in (scenario.closure.specific_factors or ())
    refuse_if(fixed or scenario.is_path or scenario.closure.kind == "short_run",
              "needs capital that sectors share; here each keeps its own", key=f"{key}.moved",
              value=True, allowed="comparative statics of the long run")  # fmt: skip


def _apply(model: Model, measure: Measure, levels: Array, positions: Integers, key: str) -> None:
    """Move the levels at `positions` as a measure says."""
    instrument = INSTRUMENTS[measure.instrument]
    rate = instrument.to_rate(levels[positions])
    if measure.file is not None:
        rate = rate + rates_from_file(model, measure, positions, key)
    elif measure.add is not None:
        rate = rate + measure.add
    elif measure.set_ is not None:
        rate = np.full(len(positions), measure.set_)
    elif measure.scale is not None:
        with np.errstate(over="ignore"):  # refused below
            rate = rate * measure.scale
    elif measure.power is not None:
        rate = instrument.to_rate(measure.power * levels[positions])
    elif measure.guess:
        rate = rate + measure.guess
    else:
        return  # not by a conversion there and back, which would leave its rounding
    power = instrument.to_power(rate)
    wrong = ~((power > 0) & (power < np.inf))
    if wrong.any():
        worst = rate[int(np.argmax(wrong))]
        raise InputError(
            f"takes a rate on the {instrument.base} to {100 * worst:.4g} %", key=key,
            value=measure.instrument, allowed="rates that leave a positive price",
        )  # fmt: skip
    relative = "scale" if measure.scale is not None else "power"
    given = getattr(measure, relative)
    # A power that is no large one is meant as it is, whatever rates the data have.
    small = measure.power is not None and measure.power <= 1 + LARGEST_RATE
    if given is not None and not measure.large and not small:
        worst = float(max(rate.tolist(), key=abs))
        refuse_if(
            abs(worst) > LARGEST_RATE,
            f"takes a rate on the {instrument.base} to {100 * worst:.4g} %",
            key=f"{key}.{relative}", value=given,
            allowed=f"rates up to {100 * LARGEST_RATE:g} %, or any with 'large: true' beside it",
        )  # fmt: skip
    levels[positions] = power
