"""The layout of the code: what may import what, and where things stand."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "cge"
#: Rooms in the order in which data flows: each may import those before it.
ORDER = (
    "core", "tasks", "data", "model", "solve", "dynamics", "indicators", "scenario", "policy",
    "resilience", "frontier", "game", "insurance", "backtest", "uncertainty", "results", "path",
    "stress", "studies", "report", "api", "cli",
)  # fmt: skip
#: More files in a folder than this are not taken in at a glance.
MOST_FILES = 18
MOST_LINES = 450


def name_of(path: Path) -> str:
    """Dotted name of a file."""
    parts = list(path.relative_to(ROOT.parent).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@lru_cache(maxsize=1)
def modules() -> dict[str, Path]:
    """Every file of the package by its dotted name."""
    return {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """Let go of what was parsed, a million nodes, when these tests are done."""
    yield
    parsed.cache_clear()


def imports(path: Path, lazy: bool = True) -> Iterator[str]:
    """Modules of the package that a file imports; without `lazy` only when it is imported."""
    tree = parsed(path)
    nodes = ast.walk(tree) if lazy else iter(_at_once(tree.body))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cge"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in modules() else node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "cge")


def _at_once(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when a file is imported, those for type checkers left out."""
    for node in body:
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if not checking:
            yield node
            if isinstance(node, ast.If | ast.Try | ast.With):
                yield from _at_once(node.body)


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_every_room_stands_in_the_order() -> None:
    assert {room(name) for name in modules()} - {""} == set(ORDER)


def test_nothing_imports_upward() -> None:
    place = {name: n for n, name in enumerate(ORDER)}
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items() if room(name)
        for other in imports(path)
        if room(other) and place[room(other)] > place[room(name)]
    ]  # fmt: skip
    assert wrong == []


def test_no_file_imports_in_a_circle() -> None:
    needs = {name: set(imports(path, lazy=False)) for name, path in modules().items()}
    state: dict[str, int] = {}

    def walk(name: str, trail: tuple[str, ...]) -> None:
        state[name] = 1
        for other in sorted(needs.get(name, ())):
            if state.get(other) == 1:
                pytest.fail(" -> ".join((*trail, name, other)))
            if other not in state:
                walk(other, (*trail, name))
        state[name] = 2

    for name in needs:
        if name not in state:
            walk(name, ())


def test_no_child_imports_a_file_of_its_parent() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        for other in imports(path)
        if name.count(".") > other.count(".") >= 2
        and name.startswith(other.rpartition(".")[0] + ".")
        and modules()[other].name != "__init__.py"
    ]
    assert wrong == []


def test_no_folder_is_too_full_and_no_file_too_long() -> None:
    folders = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert {str(f): n for f, n in folders.items() if n > MOST_FILES} == {}
    long = {
        name: count
        for name, path in modules().items()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_two_files_and_no_two_classes_have_one_name() -> None:
    files = Counter(path.stem for path in modules().values() if path.stem != "__init__")
    assert [name for name, count in files.items() if count > 1] == []
    classes = Counter(
        node.name
        for path in modules().values()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in classes.items() if count > 1] == []
