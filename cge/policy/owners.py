"""Capital owned abroad, as a scenario says it, laid on the accounts of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cge.core.errors import below, check_known, refuse_if
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.accounts.ownership_accounts import ROUNDING, Ownership
from cge.scenario.owned_abroad import OwnedAbroad

_SAID = (
    "Capital owned abroad, as the scenario says: {}. Tables do not tell it. What is paid in the "
    "benchmark is a part of what balances trade there, so that trade and incomes are those of the "
    "data."
)


def with_owners(benchmark: Benchmark, entries: Sequence[OwnedAbroad]) -> Benchmark:
    """A benchmark of which a scenario says what is owned abroad.

    Parameters
    ----------
    benchmark : Benchmark
    entries : sequence of OwnedAbroad
        Of whatever owner; no part of a sector's income twice.

    Raises
    ------
    InputError
        For unknown codes, an owner at home, an entry that stands twice, parts of more than all.
    """
    b, share = benchmark, np.zeros(benchmark.axes.shape("rsj"))
    said = np.zeros(share.shape, bool)
    for number, one in enumerate(entries):
        with below(f"ownership.{number}"):
            refuse_if(CAPITAL not in b.factors, f"the benchmark has no {CAPITAL} among its factors",
                      key="owner", value=one.owner)  # fmt: skip
            check_known([one.owner], b.regions, "is not one region", key="owner")
            hosts = b.codes("regions", one.region, "region")
            refuse_if(one.owner in hosts, "owns at home", key="owner", value=one.owner,
                      allowed=f"a region that is none of {', '.join(hosts)}")  # fmt: skip
            sectors = b.codes("sectors", one.sector, "sector")
            cells = np.ix_([b.regions.index(one.owner)], [b.regions.index(s) for s in hosts],
                           [b.sectors.index(j) for j in sectors])  # fmt: skip
            refuse_if(said[cells].any(), "stands in an earlier entry, in a part at least",
                      key="owner", value=one.owner)  # fmt: skip
            # A sector that is not there earns nothing that could be owned.
            there = b.capital_income[cells[1:]] > 0
            said[cells], share[cells] = True, one.share * there[None]
            most = float(share.sum(axis=0).max())
            refuse_if(most > 1 + ROUNDING, "makes parts of a sector add up to more than all",
                      key="share", value=one.share)  # fmt: skip
    return replace(b, ownership=Ownership(share)) if share.any() else b


def owners_told(entries: Sequence[OwnedAbroad]) -> list[str]:
    """What is owned abroad, as a note on the data; none where nothing is."""
    words = [one.words for one in entries if one.share > 0]
    return [_SAID.format("; ".join(words))] if words else []
