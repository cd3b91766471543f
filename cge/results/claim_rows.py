"""Rows of results that the figures of a claim name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError, refuse_if, retold
from cge.data.accounts.benchmark import Benchmark
from cge.results.register import item_of
from cge.results.row_schema import usual_weighting, world_label
from cge.scenario.claim_file import ANY, Claim, Figure


def codes_of(figure: Figure, b: Benchmark, place: str) -> list[tuple[str, str]]:
    """Region and sector of all rows that a figure is the sum of.

    Raises
    ------
    UnknownCode
        For what is neither a code nor a group of the benchmark.
    """
    world = world_label(b.regions)
    regions = [figure.region] if figure.region in ("", world) else b.codes(
        "regions", figure.region, f"{place}.region")  # fmt: skip
    sectors = [""] if figure.sector == "" else b.codes("sectors", figure.sector, f"{place}.sector")
    return list(product(map(str, regions), map(str, sectors)))


def named_by(pattern: str, names: Sequence[str]) -> dict[str, str]:
    """Names that a pattern stands for, by what stands for its ``*``."""
    begins, _, ends = pattern.partition(ANY)
    return {name[len(begins) : len(name) - len(ends)]: name for name in names
            if len(name) >= len(begins + ends) and name.startswith(begins)
            and name.endswith(ends)}  # fmt: skip


def each_of(rows: pd.DataFrame, figure: Figure, place: str) -> dict[str, Figure]:
    """Figures that one stands for, by what stands for ``*`` in the names of their variants.

    Raises
    ------
    InputError
        If no variant is so called.
    """
    if ANY not in figure.variant:
        return {"": figure}
    known = [str(name) for name in rows["variant"].unique()]
    found = named_by(figure.variant, known)
    refuse_if(not found, "no variant of this case is so called", key=f"{place}.variant",
              value=figure.variant, allowed=known)  # fmt: skip
    return {part: figure.model_copy(update={"variant": found[part]}) for part in sorted(found)}


def rows_of(rows: pd.DataFrame, figure: Figure, b: Benchmark, place: str) -> list[int]:
    """Numbers of the rows that a figure is the sum of.

    Raises
    ------
    InputError
        Unless each is there once, and they add up.
    """
    measure, item = item_of(figure.measure)
    year = rows["path_year"]
    here = (rows["measure"] == measure) & (rows["shock"] == "")
    if item:
        here &= rows["item"] == item
    for name in ("variant", "partner", "disruption"):
        here &= rows[name] == getattr(figure, name)
    here &= (year.isna() if figure.year is None else (year == figure.year)).fillna(False)
    own = rows[here.to_numpy(dtype=bool)]
    own = own[at_point(own["point"], figure)]
    weightings = [str(one) for one in own["weighting"].unique() if one]
    if weightings:
        own = own[own["weighting"].isin(["", usual_weighting(weightings)])]
    found = []
    for region, sector in codes_of(figure, b, place):
        cell = own.index[(own["region"] == region) & (own["sector"] == sector)]
        if len(cell) != 1:
            asked = figure.model_dump(exclude_defaults=True, exclude={"times", "column"})
            raise InputError(
                "the results of this case have no such figure" if not len(cell) else
                "is the name of several figures of this case", key=place,
                value=f"{asked} at {region} {sector}".strip(),
                allowed=_told(rows, measure),
            )  # fmt: skip
        found.append(int(cell[0]))
        value, wanted = (float(rows[name].iloc[found[-1]]) for name in ("value", figure.column))
        refuse_if(np.isnan(wanted) and not np.isnan(value), f"this figure has no {figure.column}",
                  key=f"{place}.column", value=figure.column,
                  allowed="value, of two variants")  # fmt: skip
    column = "change_unit" if figure.column == "change" else "unit"
    units = {str(rows[column].iloc[n]) for n in found}
    refuse_if(len(found) > 1 and units != {b.unit}, "figures in this unit do not add up",
              key=place, value=", ".join(sorted(units)),
              allowed=f"one region and sector, or {b.unit}")  # fmt: skip
    return found


def at_point(points: pd.Series[Any], figure: Figure) -> NDArray[np.bool_]:
    """Rows of the point of a frontier that a figure names; without one those of no point.

    A frontier without a conflict has one point, which is its first, its middle and its last.
    """
    if figure.point is None:
        return points.isna().to_numpy(dtype=bool)
    known = sorted(points.dropna().unique())
    if not known:
        return np.zeros(len(points), dtype=bool)
    place = {"first": 0, "middle": len(known) // 2, "last": -1}[figure.point]
    return (points == known[place]).fillna(False).to_numpy(dtype=bool)


def _told(rows: pd.DataFrame, measure: str) -> str:
    """What a measure's rows are of, for a message."""
    own = rows[rows["measure"] == measure]
    if not len(own):
        return f"measures: {', '.join(sorted(map(str, rows['measure'].unique())))}"
    parts = []
    for name in ("variant", "path_year", "point", "item", "disruption"):
        values = [str(one) for one in own[name].dropna().unique() if str(one)]
        if values:
            parts.append(f"{name}: {', '.join(values[:12])}{', ...' if len(values) > 12 else ''}")
    return "; ".join(parts) or "region and sector as in the results"


def wanted_rows(
    rows: pd.DataFrame, figures: Sequence[tuple[Claim, str, Figure]], b: Benchmark
) -> pd.DataFrame:
    """Rows of a case that checks read, each once, in order."""
    plain = rows[rows["statistic"] == ""].reset_index(drop=True)
    places: set[int] = set()
    for claim, place, one in figures:
        with retold(claim.told):
            for each in each_of(plain, one, place).values():
                places.update(rows_of(plain, each, b, place))
    return plain.iloc[sorted(places)].reset_index(drop=True)
