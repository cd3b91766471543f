"""`cge data`: what is calibrated, with its provenance, and tables to download."""

from __future__ import annotations

from typing import Any

import click

from cge.cli.main import CONTEXT, PLACE, done_by, with_options
from cge.data.accounts.default import DEFAULT_TABLE


@click.group("data", context_settings=CONTEXT)
def data() -> None:
    """Show what is calibrated, single rates and flows; download published tables."""


@data.command("fetch")
@click.argument("source")
@click.option("--year", type=int, required=True, help="Year of the table.")
@click.option("--edition", help="Edition of the source; default the latest with the year.")
@click.option("--out", type=PLACE,
              help="Benchmark folder; default SOURCE-YEAR.")  # fmt: skip
@click.option(
    "--aggregation",
    default="default",
    show_default=True,
    help="default, small, full (the source's own codes), or an aggregation file.",
)
@click.option("--tariffs", help="none, applied, or a file of rates; default as for a shipped "
              "table, with --aggregation full none.")  # fmt: skip
@click.option("--elasticities", help="Elasticity set or file; default as for a shipped table.")
@click.option("--folder", type=PLACE,
              help="Where downloads are kept; default the user's data folder.")  # fmt: skip
@click.option("--url", help="Another address of the file, of a link that came by mail, say.")
@click.option("--mirror", help="Scheme and host in place of the publisher's.")
@click.option("--fresh", is_flag=True, help="Download again what is there.")
@click.option("--only-download", is_flag=True, help="Make no benchmark.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier benchmark.")
@done_by("data_fetched")
def fetch(**given: Any) -> None:
    """Download a published table and calibrate it: icio, figaro, adb-mrio, wiod2016, exiobase3.

    Its licence and how to cite it are printed, the file is kept. Of gloria and eora26, which need
    an account, it says what to do. What is known of a source: cge data show icio.

    Example:  cge data fetch icio --year 2022
    """


@data.command("list")
@done_by("data_shown")
def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship.

    Example:  cge data list
    """


@data.command("show")
@click.argument("name")
@click.option("--year", type=int, help="Year of a table.")
@click.option("--cells", is_flag=True, help="List every filled cell, as CSV.")
@done_by("data_shown")
def show(**given: Any) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled.

    NAME is what cge data list shows; or a header array (HAR) file of GEMPACK, or a folder of them,
    whose headers are listed.

    Example:  cge data show wiod2013
    """


#: Options of the commands that look up a single fact of a shipped table.
_of_table = with_options(
    click.option("--table", default=DEFAULT_TABLE, show_default=True, help="Shipped table."),
    click.option("--year", type=int, help="Year of the table; default the latest."),
    click.option("--aggregation", default="default", show_default=True,
                 help="Whose codes may be used, beside those of the table."),
)  # fmt: skip


@data.command("rate")
@click.argument("importer")
@click.argument("exporter")
@click.argument("sector")
@_of_table
@done_by("data_shown")
def rate(**given: Any) -> None:
    """Show the applied tariff of an importer on an exporter's goods.

    Example:  cge data rate USA CHN ELEC
    """


@data.command("flow")
@click.argument("exporter")
@click.argument("importer")
@click.argument("sector")
@click.argument("use", default="all")
@_of_table
@done_by("data_shown")
def flow(**given: Any) -> None:
    """Show the deliveries of a region's sector to a region, to all uses or one: int, con, inv.

    Example:  cge data flow CHN USA ELEC int
    """


@data.command("sector")
@click.argument("region")
@click.argument("sector")
@_of_table
@done_by("data_shown")
def sector(**given: Any) -> None:
    """Show output and value added of a region's sector.

    Example:  cge data sector CHN ELEC --table wiod2013 --year 2007
    """
