"""A study as the command line runs it: from what was given to results written and shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cge.api import Results, study_from
from cge.cli import screen
from cge.cli.study_commands import shared_by
from cge.core.errors import InputError, refuse_if, retold
from cge.core.files import yaml_value
from cge.report.format.screen_table import on_screen
from cge.report.summary import accepted, files, notes, pages
from cge.results.folder import write
from cge.results.run_folder import HOME, check_folder, is_ours, locked
from cge.studies.listing import Listed
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.tasks.store import default_folder


def run_command(made: Listed, **given: Any) -> None:
    """Run a study as the command line says, write and print its results."""
    scenario, quiet = given["scenario"], given["quiet"]
    changes, flags = _changes(made, given)
    source = click.get_current_context().get_parameter_source
    options = {one.name: given[one.name] for one in made.options
               if source(one.name) is click.core.ParameterSource.COMMANDLINE}  # fmt: skip
    flags |= {name: f"--{name.replace('_', '-')}" for name in (*options, "workers", "scheduler")}
    with retold(lambda error: _at_flag(error, flags)):
        runner = Runner(given["workers"], given["scheduler"],
                        default_folder() if given["cache"] else None, given["fresh"],
                        beyond=given["yes"])  # fmt: skip
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
            try:
                write(results, folder, files(results, given["figure"]))
            except KeyboardInterrupt:
                raise click.Abort(f"interrupted while {folder} was written: it holds the earlier "
                                  "results or the new ones") from None  # fmt: skip
    if not quiet:
        _print(results, folder, earlier, runner)


def _changes(made: Listed, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Changes of the scenario by key, and the flag by which each was given."""
    changes: dict[str, Any] = {}
    flags: dict[str, str] = {}
    keys = {name: key for name, (key, *_) in shared_by(made).items()}
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
