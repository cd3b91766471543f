"""An equilibrium in the variables of the standard GTAP model: per cent changes by their names there.

For a benchmark of GTAP data with the parts of the standard model
(:mod:`cge.data.gtap.gtap_model`). Variables are those of Corong, Hertel, McDougall, Tsigas and van
der Mensbrugghe (2017), The Standard GTAP Model, Version 7, Journal of Global Economic Analysis
2(1), 1-119, appendix on variables. Axis letters: `c` commodity, `a` activity, `r` region, `s` exporter, `d`
importer, `e` endowment, `m` margin commodity. `k` capital. Indices and sums of
these are in :mod:`cge.indicators.gtap.gtap_indices`, parts of welfare in
:mod:`cge.indicators.gtap.gtap_welfare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cge.core.axes import Array, ratio
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_benchmark import factor_codes
from cge.indicators.gtap.gtap_indices import Chained, Found
from cge.indicators.gtap.gtap_welfare import CODES, welfare_variables
from cge.solve.solution import Solution

#: Place of the region in money that is the world's.
WORLD = -1


@dataclass(frozen=True, eq=False)
class GtapVariable:
    """A variable by cell.

    Parameters
    ----------
    axes : str
        Letters of its dimensions.
    changes : ndarray
        Per cent changes; NaN where the model has no such cell.
    owner : int, optional
        Of money: which dimension is the region in per cent of whose income it stands here;
        :data:`WORLD`: in per cent of the world's. None: it is no money.
    """

    axes: str
    changes: Array
    owner: int | None = None

    def codes(self, data: GtapData) -> list[tuple[str, ...]]:
        """Elements of its dimensions."""
        return [CODES.get(letter) or data.codes(letter) for letter in self.axes]


def gtap_variables(
    solution: Solution, data: GtapData, way: Sequence[Solution] = (),
    welfare: pd.DataFrame | None = None,
) -> Mapping[str, GtapVariable]:  # fmt: skip
    """Variables of GTAP by name, with elements in the order of the data.

    Parameters
    ----------
    solution : Solution
        Of a benchmark with the standard structure.
    data : GtapData
        Of which it was made; activities and commodities are one to one.
    way : sequence of Solution
        Equilibria on the way to it, over which indices are chained.
    welfare : DataFrame, optional
        Parts of welfare (:func:`cge.indicators.gtap.huff.huff`).
    """
    told = [_Told(one, data) for one in (*way, solution)]
    last, levels = told[-1], [one.levels() for one in told]
    start = {name: (axes, np.where(np.isfinite(one), 1.0, one))
             for name, (axes, one) in levels[-1].items()}  # fmt: skip
    chained = Chained(data, [{name: one for name, (_, one) in point.items()}
                             for point in (start, *levels)])  # fmt: skip
    every = {**levels[-1], **last.even(), **chained.levels()}
    every.pop(NOT_TOLD)
    made = {name: GtapVariable(axes, 100 * (np.asarray(one) - 1))
            for name, (axes, one) in every.items()}  # fmt: skip
    made |= {name: GtapVariable(axes, one) for name, (axes, one) in chained.tax_shares().items()}
    made |= last.in_money()
    if welfare is not None:
        income = last.b.net_income
        for name, (axes, owner, one) in welfare_variables(welfare, data, last.b).items():
            by = np.moveaxis(one, owner, -1) / income * 100
            made[name] = GtapVariable(axes, np.moveaxis(by, -1, owner), owner)
    return made


#: Capital in place, which is given in GTAP's standard closure.
NOT_TOLD = "kb"


class _Told:
    """An equilibrium against its benchmark.

    Parameters
    ----------
    solution : Solution
    data : GtapData
    """

    def __init__(self, solution: Solution, data: GtapData) -> None:
        self.solution, self.start, self.data = solution, solution.model.start, data
        self.margins = [data.commodities.index(code) for code in data.margins]
        self.b: Benchmark = solution.model.benchmark
        self.sectors = len(self.b.sectors)
        self.firms = slice(0, self.sectors)
        self.agents = {code: self.b.agents.index(code) for code in ("HH", "GOV", "INV")}
        self.imports, self.transport = len(self.b.use_classes) - 2, len(self.b.use_classes) - 1
        self.own = np.arange(len(self.b.regions))

    def ratio(self, name: str) -> Array:
        """A variable or outcome over its benchmark, NaN where there is no such cell."""
        family = self.solution.model.family(name)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self.solution.values(name) / self.start.values(name)
        return np.asarray(family.full(values, np.nan))

    def volume(self, value: str, price: str) -> Array:
        """A value over its price."""
        return self.ratio(value) / self.ratio(price)

    def grown(self, name: str, axis: tuple[int, ...], of: slice | int = slice(None)) -> Array:
        """Sum of an outcome over axes, for some of the first axis, over that of the benchmark."""
        now, then = (at.array(name)[of].sum(axis=axis) for at in (self.solution, self.start))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(then > 0, now / then, np.nan)

    def levels(self) -> Found:
        """Levels relative to the benchmark, activities in the order of the data."""
        found = {**self._goods(), **self._users(), **self._trade(), **self._factors(),
                 **self._regions()}  # fmt: skip
        order = self.data.made_by
        if order is None:
            return found
        return {name: (axes, np.take(one, order, axis=axes.index("a")) if "a" in axes else one)
                for name, (axes, one) in found.items()}  # fmt: skip

    def power(self, name: str) -> Array:
        """The power of a tax over its benchmark; one where there is none."""
        return np.asarray(self.solution.array(name, 1.0) / self.start.array(name, 1.0))

    def _goods(self) -> dict[str, tuple[str, Array]]:
        """Goods where they are made."""
        price, output = self.ratio("basic_price").T, self.ratio("output").T
        kept = price * self.power("net_of_output_tax").T
        at_home = np.stack([self.solution.array("route_volume"), self.start.array("route_volume")])
        at_home = at_home[:, : self.imports].sum(axis=1)[:, self.own, :, self.own]  # s, 2, i
        with np.errstate(divide="ignore", invalid="ignore"):
            sold = (at_home[:, 0] / at_home[:, 1]).T
        none = np.full((self.sectors, self.sectors, len(self.own)), np.nan)
        at = np.arange(self.sectors)
        made_price, received, made = none.copy(), none.copy(), none
        made_price[at, at], received[at, at], made[at, at] = price, kept, output
        return {
            "ps": ("car", received), "pca": ("car", made_price), "qca": ("car", made),
            "pds": ("cr", price), "pb": ("ar", price), "qo": ("ar", output), "qc": ("cr", output),
            "po": ("ar", kept), "qds": ("cr", sold),
            "pint": ("ar", self.ratio("material_price").T),
            "qint": ("ar", self.volume("material_value", "material_price").T),
            "pva": ("ar", self.ratio("value_added_price").T),
            "qva": ("ar", self.volume("value_added_value", "value_added_price").T),
        }  # fmt: skip

    def _users(self) -> dict[str, tuple[str, Array]]:
        """What firms and agents buy, of both sources and of each."""
        b = self.b
        tax_home = self.power("tariff")
        price = self.ratio("basic_price")  # r, i
        home_price = tax_home[:, self.own, :, self.own] * price[:, None]  # s, u, i
        home = self.ratio("arrivals")[:, self.own, :, self.own]
        tax = self.power("import_use_tax")
        composite = self.ratio("composite_price")  # u, i, s
        from_abroad = composite[self.imports] * tax
        bought = self.ratio("imported_use")
        found: dict[str, tuple[str, Array]] = {
            "pfa": ("car", composite[self.firms].transpose(1, 0, 2)),
            "qfa": ("car", self.ratio("input_use").transpose(1, 2, 0)),
            "pfd": ("car", np.where(np.isfinite(home), home_price, np.nan)[:, self.firms]
                    .transpose(2, 1, 0)),
            "qfd": ("car", home[:, self.firms].transpose(2, 1, 0)),
            "pfm": ("car", np.where(np.isfinite(bought), from_abroad, np.nan)[self.firms]
                    .transpose(1, 0, 2)),
            "qfm": ("car", bought[self.firms].transpose(1, 0, 2)),
        }  # fmt: skip
        final = self.ratio("final_use")
        for letter, code in (("p", "HH"), ("g", "GOV"), ("i", "INV")):
            u = b.use_classes.index(b.agent_class[self.agents[code]])
            found |= {
                f"p{letter}a": ("cr", composite[u]),
                f"q{letter}a": ("cr", final[:, self.agents[code]].T),
                f"p{letter}d": ("cr", np.where(np.isfinite(home[:, u]), home_price[:, u], np.nan).T),
                f"q{letter}d": ("cr", home[:, u].T),
                f"p{letter}m": ("cr", np.where(np.isfinite(bought[u]), from_abroad[u], np.nan)),
                f"q{letter}m": ("cr", bought[u]),
            }  # fmt: skip
        return found

    def _trade(self) -> dict[str, tuple[str, Array]]:
        """Imports, trade between regions, and transport."""
        u, t = self.imports, self.transport
        volume, fob = self.ratio("route_volume")[u], self.ratio("fob_value")[u]
        arrived, landed = (self.ratio(name)[u] for name in ("arrivals", "landed_value"))
        paid = self.ratio("route_spending")[u]
        pool = np.where(np.isfinite(self.ratio("composite")[t]), self.ratio("composite_price")[t],
                        np.nan)  # fmt: skip
        qst = self.grown("route_volume", (2,), t)
        used = self.start.model.benchmark.composites[t]
        with np.errstate(divide="ignore", invalid="ignore"):
            services_used = np.where(used > 0, used * self.ratio("composite")[t], 0.0)
            qtm = services_used.sum(axis=1) / used.sum(axis=1)
        kinds = self.b.bundles.transport if self.b.bundles is not None else np.zeros((1, 1, 1, 1))
        kinds = ratio(kinds, kinds.sum(axis=3, keepdims=True), np.nan)
        by_route = np.einsum("risj,js->irs", kinds, np.nan_to_num(pool))
        carried = np.isfinite(self.ratio("service_spending"))[..., self.margins]  # r, i, s, m
        services = np.where(carried, arrived[..., None], np.nan)
        return {
            "pms": ("cr", self.ratio("composite_price")[u]), "qms": ("cr", self.ratio("composite")[u]),
            "qxs": ("csd", volume.transpose(1, 0, 2)),
            "pfob": ("csd", (fob / volume).transpose(1, 0, 2)),
            "pcif": ("csd", (landed / arrived).transpose(1, 0, 2)),
            "pmds": ("csd", (paid / arrived).transpose(1, 0, 2)),
            "qst": ("mr", qst.T[self.margins]), "qtm": ("m", qtm[self.margins]),
            "pt": ("m", np.nanmean(pool[self.margins], axis=1)),
            "ptrans": ("csd", by_route), "qtmfsd": ("mcsd", services.transpose(3, 1, 0, 2)),
        }  # fmt: skip

    def _factors(self) -> dict[str, tuple[str, Array]]:
        """Endowments by activity and region, and capital."""
        codes = factor_codes(self.data)
        order = [self.b.factors.index(code) for code in codes]
        price, use, paid = (self.ratio(name)[..., order] for name in
                            ("factor_price", "factor_use", "factor_return"))  # fmt: skip
        taxed = price * self.power("factor_tax")[..., order]
        capital = self.b.factors.index(CAPITAL)
        return {
            **dict.fromkeys(("pes", "peb"), ("ear", price.transpose(2, 1, 0))),
            "pfe": ("ear", taxed.transpose(2, 1, 0)),
            **dict.fromkeys(("qes", "qfe"), ("ear", use.transpose(2, 1, 0))),
            "pe": ("er", paid.T), NOT_TOLD: ("r", self.ratio("factor_supply")[:, capital]),
            "ke": ("r", self.ratio("capital_at_end")[:, capital]),
            "rorc": ("r", self.ratio("current_return")[:, capital]),
            "rore": ("r", self.ratio("expected_return")[:, capital]),
            "rental": ("r", self.ratio("factor_return")[:, capital]),
        }  # fmt: skip

    def _regions(self) -> dict[str, tuple[str, Array]]:
        """Income, spending and utility."""
        spending, price = self.ratio("final_spending"), self.ratio("agent_price")
        hh, gov, inv = self.agents.values()
        income, governed = self.ratio("regional_income"), spending[:, gov] / price[:, gov]
        saved = self.ratio("saving_quantity")
        return {
            "y": ("r", income), "yp": ("r", spending[:, hh]),
            "yg": ("r", spending[:, gov]), "qsave": ("r", saved),
            "psave": ("r", self.ratio("saving_price")), "pgov": ("r", price[:, gov]),
            "ug": ("r", governed), "pinv": ("r", price[:, inv]),
            "qinv": ("r", self.ratio("investment")[:, inv]),
            "up": ("r", self.ratio("utility")[:, hh] ** (1 / self.mean_expansion)),
            "u": ("r", self._utility(self.ratio("utility")[:, hh], governed, saved)),
            "uepriv": ("r", self.ratio("cost_of_utility")[:, hh]),
            "uelas": ("r", spending[:, gov] / income),
        }  # fmt: skip

    @property
    def mean_expansion(self) -> Array:
        """INCPAR by region, its mean over what households spend: utility is in its units."""
        spent = self.b.household_spending
        return np.asarray((self.data["INCP"].T * spent).sum(axis=1) / spent.sum(axis=1))

    def _utility(self, private: Array, public: Array, saved: Array) -> Array:
        """Utility of the regional household, Cobb-Douglas in those of what it spends on."""
        own = self.b.household_spending.sum(axis=1)
        assert self.b.saving is not None
        weights = own * self.mean_expansion, self.b.net_income - own - self.b.saving.net
        whole = weights[0] + weights[1] + self.b.saving.net
        logs = (own * np.log(private) + weights[1] * np.log(public)
                + self.b.saving.net * np.log(saved))  # fmt: skip
        return np.asarray(np.exp(logs / whole))

    def even(self) -> Found:
        """What the welfare of a region would be spent on at benchmark prices."""
        income, variation = self.b.net_income, self.solution.measure("equivalent_variation_value")
        household = self.b.elasticities[self.solution.model.horizon].household
        assert household is not None
        b, e = household.substitution, household.expansion
        spent, utility = self.ratio("even_consumption"), self.ratio("even_utility")
        power = (utility[:, None] ** (e * b)) * spent[:, None] ** (1 - b)
        others, whole = self.ratio("even_cost_of_welfare"), 1 + variation / income
        return {
            "qpev": ("cr", (power / self.ratio("even_demand_scale")[:, None]).T),
            "ypev": ("r", spent), "upev": ("r", utility ** (1 / self.mean_expansion)),
            "ueprivev": ("r", self.ratio("even_cost_of_utility")), "yev": ("r", whole),
            **dict.fromkeys(("ygev", "ugev", "ysaveev", "qsaveev"), ("r", others)),
            "uelasev": ("r", others / whole),
        }  # fmt: skip

    def in_money(self) -> dict[str, GtapVariable]:
        """Welfare and the balance of trade, in per cent of income."""
        income = self.b.net_income
        ev = 100 * self.solution.measure("equivalent_variation_value") / income
        world = float(ev @ income / income.sum())
        grown = self.solution.values("regional_income") @ income / income.sum()
        now, then = (at.values("trade_balance") for at in (self.solution, self.start))
        u, border = self.imports, self.b.on_border
        by_good = [
            at.array("fob_value")[border].sum(axis=(0, 3)).T - at.array("landed_value")[u].sum(axis=0)
            for at in (self.solution, self.start)
        ]  # fmt: skip
        return {
            **dict.fromkeys(("ev", "ev_alt"), GtapVariable("r", ev, 0)),
            **dict.fromkeys(("wev", "wev_alt"), GtapVariable("", np.asarray(world), WORLD)),
            "del_tbal": GtapVariable("r", 100 * (now - then) / income, 0),
            "del_tbalc": GtapVariable("cr", 100 * (by_good[0] - by_good[1]) / income, 1),
            "del_tbalry": GtapVariable("r", 100 * (now / grown - then) / income.sum()),
        }  # fmt: skip
