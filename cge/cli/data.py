"""`cge data`: what is calibrated, with its provenance."""

from __future__ import annotations

import click

from cge.cli import screen
from cge.cli.main import CONTEXT


@click.group("data", context_settings=CONTEXT)
def command() -> None:
    """Show what is calibrated, with provenance; single rates and flows."""


@command.command("list")
def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship.

    Example:  cge data list
    """
    from cge.data.catalogue import catalogue

    rows = [[item.name, item.kind, item.title, item.status] for item in catalogue()]
    screen.console().print(
        screen.table("", ["name", "kind", "title", "status"], rows, numbers=False)
    )


@command.command("show")
@click.argument("name")
@click.option("--year", type=int, help="Year of a table.")
@click.option("--cells", is_flag=True, help="List every filled cell, as CSV.")
def show(name: str, year: int | None, cells: bool) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled.

    Example:  cge data show wiod2013
    """
    import yaml

    from cge.data.catalogue import describe

    description = describe(name, year)
    console = screen.console()
    console.print(description.title, style="bold")
    console.print(yaml.safe_dump(dict(description.provenance), sort_keys=False,
                                 allow_unicode=True))  # fmt: skip
    for title, frame in description.tables.items():
        if title == "filled cells" and not cells:
            console.print(f"{len(frame)} filled cells; list them with --cells")
        elif title == "filled cells":  # thousands of rows: a drawn table takes minutes
            print(frame.to_csv(index=False, float_format="%.6g"), end="")
        else:
            rows = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
            console.print(screen.table(title, [str(c) for c in frame.columns], rows,
                                       numbers=False))  # fmt: skip


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
