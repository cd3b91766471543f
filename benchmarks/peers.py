"""Caliendo and Parro's NAFTA experiment here and in public JAX code: same figures, and the time.

    git clone https://github.com/paulofelipe/cp2015-jax FOLDER
    python benchmarks/peers.py FOLDER --python PYTHON_WITH_JAX

Both solve for the world of 1993 without deficits, then for NAFTA's tariffs of 2005, and then, with
all that is compiled and prepared kept, for half of the tariff changes. Each run is a process of its
own on one core, the two in turn; times are processor seconds from Python's start. One input share
of the data is negative. It is set to zero for both.

The peer's data are a pickle, which can run code when it is read: look at it first. Only the
peer's Python reads it.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cge import Model, Solution

Array = NDArray[np.float64]

#: What the peer's Python runs: its data as plain arrays.
PREPARE = """
import pickle, sys, numpy as np
data = pickle.load(open(sys.argv[1], "rb"))
gamma = np.maximum(data["gamma_nkj"], 0.0)
inputs = np.maximum(gamma.sum(axis=1), 1e-300)
data["gamma_nkj"] = gamma * ((1 - data["gamma_nj"]) / inputs)[:, None, :]
pickle.dump(data, open("cp2015_data.pkl", "wb"))
np.savez("data.npz", **{key: np.asarray(value) for key, value in data.items()})
"""
#: Behind the peer's functions: the experiment, and what it took.
PEER = """
import json, time, numpy
def solved(tariff):
    data["tau_nijp"] = tariff
    found = solve_model(data)
    return numpy.asarray(found["I_np"] / found["P_n_hat"])
before = solved(data["tau_nij_bln"])
income = solved(data["tau_nij_cfl"]) / before
whole = time.process_time()
half = solved((data["tau_nij_bln"] + data["tau_nij_cfl"]) / 2) / before
print(json.dumps({"whole": whole, "next": time.process_time() - whole,
                  "income": income.tolist(), "half": half.tolist()}))
"""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}  # fmt: skip


def functions_of(script: Path) -> str:
    """A script without what follows its last function."""
    source = script.read_text(encoding="utf-8")
    last = max(n.end_lineno or 0 for n in ast.parse(source).body if isinstance(n, ast.FunctionDef))
    return "\n".join(source.splitlines()[:last])


def accounts(data: dict[str, Array]) -> tuple[Array, Array]:
    """Spending (s, i) and deficits (s,) that go with the value added and the shares of the data.

    The published shares of final demand are cut at zero, so that the published spending does not
    go with them any more; the peer keeps value added.
    """
    gamma, net = data["gamma_nkj"], data["pi_nij"] / (1 + data["tau_nij"])  # net: (s, r, i)
    s, i = data["X_nj"].shape
    inputs = np.einsum("sij,rsj->sirj", gamma, net).reshape(s * i, s * i)
    final = np.zeros((s, i, s))
    final[np.arange(s), :, np.arange(s)] = data["alpha_nj"]
    by_final = np.linalg.solve(np.eye(s * i) - inputs, final.reshape(s * i, s)).reshape(s, i, s)
    earned = np.einsum("sj,rsj,rjn->sn", data["gamma_nj"], net, by_final, optimize=True)
    demand = np.linalg.solve(earned, data["wL_n"])
    spending = by_final @ demand
    revenue = np.einsum("sri,si->s", data["pi_nij"] - net, spending)
    return spending, demand - data["wL_n"] - revenue


@dataclass(frozen=True)
class Nafta:
    """The experiment with this package.

    Parameters
    ----------
    data : mapping of str to ndarray
        Arrays of the peer.
    """

    data: dict[str, Array]

    @cached_property
    def model(self) -> Model:
        """Model of the world of 1993."""
        from cge import Model, benchmark_from_trade

        data, (spending, deficits) = self.data, accounts(self.data)
        return Model.build(benchmark_from_trade(
            regions=data["regions"], sectors=data["sectors"],
            trade=from_importer(data["pi_nij"] * spending[:, None] / (1 + data["tau_nij"])),
            tariff=from_importer(data["tau_nij"]), io_shares=data["gamma_nkj"],
            value_added_share=data["gamma_nj"], final_shares=data["alpha_nj"], deficits=deficits,
            elasticities={"armington": 1 + data["theta_j"]},
        ))  # fmt: skip

    @cached_property
    def before(self) -> Solution:
        """The world of 1993 without deficits."""
        return self.model.solve({"balance": 0.0})

    def solved(self, tariff: Array) -> Solution:
        """Its equilibrium under other tariffs, (s, r, i)."""
        tariffs, levels = self.model.variables["tariff"], self.model.levels({"balance": 0.0})
        _, r, i, s = tariffs.at("uris")
        levels[tariffs.positions] = 1 + from_importer(tariff)[r, i, s]
        return self.model.solve(levels, start=self.before)

    def income(self, after: Solution) -> Array:
        """Real income over that before, (s,)."""
        return after.by_region("welfare") / self.before.by_region("welfare")


def from_importer(array: Array) -> Array:
    """An array (s, r, i) as (r, i, s)."""
    return array.transpose(1, 2, 0)


def prepare(peer: Path, folder: Path, python: str = sys.executable) -> Path:
    """Put the peer's data into a folder, as plain arrays; the file of the arrays."""
    data = str(peer.resolve() / "cp2015_data.pkl")
    subprocess.run([python, "-c", PREPARE, data], cwd=folder, check=True)
    return folder / "data.npz"


def measure(file: str) -> dict[str, Any]:
    """The experiment with this package, from the arrays on."""
    nafta = Nafta(dict(np.load(file)))
    data = nafta.data
    income = nafta.income(nafta.solved(data["tau_nij_cfl"]))
    whole = process_time()
    half = nafta.income(nafta.solved((data["tau_nij_bln"] + data["tau_nij_cfl"]) / 2))
    return {"whole": whole, "next": process_time() - whole,
            "income": income.tolist(), "half": half.tolist()}  # fmt: skip


def output(command: list[str], folder: str) -> dict[str, Any]:
    """What a process prints last."""
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **ONE_THREAD})  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def compare(peer: Path, python: str, runs: int) -> None:
    """Run both in turn and print times, ratios and the largest difference of real income."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(peer, Path(folder), python)
        Path(folder, "peer.py").write_text(functions_of(peer / "cp2015.py") + PEER, "utf-8")
        here = [sys.executable, __file__, "--measure", str(data)]
        found = [(output([python, "peer.py"], folder), output(here, folder)) for _ in range(runs)]
    for key, said in (("whole", "Python's start to NAFTA"), ("next", "next counterfactual")):
        theirs, ours = ([run[key] for run in column] for column in zip(*found, strict=True))
        ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
        print(f"{said}: peer {statistics.median(theirs):.2f} s, here {statistics.median(ours):.3f}"
              f" s; peer / here {statistics.median(ratios):.1f}"
              f" ({min(ratios):.1f} to {max(ratios):.1f})")  # fmt: skip
    gaps = [
        np.abs(np.subtract(a[key], b[key])).max() for a, b in found for key in ("income", "half")
    ]
    print(f"largest difference of a region's real income: {max(gaps):.1e}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the peer's repository, or the arrays")
    parser.add_argument("--python", default=sys.executable, help="a Python that has jax")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(str(given.folder))))
    else:
        compare(given.folder.resolve(), given.python, given.runs)


if __name__ == "__main__":
    main()
