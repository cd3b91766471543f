"""Content of a table or a figure, before anything is written or drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.report.format.units import Printed, printed, unit_text

#: What a column is: a figure of its own, a part of a sum, that sum, what the sum must be, or
#: their difference.
Role = Literal["value", "part", "total", "exact", "check"]
#: Decimals of a column that is still in the unit of the results.
AUTO = -1
#: More codes than this are not named one by one.
MOST_NAMES = 30
#: Ends of ranges where there are none.
NONE: Array = np.zeros((0, 0))


@dataclass(frozen=True)
class Column:
    """A column: its name in a file, its heading, unit and decimals.

    Columns of one group are printed in one way, by default those of one key.
    """

    key: str
    title: str
    unit: str = ""
    digits: int = 2
    role: Role = "value"
    group: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """One block of rows, e.g. the results under one elasticity set.

    Parameters
    ----------
    title : str
        What tells it from the other panels; empty if it is the only one.
    columns : tuple of Column
    rows : tuple of str
        Labels.
    figures : ndarray (rows, columns)
        In the units of the columns, not rounded; NaN where there is none.
    totals : int
        Number of rows at the end that sum up the others and are set off.
    keys : mapping
        What the panel is in a data file: scenario, closure, elasticities and so on.
    row_keys : tuple of mapping
        The same for each row, where rows are cases.
    marks : mapping
        By row and column number, a sign set behind the figure.
    words : mapping
        By row and column number, what stands in place of a figure that there is not.
    unit : str
        Unit of all columns, where the panels of a page differ in it.
    low, high : ndarray (rows, columns)
        Ends of the range of each figure, set behind it in brackets; NaN where there is none.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[str, ...]
    figures: Array
    totals: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)
    row_keys: tuple[Mapping[str, str], ...] = ()
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    words: Mapping[tuple[int, int], str] = field(default_factory=dict)
    unit: str = ""
    low: Array = field(default_factory=lambda: NONE)
    high: Array = field(default_factory=lambda: NONE)

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            if getattr(self, name).shape != self.figures.shape:
                object.__setattr__(self, name, np.full(self.figures.shape, np.nan))

    def take(
        self, rows: Sequence[int] | None = None, columns: Sequence[int] | None = None
    ) -> Panel:
        """Some of its rows and columns, by number; none of them counts as a total."""
        down = range(len(self.rows)) if rows is None else rows
        over = range(len(self.columns)) if columns is None else columns

        def signs(given: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
            return {(m, n): given[i, j] for m, i in enumerate(down) for n, j in enumerate(over)
                    if (i, j) in given}  # fmt: skip

        cells = np.ix_(down, over)
        return replace(
            self, columns=tuple(self.columns[j] for j in over), totals=0,
            rows=tuple(self.rows[i] for i in down), figures=self.figures[cells],
            row_keys=tuple(self.row_keys[i] for i in down) if self.row_keys else (),
            marks=signs(self.marks), words=signs(self.words), low=self.low[cells],
            high=self.high[cells],
        )  # fmt: skip

    def plain(self) -> Panel:
        """The panel without the rows that sum up others."""
        return self.take(range(len(self.rows) - self.totals)) if self.totals else self


@dataclass(frozen=True, eq=False)
class Page:
    """A table, or the content of a figure.

    Parameters
    ----------
    kind, title : str
    stub : str
        What the rows are: region, exporter, sector, policy, parameter.
    panels : tuple of Panel
    notes : tuple of str
        What must stand below.
    names : mapping
        Readable names of the codes that stand as labels.
    across : str
        What the columns are, where they are one thing: importer, region.
    subject : str
        The scenario, where there is one.
    joined : bool
        Whether panels of the same keys are columns of one table, apart only on paper.
    focus : tuple of str
        Codes of the regions a policy is about; a figure shows no others. Empty for all.
    chart : str
        Form of the figure (:mod:`cge.report.charts.draw`).
    """

    kind: str
    title: str
    stub: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    across: str = ""
    subject: str = ""
    joined: bool = False
    focus: tuple[str, ...] = ()
    chart: str = ""

    @property
    def common_unit(self) -> str:
        """The unit of all columns of all panels, or an empty text."""
        units = {self.unit_of(panel) for panel in self.panels}
        return units.pop() if len(units) == 1 else ""

    @property
    def caption(self) -> str:
        """Title with the unit, where there is one for all, and the scenario.

        A region that the title ends with is not named again by a scenario that begins with it.
        """
        title = f"{self.title}, {self.common_unit}" if self.common_unit else self.title
        subject = self.subject.removeprefix(f"{short_name(self.title.rpartition(', ')[2])}: ")
        return f"{title}: {subject}" if subject else title

    @property
    def below(self) -> tuple[str, ...]:
        """Notes, with the names of those codes alone that stand as labels."""
        labels = [text for panel in self.panels for text in (
            panel.title, *panel.rows, *(column.title for column in panel.columns),
            *panel.words.values(),
        )]  # fmt: skip
        seen = {part for label in labels for part in (label, *re.split("[,:;] ", label))}
        named = [code for code in self.names if code in seen and self.names[code] != code]
        told = "; ".join(f"{code} {self.names[code]}" for code in named)
        return (*self.notes, f"Abbreviations: {told}.") if 0 < len(named) <= MOST_NAMES else (
            self.notes)  # fmt: skip

    def unit_of(self, panel: Panel) -> str:
        """The unit of all columns of a panel that has several, or an empty text."""
        units = {column.unit for column in panel.columns}
        return panel.unit or (units.pop() if len(panel.columns) > 1 == len(units) else "")

    def spelled(self, label: str) -> str:
        """A label with short names in place of codes."""
        known = {code: short_name(name) for code, name in self.names.items()}
        return ", ".join(known.get(part, part) for part in label.split(", "))


def short_name(name: str) -> str:
    """A name without what it adds in brackets or says it is with."""
    return name.split(" (")[0].split(", with ")[0]


def in_print(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Panels in the units in which they are printed, figures of a group and a unit alike."""
    every: dict[tuple[str, str], list[Array]] = {}
    for panel in panels:
        for column, values in zip(panel.columns, panel.plain().figures.T, strict=True):
            text, scale = unit_text(column.unit)
            every.setdefault((column.group or column.key, text), []).append(scale * values)
    how = {key: printed(key[1], np.concatenate(found)) for key, found in every.items()}
    return tuple(_printed(panel, how) for panel in panels)


def _printed(panel: Panel, how: Mapping[tuple[str, str], Printed]) -> Panel:
    scales, columns = np.ones(len(panel.columns)), list(panel.columns)
    for n, column in enumerate(panel.columns):
        if column.digits == AUTO:
            text, scale = unit_text(column.unit)
            own = how[column.group or column.key, text]
            scales[n] = scale * own.scale
            columns[n] = replace(column, unit=own.unit, digits=own.digits)
    return replace(panel, columns=tuple(columns), figures=scales * panel.figures,
                   low=scales * panel.low, high=scales * panel.high)  # fmt: skip


def stacked(
    panels: Sequence[Panel], rows: Sequence[str], row_keys: Sequence[Mapping[str, str]] = ()
) -> Panel:
    """One panel with the rows of several, which have the same columns; labels are given."""
    start = np.cumsum([0, *(len(panel.rows) for panel in panels)])
    return Panel(
        "", panels[0].columns, tuple(rows), np.concatenate([p.figures for p in panels]),
        row_keys=tuple(row_keys), unit=panels[0].unit,
        words={(int(n) + i, j): word for n, panel in zip(start, panels, strict=False)
               for (i, j), word in panel.words.items()},
        low=np.concatenate([p.low for p in panels]), high=np.concatenate([p.high for p in panels]),
    )  # fmt: skip


def one_panel(page: Page, fewest: int = 2) -> Page:
    """The page with panels of a single row, if there are so many, made rows of one panel.

    A table of one region under ten policies has ten rows, not ten panels.
    """
    first = page.panels[0]
    same = all(p.rows == first.rows[:1] and p.columns == first.columns and p.unit == first.unit
               for p in page.panels)  # fmt: skip
    if not same or len(page.panels) < fewest:
        return page
    (label,) = first.rows
    titles = [p.keys.get("title", "") for p in page.panels]
    rows = [p.title or title or label for p, title in zip(page.panels, titles, strict=True)]
    merged = stacked(page.panels, rows, [p.keys for p in page.panels])
    return replace(
        page, panels=(replace(merged, keys={page.stub.lower(): label}),),
        stub="Policy" if len(set(titles)) > 1 else "Case",
        title=f"{page.title}, {page.names.get(label, label)}",
    )  # fmt: skip


def frame(page: Page) -> pd.DataFrame:
    """A page as data: keys and labels, then a column for each figure with its unit."""
    tables = []
    for panel in page.panels:
        each = panel.row_keys or ({},) * len(panel.rows)
        keys = pd.DataFrame([{**panel.keys, **own} for own in each], index=range(len(panel.rows)))
        keys[page.stub.lower()] = list(panel.rows)
        table = pd.concat([keys, pd.DataFrame(_columns(panel))], axis=1)
        for end, signs in (("sign", panel.marks), ("text", panel.words)):
            for (row, column), sign in signs.items():
                table.loc[row, f"{panel.columns[column].key} {end}"] = sign
        tables.append(table)
    return pd.concat(_joined(page, tables) if page.joined else tables, ignore_index=True)


def _columns(panel: Panel) -> dict[str, Array]:
    """Figures of a panel by key and unit, the ends of their ranges behind them."""
    found = {}
    for j, column in enumerate(panel.columns):
        unit = f" [{column.unit}]" if column.unit else ""
        for end, cells in (("", panel.figures), (" low", panel.low), (" high", panel.high)):
            if not end or np.isfinite(cells[:, j]).any():
                found[f"{column.key}{end}{unit}"] = cells[:, j]
    return found


def _joined(page: Page, tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """One table for all panels of the same keys, their columns beside each other."""
    found: dict[tuple[tuple[str, str], ...], list[pd.DataFrame]] = {}
    for panel, table in zip(page.panels, tables, strict=True):
        each = panel.row_keys[0] if panel.row_keys else {}
        here = table.set_index([*panel.keys, *each, page.stub.lower()])
        found.setdefault(tuple(sorted(panel.keys.items())), []).append(here)
    return [pd.concat(own, axis=1, sort=False).reset_index() for own in found.values()]
