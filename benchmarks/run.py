"""How long compiling, solving and whole studies take, and how much memory.

    python benchmarks/run.py                             the tables of the README
    python benchmarks/run.py --sizes small default
    python benchmarks/run.py --sizes 76x45 --solvers newton --tables solves
    python benchmarks/run.py --tables studies --studies path stress
    python benchmarks/run.py --tables tasks              where a comparison of policies goes

A size like 76x45 splits regions and sectors of the full world.

Each row is a process of its own, on one core. Times are processor seconds / wall seconds; on a
shared machine the first are the ones to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

SCENARIO = {"tariff[*, CHN, *, USA]": 1.5, "tariff[*, USA, *, CHN]": 1.5}
NEXT = {"tariff[*, CHN, *, USA]": 1.25, "tariff[*, USA, *, CHN]": 1.6}
#: The table of all sizes: README's figures and those of earlier versions are of it.
TABLE = "wiod2013"
#: Seconds after which a row is given up: Ipopt's linear solver on the full world.
TIME_LIMIT = 900
SOLVES = ("size", "solver", "unknowns", "terms", "import", "calibrate", "compile", "solve",
          "to result", "next", "other", "MB")  # fmt: skip
TASKS = ("tasks", "number", "steps", "seconds", "a step")
#: Policies of the comparison whose tasks are timed: an easy one and the hardest, for one set.
POLICIES = ("applied-credit", "tariffs-strategic")
STUDIES_HEAD = ("size", "study", "import", "study done", "MB")
#: Studies by kind: what is run, and which keys of its scenario are changed.
STUDIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "static": ("us-china-tariff-war", {}),
    "path": ("path-us-china-tariff-war", {"path.years": 25}),
    "stress": ("us-china-tariff-war", {}),
    "sensitivity": ("us-china-tariff-war", {}),
    "compare": ("compare-china", {}),
    "frontier": ("frontier-china", {"frontier.points": 4, "frontier.versions": ["unilateral"]}),
}
Times = tuple[float, float]


class Clock:
    """Processor and wall seconds since it was last read."""

    def __init__(self) -> None:
        self.began = self.last = (process_time(), perf_counter())

    def read(self) -> Times:
        """Seconds since the last reading."""
        now = (process_time(), perf_counter())
        passed = now[0] - self.last[0], now[1] - self.last[1]
        self.last = now
        return passed

    def total(self) -> Times:
        """Seconds since the beginning."""
        return process_time() - self.began[0], perf_counter() - self.began[1]


def memory() -> float:
    """Largest memory that this process had, in megabytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_solves(size: str, solver: str, folder: str) -> dict[str, Any]:
    """Import, calibrate, compile, solve, solve another scenario.

    "other" is the first scenario with other elasticities, the model for them included.
    """
    clock, found = Clock(), {}
    from split_world import split_world

    from cge import Model, load_benchmark

    found["import"] = clock.read()
    if "x" in size:
        regions, sectors = map(int, size.split("x"))
        benchmark = split_world(load_benchmark(TABLE, aggregation="full"), regions, sectors)
    else:
        benchmark = load_benchmark(TABLE, aggregation=size)
    found["calibrate"] = clock.read()
    model = Model.build(benchmark)
    found["compile"] = clock.read()
    first = model.solve(SCENARIO, solver=solver)
    found["solve"] = clock.read()
    found["to result"] = clock.total()
    again = model.solve(NEXT, solver=solver)
    found["next"] = clock.read()
    long = benchmark.elasticities["long"]
    higher = model.with_elasticities(replace(long, armington=1.1 * long.armington))
    other = higher.solve(SCENARIO, solver=solver)
    found["other"] = clock.read()
    assert max(s.diagnostics.residual for s in (first, again, other)) < 1e-9
    return {**found, "unknowns": first.resolved.system.size,
            "terms": model.arrays.equations.exponents.shape[0], "MB": memory()}  # fmt: skip


def measure_study(size: str, kind: str, folder: str) -> dict[str, Any]:
    """A whole study under one elasticity set, compiling included, on one core."""
    clock, found = Clock(), {}
    from cge.api import study_from
    from cge.studies.study import run_study
    from cge.tasks.runner import Runner

    found["import"] = clock.read()
    name, changes = STUDIES[kind]
    changes = {**changes, "benchmark.table": TABLE, "benchmark.aggregation": size,
               "elasticities": ["fontagne"]}  # fmt: skip
    options = {"draws": 40} if kind == "sensitivity" else {}
    run_study(
        study_from(name, kind, changes, options), Runner(workers=1, cache=Path(folder) / kind)
    )
    return {**found, "study done": clock.read(), "MB": memory()}


def measure_tasks(size: str, kind: str, folder: str) -> dict[str, Any]:
    """Tasks of two policies of the comparison for China: how many of each kind, and their time.

    Those of disruptions hold the world without policy, which more policies would share.
    """
    from cge.scenario.schema import find_scenario, load_scenario
    from cge.studies.comparison import Comparison
    from cge.studies.study import run_study
    from cge.tasks.runner import Runner, Task

    scenario = load_scenario(find_scenario("compare-china"))
    chosen = [one for one in scenario.variants if one["name"] in POLICIES]
    scenario = scenario.model_copy(update={"variants": chosen, "elasticities": ["fontagne"]})
    found: dict[str, Any] = {}
    done = Task.done

    def timed(task: Task, place: Any) -> Any:
        began = process_time()
        result = done(task, place)
        whose = "no policy" if "no policy" in task.label else "policies"
        name = f"{task.function.__name__}, {whose}"
        number, steps, seconds = found.get(name, (0, 0, 0.0))
        found[name] = (number + 1, steps + task.size, seconds + process_time() - began)
        return result

    Task.done = timed  # type: ignore[method-assign]
    began = process_time()
    run_study(Comparison(scenario), Runner(workers=1, cache=None))
    total = process_time() - began
    found["all, and what is between them"] = (0, 0, total)
    return found


MEASURES: Mapping[str, Callable[[str, str, str], dict[str, Any]]] = {
    "solves": measure_solves, "studies": measure_study, "tasks": measure_tasks,
}  # fmt: skip


def row(table: str, what: str, size: str, folder: str, first: list[str]) -> list[str]:
    """One row of a table, measured in a process of its own."""
    names = (SOLVES if table == "solves" else STUDIES_HEAD)[len(first) :]
    command = [sys.executable, __file__, "--measure", table, size, what, folder]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIME_LIMIT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [*first, *[f"> {TIME_LIMIT}"] * len(names)]
    finally:
        print(".", end="", file=sys.stderr, flush=True)
    if done.returncode != 0:
        print(done.stderr[-500:], file=sys.stderr)
        return [*first, *["failed"] * len(names)]
    figures = json.loads(done.stdout.splitlines()[-1])
    return [*first, *(_cell(figures[name]) for name in names)]


def _cell(value: float | list[float]) -> str:
    if isinstance(value, list):
        return " / ".join(f"{seconds:.2f}" for seconds in value)
    return f"{value:.0f}"


def table_of_solves(sizes: list[str], solvers: list[str]) -> list[list[str]]:
    """Rows of each size and solver."""
    rows = [list(SOLVES)]
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            for solver in solvers:
                rows.append(row("solves", solver, size, folder, [size, solver]))
    return rows


def table_of_studies(sizes: list[str], kinds: list[str]) -> list[list[str]]:
    """Rows of each size and kind of study."""
    rows = [list(STUDIES_HEAD)]
    for size in sizes:
        for kind in kinds:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(row("studies", kind, size, folder, [size, kind]))
    return rows


def table_of_tasks() -> list[list[str]]:
    """Rows of each kind of task."""
    rows = [list(TASKS)]
    for name, (number, steps, seconds) in measure_tasks("", "", "").items():
        each = f"{seconds / steps:.3f}" if steps else "-"
        rows.append([name, str(number), str(steps), f"{seconds:.1f}", each])
    return rows


def printed(rows: list[list[str]]) -> str:
    """Rows, the first of them the header, as a table in Markdown."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) + " |"
             for row in rows]  # fmt: skip
    lines.insert(1, "|" + "|".join("-" * (w + 1) + ":" for w in widths) + "|")
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--tables", nargs="+", default=["solves", "studies"], choices=list(MEASURES)
    )
    parser.add_argument("--sizes", nargs="+", help="default: small, default, and full for solves")
    parser.add_argument("--solvers", nargs="+", default=["newton", "ipopt"])
    parser.add_argument("--studies", nargs="+", choices=list(STUDIES),
                        default=[kind for kind in STUDIES if kind != "compare"],
                        help="default: all but compare")  # fmt: skip
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        table, *rest = given.measure
        print(json.dumps(MEASURES[table](*rest)))
        return
    made = {
        "solves": lambda: table_of_solves(given.sizes or ["small", "default", "full"],
                                          given.solvers),
        "studies": lambda: table_of_studies(given.sizes or ["small", "default"], given.studies),
        "tasks": table_of_tasks,
    }  # fmt: skip
    for name in given.tables:
        text = printed(made[name]())
        print(f"\n{text}\n")


if __name__ == "__main__":
    main()
