"""An open multi-region CGE model of trade and industrial policy."""

from cge.core.errors import CgeError, InputError, NoEquilibrium, RateWarning
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import calibrate, load_benchmark
from cge.data.elasticities.nests import Elasticities
from cge.data.sources.pymrio_table import read_pymrio
from cge.data.sources.table_folder import read_folder
from cge.data.sources.trade_shares import benchmark_from_trade
from cge.data.sources.user_arrays import benchmark_from_arrays
from cge.data.sources.user_table import calibrate_folder, calibrate_table
from cge.data.store import load_any, open_benchmark, save_benchmark
from cge.solve.closure import Closure, Swap, Total, WageFloor
from cge.solve.decompose import Decomposition, decompose
from cge.solve.homotopy import Shock
from cge.solve.model import Model
from cge.solve.rebase import rebase
from cge.solve.solution import Solution

__version__ = "0.1.0"
__all__ = [
    "Benchmark",
    "CgeError",
    "Closure",
    "Decomposition",
    "Elasticities",
    "InputError",
    "Model",
    "NoEquilibrium",
    "RateWarning",
    "Shock",
    "Solution",
    "Swap",
    "Total",
    "WageFloor",
    "benchmark_from_arrays",
    "benchmark_from_trade",
    "calibrate",
    "calibrate_folder",
    "calibrate_table",
    "decompose",
    "load_any",
    "load_benchmark",
    "open_benchmark",
    "read_folder",
    "read_pymrio",
    "rebase",
    "save_benchmark",
]  # fmt: skip
