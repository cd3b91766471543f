"""Files of JSON, read with bounds on their size and depth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cge.core.errors import CONTROL, InputError, refuse_if

#: Version of the layout of results and manifest.
FORMAT = 2
#: No manifest is larger, or nested deeper.
MAX_BYTES = 200_000_000
MAX_DEPTH = 40


def json_of(file: Path) -> dict[str, Any]:
    """Content of a file of JSON; nothing where there is none."""
    try:
        return read_json(file)
    except (InputError, OSError):
        return {}


def read_json(file: Path) -> dict[str, Any]:
    """Content of a file of JSON that is a mapping.

    Raises
    ------
    InputError
        If it is none.
    OSError
        If it can not be read.
    """
    with file.open("rb") as opened:
        raw = opened.read(MAX_BYTES + 1)  # bounded, for pipes and devices have no size
    refuse_if(len(raw) > MAX_BYTES, "file is too large", file=file,
              allowed=f"up to {MAX_BYTES:,} bytes")  # fmt: skip
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not valid JSON: {error}", file=file) from None
    refuse_if(not isinstance(content, dict), "is no mapping of keys to values", file=file)
    _check(content, file)
    return dict(content)


def _check(content: Any, file: Path) -> None:
    """Check that content is not too deep, and that no text in it tells a terminal what to do."""
    depth, level = 0, [content]
    while level:
        refuse_if(depth > MAX_DEPTH, f"is nested more than {MAX_DEPTH} deep", file=file)
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [part for one in inner
                 for part in ([*one, *one.values()] if isinstance(one, dict) else one)]  # fmt: skip
        for one in level:
            refuse_if(isinstance(one, str) and CONTROL.search(one), "holds a control character",
                      file=file, value=one)  # fmt: skip
        depth += 1
