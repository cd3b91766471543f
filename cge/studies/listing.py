"""All kinds of studies: the classes with a ``kind`` in the files of this room.

What a command line shows of them is read from the source, so that help needs no imports.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cge.core.errors import check_known, refuse_if


@dataclass(frozen=True)
class Listed:
    """A kind of study as its source says.

    Parameters
    ----------
    kind, command : str
    meaning : str
        First line of its documentation.
    module, name : str
        Of its class.
    """

    kind: str
    command: str
    meaning: str
    module: str
    name: str


@lru_cache(maxsize=1)
def listed() -> Mapping[str, Listed]:
    """Every kind of study by its command."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                told = _constants(node)
                if "kind" in told and "command" in told:
                    meaning = (ast.get_docstring(node) or "").split("\n")[0]
                    found[told["command"]] = Listed(
                        told["kind"], told["command"], meaning, path.stem, node.name
                    )
    return dict(sorted(found.items(), key=lambda item: item[0] != "run"))


def _constants(node: ast.ClassDef) -> dict[str, str]:
    """Texts that a class assigns to its variables."""
    return {
        one.target.id: one.value.value
        for one in node.body
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and isinstance(one.value, ast.Constant)
        and isinstance(one.value.value, str)
    }


def study_class(kind: str) -> Any:
    """Class of a kind of study.

    Raises
    ------
    InputError
        If there is none of that kind.
    """
    by_kind = {one.kind: one for one in listed().values()}
    check_known([kind], by_kind, "unknown kind of study", key="study")
    found = by_kind[kind]
    return getattr(importlib.import_module(f"cge.studies.{found.module}"), found.name)


def usual_kind(scenario: Any) -> str:
    """Kind of study that a scenario says: of its section, else comparative statics."""
    for section in ("nash", "insurance", "frontier"):
        if getattr(scenario, section):
            return section
    return "path" if scenario.is_path else "static"


def study_with(kind: str | None, asked: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """A study of one scenario, or of several where its kind takes them.

    Parameters
    ----------
    kind : str, optional
        Default the one that the first scenario says: of the section that it has, else
        comparative statics.
    asked : sequence of Scenario
        Or of what else a study of this kind is asked with.
    options : mapping
        Of the study; a list stands for a sequence that can not change.

    Raises
    ------
    InputError
        For a kind or an option that is none.
    """
    from cge.studies.study import option_names

    first = asked[0]
    made = study_class(kind or usual_kind(first))
    known = option_names(made)
    for name in options:
        refuse_if(name not in known, "no such option of this study", key=name, value=options[name],
                  allowed=sorted(known))  # fmt: skip
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    return made(tuple(asked) if made.several else first, **given)


def study_of(spec: Mapping[str, Any]) -> Any:
    """The study that a manifest describes.

    Parameters
    ----------
    spec : mapping
        ``study``, ``options`` and ``scenario``, or ``scenarios``, of a manifest.

    Raises
    ------
    InputError
        If no study can be made of it.
    """
    from cge.core.files import validate
    from cge.scenario.schema import Scenario, completed

    kind = str(spec.get("study", ""))
    asked = study_class(kind).asked
    every = [validate(asked, one, None) for one in spec.get("scenarios") or [spec.get("scenario")]]
    return study_with(kind, tuple(completed(one) if isinstance(one, Scenario) else one
                                  for one in every), spec.get("options", {}))  # fmt: skip
