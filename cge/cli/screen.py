"""The screen of a command: tables and progress on a terminal, plain text in a pipe.

What draws it is imported when something is shown: help needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cge.tasks.runner import Report

#: Wide enough for the usual table when the output is not a terminal.
PIPE_WIDTH = 140


def console() -> Console:
    """Console for results; text is shown as it is, brackets and all."""
    from rich.console import Console

    out = partial(Console, markup=False, emoji=False, highlight=False)
    return out() if out().is_terminal else out(width=PIPE_WIDTH, color_system=None)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Report]:
    """Progress on a terminal's error stream; in a pipe, or where `quiet`, nothing."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    err = Console(stderr=True, markup=False, highlight=False)
    shown = err.is_terminal and not quiet
    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(), TextColumn("left"),
        console=err, transient=True, disable=not shown,
    )  # fmt: skip
    number = bar.add_task("reading", total=None)
    with bar:
        yield lambda what, done, total: bar.update(
            number, description=what[:50] or "working", completed=done, total=total or None
        )


def table(title: str, header: list[str], rows: list[list[str]], numbers: bool = True) -> Table:
    """A table, its figures aligned to the right."""
    from rich.table import Table

    result = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
    for number, name in enumerate(header):
        result.add_column(name, justify="right" if number and numbers else "left")
    for row in rows:
        result.add_row(*row)
    return result
