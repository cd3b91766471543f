"""From a scenario's choice of closure to one of the model, and that in words as it was solved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cge.core.errors import InputError, below, check_known, refuse_if
from cge.core.parameters import ParameterSet
from cge.core.selectors import split
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.parameters.parameter_files import load_short_run_parameters
from cge.model.quantities import EXOGENOUS, VARIABLES
from cge.policy.adjustment import ADJUSTS, LABEL, Adjustment, adjustment_of, with_adjustment
from cge.scenario.schema import ClosureChoice, Scenario
from cge.solve.closure import Closure, Swap, Total, WageFloor, cells_of
from cge.solve.model import Model
from cge.solve.solution import Solution

#: Variables of which one cell can be the numeraire.
PRICES = tuple(name for name in VARIABLES if name.endswith(("price", "return")))


def closure_of(choice: ClosureChoice, benchmark: Benchmark) -> Closure:
    """Closure that a scenario's choice means on a benchmark.

    Raises
    ------
    InputError
        For unknown factors or regions, or a numeraire that is not a price.
    """
    specific = choice.specific_factors
    if specific is None:
        specific = [CAPITAL] if choice.kind == "short_run" else []
        refuse_if(not {*specific} <= {*benchmark.factors},
                  "the benchmark has no factor CAP; name those that are fixed in their sector",
                  key="closure.specific_factors", allowed=benchmark.factors)  # fmt: skip
    specific = benchmark.codes("factors", specific, "closure.specific_factors")
    floor = None
    if choice.wage_floor is not None:
        given = choice.wage_floor
        key = "closure.wage_floor.factor"
        check_known([given.factor], benchmark.factors, "unknown factor", key=key)
        if given.factor in specific:
            raise InputError("a factor fixed in its sector can not also have a wage floor",
                             key=key, value=given.factor)  # fmt: skip
        regions = benchmark.codes("regions", given.regions, "closure.wage_floor.regions")
        floor = WageFloor(given.factor, tuple(regions), given.level, given.index)
    refuse_if(choice.numeraire is not None and _name(choice.numeraire) not in PRICES,
              "is not a price", key="closure.numeraire", value=choice.numeraire,
              allowed=PRICES)  # fmt: skip
    for number, swap in enumerate(choice.swaps):
        refuse_if(_name(swap.free, f"closure.swaps.{number}.free") == "balance",
                  "is a gift while it is given; what is solved for is borrowed",
                  key=f"closure.swaps.{number}.free", value=swap.free,
                  allowed="private_borrowing, public_borrowing")  # fmt: skip
        split(swap.fix, f"closure.swaps.{number}.fix")
    swaps = tuple(Swap(s.free, s.fix, s.at, s.relative) for s in choice.swaps)
    if choice.foreign_saving == "given":
        swaps = (*swaps, *foreign_saving_given(benchmark))
    closure = Closure(
        name=choice.kind,
        specific_factors=tuple(specific),
        swaps=swaps,
        wage_floor=floor,
        numeraire=choice.numeraire,
    )
    adjustment = _adjustment(choice)
    labour = [f for f in benchmark.factors if f not in specific]
    return with_adjustment(closure, adjustment, labour, responses_of(choice))


def foreign_saving_given(benchmark: Benchmark) -> tuple[Swap, ...]:
    """Hold what each region's investment gets of others' saving, in goods of world investment.

    The first region gets what the others leave, which is what it has in the benchmark, since all
    of them add up to nothing.

    Raises
    ------
    InputError
        If saving is not apart from investment in the benchmark.
    """
    refuse_if(benchmark.saving is None, "the benchmark has no saving apart from investment",
              key="closure.foreign_saving", value="given",
              allowed="follows; or GTAP data with the standard structure")  # fmt: skip
    others = "|".join(benchmark.regions[1:])
    if not others:
        return ()
    return (Swap(f"investment_slack[{others}, *]", f"foreign_saving[{others}]"),)


def _adjustment(choice: ClosureChoice) -> Adjustment:
    """How far wages, spending and employment adjust: gradually in a short run."""
    given, key = choice.adjustment, "closure.adjustment"
    full: Adjustment = "balances_given"
    refuse_if(choice.kind == "long_run" and given not in (None, full),
              "is for a short run; in the long run all has adjusted", key=key, value=given,
              allowed="kind: short_run, or no such key")  # fmt: skip
    refuse_if(choice.wage_floor is not None and given not in (None, full),
              "holds wages that a wage floor holds too", key=key, value=given,
              allowed=full)  # fmt: skip
    refuse_if(given == "regions_lend" and choice.numeraire is not None,
              "fixes what money is worth by wages", key=key, value=given,
              allowed="no closure.numeraire")  # fmt: skip
    if given is None:
        short = choice.kind == "short_run" and choice.wage_floor is None
        return "gradual" if short else full
    return given


def short_run_parameters(choice: ClosureChoice) -> ParameterSet:
    """Parameters of a short year, with a scenario's own values.

    Raises
    ------
    InputError
        For an unknown name or an impossible value.
    """
    shipped = load_short_run_parameters()
    check_known(choice.parameters, list(shipped.entries), "no such parameter",
                key="closure.parameters")  # fmt: skip
    with below("closure"):
        return shipped.with_values(choice.parameters)


def responses_of(choice: ClosureChoice) -> dict[str, float]:
    """Levels of the model's responses that a choice of closure means."""
    parameters = short_run_parameters(choice)
    return {name: parameters[name] for name in parameters.entries if name in EXOGENOUS}


def part_of_closure(closure: Closure, model: Model, share: float) -> Closure:
    """A closure that goes only a part of the way to where its swaps hold things.

    Outcomes are held linearly between the benchmark and where the whole shock takes them,
    variables log-linearly. A wage floor is no shock and stays.
    """
    if share == 1.0:
        return closure
    swaps = []
    for swap in closure.swaps:
        # Held where the levels put it, which go their part by themselves, or at nothing.
        if swap.at is None or (isinstance(swap.fix, Total) and swap.at == 0):
            swaps.append(swap)
        elif swap.relative:
            is_variable = isinstance(swap.fix, str) and _name(swap.fix) in model.variables
            log_linear = is_variable and swap.at > 0
            at = swap.at**share if log_linear else 1 + share * (swap.at - 1)
            swaps.append(replace(swap, at=at))
        elif isinstance(swap.fix, Total):
            raise AssertionError("a combination of outcomes is scaled where it is made")
        else:
            for cell in cells_of(swap, model):
                start = _benchmark_level(model, str(cell.fix))
                swaps.append(replace(cell, at=start + share * (swap.at - start)))
    return replace(closure, swaps=tuple(swaps))


def _name(selector: str, key: str = "closure.numeraire") -> str:
    return split(selector, key)[0]


def _benchmark_level(model: Model, selector: str) -> float:
    if _name(selector) in model.variables:
        return float(model.arrays.start[model.variables.select(selector)[1][0]])
    return float(model.outcome_start[model.outcomes.select(selector)[1][0]])


def closure_facts(solution: Solution, scenario: Scenario) -> dict[str, Any]:
    """Closure, numeraire and swaps of a solution, for its manifest.

    Parameters
    ----------
    solution : Solution
    scenario : Scenario
        Of which it is.
    """
    closure = solution.closure
    return {
        "closure": closure_text(
            closure, scenario, solution.model.horizon, solution.model.benchmark.saving is not None
        ),
        "numeraire": closure.numeraire or "world factor price index",
        "swaps": [s.text for s in solution.resolved.swaps if s.label != LABEL],
    }


def closure_text(closure: Closure, scenario: Scenario, horizon: str, saves: bool = False) -> str:
    """A closure in one sentence without its end.

    Parameters
    ----------
    closure : Closure
        As solved.
    scenario : Scenario
    horizon : {"short", "long"}
        Of the elasticities.
    saves : bool
        Whether trade balances follow from saving and investment.
    """
    parts = [f"{closure.name.replace('_', ' ')}, {horizon}-run elasticities"]
    if closure.specific_factors:
        parts.append(f"fixed in each sector: {', '.join(closure.specific_factors)}")
    if floor := closure.wage_floor:
        given = scenario.closure.wage_floor
        everywhere = given is None or given.regions == "all"
        where = "" if everywhere else f" in {', '.join(floor.regions or ())}"
        parts.append(f"floor under the price of {floor.factor}{where}: {floor.index} at least "
                     f"{floor.level:g} times the benchmark")  # fmt: skip
    adjustment = adjustment_of(closure)
    if adjustment != "balances_given":
        parts.append(ADJUSTS[adjustment])
    elif not closure.wage_floor:
        parts.append("wages clear the market and employment is full")
    balance = scenario.closure.balance
    words = balance if isinstance(balance, str) else f"x {balance.scale:g}"
    words = "as in the data, indexed to the numeraire" if words == "given" else words
    if saves:
        held = scenario.closure.foreign_saving == "given"
        words = "follow from foreign saving, which is given" if held else (
            "follow from saving and investment")  # fmt: skip
    swaps = (swap.text for swap in closure.swaps if not swap.label)
    return "; ".join((*parts, f"trade balances {words}", *swaps))
