"""One command for each kind of study, made of its options and of keys of its scenario."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from cge.cli import screen
from cge.cli.main import CONTEXT
from cge.core.errors import InputError, refuse_if, retold
from cge.results.folder import HOME, check_folder, is_ours, locked
from cge.scenario.schema import Scenario
from cge.studies.listing import listed, study_class
from cge.studies.study import Study, option_fields
from cge.tasks.runner import Runner
from cge.tasks.store import default_folder

#: Flags that every study has for keys of its scenario.
SHARED: Mapping[str, tuple[str, Any, str]] = {
    "aggregation": ("benchmark.aggregation", str,
                    "default, small, full, or an aggregation file."),
    "year": ("benchmark.year", int, "Benchmark year."),
    "elasticities": ("elasticities", tuple[str, ...], "Elasticity set or file."),
    "variant": ("variants", tuple[str, ...], "Only this variant."),
}  # fmt: skip


def command_of(kind: str) -> click.Command:
    """Command of a kind of study."""
    made = study_class(kind)
    params: list[click.Parameter] = [
        click.Argument(["scenario"], nargs=-1 if made.several else 1, required=not made.several)
    ]
    params += [_flag(name, kind, told, None) for name, (_, kind, told) in SHARED.items()]
    params += [_of_key(key) for key in made.keys]
    hints = typing.get_type_hints(made)
    params += [_flag(f.name, hints[f.name], f.metadata["help"],
                     None if f.default is MISSING else f.default)
               for f in option_fields(made)]  # fmt: skip
    params += [
        click.Option(["--set", "assignments"], multiple=True, metavar="KEY=VALUE",
                     help="Any other key of the scenario: path.years=5; may be repeated."),
        click.Option(["--out"], type=click.Path(path_type=Path), help="Output folder."),
        click.Option(["--figure"], is_flag=True, help="Also draw figure.svg and figure.pdf."),
        click.Option(["--workers"], type=int, help="Processes; default: the number of cores."),
        click.Option(["--scheduler"], help="Address of a Dask scheduler, whose workers solve."),
        click.Option(["--fresh"], is_flag=True, help="Do again what is kept of earlier work."),
        click.Option(["--cache/--no-cache"], default=True,
                     help="Keep finished work and compiled models between runs."),
        click.Option(["--quiet", "-q"], is_flag=True, help="Print nothing but errors."),
    ]  # fmt: skip

    def callback(**given: Any) -> None:
        _run(made, given)

    text = inspect.cleandoc(made.__doc__ or "").split("\n\nParameters\n")[0]
    example = f"Example:  cge {made.command} {made.example}"
    text = f"{text}\n\n\b\n{example}".replace("``", "`")  # \b: not to be broken
    return click.Command(
        made.command, params=params, callback=callback, help=text, context_settings=CONTEXT,
        short_help=listed()[made.command].meaning,
    )  # fmt: skip


def _run(made: type[Study], given: dict[str, Any]) -> None:
    """Run a study as the command line says, write and print its results."""
    from cge.api import Results, study_from
    from cge.report.summary import files
    from cge.results.folder import write
    from cge.studies.study import run_study

    scenario, quiet = given["scenario"], given["quiet"]
    changes, flags = _changes(made, given)
    source = click.get_current_context().get_parameter_source
    options = {f.name: given[f.name] for f in option_fields(made)
               if source(f.name) is click.core.ParameterSource.COMMANDLINE}  # fmt: skip
    flags |= {name: f"--{name.replace('_', '-')}" for name in (*options, "workers", "scheduler")}
    with retold(lambda error: _at_flag(error, flags)):
        runner = Runner(given["workers"], given["scheduler"],
                        default_folder() if given["cache"] else None, given["fresh"])  # fmt: skip
        study = study_from(scenario, made.kind, changes, options)
        folder = given["out"] or HOME / study.folder
        check_folder(folder)
        earlier = is_ours(folder)
        with locked(folder):
            try:
                with screen.progress(quiet) as report:
                    runner.report = report
                    found = run_study(study, runner)
            except KeyboardInterrupt:
                raise click.Abort(_interrupted(runner)) from None
            results = Results(found.rows, found.manifest)
            write(results, folder, files(results, given["figure"]))
    if not quiet:
        _print(results, folder, earlier, runner)


def _changes(made: type[Study], given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Changes of the scenario by key, and the flag by which each was given."""
    from cge.core.files import yaml_value

    changes: dict[str, Any] = {}
    flags: dict[str, str] = {}
    keys = {name: key for name, (key, *_) in SHARED.items()}
    keys |= {key.rpartition(".")[2]: key for key in made.keys}
    for name, key in keys.items():
        value = given.get(name)
        if value not in (None, ()):
            changes[key] = list(value) if isinstance(value, tuple) else value
            flags[key] = f"--{name.replace('_', '-')}"
    for assignment in given["assignments"]:
        key, equals, text = assignment.partition("=")
        refuse_if(not equals or not key.strip(), "is no assignment", key="--set", value=assignment,
                  allowed="KEY=VALUE, for instance path.years=5")  # fmt: skip
        try:
            changes[key.strip()] = yaml_value(text)
        except InputError as error:
            raise InputError(error.problem, key="--set", value=assignment) from None
        flags[key.strip()] = f"--set {key.strip()}"
    return changes, flags


def _at_flag(error: InputError, flags: dict[str, str]) -> InputError:
    """The error at the flag by which the value was given."""
    key = error.key or ""
    for known, flag in flags.items():
        unknown = error.problem.startswith("unknown key") and known.startswith(f"{key}.")
        if key == known or key.startswith(f"{known}.") or unknown:
            rest = key[len(known) :] if flag.startswith("--set ") else ""
            return error.moved(flag + rest)
    return error


def _interrupted(runner: Runner) -> str:
    done = runner.done + runner.kept
    if not done or runner.cache is None:
        return "interrupted; nothing was written"
    return (f"interrupted; {done} of {runner.total} steps are kept in the cache, the same command "
            "goes on from there (`cge cache` shows what it holds)")  # fmt: skip


def _print(results: Any, folder: Path, earlier: bool, runner: Runner) -> None:
    from cge.report.format.screen_table import on_screen
    from cge.report.summary import accepted, notes, pages

    console = screen.console()
    shown = pages(results)
    console.print(results.scenario.get("title") or results.name, style="bold")
    for page in shown:
        for part in on_screen(replace(page, notes=(), names={}), console.width):
            console.print(part)
    for line in [*notes(shown), accepted(results)]:
        if line:
            console.print(f"- {line}")
    kept = f", {runner.kept} of them from earlier work" if runner.kept else ""
    console.print(f"{runner.total} steps{kept}; {results.manifest['seconds']:.0f} s")
    replaced = " in place of earlier results" if earlier else ""
    console.print(f"Written to {folder}{replaced}", soft_wrap=True)


# -- flags


@lru_cache(maxsize=64)
def _of_key(key: str) -> click.Option:
    """Flag of a key of the scenario, from its schema."""
    model: Any = Scenario
    *above, last = key.split(".")
    for part in above:
        model = _plain(model.model_fields[part].annotation)[0]
    return _flag(last, model.model_fields[last].annotation, _told(model, last), None)


def _told(model: Any, name: str) -> str:
    """Sentence that documents a parameter, from the docstring of its class."""
    found = re.search(rf"^( *){name} :.*\n((?:\1 +.*\n|\s*\n)*)", model.__doc__ or "", re.M)
    return " ".join(found[2].split()) if found else ""


def _plain(kind: Any) -> Sequence[Any]:
    """Alternatives of a type, annotations and None taken off."""
    if get_origin(kind) in (typing.Union, types.UnionType):
        return [one for part in get_args(kind) for one in _plain(part)]
    if get_origin(kind) is typing.Annotated:
        return _plain(get_args(kind)[0])
    return [] if kind is types.NoneType else [kind]


def _flag(name: str, kind: Any, told: str, default: Any) -> click.Option:
    flag = f"--{name.replace('_', '-')}"
    kinds = _plain(kind)
    lists = [one for one in kinds if get_origin(one) in (list, tuple)]
    if bool in kinds:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=default, help=told)
    words = [str(a) for one in kinds if get_origin(one) is Literal for a in get_args(one)]
    each = [one for kind in lists for part in get_args(kind) for one in _plain(part)] or kinds
    inner: Any = str
    if not words:
        inner = next((one for one in (int, float) if one in each and str not in each), str)
    told = told.replace("``", "`") + (" May be repeated." if lists else "")
    return click.Option([flag, name], type=inner, multiple=bool(lists), default=default, help=told)
