"""Household demand with income elasticities other than one: constant difference of elasticities.

The CDE of Hanoch (1975), the private household of GTAP (Hertel, Horridge and Pearson 1992), is
given by what its indirect utility u satisfies at prices p and spending x,

    sum_i B_i u**(e_i b_i) (p_i / x)**b_i = 1

with substitution parameters b (GTAP's SUBPAR) and expansion parameters e (INCPAR). Where
budget shares are s and e is scaled so that sum_i s_i e_i = 1,

    income elasticity       eta_i = 1 + b_i (e_i - 1) - sum_k s_k b_k (e_k - 1)
    compensated own price   - a_i (1 - 2 s_i) - s_i sum_k s_k a_k,   a = 1 - b

which is eta_i = (e_i b_i + sum_k s_k e_k a_k) / sum_k s_k e_k + a_i - sum_k s_k a_k of the GTAP
documentation. The first is linear in e, so that income elasticities are met exactly where that
leaves every e positive. The function is regular where all e are positive and all b lie between 0
and 1, or all below 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Bools, fixed, number_array
from cge.core.errors import refuse_first, refuse_if

#: An expansion parameter is kept this far from 0, where the function ceases to be regular.
LOWEST_EXPANSION = 0.01
#: Above this all expansion parameters are taken as they are.
POSITIVE = 1e-9
#: A substitution parameter is kept this far from 0, the Cobb-Douglas limit, and below this in
#: absolute terms, where powers of prices leave the range of floating-point numbers.
LOWEST_SUBSTITUTION, LARGEST_SUBSTITUTION = 1e-3, 50.0
#: Parts of a whole may miss it by this, which is rounding.
ALL = 1e-9
#: What makes a demand again.
_ARRAYS = ("shares", "income", "substitution")


@dataclass(frozen=True, eq=False)
class HouseholdSource:
    """A published or assumed value of which parameters of household demand are made.

    Parameters
    ----------
    name : str
        ``income_elasticity[food, low]`` in tables.
    parameter : {"income_elasticity", "expansion", "substitution"}
    value, low, high : float
    unit, status, citation : str
    part : ndarray (s, i)
        With which weight it enters the mean of each cell.
    """

    name: str
    parameter: str
    value: float
    low: float
    high: float
    unit: str
    status: str
    citation: str
    part: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class HouseholdDemand:
    """Parameters of the household's demand, by region and commodity.

    The household is the first final agent. A region without numbers has none of this: there the
    household is a CES, like all other agents.

    Parameters
    ----------
    shares : ndarray (s, i)
        Budget shares at which income elasticities hold.
    income : ndarray (s, i)
        Income elasticities that are wanted. They are scaled alike to add up to one with
        budget shares (Engel aggregation).
    substitution : ndarray (s, i)
        Substitution parameters b, GTAP's SUBPAR.
    sources : tuple of HouseholdSource
        Values that all of these are made of, where that is known.

    Raises
    ------
    InputError
        For parameters with which demand is not regular.
    """

    shares: Array
    income: Array
    substitution: Array
    sources: tuple[HouseholdSource, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            array = number_array(f"household.{name}", getattr(self, name))
            object.__setattr__(self, name, fixed(array))
        live, b = self.live, self.substitution
        refuse_if(not live.any(), "no region has a number", key="household.substitution",
                  allowed="numbers for all commodities of one region at least")  # fmt: skip
        for name in ("income", "substitution"):
            missing = ~np.isfinite(getattr(self, name)) & live
            refuse_if(missing.any(), "has no number for a commodity that the household buys",
                      key=f"household.{name}",
                      allowed="numbers for all commodities of a region, or for none")  # fmt: skip
        size = np.abs(b)
        regular = (b < 1) & (size >= LOWEST_SUBSTITUTION) & (size <= LARGEST_SUBSTITUTION)
        refuse_first(
            b[live & ~regular].tolist(), "demand is not regular with this parameter",
            key="household.substitution",
            allowed=f"{LOWEST_SUBSTITUTION:g} to below 1 for all commodities of a region, or "
            f"{-LARGEST_SUBSTITUTION:g} to {-LOWEST_SUBSTITUTION:g} for all",
        )  # fmt: skip
        mixed = (live & (b > 0)).any(axis=1) & (live & (b < 0)).any(axis=1)
        refuse_if(mixed.any(), "is above 0 for some commodities of a region, below 0 for others",
                  key="household.substitution", allowed="one side of 0 in each region")  # fmt: skip
        mean = np.where(live, self.shares * np.nan_to_num(self.income), 0.0).sum(axis=1)
        refuse_first(mean[live.any(axis=1) & ~(mean > 0)].tolist(),
                     "income elasticities of a region are not above 0 on average, and can not be "
                     "scaled to add up to one", key="household.income",
                     allowed="a mean above 0, budget shares counted")  # fmt: skip

    @classmethod
    def of(
        cls, shares: Array, substitution: Array, income: Array, expansion: Array
    ) -> HouseholdDemand:
        """Demand of income elasticities, or of expansion parameters, which say what they are.

        Parameters
        ----------
        shares, substitution, income, expansion : ndarray (s, i)
            Expansion parameters (INCPAR) are positive and matter up to a factor in each region.
            They are read where a region has no income elasticity.
        """
        bought = shares > 0
        given = np.isfinite(expansion) & ~np.isfinite(income).any(axis=1, keepdims=True)
        refuse_first(expansion[bought & given & ~(expansion > 0)].tolist(),
                     "demand is not regular with this parameter", key="household.expansion",
                     allowed="above 0")  # fmt: skip
        e = np.where(bought & given, expansion, 0.0)
        scale = (e * shares).sum(axis=1, keepdims=True)
        e = np.divide(e, scale, out=np.ones_like(e), where=scale > 0)
        return cls(shares, np.where(given, _income(shares, e, substitution), income), substitution)

    @classmethod
    def of_sources(
        cls,
        shares: Array,
        sources: Sequence[HouseholdSource],
        values: Mapping[str, float] | None = None,
    ) -> HouseholdDemand:
        """Demand of values by their sources.

        Parameters
        ----------
        shares : ndarray (s, i)
        sources : sequence of HouseholdSource
        values : mapping, optional
            Other values of some, by name.
        """
        now = {one.name: (values or {}).get(one.name, one.value) for one in sources}

        def mean(parameter: str) -> Array:
            own = [one for one in sources if one.parameter == parameter]
            parts = sum((one.part for one in own), np.zeros(shares.shape))
            total = sum((one.part * now[one.name] for one in own), np.zeros(shares.shape))
            return np.where(parts > 1 - ALL, total, np.nan)

        own = (mean(name) for name in ("substitution", "income_elasticity", "expansion"))
        return replace(cls.of(shares, *own), sources=tuple(sources))

    def with_values(self, values: Mapping[str, float]) -> HouseholdDemand:
        """The same with other values of some sources, by name."""
        return self.of_sources(self.shares, self.sources, values)

    def multiplied(self, substitution: Array, expansion: Array) -> HouseholdDemand:
        """The same with other parameters.

        Parameters
        ----------
        substitution : ndarray (s, i)
            What the distance of a substitution parameter from its nearer limit, 0 or 1, is
            multiplied by: one below a half is itself multiplied.
        expansion : ndarray (s, i)
            What expansion parameters are multiplied by.
        """
        b = self.substitution
        step = np.where(b > 0, np.minimum(b, 1 - b), b) * (substitution - 1)
        moved = np.where(b > 0, np.maximum(b + step, LOWEST_SUBSTITUTION), b + step)
        none = np.full(self.shares.shape, np.nan)
        return self.of(self.shares, moved, none, self.expansion * expansion)

    @property
    def arrays(self) -> dict[str, Array]:
        """All numbers by name, from which it can be made again."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @cached_property
    def live(self) -> Bools:
        """Cells (s, i) of commodities that the household buys, where a region has this demand."""
        with_numbers = np.isfinite(self.substitution).any(axis=1, keepdims=True)
        return np.asarray((self.shares > 0) & with_numbers)

    @cached_property
    def expansion(self) -> Array:
        """Expansion parameters e, GTAP's INCPAR, scaled to one on average (s, i); else nan."""
        found = np.full(self.shares.shape, np.nan)
        for s, live in enumerate(self.live):
            if live.any():
                cells = self.shares[s, live], self.income[s, live], self.substitution[s, live]
                found[s, live] = _expansion(*cells)
        return fixed(found)

    @cached_property
    def attained(self) -> Array:
        """Income elasticities that demand has at the shares, (s, i); nan where there is none."""
        return fixed(_income(self.shares, self.expansion, self.substitution))

    @cached_property
    def compensated(self) -> Array:
        """Compensated own-price elasticities at the shares, (s, i); nan where there is none."""
        a, s = 1 - self.substitution, self.shares
        mean = np.nansum(np.where(self.live, s * a, 0.0), axis=1, keepdims=True)
        return fixed(np.where(self.live, -a * (1 - 2 * s) - s * mean, np.nan))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all values."""
        digest = hashlib.sha256()
        for array in self.arrays.values():
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _income(shares: Array, expansion: Array, substitution: Array) -> Array:
    """Income elasticities of parameters, e scaled to one on average."""
    over = substitution * (expansion - 1)
    mean = np.nansum(np.where(shares > 0, shares * over, 0.0), axis=1, keepdims=True)
    return np.asarray(1 + over - mean)


def _expansion(shares: Array, income: Array, b: Array) -> Array:
    """Expansion parameters of one region that give its income elasticities, (i,).

    Elasticities are k times those wanted. With c = - sum s b (e - 1) each is 1 + b (e - 1) + c,
    and two linear equations in k and c say that they add up to one (Engel) and that e does. An
    e that would not be positive is put at its least; then k is that of the others.
    """
    kept = np.zeros(len(shares), dtype=bool)
    while True:
        free = ~kept
        s, wanted, own = shares[free], income[free], b[free]
        # Of those at their least, how far b (e - 1) and e are from those of no expansion at all.
        least = LOWEST_EXPANSION - 1
        engel = [float(s @ wanted), float(shares[kept].sum())]
        scale = [float((s / own) @ wanted), -float((s / own).sum())]
        right = [
            1 - float(shares[kept] @ (1 + b[kept] * least)),
            float((s / own).sum() - shares[kept].sum() * least),
        ]
        refuse_if(engel[0] * scale[1] == engel[1] * scale[0], "no expansion parameters give these "
                  "income elasticities", key="household.income", value=income.tolist(),
                  allowed="elasticities nearer to one, or larger parameters")  # fmt: skip
        k, c = np.linalg.solve([engel, scale], right)
        e = np.full(len(shares), LOWEST_EXPANSION)
        e[free] = 1 + (k * wanted - 1 - c) / own
        # Where all are positive at once nothing is missed: GTAP has some of nearly nothing.
        if free.all() and (e >= POSITIVE).all():
            return e
        if (e[free] >= LOWEST_EXPANSION).all() or free.sum() == 1:
            return e
        kept[np.argmin(np.where(free, e, np.inf))] = True
