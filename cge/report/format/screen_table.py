"""A page on a terminal: tables cut to its width, notes below."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cge.report.format.grid import LABEL, Body, blocks, broken, grids, heading_lines
from cge.report.format.page import Page

#: Columns of a terminal where there is none: a pipe, a file.
PIPE_WIDTH = 140
#: Columns between two columns of a table.
_GAP = 2


def on_screen(page: Page, width: int) -> Iterator[RenderableType]:
    """The caption, headings, tables and notes of a page, for `Console.print`.

    A table that is too wide is cut by columns; its rows keep their labels.

    Parameters
    ----------
    page : Page
    width : int
        Columns of the terminal.
    """
    yield Text(page.caption, style="bold")
    for grid in grids(page):
        for body in grid.bodies:
            if body.heading:
                yield Text(f"\n{body.heading}", style="bold")
            label = max(cell_len(text) for text in (page.stub, *(row for row, _ in body.rows)))
            heads = [_head(body, n, *head) for n, head in enumerate(grid.header)]
            wide = [_GAP + _widest(body, n, head) for n, head in enumerate(heads)]
            for columns in blocks(wide, width - min(label, LABEL)):
                yield Text("")
                yield _table(page.stub, body, heads, columns)
    yield Text("\n".join(["", *(f"- {note}" for note in page.below)]))


def screen_text(page: Page, width: int | None = None) -> str:
    """A page as plain text, as wide as the terminal unless the width is given."""
    terminal = Console()
    width = width or (terminal.width if terminal.is_terminal else PIPE_WIDTH)
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    for part in on_screen(page, width):
        console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _head(body: Body, n: int, title: str, unit: str) -> str:
    """Title and unit over a column, broken to the width of its figures."""
    longest = _widest(body, n)
    lines = (heading_lines(part, longest) for part in (title, f"({unit})" if unit else ""))
    return "\n".join(line for part in lines for line in part)


def _widest(body: Body, n: int, head: str = "") -> int:
    return max(map(cell_len, (*head.split("\n"), *(cells[n].plain for _, cells in body.rows))))


def _table(stub: str, body: Body, heads: Sequence[str], columns: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1), pad_edge=False)
    table.add_column(Text(stub), max_width=LABEL, vertical="bottom")
    for n in columns:
        table.add_column(Text(heads[n]), justify="right", min_width=_widest(body, n),
                         vertical="bottom")  # fmt: skip
    for n, (label, cells) in enumerate(body.rows, start=1):
        last = body.totals > 0 and n == len(body.rows) - body.totals
        texts = [Text("\n".join(broken(label, LABEL))), *(Text(cells[k].plain) for k in columns)]
        table.add_row(*texts, end_section=last)
    return table
