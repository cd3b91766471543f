"""`cge table`: results as a table for a paper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cge.cli import report_options as options
from cge.core.errors import InputError


def table(
    runs: options.Runs = None,
    kind: options.KindName = "regions",
    out: Annotated[
        list[Path] | None,
        typer.Option(help="File, .md, .tex or .csv; may be repeated; default the screen."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="On the screen: markdown, latex or csv.")
    ] = None,
    standalone: Annotated[bool, typer.Option(help="LaTeX: a document of its own.")] = False,
    measures: options.Measures = None,
    region: options.Regions = None,
    sector: options.Sectors = None,
    scenario: options.Scenarios = None,
    elasticities: options.Elasticities = None,
    unit: options.Unit = None,
    step: options.Step = 1.0,
    year: options.Years = None,
    detail: options.Detail = False,
    title: options.Title = None,
    kinds: options.Kinds = False,
) -> None:
    """Make a table of one or several runs, with the notes that must stand under it.

    Example:  cge table --kinds

    After `cge run us-china-tariff-war`:

    cge table us-china-tariff-war --kind decomposition --out welfare.tex
    """
    if kinds:
        options.list_kinds()
        return
    from cge.results.report.kinds import build, kind_of
    from cge.results.report.render import FORMATS, SUFFIXES, Format, render
    from cge.results.report.runs import open_runs

    kind_of(kind)
    if form is not None and form not in FORMATS:
        raise InputError("unknown format", key="--format", value=form, allowed=FORMATS)
    wanted: dict[Path, Format] = {}
    for path in out or ():
        options.check_suffix(path, SUFFIXES)
        wanted[path] = SUFFIXES[path.suffix.lower()]
    for path, found in wanted.items():
        if form is not None and form != found:
            raise InputError(f"'{path.name}' is {found} by its suffix", key="--format", value=form,
                             allowed="without --out, or the same")  # fmt: skip
    screen_form: Format = next((name for name in FORMATS if name == form), "markdown")
    if standalone and "latex" not in (*wanted.values(), screen_form):
        raise InputError("only LaTeX has whole documents", key="--standalone",
                         allowed="--format latex, or --out FILE.tex")  # fmt: skip
    chosen = options.choice(measures, region, sector, scenario, elasticities, unit, step, detail,
                            title, year)  # fmt: skip
    page = build(kind, open_runs(runs or ()), chosen)
    if not wanted:
        print(render(page, screen_form, standalone), end="")
        return

    def write(text: str, path: Path) -> None:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")

    options.write_whole({
        path: partial(write, render(page, found, standalone)) for path, found in wanted.items()
    })  # fmt: skip
    for path in wanted:
        print(f"Written to {path}")
