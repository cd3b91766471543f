"""The frontier of one version: both ends, and ceilings on risk in equal steps between them.

At the end without a constraint welfare is largest, at the other risk smallest; no ceiling
below that has a solution. Each point sets out from its neighbour, on the way down and again on
the way back, and the better of the two is kept: where one kind of policy takes over from another
the problem is not convex, and one way alone would follow the wrong one too far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import NoEquilibrium
from cge.frontier.confirmation import ColdPoint, solve_cold
from cge.frontier.evaluation import Evaluator
from cge.frontier.optimum import Goal, Optimum
from cge.frontier.problem import Problem
from cge.tasks.store import Steps

Array = NDArray[np.float64]
#: Solves for a goal from given rates under a ceiling on risk, or without one.
Method = Callable[[Evaluator, Goal, Array, float | None, bool], Optimum]

#: Ends whose risk differs by less than this, a fraction, are one point: there is no conflict.
NO_CONFLICT = 1e-6
#: Optima whose value differs by less than this, a fraction, are the same.
SAME = 1e-8
#: By how much the way back must be better to be preferred.
BETTER = 1e-9
#: A point whose welfare or risk from the benchmark differs by more than this is no solution.
AGREES = 1e-7


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

    Parameters
    ----------
    problem : Problem
    method : callable
        :func:`cge.frontier.reduced_space.optimise`, or that of the full space.
    steps : Steps
        Steps of an earlier attempt, and the place for those of this one.
    """

    def __init__(self, problem: Problem, method: Method, steps: Steps) -> None:
        self.problem, self.method, self.steps = problem, method, steps
        self.evaluator = Evaluator(problem)

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
        without = ColdPoint(**self._kept(
            "without", lambda: asdict(solve_cold(self.problem, nothing))))  # fmt: skip
        first, agree = self._end("efficient", lambda: self._efficient(starts))
        last, agree_last = self._end("safest", lambda: self._safest(first, starts))
        top, bottom = (self.evaluator.at(one.rates).risk for one in (first, last))
        found, ceilings = [first], np.zeros(0)
        if top - bottom >= NO_CONFLICT:
            ceilings = np.linspace(top, bottom, points)[1:-1]
            found = self._between(first, last, ceilings)
        bounds = [None, *ceilings.tolist(), None]
        reported = tuple(
            self._reported(n, one, ceiling)
            for n, (one, ceiling) in enumerate(zip(found, bounds, strict=False))
        )
        return Sweep(reported, starts, agree, agree_last, without)

    def _kept(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A step that was done before, else done and kept."""
        content = self.steps.get(name)
        if content is None:
            content = make()
            self.steps.put(name, content)
        return content

    # -- ends

    def _end(self, name: str, find: Callable[[], tuple[Optimum, int]]) -> tuple[Optimum, int]:
        """An end of the frontier, and how many starting points reach it."""

        def make() -> dict[str, Any]:
            one, agree = find()
            return {"optimum": asdict(one), "agree": agree}

        kept = self._kept(name, make)
        return Optimum(**kept["optimum"]), int(kept["agree"])

    def _efficient(self, starts: int) -> tuple[Optimum, int]:
        found = [
            (self.evaluator.at(one.rates).value, one)
            for one in self._solved("welfare", starting_points(self.problem, starts))
        ]
        if not found:
            raise NoEquilibrium("the policy that is best without a constraint was not found")
        best = max(value for value, _ in found)
        agree = sum(value >= best - SAME for value, _ in found)
        return next(one for value, one in found if value == best), agree

    def _safest(self, first: Optimum, starts: int) -> tuple[Optimum, int]:
        found = []
        begin = (first.rates, *starting_points(self.problem, starts))
        for one in self._solved("risk", begin):
            point = self.evaluator.at(one.rates)
            found.append((point.risk, -point.value, one))
        if not found:
            raise NoEquilibrium("the policy with the smallest risk was not found")
        least = min(value for value, *_ in found)
        same = [item for item in found if item[0] <= least + SAME]
        return min(same, key=lambda item: item[1])[2], len(same)

    def _solved(self, goal: Goal, starts: Sequence[Array]) -> Iterator[Optimum]:
        """Solutions without a ceiling from the starts that have one."""
        for start in starts:
            try:
                one = self.method(self.evaluator, goal, start, None, False)
            except NoEquilibrium:
                continue
            if one.solved:
                yield one

    # -- between them

    def _between(self, first: Optimum, last: Optimum, ceilings: Array) -> list[Optimum]:
        """All points: solved on the way down, and again on the way back."""
        found = [first]
        for n, ceiling in enumerate(ceilings, start=1):
            starts = found[-1].rates, last.rates
            found.append(self._optimum(f"down-{n}", self._under, ceiling, starts))
        found.append(last)
        for n in range(len(ceilings), 0, -1):
            arguments = ceilings[n - 1], *found[n : n + 2]
            found[n] = self._optimum(f"back-{n}", self._better, *arguments)
        return found

    def _optimum(self, name: str, find: Callable[..., Optimum], *arguments: Any) -> Optimum:
        return Optimum(**self._kept(name, lambda: asdict(find(*arguments))))

    def _under(self, ceiling: float, starts: Sequence[Array]) -> Optimum:
        """Best policy under a ceiling, from the first of some starts that has a solution."""
        reason = "no equilibrium at the start"
        for warm in (True, False):
            for start in starts:
                try:
                    one = self.method(self.evaluator, "welfare", start, ceiling, warm)
                except NoEquilibrium as error:
                    reason = str(error)
                    continue
                if one.solved:
                    return one
                reason = one.message
        raise NoEquilibrium(f"no policy was found with a risk of {100 * ceiling:.4f} %: {reason}")

    def _better(self, ceiling: float, one: Optimum, after: Optimum) -> Optimum:
        """The better of a point and what is found from the one after it, which is allowed."""
        try:
            other = self.method(self.evaluator, "welfare", after.rates, ceiling, True)
        except NoEquilibrium:
            return one
        gained = self.evaluator.at(other.rates).value - self.evaluator.at(one.rates).value
        return other if other.solved and gained > BETTER else one

    # -- confirmed

    def _reported(self, number: int, one: Optimum, ceiling: float | None) -> FrontierPoint:
        """A point, confirmed from the benchmark.

        Raises
        ------
        NoEquilibrium
            If the benchmark does not confirm it.
        """

        def make() -> dict[str, Any]:
            point, cold = self.evaluator.at(one.rates), solve_cold(self.problem, one.rates)
            apart = (
                float(np.abs(cold.variations - point.variations).max()),
                abs(cold.cvar - point.risk),
            )
            if max(apart) > AGREES:
                raise NoEquilibrium(
                    f"a point of the frontier is not the one found from the benchmark: welfare "
                    f"differs by {apart[0]:.1e}, risk by {apart[1]:.1e}"
                )
            return {"cold": asdict(cold), "apart": apart}

        kept = self._kept(f"point-{number}", make)
        return FrontierPoint(one, ceiling, ColdPoint(**kept["cold"]), tuple(kept["apart"]))


def starting_points(problem: Problem, count: int) -> list[Array]:
    """No policy, the middle of the bounds, and more points between them."""
    low, high = problem.low, problem.high
    rng = np.random.default_rng(1)
    more = [low + (high - low) * rng.uniform(size=len(low)) for _ in range(max(0, count - 2))]
    return [np.clip(0.0, low, high), (low + high) / 2, *more][:count]
