"""Policy instruments as an economist writes them, and the variables of the model they move.

This is the one place where rates become powers. A rate is a fraction, never per cent. A new
instrument is one entry; one that moves a new wedge (:mod:`cge.model.wedges`) needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cge.core.axes import Array
from cge.core.rate_bounds import POWERS
from cge.model.quantities import VARIABLES
from cge.model.wedges import WEDGES


@dataclass(frozen=True)
class Instrument:
    """One instrument.

    Parameters
    ----------
    variable : str
        The exogenous variable of the model it moves.
    base : str
        What the rate is a fraction of.
    sign : {1, -1}
        Level of the variable: 1 + sign * rate.
    domestic : {"no", "only", "both"}
        Whether it applies where exporter and importer are one region.
    fiscal : {"receipts", "outlay", "none"}
        What a positive rate brings the region that sets it.
    fixed : mapping
        Axes that the instrument does not leave open, and their code.
    words : mapping
        Selectors of axes, where they are others than usual.
    """

    variable: str
    base: str
    sign: int = 1
    domestic: str = "both"
    fiscal: str = "receipts"
    fixed: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def axes(self) -> str:
        """Letters of the axes that are left open."""
        return "".join(a for a in VARIABLES[self.variable].axes if a not in self.fixed)

    @property
    def keys(self) -> tuple[str, ...]:
        """Selectors that a scenario may use, in the order of `axes`."""
        every = VARIABLES[self.variable].axes
        words = {
            "u": "use", "r": "exporter", "s": "importer" if "r" in every else "region",
            "i": "sector", "j": "buyer" if "i" in every else "sector", "d": "agent",
            "f": "factor", **self.words,
        }  # fmt: skip
        return tuple(words[axis] for axis in self.axes)

    @property
    def owner(self) -> str:
        """Selector of the region that sets it."""
        wedge = WEDGES.get(self.variable)
        if wedge is not None and wedge.collector == "r":
            return "exporter"
        return "importer" if "importer" in self.keys else "region"

    @property
    def is_power(self) -> bool:
        """Whether its level is one plus, or minus, the rate of a tax, subsidy or cost."""
        return VARIABLES[self.variable].unit in POWERS

    def to_power(self, rate: Array) -> Array:
        """Levels of the variable at rates."""
        return 1.0 + rate if self.sign > 0 else 1.0 - rate

    def to_rate(self, power: Array) -> Array:
        """Rates at levels of the variable."""
        return power - 1.0 if self.sign > 0 else 1.0 - power


#: The instrument that changes what is owned abroad.
OWNERSHIP = "foreign_ownership"
#: The instrument that is a quantity, not a rate: it has a size of its own.
QUOTA = "quota"

_DECLARED: Mapping[str, Instrument] = {
    "tariff": Instrument("tariff", "fob value", domestic="no"),
    "export_tax": Instrument("export_tax", "basic price", domestic="no"),
    "trade_cost": Instrument("trade_cost", "quantity shipped (iceberg)", domestic="no",
                             fiscal="none"),
    QUOTA: Instrument("tariff", "benchmark volume", domestic="no", fiscal="none"),
    "foreign_input_tax": Instrument("tariff", "fob value of inputs", domestic="no",
                                    fixed={"u": "int"}),
    "domestic_purchase_subsidy": Instrument("tariff", "value of the domestic variety", -1, "only",
                                            "outlay"),
    "output_tax": Instrument("net_of_output_tax", "basic value of output", -1),
    "output_subsidy": Instrument("net_of_output_tax", "basic value of output", fiscal="outlay"),
    "factor_subsidy": Instrument("factor_tax", "factor income", -1, fiscal="outlay"),
    "capital_subsidy": Instrument("factor_tax", "capital income", -1, fiscal="outlay",
                                  fixed={"f": "CAP"}),
    "productivity": Instrument("productivity", "output per unit of inputs", fiscal="none"),
    "factor_supply": Instrument("factor_supply", "endowment", fiscal="none"),
    OWNERSHIP: Instrument("not_owned", "income of capital", -1, fiscal="none",
                          words={"r": "owner", "s": "region"}),
}  # fmt: skip
#: Every instrument by name; a wedge that none of those above is called after has one of its own.
INSTRUMENTS: Mapping[str, Instrument] = {
    **_DECLARED,
    **{
        name: Instrument(name, wedge.base_words)
        for name, wedge in WEDGES.items()
        if name not in _DECLARED and wedge.sign > 0
    },
}
