"""The knowledge of a benchmark, from the shipped figures or a user's.

Nothing here knows the model; it reads a benchmark and a file of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import clean_shipped
from cge.data.accounts.shipped import TABLES
from cge.data.knowledge import spillovers as links
from cge.data.knowledge.spending import Figures, read_figures, shipped_file
from cge.data.knowledge.spillovers import ratio
from cge.data.knowledge.stocks import (
    KnowledgeData,
    KnowledgeElasticities,
    balanced_stock,
    elasticity,
    fixed,
)
from cge.data.parameters.research import KnowledgeParameters, resolve_parameters

Array = NDArray[np.float64]

__all__ = [
    "KnowledgeData", "KnowledgeElasticities", "balanced_stock", "elasticity", "load_knowledge",
]  # fmt: skip


def load_knowledge(
    benchmark: Benchmark,
    data: str | Path | None = None,
    parameters: Mapping[str, float] | str | Path | None = None,
) -> KnowledgeData:
    """Return the knowledge of a benchmark.

    Parameters
    ----------
    benchmark : Benchmark
        Of a shipped table in any aggregation; of any other with `data`.
    data : path, optional
        A user's figures: CSV or Parquet with columns region, sector, item, value in the
        codes of the benchmark (:mod:`cge.data.knowledge.spending`).
    parameters : mapping or path, optional
        Values that replace shipped parameters.

    Raises
    ------
    InputError
        If the benchmark has no shipped figures and none are given, or they do not fit.
    """
    chosen = resolve_parameters(parameters)
    b = benchmark
    if data is not None:
        year = b.origin.get("year", "")
        figures = read_figures(data, b.regions, b.sectors, int(year) if year.isdigit() else None)
        added = _value_added(b)
        same = np.eye(len(b.regions)), np.eye(len(b.sectors))
        ict = np.zeros(len(b.sectors), dtype=bool)
        return _assemble(b, figures, chosen, b.gdp, added, ict, same, str(data))
    table = b.origin.get("table", "")
    if table not in TABLES or not shipped_file(table).is_file():
        raise InputError(
            "no figures on research and development ship for this benchmark", key="knowledge",
            value=b.name,
            allowed="a CSV file with columns region, sector, item, value in the benchmark's codes "
            "(items gerd, basic, business, industry; docs/data.md shows one)",
        )  # fmt: skip
    raw, balanced = clean_shipped(table, int(b.origin["year"]))
    matrices = []
    for axis, own in (("regions", raw.regions), ("sectors", raw.sectors)):
        matrix = np.zeros((len(getattr(b, axis)), len(own)))
        for k, code in enumerate(getattr(b, axis)):
            for member in b.members[axis][code]:
                matrix[k, own.index(member)] = 1.0
        matrices.append(matrix)
    figures = _shipped_figures(table, int(b.origin["year"]))
    gdp = balanced.value_added.sum(axis=1) + balanced.product_tax.sum(axis=1)
    ict = np.isin(raw.sectors, chosen.ict_sectors.get(table, ()))
    source = f"knowledge/{table}.csv"
    added, regions, sectors = balanced.value_added, matrices[0], matrices[1]
    return _assemble(b, figures, chosen, gdp, added, ict, (regions, sectors), source)


@lru_cache(maxsize=2)
def _shipped_figures(table: str, year: int) -> Figures:
    raw, _ = clean_shipped(table, year)
    return read_figures(shipped_file(table), raw.regions, raw.sectors, year)


def _value_added(benchmark: Benchmark) -> Array:
    return (benchmark.factor_payments * (1 + benchmark.factor_tax)).sum(axis=2)


def _assemble(
    b: Benchmark,
    figures: Figures,
    parameters: KnowledgeParameters,
    fine_gdp: Array,
    fine_added: Array,
    ict: NDArray[np.bool_],
    matrices: tuple[Array, Array],
    source: str,
) -> KnowledgeData:
    """Put spending together at the resolution of the figures and add it up to the benchmark's.

    Parameters
    ----------
    b : Benchmark
    figures : Figures
        At fine codes, those of the table or, for a user's figures, of the benchmark.
    parameters : KnowledgeParameters
    fine_gdp, fine_added, ict : ndarray
        GDP, value added, and which sectors are of information technology, at fine codes.
    matrices : pair of ndarray
        0/1, (regions, fine regions) and (sectors, fine sectors).
    source : str
    """
    regions, sectors = matrices
    national = figures.national
    # What a member spends is its share of its own GDP, put on the benchmark's GDP, which has
    # tariffs on final use that the table has not.
    level = b.gdp / (regions @ fine_gdp)
    gerd = national["gerd"] * fine_gdp * (regions.T @ level)
    basic = national["basic"] * gerd
    by_business = np.nan_to_num(national["business_basic"]) * basic
    business = national["business"] * gerd - by_business
    others = gerd - basic - business
    for values, what in ((business, "business"), (others, "others")):
        if (values < -1e-9 * gerd).any():
            r = int(np.flatnonzero(values < -1e-9 * gerd)[0])
            code = figures.cells["region"].drop_duplicates().iloc[r]
            raise InputError(
                f"basic research by {what} exceeds all research by {what}", file=source,
                key="basic", value=str(code), allowed="shares of basic and business that fit",
            )  # fmt: skip
    active = (fine_added > 0) & (_active(b, regions, sectors) > 0)
    pattern = ratio(figures.industry * active, (figures.industry * active).sum(axis=1)[:, None])
    lost = (pattern.sum(axis=1) == 0) & (gerd > 0)
    if lost.any():
        code = figures.cells["region"].drop_duplicates().iloc[int(np.flatnonzero(lost)[0])]
        raise InputError("all business R&D is in sectors without value added", file=source,
                         key="industry", value=str(code))  # fmt: skip
    depreciation = np.where(ict, parameters["depreciation_ict"], parameters["depreciation_applied"])
    own_rate = np.where(np.isnan(figures.depreciation), depreciation, figures.depreciation)
    fine_business = np.maximum(business, 0)[:, None] * pattern
    fine_others = np.maximum(others, 0)[:, None] * pattern

    def gather(cells: Array) -> Array:
        return regions @ cells @ sectors.T

    growth = parameters["growth"]
    spent = gather(fine_business + fine_others)
    stock = gather((fine_business + fine_others) / (growth + own_rate))
    rate = np.where(stock > 0, ratio(spent, stock) - growth, parameters["depreciation_applied"])
    added = _value_added(b)
    patents = national["patents"]
    known = None if np.isnan(patents).any() else regions @ patents
    basic_here = regions @ basic
    knowledge = stock.sum(axis=1) + parameters["foreign_basic_weight"] * balanced_stock(
        basic_here, growth, parameters["depreciation_basic"]
    )
    estimated = {
        item: ratio(regions @ (figures.estimated[item] * gerd), regions @ gerd)
        for item in ("gerd", "basic", "business")
    }
    estimated["industry"] = ratio(
        gather(figures.estimated["industry"] * fine_business), gather(fine_business)
    )
    arrays = {
        "gdp": b.gdp,
        "value_added": added,
        "receipts": b.output * (1 - b.output_tax),
        "business": gather(fine_business),
        "public_applied": gather(fine_others),
        "basic": basic_here,
        "basic_by_business": regions @ by_business,
        "depreciation": rate,
        "domestic_weights": links.use_weights(b, own=False),
        "use_weights": links.use_weights(b, own=True),
        "embodied_weights": links.embodied_weights(b),
        "disembodied_weights": links.disembodied_weights(knowledge, known),
        "import_share": links.import_share(b, added),
    }
    return KnowledgeData(
        regions=b.regions,
        sectors=b.sectors,
        unit=b.unit,
        parameters=parameters,
        estimated=MappingProxyType({k: fixed(v) for k, v in estimated.items()}),
        cells=figures.cells,
        source=source,
        **{name: fixed(values) for name, values in arrays.items()},
    )


def _active(b: Benchmark, regions: Array, sectors: Array) -> Array:
    """Return whether a member's sector has value added in the benchmark, at the members' codes."""
    return regions.T @ (_value_added(b) > 0).astype(float) @ sectors
