"""Policies compared: their cost in normal times, and what they save when supply breaks.

Rows are policies. Figures stand under central assumptions with their range over all
combinations of elasticities and returns to research that were solved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cge.core.errors import check_known, refuse_if
from cge.report.drafts.case_groups import Group, paths_of, range_note
from cge.report.drafts.cases import NO_ROWS, Case, all_rows
from cge.report.drafts.choice import FLAGS, Choice, chosen
from cge.report.drafts.columns import FAMILIES, Shown, by_group
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Panel, short_name, stacked
from cge.resilience.break_even import in_words
from cge.results.register import item_of
from cge.results.resultset import ResultSet
from cge.results.row_schema import NO_POLICY, is_world

EV = "equivalent_variation"


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
    PolicyColumn("employment_effect", "Employment", "once"),
    PolicyColumn("research_effect", "Research", "once"),
    PolicyColumn("net_outlay", "Outlay", "once"),
    PolicyColumn("others_variation", "EV of others", "ends"),
)  # fmt: skip
#: Families that a figure has room for; others are chosen by ``--measures payout[FAMILY]``.
DRAWN = ("export_control", "decoupling", "foreign_supply", "domestic")
SHARE = PolicyColumn("domestic_share_strategic", "Domestic share", "last", "change")
#: End of the name of a policy that is a dose of an instrument.
DOSE = re.compile(r"-[\d.]+$")
ODDS, ODDS_HOME = "break_even_odds", "break_even_odds_home"
#: In front of a policy that others must take part in.
JOINT = "with partners: "
#: Per cent a year.
CERTAIN = 100.0
PREMIUM, WITHOUT_TERMS = "annual_premium", "without terms of trade"


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
        homes = first.results.manifest["homes"]
        check_known([self.scenario], homes, "has no home region", file=first.results.folder,
                    key="homes")  # fmt: skip
        self.region = str(homes[self.scenario])
        self.name = short_name(first.results.names("regions").get(self.region, self.region))
        joint = first.results.manifest.get("joint", {}).get(self.scenario, [])
        by_name = {str(one.main.keys["variant"]): one for one in groups}
        # What a region can do alone stands before what needs others.
        by_name = dict(sorted(by_name.items(), key=lambda pair: pair[0] in joint))
        self.labels = {
            name: f"{JOINT * (name in joint)}{one.policy}" for name, one in by_name.items()
        }
        known = [name for name in by_name if not is_world(name)]
        self.policies = [by_name[name] for name in chosen(known, choice.scenarios, "scenarios")]
        self.world = [by_name[name] for name in by_name if is_world(name)][:1]

    @property
    def families(self) -> list[str]:
        """Families of disruptions that the home region can meet."""
        rows = pd.concat([one.main.rows("payout") for one in self.policies])
        known = rows[rows["region"] == self.region]["item"].unique()
        return sorted(known, key=lambda name: [*FAMILIES, name].index(name))

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
                  {"path_year": year} if year else {},
                  key="_".join([*filter(None, item_of(block.measure)), str(year)]))
            for block in blocks for year in self.years(block, wanted)
        ]  # fmt: skip

    def panel(self, shown: Sequence[Shown], title: str, policies: Sequence[Group] = ()) -> Panel:
        """Policies in rows, default all, and levels without policy where columns are changes."""
        policies = policies or self.policies
        rows = by_group(policies, shown, [self.region])
        labels = [self.labels[str(one.main.keys["variant"])] for one in policies]
        totals = self.world if any(one.column == "change" for one in shown) else []
        as_levels = [replace(one, column="value", spread=False) for one in shown]
        rows += by_group(totals, as_levels, [self.region])
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
    """Costs in normal times and losses avoided in disruptions, policies in rows.

    A region has two blocks of columns: the cost of a policy, and what it avoids by source.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set or year they lack.
    """
    shown, cases = homes(found, choice)
    known = [*dict.fromkeys(item_of(one.measure)[0] for one in COSTS), "payout", SHARE.measure]
    wanted, panels = chosen(known, choice.measures, "measures"), []
    for word, is_cost in (("Costs", True), ("Losses avoided", False)):
        for one in shown:
            avoided = [
                PolicyColumn(f"payout[{name}]", FAMILIES.get(name, name), "every")
                for name in one.families
            ]
            group = COSTS if is_cost else (*avoided, SHARE)
            blocks = [block for block in group if item_of(block.measure)[0] in wanted]
            title = f"{one.name}: {word.lower()}" if len(shown) > 1 else word
            if blocks:
                panels.append(one.panel(one.shown(blocks, choice.years), title))
    lines = [
        "EV: equivalent variation against the baseline; present value: that of all years over that "
        "of absorption; terms of trade, allocative efficiency, employment and cost of research: "
        "parts of EV in year 1; outlay: net cost to the budget in year 1, receipts if negative; EV "
        "of others: of all other regions together, of their absorption.",
        "Losses avoided: mean over the disruptions of a source, if one of them strikes in the "
        "year, over the years that it lasts, in per cent of a year's real income. Negative: more "
        "is lost. No probability is assumed.",
        *dict.fromkeys(
            f"Domestic share: of {one.strategic_goods} in domestic supply, change in points."
            for one in found
        ),
    ]
    return _draft("Efficiency and resilience of policies", panels, cases, lines, joined=True)


def _draft(
    title: str, panels: Sequence[Panel], cases: Sequence[Case], lines: Sequence[str],
    joined: bool = False,
) -> Draft:  # fmt: skip
    lines = [*lines, range_note(cases)]
    return Draft(title, "Policy", panels, cases, lines, joined=joined, of_cases=False)


def odds(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Break-even odds: how likely a disruption must be for a policy to pay for itself.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set or year they lack.
    """
    (shown, cases), panels = homes(found, choice), []
    for one in shown:
        known = choice.years or one.years(PolicyColumn(PREMIUM, "", "every"), ())
        if not known:  # nothing is told of what it costs there
            continue
        year = known[-1]
        where = {"path_year": year}
        columns = [
            Shown(PREMIUM, "Cost", "value", where, key="cost"),
            Shown(f"{PREMIUM}[{WITHOUT_TERMS}]", "Cost without terms of trade", "value", where,
                  key="cost_home"),
            *(Shown(f"{measure}[{name}]", f"{FAMILIES.get(name, name)}{more}", "value", where,
                    key=f"{measure}_{name}")
              for measure, more in ((ODDS, ""), (ODDS_HOME, ", without terms of trade"))
              for name in one.families),
        ]  # fmt: skip
        title = f"{one.name}, year {year}"
        panels.append(_spelled(one.panel(columns, title)))
    lines = [
        "Break-even odds: the annual probability, in per cent, of a disruption of a source at "
        "which the loss that a policy avoids is worth what it costs in a normal year. Always: it "
        "pays without any; never: it avoids no such loss; over 100: not even one every year is "
        "enough. Hold it against how often such a thing has been seen. A disruption is one of the "
        "library's severities, its loss that of the years it lasts.",
        "Cost: per cent of absorption a year, negative where a policy pays by itself. Without the "
        "terms of trade: less what is gained from others.",
    ]
    refuse_if(not panels, NO_ROWS)
    return _draft("Break-even odds of policies", panels, cases, lines)


def _spelled(panel: Panel) -> Panel:
    """A panel with odds in words where they are no number, or an end of their range is none."""
    figures, words = panel.figures.copy(), dict(panel.words)
    low, high = panel.low.copy(), panel.high.copy()
    for j, column in enumerate(panel.columns):
        if not column.key.startswith(ODDS):
            continue
        for i in range(len(figures)):
            ends = [value for value in (low[i, j], high[i, j]) if not np.isnan(value)]
            if all(0 < v <= CERTAIN for v in (figures[i, j], *ends)):
                continue
            told = [in_words(v) or _often(v) for v in (figures[i, j], *ends)]
            span = told[1] if told[1:] and told[1] == told[-1] else " to ".join(told[1:])
            words[i, j] = told[0] if len(set(told)) == 1 else f"{told[0]} ({span})"
            figures[i, j] = low[i, j] = high[i, j] = np.nan
    return replace(panel, figures=figures, low=low, high=high, words=words)


def _often(value: float) -> str:
    """Odds in per cent a year; beyond certainty a disruption would have to come more than once."""
    return "over 100" if value > CERTAIN else f"{value:.2g}"


def at_a_glance(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Income in normal times beside the losses that policies avoid, by source.

    Raises
    ------
    InputError
        For results that are no comparison's, and for a region, policy, set or year they lack.
    """
    (shown, cases), panels = homes(found, choice), []
    for one in shown:
        known = one.years(PolicyColumn(PREMIUM, "", "every"), ())
        refuse_if(not known, NO_ROWS)
        years = sorted(set(choice.years) or {known[0], known[-1]})
        columns = [
            *(Shown(EV, f"year {year}", "value", {"path_year": year}, key=f"income_{year}",
                    group="Income in normal times") for year in years),
            *(Shown(f"payout[{name}]", FAMILIES.get(name, name).lower(), "value",
                    {"path_year": years[-1]}, key=f"payout_{name}",
                    group=f"Loss avoided in year {years[-1]}")
              for name in _drawn(one.families, choice)),
        ]  # fmt: skip
        panels.append(one.panel(columns, one.name))
    lines = [
        "Left: equivalent variation against no policy, per cent of absorption. Right: loss of real "
        "income that the policy avoids if a disruption of a source strikes, mean over its "
        "disruptions, per cent of a year's real income; left of zero more is lost.",
    ]
    return _draft("What policies cost, and what they save", panels, cases, lines)


def _drawn(families: Sequence[str], choice: Choice) -> list[str]:
    """Families that a figure shows: those that are chosen, else the four that matter most."""
    wanted = [item for name, item in map(item_of, choice.measures) if name == "payout"]
    few = [name for name in families if name in DRAWN] or families[: len(DRAWN)]
    return chosen(families, wanted, "measures") if wanted else list(few)


def doses(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """An instrument in rising doses: what a step costs in normal times, and what it avoids.

    Policies that differ in the number at the end of their names are doses of one instrument.

    Raises
    ------
    InputError
        For results of several regions, and where no instrument has two doses.
    """
    shown, cases = homes(found, choice)
    refuse_if(len(shown) > 1, "doses are those of one region", key=FLAGS["regions"],
              allowed=[one.region for one in shown])  # fmt: skip
    (one,) = shown
    ladders: dict[str, list[Group]] = {}
    for group in one.policies:
        stem = DOSE.sub("", str(group.main.keys["variant"]))
        ladders.setdefault(stem, []).append(group)
    ladders = {stem: groups for stem, groups in ladders.items() if len(groups) > 1}
    refuse_if(not ladders, "no instrument has several doses", key="variants",
              allowed="policies called tariff-05, tariff-10 and so on")  # fmt: skip
    year = (choice.years or one.years(PolicyColumn(PREMIUM, "", "every"), ()))[-1]
    where = {"path_year": year}
    columns = [
        Shown(f"{PREMIUM}[{WITHOUT_TERMS}]", "Cost without terms of trade", "value", where,
              key="cost"),
        *(Shown(f"payout[{name}]", FAMILIES.get(name, name), "value", where, key=f"payout_{name}")
          for name in one.families),
    ]  # fmt: skip
    panels = [
        one.panel(columns, stem.replace("-", " "), groups) for stem, groups in ladders.items()
    ]
    lines = [
        f"In year {year}. Cost: per cent of absorption in a normal year, less what is gained from "
        "others through the terms of trade; negative where the policy pays by itself. Loss avoided "
        "if a disruption of a source strikes, over the years that it lasts, per cent of a year's "
        "real income.",
    ]
    return _draft(f"Doses of policies, {one.name}", panels, cases, lines)


KINDS = (
    PageKind("doses", "instruments in rising doses: cost in normal times, and loss avoided",
             doses, ("regions",), "doses"),
    PageKind("policies", "cost of policies in normal times, and what they save in disruptions",
             policies, ("measures", "regions"), "glance", at_a_glance),
    PageKind("odds", "how likely a disruption must be for a policy to pay for itself",
             odds, ("regions",), "glance", at_a_glance),
)  # fmt: skip
