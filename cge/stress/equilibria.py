"""Pre-shock equilibria in plain data: what disruptions set out from, and its own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import prefixed, renamed
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, Seen
from cge.dynamics.stand_ins import StandIns
from cge.indicators.exposure import knowledge_reliance
from cge.indicators.exposure_losses import link_share
from cge.indicators.fiscal import outlay
from cge.indicators.world_io import WorldIO
from cge.resilience.events import Event
from cge.resilience.forgetting import Forgetting
from cge.resilience.preshock import ShortRun, pre_shock
from cge.results.collect import Wanted, add_solution
from cge.results.policy_rows import add_outlay
from cge.results.register import add_known
from cge.results.row_schema import Rows
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.tasks.runner import Place


@dataclass(frozen=True)
class Asked:
    """A question to a pre-shock equilibrium.

    Parameters
    ----------
    stand_ins : StandIns
    run : ShortRun
        How far wages and spending adjust within the year of a disruption.
    events : tuple of (Event, int)
        About knowledge, with the years that they last.
    wanted : tuple of Wanted
        Figures to report of it.
    """

    stand_ins: StandIns
    run: ShortRun
    events: tuple[tuple[Event, int], ...]
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Knowledge in a pre-shock equilibrium.

    Parameters
    ----------
    relative : ndarray (r, j), optional
        To the baseline, what premiums rest on; None: as on the baseline everywhere.
    forgetting : Forgetting, optional
        None where there are no figures on knowledge.
    productivity : mapping of str to ndarray (r, j)
        Log deviations by source of knowledge.
    """

    relative: Array | None = None
    forgetting: Forgetting | None = None
    productivity: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of_benchmark(cls, law: KnowledgeLaw | None, b: Benchmark) -> Knowledge:
        """Stocks of the benchmark, nothing having moved."""
        if law is None:
            return cls()
        regions, sectors = len(b.regions), len(b.sectors)
        ones = np.ones((regions, sectors))
        seen = Seen(ones, np.ones(regions), np.ones((regions, sectors, regions)), ones)
        none = KnowledgePolicy.none(regions, sectors)
        return cls(forgetting=Forgetting(law, b.regions, law.start(), ones, seen, none))


def plain_pre_shock(
    solution: Solution, asked: Asked, knowledge: Knowledge, place: Place,
    base: Solution | None = None, label: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A pre-shock equilibrium in plain data.

    Parameters
    ----------
    solution : Solution
        With all rates given.
    asked : Asked
    knowledge : Knowledge
    place : Place
    base : Solution, optional
        What its figures are compared with; default the benchmark.
    label : str
        In front of a message.

    Returns
    -------
    dict
        ``closure`` and ``levels`` of the short run;
        ``long_run``, closure and levels, None where the equilibrium is none; ``forgotten`` by
        event, None where there are no figures; ``absorption`` (s,) and ``link_share``
        (r, i, s); ``rows``.

    Raises
    ------
    InputError
        If the benchmark or the closure does not allow a short run.
    NoEquilibrium
        If the short run does not reproduce it.
    """
    b = solution.model.benchmark
    short = Model.shared(b, "short", asked.stand_ins.sectors)
    premium = asked.stand_ins.premiums(b, knowledge.relative)
    run = renamed({"closure.specific_factors": "stress.adjustment"})
    with run, prefixed(f"{label}can not be tested: "):
        pre = pre_shock(solution, short, asked.run)
    adapted = solution.model.horizon == "long" and CAPITAL not in solution.closure.specific_factors
    forget = knowledge.forgetting
    return {
        "closure": asdict(pre.closure),
        "levels": pre.levels,
        "long_run": adapted and [asdict(solution.closure), solution.levels],
        "forgotten": forget and [forget(event, years) for event, years in asked.events],
        "absorption": solution.by_region("absorption_value"),
        "link_share": link_share(WorldIO.from_solution(solution)),
        "rows": _figures(solution, base, asked.wanted, premium, knowledge),
    }


def _figures(
    solution: Solution, base: Solution | None, wanted: Sequence[Wanted],
    premium: Mapping[tuple[str, str], float], knowledge: Knowledge,
) -> pd.DataFrame:  # fmt: skip
    """Figures of the equilibrium itself."""
    b = solution.model.benchmark
    rows = Rows()
    for some in wanted:
        add_solution(rows, solution, base, some)
    add_outlay(rows, outlay(solution), solution)
    if premium:
        regions, sectors = (list(codes) for codes in zip(*premium, strict=True))
        where: dict[str, Any] = {"region": regions, "sector": sectors}
        add_known(rows, "stand_in_premium", list(premium.values()), b, np.nan, **where)
        if knowledge.relative is not None:
            known = [knowledge.relative[b.regions.index(r), b.sectors.index(i)] for r, i in premium]
            add_known(rows, "relative_knowledge", known, b, np.nan, **where)
    if knowledge.productivity:
        paid = b.factor_payments.sum(axis=2)
        weight = paid / paid.sum(axis=1, keepdims=True)
        reliance = knowledge_reliance(knowledge.productivity, weight)
        add_known(rows, "knowledge_reliance", reliance, b, np.nan, region=b.regions)
    frame = rows.frame()
    return frame[frame["value"].notna()]
