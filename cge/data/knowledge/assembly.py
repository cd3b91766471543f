"""The knowledge of a benchmark, from the shipped figures or a user's.

Nothing here knows the model; it reads a benchmark and a file of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cge.core.axes import Array, Bools, ratio
from cge.core.errors import InputError, refuse_first
from cge.core.files import whole
from cge.core.parameters import ParameterSet
from cge.data.accounts.aggregation import membership
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import table_behind
from cge.data.accounts.world_table import WorldTable
from cge.data.knowledge import spillovers as links
from cge.data.knowledge.spending import ResearchFigures, read_figures, shipped_file
from cge.data.knowledge.stocks import KnowledgeData, balanced_stock
from cge.data.parameters.parameter_files import ict_sectors, load_knowledge_parameters


@dataclass(frozen=True, eq=False)
class FineData:
    """Figures and accounts at fine codes: those of the table, or else of the benchmark.

    Parameters
    ----------
    codes : tuple of str
        Of the fine regions.
    figures : ResearchFigures
    gdp : ndarray (fine regions,)
    value_added : ndarray (fine regions, fine sectors)
    ict : ndarray of bool (fine sectors,)
        Which sectors are of information technology.
    regions, sectors : ndarray
        0/1, (regions, fine regions) and (sectors, fine sectors).
    source : str
        The file of figures.
    """

    codes: tuple[str, ...]
    figures: ResearchFigures
    gdp: Array
    value_added: Array
    ict: Bools
    regions: Array
    sectors: Array
    source: str

    def gathered(self, cells: Array) -> Array:
        """Cells added up to the codes of the benchmark, (r, j)."""
        return self.regions @ cells @ self.sectors.T

    def refuse(self, bad: Bools, problem: str, key: str, allowed: str | None) -> None:
        """Raise an InputError about the first fine region that is marked `bad`, if any is."""
        wrong = np.array(self.codes)[bad].tolist()
        refuse_first(wrong, problem, file=self.source, key=key, allowed=allowed)


def load_knowledge(
    benchmark: Benchmark,
    data: str | Path | None = None,
    parameters: Mapping[str, float] | str | Path | None = None,
) -> KnowledgeData:
    """Research and development of a benchmark, and what rates of return make of it.

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
    chosen = load_knowledge_parameters().with_given(parameters)
    fine = _of_table(benchmark) if data is None else _of_file(benchmark, data)
    return _assembled(benchmark, fine, chosen)


def _of_file(b: Benchmark, path: str | Path) -> FineData:
    figures = read_figures(path, b.axes, whole(b.origin.get("year", "")))
    ict = np.zeros(len(b.sectors), dtype=bool)
    same = np.eye(len(b.regions)), np.eye(len(b.sectors))
    return FineData(b.regions, figures, b.gdp, b.value_added, ict, *same, str(path))


def _of_table(b: Benchmark) -> FineData:
    cleaned = table_behind(b)
    if cleaned is None:
        raise InputError(
            "no figures on research and development ship for this benchmark", key="knowledge",
            value=b.name,
            allowed="a CSV file with columns region, sector, item, value in the benchmark's codes "
            "(items gerd, basic, business, industry; docs/data.md shows one)",
        )  # fmt: skip
    raw = cleaned.raw
    regions, sectors = (
        membership({code: b.members[axis][code] for code in getattr(b, axis)}, getattr(raw, axis))
        for axis in ("regions", "sectors")
    )
    gdp = cleaned.value_added.sum(axis=1) + cleaned.product_tax.sum(axis=1)
    ict = np.isin(raw.sectors, ict_sectors(raw.name))
    return FineData(raw.regions, _shipped_figures(raw), gdp, cleaned.value_added, ict, regions,
                    sectors, f"knowledge/{raw.name}.csv")  # fmt: skip


@lru_cache(maxsize=2)
def _shipped_figures(raw: WorldTable) -> ResearchFigures:
    return read_figures(shipped_file(raw.name), raw.axes, raw.year)


def _assembled(b: Benchmark, fine: FineData, parameters: ParameterSet) -> KnowledgeData:
    """Put spending together at the resolution of the figures and add it up to the benchmark's."""
    figures, regions, sectors = fine.figures, fine.regions, fine.sectors
    national = figures.national
    # What a member spends is its share of its own GDP, put on the benchmark's GDP, which has
    # tariffs on final use that the table has not.
    level = b.gdp / (regions @ fine.gdp)
    gerd = national["gerd"] * fine.gdp * (regions.T @ level)
    basic = national["basic"] * gerd
    by_business = np.nan_to_num(national["business_basic"]) * basic
    business = national["business"] * gerd - by_business
    others = gerd - basic - business
    for values, who in ((business, "business"), (others, "others")):
        fine.refuse(values < -1e-9 * gerd, f"basic research by {who} exceeds all research by {who}",
                    "basic", "shares of basic and business that fit")  # fmt: skip
    # A member's sector is active where it has value added, there and in the benchmark.
    live = regions.T @ (b.value_added > 0).astype(float) @ sectors
    active = (fine.value_added > 0) & (live > 0)
    pattern = ratio(figures.industry * active, (figures.industry * active).sum(axis=1)[:, None])
    fine.refuse((pattern.sum(axis=1) == 0) & (gerd > 0),
                "all business R&D is in sectors without value added", "industry", None)  # fmt: skip
    usual = np.where(fine.ict, parameters["depreciation_ict"], parameters["depreciation_applied"])
    own_rate = np.where(np.isnan(figures.depreciation), usual, figures.depreciation)
    fine_business = np.maximum(business, 0)[:, None] * pattern
    fine_others = np.maximum(others, 0)[:, None] * pattern

    growth = parameters["growth"]
    spent = fine.gathered(fine_business + fine_others)
    stock = fine.gathered((fine_business + fine_others) / (growth + own_rate))
    rate = np.where(stock > 0, ratio(spent, stock) - growth, parameters["depreciation_applied"])
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
        fine.gathered(figures.estimated["industry"] * fine_business), fine.gathered(fine_business)
    )
    return KnowledgeData(
        regions=b.regions, sectors=b.sectors, unit=b.unit, gdp=b.gdp, value_added=b.value_added,
        receipts=b.receipts, business=fine.gathered(fine_business),
        public_applied=fine.gathered(fine_others), basic=basic_here,
        basic_by_business=regions @ by_business, depreciation=rate,
        domestic_weights=links.use_weights(b, own=False),
        use_weights=links.use_weights(b, own=True),
        embodied_weights=links.embodied_weights(b, knowledge),
        disembodied_weights=links.disembodied_weights(knowledge, known),
        import_share=links.import_share(b, b.value_added), parameters=parameters,
        estimated=MappingProxyType(estimated), cells=figures.cells, source=fine.source,
    )  # fmt: skip
