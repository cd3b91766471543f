"""`cge convert`: header array (HAR) files of GEMPACK, tables, and benchmarks."""

from __future__ import annotations

from typing import Any

import click

from cge.cli.main import CONTEXT, PLACE, done_by


@click.command("convert", context_settings=CONTEXT)
@click.argument("source")
@click.argument("target", type=PLACE)
@click.option("--format", "suffix", type=click.Choice(["csv", "parquet"]), default="csv",
              show_default=True, help="Of the tables in a folder.")  # fmt: skip
@click.option("--header", "only", multiple=True,
              help="A header, or a variable of a solution; may be given several times. "
              "Default: all.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@done_by("converted")
def convert(**given: Any) -> None:
    """Turn header array (HAR) files of GEMPACK into tables and back, and benchmarks into HAR files.

    \b
    SOURCE             TARGET
    file .har .prm     folder of tables; or a file .csv or .parquet, with one --header
    file .sl4          the same: a table for each variable of the solution
    folder of tables   file .har
    benchmark          file .har, which ViewHAR opens: a benchmark folder or a shipped table

    \b
    Example:  cge convert wiod2013 wiod2013.har
    """
