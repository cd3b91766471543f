"""What a table or a figure shows, before anything is written or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: What a column is: a figure of its own, a part of a sum, that sum, what the sum must be, or
#: their difference; or an end of the range of the value before it.
Role = Literal["value", "part", "total", "exact", "check", "low", "high"]
#: More codes than this are not named one by one.
MOST_NAMES = 30


@dataclass(frozen=True)
class Column:
    """A column: its name in a file, its heading, unit and decimals."""

    key: str
    title: str
    unit: str = ""
    digits: int = 2
    role: Role = "value"


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
    ranges : mapping
        By row and column number, low and high end of a figure, set behind it in brackets.
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
    ranges: Mapping[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.title and self.unit else self.title or self.unit

    def plain(self) -> Panel:
        """The panel without the rows that sum up others."""
        count = len(self.rows) - self.totals
        return replace(self, rows=self.rows[:count], figures=self.figures[:count], totals=0)

    def folded(self) -> Panel:
        """The panel with columns that are ends of a range behind the figures they belong to."""
        place = {(column.key, column.role): n for n, column in enumerate(self.columns)}
        ends = {
            n: (low, high)
            for n, column in enumerate(self.columns)
            for sign in (" ", "_")
            if (low := place.get((f"{column.key}{sign}low", "low"))) is not None
            and (high := place.get((f"{column.key}{sign}high", "high"))) is not None
        }
        gone = {n for pair in ends.values() for n in pair}
        kept = [n for n in range(len(self.columns)) if n not in gone]
        at = {n: k for k, n in enumerate(kept)}
        ranges = {
            (i, at[n]): (float(self.figures[i, low]), float(self.figures[i, high]))
            for n, (low, high) in ends.items() for i in range(len(self.rows))
        }  # fmt: skip
        return replace(
            self, columns=tuple(self.columns[n] for n in kept), figures=self.figures[:, kept],
            ranges={(i, at[n]): pair for (i, n), pair in self.ranges.items()} | ranges,
            marks={(i, at[n]): mark for (i, n), mark in self.marks.items()},
            words={(i, at[n]): word for (i, n), word in self.words.items()},
        )  # fmt: skip


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
    landscape : bool
        Whether it is so wide that LaTeX sets it across the page.
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
    landscape: bool = False
    joined: bool = False
    focus: tuple[str, ...] = ()
    chart: str = ""

    @property
    def common_unit(self) -> str:
        """The unit of all columns of all panels, or an empty text."""
        units = {column.unit for panel in self.panels for column in panel.columns}
        many = all(len(panel.columns) > 3 for panel in self.panels)
        return units.pop() if many and len(units) == 1 else ""

    @property
    def caption(self) -> str:
        """Title with the unit, where there is one for all, and the scenario."""
        title = f"{self.title}, {self.common_unit}" if self.common_unit else self.title
        return f"{title}: {self.subject}" if self.subject else title

    @property
    def below(self) -> tuple[str, ...]:
        """Notes, with the names of those codes alone that stand as labels."""
        labels = [row for panel in self.panels for row in panel.rows]
        labels += [column.title for panel in self.panels for column in panel.columns]
        labels += [part for panel in self.panels for part in panel.title.split(", ")]
        named = [code for code in self.names if code in labels and self.names[code] != code]
        told = "; ".join(f"{code} {self.names[code]}" for code in named)
        notes = [note for note in self.notes if not note.startswith("Regions: ")]
        return (*notes, f"Abbreviations: {told}.") if 0 < len(named) <= MOST_NAMES else (*notes,)

    def spelled(self, label: str, names: bool = False) -> str:
        """A label, short names in place of codes if wanted."""
        known = {code: short_name(name) for code, name in self.names.items() if names}
        return ", ".join(known.get(part, part) for part in label.split(", "))

    def heading(self, column: Column) -> tuple[str, str]:
        """Title and unit of a column as they stand over it."""
        return self.spelled(column.title), "" if self.common_unit else column.unit


def short_name(name: str) -> str:
    """A name without what it adds in brackets or says it is with."""
    return name.split(" (")[0].split(", with ")[0]


def frame(page: Page) -> pd.DataFrame:
    """Return a page as data: keys and labels, then a column for each figure with its unit."""
    tables = []
    for panel in page.panels:
        heads = [f"{c.key} [{c.unit}]" if c.unit else c.key for c in panel.columns]
        table = pd.DataFrame(_with_ends(panel, heads))
        each = panel.row_keys or ({},) * len(panel.rows)
        keys = pd.DataFrame([{**panel.keys, **own} for own in each], index=table.index)
        keys[page.stub.lower()] = list(panel.rows)
        table = pd.concat([keys, table], axis=1)
        for (row, column), mark in panel.marks.items():
            table.loc[row, f"{panel.columns[column].key} sign"] = mark
        for (row, column), word in panel.words.items():
            table.loc[row, f"{panel.columns[column].key} text"] = word
        tables.append(table)
    return pd.concat(_joined(page, tables) if page.joined else tables, ignore_index=True)


def _joined(page: Page, tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return one table for all panels of the same keys, their columns beside each other."""
    found: dict[tuple[tuple[str, str], ...], pd.DataFrame] = {}
    for panel, table in zip(page.panels, tables, strict=True):
        case = tuple(sorted(panel.keys.items()))
        each = panel.row_keys[0] if panel.row_keys else {}
        here = table.set_index([*panel.keys, *each, page.stub.lower()])
        if case in found:
            there = found[case]
            rows = there.index.union(here.index, sort=False)
            here = pd.concat([there.reindex(rows), here.reindex(rows)], axis=1)
        found[case] = here
    return [table.reset_index() for table in found.values()]


def _with_ends(panel: Panel, heads: Sequence[str]) -> dict[str, Array]:
    """Return the figures of a panel by heading, the ends of their ranges behind them."""
    ranged = {column for _, column in panel.ranges}
    found = {}
    for j, head in enumerate(heads):
        found[head] = panel.figures[:, j]
        if j in ranged:
            nothing = (np.nan, np.nan)
            ends = np.array([panel.ranges.get((i, j), nothing) for i in range(len(panel.rows))])
            name, bracket, unit = head.partition(" [")
            found[f"{name} low{bracket}{unit}"] = ends[:, 0]
            found[f"{name} high{bracket}{unit}"] = ends[:, 1]
    return found


def by_panel(page: Page) -> Page:
    """Return the page with panels of a single row made rows of one panel.

    A table of one region under ten policies has ten rows, not ten panels.
    """
    first = page.panels[0]
    same = all(
        len(p.rows) == 1 and p.columns == first.columns and p.unit == first.unit
        for p in page.panels
    )
    if len(page.panels) < 2 or not same or len({p.rows[0] for p in page.panels}) > 1:
        return page
    label = first.rows[0]
    merged = Panel(
        "", first.columns, tuple(p.title or label for p in page.panels),
        np.concatenate([p.figures for p in page.panels]), unit=first.unit,
        keys={page.stub.lower(): label}, row_keys=tuple(p.keys for p in page.panels),
        words={(n, j): w for n, p in enumerate(page.panels) for (_, j), w in p.words.items()},
    )  # fmt: skip
    return replace(
        page, panels=(merged,), stub="Case", title=f"{page.title}, {page.names.get(label, label)}"
    )
