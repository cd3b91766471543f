"""`cge run`: a comparative-static scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cge.cli import screen
from cge.core.errors import InputError

if TYPE_CHECKING:
    from cge.scenario.schema import Scenario


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
    figure: Annotated[bool, typer.Option(help="Also draw figure.svg and figure.pdf.")] = False,
    decompose: Annotated[
        bool, typer.Option(help="Take welfare apart: terms of trade, efficiency, by shock.")
    ] = True,
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Solve a scenario and write its results.

    Example:  cge run experiments/us-china-tariff-war.yaml
    """
    from cge.experiments.run import run_scenario
    from cge.results import summary, summary_welfare, write
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.solve.cache import default_folder

    path = find_scenario(scenario)
    options = {"aggregation": aggregation, "year": year, "elasticities": elasticities}
    given = {name: value for name, value in options.items() if value is not None and value != []}
    try:
        chosen = _override(load_scenario(path), given)
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
    except InputError as error:
        raise _told(error, path, {*given, "solver"}) from None
    result = replace(result, decompose=decompose)
    write.write_run(result, folder, figure=figure)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold")
    for case in result.cases:
        header = ["", *(f"{c.title}\n{unit}" for c, unit in summary.columns(result.benchmark))]
        rows = summary.formatted(summary.regional_table(case.solution))
        console.print(screen.table(case.title, header, rows))
        for rate in case.found:
            console.print(f"Found: {rate.text}")
        for part in summary.parts_of(result, case):
            header = ["", *(name.replace(", ", "\n") for name in part.columns)]
            console.print(screen.table("", header, summary_welfare.formatted(part)))
    for line in summary.notes(result):
        console.print(f"- {line}")
    console.print(f"Written to {folder}", soft_wrap=True)


def _override(chosen: Scenario, given: dict[str, Any]) -> Scenario:
    """Return the scenario with what the command line says instead."""
    from cge.core.files import validate
    from cge.scenario.schema import Scenario

    if not given:
        return chosen

    content = chosen.model_dump(by_alias=True, exclude_unset=True)
    if "elasticities" in given:
        content["elasticities"] = [_from_here(name) for name in given["elasticities"]]
    benchmark = content.setdefault("benchmark", {})
    if "year" in given:
        benchmark["year"] = given["year"]
    if "aggregation" in given:
        benchmark["aggregation"] = _from_here(given["aggregation"])
    changed = validate(Scenario, content, None)
    changed._places.update(chosen._places)  # where the rest of it was written
    return changed


def _from_here(name: str) -> str:
    """Return a file's full path, lest it be looked for beside the scenario."""
    from cge.core.files import is_file

    return str(Path(name).absolute()) if Path(name).suffix and is_file(name) else name


def _told(error: InputError, path: Path, given: set[str]) -> InputError:
    """Return the error with the place where the user wrote what is wrong."""
    key = (error.key or "").removeprefix("benchmark.")
    if error.file is not None or key.startswith("--"):
        return error
    return error.moved(f"--{key}") if key in given else error.located(path)
