"""Equivalent variation as GTAP takes it apart: the decomposition of Huff and Hertel.

The parts are those of :mod:`cge.model.welfare`, cell by cell, under the names and in the groups of
GTAP (Huff, K. and T. Hertel 2000, Decomposing Welfare Changes in the GTAP Model, GTAP Technical
Paper 5; Corong and others 2017, appendix on welfare): allocative efficiency by tax, what endowments,
technology, the terms of trade, and investment and saving bring. Two things differ. Income tax is told
apart from what endowments bring, with the rates of the data. And prices at the border, of
investment goods and of saving count against the price of the world's exports: of a region that
exports more than it imports, a rise of all prices is no gain in its terms of trade, for it costs as
much more to save. This moves

    trade balance * dln(price index of the world's exports)

from the one to the other, at every point of the way; it is a chain index, as GTAP's `pxwwld`. Parts
add up to the same equivalent variation. Changes of population and of preferences of the regional
household, which GTAP tells too, are none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cge.core.axes import Array, ratio
from cge.data.accounts.benchmark import Benchmark
from cge.model.welfare import COMPONENTS

if TYPE_CHECKING:
    from cge.solve.decompose import Walk
    from cge.solve.laid_part import LaidPart

#: Taxes by their names in GTAP's array of allocative effects, in its order, and what they are on.
TAXES: Mapping[str, str] = {
    "prodtax": "output", "pfacttax": "endowments", "inctax": "income", "inputtax": "inputs",
    "contax": "private consumption", "invtax": "investment", "govtax": "government consumption",
    "xtax": "exports", "mtax": "imports",
}  # fmt: skip
#: The other parts, by the end of their names in GTAP's summary, and what they are.
ENDOWMENT, TECHNOLOGY, TERMS_OF_TRADE, SAVING = "endw", "tech", "tot", "is"
#: What GTAP's model has not: research, transfers, borrowing, stand-ins for imports.
OTHER = "other"
PARTS: Mapping[str, str] = {
    **{name: f"tax on {of}" for name, of in TAXES.items()}, ENDOWMENT: "endowments",
    TECHNOLOGY: "technology", TERMS_OF_TRADE: "terms of trade",
    SAVING: "investment and saving", OTHER: "other",
}  # fmt: skip
#: Tax of the agents on what they buy, by agent.
_OF_AGENT = {"HH": "contax", "GOV": "govtax", "INV": "invtax"}
#: Columns that tell cells apart: whose welfare; the part; commodity or activity; who buys, or the
#: activity that uses an endowment; ``d`` or ``m`` of home or abroad; the other region; the endowment.
KEYS = ["region", "part", "sector", "user", "source", "partner", "endowment"]


def has_parts(benchmark: Benchmark) -> bool:
    """Whether the welfare of a benchmark is that of the standard GTAP model."""
    return benchmark.saving is not None and {*_OF_AGENT} <= {*benchmark.agents}


def huff(walked: Walk) -> pd.DataFrame:
    """Parts of equivalent variation as GTAP tells them, cell by cell.

    Parameters
    ----------
    walked : Walk
        To a solution of a benchmark with :func:`has_parts`.

    Returns
    -------
    DataFrame
        Columns :data:`KEYS` and value, in the benchmark's money. Terms of trade have the partner
        of each flow; what the price of the world's exports takes off them has no partner.
    """
    b = walked.laid[0].model.benchmark
    tables = [_cells(part, values, b) for part, values in zip(walked.laid, walked.cells)]
    moved = _at_world_prices(walked)
    for name, sign in ((TERMS_OF_TRADE, -1.0), (SAVING, 1.0)):
        tables.append(pd.DataFrame({"region": b.regions, "part": name, "value": sign * moved}))
    found = pd.concat([table for table in tables if len(table)], ignore_index=True)
    found = found.reindex(columns=[*KEYS, "value"])
    found[KEYS] = found[KEYS].astype(object).where(found[KEYS].notna(), "")
    return found.groupby(KEYS, sort=False)["value"].sum().reset_index()


def summed(cells: pd.DataFrame, regions: tuple[str, ...]) -> pd.DataFrame:
    """Parts by region, all of :data:`PARTS`."""
    table = cells.pivot_table(index="region", columns="part", values="value", aggfunc="sum")
    return table.reindex(index=list(regions), columns=list(PARTS)).fillna(0.0)


def _cells(part: LaidPart, values: Array, b: Benchmark) -> pd.DataFrame:
    """Cells of a part of welfare under the names of GTAP."""
    codes, kind, of = part.codes, part.part.component, part.part.value[0][1]
    regions = np.array(b.regions)[part.region]
    table = pd.DataFrame({"region": regions, "value": values})
    if kind == "terms_of_trade":
        return table.assign(
            part=TERMS_OF_TRADE, sector=codes["i"], partner=codes[part.part.partner]
        )
    if kind == "factor_supply" and of == "factor_payment":
        return _endowments(part, values, b, paid=True)
    if kind == "factor_use":
        return _endowments(part, values, b, paid=False)
    if kind == "output":
        return table.assign(part="prodtax", sector=codes["j"])
    if kind == "exports":
        return table.assign(part="xtax", sector=codes["i"], partner=codes["s"])
    if kind == "imports" and of == "route_spending":
        return table.assign(part="mtax", sector=codes["i"], partner=codes["r"])
    if kind == "intermediate_users":
        return table.assign(part="inputtax", sector=codes["i"], user=codes["j"])
    if kind == "final_users":
        return table.assign(part=[_OF_AGENT[one] for one in codes["d"]], sector=codes["i"],
                            user=codes["d"])  # fmt: skip
    if kind in ("imports", "home_purchases"):
        whose = {one: (user, "inputtax") for one, user in zip(b.sector_class, b.sectors)}
        whose |= {one: (agent, _OF_AGENT[agent]) for one, agent in zip(b.agent_class, b.agents)}
        known = [whose.get(one, ("", OTHER)) for one in codes["u"]]
        source = "m" if kind == "imports" else "d"
        return table.assign(part=[tax for _, tax in known], user=[user for user, _ in known],
                            sector=codes["i"], source=source)  # fmt: skip
    name = {"technology": TECHNOLOGY, "trade_cost": TECHNOLOGY, "weights": TECHNOLOGY,
            "saving": SAVING, "factor_supply": ENDOWMENT}.get(kind, OTHER)  # fmt: skip
    assert kind in COMPONENTS
    return table.assign(part=name)


def _endowments(part: LaidPart, values: Array, b: Benchmark, paid: bool) -> pd.DataFrame:
    """What endowments bring in a sector, told apart into income after tax and two taxes.

    In units of which all earn the same after income tax (:mod:`cge.data.gtap.gtap_benchmark`), of one
    that is paid n is left and t is income tax; the rest, 1 - n - t, is a tax on use.
    """
    assert b.saving is not None and b.saving.income_tax is not None
    tax, payments = b.saving.income_tax, b.factor_payments
    left = 1 - ratio((tax * payments).sum(axis=1), payments.sum(axis=1))  # s, f
    s, j, f = (np.array([known.index(one) for one in part.codes[axis].tolist()], dtype=int)
               for axis, known in (("s", b.regions), ("j", b.sectors), ("f", b.factors)))  # fmt: skip
    on_income, after = tax[s, j, f], left[s, f]
    shares = {"pfacttax": np.ones(len(s))}
    if paid:
        shares = {ENDOWMENT: after, "inctax": on_income, "pfacttax": 1 - after - on_income}
    return pd.concat([
        pd.DataFrame({"region": part.codes["s"], "part": name, "sector": part.codes["j"],
                      "user": part.codes["j"], "endowment": part.codes["f"],
                      "value": share * values})
        for name, share in shares.items()
    ], ignore_index=True)  # fmt: skip


def _at_world_prices(walked: Walk) -> Array:
    """What goes from the terms of trade to investment and saving, (s,)."""
    laid, moved = walked.laid, np.zeros(len(walked.exact))
    trade = [n for n, one in enumerate(laid) if one.part.component == "terms_of_trade"]
    exports = trade[0]
    for node in walked.rates():
        values = [laid[n].value(node.outcomes) for n in trade]
        balance = sum((laid[n].sum(one) for n, one in zip(trade, values)), np.zeros(len(moved)))
        for rates in node.of_moves:
            # Rates are in money at benchmark prices: back at those of the node.
            change = rates[exports] * node.price[laid[exports].region]
            inflation = change.sum() / values[0].sum()
            moved += node.weight * balance * inflation / node.price
    return np.asarray(moved)
