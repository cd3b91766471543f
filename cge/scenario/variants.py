"""Families of scenarios: variants, a grid of values, and the members they make."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from cge.core.errors import InputError
from cge.core.files import validate
from cge.scenario.actions import Measure
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.merging import APPENDED, Places, laid_over, places_of, written
from cge.scenario.schema import COMPOSING, Scenario, completed

#: What the members of a family share.
_SHARED = ("name", "benchmark", "elasticities")
#: More than anybody looks at, and a guard against a grid written by mistake.
MOST_MEMBERS = 400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True)
class Member:
    """One scenario of a family.

    Parameters
    ----------
    variant : str
        Name within the family, empty where the scenario stands for itself.
    scenario : Scenario
        Complete, without variants, grid and steps; its name is ``family.variant``.
    own_policy, own_knowledge : int
        Number of measures that all members share; those after are the variant's own.
    places : mapping
        Where what it consists of was written.
    """

    variant: str
    scenario: Scenario
    own_policy: int = 0
    own_knowledge: int = 0
    places: Places = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """Variant that sets what is equal for this one; None where no other does."""
        equal = self.scenario.equal
        if equal is None or not isinstance(equal.value, str) or equal.value == self.variant:
            return None
        return equal.value

    def told(self, error: InputError) -> InputError:
        """Return an error about this member where the user wrote what is wrong."""
        return written(error, self.places)


def members(family: Scenario) -> tuple[Member, ...]:
    """Return the scenarios that a family stands for; a plain one stands for itself.

    Parameters
    ----------
    family : Scenario
        Complete: what it extends is in it.

    Raises
    ------
    InputError
        For names that are wrong or stand twice, keys that a variant can not have, a grid
        that points nowhere, or anything wrong in a member.
    """
    if family.variants is None and family.grid is None:
        # `steps` are no members, they are points on the way to each.
        alone = (Member("", family, places=family._places),)
        _check_equal(family, alone)
        return alone
    content = family.model_dump(by_alias=True, exclude_unset=True, exclude=set(COMPOSING))
    shared = len(content.get("policy", [])), len(content.get("knowledge", []))
    made = []
    for variant, changes, places in _variants(family, content):
        laid = laid_over(content, changes)
        for suffix, changed, grid_places in _points(family, laid):
            name = ".".join(part for part in (variant, suffix) if part)
            where = {**family._places, **places, **grid_places}
            made.append(_member(family, name, changes, suffix, changed, where, shared))
    if len(made) > MOST_MEMBERS:
        raise InputError(
            f"makes {len(made)} scenarios", key="grid", allowed=f"up to {MOST_MEMBERS}"
        )
    _check_equal(family, tuple(made))
    return tuple(made)


def _member(
    family: Scenario,
    name: str,
    changes: Mapping[str, Any],
    suffix: str,
    content: dict[str, Any],
    places: Places,
    shared: tuple[int, int],
) -> Member:
    """Return one member of a family, checked."""
    title = changes.get("title", "")
    content = {
        **content,
        "name": f"{family.name}.{name}",
        "title": f"{title} ({suffix})" if suffix and title else title,
    }
    try:
        scenario = completed(validate(Scenario, content, None), family._folder)
    except InputError as error:
        raise written(error, places) from None
    return Member(name, scenario, *shared, places)


def _variants(
    family: Scenario, content: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any], Places]]:
    """Return (name, what it lays over the family, where that stands) of every variant."""
    if family.variants is None:
        return [("", {}, {})]
    file = family._places.get("variants", ("", ""))[0]
    result: list[tuple[str, dict[str, Any], Places]] = []
    for number, variant in enumerate(family.variants):
        key = f"variants.{number}"
        if "name" not in variant:
            raise InputError("this key is missing", file=file or None, key=f"{key}.name")
        name = variant["name"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InputError(
                "must be 1 to 60 letters a-z, digits and . _ - and begin with a letter or digit",
                file=file or None, key=f"{key}.name", value=name,
            )  # fmt: skip
        if name in (other for other, _, _ in result):
            raise InputError(
                "two variants have this name", file=file or None, key=f"{key}.name", value=name
            )
        changes = {k: v for k, v in variant.items() if k != "name"}
        for refused in (*COMPOSING, *_SHARED):
            if refused in changes:
                raise InputError(
                    "belongs to the family as a whole, not to a variant",
                    file=file or None, key=f"{key}.{refused}",
                )  # fmt: skip
        for part in APPENDED:
            if not isinstance(changes.get(part, []), list):
                raise InputError(
                    "must be a list", file=file or None, key=f"{key}.{part}", value=changes[part]
                )
        result.append((name, changes, places_of(content, changes, file, f"{key}.")))
    return result


def _points(
    family: Scenario, content: dict[str, Any]
) -> list[tuple[str, dict[str, Any], dict[str, tuple[str, str]]]]:
    """Return (name, content, where it stands) for every combination of the grid."""
    if family.grid is None:
        return [("", content, {})]
    file = family._places.get("grid", ("", ""))[0]
    for key, values in family.grid.items():
        if not values:
            raise InputError("must not be empty", file=file or None, key=f"grid.{key}")
    labels = _labels(list(family.grid))
    result, names = [], set()
    for combination in product(*family.grid.values()):
        changed = copy.deepcopy(content)
        places: dict[str, tuple[str, str]] = {}
        parts: list[str] = []
        for (key, label), value in zip(labels.items(), combination, strict=True):
            for place in (part.strip() for part in key.split(",")):
                _put(changed, place, value, f"grid.{key}", file)
                places[place] = (file, f"grid.{key}")
            parts.append(f"{label}-{_text(value)}")
        name = ".".join(parts)
        if name in names:
            raise InputError(
                f"two scenarios would be called '{name}'", file=file or None, key="grid"
            )
        names.add(name)
        result.append((name, changed, places))
    return result


def _put(content: dict[str, Any], place: str, value: Any, key: str, file: str) -> None:
    """Put a value at a dotted place of a scenario."""
    parts = place.split(".")
    if parts[0] in (*COMPOSING, *_SHARED) or parts[0] not in Scenario.model_fields:
        allowed = [k for k in Scenario.model_fields if k not in (*COMPOSING, *_SHARED)]
        raise InputError("a grid can not change this", file=file or None, key=key,
                         value=place, allowed=allowed)  # fmt: skip
    node: Any = content
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if isinstance(node, list):
            if not part.isdigit() or int(part) >= len(node):
                raise InputError(
                    f"there is no entry {part} in '{'.'.join(parts[:depth])}', which has "
                    f"{len(node)} (the first is 0)", file=file or None, key=key, value=place,
                )  # fmt: skip
            index: Any = int(part)
        elif isinstance(node, dict):
            index = part
            if not last and part not in node:
                # Of a mapping that is not there yet, a list is the one thing not to invent.
                node[part] = {} if not parts[depth + 1].isdigit() else []
        else:
            raise InputError(
                f"'{'.'.join(parts[:depth])}' has no keys", file=file or None, key=key, value=place
            )
        if last:
            node[index] = copy.deepcopy(value)
        else:
            node = node[index]


def _labels(keys: list[str]) -> dict[str, str]:
    """Return a short name of every key of a grid: as many of its last words as tell it apart."""
    firsts = {key: key.split(",")[0].strip().split(".") for key in keys}
    labels = {}
    for key, parts in firsts.items():
        for length in range(1, len(parts) + 1):
            ending = parts[-length:]
            if sum(other[-length:] == ending for other in firsts.values()) == 1:
                break
        labels[key] = _clean("-".join(ending))
    return labels


def _text(value: Any) -> str:
    """Return a value as a part of a name."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, list):
        return "-".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return "-".join(f"{key}-{_text(item)}" for key, item in value.items())
    return _clean(str(value))


def _clean(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-") or "none"


def _check_equal(family: Scenario, made: tuple[Member, ...]) -> None:
    """Check that what `equal` refers to is there and can be found."""
    names = {member.variant: member for member in made if member.variant}
    for member in made:
        equal = member.scenario.equal
        if equal is None:
            continue
        unsized = _unsized(member.scenario)
        reference = equal.value if isinstance(equal.value, str) else None
        if reference is not None:
            other = names.get(reference)
            if other is None:
                raise InputError(
                    "there is no such variant", key=f"equal.{equal.what}", value=reference,
                    allowed=list(names) or "a number",
                )  # fmt: skip
            if _unsized(other.scenario):
                raise member.told(InputError(
                    "the variant that sets what is equal has a measure without a size",
                    key=f"equal.{equal.what}", value=reference,
                ))  # fmt: skip
            if other.scenario.equal != equal:
                raise other.told(InputError(
                    f"must be as in variant '{member.variant}', which names this one", key="equal",
                ))  # fmt: skip
        if not unsized and member.variant != reference:
            raise member.told(InputError(
                "has no measure without a size whose rate could be found"
                + (f" in variant '{member.variant}'" if member.variant else ""),
                key="equal",
            ))  # fmt: skip


def _unsized(scenario: Scenario) -> list[Measure | KnowledgeMeasure]:
    policy = [one for one in scenario.policy if one.unsized]
    return [*policy, *(one for one in scenario.knowledge if one.unsized)]


def with_equal(member: Member, value: float) -> Scenario:
    """Return a member with a number where `equal` names a variant."""
    equal = member.scenario.equal
    assert equal is not None
    number = equal.model_copy(update={equal.what: value})
    return member.scenario.model_copy(update={"equal": number})
