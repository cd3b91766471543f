"""Games of policies: payoffs, what each profile brings, and the rates that are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cge.core.errors import refuse_if
from cge.game.game_measures import BENCHMARK, NASH, TOGETHER, WORLD
from cge.report.drafts.cases import NO_ROWS, Case, cases_of, one_money
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel, short_name
from cge.results.resultset import ResultSet

EV, MONEY = "equivalent_variation", "equivalent_variation_value"
BOUND = "bound_multiplier"


class Played:
    """A game under one elasticity set: its profiles by the name of their variants."""

    def __init__(self, profiles: Sequence[Case]) -> None:
        self.profiles: Mapping[str, Case] = {str(one.keys["variant"]): one for one in profiles}
        self.first = profiles[0]
        self.elasticities = str(self.first.keys["elasticities"])
        self.players = [str(one) for one in self.first.results.manifest["players"]]
        self.names = {code: short_name(self.first.results.names("regions").get(code, code))
                      for code in self.players}  # fmt: skip

    def panel(
        self, title: str, columns: Sequence[Column], rows: Mapping[str, Sequence[float]],
        several: bool, marks: Mapping[tuple[int, int], str] | None = None,
    ) -> Panel:  # fmt: skip
        """A panel of this game, named by its elasticity set where there are several."""
        own = f"{title}, {self.elasticities}" if several and title else title
        own = own or (f"Elasticities: {self.elasticities}" if several else "")
        keys = {"scenario": str(self.first.keys["scenario"]), "elasticities": self.elasticities}
        return Panel(own, tuple(columns), tuple(rows), np.array(list(rows.values()), dtype=float),
                     keys=keys, marks=marks or {})  # fmt: skip

    def title(self, variant: str) -> str:
        """A profile in words."""
        return self.profiles[variant].title

    # -- panels

    def payoffs(self, several: bool) -> Iterator[Panel]:
        """Welfare of two players who each keep the benchmark's rates or set those of Nash."""
        wanted = [BENCHMARK, *(f"{NASH}-{one}" for one in self.players), NASH]
        if len(self.players) != 2 or not set(wanted) <= set(self.profiles):
            return
        (one, other), (none, alone, against, both) = self.players, wanted
        welfare = {name: self.profiles[name].of_region(EV) for name in wanted}
        columns = [
            Column(f"{EV}_{player}_{key}", f"{player} if {other} {words}", "%", 3)
            for key, words in ((BENCHMARK, "keeps benchmark"), (NASH, "sets Nash rates"))
            for player in self.players
        ]  # fmt: skip
        rows = {
            label: [welfare[name][player] for name in names for player in self.players]
            for label, names in ((f"{one} keeps benchmark", (none, against)),
                                 (f"{one} sets Nash rates", (alone, both)))
        }  # fmt: skip
        yield self.panel("Payoffs: EV", columns, rows, several)

    def welfare(self, title: str, several: bool) -> Panel:
        """Welfare of players, of all others together and of the world by profile."""
        columns = [*(Column(f"{EV}_{one}", one, "%", 3) for one in self.players),
                   Column(f"{EV}_others", "All others", "%", 3),
                   Column(f"{EV}_world", "World", "%", 3)]  # fmt: skip
        rows = {}
        for case in self.profiles.values():
            percent, money = case.of_region(EV), case.of_region(MONEY)
            size = case.of_region("absorption_value", "benchmark")
            others = [code for code in case.regions if code not in self.players]
            rest = 100 * money[others].sum() / size[others].sum() if others else np.nan
            rows[case.title] = [*percent[self.players], rest, percent[case.world]]
        return self.panel(title, columns, rows, several)

    def trade(self, several: bool) -> Panel:
        """Terms of trade and tariff revenue of players by profile."""
        money = one_money([*self.profiles.values()])
        columns = [Column(f"terms_of_trade_{one}", f"Terms of trade, {one}", "%", 3)
                   for one in self.players]  # fmt: skip
        columns += [Column(f"tariff_revenue_{one}", f"Tariff revenue, {one}", money, 0)
                    for one in self.players]  # fmt: skip
        rows = {
            case.title: [*case.of_region("terms_of_trade")[self.players],
                         *case.of_region("tariff_revenue", "change")[self.players]]
            for case in self.profiles.values()
        }  # fmt: skip
        return self.panel("Terms of trade and tariff revenue", columns, rows, several)

    def rates(self, several: bool) -> Panel:
        """Rates by player and instrument: alone, in the Nash equilibrium, in cooperation."""
        known = [name for name in (NASH, TOGETHER, WORLD) if name in self.profiles]
        columns = [Column("rate_alone", "Alone", "%"),
                   *(Column(f"rate_{name}", self.title(name), "%") for name in known)]  # fmt: skip
        rows: dict[str, list[float]] = {}
        marks: dict[tuple[int, int], str] = {}
        for player in self.players:
            for item in self._instruments(player):
                variants = [f"alone-{player}", *known]
                for n, variant in enumerate(variants):
                    slope = self._figure(BOUND, variant, player, item)
                    if abs(slope) > 0:
                        marks[len(rows), n] = "+" if slope > 0 else "-"
                rows[f"{player}, {item}"] = [self._figure("rate", one, player, item)
                                             for one in variants]  # fmt: skip
        return self.panel("Rates", columns, rows, several, marks)

    def _instruments(self, player: str) -> list[str]:
        rows = self.first.rows("rate")
        return list(rows[rows["region"] == player]["item"])

    def _figure(self, measure: str, variant: str, region: str, item: str = "") -> float:
        """A figure of a profile; NaN where there is none."""
        if variant not in self.profiles:
            return float("nan")
        rows = self.profiles[variant].rows(measure)
        rows = rows[(rows["region"] == region) & (rows["item"] == item)]
        return float(rows["value"].iloc[0]) if len(rows) else float("nan")

    # -- how it was found

    def checks(self, several: bool) -> Iterator[str]:
        """Sentences on how sure the equilibrium is."""
        if NASH not in self.profiles:
            return
        case = self.profiles[NASH]
        facts, where = case.facts, f"{self.elasticities}: " if several else ""
        residual = self._figure("first_order_residual", NASH, "")
        gain = max(self._figure("best_deviation", NASH, one) for one in self.players)
        others = int(facts.get("other_equilibria", 0))
        yield (
            f"{where}First-order conditions of all players hold to {residual:.1g} per cent of "
            f"welfare from bound to bound; the best deviation that was found gains {gain:.1g} per "
            f"cent. {facts.get('starts_that_agree')} of {facts.get('starts')} starting points "
            f"lead to this equilibrium, {others or 'none'} to another."
        )


def played(found: Sequence[ResultSet], choice: Choice) -> list[Played]:
    """Games that are wanted.

    Raises
    ------
    InputError
        If there is none, and for a set or a profile that none has.
    """
    games: dict[tuple[object, ...], list[Case]] = {}
    for case in cases_of([one for one in found if "players" in one.manifest], choice, ("rate",)):
        key = (case.results, case.keys["scenario"], case.keys["elasticities"])
        games.setdefault(key, []).append(case)
    return [Played(profiles) for profiles in games.values()]


def payoffs(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Payoffs of two players, welfare and trade by profile, and rates."""
    shown = played(found, choice)
    several = len(shown) > 1
    panels = [
        *(panel for one in shown for panel in one.payoffs(several)),
        *(one.welfare("EV", several) for one in shown),
        *(one.trade(several) for one in shown), *(one.rates(several) for one in shown),
    ]  # fmt: skip
    marked = any(panel.marks for panel in panels)
    lines = [
        "Each player sets the rates that maximise its own EV, those of the others given. Alone: "
        "the others keep the rates of the benchmark. Nash rates of some only: what they set in "
        "the Nash equilibrium, while the others keep those of the benchmark.",
        "Players together, for the world: rates of all players that maximise the sum of EV in "
        "money, of the players or of all regions; no transfer shares the gain.",
        "EV: equivalent variation, per cent of benchmark absorption. Terms of trade and tariff "
        "revenue: change.",
        "+ at the upper, - at the lower bound of the rate."
        if marked
        else "No rate is at its bound.",
        *(line for one in shown for line in one.checks(several)),
    ]
    return _draft(panels, shown, lines)


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare by profile."""
    shown = played(found, choice)
    lines = ["EV: equivalent variation, per cent of benchmark absorption."]
    return _draft([one.welfare("", len(shown) > 1) for one in shown], shown, lines)


def _draft(panels: Sequence[Panel], shown: Sequence[Played], lines: Sequence[str]) -> Draft:
    cases = [case for one in shown for case in one.profiles.values()]
    refuse_if(not cases, NO_ROWS)
    return Draft("Payoffs and rates", "Policy", panels, cases, lines, of_cases=False)


KINDS = (
    PageKind("nash", "payoffs of regions that set rates against each other, and the rates",
             payoffs, (), "dots", drawn, "results of `cge nash`"),
)  # fmt: skip
