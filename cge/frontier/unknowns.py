"""The frontier's problem laid out as one nonlinear program: unknowns, terms and rows.

The unknowns are rates, logs of their powers, those of the first stage, and those of every
disruption that may be in the tail. What the second stage is given is log-linear in the first
(:mod:`cge.frontier.coupling`), so that all equations are sums of monomials.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.dynamics.recursion import CAPITAL
from cge.frontier.coupling import given_map, spread_of
from cge.frontier.derivatives import MonomialProgram, TermTable
from cge.frontier.nlp import Goal, quantile
from cge.frontier.problem import Point, Problem
from cge.frontier.tail_loss import Hit
from cge.resilience.impact import impact_of
from cge.solve.model import Model

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class FullSpace:
    """Lays out unknowns, terms and rows from a point at which everything is solved."""

    def __init__(
        self, problem: Problem, goal: Goal, ceiling: float | None, working: Integers, point: Point
    ) -> None:
        self.problem, self.task = problem, problem.task
        self.goal, self.ceiling, self.working, self.point = goal, ceiling, working, point
        self.risky = goal == "risk" or ceiling is not None
        self.first = point.tracked.system
        self.hits = [point.hit(n) for n in working]
        self._unknowns()
        self.terms = TermTable(self.size)
        self.constraints: list[tuple[Array, Integers, float, float]] = []
        self._stage_one()
        for number, hit in enumerate(self.hits):
            self._stage_two(number, hit)
        self._finish()

    # -- unknowns

    def _unknowns(self) -> None:
        """Number the unknowns: rates, powers, first stage, idle factors, disruptions, v, y."""
        task, long = self.task, self.task.long
        start = long.arrays.start
        moved = np.unique(np.concatenate([lever.columns for lever in task.levers]))
        signs = np.zeros((len(moved), len(task.levers)))
        for n, lever in enumerate(task.levers):
            signs[np.searchsorted(moved, lever.columns), n] = lever.sign
        keys = np.column_stack([start[moved], signs])
        self.powers, group = np.unique(keys, axis=0, return_inverse=True)
        self.rate0 = 0
        self.power0 = len(task.levers)
        self.one0 = self.power0 + len(self.powers)
        self.size = self.one0 + self.first.size
        self.idle: dict[tuple[int, int], int] = {}
        self.two0 = []
        supply = task.short.variables["factor_supply"].block
        for number, hit in enumerate(self.hits):
            disruption = task.disruptions[self.working[number]]
            for event in disruption.events:
                for n, (s, f) in enumerate(supply.index):
                    if event.type == "supply" and s in event.regions and f != CAPITAL:
                        self.idle[number, supply.start + n] = self.size
                        self.size += 1
            self.two0.append(self.size)
            self.size += hit.tracked.system.size
        self.v0 = self.size
        self.size += 1 + len(self.hits) if self.risky else 0
        # How logs of the long-run model's columns (levels where free) move with the unknowns.
        own = spread_of(self.first).tocoo()
        rows, columns = own.coords
        shape = (len(start), self.size)
        one = sparse.csr_array((own.data, (rows, self.one0 + columns)), shape=shape)
        of_power = sparse.csr_array(
            (np.ones(len(moved)), (moved, self.power0 + np.asarray(group).ravel())), shape=shape
        )
        self.one = sparse.csr_array(one + of_power)
        x = np.zeros(self.size)
        x[: self.power0] = self.point.rates
        x[self.power0 : self.one0] = np.log(
            self.powers[:, 0] + self.powers[:, 1:] @ self.point.rates
        )
        x[self.one0 : self.one0 + self.first.size] = self.point.unknowns
        for number, hit in enumerate(self.hits):
            begin = self.two0[number]
            x[begin : begin + hit.tracked.system.size] = hit.z
        if self.risky:
            at = 100 * quantile(self.problem, self.point)
            lost = 100 * self.point.losses(self.working)
            x[self.v0], x[self.v0 + 1 :] = at, np.maximum(lost - at, 0.0)
        self.x = x

    def _lay(
        self, model: Model, levels: Array, map_: sparse.csr_array
    ) -> tuple[Integers, sparse.csr_array]:
        """Add all terms of a model whose columns move with the unknowns as a map says.

        Constants are those at which the terms have their values at the start.
        """
        arrays = model.arrays
        positive = ~arrays.free
        logs = np.zeros(len(levels))
        logs[positive] = np.log(levels[positive])
        by_log = sparse.csr_array(sparse.diags_array(positive.astype(float)) @ map_)
        exponents = sparse.csr_array(arrays.exponents @ by_log)
        exponents.eliminate_zeros()
        constants = np.exp(arrays.exponents @ logs - exponents @ self.x)
        column = arrays.free_of_term
        unknown = np.full(len(levels) + 1, -1, dtype=np.int64)
        of_free = map_[np.flatnonzero(arrays.free)].tocoo()
        unknown[np.flatnonzero(arrays.free)[of_free.coords[0]]] = of_free.coords[1]
        free = unknown[column]
        fixed = (column >= 0) & (free < 0)
        constants[fixed] *= levels[column[fixed]]
        return self.terms.add(exponents, constants, free), exponents

    def _row(self, weights: Any, numbers: Any, low: float, high: float) -> None:
        self.constraints.append((np.asarray(weights, float), np.asarray(numbers), low, high))

    def _equal(self, matrix: sparse.csr_array, numbers: Integers, right: Array) -> None:
        for n in range(matrix.shape[0]):
            part = slice(matrix.indptr[n], matrix.indptr[n + 1])
            self._row(matrix.data[part], numbers[matrix.indices[part]], right[n], right[n])

    # -- first stage

    def _stage_one(self) -> None:
        task, system = self.task, self.first
        self.ones, _ = self._lay(task.long, self.point.levels, self.one)
        targets = self.point.tracked.resolved.target_levels
        right = np.concatenate([np.zeros(len(system.rows)), targets]) / system.row_scale
        self._equal(system.matrix, self.ones, right)
        self.rates = [self.terms.one({}, 1.0, n) for n in range(self.power0)]
        for n, (start, *signs) in enumerate(self.powers):
            power = self.terms.one({self.power0 + n: 1.0})
            self._row([1.0, *(-s for s in signs)], [power, *self.rates], start, start)
        if task.budget is not None:
            self._budget(task.budget)

    def _outcome(self, name: str, cell: tuple[str, ...]) -> tuple[Array, Integers]:
        """Return coefficients and terms of an outcome of the first stage."""
        return self._outcome_at(self.place(self.task.long, name, cell))

    @staticmethod
    def place(model: Model, name: str, cell: tuple[str, ...]) -> int:
        block = model.outcomes[name].block
        return block.start + block.index.index(cell)

    def _outcome_at(self, row: int) -> tuple[Array, Integers]:
        matrix = self.task.long.arrays.outcome_coefficients
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        return matrix.data[part], self.ones[matrix.indices[part]]

    def _times(self, terms: Integers, factor: dict[int, float], constant: float) -> Integers:
        """Return new terms: those of the first stage or a disruption times a monomial."""
        exponents, constants, free = self.terms.arrays()
        row = sparse.csr_array(
            (np.tile(list(factor.values()), len(terms)),
             (np.repeat(np.arange(len(terms)), len(factor)), np.tile(list(factor), len(terms)))),
            shape=(len(terms), self.size),
        )  # fmt: skip
        return self.terms.add(
            sparse.csr_array(exponents[terms] + row), constant * constants[terms], free[terms]
        )

    def _budget(self, budget: float) -> None:
        task = self.task
        gdp, terms = self._outcome("gdp", (task.region,))
        # In per cent of the GDP at the start, so that the row is a sum of monomials.
        self.gdp = float(self.point.outcomes[self.place(task.long, "gdp", (task.region,))])
        scale = self.gdp
        weights, numbers = [-gdp * budget * 100 / scale], [terms]
        exponents, constants, free = self.terms.arrays()
        for n, lever in enumerate(task.levers):
            for row in lever.base:
                coefficients, base = self._outcome_at(int(row))
                assert (free[base] < 0).all()
                spent = self.terms.add(
                    sparse.csr_array(exponents[base]), constants[base], np.full(len(base), n)
                )
                weights.append(coefficients * 100 / scale)
                numbers.append(spent)
        self._row(np.concatenate(weights), np.concatenate(numbers), -np.inf, 0.0)
        self.budget_row = len(self.constraints) - 1

    # -- second stage

    def _given(self, number: int, hit: Hit) -> sparse.csr_array:
        idle = {column: x for (n, column), x in self.idle.items() if n == number}
        return given_map(self.problem.stages, self.one, idle, hit.tracked)

    def _stage_two(self, number: int, hit: Hit) -> None:
        task, system = self.task, hit.tracked.system
        short = task.short
        own = spread_of(system).tocoo()
        unknown = sparse.csr_array(
            (own.data, (own.coords[0], self.two0[number] + own.coords[1])),
            shape=(len(short.arrays.start), self.size),
        )
        disruption = task.disruptions[self.working[number]]
        self._idle_rows(number, disruption.events, hit)
        map_ = sparse.csr_array(unknown + self._given(number, hit))
        numbers, _ = self._lay(short, hit.levels, map_)
        first = len(system.rows)
        right = np.concatenate([np.zeros(first), hit.targets]) / system.row_scale
        matrix = system.matrix
        self._equal(matrix[:first], numbers, right[:first])
        for n, part in enumerate(hit.part):
            row = matrix[[first + n]]
            weights, terms = [row.data], [numbers[row.indices]]
            if part > 0:
                held = system.targets[[n]]
                for place, by in zip(held.indices, held.data, strict=True):
                    name, cell = _named(short, int(place))
                    coefficients, base = self._outcome(name, cell)
                    weights.append(-part * by * coefficients / system.row_scale[first + n])
                    terms.append(base)
                right[first + n] = 0.0
            self._row(np.concatenate(weights), np.concatenate(terms), right[first + n],
                      right[first + n])  # fmt: skip
        self._loss_row(number, numbers, map_)

    def _idle_rows(self, number: int, events: Any, hit: Hit) -> None:
        """Tie what is left of factors to what the sectors that are hit employ of them."""
        short = self.task.short
        supply = short.variables["factor_supply"].block
        payment = self.task.long.outcomes["factor_payment"].block
        impact = impact_of(
            self.point.stage, self.task.disruptions[self.working[number]], self.task.trickle
        )
        factor = np.ones(len(short.arrays.start))
        np.multiply.at(factor, impact.columns, impact.factors)
        for event in events:
            for n, (s, f) in enumerate(supply.index):
                place = self.idle.get((number, supply.start + n))
                if event.type != "supply" or place is None or s not in event.regions:
                    continue
                self.x[place] = np.log(factor[supply.start + n])
                weights, terms = [], []
                total = self.point.outcomes[[payment.start + m for m, c in enumerate(payment.index)
                                             if c[0] == s and c[2] == f]].sum()  # fmt: skip
                for m, (region, sector, name) in enumerate(payment.index):
                    if region != s or name != f:
                        continue
                    coefficients, base = self._outcome_at(payment.start + m)
                    kept = 1.0 - (event.size if sector in event.sectors else 0.0)
                    weights += [coefficients / total, -kept * coefficients / total]
                    terms += [self._times(base, {place: 1.0}, 1.0), base]
                self._row(np.concatenate(weights), np.concatenate(terms), 0.0, 0.0)

    def _loss_row(self, number: int, numbers: Integers, map_: sparse.csr_array) -> None:
        """Loss less v less y is not positive, per cent."""
        task, short, region = self.task, self.task.short, (self.task.region,)
        before = self._log_of("absorption", region, self.one, task.long)
        price = self._log_of("welfare_price", region, self.one, task.long)
        after = self._log_of("welfare_price", region, map_, short)
        logs = sparse.csr_array(price - before - after)
        factor = dict(zip(logs.indices.tolist(), logs.data.tolist(), strict=True))
        # At the start the monomial is one by its constant.
        levels = self.hits[number].levels

        def level(model: Model, name: str, values: Array) -> float:
            block = model.variables[name].block
            return float(values[block.start + block.index.index(region)])

        spent = float(task.long.benchmark.absorption[task.viewer])
        constant = level(task.long, "welfare_price", self.point.levels) / (
            level(task.long, "absorption", self.point.levels) * spent
            * level(short, "welfare_price", levels)
        ) / float(np.exp(sum(by * self.x[n] for n, by in factor.items())))  # fmt: skip
        weights, terms = [], []
        matrix = short.arrays.outcome_coefficients
        for name, sign in (("absorption_value", -100.0), ("transfer", 100.0)):
            row = self.place(short, name, region)
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            weights.append(sign * matrix.data[part])
            terms.append(self._times(numbers[matrix.indices[part]], factor, constant))
        coefficients, base = self._outcome("transfer", region)
        weights.append(-100.0 * coefficients)
        terms.append(self._times(base, factor, constant))
        excess = [self.terms.one({}, 1.0, self.v0), self.terms.one({}, 1.0, self.v0 + 1 + number)]
        self._row(np.concatenate([*weights, [-1.0, -1.0]]), np.concatenate([*terms, excess]),
                  -np.inf, -100.0)  # fmt: skip

    @staticmethod
    def _log_of(
        name: str, cell: tuple[str, ...], map_: sparse.csr_array, model: Model
    ) -> sparse.csr_array:
        block = model.variables[name].block
        return sparse.csr_array(map_[[block.start + block.index.index(cell)]])

    # -- the whole

    def _finish(self) -> None:
        task = self.task
        self.ceiling_row = -1
        if self.risky:
            tail = task.weights[self.working] / task.weights.sum() / (1.0 - task.level)
            risk = [self.terms.one({}, 1.0, self.v0 + n) for n in range(1 + len(tail))]
            if self.ceiling is not None:
                self._row([1.0, *tail], risk, -np.inf, 100 * self.ceiling)
                self.ceiling_row = len(self.constraints) - 1
        cost: dict[int, float] = {}
        if self.goal == "risk":
            cost = dict(zip(risk, [1.0, *tail], strict=True))
        else:
            for s, weight in zip(task.long.benchmark.regions, task.value_weights, strict=True):
                row = self.place(task.long, "welfare", (s,))
                coefficients, terms = self._outcome_at(row)
                for by, n in zip(coefficients, terms, strict=True):
                    start = float(task.long.outcome_start[row])
                    cost[int(n)] = cost.get(int(n), 0.0) - 100 * weight * by / start
        objective = np.zeros(self.terms.count)
        objective[list(cost)] = list(cost.values())
        rows = np.concatenate([np.full(len(w), n) for n, (w, *_) in enumerate(self.constraints)])
        matrix = sparse.csr_array(
            (np.concatenate([w for w, *_ in self.constraints]),
             (rows, np.concatenate([t for _, t, *_ in self.constraints]))),
            shape=(len(self.constraints), self.terms.count),
        )  # fmt: skip
        matrix.sum_duplicates()
        self.program = MonomialProgram(self.terms, matrix, objective)


def _named(model: Model, row: int) -> tuple[str, tuple[str, ...]]:
    """Return name and cell of an outcome by its position."""
    block = next(f.block for f in model.outcomes.families.values()
                 if f.block.start <= row < f.block.start + len(f.block))  # fmt: skip
    return block.name, block.index[row - block.start]
