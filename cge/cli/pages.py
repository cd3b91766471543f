"""`cge table`, `cge figure` and `cge report`: results for a paper, and for a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from cge.cli.main import CONTEXT, PLACE, done_by, with_options
from cge.report.drafts.choice import Choice


def _flag(one: Field[Any]) -> Callable[[Any], Any]:
    """Flag of an option of a choice."""
    kind = get_type_hints(Choice)[one.name]
    plain = next(iter(get_args(kind)), kind)
    return click.option(*one.metadata["flags"], one.name, type=plain, is_flag=plain is bool,
                        multiple=one.default == (), help=one.metadata["help"])  # fmt: skip


def _print_kinds(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        print_kinds()
        ctx.exit()


@done_by("pages_made")
def print_kinds() -> None:
    """List the kinds of tables and figures."""


#: Arguments and options of a page.
_page_options = with_options(
    click.argument("runs", nargs=-1),
    click.option("--kinds", is_flag=True, is_eager=True, expose_value=False,
                 callback=_print_kinds, help="List the kinds and stop."),
    click.option("--kind", help="Which; see --kinds. Default: the first that the study shows."),
    *map(_flag, fields(Choice)),
)  # fmt: skip


@click.command("table", context_settings=CONTEXT)
@_page_options
@click.option("--out", multiple=True, type=PLACE,
              help="File, .md, .tex or .csv; may be repeated; default the screen.")  # fmt: skip
@click.option("--format", "form", help="On the screen: text, markdown, latex or csv.")
@click.option("--standalone", is_flag=True, help="LaTeX: a document of its own.")
@done_by("pages_made")
def table(**given: Any) -> None:
    """Make a table of one or several runs, with the notes that must stand under it.

    Example:  cge table --kinds

    After `cge run us-china-tariff-war`:

    cge table us-china-tariff-war --kind decomposition --out welfare.tex
    """


@click.command("figure", context_settings=CONTEXT)
@_page_options
@click.option("--out", multiple=True, type=PLACE,
              help="File, .svg, .pdf or .png; may be repeated; default KIND.svg and KIND.pdf.",
              )  # fmt: skip
@click.option("--notes/--no-notes", default=True,
              help="Title and notes in the figure, or only on the screen.")  # fmt: skip
@done_by("pages_made")
def figure(**given: Any) -> None:
    """Draw one or several runs; what the caption must say is printed.

    Example:  cge figure --kinds

    After `cge run us-china-tariff-war`:

    cge figure us-china-tariff-war --kind trade --out trade.pdf --out trade.svg
    """


@click.command("report", context_settings=CONTEXT)
@click.argument("runs", nargs=-1)
@click.option("--out", type=PLACE, default=Path("report.html"),
              show_default=True, help="File, .html.")  # fmt: skip
@click.option("--title", help="In place of that of the scenario.")
@done_by("pages_made")
def report(**given: Any) -> None:
    """Make one file of one or several runs, to open in a browser or to mail; it fetches nothing.

    It has what summary.md has: tables that sort and filter, figures that answer the pointer, notes
    and manifest. First run something, `cge run us-china-tariff-war`.

    Example:  cge report us-china-tariff-war --out war.html
    """
