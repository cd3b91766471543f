"""The disruption library: events that may happen, their size, duration and likelihood.

A library is a YAML file (docs/disruptions.md); one ships in calibration/disruptions. Here it
is read and checked as far as that needs no benchmark; :mod:`cge.resilience.disruptions`
expands it on one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from cge.core.content import calibration_file
from cge.core.errors import InputError, check_known
from cge.core.fields import Codes, Name, Sized, Strict
from cge.core.files import Number, read_yaml, validate

EventType = Literal["supply", "ration", "demand", "cost", "factor", "knowledge"]
Role = Literal["hit", "target", "source", "other", "all"]

#: By type of event: the keys it must have, the last one its size, and those it may have.
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "supply": (("region", "loss"), ("sector",)),
    "ration": (("exporter", "importer", "loss"), ("sector", "except", "rents")),
    "demand": (("exporter", "importer", "loss"), ("sector", "except")),
    "cost": (("exporter", "importer", "add"), ("sector", "except", "large")),
    "factor": (("factor", "region", "loss"), ()),
    "knowledge": (("source", "learner", "openness"), ("mutual",)),
}
#: No weight need be larger: what counts is one over another.
LARGEST_WEIGHT = 1e6
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _as_number(key: Any) -> Any:
    """A key as a number, which in JSON is text."""
    try:
        return float(key) if isinstance(key, str) else key
    except ValueError:
        return key


def _two(pair: list[str]) -> list[str]:
    if len(pair) != 2:
        raise ValueError("must be a list of two regions")
    return pair


Pair = Annotated[list[str], AfterValidator(_two)]
Weight = Annotated[Number, Field(ge=0, le=LARGEST_WEIGHT)]
Severity = Annotated[Number, Field(gt=0, le=1), BeforeValidator(_as_number)]


class EventEntry(Sized):
    """One event of an entry, as the user writes it."""

    type: EventType
    region: Codes | None = None
    sector: Codes = "all"
    factor: Codes | None = None
    exporter: Codes | None = None
    importer: Codes | None = None
    source: Codes | None = None
    learner: Codes | None = None
    loss: Annotated[Number, Field(gt=0, le=1)] | None = None
    add: Annotated[Number, Field(gt=0)] | None = None
    openness: Annotated[Number, Field(ge=0, lt=1)] | None = None
    rents: Literal["importer", "exporter", "lost"] = "importer"
    mutual: bool = False
    except_: list[Pair] = Field(default=[], alias="except")

    @model_validator(mode="after")
    def _fits_its_type(self) -> EventEntry:
        needed, optional = _KEYS[self.type]
        given = {name.rstrip("_") for name in self.model_fields_set} - {"type"}
        event, known = f"an event of type {self.type}", (*needed, *optional)
        for name in needed:
            if name not in given or getattr(self, name) is None:
                raise ValueError(f"{event} needs the key '{name}'")
        for name in sorted(given - {*known}):
            raise ValueError(f"{event} has no key '{name}', only {', '.join(known)}")
        if self.type in ("supply", "factor") and self.loss == 1:
            raise ValueError(f"{event} can not take all: loss below 1")
        return self

    @property
    def size(self) -> float:
        """Loss, addition or openness, whichever its type has."""
        return float(getattr(self, _KEYS[self.type][0][-1]))


class Each(Strict):
    """Regions and sectors that an entry is repeated over."""

    regions: Codes | None = None
    sectors: Codes | None = None
    largest_suppliers: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Each:
        if not self.placeholders:
            raise ValueError("must name regions, sectors or largest_suppliers")
        return self

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names that stand for what it is repeated over."""
        both = self.largest_suppliers is not None
        given = {"region": self.regions, "sector": self.sectors}
        return tuple(name for name, value in given.items() if both or value is not None)


class Frequency(Strict):
    """How often something happens, and how sure that is.

    Parameters
    ----------
    value, low, high : float
        Probability a year that one of the disruptions of an entry begins.
    status : {"seen", "assumed"}
        Counted from events of the kind, or not.
    citation : str
        What has been seen.
    """

    value: Annotated[Number, Field(gt=0, lt=1)]
    low: Annotated[Number, Field(ge=0, lt=1)]
    high: Annotated[Number, Field(gt=0, lt=1)]
    status: Literal["seen", "assumed"]
    citation: Name

    @model_validator(mode="after")
    def _in_order(self) -> Frequency:
        if not self.low <= self.value <= self.high:
            raise ValueError("low, value and high must be in this order")
        return self


class DisruptionEntry(Strict):
    """One entry of a library, which makes one disruption or several.

    Parameters
    ----------
    severities : mapping of float to float, optional
        Parts of the sizes of its events, and how likely each is once it happens; a disruption is
        made for each. Default: the sizes as they are.
    frequency : Frequency, optional
        Of all of its disruptions together.
    """

    name: Name
    title: str = ""
    note: str = ""
    each: Each | None = None
    optional: bool = False
    duration: Annotated[int, Field(ge=1, le=200)] = 1
    families: dict[Role, Name]
    severities: Annotated[
        dict[Severity, Annotated[Weight, Field(gt=0)]],
        Field(min_length=1, default_factory=lambda: {1.0: 1.0}),
    ]
    frequency: Frequency | None = None
    events: Annotated[list[EventEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _sizes_can_be_scaled(self) -> DisruptionEntry:
        if any(one.openness is not None for one in self.events) and set(self.severities) != {1.0}:
            raise ValueError("openness has no severities: the events of an entry are scaled alike")
        return self

    @property
    def parts(self) -> dict[float, float]:
        """Severities and their probabilities, which add up to one."""
        total = sum(self.severities.values())
        return {part: weight / total for part, weight in self.severities.items()}

    @model_validator(mode="after")
    def _placeholders_stand_for_something(self) -> DisruptionEntry:
        known = self.each.placeholders if self.each else ()
        for name in known:
            if f"{{{name}}}" not in self.name:
                raise ValueError(f"'name' must contain {{{name}}}, else all have one name")
        try:
            self.filled(dict.fromkeys(known, ""))
        except KeyError as error:
            allowed = ", ".join(f"{{{one}}}" for one in known) or "none"
            problem = f"nothing to put in place of {{{error.args[0]}}}"
            raise ValueError(f"{problem} (allowed: {allowed})") from None
        return self

    def filled(self, codes: Mapping[str, str]) -> DisruptionEntry:
        """The entry for one of the things it is repeated over."""
        new = {"name": self.name, "title": self.title or self.name, "events": self.events}
        return self.model_copy(update={name: _fill(value, codes) for name, value in new.items()})


def _fill(value: Any, codes: Mapping[str, str]) -> Any:
    """A value with the placeholders replaced in all its texts."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: codes[found.group(1)], value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: _fill(one, codes) for name, one in value})
    if isinstance(value, list | tuple):
        return type(value)(_fill(one, codes) for one in value)
    return value


def _not_all_zero(weights: dict[str, float]) -> dict[str, float]:
    if not any(weights.values()):
        raise ValueError("all weights are zero")
    return weights


Weights = Annotated[dict[str, Weight], Field(min_length=1), AfterValidator(_not_all_zero)]


class Library(Strict):
    """A disruption library, as a file holds it.

    Parameters
    ----------
    title, note : str
    weightings : mapping
        By name, the probability weight of each family; they need not add up to one.
    entries : list of DisruptionEntry
    """

    title: str = ""
    note: str = ""
    weightings: Annotated[dict[str, Weights], Field(min_length=1)]
    entries: Annotated[list[DisruptionEntry], Field(min_length=1, alias="disruptions")]
    _file: Path | None = None

    @model_validator(mode="after")
    def _every_family_has_a_weight(self) -> Library:
        # A misspelt family would otherwise drop out without a word.
        for name, by_family in self.weightings.items():
            for family in self.families:
                if family not in by_family:
                    raise ValueError(InputError(
                        f"no weight for family '{family}', which disruptions belong to",
                        key=f"weightings.{name}", value=by_family,
                        allowed=f"a weight, 0 or more, for each of {', '.join(self.families)}",
                    ))  # fmt: skip
        return self

    @property
    def file(self) -> Path | None:
        """Where it was read, for messages."""
        return self._file

    @property
    def families(self) -> tuple[str, ...]:
        """Every family that an entry belongs to."""
        return tuple(dict.fromkeys(f for entry in self.entries for f in entry.families.values()))

    def weighting(self, name: str) -> Mapping[str, float]:
        """Weights of families by their name.

        Raises
        ------
        InputError
            If there are none of that name.
        """
        check_known([name], self.weightings, "no such weighting", file=self.file, key="weighting")
        return self.weightings[name]


def load_library(given: str | Path | Mapping[str, Any] | None = None) -> Library:
    """Read a disruption library.

    Parameters
    ----------
    given : path or mapping, optional
        A YAML file, or its content; default: the library that ships.

    Raises
    ------
    InputError
        With file, key, value and what is allowed, for whatever does not fit.
    """
    given = calibration_file("disruptions", "library.yaml") if given is None else given
    file = None if isinstance(given, Mapping) else Path(given)
    library = validate(Library, given if file is None else read_yaml(file), file)
    library._file = file
    return library
