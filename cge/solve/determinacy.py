"""Whether a square system determines its unknowns: by its structure alone, and in numbers.

By structure: equations and unknowns are matched one to one. Where that fails some equations
have fewer unknowns than they are (the overdetermined part of Dulmage and Mendelsohn 1958), and
some unknowns fewer equations. In numbers: by how much unknowns move when every equation is off
by a little (a random direction meets a direction that is left open, whatever it is).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import refuse_if
from cge.core.once import once_for_each
from cge.model.quantities import EXOGENOUS
from cge.solve.square.arrays import cell_at, label_at
from cge.solve.square.linear import Factorised, Singular, match_rows
from cge.solve.square.pattern import Places

if TYPE_CHECKING:
    from cge.solve.resolved import Resolved
    from cge.solve.square.system import SquareSystem

#: A solution is refused where the log of an unknown moves by this much when all equations are
#: off by one: with rounding at 1e-16, six digits of it are known. In the shipped benchmarks it
#: moves by some hundreds.
LARGEST_RESPONSE = 1e10
#: How exactly that is solved for, over the part that a single direction has of a random one.
RESPONSE_RTOL = 0.03
#: Relative noise with which a matrix that can not be factorised at all is looked at.
NOISE = 1e-12
#: Unknowns that are quantities, from which all others follow.
QUANTITIES = ("output", "composite", "factor_use")
#: Largest ratio to the benchmark at which something can be held, and one over the smallest.
FARTHEST = 1e6
#: Where the level stands at which a swap holds something.
_AT = "closure.at"
#: Names that a message shows.
SHOWN = 4


@dataclass(frozen=True, eq=False)
class Mismatch:
    """Equations of a system that outnumber the unknowns in them, and unknowns with too few.

    Parameters
    ----------
    rows : ndarray of int
        Rows of the system, more than there are unknowns in them.
    unknowns : ndarray of int
        Unknowns, more than there are equations in which they stand.
    """

    rows: Integers
    unknowns: Integers


def mismatch(system: SquareSystem) -> Mismatch | None:
    """Where equations and unknowns do not match; None where they do, one to one."""
    return _mismatch(system.pattern.places)


@once_for_each  # draws of elasticities share their places
def _mismatch(places: Places) -> Mismatch | None:
    size = len(places.indptr) - 1
    ones = np.ones(len(places.indices), dtype=np.int8)
    of_unknowns = sparse.csc_array((ones, places.indices, places.indptr), shape=(size, size))
    of_rows = of_unknowns.tocsr()
    unknown_of_row = maximum_bipartite_matching(of_rows, perm_type="column").astype(np.int64)
    if (unknown_of_row >= 0).all():
        return None
    row_of_unknown = np.full(size, -1)
    matched = unknown_of_row >= 0
    row_of_unknown[unknown_of_row[matched]] = np.flatnonzero(matched)
    return Mismatch(
        _reached(np.flatnonzero(~matched), of_rows, row_of_unknown),
        _reached(np.flatnonzero(row_of_unknown < 0), of_unknowns.T.tocsr(), unknown_of_row),
    )


def _reached(starts: Integers, neighbours: sparse.csr_array, partner: Integers) -> Integers:
    """What alternating paths lead to: over a neighbour, and back to that one's partner."""
    seen = np.zeros(neighbours.shape[0], dtype=bool)
    seen[starts] = True
    edge = starts
    while len(edge):
        back = partner[np.unique(neighbours[edge].indices)]
        edge = np.unique(back[back >= 0])
        edge = edge[~seen[edge]]
        seen[edge] = True
    return np.flatnonzero(seen)


def columns_in(system: SquareSystem, rows: Integers) -> Bools:
    """Columns of the model that stand in some rows of a system, given ones among them."""
    found = np.zeros(len(system.arrays.start), dtype=bool)
    terms = np.unique(system.matrix[rows].indices)
    found[system.core.exponents[terms].indices] = True
    free = system.core.free_of_term[terms]
    found[free[free >= 0]] = True
    return found


def response(resolved: Resolved, jacobian: sparse.csc_array, transposed: bool = False) -> Array:
    """Changes of the unknowns when every equation is off by one, up or down at random.

    Parameters
    ----------
    resolved : Resolved
    jacobian : csc_array
        Of its system, in the form in which Newton sees it.
    transposed : bool
        Of equations for unknowns instead.

    Returns
    -------
    ndarray (unknowns,)
        Nothing but the direction counts where the Jacobian can not be factorised.
    """
    rng = np.random.default_rng(0)
    off = rng.choice([-1.0, 1.0], jacobian.shape[0])
    with suppress(Singular):
        rtol = RESPONSE_RTOL / max(len(off), 1) ** 0.5
        return resolved.linear.solve(jacobian, off, rtol, transposed)
    noise = 1 + NOISE * rng.standard_normal(len(jacobian.data))
    near = sparse.csc_array(
        (jacobian.data * noise, jacobian.indices, jacobian.indptr), shape=jacobian.shape
    )
    with suppress(Singular):
        return Factorised(near, match_rows(near)).solve(off, transposed)
    return np.full(len(off), np.inf)


@dataclass(frozen=True)
class LeftOpen:
    """What equations leave (nearly) undetermined.

    Parameters
    ----------
    text : str
        In words.
    real : bool
        Whether quantities are among it, or something that a closure frees; else only what
        prices and values in one part of the world are over those in another, as where parts
        hardly trade.
    columns : tuple of int
        Columns of the model that are left open, one for each unknown.
    """

    text: str
    real: bool
    columns: tuple[int, ...] = ()


def undetermined(resolved: Resolved, jacobian: sparse.csc_array) -> LeftOpen | None:
    """What a Jacobian leaves (nearly) undetermined; None where that is nothing."""
    system = resolved.system
    moved = np.abs(response(resolved, jacobian))
    largest = float(moved.max(initial=0.0))
    if largest <= LARGEST_RESPONSE:
        return None
    if not np.isfinite(largest):
        return LeftOpen("some equations contradict or repeat each other", True)
    columns = _columns(system, np.arange(system.size))
    names = np.array([cell_at(system.arrays.columns, column)[0] for column in columns])
    real = np.isin(names, (*QUANTITIES, *EXOGENOUS)) & (moved > LARGEST_RESPONSE)
    open_ones = np.flatnonzero(real if real.any() else moved > 0.1 * largest)
    weights = np.abs(response(resolved, jacobian, transposed=True))
    targets = np.flatnonzero(weights[len(system.rows) :] > 1e-3 * weights.max())
    swaps = dict.fromkeys(int(n) for n in resolved.targeted_by[targets])
    held = _some([resolved.swaps[n].name for n in swaps])
    also = f"; what is held for {held} repeats what other equations say" if held else ""
    return LeftOpen(
        f"no equation keeps {_some(_labels(system, open_ones))} from moving{also}",
        bool(real.any()),
        tuple(columns[n] for n in open_ones),
    )


def _columns(system: SquareSystem, unknowns: Integers) -> list[int]:
    """Column of each of some unknowns, the first of a group that moves together."""
    singles = len(system.unknown)
    return [int(system.gangs[n - singles][0] if n >= singles else system.unknown[n])
            for n in unknowns]  # fmt: skip


def _labels(system: SquareSystem, unknowns: Integers) -> list[str]:
    """Labels of unknowns: freed ones first, then the first of each family, then the rest."""
    columns = _columns(system, unknowns)
    families = [cell_at(system.arrays.columns, column)[0] for column in columns]
    first = {families.index(name) for name in families}
    order = sorted(
        range(len(columns)), key=lambda n: (families[n] not in EXOGENOUS, n not in first)
    )
    return [label_at(system.arrays.columns, columns[n]) for n in order]


def _some(names: Sequence[str]) -> str:
    """The first of some names, and how many there are more."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def repeated(resolved: Resolved) -> str:
    """Swaps that hold the same outcome, in words; empty where there are none."""
    rows, seen = resolved.system.targets, dict[bytes, int]()
    for row, number in enumerate(resolved.targeted_by.tolist()):
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        content = rows.indices[part].tobytes() + rows.data[part].tobytes()
        if content in seen:
            two = resolved.swaps[seen[content]], resolved.swaps[number]
            return f"{two[0].text}; {two[1].text}: both hold the same"
        seen[content] = number
    return ""


def conflict(resolved: Resolved, held: Sequence[Integers], freed: Sequence[Integers]) -> str:
    """Which swaps of a closure can not work and why, in words; empty where all can.

    Parameters
    ----------
    resolved : Resolved
    held, freed : sequence of ndarray of int
        Columns that each swap holds and frees.
    """
    system, swaps = resolved.system, resolved.swaps
    found = mismatch(system)
    if found is None:
        return ""
    if len(found.rows) <= len(found.unknowns):
        stand = columns_in(system, found.rows)
        targets = found.rows[found.rows >= len(system.rows)] - len(system.rows)
        own = found.rows[found.rows < len(system.rows)]
        equations = [label_at(system.arrays.rows, int(system.rows[n])) for n in own]
        named = {*resolved.targeted_by[targets].tolist()}
        named |= {n for n, columns in enumerate(held) if stand[columns].any()}
        by = f", by {_some(equations)}" if equations else ""
        why = f"what is held follows already from what is given{by}"
    else:
        loose = np.zeros(len(system.arrays.start), dtype=bool)
        singles = len(system.unknown)
        for n in found.unknowns:
            loose[system.gangs[n - singles] if n >= singles else system.unknown[n]] = True
        named = {n for n, columns in enumerate(freed) if loose[columns].any()}
        inner = [name for name in _labels(system, found.unknowns)
                 if name.split("[")[0] not in EXOGENOUS]  # fmt: skip
        only = f"only {_some(inner)}" if inner else "nothing that is solved for"
        why = f"what is freed moves {only}, not what is held"
    return f"{'; '.join(swaps[n].text for n in sorted(named)[:SHOWN])}: {why}"


def possible(name: str, at: float, level: Array, level0: Array, positive: bool) -> None:
    """Refuse levels at which nothing can be held: not positive, or of another order of size.

    Parameters
    ----------
    name : str
        What is held.
    at : float
        Where, in the words of the user.
    level, level0 : ndarray
        That in levels, and the levels of the benchmark.
    positive : bool
        Whether what is held is positive in every solution.

    Raises
    ------
    InputError
    """
    if positive:
        above_zero(level, at)
    scale = np.where(level0 == 0, 1.0, np.abs(level0))
    far = (np.abs(level) > FARTHEST * scale).any()
    near_zero = positive and (level * FARTHEST < scale).any()
    refuse_if(far or near_zero, f"holds {name} further from the benchmark than can be meant",
              key=_AT, value=at, allowed=f"up to {FARTHEST:g} times its size")  # fmt: skip


def above_zero(level: Array, at: float | None) -> None:
    """Refuse to hold at nothing, or below, what is positive in every solution.

    Parameters
    ----------
    level : ndarray
    at : float
        Where, in the words of the user.

    Raises
    ------
    InputError
    """
    refuse_if((level <= 0).any(), "is positive in every solution", key=_AT, value=at,
              allowed="above 0")  # fmt: skip
