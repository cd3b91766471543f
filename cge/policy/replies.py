"""Responses laid on a policy: tariffs that each raises, and knowledge that closes with trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, below
from cge.policy.levels import PolicyLevels
from cge.scenario.responses import RAISED, Response
from cge.solve.homotopy import Shock
from cge.solve.model import Model

#: A tariff that rises by less is no new one to which knowledge would respond.
NEW = 1e-9


@dataclass(frozen=True, eq=False)
class Reply:
    """Tariffs that one response raises.

    Parameters
    ----------
    label : str
    columns : ndarray of int
        Cells of the tariff.
    points : ndarray
        What is added to their rates, a fraction.
    """

    label: str
    columns: Integers
    points: Array

    @property
    def text(self) -> str:
        """The points in words, with the number of tariffs that they are added to."""
        low, high = f"{100 * self.points.min():.4g}", f"{100 * self.points.max():.4g}"
        points = low if low == high else f"{low} to {high}"
        count = len(self.points)
        return f"{self.label}: {points} points on {count} tariff{'s' if count > 1 else ''}"


def replies(
    model: Model, responses: Sequence[Response], powers: Array, outcomes: Array
) -> tuple[Reply, ...]:
    """Answers to a policy.

    Parameters
    ----------
    model : Model
    responses : sequence of Response
    powers, outcomes : ndarray
        See :meth:`cge.scenario.responses.Response.points`.

    Raises
    ------
    InputError
        For unknown codes.
    """
    start, found = model.variables["tariff"].start, []
    for number, response in enumerate(responses):
        with below(f"responses.{number}"):
            points = response.points(model, powers, outcomes)
        raised = np.flatnonzero(points > RAISED)
        found.append(Reply(response.text, start + raised, points[raised]))
    return tuple(found)


def raising(answers: Sequence[Reply]) -> list[Reply]:
    """Answers that raise something."""
    return [answer for answer in answers if len(answer.points)]


def answered(policy: PolicyLevels, answers: Sequence[Reply]) -> tuple[Array, list[Shock]]:
    """Levels of a policy with the responses on top, and what each did.

    Raises
    ------
    InputError
        For a response that raises a rate that is solved for.
    """
    levels, shocks = policy.levels.copy(), []
    sought = [target.columns for target in policy.targets if target.counts]
    for number, answer in enumerate(answers):
        if any(np.isin(answer.columns, columns).any() for columns in sought):
            raise InputError("raises a tariff whose rate is solved for", key=f"responses.{number}",
                             value=answer.label)  # fmt: skip
        before = levels[answer.columns]
        levels[answer.columns] = before + answer.points
        change = np.log(levels[answer.columns] / before)
        shocks.append(Shock(answer.label, answer.columns, change))
    return levels, shocks


def distance(one: Sequence[Reply], other: Sequence[Reply], columns: int) -> float:
    """Largest difference of two sets of answers, in points of a rate."""
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        points = np.zeros(columns)
        points[a.columns] += a.points
        points[b.columns] -= b.points
        worst = max(worst, float(np.abs(points).max(initial=0.0)))
    return worst


def coverage(model: Model, powers: Array) -> Array:
    """Part of a region's imports of goods from each partner that is under a new tariff.

    Parameters
    ----------
    model : Model
    powers : ndarray (columns,)
        Levels with policy and responses in place.

    Returns
    -------
    ndarray (importer, partner)
        Shares of benchmark imports of goods, fob; all sectors where the benchmark has no
        group ``goods``.
    """
    b = model.benchmark
    tariff, fob = model.variables["tariff"], model.outcomes["fob_value"]
    traded = model.outcome_start[fob.start + fob.matching(tariff)]
    here = tariff.positions
    raised = powers[here] - model.arrays.start[here] > NEW
    _, exporter, sector, importer = tariff.codes
    goods = b.groups.get("sectors", {}).get("goods", b.sectors)
    counts = np.isin(sector, list(goods)) & (exporter != importer)
    cells = tariff.at("sr")
    total, hit = np.zeros((2, len(b.regions), len(b.regions)))
    np.add.at(total, cells, traded * counts)
    np.add.at(hit, cells, traded * (counts & raised))
    return np.divide(hit, total, out=np.zeros_like(hit), where=total > 0)


def closed_by(share: Array, chi: float) -> Array:
    """Openness left between regions: both sides lose, by the wider of two coverages."""
    return 1 - chi * np.maximum(share, share.T)
