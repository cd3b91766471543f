"""A solved equilibrium: values, outcomes, gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from cge.core.axes import Array, Integers
from cge.core.display import Displayed
from cge.core.errors import check_known, refuse_if
from cge.core.typed import checked
from cge.model.indices import INDEX_FORMULAS
from cge.model.quantities import EXOGENOUS, INDICES
from cge.solve.closure import Closure, Total
from cge.solve.equilibrium import Diagnostics
from cge.solve.layout import Family
from cge.solve.resolved import Resolved
from cge.solve.square.arrays import positive_logs
from cge.solve.square.system import log_derivative, outcome_values

if TYPE_CHECKING:
    import pandas as pd

    from cge.solve.model import Model


#: Regions whose welfare a solution shows of itself.
SHOWN = 8


@dataclass(frozen=True, eq=False, repr=False)
class Allocation:
    """Levels of all variables of a model, and the outcomes that follow from them.

    Parameters
    ----------
    model : Model
    levels : ndarray (columns,)
        Level of every variable.
    """

    model: Model
    levels: Array

    @property
    def outcomes(self) -> Array:
        """All outcomes in the order of the compiled model, to be read like an array."""
        return cast(Array, Outcomes(self))

    @cached_property
    def _outcomes(self) -> dict[str, Array]:
        """Outcomes that were asked for."""
        model = self.model
        return model.outcomes_at_start if self.levels is model.arrays.start else {}

    @cached_property
    def logs(self) -> Array:
        """Logs of the levels of positive variables, zero for those of either sign."""
        return positive_logs(self.levels, self.model.arrays.free)

    def values(self, name: str) -> Array:
        """A variable, outcome or index by cell, in the order of its family."""
        model = self.model
        refuse_if(not isinstance(name, str), "must be text", key="name", value=name)
        if name in model.variables:
            return self.levels[model.variables[name].positions]
        if name in model.indices:
            return self.measure(name)
        if name not in self._outcomes:
            model.family(name)
            found = outcome_values(model.arrays.only(name), self.levels, self.logs)
            found.setflags(write=False)
            self._outcomes[name] = found
        return self._outcomes[name]

    @checked
    def relative_to(self, other: Allocation, name: str) -> Array:
        """A variable or outcome over that of another, over its axes, one where it is absent."""
        self.model.variables.check_alike(other.model.variables, "other")
        return self.model.family(name).full(self.values(name) / other.values(name), 1.0)

    @checked
    def array(self, name: str, absent: float | Array = 0.0) -> Array:
        """A variable or outcome as a full array over its axes.

        Parameters
        ----------
        name : str
        absent : float or ndarray
            What stands where the model has no cell.

        Raises
        ------
        InputError
            For a name that is none, or an array that does not fit.
        """
        family = self.model.family(name)
        shape = family.order.shape(family.axes)
        refuse_if(np.shape(absent) not in ((), shape), f"array has shape {np.shape(absent)}",
                  key="absent", allowed=f"a number, or an array of shape {shape}")  # fmt: skip
        return family.full(self.values(name), absent)

    @checked
    def measure(self, name: str) -> Array:
        """An index for all regions, (s,).

        Raises
        ------
        InputError
            For a name that is none.
        """
        check_known([name], INDEX_FORMULAS, "no such measure", key="name")
        index, start = INDEX_FORMULAS[name], self.model.start
        now, then = ({n: at.values(n) for n in index.inputs} for at in (self, start))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(index.formula(now, then), dtype=float)

    @checked
    def outcome(self, selector: str) -> float:
        """One value of a variable, outcome or index, e.g. ``"welfare[CHN]"``."""
        family, number = self._cell(selector)
        return float(self.values(family.name)[number])

    @checked
    def relative(self, selector: str) -> float:
        """One value relative to the benchmark.

        Raises
        ------
        InputError
            For what selects several cells, or is zero in the benchmark.
        """
        here, then = self.value_of(selector)
        refuse_if(then == 0, "is zero in the benchmark", key="selector", value=selector,
                  allowed="what has a value there; outcome gives the level")  # fmt: skip
        return here / then

    @checked
    def value_of(self, fixed: str | Total) -> tuple[float, float]:
        """Level of what a swap fixes, here and in the benchmark."""
        start = self.model.start
        if isinstance(fixed, str):
            family, number = self._cell(fixed)
            return self.outcome(fixed), float(start.values(family.name)[number])
        here = then = 0.0
        for coefficient, selector in fixed.terms:
            family, positions = self.model.outcomes.select(selector, "outcome")
            cells = positions - family.start
            here += coefficient * float(self.values(family.name)[cells].sum())
            then += coefficient * float(start.values(family.name)[cells].sum())
        return here, then

    def _cell(self, selector: str) -> tuple[Family, int]:
        """The family of the one cell that a selector names, and the cell's number in it."""
        family, positions = self.model.select(selector, "outcome")
        refuse_if(len(positions) != 1, f"selects {len(positions)} cells, not one", value=selector)
        return family, int(positions[0]) - family.start


class Outcomes(NDArrayOperatorsMixin):
    """Outcomes by their positions in a compiled model, worked out where they are read.

    Parameters
    ----------
    at : Allocation
    """

    def __init__(self, at: Allocation) -> None:
        self.at, self.families = at, tuple(at.model.outcomes.values())
        self.starts = np.array([family.start for family in self.families])

    def __len__(self) -> int:
        return self.families[-1].positions.stop

    def __getitem__(self, where: Any) -> Any:
        if isinstance(where, slice) and where.step is None:
            first, last, _ = where.indices(len(self))
            here = self._families(np.array([first, max(last - 1, first)]))
            some = self.families[here[0] : here[1] + 1]
            parts = np.concatenate([self.at.values(family.name) for family in some])
            return parts[first - some[0].start : last - some[0].start]
        where = np.asarray(where)
        if where.dtype.kind not in "iu":
            return np.asarray(self)[where]
        found = np.empty(where.shape)
        here = self._families(where)
        for n in np.unique(here).tolist():
            family, of_family = self.families[n], here == n
            values = self.at.values(family.name)
            found[of_family] = values[where[of_family] - family.start]
        return found if where.shape else found.item()

    def _families(self, positions: Integers) -> Integers:
        """Number of the family in which each position lies; empty ones are passed over."""
        return np.searchsorted(self.starts, positions, side="right") - 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.concatenate([self.at.values(family.name) for family in self.families])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = (np.asarray(x) if isinstance(x, Outcomes) else x for x in inputs)
        return getattr(ufunc, method)(*plain, **kwargs)


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Allocation, Displayed):
    """An accepted equilibrium.

    Parameters
    ----------
    model : Model
    levels : ndarray (columns,)
        Level of every variable.
    closure : Closure
    resolved : Resolved
        The system that was solved.
    given : ndarray (columns,)
        Levels wanted of the given columns: the policy. Those of what was solved for mean nothing.
    diagnostics : Diagnostics
    """

    closure: Closure
    resolved: Resolved
    given: Array
    diagnostics: Diagnostics

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as plain data and the model."""
        from cge.solve.plain import solution_from_plain, solution_to_plain

        return solution_from_plain, (solution_to_plain(self), self.model)

    def shown(self) -> dict[str, Any]:
        """Facts that it shows of itself."""
        regions, variation = self.model.benchmark.regions, self.measure("equivalent_variation")
        some = ", ".join(f"{s} {v:+.3f}" for s, v in list(zip(regions, variation))[:SHOWN])
        return {
            **self.model.shown(), "closure": self.closure.name,
            "residual": f"{self.diagnostics.residual:.0e}",
            "hardly determined": self.diagnostics.undetermined,
            "welfare (EV, %)": some + (" ..." if len(regions) > SHOWN else ""),
        }  # fmt: skip

    @checked
    def save(self, path: str | Path) -> None:
        """Write the solution with its benchmark to one file, whole or not at all.

        Parameters
        ----------
        path : path
            An existing file is replaced.

        Raises
        ------
        InputError
            If it can not be written.
        """
        from cge.solve.plain import save_solution

        save_solution(self, path)

    @classmethod
    @checked
    def open(cls, path: str | Path) -> Solution:
        """Open a solution that was saved; its model is compiled anew.

        Parameters
        ----------
        path : path

        Raises
        ------
        InputError
            If it is no file that :meth:`save` has written.
        """
        from cge.solve.plain import open_solution

        return open_solution(path)

    @checked
    def frame(self, name: str) -> pd.DataFrame:
        """A variable, outcome or index as a table.

        Parameters
        ----------
        name : str
            E.g. ``"output"``, ``"trade_value"``, ``"real_gdp"``.

        Returns
        -------
        DataFrame
            One column per axis, then ``benchmark``, ``value``, ``unit``. An index is
            a change, its benchmark zero.
        """
        import pandas as pd  # only then: a solution is found without

        family = self.model.family(name)
        start = 0.0 if name in INDICES else self.model.start.values(name)
        table = pd.DataFrame(dict(zip(family.axes, family.codes, strict=True)))
        return table.assign(benchmark=start, value=self.values(name), unit=family.unit)

    @checked
    def by_region(self, name: str, benchmark: bool = False) -> Array:
        """A regional outcome in the order of the benchmark's regions."""
        family = self.model.family(name)
        refuse_if(family.axes not in ("r", "s"), "is not of regions alone", key="name",
                  value=name, allowed="an outcome with one value for each region")  # fmt: skip
        return (self.model.start if benchmark else self).values(name)

    # -- derivatives ----------------------------------------------------------------------

    @checked
    def gradient(self, selector: str) -> pd.DataFrame:
        """Derivatives of one outcome with respect to every exogenous cell.

        One adjoint solve gives them all: with F(z, e) = 0 and outcome g(z, e),
        dg/de = g_e - lambda F_e where J' lambda = g_z.

        Parameters
        ----------
        selector : str
            A variable, outcome or index and its codes: ``"equivalent_variation[USA]"``.

        Returns
        -------
        DataFrame
            ``instrument``, ``cell`` (tuple of codes), ``level``, ``derivative`` per unit
            of the level (for a power: per unit of the rate). Cells that the closure
            makes endogenous are left out.
        """
        import pandas as pd

        total, solved = self.derivative(selector), self.resolved.system.solved
        tables = []
        for name in EXOGENOUS:
            family = self.model.variables[name]
            here = family.columns[~solved[family.positions]]
            cells = [family.index[n - family.start] for n in here]
            tables.append(
                pd.DataFrame(
                    {
                        "instrument": name,
                        "cell": cells,
                        "level": self.levels[here],
                        "derivative": total[here],
                    }
                )
            )
        return pd.concat(tables, ignore_index=True)

    @checked
    def derivative(self, selector: str) -> Array:
        """Derivative of one outcome by the level of every given column, (columns,).

        As :meth:`gradient`, by position; where a closure solves for a column it means nothing.
        """
        arrays, system = self.model.arrays, self.resolved.system
        weights, direct = self._outcome_gradient(selector)
        scale = np.where(arrays.free, 1.0, self.levels)
        by_level = direct + log_derivative(arrays, self.levels, weights) / scale
        folded = system.fold(self.levels, self.resolved.target_levels)
        multipliers = self.resolved.linear.solve(
            folded.jacobian(system.start(self.levels)), system.chain(by_level * scale), 1e-13,
            transposed=True,
        )  # fmt: skip
        by_rows = log_derivative(system.core, self.levels, system.matrix.T @ multipliers)
        return by_level - by_rows / scale

    def _outcome_gradient(self, selector: str) -> tuple[Array, Array]:
        """Weights of the terms of one outcome, and its direct gradient by column."""
        model = self.model
        family, number = self._cell(selector)
        coefficients = model.arrays.outcome_coefficients
        weights, direct = np.zeros(coefficients.shape[1]), np.zeros(len(self.levels))
        rows = {family.start + number: 1.0}
        if family.name in model.variables:
            direct[family.start + number] = 1.0
            return weights, direct
        if family.name in model.indices:
            slopes = self._slopes(family.name, number)
            rows = {model.outcomes[name].start + number: slope for name, slope in slopes.items()}
        for row, slope in rows.items():
            weights += slope * coefficients[[row]].toarray().ravel()
        return weights, direct

    def _slopes(self, name: str, region: int) -> dict[str, float]:
        """Derivative of an index by the outcomes of one region, by complex step."""
        index, start = INDEX_FORMULAS[name], self.model.start
        now: dict[str, Any] = {n: complex(self.values(n)[region]) for n in index.inputs}
        then = {n: float(start.values(n)[region]) for n in index.inputs}
        slopes = {}
        for source in index.inputs:
            step = 1e-30 * max(abs(now[source]), 1.0)
            moved = {**now, source: now[source] + 1j * step}
            slopes[source] = float(index.formula(moved, then).imag / step)
        return slopes
