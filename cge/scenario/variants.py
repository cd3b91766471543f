"""Scenario sets: a scenario with its variants or a grid of values, and the members they make.

Also a scenario with some of its keys replaced, by a command line or a call.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from cge.core.errors import InputError, check_known, refuse_if, retold
from cge.core.files import is_file, validate
from cge.scenario.merging import APPENDED, Places, laid_over, places_of, put, written
from cge.scenario.schema import COMPOSING, Scenario, completed, wrong_name

#: What the members of a set share.
_SHARED = ("name", "benchmark", "elasticities", "sets", "ownership")
#: Keys of a scenario that a variant may have, or a grid change.
_OPEN = [key for key in Scenario.model_fields if key not in (*COMPOSING, *_SHARED)]


@dataclass(frozen=True)
class Member:
    """One scenario of a set.

    Parameters
    ----------
    variant : str
        Name within the set, empty where the scenario stands for itself.
    scenario : Scenario
        Complete, without variants, grid and steps; its name is ``set.variant``.
    shared : mapping of str to int
        Of the lists of what it does (`policy`, `knowledge`, ...) the number of entries that all
        members have; those after are the variant's own.
    places : mapping
        Where what it consists of was written.
    """

    variant: str
    scenario: Scenario
    shared: Mapping[str, int] = field(default_factory=dict)
    places: Places = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """Variant that sets what is equal for this one; None where no other does."""
        equal = self.scenario.equal
        if equal is None or not isinstance(equal.value, str) or equal.value == self.variant:
            return None
        return equal.value

    def told(self, error: InputError) -> InputError:
        """An error about this member where the user wrote what is wrong."""
        return written(error, self.places)

    def with_equal(self, value: float) -> Scenario:
        """Its scenario with a number where `equal` names a variant."""
        equal = self.scenario.equal
        assert equal is not None
        number = equal.model_copy(update={equal.what: value})
        return self.scenario.model_copy(update={"equal": number})

    @property
    def unsized(self) -> bool:
        """Whether a measure has no size, so that a comparison sets it."""
        return any(one.unsized for one in self.scenario.measures.values())


def members_of(scenario: Scenario) -> int:
    """Number of scenarios that one stands for, counted without making them."""
    return max(len(scenario.variants or ()), 1) * prod(map(len, (scenario.grid or {}).values()))


class ScenarioSet:
    """The scenarios that one stands for; a plain one stands for itself.

    Parameters
    ----------
    scenario : Scenario
        Complete: what it extends is in it.

    Raises
    ------
    InputError
        For names that are wrong or stand twice, keys that a variant can not have, a grid
        that points nowhere, or anything wrong in a member.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.members = tuple(self._made())
        self._check_equal()

    @property
    def lines(self) -> list[str]:
        """All that it does in words, one line for each action or member; none if all do nothing."""
        if not self.members[0].variant:
            return self.members[0].scenario.lines
        if not any(m.scenario.lines for m in self.members):
            return []
        return [f"{m.variant}: {'; '.join(m.scenario.lines) or 'nothing'}" for m in self.members]

    def _made(self) -> Iterator[Member]:
        whole = self.scenario
        if whole.variants is None and whole.grid is None:
            # `steps` are no members, they are points on the way to each.
            yield Member("", whole, places=whole._places)
            return
        content = whole.model_dump(by_alias=True, exclude_unset=True, exclude=set(COMPOSING))
        shared = {part: len(content.get(part, [])) for part in APPENDED}
        for variant, changes, places in self._variants(content):
            laid = laid_over(content, changes)
            for point, changed, of_point in self._points(laid):
                name = ".".join(part for part in (variant, point) if part)
                where = {**whole._places, **places, **of_point}
                title = changes.get("title", "")
                title = f"{title} ({point})" if point and title else title
                changed |= {"name": f"{whole.name}.{name}", "title": title}
                with retold(partial(written, places=where)):
                    scenario = completed(validate(Scenario, changed, None), whole._folder)
                yield Member(name, scenario, shared, where)

    def _variants(self, content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], Places]]:
        """Name of every variant, what it lays over the rest, and where that stands."""
        if self.scenario.variants is None:
            yield "", {}, {}
            return
        file, names = self._file_of("variants"), set[str]()
        for number, variant in enumerate(self.scenario.variants):
            changes = dict(variant)
            at: dict[str, Any] = {"file": file or None, "key": f"variants.{number}.name"}
            refuse_if("name" not in changes, "this key is missing", **at)
            name = changes.pop("name")
            problem = wrong_name(name, 60)
            problem = problem or ("two variants have this name" if name in names else "")
            refuse_if(problem, problem, value=name, **at)
            names.add(name)
            for key, value in changes.items():
                at["key"] = f"variants.{number}.{key}"
                if key in (*COMPOSING, *_SHARED):
                    raise InputError("belongs to the scenario set, not to a variant", **at)
                if key in APPENDED and not isinstance(value, list):
                    raise InputError("must be a list", value=value, **at)
            yield name, changes, places_of(content, changes, file, f"variants.{number}.")

    def _points(self, content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Places]]:
        """Name and content of every combination of the grid, and where it stands."""
        grid = self.scenario.grid
        if grid is None:
            yield "", content, {}
            return
        file, names = self._file_of("grid"), set[str]()
        for key, values in grid.items():
            refuse_if(not values, "must not be empty", file=file or None, key=f"grid.{key}")
        for combination in product(*grid.values()):
            changed = copy.deepcopy(content)
            places: dict[str, tuple[str, str]] = {}
            parts = []
            for (key, label), value in zip(_labels([*grid]).items(), combination, strict=True):
                for place in (part.strip() for part in key.split(",")):
                    places[place] = (file, f"grid.{key}")
                    with retold(partial(InputError.moved, key=f"grid.{key}", file=file or None)):
                        check_known([place.split(".")[0]], _OPEN, "a grid can not change this")
                        put(changed, place, copy.deepcopy(value))
                parts.append(f"{label}-{_text(value)}")
            name = ".".join(parts)
            refuse_if(name in names, f"two scenarios would be called '{name}'", file=file or None,
                      key="grid")  # fmt: skip
            names.add(name)
            yield name, changed, places

    def _file_of(self, section: str) -> str:
        return self.scenario._places.get(section, ("", ""))[0]

    def _check_equal(self) -> None:
        """Refuse an `equal` that refers to what is not there or can not be solved for."""
        by_name = {member.variant: member for member in self.members if member.variant}
        for member in self.members:
            equal = member.scenario.equal
            if equal is None:
                continue
            if isinstance(equal.value, str):
                key = f"equal.{equal.what}"
                allowed = list(by_name) or "a number"
                refuse_if(equal.value not in by_name, "there is no such variant", key=key,
                          value=equal.value, allowed=allowed)  # fmt: skip
                other = by_name[equal.value]
                if other.unsized:
                    raise member.told(InputError(
                        "the variant that sets what is equal has a measure without a size",
                        key=key, value=equal.value,
                    ))  # fmt: skip
                if other.scenario.equal != equal:
                    raise other.told(InputError(
                        f"must be as in variant '{member.variant}', which names this one",
                        key="equal",
                    ))  # fmt: skip
            if not member.unsized and member.variant != equal.value:
                where = f" in variant '{member.variant}'" if member.variant else ""
                problem = f"has no measure without a size whose rate could be solved for{where}"
                raise member.told(InputError(problem, key="equal"))


def with_changes(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """A scenario with other values at some places.

    Parameters
    ----------
    scenario : Scenario
        Complete.
    changes : mapping of str to value
        By dotted key: ``benchmark.aggregation``, ``path.years``, ``policy.0.add``. ``variants`` is
        a list of names, of which the others are left out.

    Raises
    ------
    InputError
        If the scenario can not be so.
    """
    if not changes:
        return scenario
    content = copy.deepcopy(scenario.model_dump(by_alias=True, exclude_unset=True))
    for key, value in changes.items():
        if key == "variants":
            every = scenario.variants or []
            known = [one.get("name") for one in every]
            check_known(value, known or ["nothing: it has none"], "no such variant", key=key)
            content[key] = [one for one in every if one.get("name") in value]
        else:
            first = key.split(".")[0]
            check_known([first], Scenario.model_fields, "unknown key", key=first, name=first)
            try:
                put(content, key, _from_here(value))
            except InputError as error:
                raise InputError(error.problem, key=key, value=value) from None
    if "benchmark.table" in changes and "benchmark.year" not in changes:
        content["benchmark"].pop("year", None)  # another table comes with its own
    changed = validate(Scenario, content, None)
    changed._places, changed._folder = scenario._places, scenario._folder
    changed._file = scenario._file
    return completed(changed)


def _from_here(value: Any) -> Any:
    """Full path of a file that is there, lest it be looked for beside the scenario."""
    if isinstance(value, str):
        return str(Path(value).absolute()) if Path(value).suffix and is_file(value) else value
    return [_from_here(item) for item in value] if isinstance(value, list) else value


def _labels(keys: Sequence[str]) -> dict[str, str]:
    """Short name of every key of a grid: as many of its last words as tell it apart."""
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
    """A value as a part of a name."""
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
