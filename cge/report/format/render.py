"""A page as text for the screen, Markdown, LaTeX, CSV or HTML."""

from __future__ import annotations

import re
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from cge.report.format import latex
from cge.report.format.grid import grids
from cge.report.format.latex import Tex
from cge.report.format.latex_sheet import sheet
from cge.report.format.page import Page, frame
from cge.report.format.screen_table import screen_text

Format = Literal["markdown", "latex", "csv", "text", "html"]
FORMATS: tuple[Format, ...] = ("markdown", "latex", "csv", "text")
SUFFIXES: dict[str, Format] = {".md": "markdown", ".tex": "latex", ".csv": "csv"}


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def _markdown(value: object) -> Markdown:
    if isinstance(value, Markdown):
        return value
    words = " ".join(str(value).split())
    return Markdown(re.sub(r"([\\`*_\[\]<|$#~])", r"\\\1", words))


def _environment(**more: Any) -> Environment:
    """An environment in which all that is printed is escaped, unless it is markup already."""
    loader = PackageLoader("cge.report.format", "templates")
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, **more)  # fmt: skip


_MARKDOWN = _environment(finalize=_markdown)
_HTML = _environment(autoescape=True)
_LATEX = _environment(
    finalize=latex.escape, block_start_string="((*", block_end_string="*))",
    variable_start_string="(((", variable_end_string=")))", comment_start_string="((#",
    comment_end_string="#))",
)  # fmt: skip


def render(page: Page, form: Format, standalone: bool = False) -> str:
    """A page as text.

    Parameters
    ----------
    page : Page
    form : {"markdown", "latex", "csv", "text", "html"}
        Text is for a terminal, as wide as it is.
    standalone : bool
        LaTeX: a whole document rather than what goes into one.
    """
    if form == "csv":
        return frame(page).to_csv(index=False, float_format="%.12g", lineterminator="\n")
    if form == "text":
        return screen_text(page)
    if form == "html":
        return to_html(page)
    if form == "markdown":
        template = _MARKDOWN.get_template("table.md.j2")
        return template.render(page=page, grids=grids(page), mark=Markdown)
    set_ = sheet(page)
    turned = ["pdflscape" if set_.long else "rotating"] if set_.turned else []
    body = _LATEX.get_template("table.tex.j2").render(
        page=page, sheet=set_, tex=Tex, label=_label(page), star=Tex("*" if set_.long else ""),
        packages=["booktabs", "longtable" if set_.long else "threeparttable", *turned],
    )  # fmt: skip
    if latex.GLYPH in body:
        body = f"{latex.GLYPH_MACRO}\n{body}"
    if not standalone:
        return body
    return _LATEX.get_template("document.tex.j2").render(body=Tex(body))


def to_html(page: Page) -> str:
    """A page as a piece of HTML that stands for itself, with caption and notes."""
    return _HTML.get_template("table.html.j2").render(page=page, grids=grids(page))


def _label(page: Page) -> str:
    """A LaTeX label: letters, digits and hyphens."""
    first = page.panels[0].keys.get("scenario", "")
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{page.kind}-{first}").strip("-")
    return words.lower()
