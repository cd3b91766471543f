"""Every quantity that stands in results, wherever it is made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cge.core.errors import InputError
from cge.core.quantities import Quantity, merged
from cge.indicators.catalogue import INDICATOR_QUANTITIES
from cge.model.quantities import QUANTITIES
from cge.resilience.measures import RESILIENCE_QUANTITIES
from cge.uncertainty.uncertain_parameters import UNCERTAINTY_QUANTITIES

#: Headings of one item of a quantity.
_OF_ITEM: Mapping[str, str] = {
    "consumer_real_return[LAB]": "Real wage",
    "factor_supply[LAB]": "Employment",
    "factor_return[LAB]": "Wage",
}


@lru_cache(maxsize=1)
def register() -> Mapping[str, Quantity]:
    """All quantities by name.

    A statistic of a quantity stands in results under the quantity's name, with the column
    ``statistic``: it has no line of its own.
    """
    return merged(
        QUANTITIES, INDICATOR_QUANTITIES, RESILIENCE_QUANTITIES, UNCERTAINTY_QUANTITIES
    )


def quantity(name: str) -> Quantity:
    """One quantity.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in register():
        raise InputError("unknown quantity", key="measure", value=name, allowed=list(register()))
    return register()[name]


def heading(measure: str) -> str:
    """Heading of a measure, or of one of its items: ``factor_return[LAB]``."""
    if measure in _OF_ITEM:
        return _OF_ITEM[measure]
    name, _, item = measure.removesuffix("]").partition("[")
    known = register().get(name)
    words = known.title if known else name.replace("_", " ").capitalize()
    return f"{words}, {item}" if item else words
