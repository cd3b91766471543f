"""Choosing uncertain parameters by family, group or name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from cge.core.errors import check_known, refuse_if
from cge.uncertainty.uncertain_parameters import UncertainParameter

#: Pattern that names every parameter, and what is before a pattern of those that are left out.
ALL, NOT = "all", "!"
#: Kinds of parameters, in the order of results.
ELASTICITIES, DYNAMICS, KNOWLEDGE = "elasticities", "dynamics", "knowledge"
SHORT_RUN, DISRUPTIONS = "short_run", "disruptions"
FAMILIES = (ELASTICITIES, DYNAMICS, KNOWLEDGE, SHORT_RUN, DISRUPTIONS)

#: Makes the parameters of a family: some take data that a choice of others does not need.
Family = Callable[[], tuple[UncertainParameter, ...]]


@dataclass(frozen=True)
class Selection:
    """Parameters that are chosen.

    Parameters
    ----------
    parameters : tuple of UncertainParameter
    idle : tuple of str
        Patterns that name none of them.
    names : tuple of str
        Names of all that were looked at.
    """

    parameters: tuple[UncertainParameter, ...]
    idle: tuple[str, ...]
    names: tuple[str, ...]


def selected(families: Mapping[str, Family], patterns: Sequence[str]) -> Selection:
    """Parameters that patterns name, in the order of the families.

    Parameters
    ----------
    families : mapping of str to callable
        Of the study.
    patterns : sequence of str
        ``all``, a family, a group or a name, with ``*`` and ``?`` for anything; after ``!`` what
        is left out of what the others name, or of all.

    Raises
    ------
    InputError
        For a family that the study does not have.
    """
    for pattern in patterns:
        bare = pattern.removeprefix(NOT)
        if bare in FAMILIES:
            check_known([bare], families, "the study that is drawn has no such parameters; "
                        "'of' names another", key="parameters")  # fmt: skip
    positive = [one for one in patterns if not one.startswith(NOT)] or [ALL]
    whole = [name for name in families if name in positive]
    if set(positive) - set(whole):
        whole = list(families)
    every = [one for name in families if name in whole for one in families[name]()]
    idle = tuple(one for one in patterns if not _named(one.removeprefix(NOT), every))
    chosen = {one.name for pattern in positive for one in _named(pattern, every)}
    for pattern in patterns:
        if pattern.startswith(NOT):
            chosen -= {one.name for one in _named(pattern.removeprefix(NOT), every)}
    return Selection(tuple(one for one in every if one.name in chosen), idle,
                     tuple(one.name for one in every))  # fmt: skip


def check_selections(found: Iterable[Selection], families: Iterable[str]) -> None:
    """Refuse patterns that name nothing under any elasticity set, and what leaves nothing.

    Raises
    ------
    InputError
    """
    every = list(found)
    names = list(dict.fromkeys(name for one in every for name in one.names))
    allowed = [ALL, *families, *names]
    for pattern in every[0].idle:
        refuse_if(all(pattern in one.idle for one in every),
                  "no uncertain parameter of this study has this name", key="parameters",
                  value=pattern, allowed=allowed)  # fmt: skip
    refuse_if(not all(one.parameters for one in every), "no parameter with a range is left",
              key="parameters", allowed=allowed)  # fmt: skip


def _named(pattern: str, every: Sequence[UncertainParameter]) -> list[UncertainParameter]:
    """Parameters of a family, a group or a name; brackets stand for themselves."""
    plain = pattern.replace("[", "[[]")
    return [
        one for one in every
        if pattern in (ALL, one.family)
        or any(text == pattern or fnmatchcase(text, plain) for text in (one.name, one.group))
    ]  # fmt: skip
