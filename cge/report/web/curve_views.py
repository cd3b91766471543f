"""Figures with curves for a browser: years, doses, and the frontier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cge.report.charts.lines import years_of
from cge.report.charts.tradeoffs import mixes, parts_of
from cge.report.format.page import Page, Panel
from cge.report.pages.frontier_page import EV, PRICE, WORLD_EV
from cge.report.web.views import (
    HIGH,
    INK,
    LINE,
    Records,
    Spec,
    all_of,
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


def _years(panel: Panel, columns: Sequence[int]) -> Records:
    years = [float(year) for year in years_of(panel)]
    found = records(panel, columns, [str(n) for n in range(len(years))])
    return [{**one, "row": panel.rows[int(one["row"])], "year": years[int(one["row"])]}
            for one in found]  # fmt: skip


def _year_axis() -> Spec:
    return {"field": "year", "type": "quantitative", "scale": {"zero": False, "nice": False},
            "axis": {"title": "Year of the path", "format": "d", "tickMinStep": 1,
                     "tickCount": 6}}  # fmt: skip


def lines(page: Page) -> Spec:
    """A line for each column over years, its range behind it."""
    columns = page.panels[0].columns
    names, limits, views = [column.title for column in columns], all_of(page.panels), []
    tooltip = told(("row", "Year"), ("series", "Case"), ("shown", "Value"), ("range", "Range"))
    for panel in page.panels:
        views.append(view(panel.title, _years(panel, range(len(columns))), [
            zero("y"),
            {"mark": {"type": "area", "opacity": 0.18},
             "encoding": {"x": _year_axis(), "y": amount("low", columns[0].unit, limits),
                          "y2": {"field": "high"}, **looks(names)}},
            {"mark": LINE,
             "encoding": {"x": _year_axis(), "y": amount("value", columns[0].unit, limits),
                          **looks(names, "strokeDash"), "tooltip": tooltip}},
        ], height=HIGH))  # fmt: skip
    return beside(views, 2 if len(views) in (2, 4) else 3)


def areas(page: Page) -> Spec:
    """Parts stacked to both sides of zero, a bar for each year, and their sum as a line."""
    columns = page.panels[0].columns
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    total = next(n for n, column in enumerate(columns) if column.role == "total")
    names, views = [columns[n].title for n in parts], []
    order = {name: n for n, name in enumerate(names)}
    tooltip = told(("row", "Year"), ("series", "Part"), ("shown", "Value"))
    limits = span(*(np.nan_to_num(sign * panel.figures[:, parts]).clip(min=0).sum(axis=1) * sign
                    for panel in page.panels for sign in (1, -1)))  # fmt: skip
    for panel in page.panels:
        values = [{**one, "order": order.get(one["series"], len(names)),
                   "is": "part" if one["series"] in order else "total"}
                  for one in _years(panel, [*parts, total])]  # fmt: skip
        views.append(view(panel.title, values, [
            {"transform": [{"filter": {"field": "is", "equal": "part"}}],
             "mark": {"type": "bar", "width": {"band": 0.9}},
             "encoding": {"x": {**_year_axis(), "type": "ordinal", "scale": {}},
                          "y": {**amount("value", columns[0].unit, limits), "stack": "zero"},
                          **looks(names), "order": {"field": "order", "type": "quantitative"},
                          "tooltip": tooltip}},
            zero("y"),
            {"transform": [{"filter": {"field": "is", "equal": "total"}}],
             "mark": {**LINE, "color": INK, "point": {"filled": True, "color": INK, "size": 20}},
             "encoding": {"x": {**_year_axis(), "type": "ordinal", "scale": {}},
                          "y": amount("value", columns[0].unit, limits), "tooltip": tooltip}},
        ], height=HIGH))  # fmt: skip
    return beside(views, 2 if len(views) in (2, 4) else 3)


def ladder(page: Page) -> Spec:
    """A line for each instrument, dose by dose: cost to the right, loss avoided upward."""
    first = page.panels[0]
    names, views = [panel.title for panel in page.panels], []
    cost = f"{first.columns[0].title}, {first.columns[0].unit}"
    for n, column in enumerate(first.columns[1:], start=1):
        values = [one for panel in page.panels for one in _pairs(panel, 0, n, panel.title)]
        views.append(view(column.title, values, [
            zero("y"), zero("x"),
            _curve(amount("x", cost), amount("value", column.unit), looks(names, "strokeDash"),
                   first.columns[0].title, column.title),
        ], height=HIGH))  # fmt: skip
    return beside(views, 3)


def _pairs(panel: Panel, across: int, up: int, name: str) -> Records:
    """A record for each row that has both of two columns, in the order of the rows."""
    below = panel.columns[across]
    found = []
    for i, row in enumerate(panel.rows):
        x, y = (float(panel.figures[i, n]) for n in (across, up))
        if np.isfinite(x) and np.isfinite(y):
            column = panel.columns[up]
            found.append({"row": row, "series": name, "x": x, "value": y, "number": i,
                          "at": with_unit(x, below.digits, below.unit),
                          "shown": with_unit(y, column.digits, column.unit)})  # fmt: skip
    return found


def _curve(x: Spec, y: Spec, look: Spec, across: str, up: str) -> Spec:
    return {
        "mark": LINE,
        "encoding": {
            "x": x, "y": y, **look,
            "order": {"field": "number", "type": "quantitative"},
            "tooltip": told(("series", "Line"), ("row", "Point"), ("at", across), ("shown", up)),
        },
    }  # fmt: skip


def curves(page: Page) -> Spec:
    """Welfare of the region and of the world over risk; the policy mix and the price."""
    lines_, dots, (risk, welfare) = parts_of(page)
    first, keys = lines_[0], [column.key for column in lines_[0].columns]
    x: dict[str, Any] = amount("x", f"{risk}, % of real income (safer to the right)",
                               reverse=True, zero=False)  # fmt: skip
    names = [panel.title for panel in lines_]
    singles = [(panel, i) for panel in dots for i in range(len(panel.rows))]
    shown = [*names, *(panel.rows[i] for panel, i in singles)]
    views = []
    for title, key, unit in (
        (f"Welfare of {page.spelled(first.keys['region'])}", EV, f"{welfare}, % of absorption"),
        ("Welfare of the world", WORLD_EV, f"{welfare}, % of absorption"),
        ("Price of resilience", PRICE, "EV points per point"),
    ):  # fmt: skip
        values = [one for panel in lines_
                  for one in _pairs(panel, 0, keys.index(key), panel.title)]  # fmt: skip
        look = looks(shown, shown=key == EV)
        layers = [zero("y"), _curve(x, amount("value", unit), look, risk, title)]
        if key == EV and singles:
            places = [{**_pairs(panel.take([i]), 0, 1, panel.rows[i])[0]} for panel, i in singles]
            layers.append({
                "data": {"values": places},
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1,
                         "shape": "diamond"},
                "encoding": {"x": x, "y": amount("value", unit), **look,
                             "tooltip": told(("series", "Policy"), ("at", risk),
                                             ("shown", welfare))},
            })  # fmt: skip
        views.append(view(title, values, layers, height=220))
    for number, (title, rates) in enumerate(mixes(first)):
        mix = [{**one, "series": first.columns[n].title}
               for n in rates for one in _pairs(first, 0, n, "")]  # fmt: skip
        own = [first.columns[n].title for n in rates]
        views.insert(2 + number, view(title, mix, [
            zero("y"),
            _curve(x, amount("value", "Rates, %"), looks(own, "strokeDash"), risk, "Rate"),
        ], height=220))  # fmt: skip
    apart = {"color": "independent", "strokeDash": "independent"}
    return beside(views, 2, resolve={"scale": apart})
