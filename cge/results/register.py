"""Every quantity that stands in results, wherever it is made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from cge.backtest.backtest_measures import BACKTEST_QUANTITIES
from cge.core.errors import check_known
from cge.core.quantity import Quantity, merged
from cge.data.accounts.benchmark import Benchmark
from cge.frontier.frontier_measures import FRONTIER_QUANTITIES
from cge.game.game_measures import GAME_QUANTITIES
from cge.indicators.catalogue import INDICATOR_QUANTITIES
from cge.insurance.insurance_measures import INSURANCE_QUANTITIES
from cge.model.quantities import QUANTITIES
from cge.resilience.resilience_measures import RESILIENCE_QUANTITIES
from cge.results.collect import add_figures
from cge.results.row_schema import Rows
from cge.uncertainty.uncertain_parameters import UNCERTAINTY_QUANTITIES
from cge.uncertainty.verdicts import VERDICT_QUANTITIES

#: Headings of one item of a quantity.
_OF_ITEM: Mapping[str, str] = {
    "consumer_real_return[LAB]": "Real wage",
    "employment[LAB]": "Employment",
    "factor_return[LAB]": "Wage",
}


@lru_cache(maxsize=1)
def register() -> Mapping[str, Quantity]:
    """All quantities by name.

    A statistic of a quantity stands in results under the quantity's name, with the column
    ``statistic``: it has no line of its own.
    """
    return merged(
        QUANTITIES, INDICATOR_QUANTITIES, RESILIENCE_QUANTITIES, FRONTIER_QUANTITIES,
        GAME_QUANTITIES, INSURANCE_QUANTITIES, BACKTEST_QUANTITIES, UNCERTAINTY_QUANTITIES,
        VERDICT_QUANTITIES,
    )  # fmt: skip


def quantity(name: str) -> Quantity:
    """One quantity.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    check_known([name], register(), "unknown quantity", key="measure")
    return register()[name]


def add_known(
    rows: Rows, name: str, value: Any, b: Benchmark, start: Any = 0.0, unit: str = "",
    **columns: Any,
) -> None:  # fmt: skip
    """Add a quantity with the unit and the change that the register says.

    Parameters
    ----------
    rows : Rows
    name : str
    value : float or array_like (n,)
    b : Benchmark
        Whose money is meant.
    start : float or array_like (n,)
        What it is compared with.
    unit : str, optional
        In place of the register's.
    **columns
        As for :meth:`cge.results.row_schema.Rows.add`.
    """
    known = quantity(name)
    values = np.atleast_1d(np.asarray(value, dtype=float))
    then = np.broadcast_to(np.asarray(start, dtype=float), values.shape)
    add_figures(rows, known, unit or known.unit_in(b.unit), values, then, {}, columns)


def item_of(measure: str) -> tuple[str, str]:
    """Name and item of a measure that may name one: ``factor_return[LAB]``."""
    name, _, item = measure.removesuffix("]").partition("[")
    return name, item


def heading(measure: str) -> str:
    """Heading of a measure, or of one of its items: ``factor_return[LAB]``."""
    if measure in _OF_ITEM:
        return _OF_ITEM[measure]
    name, item = item_of(measure)
    known = register().get(name)
    words = known.title if known else name.replace("_", " ").capitalize()
    return f"{words}, {item}" if item else words
