"""GTAP data as a benchmark that has the parts of the standard model.

Each commodity's sector and each agent is a use class of its own: it chooses between what is made
at home and the bundle of imports of its region (ESBD), with its own taxes on the two. The bundle is
the same for all users; its sources compete with each other (ESBM), the region itself among them
where it trades with itself, each with its export tax, transport and tariff on the value with
transport. Transport is made of what all regions supply (ESBS). Households have constant differences
of elasticities (SUBPAR, INCPAR); a region spends its income on them, on its government and on
saving in fixed parts, but for what utility costs; a bank invests what the world saves (RORDELTA).

Corong, E., T. Hertel, R. McDougall, M. Tsigas and D. van der Mensbrugghe (2017), The Standard GTAP
Model, Version 7, Journal of Global Economic Analysis 2(1), 1-119. The make matrix alone is merged
as in :mod:`cge.data.gtap.gtap_benchmark`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.core.axes import Array, Axes, ratio
from cge.data.accounts.bundles import Bundles
from cge.data.accounts.saving_accounts import Saving
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_checks import margins_made

#: Letter of an agent's purchases in GTAP's headers (VDPB, VDGB, VDIB), and its use class.
BUYERS: Mapping[str, tuple[str, str]] = {"HH": ("P", "con"), "GOV": ("G", "gov"),
                                         "INV": ("I", "inv")}  # fmt: skip
#: Use classes of imports and of transport; those of sectors are `int-` and their code.
IMPORTS, TRANSPORT, FIRMS = "imports", "transport", "int-"
#: Share of a value below which a difference of two is the rounding of single precision.
ROUNDING = 1e-6


def tax(with_tax: Array, without: Array) -> Array:
    """Revenue of a tax, none where it is within the rounding of GTAP's files."""
    revenue = with_tax - without
    return np.where(np.abs(revenue) > ROUNDING * np.abs(without), revenue, 0.0)


class Technology:
    """Commodities as which activities are taken: industry technology.

    Parameters
    ----------
    data : GtapData
    """

    def __init__(self, data: GtapData) -> None:
        self.data, made = data, data["MAKS"]
        #: Share of an activity's costs that is for a commodity, (c, a, r).
        self.share = ratio(made, made.sum(axis=0)[None])
        self.joint = bool((np.count_nonzero(made, axis=0) > 1).any())

    def by_commodity(self, values: Array) -> Array:
        """Values of activities, the axis before the last, for what they make."""
        return np.einsum("xar,car->xcr", values, self.share)

    def bought(self, kind: str, prices: str) -> Array:
        """Purchases of users, of domestic goods (``VD``) or imports (``VM``), (c, user, r)."""
        agents = [self.data[f"{kind}{letter}{prices}"] for letter, _ in BUYERS.values()]
        firms = self.by_commodity(self.data[f"{kind}F{prices}"])
        return np.concatenate([firms, np.stack(agents, axis=1)], axis=1)


class StandardTrade:
    """Who buys what from where in the standard model, and the taxes on it.

    Users are the commodities, as which activities are taken, and the agents.

    Parameters
    ----------
    data : GtapData
    sectors : sequence of str
        Codes of the commodities.
    """

    def __init__(self, data: GtapData, sectors: tuple[str, ...]) -> None:
        d, technology = data, Technology(data)
        self.technology = technology
        agents = tuple(use_class for _, use_class in BUYERS.values())
        self.classes = (*(FIRMS + code for code in sectors), *agents, IMPORTS, TRANSPORT)
        self.sector_class = self.classes[: len(sectors)]
        users = len(self.classes) - 2
        home, abroad = technology.bought("VD", "B"), technology.bought("VM", "B")
        on_home = tax(technology.bought("VD", "P"), home)
        on_abroad = ratio(tax(technology.bought("VM", "P"), abroad), abroad)
        bought = abroad.sum(axis=1)
        sold = (bought > 0)[:, None, :]
        n, regions = len(self.classes), len(d.regions)
        own = np.arange(regions)

        flows = np.zeros((n, regions, len(sectors), regions))
        flows[:users, own, :, own] = home.transpose(2, 1, 0)
        flows[users] = np.where(sold, d["VXSB"], 0.0).transpose(1, 0, 2)
        on_exports = np.where(sold, tax(d["VFOB"], d["VXSB"]), 0.0)
        fob = np.where(sold, d["VXSB"], 0.0) + on_exports
        carried = np.where(fob > 0, tax(d["VCIF"], d["VFOB"]), 0.0).clip(min=0.0)
        # The tariff is what is left of what users pay, to the last digit.
        duty = np.where(fob > 0, d["VMSB"] - fob - carried, 0.0)
        duty = np.where(np.abs(duty) > ROUNDING * fob, duty, 0.0)
        #: Revenue on routes, and what transport adds to them, (u, r, i, s).
        self.export_tax, self.tariff, self.carried = (np.zeros_like(flows) for _ in range(3))
        self.export_tax[users] = on_exports.transpose(1, 0, 2)
        self.tariff[users], self.carried[users] = (x.transpose(1, 0, 2) for x in (duty, carried))
        self.tariff[:users, own, :, own] = on_home.transpose(2, 1, 0)

        kinds = ratio(d["VTWR"], d["VTWR"].sum(axis=0))  # m, c, s, d
        services = np.einsum("mcsd,csd->md", kinds, carried)
        supply = ratio(margins_made(d), margins_made(d).sum(axis=1)[:, None])  # c, r
        transport = np.zeros((regions, len(sectors), regions, len(sectors)))
        for m, code in enumerate(d.margins):
            place = d.commodities.index(code)
            transport[..., place] = (kinds[m] * ratio(carried, fob)).transpose(1, 0, 2)
            flows[-1, :, place] = np.outer(supply[place], services[m])
        #: Deliveries at basic prices, (u, r, i, s).
        self.flows = flows

        # What arrives is what is bought, whatever was rounded.
        landed = (fob + carried + duty).sum(axis=1)
        abroad = abroad * ratio(landed, bought)[:, None]
        purchases, rates = (np.zeros((n, len(sectors), regions)) for _ in range(2))
        purchases[:users], rates[:users] = abroad.transpose(1, 0, 2), on_abroad.transpose(1, 0, 2)
        source = (IMPORTS,) * users + ("", "")
        self.bundles = Bundles(source, purchases, rates, TRANSPORT, transport)
        #: Revenue of taxes on bundles, (d,).
        self.on_bundles = (purchases * rates).sum(axis=(0, 1))
        #: Purchases of users with taxes on their sources, (c, user, d); no others are on them.
        self.purchases = home + on_home + abroad * (1 + on_abroad)
        self.user_tax = np.zeros_like(self.purchases)

    def armington(self, axes: Axes, one: str = "") -> Array:
        """Elasticities (u, i, s): of home and imports, among sources, among suppliers of transport.

        Parameters
        ----------
        axes : Axes
        one : str
            Parameter that is the elasticity at both of the first levels; empty: ESBD and ESBM.
        """
        d, users = self.technology.data, len(self.classes) - 2
        found = np.ones(axes.shape("uis"))
        found[:users], found[users] = d[one or "ESBD"], d[one or "ESBM"]
        given = d.parameters.get("ESBS", np.ones(len(d.margins)))
        for code, value in zip(d.margins, given, strict=True):
            found[-1, d.commodities.index(code)] = value
        return found


def returns_alike(data: GtapData) -> bool:
    """Whether expected rates of return move alike (RORDELTA 1, as where it is not given)."""
    return bool(data.parameters.get("RDLT", 1.0) > 0.5)


def regional_saving(data: GtapData, invested: Array, balance: Array, income_tax: Array) -> Saving:
    """Saving and capital of the data, and how the bank invests.

    Parameters
    ----------
    data : GtapData
    invested, balance : ndarray (s,)
        Investment, and absorption less GDP. Saving is what they leave, to the last digit.
    income_tax : ndarray (s, j, f)
    """
    d = data
    capital = [d.endowments.index(code) for code in d.capital] or [
        k for k, code in enumerate(d.endowments) if code.lower().startswith("cap")
    ]
    depreciation = d["VDEP"]
    return Saving(
        net=invested - depreciation - balance, depreciation=depreciation, capital=d["VKB"],
        earnings=d["EVOS"][capital].sum(axis=(0, 1)),
        flexibility=np.broadcast_to(d.parameters.get("RFLX", 10.0), depreciation.shape),
        equal_returns=returns_alike(d), agent="INV", income_tax=income_tax,
    )  # fmt: skip
