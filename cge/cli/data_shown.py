"""What `cge data` shows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml

from cge.cli import screen
from cge.data import facts
from cge.data.data_sets import catalogue, describe


def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship."""
    rows = [[item.name, item.kind, item.title, item.status] for item in catalogue()]
    header = ["name", "kind", "title", "status"]
    screen.console().print(screen.table("", header, rows, numbers=False))


def show(name: str, year: int | None, cells: bool) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled."""
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


def rate(**given: Any) -> None:
    """Show an applied tariff."""
    _print_fact(facts.tariff(**given))


def flow(**given: Any) -> None:
    """Show the deliveries of a region's sector to a region."""
    _print_fact(facts.flow(**given))


def sector(**given: Any) -> None:
    """Show output and value added of a region's sector."""
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
