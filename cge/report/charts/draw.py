"""Drawing a page: which chart, and what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from cge.report.charts import frontier_figure, heat, lines, policy_arrows, rows, style
from cge.report.charts.shown import shown
from cge.report.format.page import Page

FORMS: Mapping[str, Callable[[Page], style.Drawing]] = {
    "dots": rows.dots, "heat": heat.maps, "years": lines.lines, "areas": lines.areas,
    "ends": rows.ends, "stacks": rows.stacks, "shares": rows.shares, "intervals": rows.intervals,
    "frontier": frontier_figure.curves, "arrows": policy_arrows.arrows,
}  # fmt: skip


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
