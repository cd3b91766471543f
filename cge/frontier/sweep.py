"""The frontier of one version: both ends, and ceilings on risk in equal steps between them.

At the end without a constraint welfare is largest, at the other risk smallest; no ceiling
below that has a solution. Each point sets out from its neighbour, on the way down and again on
the way back, and the better of the two is kept: where one kind of policy takes over from another
the problem is not convex, and one way alone would follow the wrong one too far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.frontier.confirmation import ColdPoint, solve_cold
from cge.frontier.evaluation import Evaluator
from cge.frontier.optimum import Goal, Optimum
from cge.frontier.point import Points
from cge.frontier.problem import Problem
from cge.tasks.store import Steps

#: Solves for a goal from given rates under a ceiling on risk, or without one.
Method = Callable[[Points, Goal, Array, float | None, bool], Optimum]

#: Ends whose risk differs by less than this, a fraction, are one point: there is no conflict.
NO_CONFLICT = 1e-6
#: Optima whose value differs by less than this, a fraction, are the same.
SAME = 1e-8
#: By how much the way back must be better to be preferred.
BETTER = 1e-9
#: A point whose welfare or risk from the benchmark differs by more than this is no solution.
AGREES = 1e-7


@dataclass(frozen=True, eq=False)
class Candidate:
    """A solution of Ipopt with what the optimisation knows of its policy.

    Parameters
    ----------
    optimum : Optimum
    value : float
        What is maximised, a fraction.
    risk : float
        Conditional value at risk, a fraction.
    variations : ndarray (s,)
        Equivalent variations, fractions of benchmark absorption.
    agree : int
        From how many starting points it is reached.
    """

    optimum: Optimum
    value: float
    risk: float
    variations: Array
    agree: int = 1

    @classmethod
    def of(cls, evaluator: Points, optimum: Optimum) -> Candidate:
        """Candidate of an optimum, evaluated."""
        point = evaluator.at(optimum.rates)
        return cls(optimum, point.value, point.risk, point.variations)


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """A point of a frontier.

    Parameters
    ----------
    optimum : Optimum
    ceiling : float or None
        On risk, a fraction.
    cold : ColdPoint
        The same policy, solved from the benchmark.
    apart : tuple of float
        Differences between the two in welfare and in risk.
    """

    optimum: Optimum
    ceiling: float | None
    cold: ColdPoint
    apart: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A frontier of one version.

    Parameters
    ----------
    points : tuple of FrontierPoint
        From the end without a constraint on.
    starts, agree : int
        Of the first point: from how many points Ipopt set out, how many reached the best.
    agree_last : int
        The same of the last point, which is looked for from the first one as well.
    without : ColdPoint
        No policy.
    """

    points: tuple[FrontierPoint, ...]
    starts: int
    agree: int
    agree_last: int
    without: ColdPoint

    @property
    def conflict(self) -> bool:
        """Whether less risk costs welfare at all."""
        return len(self.points) > 1


class FrontierSearch:
    """The search for the frontier of a problem.

    Every step begins with an evaluator of its own, so that it depends on no step but those it
    names: an interrupted search goes on to the same points, bit for bit.

    Parameters
    ----------
    problem : Problem
    method : callable
        :func:`cge.frontier.reduced_space.optimise`, or that of the full space.
    steps : Steps
        Points of an earlier attempt, and the place for those of this one.
    points : callable
        Makes an evaluator of the problem.
    cold : callable
        Solves a policy from the benchmark.
    """

    def __init__(
        self, problem: Problem, method: Method, steps: Steps,
        points: Callable[[Any], Points] = Evaluator,
        cold: Callable[[Any, Array], ColdPoint] = solve_cold,
    ) -> None:  # fmt: skip
        self.problem, self.method, self.finished = problem, method, steps
        self._points, self._cold = points, cold
        self._reason = ""  # why no solution was found from the last start
        #: Steps on the way to points, which count for no progress.
        self.underway = Steps(steps.folder / "search", steps.key)

    def frontier(self, points: int, starts: int) -> Sweep:
        """Solve the frontier.

        Parameters
        ----------
        points : int
            Both ends among them, at least 2.
        starts : int
            Points from which the ends are looked for, at least 1.

        Raises
        ------
        NoEquilibrium
            If a point is not solved, or not confirmed from the benchmark.
        """
        nothing = np.zeros(len(self.problem.levers))
        without = ColdPoint(**_kept(self.underway, "without", lambda: asdict(
            self._cold(self.problem, nothing))))  # fmt: skip
        first = self._candidate("efficient", self._efficient, starts)
        last = self._candidate("safest", self._safest, starts, first.optimum)
        ends = {0: self._point(0, first, None)}
        if first.risk - last.risk >= NO_CONFLICT:
            ends[points - 1] = self._point(points - 1, last, None)
            ends |= self._between(first, last, np.linspace(first.risk, last.risk, points))
        found = tuple(ends[n] for n in sorted(ends))
        return Sweep(found, starts, first.agree, last.agree, without)

    # -- ends

    def _efficient(self, evaluator: Points, starts: int) -> Candidate:
        solved = self._solved(evaluator, "welfare", starting_points(self.problem, starts))
        found = [(evaluator.at(one.rates).value, one) for one in solved]
        if not found:
            raise NoEquilibrium("the policy that is best without a constraint was not found: "
                                f"{self._reason}")  # fmt: skip
        best, one = max(found, key=lambda pair: pair[0])
        agree = sum(value >= best - SAME for value, _ in found)
        return replace(Candidate.of(evaluator, one), agree=agree)

    def _safest(self, evaluator: Points, starts: int, first: Optimum) -> Candidate:
        begin = (first.rates, *starting_points(self.problem, starts))
        solved = self._solved(evaluator, "risk", begin)
        found = [Candidate.of(evaluator, one) for one in solved]
        if not found:
            raise NoEquilibrium(f"the policy with the smallest risk was not found: {self._reason}")
        least = min(one.risk for one in found)
        same = [one for one in found if one.risk <= least + SAME]
        return replace(max(same, key=lambda one: one.value), agree=len(same))

    def _solved(self, evaluator: Points, goal: Goal, starts: Sequence[Array]) -> Iterator[Optimum]:
        """Solutions without a ceiling from the starts that have one."""
        for start in starts:
            try:
                one = self.method(evaluator, goal, start, None, False)
            except NoEquilibrium as error:
                self._reason = str(error)
                continue
            if one.solved:
                yield one
            self._reason = one.message

    # -- between them

    def _between(
        self, first: Candidate, last: Candidate, ceilings: Array
    ) -> dict[int, FrontierPoint]:
        """Points under ceilings: solved on the way down, and again on the way back."""
        found = [first]
        for n, ceiling in enumerate(ceilings[1:-1], start=1):
            starts = found[-1].optimum.rates, last.optimum.rates
            found.append(self._candidate(f"down-{n}", self._under, ceiling, starts))
        points, after = {}, last
        for n in range(len(found) - 1, 0, -1):
            ceiling = float(ceilings[n])
            after = self._candidate(f"back-{n}", self._better, ceiling, found[n], after.optimum)
            points[n] = self._point(n, after, ceiling)
        return points

    def _candidate(self, name: str, find: Callable[..., Candidate], *arguments: Any) -> Candidate:
        """A step of the search, with an evaluator of its own."""
        kept = _kept(
            self.underway, name, lambda: asdict(find(self._points(self.problem), *arguments))
        )
        return Candidate(**{**kept, "optimum": Optimum(**kept["optimum"])})

    def _under(self, evaluator: Points, ceiling: float, starts: Sequence[Array]) -> Candidate:
        """Best policy under a ceiling, from the first of some starts that has a solution."""
        reason = "no equilibrium at the start"
        for warm in (True, False):
            for start in starts:
                try:
                    one = self.method(evaluator, "welfare", start, ceiling, warm)
                except NoEquilibrium as error:
                    reason = str(error)
                    continue
                if one.solved:
                    return Candidate.of(evaluator, one)
                reason = one.message
        raise NoEquilibrium(f"no policy was found with a risk of {100 * ceiling:.4f} %: {reason}")

    def _better(
        self, evaluator: Points, ceiling: float, one: Candidate, after: Optimum
    ) -> Candidate:
        """The better of a point and what is found from the one after it, which is allowed."""
        try:
            other = self.method(evaluator, "welfare", after.rates, ceiling, True)
            gained = evaluator.at(other.rates).value - one.value
        except NoEquilibrium:
            return one
        return Candidate.of(evaluator, other) if other.solved and gained > BETTER else one

    # -- confirmed

    def _point(self, number: int, one: Candidate, ceiling: float | None) -> FrontierPoint:
        """A point, confirmed from the benchmark.

        Raises
        ------
        NoEquilibrium
            If the benchmark does not confirm it.
        """

        def make() -> dict[str, Any]:
            cold = self._cold(self.problem, one.optimum.rates)
            moved = float(np.abs(cold.variations - one.variations).max())
            apart = moved, abs(cold.cvar - one.risk)
            if max(apart) > AGREES:
                raise NoEquilibrium(
                    f"a point of the frontier is not the one found from the benchmark: welfare "
                    f"differs by {apart[0]:.1e}, risk by {apart[1]:.1e}"
                )
            return {"cold": asdict(cold), "apart": apart}

        kept = _kept(self.finished, f"{number}", make)
        return FrontierPoint(one.optimum, ceiling, ColdPoint(**kept["cold"]),
                             tuple(kept["apart"]))  # fmt: skip


def _kept(steps: Steps, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A step that was done before, else done and kept."""
    content = steps.get(name)
    if content is None:
        content = make()
        steps.put(name, content)
    return dict(content)


def starting_points(problem: Problem, count: int) -> list[Array]:
    """No policy, the middle of the bounds, and more points between them."""
    low, high = problem.low, problem.high
    rng = np.random.default_rng(1)
    more = [low + (high - low) * rng.uniform(size=len(low)) for _ in range(max(0, count - 2))]
    return [np.clip(0.0, low, high), (low + high) / 2, *more][:count]
