"""A scenario with some of its keys replaced, by a command line or a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cge.core.errors import check_known
from cge.core.files import is_file, validate
from cge.scenario.merging import put
from cge.scenario.schema import Scenario, completed


def with_changes(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """A scenario with other values at some places.

    Parameters
    ----------
    scenario : Scenario
        Complete.
    changes : mapping of str to value
        By dotted key: ``benchmark.aggregation``, ``path.years``. ``variants`` is a list of names,
        of which the others are left out.

    Raises
    ------
    InputError
        If the scenario can not be so.
    """
    if not changes:
        return scenario
    content = scenario.model_dump(by_alias=True, exclude_unset=True)
    for key, value in changes.items():
        if key == "variants":
            content["variants"] = _only(scenario, value)
        else:
            put(content, key, _from_here(value))
    changed = validate(Scenario, content, None)
    changed._places, changed._folder = scenario._places, scenario._folder
    changed._file = scenario._file
    return completed(changed)


def _only(scenario: Scenario, wanted: Sequence[str]) -> list[dict[str, Any]]:
    every = scenario.variants or []
    check_known(wanted, [one.get("name") for one in every], "no such variant", key="variants")
    return [one for one in every if one.get("name") in wanted]


def _from_here(value: Any) -> Any:
    """Full path of a file that is there, lest it be looked for beside the scenario."""
    if isinstance(value, str):
        return str(Path(value).absolute()) if Path(value).suffix and is_file(value) else value
    return [_from_here(item) for item in value] if isinstance(value, list) else value
