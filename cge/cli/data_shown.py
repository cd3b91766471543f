"""What `cge data` shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from cge.cli import screen
from cge.core.errors import refuse_if
from cge.data import facts
from cge.data.data_sets import catalogue, describe
from cge.data.har.har_tables import HEADERS_SHOWN, header_array_files, headers_frame


def list_data() -> None:
    """List the tables, data, elasticity sets and aggregations that ship."""
    rows = [[item.name, item.kind, item.title, item.status] for item in catalogue()]
    header = ["name", "kind", "title", "status"]
    screen.console().print(screen.table("", header, rows, numbers=False))


def show(name: str, year: int | None, cells: bool) -> None:
    """Show provenance, licence, cleaning report and the cells that a rule filled."""
    files = header_array_files(name)
    if files:
        refuse_if(year is not None or cells, "is of what ships",
                  key="--cells" if year is None else "--year")  # fmt: skip
        return _show_headers(files)
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


def _show_headers(files: list[Path]) -> None:
    """List the headers of header array files."""
    for file in files:
        found = headers_frame(file)
        rows = [[_text(value) for value in row] for row in found.itertuples(index=False)]
        screen.console().print(screen.table(str(file), HEADERS_SHOWN, rows, numbers=False))


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
