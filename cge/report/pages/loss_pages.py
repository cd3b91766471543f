"""Losses by region: their statistics, under every weighting, by family and by disruption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import check_known, refuse_if
from cge.report.drafts.case_groups import Group
from cge.report.drafts.cases import EVERY_YEAR, Case, all_rows, cases_of, codes_of
from cge.report.drafts.choice import FLAGS, Choice, chosen
from cge.report.drafts.columns import Shown, by_group
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, Column, Panel
from cge.results.register import heading
from cge.results.resultset import ResultSet
from cge.results.row_schema import is_world, usual_weighting

STATISTICS = ("expected_loss", "cvar", "worst_loss")
#: Regions that lose most from a disruption.
MOST = 3
_CHANGE = "Change: against no policy."


def tested(found: Sequence[ResultSet], choice: Choice, world: bool = False) -> list[Case]:
    """Chosen equilibria that disruptions set out from; by default those under a policy."""
    return cases_of(found, choice, ("expected_loss",), EVERY_YEAR, all_rows, world)


def weighting_of(case: Case, choice: Choice) -> str:
    """The weighting that is chosen, or that the study names.

    Raises
    ------
    InputError
        For one that the library does not have.
    """
    known = list(_library(case).get("weightings", ()))
    refuse_if(not known, "the manifest says of no library of disruptions", key="library",
              file=case.results.folder)  # fmt: skip
    wanted = choice.weighting or case.results.manifest.get("weighting")
    check_known({wanted} - {None}, known, "not in these results", key=FLAGS["weighting"])
    return str(wanted or usual_weighting(known))


def losses(found: Sequence[ResultSet], choice: Choice, words: bool = True) -> Draft:
    """Welfare in normal times and statistics of losses, regions in rows; the worst by name."""
    cases = tested(found, choice)
    weighting = weighting_of(cases[0], choice)
    where = {"weighting": weighting}
    shown = [Shown("equivalent_variation")]
    for measure in STATISTICS:
        shown += _and_change(cases, measure, heading(measure), where, "change" * words)
    if words:
        shown.append(Shown("worst_loss", "by", "words", where, "disruption", "worst_disruption"))
    lines = [f"Statistics of losses under the weighting {weighting}."]
    return _draft("Losses from disruptions", cases, shown, choice, lines)


def weightings(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Expected loss and CVaR under every weighting, or their changes against no policy.

    Raises
    ------
    InputError
        Where there is one weighting alone.
    """
    cases = tested(found, choice)
    names = list(_library(cases[0]).get("weightings", ()))
    refuse_if(len(names) < 2, "there is one weighting alone", value=", ".join(names))
    change = not _without_policy(cases)
    shown = [
        _shown(measure, f"{name}: {heading(measure)}", {"weighting": name}, change)
        for name in names for measure in ("expected_loss", "cvar")
    ]  # fmt: skip
    title = "Change of losses under every weighting" if change else "Losses under every weighting"
    return _draft(title, cases, shown, choice, [_CHANGE * change])


def families(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Mean loss by family of disruptions, regions in rows."""
    cases = tested(found, choice)
    shown = []
    for name in dict.fromkeys(n for case in cases for n in case.codes("item", "loss_by_family")):
        shown += _and_change(cases, "loss_by_family", name.replace("_", " "), {"item": name})
    lines = ["Mean loss over the disruptions of a family in the eyes of the region."]
    return _draft("Losses by family", cases, shown, choice, lines)


def _shown(measure: str, title: str, where: dict[str, str], change: bool) -> Shown:
    column = "change" if change else "value"
    return Shown(measure, title, column, where, key="_".join([measure, *where.values(), column]))


def _and_change(
    cases: Sequence[Case], measure: str, title: str, where: dict[str, str], change: str = ""
) -> list[Shown]:
    """A loss, and beside it its change, where there is a policy."""
    found = [_shown(measure, title, where, change=False)]
    if not _without_policy(cases):
        found.append(_shown(measure, change or f"{title}, change", where, change=True))
    return found


def _draft(
    title: str, cases: Sequence[Case], shown: Sequence[Shown], choice: Choice, lines: Sequence[str]
) -> Draft:
    groups = [Group((case,), case.label) for case in cases]
    lost = set(pd.concat([case.rows(one.measure) for case in cases for one in shown])["region"])
    codes = [code for code in codes_of(cases, choice) if code in lost]
    return Draft(title, "Region", by_group(groups, shown, codes), cases, lines, folded=2)


def _titles(case: Case) -> dict[str, str]:
    """Titles of the disruptions of the library by name, as far as the manifest tells them."""
    every = _library(case).get("disruptions", ())
    return {str(one["name"]): str(one.get("title", "")) for one in every if one.get("name")}


def disruptions(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Disruptions, and the regions that lose most from each, without policy."""
    cases, panels = _first(found, choice), []
    for case in cases:
        table = _by_disruption(case, choice)
        order = np.argsort(-table.to_numpy(), axis=1, kind="stable")[:, :MOST]
        values = np.take_along_axis(table.to_numpy(), order, axis=1)
        figures = np.full((len(table), 2 * order.shape[1]), np.nan)
        figures[:, ::2] = values
        heads = []
        for n in range(order.shape[1]):
            heads += [Column(f"loss_{n + 1}", "then" if n else "Loss", "percent of real income",
                             AUTO, group="loss"), Column(f"region_{n + 1}", "of")]  # fmt: skip
        words = {(i, 2 * n + 1): str(table.columns[place]) if np.isfinite(values[i, n]) else "-"
                 for i, row in enumerate(order) for n, place in enumerate(row)}  # fmt: skip
        known = _titles(case)
        titles = tuple(known.get(name) or name for name in table.index)
        panels.append(Panel(case.label, tuple(heads), titles, figures, keys=case.texts,
                            row_keys=tuple({"disruption": name} for name in table.index),
                            words=words))  # fmt: skip
    return Draft("Disruptions and who loses most", "Disruption", panels, cases)


def disruption_map(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Effect of every disruption on the real income of every region; losses are negative."""
    cases = _first(found, choice)[:1]
    table = _by_disruption(cases[0], choice)
    heads = tuple(Column(code, code, "percent of real income", AUTO, group="loss")
                  for code in table.columns)  # fmt: skip
    panel = Panel("", heads, tuple(table.index), -table.to_numpy(), keys=cases[0].texts)
    return Draft("Effect of disruptions on real income", "Disruption", [panel], cases,
                 across="Region")  # fmt: skip


def _first(found: Sequence[ResultSet], choice: Choice) -> list[Case]:
    """The world without policy: the first of its equilibria unless others are wanted."""
    cases = tested(found, choice, world=True)
    wanted = choice.scenarios or choice.elasticities or choice.years or choice.returns
    return cases if wanted else cases[:1]


def _by_disruption(case: Case, choice: Choice) -> pd.DataFrame:
    """Losses, disruptions of the library by regions."""
    rows = case.rows("loss")
    table = rows.pivot_table(index="disruption", columns="region", values="value", sort=False)
    order = [name for name in _titles(case) if name in table.index]
    codes = chosen([code for code in case.regions if code in table], choice.regions, "regions")
    return table.loc[order, codes]


def _library(case: Case) -> dict[str, Any]:
    """The library of disruptions, from the manifest."""
    return dict(case.results.manifest.get("library") or {})


def years(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Loss of a year by source: how often disruptions come, and how much they take.

    Raises
    ------
    InputError
        Where the library says of nothing how often it comes.
    """
    cases = tested(found, choice)
    sources = list(dict.fromkeys(n for case in cases for n in case.codes("item", "frequency")))
    refuse_if(not sources, "the library says of no disruption how often it comes",
              allowed="entries with a frequency")  # fmt: skip
    shown: list[Shown] = []
    for name in [*filter(None, sources), ""]:
        where = {"item": name}
        shown += (
            replace(one, group=name.replace("_", " ") or "all")
            for one in (
                _shown("frequency", "a year", where, change=False),
                *_and_change(cases, "annual_loss", "mean", where, "change"),
                *_and_change(cases, "annual_cvar", "CVaR", where, "change"),
            )
        )
    level = (cases[0].results.manifest.get("stress") or {}).get("annual_cvar_level", 0.95)
    lines = [_CHANGE * (not _without_policy(cases)),
             "A year: probability that a disruption of a source begins in it. Mean loss and "
             "CVaR are of a year, in most of which nothing happens; a year is one of a "
             f"disruption with its frequency times its duration; CVaR: mean of the worst "
             f"{100 * (1 - level):.2g} % of years. Frequencies are assumed, with the range in the "
             "library."]  # fmt: skip
    return _draft("Loss of a year by source", cases, shown, choice, lines)


def _without_policy(cases: Sequence[Case]) -> bool:
    return all(is_world(str(case.keys["variant"])) for case in cases)


_NEEDS = "results of `cge stress` or `cge compare`"
KINDS = (
    PageKind("losses", "losses from disruptions: expected, tail, worst", losses,
             ("regions", "weighting"), figure=partial(losses, words=False), needs=_NEEDS),
    PageKind("weightings", "losses under every weighting of disruptions", weightings, ("regions",),
             needs=_NEEDS),
    PageKind("families", "losses by family of disruptions", families, ("regions",), needs=_NEEDS),
    PageKind("annual", "loss of a year by source, by how often and how severe", years, ("regions",),
             needs=_NEEDS),
    PageKind("disruptions", "each disruption, and who loses most", disruptions, ("regions",),
             "heat", disruption_map, _NEEDS),
)  # fmt: skip
