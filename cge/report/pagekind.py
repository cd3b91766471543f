"""What a kind of table or figure is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cge.report.choice import Choice
from cge.report.format.page import Page
from cge.results.resultset import ResultSet

Builder = Callable[[Sequence[ResultSet], Choice], Page]


@dataclass(frozen=True)
class PageKind:
    """A kind of table or figure; a file of ``cge.report.pages`` declares it in ``KINDS``.

    Parameters
    ----------
    name : str
    meaning : str
        One line for users.
    table : callable
        From results and a choice to the page.
    options : tuple of str
        Options of the choice that it understands, beside scenarios, elasticities, returns, step,
        years and title.
    chart : str
        Form of the figure: of :mod:`cge.report.charts.draw`, or a file of that folder with a
        function ``figure(page, title, notes)``.
    figure : callable, optional
        Page of the figure, where it shows less than the table.
    """

    name: str
    meaning: str
    table: Builder
    options: tuple[str, ...]
    chart: str = "dots"
    figure: Builder | None = None
