"""Figures as Vega-Lite: records, axes and layers of which all forms are made.

A specification is plain data of the Vega-Lite grammar (Satyanarayan, Moritz, Wongsuphasawat and
Heer, 2017), which a browser draws. Names and titles stand in it as values, never as code.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.report.charts import style
from cge.report.format.page import Page, Panel
from cge.report.format.units import text

Spec = dict[str, Any]
Records = list[dict[str, Any]]

#: Colour of type and axes: that of the text around the figure, on light and on dark ground.
INK, FAINT = "currentColor", "#88888888"
#: Height of the axes of curves, in pixels, and how a curve is drawn.
HIGH = 190
LINE: Spec = {"type": "line", "strokeWidth": 1.8, "point": {"filled": True, "size": 26}}
#: Shapes in the order of those on paper (:data:`cge.report.charts.style.MARKERS`).
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "stroke",
          "triangle-right")  # fmt: skip
DASHES: tuple[list[float], ...] = ([1, 0], [6, 2], [2, 2], [6, 2, 2, 2])
#: Pixels of a letter in a label, of the widest label, of a row; letters of a line in a title,
#: and in a legend.
_LETTER, _LABEL, ROW, _TITLE, _KEY = 6.2, 250, 20, 42, 34
#: A label of a legend in lines of so many letters, in Vega's own language.
_IN_LINES = rf"split(trim(replace(datum.label, /(.{{1,{_KEY}}})(\s|$)/g, '$1\n')), '\n')"
_TEXT = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11,
         "titleFontWeight": "normal"}  # fmt: skip
_CONFIG: Spec = {
    "background": None, "font": "system-ui, sans-serif", "view": {"stroke": None},
    "axis": {**_TEXT, "domainColor": INK, "tickColor": INK, "gridColor": FAINT, "gridOpacity": 0.5,
             "labelLimit": _LABEL, "labelOverlap": True, "labelFlush": False, "labelSeparation": 6},
    "legend": {**_TEXT, "orient": "bottom", "labelLimit": 320, "columns": 3, "symbolSize": 70},
    "title": {"color": INK, "fontSize": 12, "fontWeight": 600, "anchor": "start", "offset": 6},
}  # fmt: skip


def apart(labels: Iterable[str]) -> list[str]:
    """Labels that differ: equal ones get signs that are not seen."""
    found: dict[str, None] = {}
    for label in labels:
        while label in found:
            label += "\u200b"
        found[label] = None
    return list(found)


def with_unit(value: float, digits: int, unit: str) -> str:
    """A figure as the table has it, with its unit."""
    return f"{text(value, digits)} {unit}".strip()


def records(panel: Panel, columns: Sequence[int], rows: Sequence[str] | None = None) -> Records:
    """A record for each figure of some columns: row, series, value, range, and text to show."""
    found: Records = []
    for i, row in enumerate(rows or apart(panel.rows)):
        for j in columns:
            column, value = panel.columns[j], float(panel.figures[i, j])
            if not np.isfinite(value):
                continue
            low, high = float(panel.low[i, j]), float(panel.high[i, j])
            one = {"row": row, "series": column.title, "value": value,
                   "shown": with_unit(value, column.digits, column.unit)}  # fmt: skip
            if np.isfinite(low) and np.isfinite(high):
                one |= {
                    "low": low,
                    "high": high,
                    "range": f"{text(low, column.digits)} to {text(high, column.digits)}",
                }
            found.append(one)
    return found


def told(*fields: tuple[str, str]) -> list[Spec]:
    """What the pointer is told: fields of a record with their titles."""
    return [{"field": field, "title": title, "type": "nominal"} for field, title in fields]


def looks(names: Sequence[str], *more: str, shown: bool = True) -> Spec:
    """Colour of each of several things, with other channels that tell them apart.

    Parameters
    ----------
    names : sequence of str
    *more : str
        ``shape`` or ``strokeDash``.
    shown : bool
        Whether they stand in a legend, if there are several.
    """
    line = {"symbolType": "stroke"} if "strokeDash" in more else {}
    legend = {"title": None, "labelExpr": _IN_LINES, **line} if shown and len(names) > 1 else None
    ways: Mapping[str, Sequence[Any]] = {
        "color": style.COLOURS,
        "shape": SHAPES,
        "strokeDash": DASHES,
    }
    return {
        channel: {
            "field": "series", "type": "nominal", "legend": legend,
            "scale": {"domain": list(names), "range": cycled(ways[channel], len(names))},
        }
        for channel in ("color", *more)
    }  # fmt: skip


def cycled(values: Sequence[Any], count: int) -> list[Any]:
    """So many values, from the first again after the last."""
    return [values[n % len(values)] for n in range(count)]


def span(*every: Array) -> list[float]:
    """Ends of a common scale for figures and their ranges, with zero."""
    values = np.concatenate([np.ravel(one) for one in every])
    values = values[np.isfinite(values)]
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    return [low, high] if high > low else [-1.0, 1.0]


def all_of(panels: Sequence[Panel], columns: Sequence[int] | None = None) -> list[float]:
    """Ends of a common scale for some columns of panels, or for all."""
    found = [getattr(panel, name)[:, columns if columns is not None else slice(None)]
             for panel in panels for name in ("figures", "low", "high")]  # fmt: skip
    return span(*found)


def amount(field: str, title: str, ends: Sequence[float] = (), **more: Any) -> Spec:
    """An axis of figures."""
    scale: Spec = {"domain": list(ends), "nice": True} if ends else {}
    return {"field": field, "type": "quantitative", "scale": {**scale, **more},
            "axis": {"title": title or None, "tickCount": 5}}  # fmt: skip


def in_rows(rows: Sequence[str]) -> Spec:
    """A vertical axis of labels, in their order."""
    return {"field": "row", "type": "nominal", "sort": list(rows), "scale": {"domain": list(rows)},
            "axis": {"title": None, "ticks": False, "domain": False}}  # fmt: skip


def zero(axis: str) -> Spec:
    """A line at zero."""
    return {"mark": {"type": "rule", "color": FAINT, "strokeWidth": 1.5},
            "encoding": {axis: {"datum": 0, "type": "quantitative"}}}  # fmt: skip


def view(title: str, values: Records, layers: Sequence[Spec], **more: Any) -> Spec:
    """One set of axes: a title, data, and what is drawn of them."""
    lines = [line for part in title.split("; ") for line in textwrap.wrap(part, _TITLE)]
    return {"title": {"text": lines or [""]}, "data": {"values": values}, "layer": list(layers),
            "width": 260, **more}  # fmt: skip


def beside(views: Sequence[Spec], across: int, labels: Iterable[str] = (), **more: Any) -> Spec:
    """A figure of several sets of axes.

    Parameters
    ----------
    views : sequence of mapping
    across : int
        Beside each other where there is room.
    labels : iterable of str
        Of the rows: what room they take to the left of each set of axes.
    """
    widest = 12 + _LETTER * max((len(label) for label in labels), default=6)
    across = min(across, len(views))
    widest = widest if across == 1 else min(_LABEL, widest)
    names = {str(one.get("series", "")) for own in views for one in own["data"]["values"]}
    longest = 34 + _LETTER * min(_KEY, max(map(len, names), default=6))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": _CONFIG,
        "usermeta": {"across": across, "labels": round(widest),
                     "legend": round(longest)},
        "columns": across,
        "concat": list(views), "spacing": 24, **more,
    }  # fmt: skip


def stub_of(page: Page) -> str:
    """What the rows of a page are."""
    return page.stub or "Row"
