"""Where the content folders (calibration/, experiments/) live.

In a wheel they are packed inside the package, in a checkout they stand beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def content_dir(room: str) -> Path:
    """Return the folder of shipped content named `room`.

    Parameters
    ----------
    room : {"calibration", "experiments"}

    Raises
    ------
    FileNotFoundError
        If the installation carries no such content.
    """
    for candidate in (_PACKAGE / "_content" / room, _PACKAGE.parent / room):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of cge carries no '{room}' folder")
