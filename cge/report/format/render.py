"""A page as Markdown, LaTeX or CSV."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from cge.report.format import latex
from cge.report.format.latex import Tex
from cge.report.format.page import Column, Page, Panel, frame
from cge.report.format.units import text

Format = Literal["markdown", "latex", "csv", "html", "text"]
FORMATS: tuple[Format, ...] = ("markdown", "latex", "csv")
SUFFIXES: dict[str, Format] = {".md": "markdown", ".tex": "latex", ".csv": "csv"}
#: Width of a page in points, its height, and for each type size the width of a figure and the
#: height of a line, of a document in 10 point type with 15 cm of text.
WIDTH, HEIGHT = 427.0, 600.0
#: The same of a table that is turned by a quarter: 24.5 cm by 15.
WIDE, LOW = 697.0, 427.0
SIZES = (
    ("normalsize", 5.0, 12.0), ("small", 4.6, 11.0), ("footnotesize", 4.25, 9.5),
    ("scriptsize", 4.0, 8.0),
)  # fmt: skip
#: Half the space between columns, in points.
SEPARATION = 3.0
#: A heading is broken into lines of at most so many letters.
HEADING = 11


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def _markdown(value: object) -> Markdown:
    if isinstance(value, Markdown):
        return value
    words = " ".join(str(value).split())
    return Markdown(re.sub(r"([\\`*_\[\]<|$#~])", r"\\\1", words))


_LOADER = PackageLoader("cge.report.format", "templates")
# Whatever a template prints is escaped, unless it says that it is markup already.
_MARKDOWN = Environment(
    loader=_LOADER, undefined=StrictUndefined, finalize=_markdown, trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
)  # fmt: skip
_LATEX = Environment(
    loader=_LOADER, undefined=StrictUndefined, finalize=latex.escape, trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    block_start_string="((*", block_end_string="*))", variable_start_string="(((",
    variable_end_string=")))", comment_start_string="((#", comment_end_string="#))",
)  # fmt: skip


def render(page: Page, form: Format, standalone: bool = False) -> str:
    """Return a page as text.

    Parameters
    ----------
    page : Page
    form : {"markdown", "latex", "csv"}
    standalone : bool
        LaTeX: a whole document rather than what goes into one.
    """
    if form == "csv":
        return frame(page).to_csv(index=False, float_format="%.12g", lineterminator="\n")
    if form == "markdown":
        return _MARKDOWN.get_template("table.md.j2").render(
            page=page, header=_line_heading, cells=cells_of, mark=Markdown
        )
    body = _LATEX.get_template("table.tex.j2").render(
        parts=list(_parts(page)),
        page=page,
        tex=Tex,
        label=_label(page),
        apart=notes_apart(page),
    )
    if latex.GLYPH in body:
        body = f"{latex.GLYPH_MACRO}\n{body}"
    if not standalone:
        return body
    return _LATEX.get_template("document.tex.j2").render(body=Tex(body))


def _label(page: Page) -> str:
    """Return a LaTeX label: letters, digits and hyphens."""
    first = page.panels[0].keys.get("scenario", "")
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{page.kind}-{first}").strip("-")
    return words.lower()


def ends_of(panel: Panel, number: Any = str) -> dict[tuple[int, int], str]:
    """Return the ranges of a panel as text, by row and column number, where one can be seen."""
    found = {}
    for (i, j), ends in panel.ranges.items():
        digits = panel.columns[j].digits
        low, high = (text(value, digits) for value in ends)
        if not low == high == text(panel.figures[i, j], digits):
            found[i, j] = f"[{number(low)}, {number(high)}]"
    return found


def cells_of(panel: Panel, number: Any = str, in_line: bool = True) -> list[list[str]]:
    """Return the figures of a panel as text, row by row, ranges behind them or left out."""
    signs = {place: f" {sign}" for place, sign in panel.marks.items()}
    ends = ends_of(panel, number)
    behind = {place: f" {told}" for place, told in ends.items()} if in_line else {}
    return [
        [
            panel.words.get((i, j))
            or number(text(value, column.digits)) + signs.get((i, j), "") + behind.get((i, j), "")
            for j, (value, column) in enumerate(zip(row, panel.columns, strict=True))
        ]
        for i, row in enumerate(panel.figures)
    ]  # fmt: skip


def _line_heading(page: Page, column: Column) -> str:
    """Return a heading on one line."""
    return ", ".join(part for part in page.heading(column) if part)


@dataclass(frozen=True)
class Block:
    """Rows under one heading in a LaTeX table."""

    heading: str
    rows: tuple[tuple[str, ...], ...]
    rule_before: int


@dataclass(frozen=True)
class Part:
    """One LaTeX table: a page has several where it does not fit."""

    number: int
    size: str
    header: tuple[tuple[str, ...], ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    columns: int


def _notes_height(page: Page) -> float:
    """Return how many points the notes take under a table."""
    letters = 105 * (WIDE / WIDTH if page.landscape else 1)
    return 10 + 9.5 * sum(1 + int(len(note) / letters) for note in page.notes)


def notes_apart(page: Page) -> bool:
    """Return whether the notes would fill a turned page, and stand on one that is not turned."""
    return page.landscape and _notes_height(page) > LOW / 4


def _parts(page: Page) -> Iterator[Part]:
    """Cut a page into tables that fit on paper: by columns, then by rows."""
    paper = (WIDE, LOW) if page.landscape else (WIDTH, HEIGHT)
    apart = notes_apart(page)
    notes_height = 0.0 if apart else _notes_height(page)
    drafts: list[tuple[str, tuple[tuple[str, ...], ...], list[Block], int]] = []
    for group in _alike(page.panels):
        for here in _column_blocks(page, group, paper[0]):
            header = _header(page, [group[0].columns[j] for j in here])
            size, line = _size(header, group, here, paper)
            room = int((paper[1] - notes_height - 60) / line) - len(header)
            for blocks in _row_blocks(group, here, max(room, 12)):
                drafts.append((size, header, blocks, len(here) + 1))
    for number, (size, header, blocks, count) in enumerate(drafts):
        notes = page.notes if number == len(drafts) - 1 and not apart else ()
        yield Part(number, size, header, tuple(blocks), notes, count)


def _alike(panels: Sequence[Panel]) -> Iterator[list[Panel]]:
    """Group neighbouring panels that can share one header."""
    group: list[Panel] = []
    for panel in panels:
        if group and panel.columns != group[0].columns:
            yield group
            group = []
        group.append(panel)
    if group:
        yield group


def _header(page: Page, columns: Sequence[Column]) -> tuple[tuple[str, ...], ...]:
    """Return the lines of the header, headings broken and set on its last line."""
    titles, units = [], []
    for column in columns:
        title, unit = page.heading(column)
        lines = textwrap.wrap(title, HEADING, break_long_words=False, break_on_hyphens=True)
        titles.append(lines or [""])
        units.append(f"({unit})" if unit else "")
    broken = [textwrap.wrap(unit, HEADING, break_long_words=False) for unit in units]
    depth, below = max(map(len, titles)), max(map(len, broken), default=0)
    rows = []
    for n in range(depth):
        rows.append(("", *(["", *[""] * depth, *t][n - depth] for t in titles)))
    for n in range(below):
        rows.append(("", *(["", *[""] * below, *u][n - below] for u in broken)))
    return (*rows[:-1], (page.stub, *rows[-1][1:]))


def _widths(header: Sequence[Sequence[str]], group: Sequence[Panel], here: Sequence[int]
            ) -> list[int]:  # fmt: skip
    """Return the letters of each column, row labels first."""
    widths = [max(len(row[n]) for row in header) for n in range(len(here) + 1)]
    widths[0] = max([widths[0], *(len(label) for panel in group for label in panel.rows)])
    for panel in group:
        ends = ends_of(panel)
        for i, row in enumerate(cells_of(panel, in_line=False)):
            for n, j in enumerate(here):
                widths[n + 1] = max(widths[n + 1], len(row[j]), len(ends.get((i, j), "")))
    return widths


def _size(
    header: Sequence[Sequence[str]], group: Sequence[Panel], here: Sequence[int],
    paper: tuple[float, float],
) -> tuple[str, float]:  # fmt: skip
    """Return the largest type in which the columns, and twenty rows, fit."""
    letters, count = sum(_widths(header, group, here)), len(here) + 1
    rows = sum(len(panel.rows) * (2 if panel.ranges else 1) + 1 for panel in group)
    for size, width, line in SIZES:
        if letters * width + 2 * SEPARATION * count <= paper[0] and (
            rows * line <= paper[1] / 2 or line < (9 if paper[0] > paper[1] else 10)
        ):
            return size, line
    return SIZES[-1][0], SIZES[-1][2]


def _column_blocks(page: Page, group: Sequence[Panel], width: float) -> Iterator[list[int]]:
    """Cut the columns where the smallest type is still too wide."""
    columns = group[0].columns
    every = list(range(len(columns)))
    letters = _widths(_header(page, columns), group, every)
    room = width - letters[0] * SIZES[-1][1] - 2 * SEPARATION
    wide = [w * SIZES[-1][1] + 2 * SEPARATION for w in letters[1:]]
    count = -int(-sum(wide) // max(room, 100.0))
    if count <= 1:
        yield every
        return
    target, block, used = sum(wide) / count, list[int](), 0.0
    for j in every:  # about equally wide, none beyond the page
        if block and (used + wide[j] > room or used + wide[j] / 2 > target):
            yield block
            block, used = [], 0.0
        block.append(j)
        used += wide[j]
    yield block


def _row_blocks(group: Sequence[Panel], here: Sequence[int], room: int) -> Iterator[list[Block]]:
    """Cut the rows of some panels into tables of at most `room` lines, panels whole if possible."""
    table: list[Block] = []
    used = 0
    for panel in group:
        cells = cells_of(panel, latex.number, in_line=False)
        rows = [
            (label, *(Tex(_marked(row[j])) for j in here))
            for label, row in zip(panel.rows, cells, strict=True)
        ]
        deep = 2 if panel.ranges else 1  # the range of a figure stands on a line below it
        if panel.ranges:
            ends = ends_of(panel, latex.number)
            below = [("", *(Tex(ends.get((i, j), "")) for j in here)) for i in range(len(rows))]
            rows = [line for pair in zip(rows, below, strict=True) for line in pair]
        start = 0
        while start < len(rows):
            left = len(rows) - start
            if table and used + left + 2 > room:
                yield table
                table, used = [], 0
            take = min(left, room - room % deep)
            rule = len(rows) - deep * panel.totals - start
            table.append(Block(panel.heading, tuple(rows[start : start + take]),
                               rule if panel.totals and 0 < rule < take else 0))  # fmt: skip
            used += take + 2
            start += take
    if table:
        yield table


def _marked(cell: str) -> str:
    return cell.replace(" \u2212", " ($-$)").replace(" +", " (+)")
