"""Capital owned abroad, as a scenario says it, laid on the accounts of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import below, refuse_if
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.accounts.ownership_accounts import ROUNDING, Ownership
from cge.scenario.owned_abroad import OwnedAbroad
from cge.solve.model import Model

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
            owners = b.codes("regions", one.owner, "owner")
            refuse_if(owners != [one.owner], "is not one region", key="owner", value=one.owner,
                      allowed=b.regions)  # fmt: skip
            hosts = b.codes("regions", one.region, "region")
            refuse_if(one.owner in hosts, "owns at home", key="owner", value=one.owner,
                      allowed=f"a region that is none of {', '.join(hosts)}")  # fmt: skip
            sectors = b.codes("sectors", one.sector, "sector")
            cells = np.ix_([b.regions.index(one.owner)], [b.regions.index(s) for s in hosts],
                           [b.sectors.index(j) for j in sectors])  # fmt: skip
            refuse_if(said[cells].any(), "stands in an earlier entry, in a part at least",
                      key="owner", value=one.owner)  # fmt: skip
            # A sector that is not there earns nothing that could be owned.
            there = b.capital_income[np.ix_(cells[1].ravel(), cells[2].ravel())] > 0
            said[cells], share[cells] = there[None], one.share * there[None]
            most = float(share.sum(axis=0).max())
            refuse_if(most > 1 + ROUNDING, "makes parts of a sector add up to more than all",
                      key="share", value=one.share)  # fmt: skip
    return replace(b, ownership=Ownership(share, said)) if said.any() else b


def owners_told(entries: Sequence[OwnedAbroad]) -> list[str]:
    """What is owned abroad, as a note on the data; none where nothing is."""
    words = [one.words for one in entries if one.share > 0]
    return [_SAID.format("; ".join(words))] if words else []


def check_parts(model: Model, levels: Array, key: str) -> None:
    """Refuse parts of a sector's income that owners abroad have more than all of.

    Raises
    ------
    InputError
        Naming the sector.
    """
    family = model.variables["not_owned"]
    share = family.full(1 - levels[family.positions], 0.0).sum(axis=0)
    axes = model.benchmark.axes
    axes.refuse(share > 1 + ROUNDING, "parts of {cell} that are owned abroad add up to more than "
                "all", key, "sj", share, "parts that add up to 1 at most")  # fmt: skip


def capital_at(model: Model, columns: Integers) -> Integers:
    """Columns of the endowments with capital of all regions that have a part in some claims."""
    regions = {code for n in columns.tolist()
               for code in model.variables["not_owned"].index[_local(model, n)][:2]}  # fmt: skip
    return model.variables["factor_supply"].where(s=sorted(regions), f=[CAPITAL])


def move_capital(model: Model, columns: Integers, before: Array, levels: Array) -> None:
    """Move capital with the claims on it, from the owners' regions.

    What moves is worth the claims in the benchmark: a part of what capital earns there in the
    sector. Whoever has it earns what capital earns where it is.

    Parameters
    ----------
    model : Model
    columns : ndarray of int
        Of the parts that are not owned abroad.
    before : ndarray
        Their levels until now.
    levels : ndarray (columns,)
        With the new ones; those of endowments are changed.
    """
    b, family = model.benchmark, model.variables["not_owned"]
    endowment = model.variables["factor_supply"]
    whole = b.capital_income.sum(axis=1)
    for column, was in zip(columns.tolist(), before.tolist(), strict=True):
        owner, host, sector = family.index[_local(model, column)]
        s, j = b.regions.index(host), b.sectors.index(sector)
        worth = (was - levels[column]) * b.capital_income[s, j]
        for region, sign in ((host, 1.0), (owner, -1.0)):
            here = endowment.where(s=[region], f=[CAPITAL])
            levels[here] += sign * worth / whole[b.regions.index(region)]


def _local(model: Model, column: int) -> int:
    return column - model.variables["not_owned"].start
