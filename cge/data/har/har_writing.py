"""Writing header array (HAR) files that GEMPACK, ViewHAR and RunGTAP open."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import refuse_if
from cge.core.writing import put_or_refuse
from cge.data.har.headers import (
    DESCRIPTION,
    LABEL,
    NAME,
    RANK,
    TEXT,
    HarHeader,
    check_names,
)

#: Numbers of one record: as many as GEMPACK puts in its own.
NUMBERS = 7_000


def write_har(path: str | Path, headers: Iterable[HarHeader], key: str = "path") -> None:
    """Write a header array file, whole or not at all.

    Parameters
    ----------
    path : path
        Replaced if it is there.
    headers : iterable of HarHeader
    key : str
        Option or argument that names the file, for messages.

    Raises
    ------
    InputError
        If a name stands twice, a number is none that single precision holds, or the file can not
        be written.
    """
    kept = [*headers]
    check_names(header.name for header in kept)
    made = b"".join(_frame(record) for header in kept for record in _records(header))
    put_or_refuse({Path(path): lambda draft: draft.write_bytes(made)}, key)


def _frame(record: bytes) -> bytes:
    """A Fortran record."""
    length = struct.pack("<i", len(record))
    return length + record + length


def _body(*integers: int) -> bytes:
    return b"    " + struct.pack(f"<{len(integers)}i", *integers)


def _padded(text: str, width: int) -> bytes:
    return text.ljust(width)[:width].encode("latin-1")


def _records(header: HarHeader) -> Iterator[bytes]:
    """The records of a header."""
    kind, values = header.kind[:2], header.array
    yield _padded(header.name, NAME)
    sizes = values.shape if kind in ("2I", "2R") else (*values.shape, *[1] * (RANK - values.ndim))
    width = max([LABEL, *map(len, values.tolist())]) if kind == "1C" else 0
    if kind == "1C":
        sizes = (len(values), width)
    about = _padded(header.kind, 6) + _padded(header.description, DESCRIPTION)
    yield b"    " + about + struct.pack(f"<{1 + len(sizes)}i", len(sizes), *sizes)
    if kind == "1C":
        yield from _texts(values.tolist(), width)
    elif kind == "2I":
        wrong = np.abs(values) >= 2**31
        refuse_if(wrong.any(), "has an integer that four bytes do not hold", key=header.name,
                  value=values[wrong][:1].tolist())  # fmt: skip
        yield from _two_dimensional(values.astype("<i4"))
    else:
        numbers = _single(header)
        if kind == "2R":
            yield from _two_dimensional(numbers)
            return
        if kind == "RE":
            yield from _sets(header)
        yield from (_sparse if header.kind.endswith("SPSE") else _full)(numbers, sizes)


def _single(header: HarHeader) -> NDArray[np.float32]:
    """Values in single precision."""
    with np.errstate(over="ignore"):
        numbers = header.array.astype("<f4")
    wrong = ~np.isfinite(numbers)
    refuse_if(wrong.any(), "has a value that single precision does not hold", key=header.name,
              value=header.array[wrong][:1].tolist(), allowed="numbers up to 3e38")  # fmt: skip
    return numbers


def _counted(records: list[bytes]) -> Iterator[bytes]:
    """Records after the number of those that remain, themselves included."""
    for k, record in enumerate(records):
        yield _body(len(records) - k) + record


def _texts(texts: list[str], width: int) -> Iterator[bytes]:
    """Records of texts."""
    here = max(TEXT // width, 1)
    parts = [texts[k : k + here] for k in range(0, len(texts), here)] or [[]]
    yield from _counted([
        struct.pack("<2i", len(texts), len(part)) + b"".join(_padded(one, width) for one in part)
        for part in parts
    ])  # fmt: skip


def _blocks(shape: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """Blocks of an array, one after the other as Fortran keeps it, of no more than a record."""
    steps, size = [], 1
    for length in shape:
        steps.append(max(min(length, NUMBERS // size), 1))
        size *= steps[-1]
    starts = [range(0, max(length, 1), step) for length, step in zip(shape, steps)]
    corners = (corner[::-1] for corner in product(*starts[::-1]))
    return [
        tuple(slice(a, min(a + step, length)) for a, step, length in zip(corner, steps, shape))
        for corner in corners
    ]


def _corners(block: tuple[slice, ...]) -> tuple[int, ...]:
    """First and last positions of a block, counted from one."""
    return tuple(place for part in block for place in (part.start + 1, part.stop))


def _two_dimensional(values: NDArray[Any]) -> Iterator[bytes]:
    """Records of an array in two dimensions."""
    yield from _counted([
        struct.pack("<6i", *values.shape, *_corners(block)) + values[block].tobytes(order="F")
        for block in _blocks(values.shape)
    ])  # fmt: skip


def _full(values: NDArray[Any], sizes: tuple[int, ...]) -> Iterator[bytes]:
    """Records of reals that are stored whole."""
    whole = values.reshape(sizes)
    parts = [struct.pack(f"<{1 + RANK}i", RANK, *sizes)]
    for block in _blocks(sizes):
        parts += [struct.pack(f"<{2 * RANK}i", *_corners(block)), whole[block].tobytes(order="F")]
    yield from _counted(parts)


def _sparse(values: NDArray[Any], sizes: tuple[int, ...]) -> Iterator[bytes]:
    """Records of reals that are stored without zeros."""
    flat = values.reshape(math.prod(sizes), order="F")
    place = np.flatnonzero(flat)
    yield _body(len(place), 4, 4) + b" " * 80
    parts = [place[k : k + NUMBERS // 2] for k in range(0, len(place), NUMBERS // 2)] or [place]
    yield from _counted([
        struct.pack("<2i", len(place), len(part)) + (part + 1).astype("<i4").tobytes()
        + flat[part].tobytes() for part in parts
    ])  # fmt: skip


def _sets(header: HarHeader) -> Iterator[bytes]:
    """Records of the coefficient, the sets, and the elements of each set."""
    rank = len(header.sets)
    labels = dict(zip(header.sets, header.labels))
    states = b"".join(b"u" if labels[code] is None else b"k" for code in header.sets)
    yield (
        b"    " + struct.pack("<3i", len(labels), 1, rank) + _padded(header.coefficient, LABEL)
        + struct.pack("<i", 1) + b"".join(_padded(code, LABEL) for code in header.sets)
        + states + bytes(4 * (rank + 1))
    )  # fmt: skip
    for elements in labels.values():
        if elements is not None:
            yield from _texts([*elements], LABEL)
