"""Parameters of knowledge: rates of return, depreciation, lags, weights, each with its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import Number, read_yaml, validate

#: Central values, or those ends of the ranges that make all returns low or high.
Level = Literal["low", "central", "high"]
LEVELS = ("low", "central", "high")

#: No parameter is negative; those not named here have no upper limit.
_LARGEST: Mapping[str, float] = {
    **dict.fromkeys(
        ("depreciation_applied", "depreciation_ict", "depreciation_basic", "spending_persistence",
         "embodied_share", "foreign_basic_weight", "skilled_labour_share", "growth"), 1.0,
    ),
    **dict.fromkeys(("return_private", "return_social", "return_spillover", "return_basic",
                     "real_rate", "foreign_coefficient", "foreign_cap"), 10.0),
    **dict.fromkeys(("gestation_basic", "lag_applied"), 100.0),
}  # fmt: skip
_POSITIVE = ("depreciation_applied", "depreciation_ict", "depreciation_basic", "gestation_basic")


class Parameter(BaseModel):
    """A value with its range and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[Number, Field(ge=0)]
    low: Annotated[Number, Field(ge=0)]
    high: Annotated[Number, Field(ge=0)]
    unit: str
    status: Literal["read", "computed", "memory", "assumed"]
    citation: str = Field(min_length=3)

    @model_validator(mode="after")
    def _ordered(self) -> Parameter:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high must hold")
        return self


class _ParameterFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    note: str = ""
    parameters: dict[str, Parameter]
    ict_sectors: dict[str, list[str]] = {}


@dataclass(frozen=True, eq=False)
class KnowledgeParameters:
    """Parameters by name.

    Parameters
    ----------
    entries : mapping of str to Parameter
    ict_sectors : mapping
        By table, the sectors whose knowledge depreciates at ``depreciation_ict``.
    """

    entries: Mapping[str, Parameter]
    ict_sectors: Mapping[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> float:
        return self.entries[name].value

    def at(self, name: str, level: Level = "central") -> float:
        """Return a parameter's central value or an end of its range.

        Raises
        ------
        InputError
            For a level that is none.
        """
        if level not in LEVELS:
            raise InputError("no such level", key="level", value=level, allowed=LEVELS)
        entry = self.entries[name]
        return {"low": entry.low, "central": entry.value, "high": entry.high}[level]

    def with_values(self, values: Mapping[str, float]) -> KnowledgeParameters:
        """Return the same parameters with some values replaced, ranges widened to hold them.

        Raises
        ------
        InputError
            For an unknown name, or a value outside what the parameter can be.
        """
        entries = dict(self.entries)
        for name, given in values.items():
            if name not in entries:
                raise InputError("no such parameter", key="parameters", value=name, allowed=entries)
            known = entries[name]
            number = isinstance(given, (int, float)) and not isinstance(given, bool)
            largest = _LARGEST.get(name, float("inf"))
            if not number or not 0 <= given <= largest or (name in _POSITIVE and given == 0):
                least = "above 0" if name in _POSITIVE else "0 or more"
                most = "" if largest == float("inf") else f", at most {largest:g}"
                raise InputError("value is not possible", key=f"parameters.{name}", value=given,
                                 allowed=f"a number {least}{most}")  # fmt: skip
            entries[name] = known.model_copy(update={
                "value": float(given), "low": min(known.low, given),
                "high": max(known.high, given), "status": "assumed",
                "citation": "given by the user",
            })  # fmt: skip
        return KnowledgeParameters(MappingProxyType(entries), self.ict_sectors)

    def frame(self) -> pd.DataFrame:
        """Return every parameter as a table row."""
        rows = [{"name": name, **entry.model_dump()} for name, entry in self.entries.items()]
        return pd.DataFrame(rows)


@lru_cache(maxsize=1)
def load_parameters() -> KnowledgeParameters:
    """Return the shipped parameters."""
    path = content_dir("calibration") / "knowledge" / "parameters.yaml"
    content = validate(_ParameterFile, read_yaml(path), path)
    ict = {table: tuple(codes) for table, codes in content.ict_sectors.items()}
    return KnowledgeParameters(MappingProxyType(content.parameters), MappingProxyType(ict))


def resolve_parameters(given: Mapping[str, float] | str | Path | None) -> KnowledgeParameters:
    """Return the shipped parameters with a user's values in their place.

    Parameters
    ----------
    given : mapping or path, optional
        Values by name, or a YAML file of names and values.

    Raises
    ------
    InputError
        See :meth:`KnowledgeParameters.with_values`; for a file also if it can not be read.
    """
    shipped = load_parameters()
    if given is None:
        return shipped
    if isinstance(given, Mapping):
        return shipped.with_values(given)
    try:
        return shipped.with_values(read_yaml(given))
    except InputError as error:
        raise error.located(file=given) from None
