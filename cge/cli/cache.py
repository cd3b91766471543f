"""`cge cache`: finished work and compiled models."""

from __future__ import annotations

import datetime
import shutil

import click

from cge.cli.main import CONTEXT
from cge.tasks.store import LIMIT, Store, default_folder


@click.group("cache", context_settings=CONTEXT, invoke_without_command=True)
@click.pass_context
def cache(ctx: click.Context) -> None:
    """Show what is kept of finished work and compiled models, and where.

    Example:  cge cache
    """
    if ctx.invoked_subcommand is not None:
        return
    folder = default_folder()
    print(folder)
    for name, what, limit in (
        ("work", "finished work", LIMIT), ("compiled", "compiled models", None),
    ):  # fmt: skip
        files = Store(folder / name).files()
        size = sum(path.stat().st_size for path in files)
        told = f"{what}: {len(files)} files, {size / 1e6:.1f} MB"
        if limit:
            told += f" of at most {limit / 1e6:.0f}"
        if files:
            oldest = min(path.stat().st_mtime for path in files)
            told += f", the oldest of {datetime.date.fromtimestamp(oldest)}"
        print(told)


@cache.command("clear")
@click.option("--models", is_flag=True, help="Also the compiled models.")
def clear(models: bool) -> None:
    """Remove finished work.

    Example:  cge cache clear
    """
    store = Store(default_folder() / "work")
    size = store.size()
    store.clear()
    if models:
        shutil.rmtree(default_folder() / "compiled", ignore_errors=True)
    print(f"{size / 1e6:.1f} MB of finished work removed")
