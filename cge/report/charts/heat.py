"""Heat maps: numbers in cells, colours to both sides of zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from cge.report.format.page import Panel
from cge.report.format.units import text

#: Red over white to blue (ColorBrewer): told apart by colour-blind readers.
COLOURS = "RdBu"
#: Where the largest cell is so many times the typical one, the scale is not linear.
SPREAD = 12.0


def scale(values: np.ndarray) -> Normalize:
    """Return a colour scale that is symmetric about zero.

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


def maps(
    figure: Figure, panels: Sequence[Panel], rows: Sequence[Sequence[str]],
    columns: Sequence[Sequence[str]], unit: str, stub: str, across: str, type_size: float,
) -> None:  # fmt: skip
    """Draw a heat map for each panel, one below the other, on one colour scale.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
    rows, columns : sequence (panels) of sequence of str
        Labels.
    unit, stub, across : str
        Of the figures, the rows and the columns.
    type_size : float
        Of the numbers, in points.
    """
    norm = scale(np.concatenate([panel.figures.ravel() for panel in panels]))
    shades = colormaps[COLOURS].with_extremes(bad="0.88")
    heights = [len(panel.rows) for panel in panels]
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    image: Any = None
    for axis, panel, down, over in zip(axes, panels, rows, columns, strict=True):
        image = axis.imshow(np.ma.masked_invalid(panel.figures), cmap=shades, norm=norm,
                            aspect="auto", interpolation="nearest")  # fmt: skip
        for (i, j), value in np.ndenumerate(panel.figures):
            if np.isfinite(value):
                red, green, blue, _ = shades(norm(value))
                dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
                written = text(value, panel.columns[j].digits).replace("-", "\u2212")
                number = axis.text(j, i, written, ha="center", va="center", fontsize=type_size,
                                   color="white" if dark else "black")  # fmt: skip
                number.set_in_layout(False)  # inside its cell, and there are thousands
        axis.set_xticks(np.arange(len(over)), over, rotation=90 if _long(over) else 0)
        axis.set_yticks(np.arange(len(down)), down)
        axis.tick_params(labelsize=max(type_size, 6.0), length=0)
        axis.xaxis.tick_top()
        axis.set_ylabel(stub, fontsize=8)
        axis.set_xlabel(across, fontsize=8)
        axis.xaxis.set_label_position("top")
        if panel.title:
            axis.set_title(panel.title, fontsize=8.5, loc="left")
        axis.set_xticks(np.arange(len(over) + 1) - 0.5, minor=True)
        axis.set_yticks(np.arange(len(down) + 1) - 0.5, minor=True)
        axis.grid(which="minor", color="white", linewidth=0.6)
        axis.tick_params(which="minor", length=0)
        for side in axis.spines.values():
            side.set_visible(False)
    bar = figure.colorbar(image, ax=list(axes), location="bottom", aspect=50, pad=0.02,
                          fraction=0.03)  # fmt: skip
    note = " (colours: inverse hyperbolic sine)" if isinstance(norm, AsinhNorm) else ""
    bar.set_label(f"{unit}{note}", fontsize=8)
    bar.outline.set_visible(False)
    if isinstance(norm, AsinhNorm):
        bar.set_ticks(FixedLocator(_ticks(norm)))
        bar.ax.xaxis.set_major_formatter(
            FuncFormatter(lambda v, _: f"{v:,.3g}".replace("-", "\u2212"))
        )
        bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=7)


def height_of(labels: Sequence[str], type_size: float) -> float:
    """Inches that the labels of columns take."""
    letters = max((len(label) for label in labels), default=0)
    return 0.0095 * type_size * letters if _long(labels) else 0.15


def _long(labels: Sequence[str]) -> bool:
    return len(labels) > 20 or max((len(label) for label in labels), default=0) > 6


def _ticks(norm: AsinhNorm) -> list[float]:
    """Return round figures that stand apart on the colour bar."""
    largest = float(norm.vmax or 1.0)
    power = int(np.floor(np.log10(largest)))
    round_ones = [10.0**p for p in range(power, power - 5, -1)]
    kept: list[float] = []
    for value in round_ones:
        place = float(norm(value))
        if place - 0.5 > 0.07 and all(float(norm(k)) - place > 0.07 for k in kept):
            kept.append(value)
    return sorted([*(-v for v in kept), 0.0, *kept])
