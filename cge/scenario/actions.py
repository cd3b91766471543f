"""The layout of what a scenario does: measures, responses, financing, equal comparisons."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cge.core.errors import InputError
from cge.core.fields import Codes, Rate, Sized, Strict
from cge.scenario.instruments import INSTRUMENTS, QUOTA
from cge.scenario.named_files import file_field
from cge.scenario.timing import Timed

__all__ = ["SIZES", "Codes", "Equal", "Financing", "Measure", "Rate", "Response", "Strict"]

#: Selectors that some instrument has.
SELECTORS = ("exporter", "importer", "region", "sector", "buyer", "use", "factor", "agent")
#: Ways to say how large a measure is; a quota has `to` alone.
SIZES = ("add", "set", "scale", "file", "budget")


class Measure(Timed):
    """One policy measure: an instrument, the cells it applies to, and its size.

    Exactly one of `add`, `set`, `scale`, `file` and `budget` says how large it is; a quota
    has `to` instead. Where a scenario compares at equal outlay or welfare, a measure
    without a size is the one whose rate is found. On a path of years it has a time.
    """

    instrument: str
    exporter: Codes = "all"
    importer: Codes = "all"
    region: Codes = "all"
    sector: Codes = "all"
    buyer: Codes = "all"
    use: Codes = "all"
    factor: Codes = "all"
    agent: Codes = "all"
    within_regions: bool = False
    add: Rate | None = None
    set_: Rate | None = Field(default=None, alias="set")
    scale: Rate | None = None
    file: str | None = file_field()
    column: str | None = None
    weight: str | None = None
    budget: Rate | None = None
    guess: Rate | None = None
    to: Rate | None = None
    rents: Literal["importer", "exporter", "lost"] | None = None
    binding: bool | None = None
    label: str | None = None

    @field_validator("instrument")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in INSTRUMENTS:
            raise ValueError(InputError("unknown instrument", value=value, allowed=INSTRUMENTS))
        return value

    @property
    def sizes(self) -> list[str]:
        """Names of the sizes that are given."""
        values = (self.add, self.set_, self.scale, self.file, self.budget)
        return [name for name, value in zip(SIZES, values, strict=True) if value is not None]

    @property
    def unsized(self) -> bool:
        """Whether the rate is left to a comparison at equal outlay or welfare."""
        return self.instrument != QUOTA and not self.sizes

    @model_validator(mode="after")
    def _one_size(self) -> Measure:
        instrument = INSTRUMENTS[self.instrument]
        if self.instrument == QUOTA:
            self._check_quota()
        elif self.to is not None or self.rents is not None or self.binding is not None:
            raise ValueError("'to', 'rents' and 'binding' go with the instrument 'quota'")
        elif len(self.sizes) > 1:
            raise ValueError(
                f"exactly one of {', '.join(SIZES[:-1])} and {SIZES[-1]} is needed, "
                f"found {self.sizes}"
            )
        if self.file is not None and self.column is None:
            raise ValueError("'file' needs 'column', the name of the column with the rates")
        if self.file is None and (self.column or self.weight):
            raise ValueError("'column' and 'weight' go with 'file'")
        if self.budget is not None and instrument.fiscal == "none":
            raise ValueError(f"'{self.instrument}' has no receipts and no outlay to fix")
        if self.guess is not None and not (self.unsized or self.budget is not None):
            raise ValueError("'guess' goes with a rate that is found: 'budget', or no size")
        for key in SELECTORS:
            if getattr(self, key) != "all" and key not in instrument.keys:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' "
                    f"(it has {', '.join(instrument.keys)})"
                )
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


class Response(Strict):
    """What partners do in answer to a policy.

    `retaliation`: each of `by` mirrors the tariff increases that `to` made against it.
    `countervailing`: each of `by` puts a duty of `chi` times the specific subsidy on imports
    from `against`.
    """

    kind: Literal["retaliation", "countervailing"]
    by: Codes = "all"
    to: Codes | None = None
    share: Annotated[Rate, Field(ge=0)] | None = None
    against: Codes | None = None
    chi: Annotated[Rate, Field(ge=0)] | None = None
    sector: Codes | None = None
    label: str | None = None

    @model_validator(mode="after")
    def _own_keys(self) -> Response:
        need, others = {
            "retaliation": (("to",), ("against", "chi")),
            "countervailing": (("against", "chi"), ("to", "share")),
        }[self.kind]
        for key in need:
            if getattr(self, key) is None:
                raise ValueError(f"a response of kind '{self.kind}' needs '{key}'")
        for key in others:
            if getattr(self, key) is not None:
                raise ValueError(f"a response of kind '{self.kind}' has no '{key}'")
        return self


class Financing(Strict):
    """A tax of a region that keeps the budget where it was, instead of the lump sum."""

    region: str
    instrument: str
    exporter: Codes = "all"
    importer: Codes = "all"
    sector: Codes = "all"
    buyer: Codes = "all"
    use: Codes = "all"
    factor: Codes = "all"
    agent: Codes = "all"
    label: str | None = None

    @model_validator(mode="after")
    def _a_tax(self) -> Financing:
        fiscal = [name for name, i in INSTRUMENTS.items() if i.fiscal != "none"]
        if self.instrument not in fiscal:
            raise ValueError(
                InputError("is no tax", key=None, value=self.instrument, allowed=fiscal)
            )
        instrument = INSTRUMENTS[self.instrument]
        own = [key for key in instrument.keys if key != instrument.owner]
        for key in SELECTORS:
            if key != "region" and getattr(self, key) != "all" and key not in own:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' (it has {', '.join(own)})"
                )
        return self


class Equal(Sized):
    """What all variants of a family have in common: an outlay, or a welfare effect.

    A number, or the name of the variant that sets it. Outlay is a share of the region's
    GDP, welfare the equivalent variation in per cent of benchmark absorption.
    """

    region: str
    outlay: Rate | str | None = None
    welfare: Rate | str | None = None

    @model_validator(mode="after")
    def _one(self) -> Equal:
        if (self.outlay is None) == (self.welfare is None):
            raise ValueError("exactly one of outlay and welfare is needed")
        return self

    @property
    def what(self) -> str:
        """Name of what is equal."""
        return "outlay" if self.outlay is not None else "welfare"

    @property
    def value(self) -> float | str:
        """The number, or the variant that has it."""
        value = self.outlay if self.outlay is not None else self.welfare
        assert value is not None
        return value
