"""All indicators: those that the files of this room declare.

``INDICATORS`` of a file are computed from an economy, ``LINES`` are lines of the register of
what it computes from more than that.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from cge.core.quantities import Quantity, merged, read_lines
from cge.indicators.economy import Indicator


def _modules() -> tuple[ModuleType, ...]:
    names = sorted(info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(
        importlib.import_module(f"cge.indicators.{name}")
        for name in names
        if name != Path(__file__).stem
    )


_FOUND = _modules()
INDICATORS: tuple[Indicator, ...] = tuple(
    one for module in _FOUND for one in getattr(module, "INDICATORS", ())
)
#: Of all indicators, and of what is computed from more than one economy.
INDICATOR_QUANTITIES: Mapping[str, Quantity] = merged(
    *(one.quantities for one in INDICATORS),
    *(read_lines(module.LINES) for module in _FOUND if hasattr(module, "LINES")),
)
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(one.group for one in INDICATORS))
