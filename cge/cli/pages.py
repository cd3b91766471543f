"""What `cge table` and `cge figure` have in common: options, and writing files whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cge.core.errors import InputError

if TYPE_CHECKING:
    from cge.report.choice import Choice

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("runs", nargs=-1),
    click.option("--kinds", is_flag=True, help="List the kinds and stop."),
    click.option("--kind", default="regions", show_default=True, help="Which; see --kinds."),
    click.option("--measures", multiple=True,
                 help="Measures, with commas or repeated: real_gdp,factor_supply[LAB]."),
    click.option("--region", "regions", multiple=True, help="Only this; may be repeated."),
    click.option("--sector", "sectors", multiple=True,
                 help="Only this sector; trade sums them; may be repeated."),
    click.option("--scenario", "--variant", "scenarios", multiple=True,
                 help="Only this scenario or variant; may be repeated."),
    click.option("--elasticities", multiple=True, help="Only this set; may be repeated."),
    click.option("--returns", multiple=True, help="Of a path: returns to research."),
    click.option("--unit", help="percent, value or volume."),
    click.option("--step", type=float, help="Share of the policy that is in place."),
    click.option("--year", "years", type=int, multiple=True,
                 help="Of a path: 1 is the first; or of the calendar; may be repeated."),
    click.option("--weighting", help="Of disruptions, in statistics of losses."),
    click.option("--detail", is_flag=True, help="All components of welfare."),
    click.option("--title", help="In place of the usual one."),
)  # fmt: skip


def page_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a page."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def choice(options: dict[str, Any]) -> Choice:
    """The options as one choice."""
    from cge.report.choice import Choice

    measures = tuple(p.strip() for m in options["measures"] for p in _split(m) if p.strip())
    return Choice(**{**options, "measures": measures})


def _split(text: str) -> list[str]:
    """Parts between commas, those in brackets left alone."""
    import re

    return re.split(r",(?![^\[]*\])", text)


def kinds_listed() -> None:
    """Print the kinds."""
    from cge.cli import screen
    from cge.report.kinds import kinds

    rows = [[name, kind.meaning] for name, kind in kinds().items()]
    screen.console().print(screen.table("", ["kind", "shows"], rows, numbers=False))


def check_suffix(path: Path, formats: Mapping[str, str]) -> str:
    """Format in which a file is written, by its suffix.

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
    return formats[path.suffix.lower()]


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
    from cge.core.writing import put_in_place

    try:
        put_in_place(files)
    except OSError as error:
        where = str(error.filename or next(iter(files), ""))
        raise InputError(f"can not be written: {error.strerror or error}", key="--out",
                         value=where) from None  # fmt: skip
