"""Sections of a scenario that its studies read: `path`, `stress`, `frontier` and so on."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from cge.core.fields import (
    Codes,
    Distinct,
    Name,
    OneOrMore,
    Rate,
    Rising,
    Sized,
    Strict,
    distinct,
    file_field,
    refuse_value,
)
from cge.core.files import Number
from cge.core.parameters import Level
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_RATIO, LARGEST_SHARE
from cge.scenario.actions import Aimed
from cge.scenario.instruments import INSTRUMENTS, QUOTA
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.timing import MOST_YEARS, Year

Premium = Annotated[Number, Field(gt=1, le=LARGEST_RATIO)]
#: Keys that had another name in earlier versions.
RENAMED = {"trickle": "leakage", "lending": "adjustment: gradual, regions_lend or balances_given"}
Version = Literal["unilateral", "terms_of_trade_neutral", "global"]
Method = Literal["auto", "reduced", "full"]
Objective = Literal["present_value", "year"]
#: Selectors of openness to knowledge.
_LEARNING = ("source", "learner", "mutual")
#: Rates that an instrument about knowledge can have: openness is at most that of the benchmark,
#: a credit pays for less than all, an outlay is a share of GDP.
_POSSIBLE = {
    "knowledge_openness": (-1.0, 0.0), "research_credit": (-LARGEST_RATE, 0.95),
    **dict.fromkeys(("basic_research", "diffusion"), (-LARGEST_SHARE, LARGEST_SHARE)),
}  # fmt: skip
#: Ceilings of a frontier that are no family of disruptions.
CVAR, EXPECTED = "cvar", "expected"
Foresight = Literal["none", "risk_neutral", "social", "global"]
MOST_PLAYERS = 4
#: Between the bounds of a rate; less is no choice.
SMALLEST_RANGE = 1e-6
#: As the partner of an instrument of a game: the other players.
PLAYERS = "players"
#: The other end of a route, by the selector of the region that sets an instrument.
PARTNER = {"importer": "exporter", "exporter": "importer"}


class OpennessResponse(Strict):
    """Knowledge that closes with trade: 1 - chi times the part of trade under a new tariff."""

    chi: Annotated[Rate, Field(ge=0, le=1)]

    @property
    def line(self) -> str:
        """Its effect in words."""
        return f"knowledge closes by {self.chi:g} of the share of trade under new tariffs"


class PathChoice(Strict):
    """How a path goes from year to year.

    Parameters
    ----------
    years : int
        Length of the path; year 1 is the one after the benchmark.
    knowledge : bool, optional
        Whether research makes knowledge; default: where the figures ship.
    knowledge_data : str, optional
        A user's figures on research.
    returns : list of {"low", "central", "high"}
        Rates of return to research; one path for each.
    capital : {"accumulates", "reallocated"}
        Whether a region's capital follows its investment, or only moves between sectors.
    parameters : mapping
        Values that replace parameters of the path or of knowledge.
    baseline : str, optional
        File of labour and productivity relative to balanced growth.
    openness_response : OpennessResponse, optional
    """

    years: Annotated[int, Field(ge=1, le=MOST_YEARS)] = 25
    knowledge: bool | None = None
    knowledge_data: str | None = file_field()
    returns: Annotated[list[Level], OneOrMore, Distinct] = Field(default=["central"], min_length=1)
    capital: Literal["accumulates", "reallocated"] = "accumulates"
    parameters: dict[str, Number] = Field(default_factory=dict)
    baseline: str | None = file_field()
    openness_response: OpennessResponse | None = None


class StressChoice(Strict):
    """How a scenario is put to the test.

    Parameters
    ----------
    library : str, optional
        File of disruptions; default: the one that ships.
    disruptions : list of str
        Names of the library's disruptions, with ``*`` and ``?`` for anything; default: all.
    home : str, optional
        Region whose policies are compared.
    years : list of int, optional
        Years of a path from which disruptions set out; default: the first and the last.
    level : float, optional
        Of the conditional value at risk; default: the parameter ``cvar_level``.
    adjustment : {"gradual", "regions_lend", "balances_given"}
        How far wages and spending adjust within the year of a disruption.
    backstop : codes, optional
        Sectors whose imports something at home can stand in for; ``none``, or default: the
        group ``strategic`` where the benchmark has it.
    premium : {"low", "central", "high"} or mapping of codes to number
        Cost of the stand-in over that of the import in the benchmark; a mapping replaces the
        central value of sectors or groups.
    leakage : float, optional
        Part of a volume that comes through a total ban; default: the parameter ``leakage``.
    links : codes, optional
        Importers of which every link from a foreign supplier of a sector with a backstop is
        cut by half, one by one.
    leverage : bool
        Whether every region also withholds each such commodity from all, and bans its exports
        of all of them to each other region.
    recovery : int
        Years that are solved after each disruption has ended; 0: none.
    parameters : mapping
        Values that replace ``backstop_premium``, ``backstop_premium_ict``, ``backstop_floor``,
        ``recovered``, ``annual_cvar_level``, ``backstop_elasticity`` (of the premium to
        knowledge, on a path).
    """

    library: str | None = file_field()
    disruptions: Annotated[list[str], OneOrMore] = Field(default=["*"], min_length=1)
    home: str | None = None
    years: Annotated[list[Year], OneOrMore, Rising, Field(min_length=1)] | None = None
    level: Annotated[Number, Field(ge=0, le=1)] | None = None
    adjustment: Literal["gradual", "regions_lend", "balances_given"] = "gradual"
    backstop: Codes | None = None
    premium: Level | dict[str, Premium] = "central"
    leakage: Annotated[Number, Field(ge=1e-6, le=0.5)] | None = None
    links: Codes | None = None
    leverage: bool = False
    recovery: Annotated[int, Field(ge=0, le=50)] = 0
    parameters: dict[str, Number] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        for old, new in RENAMED.items():
            refuse_value(isinstance(value, dict) and old in value, "this key has another name now",
                         key=f"stress.{old}", allowed=new)  # fmt: skip
        return value


class LeverChoice(Aimed, Sized):
    """An instrument whose rate is chosen, between bounds.

    Parameters
    ----------
    name : str
        Name in tables.
    instrument, exporter, importer, region, sector, buyer, use, factor, agent
        As in a scenario's policy, no quota; that of the region which sets it (the importer of a
        tariff) is the region of the frontier unless it is given. On a path also an instrument
        about knowledge, with
    source, learner, mutual
        as there.
    each : {"sector"}, optional
        An instrument of its own for each of the sectors, with the code after the name.
    low, high : float
        Bounds of the rate, which is added to the one of the benchmark: of a tax, of a credit, of
        openness, which is 1 there, or of outlay over GDP.
    large : bool
        That the bounds are meant, however large.
    """

    name: Annotated[Name, Field(max_length=60)]
    source: Codes = "all"
    learner: Codes = "all"
    mutual: bool = False
    each: Literal["sector"] | None = None
    low: Rate = 0.0
    high: Rate

    may_be: ClassVar[Collection[str]] = [
        *(name for name in INSTRUMENTS if name != QUOTA), *KnowledgeMeasure.kinds
    ]  # fmt: skip

    @property
    def keys(self) -> tuple[str, ...]:
        """Selectors that it may have."""
        kind = self.about_knowledge
        if kind is None:
            return super().keys
        return tuple(key for key in ("region", "sector", *_LEARNING) if key in kind.model_fields)

    @property
    def about_knowledge(self) -> type[KnowledgeMeasure] | None:
        """The kind of measure about knowledge that it is; None for one of trade or industry."""
        return KnowledgeMeasure.kinds.get(self.instrument)

    @property
    def _chosen(self) -> dict[str, Any]:
        given = {key: getattr(self, key) for key in _LEARNING}
        return super()._chosen | {k: one for k, one in given.items() if one not in ("all", False)}

    @field_validator("low", "high")
    @classmethod
    def _possible(cls, value: float, info: ValidationInfo) -> float:
        """A bound of an instrument about knowledge that some policy can have."""
        least, most = _POSSIBLE.get(info.data.get("instrument", ""), (-inf, inf))
        refuse_value(not least <= value <= most, "is no rate that this instrument can have",
                     value=value, allowed=f"{least:g} to {most:g}")  # fmt: skip
        return value

    @model_validator(mode="after")
    def _has_sectors(self) -> LeverChoice:
        refuse_value(self.each and self.each not in self.keys, "the instrument has no sectors",
                     key="each", value=self.each, allowed="no such key")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _in_order(self) -> LeverChoice:
        refuse_value(self.high - self.low < SMALLEST_RANGE,
                     "the bounds are reversed, or leave no choice", value=self.low,
                     allowed=f"below high, {self.high:g}")  # fmt: skip
        return self


class FrontierChoice(Strict):
    """Whose frontier it is, of which instruments, over which disruptions.

    Settings of the disruptions themselves (library, level of the conditional value at risk,
    adjustment, backstops and what they cost) are those of the section ``stress``.

    Parameters
    ----------
    region : str
        Whose welfare and resilience it is.
    instruments : list of LeverChoice
    disruptions : list of str
        Names of the library's disruptions, of those that ``stress.disruptions`` names, with ``*``
        and ``?`` for anything; default: all.
    weighting : str
        Name of the library's weights of families.
    constraint : str
        What has the ceiling: ``cvar``, ``expected`` (the mean loss), or a family of the library,
        the mean loss from whose disruptions is meant.
    objective : {"present_value", "year"}, optional
        On a path: whether the present value of welfare is maximised, which is the default, or
        welfare in the year below.
    year : int, optional
        On a path: the year in which disruptions come; default the last.
    points : int
        Points of each frontier, its ends among them.
    starts : int
        Points from which the ends are looked for.
    versions : list of str
        Problems: unilateral, terms_of_trade_neutral (partners are compensated), global.
    budget : float, optional
        Most that the subsidies among the instruments may cost the region, a share of its GDP.
    method : {"auto", "reduced", "full"}
        Space in which it is solved: of rates, or of all unknowns.
    """

    region: str
    instruments: Annotated[list[LeverChoice], Field(min_length=1, max_length=50)]
    disruptions: Annotated[list[str], OneOrMore] = Field(default=["*"], min_length=1)
    weighting: str = "default"
    constraint: str = CVAR
    objective: Objective | None = None
    year: Year | None = None
    points: Annotated[int, Field(ge=2, le=100)] = 8
    starts: Annotated[int, Field(ge=1, le=50)] = 4
    versions: Annotated[list[Version], OneOrMore, Distinct] = Field(
        default=list(get_args(Version)), min_length=1
    )
    budget: Annotated[Rate, Field(gt=0, le=LARGEST_SHARE)] | None = None
    method: Method = "auto"

    @field_validator("instruments")
    @classmethod
    def _of_distinct_names(cls, value: list[LeverChoice]) -> list[LeverChoice]:
        distinct([one.name for one in value])
        return value


class GameLever(LeverChoice):
    """An instrument of the players of a game.

    The region that sets it is the player; its partner (the exporter of a tariff) may be
    ``players``, all others who play.

    Parameters
    ----------
    player : str, optional
        Whose it is; default every player has it.
    """

    player: str | None = None

    may_be: ClassVar[Collection[str]] = [name for name in INSTRUMENTS if name != QUOTA]

    @model_validator(mode="after")
    def _owned(self) -> GameLever:
        owner = INSTRUMENTS[self.instrument].owner
        refuse_value(owner in self.model_fields_set,
                     f"is set by its player: '{owner}' is not named here", value=self.name,
                     allowed="player")  # fmt: skip
        return self

    def of(self, player: str, players: Collection[str]) -> LeverChoice:
        """The instrument in the hands of a player."""
        owner = INSTRUMENTS[self.instrument].owner
        given: dict[str, Codes] = {owner: player}
        partner = PARTNER.get(owner, "")
        if partner in self.keys and getattr(self, partner) in (PLAYERS, [PLAYERS]):
            given[partner] = [one for one in players if one != player]
        return self.model_copy(update=given)


class NashChoice(Strict):
    """Who sets which rates against whom.

    Parameters
    ----------
    players : list of str
        Regions, each of which maximises its own equivalent variation in the long run.
    instruments : list of GameLever
    starts : int
        Points from which equilibria and best responses are looked for.
    """

    players: Annotated[list[str], OneOrMore, Distinct]
    instruments: Annotated[list[GameLever], Field(min_length=1, max_length=20)]
    starts: Annotated[int, Field(ge=1, le=50)] = 4

    @model_validator(mode="after")
    def _shared_out(self) -> NashChoice:
        refuse_value(not 2 <= len(self.players) <= MOST_PLAYERS, "is no number of players",
                     key="nash.players", value=self.players,
                     allowed=f"2 to {MOST_PLAYERS} regions")  # fmt: skip
        for n, one in enumerate(self.instruments):
            refuse_value(one.player not in (None, *self.players), "is no player",
                         key=f"nash.instruments.{n}.player", value=one.player,
                         allowed=self.players)  # fmt: skip
        for player in self.players:
            names = [one.name for one in self.of(player)]
            refuse_value(not names, "has no instrument", key="nash.players", value=player,
                         allowed="players with one")  # fmt: skip
            distinct(names)
        return self

    def of(self, player: str) -> list[GameLever]:
        """Instruments that a player has."""
        return [one for one in self.instruments if one.player in (None, player)]


class InsuranceChoice(Strict):
    """Whose relations with suppliers are chosen in view of which disruptions.

    Settings of the disruptions themselves are those of the section ``stress``.

    Parameters
    ----------
    region : str
    foresight : list of str
        What they are chosen for: normal times alone (none), the expected cost of each buyer
        (risk_neutral), the expected real income of the region (social) or of all (global).
    frequency : list of float, optional
        Probabilities in a year that one of the disruptions happens; default: the sum of those
        in the library, low, central and high. Needed with a weighting.
    disruptions
        As in a frontier.
    weighting : str, optional
        One of the library's; default: each as often as the library says that it comes.
    """

    region: str
    foresight: Annotated[list[Foresight], OneOrMore, Distinct] = Field(
        default=list(get_args(Foresight)), min_length=1
    )
    frequency: (
        Annotated[
            list[Annotated[Number, Field(ge=0, le=1)]], OneOrMore, Rising, Field(min_length=1)
        ]
        | None
    ) = None
    disruptions: Annotated[list[str], OneOrMore] = Field(default=["*"], min_length=1)
    weighting: str | None = None

    @model_validator(mode="after")
    def _how_often(self) -> InsuranceChoice:
        refuse_value(self.weighting is not None and self.frequency is None,
                     "a weighting does not say how often one of the disruptions happens",
                     key="insurance.frequency", value=None,
                     allowed="probabilities in a year")  # fmt: skip
        return self
