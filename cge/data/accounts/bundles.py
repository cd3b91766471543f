"""Imports that users buy as one bundle, what they pay on it, and what carries it.

A use class may take its imports from another class: of each commodity it then has two sources, the
routes of its own (as a rule the one from home) and the composite of the class that is its bundle.
So there are two levels of choice with an elasticity each, and what all users import of a good has
the same origins, as in GTAP. A class that is a bundle is on the border: what it delivers within a
region is trade between parts of the region, with tariffs of its own, and no home delivery.

Transport between regions is bought from a class too, whose composites are made of services of all
regions: a route of goods buys them in fixed proportion to what it carries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array, Axes, Bools, Integers, ratio
from cge.core.errors import check_known, refuse_if
from cge.core.identity import digest

#: Axis letters of the arrays.
LETTERS: Mapping[str, str] = {"purchases": "uis", "tax": "uis", "transport": "risj"}


@dataclass(frozen=True, eq=False)
class Bundles:
    """Which use classes buy imports from which, and transport from which.

    Parameters
    ----------
    source : tuple of str
        By use class, the class that is its bundle of imports; empty where it has none.
    purchases : ndarray (u, i, s)
        What a class buys of its bundle, without the tax on it.
    tax : ndarray (u, i, s)
        Tax of the class on that, a fraction.
    carrier : str
        Class of transport services; empty where there are none.
    transport : ndarray (r, i, s, j)
        Services of sector `j` on a route, a fraction of what goods are worth at the exporter's
        border; for all classes, but not on home deliveries.
    """

    source: tuple[str, ...]
    purchases: Array
    tax: Array
    carrier: str
    transport: Array

    @classmethod
    def none(cls, axes: Axes) -> Bundles:
        """No class buys from another, and nothing is carried."""
        zero = np.zeros(axes.shape("uis"))
        return cls(("",) * len(axes.use_classes), zero, zero, "", np.zeros(axes.shape("risj")))

    def checked(self, axes: Axes) -> Bundles:
        """The same with read-only arrays of the right shapes.

        Raises
        ------
        InputError
            For a class that is not there, has a bundle and is one, or an array that does not fit.
        """
        classes, source = axes.use_classes, tuple(map(str, self.source))
        refuse_if(len(source) != len(classes), "one bundle, or none, for each use class is needed",
                  key="bundles.source", value=source, allowed=classes)  # fmt: skip
        check_known([one for one in (*source, self.carrier) if one], classes, "no such use class",
                    key="bundles")  # fmt: skip
        border = {*source, self.carrier} - {""}
        deep = [one for one, own in zip(classes, source) if own and one in border]
        refuse_if(deep, "a class that others buy from has no bundle itself", key="bundles.source",
                  value=deep)  # fmt: skip
        arrays: dict[str, Any] = {name: axes.checked(f"bundles.{name}", getattr(self, name), own)
                                  for name, own in LETTERS.items()}  # fmt: skip
        made = replace(self, source=source, **arrays)
        for name, low in (("purchases", 0.0), ("transport", 0.0), ("tax", -1.0)):
            array = arrays[name]
            bad = array <= low if name == "tax" else array < low
            axes.refuse(bad, "value at {cell} is too low", f"bundles.{name}", LETTERS[name], array,
                        "a fraction above -1" if name == "tax" else "values >= 0")  # fmt: skip
        without = np.array([not one for one in source])[:, None, None]
        axes.refuse(without & (made.purchases > 0), "class of {cell} has no bundle",
                    "bundles.purchases", "uis", made.purchases, "0 there")  # fmt: skip
        refuse_if(not self.carrier and made.transport.any(), "transport needs a class of services",
                  key="bundles.carrier")  # fmt: skip
        return made

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything."""
        return digest(*(getattr(self, one.name) for one in fields(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, one.name) for one in fields(self))

    def places(self, classes: Sequence[str]) -> Integers:
        """Place of the bundle of each class, -1 where it has none."""
        return np.array([classes.index(one) if one else -1 for one in self.source])

    def on_border(self, classes: Sequence[str]) -> Bools:
        """Which classes buy across borders alone, also those between parts of a region."""
        return np.array([one and one in {*self.source, self.carrier} for one in classes], bool)

    def goods(self, deliveries: Array, classes: Sequence[str]) -> Array:
        """Deliveries but those of transport services, (u, r, i, s)."""
        return deliveries * np.array([one != self.carrier for one in classes])[:, None, None, None]

    def carried(self, fob: Array, classes: Sequence[str]) -> Array:
        """Value of the transport of goods worth `fob` at the exporter's border, (u, r, i, s)."""
        if not self.carrier:
            return np.zeros_like(fob)
        value = self.goods(fob, classes) * self.transport.sum(axis=3)
        return np.where(crossing(self.on_border(classes), fob.shape[1]), value, 0.0)

    def services(self, fob: Array, classes: Sequence[str]) -> Array:
        """Transport services of sector j that carry goods to a region, (i, s, j)."""
        moved = np.where(self.carried(fob, classes) > 0, fob, 0.0).sum(axis=0)
        return np.asarray(np.einsum("ris,risj->isj", moved, self.transport))

    def bought(self, fob: Array, classes: Sequence[str]) -> Array:
        """What classes that others buy from deliver to these, (u, i, s)."""
        use = np.zeros_like(self.purchases)
        for u, source in enumerate(self.places(classes)):
            if source >= 0:
                use[source] += self.purchases[u]
        if self.carrier:
            use[list(classes).index(self.carrier)] += self.services(fob, classes).sum(axis=0).T
        return use


def crossing(border: Bools, regions: int) -> Bools:
    """Which deliveries cross a border, (u, r, 1, s)."""
    abroad = ~np.eye(regions, dtype=bool)[:, None, :]
    return np.asarray(border[:, None, None, None] | abroad)


def through_bundles(bundles: Bundles, classes: Sequence[str], delivered: Array, bought: Array,
                    paid: Array) -> Array:  # fmt: skip
    """Deliveries to the classes that use them, those of bundles shared out among their buyers.

    Parameters
    ----------
    bundles : Bundles
    classes : sequence of str
    delivered : ndarray (u, r, i, s)
        To the classes that buy from origins.
    bought : ndarray (u, i, s)
        What a class buys of its bundle.
    paid : ndarray (u, i, s)
        What is spent on the composites of a class.

    Returns
    -------
    ndarray (u, r, i, s)
        Nothing for bundles themselves; services of transport stay with their own class.
    """
    result = delivered.copy()
    places = bundles.places(classes)
    for u, source in enumerate(places):
        if source >= 0:
            result[u] += ratio(bought[u], paid[source])[None] * delivered[source]
    result[np.unique(places[places >= 0])] = 0.0
    return result
