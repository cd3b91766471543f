"""The layout of what a scenario does with instruments of the model: measures and financing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from cge.core.fields import Codes, Name, Rate, Sized, Strict, file_field, refuse_value
from cge.core.rate_bounds import LOWEST_POWER
from cge.scenario.instruments import INSTRUMENTS, OWNERSHIP, QUOTA
from cge.scenario.timing import Action, Timed, Year, codes_text

#: Selectors that some instrument has.
SELECTORS = ("exporter", "importer", "region", "sector", "buyer", "use", "factor", "agent",
             "owner")  # fmt: skip
#: Things that variants can have in common.
GOALS = ("outlay", "welfare", "present_value")
#: Ways to say how large a measure is; a quota has `to` alone.
SIZES = ("add", "set", "scale", "power", "file", "budget")
_RENTS = {"importer": "to the importer", "exporter": "to the exporter", "lost": "lost"}


class Aimed(Strict):
    """An instrument and the cells that it moves."""

    instrument: str
    exporter: Codes = "all"
    importer: Codes = "all"
    region: Codes = "all"
    sector: Codes = "all"
    buyer: Codes = "all"
    use: Codes = "all"
    factor: Codes = "all"
    agent: Codes = "all"
    owner: Codes = "all"

    #: Instruments that it may be, and what is wrong with others.
    may_be: ClassVar[Collection[str]] = INSTRUMENTS
    else_wrong: ClassVar[str] = "unknown instrument"

    @field_validator("instrument")
    @classmethod
    def _one_of(cls, value: str) -> str:
        refuse_value(value not in cls.may_be, cls.else_wrong, value=value, allowed=cls.may_be)
        return value

    @property
    def keys(self) -> tuple[str, ...]:
        """Selectors that it may have."""
        return INSTRUMENTS[self.instrument].keys

    @property
    def _chosen(self) -> dict[str, Codes]:
        """Selectors that do not take all."""
        free = [key for key in SELECTORS if not type(self).model_fields[key].is_required()]
        return {key: value for key in free if (value := getattr(self, key)) != "all"}

    @model_validator(mode="after")
    def _has_its_keys(self) -> Aimed:
        for key in self._chosen:
            if key not in self.keys:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' (it has {', '.join(self.keys)})"
                )
        return self

    @property
    def aim(self) -> str:
        """The instrument and its cells in words."""
        chosen = self._chosen
        where = "; ".join(f"{key} {codes_text(chosen[key])}" for key in self.keys if key in chosen)
        return f"{self.instrument.replace('_', ' ')} ({where or 'all'})"


class Measure(Timed, Aimed):
    """One policy measure: an instrument, the cells it applies to, and its size.

    Exactly one of `add`, `set`, `scale`, `power`, `file` and `budget` says how large it is; a
    quota has `to` instead. Where a scenario compares at equal outlay or welfare, a measure
    without a size is the one whose rate is solved for. On a path of years it has a time.
    With `moved` a part that is owned abroad comes with capital from the owner's region.
    """

    within_regions: bool = False
    add: Rate | None = None
    set_: Rate | None = Field(default=None, alias="set")
    scale: Rate | None = None
    power: Rate | None = None
    file: str | None = file_field()
    column: Name | None = None
    weight: Name | None = None
    budget: Rate | None = None
    guess: Rate | None = None
    to: Rate | None = None
    rents: Literal["importer", "exporter", "lost"] | None = None
    binding: bool | None = None
    moved: bool = False

    idle: ClassVar[Mapping[str, float]] = {"add": 0, "scale": 1, "power": 1, "budget": 0, "to": 1}

    @property
    def sizes(self) -> list[str]:
        """Names of the sizes that are given."""
        values = (self.add, self.set_, self.scale, self.power, self.file, self.budget)
        return [name for name, value in zip(SIZES, values, strict=True) if value is not None]

    @property
    def unsized(self) -> bool:
        """Whether the rate is left to a comparison at equal outlay or welfare."""
        return self.instrument != QUOTA and not self.sizes

    @field_validator("power")
    @classmethod
    def _no_rate(cls, value: float | None, info: ValidationInfo) -> float | None:
        """A power that is no rate by mistake."""
        of = INSTRUMENTS.get(info.data.get("instrument", ""))
        if value is None or of is None or not of.is_power or info.data.get("large"):
            return value
        sign, low, per_cent = of.sign, 0 < value < LOWEST_POWER, 100 * value
        refuse_value(
            low, f"multiplies 1 {'+' if sign > 0 else '-'} the rate: {value:g} takes a rate of 0 "
            f"to {sign * (per_cent - 100):.6g} %, and {1 + sign * value:g} to {per_cent:.6g} %",
            value=value, allowed=f"{LOWEST_POWER:g} or more, or any with 'large: true' beside it",
        )  # fmt: skip
        return value

    @model_validator(mode="after")
    def _one_size(self) -> Measure:
        if self.instrument == QUOTA:
            self._check_quota()
        elif self.to is not None or self.rents is not None or self.binding is not None:
            raise ValueError("'to', 'rents' and 'binding' go with the instrument 'quota'")
        elif len(self.sizes) > 1:
            raise ValueError(
                f"exactly one of {', '.join(SIZES[:-1])} and {SIZES[-1]} is needed, "
                f"found {self.sizes}"
            )
        if self.moved and (self.instrument != OWNERSHIP or self.unsized):
            raise ValueError(f"'moved' goes with the instrument '{OWNERSHIP}' and a size")
        if self.file is not None and self.column is None:
            raise ValueError("'file' needs 'column', the name of the column with the rates")
        if self.file is None and (self.column or self.weight):
            raise ValueError("'column' and 'weight' go with 'file'")
        if self.budget is not None and INSTRUMENTS[self.instrument].fiscal == "none":
            raise ValueError(f"'{self.instrument}' has no receipts and no outlay to fix")
        if self.guess is not None and not (self.unsized or self.budget is not None):
            raise ValueError("'guess' goes with a rate that is solved for: 'budget', or no size")
        return self

    def _check_quota(self) -> None:
        given = [*self.sizes, *(["guess"] if self.guess is not None else [])]
        if given:
            raise ValueError(f"a quota is a quantity: it has 'to', not {given}")
        if self.to is None:
            raise ValueError("a quota needs 'to', the share of the benchmark volume that is let in")
        if self.to == 0:
            raise ValueError(
                "a quota of zero has no equilibrium here: with a constant elasticity no finite "
                "price keeps the last buyer away; take a small number, as to: 0.01"
            )
        if self.within_regions:
            raise ValueError("a quota is on what crosses a border, not within a region")
        if self.to < 0:
            raise ValueError("a quota is a positive share of the benchmark volume")

    @property
    def words(self) -> str:
        """Its effect in words."""
        moved = ", with capital of that worth moved there" if self.moved else ""
        return self.at_its_time(f"{self.aim} {self._size}{moved}")

    @property
    def _size(self) -> str:
        if self.to is not None:
            held = "at" if self.binding else "at most"
            rents = _RENTS[self.rents or "importer"]
            return f"{held} {100 * self.to:g} % of the benchmark volume, rents {rents}"
        if self.file is not None:
            return f"by the table {Path(self.file).name}, column {self.column}"
        if self.add is not None:
            return f"{100 * self.add:+g} points"
        if self.set_ is not None:
            return f"set to {100 * self.set_:g} %"
        if self.scale is not None:
            return f"times {self.scale:g}"
        if self.power is not None:
            return f"power times {self.power:g}"
        if self.budget is not None:
            what = INSTRUMENTS[self.instrument].fiscal
            return f"with {what} of {100 * self.budget:g} % of GDP"
        return "at the rate that makes the variants equal"


class Financing(Aimed, Action):
    """A tax of a region that keeps the budget where it was, instead of the lump sum."""

    region: str

    may_be: ClassVar[Collection[str]] = [
        n for n, one in INSTRUMENTS.items() if one.fiscal != "none"
    ]
    else_wrong: ClassVar[str] = "is no tax"

    @property
    def keys(self) -> tuple[str, ...]:
        """Selectors that it may have: all but that of the region."""
        instrument = INSTRUMENTS[self.instrument]
        return tuple(key for key in instrument.keys if key != instrument.owner)

    @property
    def words(self) -> str:
        """Its effect in words."""
        return f"budget of {self.region} kept by {self.aim}"


class Equal(Sized):
    """The thing that all variants of a scenario set have in common: an outlay, or an effect.

    A number, or the name of the variant that sets it. Outlay is a share of the region's
    GDP, welfare the equivalent variation in per cent of benchmark absorption. On a path an
    outlay is that of every year; welfare of a year, or the present value of all years, is reached
    by one outlay, the same share of GDP in every year.
    """

    region: str
    outlay: Rate | str | None = None
    welfare: Rate | str | None = None
    present_value: Rate | str | None = None
    year: Year | None = None

    @model_validator(mode="after")
    def _one(self) -> Equal:
        given = [name for name in GOALS if getattr(self, name) is not None]
        refuse_value(len(given) != 1, "exactly one of these is needed", value=given or None,
                     allowed=GOALS)  # fmt: skip
        refuse_value(self.year is not None and given != ["welfare"], "goes with welfare",
                     key="equal.year", value=self.year)  # fmt: skip
        return self

    @property
    def what(self) -> str:
        """Name of what is equal."""
        return next(name for name in GOALS if getattr(self, name) is not None)

    @property
    def value(self) -> float | str:
        """The number, or the variant that has it."""
        value: float | str = getattr(self, self.what)
        return value

    @property
    def by_outlay(self) -> bool:
        """Whether an outlay is found that has an effect on a path as a whole."""
        return self.year is not None or self.present_value is not None

    @property
    def line(self) -> str:
        """The common outlay or effect in words."""
        what = f"{self.what.replace('_', ' ')} of {self.region}"
        if self.year is not None:
            what += f" in year {self.year}"
        if isinstance(self.value, str):
            return f"{what} as in variant {self.value}"
        if self.what == "outlay":
            return f"outlay of {100 * self.value:g} % of the GDP of {self.region}"
        if self.by_outlay:
            return f"{what} of {self.value:g} %, by the same outlay in every year"
        return f"equivalent variation of {self.value:g} % in {self.region}"
