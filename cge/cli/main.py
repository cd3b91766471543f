"""The command `cge`."""

from __future__ import annotations

import sys

import typer

from cge.cli import calibrate, check, data, run_command
from cge.errors import CgeError

app = typer.Typer(
    help="An open multi-region CGE model of trade and industrial policy on real data.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run_command.run)
app.command("check")(check.check)
app.command("calibrate")(calibrate.calibrate)
app.add_typer(data.app, name="data")


def run() -> None:
    """Run the command line; an error a user can meet becomes one message and a code."""
    try:
        app()
    except CgeError as error:
        print(f"cge: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("cge: interrupted; nothing was written", file=sys.stderr)
        raise SystemExit(130) from None
