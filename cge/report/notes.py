"""What must stand under a table or figure, so that it can go into a paper as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cge.report.cases import Case
from cge.results.manifest import ESTIMATED
from cge.results.resultset import ResultSet

INDICES = (
    "Real GDP and terms of trade are Fisher indices; EV is the exact equivalent variation of the "
    "regional agent (household, government and investment)."
)
LABOUR = "Real wage and employment are those of factor LAB."
PARTS = (
    "The parts of welfare are integrated along the path from the benchmark and add up to the "
    "exact EV. Allocative efficiency is the change of what tariffs, taxes and subsidies hold "
    "back or over-expand."
)
#: Rates of a case in words, and where its facts have them.
_RATES = {"Endogenous rates": "endogenous_rates", "Rates raised in response": "response_rates"}


def notes_of(cases: Sequence[Case], first: Iterable[str] = (), **said: bool) -> tuple[str, ...]:
    """Notes of a table: what it shows, then what holds for all results, then for each case.

    Parameters
    ----------
    cases : sequence of Case
        Those shown.
    first : iterable of str
        What the figures are.
    **said : bool
        Whether figures are shown that need a line: ``labour``, ``parts``, ``indices``.
    """
    lines: list[str] = []
    sets = list(dict.fromkeys(case.results for case in cases))
    if any(ESTIMATED in one.manifest.get("notes", ()) for one in sets):
        lines.append(ESTIMATED)
    lines += first
    lines += _policy(sets, cases)
    common = {"labour": LABOUR, "parts": PARTS, "indices": INDICES}
    lines += [text for name, text in common.items() if said.get(name)]
    lines += _of_results(sets)
    lines += _of_cases(cases)
    return tuple(dict.fromkeys(lines))


def _policy(sets: Sequence[ResultSet], cases: Sequence[Case]) -> list[str]:
    """Lines of the policy of the variants that are shown."""
    variants = {case.keys["variant"] for case in cases}
    lines = []
    for results in sets:
        told = [n for n in results.manifest.get("notes", ()) if n.startswith("Policy: ")]
        several = any(case.get("variant") for case in results.manifest.get("cases", ()))
        for line in told:
            variant = line.removeprefix("Policy: ").partition(":")[0]
            if not several or variant in variants:
                lines.append(line)
    return lines


def _of_results(sets: Sequence[ResultSet]) -> list[str]:
    """Lines about the data and the study, those that differ under the scenario's name."""
    found: dict[str, list[ResultSet]] = {}
    for results in sets:
        told = [n for n in results.manifest.get("notes", ())
                if not n.startswith("Policy: ") and n != ESTIMATED]  # fmt: skip
        for line in [*_data(results.benchmark), *told]:
            found.setdefault(line, []).append(results)
    lines = []
    for line, own in found.items():
        if len(own) == len(sets):
            lines.append(line)
        else:
            lines.append(f"{', '.join(dict.fromkeys(one.name for one in own))}: {line}")
    return lines


def _data(b: Mapping[str, Any]) -> list[str]:
    size = f"{len(b.get('regions', ()))} regions x {len(b.get('sectors', ()))} sectors"
    return [*map(str, b.get("notes", ())), f"Benchmark: {b.get('name', '')}, {size}."]


def _of_cases(cases: Sequence[Case]) -> list[str]:
    """Closure, numeraire, endogenous rates, responses, case by case where they differ."""
    lines = []
    for word, key in (("Closure", "closure"), ("Numeraire", "numeraire")):
        told: dict[str, list[str]] = {}
        for case in cases:
            text = str(case.facts.get(key, ""))
            if text:
                ending = f"{text} = 1" if key == "numeraire" else text
                told.setdefault(ending, []).append(case.label or case.title)
        for text, labels in told.items():
            where = "" if len(told) == 1 else f" ({'; '.join(dict.fromkeys(labels))})"
            lines.append(f"{word}{where}: {text}.")
    for case in cases:
        facts = case.facts
        where = case.label.removesuffix(f"year {case.keys['path_year']}").removesuffix(", ")
        where = f" ({where})" if where else ""
        for words, key in _RATES.items():
            if facts.get(key):
                lines.append(f"{words}{where}: {'; '.join(facts[key])}.")
        if facts.get("failure"):
            lines.append(f"Welfare could not be taken apart{where}: {facts['failure']}")
    sets = list(dict.fromkeys(str(case.keys["elasticities"]) for case in cases))
    lines.append(f"Trade elasticities: {', '.join(name for name in sets if name)}.")
    returns = list(dict.fromkeys(str(case.keys["research_return"]) for case in cases))
    if any(returns):
        lines.append(f"Returns to research: {', '.join(level for level in returns if level)}.")
    steps = {float(case.keys["step"]) for case in cases}
    if steps != {1.0}:
        told_steps = ", ".join(f"{100 * step:g}" for step in sorted(steps))
        lines.append(f"Share of the policy in place: {told_steps} %.")
    return lines
