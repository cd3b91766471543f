"""Parameters of the stress test, each with its range and source, and premiums of backstops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import read_yaml, validate
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import clean_shipped
from cge.data.accounts.shipped import TABLES
from cge.data.parameters.research import LEVELS, Level, Parameter, load_parameters

#: What each parameter can be: least, most. A stand-in that costs little more than the import
#: would supply a part of what the benchmark says is imported.
_LIMITS: Mapping[str, tuple[float, float]] = {
    "leakage": (1e-6, 0.5),
    "cvar_level": (0.0, 1.0),
    "recovered": (0.0, 1.0),
    "backstop_premium": (1.15, 100.0),
    "backstop_premium_ict": (1.15, 100.0),
    "backstop_floor": (1.15, 100.0),
}


class _ParameterFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    note: str = ""
    parameters: dict[str, Parameter]


@dataclass(frozen=True, eq=False)
class DisruptionParameters:
    """Parameters by name.

    Parameters
    ----------
    entries : mapping of str to Parameter
    """

    entries: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> float:
        return self.entries[name].value

    def at(self, name: str, level: Level = "central") -> float:
        """Return a parameter's central value or an end of its range.

        Raises
        ------
        InputError
            For a level that is none.
        """
        if level not in LEVELS:
            raise InputError("no such level", key="level", value=level, allowed=LEVELS)
        entry = self.entries[name]
        return {"low": entry.low, "central": entry.value, "high": entry.high}[level]

    def with_values(self, values: Mapping[str, float]) -> DisruptionParameters:
        """Return the same parameters with some values replaced, ranges widened to hold them.

        Raises
        ------
        InputError
            For an unknown name, or a value that the parameter can not have.
        """
        entries = dict(self.entries)
        for name, given in values.items():
            if name not in entries:
                raise InputError("no such parameter", key="parameters", value=name, allowed=entries)
            least, most = _LIMITS[name]
            number = isinstance(given, (int, float)) and not isinstance(given, bool)
            if not number or not least <= given <= most:
                raise InputError("value is not possible", key=f"parameters.{name}", value=given,
                                 allowed=f"a number from {least:g} to {most:g}")  # fmt: skip
            known = entries[name]
            entries[name] = known.model_copy(update={
                "value": float(given), "low": min(known.low, given),
                "high": max(known.high, given), "status": "assumed",
                "citation": "given by the user",
            })  # fmt: skip
        return DisruptionParameters(MappingProxyType(entries))

    def frame(self) -> pd.DataFrame:
        """Return every parameter as a table row."""
        rows = [{"name": name, **entry.model_dump()} for name, entry in self.entries.items()]
        return pd.DataFrame(rows)


@lru_cache(maxsize=1)
def load_disruption_parameters() -> DisruptionParameters:
    """Return the shipped parameters."""
    path = content_dir("calibration") / "disruptions" / "parameters.yaml"
    content = validate(_ParameterFile, read_yaml(path), path)
    return DisruptionParameters(MappingProxyType(content.parameters))


def premiums(
    benchmark: Benchmark,
    sectors: Sequence[str],
    level: Level = "central",
    parameters: DisruptionParameters | None = None,
) -> dict[str, float]:
    """Return what a domestic stand-in for imports costs at the knowledge of the benchmark.

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
    parameters : DisruptionParameters, optional
        Default: the shipped ones.

    Returns
    -------
    dict
        By sector, cost over the price of the import (1.5: half as much again).

    Raises
    ------
    InputError
        For a sector or a level that is none.
    """
    chosen = parameters or load_disruption_parameters()
    plain = chosen.at("backstop_premium", level)
    ict = chosen.at("backstop_premium_ict", level)
    shares = _ict_shares(benchmark)
    for code in sectors:
        if code not in shares:
            raise InputError("no such sector", key="sectors", value=code, allowed=benchmark.sectors)
    return {code: plain + (ict - plain) * shares[code] for code in sectors}


def _ict_shares(benchmark: Benchmark) -> dict[str, float]:
    """Return by sector the part of its output that is information technology."""
    table = benchmark.origin.get("table", "")
    own = benchmark.groups.get("sectors", {}).get("ict")
    if own is not None or table not in TABLES:
        return {code: float(code in (own or ())) for code in benchmark.sectors}
    raw, cleaned = clean_shipped(table, int(benchmark.origin["year"]))
    output = cleaned.intermediate.sum(axis=(0, 2, 3)) + cleaned.final.sum(axis=(0, 2, 3))
    listed = np.isin(raw.sectors, load_parameters().ict_sectors.get(table, ()))
    shares = {}
    for code in benchmark.sectors:
        members = np.isin(raw.sectors, benchmark.members["sectors"][code])
        shares[code] = float(output[members & listed].sum() / output[members].sum())
    return shares
