"""The layout of a scenario file: data, not code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PrivateAttr,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cge.core.content import content_dir
from cge.core.display import Displayed
from cge.core.errors import InputError, refuse_if, retold
from cge.core.fields import (
    Codes,
    Name,
    NoneOrCodes,
    OneOrMore,
    Rate,
    Rising,
    Strict,
    file_field,
    refuse_value,
)
from cge.core.files import Number, is_file, read_yaml, validate
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_RATIO, too_many_times
from cge.core.typed import checked
from cge.data.accounts.default import DEFAULT_TABLE, OWN
from cge.data.accounts.shipped import TABLES
from cge.model.quantities import is_ratio
from cge.scenario.actions import SIZES, Equal, Financing, Measure
from cge.scenario.backtest_choice import BacktestChoice, rates_that_ship
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.merging import laid_over, places_of, written
from cge.scenario.named_files import with_files_found
from cge.scenario.owned_abroad import OwnedAbroad
from cge.scenario.responses import Response
from cge.scenario.sector_sets import SectorSet
from cge.scenario.study_options import (
    FrontierChoice,
    InsuranceChoice,
    NashChoice,
    PathChoice,
    StressChoice,
)

#: Part of the whole shock.
Share = Annotated[Number, Field(gt=0, le=1)]
#: Keys that make several scenarios of one, or one of several: gone from each member.
COMPOSING = ("extends", "variants", "grid", "steps")
#: Sections whose keys are most easily put at the top of the file.
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "path": PathChoice, "stress": StressChoice, "frontier": FrontierChoice,
    "nash": NashChoice, "insurance": InsuranceChoice, "backtest": BacktestChoice,
}  # fmt: skip


def _aggregations() -> list[str]:
    from cge.data.accounts.aggregation import shipped_aggregations  # of tables, read when needed

    return shipped_aggregations()


def _elasticity_sets() -> list[str]:
    from cge.data.elasticities.sets import shipped_sets

    return [OWN, *shipped_sets()]


def _folder_name(value: str) -> str:
    if problem := wrong_name(value, 80):
        raise ValueError(problem)
    return value


def wrong_name(value: Any, most: int) -> str:
    """Problem with the name of a folder of at most so many letters; empty if there is none."""
    if isinstance(value, str) and re.fullmatch(
        rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{most - 1}}}", value
    ):
        return ""
    return f"must be 1 to {most} letters a-z, digits and . _ - and begin with a letter or digit"


#: Name of the folder of results.
FolderName = Annotated[str, AfterValidator(_folder_name)]


class BenchmarkChoice(Strict):
    """Which accounts to start from."""

    table: str = file_field(DEFAULT_TABLE, lambda: TABLES)
    year: int | None = None
    aggregation: str = file_field("default", _aggregations)
    tariffs: str = file_field("applied", rates_that_ship)


class SwapChoice(Strict):
    """Free exogenous cells, fix others in their place."""

    free: str
    fix: str
    relative: bool = True
    at: Rate = 1.0

    @field_validator("at")
    @classmethod
    def _no_per_cent(cls, value: float, info: ValidationInfo) -> float:
        relative, held = info.data.get("relative", True), str(info.data.get("fix"))
        if value > LARGEST_RATIO and relative and is_ratio(held):
            raise ValueError(too_many_times(value, "the level itself with relative: false"))
        return value


class WageFloorChoice(Strict):
    """A floor under a factor's real return; employment gives way where it binds."""

    factor: str = "LAB"
    regions: Codes = "all"
    level: Annotated[Rate, Field(gt=0, le=1 + LARGEST_RATE)] = 1.0
    index: Literal["consumer_real_return", "real_factor_return", "factor_return"] = (
        "consumer_real_return"
    )


class ScaledBalance(Strict):
    """Trade balances multiplied by a number."""

    scale: Annotated[Rate, Field(ge=-LARGEST_RATIO, le=LARGEST_RATIO)]


class ClosureChoice(Strict):
    """The closure: what is given and what is solved for."""

    kind: Literal["long_run", "short_run"] = "long_run"
    specific_factors: NoneOrCodes | None = None
    balance: Literal["given", "zero"] | ScaledBalance = "given"
    foreign_saving: Literal["follows", "given"] = "follows"
    numeraire: str | None = None
    wage_floor: WageFloorChoice | None = None
    adjustment: Literal["gradual", "regions_lend", "balances_given"] | None = None
    parameters: dict[str, Number] = Field(default_factory=dict)
    swaps: list[SwapChoice] = Field(default_factory=list)


class Scenario(Displayed, Strict):
    """A scenario: comparative statics, or a path of years.

    Parameters
    ----------
    name : str
        Short name, used for the output folder.
    title, description : str
    benchmark : BenchmarkChoice
    elasticities : list of str
        Named sets or files; the scenario is solved under each. Default: ``fontagne`` and
        ``boehm`` on a shipped table, ``own`` (what was saved) on a benchmark folder.
    sets : mapping of str to SectorSet
        Sets of sectors that the accounts choose; each is a group of the benchmark.
    ownership : list of OwnedAbroad
        Capital that is owned abroad, in the benchmark and ever after.
    horizon : {"short", "long"}, optional
        Which elasticities; default the one of the closure's kind.
    closure : ClosureChoice
    policy : list of Measure
        Applied in order.
    knowledge : list of KnowledgeMeasure
        What is done about knowledge, on a path.
    responses : list of Response
        What partners do about it.
    financing : list of Financing
        Taxes that keep budgets where they were; everywhere else a lump sum does.
    equal : Equal, optional
        The outlay or welfare effect for which measures without a size find their rate.
    path : PathChoice, optional
        What makes it a path of years.
    stress : StressChoice, optional
        How it is put to the test of disruptions.
    frontier : FrontierChoice, optional
        The instruments and bounds of its efficiency-resilience frontier.
    nash : NashChoice, optional
        The players of its game and their instruments.
    insurance : InsuranceChoice, optional
        The region whose relations with suppliers are chosen in view of disruptions.
    backtest : BacktestChoice, optional
        The years against which the model is held, and what it is told of them.
    steps : list of float
        Shares of the whole shock at which it is solved, rising to at most 1.
    variants : list of mapping
        Each a name and keys that override or add to these; one scenario each.
    grid : mapping of str to list
        Dotted places in the scenario and the values to put there, one scenario for every
        combination.
    extends : str, optional
        Scenario to which this one adds.
    """

    name: FolderName
    title: str = ""
    description: str = ""
    benchmark: BenchmarkChoice = BenchmarkChoice()
    elasticities: Annotated[list[str], OneOrMore, Field(min_length=1)] | None = file_field(
        None, _elasticity_sets
    )
    sets: dict[str, SectorSet] = Field(default_factory=dict)
    ownership: list[OwnedAbroad] = Field(default_factory=list)
    horizon: Literal["short", "long"] | None = None
    closure: ClosureChoice = ClosureChoice()
    policy: list[Measure] = Field(default_factory=list)
    knowledge: list[SerializeAsAny[KnowledgeMeasure]] = Field(default_factory=list)
    responses: list[SerializeAsAny[Response]] = Field(default_factory=list)
    financing: list[Financing] = Field(default_factory=list)
    equal: Equal | None = None
    path: PathChoice | None = None
    stress: StressChoice | None = None
    frontier: FrontierChoice | None = None
    nash: NashChoice | None = None
    insurance: InsuranceChoice | None = None
    backtest: BacktestChoice | None = None
    steps: Annotated[list[Share], Rising, Field(min_length=1)] | None = None
    variants: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = None
    grid: Annotated[dict[str, list[Any]], Field(min_length=1)] | None = None
    extends: Name | None = None

    #: Folder of its file, where the files that it names are looked for first.
    _folder: Path | None = PrivateAttr(default=None)
    #: Its own file.
    _file: Path | None = PrivateAttr(default=None)
    #: Where an entry of a list was written, if not here: merged place to (file, place).
    _places: dict[str, tuple[str, str]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _in_its_section(cls, content: Any) -> Any:
        """Name the section of a key that stands at the top by mistake."""
        for key in content if isinstance(content, dict) else ():
            places = [f"{section}.{key}" for section, schema in _SECTIONS.items()
                      if key in schema.model_fields]  # fmt: skip
            refuse_value(places and key not in cls.model_fields, "belongs to a section", key=key,
                         allowed=places)  # fmt: skip
        return content

    @field_validator("elasticities")
    @classmethod
    def _distinct(cls, value: list[str] | None) -> list[str] | None:
        labels = [Path(name).stem for name in value or ()]
        for label in labels:
            if labels.count(label) > 1:
                raise ValueError(f"two sets are called '{label}': results could not be told apart")
        return value

    @model_validator(mode="after")
    def _sized(self) -> Scenario:
        """Every measure has a size, unless this is only a part or a comparison finds it."""
        if self.equal is not None or self.composed:
            return self
        for key, one in self.measures.items():
            refuse_value(one.unsized, "needs a size, exactly one of those allowed", key=key,
                         allowed=SIZES if isinstance(one, Measure) else one.sizes)  # fmt: skip
        return self

    @property
    def measures(self) -> dict[str, Measure | KnowledgeMeasure]:
        """Every measure, about knowledge or not, by its place."""
        return {
            f"{part}.{n}": one
            for part in ("policy", "knowledge") for n, one in enumerate(getattr(self, part))
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """Facts that it shows of itself."""
        return {
            "name": self.name, "title": self.title, "benchmark": self.benchmark.table,
            "aggregation": self.benchmark.aggregation, "closure": self.closure.kind,
            "measures": len(self.measures), "variants": len(self.variants or ()),
            "years": self.path and self.path.years,
        }  # fmt: skip

    @property
    def composed(self) -> bool:
        """Whether this stands for several scenarios, or is a part of one."""
        return any(getattr(self, key) is not None for key in ("extends", "variants", "grid"))

    @property
    def is_path(self) -> bool:
        """Whether this needs years: it says so, or does what only a path can."""
        timed = any(measure.timing for measure in self.policy)
        return self.path is not None or bool(self.knowledge) or timed

    @property
    def lines(self) -> list[str]:
        """All that it does in words, one line each."""
        every = (*self.policy, *self.knowledge, *self.responses, *self.financing, self.equal,
                 self.path.openness_response if self.path else None)  # fmt: skip
        return [one.line for one in every if one is not None]

    @property
    def chosen_elasticities(self) -> list[str]:
        """The elasticity sets in force: those given, else two, or a folder's own."""
        if self.elasticities is not None:
            return self.elasticities
        return ["fontagne", "boehm"] if self.benchmark.table in TABLES else [OWN]

    @property
    def chosen_horizon(self) -> str:
        """The elasticities in force: those given, else those of the closure's kind."""
        return self.horizon or ("short" if self.closure.kind == "short_run" else "long")


def find_scenario(name_or_path: str | Path) -> Path:
    """Path of a scenario file, or of a shipped one of that name.

    Raises
    ------
    InputError
        If there is neither.
    """
    path = Path(name_or_path)
    folder = content_dir("experiments")
    shipped = folder / f"{path.name.removesuffix('.yaml')}.yaml"
    by_name = str(path.parent) in (".", "experiments") and is_file(shipped)
    try:
        # A folder is none, least of all the one that holds the results of that scenario.
        if path.exists() and not (by_name and path.is_dir()):
            return path
    except OSError as error:
        raise InputError(f"can not be read: {error.strerror}", file=path) from None
    if by_name:
        return shipped
    names = sorted(p.stem for p in folder.glob("*.yaml"))
    raise InputError("no such scenario file", file=path, allowed=["a path", *names], name=path.stem)


@checked
def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a scenario file, with what it extends.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    return _load(find_scenario(name_or_path), ())


def _load(path: Path, before: tuple[Path, ...]) -> Scenario:
    content = read_yaml(path)
    for key in _SECTIONS:  # in what extends another, it takes the other's section away
        refuse_if(key in content and content[key] is None and "extends" not in content,
                  "is left empty", file=path, key=key,
                  allowed="keys, {}, or no such section")  # fmt: skip
    scenario = validate(Scenario, content, path)
    scenario._file = path
    return completed(scenario, path.parent, before)


def completed(
    scenario: Scenario, folder: Path | None = None, before: tuple[Path, ...] = ()
) -> Scenario:
    """A scenario laid over the one it extends, its files found; `extends` is gone.

    Parameters
    ----------
    scenario : Scenario
    folder : path, optional
        Where the other, and files, are looked for first; default that of its file.
    before : tuple of path
        Files that extend this one, to find circles.

    Raises
    ------
    InputError
        If there is no such scenario, or it is in a circle.
    """
    folder, file = folder or scenario._folder, scenario._file
    whole, places = scenario, scenario._places
    if scenario.extends is not None:
        own = None if file is None else file.resolve()
        source = _extended(scenario.extends, folder, own)
        chain = before if own is None else (*before, own)
        refuse_if(source.resolve() in chain, "extends itself, in a circle", file=file,
                  key="extends", value=scenario.extends)  # fmt: skip
        base = _load(source, chain)
        content = base.model_dump(by_alias=True, exclude_unset=True)
        top = scenario.model_dump(by_alias=True, exclude_unset=True, exclude={"extends"})
        places = {
            **places_of({}, content, str(source)), **base._places,
            **places_of(content, top, str(file or "")),
        }  # fmt: skip
        with retold(lambda error: written(error, places).located(file)):
            whole = validate(Scenario, laid_over(content, top), None)
    result = with_files_found(whole, folder)
    result._folder, result._file, result._places = folder, file, dict(places)
    return result


def _extended(name: str, folder: Path | None, own: Path | None) -> Path:
    """File that a scenario extends: one beside it, else a path or a shipped name."""
    beside = [] if folder is None else [folder / name, folder / f"{name}.yaml"]
    found = [path for path in beside if is_file(path)]
    other = [path for path in found if path.resolve() != own]
    if other:
        return other[0]
    try:
        return find_scenario(name)
    except InputError as error:
        if found:
            return found[-1]  # refused as the circle it is
        raise InputError(
            error.problem, file=own, key="extends", value=name, allowed=error.allowed
        ) from None
