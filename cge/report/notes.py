"""What must stand under a table or figure, so that it can go into a paper as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cge.results.report.runs import Case, RunFolder
from pydantic import ValidationError

from cge.scenario.schema import Scenario
from cge.scenario.wording import policy_lines

ESTIMATED = "BENCHMARK WITH ESTIMATED DATA."
_NO_MANIFEST = "Data, policy and closure are not recorded: the folder has no manifest."
#: How the lines of a summary begin that speak of figures not every table shows.
_LABOUR = "Real wage and employment"
PARTS = "The parts of welfare"
#: More regions than this are not named one by one.
MOST_NAMES = 20


def notes_of(
    cases: Sequence[Case], first: Sequence[str] = (), *, labour: bool = False, parts: bool = False,
    codes: Sequence[str] = (), without: str | tuple[str, ...] = "",
) -> tuple[str, ...]:  # fmt: skip
    """Return the notes of a table: what it shows, then what holds for all runs, then for each.

    Parameters
    ----------
    cases : sequence of Case
        Those shown.
    first : sequence of str
        What the figures are.
    labour : bool
        Whether wages or employment are among them.
    parts : bool
        Whether parts of welfare are.
    codes : sequence of str
        Region codes that stand in the table, to be named; default those of the first case.
    without : str or tuple of str
        Beginnings of lines that speak of something else.
    """
    runs = list(dict.fromkeys(case.run for case in cases))
    lines = {run: run_notes(run) for run in runs}
    others = (without,) if isinstance(without, str) else without
    off = tuple(
        text for text in (*others, "" if labour else _LABOUR, "" if parts else PARTS) if text
    )
    lines = {run: [line for line in own if not line.startswith(off)] for run, own in lines.items()}
    common = [line for line in lines[runs[0]] if all(line in other for other in lines.values())]
    notes = [*(line for line in common if line == ESTIMATED), *first]
    notes += [line for line in common if line != ESTIMATED]
    for run in runs:
        own = " ".join(line for line in lines[run] if line not in common)
        if own:
            notes.append(f"{_called(run, runs)}: {own}")
    sets = list(dict.fromkeys(case.keys["elasticities"] for case in cases))
    sets = [name for name in sets if name]
    if sets:
        notes.append(f"Trade elasticities: {', '.join(sets)}.")
    years = list(dict.fromkeys(case.keys["year"] for case in cases
                               if case.keys.get("returns") and case.keys.get("year")))  # fmt: skip
    if years:
        notes.append(f"Year of the path: {', '.join(years)}; {cases[0].keys['returns']} returns to "
                     "research.")  # fmt: skip
    if cases[0].step != 1:
        notes.append(f"The policy is in place to {100 * cases[0].step:g} percent.")
    names = cases[0].run.names("regions")
    named = [f"{code} {names[code]}" for code in codes or cases[0].regions
             if names.get(code, code) != code]  # fmt: skip
    if named and len(named) <= MOST_NAMES:
        notes.append(f"Regions: {', '.join(named)}.")
    return tuple(dict.fromkeys(notes))


def _called(run: RunFolder, runs: Sequence[RunFolder]) -> str:
    """Return a run's scenario, or its folder where two are of one scenario."""
    names = [_scenario_name(other) for other in runs]
    name = _scenario_name(run)
    return name if names.count(name) == 1 else run.name


def _scenario_name(run: RunFolder) -> str:
    scenario = run.manifest.get("scenario")
    return str(scenario.get("name", run.name)) if isinstance(scenario, dict) else run.name


def run_notes(run: RunFolder) -> list[str]:
    """Return the notes a run recorded; of an older one, what its manifest lets one say."""
    manifest = run.manifest
    if not manifest:
        return [_NO_MANIFEST]
    benchmark = run.benchmark
    recorded = manifest.get("notes")
    if isinstance(recorded, list) and recorded:
        lines = [str(line) for line in recorded]
    else:
        lines = _rebuilt(manifest, benchmark)
    if benchmark.get("status") == "estimated" and ESTIMATED not in lines:
        lines.insert(0, ESTIMATED)
    return lines


def _rebuilt(manifest: Mapping[str, Any], benchmark: Mapping[str, Any]) -> list[str]:
    lines = []
    try:
        scenario = Scenario.model_validate(manifest.get("scenario"))
    except ValidationError:  # written by another version
        scenario = None
    if scenario is not None:
        lines += [f"Policy: {line}." for line in policy_lines(scenario)]
    lines += [str(line) for line in benchmark.get("notes") or []]
    origin = benchmark.get("origin") if isinstance(benchmark.get("origin"), dict) else {}
    year = f", year {origin['year']}" if origin and origin.get("year") else ""
    if benchmark.get("name"):
        lines.append(f"Benchmark: {benchmark['name']}{year}.")
    if scenario is not None:
        closure = scenario.closure
        words = f"Closure: {closure.kind.replace('_', ' ')}"
        words += f", {scenario.chosen_speed}-run elasticities"
        balance = closure.balance
        if balance == "given":
            words += "; trade balances as in the data, indexed to the numeraire"
        else:
            scaled = balance if isinstance(balance, str) else f"x {balance.scale:g}"
            words += f"; trade balances {scaled}"
        lines.append(f"{words}.")
        lines.append(f"Numeraire: {closure.numeraire or 'world factor price index'} = 1.")
    return lines
