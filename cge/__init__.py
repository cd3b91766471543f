"""An open multi-region CGE model of trade and industrial policy."""

from cge.calibration.benchmark import Benchmark
from cge.calibration.calibrate import calibrate, load_benchmark
from cge.calibration.elasticities import Elasticities
from cge.errors import CgeError, InputError, NoEquilibrium
from cge.solve.closure import Closure, Swap, WageFloor
from cge.solve.model import Model
from cge.solve.solution import Solution

__version__ = "0.1.0"
__all__ = [
    "Benchmark",
    "CgeError",
    "Closure",
    "Elasticities",
    "InputError",
    "Model",
    "NoEquilibrium",
    "Solution",
    "Swap",
    "WageFloor",
    "calibrate",
    "load_benchmark",
]  # fmt: skip
