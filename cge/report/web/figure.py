"""Figures that answer the pointer, from the same pages as those for a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cge.report.charts.draw import shown
from cge.report.format.page import Page
from cge.report.web import curve_views, history_views, row_views
from cge.report.web.views import Spec

#: By the same names as those of :data:`cge.report.charts.draw.FORMS`.
FORMS: Mapping[str, Callable[[Page], Spec]] = {
    "dots": row_views.dots, "heat": row_views.maps, "years": curve_views.lines,
    "areas": curve_views.areas, "ends": row_views.ends, "stacks": row_views.stacks,
    "shares": row_views.shares, "intervals": row_views.intervals, "frontier": curve_views.curves,
    "glance": row_views.glance, "doses": curve_views.ladder,
    "glance-apart": partial(row_views.glance, one_scale=False),
    "multipliers": history_views.multipliers, "scatter": history_views.scatter,
}  # fmt: skip


def specification(page: Page) -> tuple[Spec, tuple[str, ...]]:
    """The figure of a page as Vega-Lite, and its notes, which say what is left out.

    Parameters
    ----------
    page : Page
        As :func:`cge.report.kinds.build` returns it for a figure.
    """
    drawn = shown(page)
    return FORMS[page.chart](drawn), drawn.notes
