"""All kinds of study: the modules of this room with a class that has a kind.

They are found by reading, without importing them, so that the command line starts at once.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cge.studies.study import Study


@dataclass(frozen=True)
class Listed:
    """A kind of study that has not been imported.

    Parameters
    ----------
    kind, command : str
    summary : str
        First line of its documentation.
    module, name : str
        Of its class.
    """

    kind: str
    command: str
    summary: str
    module: str
    name: str

    def load(self) -> type[Study]:
        """Import its class."""
        found: type[Study] = getattr(importlib.import_module(self.module), self.name)
        return found


class Studies(Mapping[str, "type[Study]"]):
    """Classes of study by kind, each imported when first asked for.

    Parameters
    ----------
    folder : path
    package : str
        Of the modules in the folder.
    """

    def __init__(self, folder: Path, package: str) -> None:
        self._folder, self._package = folder, package

    @cached_property
    def listed(self) -> Mapping[str, Listed]:
        """What is known of them without importing them, in the order of their names."""
        found: dict[str, Listed] = {}
        for path in sorted(self._folder.glob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                given = _texts(node) if isinstance(node, ast.ClassDef) else {}
                if isinstance(node, ast.ClassDef) and {"kind", "command"} <= set(given):
                    summary = (ast.get_docstring(node) or "").partition("\n")[0]
                    found[given["kind"]] = Listed(
                        given["kind"], given["command"], summary,
                        f"{self._package}.{path.stem}", node.name,
                    )  # fmt: skip
        return found

    def __getitem__(self, kind: str) -> type[Study]:
        return self.listed[kind].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)


def _texts(node: ast.ClassDef) -> dict[str, str]:
    """Class variables of a class that are texts."""
    return {
        line.target.id: line.value.value
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
    }  # fmt: skip


STUDIES = Studies(Path(__file__).parent, __package__)


def commands() -> dict[str, str]:
    """Names of the commands, with a line on each; imports no study."""
    return {one.command: one.summary for one in STUDIES.listed.values()}


def study_of(spec: Mapping[str, Any], file: Path | None = None) -> Study:
    """Make the study of which a manifest says what was asked.

    Parameters
    ----------
    spec : mapping
        See :attr:`cge.studies.study.Study.spec`.
    file : path, optional
        The manifest, for messages.

    Raises
    ------
    InputError
        For a kind, an option or a scenario that is none.
    """
    from cge.core.errors import InputError  # with pydantic, for which `cge --help` need not wait
    from cge.core.files import validate

    kind, options = spec.get("study"), spec.get("options", {})
    if kind not in STUDIES:
        raise InputError("no such study", file=file, key="spec.study", value=kind,
                         allowed=list(STUDIES))  # fmt: skip
    found = STUDIES[str(kind)]
    known = [f.name for f in fields(found) if f.name != "scenario"]
    for name in options:
        if name not in known:
            raise InputError("no such option", file=file, key="spec.options", value=name,
                             allowed=known)  # fmt: skip
    try:
        scenario = validate(found.asked, spec.get("scenario", {}), file)
    except InputError as error:
        raise error.moved(f"spec.scenario.{error.key}") from None
    # JSON has lists where an option has a sequence that can not change.
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    return found(scenario, **given)
