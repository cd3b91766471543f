"""Parameters with their range and source, and sets of them read from a file.

A file of parameters holds for each one its value, unit, range (``low``, ``high``), status and
citation, and the limits of what a user may put in its place: ``least`` (0 unless given), or
``above`` where the limit itself is not possible, and ``most`` (none unless given). A new
parameter is one entry of one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from cge.core.errors import check_known, refuse_if, retold
from cge.core.fields import Strict
from cge.core.files import Number, read_yaml

if TYPE_CHECKING:
    import pandas as pd

#: The central value of a parameter, or an end of its range.
Level = Literal["low", "central", "high"]
LEVELS: tuple[Level, ...] = get_args(Level)


class Ranged(Strict):
    """A value with its range and where it comes from."""

    value: Number
    low: Number
    high: Number
    status: Literal["read", "computed", "memory", "assumed"]
    citation: str = Field(min_length=3)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high must hold")
        return self

    def at(self, level: Level = "central") -> float:
        """The central value, or an end of the range.

        Raises
        ------
        InputError
            For a level that is none.
        """
        check_known([level], LEVELS, "no such level", key="level")
        return {"low": self.low, "central": self.value, "high": self.high}[level]


class Parameter(Ranged):
    """A parameter: a value with its range, unit and limits."""

    unit: str
    least: Number = 0.0
    above: Number | None = None
    most: Number | None = None

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        if not (self.possible(self.low) and self.possible(self.high)):
            raise ValueError(f"low and high must be {self.limits}")
        return self

    def possible(self, value: Any) -> bool:
        """Whether a value is a number within the limits."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        low = value >= self.least if self.above is None else value > self.above
        return low and value <= (float("inf") if self.most is None else self.most)

    @property
    def limits(self) -> str:
        """The limits in words."""
        low = f"{self.least:g} or more" if self.above is None else f"above {self.above:g}"
        return f"a number {low}" + ("" if self.most is None else f", at most {self.most:g}")

    def record(self) -> dict[str, Any]:
        """The parameter without its limits, as results and tables show it."""
        keys = ("value", "low", "high", "unit", "status", "citation")
        return {key: getattr(self, key) for key in keys}

    def replaced(self, value: float) -> Parameter:
        """The parameter with a user's value, its range widened to hold it; itself if it is that."""
        if value == self.value:
            return self
        return self.model_copy(update={
            "value": float(value), "low": min(self.low, value), "high": max(self.high, value),
            "status": "assumed", "citation": "given by the user",
        })  # fmt: skip


class ParameterSet(Strict):
    """Parameters by name, as a file of them holds them.

    Parameters
    ----------
    title, note : str
    ict_sectors : mapping
        By table, the sectors of information technology, whose knowledge depreciates at
        ``depreciation_ict``.
    entries : mapping of str to Parameter
    """

    title: str
    note: str = ""
    ict_sectors: dict[str, list[str]] = Field(default={})
    entries: dict[str, Parameter] = Field(alias="parameters")

    def __getitem__(self, name: str) -> float:
        return self.entries[name].value

    def at(self, name: str, level: Level = "central") -> float:
        """Central value of a parameter, or an end of its range; see :meth:`Ranged.at`."""
        return self.entries[name].at(level)

    def with_values(self, values: Mapping[str, Any]) -> ParameterSet:
        """The same parameters with some values replaced, ranges widened to hold them.

        Raises
        ------
        InputError
            For an unknown name, or a value outside the parameter's limits.
        """
        check_known(values, self.entries, "no such parameter", key="parameters")
        entries = dict(self.entries)
        for name, value in values.items():
            refuse_if(not entries[name].possible(value), "value is not possible", value=value,
                      key=f"parameters.{name}", allowed=entries[name].limits)  # fmt: skip
            entries[name] = entries[name].replaced(value)
        return self.model_copy(update={"entries": entries})

    def with_given(self, given: Mapping[str, Any] | str | Path | None) -> ParameterSet:
        """The same with values by name: a mapping, a YAML file that holds one, or none.

        Raises
        ------
        InputError
            See :meth:`with_values`; for a file also if it can not be read.
        """
        if given is None or isinstance(given, Mapping):
            return self.with_values(given or {})
        with retold(lambda error: error.located(given)):
            return self.with_values(read_yaml(given))

    def frame(self) -> pd.DataFrame:
        """Every parameter as a table row."""
        import pandas as pd  # a scenario has parameters too, and needs no tables

        rows = [{"name": name, **entry.record()} for name, entry in self.entries.items()]
        return pd.DataFrame(rows)
