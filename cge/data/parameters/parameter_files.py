"""The shipped parameters: of knowledge, of paths, of the stress test, of a short year, of GTAP."""

from __future__ import annotations

from functools import cache

from cge.core.content import calibration_file
from cge.core.files import read_as
from cge.core.parameters import ParameterSet


@cache
def _shipped(room: str) -> ParameterSet:
    return read_as(ParameterSet, calibration_file(room, "parameters.yaml"))


def load_knowledge_parameters() -> ParameterSet:
    """Rates of return, depreciation, lags and weights of knowledge."""
    return _shipped("knowledge")


def load_dynamics_parameters() -> ParameterSet:
    """Parameters of the path from year to year."""
    return _shipped("dynamics")


def load_disruption_parameters() -> ParameterSet:
    """Parameters of the stress test."""
    return _shipped("disruptions")


def load_gtap_parameters() -> ParameterSet:
    """Ranges of GTAP's parameters, as multiples of what its data have."""
    return _shipped("gtap")


def load_short_run_parameters() -> ParameterSet:
    """How far wages, spending and employment adjust within a year."""
    return _shipped("short_run")


def ict_sectors(table: str) -> tuple[str, ...]:
    """Sectors of information technology of a shipped table."""
    return tuple(_shipped("knowledge").ict_sectors.get(table, ()))
