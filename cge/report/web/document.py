"""A page for a browser, whole in one file: no part of it is fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cge.report.format.grid import Grid, grids
from cge.report.format.page import Page
from cge.report.format.render import render
from cge.report.web.figure import specification
from cge.report.web.libraries import libraries

#: A table of more rows than these has a field to filter by; one of so many more has pages.
SEARCHED, PAGED = 8, 200


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A table, a figure, or both of one kind of page.

    Parameters
    ----------
    table, figure : Page, optional
    """

    table: Page | None = None
    figure: Page | None = None


@dataclass(frozen=True, eq=False)
class Section:
    """The results of one run, or of several together.

    Parameters
    ----------
    title : str
    question : str
        What was asked, in the words of the scenario.
    facts : sequence of (str, str)
        Names and values that stand below the title.
    exhibits : sequence of Exhibit
    notes : sequence of str
    manifest : str
        As text; empty for several runs together.
    """

    title: str
    question: str
    facts: Sequence[tuple[str, str]]
    exhibits: Sequence[Exhibit]
    notes: Sequence[str]
    manifest: str = ""


@dataclass(frozen=True)
class PlacedExhibit:
    """An exhibit as a page has it: its number, tables as text, the figure as plain data."""

    number: int
    caption: str
    kind: str
    stub: str = ""
    grids: Sequence[Grid] = ()
    table_csv: str = ""
    figure: dict[str, Any] | None = None
    figure_caption: str = ""
    figure_csv: str = ""
    left_out: Sequence[str] = field(default_factory=tuple)


def document(title: str, sections: Sequence[Section]) -> str:
    """A page of some sections.

    Parameters
    ----------
    title : str
    sections : sequence of Section

    Raises
    ------
    InputError
        If a library is missing.
    """
    found, code = libraries(), _own("report.js")
    scripts = [found.charts, found.tables, code]
    shown, number = [], 0
    for section in sections:
        own = []
        for exhibit in section.exhibits:
            number += 1
            own.append(_shown(number, exhibit, section.notes))
        shown.append((section, own))
    return _environment().get_template("report.html.j2").render(
        title=title, sections=shown, scripts=[Markup(script) for script in scripts],
        styles=[Markup(found.styles), Markup(_own("report.css"))],
        allowed=" ".join(map(_hash, scripts)), searched=SEARCHED, paged=PAGED,
    )  # fmt: skip


def _shown(number: int, exhibit: Exhibit, told: Sequence[str]) -> PlacedExhibit:
    table, figure = exhibit.table, exhibit.figure
    first = table or figure
    assert first is not None
    made: dict[str, Any] = {}
    if table is not None:
        made = {"stub": table.stub, "grids": grids(table), "table_csv": _data(table)}
    if figure is not None:
        spec, notes = specification(figure)
        made |= {"figure": spec, "figure_caption": figure.caption, "figure_csv": _data(figure),
                 "left_out": [note for note in notes if note not in told]}  # fmt: skip
    return PlacedExhibit(number, first.caption, first.kind, **made)


def _data(page: Page) -> str:
    """The figures of a page, not rounded, as the address of a file to save."""
    text = render(page, "csv").encode("utf-8", "backslashreplace")
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text).decode()}"


def _hash(script: str) -> str:
    """A script as a policy of content names it."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _own(name: str) -> str:
    return (files("cge.report.web") / "templates" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """An environment in which all that is printed is escaped."""
    made = Environment(loader=PackageLoader("cge.report.web", "templates"), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    made.filters["numeric"] = _numeric
    return made


def _numeric(grid: Grid) -> list[bool]:
    """Whether a column has a figure in any row: it is sorted by value then, not by letter."""
    rows = [cells for body in grid.bodies for _, cells in body.rows]
    return [any(cells[n].value is not None for cells in rows) for n in range(len(grid.header))]
