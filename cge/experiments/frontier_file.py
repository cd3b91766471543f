"""The layout of a frontier study: a region, its instruments, and what may go wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.fields import Codes, Rate, Sized, Strict
from cge.core.files import Number, is_file, read_yaml, validate
from cge.core.parameters import Level
from cge.core.rate_bounds import LARGEST_SHARE
from cge.data.accounts.shipped import TABLES
from cge.scenario.actions import SELECTORS
from cge.scenario.instruments import INSTRUMENTS, QUOTA
from cge.scenario.schema import BenchmarkChoice, Scenario
from cge.scenario.stress_options import Premium, StressChoice

#: By which shipped studies are told from scenarios.
PREFIX = "frontier-"
Version = Literal["unilateral", "terms_of_trade_neutral", "global"]
Method = Literal["auto", "reduced", "full"]


def _all_versions() -> list[Version]:
    return ["unilateral", "terms_of_trade_neutral", "global"]


class LeverChoice(Sized):
    """An instrument whose rate is chosen, between bounds.

    Parameters
    ----------
    name : str
        What tables call it.
    instrument : str
        As in a scenario's policy; no quota.
    exporter, importer, region, sector, buyer, use, factor, agent : codes, optional
        The cells it applies to, as in a scenario; that of the region which sets it (the
        importer of a tariff) is the region of the study unless it is given.
    low, high : float
        Bounds of the rate, which is added to the one of the benchmark.
    large : bool
        That the bounds are meant, however large.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    instrument: str
    exporter: Codes | None = None
    importer: Codes | None = None
    region: Codes | None = None
    sector: Codes | None = None
    buyer: Codes | None = None
    use: Codes | None = None
    factor: Codes | None = None
    agent: Codes | None = None
    low: Rate = 0.0
    high: Rate

    @field_validator("instrument")
    @classmethod
    def _known(cls, value: str) -> str:
        allowed = [name for name in INSTRUMENTS if name != QUOTA]
        if value not in allowed:
            raise ValueError(InputError("unknown instrument", value=value, allowed=allowed))
        return value

    @model_validator(mode="after")
    def _fits(self) -> LeverChoice:
        instrument = INSTRUMENTS[self.instrument]
        for key in SELECTORS:
            if getattr(self, key) is not None and key not in instrument.keys:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' "
                    f"(it has {', '.join(instrument.keys)})"
                )
        if not self.low < self.high:
            raise ValueError(InputError("the bounds are reversed, or leave no choice",
                                        value=self.low,
                                        allowed=f"below high, {self.high:g}"))  # fmt: skip
        return self


class FrontierStudy(Strict):
    """A study of the efficiency-resilience frontier.

    Parameters
    ----------
    name : str
        Short name, used for the output folder.
    title, description : str
    benchmark : BenchmarkChoice
    elasticities : list of str, optional
        Sets, as in a scenario; a frontier for each.
    region : str
        Whose welfare and resilience it is.
    instruments : list of LeverChoice
    disruptions : list of str
        Names of the library's disruptions, with ``*`` and ``?`` for anything; default: all.
    library : str, optional
        File of disruptions; default: the one that ships.
    weighting : str
        Name of the library's weights of families.
    level : float, optional
        Of the conditional value at risk; default: the parameter ``cvar_level``.
    points : int
        Points of each frontier, its ends among them.
    starts : int
        Points from which the end without a constraint is looked for.
    versions : list of str
    budget : float, optional
        Most that the subsidies among the instruments may cost the region, a share of its GDP.
    lending : bool
        Whether regions lend within the year of a disruption.
    backstop, premium, trickle, parameters
        As in the stress test of a scenario.
    method : {"auto", "reduced", "full"}
        How the problem is solved.
    """

    name: str
    title: str = ""
    description: str = ""
    benchmark: BenchmarkChoice = BenchmarkChoice()
    elasticities: Annotated[list[str], Field(min_length=1)] | None = None
    region: str
    instruments: Annotated[list[LeverChoice], Field(min_length=1, max_length=50)]
    disruptions: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["*"])
    library: str | None = None
    weighting: str = "default"
    level: Annotated[Number, Field(ge=0, lt=1)] | None = None
    points: Annotated[int, Field(strict=True, ge=2, le=100)] = 8
    starts: Annotated[int, Field(strict=True, ge=1, le=50)] = 4
    versions: Annotated[list[Version], Field(min_length=1)] = Field(default_factory=_all_versions)
    budget: Annotated[Rate, Field(gt=0, le=LARGEST_SHARE)] | None = None
    lending: bool = True
    backstop: Codes | None = None
    premium: Level | dict[str, Premium] = "central"
    trickle: Annotated[Number, Field(ge=1e-6, le=0.5)] | None = None
    parameters: dict[str, Number] = Field(default_factory=dict)
    method: Method = "auto"

    @field_validator("elasticities", "disruptions", "versions", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("versions")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("a version stands twice")
        return value

    @model_validator(mode="after")
    def _names_differ(self) -> FrontierStudy:
        names = [one.name for one in self.instruments]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise ValueError(InputError("two instruments have this name", value=name,
                                            key=f"instruments.{number}.name"))  # fmt: skip
        self.scenario()  # what they have in common is checked there
        return self

    def scenario(self) -> Scenario:
        """Return the scenario without policy: accounts, elasticities and stress test."""
        stress = StressChoice(
            library=self.library, level=self.level, lending=self.lending, backstop=self.backstop,
            premium=self.premium, trickle=self.trickle, parameters=self.parameters,
        )  # fmt: skip
        sets: dict[str, Any] = (
            {} if self.elasticities is None else {"elasticities": self.elasticities}
        )
        return Scenario(name=self.name, benchmark=self.benchmark, stress=stress, **sets)

    @property
    def chosen_elasticities(self) -> list[str]:
        """The sets in force: those given, else two, or a folder's own."""
        if self.elasticities is not None:
            return self.elasticities
        return ["fontagne", "boehm"] if self.benchmark.table in TABLES else ["own"]


def find_study(name_or_path: str | Path) -> Path:
    """Return the path of a study's file, or of a shipped one of that name.

    Raises
    ------
    InputError
        If there is neither.
    """
    path = Path(name_or_path)
    folder = content_dir("experiments")
    shipped = folder / f"{path.name.removesuffix('.yaml')}.yaml"
    by_name = str(path.parent) in (".", "experiments") and is_file(shipped)
    if is_file(path) or (path.exists() and not by_name):
        return path
    if by_name:
        return shipped
    names = sorted(p.stem for p in folder.glob(f"{PREFIX}*.yaml"))
    raise InputError("no such study", file=path, allowed=["a path", *names], name=path.stem)


def load_study(name_or_path: str | Path) -> FrontierStudy:
    """Read a study.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    path = find_study(name_or_path)
    return validate(FrontierStudy, read_yaml(path), path)
