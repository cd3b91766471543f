"""Kinds of tables and figures, and the drafts that their builders make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cge.report.drafts.cases import Case
from cge.report.drafts.choice import Choice
from cge.report.format.page import Panel
from cge.results.resultset import ResultSet


@dataclass(frozen=True, eq=False)
class Draft:
    """Content of a page: its figures are in the units of the results, its notes its own alone.

    Parameters
    ----------
    title, stub : str
        What the rows are: region, exporter, sector, policy, parameter.
    panels : sequence of Panel
    cases : sequence of Case
        Of which the notes are.
    lines : sequence of str
        What the figures are; empty ones are left out.
    across : str
        What the columns are, where they are one thing: importer, region.
    folded : int
        So many panels of a single row, the same in all, become rows of one panel; 0: never.
    joined : bool
        Whether panels of the same keys are columns of one table, apart only on paper.
    of_cases : bool
        Whether notes say how each case was solved.
    """

    title: str
    stub: str
    panels: Sequence[Panel]
    cases: Sequence[Case]
    lines: Sequence[str] = ()
    across: str = ""
    folded: int = 0
    joined: bool = False
    of_cases: bool = True


Builder = Callable[[Sequence[ResultSet], Choice], Draft]


@dataclass(frozen=True)
class PageKind:
    """A kind of table or figure; a file of ``cge.report.pages`` declares it in ``KINDS``.

    Parameters
    ----------
    name : str
    meaning : str
        One line for users.
    table : callable
        From results and a choice to the draft of the page.
    options : tuple of str
        Options of the choice that it understands, beside scenarios, elasticities, returns, step,
        years and title.
    chart : str
        Form of the figure, of :mod:`cge.report.charts.draw`.
    figure : callable, optional
        Draft of the figure, where it shows less than the table.
    needs : str
        Results that have such rows.
    """

    name: str
    meaning: str
    table: Builder
    options: tuple[str, ...]
    chart: str = "dots"
    figure: Builder | None = None
    needs: str = "results of `cge run` or `cge path`"
