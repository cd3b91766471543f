"""Drawing a page: what of it is drawn, as which chart, and what stands around it.

No sums are drawn, no regions outside the policy, nothing that is all zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from cge.report.charts import doses, heat, history, lines, rows, style, tradeoffs
from cge.report.format.page import Page, Panel

FORMS: Mapping[str, Callable[[Page], style.Drawing]] = {
    "dots": rows.dots, "heat": heat.maps, "years": lines.lines, "areas": lines.areas,
    "ends": rows.ends, "stacks": rows.stacks, "shares": rows.shares, "intervals": rows.intervals,
    "frontier": tradeoffs.curves, "glance": rows.glance,
    "glance-apart": partial(rows.glance, one_scale=False),
    "doses": doses.ladder, "multipliers": history.multipliers, "scatter": history.scatter,
}  # fmt: skip
#: Forms of which what rounds to zero is left out.
_PARTIAL = ("dots", "years", "areas", "ends", "stacks")


def draw(page: Page, notes: bool = True) -> Figure:
    """The figure of a page.

    Parameters
    ----------
    page : Page
        As :func:`cge.report.kinds.build` returns it.
    notes : bool
        Whether title and notes stand in the figure; else they go into a caption.
    """
    page = shown(page)
    figure, handles, legend = FORMS[page.chart](page)
    title, below = (page.caption, page.below) if notes else ("", ())
    style.finish(figure, title, below, handles, legend)
    return figure


def shown(page: Page) -> Page:
    """The page as it is drawn, with short names as labels.

    A note says what is left out because it would round to zero.
    """
    panels = [panel.plain() for panel in page.panels]
    left: list[str] = []
    if page.chart in _PARTIAL:
        panels, left = _not_flat(page, _in_focus(page, panels))
        panels = [part for panel in panels for part in _by_set(panel)]
    short = {code: style.short(name, code) for code, name in page.names.items()}
    named, rows = replace(page, names=short), _row_names(page, short)
    panels = [
        replace(panel, title=named.spelled(panel.title),
                rows=tuple(rows.get(row, row) for row in panel.rows))
        for panel in panels
    ]  # fmt: skip
    told = "; ".join(map(named.spelled, left))
    notes = (*page.notes, f"Not drawn, as it would round to zero: {told}.") if told else page.notes
    return replace(page, panels=tuple(panels), notes=notes)


def _row_names(page: Page, short: Mapping[str, str]) -> Mapping[str, str]:
    """Names that stand in place of codes beside the rows; those of a matrix stay codes."""
    if page.chart != "heat":
        return short
    named = page.stub == "Sector" and len(page.panels[0].columns) <= heat.NAMED
    return page.names if named else {}


def _in_focus(page: Page, panels: Sequence[Panel]) -> list[Panel]:
    """Panels and rows of the regions that the policy is about; all where there are none."""
    if not page.focus:
        return list(panels)
    kept = [panel for panel in panels if panel.keys.get("region", page.focus[0]) in page.focus]
    if page.stub == "Region":
        kept = [panel.take([n for n, row in enumerate(panel.rows) if row in page.focus])
                for panel in kept]  # fmt: skip
    return [panel for panel in kept if panel.rows] or list(panels)


def _by_set(panel: Panel) -> list[Panel]:
    """A panel for each elasticity set, where rows are cases under the same sets."""
    sets = [own.get("elasticities", "") for own in panel.row_keys]
    every = list(dict.fromkeys(sets))
    rows = [", ".join(part for part in row.split(", ") if part != name)
            for row, name in zip(panel.rows, sets, strict=False)]  # fmt: skip
    places = {name: [n for n, of in enumerate(sets) if of == name] for name in every}
    labels = {name: tuple(rows[n] for n in places[name]) for name in every}
    if len(every) < 2 or len(set(labels.values())) > 1:
        return [panel]
    return [
        replace(panel.take(places[name]), title=f"Elasticities: {name}", rows=labels[name],
                row_keys=())
        for name in every
    ]  # fmt: skip


def _not_flat(page: Page, panels: Sequence[Panel]) -> tuple[list[Panel], list[str]]:
    """Panels, or columns with an axis each, that do not round to zero; titles of the others."""
    seen = [_seen(panel) for panel in panels]
    if page.chart == "dots":
        columns = panels[0].columns
        keep = [n for n in range(len(columns)) if any(here[n : n + 1].any() for here in seen)]
        if not keep or any(panel.columns != columns for panel in panels):
            return list(panels), []
        left = [c.title for n, c in enumerate(columns) if n not in keep]
        return [panel.take(columns=keep) for panel in panels], left
    kept = [panel for panel, here in zip(panels, seen, strict=True) if here.any()]
    left = [panel.title for panel, here in zip(panels, seen, strict=True) if not here.any()]
    return (kept, left) if kept else (list(panels), [])


def _seen(panel: Panel) -> np.ndarray:
    """Whether a column has a figure that does not round to zero, (columns,)."""
    least = np.array([0.5 * 10.0**-column.digits for column in panel.columns])
    return np.asarray((np.nan_to_num(np.abs(panel.figures)) >= least).any(axis=0))
