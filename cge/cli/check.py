"""`cge check`: replication, homogeneity, Walras, identities, two solvers."""

from __future__ import annotations

from typing import Annotated

import typer

from cge.cli import screen


def check(
    table: Annotated[
        str, typer.Option("--data", help="Shipped table, or folder of a calibrated benchmark.")
    ] = "wiod2013",
    year: Annotated[int | None, typer.Option(help="Benchmark year.")] = None,
    aggregation: Annotated[
        str, typer.Option(help="default, small, full, or an aggregation file.")
    ] = "default",
    tariffs: Annotated[str, typer.Option(help="applied, none, or a file.")] = "applied",
    elasticities: Annotated[
        str | None, typer.Option(help="Elasticity set or file; of a folder, its own.")
    ] = None,
) -> None:
    """Check that a benchmark replicates, is homogeneous, balances, and that two solvers agree.

    Exit code 1 when a check fails.

    Example:  cge check --aggregation small
    """
    from cge.data.store import load_any
    from cge.experiments.checks import run_checks
    from cge.solve.cache import default_folder

    benchmark = load_any(table, year, aggregation, tariffs, elasticities)
    console = screen.console()
    used = elasticities or benchmark.origin.get("elasticities", "own")
    console.print(f"{benchmark.name}, elasticities {used}")
    rows, failed = [], 0
    with screen.progress() as report:
        for result in run_checks(benchmark, default_folder()):
            report(result.name, 0.0)
            failed += not result.passed
            rows.append(
                [result.name, f"{result.figure:.1e}", f"{result.limit:.0e}",
                 "ok" if result.passed else "FAILED"]
            )  # fmt: skip
    console.print(screen.table("", ["check", "figure", "limit", ""], rows))
    if benchmark.status == "estimated":
        console.print("BENCHMARK WITH ESTIMATED DATA.")
    if failed:
        console.print(f"{failed} of {len(rows)} checks failed")
        raise typer.Exit(1)
