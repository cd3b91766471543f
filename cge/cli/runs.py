"""`cge runs`: what has been run."""

from __future__ import annotations

from pathlib import Path

import click

from cge.cli import screen
from cge.cli.main import CONTEXT, PLACE
from cge.core.errors import refuse_if
from cge.results.run_folder import HOME, manifests


@click.command("runs", context_settings=CONTEXT)
@click.argument("folder", required=False, type=PLACE)
def runs(folder: Path | None) -> None:
    """List the runs in a folder, default results/runs.

    Example:  cge runs
    """
    place = folder or HOME
    refuse_if(place.is_file(), "is a file, not a folder", file=place)
    refuse_if(folder is not None and not folder.is_dir(), "no such folder", file=folder)
    rows = [
        [path.name, str(told["spec"].get("study", "")), str(told.get("date", ""))[:10],
         str(told["spec"].get("scenario", {}).get("title", ""))]
        for path, told in manifests(place)
    ]  # fmt: skip
    if not rows:
        print(f"no runs in {place}")
        return
    header = ["folder", "study", "date", "title"]
    screen.console().print(screen.table("", header, rows, numbers=False))
