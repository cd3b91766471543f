"""An action of a scenario in words, and when it holds on a path of years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from cge.core.fields import Codes, Sized, Strict, refuse_value

#: More is not looked at: a path is at its end long before.
MOST_YEARS = 200
Year = Annotated[int, Field(ge=1, le=MOST_YEARS)]
TIMING = ("start", "end", "phase_in", "announced")


def codes_text(value: Codes) -> str:
    """Codes in words."""
    return value if isinstance(value, str) else ", ".join(value)


class Action(Strict):
    """An action of a scenario: a measure, a response, a way of financing.

    Parameters
    ----------
    label : str, optional
        Name in tables; default: what it does in words.
    """

    label: str | None = None

    #: Sizes by which it says itself that it does nothing.
    idle: ClassVar[Mapping[str, float]] = {}

    @property
    def words(self) -> str:
        """Its effect in words."""
        raise NotImplementedError

    @property
    def nothing(self) -> bool:
        """Whether it says itself that it does nothing."""
        return any(getattr(self, size, None) == value for size, value in self.idle.items())

    @property
    def unsized(self) -> bool:
        """Whether its size is left to an equal comparison."""
        return False

    @property
    def must_move(self) -> bool:
        """Whether it is wrong that it moves nothing."""
        return not (self.nothing or self.unsized)

    @property
    def text(self) -> str:
        """The label, or what it does in words."""
        return self.label or self.words

    @property
    def line(self) -> str:
        """Its effect in words, with the label by which tables call it."""
        return f"{self.label} = {self.words}" if self.label else self.words


class Timed(Action, Sized):
    """Something that begins, may be phased in, and may end.

    Parameters
    ----------
    start : int
        First year in which it holds; 1 is the year after the benchmark.
    end : int, optional
        Last year in which it holds; None: it stays.
    phase_in : int
        Years it takes to be in force in full, in equal parts; 1: at once.
    announced : int, optional
        Year in which it becomes known; None: that of its start, which it takes by surprise.
    """

    start: Year = 1
    end: Year | None = None
    phase_in: Year = 1
    announced: Year | None = None

    @field_validator("end", "announced")
    @classmethod
    def _beside_its_start(cls, value: int | None, info: ValidationInfo) -> int | None:
        start = info.data.get("start", 1)
        year = start if value is None else value
        refuse_value(info.field_name == "end" and year < start, "ends before it starts",
                     value=value, allowed=f"{start} (its start) or later")  # fmt: skip
        refuse_value(info.field_name == "announced" and year > start,
                     "becomes known after it starts", value=value,
                     allowed=f"1 to {start} (its start)")  # fmt: skip
        return value

    @property
    def timing(self) -> list[str]:
        """Keys about years that are given."""
        return [key for key in TIMING if key in self.model_fields_set]

    def share(self, year: int) -> float:
        """Part of it that is in force in a year, 0 where none is."""
        if year < self.start or (self.end is not None and year > self.end):
            return 0.0
        return min(1.0, (year - self.start + 1) / self.phase_in)

    def known(self, year: int) -> float:
        """Part in force in a year as far as that is known when the year begins."""
        announced = self.start if self.announced is None else self.announced
        return self.share(year) if announced < year else 0.0

    @property
    def when(self) -> str:
        """Its years in words, empty where it holds from the first on."""
        parts = []
        if self.end is not None:
            same = self.end == self.start
            parts.append(f"year {self.start}" if same else f"years {self.start} to {self.end}")
        elif self.start > 1:
            parts.append(f"from year {self.start}")
        if self.phase_in > 1:
            parts.append(f"phased in over {self.phase_in} years")
        if self.announced is not None and self.announced < self.start:
            parts.append(f"announced in year {self.announced}")
        return ", ".join(parts)

    def at_its_time(self, text: str) -> str:
        """Words with its years behind them, if it has any."""
        return f"{text}, {self.when}" if self.when else text
