"""The layout of what a government does about knowledge, beside its policy on trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from cge.core.errors import InputError
from cge.core.fields import Codes, Rate
from cge.scenario.timing import Timed

OPENNESS = "knowledge_openness"
CREDIT = "research_credit"
#: Selectors and sizes of each instrument.
KNOWLEDGE_INSTRUMENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    CREDIT: (("region", "sector"), ("add", "budget")),
    "basic_research": (("region",), ("budget",)),
    "diffusion": (("region",), ("budget",)),
    OPENNESS: (("source", "learner", "mutual"), ("set",)),
}
_SELECTORS = ("region", "sector", "source", "learner", "mutual")


class KnowledgeMeasure(Timed):
    """One measure about knowledge: an instrument, where it applies, and its size.

    A credit has `add` (a share of business research) or `budget` (a share of GDP), public
    research and diffusion have `budget`, openness has `set`, from 0 to 1. One with an outlay
    that has no size gets it from a comparison at equal outlay.
    """

    instrument: str
    region: Codes = "all"
    sector: Codes = "all"
    source: Codes = "all"
    learner: Codes = "all"
    mutual: bool = False
    add: Rate | None = None
    budget: Rate | None = None
    set_: Annotated[Rate, Field(ge=0, le=1)] | None = Field(default=None, alias="set")
    label: str | None = None

    @field_validator("instrument")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in KNOWLEDGE_INSTRUMENTS:
            raise ValueError(
                InputError("unknown instrument", value=value, allowed=KNOWLEDGE_INSTRUMENTS)
            )
        return value

    @field_validator("add")
    @classmethod
    def _a_part(cls, value: float | None) -> float | None:
        if value is not None and value >= 1:
            raise ValueError(InputError(
                "a credit pays for less than all research", value=value, allowed="below 1"
            ))  # fmt: skip
        return value

    @field_validator("budget")
    @classmethod
    def _a_cost(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and value < 0 and info.data.get("instrument") == CREDIT:
            raise ValueError(InputError(
                "a credit costs something; a tax on research is a negative 'add'",
                value=value, allowed="0 or more",
            ))  # fmt: skip
        return value

    @property
    def unsized(self) -> bool:
        """Whether its outlay is left to an equal comparison."""
        return self.instrument != OPENNESS and self.add is None and self.budget is None

    @model_validator(mode="after")
    def _own_keys(self) -> KnowledgeMeasure:
        selectors, sizes = KNOWLEDGE_INSTRUMENTS[self.instrument]
        given = {
            name
            for name, value in (("add", self.add), ("budget", self.budget), ("set", self.set_))
            if value is not None
        }
        for key in _SELECTORS:
            if key in self.model_fields_set and key not in selectors:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' (it has {', '.join(selectors)})"
                )
        for key in sorted(given - set(sizes)):
            raise ValueError(
                f"instrument '{self.instrument}' has no '{key}' (its size is {' or '.join(sizes)})"
            )
        if len(given) > 1:
            raise ValueError(
                f"exactly one of {' and '.join(sizes)} is needed, found {sorted(given)}"
            )
        if self.instrument == OPENNESS and self.set_ is None:
            raise ValueError("openness needs 'set': 1 as in the benchmark, 0 closed")
        return self


#: What an instrument is called in tables.
WORDS: Mapping[str, str] = {
    CREDIT: "credit on business research",
    "basic_research": "public basic research",
    "diffusion": "diffusion",
    OPENNESS: "openness to knowledge",
}
