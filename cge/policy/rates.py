"""What a rate to be found is: the plan of it, and what the model is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.scenario.actions import Measure
from cge.scenario.instruments import Instrument
from cge.solve.closure import Swap

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Found:
    """Rates that the model finds: what is freed, and what is held for it.

    Parameters
    ----------
    swaps : tuple of Swap
    columns : ndarray of int
        Cells that move.
    label : str
        What a reader calls it.
    before : ndarray
        Powers of the cells without it.
    sign : float
        -1 where the power is 1 less the rate.
    counts : bool
        Whether it is a rate to which partners may respond; the rent of a quota is not.
    guessed : bool
        Whether the search sets out from a guess of the user's.
    """

    swaps: tuple[Swap, ...]
    columns: Integers
    label: str
    before: Array
    sign: float = 1.0
    counts: bool = True
    guessed: bool = False

    def points(self, levels: Array) -> Array:
        """Return what was added to the rates of the cells, at levels of a solution."""
        return self.sign * (levels[self.columns] - self.before)


@dataclass(frozen=True, eq=False)
class Plan:
    """A measure whose rate is to be found.

    Parameters
    ----------
    measure : Measure
    instrument : Instrument
    positions : ndarray of int
        Cells it moves.
    before : ndarray
        Their powers without it.
    key : str
        Where it stands.
    share : float
        Part of it that is in force, of one that is phased in.
    """

    measure: Measure
    instrument: Instrument
    positions: Integers
    before: Array
    key: str
    share: float = 1.0
