"""How long one point of a frontier takes in the space of rates, and with all equilibria at once.

    python benchmarks/frontier.py                        tiny, small
    python benchmarks/frontier.py --sizes tiny small default --methods reduced

Each row is a process of its own: China, four instruments, the whole library, the best welfare
at a risk halfway between the two ends, from the same start. Processor seconds; wall seconds
are of a shared machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

#: Three regions and three sectors, for the size at which methods change places.
TINY = """
name: tiny
title: 3 regions x 3 sectors
table: wiod2013
regions:
  CHN: {name: China, members: [CHN]}
  USA: {name: United States, members: [USA]}
  ROW: {name: Others, members: [AUS, BRA, CAN, MEX, RUS, TUR, ROW, JPN, KOR, TWN, IND, IDN, AUT,
    BEL, BGR, CYP, CZE, DEU, DNK, ESP, EST, FIN, FRA, GBR, GRC, HUN, IRL, ITA, LTU, LUX, LVA, MLT,
    NLD, POL, PRT, ROU, SVK, SVN, SWE]}
sectors:
  REST: {name: Other goods, members: [c1, c2, c3, c4, c5, c6, c7, c11, c15, c16]}
  HIGH: {name: Strategic goods, members: [c8, c9, c10, c12, c13, c14]}
  SERV: {name: Services, members: [c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29,
    c30, c31, c32, c33, c34, c35]}
groups:
  regions: {west: [USA]}
  sectors: {goods: [REST, HIGH], services: [SERV], strategic: [HIGH], research: [SERV]}
"""
HEADER = ("size", "method", "unknowns", "iterations", "processor s", "wall s", "welfare, %",
          "CVaR, %", "price")  # fmt: skip
TIME_LIMIT = 1800


def measure(size: str, method: str) -> list[str]:
    """Measure one process."""
    from time import perf_counter, process_time

    import numpy as np
    from threadpoolctl import threadpool_limits

    from cge.frontier.evaluation import Evaluator
    from cge.frontier.full_layout import FullLayout
    from cge.scenario.schema import Scenario
    from cge.studies.frontier import METHODS, Frontier, problem_of

    strategic, other = "strategic", "all but strategic, services"
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        if size == "tiny":
            place = Path(folder) / "tiny.yaml"
            place.write_text(TINY)
        scenario = Scenario.model_validate({
            "name": "benchmark", "elasticities": ["fontagne"],
            "benchmark": {"table": "wiod2013",
                          "aggregation": str(place) if size == "tiny" else size},
            "frontier": {"region": "CHN", "versions": ["unilateral"], "instruments": [
                {"name": "a", "instrument": "tariff", "sector": strategic, "high": 0.5},
                {"name": "b", "instrument": "tariff", "sector": other, "high": 0.5},
                {"name": "c", "instrument": "output_subsidy", "sector": strategic, "high": 0.1},
                {"name": "d", "instrument": "domestic_purchase_subsidy", "sector": strategic,
                 "high": 0.1},
            ]},
        })  # fmt: skip
        (task,) = next(Frontier(scenario).work())
        problem = problem_of(task.content)
    evaluator, start = Evaluator(problem), np.full(4, 0.02)
    best = evaluator.at(METHODS["reduced"](evaluator, "welfare", start, None, False).rates)
    ceiling = (best.risk + evaluator.at(np.zeros(4)).risk) / 2
    wall, began = perf_counter(), process_time()
    found = METHODS[method](Evaluator(problem), "welfare", start, ceiling, False)
    took, waited = process_time() - began, perf_counter() - wall
    point = evaluator.at(found.rates)
    unknowns = len(start) + 1 + len(problem.counted)
    if method == "full":
        point_at_start = evaluator.at(start)
        unknowns = FullLayout(evaluator, "welfare", ceiling, problem.counted, point_at_start).size
    return [size, method, str(unknowns), str(found.iterations), f"{took:.1f}", f"{waited:.1f}",
            f"{100 * point.value:.6f}", f"{100 * point.risk:.6f}",
            f"{found.price:.4f}" if found.solved else found.message]  # fmt: skip


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=["tiny", "small"])
    parser.add_argument("--methods", nargs="+", default=["reduced", "full"])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(*given.one)))
        return
    print("| " + " | ".join(HEADER) + " |")
    print("|" + "---|" * len(HEADER))
    for size in given.sizes:
        for method in given.methods:
            command = [sys.executable, __file__, "--one", size, method]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True
                )
                row = json.loads(done.stdout)
            except subprocess.TimeoutExpired:
                row = [size, method, f"given up after {TIME_LIMIT} s"]
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
