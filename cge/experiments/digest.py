"""What a result depends on, told by a hash: for work that goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import cge
from cge.core.content import content_dir
from cge.core.files import is_file

#: Rooms whose code makes a number.
ROOMS = ("core", "data", "model", "solve", "dynamics", "scenario", "policy", "indicators",
         "resilience", "frontier", "experiments")  # fmt: skip


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return a SHA-256 of the code, the libraries and the machine that make a number."""
    digest = hashlib.sha256()
    root = Path(cge.__file__).parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.read_bytes())
    for package in ("numpy", "scipy"):
        digest.update(version(package).encode())
    digest.update(platform.machine().encode())
    return digest.hexdigest()


def named_files(content: object, folder: Path | None) -> list[Path]:
    """Return the files that any text in a scenario's content names."""
    if isinstance(content, dict):
        return [path for part in content.values() for path in named_files(part, folder)]
    if isinstance(content, list):
        return [path for part in content for path in named_files(part, folder)]
    if not isinstance(content, str) or not Path(content).suffix or "\n" in content:
        return []
    places = (folder or Path(), Path(), content_dir("calibration") / "tariffs")
    found = [place / content for place in places if is_file(place / content)]
    return found[:1]
