"""A scenario with some of its keys replaced, by a command line or a call."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cge.core.errors import InputError
from cge.core.files import is_file, validate
from cge.scenario.schema import Scenario, completed


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
            content["variants"] = _only(scenario, value)
        else:
            _put(content, key, _from_here(value))
    changed = validate(Scenario, content, None)
    changed._places, changed._folder = scenario._places, scenario._folder
    changed._file = scenario._file
    return completed(changed)


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    """Put a value at a dotted place; mappings on the way are made, entries of lists are not."""
    node: Any = content
    parts = key.split(".")
    for depth, part in enumerate(parts):
        place: Any = part
        if isinstance(node, list):
            if not part.isdecimal() or int(part) >= len(node):
                raise InputError(
                    f"there is no entry {part} in '{'.'.join(parts[:depth])}', which has "
                    f"{len(node)} (the first is 0)", key=key, value=value,
                )  # fmt: skip
            place = int(part)
        elif not isinstance(node, dict):
            raise InputError(f"'{'.'.join(parts[:depth])}' has no keys", key=key, value=value)
        if depth == len(parts) - 1:
            node[place] = value
        elif isinstance(node, dict) and node.get(part) is None:
            node[part] = {}
        node = node[place]


def _only(scenario: Scenario, wanted: Sequence[str]) -> list[dict[str, Any]]:
    known = [one.get("name") for one in scenario.variants or ()]
    for name in wanted:
        if name not in known:
            raise InputError("no such variant", key="variants", value=name,
                             allowed=known or "nothing: the scenario has none")  # fmt: skip
    return [one for one in scenario.variants or () if one.get("name") in wanted]


def _from_here(value: Any) -> Any:
    """Full path of a file that is there, lest it be looked for beside the scenario."""
    if isinstance(value, str):
        return str(Path(value).absolute()) if Path(value).suffix and is_file(value) else value
    return [_from_here(item) for item in value] if isinstance(value, list) else value
