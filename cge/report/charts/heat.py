"""Heat maps: numbers in cells, colours to both sides of zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import AsinhNorm, Normalize, to_hex
from matplotlib.ticker import FixedLocator, FuncFormatter

from cge.report.charts import style
from cge.report.charts.style import Drawing
from cge.report.format.page import Page, Panel
from cge.report.format.units import text

#: Red over white to blue (ColorBrewer): told apart by colour-blind readers.
COLOURS = "RdBu"
#: Columns beside which there is room for names.
NAMED = 16
#: Where the largest cell is so many times the typical one, the scale is not linear.
SPREAD = 12.0


def scale(values: np.ndarray) -> Normalize:
    """A colour scale that is symmetric about zero.

    Where few cells are far larger than the others it is an inverse hyperbolic sine: linear
    near zero, logarithmic far from it, so that small changes can still be seen.
    """
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max()) if sizes.size else 0.0
    if largest == 0:
        return Normalize(-1, 1)
    typical = float(np.median(sizes[sizes > 0]))
    if largest / typical < SPREAD:
        return Normalize(-largest, largest)
    return AsinhNorm(linear_width=max(typical, largest / 1000), vmin=-largest, vmax=largest)


def shade(norm: Normalize, value: float) -> tuple[str, str]:
    """Colour of a cell, and that of the number in it."""
    red, green, blue, _ = colour = colormaps[COLOURS](norm(value))
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
    return to_hex(colour), "white" if dark else "black"


def without_totals(panels: Sequence[Panel]) -> list[Panel]:
    """Panels without columns that sum up others."""
    return [
        panel.take(columns=[n for n, c in enumerate(panel.columns) if c.role != "total"])
        for panel in panels
    ]


def maps(page: Page) -> Drawing:
    """A heat map for each panel, one below the other, on one colour scale."""
    panels = without_totals(page.panels)
    wide = max(len(panel.columns) for panel in panels)
    named = wide <= NAMED
    size = 6.5 if named else 4.6
    margin = 0.5 + max(style.inches(row, max(size, 6.0)) for panel in panels for row in panel.rows)
    heights = [len(panel.rows) for panel in panels]
    heads = [_height_of([column.title for column in panel.columns], size) for panel in panels]
    figure = style.new_figure(
        0.8 + (0.22 if named else 0.18) * sum(heights) + sum(heads) + 0.55 * len(panels),
        max(style.WIDTH, margin + (0.45 if named else 0.29) * wide),
    )
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    norm = scale(np.concatenate([panel.figures.ravel() for panel in panels]))
    shades = colormaps[COLOURS].with_extremes(bad="0.88")
    for axis, panel in zip(axes, panels, strict=True):
        image = axis.imshow(np.ma.masked_invalid(panel.figures), cmap=shades, norm=norm,
                            aspect="auto", interpolation="nearest")  # fmt: skip
        for (i, j), value in np.ndenumerate(panel.figures):
            if np.isfinite(value):
                written = text(value, panel.columns[j].digits).replace("-", "\u2212")
                number = axis.text(j, i, written, ha="center", va="center", fontsize=size,
                                   color=shade(norm, value)[1])  # fmt: skip
                number.set_in_layout(False)  # inside its cell, and there are thousands
        over = [column.title for column in panel.columns]
        axis.set_xticks(np.arange(len(over)), over, rotation=90 if _long(over) else 0)
        axis.set_yticks(np.arange(len(panel.rows)), panel.rows)
        axis.tick_params(labelsize=max(size, 6.0), length=0)
        axis.xaxis.tick_top()
        axis.set_ylabel(page.stub, fontsize=8)
        axis.set_xlabel(page.across, fontsize=8)
        axis.xaxis.set_label_position("top")
        axis.set_title(panel.title, fontsize=8.5, loc="left")
        axis.set_xticks(np.arange(len(over) + 1) - 0.5, minor=True)
        axis.set_yticks(np.arange(len(panel.rows) + 1) - 0.5, minor=True)
        axis.grid(which="minor", color="white", linewidth=0.6)
        axis.tick_params(which="minor", length=0)
        axis.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=list(axes), location="bottom", aspect=50, pad=0.02,
                          fraction=0.03)  # fmt: skip
    note = " (colours: inverse hyperbolic sine)" if isinstance(norm, AsinhNorm) else ""
    bar.set_label(f"{panels[0].columns[0].unit}{note}", fontsize=8)
    bar.outline.set_visible(False)
    if isinstance(norm, AsinhNorm):
        bar.set_ticks(FixedLocator(_ticks(norm)))
        bar.ax.xaxis.set_major_formatter(
            FuncFormatter(lambda v, _: f"{v:,.3g}".replace("-", "\u2212"))
        )
        bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=7)
    return figure, [], ""


def _height_of(labels: Sequence[str], size: float) -> float:
    """Inches that the labels of columns take."""
    return max(style.inches(label, size) for label in labels) if _long(labels) else 0.15


def _long(labels: Sequence[str]) -> bool:
    return len(labels) > 20 or max((len(label) for label in labels), default=0) > 6


def _ticks(norm: AsinhNorm) -> list[float]:
    """Round figures that stand apart on the colour bar."""
    largest = float(norm.vmax or 1.0)
    power = int(np.floor(np.log10(largest)))
    round_ones = [10.0**p for p in range(power, power - 5, -1)]
    kept: list[float] = []
    for value in round_ones:
        place = float(norm(value))
        if place - 0.5 > 0.07 and all(float(norm(k)) - place > 0.07 for k in kept):
            kept.append(value)
    return sorted([*(-v for v in kept), 0.0, *kept])
