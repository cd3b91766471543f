"""A closure as it was solved, in words."""

from __future__ import annotations

from typing import Any

from cge.scenario.schema import Scenario
from cge.solve.closure import Closure, Total
from cge.solve.solution import Solution


def closure_facts(solution: Solution, scenario: Scenario) -> dict[str, Any]:
    """What was given and what was solved for in a solution, for its manifest.

    Parameters
    ----------
    solution : Solution
    scenario : Scenario
        Of which it is.
    """
    closure = solution.closure
    numeraire = closure.numeraire or "world factor price index"
    return {
        "closure": closure_text(closure, scenario, solution.model.horizon),
        "numeraire": numeraire,
        "swaps": [f"{swap.free} free, {_held(swap.fix)} held" for swap in solution.resolved.swaps],
    }


def closure_text(closure: Closure, scenario: Scenario, horizon: str) -> str:
    """A closure in one sentence without its end.

    Parameters
    ----------
    closure : Closure
        As solved.
    scenario : Scenario
    horizon : {"short", "long"}
        Of the elasticities.
    """
    parts = [f"{closure.name.replace('_', ' ')}, {horizon}-run elasticities"]
    if closure.specific_factors:
        parts.append(f"fixed in each sector: {', '.join(closure.specific_factors)}")
    if closure.wage_floor:
        parts.append(f"floor under the real price of {closure.wage_floor.factor}")
    freed = [swap for swap in closure.swaps if swap.free.split("[")[0].strip() == "balance"]
    balance = scenario.closure.balance
    words = str(balance) if isinstance(balance, str) else f"x {balance.scale:g}"
    if balance == "given":
        words = "as in the data, indexed to the numeraire"
    parts.append(f"trade balances {words}")
    parts += [f"{swap.free} free, {_held(swap.fix)} held" for swap in freed]
    others = [s for s in closure.swaps if s not in freed and not s.label]
    parts += [f"{swap.free} free, {_held(swap.fix)} held" for swap in others]
    return "; ".join(parts)


def _held(fix: str | Total) -> str:
    return fix if isinstance(fix, str) else " + ".join(f"{c:g} {name}" for c, name in fix.terms)
