"""Margins: what each instrument does to welfare, risk and the budget, and ways to spread it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.frontier.confirmation import ColdPoint, solve_cold
from cge.frontier.evaluation import Evaluator
from cge.frontier.problem import UNILATERAL, Problem
from cge.frontier.slopes import BY_CONTRIBUTION, BY_SIZE, slopes, spread_budget
from cge.results.register import add_known
from cge.results.row_schema import Rows, world_label
from cge.scenario.study_options import CVAR, FrontierChoice
from cge.scenario.variants import Member
from cge.solve.model import Solver
from cge.stress.at_risk import dropped_notes
from cge.studies.drawable import Drawable
from cge.studies.frontier import (
    VersionContent,
    add_risk,
    add_welfare,
    checked_choice,
    contents,
    problem_of,
)
from cge.studies.stress import tested_families
from cge.studies.study import Work, labels_of, option
from cge.tasks.runner import Place, Task
from cge.uncertainty.selection import SHORT_RUN, Family


@dataclass(frozen=True)
class MarginsStudy(Drawable):
    """Find what each instrument of a frontier does at the margin, and how to spread a budget.

    Derivatives of welfare, of the conditional value at risk and of outlay are exact. With a
    ``budget`` the subsidies are also solved at rates that cost it, all at one rate, and in
    proportion to what they take off the risk.
    """

    kind: ClassVar[str] = "margins"
    command: ClassVar[str] = "margins"
    suffix: ClassVar[str] = "-margins"
    keys: ClassVar[tuple[str, ...]] = (
        "frontier.budget", "frontier.weighting", "stress.level", "stress.library",
    )  # fmt: skip
    example: ClassVar[str] = "frontier-china --aggregation small"
    main_measures: ClassVar[tuple[str, ...]] = (
        "marginal_welfare", "marginal_risk", "risk_per_outlay", "equivalent_variation", "cvar",
    )  # fmt: skip

    solver: Solver = option("newton", "newton: derivatives are of its systems.",
                            allowed=("newton",))  # fmt: skip

    def work(self) -> Work:
        scenario, cases = self.question, []
        every = list(contents(scenario, self._choice(), self.benchmarks))
        results = yield [Task(name, solve_margins, content, 3) for name, content in every]
        for (name, _), found in zip(every, results, strict=True):
            for variant, rows in found["variants"].items():
                labels = labels_of(self.kind, scenario, Member("", scenario), name)
                if self.only:
                    rows = rows[rows["measure"].isin(self.only)]
                cases.append(({**labels, "variant": variant}, rows, {"step": 1.0}))
        first = every[0][1]
        notes = [*_notes(first), *(
            f"The worst under '{name}', of which the CVaR is made: {', '.join(found['tail'])}."
            for (name, _), found in zip(every, results, strict=True)
        )]  # fmt: skip
        return self.results(cases, first.benchmark, [scenario], notes,
                            stress=first.settings.facts, pages=[["margins", {}]],
                            figure="margins")  # fmt: skip

    def _choice(self) -> FrontierChoice:
        """The section of the scenario, of one version.

        Raises
        ------
        InputError
            Naming what is missing, or not read.
        """
        choice = checked_choice(self.question)
        refuse_if(self.question.path is not None, "margins are of the long run", key="path",
                  allowed="a scenario without this section")  # fmt: skip
        refuse_if(choice.constraint != CVAR, "margins are of the conditional value at risk",
                  key="frontier.constraint", value=choice.constraint, allowed=CVAR)  # fmt: skip
        return choice.model_copy(update={"versions": [UNILATERAL]})

    @property
    def horizons(self) -> tuple[str, ...]:
        """Elasticities: of the long run, and of disruptions."""
        return ("long", "short")

    def families(self, split: bool = False) -> dict[str, Family]:
        """Parameters: of elasticities and of disruptions."""
        found = {**super().families(split), **tested_families(self.question, self.benchmarks)}
        return {name: one for name, one in found.items() if name != SHORT_RUN}

    def amount(self) -> int:
        """About how many solutions it takes."""
        return 3 * len(self.question.chosen_elasticities)


def solve_margins(asked: VersionContent, place: Place) -> dict[str, Any]:
    """Margins of one elasticity set.

    Returns
    -------
    dict
        ``variants``, rows of margins under the empty name, and of each way to spread the budget;
        ``tail``, names of the disruptions of which the conditional value at risk is made.

    Raises
    ------
    NoEquilibrium
    """
    problem = problem_of(asked)
    evaluator, rows = Evaluator(problem), Rows()
    found, b = slopes(evaluator), problem.long.benchmark
    names = [lever.name for lever in problem.levers]
    add = partial(add_known, rows, b=b, start=np.nan)
    world = b.absorption @ found.variations / b.absorption.sum()
    every = [*zip(b.regions, found.variations, strict=True), (world_label(b.regions), world)]
    for region, own_slopes in every:
        add("marginal_welfare", own_slopes, item=names, region=region)
    add("marginal_risk", found.risk, item=names, region=problem.region)
    costs = np.flatnonzero(found.outlay > 0)
    if len(costs):
        own: dict[str, Any] = {"item": [names[n] for n in costs], "region": problem.region}
        add("marginal_outlay", found.outlay[costs], **own)
        add("risk_per_outlay", found.per_outlay[costs], **own)
    variants = {"": rows.frame()}
    if asked.choice.budget is not None:
        without = solve_cold(problem, np.zeros(len(names)))
        for name, mix in found.mixes.items():
            if mix.any():
                rates = spread_budget(evaluator, mix, asked.choice.budget)
                cold = solve_cold(problem, rates)
            else:  # no such policy
                rates, cold = np.full(len(names), np.nan), _unknown(without)
            variants[name] = _spread_rows(problem, rates, cold, without, asked.choice.weighting)
    tail = [problem.disruptions[n].name for n in found.tail]
    return {"variants": variants, "tail": tail}


def _unknown(like: ColdPoint) -> ColdPoint:
    """A point of which nothing is known."""

    def unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: unknown(one) for key, one in value.items()}
        return np.full_like(value, np.nan) if isinstance(value, np.ndarray) else float("nan")

    return ColdPoint(**{one.name: unknown(getattr(like, one.name)) for one in fields(like)})


def _spread_rows(
    problem: Problem, rates: Array, cold: ColdPoint, without: ColdPoint, weighting: str
) -> pd.DataFrame:
    """Rows of a budget that is spread: rates, welfare and risk, solved from the benchmark."""
    rows = Rows()
    add = partial(add_known, rows, b=problem.long.benchmark)
    own: dict[str, Any] = {"region": problem.region}
    add("rate", 100 * rates, item=[lever.name for lever in problem.levers], **own)
    add("outlay_share", 100 * cold.outlay, **own)
    add_welfare(add, problem, cold)
    add_risk(add, problem, cold, without, weighting)
    return rows.frame()


def _notes(content: VersionContent) -> list[str]:
    """Lines that must stand under any table of margins."""
    choice, level = content.choice, content.settings.level
    lines = [
        "Margins: exact derivatives at the rates of the benchmark, for one point of a rate. CVaR: "
        f"mean loss of real income in the worst {100 * (1 - level):g} % of disruptions by "
        f"probability, with weighting '{choice.weighting}' in the eyes of {choice.region}; "
        "neither sizes nor probabilities of disruptions are estimated.",
    ]
    if choice.budget is not None:
        lines.append(
            f"Subsidies of {100 * choice.budget:g} % of GDP: {BY_SIZE}, all at one rate; "
            f"{BY_CONTRIBUTION}, money in proportion to what each takes off the CVaR at the "
            "margin. What adds to the CVaR gets nothing; if nothing takes off any, there is no "
            "such policy."
        )
    return [*lines, *dropped_notes(content.dropped)]
