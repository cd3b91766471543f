"""`cge path`: a scenario year by year."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cge.cli import screen
from cge.cli.run_command import _override, _told
from cge.core.errors import InputError, NoEquilibrium

if TYPE_CHECKING:
    from cge.experiments.path import YearReport
    from cge.experiments.path_run import PathCase, PathRun
    from cge.scenario.schema import Scenario

#: Years of the printed table, as far as the path goes, and its last.
YEARS = (1, 2, 3, 5, 10, 15, 20, 25)
#: Selectors that name regions.
_NAMING = ("importer", "exporter", "region", "source", "learner", "by", "to", "against")


def path(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    years: Annotated[int | None, typer.Option(help="Years of the path.")] = None,
    returns: Annotated[
        list[str] | None,
        typer.Option(help="Returns to research: low, central or high; may be repeated."),
    ] = None,
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
    fresh: Annotated[
        bool, typer.Option(help="Start over instead of going on with an interrupted path.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Solve a scenario year by year, from the short run to the long, and write its results.

    The same command goes on where it was interrupted.

    Example:  cge path path-us-china-tariff-war --aggregation small --years 5
    """
    from cge.experiments.path import run_path
    from cge.results import path_write as target
    from cge.results.folder import WORK
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.solve.cache import default_folder

    file = find_scenario(scenario)
    options = {"aggregation": aggregation, "year": year, "elasticities": elasticities}
    given = {name: value for name, value in options.items() if value is not None and value != []}
    own = {"years": years, "returns": returns or None}
    own = {name: value for name, value in own.items() if value is not None}
    state: dict[str, int] = {}
    try:
        chosen = _override(_with_path(load_scenario(file), own), given)
        folder = out or target.default_folder(chosen.name)
        target.check_folder(folder)
        keep = folder / f"{WORK}years"
        with _progress(state) as report:
            run = run_path(
                chosen,
                solver=solver,  # type: ignore[arg-type]
                cache_folder=default_folder() if cache else None,
                folder=file.parent, keep=keep, fresh=fresh, report=report,
            )  # fmt: skip
    except InputError as error:
        if error.key and error.key.removeprefix("path.").split(".")[0] in own:
            raise error.moved(f"--{error.key.removeprefix('path.').split('.')[0]}") from None
        raise _told(error, file, {*given, "solver"}) from None
    except NoEquilibrium as error:
        raise NoEquilibrium(f"{error}{_kept(state)}") from None
    except KeyboardInterrupt:
        print(f"cge: interrupted{_kept(state) or '; nothing was written'}", file=sys.stderr)
        raise SystemExit(130) from None
    _, notes = target.write_path(run, folder, figure=figure)
    shutil.rmtree(keep, ignore_errors=True)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold")
    for table in _tables(run):
        console.print(table)
    for line in notes:
        console.print(f"- {line}")
    resumed = f", {run.resumed} of them before an interruption" if run.resumed else ""
    count = sum(len(case.years) for case in run.cases)
    console.print(f"{count} years{resumed}; {run.seconds:.0f} s")
    console.print(f"Written to {folder}", soft_wrap=True)


def _with_path(chosen: Scenario, own: dict[str, Any]) -> Scenario:
    """Return the scenario with years and returns of the command line."""
    from cge.core.files import validate
    from cge.scenario.schema import Scenario

    if not own:
        return chosen
    content = chosen.model_dump(by_alias=True, exclude_unset=True)
    content["path"] = {**(content.get("path") or {}), **own}
    changed = validate(Scenario, content, None)
    changed._places.update(chosen._places)
    return changed


def _kept(state: dict[str, int]) -> str:
    """Return what an end before the end leaves."""
    if not state.get("done"):
        return ""
    return (
        f"; {state['done']} of {state['all']} years are kept, the same command goes on from there"
    )


def _tables(run: PathRun) -> list[Any]:
    """Return welfare by year, what it is worth, and when a loss is made up for, by path."""
    import numpy as np

    from cge.indicators.present_value import break_even, present_value
    from cge.results.path_years import rates, welfare

    last = len(run.cases[0].years)
    years = sorted({n for n in (*YEARS, last) if n <= last})
    header = ["EV, %", *(f"year\n{n}" for n in years), "present\nvalue", "break-even\nyear"]
    names = [*run.benchmark.regions, "World"]
    several = any(case.returns != "central" for case in run.cases)
    tables = []
    for case in run.cases:
        variation, absorption = welfare(case)
        variation = np.column_stack([variation, variation.sum(axis=1)])
        absorption = np.column_stack([absorption, absorption.sum(axis=1)])
        percent = 100 * variation / absorption
        worth, whole = (present_value(s, *rates(case)).total for s in (variation, absorption))
        rows = [
            [names[n], *(f"{percent[y - 1, n]:.2f}" for y in years),
             f"{100 * worth[n] / whole[n]:.2f}", break_even(percent[:, n]).text]
            for n in _shown(case)
        ]  # fmt: skip
        title = f"Elasticities: {case.elasticities}"
        title += f"; variant: {case.variant}" if case.variant else ""
        title += f"; returns to research: {case.returns}" if several else ""
        tables.append(screen.table(title, header, rows))
    return tables


def _shown(case: PathCase) -> list[int]:
    """Return the regions that the policy of a path names, all where it names none; the world."""
    benchmark = case.years[0].solution.model.benchmark
    regions = benchmark.regions
    named: set[str] = set()
    content = case.scenario.model_dump(include={"policy", "knowledge", "responses"})
    for one in (one for part in content.values() for one in part):
        for word in _NAMING:
            value = one.get(word)
            # A quota's `to` is a number, and "all" would not tell one from another.
            if isinstance(value, (str, list)) and value != "all":
                named.update(benchmark.codes("regions", value, word))
    chosen = [n for n, code in enumerate(regions) if code in named]
    return [*(chosen or range(len(regions))), len(regions)]


@contextmanager
def _progress(state: dict[str, int]) -> Iterator[YearReport]:
    """Show years done and time left on a terminal's error stream; stay quiet in a pipe.

    What an earlier attempt left is told in both. `state` holds the latest count.
    """
    with screen.counting("years") as (_err, bar, task):

        def count(what: str, done: int, of: int) -> None:
            state.update(done=done, all=of)
            bar.update(task, description=what, completed=done, total=of)

        yield count
