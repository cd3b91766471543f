"""The report of results: one file for a browser, findings first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cge.core.errors import refuse_if
from cge.core.writing import by_suffix, put_or_refuse
from cge.report import summary
from cge.report.format.page import Page
from cge.report.web.document import Exhibit, Section, document
from cge.results.resultset import ResultSet

_TOGETHER = "Side by side"
_FORMATS = {".html": "HTML", ".htm": "HTML"}


def write_report(
    found: Sequence[ResultSet], path: Path, title: str | None = None, key: str = "path"
) -> None:
    """Write a report of one or several results, whole or not at all.

    Parameters
    ----------
    found : sequence of ResultSet
    path : Path
        Of the file, .html.
    title : str, optional
    key : str
        Option or argument that names the file, for messages.

    Raises
    ------
    InputError
        If it can not be written, and as :func:`html_report`.
    """
    by_suffix(path, _FORMATS, key)
    page = html_report(found, title)
    write = partial(Path.write_text, encoding="utf-8", errors="backslashreplace")
    put_or_refuse({path: partial(write, data=page)}, key)


def html_report(found: Sequence[ResultSet], title: str | None = None) -> str:
    """A report of one or several results as HTML.

    What is in the summary comes first, with the figure of each page below its table. Of several
    results the pages that all of them have stand side by side before each on its own.

    Parameters
    ----------
    found : sequence of ResultSet
    title : str, optional
        In place of that of the scenario, or of the list of scenarios.

    Raises
    ------
    InputError
        If there is nothing to show, or a library is missing.
    """
    sections = [_of_one(results) for results in found]
    for section in sections:
        refuse_if(not section.exhibits, "these results name no pages", value=section.title,
                  allowed="the results of a study")  # fmt: skip
    if len(found) > 1 and (pages := _shared(found)):
        sections.insert(0, Section(_TOGETHER, "", (), pages, _notes(pages)))
    titles = dict.fromkeys(_title(results) for results in found)
    return document(title or "; ".join(titles), sections)


def _title(results: ResultSet) -> str:
    scenario = results.scenario
    return str(scenario.get("title") or scenario.get("name") or results.study or "Results")


def _of_one(results: ResultSet) -> Section:
    notes = [line for line in (*summary.notes(summary.pages(results)), summary.accepted(results))
             if line]  # fmt: skip
    manifest = json.dumps(results.manifest, indent=1, ensure_ascii=False, default=str)
    return Section(_title(results), str(results.scenario.get("description") or "").strip(),
                   _facts(results), _exhibits(results), notes, manifest)  # fmt: skip


def _facts(results: ResultSet) -> list[tuple[str, str]]:
    told = {
        "Study": results.study, "Benchmark": results.benchmark.get("name", ""),
        "Run on": str(results.manifest.get("date", ""))[:10],
        "Version": results.manifest.get("versions", {}).get("cge-trade-policy", ""),
    }  # fmt: skip
    return [(name, str(value)) for name, value in told.items() if value]


def _exhibits(results: ResultSet) -> list[Exhibit]:
    """Pages that the study names: the first table, the main figure, then the others."""
    main = results.manifest.get("figure")
    first = _drawn(main, [results], {}) if main else None
    found: list[Exhibit] = []
    for name, options, table in summary.named(results):
        own = first if name == main else _drawn(name, [results], options)
        found.append(Exhibit(_plain(table), _plain(own)))
    if first is not None and all(one.figure is None or one.figure.kind != main for one in found):
        found.insert(1, Exhibit(figure=_plain(first)))
    return found


def _shared(found: Sequence[ResultSet]) -> list[Exhibit]:
    """Pages that all results name alike, of all of them together."""
    pages = [results.manifest.get("pages", ()) for results in found]
    exhibits = []
    for name, options in pages[0]:
        if all([name, options] in [list(page) for page in own] for own in pages):
            table = summary.built(name, found, options)
            if table is not None:
                exhibits.append(Exhibit(table, _drawn(name, found, options)))
    return exhibits


def _notes(exhibits: Sequence[Exhibit]) -> list[str]:
    return summary.notes([one.table for one in exhibits if one.table is not None])


def _drawn(name: str, found: Sequence[ResultSet], options: Any) -> Page | None:
    """The figure of a page; None where figures of several units would share an axis without one."""
    page = summary.built(name, found, options, figure=True)
    units = (column.unit or panel.unit for panel in page.panels for column in panel.columns
             ) if page is not None else ()  # fmt: skip
    return page if all(units) else None


def _plain(page: Page | None) -> Page | None:
    """A page without its subject, which is the title of the section."""
    return None if page is None else replace(page, subject="")
