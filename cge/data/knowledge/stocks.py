"""Knowledge of the benchmark year: spending, stocks, and what rates of return make of them.

Spending on research and development becomes stocks by perpetual inventory on a balanced
path, and stocks become elasticities of productivity through rates of return: the
elasticity is the gross return times the stock over value added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd

from cge.core.axes import Array, fixed, ratio
from cge.core.errors import check_known
from cge.core.parameters import Level, ParameterSet


def balanced_stock(spending: Array, growth: float, depreciation: Array | float) -> Array:
    """Stock that spending keeps growing at `growth`: K = R / (g + d)."""
    return np.asarray(spending / (growth + np.asarray(depreciation)))


def elasticity(gross_return: Array | float, stock: Array, value_added: Array) -> Array:
    """Elasticity of value added to a stock: gamma = rho K / VA."""
    return np.asarray(gross_return) * ratio(stock, value_added)


@dataclass(frozen=True, eq=False)
class KnowledgeElasticities:
    """Elasticities of value added to stocks of knowledge, each (r, j).

    Parameters
    ----------
    private
        To the applied stock that business paid for, at the return it requires (user cost).
    own
        To the whole applied stock of the sector.
    spillover
        To the stock that reaches the sector from others of its region.
    basic
        To the region's basic stock.
    foreign
        To foreign knowledge.
    """

    private: Array
    own: Array
    spillover: Array
    basic: Array
    foreign: Array

    def scaled(self, factor: Array) -> KnowledgeElasticities:
        """Every elasticity times a factor (r, j)."""
        return KnowledgeElasticities(
            **{item.name: fixed(getattr(self, item.name) * factor) for item in fields(self)}
        )


@dataclass(frozen=True, eq=False)
class KnowledgeData:
    """Research and development of a benchmark, in its unit, regions and sectors.

    Parameters
    ----------
    regions, sectors : tuple of str
    unit : str
    gdp : ndarray (r,)
        At market prices.
    value_added : ndarray (r, j)
        At the user's cost of factors.
    receipts : ndarray (r, j)
        Output net of output tax; what Hicks-neutral productivity of output acts on.
    business, public_applied : ndarray (r, j)
        Applied research and experimental development a year, performed by business (by
        performing sector) and by others (by the sectors that use it, as business R&D).
    basic, basic_by_business : ndarray (r,)
        Basic research a year by all performers, and the part of business in it.
    depreciation : ndarray (r, j)
        Of applied knowledge, a fraction a year; of an aggregate, what its members' stocks
        imply.
    domestic_weights, use_weights : ndarray (r, k, j)
        Part of sector k's knowledge that reaches sector j of the region, without and with
        k itself; rows add up to one over j.
    embodied_weights : ndarray (s, r, j)
        Of source s in what sector j of r learns through imports; add up to one over s.
    disembodied_weights : ndarray (s, r)
        Of source s in what r learns without trade; add up to one over s.
    import_share : ndarray (r, j)
        Imports over GDP, spread over sectors by their imported inputs.
    parameters : ParameterSet
    estimated : mapping
        Item (gerd, basic, business by region; industry by region and sector) to the part of
        the figure that a rule filled, or that is of another year, between 0 and 1.
    cells : DataFrame
        Every figure behind it, at the resolution of its file, with year, status and rule.
    source : str
        The file of figures.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    unit: str
    gdp: Array
    value_added: Array
    receipts: Array
    business: Array
    public_applied: Array
    basic: Array
    basic_by_business: Array
    depreciation: Array
    domestic_weights: Array
    use_weights: Array
    embodied_weights: Array
    disembodied_weights: Array
    import_share: Array
    parameters: ParameterSet
    estimated: Mapping[str, Array]
    cells: pd.DataFrame
    source: str

    @cached_property
    def applied(self) -> Array:
        """Applied research and experimental development a year, RA0 (r, j)."""
        return fixed(self.business + self.public_applied)

    @cached_property
    def total(self) -> Array:
        """All research and development a year, (r,): GERD."""
        return fixed(self.applied.sum(axis=1) + self.basic)

    @cached_property
    def applied_stock(self) -> Array:
        """Stock of applied knowledge, KA0 (r, j)."""
        return fixed(balanced_stock(self.applied, self.parameters["growth"], self.depreciation))

    @cached_property
    def private_stock(self) -> Array:
        """Part of the applied stock that business paid for, (r, j)."""
        return fixed(balanced_stock(self.business, self.parameters["growth"], self.depreciation))

    @cached_property
    def basic_stock(self) -> Array:
        """Stock of basic knowledge, KB0 (r,)."""
        p = self.parameters
        return fixed(balanced_stock(self.basic, p["growth"], p["depreciation_basic"]))

    @cached_property
    def domestic_pool(self) -> Array:
        """Applied stock of the region's other sectors that reaches each, SD0 (r, j)."""
        return fixed(np.einsum("rkj,rk->rj", self.domestic_weights, self.applied_stock))

    def elasticities(
        self, level: Level = "central", on: str = "value_added"
    ) -> KnowledgeElasticities:
        """Elasticities calibrated from rates of return.

        Parameters
        ----------
        level : {"low", "central", "high"}
            Of the returns; depreciation and growth stay central, as do the stocks.
        on : {"value_added", "output"}
            What the elasticities are of. A model whose productivity is Hicks-neutral on
            output needs ``output``: gamma times value added over receipts, so that a unit of
            the stock is worth its return and no more.

        Raises
        ------
        InputError
            For a level or base that is none.
        """
        check_known([on], ("value_added", "output"), "no such base", key="on")
        rates = self.gross_returns(level)
        p, added = self.parameters, self.value_added
        basic = elasticity(rates["basic"], self.basic_stock, added.sum(axis=1))
        found = KnowledgeElasticities(
            private=elasticity(rates["private"], self.private_stock, added),
            own=elasticity(rates["own"], self.applied_stock, added),
            spillover=elasticity(rates["spillover"], self.domestic_pool, added),
            basic=basic[:, None] * (added > 0),
            foreign=np.minimum(
                p.at("foreign_coefficient", level) * self.import_share,
                p.at("foreign_cap", level),
            ),
        )
        base = ratio(added, self.receipts) if on == "output" else np.ones_like(added)
        return found.scaled(base)

    def gross_returns(self, level: Level = "central") -> Mapping[str, Array]:
        """Gross rates of return by stock, each (r, j) or (r,).

        Business requires its user cost, the real rate plus depreciation; the whole applied
        stock returns that or the estimate of Bloom, Schankerman and Van Reenen (2013,
        Econometrica), whichever is more. Basic research returns its net rate plus
        depreciation.
        """
        p = self.parameters
        private = p.at("real_rate", level) + self.depreciation
        n = len(self.regions)
        return {
            "private": private,
            "own": np.maximum(private, p.at("return_private", level)),
            "spillover": np.full_like(private, p.at("return_spillover", level)),
            "basic": np.full(n, p.at("return_basic", level) + p["depreciation_basic"]),
        }

    def by_region(self) -> pd.DataFrame:
        """Main figures of each region, per cent of GDP."""

        def percent(values: Array) -> Array:
            return 100 * values / self.gdp

        return pd.DataFrame(
            {
                "region": self.regions,
                "gerd": percent(self.total),
                "business_applied": percent(self.business.sum(axis=1)),
                "other_applied": percent(self.public_applied.sum(axis=1)),
                "basic": percent(self.basic),
                "applied_stock": percent(self.applied_stock.sum(axis=1)),
                "basic_stock": percent(self.basic_stock),
                "gerd_estimated": self.estimated["gerd"],
                "basic_estimated": self.estimated["basic"],
                "industry_estimated": ratio(
                    (self.estimated["industry"] * self.business).sum(axis=1),
                    self.business.sum(axis=1),
                ),
            }
        )

    def by_sector(self, level: Level = "central") -> pd.DataFrame:
        """Spending, stocks and elasticities of value added by region and sector."""
        found = self.elasticities(level)
        columns = {
            "business": self.business, "public_applied": self.public_applied,
            "applied_stock": self.applied_stock, "value_added": self.value_added,
            **{item.name: getattr(found, item.name) for item in fields(found)},
            "estimated": self.estimated["industry"],
        }  # fmt: skip
        index = pd.MultiIndex.from_product([self.regions, self.sectors], names=["region", "sector"])
        frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)
        return frame.reset_index()
