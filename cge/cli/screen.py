"""What the commands print: tables and progress on a terminal, plain text in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from cge.experiments.run import Report

#: Wide enough for the summary table when the output is not a terminal.
PIPE_WIDTH = 140


def console() -> Console:
    """Return the console for results; text is shown as it is, brackets and all."""
    out = Console(markup=False, emoji=False, highlight=False)
    if out.is_terminal:
        return out
    return Console(
        width=PIPE_WIDTH, color_system=None, markup=False, emoji=False, highlight=False
    )  # fmt: skip


@contextmanager
def progress() -> Iterator[Report]:
    """Show progress on a terminal's error stream; stay quiet in a pipe."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield lambda _what, _part: None
        return
    with Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(),
        console=err, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=1.0)
        yield lambda what, part: bar.update(task, description=what, completed=part)


@contextmanager
def counting(unit: str, task: str = "") -> Iterator[tuple[Console, Progress, TaskID]]:
    """Show a count of `unit` and the time left on a terminal's error stream; quiet in a pipe.

    Yields the error stream, the bar and its task, for what the caller has to say with them.
    """
    err = Console(stderr=True, markup=False, highlight=False)
    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TextColumn(f"{unit},"), TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(),
        TextColumn("left"), console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip
    number = bar.add_task(task, total=None)
    with bar:
        yield err, bar, number


def table(title: str, header: list[str], rows: list[list[str]]) -> Table:
    """Return a table with right-aligned figures."""
    result = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
    for number, name in enumerate(header):
        result.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        result.add_row(*row)
    return result
