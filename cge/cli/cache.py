"""`cge cache`: finished work."""

from __future__ import annotations

import datetime

import click

from cge.cli.main import CONTEXT
from cge.tasks.store import LIMIT, Store, default_folder


@click.group("cache", context_settings=CONTEXT, invoke_without_command=True)
@click.pass_context
def cache(ctx: click.Context) -> None:
    """Show what is kept of finished work, and where.

    Example:  cge cache
    """
    if ctx.invoked_subcommand is not None:
        return
    print(default_folder())
    files = Store(default_folder() / "work").files()
    size = sum(path.stat().st_size for path in files)
    told = f"finished work: {len(files)} files, {size / 1e6:.1f} MB of at most {LIMIT / 1e6:.0f}"
    if files:
        oldest = min(path.stat().st_mtime for path in files)
        told += f", the oldest of {datetime.date.fromtimestamp(oldest)}"
    print(told)


@cache.command("clear")
def clear() -> None:
    """Remove finished work.

    Example:  cge cache clear
    """
    store = Store(default_folder() / "work")
    size = store.size()
    store.clear()
    print(f"{size / 1e6:.1f} MB of finished work removed")
