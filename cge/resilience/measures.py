"""Register of what a stress test measures."""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantities import Quantity, read_lines

RESILIENCE_QUANTITIES: Mapping[str, Quantity] = read_lines("""
loss | s | percent of real income | statistic | 1 | none | | Loss | part of real income that a disruption takes
""")
