"""From one year to the next: the state from which a year starts, and that which it leaves.

Within a year capital, sourcing weights, productivity and research are given and the static
model is solved with its short-run elasticities, capital fixed in its sector. Between years
capital accumulates and moves, relations with suppliers adapt, knowledge is made. All is
relative to a baseline on which everything grows at one rate; without policy nothing moves.

Relations adapt at the turn of the year, to the prices that are expected for the year to
come, given the policies known by then; what nobody knew finds them as they were. The
expectation is consistent: without a surprise the prices come true. Adapting to last
year's prices instead would overshoot, for prices move far in the first year of a shock,
when nobody can turn to other suppliers, and with high long-run elasticities the path would
swing ever more widely. Investors and researchers look at the year that has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.dynamics.capital import CapitalLaw
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.dynamics.sourcing import NESTS, Sourcing
from cge.solve.closure import Closure
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.solve.system import outcome_values

#: The factor that is fixed in its sector within a year.
CAPITAL = "CAP"
#: Expectations and weights agree when no log weight moves by more than this.
SETTLED = 1e-7
#: Passes after which they must.
ADAPTATION_PASSES = 20


@dataclass(frozen=True)
class Settings:
    """Parameters of the path; see calibration/dynamics/parameters.yaml.

    Parameters
    ----------
    growth : float
        Of the baseline, per year.
    depreciation : float
        Of capital, per year.
    inertia : float
        What is left of the distance to adapted sourcing weights after a year.
    response, speed : float
        Of investment to differences in returns; see :class:`CapitalLaw`.
    accumulates : bool
        Whether a region's capital follows its investment.
    """

    growth: float
    depreciation: float
    inertia: float
    response: float
    speed: float
    accumulates: bool = True


@dataclass(frozen=True, eq=False)
class State:
    """State from which a year starts.

    Parameters
    ----------
    year : int
        0 is the benchmark.
    weights : ndarray
        Log sourcing weights, in the order of the recursion's menus: last year's, until
        :meth:`Recursion.adapt` has moved them.
    capital : ndarray (s, j)
        Relative to the baseline.
    knowledge : KnowledgeState, optional
    seen : Seen
        What last year's equilibrium told.
    """

    year: int
    weights: Array
    capital: Array
    knowledge: KnowledgeState | None
    seen: Seen


@dataclass(frozen=True, eq=False)
class Ground:
    """Levels that are given in a year before any policy.

    Parameters
    ----------
    levels : ndarray (columns,)
    business : ndarray (r, j), optional
        Business research relative to the baseline.
    productivity : mapping of str to ndarray (r, j)
        Log deviation by source of knowledge.
    """

    levels: Array
    business: Array | None
    productivity: dict[str, Array]


class Recursion:
    """The laws of motion of a compiled model.

    Parameters
    ----------
    model : Model
        Compiled with short-run elasticities.
    settings : Settings
    law : KnowledgeLaw, optional
        None: productivity stays on the baseline.
    standing : ndarray (columns,), optional
        Levels of an equilibrium that counts as steady, in place of the benchmark; weights and
        capital are then relative to it. Not together with a law.

    Raises
    ------
    InputError
        If the benchmark has no capital, or its nests can not adapt.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        law: KnowledgeLaw | None = None,
        standing: Array | None = None,
    ) -> None:
        b = model.benchmark
        if CAPITAL not in b.factors:
            raise InputError(
                f"the benchmark has no factor {CAPITAL} to accumulate", key="factors",
                value=list(b.factors), allowed=f"a benchmark with a factor {CAPITAL}",
            )  # fmt: skip
        if law is not None and standing is not None:
            raise ValueError("knowledge is told relative to the benchmark only")
        self.model, self.settings, self.law = model, settings, law
        self.sourcing = Sourcing(model, standing)
        self.base = model.arrays.start if standing is None else standing
        self._base_outcomes = model.outcome_start
        if standing is not None:
            self._base_outcomes = outcome_values(model.arrays, standing)
        capital = b.factor_payments[..., b.factors.index(CAPITAL)].copy()
        family = model.variables["factor_use"]
        of_capital = family.codes[2] == CAPITAL
        self._capital_columns = family.start + np.flatnonzero(of_capital)
        self._capital_cells = self._cells(family, "sj", of_capital)
        capital[self._capital_cells] *= self.base[self._capital_columns]
        total = capital.sum(axis=1, keepdims=True)
        share = np.divide(capital, total, out=np.zeros_like(capital), where=total > 0)
        self.capital = CapitalLaw(
            share, settings.depreciation, settings.growth, settings.response, settings.speed,
            settings.accumulates and "inv" in b.agent_class,
        )  # fmt: skip
        self._sectors = self._cells(model.variables["productivity"], "sj")
        self.closure = Closure("path", specific_factors=(CAPITAL,))
        self.expecting = model.with_elasticities(_between(b, settings.inertia))

    def start(self) -> State:
        """State of the benchmark, or of `standing`."""
        b = self.model.benchmark
        shape = (len(b.regions), len(b.sectors))
        trade = (shape[0], shape[1], shape[0])
        seen = Seen(np.ones(shape), np.ones(shape[0]), np.ones(trade), np.ones(shape))
        knowledge = None if self.law is None else self.law.start()
        return State(0, self.sourcing.start, np.ones(shape), knowledge, seen)

    def ground(self, state: State, policy: KnowledgePolicy | None = None) -> Ground:
        """Levels that are given in a year that starts from `state`.

        Parameters
        ----------
        state : State
        policy : KnowledgePolicy, optional
            Of that year.
        """
        model = self.model
        levels = self.base.copy()
        levels[self.sourcing.columns] = np.exp(self.sourcing.base + state.weights)
        levels[self._capital_columns] *= state.capital[self._capital_cells]
        if self.law is None or state.knowledge is None:
            return Ground(levels, None, {})
        policy = policy or self.no_policy()
        by_source = self.law.productivity(state.knowledge)
        total = np.sum(list(by_source.values()), axis=0)
        block = model.variables["productivity"]
        levels[block.positions] *= np.exp(total[self._sectors])
        business = self.law.business(state.knowledge, state.seen, policy)
        extra = self.law.extra_research(business, policy) / model.benchmark.absorption
        levels[model.variables["research"].positions] = extra
        return Ground(levels, business, by_source)

    def no_policy(self) -> KnowledgePolicy:
        """No policy about knowledge."""
        b = self.model.benchmark
        return KnowledgePolicy.none(len(b.regions), len(b.sectors))

    def next(
        self,
        state: State,
        ground: Ground,
        solution: Solution,
        policy: KnowledgePolicy | None = None,
    ) -> State:
        """State in which the next year starts, its relations still this year's.

        Parameters
        ----------
        state, ground
            Of this year.
        solution : Solution
            This year's equilibrium.
        policy : KnowledgePolicy, optional
            Of this year.
        """
        returns = np.ones_like(state.capital)
        price = self.model.variables["factor_price"].start - (
            self.model.variables["factor_use"].start
        )
        here = self._capital_columns + price
        returns[self._capital_cells] = solution.levels[here] / self.base[here]
        capital = self.capital.next(state.capital, self._investment(solution), returns)
        seen = self._seen(solution)
        knowledge = state.knowledge
        if self.law is not None and knowledge is not None and ground.business is not None:
            policy = policy or self.no_policy()
            knowledge = self.law.next(knowledge, ground.business, seen, policy)
        return State(state.year + 1, state.weights, capital, knowledge, seen)

    def adapt(
        self,
        state: State,
        levels: Array,
        closure: Closure | None = None,
        start: Solution | None = None,
    ) -> tuple[State, Solution]:
        """State with relations adapted to the prices expected for its year.

        The year is solved with each nest at the elasticity that it has once relations may
        move, sS + (1 - inertia) (sL - sS), which is their move written into demand; a few
        passes then put the weights on the menu.

        Parameters
        ----------
        state : State
            At the turn of the year.
        levels : ndarray (columns,)
            The year's ground with the policies over it that are known by now; their weights
            are not read.
        closure : Closure, optional
            Under those policies; default the path's own.
        start : Solution, optional
            An earlier expectation, from which to search.

        Returns
        -------
        State
        Solution
            The expectation.

        Raises
        ------
        NoEquilibrium
            If the expectation has none, or the weights do not settle.
        """
        menu, inertia, columns = self.sourcing.menu, self.settings.inertia, self.sourcing.columns
        ahead = levels.copy()
        base = self.sourcing.base + (1 - inertia) * self.sourcing.base_of_move
        constant = np.zeros(len(columns))
        weights, expected, moved = state.weights, start, np.inf
        for _ in range(ADAPTATION_PASSES):
            ahead[columns] = np.exp(base + inertia * state.weights + constant)
            expected = self.expecting.solve(ahead, closure or self.closure, start=expected)
            prices = self.sourcing.prices(expected.levels, expected.outcomes)
            before, weights = weights, menu.moved(state.weights, prices, inertia)
            moved = float(np.abs(weights - before).max(initial=0.0))
            if moved <= SETTLED:
                return replace(state, weights=weights), expected
            # What is left of the weights beside the part that follows prices: one number a nest.
            cost = np.log(menu.short_cost(weights, prices))[menu.nest]
            follows = (1 - inertia) * menu.reach[menu.nest] * (np.log(prices) - cost)
            constant = weights - inertia * state.weights + follows
        raise NoEquilibrium(
            f"relations with suppliers did not settle in {ADAPTATION_PASSES} passes; a log weight "
            f"still moved by {moved:.1e}"
        )

    def _investment(self, solution: Solution) -> Array:
        """Real investment by region, relative to the benchmark or to `standing`."""
        b = self.model.benchmark
        spending = self.model.outcomes["final_spending"]
        prices = self.model.variables["agent_price"].positions
        price = solution.levels[prices]
        value = solution.outcomes[spending.positions]
        start = self._base_outcomes[spending.positions] / self.base[prices]
        agents = dict(zip(b.agents, b.agent_class, strict=True))
        invests = np.array([agents[d] == "inv" for d in spending.codes[1]])
        region = np.array([b.regions.index(s) for s in spending.codes[0]])
        real = np.bincount(region[invests], (value / price)[invests], len(b.regions))
        base = np.bincount(region[invests], start[invests], len(b.regions))
        return np.divide(real, base, out=np.ones_like(real), where=base > 0)

    def _seen(self, solution: Solution) -> Seen:
        model, b = self.model, self.model.benchmark

        def ratio(name: str, axes: str, variable: bool = False) -> Array:
            """An outcome or variable relative to the benchmark, one where it is absent."""
            family = model.variables[name] if variable else model.outcomes[name]
            now, then = (
                (solution.levels, model.arrays.start)
                if variable
                else (solution.outcomes, model.outcome_start)
            )
            here = family.positions
            sizes = {"s": len(b.regions), "r": len(b.regions), "i": len(b.sectors),
                     "j": len(b.sectors)}  # fmt: skip
            array = np.ones([sizes[axis] for axis in axes])
            array[self._cells(family, axes)] = now[here] / then[here]
            return array

        return Seen(
            ratio("value_added_value", "sj"),
            ratio("research_unit_cost", "s"),
            ratio("trade_volume", "ris"),
            ratio("output", "sj", variable=True),
        )

    def _cells(self, family: Family, axes: str, keep: Bools | None = None) -> tuple[Integers, ...]:
        """Index arrays of a family's members along axes."""
        b = self.model.benchmark
        order = {
            axis: {code: n for n, code in enumerate(codes)}
            for axis, codes in (
                ("s", b.regions), ("r", b.regions), ("i", b.sectors), ("j", b.sectors),
            )
        }  # fmt: skip
        result = []
        for axis in axes:
            codes = family.codes[family.axes.index(axis)]
            chosen = codes if keep is None else codes[keep]
            result.append(np.array([order[axis][code] for code in chosen], dtype=np.int64))
        return tuple(result)


def _between(benchmark: Benchmark, inertia: float) -> Elasticities:
    """Elasticities that nests have over a year in which their weights may move."""
    short, long = benchmark.elasticities["short"], benchmark.elasticities["long"]
    values = {}
    for nest in NEST_AXES:
        now, later = getattr(short, nest), getattr(long, nest)
        values[nest] = now + (1 - inertia) * (later - now) if nest in NESTS else now
    return Elasticities(**values)
