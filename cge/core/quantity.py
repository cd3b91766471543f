"""The schema of every quantity that the model, or what is made of it, knows.

A quantity is one line of a table, beside the equation or the formula that makes it. Results,
tables, figures, units, the world's figures and the documentation follow from the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

#: Unit of what is money, to be replaced by the benchmark's.
MONEY = "money"
#: Units that are relative changes or shares of something, in hundredths.
PERCENT = "percent"

_KINDS = ("endogenous", "exogenous", "outcome", "index", "indicator", "statistic")
_CHANGES = ("percent", "difference", "itself", "none")
_REPORTED = ("1", "2", "3", "moved", "state", "-")


@dataclass(frozen=True)
class Quantity:
    """One quantity.

    Parameters
    ----------
    name : str
    axes : str
        Letters of its axes: r region of origin, s region, i sector, j sector that uses, f
        factor, d final agent, u use class; empty for a single number.
    unit : str
        ``money`` stands for the benchmark's.
    kind : str
        Of `_KINDS`: a variable that is solved for or given, an outcome of the equations, an
        index of outcomes, an indicator computed from a solution, a statistic of many.
    reported : str
        Detail at which results hold it: 1 always, 2 by sector, 3 by route and the like,
        ``moved`` where it is not at its benchmark, ``state`` likewise but not on a path, of
        whose state it is, ``-`` never.
    change : str
        How it is compared with the benchmark: in per cent, as a difference, not at all
        (``none``), or it is a change already (``itself``).
    world : str
        How the world's figure follows: ``sum``, ``mean X`` with the benchmark's X as weights, or
        empty where it has no meaning.
    title : str
        Heading in tables.
    meaning : str
        One line of documentation.
    """

    name: str
    axes: str
    unit: str
    kind: str
    reported: str
    change: str
    world: str
    title: str
    meaning: str

    def __post_init__(self) -> None:
        for field, known in (("kind", _KINDS), ("change", _CHANGES), ("reported", _REPORTED)):
            if getattr(self, field) not in known:
                raise ValueError(f"{self.name}: {field} is none of {known}")

    def unit_in(self, money: str) -> str:
        """Unit in terms of a benchmark's money."""
        return money if self.unit == MONEY else self.unit


def read_lines(table: str) -> dict[str, Quantity]:
    """Quantities of a text table.

    Parameters
    ----------
    table : str
        One quantity a line, fields in the order of :class:`Quantity` between bars; an empty
        title is made of the name.
    """
    found = []
    for line in table.strip().splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != len(fields(Quantity)):
            raise ValueError(f"{len(parts)} fields in the line of {parts[0]}")
        parts[7] = parts[7] or parts[0].replace("_", " ").capitalize()
        found.append({parts[0]: Quantity(*parts)})
    return merged(*found)


def merged(*tables: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """All quantities of some tables, each name once."""
    found: dict[str, Quantity] = {}
    for table in tables:
        for name, quantity in table.items():
            if name in found:
                raise ValueError(f"the quantity {name} is declared twice")
            found[name] = quantity
    return found
