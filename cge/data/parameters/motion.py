"""Parameters of the path from year to year, each with its range and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import pandas as pd
from pydantic import BaseModel, ConfigDict

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import read_yaml, validate
from cge.data.parameters.research import Level, Parameter

#: Shares, which are at most one.
_SHARES = (
    "depreciation", "sourcing_inertia", "investment_speed", "knowledge_leak", "diffusion_base",
    "discount_rate",
)  # fmt: skip


class _ParameterFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    note: str = ""
    parameters: dict[str, Parameter]


@dataclass(frozen=True, eq=False)
class DynamicParameters:
    """Parameters by name.

    Parameters
    ----------
    entries : mapping of str to Parameter
    """

    entries: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> float:
        return self.entries[name].value

    def at(self, name: str, level: Level) -> float:
        """Return a parameter's central value or an end of its range."""
        entry = self.entries[name]
        return {"low": entry.low, "central": entry.value, "high": entry.high}[level]

    def with_values(self, values: Mapping[str, float]) -> DynamicParameters:
        """Return the same parameters with some values replaced.

        Raises
        ------
        InputError
            For an unknown name, or a value that the parameter can not have.
        """
        entries = dict(self.entries)
        for name, given in values.items():
            if name not in entries:
                raise InputError("no such parameter", key="parameters", value=name, allowed=entries)
            most = 1.0 if name in _SHARES else float("inf")
            if isinstance(given, bool) or not 0 <= given <= most:
                allowed = "0 to 1" if most == 1 else "0 or more"
                raise InputError(
                    "value is not possible", key=f"parameters.{name}", value=given, allowed=allowed
                )
            known = entries[name]
            entries[name] = known.model_copy(update={
                "value": float(given), "low": min(known.low, given),
                "high": max(known.high, given), "status": "assumed",
                "citation": "given by the user",
            })  # fmt: skip
        return DynamicParameters(MappingProxyType(entries))

    def frame(self) -> pd.DataFrame:
        """Return every parameter as a table row."""
        rows = [{"name": name, **entry.model_dump()} for name, entry in self.entries.items()]
        return pd.DataFrame(rows)


@lru_cache(maxsize=1)
def load_dynamics() -> DynamicParameters:
    """Return the shipped parameters."""
    path = content_dir("calibration") / "dynamics" / "parameters.yaml"
    content = validate(_ParameterFile, read_yaml(path), path)
    return DynamicParameters(MappingProxyType(content.parameters))
