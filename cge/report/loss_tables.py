"""Losses in results: of which equilibria, under which weights, by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.cases import Case, all_rows, cases_of
from cge.report.choice import FLAGS, Choice, chosen
from cge.report.format.page import Column, Page, Panel
from cge.report.format.units import printed
from cge.report.notes import notes_of
from cge.results.resultset import ResultSet
from cge.stress.stress_notes import usual_weighting
from cge.stress.worlds import is_world

Array = NDArray[np.float64]
_ALL_YEARS = range(1, 201)


@dataclass(frozen=True)
class Shown:
    """A column of a table of losses.

    Parameters
    ----------
    measure, title : str
    column : {"value", "change"}
    where : mapping
        Of columns of the results: weighting, item.
    text : str
        Column of the results of which the words are shown in place of a figure.
    """

    measure: str
    title: str
    column: str = "value"
    where: Mapping[str, str] | None = None
    text: str = ""

    def of(self, case: Case) -> pd.DataFrame:
        """Rows of a case by region."""
        rows = case.rows(self.measure)
        for name, value in {"partner": "", "sector": "", **(self.where or {})}.items():
            rows = rows[rows[name] == value]
        return rows.drop_duplicates("region").set_index("region")


def tested(
    found: Sequence[ResultSet], choice: Choice, world: bool = False,
    measure: str = "expected_loss", allowed: str = "results of `cge stress` or `cge compare`",
) -> list[Case]:  # fmt: skip
    """Chosen equilibria that disruptions set out from; by default those under a policy.

    Parameters
    ----------
    found : sequence of ResultSet
    choice : Choice
    world : bool
        By default those without policy.
    measure, allowed : str
        Which they must have, and where there is such a one.

    Raises
    ------
    InputError
        For results that have none.
    """
    if not any((one.rows["measure"] == measure).any() for one in found):
        raise InputError("these results have no rows of a measure", value=measure, allowed=allowed)
    names = {str(v) for one in found for v in one.rows["variant"][one.rows["measure"] == measure]}
    some = {name for name in names if is_world(name) == world}
    kept = names if choice.scenarios or not some else some
    return cases_of(found, choice, (measure,), _ALL_YEARS, source=all_rows,
                    keep=lambda keys: keys["variant"] in kept)  # fmt: skip


def weighting_of(case: Case, choice: Choice) -> str:
    """The weighting that is chosen, or that the study names.

    Raises
    ------
    InputError
        For one that the library does not have.
    """
    known = list(case.results.manifest.get("library", {}).get("weightings", ()))
    wanted = choice.weighting or case.results.manifest.get("weighting")
    if wanted is not None and wanted not in known:
        raise InputError("not in these results", key=FLAGS["weighting"], value=wanted,
                         allowed=known)  # fmt: skip
    return str(wanted or usual_weighting(known))


def loss_page(
    kind: str, title: str, cases: Sequence[Case], shown: Sequence[Shown], choice: Choice,
    lines: Sequence[str],
) -> Page:  # fmt: skip
    """Regions by columns, a panel for each case; one heading is printed alike in all panels."""
    known = {code for case in cases for one in shown for code in one.of(case).index}
    codes = chosen([code for code in cases[0].regions if code in known], choice.regions, "regions")
    tables = [[one.of(case).reindex(codes) for one in shown] for case in cases]
    raw = [
        np.array([np.full(len(codes), np.nan) if one.text else table[one.column].to_numpy(float)
                  for one, table in zip(shown, row, strict=True)]).T
        for row in tables
    ]  # fmt: skip
    heads = []
    for n, one in enumerate(shown):
        unit = "change_unit" if one.column == "change" else "unit"
        units = [str(u) for row in tables for u in row[n][unit].dropna() if u]
        how = printed(units[0] if units else "", np.concatenate([table[:, n] for table in raw]))
        for table in raw:
            table[:, n] *= how.scale
        key = "_".join([one.measure, *(one.where or {}).values(), one.text or one.column])
        heads.append(Column(key, one.title, "" if one.text else how.unit, how.digits))
    panels = tuple(
        Panel(case.label, tuple(heads), tuple(codes), table, keys=keys_of(case),
              words={(i, n): str(word) for n, one in enumerate(shown) if one.text
                     for i, word in enumerate(row[n][one.text].fillna("-"))})
        for case, table, row in zip(cases, raw, tables, strict=True)
    )  # fmt: skip
    return Page(kind, choice.title or title, "Region", panels, notes_of(cases, lines),
                cases[0].results.names("regions"), landscape=len(heads) > 8)  # fmt: skip


def keys_of(case: Case) -> dict[str, str]:
    """What a case is in a data file."""
    return {name: str(value) for name, value in case.keys.items()}


def library_of(case: Case) -> Mapping[str, Any]:
    """The library of disruptions, from the manifest."""
    found = case.results.manifest.get("library", {})
    return found if isinstance(found, Mapping) else {}
