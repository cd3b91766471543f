"""An equilibrium followed as what is given moves: few steps from the one before.

A frontier solves the same systems hundreds of times at points near each other. The unknowns
and a factorisation of the Jacobian are kept from solve to solve, so that a new point takes two
or three Newton steps of a few back-substitutions each. The point that is found is the same to
the tolerance of Newton's method whatever came before; every figure that is reported is solved
again from the benchmark (:mod:`cge.frontier.confirmation`).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.solve.resolved import Resolved
from cge.solve.square.gmres import refined
from cge.solve.square.linear import Factorised, LinearSolver
from cge.solve.square.newton import newton
from cge.solve.square.system import log_derivative, term_values

#: Iterations of GMRES after which a new factorisation is cheaper than going on.
PATIENCE = 30
#: Points from which a solve may set out; the nearest one is taken.
KNOWN = 24
#: How exactly adjoints are solved for.
ADJOINT_RTOL = 1e-12


class KeptFactors(LinearSolver):
    """Solves with a sequence of Jacobians of one pattern, preconditioned by an earlier one."""

    #: Below, a new factorisation costs less than a few steps of GMRES.
    large = 1501

    def __init__(self, solver: LinearSolver) -> None:
        super().__init__(solver.benchmark)
        self.matching = solver.matching
        self._factors: Factorised | None = None

    def _iterated(
        self, matrix: sparse.csc_array, operator: sparse.csr_array, right: Array, rtol: float,
        transposed: bool,
    ) -> Array | None:  # fmt: skip
        if self._factors is None:
            return None
        return refined(operator, right, self._factors, transposed, rtol, PATIENCE)

    def _factorised(self, matrix: sparse.csc_array) -> Factorised:
        self._factors = super()._factorised(matrix)
        return self._factors


class Tracked:
    """A square system, and the unknowns at which it was last solved.

    Parameters
    ----------
    resolved : Resolved
        The closure; its target levels are those of the first solve only.
    given : ndarray (columns,)
        Given levels of the first solve.
    levels : ndarray (columns,)
        The equilibrium then.
    place : ndarray
        Where that is, the rates of a policy, say.
    """

    def __init__(self, resolved: Resolved, given: Array, levels: Array, place: Array) -> None:
        self.resolved, self.system = resolved, resolved.system
        self.linear = KeptFactors(resolved.linear)
        z = self.system.start(levels)
        for n, gang in enumerate(self.system.gangs):
            multiple = levels[gang[0]] / given[gang[0]]
            z[len(self.system.unknown) + n] = np.log(multiple)
        self._known: list[tuple[Array, Array]] = [(place, z)]

    def solve(self, given: Array, targets: Array, place: Array) -> Array:
        """Solve for the unknowns at given levels and targets, from those of the nearest place.

        Raises
        ------
        NoEquilibrium
            If Newton's method does not get there.
        """
        given = given.copy()
        given[self.resolved.fixed] = self.resolved.fixed_levels
        distance = [float(np.abs(other - place).max(initial=0.0)) for other, _ in self._known]
        start = self._known[int(np.argmin(distance))][1]
        attempt = newton(self.system.fold(given, targets), start, self.linear, 25)
        if not attempt.converged:
            raise NoEquilibrium(attempt.reason)
        self._known = [*self._known[1 - KNOWN :], (place, attempt.z)]
        return attempt.z


def adjoint(
    tracked: Tracked, given: Array, targets: Array, z: Array, weights: Array, direct: Array
) -> tuple[Array, Array]:
    """Derivative of a figure by what is given and by the targets.

    With F(z, g) = 0 and a figure f(z, g), df/dg = f_g - lambda F_g where J' lambda = f_z.

    Parameters
    ----------
    tracked : Tracked
    given : ndarray (columns,)
        Given levels.
    targets : ndarray (targets,)
    z : ndarray
        The solution.
    weights : ndarray (terms,)
        The figure is ``weights @ terms`` to first order, and
    direct : ndarray (columns,)
        what it moves by with the log of each column on top.

    Returns
    -------
    by_column : ndarray (columns,)
        By the log of each given column, by its level where it is free; what is solved for
        means nothing.
    by_target : ndarray (targets,)
    """
    system = tracked.system
    arrays = system.arrays
    levels = system.levels(z, given)
    folded = system.fold(given, targets)
    by_column = direct + log_derivative(arrays, levels, weights)
    right = system.chain(by_column)
    jacobian = folded.log_jacobian(z)
    found = tracked.linear.solve(jacobian, right, ADJOINT_RTOL, transposed=True)
    # The logarithmic form of the residual divides each balanced row by its side.
    up = np.split(system.sides @ term_values(system.core, levels), 2)[0]
    side = up + np.maximum(-folded.target, 0.0)
    multipliers = found / np.where(folded.balanced_rows, side, 1.0)
    by_column = by_column - log_derivative(system.core, levels, system.matrix.T @ multipliers)
    first = len(system.rows)
    return by_column, multipliers[first:] / system.row_scale[first:]
