"""Write the tables of evidence in docs/short-run.md from what the model says today.

Run ``python docs/tools/short_run_evidence.py``; it takes about a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from marked import put

from cge import Model, Solution, load_benchmark
from cge.data.parameters.parameter_files import load_short_run_parameters
from cge.dynamics.stand_ins import StandIns
from cge.model.short_year import RESPONSES
from cge.policy.closures import closure_of
from cge.resilience.impact import disrupted, rationed
from cge.resilience.preshock import ShortRun, pre_shock
from cge.scenario.schema import ClosureChoice, load_scenario
from cge.studies.static import solve_scenario

PAGE = Path(__file__).resolve().parents[1] / "short-run.md"
STRATEGIC = ("CHEM", "ELEC", "MACH")
#: Rises of tariffs on goods of 2018-19, averages: by the United States, by China.
WAR = {("CHN", "USA"): 0.20, ("USA", "CHN"): 0.17}
ADJUSTMENTS = ("balances_given", "regions_lend", "gradual")
ENTRIES = load_short_run_parameters().entries


def figures(solution: Solution) -> dict[str, float]:
    """What is looked at in the trade war of 2018-19, per cent."""
    b = solution.model.benchmark
    usa, china = (b.regions.index(code) for code in ("USA", "CHN"))
    revalued = solution.values("exports_revalued") / solution.model.start.values("exports_revalued")
    return {
        "income": solution.measure("equivalent_variation")[usa],
        "gdp": solution.measure("real_gdp")[usa],
        "fob": 100 * (revalued[china] - 1),
        "imports": solution.measure("import_volume_change")[usa],
        "terms": solution.measure("terms_of_trade")[usa],
        "china": solution.measure("equivalent_variation")[china],
        "jobs_usa": 100 * (solution.outcome("employment[USA, LAB]") - 1),
        "jobs_china": 100 * (solution.outcome("employment[CHN, LAB]") - 1),
    }


def war(model: Model, adjustment: Any = "gradual", **parameters: float) -> dict[str, float]:
    """The first year of the trade war of 2018-19."""
    goods, levels = model.benchmark.codes("sectors", "goods", "sector"), model.arrays.start.copy()
    for (_, r, i, s), n in model.variables["tariff"].place.items():
        levels[n] += WAR.get((r, s), 0.0) if i in goods else 0.0
    choice = ClosureChoice(kind="short_run", adjustment=adjustment, parameters=parameters)
    return figures(model.solve(levels, closure_of(choice, model.benchmark)))


def ends(model: Model) -> dict[str, list[float]]:
    """Each figure at both ends of the range of every parameter, one at a time."""
    found: dict[str, list[float]] = {}
    for name in RESPONSES:
        for value in (ENTRIES[name].low, ENTRIES[name].high):
            for key, figure in war(model, **{name: value}).items():
                found.setdefault(key, []).append(figure)
    return found


def of_2025(name: str, adjustment: str) -> dict[str, float]:
    """A shipped schedule of the United States in its first year."""
    closure = ClosureChoice.model_validate({"kind": "short_run", "adjustment": adjustment})
    told = load_scenario(name).model_copy(update={"closure": closure, "elasticities": ["boehm"]})
    (case,) = solve_scenario(told)
    return figures(case.solution)


def cuts() -> Iterable[str]:
    """Losses of China where its imports of electronics are cut by half, and in total."""
    b = load_benchmark()
    long, short = (Model.build(b, h, STRATEGIC) for h in ("long", "short"))
    responses = {name: ENTRIES[name].value for name in RESPONSES}
    routes, home = [(r, "ELEC", "CHN") for r in b.regions if r != "CHN"], b.regions.index("CHN")
    for premium in (1.5, 2.5, 4.0):
        stand_ins = StandIns(dict.fromkeys(STRATEGIC, premium), 0.5, 1.2)
        before = long.solve(stand_ins.laid(long, long.arrays.start))
        pre = pre_shock(before, short, ShortRun("gradual", responses))
        cells = []
        for rents in ("importer", "exporter", "lost"):
            for left in (0.5, 1e-3):
                after = disrupted(pre, rationed(pre, routes, left, rents))
                cells.append(f"{100 * pre.losses(after)[home]:.2f}")
        yield f"| {premium:g} | " + " | ".join(cells) + " |"


def line(words: str, key: str, seen: str, found: list[dict[str, float]], low_high: Any) -> str:
    """A row: under each adjustment, over the ranges, and what has been seen."""
    cells = [f"{one[key]:.2f}" for one in found]
    some = low_high[key]
    return f"| {words} | " + " | ".join(cells) + f" | {min(some):.2f} to {max(some):.2f} | {seen} |"


def tables() -> str:
    """All tables, as Markdown."""
    model = Model.build(load_benchmark("wiod2013", aggregation="default"), "short")
    found, spread = [war(model, one) for one in ADJUSTMENTS], ends(model)
    rows = [
        ("real income, USA", "income", "-0.04 % of GDP"),
        ("real GDP, USA", "gdp", ""),
        ("price of exports before duty, CHN", "fob", "not lower"),
        ("import volume, USA", "imports", "lower"),
        ("terms of trade, USA", "terms", "no large gain"),
        ("employment, USA", "jobs_usa", "no gain"),
        ("employment, CHN", "jobs_china", "lower"),
        ("real income, CHN", "china", ""),
    ]
    years = [
        f"| {name} | " + " | ".join(
            f"{one[key]:.2f}" for key in ("imports", "terms", "income")
            for one in (of_2025(name, "balances_given"), of_2025(name, "gradual"))
        ) + " |"
        for name in ("us-tariffs-2025-08", "us-tariffs-2025-26")
    ]  # fmt: skip
    return "\n".join([
        "The trade war of 2018-19 in its first year, 20 points on goods of China and 17 on those "
        "of the United States (averages), on the world of 2011, whose tariffs are those before it; "
        "per cent; the range is that over the ends of every parameter of `gradual`, one at a time:",
        "",
        "| | `balances_given` | `regions_lend` | `gradual` | range | seen |",
        "|---|---:|---:|---:|---:|---|",
        *(line(words, key, seen, found, spread) for words, key, seen in rows), "",
        "The schedules of the United States of August 2025 and of 2026 in their first year, on the "
        "world of 2022, nobody retaliating, United States, per cent (`boehm`):", "",
        "| | imports, `balances_given` | `gradual` | terms of trade, `balances_given` | `gradual` "
        "| real income, `balances_given` | `gradual` |",
        "|---|---:|---:|---:|---:|---:|---:|", *years, "",
        "A cut of all imports of electronics by China, loss of real income in per cent on the "
        "world of 2022, by who keeps the rent and by the premium of the stand-in. If the buyers do "
        "not keep the rent, half a cut costs within a tenth of what a total cut costs: what is "
        "still sold is then as dear as the stand-in.", "",
        "| premium | importer, half | total | exporter, half | total | lost, half | total |",
        "|---|---:|---:|---:|---:|---:|---:|", *cuts(),
    ])  # fmt: skip


def main() -> None:
    """Put the tables into the page."""
    np.seterr(all="ignore")
    put(PAGE, {"evidence": tables()})


if __name__ == "__main__":
    main()
