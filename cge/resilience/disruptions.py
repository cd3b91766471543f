"""The disruption library on a benchmark: disruptions, whose they are, and how likely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from cge.core.axes import Array
from cge.core.errors import InputError, check_known, refuse_first, refuse_if
from cge.core.selectors import UnknownCode
from cge.data.accounts.benchmark import Benchmark
from cge.data.library import DisruptionEntry, Library
from cge.resilience.events import (
    Event,
    check_rations,
    countries_of,
    resolve,
    resolved_codes,
)

__all__ = ["Disruption", "Event", "expand", "left_out", "weights"]

#: More than anybody looks at, and a guard against a library written by mistake.
MOST_DISRUPTIONS = 10_000


@dataclass(frozen=True)
class Disruption:
    """A disruption on a benchmark. Plain data, so that it travels between processes.

    Parameters
    ----------
    name, title, note : str
    duration : int
        Years that it lasts.
    events : tuple of Event
        They all happen at once.
    families : dict
        By region, the family the disruption belongs to in the eyes of that region; empty
        where it has no weight in the region's expected loss.
    share : float
        Probability of its severity, where the same may happen more or less severely.
    frequency : float
        Probability a year that it begins; 0 where the library says none.
    frequency_range : tuple of float
        The lowest and the highest that the library holds possible.
    """

    name: str
    title: str
    duration: int
    events: tuple[Event, ...]
    families: dict[str, str] = field(hash=False)
    note: str = ""
    share: float = 1.0
    frequency: float = 0.0
    frequency_range: tuple[float, float] = (0.0, 0.0)

    @property
    def years_in(self) -> float:
        """Part of all years in which it lasts."""
        return self.frequency * self.duration

    @property
    def on_knowledge(self) -> bool:
        """Whether it acts on knowledge, alone or among other things."""
        return any(event.type == "knowledge" for event in self.events)

    @property
    def over_time_only(self) -> bool:
        """Whether it does nothing in a single year: knowledge does not move at once."""
        return all(event.type == "knowledge" for event in self.events)


def expand(library: Library, benchmark: Benchmark) -> tuple[Disruption, ...]:
    """Disruptions of a library on a benchmark, in the order of the library.

    Parameters
    ----------
    library : Library
    benchmark : Benchmark

    Raises
    ------
    InputError
        With file, key, value and what is allowed: for a code or group that the benchmark does
        not have (unless the entry is optional, see :func:`left_out`), an event that hits
        nothing, a route rationed twice, or two disruptions of one name.
    """
    return _expanded(library, benchmark)[0]


def left_out(library: Library, benchmark: Benchmark) -> tuple[str, ...]:
    """Parts of a library that do not apply to a benchmark, one sentence each.

    These are optional entries that name a code or group which the benchmark does not have,
    and exceptions of routes in such entries that do so.

    Raises
    ------
    InputError
        As :func:`expand`.
    """
    return _expanded(library, benchmark)[1]


def weights(
    disruptions: Sequence[Disruption], weighting: Mapping[str, float], viewer: str
) -> tuple[Array, tuple[str, ...]]:
    """Probability of each disruption in the eyes of a region.

    Within a family all are equally likely, each severity of one as its share says. A family
    without a disruption drops out and the others are scaled up, so that probabilities add up to
    one; they are conditional on one of these disruptions happening.

    Parameters
    ----------
    disruptions : sequence of Disruption
    weighting : mapping
        Weight of each family.
    viewer : str
        Code of the region.

    Returns
    -------
    ndarray (disruptions,)
        All zero if none of them has a family with weight for the region.
    tuple of str
        Families with weight that dropped out.

    Raises
    ------
    InputError
        For an unknown region, or a family to which the weighting gives no weight.
    """
    belongs = []
    for disruption in disruptions:
        check_known([viewer], disruption.families, "unknown region", key="viewer")
        family = disruption.families[viewer]
        check_known(filter(None, [family]), weighting,
                    f"no weight for the family of {disruption.name}", key="weighting")  # fmt: skip
        belongs.append(family)
    dropped = tuple(f for f, weight in weighting.items() if weight > 0 and f not in belongs)
    count = {f: sum(one.share for one, own in zip(disruptions, belongs, strict=True) if own == f)
             for f in dict.fromkeys(belongs)}  # fmt: skip
    shares = np.array([
        weighting[f] * one.share / count[f] if f else 0.0
        for one, f in zip(disruptions, belongs, strict=True)
    ])  # fmt: skip
    total = shares.sum()
    return (shares / total if total > 0 else shares), dropped


def by_frequency(
    disruptions: Sequence[Disruption], viewer: str
) -> tuple[Array, tuple[float, float, float]]:
    """Probability of each disruption as often as the library says that it comes.

    Those without a family in the eyes of the region have none.

    Parameters
    ----------
    disruptions : sequence of Disruption
    viewer : str
        Code of the region.

    Returns
    -------
    ndarray (disruptions,)
        Given that one of them happens; all zero where the library says of none how often.
    tuple of float
        That one of them begins in a year: low, central, high.
    """
    here = [bool(one.families[viewer]) for one in disruptions]
    often = np.array([[one.frequency_range[0], one.frequency, one.frequency_range[1]]
                      for one in disruptions]) * np.array(here)[:, None]  # fmt: skip
    low, central, high = map(float, often.sum(axis=0))
    return often[:, 1] / (central or 1.0), (low, central, high)


# -- expansion


def _expanded(
    library: Library, benchmark: Benchmark
) -> tuple[tuple[Disruption, ...], tuple[str, ...]]:
    found: dict[str, Disruption] = {}
    omitted: list[str] = []
    for number, entry in enumerate(library.entries):
        key = f"disruptions.{number}"
        try:
            made, passed_over = _from_entry(entry, benchmark, key)
        except UnknownCode as error:
            if not entry.optional:
                raise error.located(library.file) from None
            omitted.append(f"{entry.name}: {error.problem} ('{error.value}')")
            continue
        except InputError as error:
            raise error.located(library.file) from None
        refuse_if(len(found) + len(made) > MOST_DISRUPTIONS, "makes too many disruptions",
                  file=library.file, key=key, value=entry.name,
                  allowed=f"up to {MOST_DISRUPTIONS:,} in all")  # fmt: skip
        for disruption in made:
            refuse_if(disruption.name in found, "two disruptions have this name",
                      file=library.file, key=f"{key}.name", value=disruption.name)  # fmt: skip
            found[disruption.name] = disruption
        omitted.extend(passed_over)
    years = sum(one.years_in for one in found.values())
    refuse_if(years > 1, "frequencies times durations add up to more years than there are: a year "
              "has one disruption at most", file=library.file, key="disruptions",
              value=f"{years:.3g}", allowed="a sum of up to 1")  # fmt: skip
    return tuple(found.values()), tuple(omitted)


def _from_entry(
    entry: DisruptionEntry, benchmark: Benchmark, key: str
) -> tuple[list[Disruption], dict[str, None]]:
    made: list[Disruption] = []
    omitted: dict[str, None] = {}
    repeated = list(_repetitions(entry, benchmark, f"{key}.each"))
    told = entry.frequency
    often = [0.0] * 3 if told is None else [
        float(value) / max(len(repeated), 1) for value in (told.value, told.low, told.high)
    ]  # fmt: skip
    for codes in repeated:
        one = entry.filled(codes)
        events: list[Event] = []
        for number, event in enumerate(one.events):
            events.append(resolve(event, benchmark, f"{key}.events.{number}"))
            unknown = [name for pair in event.except_ for name in pair
                       if not countries_of(name, benchmark)]  # fmt: skip
            refuse_first(
                (name for name in unknown if not entry.optional),
                "exception of a route with an unknown region",
                key=f"{key}.events.{number}.except",
                allowed=[*benchmark.regions, *benchmark.groups.get("regions", {})],
            )
            omitted |= {
                f"{entry.name}: exception of a route with an unknown region ('{name}')": None
                for name in unknown
            }
        check_rations(events, f"{key}.events")
        families = _families(one, events, benchmark.regions)
        whole = Disruption(one.name, one.title, one.duration, tuple(events), families,
                           " ".join(one.note.split()))  # fmt: skip
        made += [_of_severity(whole, part, share, often) for part, share in entry.parts.items()]
    return made, omitted


def _of_severity(
    whole: Disruption, part: float, share: float, often: Sequence[float]
) -> Disruption:
    """A disruption whose events have a part of their size, with its probability."""
    central, low, high = (share * value for value in often)
    whole = replace(whole, share=share, frequency=central, frequency_range=(low, high))
    if part == 1:
        return whole
    events = tuple(replace(event, size=part * event.size) for event in whole.events)
    return replace(whole, name=f"{whole.name}-{100 * part:g}", events=events,
                   title=f"{whole.title} ({100 * part:g} % as severe)")  # fmt: skip


def _repetitions(
    entry: DisruptionEntry, benchmark: Benchmark, key: str
) -> Iterator[dict[str, str]]:
    """Yield the values of the placeholders, disruption by disruption."""
    each = entry.each
    if each is None:
        yield {}
        return
    every = None if each.largest_suppliers is None else "all"
    axes = {
        axis.removesuffix("s"): resolved_codes(wanted, axis, benchmark, f"{key}.{axis}")
        for axis, one in (("regions", each.regions), ("sectors", each.sectors))
        if (wanted := every if one is None else one) is not None
    }
    found = list(product(*axes.values()))
    if each.largest_suppliers is not None:
        value = exports(benchmark)
        found = sorted(filter(value.get, found), key=lambda pair: -value[pair])
    for combination in found[: each.largest_suppliers]:
        yield dict(zip(axes, combination, strict=True))


def exports(benchmark: Benchmark) -> dict[tuple[str, ...], float]:
    """Exports at the border by region and sector, those that there are."""
    flows = benchmark.fob.sum(axis=0)
    value = flows.sum(axis=2) - np.einsum("rir->ri", flows)
    cells = zip(product(benchmark.regions, benchmark.sectors), value.ravel().tolist(), strict=True)
    return {cell: one for cell, one in cells if one > 0}


def _families(
    entry: DisruptionEntry, events: Sequence[Event], regions: Sequence[str]
) -> dict[str, str]:
    """By region the family of a disruption: that of the region's first role named."""
    roles = {
        region: {r for event in events for r, having in event.roles().items() if region in having}
        for region in regions
    }
    named: dict[str, str] = dict(entry.families.items())
    return {
        region: next(
            (named[role] for role in ("hit", "target", "source", "other", "all")
             if role in named and (role in has or role == "all" or (role == "other" and not has))),
            "",
        )
        for region, has in roles.items()
    }  # fmt: skip
