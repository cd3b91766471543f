"""Reading header array (HAR) files of GEMPACK.

The layout, as found in files that GEMPACK and ViewHAR write (harpy and HARr read it alike): a
sequence of Fortran records, each framed by its length, four bytes before and after, in the byte
order of the machine that wrote it. A record of four characters names a header. The next says kind,
storage, description and sizes. The rest begin with four blanks and the number of records that
remain, themselves included:

- texts: how many in all and here, then the texts, all of one width;
- two dimensions: sizes, the corners of a block, and its values, first index fastest;
- reals: which sets the dimensions have, and the elements of each set once; then either sizes, and
  by twos the corners of a block and its values, or (without zeros) positions and values.

Reals are in single precision.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, check_known, check_once, refuse_if
from cge.core.files import counted, user_path
from cge.core.typed import checked
from cge.data.har.headers import KINDS, LABEL, RANK, HarHeader, Labels

#: Zeros that a byte of a file may stand for where they are left out, so that a few bytes can not
#: ask for all memory; and the most numbers that such an array may have.
ZEROS_PER_BYTE, MOST_NUMBERS = 10_000, 2**28
_INSTEAD = "a header array file, as GEMPACK, ViewHAR and RunGTAP write it"


@checked
def read_har(path: str | Path, only: Collection[str] | None = None) -> dict[str, HarHeader]:
    """Read a header array file: ``.har``, ``.prm``, ``.upd``, ``.sl4``.

    Parameters
    ----------
    path : path
    only : collection of str, optional
        Headers that are wanted, in whatever case; by default all. The records of the others are
        stepped over.

    Returns
    -------
    dict
        Headers by name, in the order of the file. Trailing dimensions of size 1 are dropped from
        reals without sets, whose rank no file says.

    Raises
    ------
    InputError
        If there is no such file, or it is none of the kind, damaged, or cut off.
    """
    path = counted(user_path(path))
    try:
        refuse_if(path.is_dir(), "is a folder, not a file", file=path)
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except OSError as error:
        raise InputError(f"file can not be read: {error.strerror}", file=path) from None
    return headers_of(data, path, only)


def headers_of(
    data: bytes, path: Path, only: Collection[str] | None = None
) -> dict[str, HarHeader]:
    """Headers in the content of a file, as :func:`read_har` gives them; `path` is for messages."""
    wanted = None if only is None else {name.strip().upper() for name in only}
    file = _Records(data, path)
    found: list[HarHeader] = []
    while not file.ended:
        try:
            header = _header(file, wanted)
        except InputError as error:
            raise error.located(path, file.header or None) from None
        if header is not None:
            found.append(header)
    check_once((name.upper() for name in file.names), "this header stands twice", file=path)
    return {header.name: header for header in found}


class _Records:
    """The records of a file, one after the other."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data, self.at, self.header = data, 0, ""
        self.names: list[str] = []
        self.end = {b"\x04\0\0\0": "<", b"\0\0\0\x04": ">"}.get(data[:4], "")
        if not self.end:
            text = bool(data) and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in data[:200])
            hint = "; a text file can be made one with ViewHAR or modhar" if text else ""
            raise InputError(f"is not a header array file{hint}", file=path, allowed=_INSTEAD)

    @property
    def ended(self) -> bool:
        """Whether there are no more records."""
        return self.at >= len(self.data)

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self.data) - self.at

    def refuse(self, wrong: object, problem: str, **where: Any) -> None:
        """Refuse the file at the header that is being read."""
        refuse_if(wrong, problem, key=self.header or None, **where)

    def next(self, least: int = 0) -> memoryview:
        """The next record, of so many bytes at least."""
        start = self.at
        self.refuse(self.left < 8, f"the file ends within a record, at byte {start}")
        (length,) = struct.unpack_from(f"{self.end}i", self.data, start)
        self.refuse(length < 0, f"the record at byte {start} has no length", value=length)
        self.refuse(length > self.left - 8, f"the file ends within a record, at byte {start}: "
                    f"{length} bytes are announced, {max(self.left - 8, 0)} are there")  # fmt: skip
        self.at = start + 8 + length
        (again,) = struct.unpack_from(f"{self.end}i", self.data, self.at - 4)
        self.refuse(again != length, f"the record at byte {start} is damaged: lengths of {length} "
                    f"and {again} stand around it")  # fmt: skip
        self.refuse(length < least, f"the record at byte {start} is too short", value=length,
                    allowed=f"{least} bytes or more")  # fmt: skip
        return memoryview(self.data)[start + 4 : self.at - 4]

    def body(self, least: int = 0) -> memoryview:
        """The next record of a header's data: four blanks, and so many bytes at least."""
        record = self.next(4 + least)
        self.refuse(bytes(record[:4]) != b"    ", "a record of data does not begin with blanks")
        return record

    def integers(self, record: memoryview, offset: int, count: int) -> tuple[int, ...]:
        """Integers in a record, which must be long enough."""
        self.refuse(len(record) < offset + 4 * count, "a record is too short")
        return struct.unpack_from(f"{self.end}{count}i", record, offset)

    def numbers(self, record: memoryview, offset: int, count: int, kind: str) -> NDArray[Any]:
        """Reals (``f``) or integers (``i``) of four bytes in a record, which they must fill."""
        self.refuse(len(record) != offset + 4 * count, f"a record has {len(record) - offset} bytes "
                    f"of values where {4 * count} are due")  # fmt: skip
        found = np.frombuffer(record, dtype=f"{self.end}{kind}4", count=count, offset=offset)
        with np.errstate(invalid="ignore"):  # a NaN that signals
            return found.astype(np.int64 if kind == "i" else np.float64)

    def texts(self, record: memoryview, offset: int, count: int, width: int) -> list[str]:
        """Texts of one width in a record, without what stands at their ends and prints nothing."""
        self.refuse(len(record) < offset + count * width, "a record is too short")
        places = range(offset, offset + count * width, width or 1)
        return [_printed(record[k : k + width]) for k in places]

    def countdown(self, remaining: int, before: int | None) -> int:
        """Records that remain, this one included, which must count down to one."""
        self.refuse(remaining < 1 or (before is not None and remaining != before - 1),
                    "records of this header are missing, or in disorder")  # fmt: skip
        return remaining


def _header(file: _Records, wanted: Collection[str] | None) -> HarHeader | None:
    """The header that begins here; None if it is not wanted."""
    file.header = ""
    record = file.next()
    name = bytes(record).decode("latin-1").strip()
    file.refuse(len(record) != 4 or not name or not name.isprintable(), "a header's name of four "
                f"characters is due before byte {file.at}", allowed=_INSTEAD)  # fmt: skip
    file.header = name
    file.names.append(name)
    if wanted is not None and name.upper() not in wanted:
        while file.data[file.at + 4 : file.at + 8] == b"    ":
            file.next()
        return None
    about = file.body(80)
    kind, description = _printed(about[4:10]), _printed(about[10:80]).strip()
    (rank,) = file.integers(about, 80, 1)
    check_known([kind], KINDS, "headers of this kind are not read", key=name)
    due = {"1C": (2,), "2I": (2,), "2R": (2,)}.get(kind[:2], range(RANK + 1))
    file.refuse(rank not in due, "a number of dimensions that this kind can not have", value=rank)
    sizes = file.integers(about, 84, rank)
    file.refuse(min(sizes, default=0) < 0, "a size is negative", value=sizes)
    file.refuse(math.prod(max(size, 1) for size in sizes) > MOST_NUMBERS,
                "an array of so many numbers is not read", value=sizes)  # fmt: skip
    given: dict[str, Any] = {"sets": (), "labels": (), "coefficient": ""}
    if kind[:2] == "1C":
        values: NDArray[Any] = np.array(_texts(file, *sizes), dtype=np.str_)
    elif kind[:2] in ("2I", "2R"):
        values = _two_dimensional(file, sizes, "i" if kind[1] == "I" else "f")
    else:
        if kind[:2] == "RE":
            given = _sets(file, sizes)
        values = (_sparse if kind.endswith("SPSE") else _full)(file, sizes)
        used = len(given["sets"])
        if kind[:2] == "RL":
            used = max((k + 1 for k, size in enumerate(sizes) if size != 1), default=0)
        values = values.reshape(sizes[:used])
    return HarHeader(name, values, kind, description, **given)  # type: ignore[arg-type]


def _printed(text: memoryview) -> str:
    """A text of a file; what does not print is a blank."""
    decoded = bytes(text).decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in decoded).rstrip()


def _texts(file: _Records, count: int, width: int) -> list[str]:
    """Texts of a header or the elements of a set."""
    found: list[str] = []
    remaining: int | None = None
    while remaining != 1:
        record = file.body(12)
        now, total, here = file.integers(record, 4, 3)
        remaining = file.countdown(now, remaining)
        file.refuse(
            total != count or not 0 <= here <= count - len(found),
            f"a record has {here} of {total} texts, after {len(found)} of {count}"
        )  # fmt: skip
        found += file.texts(record, 16, here, width)
    file.refuse(len(found) != count, f"has {len(found)} texts where {count} are due")
    return found


def _two_dimensional(file: _Records, sizes: tuple[int, ...], kind: str) -> NDArray[Any]:
    """Integers or reals in two dimensions."""
    values = _room(file, sizes, kind)
    filled, remaining = 0, None
    while remaining != 1:
        record = file.body(28)
        now, *about = file.integers(record, 4, 7)
        remaining = file.countdown(now, remaining)
        file.refuse(tuple(about[:2]) != sizes, "a record is of an array of other sizes",
                    value=about[:2], allowed=[str(sizes)])  # fmt: skip
        filled += _block(file, values, about[2:], record, 32, kind)
    return _whole(file, values, filled)


def _full(file: _Records, sizes: tuple[int, ...]) -> NDArray[Any]:
    """Reals that are stored whole, in blocks."""
    values = _room(file, sizes, "f")
    record = file.body(8)
    _, rank = file.integers(record, 4, 2)
    file.refuse(rank != len(sizes) or file.integers(record, 12, rank) != sizes,
                "its records are of an array of other sizes")  # fmt: skip
    filled, remaining = 0, None
    while remaining != 1:
        record = file.body(4 + 8 * rank)
        now, *corners = file.integers(record, 4, 1 + 2 * rank)
        remaining = file.countdown(now, remaining)
        record = file.body(4)
        remaining = file.countdown(file.integers(record, 4, 1)[0], remaining)
        filled += _block(file, values, corners, record, 8, "f")
    return _whole(file, values, filled)


def _sparse(file: _Records, sizes: tuple[int, ...]) -> NDArray[Any]:
    """Reals that are stored without zeros."""
    count, long, wide = file.integers(file.body(12), 4, 3)
    file.refuse((long, wide) != (4, 4), "has numbers that are not of four bytes",
                value=(long, wide))  # fmt: skip
    size = math.prod(sizes)
    most = min(ZEROS_PER_BYTE * len(file.data), MOST_NUMBERS)
    file.refuse(size > most, "an array of so many numbers is not read from a file of this size",
                value=size, allowed=f"up to {most:,}")  # fmt: skip
    flat = np.zeros(size)
    seen = np.zeros(size, dtype=bool)
    filled, remaining = 0, None
    while remaining != 1:
        record = file.body(12)
        now, total, here = file.integers(record, 4, 3)
        remaining = file.countdown(now, remaining)
        file.refuse(total != count or not 0 <= here <= count - filled,
                    "a record does not have the numbers that are due")  # fmt: skip
        file.refuse(len(record) < 16 + 4 * here, "a record is too short")
        place = file.numbers(record[: 16 + 4 * here], 16, here, "i") - 1
        file.refuse(((place < 0) | (place >= size)).any(), "a number lies outside its array")
        file.refuse(seen[place].any() or len(np.unique(place)) != here, "a cell stands twice")
        flat[place] = file.numbers(record, 16 + 4 * here, here, "f")
        seen[place] = True
        filled += here
    file.refuse(filled != count, f"has {filled} numbers where {count} are due")
    return flat.reshape(sizes, order="F")


def _room(file: _Records, sizes: tuple[int, ...], kind: str) -> NDArray[Any]:
    """An array of sizes whose values the rest of the file must have room for."""
    file.refuse(4 * math.prod(sizes) > file.left, f"the file ends before an array of {sizes}")
    return np.zeros(sizes, dtype=np.int64 if kind == "i" else np.float64)


def _block(
    file: _Records, values: NDArray[Any], corners: Sequence[int], record: memoryview,
    offset: int, kind: str,
) -> int:  # fmt: skip
    """Put the values of a record in the block between corners; how many there are."""
    first, last = corners[0::2], corners[1::2]
    inside = all(1 <= a <= b + 1 <= n + 1 for a, b, n in zip(first, last, values.shape))
    file.refuse(not inside, f"a block lies outside its array of {values.shape}", value=corners)
    shape = tuple(b - a + 1 for a, b in zip(first, last))
    found = file.numbers(record, offset, math.prod(shape), kind)
    values[tuple(slice(a - 1, b) for a, b in zip(first, last))] = found.reshape(shape, order="F")
    return math.prod(shape)


def _whole(file: _Records, values: NDArray[Any], filled: int) -> NDArray[Any]:
    """An array that its blocks must have filled."""
    file.refuse(filled != values.size, f"its blocks have {filled} numbers, the array {values.size}")
    return values


def _sets(file: _Records, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Coefficient, sets and elements of reals, by field of a header."""
    record = file.body(28)
    _, _, rank = file.integers(record, 4, 3)
    (coefficient,) = file.texts(record, 16, 1, LABEL)
    (known,) = file.integers(record, 28, 1)
    file.refuse(not 0 <= rank <= len(sizes) or any(size != 1 for size in sizes[rank:]),
                "the sets do not fit the dimensions", value=rank)  # fmt: skip
    if not known:
        return {"coefficient": coefficient, "sets": tuple(f"DIM{k + 1}" for k in range(rank)),
                "labels": (None,) * rank}  # fmt: skip
    sets = file.texts(record, 32, rank, LABEL)
    states = file.texts(record, 32 + LABEL * rank, rank, 1)
    where = 32 + (LABEL + 1 + 4) * rank
    (count,) = file.integers(record, where, 1)
    file.refuse(not 0 <= count <= rank, "more elements are named than there are sets", value=count)
    named = iter(file.texts(record, where + 4, count, LABEL))
    elements: dict[str, Labels] = {}
    labels: list[Labels] = []
    for k, (state, size) in enumerate(zip(states, sizes)):
        code = sets[k] = sets[k] or f"DIM{k + 1}"
        file.refuse(state not in ("k", "u", "e"), f"whether the elements of set {code} are known "
                    "is not told", value=state)  # fmt: skip
        one: Labels = (next(named, ""),) if state == "e" else None
        if state == "k" and code not in elements:
            elements[code] = tuple(_texts(file, size, LABEL))
        elif state == "e" and code in sets[:k]:  # one element of a set that stands there too
            sets[k] = one[0] if one and one[0] else code
        labels.append(elements[code] if state == "k" else one)
    return {"coefficient": coefficient, "sets": tuple(sets), "labels": tuple(labels)}
