"""Targets: budgets, equal comparisons, financing and quotas, for which rates are solved for.

Each frees the rates of some cells, which then move together, and holds in their place what the
user has fixed: receipts or an outlay, welfare, real revenue, or a volume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.selectors import joined, split
from cge.model.wedges import WEDGES
from cge.policy.cells import cells
from cge.scenario.actions import Equal, Measure
from cge.scenario.instruments import INSTRUMENTS, QUOTA, Instrument
from cge.scenario.schema import Scenario
from cge.solve.closure import Swap, Total
from cge.solve.model import Model
from cge.solve.solution import Solution

#: What moves to ration a route, by who keeps the rent.
RENTS = {"importer": "tariff", "exporter": "export_tax", "lost": "trade_cost"}


@dataclass(frozen=True, eq=False)
class Sought:
    """A measure whose rate is solved for.

    Parameters
    ----------
    measure : Measure
    positions : ndarray of int
        Cells it moves.
    before : ndarray
        Their powers without it.
    key : str
        Where it stands.
    share : float
        Part of it that is in force, of one that is phased in.
    """

    measure: Measure
    positions: Integers
    before: Array
    key: str
    share: float = 1.0

    @property
    def instrument(self) -> Instrument:
        """The instrument it moves."""
        return INSTRUMENTS[self.measure.instrument]


@dataclass(frozen=True, eq=False)
class Target:
    """A target: what is held, and the rates that are solved for it.

    Parameters
    ----------
    swaps : tuple of Swap
    columns : ndarray of int
        Cells that move.
    label : str
        What a reader calls it.
    before : ndarray
        Powers of the cells without it.
    key : str
        Where it stands in the scenario.
    sign : int
        -1 where the power is 1 less the rate.
    counts : bool
        Whether it is a rate to which partners may respond; the rent of a quota is not.
    guessed : bool
        Whether the search sets out from a guess of the user's.
    """

    swaps: tuple[Swap, ...]
    columns: Integers
    label: str
    before: Array
    key: str
    sign: int = 1
    counts: bool = True
    guessed: bool = False

    def points(self, levels: Array) -> Array:
        """Points added to the rates of the cells at levels of a solution, a fraction."""
        return self.sign * (levels[self.columns] - self.before)


def targets_of(
    model: Model, scenario: Scenario, sought: Sequence[Sought], levels: Array, share: float = 1.0
) -> tuple[Target, ...]:
    """Targets of a scenario.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    sought : sequence of Sought
        Its measures whose rates are solved for.
    levels : ndarray (columns,)
        Levels with all other measures in place.
    share : float
        Part of what is held: of a budget, of a welfare effect, of what a quota takes away.

    Raises
    ------
    InputError
        For what can not be solved for, or is to be solved for twice.
    """
    targets, unsized = [], []
    for one in sought:
        if one.measure.instrument == QUOTA:
            targets.append(_quota(model, one, share * one.share, levels))
        elif one.measure.budget is not None:
            targets.append(_budget(model, one, share * one.share))
        else:
            unsized.append(one)
    if unsized:
        assert scenario.equal is not None  # or the scenario would not have been read
        refuse_if(len({one.share for one in unsized}) > 1,
                  "one rate is solved for, for measures that are not in force together",
                  key=unsized[0].key)  # fmt: skip
        targets.append(_equal(model, scenario.equal, unsized, share * unsized[0].share))
    targets += [_financing(model, scenario, n, levels) for n in range(len(scenario.financing))]
    taken: dict[int, str] = {}
    rationed: dict[tuple[str, ...], str] = {}
    for target in targets:
        key, columns = target.key, target.columns.tolist()
        twice = [column for column in columns if column in taken]
        if twice:
            raise InputError(f"moves a rate that is solved for in {taken[twice[0]]}", key=key)
        taken.update(dict.fromkeys(columns, key))
        for swap in target.swaps:
            if swap.bound is not None or not isinstance(swap.fix, Total):
                route = tuple(split(swap.free)[1])
                if route in rationed:
                    raise InputError(f"rations what {rationed[route]} rations already", key=key)
                rationed[route] = key
    return tuple(targets)


def _budget(model: Model, one: Sought, share: float) -> Target:
    """Hold the receipts, or the outlay, of a measure at a share of GDP, region by region."""
    assert one.measure.budget is not None
    sign = 1.0 if one.instrument.fiscal == "outlay" else -1.0
    owners = _owners(model, one)
    swaps = []
    for region in dict.fromkeys(owners.tolist()):
        here = owners == region
        free = _free(model, one.instrument, one.positions[here], one.key)
        receipts = _receipts(model, one.instrument, one.positions[here], one.before[here])
        size = (sign * share * one.measure.budget, f"gdp[{region}]")
        swaps.append(Swap(free, Total((*receipts, size)), 0.0, False, label=one.measure.text))
    return Target(
        tuple(swaps), one.positions, one.measure.text, one.before, one.key, one.instrument.sign,
        guessed=one.measure.guess is not None,
    )  # fmt: skip


def _equal(model: Model, equal: Equal, sought: Sequence[Sought], share: float) -> Target:
    """Reach an outlay or a welfare effect with one rate."""
    first, region, value = sought[0], equal.region, equal.value
    check_known([region], model.benchmark.regions, "unknown region", key="equal.region")
    if isinstance(value, str):
        raise InputError(
            "names a variant, which a single scenario does not have", key=f"equal.{equal.what}",
            value=value, allowed="a number",
        )  # fmt: skip
    refuse_if(len({(one.instrument.variable, one.instrument.sign) for one in sought}) > 1,
              "one rate is solved for, for measures of different kinds", key=first.key,
              value=", ".join(sorted(one.measure.instrument for one in sought)))  # fmt: skip
    positions = np.concatenate([one.positions for one in sought])
    positions, place = np.unique(positions, return_index=True)
    before = np.concatenate([one.before for one in sought])[place]
    free = _free(model, first.instrument, positions, first.key)
    label = "; ".join(one.measure.text for one in sought)
    if equal.what == "welfare":
        goal = Total(((1.0, f"welfare[{region}]"),))
        swap = Swap(free, goal, 1.0 + share * value / 100, True, label=label)
    else:
        for one in sought:
            if one.instrument.fiscal != "outlay":
                raise InputError(
                    "has no outlay; compare taxes at equal welfare", key=one.key,
                    value=one.measure.instrument,
                    allowed=[n for n, i in INSTRUMENTS.items() if i.fiscal == "outlay"],
                )  # fmt: skip
            if (_owners(model, one) != region).any():
                raise InputError(f"its outlay is not all of region {region}, whose outlay is equal",
                                 key=one.key)  # fmt: skip
        receipts = _receipts(model, first.instrument, positions, before)
        goal = Total((*receipts, (share * value, f"gdp[{region}]")))
        swap = Swap(free, goal, 0.0, False, label=label)
    guessed = any(one.measure.guess is not None for one in sought)
    return Target((swap,), positions, label, before, first.key, first.instrument.sign,
                  guessed=guessed)  # fmt: skip


def _financing(model: Model, scenario: Scenario, number: int, levels: Array) -> Target:
    """Let one tax of a region keep its real tax revenue where it was."""
    choice, key = scenario.financing[number], f"financing.{number}"
    instrument, region = INSTRUMENTS[choice.instrument], choice.region
    check_known([region], model.benchmark.regions, "unknown region", key=f"{key}.region")
    refuse_if(any(other.region == region for other in scenario.financing[:number]),
              "this region's budget is financed already", key=f"{key}.region",
              value=region)  # fmt: skip
    positions = cells(model, choice.model_copy(update={instrument.owner: region}), key)
    free = _free(model, instrument, positions, key)
    revenue = f"real_tax_revenue[{region}]"
    level = float(model.outcome_start[model.outcomes.select(revenue)[1][0]])
    swap = Swap(free, Total(((1.0, revenue),)), level, False, label=choice.text)
    return Target((swap,), positions, choice.text, levels[positions], key, instrument.sign)


def _quota(model: Model, one: Sought, share: float, levels: Array) -> Target:
    """Hold the volume of every route and commodity, with the rent that does it.

    A ration is a virtual price (Neary and Roberts 1980): who keeps the difference between it
    and the price is a matter of institutions, hence `rents`. Where it is lost, what is held
    is what arrives, so that all three let the same quantity in.
    """
    measure = one.measure
    assert measure.to is not None
    rents = measure.rents or "importer"
    tariff = model.variables["tariff"]
    uses: dict[tuple[str, ...], list[str]] = {}
    all_uses = Counter(cell[1:] for cell in tariff.index)
    for position in one.positions.tolist():
        use, *route = tariff.index[position - tariff.start]
        uses.setdefault(tuple(route), []).append(use)
    swaps, columns = [], []
    for place, some in uses.items():
        inside = f"[{'|'.join(some)}, {', '.join(place)}]"
        free = RENTS[rents] + inside
        fix: str | Total = f"trade_volume[{', '.join(place)}]"
        if rents == "lost":
            fix = Total(((1.0, "arrivals" + inside),))
        elif len(some) < all_uses[place]:
            fix = Total(((1.0, "route_volume" + inside),))
        at = 1.0 + share * (measure.to - 1.0)
        bound: Literal["upper"] | None = None if measure.binding else "upper"
        # A rent is never negative.
        swaps.append(Swap(free, fix, at, bound=bound, label=measure.text, relief=1,
                          large=measure.large))  # fmt: skip
        columns.append(model.variables.select(free)[1])
    moved = np.concatenate(columns)
    return Target(tuple(swaps), moved, measure.text, levels[moved], one.key, counts=False)


def outlay(solution: Solution, measures: Sequence[Measure], region: str, key: str) -> float:
    """Cost of subsidies to a region beyond its benchmark rates, as a share of its GDP.

    Raises
    ------
    InputError
        If there is no subsidy of this region among the measures.
    """
    model = solution.model
    start, seen, total = model.arrays.start, np.zeros(0, dtype=np.int64), 0.0
    for number, measure in enumerate(measures):
        if INSTRUMENTS[measure.instrument].fiscal == "outlay":
            positions = cells(model, measure, f"{key}.policy.{number}")
            one = Sought(measure, positions, start[positions], key)
            mine = positions[_owners(model, one) == region]
            mine = mine[~np.isin(mine, seen)]
            seen = np.concatenate([seen, mine])
            for coefficient, text in _receipts(model, one.instrument, mine, start[mine]):
                here = model.outcomes.select(text)[1]
                total -= coefficient * float(solution.outcomes[here].sum())
    refuse_if(not len(seen), f"the variant that sets it has no subsidy of region {region}", key=key)
    return total / solution.outcome(f"gdp[{region}]")


def _owners(model: Model, one: Sought) -> NDArray[np.str_]:
    """Region to whose budget each cell of a measure belongs."""
    family = model.variables[one.instrument.variable]
    collector = WEDGES[one.instrument.variable].collector
    return family.by(collector)[one.positions - family.start]


def _receipts(
    model: Model, instrument: Instrument, positions: Integers, before: Array
) -> tuple[tuple[float, str], ...]:
    """Receipts of the cells of a wedge beyond their rate `before`, as terms of a Total."""
    wedge = WEDGES[instrument.variable]
    terms = []
    for power in np.unique(before):
        for text in _selectors(model, instrument.variable, positions[before == power]):
            inside = split(text)[1]
            terms.append((float(wedge.sign), joined(wedge.gross, inside)))
            terms.append((-wedge.sign * float(power), joined(wedge.base, inside)))
    return tuple(terms)


def _selectors(model: Model, variable: str, positions: Integers) -> list[str]:
    """Selectors that together take just these cells, one where it can be done."""
    whole = model.variables.selector(variable, positions)
    if whole is not None:
        return [whole]
    block = model.variables[variable]
    return [joined(variable, block.index[p - block.start]) for p in positions.tolist()]


def _free(model: Model, instrument: Instrument, positions: Integers, key: str) -> str:
    """Selector of cells whose one rate is solved for."""
    text = model.variables.selector(instrument.variable, positions)
    if text is None:
        raise InputError(
            "the cells whose one rate is solved for are not all combinations of some codes",
            key=key,
        )
    return text
