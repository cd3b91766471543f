"""One command for each kind of study, made of its options and of keys of its scenario."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from functools import lru_cache, partial
from typing import Any, Literal, get_args, get_origin

import click

from cge.cli.main import CONTEXT, PLACE, done_by
from cge.studies.listing import Listed

#: Flags that every study has for keys of its scenario.
SHARED: Mapping[str, tuple[str, Any, str]] = {
    "table": ("benchmark.table", str,
              "world2022 (estimated), wiod2013, wiod2014, or a benchmark folder."),
    "aggregation": ("benchmark.aggregation", str,
                    "default, small, full, or an aggregation file."),
    "year": ("benchmark.year", int, "Benchmark year."),
    "elasticities": ("elasticities", tuple[str, ...], "Elasticity set or file."),
    "variant": ("variants", tuple[str, ...], "Only this variant."),
}  # fmt: skip


def shared_by(made: Listed) -> dict[str, tuple[str, Any, str]]:
    """Those that a study has for keys of its scenario, not as an option of its own."""
    own = {one.name for one in made.options}
    return {name: told for name, told in SHARED.items() if name not in own}


@done_by("study_run")
def run_command(made: Listed, **given: Any) -> None:
    """Run a study as the command line says, write and print its results."""


def command_of(made: Listed) -> click.Command:
    """Command of a kind of study."""
    params: list[click.Parameter] = [
        click.Argument(["scenario"], nargs=-1 if made.several else 1, required=not made.several)
    ]
    params += [_flag(name, kind, told, None) for name, (_, kind, told) in shared_by(made).items()]
    params += [_of_key(key) for key in made.keys]
    params += [_flag(one.name, one.type, one.help, None if one.default is MISSING else one.default)
               for one in made.options]  # fmt: skip
    params += [
        click.Option(["--set", "assignments"], multiple=True, metavar="KEY=VALUE",
                     help="Any other key of the scenario: path.years=5; may be repeated."),
        click.Option(["--out"], type=PLACE, help="Output folder."),
        click.Option(["--figure"], is_flag=True, help="Also draw figure.svg and figure.pdf."),
        click.Option(["--workers"], type=int, help="Processes; default: the number of cores."),
        click.Option(["--scheduler"], help="Address of a Dask scheduler, whose workers solve."),
        click.Option(["--fresh"], is_flag=True, help="Do again what is kept of earlier work."),
        click.Option(["--cache/--no-cache"], default=True,
                     help="Keep finished work between runs."),
        click.Option(["--yes", "-y"], is_flag=True,
                     help="Do it even if it is more work than usual: above 400 scenarios, or "
                     "100,000 solutions or draws."),
        click.Option(["--quiet", "-q"], is_flag=True, help="Print nothing but errors."),
    ]  # fmt: skip

    text = made.text.split("\n\nParameters\n")[0]
    example = f"Example:  cge {made.command} {made.example}"
    text = f"{text}\n\n\b\n{example}".replace("``", "`")  # \b: not to be broken
    return click.Command(
        made.command, params=params, callback=partial(run_command, made), help=text,
        context_settings=CONTEXT, short_help=made.meaning,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _of_key(key: str) -> click.Option:
    """Flag of a key of the scenario, from its schema."""
    from cge.scenario.schema import Scenario  # a command without keys does without

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
