"""Notes under a table or figure, so that it can go into a paper as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cge.report.drafts.cases import Case, whose_welfare
from cge.report.drafts.pagekind import Draft
from cge.results.resultset import ESTIMATED, NAMED, ResultSet

#: What must be said of a measure that is a column, or of an item.
_MEANING: Mapping[str, str] = {
    "equivalent_variation": "Welfare: equivalent variation of the regional agent ({whose}), in "
    "percent of its benchmark absorption.",
    "trade_efficiency": "Terms of trade and allocative efficiency are parts of the welfare "
    "change, in percent of benchmark absorption, integrated along the path of the policy. "
    "Allocative efficiency is the change of what tariffs, taxes and subsidies hold back or "
    "over-expand.",
    "domestic_share": "Domestic share: purchases from the own region in all purchases, in value "
    "at the exporter's border, change in percentage points.",
    "domestic_share_per_ev_lost": "Domestic share gained per 0.01 % of benchmark absorption lost, "
    "of the whole welfare change; a dash where welfare does not fall.",
    "domestic_share_per_efficiency_lost": "Domestic share gained per 0.01 % of benchmark "
    "absorption lost in allocative efficiency alone, terms of trade left out.",
    "outlay": "Outlay: subsidies paid and taxes forgone, at the solution.",
    "tax_revenue": "Net tax revenue: change of all taxes less subsidies.",
    "[LAB]": "Real wage and employment are those of factor LAB.",
    "real_gdp": "Real GDP and terms of trade are Fisher indices.",
}


def notes_of(draft: Draft) -> tuple[str, ...]:
    """Notes of a page: what it shows, then what holds for all results, then for each case."""
    sets = list(dict.fromkeys(case.results for case in draft.cases))
    columns = {column.key for panel in draft.panels for column in panel.columns}
    columns |= {key[key.index("[") :] for key in columns if "[" in key}
    said = {line.split(":")[0] for line in draft.lines if ":" in line}
    estimated = any(ESTIMATED in one.manifest.get("notes", ()) for one in sets)
    strategic = any(key.endswith("_strategic") for key in columns)
    meant = [one.strategic_goods for one in sets]
    lines = [
        *([ESTIMATED] if estimated else []), *draft.lines,
        *(f"Strategic goods: {every}." for every in meant if strategic and every != NAMED),
        *(text.format(whose=whose_welfare(sets)) for key, text in _MEANING.items()
          if key in columns and text.split(":")[0] not in said),
        *_policy(sets, draft.cases), *_of_results(sets),
        *(_of_cases(draft.cases) if draft.of_cases else []),
    ]  # fmt: skip
    return tuple(dict.fromkeys(line for line in lines if line))


def _policy(sets: Sequence[ResultSet], cases: Sequence[Case]) -> list[str]:
    """Lines of the policy of the variants that are shown."""
    variants = {case.keys["variant"] for case in cases}
    lines: list[str] = []
    for results in sets:
        others = {case.get("variant") for case in results.manifest.get("cases", ())} - variants
        lines += [n for n in results.manifest.get("notes", ()) if n.startswith("Policy: ")
                  and n.removeprefix("Policy: ").partition(":")[0] not in others]  # fmt: skip
    return lines


def _of_results(sets: Sequence[ResultSet]) -> list[str]:
    """Lines about the data and the study, those that differ under the scenario's name."""
    found: dict[str, list[ResultSet]] = {}
    for results in sets:
        told = [n for n in results.manifest.get("notes", ())
                if not n.startswith("Policy: ") and n != ESTIMATED]  # fmt: skip
        data: list[str] = []
        for b in results.benchmarks:
            size = f"{len(b.get('regions', ()))} regions x {len(b.get('sectors', ()))} sectors"
            data += [*map(str, b.get("notes", ())), f"Benchmark: {b.get('name', '')}, {size}."]
        for line in [*data, *told]:
            found.setdefault(line, []).append(results)
    names = {line: ", ".join(dict.fromkeys(one.name for one in own)) for line, own in found.items()}
    return [line if len(own) == len(sets) else f"{names[line]}: {line}"
            for line, own in found.items()]  # fmt: skip


def _of_cases(cases: Sequence[Case]) -> list[str]:
    """How cases were solved, with their names where they differ."""
    lines = []
    for word, key, ending in (
        ("Closure", "closure", "."), ("Numeraire", "numeraire", " = 1."),
        ("Endogenous rates", "endogenous_rates", "."),
        ("Rates raised in response", "response_rates", "."),
        ("Welfare could not be taken apart", "failure", ""),
        ("Another equilibrium of the same policy (found on another way)",
         "another", "."),
        ("Hardly determined (quantities are right, values over those elsewhere mean little)",
         "undetermined", "."),
    ):  # fmt: skip
        found = [(case, case.facts.get(key) or "") for case in cases]
        told = [(case, text if isinstance(text, str) else "; ".join(text)) for case, text in found]
        by_title = len({(case.title, text) for case, text in told}) == len(
            {case.title for case, _ in told})  # fmt: skip
        whose: dict[str, dict[str, None]] = {}
        for case, text in told:
            label = re.sub(r"(^|, )year \d+$", "", case.label)
            whose.setdefault(text, {})[case.title if by_title else label or case.title] = None
        for text, labels in whose.items():
            where = f" ({'; '.join(labels)})" if len(whose) > 1 else ""
            lines += [f"{word}{where}: {text}{ending}"] if text else []
    for word, column in (("Trade elasticities", "elasticities"),
                         ("Returns to research", "research_return")):  # fmt: skip
        names = [name for name in dict.fromkeys(str(case.keys[column]) for case in cases) if name]
        lines += [f"{word}: {', '.join(names)}."] if names else []
    steps = sorted({float(case.keys["step"]) for case in cases})
    if steps != [1.0]:
        shares = ", ".join(f"{100 * step:g}" for step in steps)
        lines.append(f"Share of the policy in place: {shares} %.")
    return lines
