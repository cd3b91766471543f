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

from cge.core.axes import Array, Integers, ratio
from cge.core.errors import NoEquilibrium, refuse_if
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.dynamics.capital import CapitalLaw, Settings
from cge.dynamics.catching_up import CatchingUp, Legacy
from cge.dynamics.firm_sizes import Pair
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.dynamics.sourcing import NESTS, Sourcing
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Allocation
from cge.solve.square.following import Followed

#: Expectations and weights agree when no log weight moves by more than this.
SETTLED = 1e-7
#: Passes after which they must.
ADAPTATION_PASSES = 20


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
        Signals of last year's equilibrium.
    legacy : Legacy
        Where wages, spending and debts stand.
    """

    year: int
    weights: Array
    capital: Array
    knowledge: KnowledgeState | None
    seen: Seen
    legacy: Legacy


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
    of_sizes : pair of ndarray (r, j), optional
        Business research of small and of large firms, where they are told apart.
    """

    levels: Array
    business: Array | None
    productivity: dict[str, Array]
    of_sizes: Pair | None = None


class Recursion:
    """The laws of motion of a compiled model.

    Parameters
    ----------
    model : Model
        Compiled with short-run elasticities.
    settings : Settings
    law : KnowledgeLaw, optional
        None: productivity stays on the baseline.
    standing : Allocation, optional
        Equilibrium that counts as steady, in place of the benchmark; weights and
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
        standing: Allocation | None = None,
    ) -> None:
        b = model.benchmark
        check_capital(b, "to accumulate")
        if law is not None and standing is not None:
            raise ValueError("knowledge is relative to the benchmark only")
        self.model, self.settings, self.law = model, settings, law
        self.sourcing = Sourcing(model, standing)
        self.base = standing or model.start
        factor = self._capital = b.factors.index(CAPITAL)
        self._capital_use = capital_of(model)
        capital = (b.factor_payments * self.base.array("factor_use", 1.0))[..., factor]
        accumulates = settings.accumulates and "inv" in b.agent_class
        self.capital = CapitalLaw(ratio(capital, capital.sum(axis=1, keepdims=True)),
                                  replace(settings, accumulates=accumulates))  # fmt: skip
        self.catching_up = CatchingUp(model, settings)
        self.closure = Closure("path", specific_factors=(CAPITAL,))
        self._no_policy = KnowledgePolicy.none(len(b.regions), len(b.sectors))
        self.expecting = model.with_elasticities(_between(b, settings.inertia))
        self._relations = Followed(self.sourcing.columns, self.sourcing.exponents)

    def start(self) -> State:
        """State of the benchmark, or of `standing`."""
        b = self.model.benchmark
        shape = (len(b.regions), len(b.sectors))
        trade = (shape[0], shape[1], shape[0])
        seen = Seen(np.ones(shape), np.ones(shape[0]), np.ones(trade), np.ones(shape))
        knowledge = None if self.law is None else self.law.start()
        legacy = self.catching_up.start()
        return State(0, self.sourcing.start, np.ones(shape), knowledge, seen, legacy)

    def ground(
        self, state: State, policy: KnowledgePolicy | None = None,
        beside: Allocation | None = None,
    ) -> Ground:  # fmt: skip
        """Levels that are given in a year that starts from `state`.

        Parameters
        ----------
        state : State
        policy : KnowledgePolicy, optional
            Of that year.
        beside : Allocation, optional
            The same year of a baseline that is not balanced growth.
        """
        model, variables = self.model, self.model.variables
        levels = self.base.levels.copy()
        levels[self.sourcing.columns] = np.exp(self.sourcing.base + state.weights)
        columns, cells = self._capital_use
        levels[columns] *= state.capital[cells]
        levels = self.catching_up.laid(levels, state.legacy, beside or self.base)
        if self.law is None or state.knowledge is None:
            return Ground(levels, None, {})
        policy = policy or self._no_policy
        by_source = self.law.productivity(state.knowledge)
        total = np.sum(list(by_source.values()), axis=0)
        productivity = variables["productivity"]
        levels[productivity.positions] *= np.exp(total[productivity.at("sj")])
        business = self.law.business(state.knowledge, state.seen, policy)
        extra = self.law.extra_research(business, policy) / model.benchmark.absorption
        levels[variables["research"].positions] = extra
        sizes = None
        if self.law.sizes is not None:
            sizes = self.law.of_sizes(state.knowledge, state.seen, policy)
        return Ground(levels, business, by_source, sizes)

    def next(
        self,
        state: State,
        ground: Ground,
        solution: Allocation,
        policy: KnowledgePolicy | None = None,
        beside: Allocation | None = None,
    ) -> State:
        """State in which the next year starts, its relations still this year's.

        Parameters
        ----------
        state, ground
            Of this year.
        solution : Allocation
            This year's equilibrium.
        policy : KnowledgePolicy, optional
            Of this year.
        beside : Allocation, optional
            As in :meth:`ground`.
        """
        returns = solution.relative_to(self.base, "factor_price")[..., self._capital]
        capital = self.capital.next(state.capital, self._investment(solution), returns)
        seen = self._seen(solution)
        knowledge = state.knowledge
        if self.law is not None and knowledge is not None and ground.business is not None:
            policy = policy or self._no_policy
            knowledge = self.law.next(knowledge, ground.business, seen, policy, ground.of_sizes)
        legacy = self.catching_up.next(state.legacy, solution, beside or self.base)
        return State(state.year + 1, state.weights, capital, knowledge, seen, legacy)

    def adapt(
        self,
        state: State,
        levels: Array,
        closure: Closure | None = None,
        start: Array | None = None,
        beside: Array | None = None,
    ) -> tuple[State, Array]:
        """State with relations adapted to the prices expected for its year.

        The year is solved with each nest at the elasticity that it has once relations may
        move, sS + (1 - inertia) (sL - sS), which is their move written into demand. What is left
        of the weights, one number a nest, follows prices as they are found.

        Parameters
        ----------
        state : State
            At the turn of the year.
        levels : ndarray (columns,)
            The year's ground with the policies over it that are known by now; their weights
            are not read.
        closure : Closure, optional
            Under those policies; default the path's own.
        start : ndarray (columns,), optional
            Levels of an earlier expectation, from which to search.
        beside : ndarray (columns,), optional
            As in :meth:`cge.solve.model.Model.solve`.

        Returns
        -------
        State
        ndarray (columns,)
            Levels expected.

        Raises
        ------
        NoEquilibrium
            If the expectation has none, or the weights do not settle.
        """
        model, closure, columns = self.expecting, closure or self.closure, self.sourcing.columns
        origin = model.arrays.start if start is None else start
        prices, given, moved = np.zeros(len(columns)), levels.copy(), np.inf

        def laid(seen: Array) -> Array:
            return self._laid(state, self.sourcing.relative(seen))

        for _ in range(ADAPTATION_PASSES):
            given[columns] = np.exp(self._laid(state, prices))
            found = model.following(given, closure, origin, self._relations, laid, beside)
            # Far away: prices at given weights, and weights at those prices.
            origin = self._priced(given, closure, origin, beside) if found is None else found
            before, prices = prices, self.sourcing.log_prices(Allocation(model, origin))
            weights = self._moved(state, prices)
            if found is None:
                moved = float(np.abs(weights - self._moved(state, before)).max(initial=0.0))
            if found is not None or moved <= SETTLED:
                return replace(state, weights=weights), origin
        raise NoEquilibrium(
            f"relations with suppliers did not settle in {ADAPTATION_PASSES} passes; a log weight "
            f"still moved by {moved:.1e}"
        )

    def _priced(
        self, given: Array, closure: Closure, origin: Array, beside: Array | None
    ) -> Array:  # fmt: skip
        """Levels of a year with given weights."""
        model = self.expecting
        try:
            return model.solve(given, closure, start=origin, beside=beside).levels
        except NoEquilibrium:
            if origin is model.arrays.start:
                raise
            return model.solve(given, closure, beside=beside).levels

    def _moved(self, state: State, prices: Array) -> Array:
        """Log weights that relations adapt to at given logs of prices."""
        return self.sourcing.menu.moved(state.weights, prices, self.settings.inertia)

    def _laid(self, state: State, prices: Array) -> Array:
        """Log weights with which a year is expected: those adapted to less what follows prices."""
        menu, inertia = self.sourcing.menu, self.settings.inertia
        weights = self._moved(state, prices)
        cost = menu.log_cost(weights, prices)[menu.nest]
        follows = (1 - inertia) * menu.reach[menu.nest] * (prices - cost)
        base = self.sourcing.base + (1 - inertia) * self.sourcing.base_of_move
        return np.asarray(base + weights + follows)

    def _investment(self, solution: Allocation) -> Array:
        """Real investment by region, relative to the benchmark or to `standing`."""
        family, invests = self.model.outcomes["final_spending"], self.model.benchmark.agent_class

        def real(at: Allocation) -> Array:
            real = at.values("final_spending") / at.values("agent_price")
            return family.full(real)[:, np.array(invests) == "inv"].sum(axis=1)

        return ratio(real(solution), real(self.base), 1.0)

    def _seen(self, solution: Allocation) -> Seen:
        names = ("value_added_value", "research_unit_cost", "trade_volume", "output")
        return Seen(*(solution.relative_to(self.model.start, name) for name in names))


def check_capital(benchmark: Benchmark, purpose: str) -> None:
    """Refuse a benchmark without capital."""
    refuse_if(
        CAPITAL not in benchmark.factors, f"the benchmark has no factor {CAPITAL} {purpose}",
        key="factors", value=list(benchmark.factors),
        allowed=f"a benchmark with a factor {CAPITAL}",
    )  # fmt: skip


def capital_of(model: Model) -> tuple[Integers, tuple[Integers, ...]]:
    """Columns of the capital that sectors use, and region and sector of each."""
    use = model.variables["factor_use"]
    columns = use.where(f=[CAPITAL])
    return columns, tuple(place[columns - use.start] for place in use.at("sj"))


def _between(benchmark: Benchmark, inertia: float) -> Elasticities:
    """Elasticities that nests have over a year in which their weights may move."""

    def mixed(short: Elasticities, long: Elasticities, around: Elasticities | None) -> Elasticities:
        values = {}
        for nest in NEST_AXES:
            now, later = getattr(short, nest), getattr(long, nest)
            values[nest] = now + (1 - inertia) * (later - now) if nest in NESTS else now
        return replace(short, **values, around=around)

    short, long = benchmark.elasticities["short"], benchmark.elasticities["long"]
    central = None
    if short.around is not None and long.around is not None:
        central = mixed(short.around, long.around, None)
    return mixed(short, long, central)
