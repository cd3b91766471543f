"""An open multi-region CGE model of trade and industrial policy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cge.api import Results, run
    from cge.core.errors import CgeError, InputError, NoEquilibrium, RateWarning
    from cge.data.accounts.benchmark import Benchmark
    from cge.data.accounts.calibration import calibrate
    from cge.data.benchmark_store import load_benchmark, open_benchmark, save_benchmark
    from cge.data.elasticities.nests import Elasticities
    from cge.data.sources.pymrio_table import read_pymrio
    from cge.data.sources.trade_shares import benchmark_from_trade
    from cge.data.sources.user_arrays import benchmark_from_arrays
    from cge.data.sources.user_table import calibrate_folder, calibrate_table, read_folder
    from cge.results.collect import tabulate
    from cge.scenario.schema import Scenario, load_scenario
    from cge.solve.closure import Closure, Swap, Total, WageFloor
    from cge.solve.decompose import Decomposition, decompose
    from cge.solve.homotopy import Shock
    from cge.solve.model import Model
    from cge.solve.rebase import rebase
    from cge.solve.solution import Solution
    from cge.studies.comparison import Comparison
    from cge.studies.path import DynamicPath, solve_paths
    from cge.studies.static import Static, solve_scenario
    from cge.studies.stress import StressTest

__version__ = "0.1.0"

#: Where each public name is defined; it is imported when it is asked for.
_PUBLIC = {
    # run a study, open its results
    "run": "api", "Results": "api",
    "Scenario": "scenario.schema", "load_scenario": "scenario.schema",
    "solve_scenario": "studies.static", "Static": "studies.static",
    "solve_paths": "studies.path", "DynamicPath": "studies.path",
    "StressTest": "studies.stress", "Comparison": "studies.comparison",
    # a benchmark
    "load_benchmark": "data.benchmark_store", "calibrate": "data.accounts.calibration",
    "Benchmark": "data.accounts.benchmark", "Elasticities": "data.elasticities.nests",
    "benchmark_from_arrays": "data.sources.user_arrays",
    "benchmark_from_trade": "data.sources.trade_shares",
    "calibrate_folder": "data.sources.user_table", "calibrate_table": "data.sources.user_table",
    "read_folder": "data.sources.user_table", "read_pymrio": "data.sources.pymrio_table",
    "open_benchmark": "data.benchmark_store", "save_benchmark": "data.benchmark_store",
    # a model
    "Model": "solve.model", "Solution": "solve.solution", "Closure": "solve.closure",
    "Swap": "solve.closure", "Total": "solve.closure", "WageFloor": "solve.closure",
    "Shock": "solve.homotopy", "Decomposition": "solve.decompose", "decompose": "solve.decompose",
    "rebase": "solve.rebase", "tabulate": "results.collect",
    # what can go wrong
    "RateWarning": "core.errors", "CgeError": "core.errors", "InputError": "core.errors",
    "NoEquilibrium": "core.errors",
}  # fmt: skip
__all__ = [
    "Benchmark",
    "CgeError",
    "Closure",
    "Comparison",
    "Decomposition",
    "DynamicPath",
    "Elasticities",
    "InputError",
    "Model",
    "NoEquilibrium",
    "RateWarning",
    "Results",
    "Scenario",
    "Shock",
    "Solution",
    "Static",
    "StressTest",
    "Swap",
    "Total",
    "WageFloor",
    "benchmark_from_arrays",
    "benchmark_from_trade",
    "calibrate",
    "calibrate_folder",
    "calibrate_table",
    "decompose",
    "load_benchmark",
    "load_scenario",
    "open_benchmark",
    "read_folder",
    "read_pymrio",
    "rebase",
    "run",
    "save_benchmark",
    "solve_paths",
    "solve_scenario",
    "tabulate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'cge' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"cge.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
