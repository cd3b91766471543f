"""A header of a header array (HAR) file: an array, or a list of texts, with its sets.

GEMPACK, ViewHAR and RunGTAP keep data in these files. Each header has a name of up to four
characters, a kind, a description and values; those of reals name the coefficient, and for each
dimension a set and its elements. The layout is told in :mod:`cge.data.har.har_reading`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, check_known, check_once, refuse_if

#: Texts; integers and reals in two dimensions; reals with sets, stored whole or without zeros;
#: reals without sets.
Kind = Literal["1CFULL", "2IFULL", "2RFULL", "REFULL", "RESPSE", "RLFULL", "RLSPSE"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Characters of a header's name, of a name of a set, an element or a coefficient, and of a
#: description; dimensions of an array.
NAME, LABEL, DESCRIPTION, RANK = 4, 12, 70, 7
#: Characters of a text, as long as a record of texts is.
TEXT = 2_000

Labels = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class HarHeader:
    """A header of a header array file.

    Parameters
    ----------
    name : str
        Up to four characters; a file has each once, in whatever case.
    array : array_like
        Texts (one dimension), integers (two), or reals (up to seven). A file holds reals in
        single precision: about seven digits.
    kind : str, optional
        One of :data:`KINDS`; by default as `array` and `sets` say.
    description : str
        Up to 70 characters.
    coefficient : str
        Name of the coefficient in programs; up to 12 characters.
    sets : tuple of str
        Of the dimensions, for kinds ``REFULL`` and ``RESPSE``; a set may stand twice.
    labels : tuple of tuple of str, or None
        Elements of each of the sets, up to 12 characters each; None where they are not known.

    Raises
    ------
    InputError
        If the parts do not fit each other or the format.
    """

    name: str
    array: NDArray[Any]
    kind: Kind = ""  # type: ignore[assignment]  # filled in below
    description: str = ""
    coefficient: str = ""
    sets: tuple[str, ...] = ()
    labels: tuple[Labels, ...] = ()

    def __post_init__(self) -> None:
        values = np.asarray(self.array)
        letter = {"U": "1C", "i": "2I", "u": "2I", "f": "RE" if self.sets else "RL"}.get(
            values.dtype.kind
        )
        if letter == "RL" and values.ndim == 2:
            letter = "2R"
        if not self.kind:
            refuse_if(letter is None, "is neither text nor numbers", key=self.name)
            object.__setattr__(self, "kind", f"{letter}FULL")
        check_known([self.kind], KINDS, "no such kind of header", key=self.name)
        wanted = {"1C": "U", "2I": "iu"}.get(self.kind[:2], "f")
        refuse_if(values.dtype.kind not in wanted, "the values are not of this kind", key=self.name,
                  value=self.kind)  # fmt: skip
        kept = {"U": np.str_, "i": np.int64, "u": np.int64, "f": np.float64}
        object.__setattr__(self, "array", values.astype(kept[values.dtype.kind], copy=False))
        for text, most, what in (
            (self.name, NAME, "a header's name"), (self.description, DESCRIPTION, "a description"),
            (self.coefficient, LABEL, "a coefficient's name"),
        ):  # fmt: skip
            check_text(text, most, what, self.name)
        refuse_if(not self.name.strip(), "a header needs a name", key=self.name)
        self._check_shape()

    @property
    def has_sets(self) -> bool:
        """Whether its kind is one whose dimensions are named by sets."""
        return self.kind[:2] == "RE"

    def _check_shape(self) -> None:
        """Refuse sets and labels that do not fit the values."""
        rank, shape = self.array.ndim, self.array.shape
        most = {"1C": (1, 1), "2I": (2, 2), "2R": (2, 2)}.get(self.kind[:2], (0, RANK))
        refuse_if(not most[0] <= rank <= most[1], f"has {rank} dimensions", key=self.name,
                  allowed=f"{most[0]} to {most[1]} for kind {self.kind}")  # fmt: skip
        named = len(self.sets) == len(self.labels) == rank if self.has_sets else not self.sets
        refuse_if(not named, "the sets do not fit the dimensions", key=self.name, value=self.sets,
                  allowed=f"one set, with its elements, for each of {rank} dimensions"
                  if self.has_sets else "no sets")  # fmt: skip
        for text in self.array.tolist() if self.kind[:2] == "1C" else ():
            check_text(text, TEXT, "a text", self.name)
        known: dict[str, Labels] = {}
        for code, labels, length in zip(self.sets, self.labels, shape):
            check_text(code, LABEL, "a set's name", self.name)
            refuse_if(known.setdefault(code, labels) != labels or not code.strip(),
                      "a set without a name, or of two lists of elements", key=self.name,
                      value=code)  # fmt: skip
            if labels is None:
                continue
            refuse_if(len(labels) != length, f"set {code} has {len(labels)} elements, its "
                      f"dimension {length}", key=self.name)  # fmt: skip
            for label in labels:
                check_text(label, LABEL, f"an element of {code}", self.name)


def check_text(text: str, most: int, what: str, key: str) -> None:
    """Refuse a text that is too long for its place, or has characters the format has not."""
    refuse_if(len(text) > most, f"{what} is too long", key=key, value=text,
              allowed=f"up to {most} characters")  # fmt: skip
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise InputError(f"{what} has characters that a header array file has not", key=key,
                         value=text, allowed="Latin letters and signs") from None  # fmt: skip
    refuse_if(not text.isprintable(), f"{what} has characters that do not print", key=key,
              value=text)  # fmt: skip


def check_names(names: Iterable[str]) -> None:
    """Refuse a name of a header that stands twice, in whatever case."""
    check_once((name.strip().upper() for name in names), "this header stands twice", key="headers")
