"""Insurance by sourcing: what buyers and planners do about disruptions, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from cge.report.drafts.cases import Case, cases_of
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.results.resultset import ResultSet

#: Who chooses, in words, and what it maximises.
FORESIGHT: Mapping[str, tuple[str, str]] = {
    "none": ("Buyers, normal times alone", "lowest cost in normal times"),
    "risk_neutral": ("Buyers", "lowest expected cost of each buyer"),
    "social": ("Planner", "largest expected real income of the region"),
    "global": ("World planner", "largest expected real income of all regions together"),
}  # fmt: skip
#: Measure, whose (of the region unless it is the world's), and which column of the results.
_FIGURES = (
    (Column("equivalent_variation", "EV, normal times", "%", 4), False, "value"),
    (Column("cvar", "CVaR", "%", 4), False, "value"),
    (Column("cvar_change", "CVaR, due to risk", "points", 4), False, "change"),
    (Column("expected_loss_change", "Expected loss, due to risk", "points", 4), False, "change"),
    (Column("expected_income_change", "Expected income, due to risk", "%", 4), False, "change"),
    (Column("world_expected_income_change", "World's", "%", 4), True, "change"),
    (Column("insurance_premium", "Premium", "%", 5), False, "value"),
    (Column("insurance_saving", "Saving", "%", 5), False, "value"),
    (Column("sourcing_move", "Move of relations", "%", 3), False, "value"),
)  # fmt: skip
#: Those of the figure.
_DRAWN = ("cvar_change", "expected_loss_change", "expected_income_change", "sourcing_move")


@lru_cache(maxsize=32)
def insurance_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of choices in view of disruptions."""
    return results.rows[results.rows["study"] == "insurance"]


def _rows(case: Case) -> Iterator[tuple[str, list[float]]]:
    """Label and figures of a foresight, for each frequency."""
    foresight, region = str(case.keys["variant"]), str(case.rows("cvar")["region"].iloc[0])
    often = case.rows("annual_frequency").set_index("point")["value"]
    for point, percent in often.items():
        found = []
        for column, of_world, kind in _FIGURES:
            name = column.key.removeprefix("world_").removesuffix("_change")
            rows = case.rows(name)
            own = (rows["region"] == (case.world if of_world else region)) & (
                rows["point"] == point)  # fmt: skip
            found.append(float(rows[own][kind].iloc[0]))
        label = FORESIGHT.get(foresight, (foresight, ""))[0]
        yield (label if foresight == "none" else f"{label}, {percent:g} % a year"), found
        if foresight == "none":  # how often disruptions happen does not matter to it
            return


def _panels(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Panel], list[Case]]:
    groups: dict[tuple[object, ...], list[Case]] = {}
    for case in cases_of(found, choice, ("sourcing_move",), source=insurance_rows):
        key = (case.results, case.keys["scenario"], case.keys["elasticities"])
        groups.setdefault(key, []).append(case)
    panels = []
    for (_, scenario, elasticities), own in groups.items():
        rows = dict(row for case in own for row in _rows(case))
        panels.append(Panel(
            f"Elasticities: {elasticities}" if len(groups) > 1 else "",
            tuple(column for column, _, _ in _FIGURES), tuple(rows), np.array(list(rows.values())),
            keys={"scenario": str(scenario), "elasticities": str(elasticities)},
        ))  # fmt: skip
    return panels, [case for own in groups.values() for case in own]


def insurance(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """What foresight does, a row for each who chooses and each frequency of disruptions."""
    panels, cases = _panels(found, choice)
    here = dict.fromkeys(str(case.keys["variant"]) for case in cases)
    told = "; ".join(f"{FORESIGHT[one][0]}: {FORESIGHT[one][1]}" for one in here
                     if one in FORESIGHT)  # fmt: skip
    residual = max(case.rows("first_order_residual")["value"].max() for case in cases)
    apart = max(case.rows("check_difference")["value"].max() for case in cases)
    return _draft(panels, cases, [
        f"How much the region relies on each supplier is chosen before it is known whether a "
        f"disruption strikes. {told}. Rows: probability that one strikes in a year.",
        "Due to risk: against what the same chooser does where no disruption ever strikes. EV: "
        "real income in normal times against the benchmark, per cent of absorption; of a planner "
        "it contains the terms of trade that its relations bring.",
        "Premium: what buyers pay for it in normal times; saving: what it saves them in "
        "disruptions; both expected in a year, per cent of absorption, prices and volumes given. "
        "Move of relations: mean change of the weights of origins.",
        f"No weight would move by more than {residual:.1g} per cent; real incomes solved again "
        f"from the benchmark differ by at most {apart:.1g}.",
    ])  # fmt: skip


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """What risk changes."""
    panels, cases = _panels(found, choice)
    keep = [n for n, (column, _, _) in enumerate(_FIGURES) if column.key in _DRAWN]
    lines = ["Due to risk: against what the same chooser does where no disruption ever strikes."]
    return _draft([panel.take(columns=keep) for panel in panels], cases, lines)


def _draft(panels: Sequence[Panel], cases: Sequence[Case], lines: Sequence[str]) -> Draft:
    return Draft("Insurance by sourcing", "Who chooses", panels, cases, lines, of_cases=False)


KINDS = (
    PageKind("insurance", "what buyers and planners do about disruptions by the choice of "
             "suppliers, and what it changes", insurance, (), "dots", drawn,
             "results of `cge insurance`"),
)  # fmt: skip
