"""When a measure holds on a path of years."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from cge.core.errors import InputError
from cge.core.fields import Sized

Year = Annotated[int, Field(strict=True, ge=1)]
TIMING = ("start", "end", "phase_in", "announced")


class Timed(Sized):
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

    @field_validator("end")
    @classmethod
    def _after_start(cls, value: int | None, info: ValidationInfo) -> int | None:
        start = info.data.get("start", 1)
        if value is not None and value < start:
            raise ValueError(InputError(
                "ends before it starts", value=value, allowed=f"{start} (its start) or later"
            ))  # fmt: skip
        return value

    @field_validator("announced")
    @classmethod
    def _before_start(cls, value: int | None, info: ValidationInfo) -> int | None:
        start = info.data.get("start", 1)
        if value is not None and value > start:
            raise ValueError(InputError(
                "becomes known after it starts", value=value, allowed=f"1 to {start} (its start)"
            ))  # fmt: skip
        return value

    @property
    def timed(self) -> bool:
        """Whether it says anything about years."""
        return bool(self.model_fields_set.intersection(TIMING))

    def share(self, year: int) -> float:
        """Part of it that is in force in a year, 0 where none is."""
        if year < self.start or (self.end is not None and year > self.end):
            return 0.0
        return min(1.0, (year - self.start + 1) / self.phase_in)

    def known(self, year: int) -> float:
        """Part in force in a year as far as that is known when the year begins."""
        told = self.start if self.announced is None else self.announced
        return self.share(year) if told < year else 0.0

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
