"""What partners do in answer to a policy: retaliation and countervailing duties.

Both are rules with stated parameters, not behaviour that is derived. They answer to what
the policy does, never to each other's answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.scenario.actions import Response
from cge.scenario.wording import response_text
from cge.solve.model import Model

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Width of the kink of :func:`smooth_positive_part`, in the unit of a rate.
SMOOTHING = 1e-3


@dataclass(frozen=True, eq=False)
class Reply:
    """The tariffs that one response raises.

    Parameters
    ----------
    label : str
    columns : ndarray of int
        Cells of the tariff.
    points : ndarray
        What is added to their rates.
    """

    label: str
    columns: Integers
    points: Array


def smooth_positive_part(x: Array, width: float = SMOOTHING) -> Array:
    """Return max(0, x) with a continuous derivative: exactly 0 up to 0, then a hyperbola.

    Above zero it is sqrt(x^2 + width^2) - width, at most `width` below x.
    """
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, np.hypot(x, width) - width, 0.0)


def replies(
    model: Model, responses: Sequence[Response], powers: Array, outcomes: Array
) -> tuple[Reply, ...]:
    """Return what responses do about a policy.

    Parameters
    ----------
    model : Model
    responses : sequence of Response
    powers : ndarray (columns,)
        Levels of all columns with the policy, and no response, in place.
    outcomes : ndarray (outcomes,)
        At which the value of a subsidy on factors is judged.

    Raises
    ------
    InputError
        For unknown codes.
    """
    result = []
    for number, response in enumerate(responses):
        key = f"responses.{number}"
        if response.kind == "retaliation":
            columns, points = _retaliation(model, response, powers, key)
        else:
            columns, points = _countervailing(model, response, powers, outcomes, key)
        raised = points > 0
        result.append(Reply(response_text(response), columns[raised], points[raised]))
    return tuple(result)


def _retaliation(
    model: Model, response: Response, powers: Array, key: str
) -> tuple[Integers, Array]:
    """Mirror increases of tariffs: same use and sector, or their average over some sectors."""
    b = model.benchmark
    assert response.to is not None
    by = b.codes("regions", response.by, f"{key}.by")
    to = b.codes("regions", response.to, f"{key}.to")
    share = 1.0 if response.share is None else response.share
    block = model.variables["tariff"]
    place = {cell: block.start + n for n, cell in enumerate(block.index)}
    raised = np.maximum(powers[block.positions] - model.arrays.start[block.positions], 0.0)
    points: dict[int, float] = {}
    if response.sector is None or response.sector == "same":
        for n in np.flatnonzero(raised):
            use, victim, sector, importer = block.index[n]
            mirrored = place.get((use, importer, sector, victim))
            if importer in to and victim in by and victim != importer and mirrored is not None:
                points[mirrored] = share * float(raised[n])
        return _sorted(points)
    sectors = b.codes("sectors", response.sector, f"{key}.sector")
    fob = model.outcome_start[model.outcomes["fob_value"].positions]
    weight = dict(zip(model.outcomes["fob_value"].index, fob.tolist(), strict=True))
    for importer in to:
        for victim in (code for code in by if code != importer):
            hit = [
                (cell, n) for n, cell in enumerate(block.index)
                if cell[1] == victim and cell[3] == importer and cell[2] in sectors
            ]  # fmt: skip
            total = sum(weight[cell] for cell, _ in hit)
            if not total:
                continue
            mean = sum(weight[cell] * float(raised[n]) for cell, n in hit) / total
            for cell, column in place.items():
                if cell[1] == importer and cell[3] == victim and cell[2] in sectors:
                    points[column] = share * mean
    return _sorted(points)


def _countervailing(
    model: Model, response: Response, powers: Array, outcomes: Array, key: str
) -> tuple[Integers, Array]:
    """Offset a part of specific subsidies: those beyond what all sectors get on average.

    A subsidy that is broadly available is not specific (WTO, Agreement on Subsidies and
    Countervailing Measures, 1994, article 2). Counted are subsidies on output and on the
    use of factors, as a fraction of the basic value of output.
    """
    b = model.benchmark
    assert response.against is not None and response.chi is not None
    by = b.codes("regions", response.by, f"{key}.by")
    against = b.codes("regions", response.against, f"{key}.against")
    wanted = "goods" if response.sector is None else response.sector
    sectors = b.codes("sectors", wanted, f"{key}.sector")
    tariff = model.variables["tariff"]
    points: dict[int, float] = {}
    for region in against:
        duty = dict(zip(sectors, response.chi * smooth_positive_part(
            specific_subsidy(model, region, sectors, powers, outcomes)
        ), strict=True))  # fmt: skip
        importers = [code for code in by if code != region]
        for column in tariff.where(r=[region], i=sectors, s=importers).tolist():
            points[column] = float(duty[tariff.index[column - tariff.start][2]])
    return _sorted(points)


def specific_subsidy(
    model: Model, region: str, sectors: Sequence[str], powers: Array, outcomes: Array
) -> Array:
    """Return what sectors are given beyond the average of all of them.

    Parameters
    ----------
    model : Model
    region : str
    sectors : sequence of str
        The average over them is weighted with benchmark output.
    powers, outcomes : ndarray
        As in :func:`replies`.

    Returns
    -------
    ndarray (sectors,)
        Fraction of the basic value of output; zero for a sector that the region has not.
    """
    start = model.arrays.start
    given = np.zeros(len(sectors))
    weight = np.zeros(len(sectors))
    place = {code: n for n, code in enumerate(sectors)}
    output, taxed = model.outcomes["output_value"], model.variables["net_of_output_tax"]
    value = {}
    for position in output.where(s=[region], j=sectors).tolist():
        sector = output.index[position - output.start][1]
        value[sector] = outcomes[position]
        weight[place[sector]] = model.outcome_start[position]
    for column in taxed.where(s=[region], j=sectors).tolist():
        sector = taxed.index[column - taxed.start][1]
        given[place[sector]] += powers[column] - start[column]
    factor, payment = model.variables["factor_tax"], model.outcomes["factor_payment"]
    paid = dict(zip(payment.index, outcomes[payment.positions], strict=True))
    for column in factor.where(s=[region], j=sectors).tolist():
        cell = factor.index[column - factor.start]
        sector = cell[1]
        given[place[sector]] += (start[column] - powers[column]) * paid[cell] / value[sector]
    produced = weight > 0
    mean = given @ weight / weight.sum() if produced.any() else 0.0
    return np.where(produced, given - mean, 0.0)


def _sorted(points: dict[int, float]) -> tuple[Integers, Array]:
    columns = np.array(sorted(points), dtype=np.int64)
    return columns, np.array([points[column] for column in columns.tolist()], dtype=float)
