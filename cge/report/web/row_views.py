"""Figures with rows for a browser: dots, ranges, stacked parts, and cells of a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cge.report.charts import heat
from cge.report.charts.rows import alike, by_case, groups, turned
from cge.report.format.page import Page, Panel
from cge.report.format.units import text
from cge.report.web.views import (
    FAINT,
    INK,
    ROW,
    Records,
    Spec,
    all_of,
    amount,
    apart,
    beside,
    in_rows,
    looks,
    records,
    span,
    stub_of,
    told,
    view,
    with_unit,
    zero,
)


def dots(page: Page) -> Spec:
    """An axis for each measure, a dot for each solution, a line over all of them."""
    panels = alike(page.panels)
    rows, names = apart(panels[0].rows), apart(panel.title for panel in panels)
    case = [("series", "Case")] if len(panels) > 1 else []
    tooltip = told(("row", stub_of(page)), *case, ("measure", "Measure"), ("shown", "Value"))
    views = []
    for number, column in enumerate(panels[0].columns):
        values: Records = []
        for panel, name in zip(panels, names, strict=True):
            values += [{**one, "series": name, "measure": column.title}
                       for one in records(panel, [number], rows)]  # fmt: skip
        ends: Spec = {"x": amount("value", column.unit), "x2": {"datum": 0}}
        if len(panels) > 1:  # else a line from zero shows size: nothing is compared
            ends = {"x": {"field": "value", "aggregate": "min", "type": "quantitative"},
                    "x2": {"field": "value", "aggregate": "max"}}  # fmt: skip
        views.append(view(column.title, values, [
            zero("x"),
            {"mark": {"type": "rule", "color": FAINT, "strokeWidth": 2},
             "encoding": {**ends, "y": in_rows(rows)}},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
             "encoding": {"x": amount("value", column.unit), "y": in_rows(rows),
                          **looks(names, "shape"), "tooltip": tooltip}},
        ], height={"step": ROW}))  # fmt: skip
    return beside(views, 3, rows)


def glance(page: Page, one_scale: bool = True) -> Spec:
    """An axis for each group of columns of each panel, each column a mark with its range.

    Parameters
    ----------
    page : Page
    one_scale : bool
        Whether all axes of a group have one scale.
    """
    found, views = groups(page.panels), []
    most = max(map(len, found.values()))
    names = [column.title for column in page.panels[0].columns]
    tooltip = told(("row", stub_of(page)), ("series", "What"), ("shown", "Value"),
                   ("range", "Range"))  # fmt: skip
    for panel in page.panels:
        rows = apart(panel.rows)
        for group, columns in found.items():
            apart_by = {"yOffset": {"field": "series", "type": "nominal",
                                    "sort": [names[n] for n in columns]}}  # fmt: skip
            unit = panel.columns[columns[0]].unit
            ends = all_of(page.panels if one_scale else [panel], columns)
            views.append(view(f"{panel.title}: {group.lower()}", records(panel, columns, rows), [
                zero("x"),
                {"mark": {"type": "rule", "strokeWidth": 1.5},
                 "encoding": {"x": amount("low", unit, ends), "x2": {"field": "high"},
                              "y": in_rows(rows), **looks(names), **apart_by}},
                {"mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
                 "encoding": {"x": amount("value", unit, ends), "y": in_rows(rows),
                              **looks(names, "shape"), **apart_by, "tooltip": tooltip}},
            ], height={"step": 7 + 8 * most, "for": "position"}))  # fmt: skip
    labels = [row for panel in page.panels for row in panel.rows]
    return beside(views, len(found), labels, resolve={"scale": {"yOffset": "independent"}})


def ends(page: Page) -> Spec:
    """Two values of each row, joined: what is at first, and what is at last."""
    names = [column.title for column in page.panels[0].columns[:2]]
    tooltip = told(("row", stub_of(page)), ("series", "When"), ("shown", "Value"),
                   ("range", "Range"))  # fmt: skip
    limits, views = all_of(page.panels), []
    for panel in page.panels:
        rows, unit = apart(panel.rows), panel.columns[0].unit
        views.append(view(panel.title, records(panel, [0, 1], rows), [
            zero("x"),
            {"mark": {"type": "line", "color": FAINT, "strokeWidth": 2},
             "encoding": {"x": amount("value", unit, limits), "y": in_rows(rows),
                          "detail": {"field": "row"}}},
            {"mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.45},
             "encoding": {"x": amount("low", unit, limits), "x2": {"field": "high"},
                          "y": in_rows(rows), **looks(names)}},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
             "encoding": {"x": amount("value", unit, limits), "y": in_rows(rows),
                          **looks(names, "shape"), "tooltip": tooltip}},
        ], height={"step": ROW}))  # fmt: skip
    return beside(views, 3, [row for panel in page.panels for row in panel.rows])


def stacks(page: Page) -> Spec:
    """Parts of each row to both sides of zero, and a mark for what they must sum to."""
    columns = page.panels[0].columns
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    marks = [n for n, column in enumerate(columns) if column.role == "exact"]
    names = [columns[n].title for n in parts]
    tooltip = told(("row", stub_of(page)), ("series", "Part"), ("shown", "Value"))
    order = {name: n for n, name in enumerate(names)}
    limits, views = _reach(page.panels, parts, marks), []
    for panel in page.panels:
        rows, unit = apart(panel.rows), panel.columns[0].unit
        values = [{**one, "order": order.get(one["series"], len(names)),
                   "is": "part" if one["series"] in order else "exact"}
                  for one in records(panel, [*parts, *marks], rows)]  # fmt: skip
        views.append(view(panel.title, values, [
            {"transform": [{"filter": {"field": "is", "equal": "part"}}],
             "mark": {"type": "bar", "stroke": "white", "strokeWidth": 0.4},
             "encoding": {"x": {**amount("value", unit, limits), "stack": "zero"},
                          "y": in_rows(rows), **looks(names),
                          "order": {"field": "order", "type": "quantitative"},
                          "tooltip": tooltip}},
            zero("x"),
            {"transform": [{"filter": {"field": "is", "equal": "exact"}}],
             "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 50,
                      "color": "black", "stroke": "white", "strokeWidth": 1, "opacity": 1},
             "encoding": {"x": amount("value", unit, limits), "y": in_rows(rows),
                          "tooltip": tooltip}},
        ], height={"step": ROW}))  # fmt: skip
    return beside(views, 3, [row for panel in page.panels for row in panel.rows])


def _reach(panels: Sequence[Panel], parts: Sequence[int], marks: Sequence[int]) -> list[float]:
    """Ends of the scale of parts that are stacked to both sides of zero."""
    found = []
    for panel in panels:
        values = np.nan_to_num(panel.figures[:, parts])
        found += [values.clip(min=0).sum(axis=1), values.clip(max=0).sum(axis=1),
                  panel.figures[:, marks]]  # fmt: skip
    return span(*found)


def shares(page: Page) -> Spec:
    """Parts of a whole: rows of the page stacked, a bar for each of its columns."""
    return stacks(turned(page))


def intervals(page: Page) -> Spec:
    """The middle half of draws thick, nine tenths thin, median and central value."""
    panels, across = by_case(page.panels)
    rows = apart(dict.fromkeys(row for panel in panels for row in panel.rows))
    names = {"90 % of draws": "#56B4E9", "50 % of draws": "#0072B2", "Median": INK,
             "Central": "#D55E00"}  # fmt: skip
    colour = {"type": "nominal", "legend": {"title": None},
              "scale": {"domain": list(names), "range": list(names.values())}}  # fmt: skip
    tooltip = told(("row", stub_of(page)), ("p05", "5 %"), ("p25", "25 %"), ("p50", "Median"),
                   ("p75", "75 %"), ("p95", "95 %"), ("central", "Central"))  # fmt: skip
    views = []
    for panel in panels:
        keys = [column.key for column in panel.columns]
        values: Records = [{"row": row} for row in panel.rows]
        for (i, j), value in np.ndenumerate(panel.figures):
            if np.isfinite(value):
                column = panel.columns[j]
                values[i] |= {f"{keys[j]}_at": float(value),
                              keys[j]: with_unit(value, column.digits, column.unit)}  # fmt: skip
        layers: list[Spec] = [zero("x")]
        for low, high, width, name in (("p05", "p95", 2, "90 % of draws"),
                                       ("p25", "p75", 6, "50 % of draws")):  # fmt: skip
            if low in keys and high in keys:
                layers.append({
                    "mark": {"type": "rule", "strokeWidth": width},
                    "encoding": {"x": amount(f"{low}_at", panel.unit), "y": in_rows(rows),
                                 "x2": {"field": f"{high}_at"}, "tooltip": tooltip,
                                 "color": {**colour, "datum": name}},
                })  # fmt: skip
        for key, mark, name in (
            ("p50", {"type": "tick", "thickness": 2, "height": 12}, "Median"),
            ("central", {"type": "point", "filled": True, "size": 45, "opacity": 1}, "Central"),
        ):  # fmt: skip
            if key in keys:
                layers.append({
                    "mark": mark,
                    "encoding": {"x": amount(f"{key}_at", panel.unit), "y": in_rows(rows),
                                 "color": {**colour, "datum": name}, "tooltip": tooltip},
                })  # fmt: skip
        views.append(view(panel.title, values, layers, height={"step": ROW}))
    return beside(views, across, rows)


def maps(page: Page) -> Spec:
    """A heat map for each panel, one below the other, in the colours of the one on paper."""
    panels = heat.without_totals(page.panels)
    norm = heat.scale(np.concatenate([panel.figures.ravel() for panel in panels]))
    across = page.across or "Column"
    tooltip = told(("row", stub_of(page)), ("column", across), ("shown", "Value"))
    views = []
    for panel in panels:
        rows, over = apart(panel.rows), apart(column.title for column in panel.columns)
        values: Records = []
        for (i, j), value in np.ndenumerate(panel.figures):
            if np.isfinite(value):
                column, (shade, ink) = panel.columns[j], heat.shade(norm, value)
                values.append({"row": rows[i], "column": over[j], "shade": shade, "ink": ink,
                               "shown": with_unit(value, column.digits, column.unit),
                               "number": text(value, column.digits)})  # fmt: skip
        letters = max((len(one["number"]) for one in values), default=4)
        top = {"field": "column", "type": "nominal", "sort": over, "scale": {"domain": over},
               "axis": {"orient": "top", "title": page.across or None, "ticks": False,
                        "domain": False, "labelLimit": 120,
                        "labelAngle": -90 if max(map(len, over)) > 6 else 0}}  # fmt: skip
        places = {"x": top, "y": in_rows(rows), "tooltip": tooltip}
        views.append(view(panel.title, values, [
            {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.6},
             "encoding": {**places, "color": {"field": "shade", "type": "nominal",
                                              "scale": None}}},
            {"mark": {"type": "text", "fontSize": 10},
             "encoding": {**places, "text": {"field": "number", "type": "nominal"},
                          "color": {"field": "ink", "type": "nominal", "scale": None}}},
        ], width={"step": max(26, 6 + 6 * letters)}, height={"step": ROW}))  # fmt: skip
    labels = [row for panel in panels for row in panel.rows]
    return beside(views, 1, labels)
