"""The money unit of tables."""

from __future__ import annotations

from cge.data.accounts.benchmark import Benchmark


def money(benchmark: Benchmark) -> tuple[str, float]:
    """Return the money unit of a summary and what a figure is multiplied with to be in it."""
    if benchmark.unit.startswith("million "):
        return benchmark.unit.replace("million", "bn"), 1e-3
    return benchmark.unit, 1.0
