"""One look for all figures: type, colours, room for legend, title and notes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
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
#: Width of a page, of row labels, and of what stands to the left of axes at least, inches.
WIDTH, LABEL, LEFT = 7.2, 1.75, 1.2
#: Sizes of type: of titles over axes, of notes, of the title of a figure, of all else.
TITLE, _NOTE, _HEAD, _TYPE = 8.5, 6.0, 9.5, 8.0
_LINE = 1.25 / 72  # inches of a line for each point of type
_MEASURE = RendererAgg(1, 1, 72)

#: A figure, what its legend shows, and the title of the legend.
Drawing = tuple[Figure, list[Any], str]


def colour(number: int) -> str:
    """The colour of the n-th thing shown."""
    return COLOURS[number % len(COLOURS)]


def filled(number: int, **look: Any) -> dict[str, Any]:
    """Look of an area that stands for the n-th thing shown."""
    return {"facecolor": colour(number), "edgecolor": "white",
            "hatch": HATCHES[number // len(COLOURS) % len(HATCHES)], **look}  # fmt: skip


def short(name: str, code: str, longest: int = 22) -> str:
    """A label that fits: the name without what it adds in brackets, or the code."""
    plain = short_name(name)
    return plain if len(plain) <= longest else code


@lru_cache(maxsize=4096)
def inches(text: str, size: float = _TYPE, weight: str = "normal") -> float:
    """Width of a text."""
    font = font_manager.FontProperties(size=size, weight=weight)
    return float(_MEASURE.get_text_width_height_descent(text, font, False)[0]) / 72


def wrapped(text: str, room: float, size: float = _TYPE, weight: str = "normal") -> str:
    """A text in lines that are no wider than so many inches."""
    lines: list[str] = []
    space, wide = inches(" ", size, weight), 0.0
    for word in _parted(text.split(), room, size, weight):
        own = inches(word, size, weight)
        longer = f"{lines[-1]} {word}" if lines else word
        wide += space + own
        # The sum is off by kerning alone; what it leaves open is measured, which takes longer.
        near = abs(wide - room) < 0.05 * room
        if lines and (inches(longer, size, weight) if near else wide) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
            wide = own
    return "\n".join(lines)


def _parted(words: Sequence[str], room: float, size: float, weight: str) -> Iterator[str]:
    """Words, those that no line has room for in parts."""
    for word in words:
        while len(word) > 1 and (wide := inches(word, size, weight)) > room:
            fits = max(1, min(len(word) - 1, int(len(word) * room / wide)))
            yield word[:fits]
            word = word[fits:]
        yield word


def over_axis(title: str, room: float) -> str:
    """A title over an axis of so many inches; a part after a semicolon has lines of its own."""
    return "\n".join(wrapped(part, room, TITLE) for part in title.split("; "))


def lines_of(texts: Sequence[str]) -> int:
    """Lines of the deepest of some texts."""
    return max((text.count("\n") + 1 for text in texts), default=1)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """A figure of so many inches; :func:`finish` adds what stands around the axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.06, h_pad=0.05, wspace=0.04)
    return figure


def axes_of(figure: Figure, count: int, across: int, **share: Any) -> list[Any]:
    """Axes in rows of so many; those that are not needed are hidden."""
    axes = figure.subplots(-(-count // across), across, squeeze=False, **share).ravel()
    for axis in axes[count:]:
        axis.set_visible(False)
    return list(axes[:count])


def name_below(axes: Sequence[Any], across: int, name: str) -> None:
    """Name the horizontal axes that have none below them."""
    for axis in axes[max(0, len(axes) - across) :]:
        axis.set_xlabel(name, fontsize=_TYPE)
        axis.tick_params(labelbottom=True)


def few_ticks(axis: Any, room: float) -> None:
    """Set as many ticks as have room for their labels, six intervals at most."""
    for bins in range(6, 1, -1):
        locator = MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)
        axis.xaxis.set_major_locator(locator)
        labels = axis.xaxis.get_major_formatter().format_ticks(locator())
        if sum(inches(label) + 0.08 for label in labels) <= room:
            return


def plain(axis: Any, grid: str, sides: Sequence[str] = ("top", "right")) -> None:
    """Take sides of its frame off an axis, and give it a faint grid."""
    for side in sides:
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=_TYPE)
    axis.grid(axis=grid, color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)


def finish(
    figure: Figure, title: str, notes: Sequence[str], handles: Sequence[Any], legend: str = ""
) -> None:
    """Add a legend and notes below a figure, and a title above it; its axes keep their size.

    Parameters
    ----------
    figure : Figure
    title : str
    notes : sequence of str
    handles : sequence of artists
        With labels.
    legend : str
        Title of the legend.
    """
    width, height = figure.get_size_inches()
    head = wrapped(title, width - 0.2, _HEAD, "bold")
    foot = wrapped("Notes: " + " ".join(notes), width - 0.2, _NOTE) if notes else ""
    above = lines_of([head]) * _HEAD * _LINE + 0.1 if head else 0.0
    below = lines_of([foot]) * _NOTE * _LINE + 0.12 if foot else 0.0
    taken = 0.0
    if handles:
        widest = max(inches(str(handle.get_label())) for handle in handles)
        box = figure.legend(
            handles=handles, loc="lower center", fontsize=_TYPE, frameon=False,
            ncols=max(1, min(len(handles), int(width / (0.5 + widest)))), title=legend or None,
            title_fontsize=_TYPE,
        )  # fmt: skip
        renderer: Any = FigureCanvasAgg(figure).get_renderer()
        taken = box.get_window_extent(renderer).height / figure.dpi + 0.05
    total = height + above + below + taken
    figure.set_size_inches(width, total)
    if handles:
        box.set_bbox_to_anchor((0, below / total, 1, 1))
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, (below + taken) / total, 1, height / total))
    place: dict[str, Any] = {"x": 0.1 / width, "linespacing": 1.2}
    if head:
        figure.text(y=1 - 0.05 / total, s=head, fontsize=_HEAD, fontweight="bold", va="top",
                    **place)  # fmt: skip
    if foot:
        figure.text(y=0.05 / total, s=foot, fontsize=_NOTE, va="bottom", color="0.25", **place)


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the same content gives the same file."""
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in a script the font does not have
        figure.savefig(path, metadata=undated.get(path.suffix.lower()), dpi=200)
