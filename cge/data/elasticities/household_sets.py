"""Parameters of household demand by region and sector, as a file holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cge.core.axes import Array, Bools
from cge.core.content import calibration_file, find_content
from cge.core.errors import check_known, refuse_first, refuse_if
from cge.core.fields import Strict
from cge.core.files import read_as
from cge.core.parameters import Ranged
from cge.data.elasticities.household_demand import (
    LARGEST_SUBSTITUTION,
    LOWEST_SUBSTITUTION,
    HouseholdDemand,
    HouseholdSource,
)

#: Parameters of household demand as files name them: an income elasticity, from which the
#: expansion parameter follows, or that (GTAP's INCPAR); and the substitution parameter (SUBPAR).
ParameterName = Literal["income_elasticity", "expansion", "substitution"]
#: No income elasticity of a broad group of goods is larger in absolute terms.
LARGEST_INCOME_ELASTICITY = 5.0
#: Sets that ship.
HOUSEHOLD_SETS = ("broad-groups", "unit-elastic")


class CodedSet(Strict):
    """A set of values by sector of a classification, as a file holds it.

    Parameters
    ----------
    name, title, note : str
    classification : str
        Sector codes in use.
    """

    name: str
    title: str
    note: str = ""
    classification: str
    #: Where it was read, for messages.
    _file: Path | None = None

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors that have values of their own."""
        raise NotImplementedError

    def check_fits(self, classifications: Sequence[str], sectors: Sequence[str]) -> None:
        """Raise InputError for a set by sector of another classification, or unknown sectors."""
        names = " or ".join(f"'{name}'" for name in dict.fromkeys(classifications))
        refuse_if(self.sectors and self.classification not in classifications,
                  f"set '{self.name}' is for classification '{self.classification}'",
                  file=self._file, key="classification", value=self.classification,
                  allowed=f"{names}, or a set whose sectors are all '*'")  # fmt: skip
        check_known(self.sectors, ["*", *sectors], "unknown sector", file=self._file, key="entries")


class HouseholdEntry(Ranged):
    """A parameter of household demand with its range and where it comes from.

    Parameters
    ----------
    parameter : {"income_elasticity", "expansion", "substitution"}
    region, sector : str
        A code, a group of the file, or ``*`` for all that no later entry names.
    unit : str
    """

    parameter: ParameterName
    region: str = "*"
    sector: str = "*"
    unit: str = Field(min_length=1)

    @model_validator(mode="after")
    def _regular(self) -> Self:
        ends = (self.low, self.high)
        if self.parameter == "substitution":
            size = min(map(abs, ends)) >= LOWEST_SUBSTITUTION
            possible = ends[0] * ends[1] > 0 and size and ends[0] >= -LARGEST_SUBSTITUTION
            if not (possible and ends[1] < 1):
                raise ValueError(
                    f"a substitution parameter lies between {LOWEST_SUBSTITUTION:g} and 1, or "
                    f"between {-LARGEST_SUBSTITUTION:g} and {-LOWEST_SUBSTITUTION:g}, low and "
                    "high on the same side of 0"
                )
        elif self.parameter == "expansion" and ends[0] <= 0:
            raise ValueError("an expansion parameter is above 0")
        elif max(map(abs, ends)) > LARGEST_INCOME_ELASTICITY:
            raise ValueError(
                f"an income elasticity lies between {-LARGEST_INCOME_ELASTICITY:g} and "
                f"{LARGEST_INCOME_ELASTICITY:g}"
            )
        return self

    def source(self, part: Array) -> HouseholdSource:
        """The entry as the source of a benchmark's parameters."""
        named = [code for code in (self.sector, self.region) if code != "*"]
        label = f"{self.parameter}[{', '.join(named)}]" if named else self.parameter
        own = self.value, self.low, self.high, self.unit, self.status, self.citation
        return HouseholdSource(label, self.parameter, *own, part)


class HouseholdSet(CodedSet):
    """Parameters of household demand, as a file holds them.

    Parameters
    ----------
    region_groups, sector_groups : mapping of str to list of str
        Groups that entries may name: classes of countries, and the sectors that serve a group
        of consumption.
    entries : list of HouseholdEntry
        Later entries override earlier ones for the cells they name.
    """

    region_groups: dict[str, list[str]] = Field(default={})
    sector_groups: dict[str, list[str]] = Field(default={})
    entries: list[HouseholdEntry] = Field(min_length=1)

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors that have values of their own."""
        named = (self.sector_groups.get(e.sector, [e.sector]) for e in self.entries)
        return tuple(dict.fromkeys(code for codes in named for code in codes if code != "*"))

    def places(
        self, entry: HouseholdEntry, regions: Sequence[str], sectors: Sequence[str]
    ) -> Bools:
        """Cells (regions, sectors) that an entry names."""
        there = self.region_groups.get(entry.region, [entry.region])
        what = self.sector_groups.get(entry.sector, [entry.sector])
        rows = [there == ["*"] or code in there for code in regions]
        columns = [what == ["*"] or code in what for code in sectors]
        return np.outer(rows, columns)

    def resolved(
        self,
        regions: Sequence[str],
        sectors: Sequence[str],
        shares: Array,
        merged: tuple[Array, Array, Array],
    ) -> HouseholdDemand:
        """Household demand of a benchmark.

        Parameters
        ----------
        regions, sectors : sequence of str
            Of which those of the benchmark are made, sectors in codes of the set.
        shares : ndarray (s, i)
            Budget shares of the benchmark.
        merged : tuple of ndarray
            Which regions (s, regions) and sectors (i, sectors) those of the benchmark are made of,
            and what households spend (regions, sectors), with which means are formed.

        Raises
        ------
        InputError
            Where a region has not all of what it takes.
        """
        by_region, by_sector, spending = merged
        weights = np.maximum(spending, 1e-12 * spending.max())
        every = by_region @ weights @ by_sector.T
        free = {name: np.ones(weights.shape, dtype=bool) for name in get_args(ParameterName)}
        sources: list[HouseholdSource] = []
        for entry in reversed(self.entries):
            here = self.places(entry, regions, sectors) & free[entry.parameter]
            free[entry.parameter] &= ~here
            if here.any():
                part = by_region @ (weights * here) @ by_sector.T / every
                sources.append(entry.source(part))
        for part, codes in zip(by_region > 0, by_region, strict=True):
            given = {name: ~own[part] for name, own in free.items()}
            income, expansion = given["income_elasticity"], given["expansion"]
            whole = given["substitution"].all() and (
                (income.all() and not expansion.any()) or (expansion.all() and not income.any())
            )
            refuse_if(
                not whole and any(own.any() for own in given.values()),
                "a region has a part of a household demand", file=self._file, key="entries",
                value=", ".join(np.array(regions)[codes > 0]),
                allowed="for all sectors of a region a substitution parameter with either an "
                "income elasticity or an expansion parameter, or nothing at all",
            )  # fmt: skip
        return HouseholdDemand.of_sources(shares, sources[::-1])

    def frame(self) -> pd.DataFrame:
        """Every entry as a table row."""
        return pd.DataFrame([entry.model_dump() for entry in self.entries])

    def check_regions(self, regions: Sequence[str]) -> None:
        """Raise InputError for a region that is none of these."""
        named = (self.region_groups.get(e.region, [e.region]) for e in self.entries)
        known = ["*", *regions, *self.region_groups]
        check_known([code for codes in named for code in codes], known, "unknown region",
                    file=self._file, key="entries")  # fmt: skip


def load_household_set(name_or_path: str | Path, beside: Path | None = None) -> HouseholdSet:
    """Read a named set of household demand, or a user's file of the same layout.

    Parameters
    ----------
    name_or_path : str or path
    beside : path, optional
        File that names it.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    shipped = {n: calibration_file("demand", f"{n}.yaml") for n in HOUSEHOLD_SETS}
    path = find_content("household demand", str(name_or_path), shipped, "household", beside=beside)
    chosen = read_as(HouseholdSet, path)
    chosen._file = path
    for axis, groups in (("region", chosen.region_groups), ("sector", chosen.sector_groups)):
        twice = (code for own in groups.values() for code in own if code in groups)
        refuse_first(twice, "is a group and a code of a group", file=path, key=f"{axis}_groups")
    return chosen
