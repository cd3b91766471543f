"""The rates of a benchmark at a glance: how large they go, where, and what they bring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.data.accounts.benchmark import LETTERS, RATES, Benchmark

#: Value on which each rate is levied, and the axis of the region that collects it.
_LEVIED = {
    "tariff": ("fob", "s"), "export_tax": ("flows", "r"),
    "intermediate_tax": ("intermediate", "s"), "final_tax": ("final", "s"),
    "factor_tax": ("factor_payments", "s"), "output_tax": ("output", "s"),
}  # fmt: skip


def rates_shown(benchmark: Benchmark) -> pd.DataFrame:
    """Largest and smallest rate of every tax of a benchmark, and revenue over GDP.

    A rate in per cent by mistake stands out here, where it is below what is refused
    (:data:`cge.core.rate_bounds.LARGEST_RATE`).

    Parameters
    ----------
    benchmark : Benchmark

    Returns
    -------
    DataFrame
        By tax, with cells of some value: ``largest %``, ``at`` (codes in the order of the axes),
        ``smallest %``, ``at``; ``revenue, % of GDP`` of the world, ``most in a region`` and
        ``region``. A tax that is nowhere has no row.
    """
    b, rows = benchmark, []
    for name in RATES:
        base_name, owner = _LEVIED[name]
        rate, base, letters = getattr(b, name), getattr(b, base_name), LETTERS[name]
        there = (base > 0) & (rate != 0)
        if not there.any():
            continue
        revenue = np.einsum(f"{letters}->{owner}", rate * base)
        share = 100 * revenue / b.gdp
        most = int(np.argmax(np.abs(share)))
        row: dict[str, object] = {"tax": name}
        for word, pick, empty in (("largest", np.argmax, -np.inf), ("smallest", np.argmin, np.inf)):
            flat = int(pick(np.where(there, rate, empty)))
            cell = tuple(int(k) for k in np.unravel_index(flat, rate.shape))
            row |= {f"{word} %": 100 * float(rate[cell]), f"{word} at": b.axes.label(letters, cell)}
        rows.append({
            **row, "revenue, % of GDP": 100 * float(revenue.sum() / b.gdp.sum()),
            "most in a region": float(share[most]), "region": b.regions[most],
        })  # fmt: skip
    return pd.DataFrame(rows)
