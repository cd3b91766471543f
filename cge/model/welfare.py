"""Parts of a change of welfare: its exact differential.

Let U be the welfare of region s, E its absorption less what it borrows, P its price index. From
the budget, the technology and the markets of :mod:`cge.model` and the envelope theorem,

    E dlnU =   sum over exports  q dpf          - sum over imports  q dpf       terms of trade
             + sum over wedges (gross - base) dln(quantity)                     allocative
             + sum over sectors  receipts dln A  - sum over routes  fob dln k   technology, iceberg
             - sum over nests  spending / (1 - sigma) dln(weight)               weights
             + d(transfer) + borrowing * dln P   + sum over factors  pay dln V  transfers, supply
             + d(income from abroad)                                            owners
             - price of research * d(research)                                  research
             + net investment dln(its price) - saving dln(its price)            saving

with pf the price and q the quantity at the exporter's border. Nothing is left out and
nothing approximated; along a path of equilibria the parts add up to the change of welfare.
In money at benchmark prices (equivalent variation) each part is divided by P. With
marginal changes and no distortions this is Hulten (1978); with tariffs only, the terms of
trade and volume of trade of Caliendo and Parro (2015); the tax wedges are Harberger's (1964).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cge.model.wedges import WEDGES, Component, Wedge

#: Parts of welfare, and the group under which a table of five lines puts them.
COMPONENTS: dict[str, str] = {
    "terms_of_trade": "terms of trade",
    **{one.name: "allocative" for wedge in WEDGES.values() for one in wedge.components},
    "technology": "technology",
    "trade_cost": "technology",
    "backstop": "technology",
    "weights": "technology",
    "research": "research",
    "income_from_abroad": "income from abroad",
    "transfers": "transfers",
    "borrowing": "transfers",
    "saving": "transfers",
    "factor_supply": "factor supply",
}
GROUPS = tuple(dict.fromkeys(COMPONENTS.values()))

Codes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """A sum over cells of value * dln(quantity), or of d(value) itself.

    Parameters
    ----------
    component : str
    value : tuple of (float, str)
        Outcomes by cell whose weighted sum stands before the differential.
    of : tuple of (float, str)
        Outcomes or variables by cell, the weighted sum of whose logs changes. Empty: the
        part is the change of `value`.
    region : str
        Axis letter of the region whose welfare it is.
    partner, sector : str, optional
        Axis letters of what else is reported; the rest is summed.
    where : {"all", "abroad", "home"}
        Of routes, those that cross a border or those that do not.
    nest : str, optional
        The nest by whose (1 - sigma) the value is divided.
    """

    component: str
    value: tuple[tuple[float, str], ...]
    of: tuple[tuple[float, str], ...]
    region: str
    partner: str = ""
    sector: str = ""
    where: Literal["all", "abroad", "home"] = "all"
    nest: str = field(default="")


def _of_wedge(wedge: Wedge, one: Component) -> Part:
    """Part of a wedge: its revenue times the log change of what bears it."""
    value = ((float(wedge.sign), wedge.gross), (-float(wedge.sign), wedge.base))
    return Part(one.name, value, ((1.0, wedge.quantity),), wedge.collector, *one[1:])


_FOB_PRICE = ((1.0, "fob_value"), (-1.0, "route_volume"))

PARTS: tuple[Part, ...] = (
    Part("terms_of_trade", ((1.0, "fob_value"),), _FOB_PRICE, "r", "s", "i", "abroad"),
    Part("terms_of_trade", ((-1.0, "fob_value"),), _FOB_PRICE, "s", "r", "i", "abroad"),
    *(_of_wedge(wedge, one) for wedge in WEDGES.values() for one in wedge.components),
    Part("output", ((1.0, "stand_in_value"), (-1.0, "stand_in_receipts")),
         ((1.0, "stand_in_quantity"),), "s", sector="j"),
    Part("technology", ((1.0, "producer_receipts"),), ((1.0, "productivity"),), "s", sector="j"),
    Part("technology", ((1.0, "stand_in_receipts"),), ((1.0, "productivity"),), "s", sector="j"),
    Part("trade_cost", ((-1.0, "landed_value"),), ((1.0, "trade_cost"),), "s", "r", "i"),
    Part("backstop", ((-1.0, "backstop_spending"),), ((1.0, "backstop_premium"),), "s", "r", "i"),
    Part("weights", ((-1.0, "route_spending"),), ((1.0, "origin_weight"),), "s", "r", "i",
         nest="armington"),
    # A weight is that of a variety, the import or what stands in for it.
    Part("weights", ((-1.0, "backstop_spending"),), ((1.0, "origin_weight"),), "s", "r", "i",
         nest="armington"),
    Part("weights", ((-1.0, "input_spending"),), ((1.0, "input_weight"),), "s", sector="i",
         nest="intermediate"),
    Part("weights", ((-1.0, "factor_spending"),), ((1.0, "factor_weight"),), "s", sector="j",
         nest="value_added"),
    Part("weights", ((-1.0, "value_added_value"),), ((1.0, "value_added_weight"),), "s",
         sector="j", nest="top"),
    Part("weights", ((-1.0, "material_value"),), ((1.0, "material_weight"),), "s", sector="j",
         nest="top"),
    Part("weights", ((-1.0, "final_purchases"),), ((1.0, "final_weight"),), "s", sector="i",
         nest="final"),
    Part("research", ((-1.0, "research_unit_cost"),), ((1.0, "research"),), "s"),
    Part("income_from_abroad", ((1.0, "foreign_capital_income"),), (), "r", "s", "j"),
    Part("income_from_abroad", ((-1.0, "foreign_capital_income"),), (), "s", "r", "j"),
    Part("transfers", ((1.0, "transfer"),), (), "s"),
    # What is borrowed is deducted, at a price of absorption that has moved.
    Part("borrowing", ((1.0, "net_borrowing"),), ((1.0, "welfare_price"),), "s"),
    # Saving buys a claim on capital of the world, and others' saving buys capital here.
    Part("saving", ((1.0, "net_investment_value"),), ((1.0, "agent_price"),), "s"),
    Part("saving", ((-1.0, "saving_value"),), ((1.0, "saving_price"),), "s"),
    Part("factor_supply", ((-1.0, "depreciation_value"),), ((1.0, "factor_supply"),), "s"),
    Part("factor_supply", ((1.0, "factor_payment"),), ((1.0, "factor_use"),), "s"),
    # Those in research beyond the benchmark's: value less price, for their number may be zero.
    Part("factor_supply", ((1.0, "research_wages"),), (), "s"),
    Part("factor_supply", ((-1.0, "research_wages"),), ((1.0, "factor_return"),), "s"),
    Part("factor_supply", ((1.0, "stand_in_wages"),), (), "s"),
    Part("factor_supply", ((-1.0, "stand_in_wages"),), ((1.0, "factor_return"),), "s"),
)  # fmt: skip
