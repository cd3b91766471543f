"""The layout of a claim's file: what is said, what is run, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PrivateAttr, field_validator, model_validator

from cge.core.content import content_dir, find_content
from cge.core.errors import InputError
from cge.core.fields import Codes, Strict, refuse_value
from cge.core.files import Number, read_yaml, validate
from cge.scenario.schema import Scenario, wrong_name

#: Whether a claim can be tested: as it stands, with a parameter that is added, or not at all.
Status = Literal["testable", "parameter", "narrative"]
#: Studies of which the cases are; of a frontier nothing is drawn.
StudyKind = Literal["static", "path", "stress", "comparison", "margins", "frontier"]
#: Points of a frontier: its end without a constraint, the one half way, that of the smallest risk.
Point = Literal["first", "middle", "last"]
#: Ways to predict: above or below a number, by default 0.
Sign = Literal["positive", "negative"]
#: Ways to make one figure of those of several variants.
Take = Literal["mean", "median", "smallest", "largest", "p10", "p90", "break_even_noise"]
#: In the name of a variant: anything.
ANY = "*"


class ClaimCase(Strict):
    """One thing that is solved for a claim.

    Parameters
    ----------
    study : {"static", "path", "stress", "comparison", "margins", "frontier"}
    scenario : Scenario or str
        A scenario, or the name of a shipped one.
    set : mapping
        Keys of the scenario, dotted, and other values for them; ``variants`` is a list of names.
    options : mapping
        Of the study.
    """

    study: StudyKind = "static"
    scenario: Scenario | str
    set_: dict[str, Any] = Field(default_factory=dict, alias="set")
    options: dict[str, Any] = Field(default_factory=dict)


class Figure(Strict):
    """A figure of a case, times a number.

    Parameters
    ----------
    times : float
    case : str
        Name of the case.
    measure : str
        As in results; ``consumer_real_return[LAB]`` names an item.
    region : str or list of str
        Codes, groups, or ``World``; of several the figures are added up.
    sector : str or list of str
        Likewise; without one the figure is of all sectors.
    partner, variant, disruption : str
        In that of a variant one ``*`` stands for anything: a figure of each that is so called.
    year : int, optional
        Of a path; without one the figure is of the path as a whole. Of a frontier on a path that of
        its disruptions.
    point : {"first", "middle", "last"}, optional
        Of a frontier.
    column : {"value", "change", "benchmark"}
    """

    times: Number = 1.0
    case: str
    measure: str
    region: Codes = ""
    sector: Codes = ""
    partner: str = ""
    variant: str = ""
    disruption: str = ""
    year: Annotated[int, Field(ge=1)] | None = None
    point: Point | None = None
    column: Literal["value", "change", "benchmark"] = "value"

    @field_validator("variant")
    @classmethod
    def _one_star(cls, value: str) -> str:
        refuse_value(value.count(ANY) > 1, f"holds more than one {ANY}", value=value)
        return value


class Sum(Strict):
    """Figures that are added up, over others if need be.

    Parameters
    ----------
    figure : list of Figure
        Which are added up.
    over : list of Figure
        By the sum of which they are divided.
    """

    figure: Annotated[list[Figure], Field(min_length=1)]
    over: list[Figure] = Field(default_factory=list)

    @property
    def figures(self) -> dict[str, Figure]:
        """All its figures by their places."""
        return {f"{part}.{n}": one for part in ("figure", "over")
                for n, one in enumerate(getattr(self, part))}  # fmt: skip


class Prediction(Sum):
    """A figure and the sign that the claim gives it.

    Parameters
    ----------
    says : str
        What must hold, in one sentence.
    figure, over : list of Figure
        See :class:`Sum`.
    versus : Sum, optional
        What is taken off.
    take : str, optional
        Where a figure is of each of several variants: which statistic of them is meant, or
        the noise at which to choose the one that looks best is worth nothing
        (:mod:`cge.uncertainty.chosen_variant`).
    sign : {"positive", "negative"}
    than : float
        What it is compared with.
    """

    says: str
    versus: Sum | None = None
    take: Take | None = None
    sign: Sign
    than: Number = 0.0

    @model_validator(mode="after")
    def _one_figure(self) -> Prediction:
        several = any(ANY in one.variant for one in self.figures.values())
        refuse_value(several != (self.take is not None), "goes with a figure of several variants, "
                     f"whose name holds {ANY}", key="take", value=self.take,
                     allowed=get_args(Take))  # fmt: skip
        return self

    @property
    def figures(self) -> dict[str, Figure]:
        """All its figures by their places."""
        other = self.versus.figures if self.versus else {}
        return {**super().figures, **{f"versus.{place}": one for place, one in other.items()}}


class Claim(Strict):
    """A claim as an experiment.

    Parameters
    ----------
    id : str
        Short name.
    group : str
        Claims that belong together.
    section : str
        Where it stands in its source.
    title : str
        The claim in a few words.
    statement : str
        The words of the source.
    english : str
        The same in English.
    expected : str
        What the literature lets expect.
    not_carried : str
        What of the claim the model can not carry.
    done : str
        What is done, in one sentence.
    disagree : str
        Where to disagree, in one sentence.
    status : {"testable", "parameter", "narrative"}
    parameter : str
        The parameter that is added, with its value and source.
    cases : mapping of str to ClaimCase
    checks : list of Prediction
        All of which must hold.
    """

    id: str
    group: str
    section: str
    title: str
    statement: str
    english: str
    expected: str
    not_carried: str
    done: str = ""
    disagree: str = ""
    status: Status = "testable"
    parameter: str = ""
    cases: dict[str, ClaimCase] = Field(default_factory=dict)
    checks: list[Prediction] = Field(default_factory=list)

    #: Its own file.
    _file: Path | None = PrivateAttr(default=None)

    @property
    def name(self) -> str:
        """Name of its results."""
        return self.id

    def told(self, error: InputError) -> InputError:
        """An error with its file."""
        return error.located(self._file)

    @property
    def places(self) -> Iterator[tuple[str, Figure]]:
        """Every figure of its checks with its place in the file."""
        for n, check in enumerate(self.checks):
            for place, one in check.figures.items():
                yield f"checks.{n}.{place}", one

    @field_validator("id")
    @classmethod
    def _short(cls, value: str) -> str:
        if problem := wrong_name(value, 20):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _whole(self) -> Claim:
        testable = self.status != "narrative"
        for key in ("cases", "checks", "done", "disagree"):
            refuse_value(testable and not getattr(self, key), "this key is missing", key=key,
                         allowed="one or more, unless the status is narrative")  # fmt: skip
        refuse_value(not testable and (self.cases or self.checks), "a narrative is not tested",
                     key="status", value=self.status, allowed="testable or parameter")  # fmt: skip
        refuse_value((self.status == "parameter") != bool(self.parameter),
                     "is told for a claim of the status 'parameter', and for no other",
                     key="parameter", value=self.parameter or None)  # fmt: skip
        for place, one in self.places:
            refuse_value(one.case not in self.cases, "no such case", key=f"{place}.case",
                         value=one.case, allowed=list(self.cases))  # fmt: skip
        idle = {*self.cases} - {one.case for _, one in self.places}
        refuse_value(idle, "no check reads this case", key=f"cases.{min(idle, default='')}")
        return self


@lru_cache(maxsize=1)
def shipped_claims() -> Mapping[str, Path]:
    """Files of the claims that ship, by name."""
    files = (content_dir("experiments") / "claims").glob("*.yaml")
    return {path.stem: path for path in sorted(files, key=_in_order)}


def _in_order(path: Path) -> tuple[str, int, str]:
    """Order of claims: A2 before A10."""
    digits = path.stem.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return path.stem[: len(path.stem) - len(digits)], int(digits) if digits.isdigit() else 0, digits


def find_claim(name: str | Path) -> Path:
    """Path of a claim's file, or of a shipped one of that name.

    Raises
    ------
    InputError
        If there is neither.
    """
    return find_content("claim", str(name), shipped_claims(), "claim")


def load_claim(name: str | Path) -> Claim:
    """Read a claim.

    Raises
    ------
    InputError
        Naming file, key, value and what is allowed.
    """
    path = find_claim(name)
    claim = validate(Claim, read_yaml(path), path)
    claim._file = path
    return claim
