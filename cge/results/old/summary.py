"""The first page of a run: what an economist looks at before anything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.money import money

from cge.data.accounts.benchmark import Benchmark
from cge.experiments.run import Case, ScenarioRun
from cge.indicators.fiscal import tariff_revenue
from cge.results import summary_welfare
from cge.scenario.wording import policy_lines
from cge.solve.solution import Solution


@dataclass(frozen=True)
class Column:
    """A column of the summary table."""

    title: str
    unit: str
    digits: int


COLUMNS: tuple[Column, ...] = (
    Column("Welfare (EV)", "%", 2),
    Column("Welfare (EV)", "{money}", 1),
    Column("Real GDP", "%", 2),
    Column("Terms of trade", "%", 2),
    Column("Real wage", "%", 2),
    Column("Employment", "%", 2),
    Column("Exports", "% volume", 1),
    Column("Imports", "% volume", 1),
    Column("Tariff revenue", "{money}, change", 1),
)


def regional_table(solution: Solution) -> pd.DataFrame:
    """Return the summary figures of a solution, one row per region and one for the world.

    The world's row adds up money and leaves percentages of it that have a meaning.
    """
    b = solution.model.benchmark
    scale = money(b)[1]
    ev_value = solution.measure("equivalent_variation_value")
    labour = _labour(b)
    wages, employment = (
        frame[frame["f"] == labour].set_index("s")["value"].reindex(list(b.regions)).to_numpy()
        for frame in (solution.frame("consumer_real_return"), solution.frame("factor_supply"))
    )
    change = tariff_revenue(solution)[0] - tariff_revenue(solution, benchmark=True)[0]
    data = [
        solution.measure("equivalent_variation"),
        ev_value * scale,
        solution.measure("real_gdp"),
        solution.measure("terms_of_trade"),
        100 * (wages - 1),
        100 * (employment - 1),
        solution.measure("export_volume_change"),
        solution.measure("import_volume_change"),
        change * scale,
    ]
    table = pd.DataFrame(np.array(data).T, index=list(b.regions))
    trade0 = solution.by_region("export_volume", benchmark=True).sum()
    trade1 = solution.by_region("export_volume").sum()
    volume = 100 * (trade1 / trade0 - 1) if trade0 > 0 else np.nan
    gdp = solution.measure("real_gdp") @ b.gdp / b.gdp.sum()
    world = [
        100 * ev_value.sum() / b.absorption.sum(), ev_value.sum() * scale, gdp, np.nan, np.nan,
        np.nan, volume, volume, change.sum() * scale,
    ]  # fmt: skip
    # Not by label: a region may be called World.
    table = pd.concat([table, pd.DataFrame([world], index=["World"])])
    table.columns = pd.MultiIndex.from_tuples([(c.title, unit) for c, unit in columns(b)])
    return table


def _labour(benchmark: Benchmark) -> str:
    """Return the factor whose price and use the summary shows."""
    return "LAB" if "LAB" in benchmark.factors else benchmark.factors[0]


def columns(benchmark: Benchmark) -> list[tuple[Column, str]]:
    """Return the summary's columns with their units for a benchmark."""
    unit = money(benchmark)[0]
    return [(column, column.unit.replace("{money}", unit)) for column in COLUMNS]


def formatted(table: pd.DataFrame) -> list[list[str]]:
    """Return the table's cells as text, row label first; a missing one is a dash."""
    rows = []
    for label, row in table.iterrows():
        cells = [str(label)]
        for value, column in zip(row, COLUMNS, strict=True):
            # Adding zero turns a rounded -0.0 into 0.0.
            rounded = round(float(value), column.digits) + 0.0
            cells.append("-" if not np.isfinite(value) else f"{rounded:.{column.digits}f}")
        rows.append(cells)
    return rows


def notes(run: ScenarioRun) -> list[str]:
    """Return what must be said under any table of this run."""
    b, scenario = run.benchmark, run.scenario
    closure = run.cases[0].solution.closure
    closing = f"Closure: {closure.name.replace('_', ' ')}, {scenario.chosen_speed}-run elasticities"
    if closure.specific_factors:
        closing += f"; fixed in each sector: {', '.join(closure.specific_factors)}"
    if closure.wage_floor:
        closing += f"; floor under the real price of {closure.wage_floor.factor}"
    balance = scenario.closure.balance
    closing += (
        "; trade balances as in the data, indexed to the numeraire."
        if balance == "given"
        else f"; trade balances {balance if isinstance(balance, str) else f'x {balance.scale:g}'}."
    )
    lines = [
        *(f"Policy: {line}." for line in policy_lines(scenario)),
        *b.notes,
        f"Benchmark: {b.name}, {len(b.regions)} regions x {len(b.sectors)} sectors.",
        closing,
        f"Numeraire: {closure.numeraire or 'world factor price index'} = 1. Real GDP and terms of "
        "trade are Fisher indices; EV is the exact equivalent variation of the regional agent "
        "(household, government and investment).",
        f"Real wage and employment are those of factor {_labour(b)}.",
        *(summary_welfare.NOTES if run.decompose else ()),
        *(f for case in run.cases if run.decompose and (f := summary_welfare.failure(case))),
        "Results hinge on the trade elasticities: compare the sets, not one number.",
    ]
    if b.status == "estimated":
        lines.insert(0, "BENCHMARK WITH ESTIMATED DATA.")
    return lines


def parts_of(run: ScenarioRun, case: Case) -> list[pd.DataFrame]:
    """Return the tables of what welfare is made of: by part, and by shock if several."""
    if not run.decompose:
        return []
    tables = (summary_welfare.welfare_table(case), summary_welfare.shock_table(case))
    return [table for table in tables if table is not None]


def _rows(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return a Markdown table."""
    titles = [text.replace("|", "\\|") for text in header]  # a measure's label is the user's
    lines = ["| " + " | ".join(titles) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def markdown(run: ScenarioRun) -> str:
    """Return the summary of a run as Markdown."""
    scenario = run.scenario
    lines = [f"# {scenario.title or scenario.name}", ""]
    if scenario.description:
        lines += [scenario.description.strip(), ""]
    for case in run.cases:
        lines += [f"## {case.title}", ""]
        table = regional_table(case.solution)
        header = ["", *(f"{c.title}, {unit}" for c, unit in columns(run.benchmark))]
        lines += _rows(header, formatted(table))
        for part in parts_of(run, case):
            lines += ["", *_rows(["", *part.columns], summary_welfare.formatted(part))]
        d = case.solution.diagnostics
        lines += [
            "",
            f"Accepted: residual {d.residual:.1e} (limit 1e-9), Walras {d.walras:.1e} of world "
            f"income (limit 1e-9); {d.solver}, {d.iterations} iterations.",
            "",
        ]
        if case.found:
            lines += [*(f"- Found: {rate.text}." for rate in case.found), ""]
    lines += ["Notes", ""] + [f"- {line}" for line in notes(run)]
    names = {**run.benchmark.names.get("regions", {})}
    named = ", ".join(f"{code} {name}" for code, name in names.items())
    if named and len(names) <= 20:
        lines.append(f"- Regions: {named}.")
    return "\n".join(lines) + "\n"
