"""Where to look for the rate that has a given welfare effect.

Welfare need not fall, or rise, with a rate throughout: a small tariff pays, a large one
costs. So the rate is first bracketed from zero upwards, and a subsidy does not turn out
to be a tax because that has the same effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cge.core.errors import NoEquilibrium
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.schema import Scenario

#: Rates that are tried, upwards from zero until the welfare effect is passed. One that takes
#: away from a price ends before it takes all.
RATES = tuple(0.005 * 2**n for n in range(12))
MOST_OF_A_PRICE = 0.9


def needs_bracket(scenario: Scenario) -> bool:
    """Whether a rate follows from its welfare effect, without a guess of it."""
    equal, unsized = scenario.equal, [m for m in scenario.policy if m.unsized]
    if equal is None or equal.what != "welfare" or not isinstance(equal.value, float):
        return False
    return equal.value != 0 and bool(unsized) and all(m.guess is None for m in unsized)


def bracketed(scenario: Scenario, share: float, effect: Callable[[Scenario], float]) -> Scenario:
    """A scenario with a guess of the rate that its `equal` asks for.

    Parameters
    ----------
    scenario : Scenario
    share : float
        Part of the whole effect that is wanted.
    effect : callable
        Equivalent variation of the region under a scenario whose measures have a size.

    Raises
    ------
    NoEquilibrium
        If no positive rate has the effect; says how far it goes.
    """
    assert scenario.equal is not None and isinstance(scenario.equal.value, float)
    wanted = share * scenario.equal.value
    towards = 1.0 if wanted > 0 else -1.0
    takes = any(INSTRUMENTS[m.instrument].sign < 0 for m in scenario.policy if m.unsized)
    tried: list[tuple[float, float]] = []
    for rate in RATES:
        if takes and rate > MOST_OF_A_PRICE:
            break
        try:
            tried.append((rate, effect(_with(scenario, "add", rate, equal=None))))
        except NoEquilibrium:
            break
        if towards * (tried[-1][1] - wanted) >= 0:
            return _with(scenario, "guess", rate)
    seen = "; ".join(f"{100 * rate:g} %: {ev:.4g}" for rate, ev in tried)
    raise NoEquilibrium(
        f"no rate has an equivalent variation of {wanted:g} % in {scenario.equal.region}; tried "
        f"{seen or 'none that solves'} (a 'guess' says where else to look, a negative one among "
        "them)"
    )


def _with(scenario: Scenario, key: str, rate: float, **changes: Any) -> Scenario:
    """A scenario whose measures without a size have a rate under some key."""
    policy = [m.model_copy(update={key: rate}) if m.unsized else m for m in scenario.policy]
    return scenario.model_copy(update={"policy": policy, **changes})
