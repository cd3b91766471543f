"""What `cge table` and `cge figure` have in common: options, and writing files whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cge.core.errors import InputError

if TYPE_CHECKING:
    from cge.results.report.runs import Choice

Runs = Annotated[
    list[Path] | None,
    typer.Argument(help="Run folders, or names under results/runs.", show_default=False),
]
Kinds = Annotated[bool, typer.Option("--kinds", help="List the kinds and stop.")]
KindName = Annotated[
    str,
    typer.Option(
        "--kind",
        help="regions, decomposition, shocks, trade, sectors, sensitivity, drivers, compare; of a "
        "path: path, path-compare, path-sources, path-components, path-shocks, path-remaining; of "
        "resilience: headline, quadrant, frontier, chokepoints.",
    ),
]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measures", help="Measures, with commas or repeated: real_gdp,employment[LAB]."),
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="Only these regions; may be repeated.")
]
Sectors = Annotated[
    list[str] | None,
    typer.Option("--sector", help="Only these sectors; trade sums them; may be repeated."),
]
Scenarios = Annotated[
    list[str] | None, typer.Option("--scenario", help="Only these scenarios or variants.")
]
Elasticities = Annotated[
    list[str] | None, typer.Option("--elasticities", help="Only these sets; may be repeated.")
]
Unit = Annotated[str | None, typer.Option("--unit", help="percent, value or volume.")]
Step = Annotated[float, typer.Option("--step", help="Share of the policy that is in place.")]
Years = Annotated[
    list[int] | None,
    typer.Option("--year", help="Of a path: 1 is the first; or of the calendar; may be repeated."),
]
Detail = Annotated[bool, typer.Option("--detail", help="All components of welfare.")]
Title = Annotated[str | None, typer.Option("--title", help="In place of the usual one.")]


def choice(
    measures: list[str] | None,
    region: list[str] | None,
    sector: list[str] | None,
    scenario: list[str] | None,
    elasticities: list[str] | None,
    unit: str | None,
    step: float,
    detail: bool,
    title: str | None,
    years: list[int] | None = None,
) -> Choice:
    """Return the options as one choice."""
    from cge.results.report.runs import Choice

    return Choice(
        measures=_split(measures), regions=tuple(region or ()), sectors=tuple(sector or ()),
        scenarios=tuple(scenario or ()), elasticities=tuple(elasticities or ()), unit=unit,
        step=step, years=tuple(years or ()), detail=detail, title=title,
    )  # fmt: skip


def _split(names: list[str] | None) -> tuple[str, ...]:
    return tuple(part.strip() for name in names or () for part in name.split(",") if part.strip())


def list_kinds() -> None:
    """Print the kinds."""
    from cge.cli import screen
    from cge.results.report.kinds import ALL_KINDS

    rows = [[name, kind.meaning] for name, kind in ALL_KINDS.items()]
    table = screen.table("", ["kind", "shows"], rows)
    table.columns[1].justify = "left"
    screen.console().print(table)


def check_suffix(path: Path, formats: Iterable[str]) -> None:
    """Raise unless a file can be written in the format its suffix says.

    Raises
    ------
    InputError
        For a suffix that stands for nothing, and for a folder.
    """
    if path.suffix.lower() not in formats:
        raise InputError(
            "the suffix says in which format to write", key="--out", value=str(path),
            allowed=list(formats),
        )  # fmt: skip
    if path.is_dir():
        raise InputError("is a folder, not a file", key="--out", value=str(path))


def write_whole(files: Mapping[Path, Callable[[Path], None]]) -> None:
    """Write some files, all of them or none.

    Parameters
    ----------
    files : mapping of path to callable
        Each is called with where to write, under the same suffix.

    Raises
    ------
    InputError
        If one can not be written.
    """
    path = next(iter(files), Path())
    try:
        with tempfile.TemporaryDirectory() as work:
            made: dict[Path, bytes] = {}
            for number, (path, write) in enumerate(files.items()):
                draft = Path(work) / f"{number}{path.suffix.lower()}"
                write(draft)
                made[path] = draft.read_bytes()
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
        _replace(made)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"can not be written: {reason}", key="--out", value=str(path)) from None


def _replace(made: Mapping[Path, bytes]) -> None:
    """Put drafts beside their places first, so that only renaming is left to be done."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, content in made.items():
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=".cge-new.", delete=False
            ) as file:
                drafts.append((Path(file.name), path))
                file.write(content)
        for draft, path in drafts:
            draft.chmod(0o644)
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
