"""Index numbers and money measures made of outcomes.

Each is a formula in the outcomes of one region, at the solution and in the
benchmark, written so that it also works on complex numbers: gradients then need no
second statement of it (complex step).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
Formula = Callable[[Values, Values], Any]


@dataclass(frozen=True)
class Measure:
    """Name, unit, meaning and formula of a regional measure.

    Parameters
    ----------
    inputs : tuple of str
        Outcomes, all by region, that the formula reads.
    formula : callable
        ``formula(outcomes, benchmark_outcomes)``.
    """

    name: str
    unit: str
    meaning: str
    inputs: tuple[str, ...]
    formula: Formula


def _fisher(volume: Any, revalued: Any, value: Any, value0: Any) -> tuple[Any, Any]:
    """Return Fisher (price, quantity) indices from a value and its two revaluations."""
    price = (revalued / value0 * value / volume) ** 0.5
    quantity = (volume / value0 * value / revalued) ** 0.5
    return price, quantity


def _real_gdp(o: Values, b: Values) -> Any:
    return 100 * (_fisher(o["gdp_volume"], o["gdp_revalued"], o["gdp"], b["gdp"])[1] - 1)


def _gdp_deflator(o: Values, b: Values) -> Any:
    return 100 * (_fisher(o["gdp_volume"], o["gdp_revalued"], o["gdp"], b["gdp"])[0] - 1)


def _terms_of_trade(o: Values, b: Values) -> Any:
    exports = _fisher(o["export_volume"], o["exports_revalued"], o["exports"], b["exports"])[0]
    imports = _fisher(o["import_volume"], o["imports_revalued"], o["imports"], b["imports"])[0]
    return 100 * (exports / imports - 1)


def _volume(outcome: str) -> Formula:
    return lambda o, b: 100 * (o[outcome] / b[outcome] - 1)


MEASURES: tuple[Measure, ...] = (
    Measure(
        "equivalent_variation", "percent of benchmark absorption",
        "welfare change: equivalent variation of the regional agent",
        ("welfare",), lambda o, b: 100 * (o["welfare"] / b["welfare"] - 1),
    ),
    Measure(
        "equivalent_variation_value", "value",
        "welfare change at benchmark prices",
        ("welfare", "absorption_value"),
        lambda o, b: b["absorption_value"] * (o["welfare"] / b["welfare"] - 1),
    ),
    Measure(
        "real_gdp", "percent change", "GDP volume, Fisher index of its expenditure side",
        ("gdp", "gdp_volume", "gdp_revalued"), _real_gdp,
    ),
    Measure(
        "gdp_deflator", "percent change", "GDP price, Fisher index, numeraire = 1",
        ("gdp", "gdp_volume", "gdp_revalued"), _gdp_deflator,
    ),
    Measure(
        "terms_of_trade", "percent change",
        "Fisher price index of exports over that of imports, both fob",
        ("exports", "export_volume", "exports_revalued",
         "imports", "import_volume", "imports_revalued"), _terms_of_trade,
    ),
    Measure(
        "export_volume_change", "percent change", "exports at benchmark fob prices",
        ("export_volume",), _volume("export_volume"),
    ),
    Measure(
        "import_volume_change", "percent change", "imports at benchmark fob prices",
        ("import_volume",), _volume("import_volume"),
    ),
)  # fmt: skip
