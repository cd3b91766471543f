"""Indices, sums and the like of the standard GTAP model, made of its prices and quantities.

GTAP's indices are chain indices: at every point of the way the change of an index is the mean of the
changes of its prices, with the values of that point. Here they are chained over the equilibria that
are given, each step by Tornqvist's formula; the error falls with the square of their number.
Values are those of the data times changes of prices and quantities. Names are GTAP's, letters of axes
those of :mod:`cge.indicators.gtap.gtap_variables`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_checks import income, margins_made

#: Axes of a variable, and its level relative to the benchmark, or its change.
Found = dict[str, tuple[str, Array]]
#: Levels of variables relative to the benchmark at one point of the way, NaN where there is none.
Levels = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Flow:
    """Money that changes hands, at every point of the way.

    Parameters
    ----------
    values, prices : ndarray (points, ...)
        Nothing, and one, where there is no such flow.
    """

    values: Array
    prices: Array

    def __neg__(self) -> Flow:
        return Flow(-self.values, self.prices)


Sums = Sequence[tuple[Flow, tuple[int, ...]]]


def whole(flows: Sums) -> Array:
    """Sum of flows, each over some of its axes, (points, ...)."""
    return np.asarray(sum(one.values.sum(axis=tuple(a + 1 for a in axes)) for one, axes in flows))


def value(flows: Sums) -> Array:
    """Their sum in the end over that in the benchmark."""
    total = whole(flows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total[-1] / total[0])


def price(flows: Sums) -> Array:
    """Chain index of their prices in the end."""
    total, change = whole(flows), np.zeros(())
    for one, axes in flows:
        over = tuple(a + 1 for a in axes)
        share = one.values / np.expand_dims(total, over)
        step = (share[1:] + share[:-1]) / 2 * np.diff(np.log(one.prices), axis=0)
        change = change + step.sum(axis=(0, *over))
    return np.asarray(np.exp(change))


class Chained:
    """Indices over points of a way.

    Parameters
    ----------
    data : GtapData
    points : sequence of mapping
        Levels at each point, the benchmark first; beside told variables ``kb``, capital in place.
    """

    def __init__(self, data: GtapData, points: Sequence[Levels]) -> None:
        self.d, self.points, self.end = data, points, points[-1]
        d = data
        self.sold, self.entered = (
            self.flow(d["VFOB"], "pfob", "qxs"),
            self.flow(d["VCIF"], "pcif", "qxs"),
        )
        self.carried = self._services()
        self.bought = {n: self.flow(d[f"VD{n}P"] + d[f"VM{n}P"], f"p{n.lower()}a", f"q{n.lower()}a")
                       for n in "PGI"}  # fmt: skip
        self.saved = self.flow(d["SAVE"], "psave", "qsave")
        self.worn = self.flow(d["VDEP"], "pinv", "kb")
        self.earned = self.flow(d["EVFB"], "peb", "qfe")

    def flow(self, base: Array, price: str, quantity: str, spread: tuple[int, ...] = ()) -> Flow:
        """A flow of the data that moves with a price and a quantity.

        The price is the same along the axes `spread` of the flow.
        """

        def along(name: str, axes: tuple[int, ...]) -> Array:
            levels = [np.expand_dims(np.where(np.isfinite(x[name]), x[name], 1.0), axes)
                      for x in self.points]  # fmt: skip
            return np.broadcast_to(np.stack(levels), (len(levels), *base.shape))

        prices = along(price, spread)
        return Flow(base * prices * along(quantity, ()), prices)

    def _services(self) -> Flow:
        """Exports of margins by commodity and region."""
        base, places = margins_made(self.d), [self.d.commodities.index(m) for m in self.d.margins]
        sold = np.ones((len(self.points), *base.shape))
        sold[:, places] = np.stack([x["qst"] for x in self.points])
        made = self.flow(base, "pds", "pds")
        return Flow(base * made.prices * np.nan_to_num(sold, nan=1.0), made.prices)

    def levels(self) -> Found:
        """Variables by their levels relative to the benchmark."""
        found = {**self._trade(), **self._spending()}
        x, consumer = self.end, found["ppriv"][1]
        return {
            **found, "pr": ("cr", x["pds"] / x["pms"]),
            "compvalad": ("ar", x["qo"] / found["qgdp"][1]),
            "pfactreal": ("ear", x["pfe"] / consumer),
            "pefactreal": ("er", x["pe"] / consumer),
            "pebfactreal": ("er", price([(self.earned, (1,))]) / consumer),
            "expand": ("kr", np.repeat((x["qinv"] / x["kb"])[None], len(self.d.codes("k")), axis=0)),
        }  # fmt: skip

    def _trade(self) -> Found:
        """Exports and imports by commodity, by region and of the world."""
        found: Found = {}
        for end, axes, goods, services, entered in (
            ("", "cr", (2,), (), (1,)), ("reg", "r", (0, 2), (0,), (0, 1)),
            ("com", "c", (1, 2), (1,), (1, 2)), ("wld", "", (0, 1, 2), (0, 1), ()),
        ):  # fmt: skip
            kinds: list[tuple[str, str, Sums]] = [
                ("x", "fob", [(self.sold, goods), (self.carried, services)])
            ]
            kinds += [("m", "cif", [(self.entered, entered)])] if axes else []
            for way, valued, flows in kinds:
                total, index = value(flows), price(flows)
                found |= {f"v{way}w{end or valued}": (axes, total),
                          f"p{way}w{end}": (axes, index), f"q{way}w{end}": (axes, total / index)}  # fmt: skip
        found |= {"psw": found["pxwreg"], "pdw": found["pmwreg"]}
        return {**found, "tot": ("r", found["psw"][1] / found["pdw"][1])}

    def _spending(self) -> Found:
        """Income, spending and product of regions; investment and saving of the world."""
        d = self.d
        private, public, invested = (self.bought[n] for n in "PGI")
        product: Sums = [(private, (0,)), (public, (0,)), (invested, (0,)), (self.sold, (0, 2)),
                         (self.carried, (0,)), (-self.entered, (0, 1))]  # fmt: skip
        gross = (d["VDIP"] + d["VMIP"]).sum(axis=0)
        net: Sums = [(self.flow(gross, "pinv", "qinv"), (0,)), (-self.worn, (0,))]
        returns: Sums = [(Flow(one.values, self.flow(gross, "rore", "rore").prices), axes)
                         for one, axes in net]  # fmt: skip
        found: Found = {
            "ppriv": ("r", price([(private, (0,))])),
            "p": ("r", price([(private, (0,)), (public, (0,)), (self.saved, ())])),
            "vgdp": ("r", value(product)), "pgdp": ("r", price(product)),
            "pfactor": ("r", price([(self.earned, (0, 1))])),
            "fincome": ("r", value([(self.earned, (0, 1)), (-self.worn, ())])),
            "pcgdswld": ("", price(net)), "walras_sup": ("", value(net)), "rorg": ("", price(returns)),
            "walras_dem": ("", value([(self.saved, (0,))])),
            "ywld": ("", np.asarray((income(d) * self.end["y"]).sum() / income(d).sum())),
        }  # fmt: skip
        found["qgdp"] = ("r", found["vgdp"][1] / found["pgdp"][1])
        found["globalcgds"] = ("", found["walras_sup"][1] / found["pcgdswld"][1])
        return found

    def tax_shares(self) -> Found:
        """Change of what each tax brings over income of the region, in percentage points."""
        d = self.d
        made = self.flow(d["MAKB"], "pca", "qca"), self.flow(d["MAKS"], "ps", "qca")
        users = {
            n: [(self.flow(d[f"V{k.upper()}{n}P"], f"p{n.lower()}{k}", f"q{n.lower()}{k}"),
                 self.flow(d[f"V{k.upper()}{n}B"], {"d": "pds", "m": "pms"}[k], f"q{n.lower()}{k}",
                           (1,) if n == "F" else ())) for k in "dm"]
            for n in "FPGI"
        }  # fmt: skip
        pairs = {
            "out": [made], "rfu": [(self.flow(d["EVFP"], "pfe", "qfe"), self.earned)],
            "iu": users["F"], "pc": users["P"], "gc": users["G"], "ic": users["I"],
            "exp": [(self.sold, self.flow(d["VXSB"], "pds", "qxs", (2,)))],
            "imp": [(self.flow(d["VMSB"], "pmds", "qxs"), self.entered)],
            "inc": [(self.earned, self.flow(d["EVOS"], "pes", "qes"))],
        }  # fmt: skip
        own = income(d) * np.stack([x["y"] for x in self.points])
        found: Found = {}
        for name, several in pairs.items():
            revenue = sum(self._of_region(one, name) - self._of_region(other, name)
                          for one, other in several)  # fmt: skip
            share = 100 * np.asarray(revenue) / own
            found[f"del_tax{name if name == 'rfu' else 'r' + name}"] = ("r", share[-1] - share[0])
        indirect = sum(one for name, (_, one) in found.items() if name != "del_taxrinc")
        found["del_indtaxr"] = ("r", np.asarray(indirect))
        found["del_ttaxr"] = ("r", np.asarray(indirect + found["del_taxrinc"][1]))
        return found

    @staticmethod
    def _of_region(one: Flow, name: str) -> Array:
        """Sum of a flow by the region that taxes it, (points, r)."""
        region = {"exp": 2, "imp": 3}.get(name, one.values.ndim - 1)
        return np.asarray(one.values.sum(axis=tuple(
            a for a in range(1, one.values.ndim) if a != region)))  # fmt: skip
