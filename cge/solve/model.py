"""The compiled model: built once from a benchmark, solved for many scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.display import Displayed
from cge.core.errors import InputError, NoEquilibrium, check_known, refuse_if
from cge.core.rate_bounds import check_power, check_ratio
from cge.core.recent import Recent
from cge.core.selectors import split
from cge.core.threads import one_thread
from cge.core.typed import checked
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import Elasticities
from cge.model.language.elasticity import parameters, structure
from cge.model.quantities import EXOGENOUS, INDICES, OUTCOMES, VARIABLES
from cge.solve.closure import Closure, Swap, cells_of, fixes_outcome
from cge.solve.equilibrium import following, solve_square
from cge.solve.homotopy import LARGEST_EXACT, Progress
from cge.solve.layout import Family, Layout
from cge.solve.resolved import Resolved, resolve
from cge.solve.rules.templates import template_of
from cge.solve.solution import Allocation, Solution
from cge.solve.square.arrays import Block, MonomialArrays, MonomialTemplate
from cge.solve.square.following import Followed
from cge.solve.square.linear import LinearSolver

Solver = Literal["newton", "ipopt"]

SOLVERS = ("newton", "ipopt")
#: Passes after which the set of bounds that are reached must have settled.
BOUND_PASSES = 12
#: How far beyond a bound counts as beyond it, relative to its size.
BOUND_SLACK = 1e-9

#: Models kept in memory for tasks of the same benchmark.
MODELS_KEPT = 2
_MODELS: Recent[Model] = Recent(MODELS_KEPT, lambda model: model.forget())
#: Closures of a model kept ready, most and least: each holds a factorisation.
CLOSURES_KEPT = (12, 3)
#: Equilibria at which closures of a model are prepared, as many as are kept.
POINTS_KEPT = 6
#: Bytes that the closures of a model may take, and those that one takes for each term.
CLOSURES_BYTES, BYTES_OF_TERM = 4e8, 300


class Model(Displayed):
    """A benchmark's model, compiled.

    Parameters
    ----------
    benchmark : Benchmark
    template : MonomialTemplate
        The benchmark's equations with open elasticities.
    horizon : {"short", "long"}
        Which of the benchmark's elasticities to use.
    backstop : tuple of str
        Commodities whose imports have one.

    Examples
    --------
    >>> from cge import Model, load_benchmark
    >>> model = Model.build(load_benchmark(aggregation="small"))
    >>> solution = model.solve({"tariff[*, CHN, ELEC, USA]": 1.25})
    >>> round(float(solution.outcome("welfare[CHN]")), 3) < 1
    True
    """

    def __init__(
        self,
        benchmark: Benchmark,
        template: MonomialTemplate,
        horizon: str,
        backstop: tuple[str, ...] = (),
    ) -> None:
        self.benchmark, self.horizon, self.backstop = benchmark, horizon, backstop
        self.template = template
        self.arrays = arrays = template.at(parameters(benchmark.elasticities[horizon]))
        regions = tuple((code,) for code in benchmark.regions)
        self.variables = Layout(arrays.columns, VARIABLES, benchmark)
        self.outcomes = Layout(arrays.outcomes, OUTCOMES, benchmark)
        self.indices = Layout((Block.of(name, 0, regions) for name in INDICES), INDICES, benchmark)
        self.forget()
        #: Outcomes in the benchmark that were asked for.
        self.outcomes_at_start: dict[str, Array] = {}

    def shown(self) -> dict[str, Any]:
        """Facts that it shows of itself."""
        b = self.benchmark
        return {
            "benchmark": b.name,
            "horizon": self.horizon,
            "regions": len(b.regions),
            "sectors": len(b.sectors),
            "equations": self.arrays.equations.coefficients.shape[0],
        }

    @classmethod
    @checked
    def build(
        cls,
        benchmark: Benchmark,
        horizon: str = "long",
        backstop: Sequence[str] = (),
    ) -> Model:
        """Build and compile, or use what this process has compiled.

        The equations are compiled once for all elasticities; the same accounts with
        others, or for the other horizon, take milliseconds more. Only a nest that is
        Cobb-Douglas in one set and not in the other, and a household with other income
        elasticities, has other equations.

        Parameters
        ----------
        benchmark : Benchmark
        horizon : {"short", "long"}
            Which elasticities to use.
        backstop : sequence of str
            Commodities whose imports something at home can stand in for, at a premium that
            is out of reach unless it is given (:mod:`cge.model.backstop`).
        """
        check_known([horizon], sorted(benchmark.elasticities), "unknown horizon", key="horizon")
        check_known(backstop, benchmark.sectors, "unknown sector", key="backstop")
        covered = tuple(code for code in benchmark.sectors if code in backstop)
        template = template_of(benchmark, horizon, covered)
        return cls(benchmark, template, horizon, covered)

    @classmethod
    @checked
    def shared(
        cls, benchmark: Benchmark, horizon: str = "long", backstop: Sequence[str] = ()
    ) -> Model:
        """Build, or use the model of an equal benchmark that this process used last.

        Tasks of one benchmark share what its closures take to prepare. Parameters are those of
        :meth:`build`.
        """
        key = benchmark.identity, benchmark.name, horizon, tuple(backstop)
        return _MODELS.get(key, lambda: cls.build(benchmark, horizon, backstop))

    def forget(self) -> None:
        """Let go of closures that are kept ready.

        They know their model: with them a model that nobody uses any more would stay in memory
        until Python looks for circles, with all their factorisations.
        """
        self._closures: Recent[Resolved] = Recent(_closures_kept(self.arrays))
        self._points: Recent[Resolved] = Recent(POINTS_KEPT)

    @checked
    def with_elasticities(self, elasticities: Elasticities) -> Model:
        """Model of the same accounts with other elasticities for its horizon.

        Nothing is compiled, unless a nest becomes or ceases to be Cobb-Douglas or the household
        has another demand: the equations, and the weights that exist, are then others and the
        model is built.

        Parameters
        ----------
        elasticities : Elasticities

        Returns
        -------
        Model
            Its benchmark carries the new elasticities.

        Raises
        ------
        InputError
            When an array does not have the shape of its nest.
        """
        benchmark = self.benchmark.with_elasticities(**{self.horizon: elasticities})
        if structure(self.benchmark.elasticities[self.horizon]) != structure(elasticities):
            return Model.build(benchmark, self.horizon, backstop=self.backstop)
        return Model(benchmark, self.template, self.horizon, self.backstop)

    @property
    def outcome_start(self) -> Array:
        """All outcomes in the benchmark."""
        return self.start.outcomes

    @property
    def start(self) -> Allocation:
        """The benchmark."""
        return Allocation(self, self.arrays.start)  # not kept: a model goes when its last user does

    def _layout(self, name: str, key: str | None, selector: str) -> Layout:
        layouts = (self.variables, self.outcomes, self.indices)
        for layout in layouts:
            if name in layout:
                return layout
        allowed = [known for layout in layouts for known in layout]
        raise InputError("unknown name", key=key, value=selector, allowed=allowed, name=name)

    @checked
    def family(self, name: str) -> Family:
        """Cells of a variable, outcome or index.

        Raises
        ------
        InputError
            For a name that is none.
        """
        return self._layout(name, None, name)[name]

    @checked
    def select(self, selector: str, key: str | None = None) -> tuple[Family, Integers]:
        """A variable, outcome or index that a selector names, and the positions it selects.

        Raises
        ------
        InputError
            As :meth:`cge.solve.layout.Layout.select`.
        """
        return self._layout(split(selector, key)[0], key, selector).select(selector, key)

    @checked
    def levels(self, changes: Mapping[str, float], allow_large_rates: bool = False) -> Array:
        """Benchmark levels with some exogenous cells set.

        Parameters
        ----------
        changes : mapping
            Selector to new level (a power for wedges: 1.25 is a rate of 25 %).
        allow_large_rates : bool
            Whether rates beyond :data:`~cge.core.rate_bounds.LARGEST_RATE` are meant, and
            powers below :data:`~cge.core.rate_bounds.LOWEST_POWER`.

        Raises
        ------
        InputError
            For an unknown selector or a level that is not allowed.

        Warns
        -----
        RateWarning
            For a power that looks like the rate itself.
        """
        levels = self.arrays.start.copy()
        for selector, level in changes.items():
            family, positions = self.variables.select(selector, "changes")
            refuse_if(family.name not in EXOGENOUS, "is not exogenous; use a swap to fix it",
                      key="changes", value=selector, allowed=EXOGENOUS)  # fmt: skip
            negative = level <= 0 and not self.arrays.free[positions].any()
            refuse_if(negative or not np.isfinite(level), "level is not a positive number",
                      key=f"changes.{selector}", value=level)  # fmt: skip
            if not allow_large_rates:
                check_power(level, family.unit, selector)
            if not allow_large_rates and family.name in ("productivity", "factor_supply"):
                check_ratio(level, selector)
            levels[positions] = level
        return levels

    @checked
    @one_thread
    def solve(
        self,
        changes: Mapping[str, float] | Array | None = None,
        closure: Closure | None = None,
        solver: Solver = "newton",
        start: Solution | Array | None = None,
        progress: Progress | None = None,
        allow_large_rates: bool = False,
        guess: Array | None = None,
        beside: Array | None = None,
    ) -> Solution:
        """Find the equilibrium under given exogenous values.

        Parameters
        ----------
        changes : mapping or ndarray, optional
            Selectors and levels, or levels of all columns as :meth:`levels` gives them.
        closure : Closure, optional
            Default: long run, everything else as in the register.
        solver : {"newton", "ipopt"}
        start : Solution or ndarray (columns,), optional
            Equilibrium from which to set out, or its levels; default the benchmark.
        progress : callable, optional
            Called with the part of the shock done.
        allow_large_rates : bool
            As in :meth:`levels`.
        guess : ndarray (columns,), optional
            Levels near the solution, as of the same shock in a world nearby: what is tried first.
        beside : ndarray (columns,), optional
            An equilibrium near many that are searched for: what is prepared there, and kept,
            serves all of them.

        Returns
        -------
        Solution

        Raises
        ------
        NoEquilibrium
            When no point passes; says what was tried.
        """
        closure = closure or Closure()
        levels = changes
        if not isinstance(levels, np.ndarray):
            levels = self.levels(levels or {}, allow_large_rates)
        if isinstance(start, Solution):
            self.variables.check_alike(start.model.variables, "start")
        origin = start.levels if isinstance(start, Solution) else start
        origin = self.arrays.start if origin is None else origin
        self.variables.check_levels("changes", levels, self.arrays.free)
        self.variables.check_levels("start", origin, self.arrays.free)
        for key, given in {"guess": guess, "beside": beside}.items():
            if given is not None:
                self.variables.check_levels(key, given, self.arrays.free)
        levels, origin = closure.laid(self, levels), closure.laid(self, origin)

        def under(reached: tuple[Swap, ...]) -> Solution:
            resolved = self.resolved(closure, reached)
            there = self._at(resolved, beside)
            final, diagnostics = solve_square(
                resolved, origin, levels, solver, progress, guess, there
            )
            return Solution(self, final, closure, resolved, levels, diagnostics)

        return self._settled(levels, closure, under)

    @one_thread
    def following(
        self, levels: Array, closure: Closure, start: Array, followed: Followed,
        rule: Callable[[Array], Array], beside: Array | None = None,
    ) -> Array | None:  # fmt: skip
        """Equilibrium in which given columns follow: :func:`cge.solve.equilibrium.following`."""
        if closure.bounded_swaps():
            return None
        levels, origin = closure.laid(self, levels), closure.laid(self, start)
        resolved = self.resolved(closure, ())
        there = self._at(resolved, beside)
        return following(resolved, origin, levels, followed, rule, there)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the benchmark from which it is built there."""
        return rebuilt, (self.benchmark, self.horizon, self.backstop)

    def resolved(self, closure: Closure, reached: tuple[Swap, ...]) -> Resolved:
        """System of a closure with some of its bounds in force, made once for all levels."""
        swaps = (*closure.all_swaps(), *reached)
        key = tuple(swap.structure for swap in swaps), len(reached)

        def made() -> Resolved:
            central, within = self._central, self._within(closure, reached)
            near = None if central is None else partial(central.resolved, closure, reached)
            return resolve(closure, self, reached, within, near)

        found = self._closures.get(key, made)
        return found if found.swaps == swaps else found.holding(swaps)

    def _at(self, resolved: Resolved, point: Array | None) -> Resolved | None:
        """A closure prepared at an equilibrium, made once; itself where that does not pay."""
        if point is None:
            return None
        if not LinearSolver.large <= resolved.system.size <= LARGEST_EXACT:
            return resolved
        key = resolved.same or resolved, point.tobytes()
        return self._points.get(key, lambda: resolved.at(point))

    @cached_property
    def _central(self) -> Model | None:
        """Model at the central values of which its elasticities are a draw."""
        own = self.benchmark.elasticities[self.horizon]
        central = own.around
        if central is None or central.fingerprint == own.fingerprint:
            return None
        benchmark = self.benchmark.with_elasticities(**{self.horizon: central})
        return Model.shared(benchmark, self.horizon, self.backstop)

    def _within(self, closure: Closure, reached: tuple[Swap, ...]) -> Callable[[], Resolved] | None:
        """The closure without the last of its swaps that hold outcomes, where it has such."""
        own = [swap for swap in closure.swaps if swap.bound is None]
        last = len(own)
        if not all(fixes_outcome(swap, self) for swap in reached):
            return None
        while last and fixes_outcome(own[last - 1], self):
            last -= 1
        if last == len(own) and not reached:
            return None
        inner = replace(closure, swaps=tuple(own[:last]))
        return lambda: self.resolved(inner, ())

    def _settled(
        self, levels: Array, closure: Closure, under: Callable[[tuple[Swap, ...]], Solution]
    ) -> Solution:
        """Find which bounds are reached: what is bounded held there, the rest left alone.

        A bound that is reached is let go of when the freed cells would have to move the
        other way than the one that keeps to it, by default that when it was first met (a
        quota that would need a subsidy, a wage floor that would employ more than there is).
        """
        bounded = [cell for swap in closure.bounded_swaps() for cell in cells_of(swap, self)]
        reached: frozenset[int] = frozenset()
        towards: dict[int, float] = {}
        seen: set[frozenset[int]] = set()
        for _ in range(BOUND_PASSES):
            solution = under(tuple(bounded[n] for n in sorted(reached)))
            wanted = set(reached)
            for n, swap in enumerate(bounded):
                if n not in reached:
                    if _beyond(solution, swap):
                        wanted.add(n)
                    continue
                cell = self.variables.select(swap.free)[1][0]
                moved = float(np.log(solution.levels[cell] / levels[cell]))
                way = swap.relief or towards.setdefault(n, moved)
                if moved * way < 0 and abs(moved) > 1e-9:
                    wanted.discard(n)
            if wanted == reached:
                return solution
            seen.add(reached)
            reached = frozenset(wanted)
            if reached in seen:
                break
        names = ", ".join(sorted(f"{bounded[n].fix}" for n in reached)[:5])
        raise NoEquilibrium(
            f"which bounds are reached did not settle in {BOUND_PASSES} passes; the last were "
            f"{len(reached)}: {names}"
        )


def _closures_kept(arrays: MonomialArrays) -> int:
    """Number of closures that fit into the memory they may take."""
    most, least = CLOSURES_KEPT
    terms = arrays.equations.exponents.shape[0]
    return int(np.clip(CLOSURES_BYTES / (BYTES_OF_TERM * terms), least, most))


def rebuilt(benchmark: Benchmark, horizon: str, backstop: tuple[str, ...]) -> Model:
    """Model of a benchmark, compiled where it is needed."""
    return Model.build(benchmark, horizon, backstop)


def _beyond(solution: Solution, swap: Swap) -> bool:
    """Whether a solution is beyond the bound of a swap that is not in force."""
    value, benchmark = solution.value_of(swap.fix)
    assert swap.at is not None
    bound = swap.at * (benchmark if swap.relative else 1.0)
    slack = BOUND_SLACK * max(abs(bound), abs(value))
    return value > bound + slack if swap.bound == "upper" else value < bound - slack
