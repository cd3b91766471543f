"""The shipped parameters: of knowledge, of the path from year to year, of the stress test."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import Field

from cge.core.content import calibration_file
from cge.core.files import read_as
from cge.core.parameters import ParameterFile, ParameterSet


class KnowledgeFile(ParameterFile):
    """Layout of the parameters of knowledge.

    Parameters
    ----------
    ict_sectors : mapping
        By table, the sectors of information technology, whose knowledge depreciates at
        ``depreciation_ict``.
    """

    ict_sectors: dict[str, list[str]] = Field(default={})


def _path(room: str) -> Path:
    return calibration_file(room, "parameters.yaml")


@lru_cache(maxsize=1)
def _knowledge_file() -> KnowledgeFile:
    return read_as(KnowledgeFile, _path("knowledge"))


def load_knowledge_parameters() -> ParameterSet:
    """Rates of return, depreciation, lags and weights of knowledge."""
    return ParameterSet(MappingProxyType(_knowledge_file().parameters))


def ict_sectors(table: str) -> tuple[str, ...]:
    """Sectors of information technology of a shipped table."""
    return tuple(_knowledge_file().ict_sectors.get(table, ()))


@lru_cache(maxsize=1)
def load_dynamics_parameters() -> ParameterSet:
    """Parameters of the path from year to year."""
    return ParameterSet.read(_path("dynamics"))


@lru_cache(maxsize=1)
def load_disruption_parameters() -> ParameterSet:
    """Parameters of the stress test."""
    return ParameterSet.read(_path("disruptions"))
