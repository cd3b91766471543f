"""The register of published tables that do not ship: addresses, terms, layouts, as data."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, RootModel

from cge.core.content import calibration_file
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.fields import Strict
from cge.core.files import read_as

Layout = Literal["labels", "adb", "wiod2016", "pymrio", "gloria", "eora26"]
Years = tuple[int, int]


class Bundle(Strict):
    """A file of some years.

    Parameters
    ----------
    years : (int, int)
        First and last.
    file, node : str
        What the address is filled with.
    size : int, optional
        In bytes.
    sha256 : str, optional
    revised : bool
        Whether the publisher revises the file under the same address: another size or hash is
        then said, not refused.
    """

    years: Years
    file: str = ""
    node: str = ""
    size: int | None = None
    sha256: str | None = None
    revised: bool = False


class Edition(Strict):
    """An edition of a source: bundles with an address, or an index in which files are found.

    Parameters
    ----------
    bundles : tuple of Bundle
    address, name : str
        Of a file; the name under which it is kept is that of the bundle's file by default.
    index : {"zenodo", "page"}, optional
        Where files are looked up.
    years : (int, int), optional
        With an index.
    record : str
        On Zenodo.
    only : str
        Number in the names of its files on a page; those without one count where none has it.
    """

    bundles: tuple[Bundle, ...] = ()
    address: str = ""
    name: str = ""
    index: Literal["zenodo", "page"] | None = None
    years: Years | None = None
    record: str = ""
    only: str = ""

    @property
    def spans(self) -> tuple[Years, ...]:
        """First and last years of what it holds."""
        return (self.years,) if self.years else tuple(one.years for one in self.bundles)


class SourceEntry(Strict):
    """A source of published tables.

    Parameters
    ----------
    title, publisher, page, unit : str
    layout : str
        How its files are laid out, which says who reads them.
    file : str
        Pattern of the names of its files.
    licence, citation, verified, by_hand : str
        Terms, how to cite it, what was checked at the publisher, and what to do where the
        download fails.
    editions : mapping
        The first that has a year is its default.
    inside : mapping
        Regions and sectors of WIOD 2013 that the source does not tell apart, and in which
        others they are.
    name, address, link, skip : str
        As in :class:`Edition`, for all of them; of a page, how links begin and which names
        are left out.
    """

    title: str
    publisher: str
    page: str
    unit: str
    layout: Layout
    file: str = ""
    licence: str
    citation: str
    verified: str
    by_hand: str
    editions: dict[str, Edition]
    inside: dict[str, str] = Field(default={})
    name: str = ""
    address: str = ""
    link: str = ""
    skip: str = ""

    def edition_of(self, year: int, wanted: str | None) -> str:
        """Name of the edition that has a year, or of the one that is wanted.

        Raises
        ------
        InputError
            If there is none, or it does not have the year.
        """
        if wanted is not None:
            check_known([wanted], self.editions, "no such edition", key="--edition")
        for name, edition in self.editions.items():
            if wanted in (None, name) and any(a <= year <= b for a, b in edition.spans):
                return name
        held = (f"{name}: {_spans(edition)}" for name, edition in self.editions.items()
                if wanted in (None, name))  # fmt: skip
        raise InputError("no edition has this year", key="--year", value=year,
                         allowed="; ".join(held))  # fmt: skip

    def help_by_hand(self, kind: str, year: int | None) -> str:
        """What to do where a download fails, in one sentence."""
        shown = "YEAR" if year is None else str(year)
        return (f"By hand: {self.by_hand.replace('{year}', shown)} ({self.page}), then cge "
                f"calibrate FILE --kind {kind} --year {shown} --aggregation default "
                f"--out {kind}-{shown}")  # fmt: skip


def _spans(edition: Edition) -> str:
    years = sorted(year for span in edition.spans for year in span)
    return f"{years[0]} to {years[-1]}" if years else "none"


class _Register(RootModel[dict[str, SourceEntry]]):
    root: Annotated[dict[str, SourceEntry], Field(min_length=1)]


@lru_cache(maxsize=1)
def sources() -> dict[str, SourceEntry]:
    """Every source by its name."""
    return read_as(_Register, calibration_file("sources", "sources.yaml")).root


def source_entry(name: str) -> SourceEntry:
    """A source by its name.

    Raises
    ------
    InputError
        If there is none.
    """
    check_known([name], sources(), "no such source of tables", key="SOURCE")
    return sources()[name]


def source_of_file(path: Path) -> str:
    """Name of the source whose files have such a name.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    inside = [one.name for one in path.iterdir()] if path.is_dir() else []
    found = [
        name for name, entry in sources().items()
        if entry.file and any(re.fullmatch(entry.file, file, re.IGNORECASE)
                              for file in (path.name, *inside))
    ]  # fmt: skip
    what = "holds no table.yaml" if path.is_dir() else "is a file, not a folder"
    refuse_if(len(found) != 1,
              f"{what}, and its name does not say which source's table it is", file=path,
              key="--kind", value=found or None,
              allowed=[*sources(), "the folder of a table, with table.yaml in it"])  # fmt: skip
    return found[0]
