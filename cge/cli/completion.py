"""`cge completion`: commands and options completed by the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cge.cli.main import CONTEXT


@click.command("completion", context_settings=CONTEXT)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    Example:  cge completion bash > ~/.local/share/bash-completion/completions/cge
    """
    from cge.cli.main import app

    made = get_completion_class(shell)
    assert made is not None
    print(made(app, {}, "cge", "_CGE_COMPLETE").source())
