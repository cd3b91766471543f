"""What a scenario does that moves something, and what does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cge.core.errors import InputError
from cge.policy.levels import policy_levels
from cge.policy.replies import replies
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member
from cge.solve.model import Model

#: Parts of a scenario whose entries must move something.
PARTS = ("policy", "knowledge", "responses")
_ALLOWED = (
    "what moves something, or a size that says that it does not: add: 0, scale: 1, budget: 0, "
    "to: 1, share: 0, chi: 0"
)


def may_move(
    model: Model, scenario: Scenario, phases: Sequence[float] | None = None
) -> frozenset[str]:
    """Keys of measures and responses that move something, or of which only a solution tells.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    phases : sequence of float, optional
        See :func:`cge.policy.levels.policy_levels`.

    Raises
    ------
    InputError
        When the scenario does not fit the benchmark.
    """
    policy = policy_levels(model, scenario, phases=phases)
    answers = replies(model, scenario.responses, policy.levels, model.outcome_start)
    found = {*policy.moved, *(target.key for target in policy.targets)}
    for number, (response, answer) in enumerate(zip(scenario.responses, answers, strict=True)):
        if len(answer.points) or policy.targets or not response.to_rates:
            found.add(f"responses.{number}")
    return frozenset(found)


def refuse_idle(
    members: Sequence[Member], moved: Mapping[str, Collection[str]], own_alone: bool = False
) -> None:
    """Refuse what moves nothing: an entry of a variant there, one that all share in all of them.

    Parameters
    ----------
    members : sequence of Member
        Of one scenario set.
    moved : mapping of str to collection of str
        Keys of what moves something, by variant.
    own_alone : bool
        Leave entries that variants share to a later look at all of them.

    Raises
    ------
    InputError
        Where the user wrote it.
    """
    anywhere = {key for keys in moved.values() for key in keys}
    for member in members:
        for part in PARTS:
            shared = member.shared.get(part, 0)
            for number, one in enumerate(getattr(member.scenario, part)):
                key, own = f"{part}.{number}", number >= shared
                idle = key not in (moved[member.variant] if own else anywhere)
                if idle and one.must_move and (own or not own_alone):
                    where = "" if own else " in any variant"
                    raise member.told(InputError(
                        f"moves nothing{where}", key=key, value=one.text, allowed=_ALLOWED
                    ))  # fmt: skip
