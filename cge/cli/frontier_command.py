"""`cge frontier`: what resilience costs a region."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cge.cli import screen
from cge.cli.run_command import _from_here
from cge.core.errors import InputError, NoEquilibrium

if TYPE_CHECKING:
    from cge.experiments.frontier_file import FrontierStudy
    from cge.experiments.parallel import Count


def frontier(
    study: Annotated[str, typer.Argument(help="Study file, or the name of a shipped one.")],
    points: Annotated[int | None, typer.Option(help="Points of each frontier.")] = None,
    versions: Annotated[
        str | None,
        typer.Option(help="unilateral, terms_of_trade_neutral, global, separated by commas."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Most that subsidies may cost, a share of GDP.")
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Of the conditional value at risk, from 0 to below 1.")
    ] = None,
    weighting: Annotated[
        str | None, typer.Option(help="Name of the library's weights of families.")
    ] = None,
    library: Annotated[
        str | None, typer.Option(help="File of disruptions; default: the one that ships.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="auto, reduced or full: how it is solved.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: the number of cores.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Output folder.")] = None,
    aggregation: Annotated[
        str | None, typer.Option(help="default, small, full, or an aggregation file.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Benchmark year.")] = None,
    elasticities: Annotated[
        list[str] | None, typer.Option(help="Elasticity set or file; may be repeated.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option(help="Start over instead of going on with an interrupted study.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Find the best policy of a region at each level of risk, and write what resilience costs.

    The same command goes on where it was interrupted. Results do not depend on --workers.

    Example:  cge frontier frontier-china --aggregation small --points 4
    """
    from cge.experiments.frontier import run_frontier
    from cge.experiments.frontier_file import find_study, load_study
    from cge.results import frontier_folder as target
    from cge.solve.cache import default_folder

    path = find_study(study)
    options: dict[str, Any] = {
        "points": points, "budget": budget, "level": level, "weighting": weighting,
        "method": method, "aggregation": aggregation, "year": year,
        "versions": None if versions is None else [p.strip() for p in versions.split(",")],
        "library": None if library is None else _from_here(library),
        "elasticities": elasticities or None,
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    state: dict[str, int] = {}
    try:
        chosen = _override(load_study(path), given)
        folder = out or target.default_folder(chosen.name)
        target.check_folder(folder)
        with _progress(state) as report:
            run = run_frontier(
                chosen, workers=workers, cache_folder=default_folder() if cache else None,
                folder=path.parent, keep=folder / target.KEPT, fresh=fresh, report=report,
            )  # fmt: skip
    except InputError as error:
        raise _told(error, path, {*given, "workers"}) from None
    except NoEquilibrium as error:
        raise NoEquilibrium(f"{error}{_left(state)}") from None
    except KeyboardInterrupt:
        print(f"cge: interrupted{_left(state) or '; nothing was written'}", file=sys.stderr)
        raise SystemExit(130) from None
    shown, notes = target.write_frontier(run, folder)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold")
    for table in shown:
        header = [cell.replace(", ", "\n") for cell in table.header]
        console.print(screen.table(table.title, header, table.rows))
    for line in notes:
        console.print(f"- {line}")
    count = sum(len(one.sweep.points) for one in run.frontiers)
    kept = f", {run.resumed} of them before an interruption" if run.resumed else ""
    console.print(f"{count} points{kept}; {run.seconds:.0f} s with {run.workers} workers")
    console.print(f"Written to {folder}", soft_wrap=True)


def _override(chosen: FrontierStudy, given: dict[str, Any]) -> FrontierStudy:
    """Return the study with what the command line says instead."""
    from cge.core.files import validate
    from cge.experiments.frontier_file import FrontierStudy

    if not given:
        return chosen
    content = chosen.model_dump(by_alias=True, exclude_unset=True)
    benchmark = content.setdefault("benchmark", {})
    for name, value in given.items():
        if name in ("year", "aggregation"):
            benchmark[name] = _from_here(value) if name == "aggregation" else value
        elif name == "elasticities":
            content[name] = [_from_here(one) for one in value]
        else:
            content[name] = value
    return validate(FrontierStudy, content, None)


def _told(error: InputError, path: Path, given: set[str]) -> InputError:
    """Return the error with the place where the user wrote what is wrong."""
    key = (error.key or "").removeprefix("benchmark.")
    if error.file is not None or key.startswith("--"):
        return error
    name = key.split(".")[0]
    return error.moved(f"--{name}") if name in given else error.located(path)


def _left(state: dict[str, int]) -> str:
    """Return what an end before the end leaves."""
    if not state.get("done"):
        return ""
    return (
        f"; {state['done']} of {state['all']} points are kept, the same command goes on from there"
    )


@contextmanager
def _progress(state: dict[str, int]) -> Iterator[Count]:
    """Show points done and time left on a terminal's error stream; stay quiet in a pipe."""
    with screen.counting("points", "calibrating and compiling") as (err, bar, task):

        def count(done: int, of: int) -> None:
            if not state:
                bar.reset(task, total=of, completed=done, description="solving")
                if done:
                    err.print(f"Going on: {done} of {of} points were done before", soft_wrap=True)
            state.update(done=done, all=of)
            bar.update(task, completed=done)

        yield count
