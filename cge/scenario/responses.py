"""Responses of partners to a policy, one class a kind: its keys, its words, what it raises.

Responses are rules with stated parameters, not behaviour that is derived. They answer to what the
policy does, never to each other. :mod:`cge.policy.replies` lays them on a policy.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from cge.core.axes import Array
from cge.core.fields import ByKind, Codes, Rate, Sized
from cge.scenario.timing import Action, codes_text

if TYPE_CHECKING:
    from cge.solve.model import Model


#: Tariffs that rise by less are those of the benchmark.
RAISED = 1e-12
#: Width of the kink of :func:`smooth_positive_part`, in the unit of a rate.
SMOOTHING = 1e-3


class Response(ByKind, Action, Sized):
    """A response of partners to a policy, by raising tariffs.

    Its errors are under keys of its own; who calls puts its place before them.
    """

    told_by = "kind"
    kind: str
    by: Codes = "all"
    sector: Codes | None = None

    #: Whether it depends on rates alone, so that it is known as soon as they are.
    to_rates: ClassVar[bool] = False

    @abstractmethod
    def points(self, model: Model, powers: Array, outcomes: Array) -> Array:
        """Additions to the rate of each tariff, (cells of the tariff,).

        Parameters
        ----------
        model : Model
        powers : ndarray (columns,)
            Levels of all columns with the policy, and no response, in place.
        outcomes : ndarray (outcomes,)
            At which the value of a subsidy on factors is judged.

        Raises
        ------
        InputError
            For unknown codes.
        """

    @property
    def _sectors(self) -> str:
        return "" if self.sector is None else f", sector {codes_text(self.sector)}"


class Retaliation(Response):
    """Each of `by` answers the tariff increases that `to` made against it, `share` for one.

    On the same use and sector, cell by cell; with a `sector` on these sectors alone, by the mean
    of what was raised, weighted with benchmark trade.
    """

    named, to_rates, idle = "retaliation", True, {"share": 0}
    to: Codes
    share: Annotated[Rate, Field(ge=0)] = 1.0

    @property
    def words(self) -> str:
        """Its effect in words."""
        by, to = codes_text(self.by), codes_text(self.to)
        return f"retaliation by {by} against {to}, share {self.share:g}{self._sectors}"

    def points(self, model: Model, powers: Array, outcomes: Array) -> Array:
        """Additions to the rate of each tariff, (cells of the tariff,)."""
        b, tariff = model.benchmark, model.variables["tariff"]
        by, to = b.codes("regions", self.by, "by"), b.codes("regions", self.to, "to")
        _, victim, sector, raiser = tariff.codes
        here = tariff.positions
        raised = np.maximum(powers[here] - model.arrays.start[here], 0.0)
        hit = (raised > RAISED) & np.isin(raiser, to) & np.isin(victim, by) & (raiser != victim)
        points = np.zeros(len(raised))
        if self.sector is None or self.sector == "same":
            for n in np.flatnonzero(hit):
                use, own, code, other = tariff.index[n]
                mirrored = tariff.place.get((use, other, code, own))
                if mirrored is not None:
                    points[mirrored - tariff.start] = self.share * raised[n]
            return points
        chosen = np.isin(sector, b.codes("sectors", self.sector, "sector"))
        fob = model.outcomes["fob_value"]
        weight = model.outcome_start[fob.start + fob.matching(tariff)]
        for own, other in dict.fromkeys(zip(victim[hit], raiser[hit], strict=True)):
            cells = hit & (victim == own) & (raiser == other)
            mean = np.average(raised[cells], weights=weight[cells])
            points[chosen & (victim == other) & (raiser == own)] = self.share * mean
        return points


class Countervailing(Response):
    """Each of `by` offsets `chi` of the specific subsidies of `against` by a duty.

    A subsidy that is broadly available is not specific (WTO, Agreement on Subsidies and
    Countervailing Measures, 1994, article 2): what counts is the part beyond what all sectors get
    on average. Counted are subsidies on output and on the use of factors, as a fraction of the
    basic value of output.
    """

    named, idle = "countervailing", {"chi": 0}
    against: Codes
    chi: Annotated[Rate, Field(ge=0)]

    @property
    def words(self) -> str:
        """Its effect in words."""
        by, against = codes_text(self.by), codes_text(self.against)
        return f"countervailing duty by {by} against {against}, chi {self.chi:g}{self._sectors}"

    def points(self, model: Model, powers: Array, outcomes: Array) -> Array:
        """Additions to the rate of each tariff, (cells of the tariff,)."""
        b, tariff = model.benchmark, model.variables["tariff"]
        by, against = b.codes("regions", self.by, "by"), b.codes("regions", self.against, "against")
        sectors = b.codes("sectors", "goods" if self.sector is None else self.sector, "sector")
        points = np.zeros(len(tariff))
        for region in against:
            subsidy = specific_subsidy(model, region, sectors, powers, outcomes)
            duty = self.chi * smooth_positive_part(subsidy)
            importers = [code for code in by if code != region]
            cells = tariff.where(r=[region], i=sectors, s=importers) - tariff.start
            points[cells] = duty[tariff.at("i")[0][cells]]
        return points


class RulesOfOrigin(Response):
    """Each of `by` levies its new tariffs on goods of `of` on what of these is in others' goods.

    A product of an exporter pays on its content of each good of `of`, a fraction of its value, what
    that good would pay had it come directly: the rise of its tariff over the benchmark's, a mean
    over uses with weights of benchmark trade. The content is that of the equilibrium, so it falls
    where sourcing turns away. It is that of the exporter's sector: nobody is told apart who buys
    otherwise.
    """

    named, idle = "origin", {"share": 0}
    of: Codes
    exporter: Codes = "all"
    content: Literal["direct", "home"] = "direct"
    share: Annotated[Rate, Field(ge=0)] = 1.0

    @property
    def words(self) -> str:
        """Its effect in words."""
        by, of, exporter = map(codes_text, (self.by, self.of, self.exporter))
        stages = "" if self.content == "direct" else ", through suppliers there"
        return (f"rules of origin: tariffs by {by} on content of {of} in goods of {exporter}"
                f"{stages}, share {self.share:g}{self._sectors}")  # fmt: skip

    def points(self, model: Model, powers: Array, outcomes: Array) -> Array:
        """Additions to the rate of each tariff, (cells of the tariff,)."""
        from cge.indicators.value_chains import origin_content  # where it is asked for
        from cge.indicators.world_io import WorldIO

        b, tariff, known = model.benchmark, model.variables["tariff"], model.outcomes
        by, of = b.codes("regions", self.by, "by"), b.codes("regions", self.of, "of")
        exporters = b.codes("regions", self.exporter, "exporter")
        sectors = b.codes("sectors", "goods" if self.sector is None else self.sector, "sector")
        points = np.zeros(len(tariff))
        risen = _risen(model, powers)
        if not risen[[b.regions.index(q) for q in of]].any():
            return points
        table = WorldIO.from_outcomes(
            b, lambda name: known[name].full(outcomes[known[name].positions])
        )
        for s in exporters:
            others = [code for code in of if code != s]
            each = origin_content(table, others, s, self.content == "home")  # (q, i, j)
            for q, content in zip(others, each, strict=True):
                rates = self.share * content.T @ risen[b.regions.index(q)]  # (j, importer)
                importers = [code for code in by if code not in (q, s)]
                if importers:
                    cells = tariff.where(r=[s], i=sectors, s=importers) - tariff.start
                    points[cells] += rates[tariff.at("i")[0][cells], tariff.at("s")[0][cells]]
        return points


def _risen(model: Model, powers: Array) -> Array:
    """Rise of tariffs over the benchmark's, a mean over uses, (origin, i, importer)."""
    tariff, fob = model.variables["tariff"], model.outcomes["fob_value"]
    here, shape = tariff.positions, model.benchmark.axes.shape("ris")
    raised = np.maximum(powers[here] - model.arrays.start[here], 0.0)
    weight = model.outcome_start[fob.start + fob.matching(tariff)]
    cells = np.ravel_multi_index(tariff.at("ris"), shape)
    size = int(np.prod(shape))
    value, paid = np.bincount(cells, weight, size), np.bincount(cells, weight * raised, size)
    return np.divide(paid, value, out=np.zeros(size), where=value > 0).reshape(shape)


def smooth_positive_part(x: Array, width: float = SMOOTHING) -> Array:
    """max(0, x) with a continuous derivative: exactly 0 up to 0, then a hyperbola.

    Above zero it is sqrt(x^2 + width^2) - width, at most `width` below x.
    """
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, np.hypot(x, width) - width, 0.0)


def specific_subsidy(
    model: Model, region: str, sectors: Sequence[str], powers: Array, outcomes: Array
) -> Array:
    """Subsidy of sectors of a region beyond the average of all of them.

    Parameters
    ----------
    model : Model
    region : str
    sectors : sequence of str
        The average over them is weighted with benchmark output.
    powers, outcomes : ndarray
        As in :meth:`Response.points`.

    Returns
    -------
    ndarray (j,)
        Fraction of the basic value of output; zero for a sector that the region has not, and for
        the others.
    """
    b, change = model.benchmark, powers - model.arrays.start
    here, chosen = b.regions.index(region), [b.sectors.index(code) for code in sectors]
    output, taxed = model.outcomes["output_value"], model.variables["net_of_output_tax"]
    value, weight = (output.full(of[output.positions])[here]
                     for of in (outcomes, model.outcome_start))  # fmt: skip
    given = taxed.full(change[taxed.positions])[here]
    factor, payment = model.variables["factor_tax"], model.outcomes["factor_payment"]
    cells = factor.where(s=[region], j=sectors) - factor.start
    paid, user = outcomes[payment.start + payment.matching(factor)[cells]], factor.at("j")[0][cells]
    np.add.at(given, user, -change[factor.columns[cells]] * paid / value[user])
    size = weight[chosen]
    mean = given[chosen] @ size / size.sum() if (size > 0).any() else 0.0
    produced = (weight > 0) & np.isin(b.sectors, list(sectors))
    return np.where(produced, given - mean, 0.0)
