"""The command `cge`."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import typer

from cge.cli import (
    calibrate,
    check,
    data,
    figure_command,
    frontier_command,
    headline_command,
    path_command,
    run_command,
    stress_command,
    table_command,
)
from cge.core.errors import CgeError

#: Base class of what typer raises for a wrong command line, whatever version it is.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    help="An open multi-region CGE model of trade and industrial policy on real data.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run_command.run)
app.command("path")(path_command.path)
app.command("stress")(stress_command.stress)
app.command("headline")(headline_command.headline)
app.command("frontier")(frontier_command.frontier)
app.command("check")(check.check)
app.command("calibrate")(calibrate.calibrate)
app.command("table")(table_command.table)
app.command("figure")(figure_command.figure)
app.add_typer(data.app, name="data")


def run() -> None:
    """Run the command line; an error a user can meet becomes one message and a code."""
    for stream in (sys.stdout, sys.stderr):  # a name the terminal can not show is no error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            # A solution is judged by what it is, not by what overflowed on the way to it.
            warnings.simplefilter("ignore", RuntimeWarning)
            code = app(standalone_mode=False)
    except CgeError as error:
        raise _end(error, error.exit_code) from None
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a page of help, not a fault
            error.show()
            raise SystemExit(2) from None
        raise _end(error.format_message(), 2) from None
    except (KeyboardInterrupt, typer.Abort):
        raise _end("interrupted; nothing was written", 130) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise _end(f"{where}{error.strerror or error}", 2) from None
    if code == 130:  # what typer makes of an interrupt
        raise _end("interrupted; nothing was written", 130)
    raise SystemExit(code or 0)


def _end(message: object, code: int) -> SystemExit:
    print(f"cge: {' '.join(str(message).splitlines())}", file=sys.stderr)
    return SystemExit(code)
