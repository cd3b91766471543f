"""Nash equilibria of a game of policies.

Best responses in turn (Gauss and Seidel) come near; Newton's method on the first-order
conditions of all players together, with their bounds, gets there. A point is accepted when the
conditions hold, every player's goal is concave in its own rates there, and none of the best
responses that are looked for from other points gains anything: never on the word of a solver.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cyipopt
import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import NoEquilibrium
from cge.frontier.optimum import run_ipopt
from cge.frontier.reduced_space import TOLERANCE as IPOPT_TOLERANCE
from cge.game.players import Game, Player
from cge.solve.ipopt import Program

#: Rounds of best responses, and the move after which they have come near enough.
ROUNDS, NEAR = 30, 1e-3
#: Largest violation of the first-order conditions, per cent of welfare from bound to bound.
RESIDUAL = 1e-8
#: Steps of Newton's method, and halvings of one.
STEPS, HALVINGS = 30, 12
#: Curvature that is none but for rounding, per cent from bound to bound.
FLAT = 1e-6
#: A deviation that gains no more than this, per cent of welfare, gains nothing.
GAIN = 1e-7
#: Attempts, each from the best deviation of the one before.
ATTEMPTS = 4
#: Equilibria nearer to each other than this, a part of the distance between bounds, are one.
SAME = 1e-5


@dataclass(frozen=True, eq=False)
class NashPoint:
    """A Nash equilibrium.

    Parameters
    ----------
    rates : ndarray (k,)
    residual : float
        Largest violation of the first-order conditions, per cent of welfare from bound to bound.
    slopes : ndarray (k,)
        Derivatives of each player's goal by its own rates, points per point: those of bounds
        that bind; zero elsewhere.
    gains : tuple of float
        By player, most that a deviation was found to gain, per cent; never below zero.
    curvature : float
        Largest eigenvalue of a player's second derivatives by its own rates that are not at a
        bound, per cent from bound to bound; not positive at a maximum.
    rounds : int
        Of best responses.
    starts, agree : int
        From how many points it was looked for, from how many it was found.
    others : int
        Different equilibria that were found.
    """

    rates: Array
    residual: float
    slopes: Array
    gains: tuple[float, ...]
    curvature: float
    rounds: int
    starts: int = 1
    agree: int = 1
    others: int = 0


class ResponseProgram(Program):
    """The goal of a player in its own rates, as Ipopt calls it.

    Parameters
    ----------
    game : Game
    player : Player
    x : ndarray (k,)
        Where all rates stand.
    """

    def __init__(self, game: Game, player: Player, x: Array) -> None:
        self.game, self.player, self.x = game, player, x

    def laid(self, own: Array) -> Array:
        """All rates with the player's in place."""
        x = self.x.copy()
        x[self.player.own] = own
        return x

    def objective(self, own: Array) -> float:
        """What is minimised, per cent."""
        try:
            return -self.game.value(self.player, self.laid(own))
        except NoEquilibrium as error:
            raise cyipopt.CyIpoptEvaluationError(str(error)) from None

    def gradient(self, own: Array) -> Array:
        return -self.game.slope(self.player, self.laid(own))

    def constraints(self, own: Array) -> Array:
        """None."""
        return np.zeros(0)

    def jacobian(self, own: Array) -> Array:
        """None."""
        return np.zeros(0)

    def jacobian_matrix(self, own: Array) -> Array:
        return np.zeros((0, len(own)))


def response(game: Game, player: Player, x: Array, start: Array, warm: bool = False) -> Array:
    """All rates with a player's local best response in place.

    Parameters
    ----------
    game : Game
    player : Player
    x : ndarray (k,)
        Where all rates stand.
    start : ndarray
        Own rates from which it is looked for.
    warm : bool
        Whether they are near it.
    """
    program, nothing = ResponseProgram(game, player, x), np.zeros(0)
    bounds = game.low[player.own], game.high[player.own]
    own, *_ = run_ipopt(
        program, np.clip(start, *bounds), bounds, (nothing, nothing), warm, tol=IPOPT_TOLERANCE,
        hessian_approximation="limited-memory", acceptable_iter=8, acceptable_tol=1e-5,
        acceptable_obj_change_tol=1e-9,
    )  # fmt: skip
    return program.laid(np.clip(own, *bounds))


def nash(game: Game, rates: Array, starts: int) -> NashPoint:
    """Equilibrium of a game.

    Parameters
    ----------
    game : Game
    rates : ndarray (k,)
        Those that nobody sets, and where the first search begins.
    starts : int
        Points from which equilibria, and best responses, are looked for.

    Returns
    -------
    NashPoint
        The first that passes; others that do are counted.

    Raises
    ------
    NoEquilibrium
        If none passes.
    """
    x = rates / game.width
    #: One player alone has a best policy: its own starts are those of its best responses.
    alone = len(game.players) == 1
    found, reason = [], ""
    for start in _starts(game, game.moves, x)[: 1 if alone else starts]:
        begin = x.copy()
        begin[game.moves] = start
        try:
            found.append(_passed(game, begin, starts))
        except NoEquilibrium as error:
            reason = reason or str(error)
    if not found:
        raise NoEquilibrium(f"no Nash equilibrium was found: {reason}")
    first = found[0]
    apart = [float(np.abs((one.rates - first.rates) / game.width).max()) for one in found]
    different: list[Array] = []
    for one, far in zip(found, apart, strict=True):
        known = (np.abs((one.rates - other) / game.width).max() < SAME for other in different)
        if far >= SAME and not any(known):
            different.append(one.rates)
    agree = sum(far < SAME for far in apart)
    return NashPoint(**{**vars(first), "starts": 1 if alone else starts, "agree": agree,
                          "others": len(different)})  # fmt: skip


def _starts(game: Game, which: Integers, x: Array, count: int = 50) -> list[Array]:
    """Where rates stand, the middle of their bounds, both ends, and more points between them."""
    low, high = game.low[which], game.high[which]
    rng = np.random.default_rng(1)
    more = [low + (high - low) * rng.uniform(size=len(low)) for _ in range(count)]
    near = 0.02 * (high - low)
    return [x[which], (low + high) / 2, high - near, low + near, *more]


def _passed(game: Game, x: Array, starts: int) -> NashPoint:
    """Equilibrium from a point, which passes.

    Raises
    ------
    NoEquilibrium
        Saying what does not hold.
    """
    rounds = 0
    for _ in range(ATTEMPTS):
        x, more = _near(game, x)
        x, rounds = _settled(game, x), rounds + more
        x[game.moves] = np.where(_held(game, x), x[game.moves] + game.distance(x), x[game.moves])
        residual = game.residual(x)
        if residual > RESIDUAL:
            raise NoEquilibrium(f"first-order conditions are violated by {residual:.1e} per cent")
        curvature = _curvature(game, x)
        gains, better = _deviations(game, x, starts)
        if max(gains) <= GAIN and curvature > FLAT:
            raise NoEquilibrium(f"a goal is convex in its player's own rates ({curvature:.1e})")
        if max(gains) <= GAIN:
            slopes = np.zeros(len(x))
            slopes[game.moves] = np.where(_held(game, x), game.slopes(x), 0.0)
            return NashPoint(x * game.width, residual, slopes / (100 * game.width), gains,
                               curvature, rounds)  # fmt: skip
        x = better
    name = game.players[int(np.argmax(gains))].name
    raise NoEquilibrium(f"{name} gains {max(gains):.1e} per cent from other rates, also after "
                        f"{ATTEMPTS} attempts")  # fmt: skip


def _near(game: Game, x: Array) -> tuple[Array, int]:
    """Rates after best responses in turn, and the rounds that took."""
    for number in range(1, ROUNDS + 1):
        before = x
        for player in game.players:
            x = response(game, player, x, x[player.own], warm=number > 1)
        if len(game.players) == 1 or np.abs(x - before).max() < NEAR:
            break
    return x, number


def _held(game: Game, x: Array) -> Bools:
    """Whether a rate is, or its slope takes it, at a bound, (moves,)."""
    to = x[game.moves] + game.slopes(x)
    return (to <= game.low[game.moves]) | (to >= game.high[game.moves])


def _settled(game: Game, x: Array) -> Array:
    """Newton's method on the first-order conditions, bounds that bind held."""
    low, high = game.low[game.moves], game.high[game.moves]
    left = game.residual(x)
    for _ in range(STEPS):
        if left <= 0.01 * RESIDUAL:
            break
        slopes, at = game.slopes(x), x[game.moves]
        held, free = _held(game, x), ~_held(game, x)
        step = np.where(held, np.clip(at + slopes, low, high) - at, 0.0)
        matrix = game.curvature(x)
        right = -slopes[free] - matrix[np.ix_(free, held)] @ step[held]
        step[free] = np.linalg.lstsq(matrix[np.ix_(free, free)], right, rcond=None)[0]
        for part in 0.5 ** np.arange(HALVINGS):
            tried = x.copy()
            tried[game.moves] = np.clip(at + part * step, low, high)
            with contextlib.suppress(NoEquilibrium):
                if (now := game.residual(tried)) < left:
                    break
        else:
            break
        x, left = tried, now
    return x


def _curvature(game: Game, x: Array) -> float:
    """Largest eigenvalue of a player's second derivatives by its own free rates."""
    matrix, free, begin, largest = game.curvature(x), ~_held(game, x), 0, -np.inf
    for player in game.players:
        own = np.arange(begin, begin + len(player.own))[free[begin : begin + len(player.own)]]
        block = matrix[np.ix_(own, own)]
        if len(own):
            largest = max(largest, float(np.linalg.eigvalsh((block + block.T) / 2).max()))
        begin += len(player.own)
    return largest if np.isfinite(largest) else 0.0


def _deviations(game: Game, x: Array, starts: int) -> tuple[tuple[float, ...], Array]:
    """Most that each player is found to gain by other rates, and all rates after the largest."""
    gains, best, after = [], GAIN, x
    for player in game.players:
        here, most = game.value(player, x), 0.0
        for tried, value in _responses(game, player, x, starts):
            gain = value - here
            most = max(most, gain)
            if gain > best:
                best, after = gain, tried
        gains.append(most)
    return tuple(gains), after


def _responses(game: Game, player: Player, x: Array, starts: int) -> Iterator[tuple[Array, float]]:
    """Best responses from several points, the first not the present one, and their goals."""
    begin: Sequence[Array] = _starts(game, player.own, x)[1 : starts + 1]
    for start in begin:
        with contextlib.suppress(NoEquilibrium):
            tried = response(game, player, x, start)
            yield tried, game.value(player, tried)
