"""`cge data`: what is calibrated, with its provenance."""

from __future__ import annotations

from typing import Annotated

import typer

from cge.cli import screen

app = typer.Typer(help="What is calibrated, with provenance.", no_args_is_help=True)


@app.command("list")
def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship.

    Example:  cge data list
    """
    from cge.data.catalogue import catalogue

    rows = [[item.name, item.kind, item.title, item.status] for item in catalogue()]
    console = screen.console()
    table = screen.table("", ["name", "kind", "title", "status"], rows)
    for column in table.columns:
        column.justify = "left"
    console.print(table)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A name from `cge data list`.")],
    year: Annotated[int | None, typer.Option(help="Year of a table.")] = None,
    cells: Annotated[bool, typer.Option(help="List every filled cell, as CSV.")] = False,
) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled.

    Example:  cge data show wiod2013
    """
    import yaml

    from cge.data.catalogue import describe

    description = describe(name, year)
    console = screen.console()
    console.print(description.title, style="bold")
    text = yaml.safe_dump(dict(description.provenance), sort_keys=False, allow_unicode=True)
    console.print(text)
    for title, frame in description.tables.items():
        if title == "filled cells" and not cells:
            console.print(f"{len(frame)} filled cells; list them with --cells")
            continue
        if title == "filled cells":  # thousands of rows: a drawn table takes minutes
            print(frame.to_csv(index=False, float_format="%.6g"), end="")
            continue
        rows = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
        table = screen.table(title, [str(c) for c in frame.columns], rows)
        for column in table.columns:
            column.justify = "left"
        console.print(table)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
