"""How far off an estimated world table is, where the true one is known: 2011 from older tables.

    python benchmarks/estimation.py                         errors of tables and results
    python benchmarks/estimation.py --tables-only           of tables alone
    python benchmarks/estimation.py --page-only             page and figure of what is there
    python benchmarks/estimation.py --worlds                the six scenarios on 2011 and 2022

The tables of 1995, 2000 and 2007 are moved to 2011 as the world of 2022 is made from that of 2011:
margins are those of the true table, the rest is the older one's (cge.data.estimation). Beside it
stands the naive rival, every purchase scaled with the GDP of the region that buys. Two more cases
are nearer to what is done for 2022: trade by pair of another year than the margins, and three
regions that the older table has in its rest of the world. Results are those of six scenarios with
both elasticity sets. Writes errors.csv, welfare.csv, estimation.md and welfare.svg.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from cge import load_benchmark, load_scenario, save_benchmark, solve_scenario
from cge.core.axes import Array, ratio
from cge.data.accounts.calibration import calibrate_cleaned, clean_shipped
from cge.data.accounts.cleaning import CleanTable, clean
from cge.data.elasticities.sets import load_elasticity_set
from cge.data.estimation.estimate import estimate
from cge.data.estimation.margins import Margins, margins_of
from cge.data.estimation.prior import OldTable
from cge.scenario.variants import with_changes

TARGET, BASES, GOODS = 2011, (1995, 2000, 2007), 16
SETS = ("fontagne", "boehm")
SCENARIOS = {
    "us-china-tariff-war": "tariff war US-China, 50 points",
    "us-tariffs-2025-26": "US tariffs of 2025-26",
    "world-uniform-tariff": "10 points everywhere",
    "free-trade": "free trade",
    "electronics-export-controls": "half of China's electronics imports cut",
    "us-electronics-subsidy": "US electronics subsidy, 10 %",
}
#: Regions put into the rest of the world of the older table, and what they are said to be like.
SPLIT = {"IDN": {"IND": 1.0, "CHN": 1.0}, "MEX": {"BRA": 1.0, "POL": 1.0},
         "TUR": {"BRA": 1.0, "GRC": 1.0}}  # fmt: skip
#: Base year of the cases that are nearer to 2022: as far from 2011 as that is from 2022.
NEAR = 2000


@dataclass(frozen=True, eq=False)
class Case:
    """A table that stands for that of 2011."""

    name: str
    base: int
    method: str
    intermediate: Array
    final: Array


def old_table(table: CleanTable) -> OldTable:
    """The cleaned table without its value added."""
    raw = table.raw
    return OldTable(raw.regions, raw.sectors, raw.agents, table.intermediate, table.final)


def margins(table: CleanTable) -> Margins:
    """Margins of a cleaned table."""
    raw = table.raw
    return margins_of(raw.year, raw.regions, raw.sectors, raw.sectors[:GOODS],
                      table.intermediate, table.final)  # fmt: skip


def with_pairs_of(known: Margins, other: Margins) -> Margins:
    """Margins with trade by pair of another year, scaled to what each exports."""
    trade = other.trade * (known.goods_exports / other.goods_exports)[:, None]
    return replace(known, trade=trade)


def merged(table: OldTable, gone: list[str]) -> OldTable:
    """The table with regions put into its rest of the world."""
    keep = [k for k, code in enumerate(table.regions) if code not in gone]
    rest = table.regions.index("ROW")
    place = [rest if code in gone else k for k, code in enumerate(table.regions)]
    into = np.eye(len(table.regions))[place][:, keep]

    def gather(cells: Array) -> Array:
        cells = np.tensordot(into.T, cells, (1, 0))
        return np.moveaxis(np.tensordot(into.T, cells, (1, 2)), 0, 2)

    return OldTable(tuple(table.regions[k] for k in keep), table.sectors, table.agents,
                    gather(table.intermediate), gather(table.final))  # fmt: skip


def cases() -> Iterator[Case]:
    """Estimated and naive tables of 2011."""
    truth = clean_shipped("wiod2013", TARGET)
    known = margins(truth)
    for base in BASES:
        table = clean_shipped("wiod2013", base)
        old = old_table(table)
        found = estimate(old, known)
        yield Case(f"{base}", base, "estimated", found.intermediate, found.final)
        gdp = [m.value_added.sum(axis=1) for m in (known, margins(table))]
        grown = (gdp[0] / gdp[1])[None, None, :, None]
        yield Case(f"{base}", base, "naive", old.intermediate * grown, old.final * grown)
    old = old_table(clean_shipped("wiod2013", NEAR))
    off = with_pairs_of(known, margins(clean_shipped("wiod2013", TARGET - 1)))
    found = estimate(old, off)
    yield Case(f"{NEAR}, pairs a year off", NEAR, "estimated", found.intermediate, found.final)
    found = estimate(merged(old, list(SPLIT)), off, SPLIT)
    name = f"{NEAR}, pairs a year off, {' '.join(SPLIT)} split off"
    yield Case(name, NEAR, "estimated", found.intermediate, found.final)


# -- errors of tables


def off(found: Array, true: Array) -> float:
    """Sum of absolute errors over the sum of true values, per cent."""
    return 100 * float(np.abs(found - true).sum() / true.sum())


def shares_of(intermediate: Array, final: Array) -> dict[str, tuple[Array, Array]]:
    """Shares by what they are: values, and the weights of their errors."""
    regions = intermediate.shape[0]
    flows = intermediate.sum(axis=3) + final.sum(axis=3)
    output = flows.sum(axis=2)
    home = np.einsum("ris,rs->is", flows, np.eye(regions))
    use = flows.sum(axis=0)
    n = output.size
    coefficients = ratio(intermediate.reshape(n, n), output.reshape(n))
    added = 1 - coefficients.sum(axis=0)
    demand = final.sum(axis=3).reshape(n, regions)
    content = added[:, None] * np.linalg.solve(np.eye(n) - coefficients, demand)
    content = content.reshape(regions, -1, regions).sum(axis=1)
    goods = flows[:, :GOODS].sum(axis=1)
    abroad = 1.0 - np.eye(regions)
    by_commodity = ratio(intermediate.sum(axis=0), output[None])
    return {
        "inputs by commodity": (by_commodity, np.broadcast_to(output, by_commodity.shape)),
        "import reliance": (1 - ratio(home, use), use),
        "exposure, goods": (ratio(goods, goods.sum(axis=0)) * abroad, goods.sum(axis=0) * abroad),
        "exposure, value added": (
            ratio(content, content.sum(axis=0)) * abroad, content.sum(axis=0) * abroad,
        ),
    }  # fmt: skip


def table_errors(case: Case, truth: CleanTable) -> dict[str, object]:
    """Errors of one table: of values in per cent, of shares in points and per cent of the mean."""
    abroad = (1.0 - np.eye(len(truth.raw.regions)))[:, None, :, None]
    z, f = truth.intermediate, truth.final
    flows = [(a.sum(3) + b.sum(3)) * abroad[..., 0]
             for a, b in ((case.intermediate, case.final), (z, f))]  # fmt: skip
    row: dict[str, object] = {
        "case": case.name, "method": case.method,
        "cells": off(case.intermediate, z),
        "cells, across borders": off(case.intermediate * abroad, z * abroad),
        "trade by good and pair": off(flows[0][:, :GOODS], flows[1][:, :GOODS]),
        "trade in goods by pair": off(flows[0][:, :GOODS].sum(1), flows[1][:, :GOODS].sum(1)),
        "trade in services by pair": off(flows[0][:, GOODS:].sum(1), flows[1][:, GOODS:].sum(1)),
        "final demand by kind": off(case.final.sum((0, 1)), f.sum((0, 1))),
    }  # fmt: skip
    true = shares_of(z, f)
    for what, (share, _) in shares_of(case.intermediate, case.final).items():
        known, weight = true[what]
        gap, mean = (float((np.abs(part) * weight).sum() / weight.sum())
                     for part in (share - known, known))  # fmt: skip
        row[f"{what}, points"], row[f"{what}, %"] = 100 * gap, 100 * gap / mean
    return row


# -- errors of results


def benchmark_folders(case: Case | None, truth: CleanTable, folder: Path) -> dict[str, Path]:
    """The table calibrated with each elasticity set, in default aggregation; its folder by set."""
    table = truth
    if case is not None:
        output = case.intermediate.sum((2, 3)) + case.final.sum((2, 3))
        true_output = truth.intermediate.sum((2, 3)) + truth.final.sum((2, 3))
        table = clean(replace(
            truth.raw, intermediate=case.intermediate, final=case.final,
            value_added=ratio(truth.value_added, true_output) * output,
        ))  # fmt: skip
    places = {}
    for name in SETS:
        made = calibrate_cleaned(table, "default", "applied", load_elasticity_set(name), name)
        places[name] = folder / name
        save_benchmark(made.benchmark, places[name])
    return places


def welfare(places: dict[str, Path]) -> pd.DataFrame:
    """Welfare by scenario, set and region, per cent of absorption."""
    rows = []
    for scenario, title in SCENARIOS.items():
        for name, place in places.items():
            changes = {"benchmark": {"table": str(place)}, "elasticities": ["own"]}
            case = solve_scenario(with_changes(load_scenario(scenario), changes))[0]
            gain = case.solution.measure("equivalent_variation")
            rows += [
                {"scenario": title, "set": name, "region": code, "welfare": float(value)}
                for code, value in zip(case.solution.model.benchmark.regions, gain, strict=True)
            ]
    return pd.DataFrame(rows)


def result_errors(found: pd.DataFrame) -> pd.DataFrame:
    """Errors of welfare by case, method and scenario, beside the spread over elasticity sets."""
    keys = ["scenario", "set", "region"]
    true = found[found["method"] == "true"].set_index(keys)["welfare"]
    by_set = [true.xs(name, level="set") for name in SETS]
    spread = (by_set[0] - by_set[1]).abs().groupby("scenario").mean()
    rows = []
    for (case, method, scenario), part in found[found["method"] != "true"].groupby(
        ["case", "method", "scenario"], sort=False
    ):
        ours = part.set_index(keys)["welfare"]
        real = true.reindex(ours.index)
        gap = (ours - real).abs()
        large = real.abs() > 0.25 * real.abs().mean()
        rows.append({
            "case": case, "method": method, "scenario": scenario,
            "mean error, points": gap.mean(), "mean size, points": real.abs().mean(),
            "error, %": 100 * gap.mean() / real.abs().mean(),
            "largest error, points": gap.max(), "where": gap.idxmax()[2],
            "sign right, %": 100 * (np.sign(ours) == np.sign(real))[large].mean(),
            "spread over sets, points": spread[scenario],
        })  # fmt: skip
    return pd.DataFrame(rows)


def worlds(out: Path) -> None:
    """The six scenarios on the worlds of 2011 and 2022, side by side: worlds.md."""
    tables = {TARGET: "wiod2013", 2022: "world2022"}
    found = {}
    for year, table in tables.items():
        for scenario, title in SCENARIOS.items():
            changes = {"benchmark.table": table, "elasticities": list(SETS)}
            # The first variant where there are several, under each set.
            cases = solve_scenario(with_changes(load_scenario(scenario), changes))
            for case in (one for one in cases if one.variant == cases[0].variant):
                regions = case.solution.model.benchmark.regions
                gain = case.solution.measure("equivalent_variation")
                found[title, case.elasticities, year] = pd.Series(gain, list(regions))
    frame = pd.DataFrame(found)
    lines = ["# Six scenarios on the worlds of 2011 and 2022", "",
             "Welfare, per cent of absorption; long run. The world of 2022 is ESTIMATED "
             "([docs/estimation.md](../../docs/estimation.md)). In 2011 the European Union has "
             "the United Kingdom, Mexico has Canada, and the rest of the world Viet Nam and the "
             "other members of ASEAN but Indonesia.", ""]  # fmt: skip
    for title in SCENARIOS.values():
        part = frame[title].loc[list(load_benchmark("world2022").regions)]
        part.columns = [f"{name}, {year}" for name, year in part.columns]
        lines += [f"## {title}", "", _markdown(part.rename_axis("region").reset_index()), ""]
    (out / "worlds.md").write_text("\n".join(lines), encoding="utf-8")


# -- the page


def by_region(found: pd.DataFrame) -> pd.DataFrame:
    """Errors of welfare by region, a column for each case, per cent of the mean size."""
    keys = ["scenario", "set", "region"]
    true = found[found["method"] == "true"].set_index(keys)["welfare"]
    size = true.abs().groupby("region").mean()
    columns = {}
    for (case, method), part in found[found["method"] != "true"].groupby(["case", "method"],
                                                                         sort=False):  # fmt: skip
        gap = (part.set_index(keys)["welfare"] - true).abs().groupby("region").mean()
        columns[f"{case}, {method}"] = 100 * gap / size
    table = pd.DataFrame(columns).loc[list(dict.fromkeys(found["region"]))]
    return table.rename_axis("region").reset_index()


def page(tables: pd.DataFrame, results: pd.DataFrame | None, found: pd.DataFrame | None) -> str:
    """Markdown of the study."""
    shown = [c for c in tables.columns if not c.endswith(", points")]
    text = (__doc__ or "").split("\n\n")[2].rpartition(" Writes ")[0]
    lines = ["# Errors of estimated tables", "", *text.splitlines(),
             "", "## Tables", "",
             "Sums of absolute errors over true sums, per cent. Of the last four, which are "
             "shares, the mean error over the mean share, weighted with what they are shares "
             "of; in points in errors.csv.", "",
             _markdown(tables[shown])]  # fmt: skip
    if results is not None and found is not None:
        total = results.groupby(["case", "method"], sort=False).agg(**{
            "error, % of mean size": ("error, %", "mean"),
            "largest error, points": ("largest error, points", "max"),
            "sign right, %": ("sign right, %", "mean"),
        })  # fmt: skip
        ratio_ = results["mean error, points"] / results["spread over sets, points"]
        total["error over spread of sets"] = ratio_.groupby(
            [results["case"], results["method"]], sort=False
        ).median()
        lines += ["", "## Results", "",
                  "Welfare by region of six scenarios under two elasticity sets, against the true "
                  "table. Signs are counted where the true effect is at least a quarter of the "
                  "mean. The last column is the median over scenarios of the mean error over the "
                  "mean difference between the two sets on the true table.", "",
                  _markdown(total.reset_index()), "",
                  "By region, over scenarios and sets: mean error over mean size, per cent.", "",
                  _markdown(by_region(found)), "", _markdown(results)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _markdown(frame: pd.DataFrame) -> str:
    def text(value: object) -> str:
        if not isinstance(value, float):
            return str(value)
        return "-" if np.isnan(value) else f"{value if abs(value) > 1e-6 else 0:.3g}"

    head = [f"| {' | '.join(frame.columns)} |", "|" + "---|" * len(frame.columns)]
    return "\n".join([*head, *(f"| {' | '.join(map(text, row))} |"
                               for row in frame.itertuples(index=False))])  # fmt: skip


def figure(found: pd.DataFrame, path: Path) -> None:
    """Welfare with the estimated against the true table, a panel for each scenario."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    keys = ["scenario", "set", "region"]
    true = found[found["method"] == "true"].set_index(keys)["welfare"]
    canvas, panels = pyplot.subplots(2, 3, figsize=(9, 6.2))
    for panel, title in zip(panels.flat, SCENARIOS.values(), strict=True):
        for method, mark, colour in (("naive", "x", "#b0b0b0"), ("estimated", "o", "#1f5fa8")):
            part = found[(found["case"] == str(NEAR)) & (found["method"] == method)
                         & (found["scenario"] == title)].set_index(keys)["welfare"]  # fmt: skip
            panel.plot(true.reindex(part.index), part, mark, ms=4, color=colour, label=method,
                       mfc="none", ls="")  # fmt: skip
        ends = [*panel.get_xlim(), *panel.get_ylim()]
        panel.plot([min(ends), max(ends)], [min(ends), max(ends)], color="black", lw=0.6)
        panel.set_title(title, fontsize=8)
        panel.tick_params(labelsize=7)
    panels[0, 0].legend(fontsize=7, frameon=False)
    canvas.supxlabel(f"welfare on the table of {TARGET}, %", fontsize=8)
    canvas.supylabel(f"welfare on the table made from {NEAR}, %", fontsize=8)
    canvas.tight_layout()
    canvas.savefig(path, metadata={"Date": None})


def main() -> None:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/estimation"))
    parser.add_argument("--tables-only", action="store_true")
    parser.add_argument("--page-only", action="store_true")
    parser.add_argument("--worlds", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.worlds:
        return worlds(args.out)
    if not args.page_only:
        study(args.out, args.tables_only)
    tables, results, found = pd.read_csv(args.out / "errors.csv"), None, None
    if (args.out / "welfare.csv").is_file():
        found = pd.read_csv(args.out / "welfare.csv", keep_default_na=False)
        found = found.astype({"welfare": float})
        results = result_errors(found)
        figure(found, args.out / "welfare.svg")
    (args.out / "estimation.md").write_text(page(tables, results, found), encoding="utf-8")


def study(out: Path, tables_only: bool) -> None:
    """Estimate the tables and write their errors and the welfare found with them."""
    truth = clean_shipped("wiod2013", TARGET)
    errors, found = [], []
    with tempfile.TemporaryDirectory() as folder:
        if not tables_only:
            places = benchmark_folders(None, truth, Path(folder) / "true")
            found.append(welfare(places).assign(case="", method="true"))
        for number, case in enumerate(cases()):
            start = perf_counter()
            errors.append(table_errors(case, truth))
            if not tables_only:
                places = benchmark_folders(case, truth, Path(folder) / str(number))
                found.append(welfare(places).assign(case=case.name, method=case.method))
            print(f"{case.name}, {case.method}: {perf_counter() - start:.0f} s", flush=True)
    pd.DataFrame(errors).round(3).to_csv(out / "errors.csv", index=False)
    if found:
        every = pd.concat(found, ignore_index=True)
        every.round(6).to_csv(out / "welfare.csv", index=False)


if __name__ == "__main__":
    main()
