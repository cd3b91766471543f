"""An equilibrium in the variables of the standard GTAP model in GAMS, to hold one against the other.

Its variables are levels. Here they are per cent changes; money is the change in per cent of the
region's income, shares are changes in percentage points. Names and definitions are those of van der
Mensbrugghe (2018), The Standard GTAP Model in GAMS, Version 7, Journal of Global Economic Analysis
3(1), 1-83. Axis letters as in :mod:`cge.indicators.gtap.gtap_variables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from cge.core.axes import Array, ratio
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gams_results import (
    GOVERNMENT,
    HOUSEHOLD,
    INVESTOR,
    MARGINS,
    Cell,
    GamsResults,
    plain,
)
from cge.data.gtap.gtap_checks import income, margins_made, tax_revenue
from cge.indicators.gtap.gtap_variables import GtapVariable

#: Where a variable of GAMS stands in GTAP's: by name of GTAP's, the axes in the order of GAMS;
#: a word of more than one letter is an element.
_SAME: Mapping[str, tuple[tuple[str, str], ...]] = {
    "nd": (("qint", "r a"),), "va": (("qva", "r a"),), "px": (("po", "r a"),),
    "pnd": (("pint", "r a"),), "pva": (("pva", "r a"),), "xp": (("qo", "r a"),),
    "x": (("qca", "r a c"),), "p": (("ps", "r a c"),), "pp": (("pca", "r a c"),),
    "xs": (("qc", "r c"),), "pe": (("pe_route", "s c d"),),
    **dict.fromkeys(("ps", "pd", "pet"), (("pds", "r c"),)),
    "xf": (("qfe", "r e a"),), "pf": (("peb", "r e a"),), "pfy": (("pes", "r e a"),),
    "pfa": (("pfe", "r e a"),), "pft": (("pe", "r e"),), "arent": (("rental", "r"),),
    "facty": (("fincome", "r"),), "regy": (("y", "r"),), "yc": (("yp", "r"),), "yg": (("yg", "r"),),
    "phi": (("uelas", "r"),), "phip": (("uepriv", "r"),), "uh": (("up", f"r {HOUSEHOLD}"),),
    **dict.fromkeys(("ug", "xg"), (("ug", "r"),)), "us": (("qsave", "r"),), "u": (("u", "r"),),
    "pg": (("pgov", "r"),), "pi": (("pinv", "r"),), "xi": (("qinv", "r"),),
    "psave": (("psave", "r"),),
    **{name: ((f"{letter}fa", "r c a"), (f"{letter}pa", f"r c {HOUSEHOLD}"),
              (f"{letter}ga", f"r c {GOVERNMENT}"), (f"{letter}ia", f"r c {INVESTOR}"),
              ({"p": "pds_margin", "q": "qst"}[letter], f"r m {MARGINS}"))
       for name, letter in (("xa", "q"), ("pa", "p"))},
    **{name: ((f"{letter}f{kind}", "r c a"), (f"{letter}p{kind}", f"r c {HOUSEHOLD}"),
              (f"{letter}g{kind}", f"r c {GOVERNMENT}"), (f"{letter}i{kind}", f"r c {INVESTOR}"))
       for name, letter, kind in (("xd", "q", "d"), ("pdp", "p", "d"), ("xm", "q", "m"),
                                  ("pmp", "p", "m"))},
    "xmt": (("qms", "r c"),), "pmt": (("pms", "r c"),), "xw": (("qxs", "s c d"),),
    "pefob": (("pfob", "s c d"),), "pmcif": (("pcif", "s c d"),), "pm": (("pmds", "s c d"),),
    "xwmg": (("qxs", "s c d"),), "xmgm": (("qtmfsd", "m s c d"),), "pwmg": (("ptrans", "s c d"),),
    "xtmg": (("qtm", "m"),), "ptmg": (("pt", "m"),), "kapend": (("ke", "r"),),
    "rorc": (("rorc", "r"),), "rore": (("rore", "r"),),
}  # fmt: skip
#: Taxes by their codes in GAMS and in GTAP's changes of shares of income, and here.
_TAXES = {
    "pt": ("del_taxrout", "output"), "fc": ("del_taxriu", "inputs"),
    "pc": ("del_taxrpc", "private consumption"), "gc": ("del_taxrgc", "government consumption"),
    "ic": ("del_taxric", "investment"), "dt": ("del_taxrinc", "income"),
    "mt": ("del_taxrimp", "imports"), "et": ("del_taxrexp", "exports"),
    "ft": ("del_taxrfu", "endowment use"),
}  # fmt: skip
#: Share of income by which foreign saving may move and still be held: the solver's error.
_HELD = 1e-7
#: Subsidies on endowments, which GAMS tells apart from the taxes on them.
_SUBSIDIES = "fs"
#: Variables that are shares, and such as are money.
SHARES, MONEY = ("ytaxshr", "chif"), ("ytax", "ytaxtot", "ytaxind", "savf")


class _Levels(NamedTuple):
    """Levels relative to the benchmark, and the letters of their axes."""

    axes: str
    levels: Array


def told_in_gams(
    told: Mapping[str, GtapVariable], inflow: tuple[Array, Array], data: GtapData
) -> dict[str, dict[Cell, float]]:
    """Variables of the model in GAMS by name, in small letters, and cell.

    Parameters
    ----------
    told : mapping
        Variables of GTAP (:func:`~cge.indicators.gtap.gtap_variables.gtap_variables`).
    inflow : tuple of ndarray (r,)
        Investment that saving from abroad pays for, in the benchmark and now.
    data : GtapData
    """
    x = {name: 1 + one.changes / 100 for name, one in told.items()}
    own = {name: _Levels(one.axes, x[name]) for name, one in told.items()}
    own["pe_route"] = _Levels("csd", np.where(np.isfinite(x["qxs"]), x["pds"][:, :, None], np.nan))
    places = [data.commodities.index(code) for code in data.margins]
    own["pds_margin"] = _Levels("mr", x["pds"][places])
    made = _sums(x, data, places)
    found: dict[str, dict[Cell, float]] = {}
    for name, parts in _SAME.items():
        for source, axes in parts:
            found.setdefault(name, {}).update(_cells(own[source], axes, data))
    for name, one in made.items():
        found[name] = _cells(one, " ".join(sorted(one.axes, key="rc".index)), data)
    for name, one in _household(x, data).items():
        found[name] = _cells(one, f"r {HOUSEHOLD}", data)
    own_shares = _Levels("cr", x["ppa"] * x["qpa"] / x["yp"])
    found["xcshr"] = _cells(own_shares, f"r c {HOUSEHOLD}", data)
    return {**found, **_money(told, x, inflow, data)}


def _cells(one: _Levels, axes: str, data: GtapData) -> dict[Cell, float]:
    """Changes in per cent by cell, with the axes in another order."""
    words = axes.split()
    letters = [word for word in words if len(word) == 1]
    array = one.levels.transpose([one.axes.index(letter) for letter in letters])
    codes = [data.codes(word) if len(word) == 1 else (word,) for word in words]
    changes = 100 * (np.ravel(array) - 1)
    return {plain(cell): float(value) for cell, value in zip(product(*codes), changes, strict=True)
            if np.isfinite(value)}  # fmt: skip


def _fisher(prices: Array, quantities: Array, values: Array, axes: tuple[int, ...]) -> Array:
    """Fisher's price index of flows with certain values in the benchmark."""
    p, q = (np.where(np.isfinite(one), one, 1.0) for one in (prices, quantities))
    with np.errstate(divide="ignore", invalid="ignore"):
        then = (values * p).sum(axis=axes) / values.sum(axis=axes)
        now = (values * p * q).sum(axis=axes) / (values * q).sum(axis=axes)
    return np.asarray(np.sqrt(then * now))


def _sums(x: Mapping[str, Array], d: GtapData, places: list[int]) -> dict[str, _Levels]:
    """Sums and Fisher indices, as the model in GAMS defines them."""
    gross = (d["VDIP"] + d["VMIP"]).sum(axis=0)
    net_now = gross * x["qinv"] - d["VDEP"]
    net = gross - d["VDEP"]
    exports = np.nan_to_num(x["qxs"])
    # Absorption has the margins that a region supplies.
    consumed = np.concatenate([*(d[f"VD{n}P"] + d[f"VM{n}P"] for n in "PGI"), d["VST"]])
    prices, bought = (np.concatenate([*(x[f"{k}{n}a"] for n in "pgi"), of_margins])
                      for k, of_margins in (("p", x["pds"][places]), ("q", x["qst"])))  # fmt: skip
    at_home = d["VDFB"].sum(axis=1) + sum(d[f"VD{n}B"] for n in "PGI")
    margins = margins_made(d)
    sold = at_home * x["qds"]
    sold[places] += d["VST"] * x["qst"]
    earned = (x["peb"], x["qfe"], d["EVFB"])
    share = (d["VDPP"] + d["VMPP"]) * x["ppa"] * x["qpa"]
    returns = d["EVOS"][[d.endowments.index(k) for k in d.codes("k")]].sum(axis=(0, 1))
    rate = (returns - d["VDEP"]) / d["VKB"] * (d["VKB"] / (d["VKB"] + net)) ** d["RFLX"]
    weight_then, weight_now = net, net_now * x["pinv"]
    global_rate = ((rate * x["rore"] * weight_now).sum() / weight_now.sum()
                   / ((rate * weight_then).sum() / weight_then.sum()))  # fmt: skip
    # GDP from what is bought and traded, at prices of one year and quantities of the other.
    border = [
        (d["VFOB"], x["pfob"], x["qxs"], (0, 2), 1),
        (d["VCIF"], x["pcif"], x["qxs"], (0, 1), -1),
    ]

    def product_at(price: bool, quantity: bool) -> Array:
        p, q = prices if price else 1.0, bought if quantity else 1.0
        whole = (consumed * p * q).sum(axis=0)
        for values, p_flow, q_flow, axes, sign in border:
            flow = values * (np.nan_to_num(p_flow) if price else 1.0)
            whole = whole + sign * (flow * (np.nan_to_num(q_flow) if quantity else 1.0)).sum(axes)
        return np.asarray(whole)

    nominal = product_at(True, True) / product_at(False, False)
    real = np.sqrt(nominal * product_at(False, True) / product_at(True, False))
    return {
        "xds": _Levels("cr", sold / (at_home + margins)),
        "rsav": _Levels("r", x["psave"] * x["qsave"]), "yi": _Levels("r", x["pinv"] * x["qinv"]),
        "xet": _Levels("cr", ratio((d["VXSB"] * exports).sum(axis=2), d["VXSB"].sum(axis=2), np.nan)),
        "pcons": _Levels("r", (share * x["ppa"]).sum(axis=0) / share.sum(axis=0)),
        "pfact": _Levels("r", _fisher(*earned, (0, 1))),
        "pwfact": _Levels("", _fisher(*earned, (0, 1, 2))),
        "pmuv": _Levels("", _fisher(x["pfob"], x["qxs"], d["VFOB"], (0, 1, 2))),
        "pabs": _Levels("r", _fisher(prices, bought, consumed, (0,))),
        "pigbl": _Levels("", np.asarray((net_now * x["pinv"]).sum() / net_now.sum())),
        "xigbl": _Levels("", np.asarray(net_now.sum() / net.sum())),
        "rorg": _Levels("", np.asarray(global_rate)),
        "gdpmp": _Levels("r", nominal), "rgdpmp": _Levels("r", real),
        "pgdpmp": _Levels("r", nominal / real),
    }  # fmt: skip


def _household(x: Mapping[str, Array], d: GtapData) -> dict[str, _Levels]:
    """Equivalent and compensating variation of the household: what its utility costs."""
    spent = d["VDPP"] + d["VMPP"]
    power, expansion = d["SUBP"], d["INCP"]
    weight = spent / power
    weight = weight / weight.sum(axis=0)

    def cost(utility: Array, prices: Array, r: int) -> float:
        """Spending relative to the benchmark that brings a utility at certain prices."""

        def excess(log: float) -> float:
            return float(terms @ np.exp(-power[:, r] * log) - 1)

        terms = weight[:, r] * utility ** (expansion[:, r] * power[:, r]) * prices ** power[:, r]
        return float(np.exp(brentq(excess, -5.0, 5.0, xtol=1e-13)))

    regions, even = range(len(d.regions)), np.ones(len(d.commodities))
    return {
        "ev": _Levels("r", np.array([cost(x["up"][r], even, r) for r in regions])),
        "cv": _Levels("r", np.array([cost(np.asarray(1.0), x["ppa"][:, r], r) for r in regions])),
    }  # fmt: skip


def _money(
    told: Mapping[str, GtapVariable], x: Mapping[str, Array], inflow: tuple[Array, Array],
    d: GtapData,
) -> dict[str, dict[Cell, float]]:  # fmt: skip
    """Taxes, and saving from abroad."""
    revenue, own = tax_revenue(d), income(d)
    found: dict[str, dict[Cell, float]] = {name: {} for name in (*SHARES, *MONEY)}

    def tax(name: str, code: str, shares: str, then: Array) -> None:
        moved = told[shares].changes
        now = (100 * then / own + moved) * x["y"]
        for r, region in enumerate(d.regions):
            cell = plain((region, code) if code else (region,))
            found[name][cell] = float(now[r] - 100 * then[r] / own[r])
            if code:
                found["ytaxshr"][cell] = float(moved[r])

    for code, (name, known) in _TAXES.items():
        tax("ytax", code, name, revenue[known])
    every = np.asarray(sum(revenue.values()))
    tax("ytaxtot", "", "del_ttaxr", every)
    tax("ytaxind", "", "del_indtaxr", every - revenue["income"])
    then, now = inflow
    for r, region in enumerate(d.regions):
        cell = plain((region,))
        found["savf"][cell] = float(100 * (now - then)[r] / own[r])
        found["chif"][cell] = float(100 * (now[r] / x["y"][r] - then[r]) / own[r])
    return found


def gams_changes(results: GamsResults) -> dict[str, dict[Cell, float]]:
    """Changes from the period before the shock to the last, as :func:`told_in_gams` tells them."""
    incomes = {cell[0]: then for cell, then, _ in results.changes("regy") if len(cell) == 1}
    found: dict[str, dict[Cell, float]] = {}
    for name in results.levels:
        cells = found.setdefault(name, {})
        for cell, then, now in results.changes(name):
            if name in MONEY or name in SHARES:
                # Subsidies on endowments with the taxes on them.
                cell = tuple("ft" if code == _SUBSIDIES else code for code in cell)
                per = 1.0 if name in SHARES else incomes[cell[0]]
                cells[cell] = cells.get(cell, 0.0) + 100 * (now - then) / per
            elif then != 0:
                cells[cell] = 100 * (now / then - 1)
    return found


def holds_foreign_saving(results: GamsResults) -> bool:
    """Whether what regions get of others' saving is held, in goods of world investment.

    Then it moves in one proportion in all of them, that of the price of these.
    """
    incomes = {cell: then for cell, then, _ in results.changes("regy")}
    flows = [(then, now, incomes[cell]) for cell, then, now in results.changes("savf")]
    if len(flows) < 2:
        return False
    then, now, _ = max(flows, key=lambda flow: abs(flow[0]))
    price = now / then if then else np.nan
    return max(abs(now - price * then) / own for then, now, own in flows) < _HELD
