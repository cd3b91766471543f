"""Results of claims: the figures of their checks, whether they hold, and the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array, Bools
from cge.core.errors import NoEquilibrium, refuse_if, retold
from cge.core.fields import files_of
from cge.data.accounts.benchmark import Benchmark
from cge.model.welfare import COMPONENTS
from cge.policy.chosen_sectors import sets_told
from cge.results.claim_rows import at_point, codes_of, each_of, named_by, rows_of
from cge.results.manifest import manifest
from cge.results.reads import Read
from cge.results.register import item_of
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined, labelled, world_label
from cge.scenario.claim_file import ANY, Claim, Figure, Prediction, Sum
from cge.scenario.variants import ScenarioSet
from cge.studies.drawable import Drawable
from cge.studies.frontier import Frontier
from cge.studies.sensitivity_results import FIGURE, SetDraws
from cge.uncertainty.chosen_variant import BREAK_EVEN_NOISE, NOISE_UNIT, TAKEN
from cge.uncertainty.designs import Design
from cge.uncertainty.spread import DRAWS_EACH, Regression, spread
from cge.uncertainty.uncertain_parameters import UncertainParameter
from cge.uncertainty.verdicts import (
    DEPENDS,
    ELSEWHERE,
    HOLDS,
    NARRATIVE,
    PREDICTED,
    SIZE,
    SURE,
    UNLIKELY,
    Under,
    holding,
    judgement,
    turn,
)

#: Welfare that is never shown without the next two.
WELFARE = ("equivalent_variation", "present_value")
#: What stands beside it: the part that is terms of trade, and what others get.
COMPANIONS = (*WELFARE, "terms_of_trade_effect", "ev_part", "welfare_part", "others_variation")
#: Items of the parts of welfare that stand for the terms of trade: component, and group.
_TERMS = ("terms_of_trade", COMPONENTS["terms_of_trade"])
#: Statistics of a check's figure over draws.
_SPREAD = ("mean", "sd", "p05", "p25", "p50", "p75", "p95", "min", "max", "draws")
Place = tuple[Claim, str, Figure]
#: Studies of cases.
Solvable = Drawable | Frontier


@dataclass(eq=False)
class Tried:
    """A case that is solved for one claim or several.

    Parameters
    ----------
    study : Drawable or Frontier
    label : str
    figures : list of (Claim, place, Figure)
        Figures of it that checks name.
    """

    study: Solvable
    label: str
    figures: list[Place] = field(default_factory=list)

    @property
    def measures(self) -> tuple[str, ...]:
        """Measures of the figures, whatever the order of the claims."""
        return tuple(sorted({item_of(one.measure)[0] for _, _, one in self.figures}))

    def read(self, beside: bool = False) -> tuple[Read, ...]:
        """The figures as they stand in results; with what stands beside welfare, if wanted."""
        b = next(iter(self.study.benchmarks.values()))
        names = [member.variant for member in ScenarioSet(self.study.question).members]
        found = set()
        for _, place, one in self.figures:
            measure, item = item_of(one.measure)
            own = [measure, *(COMPANIONS if beside and measure in WELFARE else ())]
            for variant, (region, sector) in product(
                named_by(one.variant, names).values() if ANY in one.variant else [one.variant],
                codes_of(one, b, place),
            ):
                found |= {Read(variant, name, item if name == measure else "", one.year or 0,
                               region, one.partner, sector, one.disruption)
                          for name in own}  # fmt: skip
        return tuple(sorted(found))

    def ready(self) -> Tried:
        """The same with what its study collects at central values."""
        if isinstance(self.study, Frontier):
            return self  # of which all is collected
        more: dict[str, Any] = {"only": tuple(sorted({*self.measures, *COMPANIONS})),
                                "reads": self.read(beside=True)}  # fmt: skip
        if hasattr(self.study, "decompose_years"):
            years = {one.year for _, _, one in self.figures if one.year is not None}
            more["decompose_years"] = tuple(sorted(years))
        return replace(self, study=replace(self.study, **more))


@dataclass(frozen=True, eq=False)
class Found:
    """A claim with all that was found of its cases.

    Parameters
    ----------
    claim : Claim
    keys : mapping of str to str
        Of its cases, by their names.
    runs : mapping
        Of the cases of all claims, by the key of a case and the elasticity set.
    """

    claim: Claim
    keys: Mapping[str, str]
    runs: Mapping[str, Mapping[str, SetDraws]]

    @property
    def sets(self) -> list[str]:
        """Elasticity sets."""
        return list(self.runs[next(iter(self.keys.values()))])

    def under(self, name: str) -> Judged:
        """The claim under one elasticity set."""
        return Judged(self.claim, {case: self.runs[key][name] for case, key in self.keys.items()})


@dataclass(frozen=True, eq=False)
class Judged:
    """A claim under one elasticity set.

    Parameters
    ----------
    claim : Claim
    cases : mapping of str to SetDraws
    """

    claim: Claim
    cases: Mapping[str, SetDraws]

    def benchmark(self, case: str) -> Benchmark:
        """The accounts of a case, with the groups of its scenario."""
        return next(iter(self.cases[case].study.benchmarks.values()))

    @property
    def drawn(self) -> bool:
        """Whether there are draws, of every case."""
        return all(len(one.failed) for one in self.cases.values())

    @cached_property
    def solved(self) -> Bools:
        """Whether a draw has an equilibrium in every case, (draws,)."""
        return np.logical_and.reduce([one.solved for one in self.cases.values()])

    @cached_property
    def central(self) -> Array:
        """Figures of the checks at central values, (checks,)."""
        numbers = {name: one.figures[list(FIGURE)].to_numpy(float)[None]
                   for name, one in self.cases.items()}  # fmt: skip
        return self._sizes(numbers)[0]

    @cached_property
    def sizes(self) -> Array:
        """Figures of the checks in the draws with an equilibrium, (draws, checks)."""
        return self._sizes({name: one.numbers[self.solved] for name, one in self.cases.items()})

    def _sizes(self, numbers: Mapping[str, Array]) -> Array:
        """Figures of the checks from numbers (draws, figures, 3) of every case."""
        sizes = []
        for n, check in enumerate(self.claim.checks):
            self._check_variants(check, f"checks.{n}")
            size = self._quotient(check, f"checks.{n}", numbers)
            if check.versus is not None:
                size = size - self._quotient(check.versus, f"checks.{n}.versus", numbers)
            sizes.append(TAKEN[check.take](size) if check.take else size[:, 0])
        return np.stack(sizes, axis=1)

    def _check_variants(self, check: Prediction, place: str) -> None:
        """Refuse figures of several variants that are not of the same ones."""
        of_each = {where: tuple(each_of(self.cases[one.case].figures, one, f"{place}.{where}"))
                   for where, one in check.figures.items() if ANY in one.variant}  # fmt: skip
        first = next(iter(of_each.values()), ())
        for where, own in of_each.items():
            with retold(self.claim.told):
                refuse_if(own != first, "other variants than the first such figure of the check",
                          key=f"{place}.{where}.variant", value=check.figures[where].variant,
                          allowed=[f"{ANY} for {one}" for one in first])  # fmt: skip

    def _quotient(self, one: Sum, place: str, numbers: Mapping[str, Array]) -> Array:
        total = self._sum(one.figure, f"{place}.figure", numbers)
        if not one.over:
            return total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(total / self._sum(one.over, f"{place}.over", numbers))

    def _sum(self, terms: Sequence[Figure], place: str, numbers: Mapping[str, Array]) -> Array:
        """Sum of figures, (draws, variants): of one variant where none has several."""
        parts = []
        for n, one in enumerate(terms):
            own = numbers[one.case][:, :, FIGURE.index(one.column)]
            columns = [own[:, rows].sum(axis=1) for rows in self._rows(one, f"{place}.{n}")]
            parts.append(one.times * np.stack(columns, axis=1))
        return np.asarray(sum(parts))

    def _rows(self, figure: Figure, place: str) -> list[list[int]]:
        """Numbers of the rows that a figure is the sum of, for each of its variants."""
        rows, b = self.cases[figure.case].figures, self.benchmark(figure.case)
        with retold(self.claim.told):
            return [rows_of(rows, each, b, place)
                    for each in each_of(rows, figure, place).values()]  # fmt: skip

    def unit(self, check: Prediction) -> str:
        """Unit of a check's figure."""
        if check.take == BREAK_EVEN_NOISE:
            return NOISE_UNIT
        if check.over:
            return "ratio"
        one = check.figure[0]
        column = "change_unit" if one.column == "change" else "unit"
        return str(self.cases[one.case].figures[column].iloc[self._rows(one, "figure")[0][0]])

    def holds(self, sizes: Array) -> Bools:
        """Whether the checks hold, (..., checks)."""
        checks = self.claim.checks
        positive = np.array([one.sign == "positive" for one in checks])
        return holding(sizes, positive, np.array([one.than for one in checks]))

    @cached_property
    def shares(self) -> Array:
        """Share of draws in which each check holds; without draws 1 or 0, (checks,)."""
        if not self.drawn:
            return self.holds(self.central).astype(float)
        return self.holds(self.sizes).mean(axis=0)

    @property
    def share(self) -> float:
        """Share of draws in which all checks hold; without draws 1 or 0."""
        if not self.drawn:
            return float(self.holds(self.central).all())
        return float(self.holds(self.sizes).all(axis=1).mean())

    def parameters(self) -> tuple[list[UncertainParameter], Array]:
        """Parameters of all cases, and their values in the draws with an equilibrium."""
        columns: dict[UncertainParameter, Array] = {}
        for one in self.cases.values():
            columns |= dict(zip(one.parameters, one.points[self.solved].T, strict=True))
        return [*columns], np.stack([*columns.values()], axis=1)

    def turns(self, design: Design) -> dict[str, str]:
        """The parameter that turns the check that holds least surely: short, and in a clause."""
        weakest = int(np.argmin(self.shares))
        check = self.claim.checks[weakest]
        regression = Regression(*self.parameters(), design)
        if not regression.possible:
            return {"on": "too few draws", "words": (
                f"{len(self.sizes)} draws do not tell on what: that takes {DRAWS_EACH} for each "
                f"of {len(regression.names)} parameters"
            )}  # fmt: skip
        found = turn(self.sizes[:, weakest], check.sign == "positive", regression)
        if found is None:
            return {"on": "no single parameter", "words": "no parameter has more than chance gives"}
        return {"on": found.words, "words": (
            f"check {weakest + 1} fails at {found.words}, which has {100 * found.share:.0f} % of "
            "its variance"
        )}  # fmt: skip


def claim_results(
    spec: Mapping[str, Any], claims: Sequence[Claim], found: Sequence[Found],
    elsewhere: Mapping[str, str], benchmark: Benchmark, design: Design | None,
    centrals: Sequence[ResultSet],
) -> ResultSet:  # fmt: skip
    """Put the claims together.

    Raises
    ------
    NoEquilibrium
        If no draw of a claim has an equilibrium in all its cases.
    """
    rows, frames, told = Rows(), [], {}
    for one in found:
        judged = {name: one.under(name) for name in one.sets}
        drawn = design if all(under.drawn for under in judged.values()) else None
        for name, under in judged.items():
            if drawn is not None and not under.solved.any():
                raise NoEquilibrium(f"claim {one.claim.id}, {name}: no draw has an equilibrium")
            _add_checks(rows, under, name, drawn)
            frames += list(_companions(under, name))
        told[one.claim.id] = judgement([_under(under, name, drawn)
                                        for name, under in judged.items()])  # fmt: skip
    for claim in claims:
        reason = elsewhere.get(claim.id, "")
        told.setdefault(claim.id, {"verdict": ELSEWHERE if reason else NARRATIVE, "why": reason})
    texts = [
        {**claim.model_dump(mode="json", by_alias=True, exclude={"cases", "checks"}),
         "checks": [{"says": check.says, "sign": check.sign, "than": check.than}
                    for check in claim.checks], **told[claim.id]}
        for claim in claims
    ]  # fmt: skip
    every = [run for of_case in found[0].runs.values() for run in of_case.values()]
    own = dict.fromkeys(path for run in every for path in files_of(run.study.question))
    parameters = {(run.name, p): None for run in every for p in run.parameters}
    return ResultSet(
        joined([rows.frame(study="claims"), *frames]),
        manifest(
            spec, benchmark,
            [{**case, "study": "claims"} for one in centrals for case in one.manifest["cases"]],
            _notes(found, design), own, claims=texts, figure="claims",
            pages=[["claims", {}], ["claim-checks", {}], ["claim-welfare", {}]],
            parameters=[{"elasticities": name, **asdict(p)} for name, p in parameters],
        ),
    )  # fmt: skip


def _add_checks(rows: Rows, under: Judged, name: str, design: Design | None) -> None:
    """Add the figures of the checks under one set, and whether the claim holds."""
    claim = under.claim
    for n, check in enumerate(claim.checks):
        labels: dict[str, Any] = {
            "scenario": claim.id,
            "variant": str(n + 1),
            "title": check.says,
            "elasticities": name,
        }
        unit = under.unit(check)
        rows.add(SIZE, under.central[n], unit=unit, **labels)
        if design is None:
            continue
        drawn = under.sizes[:, n]
        found = spread(drawn[:, None])
        for statistic in _SPREAD:
            rows.add(SIZE, found[statistic], statistic=statistic,
                     unit="draws" if statistic == "draws" else unit, **labels)  # fmt: skip
        rows.add(SIZE, under.shares[n], statistic=PREDICTED, unit="share of draws", **labels)
        rows.add(SIZE, drawn, point=np.flatnonzero(under.solved) + 1, unit=unit, **labels)
    rows.add(HOLDS, under.share, unit="share of draws", scenario=claim.id, title=claim.title,
             elasticities=name)  # fmt: skip


def _companions(under: Judged, name: str) -> list[pd.DataFrame]:
    """Rows of national welfare in checks, its terms-of-trade part, and the world's."""
    frames: list[pd.DataFrame] = []
    seen: set[tuple[Any, ...]] = set()
    for place, figure in under.claim.places:
        measure, _ = item_of(figure.measure)
        if measure not in WELFARE:
            continue
        for each in each_of(under.cases[figure.case].central.rows, figure, place).values():
            own, b = _beside(under, each), under.benchmark(each.case)
            world = world_label(b.regions)
            for region, _ in codes_of(each, b, place):
                key = (each.case, each.variant, each.year, each.point, region, measure)
                if region == world or key in seen:
                    continue
                seen.add(key)
                part = own["measure"].isin(["ev_part", "welfare_part"]) & own["item"].isin(_TERMS)
                beside = (own["measure"].isin([measure, "terms_of_trade_effect",
                                               "others_variation"]) | part)  # fmt: skip
                beside &= own["region"].eq(region)
                beside |= own["measure"].eq(measure) & own["region"].eq(world)
                point = f"{each.point} point" if each.point else ""
                words = ", ".join(filter(None, (each.case, each.variant, point, region)))
                frames.append(labelled(own[beside.to_numpy(dtype=bool)], study="claims",
                                       scenario=under.claim.id, variant=f"beside {len(seen)}",
                                       title=words, elasticities=name))  # fmt: skip
    return frames


def _beside(under: Judged, figure: Figure) -> pd.DataFrame:
    """Rows of a case about whole regions, in the variant and year of a figure."""
    rows = under.cases[figure.case].central.rows
    same = rows["variant"] == figure.variant
    for column in ("shock", "disruption", "sector", "partner"):
        same &= rows[column] == ""
    year = rows["path_year"]
    same &= (year.isna() if figure.year is None else (year == figure.year)).fillna(False)
    return rows[same.to_numpy(dtype=bool) & at_point(rows["point"], figure)]


def _under(under: Judged, name: str, design: Design | None) -> Under:
    """How a claim fares under one set."""
    basis = "central values only" if design is None else f"{design.draws} draws"
    found = Under("", name, [float(share) for share in under.shares], under.share, basis)
    if found.verdict != DEPENDS or design is None:
        return found
    told = under.turns(design)
    return replace(found, turns_on=told["on"], turns_words=told["words"])


def _notes(found: Sequence[Found], design: Design | None) -> list[str]:
    """Notes that belong under any table of claims."""
    unknown = [
        f"{one.claim.id}, {name}: check {n + 1} has no figure, since an equilibrium that it takes "
        "was not found; it counts as failed."
        for one in found for name in one.sets
        for n in np.flatnonzero(np.isnan(one.under(name).central))
    ]  # fmt: skip
    sets = list(dict.fromkeys(
        f"{one.claim.id}: {line}" for one in found for key in one.keys.values()
        for run in one.runs[key].values()
        for line in sets_told(next(iter(run.study.benchmarks.values())), run.study.question.sets)
    ))  # fmt: skip
    if design is None:
        return [
            *unknown,
            "At central values only: draws (--draws) say how sure a verdict is.",
            *sets,
        ]
    lines = [
        *unknown,
        f"Draws: {design.draws} for each elasticity set, seed {design.seed}; every parameter with "
        f"a range has a {design.distribution} distribution and one value in all cases of a draw. "
        f"Supported: all checks hold together in {100 * SURE:.0f} % of the draws under every set; "
        f"rejected: in {100 * UNLIKELY:.0f} % at most.",
    ]
    for one in found:
        for name in one.sets:
            under = one.under(name)
            if not under.drawn:
                lines.append(f"{one.claim.id}, {name}: at central values only; a frontier is not "
                             "found again for every draw.")  # fmt: skip
                continue
            lost = int((~under.solved).sum())
            if lost:
                lines.append(f"{one.claim.id}, {name}: {lost} of {len(under.solved)} draws have no "
                             "equilibrium in some case and are left out.")  # fmt: skip
    return [*lines, *sets]
