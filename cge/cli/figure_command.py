"""`cge figure`: results as a figure for a paper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cge.cli import report_options as options


def figure(
    runs: options.Runs = None,
    kind: options.KindName = "regions",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="File, .svg, .pdf or .png; may be repeated; default KIND.svg and KIND.pdf."
        ),
    ] = None,
    notes: Annotated[
        bool, typer.Option(help="Title and notes in the figure, or only on the screen.")
    ] = True,
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
    """Draw one or several runs; what the caption must say is printed.

    Example:  cge figure --kinds

    After `cge run us-china-tariff-war`:

    cge figure us-china-tariff-war --kind trade --out trade.pdf --out trade.svg
    """
    if kinds:
        options.list_kinds()
        return
    from cge.results.report.kinds import build, kind_of
    from cge.results.report.runs import open_runs

    kind_of(kind)
    files = out or [Path(f"{kind}.svg"), Path(f"{kind}.pdf")]
    for path in files:
        options.check_suffix(path, (".svg", ".pdf", ".png"))
    chosen = options.choice(measures, region, sector, scenario, elasticities, unit, step, detail,
                            title, year)  # fmt: skip
    page = build(kind, open_runs(runs or ()), chosen, figure=True)

    from cge.results.charts import style  # matplotlib takes a second to import
    from cge.results.charts.draw import draw
    from cge.results.charts.shown import shown

    drawn = draw(page, notes)
    options.write_whole({path: partial(style.save, drawn) for path in files})
    print(page.caption)
    for note in shown(page).below:
        print(f"- {note}")
    for path in files:
        print(f"Written to {path}")
