"""All kinds of tables and figures, found in the files of ``cge.report.pages``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from cge.core.errors import InputError, check_known, refuse_if, retold
from cge.report import pages
from cge.report.drafts.cases import NO_ROWS
from cge.report.drafts.choice import FLAGS, Choice
from cge.report.drafts.pagekind import PageKind
from cge.report.format.page import Page, in_print, one_panel
from cge.report.notes import notes_of
from cge.results.resultset import ResultSet

_CHECKED = ("measures", "regions", "sectors", "unit", "weighting", "detail")


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, PageKind]:
    """Every kind by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(pages.__path__))
    modules = (importlib.import_module(f"cge.report.pages.{name}") for name in names)
    return {kind.name: kind for one in modules for kind in getattr(one, "KINDS", ())}


def kind_of(name: str) -> PageKind:
    """A kind by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    check_known([name], kinds(), "unknown kind", key="--kind")
    return kinds()[name]


def first_kind(found: Sequence[ResultSet]) -> str:
    """The kind that a study names first: what is shown of results if nothing is asked for."""
    named = (name for one in found for name, _ in one.manifest.get("pages", ()))
    return next(named, "regions")


def build(
    name: str | None, found: Sequence[ResultSet], choice: Choice | None = None, figure: bool = False
) -> Page:
    """Content of a table or figure.

    Parameters
    ----------
    name : str or None
        Of a kind; by default the first that the study of the results names.
    found : sequence of ResultSet
    choice : Choice, optional
    figure : bool
        Whether it will be drawn; a figure shows less unless asked otherwise.

    Raises
    ------
    InputError
        For an unknown kind, an option it does not have, or rows that are not in the results.
    """
    name = name or first_kind(found)
    kind, choice = kind_of(name), choice or Choice()
    for option in _CHECKED:
        value = getattr(choice, option)
        refuse_if(value and option not in kind.options, f"kind '{name}' has no such option",
                  value=value if isinstance(value, str | bool | None) else ", ".join(value),
                  key=FLAGS[option], allowed=[FLAGS[o] for o in kind.options])  # fmt: skip
    no_rows = InputError(NO_ROWS, key="--kind", value=name, allowed=kind.needs)
    with retold(lambda error: no_rows if error.problem == NO_ROWS else error):
        draft = (kind.figure if figure and kind.figure else kind.table)(found, choice)
        refuse_if(not any(len(panel.figures) for panel in draft.panels), NO_ROWS)
    results = draft.cases[0].results
    page = Page(
        name, choice.title or draft.title, draft.stub, in_print(draft.panels), notes_of(draft),
        {**results.names("regions"), **results.names("sectors")}, draft.across,
        joined=draft.joined, chart=kind.chart,
        focus=() if choice.regions else tuple(results.manifest.get("homes", {}).values()),
    )  # fmt: skip
    page = one_panel(page, draft.folded) if draft.folded else page
    return page if choice.title else replace(page, subject=_subject(page, found))


def _subject(page: Page, found: Sequence[ResultSet]) -> str:
    """Title of what all figures are of, if that is one scenario or variant."""
    keys = [keys for panel in page.panels for keys in (panel.keys, *panel.row_keys)]
    titles = {own["title"] for own in keys if own.get("title")}
    scenario = found[0].scenario
    whole = str(scenario.get("title") or scenario.get("name", ""))
    if len(titles) == 1 and (only := titles.pop()) != whole and len(found) == 1:
        return f"{whole}: {only}" if whole else only
    return whole if len({one.name for one in found}) == 1 else ""
