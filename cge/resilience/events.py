"""Events: from what a library says to regions, sectors and routes of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from cge.core.errors import InputError, refuse_if
from cge.core.fields import Codes
from cge.data.accounts.benchmark import Benchmark
from cge.data.library import EventEntry

Route = tuple[str, str]


@dataclass(frozen=True)
class Event:
    """One thing that happens, in codes of the benchmark.

    Parameters
    ----------
    type : {"supply", "ration", "demand", "cost", "factor", "knowledge"}
        ``supply``: capacity of regions and sectors times ``1 - size``. ``ration`` and
        ``demand``: volume of routes and sectors held at ``1 - size`` of the volume before, by
        the exporters' decision or by the importers'. ``cost``: the power of the trade cost of
        routes and sectors times ``1 + size``. ``factor``: supply of factors of regions times
        ``1 - size``. ``knowledge``: openness of routes, from source to learner, at ``size``
        where it is not lower.
    size : float
        A fraction.
    regions, sectors, factors : tuple of str
    routes : tuple of pairs of str
        From and to; never within a region.
    rents : str
        Of ``ration`` and ``demand``: who keeps the rent, ``importer``, ``exporter`` or ``lost``.
    """

    type: str
    size: float
    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    rents: str = ""

    def remaining(self, leakage: float) -> float:
        """Share of its volume that a rationed route keeps.

        Parameters
        ----------
        leakage : float
            The least that comes through, a fraction.
        """
        return max(1.0 - self.size, leakage)

    def roles(self) -> dict[str, tuple[str, ...]]:
        """Regions by the role they have: ``hit``, ``target``, ``source``."""
        start = tuple(dict.fromkeys(route[0] for route in self.routes))
        end = tuple(dict.fromkeys(route[1] for route in self.routes))
        if self.type == "demand":  # the market is closed to the exporter
            return {"target": start, "source": end}
        return {"hit": self.regions, "target": end, "source": start}


def resolved_codes(given: Codes, axis: str, benchmark: Benchmark, key: str) -> tuple[str, ...]:
    """Codes that a selector names, at least one.

    Raises
    ------
    UnknownCode
        For a name that is neither a code nor a group.
    InputError
        If there are none.
    """
    codes = tuple(benchmark.codes(axis, given, key))
    refuse_if(not codes, f"names no {axis}", key=key, value=given)
    return codes


def resolve(event: EventEntry, b: Benchmark, key: str) -> Event:
    """Event in codes of the benchmark.

    Raises
    ------
    UnknownCode
        For a name that is neither a code nor a group.
    InputError
        If it hits nothing.
    """
    kind, size = event.type, event.size

    def codes(word: str, axis: str) -> tuple[str, ...]:
        return resolved_codes(getattr(event, word), axis, b, f"{key}.{word}")

    if kind == "knowledge":
        routes = _routes(event, ("source", "learner"), b, key)
        back = [(end, start) for start, end in routes] if event.mutual else []
        return Event(kind, size, routes=tuple(dict.fromkeys((*routes, *back))))
    if kind == "factor":
        factors = codes("factor", "factors")
        return Event(kind, size, codes("region", "regions"), factors=factors)
    sectors = codes("sector", "sectors")
    if kind == "supply":
        return Event(kind, size, codes("region", "regions"), sectors)
    routes = _routes(event, ("exporter", "importer"), b, key)
    rents = "" if kind == "cost" else event.rents
    return Event(kind, size, sectors=sectors, routes=routes, rents=rents)


def _routes(event: EventEntry, words: tuple[str, str], b: Benchmark, key: str) -> tuple[Route, ...]:
    """Routes between regions that an event hits.

    An exception names countries, regions or groups; a route of the benchmark is excepted if
    all pairs of countries at its two ends are, so that an aggregate is never half excepted.
    """
    starts, stops = (
        resolved_codes(getattr(event, word), "regions", b, f"{key}.{word}") for word in words
    )

    def pairs(ends: Sequence[str]) -> set[frozenset[str]]:
        return set(map(frozenset, product(*(countries_of(one, b) for one in ends))))

    excepted = set[frozenset[str]]().union(*map(pairs, event.except_))
    routes = tuple(
        ends
        for ends in product(starts, stops)
        if ends[0] != ends[1] and not pairs(ends) <= excepted
    )
    refuse_if(not routes, "hits no route between two regions", key=key)
    return routes


def countries_of(name: str, benchmark: Benchmark) -> tuple[str, ...]:
    """Countries of a region, of a group, or one country; none if unknown."""
    members = benchmark.members.get("regions", {})
    if name in benchmark.regions:
        return tuple(members.get(name, (name,)))
    group = benchmark.groups.get("regions", {}).get(name)
    if group is not None:
        return tuple(c for region in group for c in members.get(region, (region,)))
    return (name,) if any(name in countries for countries in members.values()) else ()


def check_rations(events: Sequence[Event], key: str) -> None:
    """Refuse two rations of one flow: only one volume can be held.

    Raises
    ------
    InputError
        Naming the flow.
    """
    held: set[tuple[Route, str]] = set()
    for number, event in enumerate(events):
        if event.type in ("ration", "demand"):
            flows = set(product(event.routes, event.sectors))
            if held & flows:
                (start, end), sector = min(held & flows)
                raise InputError(f"{sector} from {start} to {end} is rationed twice",
                                 key=f"{key}.{number}")  # fmt: skip
            held |= flows
