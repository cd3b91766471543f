"""The section ``backtest`` of a scenario: the model held against years that have passed."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from cge.core.fields import (
    Distinct,
    OneOrMore,
    Rising,
    Strict,
    distinct,
    file_field,
    refuse_value,
)
from cge.core.files import Number

#: What the model can be told of a later year.
Fact = Literal["tariffs", "size", "growth", "balances", "exports"]
FACTS: tuple[str, ...] = get_args(Fact)
#: Told together of any window, where they are known.
_USUAL: tuple[tuple[str, ...], ...] = (
    ("tariffs",), ("size", "balances"), ("tariffs", "size", "balances"),
    ("tariffs", "growth", "balances"), ("tariffs", "size", "balances", "exports"),
)  # fmt: skip
#: Multipliers of the trade elasticities; beyond the largest, elasticities are of no trade model.
_MULTIPLIERS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def rates_that_ship() -> list[str]:
    """Names of tariffs that ship, and none."""
    from cge.data.accounts.tariffs import shipped_rates  # of tables, read when needed

    return [*shipped_rates(), "none"]


class WindowChoice(Strict):
    """Two years, and the tariffs that are known of them.

    Parameters
    ----------
    first, last : int
        Written ``from`` and ``to``.
    rates : str, optional
        Tariffs of the first year: ``applied``, ``1993``, ``2005`` or a file; default those of
        the section ``benchmark``.
    later_rates : str, optional
        Tariffs of the last: a name as before, or a table whose tariffs are meant. Default: not
        known.
    """

    first: int = Field(alias="from")
    last: int = Field(alias="to")
    rates: str | None = file_field(None, rates_that_ship)
    later_rates: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> WindowChoice:
        refuse_value(self.last <= self.first, "'to' is not after 'from'", value=self.last,
                     allowed=f"years after {self.first}")  # fmt: skip
        return self

    @property
    def name(self) -> str:
        """Both years."""
        return f"{self.first}-{self.last}"


class BacktestChoice(Strict):
    """The model held against years that have passed.

    Parameters
    ----------
    windows : list of WindowChoice
    given : list of list of str
        What the model is told of the last year, one forecast for each list: ``tariffs``; ``size``,
        shares in world GDP at current prices; ``growth``, real GDP; ``balances`` of trade;
        ``exports``, shares in the world's exports of each good. Where tariffs of a window are not
        known the others are told; where one of the others is not, nothing of the list is.
    multipliers : list of float
        What the trade elasticities of a set, sigma less one, are multiplied with.
    smallest : float
        Shares below it in the first year, as a fraction, have no log change that is judged.
    """

    windows: Annotated[list[WindowChoice], Field(min_length=1, max_length=100)]
    given: Annotated[
        list[Annotated[list[Fact], OneOrMore, Distinct, Field(min_length=1)]], Field(min_length=1)
    ] = Field(default_factory=lambda: [list(one) for one in _USUAL])  # type: ignore[arg-type]
    multipliers: Annotated[
        list[Annotated[Number, Field(gt=0, le=10)]], OneOrMore, Rising, Field(min_length=1)
    ] = Field(default_factory=lambda: list(_MULTIPLIERS))
    smallest: Annotated[Number, Field(gt=0, lt=1)] = 1e-4

    @field_validator("windows")
    @classmethod
    def _of_distinct_years(cls, value: list[WindowChoice]) -> list[WindowChoice]:
        distinct([one.name for one in value])
        return value

    @field_validator("given")
    @classmethod
    def _that_can_be_told(cls, value: list[list[Fact]]) -> list[list[Fact]]:
        for n, one in enumerate(value):
            refuse_value({"size", "growth"} <= {*one}, "the size of a region is told twice",
                         key=f"backtest.given.{n}", value=one,
                         allowed="size, at current prices, or growth, in real terms")  # fmt: skip
        distinct([sorted(one) for one in value])
        return value
