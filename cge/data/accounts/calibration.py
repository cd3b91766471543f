"""From a clean table, tariffs and elasticities to a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes
from cge.core.parameters import Level
from cge.core.recent import Recent
from cge.core.threads import one_thread
from cge.core.typed import checked
from cge.data.accounts.aggregation import (
    Parts,
    load_aggregation,
    membership,
    shipped_aggregations,
)
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.accounts.cleaning import CleanTable, clean
from cge.data.accounts.default import DEFAULT_TABLE
from cge.data.accounts.shipped import TABLES
from cge.data.accounts.table_files import load_table, table_codes
from cge.data.accounts.tariffs import APPLIED, NO_TARIFFS, load_tariffs, shipped_rates
from cge.data.elasticities.benchmark_households import budget_shares, with_household_set
from cge.data.elasticities.household_demand import HouseholdDemand
from cge.data.elasticities.nests import HORIZONS, Elasticities
from cge.data.elasticities.sets import (
    ElasticitySet,
    is_shipped_set,
    load_elasticity_set,
    mean_of_sectors,
    to_classification,
)

#: Code of labour, or name of the group of all kinds of it.
LABOUR = "LAB"
FACTORS = (LABOUR, CAPITAL)
#: How the names of aggregations begin that leave a table as it is.
WHOLE = "full"
#: Use classes and which of them each final agent buys from (BEC-based in WIOD).
USE_CLASSES = ("int", "con", "inv")
AGENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "HH": ("con", ("HH", "NPISH")), "GOV": ("con", ("GOV",)), "INV": ("inv", ("GFCF", "INV")),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Calibration:
    """A benchmark with the record of how it was made.

    Parameters
    ----------
    benchmark : Benchmark
    report : DataFrame
        Cleaning steps with what each changed.
    filled : DataFrame
        Cells of the table's full resolution that a rule filled.
    weights : DataFrame
        Of the table's sectors in means of elasticities: imports, output. Of tables in the codes
        of a shipped one alone, whose elasticity sets then fit the benchmark.
    """

    benchmark: Benchmark
    report: pd.DataFrame = field(default_factory=pd.DataFrame)
    filled: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: pd.DataFrame = field(default_factory=pd.DataFrame)


_cleaned = lru_cache(maxsize=3)(clean)
#: Benchmarks of shipped parts that are kept: two tables with two sets of elasticities.
BENCHMARKS_KEPT = 4
_CALIBRATED: Recent[Benchmark] = Recent(BENCHMARKS_KEPT)


def clean_shipped(table: str, year: int | None = None) -> CleanTable:
    """A shipped table cleaned, by default of its latest year; the latest three are kept."""
    return _cleaned(load_table(table, year))


def table_behind(benchmark: Benchmark) -> CleanTable | None:
    """The cleaned shipped table that a benchmark was made of, if it was of one."""
    table = benchmark.origin.get("table", "")
    return clean_shipped(table, int(benchmark.origin["year"])) if table in TABLES else None


@checked
def calibrate(
    table: str = DEFAULT_TABLE,
    year: int | None = None,
    aggregation: str | Path = "default",
    tariffs: str | Path = "applied",
    elasticities: str | Path = "fontagne",
) -> Calibration:
    """Calibrate a shipped table.

    Parameters
    ----------
    table : {"wiod2013", "wiod2014", "world2022"}
    year : int, optional
        Default: the latest of the table.
    aggregation : str or path
        ``default``, ``small``, ``full``, or an aggregation file.
    tariffs : str or path
        ``applied``, ``1993``, ``2005``, ``none``, or a file of rates.
    elasticities : str or path
        ``fontagne``, ``boehm``, ``caliendo-parro``, or a file.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If any of these does not exist or does not fit.
    """
    chosen = load_elasticity_set(elasticities)
    cleaned = clean_shipped(table, year)
    return calibrate_cleaned(cleaned, aggregation, tariffs, chosen, str(elasticities))


def calibrated(
    table: str,
    year: int | None,
    aggregation: str | Path,
    tariffs: str | Path,
    elasticities: str | Path,
) -> Benchmark:
    """The benchmark of :func:`calibrate`; of what ships the last ones are kept.

    Parts that ship do not change while a process runs, a user's files may. Whole tables are not
    kept: what is worked out for a benchmark stays as long as it does.
    """

    def made() -> Benchmark:
        return calibrate(table, year, aggregation, tariffs, elasticities).benchmark

    asked = table, year, str(aggregation), str(tariffs), str(elasticities)
    ships = (
        asked[2] in shipped_aggregations()
        and not asked[2].startswith(WHOLE)
        and (asked[3] == NO_TARIFFS or asked[3] in shipped_rates())
        and is_shipped_set(asked[4])
    )
    return _CALIBRATED.get(asked, made) if ships else made()


@one_thread
def calibrate_cleaned(
    cleaned: CleanTable,
    aggregation: str | Path,
    tariffs: str | Path,
    elasticities: ElasticitySet,
    set_name: str,
) -> Calibration:
    """Put a clean table, tariffs, an aggregation and elasticities together.

    Tariff revenue on a sector's imported intermediates is taken out of that column's
    net product taxes, so that its cost is what the table says; where it exceeds them
    the rest of the product tax turns negative. On final use, whose product taxes the
    tables do not show, tariffs come on top.

    Parameters
    ----------
    cleaned : CleanTable
    aggregation : str or path
    tariffs : str or path
        ``applied``, ``none``, or a file of rates.
    elasticities : ElasticitySet
    set_name : str
        What the set is called in the benchmark's record.
    """
    raw = cleaned.raw
    tariff, filled = load_tariffs(str(tariffs), raw.coded_as, raw.axes)
    partition = load_aggregation(aggregation, raw)
    regions, sectors = (
        membership(members, getattr(raw, axis)) for axis, members in partition.members.items()
    )
    power = 1 + tariff
    fine_flows = deliveries(cleaned)
    fine_intermediate = np.einsum("risj,ris->sij", cleaned.intermediate, power)
    fine_final = np.stack(
        [np.einsum("risd,ris->si", cleaned.final[..., d], power) for _, d in _agents(cleaned)],
        axis=1,
    )  # (s, d, i)
    tariff_on_inputs = np.einsum("risj,ris->sj", cleaned.intermediate, tariff)

    def gather(array: Array, axes: str) -> Array:
        """Sum over the members of each aggregate along every axis."""
        for position, axis in enumerate(axes):
            matrix = {"r": regions, "s": regions, "i": sectors, "j": sectors}.get(axis)
            if matrix is not None:
                array = np.moveaxis(np.tensordot(matrix, array, (1, position)), 0, position)
        return array

    flows = gather(fine_flows, "uris")
    revenue = gather(fine_flows * tariff, "uris")
    intermediate = gather(fine_intermediate, "sij")
    user_tax = gather(cleaned.product_tax - tariff_on_inputs, "sj")
    inputs = intermediate.sum(axis=1)
    # Rates have their values' order in memory, on which the last digits of later sums depend.
    rate = np.divide(user_tax, inputs, out=np.zeros_like(user_tax), where=inputs > 0)
    shares = raw.labour_share, 1 - raw.labour_share
    payments = np.stack([gather(cleaned.value_added * s, "sj") for s in shares], axis=2)
    final = gather(fine_final, "sdi")
    taxes = revenue.sum(axis=(0, 1, 2)) + (rate[:, None, :] * intermediate).sum(axis=(1, 2))
    gdp = payments.sum() + taxes.sum()
    note = _tariff_note(str(tariffs), raw.coded_as) or (
        f"user file {Path(tariffs).name}, rates up to {100 * tariff.max():.4g} %, revenue "
        f"{100 * revenue.sum() / gdp:.3g} % of world GDP."
    )  # fmt: skip
    benchmark = Benchmark(
        name=f"{raw.name}-{raw.year}-{partition.name}", unit=raw.unit, status=raw.status,
        notes=(*raw.notes, f"Benchmark tariffs: {note}"),
        regions=tuple(partition.members["regions"]), sectors=tuple(partition.members["sectors"]),
        factors=FACTORS, agents=tuple(AGENTS), use_classes=USE_CLASSES,
        sector_class=("int",) * len(sectors),
        agent_class=tuple(use_class for use_class, _ in AGENTS.values()), flows=flows,
        tariff=np.divide(revenue, flows, out=np.zeros_like(flows), where=flows > 0),
        export_tax=np.zeros_like(flows), intermediate=intermediate,
        intermediate_tax=np.broadcast_to(rate[:, None, :], intermediate.shape),
        final=final, final_tax=np.zeros_like(final), factor_payments=payments,
        factor_tax=np.zeros_like(payments), output_tax=np.zeros_like(payments[..., 0]),
        balance=final.sum(axis=(1, 2)) - payments.sum(axis=(1, 2)) - taxes,
        elasticities=aggregate_elasticities(elasticities, cleaned, partition.members),
        groups=partition.groups, names=partition.names, members=partition.members,
        origin={"table": raw.name, "year": str(raw.year), "aggregation": str(aggregation),
                "tariffs": str(tariffs), "elasticities": set_name,
                **({"codes": raw.codes} if raw.codes else {})},
    )  # fmt: skip
    demand = aggregate_household(elasticities, cleaned, benchmark)
    benchmark = with_household_set(benchmark, elasticities.demand, demand)
    everything = pd.concat([cleaned.filled, filled], ignore_index=True)
    weights = sector_weights(cleaned) if raw.codes else pd.DataFrame()
    return Calibration(benchmark, cleaned.report, everything, weights)


def _tariff_note(tariffs: str, table: str) -> str:
    """What benchmark tariffs are, for the notes; empty for a file of a user's."""
    if tariffs == NO_TARIFFS:
        return "none; policies are increments to the table as it is."
    if table in shipped_rates().get(tariffs, {}) and tariffs != APPLIED:
        return (f"rates of {tariffs} by importer, exporter and sector; cells filled by rule are "
                "flagged in the data.")  # fmt: skip
    return TABLES[table].tariffs if tariffs == APPLIED and table in TABLES else ""


def deliveries(cleaned: CleanTable) -> Array:
    """Deliveries at basic prices by use class, (u, r, i, s)."""
    final = [
        cleaned.final[..., [d for c, ds in _agents(cleaned) if c == use_class for d in ds]]
        for use_class in USE_CLASSES[1:]
    ]
    return np.stack([part.sum(axis=3) for part in (cleaned.intermediate, *final)])


def mean_rates(benchmark: Benchmark, rates: Array) -> Array:
    """Rates (r, i, s) in the codes of the table behind a benchmark, averaged over its deliveries.

    Parameters
    ----------
    benchmark : Benchmark
        Of a shipped table.
    rates : ndarray (r, i, s)

    Returns
    -------
    ndarray (u, r, i, s)
        In the codes of the benchmark; zero where nothing is delivered.
    """
    cleaned = table_behind(benchmark)
    assert cleaned is not None
    regions, sectors = (membership(benchmark.members[axis], getattr(cleaned.raw, axis))
                        for axis in ("regions", "sectors"))  # fmt: skip
    fine = deliveries(cleaned)
    revenue = np.einsum("ar,bi,cs,uris->uabc", regions, sectors, regions, fine * rates,
                        optimize=True)  # fmt: skip
    return np.divide(revenue, benchmark.flows, out=np.zeros_like(revenue),
                     where=benchmark.flows > 0)  # fmt: skip


def sector_weights(cleaned: CleanTable) -> pd.DataFrame:
    """World imports and output of a table's sectors."""
    delivered = cleaned.intermediate.sum(axis=3) + cleaned.final.sum(axis=3)
    abroad = 1.0 - np.eye(len(cleaned.raw.regions))
    return pd.DataFrame({
        "sector": cleaned.raw.sectors, "imports": np.einsum("ris,rs->i", delivered, abroad),
        "output": delivered.sum(axis=(0, 2)),
    })  # fmt: skip


def _agents(cleaned: CleanTable) -> list[tuple[str, list[int]]]:
    """Use class of each final agent of a benchmark, and its columns in the table."""
    codes = cleaned.raw.agents
    return [(c, [codes.index(m) for m in members if m in codes]) for c, members in AGENTS.values()]


def aggregate_household(
    chosen: ElasticitySet, cleaned: CleanTable, benchmark: Benchmark
) -> HouseholdDemand | None:
    """Household demand of a set at aggregated regions and sectors.

    Parameters are averaged with what households of the table spend on its sectors.
    """
    demand, raw, members = chosen.demand, cleaned.raw, benchmark.members
    if demand is None:
        return None
    source = to_classification(demand, raw.sectors, raw.coded_as)
    shipped = (code for table in TABLES for code in table_codes(table, "regions"))
    demand.check_regions([*raw.regions, *shipped])
    (_, bought), *_ = _agents(cleaned)
    merged = (membership(members["regions"], raw.regions),
              membership(members["sectors"], raw.sectors),
              cleaned.final[..., bought].sum(axis=(0, 3)).T)  # fmt: skip
    codes = tuple(source[code] for code in raw.sectors)
    return demand.resolved(raw.regions, codes, budget_shares(benchmark), merged)


def aggregate_elasticities(
    chosen: ElasticitySet,
    cleaned: CleanTable,
    members: Mapping[str, Parts],
    level: Level = "central",
) -> dict[str, Elasticities]:
    """Resolve a set, or an end of its ranges, to the aggregated sectors.

    Armington elasticities are averaged with world imports of the table's sectors, the
    nests of production with world output; the same for all regions and use classes.
    """
    raw = cleaned.raw
    mean = mean_of_sectors(sector_weights(cleaned), members["sectors"])
    source = to_classification(chosen, raw.sectors, raw.coded_as)
    codes = tuple(source[code] for code in raw.sectors)
    axes = Axes(tuple(members["regions"]), tuple(members["sectors"]), USE_CLASSES, FACTORS,
                tuple(AGENTS))  # fmt: skip
    return {horizon: chosen.resolved(horizon, codes, axes, level, mean) for horizon in HORIZONS}
