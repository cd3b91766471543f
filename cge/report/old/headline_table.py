"""What policies cost in normal times and what they save when supply breaks, side by side.

Rows are policies. Every figure stands under central assumptions with its range over all
combinations of elasticities and returns to research that were solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from cge.results.headline_data import (
    EV,
    NO_POLICY,
    Headline,
    headlines,
    notes,
    range_note,
)
from cge.results.report.page import Column, Page, Panel
from cge.results.report.runs import Choice, RunFolder
from cge.results.report.units import printed

from cge.core.errors import InputError

#: A label longer than this gives way to the policy's name.
LONGEST = 30
_LEVEL = "without policy (level)"

#: Columns by block: measure, heading; for which years of the measure it is told, every one, both
#: ends, the last, or the only one; the measure whose level stands in the row without policy.
_COSTS = (
    (EV, "EV", "ends", ""),
    ("present_value", "Present value", "once", ""),
    ("terms_of_trade_part", "Terms of trade", "once", ""),
    ("allocative_part", "Allocative", "once", ""),
    ("outlay", "Outlay", "once", ""),
)
_SAVINGS = (
    ("expected_loss_change", "Expected loss", "every", "expected_loss"),
    ("cvar_change", "CVaR", "every", "cvar"),
    ("loss_domestic_change", "Domestic shocks", "last", "loss_domestic"),
    ("domestic_share_strategic_change", "Domestic share", "last", "domestic_share_strategic"),
)
#: Of another kind than the other columns of their block.
_APART = ("outlay", "domestic_share_strategic_change")
#: Of what the unit is, shorter than in the file.
_UNITS = {"present_value": "%"}


def headline(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return costs in normal times and what is saved in disruptions, policies in rows.

    A region has two blocks of columns: what a policy costs, and how it changes losses.

    Raises
    ------
    InputError
        For a folder without such results, and for a region, policy, set or year that none has.
    """
    found = headlines(runs, choice)
    several = len(found) > 1
    blocks = []
    for word, group, level in (("costs", _COSTS, False), ("losses", _SAVINGS, True)):
        columns = _columns(found, group, choice.years)
        blocks += [_panel(one, columns, word if not several else f"{one.name}: {word}", level)
                   for one in found]  # fmt: skip
    blocks = [panel for panel in blocks if panel.columns]
    years = sorted({year for one in found for year in one.years("cvar_change")})
    return Page(
        "headline", choice.title or "Efficiency and resilience of policies", "Policy",
        tuple(blocks), notes(found, _lines(found, years)), found[0].run.names("regions"),
        landscape=True, joined=True,
    )  # fmt: skip


def _columns(
    found: Sequence[Headline], group: Sequence[tuple[str, str, str, str]], years: Sequence[int]
) -> list[tuple[Column, str, int, str]]:
    """Return columns with measure, year and the measure of the level, of one block.

    Raises
    ------
    InputError
        For a year that is not in the results.
    """
    every = sorted({year for one in found for _, _, year in one.figures if year > 0})
    for year in years:
        if year not in every:
            raise InputError("not in these runs", key="--year", value=year, allowed=every)
    columns = []
    for measure, title, which, level in group:
        own = sorted({year for one in found for year in one.years(measure)})
        shown = own[-1:] if which in ("last", "once") else own
        if which in ("every", "ends") and years:
            shown = [year for year in own if year in years]
        elif which == "ends":
            shown = list(dict.fromkeys((own[0], own[-1]))) if own else []
        if which == "once":
            shown = own[:1]
        for year in shown:
            cells = [one.get(name, measure, year) for one in found for name in one.policies]
            middle = np.array([cell.central for cell in cells])
            unit = next(one.units[measure] for one in found if measure in one.units)
            how = printed("percent" if measure in _UNITS else unit, middle)
            head = f"{title}, year {year}" if year and which != "once" else title
            told = _UNITS.get(measure, how.unit)
            column = Column(f"{measure}_{year}" if year else measure, head, told, how.digits)
            columns.append((column, measure, year, level))
    # What is compared has as many decimals, more where a column would be all zeros.
    compared = [column.digits for column, measure, *_ in columns if measure not in _APART]
    digits = min(compared, default=2)
    return [
        (column if measure in _APART else replace(column, digits=max(digits, column.digits - 2)),
         measure, year, level)
        for column, measure, year, level in columns
    ]  # fmt: skip


def _panel(one: Headline, columns: Sequence[tuple[Column, str, int, str]], title: str,
           level: bool) -> Panel:  # fmt: skip
    rows = [
        [one.get(name, measure, year) for _, measure, year, _ in columns] for name in one.policies
    ]
    labels, names = one.labels(LONGEST), list(one.policies)
    if level:  # what changes are changes of
        last = [one.get(NO_POLICY, name, year) for _, _, year, name in columns]
        if any(np.isfinite(cell.central) for cell in last):
            rows.append(last)
            labels.append(_LEVEL)
            names.append(NO_POLICY)
    ranges = {
        (i, j): (cell.low, cell.high)
        for i, row in enumerate(rows) for j, cell in enumerate(row)
        if one.ranged and cell.high > cell.low
    }  # fmt: skip
    return Panel(
        title[0].upper() + title[1:], tuple(column for column, *_ in columns), tuple(labels),
        np.array([[cell.central for cell in row] for row in rows]).reshape(len(rows), -1),
        len(names) - len(one.policies), {"region": one.region, "elasticities": one.elasticities[0]},
        tuple({"variant": name} for name in names), ranges=ranges,
    )  # fmt: skip


def _lines(found: Sequence[Headline], years: Sequence[int]) -> list[str]:
    told = ", ".join(map(str, years))
    return [
        "EV: equivalent variation against the baseline; present value: that of all years over that "
        "of absorption; terms of trade and allocative efficiency: parts of EV in year 1; outlay: "
        "net cost to the budget in year 1, receipts if negative.",
        f"Losses: change against no policy, in points of real income, of what disruptions take "
        f"that set out from year {told}: expected loss over the disruptions, mean of the worst "
        "(CVaR), and mean loss from domestic disruptions. Negative: more resilient. The last row "
        "shows levels without policy.",
        "Domestic share: of strategic goods in domestic supply, change in points.",
        range_note(found),
        "How severe disruptions are and how likely is assumed, not estimated.",
    ]
