"""From a published table to one that balances exactly.

In order: inventories and negative cells, tiny cells, column caps, then the Leontief
rebalancing: input coefficients and final demand are kept, output and flows follow
from x = (I - A)^-1 f. Biproportional fitting is never used: it would bend the input
coefficients that the model is about. Every step reports what it changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cge.core.axes import Array, Bools, ratio
from cge.core.errors import InputError, refuse_if
from cge.core.threads import one_thread
from cge.data.accounts.world_table import WorldTable, filled_cells

#: Cells below this share of their column's total are set to zero.
TINY = 1e-7
#: Output below this share of the world's is none at all (rounding dust).
DEAD = 1e-10
#: Largest sum of input coefficients of a column.
COLUMN_CAP = 0.97
#: Value added may not fall below this share of output.
VALUE_ADDED_FLOOR = 0.01


@dataclass(frozen=True, eq=False)
class CleanTable:
    """A balanced table: non-negative cells, rows equal columns to rounding.

    Parameters
    ----------
    raw : WorldTable
        As it was read.
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, s, d)
    value_added : ndarray (s, j)
    product_tax : ndarray (s, j)
        Net product taxes and transport margins on intermediates, of either sign.
    report : DataFrame
        One row per step: ``step``, ``cells``, ``value``, ``share_of_total``, ``note``.
    filled : DataFrame
        Cells changed or filled by a rule.
    """

    raw: WorldTable
    intermediate: Array
    final: Array
    value_added: Array
    product_tax: Array
    report: pd.DataFrame
    filled: pd.DataFrame


def clean(table: WorldTable) -> CleanTable:
    """Clean and balance a table exactly.

    Raises
    ------
    InputError
        If the table is so far from productive that no balance exists.
    """
    steps: list[tuple[str, int, float, float, str]] = []
    filled = [table.filled]
    r, i = len(table.regions), len(table.sectors)
    n = r * i
    region, sector = np.repeat(table.regions, i), np.tile(table.sectors, r)
    z = np.array(table.intermediate).reshape(n, n)
    f = np.array(table.final)
    total = z.sum() + f.sum()

    def report(step: str, cells: int, value: float, note: str) -> None:
        steps.append((step, int(cells), float(value) + 0.0, float(value / total) + 0.0, note))

    def drop_negative(step: str, cells: Array, note: str = "negative cells set to zero") -> None:
        negative = np.minimum(cells, 0.0)
        report(step, (negative < 0).sum(), -negative.sum(), note)
        cells -= negative

    def drop_tiny(step: str, cells: Array, column: Array) -> None:
        tiny = (cells > 0) & (cells < TINY * column)
        report(step, tiny.sum(), cells[tiny].sum(), f"below {TINY:g} of the column: zero")
        cells[tiny] = 0.0

    def fill_share(cells: Bools, value: float | Array, rule: str) -> None:
        filled.append(filled_cells("value-added share", region[cells], sector[cells], value, rule))

    for agent in table.inventories:
        draw_downs = f[..., table.agents.index(agent)]
        drop_negative("inventories", draw_downs, "stock draw-downs set to zero")
    drop_negative("final demand", f)
    drop_negative("intermediates", z)
    drop_tiny("tiny intermediates", z, z.sum(axis=0))
    drop_tiny("tiny final demand", f, f.sum(axis=(0, 1)))

    output0 = table.output.reshape(n)
    alive = output0 > DEAD * output0.sum()
    dead_cost = z[:, ~alive].sum() + f.reshape(n, -1)[~alive].sum()
    report("zero sectors", (~alive).sum(), dead_cost, "no output: left out with their purchases")
    z[:, ~alive] = 0.0
    z[~alive] = 0.0
    f.reshape(n, -1)[~alive] = 0.0
    coefficients = np.divide(z, output0, out=np.zeros_like(z), where=alive)
    used = coefficients.sum(axis=0)
    over = used > COLUMN_CAP
    report("column caps", over.sum(), (output0 * (used - COLUMN_CAP))[over].sum(),
           f"input coefficients scaled to {COLUMN_CAP}")  # fmt: skip
    coefficients[:, over] *= COLUMN_CAP / used[over]
    used = coefficients.sum(axis=0)

    final_total = f.sum(axis=(2, 3)).reshape(n)
    try:
        output = one_thread(np.linalg.solve)(np.eye(n) - coefficients, final_total)
    except np.linalg.LinAlgError:
        raise InputError("the table's input coefficients are singular: no balance") from None
    at = int(np.argmin(output))
    refuse_if(output[at] < -1e-9 * output0.max(),
              "balancing gives a negative output: the table is not productive",
              key=f"{region[at]}, {sector[at]}", value=float(output[at]))  # fmt: skip
    output = np.maximum(output, 0.0)
    moved = np.abs(output - output0)
    large = output0 > 1e-6 * output0.sum()
    shift = np.where(large, moved / np.maximum(output0, 1e-300), 0.0)
    worst, at = float(shift.max()), int(shift.argmax())
    report("Leontief balance", (moved > 1e-9 * np.maximum(output0, 1.0)).sum(), moved.sum(),
           f"largest change of an output above 1e-6 of all: {worst:.1%} "
           f"({region[at]} {sector[at]})")  # fmt: skip

    share = ratio(table.value_added.reshape(n), output0)
    low = alive & (share < VALUE_ADDED_FLOOR)
    fill_share(low, VALUE_ADDED_FLOOR, "below_floor")
    raised = (np.maximum(VALUE_ADDED_FLOOR - share, 0) * output0)[low].sum()
    report("value added", low.sum(), raised, f"raised to {VALUE_ADDED_FLOOR:.0%} of output")
    share = np.where(low, VALUE_ADDED_FLOOR, share)
    # A column without inputs has nothing a product tax could lie on.
    share = np.where(alive & (used <= 0), 1.0, share)
    tax_share = np.where(alive, 1.0 - used - share, 0.0)
    # A subsidy of more than half the inputs' value is an error of the accounts, not a policy.
    deep = alive & (tax_share < -0.5 * used)
    fill_share(deep, (1 - 0.5 * used)[deep], "implied_subsidy_capped")
    report("implied subsidies", deep.sum(), (-(tax_share + 0.5 * used) * output0)[deep].sum(),
           "capped at half the inputs' value; value added lowered")  # fmt: skip
    tax_share = np.where(deep, -0.5 * used, tax_share)
    share = np.where(alive, 1.0 - used - tax_share, 0.0)

    flows = (coefficients * output).reshape(r, i, r, i)
    gap = np.abs(flows.reshape(n, n).sum(axis=1) + final_total - output)
    report("residual", 0, gap.sum(), f"largest row gap {gap.max() / output.max():.1e} of output")
    return CleanTable(
        raw=table, intermediate=flows, final=f,
        value_added=(share * output).reshape(r, i),
        product_tax=(tax_share * output).reshape(r, i),
        report=pd.DataFrame(steps, columns=["step", "cells", "value", "share_of_total", "note"]),
        filled=pd.concat([part for part in filled if len(part)] or filled, ignore_index=True),
    )  # fmt: skip
