"""`cge figure`: results as a figure for a paper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from cge.cli.main import CONTEXT
from cge.cli.pages import check_suffix, choice, kinds_listed, page_options, write_whole

_SUFFIXES = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG"}


@click.command("figure", context_settings=CONTEXT)
@page_options
@click.option("--out", multiple=True, type=click.Path(path_type=Path),
              help="File, .svg, .pdf or .png; may be repeated; default KIND.svg and KIND.pdf.",
              )  # fmt: skip
@click.option("--notes/--no-notes", default=True,
              help="Title and notes in the figure, or only on the screen.")  # fmt: skip
def command(
    runs: tuple[str, ...], kind: str, out: tuple[Path, ...], notes: bool, kinds: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Draw one or several runs; what the caption must say is printed.

    Example:  cge figure --kinds

    After `cge run us-china-tariff-war`:

    cge figure us-china-tariff-war --kind trade --out trade.pdf --out trade.svg
    """
    if kinds:
        kinds_listed()
        return
    from cge.report.kinds import build, kind_of
    from cge.results.folder import read_all

    kind_of(kind)
    paths = out or (Path(f"{kind}.svg"), Path(f"{kind}.pdf"))
    for path in paths:
        check_suffix(path, _SUFFIXES)
    page = build(kind, read_all(runs), choice(options), figure=True)

    from cge.report.charts import style  # matplotlib takes a second to import
    from cge.report.charts.draw import draw

    drawn = draw(page, notes)
    write_whole({path: partial(style.save, drawn) for path in paths})
    print(page.caption)
    for note in page.notes:
        print(f"- {note}")
    for path in paths:
        print(f"Written to {path}")
