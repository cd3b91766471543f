"""Capital that a scenario says is owned abroad."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cge.core.fields import Codes, Strict
from cge.core.files import Number
from cge.scenario.timing import codes_text


class OwnedAbroad(Strict):
    """A part of what capital earns in some sectors that belongs to another region.

    Parameters
    ----------
    region : codes
        Where the capital is.
    sector : codes
    owner : str
        To whom its income is paid: one region.
    share : float
        Part of the income, from 0 to below 1. With 0 there is a claim that a measure can raise.
    """

    region: Codes
    sector: Codes = "all"
    owner: str
    share: Annotated[Number, Field(ge=0, lt=1)]

    @property
    def words(self) -> str:
        """Who owns what, in words."""
        where = f"{codes_text(self.region)}, sector {codes_text(self.sector)}"
        return f"{100 * self.share:g} % of the income of capital in {where} is {self.owner}'s"
