"""All indicators: those that the files of this room declare.

``INDICATORS`` of a file are computed from an economy, ``LINES`` are lines of the register of
what it computes from more than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from cge.core.quantity import Quantity, merged, read_lines
from cge.indicators.economy import Indicator

_OTHERS = sorted({path.stem for path in Path(__file__).parent.glob("[a-z]*.py")} - {"catalogue"})
_FOUND = [import_module(f"cge.indicators.{name}") for name in _OTHERS]
INDICATORS: tuple[Indicator, ...] = tuple(
    one for module in _FOUND for one in getattr(module, "INDICATORS", ())
)
#: Of all indicators, and of what is computed from more than one economy.
INDICATOR_QUANTITIES: Mapping[str, Quantity] = merged(
    *(one.quantities for one in INDICATORS),
    *(read_lines(module.LINES) for module in _FOUND if hasattr(module, "LINES")),
)
