"""How uncertain the parameters of GTAP are, and which elasticities of a benchmark each one moves.

The ranges are in calibration/gtap/parameters.yaml, as multiples of what the data have, for a
benchmark keeps the values and GTAP says nothing of their errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.multiples import HOUSEHOLD_PARTS, Multiple, NestCells
from cge.data.elasticities.nests import HOUSEHOLD, Elasticities
from cge.data.gtap.gtap_benchmark import AGENTS, ARMINGTON, GTAP, SLUGGISH
from cge.data.parameters.parameter_files import load_gtap_parameters

#: Values of two commodities closer than this are one: GTAP's files have seven digits.
SAME = 1e-6
#: Parameters of the agents' choice among commodities, by their headers.
_OF_AGENTS = {"ESBG": "GOV", "ESBI": "INV"}


def has_gtap_values(benchmark: Benchmark) -> bool:
    """Whether the elasticities of a benchmark are those of GTAP's parameter file."""
    return benchmark.origin.get("elasticities", "") in (GTAP, *ARMINGTON) and (
        benchmark.agents == AGENTS
    )


def gtap_multiples(benchmark: Benchmark, horizon: str, split: bool) -> tuple[Multiple, ...]:
    """Uncertain parameters of a benchmark of GTAP data.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : {"short", "long"}
        GTAP has the same values for both.
    split : bool
        Draw commodities apart where they have one value, and both levels of trade, of which the
        upper elasticity is half the lower by GTAP's rule.
    """
    return tuple(_Placed(benchmark, benchmark.elasticities[horizon], split).all())


class _Placed:
    """Parameters of GTAP among the elasticities of a benchmark."""

    def __init__(self, benchmark: Benchmark, own: Elasticities, split: bool) -> None:
        self.b, self.own, self.split = benchmark, own, split
        self.known = load_gtap_parameters().entries

    def all(self) -> Iterator[Multiple]:
        """All that are neither nothing nor without limit."""
        yield from self._trade()
        for name, nest in (("ESBV", "value_added"), ("ESBT", "top"), ("ESBC", "intermediate")):
            yield from self._by_sector(name, nest, getattr(self.own, nest).T)
        for name, agent in _OF_AGENTS.items():
            d = self.b.agents.index(agent)
            if (self.own.final[:, d] > 0).any():
                yield self._one(name, name, "final", (NestCells("final", ((), (d,))),))
        for f, (code, values) in enumerate(zip(self.b.factors, self.own.transformation.T)):
            if np.isfinite(values).all() and (values > SLUGGISH).any():
                cells = NestCells("transformation", ((), (f,)))
                yield self._one("ETRE", f"ETRE[{code}]", "transformation", (cells,))
        household = self.own.household
        if household is not None:
            own = household.substitution, household.expansion
            for name, nest, values in zip(("SUBP", "INCP"), HOUSEHOLD_PARTS, own, strict=True):
                yield from self._by_sector(name, nest, np.nan_to_num(values).T, group=HOUSEHOLD)

    def _trade(self) -> Iterator[Multiple]:
        """Elasticities among sources: of both levels together, unless they are drawn apart."""
        b, nest, among = self.b, "armington", self.own.armington
        given = b.origin["elasticities"]
        if b.bundles is None:
            yield from self._by_sector("ESBM", nest, among[0], called=given)
            return
        routes, places = {code for code in b.bundles.source if code}, range(len(b.use_classes))
        imports = tuple(u for u in places if b.use_classes[u] in routes)
        carrier = tuple(u for u in places if b.use_classes[u] == b.bundles.carrier)
        users = tuple(u for u in places if u not in (*imports, *carrier))
        upper, lower = among[users[0]], among[imports[0]]
        if self.split and given == GTAP:
            yield from self._by_sector("ESBM", nest, upper, (users,), called="ESBD")
            yield from self._by_sector("ESBM", nest, lower, (imports,))
        else:
            both = np.concatenate([upper, lower], axis=1)
            yield from self._by_sector("ESBM", nest, both, (users, imports),
                                       called="" if given == GTAP else given)  # fmt: skip
        sold = b.flows[list(carrier)].sum(axis=(0, 1, 3)) > 0
        yield from self._by_sector("ESBS", nest, among[carrier[0]] * sold[:, None], (carrier,))

    def _by_sector(
        self, name: str, nest: str, values: Array, first: Sequence[tuple[int, ...]] = ((),),
        group: str = "", called: str = "",
    ) -> Iterator[Multiple]:  # fmt: skip
        """One parameter for each commodity, or each value that several have, rows of `values`.

        Its cells are those of the commodities, and of each choice of places on the first axis.
        """
        sectors, rest = self.b.sectors, ((),) * (nest == "armington")
        for members in self._alike(values):
            codes = tuple(sectors[k] for k in members)
            label = "" if len(codes) == len(sectors) > 1 else f"[{_listed(codes)}]"
            cells = tuple(NestCells(nest, (own, members, *rest)) for own in first)
            yield self._one(name, f"{called or name}{label}", group or nest, cells, codes)

    def _alike(self, values: Array) -> list[tuple[int, ...]]:
        """Places of commodities that have the same values, without those that have none."""
        groups: list[list[int]] = []
        for k, row in enumerate(values):
            if not (row > 0).any():
                continue
            same = [own for own in groups if np.allclose(values[own[0]], row, rtol=SAME, atol=0)]
            if same and not self.split:
                same[0].append(k)
            else:
                groups.append([k])
        return [tuple(own) for own in groups]

    def _one(
        self, name: str, own: str, group: str, cells: tuple[NestCells, ...],
        sectors: tuple[str, ...] = (),
    ) -> Multiple:  # fmt: skip
        return Multiple(own, group, sectors, cells, self.known[name])


def _listed(codes: Sequence[str]) -> str:
    more = f" + {len(codes) - 3}" if len(codes) > 3 else ""
    return f"{', '.join(codes[:3])}{more}"
