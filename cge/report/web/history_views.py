"""Figures of forecasts of past years for a browser."""

from __future__ import annotations

import numpy as np

from cge.report.charts import style
from cge.report.charts.history import LOWEST
from cge.report.format.page import Page
from cge.report.web.views import (
    FAINT,
    HIGH,
    LINE,
    Spec,
    amount,
    beside,
    looks,
    records,
    span,
    told,
    view,
    with_unit,
    zero,
)


def multipliers(page: Page) -> Spec:
    """A line for each window over the multiplier of trade elasticities, one axis a panel."""
    names = list(dict.fromkeys(c.title for panel in page.panels for c in panel.columns))
    x: Spec = {"field": "step", "type": "quantitative", "scale": {"type": "log"},
               "axis": {"title": "Multiplier of trade elasticities", "tickCount": 5}}  # fmt: skip
    tooltip = told(("series", "Window"), ("row", "Multiplier"), ("shown", "Explained"))
    views = []
    for panel in page.panels:
        values = [{**one, "step": float(one["row"])}
                  for one in records(panel, range(len(panel.columns)), panel.rows)
                  if one["value"] >= LOWEST]  # fmt: skip
        views.append(view(panel.title, values, [
            zero("y"),
            {"mark": LINE,
             "encoding": {"x": x, "y": amount("value", "Explained, % of variance"),
                          **looks(names, "strokeDash"), "tooltip": tooltip}},
        ], height=HIGH))  # fmt: skip
    return beside(views, 3)


def scatter(page: Page) -> Spec:
    """Forecast changes to the right, actual changes upward, one axis a panel."""
    ahead, actual = page.panels[0].columns[:2]
    ends = span(*(panel.figures[:, :2] for panel in page.panels))
    x = amount("x", f"{ahead.title}, {ahead.unit}", ends)
    y = amount("value", f"{actual.title}, {actual.unit}", ends)
    tooltip = told(("row", page.stub or "Row"), ("at", ahead.title), ("shown", actual.title))
    diagonal: Spec = {
        "data": {"values": [{"x": end, "value": end} for end in ends]},
        "mark": {"type": "line", "color": FAINT, "strokeDash": [5, 2]},
        "encoding": {"x": x, "y": y},
    }
    views = []
    for n, panel in enumerate(page.panels):
        values = [
            {"row": row, "series": "", "x": float(a), "value": float(b), "weight": float(w),
             "at": with_unit(float(a), ahead.digits, ahead.unit),
             "shown": with_unit(float(b), actual.digits, actual.unit)}
            for row, (a, b, w) in zip(panel.rows, panel.figures, strict=True)
            if np.isfinite(a) and np.isfinite(b)
        ]  # fmt: skip
        size = {"field": "weight", "type": "quantitative", "legend": None,
                "scale": {"range": [8, 200]}}  # fmt: skip
        views.append(view(panel.title, values, [
            zero("x"), zero("y"), diagonal,
            {"mark": {"type": "point", "filled": True, "opacity": 0.6, "color": style.colour(n)},
             "encoding": {"x": x, "y": y, "size": size, "tooltip": tooltip}},
        ], height=260))  # fmt: skip
    return beside(views, 3)
