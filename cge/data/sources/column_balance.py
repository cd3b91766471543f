"""Costs and receipts of the sectors of a user's table, and ways to bring them together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from cge.core.axes import Array, Axes, Bools, largest_cell, ratio
from cge.core.errors import refuse_if

Balance = Literal["error", "value_added", "output_tax", "intermediate_tax", "leontief"]
BALANCES = get_args(Balance)

#: Changes of the accounts above this share of an output are said in the notes.
WORTH_SAYING = 1e-9


@dataclass(frozen=True, eq=False)
class Columns:
    """Costs and receipts of every sector.

    Parameters
    ----------
    axes : Axes
    output : ndarray (s, j)
        What the row delivers, at basic prices.
    purchases : ndarray (s, i, j)
        At market prices, without user tax.
    payments : ndarray (s, j, f)
        Factor incomes.
    intermediate_tax : ndarray (s, i, j)
    factor_tax : ndarray (s, j, f)
    output_tax : ndarray (s, j)
    """

    axes: Axes
    output: Array
    purchases: Array
    payments: Array
    intermediate_tax: Array
    factor_tax: Array
    output_tax: Array

    @cached_property
    def inputs(self) -> Array:
        """Cost of inputs with user tax, (s, j)."""
        return (self.purchases * (1 + self.intermediate_tax)).sum(axis=1)

    @cached_property
    def factor_cost(self) -> Array:
        """Cost of factors with factor tax, (s, j)."""
        return (self.payments * (1 + self.factor_tax)).sum(axis=2)

    @cached_property
    def gap(self) -> Array:
        """Output net of tax less all cost, (s, j)."""
        return self.output * (1 - self.output_tax) - self.inputs - self.factor_cost

    @cached_property
    def share(self) -> Array:
        """Size of the gap as a share of output, (s, j)."""
        return ratio(np.abs(self.gap), self.output)


def closed(columns: Columns, how: str, tolerance: float) -> tuple[Columns, list[str]]:
    """The same columns with every gap closed, and notes on what that changed.

    Parameters
    ----------
    columns : Columns
    how : {"error", "value_added", "output_tax", "intermediate_tax"}
        The account that takes up the gaps; ``error`` is value added too, of gaps up to
        `tolerance`.
    tolerance : float
    """
    c = columns
    c.axes.refuse((c.output <= 0) & (c.inputs + c.factor_cost > 0),
                  "sector {cell} has costs but delivers nothing", "intermediate", "sj",
                  allowed="a positive row, a zero column, or balance='leontief'")  # fmt: skip
    over = c.share > tolerance
    cell, ways = largest_cell(c.share), " / ".join(f"'{option}'" for option in BALANCES[1:])
    refuse_if(
        how == "error" and over.any(),
        f"cost and output differ in {int(over.sum())} sectors, most in "
        f"{c.axes.label('sj', cell)}: output net of tax is "
        f"{c.output[cell] * (1 - c.output_tax[cell]):.6g}, cost "
        f"{c.inputs[cell] + c.factor_cost[cell]:.6g}", key="balance", value=float(c.share[cell]),
        allowed=f"gaps up to tolerance={tolerance:g} of output, or balance={ways}",
    )  # fmt: skip
    if how == "output_tax":
        result = _into_output_tax(c, np.ones_like(c.gap, dtype=bool))
    elif how == "intermediate_tax":
        result = _into_intermediate_tax(c)
    else:
        result = _into_value_added(c, strict=how == "value_added")
    worst = float(c.share.max(initial=0.0))
    if worst <= WORTH_SAYING:
        return result, []
    account = "value added" if how == "error" else how.replace("_", " ")
    return result, [
        f"Gaps between cost and output, up to {worst:.2g} of a sector's output, were put "
        f"into {account}."
    ]


def _into_value_added(c: Columns, strict: bool) -> Columns:
    wanted = c.factor_cost + c.gap
    # Rounding of a sector without factors is nobody's income.
    wanted = np.where(np.abs(wanted) <= 1e-13 * c.output, 0.0, wanted)
    low = wanted < 0
    if strict:
        c.axes.refuse(low, "inputs of {cell} cost more than its output: value added would be "
                      f"negative in {int(low.sum())} sectors", "value_added", "sj", wanted,
                      "balance='output_tax' or 'leontief'")  # fmt: skip
    regional = c.payments.sum(axis=1, keepdims=True)
    spread = np.where(regional.sum(axis=2, keepdims=True) > 0, regional, 1.0)
    base = np.where((c.factor_cost > 0)[..., None], c.payments, spread)
    cost = (base * (1 + c.factor_tax)).sum(axis=2)
    payments = base * (np.maximum(wanted, 0.0) / cost)[..., None]
    # A gap that is more than a sector's value added becomes output tax.
    payments = np.where(low[..., None], c.payments, payments)
    taxed = _into_output_tax(c, low) if low.any() else c
    return replace(taxed, payments=payments)


def _into_output_tax(c: Columns, where: Bools) -> Columns:
    cost = c.inputs + c.factor_cost
    taxed = where & (c.output > 0)
    c.axes.refuse(taxed & (cost <= 0), "sector {cell} delivers but has no costs", "value_added",
                  "sj", allowed="a column with costs, or balance='value_added'")  # fmt: skip
    rate = 1 - ratio(cost, c.output, 1.0)
    return replace(c, output_tax=np.where(taxed, rate, c.output_tax))


def _into_intermediate_tax(c: Columns) -> Columns:
    bought = c.purchases.sum(axis=1)
    c.axes.refuse((bought <= 0) & (c.share > 1e-12),
                  "sector {cell} buys nothing that a tax could lie on", "intermediate", "sj",
                  allowed="balance='value_added' or 'output_tax'")  # fmt: skip
    rate = c.intermediate_tax + ratio(c.gap, bought)[:, None, :]
    c.axes.refuse(np.any(rate <= -1, axis=1), "value added of {cell} exceeds its output: the tax "
                  "would be a subsidy of all its inputs", "value_added", "sj",
                  allowed="balance='value_added', 'output_tax' or 'leontief'")  # fmt: skip
    return replace(c, intermediate_tax=rate)


def leontief_scale(columns: Columns, z: Array, f: Array) -> tuple[Array, list[str]]:
    """Factor (s, j) on each column at which rows equal columns, and notes.

    Cost shares of the columns and final demand are kept: output x solves
    x = A x + f with A the deliveries at basic prices per unit of the column's own
    output, its cost over one less output tax.

    Parameters
    ----------
    columns : Columns
    z : ndarray (r, i, s, j)
        Deliveries to sectors at basic prices.
    f : ndarray (r, i, s, d)
        Deliveries to final agents.
    """
    c, shape = columns, columns.output.shape
    n = columns.output.size
    base = ((c.inputs + c.factor_cost) / (1 - c.output_tax)).reshape(n)
    demand = f.sum(axis=(2, 3)).reshape(n)
    coefficients = ratio(z.reshape(n, n), base)
    try:
        output = np.linalg.solve(np.eye(n) - coefficients, demand)
    except np.linalg.LinAlgError:
        output = np.full(n, np.nan)
    productive = (output > -1e-9 * np.nanmax(np.abs(output), initial=0.0)).all()
    refuse_if(not productive, "the columns' cost shares are not productive: no output meets "
              "final demand", key="balance", value="leontief",
              allowed="columns whose inputs cost less than the output")  # fmt: skip
    rows = c.output.reshape(n)
    output = np.where(rows > 0, np.maximum(output, 0.0), 0.0)
    c.axes.refuse(((base <= 0) & (output > 0)).reshape(shape),
                  "sector {cell} delivers but has no costs", "value_added", "sj",
                  allowed="a column with costs")  # fmt: skip
    change = np.abs(output - rows)
    moved = change.sum() / rows.sum()
    worst = largest_cell(np.where(rows > 1e-6 * rows.sum(), change, 0.0).reshape(shape))
    note = (
        f"Rows and columns were balanced at given cost shares and final demand: "
        f"{moved:.2%} of world output moved, most in {c.axes.label('sj', worst)}."
    )
    return ratio(output, base).reshape(shape), [note] if moved > WORTH_SAYING else []
