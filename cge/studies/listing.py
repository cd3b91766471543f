"""All kinds of studies: the classes with a ``kind`` in the files of this room.

What a command line shows of them, with their options, is read from the source, so that help needs
no imports.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass
from functools import lru_cache
from pathlib import Path
from types import GenericAlias
from typing import Any

from cge.core.errors import check_known, refuse_if

#: Types of options by name; what has another name is one of some words.
_TYPES: Mapping[str, Any] = {"bool": bool, "int": int, "float": float, "str": str}


@dataclass(frozen=True)
class ListedOption:
    """An option of a study as its source says.

    Parameters
    ----------
    name : str
    type : type
        A tuple of one type stands for several values of that.
    help : str
    default
    """

    name: str
    type: Any
    help: str
    default: Any


@dataclass(frozen=True)
class Listed:
    """A kind of study as its source says.

    Parameters
    ----------
    kind, command : str
    text : str
        Its documentation.
    module, name : str
        Of its class.
    keys, several, example
        See :class:`cge.studies.study.Study`.
    options : tuple of ListedOption
        Those that the command line has.
    """

    kind: str
    command: str
    text: str
    module: str
    name: str
    keys: tuple[str, ...]
    several: bool
    example: str
    options: tuple[ListedOption, ...]

    @property
    def meaning(self) -> str:
        """First line of its documentation."""
        return self.text.split("\n")[0]


@lru_cache(maxsize=1)
def listed() -> Mapping[str, Listed]:
    """Every kind of study by its command."""
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8"))
             for path in sorted(Path(__file__).parent.glob("*.py"))}  # fmt: skip
    nodes = [(stem, node) for stem, tree in trees.items() for node in tree.body]
    classes = {node.name: node for _, node in nodes if isinstance(node, ast.ClassDef)}
    makers = {node.name: call for _, node in nodes if isinstance(node, ast.FunctionDef)
              for call in _returned(node)}  # fmt: skip
    found = {}
    for module, node in nodes:
        if isinstance(node, ast.ClassDef):
            told: dict[str, Any] = {}
            options: dict[str, ListedOption] = {}
            for one in _lineage(node, classes):
                told |= _constants(one)
                options |= _options(one, makers)
            if "kind" in told:
                found[told["command"]] = Listed(
                    told["kind"], told["command"], ast.get_docstring(node) or "", module,
                    node.name, told["keys"], told["several"], told["example"],
                    tuple(options.values()),
                )  # fmt: skip
    return dict(sorted(found.items(), key=lambda item: item[0] != "run"))


def _lineage(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    """The classes of this room that a class is made of, itself last."""
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes:
            yield from _lineage(classes[base.id], classes)
    yield node


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.AnnAssign]]:
    """What a class assigns to its variables, by name."""
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value:
            yield one.target.id, one


def _constants(node: ast.ClassDef) -> dict[str, Any]:
    """Plain values that a class assigns to its variables."""
    found = {}
    for name, one in _assigned(node):
        with suppress(ValueError):
            found[name] = ast.literal_eval(one.value or one)
    return found


def _options(node: ast.ClassDef, makers: Mapping[str, ast.Call]) -> dict[str, ListedOption]:
    """Options that a class declares: by a call of `option`, or of a function that returns one."""
    found = {}
    for name, one in _assigned(node):
        called = _called(one.value)
        call = one.value if called == "option" else makers.get(called)
        if isinstance(call, ast.Call):
            given = dict(zip(("default", "help"), call.args))
            given |= {key.arg: key.value for key in call.keywords if key.arg}
            default = ast.literal_eval(given["default"]) if "default" in given else MISSING
            told = ast.literal_eval(given["help"])
            found[name] = ListedOption(name, _type(one.annotation), told, default)
    return found


def _called(value: ast.expr | None) -> str:
    """Name of the function that an expression calls."""
    call = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    return value.func.id if call else ""  # type: ignore[union-attr]


def _returned(node: ast.FunctionDef) -> Iterator[ast.Call]:
    """The call of `option` whose value a function returns, if it does."""
    last = node.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    if isinstance(value, ast.Call) and _called(value) == "option":
        yield value


def _type(annotation: ast.expr) -> Any:
    """Type that an annotation means."""
    if isinstance(annotation, ast.BinOp):  # or None
        return _type(annotation.left)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        return GenericAlias(tuple, (_type(annotation.slice.elts[0]), ...))
    return _TYPES.get(annotation.id, str) if isinstance(annotation, ast.Name) else str


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
    for section in ("nash", "insurance", "frontier", "backtest"):
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
    made = study_class(usual_kind(first) if kind is None else kind)
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
