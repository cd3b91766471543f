"""What the figure of efficiency against resilience shows, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from cge.results.headline_data import EV, Headline, headlines, notes, range_note
from cge.results.report.page import Column, Page, Panel
from cge.results.report.runs import Choice, RunFolder, chosen
from cge.results.report.units import printed

from cge.core.errors import InputError

#: A label longer than this gives way to the policy's name.
LONGEST = 26
#: Beginnings of notes that a figure has no room for; the table of the same runs has them.
_NOT_DRAWN = ("Policy:", "Change:", "No disruption of")
#: Losses in words.
_WORDS = {
    "cvar": "the mean of the worst losses (CVaR)", "expected_loss": "the expected loss",
    "loss_domestic": "the mean loss from domestic disruptions",
    "loss_foreign_supply": "the mean loss from failures of supply abroad",
    "loss_export_control": "the mean loss from export controls",
    "loss_global": "the mean loss from disruptions everywhere",
}  # fmt: skip


def quadrant(runs: Sequence[RunFolder], choice: Choice, figure: bool = False) -> Page:
    """Return efficiency and resilience in the first and the last year, policies in rows.

    Resilience is the change of a loss against no policy with the other sign: up is safer.
    Columns: efficiency first and last, resilience first and last.

    Raises
    ------
    InputError
        For a folder without such results, or a region, policy, set, measure or year that none
        has.
    """
    found = headlines(runs, choice)
    if len(choice.measures) > 1:
        raise InputError("one at a time", key="--measures", value=", ".join(choice.measures))
    known = sorted(
        {
            m.removesuffix("_change")
            for one in found
            for m in one.units
            if m.startswith(("cvar", "expected_loss", "loss_")) and m.endswith("_change")
        }
    )
    measure = chosen(known, choice.measures or ("cvar",), "measures")[0]
    panels = [_quadrant(one, f"{measure}_change", choice.years) for one in found]
    digits = max(column.digits for panel in panels for column in panel.columns)
    first, last = panels[0].keys["first"], panels[0].keys["last"]
    lines = [
        f"Efficiency: equivalent variation against the baseline. Resilience: minus the change of "
        f"{_WORDS.get(measure, measure)} against no policy, so that up is more resilient. From "
        f"year {first} (hollow) to year {last} (filled).",
        range_note(found).replace("In brackets: least", "Bars: least"),
        "How severe disruptions are and how likely is assumed, not estimated.",
    ]
    if figure:
        lines.append("Scales are linear near zero and closer to logarithmic beyond (inverse "
                     "hyperbolic sine) where figures differ by much.")  # fmt: skip
    for one, panel in zip(found, panels, strict=True):
        if panel.keys["welfare"] != panel.keys["last"]:
            lines.append(f"{one.name}: welfare of year {panel.keys['welfare']} stands for year "
                         f"{panel.keys['last']}.")  # fmt: skip
    panels = [replace(p, columns=tuple(replace(c, digits=digits) for c in p.columns))
              for p in panels]  # fmt: skip
    return Page(
        "quadrant", choice.title or "Efficiency and resilience, at first and in the end",
        "Policy", tuple(panels),
        notes(found, list(dict.fromkeys(lines)), _NOT_DRAWN if figure else ()),
        found[0].run.names("regions"),
    )  # fmt: skip


def _quadrant(one: Headline, measure: str, years: Sequence[int]) -> Panel:
    """Return the ends of the arrows of one region."""
    own, welfare = one.years(measure), one.years(EV)
    for year in years:
        if year not in own:
            raise InputError("not in these runs", key="--year", value=year, allowed=list(own))
    shown = sorted(years) or [own[0], own[-1]]
    first, last = shown[0], shown[-1]
    # Welfare may be told for the last year of a path where losses stop earlier.
    ends = [year if year in welfare else min(welfare, key=lambda w: abs(w - year))
            for year in (first, last)]  # fmt: skip
    cells = [
        [*(one.get(name, EV, year) for year in ends),
         *(one.get(name, measure, year).negative for year in (first, last))]
        for name in one.policies
    ]  # fmt: skip
    figures = np.array([[cell.central for cell in row] for row in cells])
    columns = []
    for key, title, unit, places in (
        ("efficiency", "Efficiency", one.units[EV], (0, 1)),
        ("resilience", "Resilience", one.units[measure], (2, 3)),
    ):
        how = printed(unit, figures[:, list(places)])
        columns += [Column(f"{key}_{year}", f"{title}, year {year}", how.unit, how.digits)
                    for year in (first, last)]  # fmt: skip
    ranges = {
        (i, j): (cell.low, cell.high)
        for i, row in enumerate(cells) for j, cell in enumerate(row)
        if one.ranged and cell.high > cell.low
    }  # fmt: skip
    keys = {"region": one.region, "elasticities": one.elasticities[0], "first": str(first),
            "last": str(last), "welfare": str(ends[1])}  # fmt: skip
    return Panel(one.name, tuple(columns), tuple(one.labels(LONGEST)), figures, keys=keys,
                 row_keys=tuple({"variant": name} for name in one.policies),
                 ranges=ranges)  # fmt: skip
