"""One look for all figures: type, colours, room for legend, title and notes."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cge.report.format.page import short_name

matplotlib.use("Agg")
# Text stays text in SVG, so that a journal can set it in its own type; PDF embeds its type.
matplotlib.rcParams.update({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "cge"})
matplotlib.rcParams["text.parse_math"] = False  # a name may hold a dollar sign
#: For names in scripts that the first does not have, as far as the machine has them.
_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei",
          "Hiragino Sans", "Noto Sans", "Arial Unicode MS")  # fmt: skip
_known = set(font_manager.get_font_names())
matplotlib.rcParams["font.family"] = [f for f in _FONTS if f in _known] or ["sans-serif"]

#: Okabe and Ito's palette (2008), safe for colour-blind readers; shapes differ as well. Yellow,
#: faint on white, comes last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
#: Where more things are shown than there are colours.
HATCHES = ("", "////", "....", "xxxx")
#: Width of a page, and of what stands to the left of axes, inches.
WIDTH, LEFT = 7.2, 1.2
#: Letters of a label in a line, and size of the type of titles over axes.
LABEL, TITLE = 26, 8.5
_NOTE_SIZE, _TITLE_SIZE = 6.0, 9.5
_LINE = 1.25 / 72  # inches of a line for each point of type


def colour(number: int) -> str:
    """The colour of the n-th thing shown."""
    return COLOURS[number % len(COLOURS)]


def hatch(number: int) -> str:
    """The hatching of the n-th thing shown."""
    return HATCHES[number // len(COLOURS) % len(HATCHES)]


def short(name: str, code: str, longest: int = 22) -> str:
    """A label that fits: the name without what it adds in brackets, or the code."""
    plain = short_name(name)
    return plain if len(plain) <= longest else code


def wrapped(text: str, letters: int) -> str:
    """A text in lines of so many letters."""
    return "\n".join(textwrap.wrap(text, letters))


def lines_of(texts: Sequence[str]) -> int:
    """Lines of the deepest of some texts."""
    return max((text.count("\n") + 1 for text in texts), default=1)


def left_of(labels: Sequence[str]) -> float:
    """Inches that the labels of rows take, or those of a vertical axis."""
    longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    return max(LEFT, 0.35 + 0.067 * longest)


def axis_width(width: float, across: int, labels: Sequence[str] = ()) -> float:
    """Inches of an axis where so many stand beside each other in a figure."""
    return (width - left_of(labels)) / across


def over_axis(title: str, width: float, across: int, labels: Sequence[str] = ()) -> str:
    """A title in lines that are no wider than the axis; a part after a semicolon has its own."""
    letters = int(axis_width(width, across, labels) * 72 / (0.6 * TITLE))
    return "\n".join(wrapped(part, letters) for part in title.split("; "))


def axes_of(figure: Figure, count: int, across: int, **share: Any) -> list[Any]:
    """Axes in rows of so many; those that are not needed are hidden."""
    axes = figure.subplots(-(-count // across), across, squeeze=False, **share).ravel()
    for axis in axes[count:]:
        axis.set_visible(False)
    return list(axes[:count])


def name_below(axes: Sequence[Any], across: int, name: str) -> None:
    """Name the horizontal axes that have none below them."""
    for axis in axes[max(0, len(axes) - across) :]:
        axis.set_xlabel(name, fontsize=8)
        axis.tick_params(labelbottom=True)


def rows_of(axis: Any, figure: Figure, across: int, title: str, labels: Sequence[str]) -> None:
    """Give an axis with rows its title and labels, and take off its frame."""
    axis.set_yticks(range(len(labels))[::-1], labels)
    axis.set_ylim(-0.7, len(labels) - 0.3)
    width = figure.get_figwidth()
    axis.set_title(over_axis(title, width, across, labels), fontsize=TITLE)
    few_ticks(axis, axis_width(width, across, labels))
    bare(axis)


def few_ticks(axis: Any, inches: float) -> None:
    """Set as many ticks as have room for their labels, six intervals at most."""
    for bins in range(6, 1, -1):
        locator = MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)
        axis.xaxis.set_major_locator(locator)
        ticks = locator()
        letters = max(map(len, axis.xaxis.get_major_formatter().format_ticks(ticks)))
        if len(ticks) * (letters + 1) * 0.075 <= inches:
            return


def bare(axis: Any, sides: Sequence[str] = ("top", "right", "left")) -> None:
    """Take frame and ticks off an axis whose zero line is drawn."""
    for side in sides:
        axis.spines[side].set_visible(False)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(labelsize=8)
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)


def figure_with_room(
    width: float, height: float, title: str = "", notes: Sequence[str] = ()
) -> Figure:
    """A figure with a title above and notes below an area of the given height.

    Parameters
    ----------
    width, height : float
        Of the drawing, in inches.
    title : str
    notes : sequence of str
    """
    letters = int(width * 72 / (_TITLE_SIZE * 0.65))
    head = textwrap.wrap(title, letters) if title else []
    per_line = int((width - 0.2) * 72 / (_NOTE_SIZE * 0.515))
    foot = textwrap.wrap("Notes: " + " ".join(notes), per_line) if notes else []
    above = len(head) * _TITLE_SIZE * _LINE + (0.1 if head else 0.0)
    below = len(foot) * _NOTE_SIZE * _LINE + (0.12 if foot else 0.0)
    total = height + above + below
    figure = Figure(figsize=(width, total), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, below / total, 1, height / total), w_pad=0.06, h_pad=0.05, wspace=0.04)
    if head:
        figure.text(0.1 / width, 1 - 0.05 / total, "\n".join(head), fontsize=_TITLE_SIZE,
                    fontweight="bold", va="top", linespacing=1.2)  # fmt: skip
    if foot:
        figure.text(0.1 / width, 0.05 / total, "\n".join(foot), fontsize=_NOTE_SIZE, va="bottom",
                    color="0.25", linespacing=1.2)  # fmt: skip
    return figure


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str], **look: Any) -> None:
    """Set a legend under the axes and above the notes, in as many columns as fit."""
    engine: Any = figure.get_layout_engine()
    left, bottom, width, height = engine.get()["rect"]
    box = figure.legend(
        handles, labels, loc="lower center", bbox_to_anchor=(left, bottom, width, height),
        fontsize=8, frameon=False, ncols=_across(labels, figure.get_figwidth()), **look,
    )  # fmt: skip
    renderer: Any = FigureCanvasAgg(figure).get_renderer()
    taken = box.get_window_extent(renderer).height / figure.bbox.height
    engine.set(rect=(left, bottom + taken, width, height - taken))


def _across(labels: Sequence[str], width: float) -> int:
    """Number of entries of a legend that fit beside each other."""
    longest = max((len(label) for label in labels), default=0)
    return max(1, min(len(labels), int(width / (0.45 + 0.066 * longest))))


def legend_height(labels: Sequence[str], width: float) -> float:
    """The inches that a legend of these labels will take."""
    return 0.17 * -(-len(labels) // _across(labels, width)) + 0.1 if labels else 0.0


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in a script the font does not have
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the same content gives the same file."""
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with _quiet():
        figure.savefig(path, metadata=undated.get(path.suffix.lower()), dpi=200)
