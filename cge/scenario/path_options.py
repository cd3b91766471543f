"""The layout of what makes a scenario a path of years."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cge.core.fields import Distinct, OneOrMore, Rate, Strict
from cge.core.files import Number
from cge.core.parameters import Level
from cge.scenario.named_files import file_field

#: More is not looked at: the path is at its end long before.
MOST_YEARS = 200


class OpennessResponse(Strict):
    """Knowledge that closes with trade: 1 - chi times the part of trade under a new tariff."""

    chi: Annotated[Rate, Field(ge=0, le=1)]


class PathChoice(Strict):
    """How a path goes from year to year.

    Parameters
    ----------
    years : int
        Length of the path; year 1 is the one after the benchmark.
    knowledge : bool, optional
        Whether research makes knowledge; default: where the figures ship.
    knowledge_data : str, optional
        A user's figures on research.
    returns : list of {"low", "central", "high"}
        Rates of return to research; one path for each.
    capital : {"accumulates", "reallocated"}
        Whether a region's capital follows its investment, or only moves between sectors.
    parameters : mapping
        Values that replace parameters of the path or of knowledge.
    baseline : str, optional
        File of labour and productivity relative to balanced growth.
    openness_response : OpennessResponse, optional
    """

    years: Annotated[int, Field(strict=True, ge=1, le=MOST_YEARS)] = 25
    knowledge: bool | None = None
    knowledge_data: str | None = file_field()
    returns: Annotated[list[Level], OneOrMore, Distinct] = Field(default=["central"], min_length=1)
    capital: Literal["accumulates", "reallocated"] = "accumulates"
    parameters: dict[str, Number] = Field(default_factory=dict)
    baseline: str | None = file_field()
    openness_response: OpennessResponse | None = None
