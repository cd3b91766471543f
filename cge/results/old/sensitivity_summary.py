"""The first page of a sensitivity study: intervals, drivers, and what must be said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.report.measures import title
from cge.results.report.units import printed, text
from cge.results.sensitivity import POOLED

from cge.experiments.sensitivity import Sensitivity
from cge.results import drivers as d
from cge.scenario.wording import policy_lines

#: The measure whose spread and drivers are shown in full, where it was asked for.
FIRST = "equivalent_variation"
#: Parameters shown by region.
TOP = 4
_SPREAD = {"central": "Central", "mean": "Mean", "sd": "SD", "p05": "5 %", "p50": "Median",
           "p95": "95 %", "min": "Min", "max": "Max",
           "probability_positive": "P(>0)"}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table as text: heading, columns, rows with their label first."""

    title: str
    header: list[str]
    rows: list[list[str]]


def tables(statistics: pd.DataFrame, drivers: pd.DataFrame) -> list[Table]:
    """Return the tables of a study: for each set the spread, the intervals, the drivers."""
    found = []
    cases = ["elasticities", "scenario", "step"]
    several = statistics[["scenario", "step"]].drop_duplicates().shape[0] > 1
    for keys, rows in statistics.groupby(cases, sort=False):
        name, scenario, step = str(keys[0]), str(keys[1]), float(str(keys[2]))
        label = f"all elasticity sets {POOLED}" if name == POOLED else f"elasticities {name}"
        if several:
            label += f", {scenario}" + ("" if step == 1.0 else f", {100 * step:g} % of the shock")
        found.append(_spread(rows, label))
        if len(rows["measure"].unique()) > 1:
            found.append(_intervals(rows, label))
        here = drivers[
            (drivers["elasticities"] == name) & (drivers["scenario"] == scenario)
            & (drivers["step"] == step)
        ]  # fmt: skip
        if len(here):
            found.append(_drivers(here, rows, label))
    return found


def _first(rows: pd.DataFrame) -> str:
    measures = list(rows["measure"].unique())
    return FIRST if FIRST in measures else measures[0]


def _wide(rows: pd.DataFrame, measure: str) -> tuple[pd.DataFrame, str]:
    """Return regions by statistics of a measure, and its unit."""
    rows = rows[rows["measure"] == measure]
    table = rows.pivot_table(index="region", columns="statistic", values="value", sort=False)
    unit = rows.loc[rows["statistic"] == "mean", "unit"].iloc[0]
    return table.reindex(rows["region"].unique()), str(unit)


def _spread(rows: pd.DataFrame, label: str) -> Table:
    measure = _first(rows)
    table, unit = _wide(rows, measure)
    shown = [name for name in _SPREAD if name in table.columns]
    figures = [name for name in shown if name != "probability_positive"]
    how = printed(unit, table[figures])
    digits = _digits(table, how.scale, how.digits, np.median)
    body = [
        [str(region), *(
            text(row[name], 2) if name == "probability_positive"
            else text(how.scale * row[name], digits) for name in shown
        )]
        for region, row in table.iterrows()
    ]  # fmt: skip
    return Table(
        f"{title(measure)}, {how.unit}: {label}", ["", *(_SPREAD[name] for name in shown)], body
    )


def _digits(
    table: pd.DataFrame, scale: float, digits: int, of: Callable[[np.ndarray], float]
) -> int:
    """Return decimals enough to see the median or largest standard deviation in two figures."""
    spread = scale * table["sd"].to_numpy()
    spread = spread[np.isfinite(spread) & (spread > 0)]
    if not len(spread):
        return digits
    return int(np.clip(1 - np.floor(np.log10(of(spread))), digits, max(digits, 4)))


def _intervals(rows: pd.DataFrame, label: str) -> Table:
    """Return mean and interval of the other measures, regions down."""
    quantiles = "p05" in set(rows["statistic"])
    columns, heads = {}, []
    for measure in rows["measure"].unique():
        if measure == _first(rows):
            continue
        table, unit = _wide(rows, measure)
        ends = table[["p05", "p95"]] if quantiles else table[["sd"]]
        how = printed(unit, table[["mean"]])
        digits = _digits(table, how.scale, how.digits, np.max)
        cells = {}
        for region, mean, end in zip(
            table.index, table["mean"], ends.to_numpy(dtype=float), strict=True
        ):
            said = [text(how.scale * float(v), digits) for v in (mean, *end)]
            cells[region] = (
                f"{said[0]} [{said[1]}, {said[2]}]" if quantiles else f"{said[0]} ({said[1]})"
            )
        columns[measure] = cells
        heads.append(f"{title(measure)}, {how.unit}")
    what = "mean [5 %, 95 %]" if quantiles else "mean (standard deviation)"
    body = [
        [str(region), *(cells.get(region, "-") for cells in columns.values())]
        for region in rows["region"].unique()
    ]
    return Table(f"Other measures, {what}: {label}", ["", *heads], body)


def _drivers(here: pd.DataFrame, rows: pd.DataFrame, label: str) -> Table:
    """Return the largest shares of variance by region, and those of the nests."""
    measure = _first(rows)
    here = here[here["measure"] == measure]
    nests = list(dict.fromkeys(here["nest"]))
    together = d.by_nest(here).pivot_table(index="region", columns="nest", values="share")
    body = []
    for region, one in here.groupby("region", sort=False):
        largest = one.sort_values("share", ascending=False, kind="stable").head(TOP)
        words = ", ".join(
            f"{'+' if direction > 0 else '-'}{name} {100 * share:.0f}"
            for name, direction, share in zip(
                largest["parameter"], largest["direction"], largest["share"], strict=True
            )
        )
        r2 = f"{one['r2'].iloc[0]:.2f}" + (" (ranks)" if one["method"].iloc[0] == "rank" else "")
        shares = [f"{100 * share:.0f}" for share in together.loc[region, nests].to_numpy()]
        body.append([str(region), words, *shares, r2])
    header = ["", f"largest {TOP}, % of variance", *nests, "R2"]
    return Table(f"What moves {title(measure)}: {label}", header, body)


def notes(study: Sensitivity, drivers: pd.DataFrame) -> list[str]:
    """Return what must be said under any table of the study."""
    b, design = study.benchmark, study.design
    lines = [f"Policy: {line}." for line in policy_lines(study.scenario)]
    if b.status == "estimated":
        lines.insert(0, "BENCHMARK WITH ESTIMATED DATA.")
    lines += [*b.notes, f"Benchmark: {b.name}, {len(b.regions)} regions x {len(b.sectors)} "
              "sectors; the same accounts in every draw."]  # fmt: skip
    sizes = ", ".join(
        f"{len(one.points)} of {len(one.parameters)} elasticities ({one.elasticities})"
        for one in study.sets
    )
    lines.append(f"Draws: {design.kind}, {sizes}; seed {design.seed}.")
    mode = " with the mode at the central value" if design.distribution == "triangular" else ""
    lines.append(
        f"Each elasticity has a {design.distribution} distribution from the low to the high value "
        f"of its set{mode}, {study.sets[0].speed}-run values. Ranges are the authors' intervals "
        "where they give one, else assumed: see parameters.csv."
    )
    lines.append(_correlation(study))
    for one in study.sets:
        if one.failures:
            number, reason = one.failures[0]
            lines.append(
                f"{len(one.failures)} of {len(one.points)} draws under {one.elasticities} have no "
                f"equilibrium and are not in the statistics; the first is draw {number + 1}: "
                f"{reason}."
            )
    if design.quadrature:
        lines.append(
            "Quadrature of degree 3 (Stroud 1957, Arndt 1996): mean and standard deviation only; "
            "its points are no sample, and have no quantiles."
        )
    if len(study.sets) > 1:
        lines.append(
            f"'{POOLED}' takes the sets together, each as likely as the others; the sets "
            "themselves are cases, not draws."
        )
    few = [one for one in study.sets if int(one.solved.sum()) < d.needed(one, design)]
    if few:
        lines.append(
            f"No shares of variance for {', '.join(one.elasticities for one in few)}: they take "
            f"{max(d.needed(one, design) for one in few)} draws, two for each parameter."
        )
    elif len(drivers):
        lines.append(
            "Shares of variance: squared standardised regression coefficients; + and -: a larger "
            "elasticity raises or lowers the result. R2 is what they explain together; the rest "
            "is curvature and interaction."
        )
    return lines


def _correlation(study: Sensitivity) -> str:
    if study.design.correlation > 0:
        together = "all move together" if study.design.correlation == 1 else (
            f"have rank correlation {study.design.correlation:g}"
        )  # fmt: skip
        return f"The values of one nest {together}; nests are independent of each other."
    if study.design.split:
        return (
            "Every sector is drawn on its own, even where several use one published value: errors "
            "cancel out, and intervals are too narrow."
        )
    return (
        "A published value that several sectors use is one parameter and moves them together; "
        "different values are drawn independently of each other (--correlation 1 moves all of "
        "a nest together)."
    )


def markdown(study: Sensitivity, shown: list[Table], lines: list[str]) -> str:
    """Return the summary of a study as Markdown."""
    scenario = study.scenario
    result = [f"# Sensitivity: {scenario.title or scenario.name}", ""]
    if scenario.description:
        result += [scenario.description.strip(), ""]
    for table in shown:
        header = [cell.replace("|", "\\|") for cell in table.header]
        result += [f"## {table.title}", "", "| " + " | ".join(header) + " |"]
        result.append("|---" + "|---:" * (len(header) - 1) + "|")
        result += ["| " + " | ".join(row) + " |" for row in table.rows]
        result.append("")
    result += ["Notes", "", *(f"- {line}" for line in lines)]
    names = study.benchmark.names.get("regions", {})
    if names and len(names) <= 20:
        result.append(f"- Regions: {', '.join(f'{c} {n}' for c, n in names.items())}.")
    return "\n".join(result) + "\n"
