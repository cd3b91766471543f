"""One table of many runs: short run, long run and path, or whatever else is set side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from cge.core.errors import InputError, refuse_if, retold
from cge.core.fields import Strict
from cge.core.files import read_yaml, validate
from cge.results.resultset import ResultSet, together
from cge.scenario.schema import FolderName, Scenario, completed
from cge.scenario.variants import with_changes
from cge.studies.listing import study_with
from cge.studies.study import Study, Work, inner, side_by_side


class Run(Strict):
    """One run of a collection.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, as a rule one that extends another, or the name of one.
    study : str, optional
        Kind of study; default the one of the scenario.
    options : mapping
        Of the study.
    """

    scenario: Scenario | str
    study: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class RunList(Strict):
    """The layout of the file of a collection."""

    name: FolderName
    title: str = ""
    description: str = ""
    runs: Annotated[list[Run], Field(min_length=1)]


@dataclass(frozen=True)
class Collection(Study):
    """Do several runs and put their results in one table.

    Parameters
    ----------
    changes : mapping
        Keys of all scenarios, dotted, and other values for them.
    """

    kind: ClassVar[str] = "collection"
    command: ClassVar[str] = "collect"
    example: ClassVar[str] = "runs.yaml --aggregation small"
    asked: ClassVar[type[BaseModel]] = RunList

    scenario: RunList | str | Path  # type: ignore[assignment]
    changes: Mapping[str, Any] = inner(factory=dict)

    @cached_property
    def question(self) -> Any:
        if isinstance(self.scenario, RunList):
            return self.scenario
        return validate(RunList, read_yaml(str(self.file)), self.file)

    @cached_property
    def studies(self) -> Mapping[str, Study]:
        """The studies by the names of their scenarios."""
        found: dict[str, Study] = {}
        for number, run in enumerate(self.question.runs):
            key = f"runs.{number}.scenario"
            with retold(partial(InputError.located, file=self.file, key=key)):
                study = self._study(run)
                name = study.question.name
                refuse_if(name in found, "two runs have this name", value=name)
            found[name] = study
        return found

    def _study(self, run: Run) -> Study:
        named = run.scenario
        if isinstance(named, str):
            named = validate(Scenario, {"name": Path(named).stem, "extends": named}, self.file)
        scenario = completed(named, self.file.parent if self.file else None)
        return study_with(run.study, [with_changes(scenario, self.changes)], run.options)

    def parts(self) -> Sequence[Scenario]:
        """The scenarios of all runs."""
        return [part for study in self.studies.values() for part in study.parts()]

    def amount(self) -> int:
        """About how many solutions all runs take."""
        return sum(study.amount() for study in self.studies.values())

    @property
    def spec(self) -> dict[str, Any]:
        content = self.question.model_dump(include={"name", "title", "description"})
        content["runs"] = [study.spec for study in self.studies.values()]
        return {"study": self.kind, "options": {}, "scenario": content}

    def work(self) -> Work:
        found = yield from side_by_side([(n, study.work()) for n, study in self.studies.items()])
        told = {name: one.manifest for name, one in zip(self.studies, found, strict=True)}
        for name, one in told.items():
            of, other = one["benchmark"], found[0].benchmark
            if any(of[part] != other[part] for part in ("name", "unit", "regions", "sectors")):
                raise InputError("has another benchmark than the first run", key="runs", value=name,
                                 allowed="runs of one table, year and aggregation")  # fmt: skip
        notes = [
            line if all(line in other["notes"] for other in told.values()) else f"{name}: {line}"
            for name, one in told.items() for line in one["notes"]
        ]  # fmt: skip
        every = {key: one[key] for one in reversed(told.values()) for key in one}
        return ResultSet(together(found), {
            **every, "spec": self.spec, "notes": list(dict.fromkeys(notes)),
            "cases": [case for one in told.values() for case in one["cases"]],
            "files": {path: key for one in told.values() for path, key in one["files"].items()},
            "pages": [["regions", {}]], "figure": "regions",
        })  # fmt: skip
