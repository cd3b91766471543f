"""Every wedge between what a buyer pays and what a seller receives, in one table.

A wedge is a power: what is paid is the power times the base. Budgets, the shares of
who collects and the welfare effect of what a wedge holds back all follow from the
base, the gross value and the quantity that bears it, each an outcome of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Wedge:
    """One kind of tax.

    Parameters
    ----------
    variable : str
        The exogenous variable that is its power.
    base, gross : str
        Outcomes: gross = power * base, cell by cell.
    quantity : str
        Outcome or variable: the quantity that bears it.
    collector : str
        Axis letter of the region whose budget it is.
    sign : int
        +1 where receipts are gross less base (1 + t), -1 where they are base less gross
        (what is kept, 1 - t).
    """

    variable: str
    base: str
    gross: str
    quantity: str
    collector: str
    sign: int = 1


WEDGES: Mapping[str, Wedge] = {
    w.variable: w
    for w in (
        Wedge("tariff", "fob_value", "route_spending", "arrivals", "s"),
        Wedge("export_tax", "basic_value", "fob_value", "route_volume", "r"),
        Wedge("net_of_output_tax", "output_value", "producer_receipts", "output", "s", -1),
        Wedge("intermediate_tax", "input_value", "input_spending", "input_use", "s"),
        Wedge("final_tax", "final_value", "final_purchases", "final_use", "s"),
        Wedge("factor_tax", "factor_payment", "factor_spending", "factor_use", "s"),
    )
}
