"""The layout of what a scenario says about its efficiency-resilience frontier."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, field_validator, model_validator

from cge.core.errors import InputError
from cge.core.fields import Distinct, OneOrMore, Rate, Sized, Strict, distinct
from cge.core.rate_bounds import LARGEST_SHARE
from cge.scenario.actions import Aimed
from cge.scenario.instruments import INSTRUMENTS, QUOTA

Version = Literal["unilateral", "terms_of_trade_neutral", "global"]
Method = Literal["auto", "reduced", "full"]


class LeverChoice(Aimed, Sized):
    """An instrument whose rate is chosen, between bounds.

    Parameters
    ----------
    name : str
        Name in tables.
    instrument, exporter, importer, region, sector, buyer, use, factor, agent
        As in a scenario's policy, no quota; that of the region which sets it (the importer of a
        tariff) is the region of the frontier unless it is given.
    low, high : float
        Bounds of the rate, which is added to the one of the benchmark.
    large : bool
        That the bounds are meant, however large.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    low: Rate = 0.0
    high: Rate

    may_be: ClassVar[Collection[str]] = [name for name in INSTRUMENTS if name != QUOTA]

    @model_validator(mode="after")
    def _in_order(self) -> LeverChoice:
        if not self.low < self.high:
            raise ValueError(InputError("the bounds are reversed, or leave no choice",
                                        value=self.low,
                                        allowed=f"below high, {self.high:g}"))  # fmt: skip
        return self


class FrontierChoice(Strict):
    """Whose frontier it is, of which instruments, over which disruptions.

    Settings of the disruptions themselves (library, level of the conditional value at risk,
    lending, backstops and what they cost) are those of the section ``stress``.

    Parameters
    ----------
    region : str
        Whose welfare and resilience it is.
    instruments : list of LeverChoice
    disruptions : list of str
        Names of the library's disruptions, with ``*`` and ``?`` for anything; default: all.
    weighting : str
        Name of the library's weights of families.
    points : int
        Points of each frontier, its ends among them.
    starts : int
        Points from which the ends are looked for.
    versions : list of str
        Problems: unilateral, terms_of_trade_neutral (partners are compensated), global.
    budget : float, optional
        Most that the subsidies among the instruments may cost the region, a share of its GDP.
    method : {"auto", "reduced", "full"}
        Space in which it is solved: of rates, or of all unknowns.
    """

    region: str
    instruments: Annotated[list[LeverChoice], Field(min_length=1, max_length=50)]
    disruptions: Annotated[list[str], OneOrMore] = Field(default=["*"], min_length=1)
    weighting: str = "default"
    points: Annotated[int, Field(strict=True, ge=2, le=100)] = 8
    starts: Annotated[int, Field(strict=True, ge=1, le=50)] = 4
    versions: Annotated[list[Version], OneOrMore, Distinct] = Field(
        default=list(get_args(Version)), min_length=1
    )
    budget: Annotated[Rate, Field(gt=0, le=LARGEST_SHARE)] | None = None
    method: Method = "auto"

    @field_validator("instruments")
    @classmethod
    def _of_distinct_names(cls, value: list[LeverChoice]) -> list[LeverChoice]:
        distinct([one.name for one in value])
        return value
