"""The layout of a scenario file: data, not code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cge.calibration.files import Number, is_file, read_yaml, validate
from cge.calibration.shipped import TABLES
from cge.errors import InputError
from cge.experiments.instruments import INSTRUMENTS
from cge.paths import content_dir

Codes = str | list[str]
Rate = Number


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BenchmarkChoice(_Strict):
    """Which accounts to start from."""

    table: str = "wiod2013"
    year: int | None = None
    aggregation: str = "default"
    tariffs: str = "applied"


class SwapChoice(_Strict):
    """Free exogenous cells, fix others in their place."""

    free: str
    fix: str
    at: Rate = 1.0
    relative: bool = True


class WageFloorChoice(_Strict):
    """A floor under a factor's real return; employment gives way where it binds."""

    factor: str = "LAB"
    regions: Codes = "all"
    level: Annotated[Rate, Field(gt=0)] = 1.0
    index: Literal["consumer_real_return", "real_factor_return", "factor_return"] = (
        "consumer_real_return"
    )


class ScaledBalance(_Strict):
    """Trade balances multiplied by a number."""

    scale: Rate


class ClosureChoice(_Strict):
    """What is given and what is solved for."""

    kind: Literal["long_run", "short_run"] = "long_run"
    specific_factors: list[str] | None = None
    balance: Literal["given", "zero"] | ScaledBalance = "given"
    numeraire: str | None = None
    wage_floor: WageFloorChoice | None = None
    swaps: list[SwapChoice] = []


class Measure(_Strict):
    """One policy measure: an instrument, the cells it applies to, and its size.

    Exactly one of `add`, `set`, `scale` and `file` says how large it is.
    """

    instrument: str
    exporter: Codes = "all"
    importer: Codes = "all"
    region: Codes = "all"
    sector: Codes = "all"
    buyer: Codes = "all"
    use: Codes = "all"
    factor: Codes = "all"
    agent: Codes = "all"
    within_regions: bool = False
    add: Rate | None = None
    set_: Rate | None = Field(default=None, alias="set")
    scale: Rate | None = None
    file: str | None = None
    column: str | None = None
    weight: str | None = None
    label: str | None = None

    @field_validator("instrument")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in INSTRUMENTS:
            raise ValueError(InputError("unknown instrument", value=value, allowed=INSTRUMENTS))
        return value

    @model_validator(mode="after")
    def _one_size(self) -> Measure:
        given = [
            name
            for name, value in (
                ("add", self.add), ("set", self.set_), ("scale", self.scale), ("file", self.file),
            )
            if value is not None
        ]  # fmt: skip
        if len(given) != 1:
            raise ValueError(
                f"exactly one of add, set, scale and file is needed, found {given or 'none'}"
            )
        if self.file is not None and self.column is None:
            raise ValueError("'file' needs 'column', the name of the column with the rates")
        if self.file is None and (self.column or self.weight):
            raise ValueError("'column' and 'weight' go with 'file'")
        allowed = INSTRUMENTS[self.instrument].keys
        for key in ("exporter", "importer", "region", "sector", "buyer", "use", "factor", "agent"):
            if getattr(self, key) != "all" and key not in allowed:
                raise ValueError(
                    f"instrument '{self.instrument}' has no '{key}' (it has {', '.join(allowed)})"
                )
        return self


class Scenario(_Strict):
    """A comparative-static scenario.

    Parameters
    ----------
    name : str
        Short name, used for the output folder.
    title, description : str
    benchmark : BenchmarkChoice
    elasticities : list of str
        Named sets or files; the scenario is solved under each. Default: ``fontagne`` and
        ``boehm`` on a shipped table, ``own`` (what was saved) on a benchmark folder.
    speed : {"short", "long"}, optional
        Which elasticities; default the one of the closure's kind.
    closure : ClosureChoice
    policy : list of Measure
        Applied in order.
    """

    name: str
    title: str = ""
    description: str = ""
    benchmark: BenchmarkChoice = BenchmarkChoice()
    elasticities: Annotated[list[str], Field(min_length=1)] | None = None
    speed: Literal["short", "long"] | None = None
    closure: ClosureChoice = ClosureChoice()
    policy: list[Measure] = []

    @field_validator("name")
    @classmethod
    def _folder_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", value):
            raise ValueError(
                "must be 1 to 80 letters a-z, digits and . _ - and begin with a letter or digit"
            )
        return value

    @field_validator("elasticities", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("elasticities")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        labels = [Path(name).stem for name in value]
        for label in labels:
            if labels.count(label) > 1:
                raise ValueError(f"two sets are called '{label}': results could not be told apart")
        return value

    @property
    def chosen_elasticities(self) -> list[str]:
        """The elasticity sets in force: those given, else two, or a folder's own."""
        if self.elasticities is not None:
            return self.elasticities
        return ["fontagne", "boehm"] if self.benchmark.table in TABLES else ["own"]

    @property
    def chosen_speed(self) -> str:
        """The elasticities in force: those given, else those of the closure's kind."""
        return self.speed or ("short" if self.closure.kind == "short_run" else "long")


def find_scenario(name_or_path: str | Path) -> Path:
    """Return the path of a scenario file, or of a shipped one of that name.

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
    raise InputError("no such scenario file", file=path, allowed=["a path", *names])


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    path = find_scenario(name_or_path)
    return validate(Scenario, read_yaml(path), path)
