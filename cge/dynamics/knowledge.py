"""Knowledge from year to year, and what it does to productivity.

Everything is relative to a baseline on which all spending and all stocks grow at the rate
g; log deviations of productivity are then zero there. With k a stock, d its depreciation
and r the spending that feeds it,

    k' = ((1 - d) k + (g + d) r) / (1 + g)

Applied knowledge is made by region and sector, mostly by business, whose spending follows
what its knowledge earns over what it costs: one for one in the long run, little on impact
(Bloom, Griffith and Van Reenen 2002). Basic knowledge is public, takes years to ripen (a
pipeline of three stages) and serves all sectors of the region. A sector learns from the
other sectors of its region, and from abroad as far as knowledge is let through, it imports,
and it can absorb.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cge.core.axes import Array, ratio
from cge.core.parameters import Level
from cge.data.knowledge.stocks import KnowledgeData, KnowledgeElasticities
from cge.dynamics.firm_sizes import BySize, FirmSizes, Pair


@dataclass(frozen=True, eq=False)
class KnowledgePolicy:
    """Policy about knowledge in a year.

    Parameters
    ----------
    credit : ndarray (r, j)
        Share of business research that it pays.
    credit_small, credit_large : ndarray (r, j)
        Likewise beyond that of small firms, and of large ones, where they are told apart.
    basic, diffusion : ndarray (r,)
        Spending beyond the baseline, in shares of benchmark GDP.
    openness : ndarray (s, r)
        How much of what region s knows is let through to region r: 1 as in the benchmark,
        0 nothing but what leaks.
    """

    credit: Array
    credit_small: Array
    credit_large: Array
    basic: Array
    diffusion: Array
    openness: Array

    @classmethod
    def none(cls, regions: int, sectors: int) -> KnowledgePolicy:
        """No such policy."""
        all_, small, large = (np.zeros((regions, sectors)) for _ in range(3))
        basic, diffusion = np.zeros(regions), np.zeros(regions)
        return cls(all_, small, large, basic, diffusion, np.ones((regions, regions)))

    @property
    def by_size(self) -> Pair:
        """Shares that it pays of the research of small and of large firms."""
        return self.credit + self.credit_small, self.credit + self.credit_large


@dataclass(frozen=True, eq=False)
class Seen:
    """Signals of last year's equilibrium to those who do research, relative to the benchmark.

    Parameters
    ----------
    value_added : ndarray (r, j)
        In money.
    research_price : ndarray (r,)
    imports : ndarray (s, i, r)
        Deliveries of good i, quantity; one where there are none.
    output : ndarray (r, j)
        Quantity.
    """

    value_added: Array
    research_price: Array
    imports: Array
    output: Array


@dataclass(frozen=True, eq=False)
class KnowledgeState:
    """Stocks and habits, each relative to the baseline.

    Parameters
    ----------
    business : ndarray (r, j)
        Last year's business research.
    pending : tuple of ndarray (r, j)
        Applied research of past years that is not in the stock yet, oldest first.
    applied : ndarray (r, j)
    pipeline : ndarray (3, r)
        Basic research ripening.
    basic : ndarray (r,)
    foreign : ndarray (r, j)
        Foreign knowledge that has been taken in.
    absorption : ndarray (r, j)
        Absorptive capacity.
    made : ndarray (r, j)
        Output cumulated, from which a sector learns.
    by_size : BySize, optional
        Where small and large firms are told apart.
    """

    business: Array
    pending: tuple[Array, ...]
    applied: Array
    pipeline: Array
    basic: Array
    foreign: Array
    absorption: Array
    made: Array
    by_size: BySize | None = None

    @property
    def spilling(self) -> Array:
        """Applied knowledge as others learn from it, (r, j)."""
        return self.applied if self.by_size is None else self.by_size.spilling


@dataclass(frozen=True, eq=False)
class KnowledgeLaw:
    """Law of motion of knowledge, with calibrated elasticities.

    Parameters
    ----------
    data : KnowledgeData
    level : {"low", "central", "high"}
        Of the rates of return.
    leak : float
        Share of foreign knowledge that comes through whatever openness is.
    diffusion_base : float
        Spending on diffusion in the baseline, share of GDP.
    learning : float
        Elasticity of productivity to cumulated output; 0: none.
    sizes : FirmSizes, optional
        Small and large firms, where they are told apart.
    """

    data: KnowledgeData
    level: Level = "central"
    leak: float = 0.1
    diffusion_base: float = 0.0005
    learning: float = 0.0
    sizes: FirmSizes | None = None

    def __post_init__(self) -> None:
        _ = self.elasticities  # a level that is none is told at once

    @cached_property
    def elasticities(self) -> KnowledgeElasticities:
        """Elasticities of productivity to the stocks."""
        return self.data.elasticities(self.level, on="output")

    def start(self) -> KnowledgeState:
        """State of the baseline."""
        shape = self.data.applied.shape
        one, regions = np.ones(shape), np.ones(shape[0])
        lag = max(round(self.data.parameters["lag_applied"]), 1) - 1
        by_size = None if self.sizes is None else BySize((one, one), (one,) * lag, one)
        return KnowledgeState(
            one, (one,) * lag, one, np.ones((3, shape[0])), regions, one, one, one, by_size
        )  # fmt: skip

    # -- within a year ----------------------------------------------------------------------

    def business(self, state: KnowledgeState, seen: Seen, policy: KnowledgePolicy) -> Array:
        """This year's business research, (r, j).

        Desired spending makes the marginal product of the stock its user cost: in proportion
        to value added over price times what the firm itself pays. Spending goes part of the
        way in logs, so the elasticity to the user cost is -1 in the long run and one less
        the persistence of spending on impact.
        """
        if self.sizes is not None:
            return self.sizes.total(self.of_sizes(state, seen, policy))
        wanted = seen.value_added / seen.research_price[:, None] / (1 - policy.credit)
        rho = self.data.parameters["spending_persistence"]
        return state.business**rho * wanted ** (1 - rho)

    def of_sizes(self, state: KnowledgeState, seen: Seen, policy: KnowledgePolicy) -> Pair:
        """This year's research of small and of large firms, each (r, j).

        As that of all firms, but for how much they answer to what they pay themselves.
        """
        assert self.sizes is not None and state.by_size is not None
        earned = seen.value_added / seen.research_price[:, None]
        rho = self.data.parameters["spending_persistence"]
        small, large = (
            before**rho * (earned * (1 - credit) ** -answer) ** (1 - rho)
            for before, credit, answer in zip(state.by_size.business, policy.by_size,
                                              self.sizes.elasticities, strict=True)
        )  # fmt: skip
        return small, large

    def extra_research(self, business: Array, policy: KnowledgePolicy) -> Array:
        """Research beyond the baseline, (r,), in the benchmark's money at its prices."""
        d = self.data
        private = (d.business * (business - 1)).sum(axis=1)
        return private + d.gdp * (policy.basic + policy.diffusion)

    def productivity(self, state: KnowledgeState) -> dict[str, Array]:
        """Log deviation of productivity of output by source, each (r, j).

        Sources are ``own``, ``domestic``, ``basic``, ``foreign`` and ``learning``; they add up.
        """
        d = self.data
        gamma = self.elasticities
        pool = np.einsum("rkj,rk->rj", d.domestic_weights, d.applied_stock * state.spilling)
        domestic = np.log(ratio(pool, d.domestic_pool, 1.0))
        return {
            "own": gamma.own * np.log(state.applied),
            "domestic": gamma.spillover * domestic,
            "basic": gamma.basic * np.log(state.basic)[:, None],
            "foreign": gamma.foreign * np.log(state.foreign),
            "learning": self.learning * np.log(state.made),
        }

    def reach(self, state: KnowledgeState, seen: Seen, policy: KnowledgePolicy) -> Array:
        """Foreign knowledge that reaches a sector in a year, over the benchmark's.

        What reaches it feeds what it has taken in, which is forgotten like its own applied
        knowledge: a border that closes to ideas costs more every year, not all at once.
        """
        d = self.data
        p = d.parameters
        known = np.einsum("skj,sk->sj", d.use_weights, d.applied_stock * state.spilling)
        known0 = np.einsum("skj,sk->sj", d.use_weights, d.applied_stock)
        # A region's basic stock is spread over sectors like the applied knowledge that reaches
        # them, so that a unit of either counts alike; set whole beside one sector's pool it
        # would outweigh the applied stock by as much as there are sectors.
        spread = ratio(known0, known0.sum(axis=1, keepdims=True))
        basic = p["foreign_basic_weight"] * d.basic_stock[:, None] * spread
        growth = ratio(known + basic * state.basic[:, None], known0 + basic, 1.0)  # (s, j)
        embodied = p["embodied_share"] * d.embodied_weights * self._imports(seen)
        disembodied = (1 - p["embodied_share"]) * d.disembodied_weights[:, :, None]
        through = self.leak + (1 - self.leak) * policy.openness
        reached = through[:, :, None] * (embodied + disembodied) * growth[:, None, :]
        total = reached.sum(axis=0)
        base = (p["embodied_share"] * d.embodied_weights + disembodied).sum(axis=0)
        return np.maximum(ratio(total, base, 1.0) * state.absorption, 1e-12)

    def _imports(self, seen: Seen) -> Array:
        """Imports of the inputs of a sector, over the benchmark's, (s, r, j)."""
        use = self.data.use_weights  # (r, i, j): to whom the product i goes
        volume = np.einsum("sir,rij->srj", seen.imports, use)
        return ratio(volume, use.sum(axis=1), 1.0)

    # -- between years ----------------------------------------------------------------------

    def next(
        self, state: KnowledgeState, business: Array, seen: Seen, policy: KnowledgePolicy,
        of_sizes: Pair | None = None,
    ) -> KnowledgeState:  # fmt: skip
        """Next year's state from this year's spending and signals.

        Parameters
        ----------
        state : KnowledgeState
        business : ndarray (r, j)
            This year's business research.
        seen : Seen
        policy : KnowledgePolicy
        of_sizes : pair of ndarray (r, j), optional
            Of it that of small and of large firms; default: as it was divided last year.
        """
        d = self.data
        p = d.parameters
        g = p["growth"]
        spent = ratio(d.business * business + d.public_applied, d.applied, 1.0)
        own, by_size = spent, state.by_size
        dA, dB = d.depreciation, p["depreciation_basic"]
        if self.sizes is not None and by_size is not None:
            pair = of_sizes or self._divided(by_size, business)
            own, spilling = (
                ratio(d.business * done + d.public_applied, d.applied, 1.0)
                for done in (self.sizes.total(pair, self.sizes.own),
                             self.sizes.total(pair, self.sizes.spillover))
            )  # fmt: skip
            ripe, *rest = (*by_size.pending, spilling)
            stock = ((1 - dA) * by_size.spilling + (g + dA) * ripe) / (1 + g)
            by_size = BySize(pair, tuple(rest), stock)
        queue = (*state.pending, own)
        applied = ((1 - dA) * state.applied + (g + dA) * queue[0]) / (1 + g)
        flow = 1 + policy.basic * ratio(d.gdp, d.basic)
        stages = p["gestation_basic"] / 3
        leave = 1 / stages
        feeding = np.vstack([flow[None, :], state.pipeline[:-1]])
        pipeline = ((1 - leave) * state.pipeline + (g + leave) * feeding) / (1 + g)
        basic = ((1 - dB) * state.basic + (g + dB) * state.pipeline[-1]) / (1 + g)
        intensity = spent * seen.research_price[:, None] / seen.value_added
        spread = 1 + policy.diffusion / self.diffusion_base
        absorption = intensity ** p["absorption_own"] * (
            spread[:, None] ** p["absorption_diffusion"]
        )
        made = (state.made + g * seen.output) / (1 + g)
        reached = self.reach(state, seen, policy)
        foreign = ((1 - dA) * state.foreign + (g + dA) * reached) / (1 + g)
        return replace(
            state, business=business, pending=queue[1:], applied=applied, pipeline=pipeline,
            basic=basic, foreign=foreign, absorption=absorption, made=made, by_size=by_size,
        )  # fmt: skip

    def _divided(self, by_size: BySize, business: Array) -> Pair:
        """Research of small and of large firms, divided as last year's was."""
        assert self.sizes is not None
        scale = business / self.sizes.total(by_size.business)
        return by_size.business[0] * scale, by_size.business[1] * scale
