"""`cge run`: a comparative-static scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cge.cli import screen


def run(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    out: Annotated[Path | None, typer.Option(help="Output folder.")] = None,
    aggregation: Annotated[
        str | None, typer.Option(help="default, small, full, or an aggregation file.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Benchmark year.")] = None,
    elasticities: Annotated[
        list[str] | None, typer.Option(help="Elasticity set or file; may be repeated.")
    ] = None,
    solver: Annotated[str, typer.Option(help="newton or ipopt.")] = "newton",
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Solve a scenario and write its results.

    Example:  cge run experiments/us-china-tariff-war.yaml
    """
    from cge.experiments.run import run_scenario
    from cge.experiments.scenario import find_scenario, load_scenario
    from cge.results import summary, write
    from cge.solve.cache import default_folder

    path = find_scenario(scenario)
    chosen = load_scenario(path)
    changes: dict[str, object] = {}
    benchmark = {k: v for k, v in (("aggregation", aggregation), ("year", year)) if v is not None}
    if benchmark:
        changes["benchmark"] = chosen.benchmark.model_copy(update=benchmark)
    if elasticities:
        changes["elasticities"] = elasticities
    chosen = chosen.model_copy(update=changes)
    folder = out or write.default_folder(chosen.name)
    write.check_folder(folder)
    with screen.progress() as report:
        result = run_scenario(
            chosen,
            solver=solver,  # type: ignore[arg-type]
            cache_folder=default_folder() if cache else None,
            folder=path.parent,
            report=report,
        )
    write.write_run(result, folder)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold", highlight=False)
    for case in result.cases:
        header = ["", *(f"{c.title}\n{c.unit}" for c in summary.COLUMNS)]
        rows = summary.formatted(summary.regional_table(case.solution))
        console.print(screen.table(f"Elasticities: {case.elasticities}", header, rows))
    for line in summary.notes(result):
        console.print(f"- {line}", highlight=False)
    console.print(f"Written to {folder}", highlight=False)
