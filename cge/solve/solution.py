"""A solved equilibrium: values, outcomes, gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError
from cge.core.selectors import split
from cge.model.indices import INDEX_FORMULAS, Index
from cge.model.quantities import EXOGENOUS, INDICES
from cge.solve.closure import Closure, Resolved, Total
from cge.solve.equilibrium import Diagnostics
from cge.solve.plain import solution_from_plain, solution_to_plain
from cge.solve.system import log_derivative, outcome_values

if TYPE_CHECKING:
    from cge.solve.model import Model


@dataclass(frozen=True, eq=False)
class Solution:
    """An accepted equilibrium.

    Parameters
    ----------
    model : Model
    closure : Closure
    resolved : Resolved
        The system that was solved.
    given : ndarray (columns,)
        Levels wanted of the given columns: the policy. Those of what was solved for mean nothing.
    levels : ndarray (columns,)
        Level of every variable.
    diagnostics : Diagnostics
    """

    model: Model
    closure: Closure
    resolved: Resolved
    given: Array
    levels: Array
    diagnostics: Diagnostics

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as plain data and the model."""
        return solution_from_plain, (solution_to_plain(self), self.model)

    @cached_property
    def outcomes(self) -> Array:
        """All outcomes in the order of the compiled model."""
        return outcome_values(self.model.arrays, self.levels)

    def frame(self, name: str) -> pd.DataFrame:
        """A variable, outcome or measure as a table.

        Parameters
        ----------
        name : str
            E.g. ``"output"``, ``"trade_value"``, ``"real_gdp"``.

        Returns
        -------
        DataFrame
            One column per axis, then ``benchmark``, ``value``, ``unit``. A measure is
            a change, its benchmark zero.
        """
        if name in INDICES:
            unit = INDICES[name].unit_in(self.model.benchmark.unit)
            table = pd.DataFrame({"s": self.model.benchmark.regions})
            return table.assign(benchmark=0.0, value=self.measure(name), unit=unit)
        if name in self.model.variables:
            family = self.model.variables[name]
            values, start = self.levels, self.model.arrays.start
        elif name in self.model.outcomes:
            family = self.model.outcomes[name]
            values, start = self.outcomes, self.model.outcome_start
        else:
            allowed = [*self.model.variables.families, *self.model.outcomes.families, *INDICES]
            raise InputError("unknown name", value=name, allowed=allowed)
        table = pd.DataFrame(dict(zip(family.axes, family.codes, strict=True)))
        here = family.block.positions
        return table.assign(benchmark=start[here], value=values[here], unit=family.unit)

    def outcome(self, selector: str) -> float:
        """One value of a variable, outcome or measure, e.g. ``"welfare[CHN]"``."""
        name, _ = split(selector, "outcome")
        if name in INDICES:
            return float(self.measure(name)[self._region(selector)])
        values, _, position = self._locate(selector)
        return float(values[position])

    def relative(self, selector: str) -> float:
        """One value relative to the benchmark."""
        values, start, position = self._locate(selector)
        return float(values[position] / start[position])

    def value_of(self, fixed: str | Total) -> tuple[float, float]:
        """Level of what a swap fixes, here and in the benchmark."""
        if isinstance(fixed, str):
            values, start, position = self._locate(fixed)
            return float(values[position]), float(start[position])
        here = then = 0.0
        for coefficient, selector in fixed.terms:
            _, positions = self.model.outcomes.select(selector, "outcome")
            here += coefficient * float(self.outcomes[positions].sum())
            then += coefficient * float(self.model.outcome_start[positions].sum())
        return here, then

    def _locate(self, selector: str) -> tuple[Array, Array, int]:
        name, _ = split(selector, "outcome")
        if name in self.model.variables:
            layout, values, start = self.model.variables, self.levels, self.model.arrays.start
        else:
            layout, values, start = self.model.outcomes, self.outcomes, self.model.outcome_start
        _, positions = layout.select(selector, "outcome")
        if len(positions) != 1:
            raise InputError(f"selects {len(positions)} cells, not one", value=selector)
        return values, start, int(positions[0])

    def _region(self, selector: str) -> int:
        b = self.model.benchmark
        chosen = b.codes("regions", ", ".join(split(selector)[1]) or "all", "outcome")
        if len(chosen) != 1:
            raise InputError(f"selects {len(chosen)} regions, not one", value=selector)
        return b.regions.index(chosen[0])

    def array(self, name: str, absent: float | Array = 0.0) -> Array:
        """A variable or outcome as a full array over its axes.

        Parameters
        ----------
        name : str
        absent : float or ndarray
            What stands where the model has no cell.
        """
        b = self.model.benchmark
        codes = {
            "u": b.use_classes, "r": b.regions, "s": b.regions, "i": b.sectors,
            "j": b.sectors, "d": b.agents, "f": b.factors,
        }  # fmt: skip
        variable = name in self.model.variables
        family = self.model.variables[name] if variable else self.model.outcomes[name]
        values = self.levels if variable else self.outcomes
        shape = [len(codes[axis]) for axis in family.axes]
        array = np.array(np.broadcast_to(absent, shape), dtype=float)
        where = tuple(
            pd.Index(codes[axis]).get_indexer(pd.Index(cells))
            for axis, cells in zip(family.axes, family.codes, strict=True)
        )
        array[where] = values[family.block.positions]
        return array

    def by_region(self, name: str, benchmark: bool = False) -> Array:
        """A regional outcome in the order of the benchmark's regions."""
        values = self.model.outcome_start if benchmark else self.outcomes
        return values[self.model.outcomes[name].block.positions]

    def measure(self, name: str) -> Array:
        """A measure for all regions, (s,)."""
        measure = INDEX_FORMULAS[name]
        now = {n: self.by_region(n) for n in measure.inputs}
        then = {n: self.by_region(n, benchmark=True) for n in measure.inputs}
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(measure.formula(now, then), dtype=float)

    # -- derivatives ----------------------------------------------------------------------

    def gradient(self, selector: str) -> pd.DataFrame:
        """Derivatives of one outcome with respect to every exogenous cell.

        One adjoint solve gives them all: with F(z, e) = 0 and outcome g(z, e),
        dg/de = g_e - lambda F_e where J' lambda = g_z.

        Parameters
        ----------
        selector : str
            A variable, outcome or measure and its codes: ``"equivalent_variation[USA]"``.

        Returns
        -------
        DataFrame
            ``instrument``, ``cell`` (tuple of codes), ``level``, ``derivative`` per unit
            of the level (for a power: per unit of the rate). Cells that the closure
            makes endogenous are left out.
        """
        total = self.derivative(selector)
        arrays = self.model.arrays
        solved = np.zeros(len(arrays.start), dtype=bool)
        solved[self.resolved.system.unknown] = True
        for gang in self.resolved.system.gangs:
            solved[gang] = True
        tables = []
        for name in EXOGENOUS:
            block = self.model.variables[name].block
            here = np.arange(block.start, block.start + len(block))
            keep = ~solved[here]
            tables.append(
                pd.DataFrame(
                    {
                        "instrument": name,
                        "cell": [c for c, k in zip(block.index, keep, strict=True) if k],
                        "level": self.levels[here[keep]],
                        "derivative": total[here[keep]],
                    }
                )
            )
        return pd.concat(tables, ignore_index=True)

    def derivative(self, selector: str) -> Array:
        """Derivative of one outcome by the level of every given column, (columns,).

        As :meth:`gradient`, by position; where a closure solves for a column it means nothing.
        """
        return self._total_derivative(self._outcome_gradient(selector))

    def _outcome_gradient(self, selector: str) -> tuple[Array, Array]:
        """Weights of the terms of one outcome, and its direct gradient by column."""
        model = self.model
        weights = np.zeros(model.arrays.exponents.shape[0])
        direct = np.zeros(len(model.arrays.start))
        name, _ = split(selector, "outcome")
        if name in model.variables:
            _, _, position = self._locate(selector)
            direct[position] = 1.0
            return weights, direct
        coefficients = model.arrays.outcome_coefficients
        if name in INDICES:
            region = self._region(selector)
            for source, slope in self._measure_slopes(INDEX_FORMULAS[name], region).items():
                row = model.outcomes[source].block.start + region
                weights += slope * coefficients[[row]].toarray().ravel()
            return weights, direct
        _, _, position = self._locate(selector)
        return coefficients[[position]].toarray().ravel(), direct

    def _measure_slopes(self, measure: Index, region: int) -> dict[str, float]:
        """Derivative of a measure by the outcomes of one region, by complex step."""
        now: dict[str, Any] = {n: complex(self.by_region(n)[region]) for n in measure.inputs}
        then = {n: float(self.by_region(n, benchmark=True)[region]) for n in measure.inputs}
        slopes = {}
        for source in measure.inputs:
            step = 1e-30 * max(abs(now[source]), 1.0)
            moved = {**now, source: now[source] + 1j * step}
            slopes[source] = float(measure.formula(moved, then).imag / step)
        return slopes

    def _total_derivative(self, outcome: tuple[Array, Array]) -> Array:
        """Derivative with respect to the level of every given column."""
        weights, direct = outcome
        system = self.resolved.system
        by_level = direct + self._column_derivative(weights)
        scale = np.where(self.model.arrays.free, 1.0, self.levels)
        gradient = system.chain(by_level * scale)
        folded = system.fold(self.levels, self.resolved.target_levels)
        z = system.start(self.levels)
        jacobian = folded.jacobian(z)
        multipliers = self.resolved.linear.solve(jacobian, gradient, 1e-13, transposed=True)
        return by_level - self._column_derivative(system.matrix.T @ multipliers)

    def _column_derivative(self, weights: Array) -> Array:
        """Derivative of weights @ terms by the level of every column."""
        arrays = self.model.arrays
        by_log = log_derivative(arrays, self.levels, weights)
        return by_log / np.where(arrays.free, 1.0, self.levels)
