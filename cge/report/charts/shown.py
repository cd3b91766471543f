"""What of a page is drawn: no sums, no regions outside the policy, nothing that is all zeros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cge.report.charts import style
from cge.report.format.page import Column, Page, Panel

#: Columns of a matrix beside which there is room for names.
NAMED = 16
#: Forms of which what rounds to zero is left out.
_PARTIAL = ("dots", "years", "areas", "ends", "stacks")


def shown(page: Page) -> Page:
    """The page as it is drawn, with short names as labels.

    A note says what is left out because it would round to zero.
    """
    panels = [panel.plain() for panel in page.panels]
    left: list[str] = []
    if page.chart in _PARTIAL:
        panels = _in_focus(page, panels)
        panels, left = _not_flat(page, panels)
        panels = [part for panel in panels for part in _by_set(panel)]
    if page.chart == "shares":
        panels = [_turned(panel) for panel in panels]
    short = {code: style.short(name, code) for code, name in page.names.items()}
    named = replace(page, names=short)
    rows = _row_names(page, short)
    panels = [
        replace(
            panel, title=named.spelled(panel.title, names=True),
            rows=tuple(rows.get(row) or page.spelled(row) for row in panel.rows),
            columns=tuple(replace(c, title=page.spelled(c.title)) for c in panel.columns),
        )
        for panel in panels
    ]  # fmt: skip
    told = "; ".join(named.spelled(title, names=True) for title in left)
    notes = (*page.notes, f"Not drawn, as it would round to zero: {told}.") if told else page.notes
    return replace(page, panels=tuple(panels), notes=notes)


def _row_names(page: Page, short: Mapping[str, str]) -> Mapping[str, str]:
    """Names that stand in place of codes beside the rows; those of a matrix stay codes."""
    if page.chart != "heat":
        return short
    named = page.stub == "Sector" and len(page.panels[0].columns) <= NAMED
    return page.names if named else {}


def _turned(panel: Panel) -> Panel:
    """A panel with regions in rows and parameters as parts."""
    heads = tuple(Column(name, name, panel.columns[0].unit, 0, "part") for name in panel.rows)
    codes = tuple(column.title for column in panel.columns)
    return replace(panel, columns=heads, rows=codes, figures=panel.figures.T, marks={})


def _in_focus(page: Page, panels: Sequence[Panel]) -> list[Panel]:
    """Panels and rows of the regions that the policy is about; all where there are none."""
    if not page.focus:
        return list(panels)
    kept = [panel for panel in panels if panel.keys.get("region", page.focus[0]) in page.focus]
    if page.stub == "Region":
        kept = [_rows(panel, [row in page.focus for row in panel.rows]) for panel in kept]
    return [panel for panel in kept if panel.rows] or list(panels)


def _rows(panel: Panel, keep: Sequence[bool]) -> Panel:
    rows = tuple(row for row, here in zip(panel.rows, keep, strict=True) if here)
    return replace(panel, rows=rows, figures=panel.figures[np.asarray(keep)])


def _by_set(panel: Panel) -> list[Panel]:
    """A panel for each elasticity set, where rows are cases under the same sets."""
    sets = [own.get("elasticities", "") for own in panel.row_keys]
    every = list(dict.fromkeys(sets))
    rows = [", ".join(part for part in row.split(", ") if part != name)
            for row, name in zip(panel.rows, sets, strict=False)]  # fmt: skip
    own = {name: [row for row, of in zip(rows, sets, strict=True) if of == name] for name in every}
    if len(every) < 2 or any(own[name] != own[every[0]] for name in every):
        return [panel]
    return [
        replace(_rows(panel, [of == name for of in sets]), title=f"Elasticities: {name}",
                rows=tuple(own[name]), row_keys=())
        for name in every
    ]  # fmt: skip


def _not_flat(page: Page, panels: Sequence[Panel]) -> tuple[list[Panel], list[str]]:
    """Panels, or columns with an axis each, that do not round to zero; titles of the others."""
    seen = [_seen(panel) for panel in panels]
    if page.chart == "dots":
        if any(panel.columns != panels[0].columns for panel in panels):
            return list(panels), []
        keep = np.flatnonzero(np.any(seen, axis=0))
        left = [c.title for n, c in enumerate(panels[0].columns) if n not in keep]
        if not len(keep):
            return list(panels), []
        return [
            replace(panel, columns=tuple(panel.columns[n] for n in keep),
                    figures=panel.figures[:, keep])
            for panel in panels
        ], left  # fmt: skip
    kept = [panel for panel, here in zip(panels, seen, strict=True) if here.any()]
    left = [panel.title for panel, here in zip(panels, seen, strict=True) if not here.any()]
    return (kept, left) if kept else (list(panels), [])


def _seen(panel: Panel) -> np.ndarray:
    """Whether a column has a figure that does not round to zero, (columns,)."""
    least = np.array([0.5 * 10.0**-column.digits for column in panel.columns])
    return np.asarray((np.nan_to_num(np.abs(panel.figures)) >= least).any(axis=0))
