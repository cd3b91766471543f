"""`cge stress`: a scenario put to the test of disruptions."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cge.cli import screen
from cge.cli.run_command import _from_here, _override, _told
from cge.core.errors import InputError, NoEquilibrium

if TYPE_CHECKING:
    from cge.experiments.path import YearReport
    from cge.scenario.schema import Scenario


def stress(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    library: Annotated[
        str | None, typer.Option(help="File of disruptions; default: the one that ships.")
    ] = None,
    years: Annotated[
        str | None, typer.Option(help="Years of a path to test, separated by commas.")
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Of the conditional value at risk, 0 to 1.")
    ] = None,
    given_balances: Annotated[
        bool, typer.Option("--given-balances", help="Regions do not lend within the year.")
    ] = False,
    premium: Annotated[
        list[str] | None,
        typer.Option(help="Of backstops: low, high, or SECTOR=2.5; may be repeated."),
    ] = None,
    backstop: Annotated[
        str | None, typer.Option(help="Sectors with backstops, separated by commas, or none.")
    ] = None,
    trickle: Annotated[
        float | None, typer.Option(help="Part of a volume that a total ban lets through.")
    ] = None,
    links: Annotated[
        str | None,
        typer.Option(help="Importers of which every link to a supplier is cut, by commas."),
    ] = None,
    leverage: Annotated[
        bool, typer.Option("--leverage", help="Also who could withhold what from whom.")
    ] = False,
    recovery: Annotated[
        int | None, typer.Option(help="Years to solve after each disruption has ended.")
    ] = None,
    returns: Annotated[
        list[str] | None,
        typer.Option(help="Returns to research of a path: low, central or high; may be repeated."),
    ] = None,
    exposure: Annotated[
        bool, typer.Option(help="Also report exposure to partners, for which nothing is solved.")
    ] = True,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: the number of cores.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, whose workers then solve.")
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
    fresh: Annotated[
        bool, typer.Option(help="Start over instead of going on with an interrupted test.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Keep compiled models between runs.")] = True,
) -> None:
    """Solve every disruption of a library from a scenario and from the world without it.

    The same command goes on where it was interrupted. Results do not depend on --workers.

    Example:  cge stress us-china-tariff-war --aggregation small
    """
    from cge.cli.path_command import _with_path
    from cge.experiments.stress import run_stress
    from cge.results import stress_summary, stress_tidy
    from cge.results import stress_write as target
    from cge.results.folder import WORK
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.solve.cache import default_folder

    file = find_scenario(scenario)
    options = {"aggregation": aggregation, "year": year, "elasticities": elasticities}
    given = {name: value for name, value in options.items() if value is not None and value != []}
    own: dict[str, Any] = {
        "library": None if library is None else _from_here(library),
        "years": None if years is None else _whole_numbers(years),
        "level": level, "lending": False if given_balances else None,
        "premium": _premium(premium or []), "trickle": trickle, "recovery": recovery,
        "links": None if links is None else [p.strip() for p in links.split(",")],
        "leverage": leverage or None,
        "backstop": None if backstop is None else [p.strip() for p in backstop.split(",")],
    }  # fmt: skip
    if own["backstop"] == ["none"]:
        own["backstop"] = "none"
    own = {name: value for name, value in own.items() if value is not None}
    state: dict[str, Any] = {}
    try:
        chosen = load_scenario(file)
        chosen = _with_path(chosen, {"returns": returns} if returns else {})
        chosen = _override(_with_stress(chosen, own), given)
        folder = out or target.default_folder(chosen.name)
        target.check_folder(folder)
        keep = folder / f"{WORK}stress"
        with _progress(state) as report:
            run = run_stress(
                chosen,
                workers=workers,
                solver=solver,  # type: ignore[arg-type]
                cache_folder=default_folder() if cache else None,
                folder=file.parent, keep=keep, fresh=fresh, scheduler=scheduler,
                describe=stress_tidy.exposure if exposure else None, report=report,
            )  # fmt: skip
    except InputError as error:
        raise _located(error, own, bool(returns), file, {*given, "solver", "workers"}) from None
    except NoEquilibrium as error:
        raise NoEquilibrium(f"{error}{_kept(state)}") from None
    except KeyboardInterrupt:
        print(f"cge: interrupted{_kept(state) or '; nothing was written'}", file=sys.stderr)
        raise SystemExit(130) from None
    notes = target.write_stress(run, folder)
    shutil.rmtree(keep, ignore_errors=True)
    console = screen.console()
    console.print(chosen.title or chosen.name, style="bold")
    for table in stress_summary.tables(run, _named(run.scenario, run.benchmark)):
        console.print(screen.table(table.title, table.header, table.rows))
    for line in notes:
        console.print(f"- {line}")
    count = len(run.disruptions) * len(run.cases)
    kept = f", {run.resumed} tasks of an interruption kept" if run.resumed else ""
    console.print(
        f"{len(run.disruptions)} disruptions from {len(run.cases)} equilibria, {count} in all"
        f"{kept}; {run.seconds:.0f} s, {run.seconds_stages:.0f} of them for the equilibria"
    )
    console.print(f"Written to {folder}", soft_wrap=True)


def _whole_numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
        raise InputError("is no list of years", key="--years", value=text,
                         allowed="whole numbers separated by commas, say 1,10")  # fmt: skip
    return sorted({int(part) for part in parts})


def _premium(given: list[str]) -> str | dict[str, float] | None:
    """Return a level, or premiums by sector."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    found = {}
    for text in given:
        name, sign, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            sign = ""
        if not sign:
            raise InputError("is no premium", key="--premium", value=text,
                             allowed="low, central, high, or SECTOR=2.5")  # fmt: skip
    return found


def _with_stress(chosen: Scenario, own: dict[str, Any]) -> Scenario:
    """Return the scenario with what the command line says of its test."""
    from cge.core.files import validate
    from cge.scenario.schema import Scenario

    if not own:
        return chosen
    content = chosen.model_dump(by_alias=True, exclude_unset=True)
    content["stress"] = {**(content.get("stress") or {}), **own}
    changed = validate(Scenario, content, None)
    changed._places.update(chosen._places)
    return changed


def _located(
    error: InputError, own: dict[str, Any], returns: bool, file: Path, given: set[str]
) -> InputError:
    """Return the error with the place where the user wrote what is wrong."""
    key = error.key or ""
    if key == "path.returns" and returns:
        return error.moved("--returns")
    if key == "scheduler":
        return error.moved("--scheduler")
    name = key.removeprefix("stress.").split(".")[0]
    if key.startswith("stress.") and name in own and error.file is None:
        return error.moved("--given-balances" if name == "lending" else f"--{name}")
    if error.file is not None:
        return error
    return _told(error, file, given)


def _named(scenario: Scenario, benchmark: Any) -> list[str]:
    """Return the regions that a scenario names, all where it names none."""
    from cge.cli.path_command import _NAMING
    from cge.scenario.variants import members

    named: set[str] = set()
    if scenario.stress is not None and scenario.stress.home is not None:
        named.add(scenario.stress.home)
    for member in members(scenario):
        content = member.scenario.model_dump(include={"policy", "knowledge", "responses"})
        for one in (one for part in content.values() for one in part):
            for word in _NAMING:
                value = one.get(word)
                if isinstance(value, (str, list)) and value != "all":
                    named.update(benchmark.codes("regions", value, word))
    return [code for code in benchmark.regions if code in named] or list(benchmark.regions)


def _kept(state: dict[str, Any]) -> str:
    """Return what an end before the end leaves."""
    if not state.get("done"):
        return ""
    return (
        f"; {state['done']} of {state['all']} {state['what']} are kept, the same command goes on "
        "from there"
    )


@contextmanager
def _progress(state: dict[str, Any]) -> Iterator[YearReport]:
    """Show what is done and the time left on a terminal's error stream; quiet in a pipe."""
    with screen.counting("steps", "reading") as (_err, bar, task):

        def count(what: str, done: int, of: int) -> None:
            if what == "disruptions" and state.get("what") != "groups of disruptions":
                bar.reset(task, total=of, completed=done, description=what)
            told = "groups of disruptions" if what == "disruptions" else "years"
            state.update(done=done, all=of, what=told)
            bar.update(task, description=what, completed=done, total=of or None)

        yield count
