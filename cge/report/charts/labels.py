"""Setting labels beside marks so that none lies on another, on a mark or on a line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]

#: Distances of a label from its mark, in points; ways on which it may lie; places looked at.
_FAR = np.array([4.5, 7.5, 11, 15, 20, 26, 33, 41, 51, 63, 78])
_ANGLES, _MOST = 32, 200
#: Distances from a place along a line rather than the mark at its end, and what it costs.
_BESIDE, _NOT_AT_MARK = 1, 7.0
#: How bad it is to lie on another label, a word of the axes or a mark; on points of a line; far
#: away, for each point of type.
_ON_TEXT, _ON_MARK, _ON_LINE, _ON_BAR, _AWAY = 400.0, 150.0, 11.0, 5.0, 1.4
#: How bad it is that a point of the line to the mark lies on another line, or on a label.
_CROSSED, _STRUCK = 7.0, 40.0
_ROUNDS, _STARTS = 8, 4
#: Size of type, and from which distance on a line ties a label to its mark.
TYPE, _TIED = 6.3, 7.0


@dataclass(frozen=True, eq=False)
class Ground:
    """What is in an axis already, in points.

    Parameters
    ----------
    frame : ndarray (4,)
        Left, bottom, right, top: no label leaves it.
    words : ndarray (n, 4)
        Boxes of text.
    marks : ndarray (n, 2)
        Centres of marks.
    lines, bars : ndarray (n, 2)
        Points along lines, and along fainter ones.
    """

    frame: Array
    words: Array
    marks: Array
    lines: Array
    bars: Array


@dataclass(frozen=True, eq=False)
class _Places:
    """Where a label may stand: centres, what it then belongs to, and what that costs."""

    centres: Array
    anchors: Array
    cost: Array


def placed(anchors: Sequence[Array], sizes: Array, ground: Ground) -> tuple[Array, Array]:
    """Return the centres of labels and where each is tied to, (n, 2) both, in points.

    Every label tries places around its mark, and close to its line; in turn each moves to the
    best one given where the others are. The same input gives the same places.

    Parameters
    ----------
    anchors : sequence of ndarray (k, 2)
        Of each label its mark, and places along its line.
    sizes : ndarray (n, 2)
        Width and height.
    ground : Ground
    """
    places = [_places(own, size, ground) for own, size in zip(anchors, sizes, strict=True)]
    marks = np.array([own[0] for own in anchors])
    near = np.sort(np.linalg.norm(marks[:, None] - marks[None], axis=2), axis=1)
    order = np.argsort(near[:, : max(2, len(marks) // 2)].sum(axis=1))  # the crowd chooses first
    shuffled = np.random.default_rng(0)
    found = []
    for _ in range(_STARTS):  # the best of several, for each ends where no single move helps
        found.append(_settled(places, sizes, order))
        order = shuffled.permutation(order)
    _, at = min(found, key=lambda one: one[0])
    return (
        np.array([one.centres[n] for one, n in zip(places, at, strict=True)]),
        np.array([one.anchors[n] for one, n in zip(places, at, strict=True)]),
    )


def _settled(
    places: Sequence[_Places], sizes: Array, order: NDArray[np.int_]
) -> tuple[float, list[int]]:
    """Return the places taken when labels choose in some order, and what they cost together."""
    at = [-1] * len(places)
    for _ in range(_ROUNDS):
        total, before = 0.0, list(at)
        for n in order:
            one, boxes = places[n], _boxes(places[n].centres, sizes[n])
            cost = one.cost.copy()
            for m, taken in enumerate(at):
                if m == n or taken < 0:
                    continue
                centre, anchor = places[m].centres[taken], places[m].anchors[taken]
                other = _boxes(centre[None], sizes[m])[0]
                cost += _ON_TEXT * _shared(boxes, other, 1.5)
                cost += _STRUCK * _struck(one.centres, one.anchors, other)
                line = anchor + np.linspace(0.1, 0.9, 9)[:, None] * (centre - anchor)
                cost += _STRUCK * _holds(boxes, line, 0.0)
            at[n] = int(np.argmin(cost))
            total += float(cost[at[n]])
        if at == before:
            break
    return total, at


def _places(anchors: Array, size: Array, ground: Ground) -> _Places:
    """Return the places of a label with what they cost whatever the others do."""
    tries = [(anchors[0], len(_FAR), 0.0), *((a, _BESIDE, _NOT_AT_MARK) for a in anchors[1:])]
    centres, tied, cost = [], [], []
    for anchor, steps, extra in tries:
        found = _around(anchor, size, ground.frame, steps)
        centres.append(found)
        tied.append(np.broadcast_to(anchor, found.shape))
        cost.append(extra + _cost(found, size, anchor, ground))
    if not sum(map(len, centres)):  # a label larger than the axes
        half = size / 2
        inside = np.maximum(ground.frame[2:] - half, ground.frame[:2] + half)
        only = np.clip(anchors[0], ground.frame[:2] + half, inside)
        return _Places(only[None], anchors[:1], np.zeros(1))
    every = np.concatenate(cost)
    best = np.argsort(every, kind="stable")[:_MOST]
    return _Places(np.concatenate(centres)[best], np.concatenate(tied)[best], every[best])


def _around(anchor: Array, size: Array, frame: Array, steps: int) -> Array:
    """Return centres around a place at growing distance, within the frame."""
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    way = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # So far out along each way the label just touches the place.
    half = size / 2
    out = np.minimum(half[0] / np.maximum(abs(way[:, 0]), 1e-9),
                     half[1] / np.maximum(abs(way[:, 1]), 1e-9))  # fmt: skip
    far = out[None] + _FAR[:steps, None]
    centres = (anchor + far[:, :, None] * way[None]).reshape(-1, 2)
    inside = (centres - half >= frame[:2]).all(axis=1) & (centres + half <= frame[2:]).all(axis=1)
    return np.asarray(centres[inside])


def _boxes(centres: Array, size: Array) -> Array:
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


def _shared(boxes: Array, other: Array, room: float) -> Array:
    """Return whether boxes lie on another, and how deep: 0, or 1 to 2."""
    deep = np.minimum(boxes[:, 2:], other[2:] + room) - np.maximum(boxes[:, :2], other[:2] - room)
    size = np.minimum(boxes[:, 2:] - boxes[:, :2], other[2:] - other[:2])
    on = (deep > 0).all(axis=1)
    return np.where(on, 1 + np.clip(deep / size, 0, 1).prod(axis=1), 0.0)


def _holds(boxes: Array, points: Array, room: float) -> Array:
    """Return how many points lie in each box, (boxes,)."""
    low, high = boxes[:, None, :2] - room, boxes[:, None, 2:] + room
    inside = ((points[None] > low) & (points[None] < high)).all(axis=2)
    return np.asarray(inside.sum(axis=1).astype(float))


def _struck(centres: Array, anchors: Array, box: Array) -> Array:
    """Return how many points of the lines from marks to places lie in a box, (places,)."""
    part = np.linspace(0.1, 0.9, 9)[None, :, None]
    points = anchors[:, None] + part * (centres - anchors)[:, None]
    inside = ((points > box[:2]) & (points < box[2:])).all(axis=2)
    return np.asarray(inside.sum(axis=1).astype(float))


def _cost(centres: Array, size: Array, anchor: Array, ground: Ground) -> Array:
    """Return how bad places are for a label of a mark, the other labels apart, (places,)."""
    boxes = _boxes(centres, size)
    gap = np.maximum(abs(centres - anchor) - size / 2, 0)
    cost = _AWAY * np.linalg.norm(gap, axis=1)
    for word in ground.words:
        cost = cost + _ON_TEXT * _shared(boxes, word, 1.0)
    cost = cost + _ON_MARK * _holds(boxes, ground.marks, 3.0)
    cost = cost + _ON_LINE * _holds(boxes, ground.lines, 0.5)
    cost = cost + _ON_BAR * _holds(boxes, ground.bars, 0.0)
    way = np.linspace(0.3, 0.9, 6)[None, :, None]  # along the line to the mark, off the mark
    points = anchor + way * (centres - anchor)[:, None]
    others = ground.marks[np.linalg.norm(ground.marks - anchor, axis=1) > 1]
    for many, weight in ((ground.lines, _CROSSED), (others, 3 * _CROSSED)):
        if len(many):
            gaps = cdist(points.reshape(-1, 2), many).min(axis=1)
            cost = cost + weight * (gaps.reshape(len(centres), -1) < 2.5).sum(axis=1)
    return np.asarray(cost)


def nearest(centre: Array, size: Array, anchor: Array) -> Array:
    """Return the point of a label's box that is nearest to its mark."""
    return np.asarray(np.clip(anchor, centre - size / 2, centre + size / 2))


def along(start: Array, end: Array, step: float = 4.0) -> Array:
    """Return points along a line, `step` apart at most, (n, 2)."""
    count = max(2, int(np.linalg.norm(end - start) / step) + 1)
    return np.asarray(start + np.linspace(0, 1, count)[:, None] * (end - start))


def points_of(figure: Figure, axis: Any, data: Array) -> Array:
    """Return where figures lie, in points from the lower left corner."""
    return np.asarray(axis.transData.transform(data)) * 72.0 / figure.dpi


def frame_of(figure: Figure, axis: Any) -> Array:
    """Return left, bottom, right and top of an axis, in points; layout must be known."""
    renderer: Any = FigureCanvasAgg(figure).get_renderer()
    box = axis.get_window_extent(renderer)
    inside = np.array([2.0, 2.0, -1.0, -1.0])
    return np.asarray(np.array([box.x0, box.y0, box.x1, box.y1]) * 72.0 / figure.dpi + inside)


def name_marks(
    figure: Figure, axis: Any, texts: Sequence[str], lines: Sequence[Array],
    colours: Sequence[Any], ground: Ground, letters: int,
) -> None:  # fmt: skip
    """Write labels beside marks, tied to them by a line where they stand off.

    Parameters
    ----------
    figure : Figure
        Drawn once, so that the place of the axis is known.
    axis : Axes
    texts : sequence of str
    lines : sequence of ndarray (k, 2)
        In data: the mark, then further places along its line beside which the label may stand.
    colours : sequence of colour
    ground : Ground
    letters : int
        After which a label is broken.
    """
    if not len(texts):
        return
    texts = ["\n".join(textwrap.wrap(text, letters)) for text in texts]
    sizes = np.array([_extent(figure, axis, text) for text in texts])
    anchors = [points_of(figure, axis, line) for line in lines]
    centres, tied = placed(anchors, sizes, ground)
    where: dict[str, Any] = {"textcoords": "offset points", "annotation_clip": False}
    for text, size, line, own, centre, tie, colour in zip(
        texts, sizes, lines, anchors, centres, tied, colours, strict=True
    ):
        axis.annotate(
            text, line[0], centre - own[0], ha="center", va="center", fontsize=TYPE,
            linespacing=1.05, color=colour, zorder=6, **where,
        ).set_in_layout(False)  # fmt: skip
        end = nearest(centre, size, tie)
        if np.linalg.norm(end - tie) > _TIED:
            from_ = line[int(np.argmin(np.linalg.norm(own - tie, axis=1)))]
            look = {"arrowstyle": "-", "color": colour, "linewidth": 0.45, "shrinkA": 0,
                    "shrinkB": 2.5}  # fmt: skip
            axis.annotate("", from_, end - tie, zorder=2.5, arrowprops=look, **where,
                          ).set_in_layout(False)  # fmt: skip


def _extent(figure: Figure, axis: Any, text: str) -> Array:
    """Return width and height of a label, in points."""
    renderer: Any = FigureCanvasAgg(figure).get_renderer()
    draft = axis.annotate(text, (0.5, 0.5), xycoords="axes fraction", fontsize=TYPE,
                          linespacing=1.05)  # fmt: skip
    box = draft.get_window_extent(renderer)
    draft.remove()
    return np.array([box.width, box.height]) * 72.0 / figure.dpi
