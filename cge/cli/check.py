"""`cge check`: replication, homogeneity, Walras, identities, two solvers."""

from __future__ import annotations

import click

from cge.cli import screen
from cge.cli.main import CONTEXT
from cge.data.accounts.default import DEFAULT_TABLE


@click.command("check", context_settings=CONTEXT)
@click.option("--data", "table", default=DEFAULT_TABLE, show_default=True,
              help="Shipped table, or folder of a calibrated benchmark.")  # fmt: skip
@click.option("--year", type=int, help="Benchmark year.")
@click.option("--aggregation", default="default", show_default=True,
              help="default, small, full, or an aggregation file.")  # fmt: skip
@click.option("--tariffs", default="applied", show_default=True, help="applied, none, or a file.")
@click.option("--elasticities", help="Elasticity set or file; of a folder, its own.")
def check(
    table: str, year: int | None, aggregation: str, tariffs: str, elasticities: str | None
) -> None:
    """Check that a benchmark replicates, is homogeneous, balances, and that two solvers agree.

    Exit code 1 when a check fails.

    Example:  cge check --aggregation small
    """
    from cge.data.benchmark_store import load_benchmark
    from cge.policy.closures import closure_of
    from cge.scenario.schema import ClosureChoice
    from cge.solve.checks import run_checks

    benchmark = load_benchmark(table, year, aggregation, tariffs, elasticities)
    console = screen.console()
    used = elasticities or benchmark.origin.get("elasticities", "own")
    console.print(f"{benchmark.name}, elasticities {used}: figure, limit")
    choice = ClosureChoice(kind="short_run")
    short = closure_of(choice, benchmark) if "CAP" in benchmark.factors else None
    count = failed = 0
    with screen.progress() as report:
        for result in run_checks(benchmark, short):
            report(result.name, count, 0)
            word = "left out: " + result.left_out if result.left_out else (
                "ok" if result.passed else "FAILED")  # fmt: skip
            figures = " " * 16 if result.left_out else f"{result.figure:8.1e}{result.limit:8.0e}"
            console.print(f"{result.name:<52}{figures}  {word}")
            count += 1
            failed += not result.passed
    if benchmark.status == "estimated":
        console.print("BENCHMARK WITH ESTIMATED DATA.")
    if failed:
        console.print(f"{failed} of {count} checks failed")
        raise SystemExit(1)
