"""Parts of a page that a tool writes, between two comments."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def put(page: Path, parts: Mapping[str, str]) -> None:
    """Put texts between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->`` of a page.

    Raises
    ------
    ValueError
        If the page lacks one of the comments.
    """
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{page} has no part {name}")
        text = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    page.write_text(text, encoding="utf-8")
    sys.stdout.write(f"Written to {page}\n")
