"""Policy instruments as an economist writes them, and what they are in the model.

This is the one place where rates become powers. A rate is a fraction, never per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Instrument:
    """One instrument.

    Parameters
    ----------
    variable : str
        The exogenous variable of the model it moves.
    keys : tuple of str
        Selectors a scenario may use, in the order of `axes`.
    axes : str
        Axis letters of those selectors.
    base : str
        What the rate is a fraction of.
    to_power, to_rate : callable
        Conversion between the rate and the variable's level.
    domestic : {"no", "only", "both"}
        Whether it applies where exporter and importer are one region.
    fiscal : {"receipts", "outlay", "none"}
        What a positive rate brings the region that sets it.
    owner : str
        Selector of that region.
    fixed : mapping
        Axes that the instrument does not leave open, and their code.
    """

    variable: str
    keys: tuple[str, ...]
    axes: str
    base: str
    to_power: Callable[[Array], Array]
    to_rate: Callable[[Array], Array]
    domestic: str = "both"
    fiscal: str = "receipts"
    owner: str = "region"
    fixed: Mapping[str, str] = field(default_factory=dict)


def _plus(rate: Array) -> Array:
    return 1.0 + rate


def _minus(rate: Array) -> Array:
    return 1.0 - rate


def _less_one(power: Array) -> Array:
    return power - 1.0


def _one_less(power: Array) -> Array:
    return 1.0 - power


#: The instrument that is a quantity, not a rate: it has a size of its own.
QUOTA = "quota"

_TRADE = ("use", "exporter", "sector", "importer")
_SECTOR = ("region", "sector")

INSTRUMENTS: Mapping[str, Instrument] = {
    "tariff": Instrument(
        "tariff", _TRADE, "uris", "fob value", _plus, _less_one, domestic="no", owner="importer"
    ),
    "export_tax": Instrument(
        "export_tax", _TRADE, "uris", "basic price", _plus, _less_one, domestic="no",
        owner="exporter",
    ),
    "trade_cost": Instrument(
        "trade_cost", _TRADE, "uris", "quantity shipped (iceberg)", _plus, _less_one, domestic="no",
        fiscal="none", owner="importer",
    ),
    QUOTA: Instrument(
        "tariff", _TRADE, "uris", "benchmark volume", _plus, _less_one, domestic="no",
        fiscal="none", owner="importer",
    ),
    "domestic_purchase_subsidy": Instrument(
        "tariff", _TRADE, "uris", "value of the domestic variety", _minus, _one_less,
        domestic="only", fiscal="outlay", owner="importer",
    ),
    "output_tax": Instrument(
        "net_of_output_tax", _SECTOR, "sj", "basic value of output", _minus, _one_less
    ),
    "output_subsidy": Instrument(
        "net_of_output_tax", _SECTOR, "sj", "basic value of output", _plus, _less_one,
        fiscal="outlay",
    ),
    "intermediate_tax": Instrument(
        "intermediate_tax", ("region", "sector", "buyer"), "sij", "market value of inputs",
        _plus, _less_one,
    ),
    "final_tax": Instrument(
        "final_tax", ("region", "agent", "sector"), "sdi", "market value of final use",
        _plus, _less_one,
    ),
    "factor_tax": Instrument(
        "factor_tax", ("region", "sector", "factor"), "sjf", "factor income", _plus, _less_one
    ),
    "factor_subsidy": Instrument(
        "factor_tax", ("region", "sector", "factor"), "sjf", "factor income", _minus, _one_less,
        fiscal="outlay",
    ),
    "capital_subsidy": Instrument(
        "factor_tax", _SECTOR, "sj", "capital income", _minus, _one_less, fiscal="outlay",
        fixed={"f": "CAP"},
    ),
    "productivity": Instrument(
        "productivity", _SECTOR, "sj", "output per unit of inputs", _plus, _less_one, fiscal="none"
    ),
    "factor_supply": Instrument(
        "factor_supply", ("region", "factor"), "sf", "endowment", _plus, _less_one, fiscal="none"
    ),
}  # fmt: skip
