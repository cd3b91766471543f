"""From a clean table, tariffs and elasticities to a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cge.core.axes import Array, Axes
from cge.core.parameters import Level
from cge.data.accounts.aggregation import Aggregation, load_aggregation
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.cleaning import CleanTable, clean
from cge.data.accounts.shipped import load_table, shipped_table
from cge.data.accounts.tariffs import load_tariffs
from cge.data.accounts.world_table import WorldTable
from cge.data.elasticities.nests import HORIZONS, Elasticities
from cge.data.elasticities.sets import ElasticitySet, load_elasticity_set, to_classification

FACTORS = ("LAB", "CAP")
#: Use classes and which of them each final agent buys from (BEC-based in WIOD).
USE_CLASSES = ("int", "con", "inv")
AGENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "HH": ("con", ("HH", "NPISH")),
    "GOV": ("con", ("GOV",)),
    "INV": ("inv", ("GFCF", "INV")),
}

#: For the notes, by choice of tariffs.
TARIFF_NOTES = {
    "applied": "applied rates of about 2013 by importer, exporter and sector; cells filled by "
    "rule are flagged in the data.",
    "none": "none; policies are increments to the table as it is.",
}


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
    """

    benchmark: Benchmark
    report: pd.DataFrame
    filled: pd.DataFrame


def cleaned_table(raw: WorldTable) -> CleanTable:
    """A table cleaned, to the same last digit on every machine."""
    with threadpool_limits(1):  # sums over threads differ in the last digits with their number
        return clean(raw)


@lru_cache(maxsize=2)
def clean_shipped(table: str, year: int) -> tuple[WorldTable, CleanTable]:
    """A shipped table as it is and cleaned; the latest two are kept."""
    raw = load_table(table, year)
    return raw, cleaned_table(raw)


def calibrate(
    table: str = "wiod2013",
    year: int | None = None,
    aggregation: str | Path = "default",
    tariffs: str = "applied",
    elasticities: str | Path = "fontagne",
) -> Calibration:
    """Calibrate a shipped table.

    Parameters
    ----------
    table : {"wiod2013", "wiod2014"}
    year : int, optional
        Default: the latest of the table.
    aggregation : str or path
        ``default``, ``small``, ``full``, or an aggregation file.
    tariffs : str
        ``applied``, ``none``, or a file of rates.
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
    chosen_year = shipped_table(table).years[-1] if year is None else year
    raw, cleaned = clean_shipped(table, chosen_year)
    chosen = load_elasticity_set(elasticities)
    made = calibrate_cleaned(raw, cleaned, aggregation, tariffs, chosen)
    origin = {**made.benchmark.origin, "elasticities": str(elasticities)}
    return replace(made, benchmark=replace(made.benchmark, origin=origin))


def load_benchmark(
    table: str = "wiod2013",
    year: int | None = None,
    aggregation: str | Path = "default",
    tariffs: str = "applied",
    elasticities: str | Path = "fontagne",
) -> Benchmark:
    """Benchmark of :func:`calibrate`, which see for the arguments."""
    return calibrate(table, year, aggregation, tariffs, elasticities).benchmark


def calibrate_cleaned(
    raw: WorldTable,
    cleaned: CleanTable,
    aggregation: str | Path,
    tariffs: str | Path,
    elasticities: ElasticitySet,
) -> Calibration:
    """Calibrate a table that has been cleaned.

    Parameters
    ----------
    raw : WorldTable
    cleaned : CleanTable
    aggregation : str or path
    tariffs : str or path
        ``applied``, ``none``, or a file of rates.
    elasticities : ElasticitySet
    """
    rates, filled = load_tariffs(str(tariffs), raw.name, raw.regions, raw.sectors)
    partition = load_aggregation(aggregation, raw)
    note = TARIFF_NOTES.get(str(tariffs), f"user file {Path(tariffs).name}.")
    notes = (*raw.notes, f"Benchmark tariffs: {note}")
    with threadpool_limits(1):
        benchmark = assemble(raw, cleaned, rates, partition, elasticities, notes)
    origin = {
        "table": raw.name, "year": str(raw.year), "aggregation": str(aggregation),
        "tariffs": str(tariffs), "elasticities": elasticities.name,
    }  # fmt: skip
    everything = pd.concat([cleaned.filled, filled], ignore_index=True)
    return Calibration(replace(benchmark, origin=origin), cleaned.report, everything)


def assemble(
    raw: WorldTable,
    cleaned: CleanTable,
    tariff: Array,
    partition: Aggregation,
    elasticities: ElasticitySet,
    notes: tuple[str, ...] = (),
) -> Benchmark:
    """Put a clean table, tariffs, an aggregation and elasticities together.

    Tariff revenue on a sector's imported intermediates is taken out of that column's
    net product taxes, so that its cost is what the table says; where it exceeds them
    the rest of the product tax turns negative. On final use, whose product taxes the
    tables do not show, tariffs come on top.

    Parameters
    ----------
    raw : WorldTable
        For codes, labour shares and names.
    cleaned : CleanTable
    tariff : ndarray (r, i, s)
        Rates at the table's resolution.
    partition : Aggregation
    elasticities : ElasticitySet
    notes : tuple of str
    """
    regions, sectors = partition.matrices(raw.regions, raw.sectors)
    agents = {
        code: (use_class, [cleaned.agents.index(m) for m in members if m in cleaned.agents])
        for code, (use_class, members) in AGENTS.items()
    }
    power = 1 + tariff
    deliveries = [cleaned.intermediate.sum(axis=3)]
    for use_class in USE_CLASSES[1:]:
        columns = [d for c, ds in agents.values() if c == use_class for d in ds]
        deliveries.append(cleaned.final[..., columns].sum(axis=3))
    fine_flows = np.stack(deliveries)  # (u, r, i, s)
    fine_intermediate = np.einsum("risj,ris->sij", cleaned.intermediate, power)
    fine_final = np.stack(
        [np.einsum("risd,ris->si", cleaned.final[..., ds], power) for _, ds in agents.values()],
        axis=1,
    )  # (s, d, i)
    tariff_on_inputs = np.einsum("risj,ris->sj", cleaned.intermediate, tariff)
    fine_user_tax = cleaned.product_tax - tariff_on_inputs

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
    user_tax = gather(fine_user_tax, "sj")
    inputs = intermediate.sum(axis=1)
    # Rates have their values' order in memory, on which the last digits of later sums depend.
    rate = np.divide(user_tax, inputs, out=np.zeros_like(user_tax), where=inputs > 0)
    labour = gather(cleaned.value_added * raw.labour_share, "sj")
    capital = gather(cleaned.value_added * (1 - raw.labour_share), "sj")
    payments = np.stack([labour, capital], axis=2)
    final = gather(fine_final, "sdi")
    taxes = revenue.sum(axis=(0, 1, 2)) + (rate[:, None, :] * intermediate).sum(axis=(1, 2))
    return Benchmark(
        name=f"{raw.name}-{raw.year}-{partition.name}", unit=raw.unit, status=raw.status,
        notes=notes, regions=tuple(partition.regions), sectors=tuple(partition.sectors),
        factors=FACTORS, agents=tuple(agents), use_classes=USE_CLASSES,
        sector_class=("int",) * len(partition.sectors),
        agent_class=tuple(use_class for use_class, _ in agents.values()), flows=flows,
        tariff=np.divide(revenue, flows, out=np.zeros_like(flows), where=flows > 0),
        export_tax=np.zeros_like(flows), intermediate=intermediate,
        intermediate_tax=np.broadcast_to(rate[:, None, :], intermediate.shape),
        final=final, final_tax=np.zeros_like(final), factor_payments=payments,
        factor_tax=np.zeros_like(payments), output_tax=np.zeros_like(labour),
        balance=final.sum(axis=(1, 2)) - payments.sum(axis=(1, 2)) - taxes,
        elasticities=aggregate_elasticities(elasticities, raw, cleaned, partition),
        groups=partition.groups, names=partition.names,
        members={"regions": partition.regions, "sectors": partition.sectors},
    )  # fmt: skip


def aggregate_elasticities(
    chosen: ElasticitySet,
    raw: WorldTable,
    cleaned: CleanTable,
    partition: Aggregation,
    level: Level = "central",
) -> dict[str, Elasticities]:
    """Resolve a set, or an end of its ranges, to the aggregated sectors.

    Armington elasticities are averaged with world imports of the table's sectors, the
    nests of production with world output; the same for all regions and use classes.
    """
    _, sectors = partition.matrices(raw.regions, raw.sectors)
    abroad = 1.0 - np.eye(len(raw.regions))
    deliveries = cleaned.intermediate.sum(axis=3) + cleaned.final.sum(axis=3)
    imports = np.einsum("ris,rs->i", deliveries, abroad)
    output = deliveries.sum(axis=(0, 2))

    def mean(nest: str, fine: Array) -> Array:
        weight = np.maximum(imports if nest == "armington" else output, 1e-9)
        return (sectors @ (fine * weight)) / (sectors @ weight)

    source = to_classification(chosen, raw.sectors, raw.name)
    codes = tuple(source[code] for code in raw.sectors)
    axes = Axes(tuple(partition.regions), tuple(partition.sectors), USE_CLASSES, FACTORS,
                tuple(AGENTS))  # fmt: skip
    return {horizon: chosen.resolved(horizon, codes, axes, level, mean) for horizon in HORIZONS}
