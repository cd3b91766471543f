"""How a table is set on paper: upright or turned, the size of type, where columns are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from cge.report.format.grid import (
    HEADING,
    LABEL,
    Body,
    Cell,
    Grid,
    blocks,
    broken,
    grids,
    heading_lines,
)
from cge.report.format.latex import GLYPH, Tex, escape, number
from cge.report.format.page import Page

#: Width and height of text in points, upright and turned by a quarter; 15.8 cm by 21.
PAPER = {False: (450.0, 600.0), True: (660.0, 427.0)}
#: Sizes of type in a document of 10 points: width against 10 points, height of a line.
Size = tuple[str, float, float]
SIZES = (("normalsize", 1.0, 12.0), ("small", 0.925, 11.0), ("footnotesize", 0.85, 9.5),
         ("scriptsize", 0.8, 8.0))  # fmt: skip
#: Type of the notes, and of a table that goes on over pages.
NOTES = SIZES[2]
#: Half the space between columns, in points.
SEPARATION = 3.0
#: Letters after which labels of rows are broken where there is little room.
TIGHT = 20
#: Share of the text width that a table takes at least, so that its notes have room.
NARROWEST = 0.62
#: Panels of so many lines are not cut by the end of a page.
WHOLE = 22
#: Widths of letters in Computer Modern of 10 points; all others count as digits.
_LETTERS = {
    **dict.fromkeys(" .,:;'|!ijl[]", 2.9), **dict.fromkeys("()rstf/", 3.9),
    **dict.fromkeys("-+<>=%mwMW@&", 8.2), **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ", 7.2),
}  # fmt: skip
_DIGIT = 5.1
#: What a letter takes more that pdfLaTeX names by its number.
_NUMBER = 27.0


@dataclass(frozen=True)
class Line:
    """One line of a table; the last of a row may be the last of a page."""

    cells: tuple[str, ...]
    last: bool


@dataclass(frozen=True)
class Stretch:
    """Lines under one heading; a rule stands before the line of the number, 0 for none."""

    heading: tuple[str, ...]
    lines: tuple[Line, ...]
    rule_before: int


@dataclass(frozen=True)
class Tabular:
    """One block of columns: header, stretches of lines, widths of the columns in points."""

    header: tuple[tuple[str, ...], ...]
    stretches: tuple[Stretch, ...]
    widths: tuple[float, ...]

    @property
    def height(self) -> float:
        """Lines, with the space that rules and headings take."""
        lines = sum(len(s.heading) + len(s.lines) + 0.8 for s in self.stretches)
        return len(self.header) + lines + 1

    def cut(self, columns: Sequence[int]) -> Tabular:
        """Some of the columns, with the labels of the rows."""
        here = [0, *(n + 1 for n in columns)]
        stretches = tuple(
            replace(s, lines=tuple(
                replace(line, cells=tuple(line.cells[n] for n in here)) for line in s.lines
            )) for s in self.stretches
        )  # fmt: skip
        header = [tuple(row[n] for n in here) for row in self.header]
        header = [row for row in header[:-1] if any(row)] + header[-1:]
        return Tabular(tuple(header), stretches, tuple(self.widths[n] for n in here))


@dataclass(frozen=True)
class Sheet:
    """A page as LaTeX sets it.

    Parameters
    ----------
    turned : bool
    size : str
        Command of the size of type.
    long : bool
        Whether it goes on over pages rather than floats.
    share : float
        Of the width of the text; that of what follows the first tabular of a ``threeparttable`` is
        the width of the first.
    tabulars : tuple of Tabular
        One below the other.
    """

    turned: bool
    size: str
    long: bool
    share: float
    tabulars: tuple[Tabular, ...]

    @property
    def margin(self) -> float:
        """Share of the width of the text to each side."""
        return round((1 - self.share) / 2, 3)

    @property
    def apart(self) -> bool:
        """Whether each tabular has a page of its own: one fills more than half of it."""
        line = next(line for size, _, line in SIZES if size == self.size)
        highest = line * max(t.height for t in self.tabulars)
        return PAPER[self.turned][1] / 2 < highest < PAPER[self.turned][1]


def sheet(page: Page) -> Sheet:
    """The way to set a page: upright if that fits, in the largest type that fits on one page.

    What is too wide for small type is turned, then cut by columns, into as few blocks as can
    be. What is too high goes on over pages.
    """
    found = grids(page)
    for turned, label in ((False, LABEL), (False, TIGHT), (True, LABEL), (True, TIGHT)):
        whole = [_tabular(grid, page.stub, label) for grid in found]
        width, height = PAPER[turned]
        fitting = [size for size in SIZES if all(_width(t, size) <= width for t in whole)]
        for size in fitting:
            if _height(page, whole, size, turned) <= height:
                return _set(whole, size, turned, long=False)
        if fitting:
            size = next((size for size in fitting if size[2] <= NOTES[2]), fitting[-1])
            return _set(whole, size, turned, long=True)
    cuts = {turned: [part for t in whole for part in _cut(t, width)]
            for turned, (width, _) in PAPER.items()}  # fmt: skip
    turned = len(cuts[True]) < len(cuts[False])
    high = _height(page, cuts[turned], SIZES[-1], turned) > PAPER[turned][1]
    return _set(cuts[turned], SIZES[-1], turned, long=high)


def _set(tabulars: Sequence[Tabular], size: Size, turned: bool, long: bool) -> Sheet:
    share = max(_width(t, size) for t in tabulars) / PAPER[turned][0]
    return Sheet(turned, size[0], long, round(min(1.0, max(1.08 * share, NARROWEST)), 2),
                 tuple(tabulars))  # fmt: skip


def _width(table: Tabular, size: Size) -> float:
    return size[1] * sum(table.widths) + 2 * SEPARATION * (len(table.widths) - 1)


def _height(page: Page, tabulars: Sequence[Tabular], size: Size, turned: bool) -> float:
    """Points that a page takes with its caption and its notes."""
    room = PAPER[turned][0] * _set(tabulars, size, turned, long=False).share
    notes = NOTES[1] * points(" ".join(page.below)) / room + 1
    caption = points(page.caption) / room + 1
    return 12 * caption + sum(size[2] * (t.height + 1) for t in tabulars) + NOTES[2] * notes


def _cut(table: Tabular, room: float) -> list[Tabular]:
    _, scale, _ = SIZES[-1]
    wide = [scale * width + 2 * SEPARATION for width in table.widths]
    return [table.cut(block) for block in blocks(wide[1:], room - wide[0])]


def points(text: str) -> float:
    """About how wide a text is in Computer Modern of 10 points."""
    known = sum(_LETTERS.get(letter, _DIGIT) for letter in text)
    return known + _NUMBER * escape(text).count(GLYPH)


def _tabular(grid: Grid, stub: str, longest: int) -> Tabular:
    plain = [[_lines(label, cells, longest) for label, cells in body.rows] for body in grid.bodies]
    every = [line for body in plain for row in body for line in row]
    header = _header(grid, stub, [max(map(len, own)) for own in zip(*every, strict=True)][1:])
    widths = [max(map(points, own)) for own in zip(*header, *every, strict=True)]
    room = int(max(sum(widths), NARROWEST * PAPER[False][0]) / _DIGIT)
    stretches = tuple(
        _stretch(body, rows, room) for body, rows in zip(grid.bodies, plain, strict=True)
    )
    return Tabular(header, stretches, tuple(widths))


def _header(grid: Grid, stub: str, letters: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The lines of the header: titles end on one line, units begin on the next."""
    lines: list[tuple[str, ...]] = []
    for which in (0, 1):
        heads = [
            heading_lines(head[which] and (f"({head[1]})" if which else head[0]), longest)
            for head, longest in zip(grid.header, letters, strict=True)
        ]
        deep = max(map(len, heads), default=0)
        room = [[""] * (deep - len(own)) for own in heads]
        lines += zip(*(own + r if which else r + own for own, r in zip(heads, room)), strict=True)
    return (*(("", *line) for line in lines[:-1]), (stub, *(lines or [()])[-1]))


def _lines(label: str, cells: Sequence[Cell], longest: int) -> list[tuple[str, ...]]:
    """A row as lines: what is long is broken, a range stands below its figure."""
    columns = [broken(label, longest) or [""]]
    for cell in cells:
        mark = cell.mark.replace("\u2212", "-")
        figure = f"{cell.figure} ({mark})" if mark else cell.figure
        ends = [f"[{cell.ends[0]}, {cell.ends[1]}]"] if cell.ends else []
        columns.append(broken(cell.words, HEADING) or [figure, *ends])
    return list(zip_longest(*columns, fillvalue=""))


def _stretch(body: Body, rows: Sequence[Sequence[tuple[str, ...]]], room: int) -> Stretch:
    whole = sum(map(len, rows)) <= WHOLE
    lines: list[Line] = []
    for n, ((_, cells), row) in enumerate(zip(body.rows, rows, strict=True)):
        for k, (label, *figures) in enumerate(row):
            first = Tex(rf"\quad {escape(label)}") if k and label else escape(label)
            rest = [escape(f) if c.words else number(f) for c, f in zip(cells, figures)]
            last = k == len(row) - 1 and (not whole or n == len(rows) - 1)
            lines.append(Line((first, *rest), last))
    plain = len(body.rows) - body.totals
    rule = sum(map(len, rows[:plain])) if body.totals and plain else 0
    return Stretch(tuple(broken(body.heading, room)), tuple(lines), rule)
