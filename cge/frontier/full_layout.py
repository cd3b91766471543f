"""The frontier's problem laid out as one nonlinear program: unknowns, terms and rows.

The unknowns are rates, logs of their powers, those of the long run, and those of every
disruption that may be in the tail. Levels from which a disruption sets out are log-linear in
the long run (:mod:`cge.frontier.preshock_map`), so that all equations are sums of monomials.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.frontier.disruption_loss import Hit
from cge.frontier.evaluation import Evaluator, Point
from cge.frontier.monomial_program import ProgramBuilder
from cge.frontier.optimum import Goal
from cge.frontier.preshock_map import given_map
from cge.resilience.impact import idle_factors, impact_of
from cge.solve.model import Model
from cge.solve.square.arrays import MonomialArrays, cell_at
from cge.solve.square.system import SquareSystem

#: Coefficients and numbers of the terms of a sum.
Sum = tuple[Array, Integers]


class FullLayout:
    """Unknowns, terms and rows, from a point at which everything is solved.

    Parameters
    ----------
    evaluator : Evaluator
    goal : {"welfare", "risk"}
    ceiling : float, optional
        On the conditional value at risk, a fraction.
    working : ndarray of int
        Disruptions that may be in the tail.
    point : Point
    """

    def __init__(
        self, evaluator: Evaluator, goal: Goal, ceiling: float | None, working: Integers,
        point: Point,
    ) -> None:  # fmt: skip
        self.evaluator, self.problem, self.point = evaluator, evaluator.problem, point
        self.goal, self.ceiling, self.working = goal, ceiling, working
        self.risky = goal == "risk" or ceiling is not None
        self.first = point.tracked.system
        self.hits = [point.hit(n) for n in working]
        self._number()
        self.builder = ProgramBuilder(self.size)
        self._long_run()
        for number, hit in enumerate(self.hits):
            self._disruption(number, hit)
        self.program = self.builder.program(self._objective())

    # -- unknowns

    def _number(self) -> None:
        """Number the unknowns: rates, powers, long run, idle factors, disruptions, v, y."""
        problem, start = self.problem, self.problem.long.arrays.start
        moved = np.unique(np.concatenate([lever.columns for lever in problem.levers]))
        signs = np.zeros((len(moved), len(problem.levers)))
        for n, lever in enumerate(problem.levers):
            signs[np.searchsorted(moved, lever.columns), n] = lever.sign
        keys = np.column_stack([start[moved], signs])
        #: Start of each power, and how it moves with each rate.
        self.powers, group = np.unique(keys, axis=0, return_inverse=True)
        self.power0 = len(problem.levers)
        self.one0 = self.power0 + len(self.powers)
        self.size = self.one0 + self.first.size
        #: Of each disruption, the unknown that is what is left of a factor, by its column.
        self.idle: list[dict[int, int]] = []
        self.two0: list[int] = []
        for number, hit in zip(self.working, self.hits, strict=True):
            columns = [
                column for event in problem.disruptions[number].events if event.type == "supply"
                for column, *_ in idle_factors(problem.short, event.regions, event.sectors)
            ]  # fmt: skip
            self.idle.append({column: self.size + n for n, column in enumerate(columns)})
            self.two0.append(self.size + len(columns))
            self.size = self.two0[-1] + hit.tracked.system.size
        self.v0 = self.size
        self.size += 1 + len(self.hits) if self.risky else 0
        of_power = sparse.csr_array(
            (np.ones(len(moved)), (moved, self.power0 + np.asarray(group).ravel())),
            shape=(len(start), self.size),
        )
        #: Changes of logs of the long-run model's columns with the unknowns.
        self.one = sparse.csr_array(self._spread(self.first, self.one0) + of_power)
        self.x = self._start()

    def _start(self) -> Array:
        """Unknowns at the point from which the problem is laid out."""
        x, rates = np.zeros(self.size), self.point.rates
        x[: self.power0] = rates
        x[self.power0 : self.one0] = np.log(self.powers[:, 0] + self.powers[:, 1:] @ rates)
        x[self.one0 : self.one0 + self.first.size] = self.point.unknowns
        for number, hit in enumerate(self.hits):
            begin = self.two0[number]
            x[begin : begin + hit.tracked.system.size] = hit.z
            impact = impact_of(
                self.point.pre_shock, self.problem.disruptions[self.working[number]],
                self.problem.leakage,
            )  # fmt: skip
            left = impact.laid(np.ones(len(hit.levels)))
            for column, place in self.idle[number].items():
                x[place] = np.log(left[column])
        if self.risky:
            at = 100 * self.point.value_at_risk
            lost = 100 * self.point.losses(self.working)
            x[self.v0], x[self.v0 + 1 :] = at, np.maximum(lost - at, 0.0)
        return x

    def _spread(self, system: SquareSystem, first: int) -> sparse.csr_array:
        """Changes of logs of a model's columns with its own unknowns, numbered from `first`."""
        own = system.motion.tocoo()
        rows, columns = own.coords
        shape = (own.shape[0], self.size)
        return sparse.csr_array((own.data, (rows, first + columns)), shape=shape)

    # -- terms and rows

    def _lay(
        self, model: Model, system: SquareSystem, levels: Array, spread: sparse.csr_array
    ) -> tuple[Integers, Integers]:
        """Add the terms of a model and those of the rows of a system, some of which are its own."""
        whole = self._laid(model.arrays, levels, spread)
        # Without targets the terms of the rows are the first of all.
        own = self._laid(system.core, levels, spread) if system.targets.shape[0] else whole
        return whole, own

    def _laid(self, arrays: MonomialArrays, levels: Array, spread: sparse.csr_array) -> Integers:
        """Add terms whose columns move with the unknowns as `spread` says.

        Constants are those at which the terms have their values at the start.
        """
        positive = ~arrays.free
        logs = np.zeros(len(levels))
        logs[positive] = np.log(levels[positive])
        by_log = sparse.csr_array(sparse.diags_array(positive.astype(float)) @ spread)
        exponents = sparse.csr_array(arrays.exponents @ by_log)
        exponents.eliminate_zeros()
        constants = np.exp(arrays.exponents @ logs - exponents @ self.x)
        column = arrays.free_of_term
        unknown = np.full(len(levels) + 1, -1, dtype=np.int64)
        of_free = spread[np.flatnonzero(arrays.free)].tocoo()
        unknown[np.flatnonzero(arrays.free)[of_free.coords[0]]] = of_free.coords[1]
        free = unknown[column]
        fixed = (column >= 0) & (free < 0)
        constants[fixed] *= levels[column[fixed]]
        return self.builder.terms(exponents, constants, free)

    def _outcome(self, name: str, cell: tuple[str, ...]) -> Sum:
        """An outcome of the long run as a sum of terms."""
        return self._sum(self.problem.long.outcomes[name].place[cell])

    def _sum(self, row: int) -> Sum:
        return _row(self.problem.long.arrays.outcome_coefficients, row, self.ones)

    def _long_run(self) -> None:
        problem, system, builder = self.problem, self.first, self.builder
        levels = self.point.equilibrium.levels
        self.ones, numbered = self._lay(problem.long, system, levels, self.one)
        targets = self.point.tracked.resolved.target_levels
        right = np.concatenate([np.zeros(len(system.rows)), targets]) / system.row_scale
        for n in range(len(right)):
            builder.row([_row(system.matrix, n, numbered)], right[n], right[n])
        rates = builder.unknowns(range(self.power0))
        powers = sparse.eye_array(len(self.powers), self.size, k=self.power0, format="csr")
        numbers = builder.terms(powers, np.ones(len(self.powers)), np.full(len(self.powers), -1))
        for (start, *signs), power in zip(self.powers, numbers[:, None], strict=True):
            builder.row([(np.ones(1), power), (-np.array(signs), rates)], start, start)
        if problem.budget is not None:
            self._budget(problem.budget)

    def _budget(self, budget: float) -> None:
        """Outlay less budget is not positive, per cent of the GDP at the start."""
        problem, cell = self.problem, (self.problem.region,)
        self.gdp = float(self.point.equilibrium.values("gdp")[problem.place])
        scale = 100.0 / self.gdp
        by, terms = self._outcome("gdp", cell)
        parts = [(-budget * scale * by, terms)]
        for n, lever in enumerate(problem.levers):
            for row in lever.base:
                by, terms = self._sum(int(row))
                parts.append((scale * by, self.builder.times(terms, {}, free=n)))
        self.budget_row = self.builder.row(parts, -np.inf, 0.0)

    def _disruption(self, number: int, hit: Hit) -> None:
        problem, system, builder = self.problem, hit.tracked.system, self.builder
        given = given_map(self.evaluator.preshock, self.one, self.idle[number], hit.tracked)
        spread = sparse.csr_array(self._spread(system, self.two0[number]) + given)
        self._idle_rows(number)
        numbers, numbered = self._lay(problem.short, system, hit.levels, spread)
        first = len(system.rows)
        for n in range(first):
            builder.row([_row(system.matrix, n, numbered)], 0.0, 0.0)
        for n, (part, target) in enumerate(zip(hit.part, hit.targets, strict=True)):
            scale = system.row_scale[first + n]
            parts, right = [_row(system.matrix, first + n, numbered)], target / scale
            if part > 0:  # of a volume of the long run
                right, held = 0.0, system.targets[[n]]
                for row, by in zip(held.indices, held.data, strict=True):
                    coefficients, terms = self._outcome(
                        *cell_at(problem.short.arrays.outcomes, int(row))
                    )
                    parts.append((-part * by / scale * coefficients, terms))
            builder.row(parts, right, right)
        self._loss_row(number, numbers)

    def _idle_rows(self, number: int) -> None:
        """Tie what is left of factors to what the sectors that are hit employ of them."""
        problem = self.problem
        payments = problem.long.outcomes["factor_payment"]
        for event in problem.disruptions[self.working[number]].events:
            if event.type != "supply":
                continue
            for column, own, hit in idle_factors(problem.short, event.regions, event.sectors):
                rows = payments.start + np.flatnonzero(own)
                total = self.point.equilibrium.outcomes[rows].sum()
                parts: list[Sum] = []
                for row, lost in zip(rows, hit[own], strict=True):
                    by, terms = self._sum(int(row))
                    left = self.builder.times(terms, {self.idle[number][column]: 1.0})
                    kept = 1.0 - (event.size if lost else 0.0)
                    parts += [(by / total, left), (-kept / total * by, terms)]
                self.builder.row(parts, 0.0, 0.0)

    def _loss_row(self, number: int, numbers: Integers) -> None:
        """Loss less v less y is not positive, per cent."""
        problem, long, short = self.problem, self.problem.long, self.problem.short
        cell, builder = (problem.region,), self.builder
        # In the long run nothing is borrowed, so that welfare is a monomial: absorption over its
        # price, or a variable of its own where income elasticities are not one.
        own = {"real_absorption": 1.0}
        if cell not in long.variables["real_absorption"].place:
            own = {"absorption": 1.0, "welfare_price": -1.0}
        places = {long.variables[name].place[cell]: by for name, by in own.items()}
        logs = sparse.csr_array(np.array([[-by for by in places.values()]]) @ self.one[[*places]])
        factor = dict(zip(logs.indices.tolist(), logs.data.tolist(), strict=True))
        # At the start the monomial is one by its constant.
        start = self.point.equilibrium.levels
        size = float(np.exp(sum(by * self.x[n] for n, by in factor.items())))
        before = float(np.prod([start[n] ** by for n, by in places.items()]))
        constant = 1.0 / before / size
        row = short.outcomes["welfare"].place[cell]
        by, terms = _row(short.arrays.outcome_coefficients, row, numbers)
        parts: list[Sum] = [(-100.0 * by, builder.times(terms, factor, constant))]
        parts.append((-np.ones(2), builder.unknowns([self.v0, self.v0 + 1 + number])))
        builder.row(parts, -np.inf, -100.0)

    def _objective(self) -> Sum:
        """The sum that is minimised; adds the ceiling on risk."""
        problem = self.problem
        self.ceiling_row = -1
        if self.risky:
            tail = problem.weights[self.working] / problem.weights.sum() / (1.0 - problem.level)
            excesses = self.builder.unknowns(range(self.v0, self.size))
            risk = np.array([1.0, *tail]), excesses
            if self.goal == "risk":
                return risk
            if self.ceiling is not None:
                self.ceiling_row = self.builder.row([risk], -np.inf, 100 * self.ceiling)
        parts: list[Sum] = []
        welfare = problem.long.outcomes["welfare"].index, problem.long.start.values("welfare")
        for cell, start, weight in zip(*welfare, problem.value_weights, strict=True):
            by, terms = self._outcome("welfare", cell)
            parts.append((-100 * weight / start * by, terms))
        return np.concatenate([by for by, _ in parts]), np.concatenate([t for _, t in parts])


def _row(matrix: sparse.csr_array, row: int, numbers: Integers) -> Sum:
    """A row of coefficients of a model's terms, which have numbers of their own."""
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.data[part], numbers[matrix.indices[part]]
