"""An open multi-region CGE model of trade and industrial policy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cge.api import Results as Results
    from cge.api import run as run
    from cge.core.errors import CgeError as CgeError
    from cge.core.errors import InputError as InputError
    from cge.core.errors import NoEquilibrium as NoEquilibrium
    from cge.core.errors import RateWarning as RateWarning
    from cge.data.accounts.benchmark import Benchmark as Benchmark
    from cge.data.accounts.calibration import calibrate as calibrate
    from cge.data.accounts.import_bundles import with_import_bundles as with_import_bundles
    from cge.data.benchmark_store import load_benchmark as load_benchmark
    from cge.data.benchmark_store import open_benchmark as open_benchmark
    from cge.data.benchmark_store import save_benchmark as save_benchmark
    from cge.data.elasticities.benchmark_households import (
        with_household_demand as with_household_demand,
    )
    from cge.data.elasticities.nests import Elasticities as Elasticities
    from cge.data.gtap.base_data import read_gtap as read_gtap
    from cge.data.gtap.gtap_benchmark import calibrate_gtap as calibrate_gtap
    from cge.data.har.har_reading import read_har as read_har
    from cge.data.sources.pymrio_table import read_pymrio as read_pymrio
    from cge.data.sources.trade_shares import benchmark_from_trade as benchmark_from_trade
    from cge.data.sources.user_arrays import benchmark_from_arrays as benchmark_from_arrays
    from cge.data.sources.user_table import calibrate_folder as calibrate_folder
    from cge.data.sources.user_table import calibrate_table as calibrate_table
    from cge.data.sources.user_table import read_folder as read_folder
    from cge.results.collect import tabulate as tabulate
    from cge.scenario.schema import Scenario as Scenario
    from cge.scenario.schema import load_scenario as load_scenario
    from cge.solve.closure import Closure as Closure
    from cge.solve.closure import Swap as Swap
    from cge.solve.closure import Total as Total
    from cge.solve.closure import WageFloor as WageFloor
    from cge.solve.decompose import Decomposition as Decomposition
    from cge.solve.decompose import decompose as decompose
    from cge.solve.homotopy import Shock as Shock
    from cge.solve.model import Model as Model
    from cge.solve.rebase import rebase as rebase
    from cge.solve.solution import Solution as Solution
    from cge.studies.comparison import Comparison as Comparison
    from cge.studies.path import DynamicPath as DynamicPath
    from cge.studies.path import solve_paths as solve_paths
    from cge.studies.static import Static as Static
    from cge.studies.static import solve_scenario as solve_scenario
    from cge.studies.stress import StressTest as StressTest

__version__ = "0.1.0"

#: Public names by the module that defines them; it is imported when one is asked for.
_MODULES = {
    # run a study, open its results
    "api": "run Results",
    "scenario.schema": "Scenario load_scenario",
    "studies.static": "solve_scenario Static",
    "studies.path": "solve_paths DynamicPath",
    "studies.stress": "StressTest",
    "studies.comparison": "Comparison",
    # a benchmark
    "data.accounts.benchmark": "Benchmark",
    "data.accounts.calibration": "calibrate",
    "data.accounts.import_bundles": "with_import_bundles",
    "data.benchmark_store": "load_benchmark open_benchmark save_benchmark",
    "data.elasticities.benchmark_households": "with_household_demand",
    "data.elasticities.nests": "Elasticities",
    "data.gtap.base_data": "read_gtap",
    "data.gtap.gtap_benchmark": "calibrate_gtap",
    "data.har.har_reading": "read_har",
    "data.sources.pymrio_table": "read_pymrio",
    "data.sources.trade_shares": "benchmark_from_trade",
    "data.sources.user_arrays": "benchmark_from_arrays",
    "data.sources.user_table": "calibrate_folder calibrate_table read_folder",
    # a model
    "solve.model": "Model",
    "solve.solution": "Solution",
    "solve.closure": "Closure Swap Total WageFloor",
    "solve.homotopy": "Shock",
    "solve.decompose": "Decomposition decompose",
    "solve.rebase": "rebase",
    "results.collect": "tabulate",
    # what can go wrong
    "core.errors": "RateWarning CgeError InputError NoEquilibrium",
}
_PUBLIC = {name: module for module, names in _MODULES.items() for name in names.split()}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'cge' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"cge.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
