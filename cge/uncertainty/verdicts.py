"""Verdicts on claims: whether figures have the signs that were predicted, and what turns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cge.core.axes import Array, Bools
from cge.core.quantity import Quantity, read_lines
from cge.uncertainty.spread import NO_SIGN, Regression

#: What can be said of a claim; that it can not be tested, or not here.
SUPPORTED, REJECTED, DEPENDS = "supported", "rejected", "depends"
NARRATIVE, ELSEWHERE = "not testable", "not on this benchmark"
#: Share of draws in which a claim holds at least if it is supported, at most if it is rejected.
SURE, UNLIKELY = 0.9, 0.1
#: Share of draws in which a figure has the sign that was predicted.
PREDICTED = "probability_predicted_sign"
#: Measures of claims.
SIZE, HOLDS = "claim_size", "claim_holds"

VERDICT_QUANTITIES: Mapping[str, Quantity] = read_lines(f"""
{SIZE}  | | that of the check | statistic | 1 | none | | Size | figure of a check of a claim
{HOLDS} | | share of draws | statistic | 1 | none | | Claim holds | share of draws in which all checks of a claim hold; without draws 1 or 0
""")  # noqa: E501


def holding(sizes: Array, positive: Bools, than: Array) -> Bools:
    """Whether figures are on the side that was predicted; one that is no number is on none.

    Parameters
    ----------
    sizes : ndarray (..., checks)
    positive : ndarray of bool (checks,)
        Whether they are to be above.
    than : ndarray (checks,)
        What they are compared with.
    """
    above = sizes - than
    return np.asarray(np.isfinite(sizes) & (np.where(positive, above, -above) > NO_SIGN))


def verdict(shares: Sequence[float]) -> str:
    """Verdict by the shares of draws in which a claim holds, one for each elasticity set."""
    if min(shares) >= SURE:
        return SUPPORTED
    return REJECTED if max(shares) <= UNLIKELY else DEPENDS


@dataclass(frozen=True)
class Under:
    """How a claim fares on one table of accounts under one elasticity set.

    Parameters
    ----------
    table : str
        Empty where there is one table alone.
    elasticities : str
    checks : list of float
        Share of draws in which each check holds; without draws 1 or 0.
    share : float
        Share of draws in which all checks hold together; without draws 1 or 0.
    basis : str
        On what it rests: so many draws, or central values only.
    turns_on, turns_words : str
        The parameter that turns the least sure check, short, and in a clause; empty where the
        claim is supported or rejected, or nothing is drawn.
    """

    table: str
    elasticities: str
    checks: list[float] = field(default_factory=list)
    share: float = 0.0
    basis: str = ""
    turns_on: str = ""
    turns_words: str = ""

    @property
    def label(self) -> str:
        """Table and set."""
        return ", ".join(filter(None, (self.table, self.elasticities)))

    @property
    def verdict(self) -> str:
        """Verdict here alone."""
        return verdict([self.share])


def judgement(every: Sequence[Under]) -> dict[str, Any]:
    """Verdict on a claim by how it fares everywhere, what it turns on, and what checks fail.

    Parameters
    ----------
    every : sequence of Under
        One for each table and elasticity set.
    """
    said, turns = verdict([one.share for one in every]), []
    own = {(one.table, one.elasticities): one.verdict for one in every}
    if said == DEPENDS and len(set(own.values())) > 1:
        pairs = [(a, b) for a in own for b in own if own[a] != own[b]]
        axes = [words for n, words in enumerate(("benchmark", "elasticity set"))
                if any(a[1 - n] == b[1 - n] for a, b in pairs)]  # fmt: skip
        holds = "; ".join(one.label for one in every if one.verdict == SUPPORTED)
        turns.append({"on": " and ".join(axes) or "benchmark and elasticity set",
                      "words": f"supported under {holds or 'none of the sets'}"})  # fmt: skip
    turns += [{"on": one.turns_on, "words": f"{one.label}: {one.turns_words}"}
              for one in every if one.turns_on]  # fmt: skip
    failing = [n + 1 for n in range(len(every[0].checks))
               if said == REJECTED and max(one.checks[n] for one in every) <= UNLIKELY]  # fmt: skip
    return {
        "verdict": said, "under": [asdict(one) for one in every], "turns_on": turns,
        "failing": failing, "basis": "; ".join(dict.fromkeys(one.basis for one in every)),
    }  # fmt: skip


@dataclass(frozen=True)
class Flip:
    """The parameter that turns a check.

    Parameters
    ----------
    parameter : str
    share : float
        Of the variance of the check's figure.
    high : bool
        Whether it is at high values of the parameter that the check fails.
    """

    parameter: str
    share: float
    high: bool

    @property
    def words(self) -> str:
        """A clause that says so."""
        return f"{'high' if self.high else 'low'} {self.parameter}"


def turn(sizes: Array, positive: bool, regression: Regression) -> Flip | None:
    """The parameter with most of the variance of a check's figure, (draws,).

    None where there are too few draws to tell, or no parameter has more than chance gives it.
    """
    found = regression.drivers(sizes)
    if found is None:
        return None
    first = int(np.argmax(found.shares))
    if found.shares[first] <= 2 * found.noise:
        return None
    raises = bool(found.coefficients[first] > 0)
    return Flip(regression.names[first], float(found.shares[first]), raises != positive)
