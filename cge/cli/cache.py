"""`cge cache`: finished work."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

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
    store = Store(default_folder() / "work")
    files, size, drafts = store.files(), store.size(), store.drafts()
    told = f"finished work: {len(files)} files, {size / 1e6:.1f} MB of at most {LIMIT / 1e6:.0f}"
    if files:
        oldest = min(path.stat().st_mtime for path in files)
        told += f", the oldest of {datetime.date.fromtimestamp(oldest)}"
    print(told)
    if drafts:
        print(f"{len(drafts)} of them are drafts of commands at work, or of such as were killed: "
              "they go after a day")  # fmt: skip
    others = _others()
    if others:
        names = ", ".join(path.name for path in others)
        print(f"of earlier versions: {names}; `cge cache clear` removes it")


def _others() -> list[Path]:
    """What else is in the cache folder."""
    folder = default_folder()
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.name != "work")


@cache.command("clear")
def clear() -> None:
    """Remove finished work, and what earlier versions kept.

    Example:  cge cache clear
    """
    store = Store(default_folder() / "work")
    size = store.size()
    store.clear()
    for path in _others():
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    print(f"{size / 1e6:.1f} MB of finished work removed")
