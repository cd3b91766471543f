"""Policies compared: their cost in normal times, and what they save when supply breaks."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import (
    InputError,
    NoEquilibrium,
    check_known,
    check_once,
    check_same,
    refuse_if,
    retold,
)
from cge.data.elasticities.nests import HORIZONS
from cge.indicators.fiscal import policy_receipts
from cge.indicators.strategic import STRATEGIC
from cge.indicators.welfare_parts import groups
from cge.path.laws import path_closure
from cge.path.path_rows import OF_WORTH, add_solutions, add_worth, dated, decomposed
from cge.path.solved import PathCase, PathYear, welfare
from cge.path.solving import PathContent, solved_path
from cge.resilience.break_even import odds, payouts
from cge.results.collect import Wanted
from cge.results.policy_rows import PARTS
from cge.results.reads import of_variant, years_of
from cge.results.register import add_known
from cge.results.resultset import ResultSet
from cge.results.row_schema import NO_POLICY, Rows, usual_weighting
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.stress.stress_cases import StressCase
from cge.stress.stress_plan import StressPlan, plan_of
from cge.studies.drawable import Drawable
from cge.studies.stress import (
    Equilibria,
    Tested,
    solved_cases,
    tested_families,
    tested_solutions,
)
from cge.studies.study import Case, Work, content_of, labels_of, option
from cge.tasks.runner import Place, Task
from cge.uncertainty.selection import Family

#: Compared unless something else is asked for.
SHIPPED = ("compare-china", "compare-us", "compare-eu")
#: Figures of every year, and of the years that are tested.
_WELFARE = ("equivalent_variation", "equivalent_variation_value")
_DEPENDENCE = Wanted(
    1, groups=(STRATEGIC,),
    measures=("domestic_share_strategic", "foreign_input_reliance_strategic"),
)  # fmt: skip
#: Figures that are made of them.
_WITH_PARTS = ("annual_premium", "break_even_odds_home")
#: Figures that are of paths, not of equilibria before disruptions.
_OF_PATHS = (*_WELFARE, *PARTS, *OF_WORTH, "net_outlay", "others_variation")
#: Labels by which a path and the tests of its years belong together.
_CASE = ("variant", "elasticities", "research_return")
#: Keys of a measure that name regions.
_NAMING = ("importer", "exporter", "region", "source", "learner", "by", "to", "against")
Question = Scenario | str | Path


@dataclass(frozen=True)
class Comparison(Drawable):
    """Compare policies: their cost in normal times, and what they save when supply breaks.

    Each scenario is a path whose section ``stress`` names the home region. Its variants are the
    policies. Results are of the home regions and of the partners that the policies name.

    Parameters
    ----------
    scenario : Scenario, str or path, or a tuple of these
    solver : {"newton", "ipopt"}
    weighting : str, optional
        Weights of disruptions that tables show; default ``default``, or the library's first.
    """

    kind: ClassVar[str] = "comparison"
    command: ClassVar[str] = "compare"
    keys: ClassVar[tuple[str, ...]] = ("path.returns",)
    several: ClassVar[bool] = True
    example: ClassVar[str] = "compare-eu --variant basic-research --aggregation small"

    main_measures: ClassVar[tuple[str, ...]] = (
        "equivalent_variation", "present_value", "expected_loss", "cvar", "payout",
        "break_even_odds",
    )  # fmt: skip

    scenario: Question | tuple[Question, ...] = SHIPPED  # type: ignore[assignment]
    weighting: str | None = option(None, "Weights of disruptions that tables show.")

    @cached_property
    def questions(self) -> tuple[Scenario, ...]:
        """The scenarios, complete."""
        given = self.scenario if isinstance(self.scenario, tuple) else (self.scenario,)
        return tuple(
            completed(one) if isinstance(one, Scenario) else load_scenario(find_scenario(one))
            for one in given
        )

    @property
    def question(self) -> Scenario:
        """The first scenario."""
        return self.questions[0]

    def parts(self) -> Sequence[Scenario]:
        """The scenarios that are compared."""
        return self.questions

    @property
    def file(self) -> Path | None:
        """File of the scenario, if it is one and has one."""
        return self.question._file if len(self.questions) == 1 else None

    @property
    def folder(self) -> str:
        """Name of the output folder."""
        return self.question.name if len(self.questions) == 1 else self.command

    @property
    def spec(self) -> dict[str, Any]:
        """Content of a manifest of which the study can be made again."""
        every = [content_of(one) for one in self.questions]
        title = "; ".join(one.title or one.name for one in self.questions)
        return {"study": self.kind, "options": self.options,
                "scenario": {"name": self.folder, "title": title}, "scenarios": every}  # fmt: skip

    @property
    def horizons(self) -> tuple[str, ...]:
        """Elasticities of both horizons, as on every path."""
        return HORIZONS

    def families(self, split: bool = False) -> dict[str, Family]:
        """Parameters: of elasticities, of the path, of a short year and of disruptions."""
        return {**super().families(split), **tested_families(self.question, self.benchmarks)}

    def solutions(self, central: ResultSet) -> int:
        """Equilibria of a draw: disruptions, and the years before them."""
        return tested_solutions(self.question, central)

    def work(self) -> Work:
        made = [self._equilibria(one) for one in self.questions]
        plans = [one.plan for one in made]
        self._check(plans)
        yield [task for one in made for task in one.checks()]
        cases, notes = [], []
        for one in made:
            found = yield from self._compared(one)
            cases += found[0]
            notes += found[1]
        first = plans[0]
        if self.only:
            cases = [(labels, rows[rows["measure"].isin(self.only)], facts)
                     for labels, rows, facts in cases]  # fmt: skip
        return self.results(
            cases, first.benchmark, [m.scenario for plan in plans for m in plan.members],
            list(dict.fromkeys(notes)), library=first.facts,
            weighting=self.weighting or usual_weighting(list(first.library.weightings)),
            homes={plan.scenario.name: plan.choice.home for plan in plans},
            joint={plan.scenario.name: _joint(plan) for plan in plans},
            pages=[["policies", {}]], figure="policies",
        )  # fmt: skip

    def _equilibria(self, question: Scenario) -> Equilibria:
        """Pre-shock equilibria of a scenario, not made yet."""
        with retold(lambda error: error.located(question._file)):
            plan = _titled(plan_of(question, whole=True, benchmarks=self.accounts))
            made = Equilibria(
                plan, self.solver, (_DEPENDENCE,), self.kind, self.accounts, self.reads, _OF_PATHS
            )
        return made

    def _check(self, plans: Sequence[StressPlan]) -> None:
        """Check that scenarios are paths with a home, and can stand in one table."""
        first = plans[0]
        check_once((p.scenario.name for p in plans), "two scenarios have this name", key="name")
        for plan in plans:
            name = plan.scenario.name
            if plan.choice.home is None:
                raise InputError(f"scenario '{name}': policies are compared for a region",
                                 key="stress.home", allowed="its code")  # fmt: skip
            refuse_if(not plan.years, f"scenario '{name}': policies are compared over years",
                      key="path", allowed="a scenario with the section 'path'")  # fmt: skip
            if plan.benchmark.accounts_fingerprint != first.benchmark.accounts_fingerprint:
                raise InputError("must be the same for all scenarios", key="benchmark", value=name)
        check_same([plan.choice for plan in plans], ("library", "level"), "scenarios", "stress")
        check_known({self.weighting} - {None}, first.library.weightings,
                    "the library has no such weighting", file=first.library.file,
                    key="weighting")  # fmt: skip

    @property
    def _parts_wanted(self) -> bool:
        """Whether welfare is taken apart."""
        return not self.only or not {*self.only}.isdisjoint((*PARTS, *_WITH_PARTS))

    def _worth(self, path: PathContent, variant: str, plan: StressPlan) -> Worth:
        """What is asked of the path of a variant."""
        if not self.reads:
            return Worth(path, plan.years, self._parts_wanted)
        reads = of_variant(self.reads, variant)
        odds_of, read = (*_WITH_PARTS, "break_even_odds"), {one.measure for one in reads}
        return Worth(path, years_of(reads, (*PARTS, *_WITH_PARTS)),
                     not read.isdisjoint((*PARTS, *_WITH_PARTS)),
                     years_of(reads, (*_OF_PATHS, *odds_of)),
                     not read.isdisjoint(OF_WORTH))  # fmt: skip

    def _compared(
        self, made: Equilibria
    ) -> Generator[Sequence[Task], list[Any], tuple[list[Case], list[str]]]:
        """Yield the tasks of one scenario; return its cases and notes."""
        tested = yield from solved_cases(made)
        plan, cases, lost = tested.plan, tested.rows(), []
        results = yield [
            Task(f"{one.elasticities}, {one.member.variant}: worth", path_worth,
                 self._worth(one.task.content, one.member.variant, plan))
            for one in made.solved
        ]  # fmt: skip
        for one, found in zip(made.solved, results, strict=True):
            labels = labels_of(self.kind, plan.scenario, one.member, one.elasticities)
            cases.append(({**labels, "research_return": one.level}, found["rows"], None))
            own = (one.member.variant, one.elasticities, one.level)
            cases += [
                (case.equilibrium.labels, odds_rows(tested, case, found["rows"]), None)
                for case in tested.cases
                if tuple(case.equilibrium.labels[key] for key in _CASE) == own
            ]
            if found["lost"]:
                lost.append(f"{plan.scenario.name}, welfare can not be taken apart: "
                            f"{one.elasticities}, {one.member.variant}, {one.level} returns: "
                            f"{found['lost']}.")  # fmt: skip
        others = set(plan.benchmark.regions) - {*_named(plan), *(one.region for one in self.reads)}
        return [
            (labels, rows[~rows["region"].isin(list(others))], facts)
            for labels, rows, facts in cases
        ], [*tested.notes(), *lost]


def _titled(plan: StressPlan) -> StressPlan:
    """The plan with variants titled by the labels of their measures."""

    def title(scenario: Scenario) -> str:
        words = [one.text for one in scenario.measures.values()]
        return ", ".join(dict.fromkeys(words)) or NO_POLICY

    return replace(plan, members=tuple(
        replace(one, scenario=one.scenario.model_copy(update={"title": title(one.scenario)}))
        for one in plan.members
    ))  # fmt: skip


def _named(plan: StressPlan) -> list[str]:
    """The home region, and regions that the policies name."""
    b, named = plan.benchmark, {plan.choice.home}
    for member in plan.members:
        content = member.scenario.model_dump(include={"policy", "knowledge", "responses"})
        for one in (one for part in content.values() for one in part):
            for word in _NAMING:
                value = one.get(word)
                if isinstance(value, str | list) and value != "all":
                    named.update(b.codes("regions", value, word))
    return [code for code in b.regions if code in named]


@dataclass(frozen=True)
class Worth:
    """Content of a task: a path, and years of which the parts of welfare are told.

    Parameters
    ----------
    path : PathContent
    years : tuple of int
    parts : bool
        Whether they are wanted.
    told : tuple of int, optional
        Years whose welfare is told; None: all.
    whole : bool
        Whether figures of the path as a whole are told.
    """

    path: PathContent
    years: tuple[int, ...]
    parts: bool = True
    told: tuple[int, ...] | None = None
    whole: bool = True


def path_worth(asked: Worth, place: Place) -> dict[str, Any]:
    """Figures of a whole path.

    Returns
    -------
    dict
        ``rows``: welfare by year, present values, what the policy costs the budget in year 1, and
        the parts of welfare, where they are wanted, in the first year and in those that are asked
        for; ``lost``, why there are no parts, empty where there are.
    """
    rows, case = Rows(), solved_path(asked.path, place)
    b, first = case.model.benchmark, case.years[0]
    if asked.told != ():
        add_solutions(rows, case, only=_WELFARE, years=asked.told or ())
    if asked.whole:
        add_worth(rows, case, np.zeros((len(case.years), len(b.regions))))
    add_known(rows, "net_outlay", net_outlay(first), b, region=b.regions, path_year=first.year)
    _add_others(rows, case)
    lost = ""
    early = {first.year} if asked.told is None else set()
    wanted = {*early, *asked.years} if asked.parts else set()
    still = case.laws.standing(path_closure(case.scenario, b))
    try:
        for year, base in (pair for pair in case.pairs() if pair[0].year in wanted):
            parts = groups(decomposed(year, base=still, by_shock=False), b)
            less = {} if base is None else groups(decomposed(base, base=still, by_shock=False), b)
            for name, values in parts.items():
                add_known(rows, name, values - less.get(name, 0.0), b, region=b.regions,
                          path_year=year.year)  # fmt: skip
    except NoEquilibrium as error:
        lost = str(error)
    return {"rows": dated(rows, case), "lost": lost}


def _add_others(rows: Rows, case: PathCase) -> None:
    """Add what a policy does to all other regions together, by year."""
    b, (variation, absorption) = case.model.benchmark, welfare(case)
    for year, gain, base in zip(case.years, variation, absorption, strict=True):
        left = 100 * (gain.sum() - gain) / (base.sum() - base)
        add_known(rows, "others_variation", left, b, np.nan, region=b.regions, path_year=year.year)


def _joint(plan: StressPlan) -> list[str]:
    """Variants that need others than the home region: measures that another one sets."""
    b, home = plan.benchmark, {plan.choice.home}
    found = []
    for member in plan.members:
        owners = set()
        for measure in member.scenario.policy:
            word = INSTRUMENTS[measure.instrument].owner
            owners.update(b.codes("regions", getattr(measure, word), word))
        for one in member.scenario.knowledge:
            word = "learner" if hasattr(one, "learner") else "region"
            owners.update(b.codes("regions", getattr(one, word), word))
            if getattr(one, "mutual", False):
                owners.update(b.codes("regions", getattr(one, "source", ()), "source"))
        if owners - home:
            found.append(member.variant)
    return found


def odds_rows(tested: Tested, case: StressCase, worth: pd.DataFrame) -> pd.DataFrame:
    """Premium, payouts and break-even odds of a policy in a year that is tested.

    Parameters
    ----------
    tested : Tested
    case : StressCase
        Of the policy in that year.
    worth : DataFrame
        Figures of its path, see :func:`path_worth`.
    """
    rows, b, plan = Rows(), tested.plan.benchmark, tested.plan
    if case.reference is None:
        return rows.frame()
    year = case.equilibrium.labels["path_year"]
    now = worth[worth["path_year"] == year]

    def of(measure: str) -> Array:
        """A measure by region, not a number where it is not known."""
        own = now[now["measure"] == measure].drop_duplicates("region").set_index("region")
        return own["value"].reindex(list(b.regions)).to_numpy(float)

    total = -of("equivalent_variation")
    premiums = {"": total, "without terms of trade": total + of("terms_of_trade_effect")}
    for item, values in premiums.items():
        add_known(rows, "annual_premium", values, b, np.nan, region=b.regions, item=item)
    avoided = payouts(
        case.reference.lasting(plan.every) - case.lasting(plan.every), tested.viewers.shares,
        tested.viewers.families,
    )  # fmt: skip
    for family, values in avoided.items():
        where: dict[str, Any] = {"region": b.regions, "item": family}
        add_known(rows, "payout", 100 * values, b, np.nan, **where)
        for name, premium in zip(("", "_home"), premiums.values(), strict=True):
            add_known(rows, f"break_even_odds{name}", 100 * odds(premium, 100 * values), b, np.nan,
                      **where)  # fmt: skip
    frame = rows.frame()
    return frame[frame["value"].notna()]


def net_outlay(year: PathYear) -> Array:
    """Outlay on a policy less what changed rates bring, (s,), per cent of GDP."""
    solution = year.solution
    spent = sum(year.outlays.values(), np.zeros(1))
    receipts = policy_receipts(solution).groupby("region")["value"].sum()
    back = receipts.reindex(list(solution.model.benchmark.regions)).fillna(0.0).to_numpy()
    return 100 * (spent - back) / solution.by_region("gdp")
