"""What `cge table`, `cge figure` and `cge report` make of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cge.cli import screen
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.writing import by_suffix, put_or_refuse
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
    runs: tuple[str, ...], kind: str | None, out: tuple[Path, ...], form: str | None,
    standalone: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Make a table of one or several runs, with its notes, on the screen or in files."""
    if kind:
        kind_of(kind)
    check_known({form} - {None}, FORMATS, "unknown format", key="--format")
    wanted = {path: by_suffix(path, SUFFIXES, "--out") for path in out}
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
    runs: tuple[str, ...], kind: str | None, out: tuple[Path, ...], notes: bool, **options: Any
) -> None:
    """Draw one or several runs, and print what the caption must say."""
    if kind:
        kind_of(kind)
    for path in out:
        by_suffix(path, _PICTURES, "--out")
    page = build(kind, read_all(runs), _choice(options), figure=True)
    paths = out or (Path(f"{page.kind}.svg"), Path(f"{page.kind}.pdf"))

    from cge.report.charts import style  # matplotlib takes a second to import
    from cge.report.charts.draw import draw

    drawn = draw(page, notes)
    lines = [page.caption, *(f"- {note}" for note in page.notes)]
    _write_whole({path: partial(style.save, drawn) for path in paths}, lines)


def report(runs: tuple[str, ...], out: Path, title: str | None) -> None:
    """Make one file for a browser of one or several runs."""
    from cge.report.html_report import write_report  # matplotlib takes a second to import

    write_report(read_all(runs), out, title, "--out")
    print(f"Written to {out} ({out.stat().st_size / 1e6:.1f} MB)")


def _choice(options: dict[str, Any]) -> Choice:
    """The options as one choice; between measures stand commas, those in brackets left alone."""
    parts = (part for one in options["measures"] for part in re.split(r",(?![^\[]*\])", one))
    measures = tuple(part.strip() for part in parts if part.strip())
    return Choice(**{**options, "measures": measures})


def _write_whole(files: Mapping[Path, Callable[[Path], object]], lines: Sequence[str] = ()) -> None:
    """Write some files, all of them or none, and say so below some lines."""
    put_or_refuse(files, "--out")
    for line in (*lines, *(f"Written to {path}" for path in files)):
        print(line)
