"""`cge parity`: held against results of the standard GTAP model."""

from __future__ import annotations

from typing import Any

import click

from cge.cli.main import CONTEXT, PLACE, done_by


@click.command("parity", context_settings=CONTEXT)
@click.argument("folder", type=PLACE)
@click.option("--against", required=True, type=PLACE,
              help="Results: of GEMPACK a solution .sl4, a .har that sltoht made of one, or a CSV "
              "file with the columns variable, elements, value; of GAMS a .gdx, or the COMP.csv "
              "that the model writes.")  # fmt: skip
@click.option("--shock", "shocks", multiple=True,
              help="SELECTOR=FACTOR, by which exogenous variables are multiplied; may be repeated. "
              "Default: 'tariff[imports, *, *, *]=1.1', the power of all tariffs up 10 per cent."
              )  # fmt: skip
@click.option("--rordelta", type=click.Choice(["0", "1"]),
              help="How saving is invested; default: as the parameter file says.")  # fmt: skip
@click.option("--foreign-saving", type=click.Choice(["follows", "given"]),
              help="Whether what investment gets of others' saving is given; default: it follows, "
              "for results of GAMS what they show.")  # fmt: skip
@click.option("--limit", type=float, default=0.01, show_default=True,
              help="Percentage points that a cell may be off.")  # fmt: skip
@click.option("--list", "listed", type=int, default=20, show_default=True,
              help="How many cells beyond the limit are listed.")  # fmt: skip
@click.option("--out", type=PLACE, help="CSV file of all cells.")
@done_by("parity_made")
def parity(**given: Any) -> None:
    """Solve a folder of GTAP data and hold the result against one of the standard GTAP model.

    The standard closure: endowments, taxes, technology and population are given, the price of
    primary factors of the world is the numeraire. Shown are per cent changes, by the names that
    GTAP has for them.

    \b
    Example:  cge parity my-gtap --against gempack.csv
    """
