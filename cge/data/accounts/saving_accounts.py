"""Saving and investment apart: a region saves, and the world's saving is invested where it may be.

Without this a region's investment is final demand that it pays for itself, beside a given transfer.
With it a region spends its income net of depreciation on consumption and on saving, a bank puts all
saving into regional investment, and the balance of trade follows: the regional household and the
global bank of GTAP (Hertel 1997; McDougall 2003; Corong and others 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array, Axes
from cge.core.errors import check_known, refuse_if
from cge.core.identity import digest

#: Axis letters of the arrays of figures.
LETTERS: Mapping[str, str] = {
    **dict.fromkeys(("net", "depreciation", "capital", "earnings", "flexibility"), "s"),
    "income_tax": "sjf",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Saving:
    """What regions save, and what is known of their capital.

    Parameters
    ----------
    net, depreciation : ndarray (s,)
        Saving net of depreciation, and depreciation, a year.
    capital, earnings : ndarray (s,)
        Capital at the beginning of the year, and what it earns after income tax.
    flexibility : ndarray (s,)
        How many per cent the expected rate of return falls if there is one per cent more capital at
        the end of the year (RORFLEX).
    equal_returns : bool
        Whether investment goes where expected rates of return rise or fall alike in all regions;
        else the world's net investment keeps its composition (RORDELTA 1 and 0).
    agent : str
        Final agent that invests.
    income_tax : ndarray (s, j, f), optional
        What of a factor's income in a sector is income tax, a share; nothing unless it is given. It
        is part of that income, and told apart in what GTAP prints of welfare alone.
    """

    net: Array
    depreciation: Array
    capital: Array
    earnings: Array
    flexibility: Array
    equal_returns: bool
    agent: str
    income_tax: Array | None = None

    def checked(self, axes: Axes, invested: Array, income: Array) -> Saving:
        """The same with read-only arrays of the right shapes.

        Parameters
        ----------
        axes : Axes
        invested : ndarray (s, d)
            Final demand by agent at user prices.
        income : ndarray (s,)
            Of the region, net of depreciation.

        Raises
        ------
        InputError
            If there is no such agent, or a figure can not be.
        """
        check_known([self.agent], axes.agents, "no such agent", key="saving.agent")
        given = {name: getattr(self, name) for name in LETTERS}
        if self.income_tax is None:
            given["income_tax"] = np.zeros(axes.shape("sjf"))
        arrays: dict[str, Any] = {name: axes.checked(f"saving.{name}", given[name], letters)
                                  for name, letters in LETTERS.items()}  # fmt: skip
        made = replace(self, **arrays)
        own = invested[:, axes.agents.index(self.agent)]
        for name, bad, allowed in (
            ("depreciation", made.depreciation <= 0, "above 0"),
            ("capital", made.capital <= made.depreciation, "more than depreciation"),
            ("earnings", made.earnings <= made.depreciation, "more than depreciation"),
            ("flexibility", made.flexibility < 0, "0 or more"),
            ("agent", own <= 0, "an agent who invests in every region"),
            ("net", income <= 0, "regions with an income net of depreciation"),
        ):
            axes.refuse(bad, "{cell} has another value", f"saving.{name}", "s",
                        getattr(made, name) if name != "agent" else own, allowed)  # fmt: skip
        return made

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything."""
        return digest(*(getattr(self, one.name) for one in fields(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, one.name) for one in fields(self))

    def inflow(self, invested: Array, agents: tuple[str, ...]) -> Array:
        """Investment that saving from abroad pays for, (s,).

        Parameters
        ----------
        invested : ndarray (s, d)
        agents : tuple of str
        """
        own = invested[:, agents.index(self.agent)] - self.depreciation
        refuse_if(own.sum() <= 0, "the world invests less than its capital depreciates",
                  key="saving.depreciation")  # fmt: skip
        return np.asarray(own - self.net)
