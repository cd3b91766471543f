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

from cge.calibration.files import read_yaml, validate
from cge.errors import InputError
from cge.paths import content_dir

Array = NDArray[np.float64]
Elasticity = Annotated[float, Field(ge=0, allow_inf_nan=False)]

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
    """

    name: str
    title: str
    note: str
    classification: str
    entries: tuple[Entry, ...]

    def by_sector(
        self,
        nest: str,
        speed: str,
        sectors: tuple[str, ...],
        which: Literal["value", "low", "high"] = "value",
    ) -> Array:
        """Return the values of a nest for `sectors`, (len(sectors),).

        Raises
        ------
        InputError
            If a sector has no value.
        """
        values = np.full(len(sectors), np.nan)
        position = {code: k for k, code in enumerate(sectors)}
        for entry in self.entries:
            if entry.nest == nest and entry.speed == speed:
                if entry.sector == "*":
                    values[:] = getattr(entry, which)
                elif entry.sector in position:
                    values[position[entry.sector]] = getattr(entry, which)
        if np.isnan(values).any():
            missing = sectors[int(np.flatnonzero(np.isnan(values))[0])]
            raise InputError(
                f"elasticity set '{self.name}' has no {speed}-run value of nest '{nest}' "
                f"for sector '{missing}'",
                key="entries",
            )
        return values

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
    folder = content_dir("calibration") / "elasticities"
    name = str(name_or_path)
    path = folder / f"{name}.yaml" if name in (*NAMED_SETS, "common") else Path(name)
    if not path.is_file():
        raise InputError(
            "no such elasticity set or file",
            key="elasticities",
            value=name,
            allowed=f"{', '.join(NAMED_SETS)}, or the path of a file",
        )
    file = validate(ElasticityFile, read_yaml(path), path)
    entries = list(file.entries)
    if file.extends:
        if file.extends == file.name:
            raise InputError("a set cannot extend itself", file=path, key="extends")
        entries = [*load_elasticity_set(file.extends).entries, *entries]
    return ElasticitySet(file.name, file.title, file.note, file.classification, tuple(entries))


def to_classification(
    chosen: ElasticitySet, sectors: tuple[str, ...], table: str
) -> Mapping[str, str]:
    """Return which sector of the set's classification each table sector takes its value from."""
    if table == "wiod2014" and chosen.classification == "wiod2013":
        path = content_dir("calibration") / "concordances" / "nace2_to_wiod2013.csv"
        frame = pd.read_csv(path)
        return dict(zip(frame["sector_wiod2014"], frame["sector_wiod2013"], strict=True))
    if table != chosen.classification and any(e.sector != "*" for e in chosen.entries):
        raise InputError(
            f"set '{chosen.name}' is for classification '{chosen.classification}', "
            f"the table has '{table}'",
            key="elasticities",
            allowed=f"a set with classification '{table}', or one whose sectors are all '*'",
        )
    return {code: code for code in sectors}
