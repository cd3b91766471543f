"""Policies compared: their cost in normal times, and what they save when supply breaks.

Rows are policies. Figures stand under central assumptions with their range over all
combinations of elasticities and returns to research that were solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.cases import Case
from cge.report.choice import FLAGS, Choice, chosen
from cge.report.figure_ranges import ends_of, range_note, ranged
from cge.report.format.page import Column, Page, Panel, short_name
from cge.report.format.units import printed
from cge.report.loss_tables import tested, weighting_of
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.register import heading
from cge.results.resultset import ResultSet
from cge.stress.worlds import NO_POLICY, is_world

Array = NDArray[np.float64]
EV = "equivalent_variation"
#: A longer label gives way to the policy's name.
LONGEST = 30
#: Beginnings of notes that are about single cases.
_OF_CASES = (
    "Endogenous rates", "Rates raised in response", "Closure", "Numeraire", "Trade elasticities",
    "Returns to research",
)  # fmt: skip


@dataclass(frozen=True)
class PolicyColumn:
    """A column, or one for each of some years.

    Parameters
    ----------
    measure, title : str
    which : {"every", "ends", "last", "once"}
        Years that are shown; ``once`` is the only one, whatever it is.
    column : {"value", "change"}
    item : str
    """

    measure: str
    title: str
    which: str
    column: str = "value"
    item: str = ""


COSTS = (
    PolicyColumn(EV, "EV", "ends"), PolicyColumn("present_value", "Present value", "once"),
    PolicyColumn("terms_of_trade_effect", "Terms of trade", "once"),
    PolicyColumn("trade_efficiency", "Allocative", "once"),
    PolicyColumn("net_outlay", "Outlay", "once"),
)  # fmt: skip
SAVINGS = (
    PolicyColumn("expected_loss", "Expected loss", "every", "change"),
    PolicyColumn("cvar", "CVaR", "every", "change"),
    PolicyColumn("loss_by_family", "Domestic shocks", "last", "change", "domestic"),
    PolicyColumn("domestic_share_strategic", "Domestic share", "last", "change"),
)  # fmt: skip
#: Losses that a figure can show.
LOSSES = ("cvar", "expected_loss", "worst_loss", "loss_foreign", "value_at_risk", "loss_by_family")


class Home:
    """What was found for the home region of one scenario.

    Parameters
    ----------
    cases : sequence of Case
        Of one scenario.
    choice : Choice
    """

    def __init__(self, cases: Sequence[Case], choice: Choice) -> None:
        first = cases[0]
        self._blocks: dict[PolicyColumn, pd.DataFrame] = {}
        self.cases, self.results = cases, first.results
        self.scenario = str(first.keys["scenario"])
        self.region = str(self.results.manifest["homes"][self.scenario])
        rows = self.results.to_frame(scenario=self.scenario, region=self.region)
        for column, option in (("elasticities", "elasticities"), ("research_return", "returns")):
            known = [name for name in dict.fromkeys(rows[column]) if name]
            wanted = chosen(known, getattr(choice, option), option)
            rows = rows[rows[column].isin(["", *wanted])]
        here = rows["weighting"].isin(["", weighting_of(first, choice)])
        self.rows = rows[here].assign(year=rows["path_year"].astype(float).fillna(0).astype(int))
        titles = self.rows.drop_duplicates("variant").set_index("variant")["title"]
        known = [str(name) for name in titles.index if not is_world(str(name))]
        self.policies = chosen(known, choice.scenarios, "scenarios")
        self.labels = [
            titles[name] if len(titles[name]) <= LONGEST else _words(name)
            for name in self.policies
        ]  # fmt: skip

    @property
    def name(self) -> str:
        """The region in words."""
        return short_name(self.results.names("regions").get(self.region, self.region))

    def of(self, block: PolicyColumn) -> pd.DataFrame:
        """Central, low and high by policy and year."""
        if block not in self._blocks:
            self._blocks[block] = self._of(block)
        return self._blocks[block]

    def _of(self, block: PolicyColumn) -> pd.DataFrame:
        rows = self.rows[self.rows["measure"] == block.measure]
        rows = rows[rows["item"] == block.item] if block.item else rows
        rows = rows.assign(value=rows[block.column]).dropna(subset="value")
        return ranged(rows, ("variant", "year")) if len(rows) else pd.DataFrame()

    def unit(self, block: PolicyColumn) -> str:
        """Unit of a block."""
        rows = self.rows[self.rows["measure"] == block.measure]
        units = rows["change_unit" if block.column == "change" else "unit"]
        return next((str(unit) for unit in units if unit), "")


def _words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def homes(found: Sequence[ResultSet], choice: Choice) -> list[Home]:
    """Home regions of comparisons.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region that is no home.
    """
    for one in found:
        if "homes" not in one.manifest:
            raise InputError("is no comparison of policies", file=one.folder,
                             allowed="results of `cge compare`")  # fmt: skip
    every = replace(choice, scenarios=(), elasticities=(), returns=(), years=(), regions=())
    groups: dict[tuple[int, str], list[Case]] = {}
    for case in tested(found, every):
        groups.setdefault((id(case.results), str(case.keys["scenario"])), []).append(case)
    made = [Home(cases, choice) for cases in groups.values()]
    years = sorted({int(year) for one in made for year in one.rows["year"]} - {0})
    for year in choice.years:
        if year not in years:
            raise InputError("not in these results", key=FLAGS["years"], value=year, allowed=years)
    wanted = chosen([one.region for one in made], choice.regions, "regions")
    return [one for one in made if one.region in wanted]


def policies(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Costs in normal times and savings in disruptions, policies in rows.

    A region has two blocks of columns: the cost of a policy, and its change of losses.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set or year they lack.
    """
    shown = homes(found, choice)
    wanted = chosen([one.measure for one in (*COSTS, *SAVINGS)], choice.measures, "measures")
    panels = []
    for word, group in (("Costs", COSTS), ("Losses", SAVINGS)):
        columns = _columns(shown, [b for b in group if b.measure in wanted], choice.years)
        for one in shown if columns else ():
            title = f"{one.name}: {word.lower()}" if len(shown) > 1 else word
            panels.append(_panel(one, columns, title))
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
    title = "Efficiency and resilience of policies"
    return _page(title, shown, panels, lines, choice, joined=True)


def _page(
    title: str, shown: Sequence[Home], panels: Sequence[Panel], lines: Sequence[str],
    choice: Choice, joined: bool = False,
) -> Page:  # fmt: skip
    cases = [case for one in shown for case in one.cases]
    lines = [*lines, range_note(pd.concat([one.rows for one in shown])),
             f"Weighting of disruptions: {weighting_of(cases[0], choice)}."]  # fmt: skip
    notes = [note for note in notes_of(cases, lines) if not note.startswith(_OF_CASES)]
    return Page("policies", choice.title or title, "Policy", tuple(panels), tuple(notes),
                shown[0].results.names("regions"), landscape=joined, joined=joined)  # fmt: skip


def _years(known: Sequence[int], which: str, wanted: Sequence[int]) -> list[int]:
    """Years of a measure that are shown."""
    if which in ("every", "ends") and wanted:
        return [year for year in known if year in wanted]
    if which == "ends":
        return list(dict.fromkeys((known[0], known[-1])))
    return list(known) if which == "every" else [known[-1] if which == "last" else known[0]]


def _columns(
    shown: Sequence[Home], group: Sequence[PolicyColumn], wanted: Sequence[int]
) -> list[tuple[Column, PolicyColumn, int]]:
    """Columns of one group that some home has, with block and year."""
    found: list[tuple[Column, PolicyColumn, int]] = []
    for block in group:
        tables = {one: table for one in shown if len(table := one.of(block))}
        whole = pd.concat(tables.values()) if tables else pd.DataFrame()
        known = sorted(set(whole.index.get_level_values("year"))) if tables else []
        for year in _years(known, block.which, wanted) if tables else ():
            cells = whole["central"][whole.index.get_level_values("year") == year]
            how = printed(next(iter(tables)).unit(block), cells)
            head = block.title if block.which == "once" else f"{block.title}, year {year}"
            key = "_".join(part for part in (block.measure, block.item, str(year)) if part)
            found.append((Column(key, head, how.unit, how.digits), block, year))
    return found


def _panel(one: Home, columns: Sequence[tuple[Column, PolicyColumn, int]], title: str) -> Panel:
    """Policies of one home, and levels without policy where columns are changes."""
    heads = tuple(column for column, _, _ in columns)
    central, low, high = (
        np.array([[_cell(one.of(block), name, year, end) for _, block, year in columns]
                  for name in one.policies])
        for end in ("central", "low", "high")
    )  # fmt: skip
    names, labels = list(one.policies), list(one.labels)
    if any(block.column == "change" for _, block, _ in columns):
        world = str(one.rows["variant"].iloc[0])
        levels = [_cell(one.of(replace(block, column="value")), world, year, "central")
                  for _, block, year in columns]  # fmt: skip
        central = np.vstack([central, levels])
        names, labels = [*names, NO_POLICY], [*labels, "without policy (level)"]
    return Panel(
        title, heads, tuple(labels), central, len(names) - len(one.policies),
        {"region": one.region, "scenario": one.scenario},
        tuple({"variant": name} for name in names),
        ranges=ends_of(low, high, [head.digits for head in heads]),
    )  # fmt: skip


def _cell(table: pd.DataFrame, variant: str, year: int, end: str) -> float:
    here: Any = (variant, year)
    return float(table[end].get(here, np.nan)) if len(table) else np.nan


def efficiency(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Efficiency and resilience in the first and the last year that is tested.

    Resilience is the change of a loss against no policy with the other sign: up is safer.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set, measure or year they
        lack.
    """
    name, _, item = (choice.measures or ("cvar",))[0].removesuffix("]").partition("[")
    if len(choice.measures) > 1 or name not in LOSSES:
        raise InputError("choose one loss", key=FLAGS["measures"],
                         value=", ".join(choice.measures), allowed=LOSSES)  # fmt: skip
    shown, panels = homes(found, choice), []
    loss = PolicyColumn(name, "Resilience", "every", "change", item)
    for one in shown:
        known = sorted(year for _, year in one.of(loss).index) if len(one.of(loss)) else []
        wanted = sorted(set(choice.years) or known)
        columns = [
            column for block in (PolicyColumn(EV, "Efficiency", "every"), loss)
            for column in _columns([one], [block], (wanted or [0])[:: max(1, len(wanted) - 1)])
        ]  # fmt: skip
        if len({year for _, _, year in columns} & set(known)) != 2 or len(columns) != 4:
            raise InputError(f"two years of {name} are needed", key=FLAGS["years"],
                             value=", ".join(map(str, choice.years)), allowed=known)  # fmt: skip
        panel = _panel(one, columns, one.name).plain()
        panels.append(replace(panel, figures=panel.figures * [1, 1, -1, -1], ranges={}))
    first, last = (column.title.partition(", ")[2] for column in panels[0].columns[:2])
    lines = [
        "Efficiency: equivalent variation against the baseline. Resilience: minus the change of "
        f"{heading(name)}{f' ({item})' if item else ''} against no policy, so that up is more "
        f"resilient. From {first} (hollow) to {last} (filled).",
    ]
    return _page("Efficiency and resilience, at first and in the end", shown, panels, lines, choice)


KINDS = (
    PageKind("policies", "cost of policies in normal times, and what they save in disruptions",
             policies, ("measures", "regions", "weighting"), "policy_arrows", efficiency),
)  # fmt: skip
