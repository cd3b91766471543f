"""Rates that the model finds: for budgets, equal comparisons and financing.

Each frees the rates of some cells, which then move together, and holds in their place
what the user has fixed: receipts or an outlay, welfare, the budget. Quotas are apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.core.selectors import joined, split
from cge.model.wedges import WEDGES
from cge.policy.cells import cells
from cge.policy.quotas import quota
from cge.policy.rates import Found, Plan
from cge.scenario.actions import SELECTORS, Equal, Measure
from cge.scenario.instruments import INSTRUMENTS, QUOTA, Instrument
from cge.scenario.schema import Scenario
from cge.scenario.wording import financing_text, measure_text
from cge.solve.closure import Swap, Total
from cge.solve.model import Model
from cge.solve.solution import Solution

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def finding(
    model: Model,
    scenario: Scenario,
    plans: Sequence[Plan],
    levels: Array,
    share: float = 1.0,
) -> tuple[Found, ...]:
    """Return what the model has to find for a scenario.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    plans : sequence of Plan
        Its measures whose rates are found.
    levels : ndarray (columns,)
        Levels with all other measures in place.
    share : float
        Part of what is held: of a budget, of a welfare effect, of what a quota takes away.

    Raises
    ------
    InputError
        For what can not be found, or is to be found twice.
    """
    found = []
    unsized = []
    for plan in plans:
        if plan.measure.instrument == QUOTA:
            found.append((plan.key, quota(model, plan, share * plan.share, levels)))
        elif plan.measure.budget is not None:
            found.append((plan.key, _budget(model, plan, share * plan.share)))
        else:
            unsized.append(plan)
    if unsized:
        assert scenario.equal is not None  # or the scenario would not have been read
        if len({plan.share for plan in unsized}) > 1:
            raise InputError(
                "one rate is to be found, for measures that are not in force together",
                key=unsized[0].key,
            )
        part = share * unsized[0].share
        found.append((unsized[0].key, _equal(model, scenario.equal, unsized, part)))
    for number in range(len(scenario.financing)):
        key = f"financing.{number}"
        found.append((key, _financing(model, scenario, number, key, levels)))
    taken: dict[int, str] = {}
    volumes: dict[tuple[str, ...], str] = {}
    for key, one in found:
        twice = [c for c in one.columns.tolist() if c in taken]
        if twice:
            raise InputError(f"moves a rate that {taken[twice[0]]} finds already", key=key)
        taken.update(dict.fromkeys(one.columns.tolist(), key))
        for swap in one.swaps:
            if swap.bound is not None or not isinstance(swap.fix, Total):
                route = tuple(split(swap.free)[1])
                if route in volumes:
                    raise InputError(f"rations what {volumes[route]} rations already", key=key)
                volumes[route] = key
    return tuple(one for _, one in found)


def _receipts(
    model: Model, variable: str, positions: Integers, before: Array
) -> tuple[tuple[float, str], ...]:
    """Return what the cells of a wedge bring beyond their rate `before`, as terms of a Total."""
    wedge = WEDGES[variable]
    cells_ = [_text(model, variable, positions[before == power]) for power in np.unique(before)]
    terms = []
    for power, texts in zip(np.unique(before), cells_, strict=True):
        for text in texts:
            inside = split(text)[1]
            terms.append((float(wedge.sign), joined(wedge.gross, inside)))
            terms.append((-wedge.sign * float(power), joined(wedge.base, inside)))
    return tuple(terms)


def _text(model: Model, variable: str, positions: Integers) -> list[str]:
    """Return selectors that together take just these cells, one where it can be done."""
    whole = model.variables.selector(variable, positions)
    if whole is not None:
        return [whole]
    index, start = model.variables[variable].index, model.variables[variable].start
    return [joined(variable, index[p - start]) for p in positions.tolist()]


def _owners(model: Model, plan: Plan) -> NDArray[np.str_]:
    """Return the region to whose budget each cell of a measure belongs."""
    family = model.variables[plan.instrument.variable]
    axis = family.axes.index(WEDGES[plan.instrument.variable].collector)
    return family.codes[axis][plan.positions - family.start]


def _budget(model: Model, plan: Plan, share: float) -> Found:
    """Hold the receipts, or the outlay, of a measure at a share of GDP, region by region."""
    assert plan.measure.budget is not None
    variable = plan.instrument.variable
    sign = 1.0 if plan.instrument.fiscal == "outlay" else -1.0
    owners = _owners(model, plan)
    swaps = []
    for region in dict.fromkeys(owners.tolist()):
        here = owners == region
        free = _one_selector(model, variable, plan.positions[here], plan.key)
        receipts = _receipts(model, variable, plan.positions[here], plan.before[here])
        size = (sign * share * plan.measure.budget, f"gdp[{region}]")
        swaps.append(
            Swap(free, Total((*receipts, size)), 0.0, False, label=measure_text(plan.measure))
        )
    return Found(
        tuple(swaps), plan.positions, measure_text(plan.measure), plan.before,
        _sign(plan.instrument), guessed=plan.measure.guess is not None,
    )  # fmt: skip


def _sign(instrument: Instrument) -> float:
    return float(np.sign(instrument.to_power(np.ones(1))[0] - instrument.to_power(np.zeros(1))[0]))


def _one_selector(model: Model, variable: str, positions: Integers, key: str) -> str:
    text = model.variables.selector(variable, positions)
    if text is None:
        raise InputError(
            "the cells whose one rate is to be found are not all combinations of some codes",
            key=key,
        )
    return text


def _equal(model: Model, equal: Equal, plans: Sequence[Plan], share: float) -> Found:
    """Find the one rate at which an outlay or a welfare effect is reached."""
    key = plans[0].key
    region, value = equal.region, equal.value
    if region not in model.benchmark.regions:
        raise InputError(
            "unknown region", key="equal.region", value=region, allowed=model.benchmark.regions
        )
    if isinstance(value, str):
        raise InputError(
            "names a variant, which a single scenario does not have", key=f"equal.{equal.what}",
            value=value, allowed="a number",
        )  # fmt: skip
    variables = {plan.instrument.variable for plan in plans}
    if len(variables) > 1 or len({_sign(plan.instrument) for plan in plans}) > 1:
        raise InputError(
            "one rate is to be found, for measures of different kinds", key=key,
            value=", ".join(sorted(plan.measure.instrument for plan in plans)),
        )  # fmt: skip
    positions = np.concatenate([plan.positions for plan in plans])
    before = np.concatenate([plan.before for plan in plans])
    positions, first = np.unique(positions, return_index=True)
    before = before[first]
    variable = variables.pop()
    free = _one_selector(model, variable, positions, key)
    label = "; ".join(measure_text(plan.measure) for plan in plans)
    guessed = any(plan.measure.guess is not None for plan in plans)
    sign = _sign(plans[0].instrument)
    if equal.what == "welfare":
        target = Total(((1.0, f"welfare[{region}]"),))
        swap = Swap(free, target, 1.0 + share * value / 100, True, label=label)
        return Found((swap,), positions, label, before, sign, guessed=guessed)
    for plan in plans:
        if plan.instrument.fiscal != "outlay":
            raise InputError(
                "has no outlay; compare taxes at equal welfare", key=plan.key,
                value=plan.measure.instrument,
                allowed=[n for n, i in INSTRUMENTS.items() if i.fiscal == "outlay"],
            )  # fmt: skip
        if (_owners(model, plan) != region).any():
            raise InputError(
                f"its outlay is not all of region {region}, whose outlay is equal", key=plan.key
            )
    terms = (*_receipts(model, variable, positions, before), (share * value, f"gdp[{region}]"))
    swap = Swap(free, Total(terms), 0.0, False, label=label)
    return Found((swap,), positions, label, before, sign, guessed=guessed)


def _financing(model: Model, scenario: Scenario, number: int, key: str, levels: Array) -> Found:
    """Let one tax of a region keep its real tax revenue where it was."""
    choice = scenario.financing[number]
    instrument = INSTRUMENTS[choice.instrument]
    region = choice.region
    if region not in model.benchmark.regions:
        raise InputError(
            "unknown region", key=f"{key}.region", value=region, allowed=model.benchmark.regions
        )
    if any(other.region == region for other in scenario.financing[:number]):
        raise InputError(
            "this region's budget is financed already", key=f"{key}.region", value=region
        )
    selectors = {word: getattr(choice, word) for word in SELECTORS}
    positions = cells(
        model, SimpleNamespace(**{**selectors, instrument.owner: region}), choice.instrument, key
    )
    free = _one_selector(model, instrument.variable, positions, key)
    revenue = f"real_tax_revenue[{region}]"
    level = float(model.outcome_start[model.outcomes.select(revenue)[1][0]])
    label = financing_text(choice)
    swap = Swap(free, Total(((1.0, revenue),)), level, False, label=label)
    return Found((swap,), positions, label, levels[positions], _sign(instrument))


def outlay(solution: Solution, measures: Sequence[Measure], region: str, key: str) -> float:
    """Return what subsidies cost a region beyond its benchmark rates, as a share of its GDP.

    Raises
    ------
    InputError
        If there is no subsidy of this region among the measures.
    """
    model = solution.model
    total, any_found = 0.0, False
    seen: set[int] = set()
    for number, measure in enumerate(measures):
        instrument = INSTRUMENTS[measure.instrument]
        if instrument.fiscal != "outlay":
            continue
        positions = cells(model, measure, measure.instrument, f"{key}.policy.{number}")
        plan = Plan(measure, instrument, positions, model.arrays.start[positions], key)
        mine = positions[_owners(model, plan) == region]
        mine = mine[~np.isin(mine, list(seen))]
        seen.update(mine.tolist())
        any_found |= bool(len(mine))
        terms = _receipts(model, instrument.variable, mine, model.arrays.start[mine])
        for coefficient, text in terms:
            total -= coefficient * float(solution.outcomes[model.outcomes.select(text)[1]].sum())
    if not any_found:
        raise InputError(f"has no subsidy of region {region} whose outlay could be equal", key=key)
    return total / solution.outcome(f"gdp[{region}]")
