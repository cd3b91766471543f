"""The benchmark: one year's accounts of the world, balanced, and nothing else.

Everything the model reads stands here as read-only arrays of values at benchmark
prices (all prices one). A benchmark knows nothing of equations; it only guarantees
the accounting identities that every equilibrium model presupposes. Axis letters as in
:mod:`cge.core.axes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from cge.core import selectors
from cge.core.axes import AXES, Array, Axes, Bools, largest_cell
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.identity import digest
from cge.core.typed import checked
from cge.data.accounts.account_checks import check_regions, relative
from cge.data.accounts.bundles import Bundles, crossing
from cge.data.accounts.ownership_accounts import Ownership
from cge.data.accounts.rate_checks import check_rates
from cge.data.accounts.saving_accounts import Saving
from cge.data.elasticities.household_demand import HouseholdDemand
from cge.data.elasticities.nests import NEST_AXES, Elasticities

#: Code of the factor that is not labour.
CAPITAL = "CAP"
#: An identity of the accounts must hold to this share of the largest figure in it.
BALANCE_TOLERANCE = 1e-9

#: Axis letters of each array.
LETTERS: Mapping[str, str] = {
    "flows": "uris", "tariff": "uris", "export_tax": "uris", "intermediate": "sij",
    "intermediate_tax": "sij", "final": "sdi", "final_tax": "sdi", "factor_payments": "sjf",
    "factor_tax": "sjf", "output_tax": "sj", "balance": "s",
}  # fmt: skip
RATES = ("tariff", "export_tax", "intermediate_tax", "final_tax", "factor_tax", "output_tax")
#: Fields that say what a benchmark is called and where it comes from; no equation reads them.
_LABELS = ("name", "notes", "groups", "names", "members", "origin", "status", "unit")


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Balanced accounts of the benchmark year.

    Parameters
    ----------
    name : str
        What the results call this benchmark.
    regions, sectors, factors, agents, use_classes : tuple of str
        Codes of the axes. Agents are those of final demand.
    sector_class, agent_class : tuple of str
        Use class from which each using sector, and each agent, buys its composites.
    flows : ndarray (u, r, i, s)
        Deliveries at basic prices of the origin, in `unit`.
    tariff, export_tax : ndarray (u, r, i, s)
        Ad valorem rates as fractions; the export tax on the basic price, the tariff
        on the basic price plus export tax (close to fob).
    intermediate : ndarray (s, i, j)
        Purchases of composite `i` by sector `j`, tariffs included, user taxes not.
    intermediate_tax : ndarray (s, i, j)
        User tax on intermediates, a fraction of `intermediate`.
    final, final_tax : ndarray (s, d, i)
        The same for final agents.
    factor_payments, factor_tax : ndarray (s, j, f)
        Factor income at the owner's receipt, and the user's tax as a fraction of it.
    output_tax : ndarray (s, j)
        Tax on output as a fraction of its basic value; negative is a subsidy.
    balance : ndarray (s,)
        Absorption minus GDP at market prices: the transfer received from abroad.
    elasticities : mapping of str to Elasticities
        By horizon, ``"short"`` and ``"long"``.
    unit : str
        Of every value above.
    status : {"original", "estimated", "user"}
        Whether the table behind it is a published original, an estimate, or a user's.
    notes : tuple of str
        Statements that every output made from this benchmark must carry.
    groups : mapping
        Named sets of regions, sectors and factors that scenarios may use.
    names : mapping
        Readable names of regions and sectors, by axis and code.
    members : mapping
        By axis, the codes of the table that each code of the benchmark is made of.
    origin : mapping
        What it was made from: table, year, aggregation, tariffs, elasticity set.
    bundles : Bundles, optional
        Imports that classes buy as a bundle, and what carries them.
    saving : Saving, optional
        Saving apart from investment; the balance then follows from the two.
    ownership : Ownership, optional
        Capital that is owned abroad.
    """

    name: str
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    factors: tuple[str, ...]
    agents: tuple[str, ...]
    use_classes: tuple[str, ...]
    sector_class: tuple[str, ...]
    agent_class: tuple[str, ...]
    flows: Array
    tariff: Array
    export_tax: Array
    intermediate: Array
    intermediate_tax: Array
    final: Array
    final_tax: Array
    factor_payments: Array
    factor_tax: Array
    output_tax: Array
    balance: Array
    elasticities: Mapping[str, Elasticities]
    unit: str = "million USD"
    status: str = "user"
    notes: tuple[str, ...] = ()
    groups: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    bundles: Bundles | None = None
    saving: Saving | None = None
    ownership: Ownership | None = None

    def __post_init__(self) -> None:
        # Equal codes must have equal fingerprints, whatever kind of sequence they came in.
        for axis in (*AXES.values(), "sector_class", "agent_class"):
            object.__setattr__(self, axis, tuple(str(code) for code in getattr(self, axis)))
        for name, letters in LETTERS.items():
            object.__setattr__(self, name, self.axes.checked(name, getattr(self, name), letters))
        for axis in dict.fromkeys(AXES.values()):
            codes = getattr(self, axis)
            refuse_if(len(set(codes)) != len(codes) or not codes,
                      "codes must be unique and at least one", key=axis, value=codes)  # fmt: skip
            whole = ("all",) if axis == "use_classes" and len(codes) == 1 else ()
            selectors.check_codes(codes, whole, key=axis)
        for axis, users in (("sector_class", self.sectors), ("agent_class", self.agents)):
            classes = getattr(self, axis)
            wrong = len(classes) != len(users) or not set(classes) <= set(self.use_classes)
            refuse_if(wrong, "one use class for each user is needed", key=axis, value=classes,
                      allowed=self.use_classes)  # fmt: skip
        if self.bundles is not None:
            object.__setattr__(self, "bundles", self.bundles.checked(self.axes))
        elasticities = {horizon: one.on(self.axes) for horizon, one in self.elasticities.items()}
        object.__setattr__(self, "elasticities", MappingProxyType(elasticities))
        for horizon, given in self.elasticities.items():
            for nest, letters in NEST_AXES.items():
                key = f"elasticities.{horizon}.{nest}"
                self.axes.check_shape(key, getattr(given, nest), letters)
            if given.household is not None:
                self._check_household(f"elasticities.{horizon}", given.household)
        for name in ("flows", "intermediate", "final", "factor_payments"):
            array = getattr(self, name)
            self.axes.refuse(array < 0, "negative value at {cell}", name, LETTERS[name], array,
                             "values >= 0; clean the table first")  # fmt: skip
        # A subsidy that balances the accounts of a sector may be of any size.
        subsidies_aside = {"output_tax": np.maximum(self.output_tax, 0.0)}
        check_rates(self.axes, {n: getattr(self, n) for n in RATES} | subsidies_aside,
                    LETTERS, self.on_border)  # fmt: skip
        self._check_accounts()
        if self.ownership is not None:
            owned = self.ownership.checked(self.axes, self.capital_income)
            object.__setattr__(self, "ownership", owned)
        if self.saving is not None:
            saving = self.saving.checked(self.axes, self.spending, self.net_income)
            object.__setattr__(self, "saving", saving)
            off = saving.inflow(self.spending, self.agents) - self.balance
            worst = float(np.abs(off).max())
            refuse_if(worst > BALANCE_TOLERANCE * self.absorption.max(), "saving is not what is "
                      "invested less what comes in", key="saving.net", value=worst)  # fmt: skip

    def _check_household(self, key: str, given: HouseholdDemand) -> None:
        for name, array in given.arrays.items():
            self.axes.check_shape(f"{key}.household.{name}", array, "si")
        has = np.isfinite(given.expansion)
        self.axes.refuse(has.any(axis=1, keepdims=True) & (self.household_spending > 0) & ~has,
                         "no parameter of household demand for {cell}, which the household buys",
                         f"{key}.household", "si", given.expansion,
                         "parameters for all commodities of a region, or for none")  # fmt: skip

    @cached_property
    def axes(self) -> Axes:
        """Codes of the axes."""
        return Axes(self.regions, self.sectors, self.use_classes, self.factors, self.agents)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as its fields, which are checked again there."""
        values = (getattr(self, item.name) for item in fields(self))
        return type(self), tuple(dict(v) if isinstance(v, Mapping) else v for v in values)

    @checked
    def codes(self, axis: str, given: str | Sequence[str], key: str | None = None) -> list[str]:
        """Codes of an axis that a text or a list names (:mod:`cge.core.selectors`).

        Parameters
        ----------
        axis : {"regions", "sectors", "factors", "agents", "use_classes"}
        given : str or sequence of str
        key : str, optional
            Where it stands, for the message.

        Raises
        ------
        UnknownCode
            For a name that is neither a code nor a group.
        """
        check_known([axis], [*dict.fromkeys(AXES.values())], "no such axis", key="axis")
        return selectors.codes(given, getattr(self, axis), self.groups.get(axis, {}), axis, key)

    @cached_property
    def users(self) -> tuple[tuple[Bools, Bools], ...]:
        """By use class, which sectors and which final agents buy from it."""
        return tuple(
            (np.array(self.sector_class) == code, np.array(self.agent_class) == code)
            for code in self.use_classes
        )

    @cached_property
    def on_border(self) -> Bools:
        """Use classes whose deliveries within a region cross a border, too, (u,)."""
        if self.bundles is None:
            return np.zeros(len(self.use_classes), bool)
        return self.bundles.on_border(self.use_classes)

    @cached_property
    def crossing(self) -> Bools:
        """Deliveries that cross a border, (u, r, 1, s)."""
        return crossing(self.on_border, len(self.regions))

    # -- accounts that follow from the arrays -------------------------------------------

    @cached_property
    def output(self) -> Array:
        """Gross output at basic prices, (r, i)."""
        return self.flows.sum(axis=(0, 3))

    @cached_property
    def fob(self) -> Array:
        """Deliveries with export tax, without tariff, (u, r, i, s)."""
        return self.flows * (1 + self.export_tax)

    @cached_property
    def cif(self) -> Array:
        """Deliveries at the importer's border: with export tax and transport, (u, r, i, s)."""
        if self.bundles is None:
            return self.fob
        return self.fob + self.bundles.carried(self.fob, self.use_classes)

    @cached_property
    def purchases(self) -> Array:
        """Deliveries with export tax, transport and tariff, without user tax, (u, r, i, s)."""
        return self.cif * (1 + self.tariff)

    @cached_property
    def composites(self) -> Array:
        """Armington composites at market prices, (u, i, s)."""
        if self.bundles is None:
            return self.purchases.sum(axis=1)
        return self.purchases.sum(axis=1) + self.bundles.purchases * (1 + self.bundles.tax)

    @cached_property
    def border_value(self) -> Array:
        """Of spending on composites, what is no tax on its way to them, (u, i, s)."""
        if self.bundles is None:
            return self.fob.sum(axis=1)
        return self.cif.sum(axis=1) + self.bundles.purchases

    @cached_property
    def tax_revenue(self) -> Mapping[str, Array]:
        """Revenue by instrument and region, each (s,)."""
        return MappingProxyType(
            {
                "tariff": self._route_taxes,
                "export_tax": (self.fob - self.flows).sum(axis=(0, 2, 3)),
                "output_tax": (self.output_tax * self.output).sum(axis=1),
                "user_tax": (self.intermediate_tax * self.intermediate).sum(axis=(1, 2))
                + (self.final_tax * self.final).sum(axis=(1, 2)),
                "factor_tax": (self.factor_tax * self.factor_payments).sum(axis=(1, 2)),
            }
        )

    @property
    def _route_taxes(self) -> Array:
        """Revenue of tariffs, of taxes on home purchases and of those on bundles, (s,)."""
        tariffs = (self.purchases - self.cif).sum(axis=(0, 1, 2))
        if self.bundles is None:
            return np.asarray(tariffs)
        return np.asarray(tariffs + (self.bundles.tax * self.bundles.purchases).sum(axis=(0, 1)))

    @cached_property
    def gdp(self) -> Array:
        """GDP at market prices, (s,): factor income and net taxes."""
        factor_income = self.factor_payments.sum(axis=(1, 2))
        return factor_income + np.sum(list(self.tax_revenue.values()), axis=0)

    @cached_property
    def spending(self) -> Array:
        """Final demand of each agent at user prices, (s, d)."""
        return (self.final * (1 + self.final_tax)).sum(axis=2)

    @property
    def invested(self) -> Array:
        """Spending of the agent who invests where there is saving, (s,); else nothing."""
        if self.saving is None:
            return np.zeros(len(self.regions))
        return self.spending[:, self.agents.index(self.saving.agent)]

    @property
    def net_income(self) -> Array:
        """What a region that saves spends on consumption and saves, (s,)."""
        if self.saving is None:
            return self.absorption
        return self.absorption - self.invested + self.saving.net

    @property
    def given_balance(self) -> Array:
        """Given transfers: the balance, or nothing with saving, less income from abroad, (s,)."""
        given = self.balance if self.saving is None else np.zeros_like(self.balance)
        return given if self.ownership is None else given - self.income_from_abroad

    @property
    def capital_income(self) -> Array:
        """What capital earns by sector, (s, j)."""
        return self.factor_payments[..., [f == CAPITAL for f in self.factors]].sum(axis=2)

    @property
    def income_from_abroad(self) -> Array:
        """What capital abroad earns its owners, less what is paid to owners abroad, (s,)."""
        if self.ownership is None:
            return np.zeros(len(self.regions))
        return self.ownership.income(self.capital_income)

    @cached_property
    def absorption(self) -> Array:
        """Final demand at user prices, (s,)."""
        return (self.final * (1 + self.final_tax)).sum(axis=(1, 2))

    @cached_property
    def household_spending(self) -> Array:
        """What the household, the first agent, spends at user prices, (s, i)."""
        return self.final[:, 0] * (1 + self.final_tax[:, 0])

    @cached_property
    def value_added(self) -> Array:
        """Value added at the user's cost of factors, (s, j)."""
        return (self.factor_payments * (1 + self.factor_tax)).sum(axis=2)

    @cached_property
    def receipts(self) -> Array:
        """Output net of output tax, (s, j)."""
        return self.output * (1 - self.output_tax)

    def residuals(self) -> dict[str, Array]:
        """Gap of each accounting identity, as a share of the largest figure in it.

        Returns
        -------
        dict
            ``zero_profit`` (s, j), ``composite_market`` (u, i, s), ``income`` (s,),
            ``world_balance`` (scalar array).
        """
        inputs = (self.intermediate * (1 + self.intermediate_tax)).sum(axis=1)
        use = np.zeros_like(self.composites)
        for k, (sectors, agents) in enumerate(self.users):
            use[k] = (
                self.intermediate[:, :, sectors].sum(axis=2) + self.final[:, agents].sum(axis=1)
            ).T
        if self.bundles is not None:
            use += self.bundles.bought(self.fob, self.use_classes)
        return {
            "zero_profit": relative(inputs + self.value_added - self.receipts, self.output),
            "composite_market": relative(use - self.composites, self.composites),
            "income": relative(
                self.absorption - self.gdp - self.balance, np.maximum(self.absorption, self.gdp)
            ),
            "world_balance": np.asarray(self.balance.sum() / self.absorption.sum()),
        }

    def _check_accounts(self) -> None:
        for identity, gap in self.residuals().items():
            worst = float(np.abs(gap).max())
            if worst > BALANCE_TOLERANCE:
                letters = {"zero_profit": "sj", "composite_market": "uis", "income": "s"}
                axes = letters.get(identity, "")
                cell = f" of {self.axes.label(axes, largest_cell(np.abs(gap)))}" if axes else ""
                raise InputError(
                    f"the accounts do not balance: identity '{identity}'{cell} is off by "
                    f"{worst:.2e} of the largest figure in it",
                    allowed=f"gaps up to {BALANCE_TOLERANCE:.0e}",
                )  # fmt: skip
        check_regions(self.regions, self.absorption, self.factor_payments, self.flows)

    @checked
    def with_elasticities(self, **by_horizon: Elasticities) -> Benchmark:
        """The same accounts with other elasticities; no recalibration is needed."""
        other = replace(self, elasticities={**self.elasticities, **by_horizon})
        for name in ("accounts_fingerprint", "_surroundings"):  # found once for all of them
            other.__dict__[name] = getattr(self, name)
        return other

    @cached_property
    def accounts_fingerprint(self) -> str:
        """SHA-256 of everything the model reads but the elasticities, in hexadecimal."""
        hashed = hashlib.sha256()
        for item in fields(self):
            if item.name in ("bundles", "saving", "ownership"):
                part = getattr(self, item.name)
                hashed.update(b"" if part is None else part.fingerprint.encode())
            elif item.name not in (*_LABELS, "elasticities"):
                value = getattr(self, item.name)
                array = isinstance(value, np.ndarray)
                hashed.update(item.name.encode())
                hashed.update(
                    np.ascontiguousarray(value).tobytes() if array else repr(value).encode()
                )
        if self.research_sectors:  # the one group that equations read
            hashed.update(repr(self.research_sectors).encode())
        return hashed.hexdigest()

    @property
    def research_sectors(self) -> tuple[str, ...]:
        """Sectors whose services research is made of: the group ``research``."""
        return tuple(self.groups.get("sectors", {}).get("research", ()))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything the model reads, in hexadecimal."""
        hashed = hashlib.sha256(self.accounts_fingerprint.encode())
        for horizon in sorted(self.elasticities):
            hashed.update(horizon.encode())
            hashed.update(self.elasticities[horizon].fingerprint.encode())
        return hashed.hexdigest()

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that results depend on: also groups, members, origin and unit."""
        return digest(self.fingerprint, self._surroundings)

    @cached_property
    def _surroundings(self) -> str:
        """SHA-256 of what the model does not read and results depend on all the same."""
        return digest(self.groups, self.members, self.origin, self.unit)
