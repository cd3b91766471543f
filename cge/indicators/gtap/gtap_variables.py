"""An equilibrium in the variables of the standard GTAP model: per cent changes by their names there.

For a benchmark of GTAP data with the parts of the standard model
(:mod:`cge.data.gtap.gtap_model`). Variables are those of Corong, Hertel, McDougall, Tsigas and van
der Mensbrugghe (2017), The Standard GTAP Model, Version 7, Journal of Global Economic Analysis
2(1), 1-119, appendix on variables. Axis letters: `c` commodity, `a` activity, `r` region, `s` exporter, `d`
importer, `e` endowment, `m` margin commodity. What is not here is either exogenous, an index of those
that are, or not one to one (activities that make several commodities).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, ratio
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_benchmark import factor_codes
from cge.solve.solution import Solution


@dataclass(frozen=True, eq=False)
class GtapVariable:
    """A variable by cell.

    Parameters
    ----------
    axes : str
        Letters of its dimensions.
    changes : ndarray
        Per cent changes; NaN where the model has no such cell.
    of_income : bool
        Whether it is money in GTAP, and stands here in per cent of the region's income.
    """

    axes: str
    changes: Array
    of_income: bool = False


def gtap_variables(solution: Solution, data: GtapData) -> Mapping[str, GtapVariable]:
    """Variables of GTAP by name, with elements in the order of the data.

    Parameters
    ----------
    solution : Solution
        Of a benchmark with the standard structure.
    data : GtapData
        Of which it was made.
    """
    return _Told(solution, data).variables()


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

    def variables(self) -> dict[str, GtapVariable]:
        """All variables that are told."""
        found = {**self._goods(), **self._users(), **self._trade(), **self._factors(),
                 **self._regions()}  # fmt: skip
        made = {name: GtapVariable(axes, 100 * (np.asarray(values) - 1))
                for name, (axes, values) in found.items()}  # fmt: skip
        return {**made, **self._in_money()}

    def _goods(self) -> dict[str, tuple[str, Array]]:
        """Goods where they are made."""
        price, output = self.ratio("basic_price").T, self.ratio("output").T
        at_home = np.stack([self.solution.array("route_volume"), self.start.array("route_volume")])
        at_home = at_home[:, : self.imports].sum(axis=1)[:, self.own, :, self.own]  # s, 2, i
        with np.errstate(divide="ignore", invalid="ignore"):
            sold = (at_home[:, 0] / at_home[:, 1]).T
        none = np.full((self.sectors, self.sectors, len(self.own)), np.nan)
        at = np.arange(self.sectors)
        made_price, made = none.copy(), none
        made_price[at, at], made[at, at] = price, output
        return {
            **dict.fromkeys(("ps", "pca"), ("car", made_price)), "qca": ("car", made),
            "pds": ("cr", price), "pb": ("ar", price), "qo": ("ar", output), "qc": ("cr", output),
            "po": ("ar", price), "qds": ("cr", sold),
            "pint": ("ar", self.ratio("material_price").T),
            "qint": ("ar", self.volume("material_value", "material_price").T),
            "pva": ("ar", self.ratio("value_added_price").T),
            "qva": ("ar", self.volume("value_added_value", "value_added_price").T),
        }  # fmt: skip

    def _users(self) -> dict[str, tuple[str, Array]]:
        """What firms and agents buy, of both sources and of each."""
        b = self.b
        tax_home = self.solution.array("tariff", 1.0) / self.start.array("tariff", 1.0)
        price = self.ratio("basic_price")  # r, i
        home_price = tax_home[:, self.own, :, self.own] * price[:, None]  # s, u, i
        home = self.ratio("arrivals")[:, self.own, :, self.own]
        tax = self.solution.array("import_use_tax", 1.0) / self.start.array("import_use_tax", 1.0)
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
        border = self.b.on_border
        sold, entered = (
            [at.array(name)[which].sum(axis=axes) for at in (self.solution, self.start)]
            for name, which, axes in (("fob_value", border, (0, 3)),
                                      ("landed_value", slice(u, u + 1), (0, 1)))
        )  # fmt: skip
        kinds = self.b.bundles.transport if self.b.bundles is not None else np.zeros((1, 1, 1, 1))
        kinds = ratio(kinds, kinds.sum(axis=3, keepdims=True), np.nan)
        by_route = np.einsum("risj,js->irs", kinds, np.nan_to_num(pool))
        with np.errstate(divide="ignore", invalid="ignore"):
            exported, imported = (sold[0] / sold[1]).T, entered[0] / entered[1]
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
            "ptrans": ("csd", by_route), "vxwfob": ("cr", exported), "vmwcif": ("cr", imported),
            "qtmfsd": ("mcsd", services.transpose(3, 1, 0, 2)),
        }  # fmt: skip

    def _factors(self) -> dict[str, tuple[str, Array]]:
        """Endowments by activity and region, and capital."""
        codes = factor_codes(self.data)
        order = [self.b.factors.index(code) for code in codes]
        price, use, paid = (self.ratio(name)[..., order] for name in
                            ("factor_price", "factor_use", "factor_return"))  # fmt: skip
        capital = self.b.factors.index(CAPITAL)
        income = self.grown("factor_income", (1,))
        return {
            **dict.fromkeys(("pes", "peb", "pfe"), ("ear", price.transpose(2, 1, 0))),
            **dict.fromkeys(("qes", "qfe"), ("ear", use.transpose(2, 1, 0))),
            "pe": ("er", paid.T), "pfactor": ("r", income),
            "ke": ("r", self.ratio("capital_at_end")[:, capital]),
            "rorc": ("r", self.ratio("current_return")[:, capital]),
            "rore": ("r", self.ratio("expected_return")[:, capital]),
            "rental": ("r", self.ratio("factor_return")[:, capital]),
        }  # fmt: skip

    def _regions(self) -> dict[str, tuple[str, Array]]:
        """Income, spending and utility."""
        spending, price = self.ratio("final_spending"), self.ratio("agent_price")
        hh, gov, inv = self.agents.values()
        earned, worn = (
            [at.array(name).sum(axis=1) for at in (self.solution, self.start)]
            for name in ("factor_income", "depreciation_value")
        )  # fmt: skip
        return {
            "fincome": ("r", (earned[0] - worn[0]) / (earned[1] - worn[1])),
            "y": ("r", self.ratio("regional_income")), "yp": ("r", spending[:, hh]),
            "yg": ("r", spending[:, gov]), "qsave": ("r", self.ratio("saving_quantity")),
            "psave": ("r", self.ratio("saving_price")), "pgov": ("r", price[:, gov]),
            "ug": ("r", spending[:, gov] / price[:, gov]), "pinv": ("r", price[:, inv]),
            "qinv": ("r", self.ratio("investment")[:, inv]), "vgdp": ("r", self.ratio("gdp")),
            "up": ("r", self._private_utility()),
            "uepriv": ("r", self.ratio("cost_of_utility")[:, hh]),
            "qgdp": ("r", 1 + self.solution.measure("real_gdp") / 100),
            "pgdp": ("r", 1 + self.solution.measure("gdp_deflator") / 100),
            "tot": ("r", 1 + self.solution.measure("terms_of_trade") / 100),
        }  # fmt: skip

    def _private_utility(self) -> Array:
        """Utility of households, in the units that INCPAR says: the power one over its mean."""
        spent = self.b.household_spending
        mean = (self.data["INCP"].T * spent).sum(axis=1) / spent.sum(axis=1)
        return np.asarray(self.ratio("utility")[:, self.agents["HH"]] ** (1 / mean))

    def _in_money(self) -> dict[str, GtapVariable]:
        """Welfare and the balance of trade, in per cent of income."""
        income = self.b.net_income
        ev = self.solution.measure("equivalent_variation_value")
        world = (self.start.values("regional_income") * income).sum()
        later = (self.solution.values("regional_income") * income).sum()
        now, then = (at.values("trade_balance") for at in (self.solution, self.start))
        return {
            "ev": GtapVariable("r", 100 * ev / income, True),
            "wev": GtapVariable("", np.asarray(100 * ev.sum() / income.sum()), True),
            "del_tbal": GtapVariable("r", 100 * (now - then) / income, True),
            "del_tbalry": GtapVariable("r", 100 * (now / later - then / world)),
        }
