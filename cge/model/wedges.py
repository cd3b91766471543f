"""Every wedge between what a buyer pays and what a seller receives, in one table.

A wedge is a power: what is paid is the power times the base. Budgets, the shares of who collects,
the part of the welfare change that it holds back and the instrument that moves it all follow from
its entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Component(NamedTuple):
    """A part of the welfare change that is due to a wedge, and its axes.

    Partner and sector are axis letters; where says which routes are meant.
    """

    name: str
    partner: str = ""
    sector: str = ""
    where: Literal["all", "abroad", "home"] = "all"


@dataclass(frozen=True)
class Wedge:
    """One kind of tax.

    Parameters
    ----------
    line : str
        Line of the register of the exogenous variable that is its power.
    base, gross : str
        Outcomes: gross = power * base, cell by cell.
    base_words : str
        The base in words.
    quantity : str
        Outcome or variable: the quantity that bears it.
    collector : str
        Axis letter of the region whose budget it is.
    components : tuple of Component
    sign : int
        +1 where receipts are gross less base (1 + t), -1 where they are base less gross
        (what is kept, 1 - t).
    """

    line: str
    base: str
    gross: str
    base_words: str
    quantity: str
    collector: str
    components: tuple[Component, ...]
    sign: int = 1

    @property
    def variable(self) -> str:
        """Name of the power."""
        return self.line.partition("|")[0].strip()

    @property
    def axes(self) -> str:
        """Letters of its axes."""
        return self.line.split("|")[1].strip()


WEDGES: Mapping[str, Wedge] = {
    w.variable: w
    for w in (
        Wedge(
            "tariff | uris | power 1+t | exogenous | moved | difference | | | "
            "import tariff on the value at the border (fob, and transport where there is any)",
            "landed_value", "route_spending", "value at the border", "arrivals", "s",
            (Component("imports", "r", "i", "abroad"),
             Component("home_purchases", "", "i", "home")),
        ),
        Wedge(
            "import_use_tax | uis | power 1+t | exogenous | moved | difference | | | "
            "tax of a use class on its bundle of imports",
            "imported_value", "imported_spending", "market value of imports", "imported_use", "s",
            (Component("imports", "", "i"),),
        ),
        Wedge(
            "export_tax | uris | power 1+t | exogenous | moved | difference | | | "
            "export tax on the basic price",
            "basic_value", "fob_value", "basic price", "route_volume", "r",
            (Component("exports", "s", "i", "abroad"),),
        ),
        Wedge(
            "net_of_output_tax | sj | power 1-t | exogenous | moved | difference | | | "
            "share of the basic price the producer keeps",
            "output_value", "producer_receipts", "basic value of output", "output", "s",
            (Component("output", "", "j"),), -1,
        ),
        Wedge(
            "intermediate_tax | sij | power 1+t | exogenous | moved | difference | | | "
            "user tax on intermediates",
            "input_value", "input_spending", "market value of inputs", "input_use", "s",
            (Component("intermediate_users", "", "i"),),
        ),
        Wedge(
            "final_tax | sdi | power 1+t | exogenous | moved | difference | | | "
            "user tax on final demand",
            "final_value", "final_purchases", "market value of final use", "final_use", "s",
            (Component("final_users", "", "i"),),
        ),
        Wedge(
            "factor_tax | sjf | power 1+t | exogenous | moved | difference | | | "
            "tax on factor use",
            "factor_payment", "factor_spending", "factor income", "factor_use", "s",
            (Component("factor_use", "", "j"),),
        ),
    )
}  # fmt: skip
#: Lines of the register of the powers.
WEDGE_LINES = "\n".join(w.line for w in WEDGES.values())
