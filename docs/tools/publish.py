"""Make the folders of results/ again, as results/published.yaml lists them.

python docs/tools/publish.py                                  all of them, on the default table
python docs/tools/publish.py compare chokepoints              these
python docs/tools/publish.py --table wiod2013 --workers 2     all, in results/wiod2013
python docs/tools/publish.py --runs RUNS compare              keeps the run in RUNS; one that is
                                                              there is taken as it is: pages alone
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

RESULTS = Path(__file__).resolve().parents[2] / "results"

#: What of a run is published beside its tables and figures; its rows are too large for git.
KEPT = ("manifest.json", "summary.md")


def cge(*arguments: str | Path) -> str:
    """What the program prints; stops with its message where it fails."""
    start = "from cge.cli.main import run; run()"
    command = [sys.executable, "-c", start, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"cge {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    return done.stdout


def publish(target: Path, entry: dict, extra: list[str], runs: Path | None) -> None:
    """Run the command of a folder, make its pages, and replace what was published of it."""
    with tempfile.TemporaryDirectory() as place:
        run, pages = (runs or Path(place)) / target.name, Path(place) / "pages"
        pages.mkdir()
        if not (run / "manifest.json").exists():
            cge(*entry["command"].split(), *extra, "--quiet", "--out", run)
        for name, options in entry.get("tables", {}).items():
            files = [pages / f"{name}.{suffix}" for suffix in ("md", "tex", "csv")]
            cge("table", run, *options.split(), *(a for file in files for a in ("--out", file)))
        for name, options in entry.get("figures", {}).items():
            files = [pages / f"{name}.{suffix}" for suffix in ("svg", "pdf")]
            outs = (a for file in files for a in ("--out", file))
            cge("figure", run, *options.split(), "--no-notes", *outs)
        if name := entry.get("report"):
            cge("report", run, "--out", pages / name)
        for name in KEPT:
            shutil.copy(run / name, pages)
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(pages, target)


def main() -> None:
    listed = yaml.safe_load((RESULTS / "published.yaml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    parser.add_argument("--table", help="another table: published in a folder of its name")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--runs", type=Path, help="folder to keep runs in, and to take them from")
    given = parser.parse_args()
    unknown = sorted(set(given.folders) - set(listed))
    if unknown:
        parser.error(f"{', '.join(unknown)}: not in published.yaml, which has {', '.join(listed)}")
    place = RESULTS / given.table if given.table else RESULTS
    extra = ["--workers", given.workers, *(["--table", given.table] if given.table else [])]
    runs = given.runs and given.runs / (given.table or "default")
    every = [name for name in listed if not (given.table and listed[name].get("own_table"))]
    for folder in given.folders or every:
        start = time.monotonic()
        publish(place / folder, listed[folder], extra, runs)
        print(f"{folder}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
