"""Bilateral trade and cost shares, all that trade models need, become a benchmark.

Every user of a commodity in a region buys it from the same origins; spending, output and
income are solved for so that they agree with the shares and the deficits.
Axis letters as in :mod:`cge.core.axes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from cge.core.axes import Array, Axes, Bools, first_cell, ratio
from cge.core.errors import InputError, refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.data.sources import arguments
from cge.data.sources.user_arrays import benchmark_from_arrays


def benchmark_from_trade(
    *,
    regions: Sequence[str],
    sectors: Sequence[str],
    trade: Any,
    io_shares: Any,
    value_added_share: Any,
    elasticities: Mapping[str, Any],
    final_shares: Any = None,
    deficits: Literal["data", "zero"] | Any = "data",
    tariff: Any = 0.0,
    flows: Literal["net", "gross"] = "net",
    factors: Sequence[str] | None = None,
    use_classes: Literal["single", "by_kind"] | Mapping[str, str] = "single",
    tolerance: float = 1e-6,
    negative: arguments.Negative = "error",
    name: str = "user",
    unit: str = "million USD",
    notes: Sequence[str] = (),
    groups: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    allow_large_rates: bool = False,
) -> Benchmark:
    """Make a benchmark of bilateral trade and cost shares, by proportionality.

    Every user of a commodity in a region buys it from the same origins in the same
    proportions. Spending `X` at market prices, output `Y` at basic prices and income
    `I` are made consistent as in Caliendo and Parro (2015, Review of Economic Studies
    82, equations 5 to 9), with trade shares `pi` at market prices::

        Y[r,i] = sum_s pi[r,i,s] X[s,i] / (1 + tariff[r,i,s])
        X[s,i] = sum_j io_shares[s,i,j] Y[s,j] + final_shares[s,i] I[s]
        I[s]   = sum_j value_added_share[s,j] Y[s,j] + tariff revenue[s] + deficit[s]

    The system is linear and its scale free: world spending is that of `trade`.

    Parameters
    ----------
    regions, sectors : sequence of str
    trade : array_like (r, i, s)
        Deliveries, those of a region to itself included, in `unit`.
    io_shares : array_like (s, i, j)
        Share of commodity `i` in the cost of sector `j`, tariffs included: of all its
        cost, adding up to ``1 - value_added_share``, or of its inputs, adding up to 1.
    value_added_share : array_like (s, j) or (s, j, f)
        Share of value added, or of each factor, in cost.
    elasticities : mapping
        As in :func:`~cge.data.sources.user_arrays.benchmark_from_arrays`.
    final_shares : array_like (s, i), optional
        Shares of final spending at market prices, adding up to 1. Default: what `trade`
        leaves over intermediate use.
    deficits : {"data", "zero"} or array_like (s,)
        Transfers received from abroad: imports less exports of `trade` (``data``), none,
        or those given, which must add up to nothing.
    tariff : number or array_like (r, i, s)
        Ad valorem rates.
    flows : {"net", "gross"}
        Whether `trade` is without or with tariffs.
    negative : {"error", "clip"}
        Negative cells of `trade` or of shares, and final demand that is the remainder and
        negative: an error that names the cell, or set to zero. Shares are then scaled to
        add up again, and the accounts solved again with the shares that remain.
    factors, use_classes, tolerance, name, unit, notes, groups, names, allow_large_rates
        As in :func:`~cge.data.sources.user_arrays.benchmark_from_arrays`.

    Returns
    -------
    Benchmark
        With one final agent, ``FINAL``.

    Raises
    ------
    InputError
        For wrong shapes or values, shares that do not add up, demand without supply,
        and deficits too large for any positive solution.
    """
    arguments.one_of("flows", flows, ("net", "gross"))
    arguments.one_of("negative", negative, arguments.NEGATIVES)
    r_codes = arguments.read_codes("regions", regions)
    i_codes = arguments.read_codes("sectors", sectors)
    shares, f_codes = arguments.last_axis(
        "value_added_share", value_added_share, 3, "factors", factors, "LAB"
    )
    axes = Axes(r_codes, i_codes, ("all",), f_codes)
    tolerance = arguments.read_tolerance(tolerance)
    said = list(arguments.read_notes(notes))

    def cells(key: str, given: Any, letters: str, of: str = "") -> Array:
        return arguments.read_cells(axes, key, given, letters, negative, said, of)

    value = cells("trade", trade, "ris", unit)
    power = 1 + arguments.read_rates(axes, allow_large_rates, tariff=tariff)["tariff"][0]
    as_given = axes.checked("io_shares", io_shares, "sij").sum(axis=1)
    added = axes.checked("value_added_share", shares, "sjf").sum(axis=2)
    _check_cost_shares(as_given, added, value.sum(axis=2) > 0, tolerance, axes)
    factor_cost = cells("value_added_share", shares, "sjf")
    gamma = cells("io_shares", io_shares, "sij")
    material = np.maximum(1 - factor_cost.sum(axis=2), 0.0)
    gamma = gamma * ratio(material, gamma.sum(axis=1))[:, None, :]
    market = value if flows == "gross" else value * power
    basic = market / power
    total = market.sum(axis=0)  # (i, s)
    pi = ratio(market, total)
    in_data = basic.sum(axis=(0, 1)) - basic.sum(axis=(1, 2))

    spending, output = total.T, basic.sum(axis=2)
    as_in_data = isinstance(deficits, str) and deficits == "data"
    if final_shares is None:
        rest = spending - np.einsum("sij,sj->si", gamma, output)
        low = rest < -tolerance * np.maximum(spending, 1e-300)
        count = int(low.sum())
        if negative == "error":
            axes.refuse(low, "sectors need more of {cell} than trade delivers to that region: "
                        f"final demand would be negative in {count} cells", "trade", "si", rest,
                        "final_shares of your own, or negative='clip'")  # fmt: skip
        if count:
            said.append(
                f"Final demand was negative in {count} cells and is zero there; output "
                "and spending were solved again with the shares that remain."
            )
        solve = count > 0 or not as_in_data
        final = np.maximum(rest, 0.0)
        axes.refuse(final.sum(axis=1) <= 0, "nothing is left for final demand in {cell}", "trade",
                    "s")  # fmt: skip
        alpha = final
    else:
        sums = axes.checked("final_shares", final_shares, "si").sum(axis=1)
        alpha = cells("final_shares", final_shares, "si")
        axes.refuse(np.abs(sums - 1) > tolerance, "shares of region {cell} do not add up",
                    "final_shares", "s", sums, "a sum of 1")  # fmt: skip
        solve = True
    alpha = alpha / alpha.sum(axis=1, keepdims=True)
    if solve:
        transfer = in_data if as_in_data else _deficits(deficits, tolerance, axes)
        spending = _consistent_spending(pi, power, gamma, factor_cost, alpha, transfer,
                                        market.sum(), axes)  # fmt: skip
        output = np.einsum("ris,si->ri", pi / power, spending)
        income = (spending - np.einsum("sij,sj->si", gamma, output)).sum(axis=1)
        axes.refuse(income <= 0, "no positive final demand in region {cell} is consistent with "
                    "the deficits and shares given", "deficits", "s", transfer,
                    "smaller deficits")  # fmt: skip
        final = alpha * income[:, None]
    sourced = pi / power  # basic value per unit of spending
    return benchmark_from_arrays(
        regions=r_codes, sectors=i_codes, factors=f_codes,
        intermediate=np.einsum("ris,sij,sj->risj", sourced, gamma, output, optimize=True),
        final=np.einsum("ris,si->ris", sourced, final),
        value_added=factor_cost * output[..., None], tariff=power - 1,
        elasticities=elasticities, use_classes=use_classes, tolerance=max(tolerance, 1e-9),
        name=name, unit=unit, notes=said, groups=groups, names=names,
        allow_large_rates=allow_large_rates,
    )  # fmt: skip


def _check_cost_shares(
    inputs: Array, value_added: Array, alive: Bools, tolerance: float, axes: Axes
) -> None:
    """Refuse sums of shares (s, j) that are neither of total cost nor of the inputs' cost.

    Sectors that deliver nothing (not `alive`) may have any.
    """
    axes.refuse(alive & (value_added > 1 + tolerance), "share at {cell} is above 1",
                "value_added_share", "sj", value_added, "0 to 1")  # fmt: skip
    material = np.maximum(1 - value_added, 0.0)
    # A sector without inputs may have shares of nothing.
    of_inputs = (np.abs(inputs - 1) <= tolerance) | ((inputs == 0) & (material <= tolerance))
    off = (np.abs(inputs - material) > tolerance) & alive
    if off.any() and not (of_inputs | ~alive).all():
        wanted = f"{float(material[first_cell(off)]):.6g} (1 less the value-added share)"
        axes.refuse(off, "input shares of sector {cell} do not add up", "io_shares", "sj", inputs,
                    f"{wanted}, or 1 in all sectors where they are shares of the inputs' "
                    "cost")  # fmt: skip


def _deficits(given: Any, tolerance: float, axes: Axes) -> Array:
    if isinstance(given, str):
        refuse_if(given != "zero", "unknown option", key="deficits", value=given,
                  allowed="'data', 'zero', or one number for each region")  # fmt: skip
        return np.zeros(axes.shape("s"))
    transfer = axes.checked("deficits", given, "s")
    refuse_if(abs(transfer.sum()) > tolerance * np.abs(transfer).sum(),
              "deficits of all regions must add up to nothing", key="deficits",
              value=float(transfer.sum()), allowed="a sum of 0")  # fmt: skip
    return transfer - transfer.sum() / len(transfer)


def _consistent_spending(
    pi: Array, power: Array, gamma: Array, factor_cost: Array, alpha: Array, transfer: Array,
    world: float, axes: Axes,
) -> Array:  # fmt: skip
    """Spending (s, i) that is consistent with shares, deficits and world spending."""
    supplied = pi.sum(axis=0).T > 0  # (s, i)
    sells = pi.sum(axis=2) > 0  # (r, i)
    needed = (alpha > 0) | (gamma * sells[:, None, :]).any(axis=2)
    axes.refuse(needed & ~supplied, "nothing is delivered of {cell}, but shares demand it",
                "trade", "si", allowed="a positive delivery, or zero shares")  # fmt: skip
    _, i, s = pi.shape
    n = s * i
    sourced = pi / power
    # received[(s, j), (s', j)]: output of sector (s, j) per unit of spending of s' on j
    blocks = np.zeros((s, i, s, i))
    k = np.arange(i)
    blocks[:, k, :, k] = sourced.transpose(1, 0, 2)
    received = blocks.reshape(s, i, n)
    inputs = np.einsum("sij,sjn->sin", gamma, received, optimize=True).reshape(n, n)
    income = np.einsum("sj,sjn->sn", factor_cost.sum(axis=2), received)
    revenue = ((power - 1) * sourced).sum(axis=0).T  # (s, i) per unit of spending
    for region in range(s):
        income[region, region * i : (region + 1) * i] += revenue[region]
    matrix = inputs + np.einsum("si,sn->sin", alpha, income).reshape(n, n)
    # The system determines spending up to scale; the rank-one term fixes world spending.
    spread = supplied.reshape(n) / supplied.sum()
    left = np.eye(n) - matrix + spread[:, None]
    right = (alpha * transfer[:, None]).reshape(n) + spread * world
    try:
        spending = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        raise InputError(
            "some regions trade with nobody outside their group: the sizes of the groups "
            "cannot be told from shares",
            key="trade", allowed="trade that connects all regions",
        ) from None  # fmt: skip
    low = spending < -1e-9 * np.abs(spending).max()
    axes.refuse(low.reshape(s, i).any(axis=1), "no positive spending in region {cell} is "
                "consistent with the deficits and shares given", "deficits", "s", transfer,
                "smaller deficits")  # fmt: skip
    return np.maximum(spending, 0.0).reshape(s, i)
