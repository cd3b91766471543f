"""`cge headline`: what policies cost in normal times and what they save when supply breaks."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cge.cli import screen
from cge.cli.path_command import _with_path
from cge.cli.run_command import _override, _told
from cge.cli.stress_command import _progress
from cge.core.errors import InputError, NoEquilibrium

if TYPE_CHECKING:
    from cge.scenario.schema import Scenario

#: What is told unless something else is asked for.
SHIPPED = ("headline-china", "headline-us", "headline-eu")


def headline(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(help="Scenario files or shipped names; default: China, the US, the EU."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder in which each scenario has one of its own.")
    ] = None,
    returns: Annotated[
        list[str] | None,
        typer.Option(help="Returns to research: low, central or high; may be repeated."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Only these policies; may be repeated.")
    ] = None,
    aggregation: Annotated[
        str | None, typer.Option(help="default, small, full, or an aggregation file.")
    ] = None,
    elasticities: Annotated[
        list[str] | None, typer.Option(help="Elasticity set or file; may be repeated.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: the number of cores.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, whose workers then solve.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option(help="Start over instead of going on where it was interrupted.")
    ] = False,
) -> None:
    """Tell what each policy costs and what it saves, for one region after another.

    Each scenario is a path with a section `stress` that names the home region. Figures go to a
    folder for each, tables and figures of all of them beside these. The same command goes on
    where it was interrupted.

    Example:  cge headline headline-eu --variant basic-research --aggregation small
    """
    from cge.experiments.stress import run_stress
    from cge.results.folder import WORK
    from cge.results.headline import dependence
    from cge.results.headline_write import check_folder, default_folder, write_headline
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.solve.cache import default_folder as models

    console = screen.console()
    folders: list[Path] = []
    given = {"aggregation": aggregation, "elasticities": elasticities}
    given = {name: value for name, value in given.items() if value}
    own = {"returns": returns} if returns else {}
    for name in scenarios or SHIPPED:
        file = find_scenario(name)
        try:
            chosen = _only(_override(_with_path(load_scenario(file), own), given), variant)
            home = None if chosen.stress is None else chosen.stress.home
            if home is None:
                raise InputError(
                    "a headline is told for a region", key="stress.home", allowed="its code"
                )
            folder = default_folder(chosen.name) if out is None else out / chosen.name
            check_folder(folder)
            keep = folder / f"{WORK}stages"
            with _progress({}) as report:
                run = run_stress(
                    chosen, workers=workers, cache_folder=models(), folder=file.parent, keep=keep,
                    fresh=fresh, scheduler=scheduler, describe=dependence, report=report,
                )  # fmt: skip
        except InputError as error:
            asked = {*given, *own, "workers", "scheduler", "variant"}
            raise _told(error, file, asked) from None
        except NoEquilibrium as error:
            raise NoEquilibrium(f"{chosen.name}: {error}") from None
        write_headline(run, home, folder)
        shutil.rmtree(keep, ignore_errors=True)
        folders.append(folder)
        console.print(f"{chosen.title}; {run.seconds:.0f} s; written to {folder}", soft_wrap=True)
    target = default_folder("headline") if out is None else out
    _report(folders, target)
    console.print(f"Tables and figures of all: {target}", soft_wrap=True)


def _only(scenario: Scenario, wanted: Sequence[str] | None) -> Scenario:
    """Return a scenario with some of its variants."""
    if not wanted:
        return scenario
    names = [one.get("name") for one in scenario.variants or ()]
    for name in wanted:
        if name not in names:
            raise InputError("no such policy", key="variant", value=name, allowed=names)
    kept = [one for one in scenario.variants or () if one.get("name") in wanted]
    only = scenario.model_copy(update={"variants": kept})
    only._places.update(scenario._places)
    return only


#: What resilience is in the figures: file, and the measure.
QUADRANTS = {
    "quadrant": "expected_loss", "quadrant-cvar": "cvar",
    "quadrant-export-control": "loss_export_control",
}  # fmt: skip


def _report(folders: Sequence[Path], target: Path) -> None:
    """Write the table of policies and the figures of efficiency and resilience."""
    from cge.cli import report_options as options
    from cge.results.charts import style
    from cge.results.charts.draw import draw
    from cge.results.report.kinds import build
    from cge.results.report.render import SUFFIXES, render
    from cge.results.report.runs import Choice, open_runs

    target.mkdir(parents=True, exist_ok=True)
    runs = open_runs(folders)
    page = build("headline", runs, Choice())

    def write(suffix: str, path: Path) -> None:
        text = render(page, SUFFIXES[suffix], False)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")

    files = {target / f"headline{s}": partial(write, s) for s in (".md", ".tex", ".csv")}
    options.write_whole(files)
    for name, measure in QUADRANTS.items():
        drawn = draw(build("quadrant", runs, Choice(measures=(measure,)), figure=True), False)
        options.write_whole({
            target / f"{name}{s}": partial(style.save, drawn) for s in (".svg", ".pdf")
        })  # fmt: skip
