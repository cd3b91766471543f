"""Named sets of elasticities, each value with its range, source and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cge.core.axes import Array, Axes
from cge.core.content import calibration_file, find_content
from cge.core.errors import refuse_first, refuse_if
from cge.core.files import Number, is_file, read_as
from cge.core.parameters import Level, Ranged
from cge.data.accounts.aggregation import Parts, membership
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.shipped import TABLES
from cge.data.accounts.table_files import table_codes
from cge.data.elasticities.benchmark_households import demand_of_codes, with_household_set
from cge.data.elasticities.household_demand import HouseholdDemand
from cge.data.elasticities.household_sets import (
    HOUSEHOLD_SETS,
    CodedSet,
    HouseholdSet,
    load_household_set,
)
from cge.data.elasticities.nests import LARGEST, NEST_AXES, SUBSTITUTION, Elasticities

#: Above the limit powers of prices overflow; the largest published estimates are near 90.
Elasticity = Annotated[Number, Field(ge=0, le=LARGEST)]

#: Between the names of a set of elasticities and one of household demand.
PLUS = "+"

NAMED_SETS = ("boehm", "fontagne", "caliendo-parro")


class ElasticityEntry(Ranged):
    """An elasticity with its nest, sectors, horizon, range and where it comes from."""

    nest: Literal["armington", "intermediate", "value_added", "top", "final", "agents"]
    sector: str = "*"
    horizon: Literal["short", "long"]
    value: Elasticity
    low: Elasticity
    high: Elasticity
    source_sector: str | None = None
    missing: str | None = None

    @model_validator(mode="after")
    def _sectors_where_the_nest_has_them(self) -> Self:
        if self.sector != "*" and not has_sectors(self.nest):
            raise ValueError(f"nest '{self.nest}' has one value for all sectors: sector is '*'")
        return self


def has_sectors(nest: str) -> bool:
    """Whether the elasticities of a nest differ by sector or commodity."""
    return bool(set(NEST_AXES[nest]) & {"i", "j"})


class ElasticitySet(CodedSet):
    """Elasticities by nest, sector and horizon with their ranges, as a file holds them.

    Parameters
    ----------
    name, title, note : str
    extends : str, optional
        A set whose entries come first.
    classification : str
        Sector codes in use.
    household : str, optional
        A set of household demand (:mod:`cge.data.elasticities.household_sets`).
    entries : list of ElasticityEntry
        Later entries override earlier ones for the cells they name.
    """

    extends: str | None = None
    household: str | None = None
    entries: list[ElasticityEntry] = Field(default=[], min_length=1)
    #: Household demand as it was read.
    _household: HouseholdSet | None = None

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors that have values of their own."""
        return tuple(dict.fromkeys(e.sector for e in self.entries if e.sector != "*"))

    @model_validator(mode="after")
    def _some_entry(self) -> Self:
        if not (self.entries or self.extends):
            raise ValueError("a set that extends no other has entries of its own")
        return self

    @property
    def demand(self) -> HouseholdSet | None:
        """Household demand with income elasticities other than one, where the set has any."""
        return self._household

    def in_force(
        self, nest: str, horizon: str, sectors: Sequence[str]
    ) -> tuple[ElasticityEntry, ...]:
        """The entry that gives each of `sectors` its value in a nest.

        Raises
        ------
        InputError
            If a sector has no value.
        """
        found: dict[str, ElasticityEntry] = {}
        for entry in self.entries:
            if (entry.nest, entry.horizon) == (nest, horizon):
                found |= dict.fromkeys(sectors if entry.sector == "*" else [entry.sector], entry)
        left = (code for code in sectors if code not in found)
        refuse_first(left, f"elasticity set '{self.name}' has no {horizon}-run value of nest "
                     f"'{nest}' for this sector", file=self._file, key="entries")  # fmt: skip
        return tuple(found[code] for code in sectors)

    def resolved(
        self,
        horizon: str,
        sectors: Sequence[str],
        axes: Axes,
        level: Level = "central",
        mean: Callable[[str, Array], Array] = lambda nest, values: values,
        **own: Any,
    ) -> Elasticities:
        """Elasticities of a horizon, or an end of their ranges, on the axes of a benchmark.

        Parameters
        ----------
        horizon : {"short", "long"}
        sectors : sequence of str
            Codes of the set's classification.
        axes : Axes
        level : {"low", "central", "high"}
        mean : callable
            Of a nest and its values by `sectors`: values by sector of `axes`.
        **own
            Nests that the set does not have.
        """
        for nest in SUBSTITUTION:
            fine = np.array([e.at(level) for e in self.in_force(nest, horizon, sectors)])
            own[nest] = mean(nest, fine) if has_sectors(nest) else float(fine[0])
        return Elasticities.from_values(own, axes)

    def frame(self) -> pd.DataFrame:
        """Every entry as a table row."""
        frame = pd.DataFrame([entry.model_dump() for entry in self.entries])
        first = ["nest", "sector", "horizon"]
        return frame[[*first, *frame.columns.drop(first)]]


def load_elasticity_set(name_or_path: str | Path) -> ElasticitySet:
    """Read a named set, or a user's file of the same layout.

    Parameters
    ----------
    name_or_path : str or path
        ``fontagne+broad-groups`` is a set that ships with a household demand that ships; a file
        says which by its key ``household``.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    name, plus, household = str(name_or_path).rpartition(PLUS)
    if not plus or is_file(str(name_or_path)):
        return _load(str(name_or_path), ())
    refuse_if(name not in NAMED_SETS or household not in HOUSEHOLD_SETS,
              f"'{PLUS}' joins a set that ships and a household demand that ships",
              key="elasticities", value=str(name_or_path),
              allowed=f"{', '.join(NAMED_SETS)} and {PLUS} and {' or '.join(HOUSEHOLD_SETS)}; in a "
              "file of your own the key 'household' names one")  # fmt: skip
    return _with_household(_load(name, ()), load_household_set(household))


def is_shipped_set(name: str) -> bool:
    """Whether a name stands for elasticities that ship, with a household that ships or without."""
    own, plus, household = name.rpartition(PLUS)
    if not plus:
        return name in NAMED_SETS
    return own in NAMED_SETS and household in HOUSEHOLD_SETS and not is_file(name)


def shipped_sets() -> tuple[str, ...]:
    """Names of the sets that ship, the one that others extend among them."""
    return (*NAMED_SETS, "common")


def _load(name: str, extending: tuple[Path, ...]) -> ElasticitySet:
    """Read a set; `extending` are the files on the way to it, the nearest last."""
    shipped = {n: calibration_file("elasticities", f"{n}.yaml") for n in shipped_sets()}
    path = find_content(
        "elasticity set", name, shipped, "extends" if extending else "elasticities",
        offered=NAMED_SETS, beside=extending[-1] if extending else None,
    )  # fmt: skip
    refuse_if(path.resolve() in extending, "sets extend each other in a circle", key="extends",
              file=extending[-1] if extending else None, value=name)  # fmt: skip
    chosen = read_as(ElasticitySet, path)
    chosen._file = path
    if chosen.household:
        chosen._household = load_household_set(chosen.household, beside=path)
    if not chosen.extends:
        return chosen
    base = _load(chosen.extends, (*extending, path.resolve()))
    refuse_if(base.sectors and base.classification != chosen.classification,
              f"extends a set of classification '{base.classification}'", file=path,
              key="classification", value=chosen.classification,
              allowed=base.classification)  # fmt: skip
    whole = chosen.model_copy(update={"entries": base.entries + chosen.entries})
    return _with_household(whole, chosen.demand or base.demand)


def _with_household(chosen: ElasticitySet, household: HouseholdSet | None) -> ElasticitySet:
    """The same set with another household demand."""
    other = chosen.model_copy()
    other._household = household
    return other


def to_classification(chosen: CodedSet, sectors: tuple[str, ...], table: str) -> Mapping[str, str]:
    """Sector of the set's classification from which each table sector takes its value.

    Raises
    ------
    InputError
        If the set is for another classification or names a sector it does not have.
    """
    own = TABLES[table].sectors if table in TABLES else table
    if own == "wiod2014" and chosen.classification == "wiod2013":
        # Not every sector of the old classification is the source of a new one.
        chosen.check_fits(["wiod2013"], table_codes("wiod2013", "sectors"))
        frame = pd.read_csv(calibration_file("concordances", "nace2_to_wiod2013.csv"))
        return dict(zip(frame["sector_wiod2014"], frame["sector_wiod2013"], strict=True))
    chosen.check_fits([table, own], sectors)
    return {code: code for code in sectors}


def mean_of_sectors(weights: pd.DataFrame, parts: Parts) -> Callable[[str, Array], Array]:
    """Means over the sectors that aggregates are made of, by nest.

    Trade elasticities are weighted with world imports, the others with world output.

    Parameters
    ----------
    weights : DataFrame
        Columns sector, imports, output.
    parts : mapping
        Sectors that each aggregate is made of.
    """
    sectors = membership(parts, weights["sector"].tolist())

    def mean(nest: str, fine: Array) -> Array:
        column = weights["imports" if nest == "armington" else "output"].to_numpy(dtype=float)
        weight = np.maximum(column, 1e-9)
        return (sectors @ (fine * weight)) / (sectors @ weight)

    return mean


def with_elasticity_set(
    benchmark: Benchmark, name_or_path: str | Path, weights: pd.DataFrame | None = None
) -> Benchmark:
    """The same accounts with the elasticities of a set.

    Parameters
    ----------
    benchmark : Benchmark
    name_or_path : str or path
        A set without values by sector (``boehm``), or a file whose sectors are those of
        the benchmark and whose classification is its table, or its name.
    weights : DataFrame, optional
        As in :func:`mean_of_sectors`, of the sectors of which those of the benchmark are made:
        a set for the table whose codes they are then fits too.

    Raises
    ------
    InputError
        If there is no such set or it does not fit.
    """
    chosen = load_elasticity_set(name_or_path)
    table = benchmark.origin.get("table", benchmark.name)
    codes = benchmark.origin.get("codes", "")
    if weights is not None and chosen.sectors and chosen.classification == codes:
        b, fine = benchmark, tuple(weights["sector"])
        mean = mean_of_sectors(weights, b.members["sectors"])
        made = b.with_elasticities(**{
            horizon: chosen.resolved(horizon, fine, b.axes, mean=mean,
                                     transformation=old.transformation)
            for horizon, old in b.elasticities.items()
        })  # fmt: skip
    else:
        chosen.check_fits([benchmark.name, table], benchmark.sectors)
        made = benchmark.with_elasticities(**set_values(benchmark, chosen))
    return with_household_set(made, chosen.demand, household_of(made, chosen, weights))


def household_of(
    benchmark: Benchmark,
    chosen: ElasticitySet,
    weights: pd.DataFrame | None = None,
) -> HouseholdDemand | None:
    """Household demand of a set at a benchmark's own codes.

    Where the sectors that those of the benchmark are made of are known, parameters are averaged
    with their output.
    """
    demand, b = chosen.demand, benchmark
    if demand is None:
        return None
    codes, table = b.origin.get("codes", ""), b.origin.get("table", b.name)
    if weights is None or demand.classification != codes:
        demand.check_fits([b.name, table], b.sectors)
        return demand_of_codes(b, demand)
    demand.check_fits([codes], tuple(weights["sector"]))
    return demand_of_codes(b, demand, weights)


def set_values(
    benchmark: Benchmark, chosen: ElasticitySet, level: Level = "central"
) -> dict[str, Elasticities]:
    """Values of a set, or an end of its ranges, by horizon at a benchmark's sectors."""
    b = benchmark
    return {
        horizon: chosen.resolved(
            horizon, b.sectors, b.axes, level, transformation=old.transformation
        )
        for horizon, old in b.elasticities.items()
    }
