"""Tables and figures that `cge table` and `cge figure` make of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cge.cli import screen
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.writing import put_in_place
from cge.report.drafts.choice import Choice
from cge.report.format.render import FORMATS, SUFFIXES, render
from cge.report.kinds import build, kind_of, kinds
from cge.results.folder import read_all

_PICTURES = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG"}


def print_kinds() -> None:
    """List the kinds of tables and figures."""
    rows = [[name, kind.meaning] for name, kind in kinds().items()]
    screen.console().print(screen.table("", ["kind", "shows"], rows, numbers=False))


def table(
    runs: tuple[str, ...], kind: str, out: tuple[Path, ...], form: str | None, standalone: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Make a table of one or several runs, with its notes, on the screen or in files."""
    kind_of(kind)
    check_known({form} - {None}, FORMATS, "unknown format", key="--format")
    wanted = {path: _suffix(path, SUFFIXES) for path in out}
    for path, found in wanted.items():
        refuse_if(form not in (None, found), f"'{path.name}' is {found} by its suffix",
                  key="--format", value=form, allowed="without --out, or the same")  # fmt: skip
    shown: Any = form or "markdown"
    if standalone and "latex" not in (*wanted.values(), shown):
        raise InputError("only LaTeX has whole documents", key="--standalone",
                         allowed="--format latex, or --out FILE.tex")  # fmt: skip
    page = build(kind, read_all(runs), _choice(options))
    if not wanted:
        print(render(page, shown, standalone), end="")
        return
    write = partial(Path.write_text, encoding="utf-8", errors="backslashreplace")
    _write_whole({path: partial(write, data=render(page, found, standalone))
                  for path, found in wanted.items()})  # fmt: skip


def figure(
    runs: tuple[str, ...], kind: str, out: tuple[Path, ...], notes: bool, **options: Any
) -> None:
    """Draw one or several runs, and print what the caption must say."""
    kind_of(kind)
    paths = out or (Path(f"{kind}.svg"), Path(f"{kind}.pdf"))
    for path in paths:
        _suffix(path, _PICTURES)
    page = build(kind, read_all(runs), _choice(options), figure=True)

    from cge.report.charts import style  # matplotlib takes a second to import
    from cge.report.charts.draw import draw

    drawn = draw(page, notes)
    lines = [page.caption, *(f"- {note}" for note in page.notes)]
    _write_whole({path: partial(style.save, drawn) for path in paths}, lines)


def _choice(options: dict[str, Any]) -> Choice:
    """The options as one choice; between measures stand commas, those in brackets left alone."""
    parts = (part for one in options["measures"] for part in re.split(r",(?![^\[]*\])", one))
    measures = tuple(part.strip() for part in parts if part.strip())
    return Choice(**{**options, "measures": measures})


def _suffix(path: Path, formats: Mapping[str, Any]) -> Any:
    """Format in which a file is written, by its suffix.

    Raises
    ------
    InputError
        For a suffix that stands for nothing, and for a folder.
    """
    refuse_if(path.suffix.lower() not in formats, "the suffix says in which format to write",
              key="--out", value=str(path), allowed=list(formats))  # fmt: skip
    refuse_if(path.is_dir(), "is a folder, not a file", key="--out", value=str(path))
    return formats[path.suffix.lower()]


def _write_whole(files: Mapping[Path, Callable[[Path], object]], lines: Sequence[str] = ()) -> None:
    """Write some files, all of them or none, and say so below some lines.

    Parameters
    ----------
    files : mapping of path to callable
        Each is called with where to write, under the same suffix.
    lines : sequence of str

    Raises
    ------
    InputError
        If one can not be written.
    """
    try:
        put_in_place(files)
    except OSError as error:
        where = str(error.filename or next(iter(files), ""))
        raise InputError(f"can not be written: {error.strerror or error}", key="--out",
                         value=where) from None  # fmt: skip
    for line in (*lines, *(f"Written to {path}" for path in files)):
        print(line)
