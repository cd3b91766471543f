"""Panels as text: cells under one header, the same for every form of a table."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cge.report.format.page import Page, Panel
from cge.report.format.units import text

#: Letters after which headings of columns, and labels of rows, are broken.
HEADING, LABEL = 11, 36


class Cell(NamedTuple):
    """A figure as text with its sign, the ends of its range, or words in place of all these.

    Its value is what cells are sorted by; None for words, and where there is no figure.
    """

    figure: str = ""
    mark: str = ""
    ends: tuple[str, str] | None = None
    words: str = ""
    value: float | None = None

    @property
    def plain(self) -> str:
        """All of it on one line."""
        ends = f"[{self.ends[0]}, {self.ends[1]}]" if self.ends else ""
        return self.words or " ".join(part for part in (self.figure, self.mark, ends) if part)


@dataclass(frozen=True)
class Body:
    """The rows of one panel.

    Parameters
    ----------
    heading : str
    rows : tuple of (label, cells)
    totals : int
        Rows at the end that are set off.
    """

    heading: str
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    totals: int


@dataclass(frozen=True)
class Grid:
    """Panels under one header: title and unit of each column, the rows of each panel."""

    header: tuple[tuple[str, str], ...]
    bodies: tuple[Body, ...]


def grids(page: Page) -> list[Grid]:
    """Panels of a page as text, neighbours under one header where the columns allow it.

    A panel that lacks columns of its neighbour has dashes there.
    """
    groups: list[tuple[list[tuple[str, str]], list[Panel]]] = []
    for panel in page.panels:
        own = _header(page, panel)
        if groups and (wider := _wider(groups[-1][0], own)):
            groups[-1] = (wider, [*groups[-1][1], panel])
        else:
            groups.append((own, [panel]))
    return [
        Grid(tuple(header), tuple(_body(page, panel, header) for panel in panels))
        for header, panels in groups
    ]


def _header(page: Page, panel: Panel) -> list[tuple[str, str]]:
    """Title and unit of each column, without a unit that all of them have."""
    return [(c.title, "" if page.unit_of(panel) else c.unit) for c in panel.columns]


def _wider(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header that has all columns of both, in one order; empty if neither has."""
    if one == other:
        return one
    if len(set(one)) < len(one) or len(set(other)) < len(other):
        return []
    for wide, narrow in ((one, other), (other, one)):
        if [head for head in wide if head in narrow] == narrow:
            return wide
    return []


def _body(page: Page, panel: Panel, header: Sequence[tuple[str, str]]) -> Body:
    own, nothing = _header(page, panel), Cell(text(float("nan"), 0))
    place: Sequence[int | None] = range(len(own))
    if own != header:
        place = [own.index(head) if head in own else None for head in header]
    rows = tuple(
        (label, tuple(nothing if j is None else cells[j] for j in place))
        for label, cells in zip(panel.rows, cells_of(panel), strict=True)
    )
    title = page.spelled(panel.title)
    if len(page.panels) == 1 and title in page.caption:
        title = ""
    unit = "" if page.common_unit else page.unit_of(panel)
    return Body(", ".join(part for part in (title, unit) if part), rows, panel.totals)


def cells_of(panel: Panel) -> list[list[Cell]]:
    """The figures of a panel as text, row by row; a range that can not be seen is left out."""
    return [
        [
            Cell(words=panel.words[i, j]) if (i, j) in panel.words
            else Cell(text(value, column.digits), panel.marks.get((i, j), ""),
                      _ends(panel, i, j, column.digits),
                      value=float(value) if np.isfinite(value) else None)
            for j, (value, column) in enumerate(zip(row, panel.columns, strict=True))
        ]
        for i, row in enumerate(panel.figures)
    ]  # fmt: skip


def _ends(panel: Panel, i: int, j: int, digits: int) -> tuple[str, str] | None:
    if np.isnan(panel.low[i, j]):
        return None
    low, high = text(panel.low[i, j], digits), text(panel.high[i, j], digits)
    return None if low == high == text(panel.figures[i, j], digits) else (low, high)


def heading_lines(title: str, longest: int) -> list[str]:
    """A heading in lines, about as wide as the longest cell below it or in about three lines."""
    return broken(title, max(HEADING, longest, len(title) // 3))


def broken(text: str, letters: int) -> list[str]:
    """A text in lines of so many letters; a number stays with the word before it."""
    kept = re.sub(r" (?=\d+\b)", "\u00a0", text)
    return [line.replace("\u00a0", " ")
            for line in textwrap.wrap(kept, letters, break_long_words=False)]  # fmt: skip


def blocks(widths: Sequence[float], room: float) -> list[list[int]]:
    """Columns cut into as few blocks of equal number as leave none wider than the room."""
    every = np.arange(len(widths))
    for count in range(1, len(widths) + 1):
        found = [list(map(int, block)) for block in np.array_split(every, count)]
        if all(sum(widths[n] for n in block) <= room for block in found):
            return found
    return [[n] for n in range(len(widths))]
