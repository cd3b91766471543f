"""Notes that any table of a stress test carries, and its part of the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cge.policy.adjustment import ADJUSTS
from cge.results.row_schema import is_world, usual_weighting
from cge.stress.stress_cases import StressCase
from cge.stress.viewers import Viewers


def stress_notes(viewers: Viewers, cases: Sequence[StressCase]) -> list[str]:
    """Notes on how losses are defined, what is assumed, and what is missing."""
    plan = viewers.plan
    first = cases[0].equilibrium
    source = plan.library.file.name if plan.library.file is not None else "given"
    if not set(plan.choice.disruptions) & {"*", "all"}:
        source += ", those that are named"
    lines = [
        f"{len(plan.disruptions)} disruptions (library {source}); sizes and probabilities are "
        "assumed, not estimated: read the results under every weighting. Probabilities are those "
        "of a disruption, given that one of these happens.",
        "Loss: part of real income (absorption less what is borrowed within the year) that a "
        "disruption takes, against the same policy without it. Within the year capital stays in "
        "its sector, relations with suppliers are those of the equilibrium before, demand has "
        f"short-run elasticities; {ADJUSTS[first.settings.run.adjustment]}.",
        f"CVaR: mean of the worst losses, which have the probability {1 - plan.level:.3g}.",
        _backstops(cases),
    ]  # fmt: skip
    if not all(is_world(case.equilibrium.labels["variant"]) for case in cases):
        lines.append("Change: against the same world without the policy, the responses to it and "
                     "its financing; negative is more resilient.")  # fmt: skip
    lines += [f"Left out: {line}." for line in plan.left_out]
    lines += _rescaled(viewers)
    lines += _alone_in_tail(viewers, cases)
    failed = [
        f"NO EQUILIBRIUM: {name} ({case.equilibrium.label}): {reason}."
        for case in cases for name, reason in case.failures
    ]  # fmt: skip
    if failed:
        lines += [*failed, "Statistics that give weight to a disruption without equilibrium are "
                           "missing (-)."]  # fmt: skip
    return lines


def _backstops(cases: Sequence[StressCase]) -> str:
    own = cases[0].equilibrium.settings.stand_ins
    if not own.sectors:
        return ("No imports have a domestic stand-in: the benchmark has no group 'strategic', or "
                "none is wanted; a total ban costs as much as the elasticities say.")  # fmt: skip
    premiums = ", ".join(f"{code} {premium:.3g}" for code, premium in own.premium.items())
    text = "Domestic stand-ins for imports cost, times the benchmark's cost of the import: "
    text += f"{premiums} (assumed)"
    if any("path_year" in case.equilibrium.labels for case in cases):
        text += (f"; knowledge above the baseline lowers what is over 1 with elasticity "
                 f"{own.eta:g}, not below {own.floor:g}")  # fmt: skip
    return f"{text}."


def _rescaled(viewers: Viewers) -> Iterator[str]:
    """Regions without a disruption of a family, for which the others weigh more."""
    name = usual_weighting(viewers.weightings)
    by_family: dict[str, list[str]] = {}
    for region, families in viewers.dropped(name).items():
        for family in families:
            by_family.setdefault(family, []).append(region)
    for family, regions in by_family.items():
        yield (f"No disruption of family {family} for {', '.join(regions)}: their other families "
               "are scaled up to 1.")  # fmt: skip
    total = viewers.weights(name).sum(axis=0)
    none = [region for region, sum_ in zip(viewers.regions, total, strict=True) if not sum_]
    if none:
        yield f"No disruption has weight for {', '.join(none)}: no statistics."


def _alone_in_tail(viewers: Viewers, cases: Sequence[StressCase]) -> Iterator[str]:
    """Regions whose CVaR is the loss from one disruption, and the weightings under which."""
    found: dict[str, dict[str, None]] = {}
    for name in viewers.weightings:
        for case in cases:
            for region, disruption in viewers.alone_in_tail(case.losses, name).items():
                found.setdefault(f"{region} ({disruption})", {})[name] = None
    if found:
        where = "; ".join(f"{one} under {', '.join(names)}" for one, names in found.items())
        yield (f"CVaR is the loss from one disruption alone, at least as likely as the tail of "
               f"{1 - viewers.plan.level:.3g}, for {where}.")  # fmt: skip
