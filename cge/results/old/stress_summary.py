"""The first page of a stress test: what is lost, by what, and what a policy changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cge.results.money import money
from cge.results.sensitivity_summary import Table
from cge.results.stress_statistics import Viewers, shown

from cge.experiments.stress import StressCase, StressRun, is_reference
from cge.scenario.wording import policy_lines

_FAMILIES = {"foreign_supply": "foreign supply", "export_control": "export control"}


def tables(run: StressRun, regions: Sequence[str] | None = None) -> list[Table]:
    """Return the tables of a stress test, case by case.

    Parameters
    ----------
    run : StressRun
    regions : sequence of str, optional
        Those that are shown; default all. Only the first table of each case is then made.
    """
    viewers = Viewers(run)
    chosen = [n for n, code in enumerate(viewers.regions) if regions is None or code in regions]
    policies = [case for case in run.cases if not is_reference(case)]
    found = []
    for case in policies or run.cases:
        found.append(_first(run, viewers, case, chosen))
        if regions is None:
            found.append(_families(viewers, case, chosen))
            found.append(_weightings(run, viewers, case, chosen))
    if regions is None:
        found.append(_list(run, viewers))
    return found


def title(case: StressCase) -> str:
    """Return what tells a case from the others of its run, in words."""
    one = case.stage
    parts = [f"Elasticities: {one.elasticities}"]
    if one.variant:
        parts.append(f"variant: {one.variant}")
    if one.year:
        parts += [f"returns to research: {one.returns}", f"year {one.year}"]
    return "; ".join(parts)


def _number(value: float, digits: int = 2, sign: bool = False) -> str:
    if not np.isfinite(value):
        return "-"
    rounded = round(float(value), digits) + 0.0  # a rounded -0.0 becomes 0.0
    return f"{rounded:+.{digits}f}" if sign and rounded else f"{rounded:.{digits}f}"


def _first(run: StressRun, viewers: Viewers, case: StressCase, chosen: Sequence[int]) -> Table:
    """Return welfare in normal times, and losses against those without policy."""
    name = shown(list(run.library.weightings))
    now = viewers.statistics(case.losses, name)
    solution = case.stage.solution
    unit, scale = money(solution.model.benchmark)
    variation = solution.measure("equivalent_variation")
    value = solution.measure("equivalent_variation_value") * scale
    worst = viewers.worst_for(case, name)
    header = ["", "EV, %", f"EV, {unit}"]
    measures = {"expected_loss": "Expected loss", "cvar": f"CVaR {run.level:g}",
                "worst_loss": "Worst"}  # fmt: skip
    before = None if case.reference is None else viewers.statistics(case.reference.losses, name)
    for label in measures.values():
        header += [label] if before is None else [label, "change"]
    header.append("by")
    rows = []
    for s in chosen:
        row = [viewers.regions[s], _number(variation[s]), _number(value[s], 1)]
        for measure in measures:
            row.append(_number(now[measure][s]))
            if before is not None:
                row.append(_number(now[measure][s] - before[measure][s], 3, sign=True))
        rows.append([*row, worst[s] or "-"])
    told = f"{title(case)}. Losses in % of real income, weighting {name}"
    if before is not None:
        told += "; changes against no policy, points"
    return Table(told, header, rows)


def _families(viewers: Viewers, case: StressCase, chosen: Sequence[int]) -> Table:
    now = viewers.by_family(case.losses)
    before = {} if case.reference is None else viewers.by_family(case.reference.losses)
    header = [""]
    for family in now:
        label = _FAMILIES.get(family, family)
        header += [label, "change"] if before else [label]
    rows = []
    for s in chosen:
        row = [viewers.regions[s]]
        for family, values in now.items():
            row.append(_number(values[s]))
            if before:
                row.append(_number(values[s] - before[family][s], 3, sign=True))
        rows.append(row)
    return Table(f"{title(case)}. Mean loss by family, %", header, rows)


def _weightings(run: StressRun, viewers: Viewers, case: StressCase, chosen: Sequence[int]) -> Table:
    header, columns = [""], []
    for name in run.library.weightings:
        now = viewers.statistics(case.losses, name)
        before = None if case.reference is None else viewers.statistics(
            case.reference.losses, name
        )  # fmt: skip
        for measure, label in (("expected_loss", "EL"), ("cvar", "CVaR")):
            if before is None:
                header.append(f"{name}: {label}")
                columns.append([_number(v) for v in now[measure]])
            else:
                header.append(f"{name}: {label}, change")
                columns.append([_number(v, 3, True) for v in now[measure] - before[measure]])
    rows = [[viewers.regions[s], *(column[s] for column in columns)] for s in chosen]
    what = "Losses" if case.reference is None else "Change against no policy, points,"
    return Table(f"{title(case)}. {what} under every weighting", header, rows)


def _list(run: StressRun, viewers: Viewers) -> Table:
    """Return the disruptions, and what each takes from whom without policy."""
    case = run.cases[0]
    rows = []
    for n, one in enumerate(run.disruptions[: run.of_library]):
        losses = 100 * case.losses[n]
        most = "-"
        if np.isfinite(losses).all():
            order = np.argsort(-losses)[:3]
            most = ", ".join(f"{viewers.regions[s]} {_number(losses[s])}" for s in order)
        rows.append([one.name, one.title, str(one.duration), most])
    return Table(f"Disruptions, and who loses most, %. {title(case)}",
                 ["", "what happens", "years", "most"], rows)  # fmt: skip


def notes(run: StressRun) -> list[str]:
    """Return what must be said under any table of the test."""
    b, settings = run.benchmark, run.cases[0].stage.settings
    lines = [f"Policy: {line}." for line in policy_lines(run.scenario)]
    if b.status == "estimated":
        lines.insert(0, "BENCHMARK WITH ESTIMATED DATA.")
    lines += [
        *b.notes,
        f"Benchmark: {b.name}, {len(b.regions)} regions x {len(b.sectors)} sectors.",
    ]
    source = run.library.file.name if run.library.file is not None else "given"
    lines.append(
        f"{run.of_library} disruptions (library {source}); sizes and probabilities are "
        "assumed, not estimated: read the results under every weighting. Probabilities are those "
        "of a disruption, given that one of these happens."
    )
    lines.append(
        "Loss: part of real income (absorption less what is borrowed within the year) that a "
        "disruption takes, against the same policy without it. Within the year capital stays in "
        "its sector, relations with suppliers are those of the equilibrium before, demand has "
        "short-run elasticities" + (
            ", wages do not move against each other and regions lend." if settings.lending
            else ", balances are given."
        )
    )  # fmt: skip
    lines.append(_backstop(run))
    lines += [f"Found: {rate.text}, {case.stage.label}."
              for case in run.cases for rate in case.stage.found]  # fmt: skip
    if any(not is_reference(case) for case in run.cases):
        lines.append("Change: against the same world without the policy, the responses to it and "
                     "its financing; negative is more resilient.")  # fmt: skip
    lines += [f"Left out: {line}." for line in run.left_out]
    lines += _rescaled(run)
    for case in run.cases:
        for name, reason in case.failures:
            lines.append(f"NO EQUILIBRIUM: {name} ({case.stage.label}): {reason}.")
    if any(case.failures for case in run.cases):
        lines.append("Statistics that give weight to a disruption without equilibrium are missing "
                     "(-).")  # fmt: skip
    return lines


def _backstop(run: StressRun) -> str:
    settings = run.cases[0].stage.settings
    if not settings.backstop:
        return ("No imports have a domestic stand-in: the benchmark has no group 'strategic', or "
                "none is wanted; a total ban costs as much as the elasticities say.")  # fmt: skip
    told = ", ".join(f"{code} {settings.premium[code]:.3g}" for code in settings.backstop)
    text = f"Domestic stand-ins for imports cost, times the price of the import: {told} (assumed)"
    if any(case.stage.knowledge is not None for case in run.cases):
        text += (f"; knowledge above the baseline lowers what is over 1 with elasticity "
                 f"{settings.eta:g}, not below {settings.floor:g}")  # fmt: skip
    return f"{text}."


def _rescaled(run: StressRun) -> list[str]:
    """Return who has no disruption of a family, so that the others weigh more."""
    viewers = Viewers(run)
    name = shown(list(run.library.weightings))
    by_family: dict[str, list[str]] = {}
    for region, families in viewers.dropped(name).items():
        for family in families:
            by_family.setdefault(family, []).append(region)
    none = [
        region
        for region, total in zip(viewers.regions, viewers.weights(name).sum(axis=0), strict=True)
        if not total
    ]
    lines = [
        f"No disruption of family {family} for {', '.join(regions)}: their other families are "
        "scaled up to 1."
        for family, regions in by_family.items()
    ]  # fmt: skip
    if none:
        lines.append(f"No disruption has weight for {', '.join(none)}: no statistics.")
    return lines


def markdown(run: StressRun, found: Sequence[Table], lines: Sequence[str]) -> str:
    """Return the summary of a stress test as Markdown."""
    scenario = run.scenario
    result = [f"# Stress test: {scenario.title or scenario.name}", ""]
    if scenario.description:
        result += [scenario.description.strip(), ""]
    for table in found:
        header = [cell.replace("|", "\\|") for cell in table.header]
        result += [f"## {table.title}", "", "| " + " | ".join(header) + " |"]
        result.append("|---" + "|---:" * (len(header) - 1) + "|")
        result += ["| " + " | ".join(row) + " |" for row in table.rows]
        result.append("")
    result += ["Notes", "", *(f"- {line}" for line in lines)]
    names = run.benchmark.names.get("regions", {})
    if names and len(names) <= 20:
        result.append(f"- Regions: {', '.join(f'{c} {n}' for c, n in names.items())}.")
    return "\n".join(result) + "\n"
