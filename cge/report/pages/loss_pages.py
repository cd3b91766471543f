"""Losses by region: their statistics, under every weighting, by family and by disruption."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from cge.core.errors import InputError
from cge.report.cases import Case
from cge.report.choice import Choice, chosen
from cge.report.format.page import Column, Page, Panel
from cge.report.format.units import printed
from cge.report.loss_tables import Shown, keys_of, library_of, loss_page, tested, weighting_of
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.register import heading
from cge.results.resultset import ResultSet
from cge.stress.worlds import is_world

STATISTICS = ("expected_loss", "cvar", "worst_loss")
#: Regions that lose most from a disruption.
MOST = 3
_CHANGE = "Change: against no policy."


def losses(found: Sequence[ResultSet], choice: Choice, words: bool = True) -> Page:
    """Welfare in normal times and statistics of losses, regions in rows; the worst by name."""
    cases = tested(found, choice)
    where = {"weighting": weighting_of(cases[0], choice)}
    shown = [
        Shown("equivalent_variation", "Welfare (EV)"),
        *_with_changes(cases, STATISTICS, where),
        *([Shown("worst_loss", "by", where=where, text="disruption")] if words else []),
    ]
    lines = [f"Statistics of losses under the weighting {where['weighting']}."]
    return loss_page("losses", "Losses from disruptions", cases, shown, choice, lines)


def weightings(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Expected loss and CVaR under every weighting, or their changes against no policy.

    Raises
    ------
    InputError
        Where there is one weighting alone.
    """
    cases = tested(found, choice)
    names = list(library_of(cases[0]).get("weightings", ()))
    if len(names) < 2:
        raise InputError("there is one weighting alone", value=", ".join(names))
    change = not all(map(_world, cases))
    shown = [
        Shown(measure, f"{name}: {heading(measure)}", "change" if change else "value",
              {"weighting": name})
        for name in names
        for measure in ("expected_loss", "cvar")
    ]  # fmt: skip
    title = "Change of losses under every weighting" if change else "Losses under every weighting"
    return loss_page("weightings", title, cases, shown, choice, [_CHANGE] if change else [])


def families(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Mean loss by family of disruptions, regions in rows."""
    cases = tested(found, choice)
    known = dict.fromkeys(name for case in cases for name in case.codes("item", "loss_by_family"))
    shown = []
    for name in known:
        where, words = {"item": name}, name.replace("_", " ")
        shown.append(Shown("loss_by_family", words, where=where))
        if not all(map(_world, cases)):
            shown.append(Shown("loss_by_family", f"{words}, change", "change", where))
    lines = ["Mean loss over the disruptions of a family in the eyes of the region."]
    return loss_page("families", "Losses by family", cases, shown, choice, lines)


def disruptions(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Disruptions, and the regions that lose most from each, without policy."""
    cases = _first(found, choice)
    panels = []
    for case in cases:
        table = _by_disruption(case, choice)
        order = np.argsort(-table.to_numpy(), axis=1, kind="stable")[:, :MOST]
        values = np.take_along_axis(table.to_numpy(), order, axis=1)
        figures = np.full((len(table), 2 * order.shape[1]), np.nan)
        figures[:, ::2] = values
        digits = printed("percent of real income", values).digits
        heads = [
            column for n in range(order.shape[1]) for column in (
                Column(f"loss_{n + 1}", "Loss" if n == 0 else "then", "% of real income", digits),
                Column(f"region_{n + 1}", "of"),
            )
        ]  # fmt: skip
        words = {(i, 2 * n + 1): str(table.columns[place]) if np.isfinite(values[i, n]) else "-"
                 for i, row in enumerate(order) for n, place in enumerate(row)}  # fmt: skip
        panels.append(Panel(case.label, tuple(heads), _titles(case, table.index), figures,
                            keys=keys_of(case), words=words,
                            row_keys=tuple({"disruption": name} for name in table.index),
                            ))  # fmt: skip
    return _disruption_page(cases, panels, choice, "Disruptions and who loses most")


def disruption_map(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Effect of every disruption on the real income of every region; losses are negative."""
    cases = _first(found, choice)[:1]
    table = _by_disruption(cases[0], choice)
    digits = printed("percent", table.to_numpy()).digits
    heads = tuple(Column(code, code, "% of real income", digits) for code in table.columns)
    panel = Panel("", heads, tuple(table.index), -table.to_numpy(), keys=keys_of(cases[0]))
    title = "Effect of disruptions on real income"
    return _disruption_page(cases, [panel], choice, title, "Region")


def _first(found: Sequence[ResultSet], choice: Choice) -> list[Case]:
    """The world without policy: the first of its equilibria unless others are wanted."""
    cases = tested(found, choice, world=True)
    wanted = choice.scenarios or choice.elasticities or choice.years or choice.returns
    return cases if wanted else cases[:1]


def _disruption_page(
    cases: Sequence[Case], panels: Sequence[Panel], choice: Choice, title: str, across: str = ""
) -> Page:
    return Page("disruptions", choice.title or title, "Disruption", tuple(panels),
                notes_of(cases), cases[0].results.names("regions"), across)  # fmt: skip


def _by_disruption(case: Case, choice: Choice) -> pd.DataFrame:
    """Losses, disruptions of the library by regions."""
    rows = case.rows("loss")
    table = rows.pivot_table(index="disruption", columns="region", values="value", sort=False)
    known = [one["name"] for one in library_of(case).get("disruptions", ())]
    order = [name for name in known if name in table.index]
    codes = chosen([code for code in case.regions if code in table], choice.regions, "regions")
    return table.loc[order, codes]


def _titles(case: Case, names: Iterable[str]) -> tuple[str, ...]:
    known = {one["name"]: one["title"] for one in library_of(case).get("disruptions", ())}
    return tuple(known.get(name) or name for name in names)


def _with_changes(
    cases: Sequence[Case], measures: Sequence[str], where: dict[str, str]
) -> list[Shown]:
    found = []
    for measure in measures:
        found.append(Shown(measure, heading(measure), where=where))
        if not all(map(_world, cases)):
            found.append(Shown(measure, "change", "change", where))
    return found


def _world(case: Case) -> bool:
    return is_world(str(case.keys["variant"]))


KINDS = (
    PageKind("losses", "losses from disruptions: expected, tail, worst", losses,
             ("regions", "weighting"), figure=partial(losses, words=False)),
    PageKind("weightings", "losses under every weighting of disruptions", weightings, ("regions",)),
    PageKind("families", "losses by family of disruptions", families, ("regions",)),
    PageKind("disruptions", "each disruption, and who loses most", disruptions, ("regions",),
             "heat", disruption_map),
)  # fmt: skip
