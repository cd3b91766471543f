"""Policies compared: their cost in normal times, and what they save when supply breaks.

Rows are policies. Figures stand under central assumptions with their range over all
combinations of elasticities and returns to research that were solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cge.core.errors import check_known, refuse_if
from cge.report.drafts.case_groups import Group, paths_of, range_note
from cge.report.drafts.cases import Case, all_rows
from cge.report.drafts.choice import FLAGS, Choice, chosen
from cge.report.drafts.columns import Shown, by_group
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Panel, short_name, stacked
from cge.report.pages.loss_pages import weighting_of
from cge.results.register import heading, item_of
from cge.results.resultset import ResultSet
from cge.stress.worlds import NO_POLICY, is_world

EV = "equivalent_variation"
#: Columns of the figure, and whether they stand with their own sign: losses do not.
UP = np.array([True, True, False, False])


@dataclass(frozen=True)
class PolicyColumn:
    """A column, or one for each of some years.

    Parameters
    ----------
    measure, title : str
    which : {"every", "ends", "last", "once"}
        Years that are shown; ``once`` is the only one, whatever it is.
    column : {"value", "change"}
    """

    measure: str
    title: str
    which: str
    column: str = "value"


COSTS = (
    PolicyColumn(EV, "EV", "ends"), PolicyColumn("present_value", "Present value", "once"),
    PolicyColumn("terms_of_trade_effect", "Terms of trade", "once"),
    PolicyColumn("trade_efficiency", "Allocative", "once"),
    PolicyColumn("net_outlay", "Outlay", "once"),
)  # fmt: skip
SAVINGS = (
    PolicyColumn("expected_loss", "Expected loss", "every", "change"),
    PolicyColumn("cvar", "CVaR", "every", "change"),
    PolicyColumn("loss_by_family[domestic]", "Domestic shocks", "last", "change"),
    PolicyColumn("domestic_share_strategic", "Domestic share", "last", "change"),
)  # fmt: skip
#: Losses that a figure can show.
LOSSES = ("cvar", "expected_loss", "worst_loss", "loss_foreign", "value_at_risk", "loss_by_family")


class Home:
    """The policies of the home region of one scenario.

    Parameters
    ----------
    groups : sequence of Group
        One for each policy, and one for the world without.
    choice : Choice
    """

    def __init__(self, groups: Sequence[Group], choice: Choice) -> None:
        first = groups[0].main
        self.scenario = str(first.keys["scenario"])
        self.region = str(first.results.manifest["homes"][self.scenario])
        self.name = short_name(first.results.names("regions").get(self.region, self.region))
        self.weighting = weighting_of(first, choice)
        by_name = {str(one.main.keys["variant"]): one for one in groups}
        known = [name for name in by_name if not is_world(name)]
        self.policies = [by_name[name] for name in chosen(known, choice.scenarios, "scenarios")]
        self.world = [by_name[name] for name in by_name if is_world(name)][:1]

    def years(self, block: PolicyColumn, wanted: Sequence[int]) -> list[int]:
        """Years of a column that are shown; 0 for what is of the path as a whole."""
        name, item = item_of(block.measure)
        rows = pd.concat([one.main.rows(name) for one in self.policies])
        rows = rows[(rows["item"] == item) & (rows["region"] == self.region)]
        known = sorted({int(year) for year in rows["path_year"].fillna(0)})
        if block.which in ("every", "ends") and wanted:
            return [year for year in known if year in wanted]
        first, last = known[:1], known[-1:]
        ends = list(dict.fromkeys(first + last))
        return {"every": known, "ends": ends, "last": last, "once": first}[block.which]

    def shown(self, blocks: Sequence[PolicyColumn], wanted: Sequence[int]) -> list[Shown]:
        """Columns of some blocks."""
        return [
            Shown(block.measure, block.title if block.which == "once" else
                  f"{block.title}, year {year}", block.column,
                  {"weighting": ("", self.weighting), **({"path_year": year} if year else {})},
                  key="_".join([*filter(None, item_of(block.measure)), str(year)]))
            for block in blocks for year in self.years(block, wanted)
        ]  # fmt: skip

    def panel(self, shown: Sequence[Shown], title: str) -> Panel:
        """Policies in rows, and levels without policy where columns are changes."""
        rows = by_group(self.policies, shown, [self.region])
        labels = [one.policy for one in self.policies]
        totals = self.world if any(one.column == "change" for one in shown) else []
        levels = [replace(one, column="value", spread=False) for one in shown]
        rows += by_group(totals, levels, [self.region])
        keys = [{"variant": row.keys["variant"]} for row in rows[: len(labels)]]
        return replace(
            stacked(rows, [*labels, *["without policy (level)" for _ in totals]],
                    [*keys, *({"variant": NO_POLICY} for _ in totals)]),
            title=title, keys={"region": self.region, "scenario": self.scenario},
            totals=len(totals),
        )  # fmt: skip


def homes(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Home], list[Case]]:
    """Home regions of comparisons, and all cases that are shown.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region that is no home.
    """
    for one in found:
        refuse_if("homes" not in one.manifest, "is no comparison of policies", file=one.folder,
                  allowed="results of `cge compare`")  # fmt: skip
    every = replace(choice, scenarios=(), years=(), regions=())
    groups = paths_of(found, every, source=all_rows)
    groups += paths_of(found, every, source=all_rows, world=True)
    by_scenario: dict[tuple[ResultSet, str], list[Group]] = {}
    for group in groups:
        key = (group.main.results, str(group.main.keys["scenario"]))
        by_scenario.setdefault(key, []).append(group)
    made = [Home(own, choice) for own in by_scenario.values()]
    years = sorted({year for group in groups for year in group.years})
    check_known(choice.years, years, "not in these results", key=FLAGS["years"])
    regions = chosen([one.region for one in made], choice.regions, "regions")
    shown = [one for one in made if one.region in regions]
    return shown, [case for one in shown for group in one.policies for case in group.cases]


def policies(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Costs in normal times and savings in disruptions, policies in rows.

    A region has two blocks of columns: the cost of a policy, and its change of losses.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set or year they lack.
    """
    shown, cases = homes(found, choice)
    known = [item_of(one.measure)[0] for one in (*COSTS, *SAVINGS)]
    wanted = chosen(known, choice.measures, "measures")
    panels = []
    for word, group in (("Costs", COSTS), ("Losses", SAVINGS)):
        blocks = [block for block in group if item_of(block.measure)[0] in wanted]
        for one in shown if blocks else ():
            title = f"{one.name}: {word.lower()}" if len(shown) > 1 else word
            panels.append(one.panel(one.shown(blocks, choice.years), title))
    lines = [
        "EV: equivalent variation against the baseline; present value: that of all years over that "
        "of absorption; terms of trade and allocative efficiency: parts of EV in year 1; outlay: "
        "net cost to the budget in year 1, receipts if negative.",
        "Losses: change against no policy, in points of real income, of losses from disruptions in "
        "the year: expected loss over the disruptions, mean of the worst (CVaR), and mean loss "
        "from domestic disruptions. Negative: more resilient. The last row shows levels without "
        "policy.",
        "Domestic share: of strategic goods in domestic supply, change in points.",
    ]
    return _draft("Efficiency and resilience of policies", panels, shown, cases, lines, joined=True)


def _draft(
    title: str, panels: Sequence[Panel], shown: Sequence[Home], cases: Sequence[Case],
    lines: Sequence[str], joined: bool = False,
) -> Draft:  # fmt: skip
    lines = [*lines, range_note(cases), f"Weighting of disruptions: {shown[0].weighting}."]
    return Draft(title, "Policy", panels, cases, lines, joined=joined, of_cases=False)


def efficiency(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Efficiency and resilience in the first and the last year that is tested.

    Resilience is the change of a loss against no policy with the other sign: up is safer.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set, measure or year they
        lack.
    """
    measure = (choice.measures or ("cvar",))[0]
    name, item = item_of(measure)
    refuse_if(len(choice.measures) > 1 or name not in LOSSES, "choose one loss",
              key=FLAGS["measures"], value=", ".join(choice.measures), allowed=LOSSES)  # fmt: skip
    (shown, cases), panels = homes(found, choice), []
    blocks = [PolicyColumn(EV, "Efficiency", "every"),
              PolicyColumn(measure, "Resilience", "every", "change")]  # fmt: skip
    for one in shown:
        known = one.years(blocks[1], ())
        wanted = sorted(set(choice.years) or known)
        columns = one.shown(blocks, wanted[:: max(1, len(wanted) - 1)] or [0])
        refuse_if(len(columns) != 4 or len(known) < 2, f"two years of {name} are needed",
                  value=", ".join(map(str, choice.years)), key=FLAGS["years"],
                  allowed=known)  # fmt: skip
        panel = one.panel(columns, one.name).plain()
        low, high = np.where(UP, panel.low, -panel.high), np.where(UP, panel.high, -panel.low)
        panels.append(replace(panel, figures=panel.figures * [1, 1, -1, -1], low=low, high=high))
    first, last = (column.title.partition(", ")[2] for column in panels[0].columns[:2])
    lines = [
        "Efficiency: equivalent variation against the baseline. Resilience: minus the change of "
        f"{heading(name)}{f' ({item})' if item else ''} against no policy, so that up is more "
        f"resilient. From {first} (hollow) to {last} (filled), whose range is a cross.",
    ]
    return _draft("Efficiency and resilience, at first and in the end", panels, shown, cases, lines)


KINDS = (
    PageKind("policies", "cost of policies in normal times, and what they save in disruptions",
             policies, ("measures", "regions", "weighting"), "arrows", efficiency),
)  # fmt: skip
