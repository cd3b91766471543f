"""GTAP base data of an equilibrium that the model in GAMS has found.

Its solution begins at a first equilibrium of its own, which is that of the base data only if these
are in balance as it reads them. What changes from there to the shock belongs to its accounts, and
to elasticities that it takes for others where they are one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cge.core.axes import Array, ratio
from cge.core.errors import refuse_if
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gams_results import (
    ELASTICITIES,
    GOVERNMENT,
    HOUSEHOLD,
    INVESTOR,
    MARGINS,
    GamsResults,
    plain,
)

#: Agents by the letter that GTAP's headers have for them.
_AGENTS = {"P": HOUSEHOLD, "G": GOVERNMENT, "I": INVESTOR}


def gams_accounts(results: GamsResults, data: GtapData) -> GtapData:
    """The same data with the accounts of the equilibrium before the shock, and its elasticities.

    Parameters
    ----------
    results : GamsResults
        Whose parameters are known.
    data : GtapData
        Sets and parameters; activities and commodities are one to one.

    Raises
    ------
    InputError
        If the results are of other regions, commodities or endowments.
    """
    d, period, places = data, results.before, data.made_by
    assert places is not None
    r, c, e, m = d.regions, d.commodities, d.endowments, d.margins

    def of(name: str, *codes: Any) -> Array:
        return results.array(name, codes, period)

    refuse_if(not (of("regy", r) > 0).all(), "the results are not of these regions",
              key="regY", allowed=r)  # fmt: skip
    users = (*d.activities, HOUSEHOLD, GOVERNMENT, INVESTOR)
    value: dict[str, Array] = {}
    scale = _scales(results, d)
    for kind, quantity, price, paid in (("VD", "xd", "pd", "pdp"), ("VM", "xm", "pmt", "pmp")):
        bought = of(quantity, r, c, users).transpose(1, 2, 0)
        for prices, at in (("B", of(price, r, c).T[:, None]),
                           ("P", of(paid, r, c, users).transpose(1, 2, 0))):  # fmt: skip
            flow = bought * at
            value[f"{kind}F{prices}"] = flow[:, : len(d.activities)] / scale
            for n, (letter, agent) in enumerate(_AGENTS.items(), start=len(d.activities)):
                assert users[n] == agent
                value[f"{kind}{letter}{prices}"] = flow[:, n]
    used = of("xf", r, e, d.activities).transpose(1, 2, 0) / scale
    for name, price in (("EVFB", "pf"), ("EVFP", "pfa"), ("EVOS", "pfy")):
        value[name] = used * of(price, r, e, d.activities).transpose(1, 2, 0)
    trade = of("xw", r, c, r).transpose(1, 0, 2)
    for name, price in (("VXSB", "pe"), ("VFOB", "pefob"), ("VCIF", "pmcif"), ("VMSB", "pm")):
        value[name] = trade * of(price, r, c, r).transpose(1, 0, 2)
    value["VST"] = (of("pd", r, m) * of("xd", r, m, (MARGINS,))[..., 0]).T
    carried = of("xmgm", m, r, c, r).transpose(0, 2, 1, 3)
    value["VTWR"] = carried * of("ptmg", m)[:, None, None, None]
    for name, price in (("MAKS", "p"), ("MAKB", "pp")):
        made = of("x", r, d.activities, c) * of(price, r, d.activities, c)
        value[name] = made.transpose(2, 1, 0)
    capital = of("kstock", r)
    worth = of("pi", r) * capital
    worn = ratio(data["VDEP"], data["VKB"])
    value |= {"SAVE": of("rsav", r), "VKB": worth, "VDEP": worth * worn}
    # In the money of the data.
    million = float(data["VKB"].sum() / capital.sum())
    known = {name: million * one for name, one in value.items()}
    own: dict[str, Array] = {}
    for name, cells in (results.parameters or {}).items():
        codes = m if name == "sigmamg" else r
        if cells:
            own[ELASTICITIES[name]] = np.array([cells.get(plain((one,)), 0.0) for one in codes])
    return replace(data, values={**data.values, **known}, parameters={**data.parameters, **own})


def _scales(results: GamsResults, d: GtapData) -> Array:
    """By what the quantities of each activity are multiplied, a power of ten, (a, r).

    Its costs are scaled, what it sells is not.
    """
    axes, period = (d.regions, d.activities), results.before
    costs = results.array("xp", axes, period) * results.array("px", axes, period)
    sold = (results.array("x", (*axes, d.commodities), period)
            * results.array("p", (*axes, d.commodities), period)).sum(axis=2)  # fmt: skip
    return np.asarray(10 ** np.round(np.log10(ratio(costs, sold, 1.0))), dtype=float).T
