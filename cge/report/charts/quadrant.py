"""Efficiency against resilience: an arrow for each policy, from the first year to the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from cge.report.charts import style
from cge.report.format.page import Page, Panel
from cge.results.labels import TYPE, Ground, along, frame_of, name_marks, points_of

Array = NDArray[np.float64]

#: Okabe and Ito's colours without yellow, which no line on white may have, with black for it.
COLOURS = (*(c for c in style.COLOURS if c not in ("#F0E442", "#666666")), "#000000")
#: What it means to be where: left and right, below and above.
WORDS = {(-1, 1): "safer, at a cost", (1, 1): "win-win", (-1, -1): "lose-lose",
         (1, -1): "gain, at a risk"}  # fmt: skip
#: Where the largest figure is so many times the smaller ones the scale is not linear.
SPREAD = 6.0
_LETTERS = 17


def quadrant(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw an axis for each region, side by side, each on scales of its own.

    Parameters
    ----------
    page : Page
        Of kind ``quadrant``: columns are efficiency first and last, resilience first and last.
    title : str
    notes : sequence of str
    """
    count = len(page.panels)
    across = min(count, 3)
    deep = -(-count // across)
    width = style.WIDTH if across > 1 else 5.0
    figure = style.figure_with_room(width, deep * (3.5 if across > 1 else 3.7) + 0.3, title, notes)
    axes = figure.subplots(deep, across, squeeze=False).ravel()
    every = list(dict.fromkeys(row for panel in page.panels for row in panel.rows))
    for axis, panel in zip(axes, page.panels, strict=False):
        _draw(axis, panel, every, {1: 9, 2: 8, 3: 5}[across])
    for axis in axes[count:]:
        axis.set_visible(False)
    first, last = page.panels[0].columns[:2]
    ranged = any(panel.ranges for panel in page.panels)
    _legend(figure, first.key.rpartition("_")[2], last.key.rpartition("_")[2], ranged)
    figure.draw_without_rendering()  # places of the axes are known only then
    for axis, panel in zip(axes, page.panels, strict=False):
        _label(figure, axis, panel, every)
    return figure


def look(row: str, every: Sequence[str]) -> tuple[str, str]:
    """Return colour and shape of a policy, the same in all panels."""
    n = list(every).index(row)
    return COLOURS[n % len(COLOURS)], style.MARKERS[n % len(style.MARKERS)]


def _ends(panel: Panel, row: int) -> tuple[Array, Array]:
    """Return where an arrow starts and where it ends."""
    x1, x2, y1, y2 = panel.figures[row]
    return np.array([x1, y1]), np.array([x2, y2])


def _draw(axis: Any, panel: Panel, every: Sequence[str], most: int) -> None:
    for which, set_scale in ((slice(0, 2), axis.set_xscale), (slice(2, 4), axis.set_yscale)):
        columns = range(which.start, which.stop)
        ends = [end for (_, j), pair in panel.ranges.items() if j == columns[1] for end in pair]
        values = np.concatenate([panel.figures[:, which].ravel(), ends])
        values = values[np.isfinite(values)]
        linear = _linear_width(values)
        if linear:
            set_scale("asinh", linear_width=linear)
        line = axis.xaxis if which.start == 0 else axis.yaxis
        low, high = _limits(values, linear)
        (axis.set_xlim if which.start == 0 else axis.set_ylim)(low, high)
        ticks = ticks_of(low, high, linear, most if which.start == 0 else 9)
        line.set_major_locator(FixedLocator(ticks))
        line.set_minor_locator(NullLocator())
        line.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}".replace("-", "\u2212")))
    axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.grid(color="0.94", linewidth=0.5)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=7, length=2, pad=2)
    axis.set_title(panel.title, fontsize=8.5)
    efficiency, resilience = panel.columns[0], panel.columns[2]
    axis.set_xlabel(f"{efficiency.title.split(',')[0]}: EV, {efficiency.unit}", fontsize=7.5)
    axis.set_ylabel(f"{resilience.title.split(',')[0]}, {resilience.unit}", fontsize=7.5)
    for n, row in enumerate(panel.rows):
        colour, marker = look(row, every)
        start, end = _ends(panel, n)
        for j, across in ((1, True), (3, False)):
            if (n, j) in panel.ranges:
                low, high = panel.ranges[n, j]
                bar = ([low, high], [end[1]] * 2) if across else ([end[0]] * 2, [low, high])
                axis.plot(*bar, color=colour, linewidth=0.9, alpha=0.5, zorder=2)
        if np.isfinite([*start, *end]).all():
            axis.annotate(
                "", end, start, zorder=3, annotation_clip=False,
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.1, "shrinkA": 2.5,
                            "shrinkB": 2.5, "mutation_scale": 7},
            ).set_in_layout(False)  # fmt: skip
        size = 5.0 if marker not in "*PX" else 6.5
        axis.plot(*start, linestyle="none", marker=marker, markersize=size - 0.8, color=colour,
                  markerfacecolor="white", markeredgewidth=0.9, zorder=4)  # fmt: skip
        axis.plot(*end, linestyle="none", marker=marker, markersize=size, color=colour,
                  markeredgecolor="white", markeredgewidth=0.4, zorder=5)  # fmt: skip


def _linear_width(values: Array) -> float:
    """Return up to which size a scale is linear, 0 for all of it."""
    sizes = np.abs(values[np.abs(values) > 1e-9])
    if len(sizes) < 3:
        return 0.0
    small, large = float(np.quantile(sizes, 0.3)), float(sizes.max())
    return max(small, large / 100) if large > SPREAD * small else 0.0


def _limits(values: Array, linear: float) -> tuple[float, float]:
    """Return the ends of an axis: all figures, zero, and some room to both sides."""
    if not len(values):
        return -1.0, 1.0
    scale = linear or 1.0
    ends = np.array([min(values.min(), 0.0), max(values.max(), 0.0)]) / scale
    if linear:
        ends = np.arcsinh(ends)
    room = 0.12 * (ends[1] - ends[0]) or 1.0
    ends = ends + np.array([-room, room])
    low, high = scale * (np.sinh(ends) if linear else ends)
    return float(low), float(high)


def ticks_of(low: float, high: float, linear: float, most: int) -> list[float]:
    """Return round figures that stand far enough apart on a scale, zero among them."""

    def place(value: float) -> float:
        return float(np.arcsinh(value / linear)) if linear else value

    gap = (place(high) - place(low)) / most
    largest = max(abs(low), abs(high))
    decades = range(int(np.floor(np.log10(largest))) - 4, int(np.floor(np.log10(largest))) + 1)
    if linear:
        sizes = [m * 10.0**d for d in decades for m in (1, 2, 5)]
    else:
        step = next(m * 10.0**d for d in decades for m in (1, 2, 2.5, 5, 10) if m * 10.0**d >= gap)
        sizes = [n * step for n in range(1, most + 2)]
    ticks = [0.0]
    for sign in (-1, 1):
        last = 0.0
        for size in sizes:
            value = float(f"{sign * size:.6g}")
            if low <= value <= high and abs(place(value) - place(last)) >= 0.999 * gap:
                ticks.append(value)
                last = value
    return sorted(ticks)


def _legend(figure: Figure, first: str, last: str, ranged: bool) -> None:
    look_: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": "0.3", "markersize": 5}
    handles: list[Any] = [Line2D([], [], markerfacecolor="white", **look_), Line2D([], [], **look_)]
    labels = [f"Year {first}", f"Year {last}"]
    if ranged:
        handles.append(Line2D([], [], color="0.3", linewidth=0.9, alpha=0.6))
        labels.append(f"Range, year {last}")
    style.legend(figure, handles, labels)


def _dark(colour: str) -> tuple[float, float, float]:
    """Return a colour dark enough for small type."""
    red, green, blue = to_rgb(colour)
    return 0.68 * red, 0.68 * green, 0.68 * blue


def _label(figure: Figure, axis: Any, panel: Panel, every: Sequence[str]) -> None:
    """Name the quadrants, then the policies where there is room."""
    frame = frame_of(figure, axis)
    words = _name_quadrants(figure, axis, frame)
    shown = [n for n in range(len(panel.rows)) if np.isfinite(panel.figures[n]).all()]
    marks: list[Array] = []
    zero = points_of(figure, axis, np.zeros(2))
    lines = [np.empty((0, 2))]
    bars = [along(np.array([frame[0], zero[1]]), np.array([frame[2], zero[1]])),
            along(np.array([zero[0], frame[1]]), np.array([zero[0], frame[3]]))]  # fmt: skip
    for n in shown:
        start, end = (points_of(figure, axis, place) for place in _ends(panel, n))
        marks += [start, end]
        lines.append(along(start, end))
        for j, across in ((1, True), (3, False)):
            if (n, j) in panel.ranges:
                here = panel.figures[n, 3] if across else panel.figures[n, 1]
                ends = [np.array([v, here] if across else [here, v]) for v in panel.ranges[n, j]]
                low, high = points_of(figure, axis, np.array(ends))
                bars.append(along(low, high))
    # A label may stand beside the arrow as well as at its head.
    parts = np.array([0, 0.3, 0.5, 0.7, 1])[:, None]
    arrows = [end + parts * (start - end) for start, end in (_ends(panel, n) for n in shown)]
    ground = Ground(frame, np.array(words).reshape(-1, 4), np.array(marks).reshape(-1, 2),
                    np.concatenate(lines), np.concatenate(bars))  # fmt: skip
    rows = [panel.rows[n] for n in shown]
    colours = [_dark(look(row, every)[0]) for row in rows]
    name_marks(figure, axis, rows, arrows, colours, ground, _LETTERS)


def _name_quadrants(figure: Figure, axis: Any, frame: Array) -> list[list[float]]:
    """Write what the corners mean, where there is room; return the boxes taken."""
    renderer: Any = FigureCanvasAgg(figure).get_renderer()
    scale, origin = 72.0 / figure.dpi, points_of(figure, axis, np.zeros(2))
    taken = []
    for (x, y), word in WORDS.items():
        corner = (frame[2] if x > 0 else frame[0], frame[3] if y > 0 else frame[1])
        room = abs(np.array(corner) - origin)
        for told in (word, word.replace(", ", ",\n").replace("-", "-\n")):
            text = axis.annotate(
                told, ((x + 1) / 2, (y + 1) / 2), (-2 * x, -2 * y), xycoords="axes fraction",
                textcoords="offset points", ha="right" if x > 0 else "left", linespacing=1.05,
                va="top" if y > 0 else "bottom", fontsize=TYPE, style="italic", color="0.45",
            )  # fmt: skip
            text.set_in_layout(False)
            box = text.get_window_extent(renderer)
            if box.width * scale + 4 <= room[0] and box.height * scale + 4 <= room[1]:
                taken.append([side * scale for side in (box.x0, box.y0, box.x1, box.y1)])
                break
            text.remove()
    return taken
