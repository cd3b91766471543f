"""The command `cge`."""

from __future__ import annotations

import importlib
import io
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from cge.core.errors import CONTROL, CgeError, close_name
from cge.core.typed import at_home
from cge.studies.listing import listed

#: Commands that are no studies: where each is defined, and what it does.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "table": ("pages", "Make a table of one or several runs, notes included."),
    "figure": ("pages", "Draw one or several runs."),
    "report": ("pages", "Make one file for a browser of one or several runs."),
    "runs": ("runs", "List the runs in a folder."),
    "check": ("check", "Check replication, homogeneity, Walras' law, zero profit, two solvers."),
    "data": (
        "data",
        "Show what is calibrated, single rates and flows; download published tables.",
    ),
    "calibrate": ("calibrate", "Make a benchmark of your own table."),
    "convert": ("convert", "Turn header array (HAR) files of GEMPACK into tables, and back."),
    "parity": ("parity", "Hold a folder of GTAP data against results of the standard GTAP model."),
    "cache": ("cache", "Show or clear what is kept of finished work."),
    "completion": ("main", "Print the script that completes commands in a shell."),
}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Place(click.Path):
    """A file or folder; ``~`` is the home, also where no shell has put that in its place."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = str(super().convert(value, param, ctx))
        option = isinstance(param, click.Option)
        key = None if param is None else param.opts[0] if option else str(param.name).upper()
        return at_home(path, key=key, value=path)


#: Type of an argument or option that is a file or folder.
PLACE = _Place(path_type=Path)


def with_options(*given: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Options and arguments that several commands share, as one decorator."""
    return lambda function: reduce(lambda made, one: one(made), reversed(given), function)


def done_by(module: str) -> Callable[[Any], Any]:
    """Leave what a command does to the function of its name in a module of this room.

    It is imported when the command is called: help is there without it.
    """

    def left(declared: Any) -> Any:
        @wraps(declared)
        def call(*first: Any, **given: Any) -> Any:
            doing = importlib.import_module(f"cge.cli.{module}")
            return getattr(doing, declared.__name__)(*first, **given)

        return call

    return left


class Commands(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names: the studies first."""
        return [*listed(), *COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One command, None where there is none of that name."""
        if name in COMMANDS:
            module = importlib.import_module(f"cge.cli.{COMMANDS[name][0]}")
            return getattr(module, name)
        if name in listed():
            from cge.cli.study_commands import command_of

            return command_of(listed()[name])
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or suggest one that is written alike."""
        if args and self.get_command(ctx, args[0]) is None:
            near = close_name(args[0], self.list_commands(ctx))
            hint = f" Did you mean '{near}'?" if near else ""
            raise click.UsageError(f"no such command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        for title, rows in (
            ("Studies", [(name, one.meaning) for name, one in listed().items()]),
            ("Commands", [(name, told) for name, (_, told) in COMMANDS.items()]),
        ):
            with formatter.section(title):
                formatter.write_dl(rows)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import cge

        print(f"cge {cge.__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings=CONTEXT, no_args_is_help=True)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
              help="Print the version and stop.")  # fmt: skip
def app() -> None:
    """An open multi-region CGE model of trade and industrial policy on real data."""


@click.command("completion", context_settings=CONTEXT)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    Example:  cge completion bash > ~/.local/share/bash-completion/completions/cge
    """
    made = get_completion_class(shell)
    assert made is not None
    print(made(app, {}, "cge", "_CGE_COMPLETE").source())


def run() -> None:
    """Run the command line; an error a user can meet becomes one message and a code."""
    for stream in (sys.stdout, sys.stderr):  # a name the terminal can not show is no error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            # A solution is judged by what it is, not by what overflowed on the way to it.
            warnings.simplefilter("ignore", RuntimeWarning)
            # A worker that has grown by a model is replaced by a new one.
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            code: Any = app(prog_name="cge", standalone_mode=False)
    except CgeError as error:
        raise _end(error, error.exit_code) from None
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        raise SystemExit(2) from None
    except click.ClickException as error:
        raise _end(error.format_message(), 2) from None
    except (KeyboardInterrupt, click.Abort) as error:
        raise _end(str(error) or "interrupted", 130) from None
    except BrokenPipeError:  # the reader of a pipe has gone
        raise SystemExit(1) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise _end(f"{where}{error.strerror or error}", 2) from None
    raise SystemExit(code or 0)


def _end(message: object, code: int) -> SystemExit:
    line = CONTROL.sub("?", " ".join(str(message).splitlines()))
    print(f"cge: {line}", file=sys.stderr)
    return SystemExit(code)
