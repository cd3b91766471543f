"""An open multi-region CGE model of trade and industrial policy."""

from cge.calibration.arrays import benchmark_from_arrays
from cge.calibration.benchmark import Benchmark
from cge.calibration.calibrate import calibrate, load_benchmark
from cge.calibration.elasticities import Elasticities
from cge.calibration.external import read_pymrio
from cge.calibration.folder import read_folder
from cge.calibration.store import load_any, open_benchmark, save_benchmark
from cge.calibration.trade_shares import benchmark_from_trade
from cge.calibration.user_table import calibrate_folder, calibrate_table
from cge.errors import CgeError, InputError, NoEquilibrium
from cge.solve.closure import Closure, Swap, Total, WageFloor
from cge.solve.decompose import Decomposition, decompose
from cge.solve.model import Model
from cge.solve.path import Shock
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
