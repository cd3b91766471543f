"""Capital owned abroad: what it earns is paid to its owners, who spend it.

Where the benchmark says so (:mod:`cge.data.accounts.ownership_accounts`) the part a of what capital
earns in a sector, net of the tax on its use, is of another region. With r the owner,

    claim of r on sector j of s = a_rsj * income of capital there
    income from abroad of s     = its claims on others less the claims of others on it

Domestic product is what is made in a region, whoever owns it; national income is domestic product
and income from abroad (System of National Accounts 2008, 2.143), and a region's spending follows
from that. In the balance of payments (IMF, BPM6, 2009) the current account is the trade balance
and income from abroad; transfers and borrowing are its other side.

The tables of the benchmark year have trade and no such income. What is paid in that year is
therefore a part of what balances trade, and given transfers are the rest: with whatever parts, the
benchmark is the one of the data, and what counts is by how much the income moves. A part stays
what it is as a sector's capital grows or its rent rises, unless a policy moves it. Without claims
nothing of this is part of a model.
"""

from __future__ import annotations

from typing import Any

from cge.data.accounts.benchmark import CAPITAL
from cge.model.language.forms import cells, power, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add parts that are not owned abroad, and the regions that have or owe some."""
    k.derive("claims", "rsjf", _claims)
    k.derive("left_over", "rsj", lambda k: {c[:3]: value for c, value in _claims(k).items()})
    k.derive("tied", "s", _tied)
    m.CLAIMS = cells("rsj", k.left_over)
    m.TIED = cells("s", k.tied)
    m.not_owned = power(m.CLAIMS, k.left_over)


def _claims(k: Shares) -> dict[Key, float]:
    """(r, s, j, f) parts of what capital earns that a region abroad does not own."""
    b = k.benchmark
    if b.ownership is None:
        return {}
    owned = k.keyed(1 - b.ownership.share, "rsj", b.ownership.claims)
    return {(*c, CAPITAL): value for c, value in owned.items()}


def _tied(k: Shares) -> dict[Key, float]:
    """(s) benchmark income from abroad of regions that own something abroad or are owned."""
    b = k.benchmark
    ends = {s for c in _claims(k) for s in c[:2]}
    return {(s,): float(x) for s, x in zip(b.regions, b.income_from_abroad, strict=True)
            if s in ends}  # fmt: skip


def equations(m: Declared, k: Shares) -> None:
    """Add income from abroad; the budgets read it."""
    to, of = k.by("claims", "r"), k.by("claims", "s")

    @m.Expression(m.CLAIMS)
    def foreign_capital_income(m, r, s, j):
        """Income of capital in a sector of a region that is paid to its owner [million USD]."""
        earned = total(m.factor_payment[c[1:]] for c in k.by("claims", "rsj")[r, s, j])
        return earned - m.not_owned[r, s, j] * earned

    @m.Expression(m.TIED)
    def income_from_abroad(m, s):
        """Income of capital abroad less what is paid to owners abroad [million USD]."""
        received = total(m.foreign_capital_income[c[:3]] for c in to[s,])
        return received - total(m.foreign_capital_income[c[:3]] for c in of[s,])


def received(m: Declared, s: Any) -> Any:
    """Income from abroad, net [million USD]; nothing without foreign owners."""
    return m.income_from_abroad[s] if s in m.TIED else 0.0


def benchmark_income(k: Shares, s: Any) -> Any:
    """The same in the benchmark."""
    return k.tied.get((s,), 0.0)
