"""`cge sens`: systematic sensitivity of a scenario to its elasticities."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cge.cli import screen
from cge.cli.run_command import _override, _told
from cge.core.errors import InputError

if TYPE_CHECKING:
    from cge.experiments.parallel import Count

#: Options whose name is the key of an error.
_OPTIONS = ("design", "distribution", "correlation", "seed", "measures", "workers", "solver")


def sens(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    n: Annotated[int, typer.Option("-n", "--draws", help="Draws for each elasticity set.")] = 200,
    design: Annotated[
        str, typer.Option(help="latin-hypercube, monte-carlo, or stroud (sets its own draws).")
    ] = "latin-hypercube",
    distribution: Annotated[str, typer.Option(help="triangular or uniform.")] = "triangular",
    correlation: Annotated[
        float, typer.Option(help="Rank correlation between the values of a nest, 0 to 1.")
    ] = 0.0,
    split: Annotated[
        bool, typer.Option(help="Draw sectors apart even where they use one published value.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 1,
    measures: Annotated[
        str | None, typer.Option(help="Results to report, separated by commas.")
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
    solver: Annotated[str, typer.Option(help="newton or ipopt.")] = "newton",
    figure: Annotated[
        bool, typer.Option(help="Also draw the intervals: figure.svg and figure.pdf.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option(help="Start over instead of going on with an interrupted study.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Solve a scenario under many draws of its elasticities, and write how sure its results are.

    The same command goes on where it was interrupted. Results do not depend on --workers.

    Example:  cge sens us-china-tariff-war --aggregation small -n 10
    """
    from cge.experiments.designs import Design
    from cge.experiments.draw import DEFAULT_MEASURES
    from cge.experiments.sensitivity import run_sensitivity
    from cge.results import sensitivity_folder as target
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.solve.cache import default_folder

    path = find_scenario(scenario)
    options = {"aggregation": aggregation, "year": year, "elasticities": elasticities}
    given = {name: value for name, value in options.items() if value is not None and value != []}
    state: dict[str, int] = {}
    try:
        drawn = Design(design, n, distribution, correlation, seed, split)
        chosen = _override(load_scenario(path), given)
        folder = out or target.default_folder(chosen.name)
        target.check_folder(folder)
        with _progress(state) as report:
            study = run_sensitivity(
                chosen, drawn,
                measures=DEFAULT_MEASURES if measures is None else _listed(measures),
                workers=workers,
                solver=solver,  # type: ignore[arg-type]
                cache_folder=default_folder() if cache else None,
                folder=path.parent, keep=folder / target.KEPT, fresh=fresh, report=report,
            )  # fmt: skip
    except InputError as error:
        if error.key == "n":
            raise error.moved("-n") from None
        raise _told(error, path, {*given, *_OPTIONS}) from None
    except KeyboardInterrupt:
        raise _interrupted(state) from None
    shown, notes = target.write_sensitivity(study, folder, figure=figure)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold")
    for table in shown:
        header = [cell.replace(", ", "\n") for cell in table.header]
        drawn_table = screen.table(table.title, header, table.rows)
        if "largest" in "".join(table.header):
            drawn_table.columns[1].justify = "left"
        console.print(drawn_table)
    for line in notes:
        console.print(f"- {line}")
    draws = sum(len(one.points) for one in study.sets)
    kept = f", {study.resumed} of them before an interruption" if study.resumed else ""
    console.print(f"{draws} draws{kept}; {study.seconds:.0f} s with {study.workers} workers")
    console.print(f"Written to {folder}", soft_wrap=True)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _interrupted(state: dict[str, int]) -> SystemExit:
    """Tell what an interrupt leaves; not the message of commands that leave nothing."""
    if state.get("done"):
        told = (
            f"{state['done']} of {state['all']} draws are kept; the same command goes on from there"
        )
    else:
        told = "nothing was written"
    print(f"cge: interrupted; {told}", file=sys.stderr)
    return SystemExit(130)


@contextmanager
def _progress(state: dict[str, int]) -> Iterator[Count]:
    """Show draws done and time left on a terminal's error stream; stay quiet in a pipe.

    What an earlier attempt left is told in both. `state` holds the latest count.
    """
    with screen.counting("draws", "calibrating and compiling") as (err, bar, task):

        def count(done: int, of: int) -> None:
            if not state and done:
                err.print(f"Going on: {done} of {of} draws were done before", soft_wrap=True)
            if not state:
                bar.reset(task, total=of, completed=done, description="solving")
            state.update(done=done, all=of)
            bar.update(task, completed=done)

        yield count
