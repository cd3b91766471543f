"""Instruments about knowledge, one class each: its keys, its checks, its words, what it does.

What an instrument does is a change of :class:`cge.dynamics.knowledge.KnowledgePolicy`, which the
laws of motion read. :mod:`cge.policy.knowledge_plan` adds up the measures of a scenario.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from cge.core.axes import Array, Bools
from cge.core.errors import InputError, refuse_if
from cge.core.fields import ByKind, Codes, Rate, refuse_value
from cge.dynamics.firm_sizes import LARGE, SMALL
from cge.scenario.timing import Timed, codes_text

if TYPE_CHECKING:
    from cge.data.accounts.benchmark import Benchmark
    from cge.data.knowledge.stocks import KnowledgeData
    from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen


#: Sizes in words.
_SIZES: Mapping[str, Callable[[float], str]] = {
    "add": lambda rate: f"of {100 * rate:+g} points",
    "budget": lambda share: f"with outlay of {100 * share:g} % of GDP",
    "rise": lambda part: f"with outlay of {100 * part:g} % of what is spent today",
    "set_": lambda share: f"set to {share:g}",
}
#: A credit that a budget asks for must stay below this part of the cost of research.
LARGEST_CREDIT = 0.95


@dataclass(frozen=True, eq=False)
class KnowledgeSetting:
    """Surroundings of a measure about knowledge in a year.

    Parameters
    ----------
    law : KnowledgeLaw
    state, seen
        From which business decides.
    before : KnowledgePolicy
        Of the measures before it.
    cells : ndarray of bool
        Where it applies.
    share : float
        Part of it that is in force.
    spending : ndarray (r,)
        What that buys, shares of benchmark GDP at benchmark prices.
    """

    law: KnowledgeLaw
    state: KnowledgeState
    seen: Seen
    before: KnowledgePolicy
    cells: Bools
    share: float
    spending: Array


class KnowledgeMeasure(ByKind, Timed):
    """A measure about knowledge, on a path of years.

    Its errors are under keys of its own; who calls puts its place before them.
    """

    told_by = "instrument"
    instrument: str

    #: What tables call the instrument, and its outlay; of one that costs nothing empty.
    called: ClassVar[str] = ""
    outlay: ClassVar[str] = ""
    #: Keys that say how large it is.
    sizes: ClassVar[tuple[str, ...]] = ()
    idle: ClassVar[Mapping[str, float]] = {"add": 0, "budget": 0, "rise": 0}

    @property
    def sized(self) -> str:
        """Key that says how large it is; empty: none."""
        return next((name for name in self.sizes if getattr(self, name) is not None), "")

    @property
    def told(self) -> dict[str, Any]:
        """Key and value of its size, for a message; nothing where a comparison finds it."""
        return {"key": self.sized, "value": getattr(self, self.sized)} if self.sized else {}

    @property
    def unsized(self) -> bool:
        """Whether its outlay is left to an equal comparison."""
        return bool(self.outlay) and not self.sized

    @property
    def endogenous(self) -> str:
        """Field of a KnowledgePolicy that is a rate which follows from its budget."""
        return ""

    @property
    def words(self) -> str:
        """Its effect in words."""
        return self.at_its_time(f"{self.called} ({self.where}) {self.size}")

    @property
    def where(self) -> str:
        """Where it applies, in words."""
        chosen = {key: getattr(self, key, "all") for key in ("region", "sector")}
        return "; ".join(
            f"{key} {codes_text(codes)}" for key, codes in chosen.items()
            if key == "region" or codes != "all"
        )  # fmt: skip

    @property
    def size(self) -> str:
        """How large it is, in words."""
        for key, text in _SIZES.items():
            value = getattr(self, key, None)
            if value is not None:
                return text(value)
        return "with the outlay that makes the variants equal"

    @abstractmethod
    def cells(self, benchmark: Benchmark, data: KnowledgeData) -> Bools:
        """Where it applies, (r, ...).

        Raises
        ------
        InputError
            For codes that do not exist, and for what the data do not have.
        """

    def gdp_shares(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Outlay that it names, a share of GDP, (r,); 0 where another key tells the size."""
        regions = np.asarray(cells if cells.ndim == 1 else cells.any(axis=1), dtype=float)
        return (getattr(self, "budget", None) or 0.0) * regions

    @abstractmethod
    def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
        """Its additions in a year to the fields of a KnowledgePolicy."""

    def check(self, law: KnowledgeLaw, policy: KnowledgePolicy) -> None:
        """Refuse a policy that it has made impossible."""

    def mask(self, word: str, axis: str, benchmark: Benchmark) -> Bools:
        """Codes of an axis that one of its selectors names."""
        chosen = benchmark.codes(axis, getattr(self, word), word)
        return np.isin(getattr(benchmark, axis), chosen)


class _Outlay(KnowledgeMeasure):
    """A measure of one region or several that costs something.

    Its outlay is a share of GDP, or a part of what is spent on the same today: a rise of 1
    doubles it, and in the long run the stock of knowledge that it makes. Regions differ in that
    base fivefold, so equal shares of GDP are no equal effort.
    """

    region: Codes = "all"
    budget: Rate | None = None
    rise: Rate | None = None

    sizes: ClassVar[tuple[str, ...]] = ("budget", "rise")

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        given = [name for name in self.sizes if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"exactly one of {', '.join(self.sizes)} is needed, found "
                             f"{' and '.join(given)}")  # fmt: skip
        return self

    @abstractmethod
    def today(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Outlay of today on what it supports, a share of GDP, (r,)."""

    def gdp_shares(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Outlay that it names, a share of GDP, (r,); 0 where another key tells the size."""
        if self.rise is None:
            return super().gdp_shares(law, cells)
        regions = np.asarray(cells if cells.ndim == 1 else cells.any(axis=1), dtype=float)
        return self.rise * self.today(law, cells) * regions

    def cells(self, benchmark: Benchmark, data: KnowledgeData) -> Bools:
        """Its regions, (r,)."""
        return self.mask("region", "regions", benchmark)


class BasicResearch(_Outlay):
    """Public spending on basic research."""

    named, called, outlay = "basic_research", "public basic research", "basic research"

    def cells(self, benchmark: Benchmark, data: KnowledgeData) -> Bools:
        """Its regions, (r,), all of which do basic research."""
        regions = super().cells(benchmark, data)
        _refuse(regions & (data.basic <= 0), "there is no basic research in the data", benchmark)
        return regions

    def today(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Basic research, (r,)."""
        return np.asarray(law.data.basic / law.data.gdp)

    def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
        """Spending."""
        return {"basic": met.spending}

    def check(self, law: KnowledgeLaw, policy: KnowledgePolicy) -> None:
        """Refuse a cut of all basic research."""
        basic, gdp = law.data.basic, law.data.gdp
        if (basic + policy.basic * gdp <= 0).any() and (policy.basic < 0).any():
            r = int(np.argmin(basic / gdp + policy.basic))
            raise InputError(
                "leaves no basic research", **self.told,
                allowed=f"a cut of less than {basic[r] / gdp[r]:.3g} of GDP",
            )  # fmt: skip


class Diffusion(_Outlay):
    """Public spending on diffusion."""

    named, called, outlay = "diffusion", "diffusion", "diffusion"

    def today(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Spending on diffusion, (r,)."""
        return np.full(len(cells), law.diffusion_base)

    def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
        """Spending."""
        return {"diffusion": met.spending}

    def check(self, law: KnowledgeLaw, policy: KnowledgePolicy) -> None:
        """Refuse a cut of all spending on diffusion."""
        refuse_if((1 + policy.diffusion / law.diffusion_base <= 0).any(),
                  "leaves nothing for diffusion", **self.told,
                  allowed=f"a cut of less than {law.diffusion_base:g} of GDP")  # fmt: skip


class ResearchCredit(_Outlay):
    """A credit on business research: a rate, or one that a budget pays for.

    Of all firms, or of small or large ones, where ``path.parameters.small_share`` tells them
    apart.
    """

    named, called, outlay = "research_credit", "credit on business research", "research credits"
    sector: Codes = "all"
    firms: Literal["all", "small", "large"] = "all"
    add: Rate | None = None

    sizes: ClassVar[tuple[str, ...]] = ("add", "budget", "rise")

    @field_validator("add", "budget", "rise")
    @classmethod
    def _pays_a_part(cls, value: float | None, info: ValidationInfo) -> float | None:
        size = 0.0 if value is None else value
        refuse_value(
            info.field_name == "add" and size >= 1,
            "a credit pays for less than all research",
            value=value,
            allowed="below 1",
        )
        refuse_value(info.field_name != "add" and size < 0,
                     "a credit costs something; a tax on research is a negative 'add'",
                     value=value, allowed="0 or more")  # fmt: skip
        return value

    def today(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Business research where it applies, (r,)."""
        whole = np.where(cells, law.data.business, 0.0).sum(axis=1) / law.data.gdp
        return np.asarray(sum(share for share, _, _ in self._paid(law)) * whole)

    def gdp_shares(self, law: KnowledgeLaw, cells: Bools) -> Array:
        """Outlay that it names, a share of GDP, (r,); 0 where another key tells the size."""
        refuse_if(self.firms != "all" and law.sizes is None,
                  "firms are not told apart by size on this path", key="firms", value=self.firms,
                  allowed="all; others with path.parameters.small_share above 0")  # fmt: skip
        return super().gdp_shares(law, cells)

    @property
    def _field(self) -> str:
        """Field of a KnowledgePolicy that it moves."""
        return "credit" if self.firms == "all" else f"credit_{self.firms}"

    def _paid(self, law: KnowledgeLaw) -> list[tuple[float, float, int]]:
        """Firms that it pays: their share in research, their answer to its cost, their number."""
        if law.sizes is None:
            return [(1.0, 1.0, 0)]
        every = zip(law.sizes.shares, law.sizes.elasticities, (0, 1), strict=True)
        return [one for one, name in zip(every, (SMALL, LARGE), strict=True)
                if self.firms in ("all", name)]  # fmt: skip

    @property
    def where(self) -> str:
        """Where it applies, in words."""
        return super().where + ("" if self.firms == "all" else f"; {self.firms} firms")

    @property
    def endogenous(self) -> str:
        """Its rate, where a budget pays for it."""
        return self._field if self.add is None else ""

    def cells(self, benchmark: Benchmark, data: KnowledgeData) -> Bools:
        """Its sectors with business research, (r, j), of which each of its regions has some."""
        regions = super().cells(benchmark, data)
        sectors = self.mask("sector", "sectors", benchmark)
        cells = regions[:, None] & sectors & (data.business > 0)
        without = regions & ~cells.any(axis=1)
        _refuse(without, "there is no business research in the data", benchmark)
        return cells

    def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
        """Its rate, or of each region the one that costs what is spent."""
        if self.add is not None:
            return {self._field: met.share * self.add * met.cells.astype(float)}
        rates = np.zeros(met.cells.shape)
        for r in np.flatnonzero(met.cells.any(axis=1)):
            paid = self._paid(met.law)
            rates[r, met.cells[r]] = _credit(met, int(r), self.sized or "budget", paid)
        return {self._field: rates}

    def check(self, law: KnowledgeLaw, policy: KnowledgePolicy) -> None:
        """Refuse credits that pay for everything."""
        refuse_if(any((credit >= 1).any() for credit in policy.by_size),
                  "pays for all research and more",
                  allowed="credits that add up to less than 1")  # fmt: skip


class KnowledgeOpenness(KnowledgeMeasure):
    """How much knowledge of a source is let through to a learner."""

    named, called = "knowledge_openness", "openness to knowledge"
    source: Codes = "all"
    learner: Codes = "all"
    mutual: bool = False
    set_: Annotated[Rate, Field(ge=0, le=1, alias="set")]

    def cells(self, benchmark: Benchmark, data: KnowledgeData) -> Bools:
        """Pairs of source and learner, (s, r)."""
        source, learner = (self.mask(w, "regions", benchmark) for w in ("source", "learner"))
        cells = source[:, None] & learner
        cells |= cells.T & self.mutual
        np.fill_diagonal(cells, False)
        refuse_if(not cells.any(), "source and learner are one region")
        return cells

    def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
        """From what is let through to what is set."""
        change = met.share * (self.set_ - met.before.openness)
        return {"openness": np.where(met.cells, change, 0.0)}

    @property
    def where(self) -> str:
        """Where it applies, in words."""
        both = " and back" if self.mutual else ""
        return f"from {codes_text(self.source)} to {codes_text(self.learner)}{both}"


def _refuse(regions: Bools, problem: str, benchmark: Benchmark) -> None:
    refuse_if(regions.any(), problem, value=benchmark.regions[int(np.argmax(regions))])


def _credit(
    met: KnowledgeSetting, r: int, key: str, paid: Sequence[tuple[float, float, int]]
) -> float:  # fmt: skip
    """The rate that costs what region `r` spends, on top of other credits.

    Business does more research the more of it is paid, so cost rises faster than the rate.

    Parameters
    ----------
    met : KnowledgeSetting
    r : int
    key : str
        Key of the size.
    paid : sequence of (float, float, int)
        Of the firms that it pays their share in research, their answer to its cost, and whether
        they are small (0) or large ones (1), where they are told apart.
    """
    from scipy.optimize import brentq

    data, law, here = met.law.data, met.law, met.cells[r]
    wanted = float(met.spending[r]) * float(data.gdp[r])
    none = type(met.before).none(*data.business.shape)
    if law.sizes is None:
        every = [law.business(met.state, met.seen, none)]
    else:
        every = [*law.of_sizes(met.state, met.seen, none)]
    rho = data.parameters["spending_persistence"]
    firms = [
        (share * every[n][r, here] * data.business[r, here], met.before.by_size[n][r, here], answer)
        for share, answer, n in paid
    ]

    def short(rate: float) -> float:
        done = sum(
            (unpaid * (1 - other - rate) ** (answer * (rho - 1))).sum()
            for unpaid, other, answer in firms
        )
        return float(rate * done - wanted)

    largest = LARGEST_CREDIT - max(float(other.max(initial=0.0)) for _, other, _ in firms)
    if largest <= 0 or short(largest) < 0:
        raise InputError(f"costs more than a credit of {100 * LARGEST_CREDIT:g} % does",
                         key=key, value=f"{wanted / float(data.gdp[r]):.3g} of GDP")  # fmt: skip
    return float(brentq(short, 0.0, largest, xtol=1e-17, rtol=4 * np.finfo(float).eps))
