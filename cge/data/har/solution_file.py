"""Results of GEMPACK in a solution file (.sl4): the variables, with their sets.

A solution file is a header array file. Which of a variable's components are exogenous, shocked, or
kept, it tells by counts: none, all, or so many whose positions stand in a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, refuse_if
from cge.core.files import one_line
from cge.data.har.har_reading import read_har
from cge.data.har.headers import HarHeader

#: Headers by which a solution file is known.
KNOWN_BY = ("VARS", "VNCP", "CUMS", "PCUM", "STNM")
#: The last dimension of a variable: the whole simulation, and subtotals.
RESULTS, WHOLE = "RESULT", "cumulative"


@dataclass(frozen=True, eq=False)
class SolutionVariable:
    """A variable of a solution.

    Parameters
    ----------
    name, description : str
    sets : tuple of str
        Of the dimensions of `array`; the last is :data:`RESULTS`.
    labels : tuple of tuple of str
        Elements of the sets; where the file does not know them, 1, 2, ...
    array : ndarray
        Percentage changes, or changes where `changes` is true. Zero where an exogenous component
        is not shocked; NaN where the file does not keep a component.
    changes : bool
    """

    name: str
    description: str
    sets: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    array: Array
    changes: bool


def is_solution(headers: Mapping[str, HarHeader]) -> bool:
    """Whether a header array file is a solution file."""
    return all(name in headers for name in KNOWN_BY)


def solution_variables(path: str | Path) -> dict[str, SolutionVariable]:
    """Variables of a solution file by name.

    Parameters
    ----------
    path : path
        A file ``.sl4``.

    Raises
    ------
    InputError
        If it is no solution file, or its parts do not fit each other.
    """
    headers = read_har(path)
    try:
        return _Solution(headers).variables()
    except InputError as error:
        raise error.located(path) from None
    except (IndexError, ValueError):  # positions, counts and sizes that contradict each other
        raise InputError("the parts of the solution do not fit each other", file=path) from None


class _Solution:
    """The headers of a solution file, put together."""

    def __init__(self, headers: Mapping[str, HarHeader]) -> None:
        self.headers = headers
        self.size = self.column("VNCP")
        self.names = self.texts("VARS")

    def column(self, name: str, kinds: tuple[str, ...] = ("2I", "2R")) -> Any:
        """The values of a header, by default of numbers, one after the other."""
        refuse_if(name not in self.headers, "this header of a solution file is missing", key=name)
        kind = self.headers[name].kind
        refuse_if(kind[:2] not in kinds, "is not of the kind that a solution file has", key=name,
                  value=kind)  # fmt: skip
        return self.headers[name].array.ravel()

    def texts(self, name: str) -> list[str]:
        """The texts of a header."""
        return [str(text).strip() for text in self.column(name, ("1C",))]

    def positions(self, counts: str, listed: str) -> list[Integers]:
        """Components of each variable that are counted: none, all, or those of a list."""
        found, at, values = [], 0, self.column(listed)
        for count, size in zip(self.column(counts), self.size, strict=True):
            if count in (0, size):
                found.append(np.arange(count))
                continue
            part = values[at : at + count] - 1
            at += count
            refuse_if(len(part) != count or ((part < 0) | (part >= size)).any(),
                      "lists components that variables do not have", key=listed)  # fmt: skip
            found.append(part)
        refuse_if(at != len(values), "lists more components than are counted", key=listed)
        return found

    def parts(self, values: str, starts: str, where: list[Integers]) -> Array:
        """Values that are kept for components of each variable, all variables in a row."""
        first = np.cumsum([0, *self.size])
        row = np.full(first[-1], np.nan)
        kept = self.column(values)
        for begin, start, positions in zip(first[:-1], self.column(starts), where, strict=True):
            part = kept[max(start - 1, 0) : max(start - 1, 0) + len(positions)]
            row[begin + positions] = part
        return row

    def result(self, values: str, shocked: list[Integers]) -> Array:
        """One result of all variables in a row, shocks where components were shocked."""
        row = self.parts(values, "PCUM", self.positions("CMND", "CMNL"))
        shocks = self.parts("SHOC", "PSHK", self.positions("SHCK", "SHCL"))
        first = np.cumsum([0, *self.size])
        row[self.exogenous & np.isnan(row)] = 0.0
        for begin, positions in zip(first, shocked):
            row[begin + positions] = shocks[begin + positions]
        return row

    @property
    def exogenous(self) -> Any:
        """Components that are exogenous, all variables in a row."""
        row = np.zeros(int(self.size.sum()), dtype=bool)
        for begin, positions in zip(np.cumsum([0, *self.size]), self.positions("OREX", "OREL")):
            row[begin + positions] = True
        return row

    def elements(self) -> list[tuple[str, tuple[str, ...]]]:
        """Name and elements of each set."""
        known, labels = self.texts("ELST"), self.texts("STEL")
        sizes, starts = self.column("SSZ"), self.column("ELAD")
        found = []
        for name, state, size, start in zip(self.texts("STNM"), known, sizes, starts, strict=True):
            listed = labels[start - 1 : start - 1 + size] if start > 0 else []
            own = listed if state == "k" else [str(k + 1) for k in range(size)]
            refuse_if(len(own) != size, f"does not have the elements of set {name}", key="STEL")
            found.append((name, tuple(own)))
        return found

    def variables(self) -> dict[str, SolutionVariable]:
        """All variables, with all results."""
        count = int(self.column("STLS")[0]) if "STLS" in self.headers else 0
        titles = [one_line(text) for text in self.texts("STDS")] if count else []
        results = [self.result("CUMS", self.positions("SHCK", "SHCL"))]
        for k in range(1, count + 1):
            shocked = self.positions(f"{k:03}C", f"{k:03}L")
            results.append(self.result(f"{k:03}S", shocked))
        rows, sets = np.stack(results, axis=1), self.elements()
        found, first, at = {}, 0, 0
        for name, size, rank, label, kind in zip(
            self.names, self.size, self.column("VCNA"), self.texts("VCLB"), self.texts("VCTP"),
            strict=True,
        ):  # fmt: skip
            own = [sets[k - 1] for k in self.column("VCAR")[at : at + rank] if k > 0]
            shape = [len(elements) for _, elements in own]
            values = rows[first : first + size].reshape([*shape, len(results)], order="F")
            found[name] = SolutionVariable(
                name, one_line(label), (*(code for code, _ in own), RESULTS),
                (*(elements for _, elements in own), (WHOLE, *titles[:count])),
                values, kind != "p",
            )  # fmt: skip
            first, at = first + size, at + rank
        return found
