"""Given columns that follow the unknowns: what is given for a year, but depends on how it ends.

What people have prepared for depends on the prices that they expect, and the prices on what they
have prepared for. Both are found together: at every point the columns that follow are laid anew,
and chord steps with mixing go on until nothing moves. The Jacobian that is kept knows nothing of
how they follow, which mixing makes up for where it is little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.solve.square.arrays import positive_logs
from cge.solve.square.system import FoldedSystem, SquareSystem


@dataclass(frozen=True, eq=False)
class Followed:
    """Given columns that follow, and what they look at.

    Parameters
    ----------
    columns : ndarray of int
        Positive.
    exponents : csr_array (signals, columns of the model)
        Logs of the signals by the logs of columns, none of which follows.
    """

    columns: Integers
    exponents: sparse.csr_array

    def within(self, system: SquareSystem) -> InSystem:
        """Where they stand in a system; made once."""
        made: InSystem = system.followed.get(self, lambda: InSystem.of(system, self))
        return made


@dataclass(frozen=True, eq=False)
class InSystem:
    """Where columns that follow stand in a system.

    Parameters
    ----------
    moving : csr_array (signals, unknowns)
    exponents : csr_array (terms, columns that follow)
    """

    moving: sparse.csr_array
    exponents: sparse.csr_array

    @classmethod
    def of(cls, system: SquareSystem, followed: Followed) -> InSystem:
        """Find them."""
        chosen = system.core.exponents.tocsc()[:, followed.columns]
        moving = followed.exponents @ system.motion
        return cls(sparse.csr_array(moving), sparse.csr_array(chosen))


class FollowingSystem(FoldedSystem):
    """A system some of whose given columns follow its unknowns.

    Parameters
    ----------
    folded : FoldedSystem
        At `levels`.
    levels : ndarray (columns,)
        Of all columns; those of unknowns mean nothing.
    followed : Followed
    rule : callable
        Logs of the columns that follow, from logs of the signals.
    """

    def __init__(
        self, folded: FoldedSystem, levels: Array, followed: Followed,
        rule: Callable[[Array], Array],
    ) -> None:  # fmt: skip
        super().__init__(folded.system, folded.factor, folded.target)
        logs = positive_logs(levels, folded.system.arrays.free)
        laid = logs[followed.columns]
        logs[folded.system.unknown] = 0.0
        here = followed.within(folded.system)
        self.__dict__.update(_here=here, _laid=laid, _given=followed.exponents @ logs, _rule=rule)

    _here: InSystem
    _laid: Array
    _given: Array
    _rule: Callable[[Array], Array]

    def follow(self, z: Array) -> Array:
        """Logs of the columns that follow."""
        return self._followed(np.where(self.system.free, 0.0, z))

    def _followed(self, logs: Array) -> Array:
        return self._rule(self._given + self._here.moving @ logs)

    def _logs_of_terms(self, logs: Array) -> Array:
        moved = self._followed(logs) - self._laid
        return super()._logs_of_terms(logs) + self._here.exponents @ moved
