"""Costs of domestic stand-ins (backstops) for imports, by sector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cge.core.errors import check_known
from cge.core.parameters import Level, ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import table_behind
from cge.data.parameters.parameter_files import ict_sectors, load_disruption_parameters


def premiums(
    benchmark: Benchmark,
    sectors: Sequence[str],
    level: Level = "central",
    parameters: ParameterSet | None = None,
) -> dict[str, float]:
    """Cost of a domestic stand-in for imports at the knowledge of the benchmark, by sector.

    A sector of the benchmark that is made of several sectors of the table has the mean of
    their premiums, weighted with the world's output of each.

    Parameters
    ----------
    benchmark : Benchmark
        Of a shipped table, whose sectors of information technology are listed with the
        parameters of knowledge; of any other they are those of its group ``ict``, if it has
        one.
    sectors : sequence of str
        Codes of the benchmark.
    level : {"low", "central", "high"}
    parameters : ParameterSet, optional
        Default: the shipped ones of the stress test.

    Returns
    -------
    dict
        By sector, cost over the import's in the benchmark (1.5: half as much again).

    Raises
    ------
    InputError
        For a sector or a level that is none.
    """
    chosen = parameters or load_disruption_parameters()
    plain = chosen.at("backstop_premium", level)
    ict = chosen.at("backstop_premium_ict", level)
    shares = _ict_shares(benchmark)
    check_known(sectors, benchmark.sectors, "no such sector", key="sectors")
    return {code: plain + (ict - plain) * shares[code] for code in sectors}


def _ict_shares(benchmark: Benchmark) -> dict[str, float]:
    """Share of information technology in the output of each sector."""
    own = benchmark.groups.get("sectors", {}).get("ict")
    cleaned = table_behind(benchmark) if own is None else None
    if cleaned is None:
        return {code: float(code in (own or ())) for code in benchmark.sectors}
    known = cleaned.raw.sectors
    output = cleaned.intermediate.sum(axis=(0, 2, 3)) + cleaned.final.sum(axis=(0, 2, 3))
    listed = np.isin(known, ict_sectors(cleaned.raw.name))
    shares = {}
    for code in benchmark.sectors:
        members = np.isin(known, benchmark.members["sectors"][code])
        shares[code] = float(output[members & listed].sum() / output[members].sum())
    return shares
