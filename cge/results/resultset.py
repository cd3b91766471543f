"""Results of one study or several: rows in the one layout, and the manifests that made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError, check_known
from cge.core.identity import digest
from cge.core.typed import checked
from cge.results.row_schema import CASE, COLUMNS, TEXT, joined

#: Note of results on data that are estimated.
ESTIMATED = "BENCHMARK WITH ESTIMATED DATA."
#: What strategic goods are called where the benchmark says which they are, and where it does not.
NAMED, ALL_GOODS = "strategic goods", "all goods and services (there is no group 'strategic')"

Self = TypeVar("Self", bound="ResultSet")


@dataclass(frozen=True, eq=False)
class ResultSet:
    """Results of a study.

    Parameters
    ----------
    rows : DataFrame
        In the layout of :mod:`cge.results.row_schema`.
    manifest : mapping
        See :mod:`cge.results.manifest`.
    folder : path, optional
        Where it stands.
    """

    rows: pd.DataFrame
    manifest: Mapping[str, Any]
    folder: Path | None = None

    @cached_property
    def identity(self) -> str:
        """Digest of the figures."""
        columns = [
            (name, _words(self.rows[name]) if name in TEXT
             else self.rows[name].to_numpy(dtype=float, na_value=float("nan")))
            for name in COLUMNS
        ]  # fmt: skip
        return digest(columns)

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario, as it was resolved."""
        found = self.manifest.get("spec", {}).get("scenario", {})
        return found if isinstance(found, Mapping) else {}

    @property
    def study(self) -> str:
        """Kind of study."""
        return str(self.manifest.get("spec", {}).get("study", ""))

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.scenario.get("name", ""))

    @property
    def benchmark(self) -> Mapping[str, Any]:
        """The benchmark in the manifest."""
        found = self.manifest.get("benchmark", {})
        return found if isinstance(found, Mapping) else {}

    @property
    def benchmarks(self) -> list[Mapping[str, Any]]:
        """The benchmarks of a study of several tables, else the one."""
        several = self.manifest.get("benchmarks", {})
        return [*several.values()] if several else [self.benchmark]

    @property
    def welfare_of(self) -> str:
        """Whose spending the welfare of a region is made of, in words."""
        saves = {bool(one.get("saves")) for one in self.benchmarks}
        third = {False: "investment", True: "saving"}
        return f"household, government and {' or '.join(third[one] for one in sorted(saves))}"

    @property
    def strategic_goods(self) -> str:
        """What is meant by strategic goods, in words: all, where nothing says which they are."""
        every = any(one.get("all_strategic") for one in self.benchmarks)
        return ALL_GOODS if every else NAMED

    @property
    def money(self) -> str:
        """Unit of money."""
        return str(self.benchmark.get("unit", "money"))

    def names(self, axis: str) -> dict[str, str]:
        """Readable names of the codes of an axis."""
        found = self.benchmark.get("names", {}).get(axis, {})
        return {str(code): str(name) for code, name in found.items()}

    @checked
    def to_frame(self, **where: str | float | Sequence[str | float]) -> pd.DataFrame:
        """Rows as a table of plain columns.

        Parameters
        ----------
        **where
            Value of a column, or several of them: ``measure="real_gdp", region=["CHN", "USA"]``.

        Raises
        ------
        InputError
            For a column there is not, or a value that is nowhere in it.
        """
        rows = self.rows
        for name, wanted in where.items():
            if name not in COLUMNS:
                raise InputError("no such column", key=name, value=wanted, allowed=COLUMNS)
            several = [wanted] if isinstance(wanted, str | float | int) else list(wanted)
            if name in TEXT:
                check_known(
                    several, [*dict.fromkeys(self.rows[name])], "is not in the results", key=name
                )
            rows = rows[rows[name].isin(several)]
        return rows.astype(dict.fromkeys(TEXT, object)).reset_index(drop=True)

    def __repr__(self) -> str:
        title = f" '{self.name}'" if self.name else ""
        count = len(self.rows[list(CASE)].drop_duplicates())
        return f"<{type(self).__name__} of {self.study or 'no study'}{title}: {count} cases, " \
               f"{len(self.rows):,} rows>"  # fmt: skip


def _words(column: pd.Series) -> NDArray[np.str_]:
    """A column of text as an array: each word is converted once, not in every row."""
    words = column.array
    if not isinstance(words, pd.Categorical) or not len(words) or (words.codes < 0).any():
        return column.astype(str).to_numpy(dtype=str)
    used, place = np.unique(words.codes, return_inverse=True)
    return words.categories.to_numpy(dtype=object)[used].astype(str)[place]


def together(found: Iterable[ResultSet]) -> pd.DataFrame:
    """Rows of several results."""
    return joined(one.rows for one in found)
