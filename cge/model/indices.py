"""Index numbers and money measures made of outcomes.

Each is a formula in the outcomes of one region, at the solution and in the benchmark, written
so that it also works on complex numbers: gradients then need no second statement of it
(complex step).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
Formula = Callable[[Values, Values], Any]

#: Lines of the register (:mod:`cge.model.quantities`).
INDEX_LINES = """
equivalent_variation | s | percent of benchmark absorption | index | 1 | itself | mean absorption_value | Welfare (EV) | equivalent variation of the regional agent (household, government and investment, or saving)
equivalent_variation_value | s | money | index | 1 | itself | sum | Welfare (EV) | equivalent variation at benchmark prices
real_gdp             | s | percent change | index | 1 | itself | mean gdp     | Real GDP | GDP volume, Fisher index of its expenditure side
gdp_deflator         | s | percent change | index | 1 | itself |              | GDP deflator | GDP price, Fisher index, numeraire = 1
terms_of_trade       | s | percent change | index | 1 | itself |              |  | Fisher price index of exports over that of imports, both fob
export_volume_change | s | percent change | index | 1 | itself | mean exports | Export volume | exports at benchmark fob prices
import_volume_change | s | percent change | index | 1 | itself | mean imports | Import volume | imports at benchmark fob prices
"""


@dataclass(frozen=True)
class Index:
    """Formula of an index, ``formula(outcomes, benchmark_outcomes)``, and the outcomes it reads."""

    inputs: tuple[str, ...]
    formula: Formula


def _fisher(o: Values, b: Values, value: str, volume: str, revalued: str) -> tuple[Any, Any]:
    """Fisher (price, quantity) indices of a value and its two revaluations."""
    now, then, at_old_prices, at_new_prices = o[value], b[value], o[volume], o[revalued]
    price = (at_new_prices / then * now / at_old_prices) ** 0.5
    quantity = (at_old_prices / then * now / at_new_prices) ** 0.5
    return price, quantity


_GDP = ("gdp", "gdp_volume", "gdp_revalued")
_EXPORTS = ("exports", "export_volume", "exports_revalued")
_IMPORTS = ("imports", "import_volume", "imports_revalued")


def _terms_of_trade(o: Values, b: Values) -> Any:
    return 100 * (_fisher(o, b, *_EXPORTS)[0] / _fisher(o, b, *_IMPORTS)[0] - 1)


INDEX_FORMULAS: Mapping[str, Index] = {
    "equivalent_variation": Index(
        ("welfare",), lambda o, b: 100 * (o["welfare"] / b["welfare"] - 1)
    ),
    "equivalent_variation_value": Index(
        ("welfare", "absorption_value"),
        lambda o, b: b["absorption_value"] * (o["welfare"] / b["welfare"] - 1),
    ),
    "real_gdp": Index(_GDP, lambda o, b: 100 * (_fisher(o, b, *_GDP)[1] - 1)),
    "gdp_deflator": Index(_GDP, lambda o, b: 100 * (_fisher(o, b, *_GDP)[0] - 1)),
    "terms_of_trade": Index((*_EXPORTS, *_IMPORTS), _terms_of_trade),
    "export_volume_change": Index(
        ("export_volume",), lambda o, b: 100 * (o["export_volume"] / b["export_volume"] - 1)
    ),
    "import_volume_change": Index(
        ("import_volume",), lambda o, b: 100 * (o["import_volume"] / b["import_volume"] - 1)
    ),
}
