"""The command line run in this process, and a folder watched for changes."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cge.data.gtap.base_data import GtapData

Snapshot = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind on the screen."""

    code: int
    out: str
    err: str


gc.disable()  # until all tests are known: so far everything stays


def pytest_collection_finish() -> None:
    """Leave tests and modules, which stay, out of what Python looks through for circles."""
    gc.collect()
    gc.freeze()
    gc.enable()


#: Compiled equations that tests share: one run needs few, tests go from one world to another.
TEMPLATES_KEPT = 6


@pytest.fixture(scope="session", autouse=True)
def worlds_kept() -> Iterator[None]:
    """Keep the equations of more worlds than a run does."""
    from cge.core.recent import Recent
    from cge.solve.rules import templates

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "_TEMPLATES", Recent(TEMPLATES_KEPT))
        yield


@pytest.fixture(scope="session", autouse=True)
def finished_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the finished work of all tests in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the working one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Return a function that runs `cge` with arguments in this process.

    Its tasks are done here too, unless the arguments ask for workers: those that an error ends
    would have to be started again by every test.
    """
    from cge.cli import main
    from cge.tasks import runner

    monkeypatch.setattr(runner, "default_workers", lambda: 1)

    def call(*arguments: str | os.PathLike[str]) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["cge", *map(os.fspath, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.run()
        screen = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else int(code is not None), *screen)

    return call


def snapshot(folder: Path) -> Snapshot:
    """Return every entry below a folder with its time of change and its content."""
    entries = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            entries[name] = (0, str(path.readlink()))
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            entries[name] = (path.stat().st_mtime_ns, content)
        else:
            entries[name] = (0, "")
    return entries


@pytest.fixture(scope="session")
def gtap7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of made-up GTAP data of version 7."""
    from gtap_folder import write

    return write(tmp_path_factory.mktemp("data") / "gtap7")


@pytest.fixture(scope="session")
def uneven_gtap7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return such a folder in which income taxes differ by activity."""
    from gtap_folder import world, write

    return write(tmp_path_factory.mktemp("uneven") / "gtap7", world(uneven=True))


@pytest.fixture(scope="session")
def uneven_gtap_data(uneven_gtap7: Path) -> GtapData:
    """Return what that folder holds."""
    from cge.data.gtap.base_data import read_gtap

    return read_gtap(uneven_gtap7)


@pytest.fixture(scope="session")
def gtap_data(gtap7: Path) -> GtapData:
    """Return what that folder holds."""
    from cge.data.gtap.base_data import read_gtap

    return read_gtap(gtap7)
