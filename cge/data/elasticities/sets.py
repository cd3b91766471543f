"""Named sets of elasticities, each value with its range, source and status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import Number, is_file, read_yaml, validate
from cge.data.elasticities.nests import LARGEST, NEST_AXES

Array = NDArray[np.float64]
#: The central value of an elasticity, or an end of its range.
Which = Literal["value", "low", "high"]
#: Above the limit powers of prices overflow; the largest published estimates are near 90.
Elasticity = Annotated[Number, Field(ge=0, le=LARGEST)]

NAMED_SETS = ("boehm", "fontagne", "caliendo-parro")


class Entry(BaseModel):
    """One value: nest, sectors, speed, range and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nest: Literal["armington", "intermediate", "value_added", "top", "final", "agents"]
    sector: str = "*"
    speed: Literal["short", "long"]
    value: Elasticity
    low: Elasticity
    high: Elasticity
    status: Literal["read", "computed", "memory", "assumed"]
    citation: str = Field(min_length=3)
    source_sector: str | None = None
    missing: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Entry:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high must hold")
        if self.sector != "*" and "j" not in NEST_AXES[self.nest] and self.nest != "armington":
            raise ValueError(f"nest '{self.nest}' has one value for all sectors: sector is '*'")
        return self


class ElasticityFile(BaseModel):
    """A file of entries; `extends` names a set whose entries come first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    note: str = ""
    extends: str | None = None
    classification: str
    entries: list[Entry] = Field(min_length=1)


@dataclass(frozen=True, eq=False)
class ElasticitySet:
    """Elasticities by nest, sector and speed with their ranges.

    Parameters
    ----------
    name, title, note : str
    classification : str
        Sector codes in use.
    entries : tuple of Entry
        Later entries override earlier ones for the cells they name.
    file : path, optional
        Where it was read, for messages.
    """

    name: str
    title: str
    note: str
    classification: str
    entries: tuple[Entry, ...]
    file: Path | None = None

    def in_force(self, nest: str, speed: str, sectors: tuple[str, ...]) -> tuple[Entry, ...]:
        """Return the entry that gives each of `sectors` its value in a nest.

        Raises
        ------
        InputError
            If a sector has no value.
        """
        found: list[Entry | None] = [None] * len(sectors)
        position: dict[str, list[int]] = {}
        for k, code in enumerate(sectors):
            position.setdefault(code, []).append(k)
        for entry in self.entries:
            if entry.nest == nest and entry.speed == speed:
                if entry.sector == "*":
                    found = [entry] * len(sectors)
                for k in position.get(entry.sector, []):
                    found[k] = entry
        entries = tuple(entry for entry in found if entry is not None)
        if len(entries) < len(sectors):
            raise InputError(
                f"elasticity set '{self.name}' has no {speed}-run value of nest '{nest}' "
                f"for sector '{sectors[found.index(None)]}'",
                file=self.file,
                key="entries",
            )
        return entries

    def by_sector(
        self, nest: str, speed: str, sectors: tuple[str, ...], which: Which = "value"
    ) -> Array:
        """Return the values of a nest for `sectors`, (len(sectors),).

        Parameters
        ----------
        nest, speed : str
        sectors : tuple of str
        which : {"value", "low", "high"}
            The central value, or an end of its range.

        Raises
        ------
        InputError
            If a sector has no value.
        """
        return np.array([getattr(entry, which) for entry in self.in_force(nest, speed, sectors)])

    def frame(self) -> pd.DataFrame:
        """Return every entry as a table row."""
        return pd.DataFrame([entry.model_dump() for entry in self.entries])


def load_elasticity_set(name_or_path: str | Path) -> ElasticitySet:
    """Read a named set, or a user's file of the same layout.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    return _load(str(name_or_path), ())


def _load(name: str, extending: tuple[Path, ...]) -> ElasticitySet:
    """Read a set; `extending` are the files on the way to it, the nearest last."""
    path = _find(name, extending[-1] if extending else None)
    if path.resolve() in extending:
        raise InputError(
            "sets extend each other in a circle", file=extending[-1], key="extends", value=name
        )
    file = validate(ElasticityFile, read_yaml(path), path)
    entries = list(file.entries)
    if file.extends:
        base = _load(file.extends, (*extending, path.resolve()))
        by_sector = any(entry.sector != "*" for entry in base.entries)
        if by_sector and base.classification != file.classification:
            raise InputError(
                f"extends a set of classification '{base.classification}'", file=path,
                key="classification", value=file.classification, allowed=base.classification,
            )  # fmt: skip
        entries = [*base.entries, *entries]
    return ElasticitySet(
        file.name, file.title, file.note, file.classification, tuple(entries), path
    )


def _find(name: str, extended_by: Path | None) -> Path:
    if name in (*NAMED_SETS, "common"):
        return content_dir("calibration") / "elasticities" / f"{name}.yaml"
    beside = [extended_by.parent / name] if extended_by else []
    for path in (*beside, Path(name)):
        if is_file(path):
            return path
    raise InputError(
        "no such elasticity set or file",
        file=extended_by,
        key="extends" if extended_by else "elasticities",
        value=name,
        allowed=[*NAMED_SETS, "the path of a file"],
    )


def to_classification(
    chosen: ElasticitySet, sectors: tuple[str, ...], table: str
) -> Mapping[str, str]:
    """Return which sector of the set's classification each table sector takes its value from.

    Raises
    ------
    InputError
        If the set is for another classification or names a sector it does not have.
    """
    named = dict.fromkeys(entry.sector for entry in chosen.entries if entry.sector != "*")
    if table == "wiod2014" and chosen.classification == "wiod2013":
        path = content_dir("calibration") / "concordances" / "nace2_to_wiod2013.csv"
        frame = pd.read_csv(path)
        source = dict(zip(frame["sector_wiod2014"], frame["sector_wiod2013"], strict=True))
        # Not every sector of the old classification is the source of a new one.
        folder = content_dir("calibration") / "tables" / "wiod2013"
        known = tuple(pd.read_csv(folder / "sectors.csv")["sector"])
    elif named and table != chosen.classification:
        raise InputError(
            f"set '{chosen.name}' is for classification '{chosen.classification}', "
            f"the table has '{table}'",
            file=chosen.file,
            key="classification",
            value=chosen.classification,
            allowed=f"a set with classification '{table}', or one whose sectors are all '*'",
        )
    else:
        source, known = {code: code for code in sectors}, sectors
    for sector in named:
        if sector not in known:
            raise InputError(
                "unknown sector", file=chosen.file, key="entries", value=sector,
                allowed=["*", *known],
            )  # fmt: skip
    return source
