"""`cge data`: what is calibrated, with its provenance."""

from __future__ import annotations

from typing import Any

import click
import pandas as pd
import yaml

from cge.cli import screen
from cge.cli.main import CONTEXT, with_options
from cge.data import facts
from cge.data.data_sets import catalogue, describe


@click.group("data", context_settings=CONTEXT)
def data() -> None:
    """Show what is calibrated, with provenance; single rates and flows."""


@data.command("list")
def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship.

    Example:  cge data list
    """
    rows = [[item.name, item.kind, item.title, item.status] for item in catalogue()]
    header = ["name", "kind", "title", "status"]
    screen.console().print(screen.table("", header, rows, numbers=False))


@data.command("show")
@click.argument("name")
@click.option("--year", type=int, help="Year of a table.")
@click.option("--cells", is_flag=True, help="List every filled cell, as CSV.")
def show(name: str, year: int | None, cells: bool) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled.

    Example:  cge data show wiod2013
    """
    description = describe(name, year)
    tables = description.tables()
    console = screen.console()
    console.print(description.title, style="bold")
    console.print(yaml.safe_dump(dict(description.provenance), sort_keys=False,
                                 allow_unicode=True))  # fmt: skip
    for title, frame in tables.items():
        if title == "filled cells" and not cells:
            console.print(f"{len(frame)} filled cells; list them with --cells")
        elif title == "filled cells":  # thousands of rows: a drawn table takes minutes
            print(frame.to_csv(index=False, float_format="%.6g"), end="")
        else:
            rows = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
            console.print(screen.table(title, [str(c) for c in frame.columns], rows,
                                       numbers=False))  # fmt: skip


#: Options of the commands that look up a single fact of a shipped table.
_of_table = with_options(
    click.option("--table", default="wiod2013", show_default=True, help="Shipped table."),
    click.option("--year", type=int, help="Year of the table; default the latest."),
    click.option("--aggregation", default="default", show_default=True,
                 help="Whose codes may be used, beside those of the table."),
)  # fmt: skip


@data.command("rate")
@click.argument("importer")
@click.argument("exporter")
@click.argument("sector")
@_of_table
def rate(**given: Any) -> None:
    """Show the applied tariff of an importer on an exporter's goods.

    Example:  cge data rate USA CHN ELEC
    """
    _print_fact(facts.tariff(**given))


@data.command("flow")
@click.argument("exporter")
@click.argument("importer")
@click.argument("sector")
@click.argument("use", default="all")
@_of_table
def flow(**given: Any) -> None:
    """Show the deliveries of a region's sector to a region, to all uses or one: int, con, inv.

    Example:  cge data flow CHN USA ELEC int
    """
    _print_fact(facts.flow(**given))


@data.command("sector")
@click.argument("region")
@click.argument("sector")
@_of_table
def sector(**given: Any) -> None:
    """Show output and value added of a region's sector.

    Example:  cge data sector CHN ELEC --year 2007
    """
    _print_fact(facts.output(**given))


def _print_fact(fact: pd.DataFrame) -> None:
    """Print a table of one row, a line for each column."""
    rows = [
        [str(name), f"{value:.10g}" if isinstance(value, float) else str(value)]
        for name, value in fact.iloc[0].items()
    ]
    screen.console().print(screen.table("", ["fact", "value"], rows, numbers=False))


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
