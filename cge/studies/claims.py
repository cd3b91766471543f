"""Claims put to the test: each as cases that are solved and figures whose signs are predicted.

Equal cases of different claims are solved once. In a draw a parameter has the same value in all
cases, and a figure that compares cases is formed draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel

from cge.core.axes import Array
from cge.core.errors import below, check_known, check_once, refuse_if, retold
from cge.core.identity import digest
from cge.core.selectors import UnknownCode
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import HORIZONS
from cge.policy.benchmarks import set_name
from cge.results.claim_rows import codes_of, wanted_rows
from cge.results.claim_tables import on_tables
from cge.results.register import item_of, register
from cge.results.resultset import ResultSet
from cge.scenario.claim_file import Claim, ClaimCase, load_claim, shipped_claims
from cge.scenario.schema import Scenario, completed
from cge.scenario.variants import ScenarioSet, with_changes
from cge.studies.claim_results import Found, Solvable, Tried, claim_results
from cge.studies.drawable import Drawable
from cge.studies.listing import study_with
from cge.studies.sensitivity import draw_tasks
from cge.studies.sensitivity_results import SetDraws
from cge.studies.study import Study, Work, content_of, inner, option, side_by_side
from cge.uncertainty.designs import Design, sample_apart
from cge.uncertainty.selection import ELASTICITIES
from cge.uncertainty.uncertain_parameters import UncertainParameter

#: Sets under which all claims are tried unless others are chosen.
SETS = ("fontagne", "boehm")
#: The key of a scenario that names its table.
_TABLE = "benchmark.table"
#: Keys of a measure that name codes, by their axis.
_NAMING: Mapping[str, tuple[str, ...]] = {
    "regions": ("importer", "exporter", "region", "source", "learner", "by", "against"),
    "sectors": ("sector",),
}


@dataclass(frozen=True)
class Claims(Study):
    """Test claims: whether their predictions hold, how surely, and what turns them.

    Parameters
    ----------
    scenario : str, path or Claim, or a tuple of these
        Claims by name, their files, or claims; none: all that ship.
    table : tuple of str
        Tables of accounts, in place of the one that the claims say.
    draws : int
        0 for central values alone.
    distribution, seed
        See :class:`cge.uncertainty.designs.Design`.
    changes : mapping
        Keys of all scenarios, dotted, and other values for them.
    beside : bool
        Whether other tables stand beside this one: what they carry is not refused here.
    """

    kind: ClassVar[str] = "claims"
    command: ClassVar[str] = "claims"
    asked: ClassVar[type[BaseModel]] = Claim
    several: ClassVar[bool] = True
    example: ClassVar[str] = "A1 A2 --aggregation small"

    scenario: Any = ()
    table: tuple[str, ...] = option(
        (), "world2022 (estimated), wiod2013, wiod2014, or a benchmark folder; of several a claim "
        "must hold on each.",
    )  # fmt: skip
    draws: int = option(0, "Draws of all parameters for each elasticity set; 0: none.")
    distribution: str = option("triangular", "triangular or uniform.")
    seed: int = option(1, "Of the random numbers.")
    changes: Mapping[str, Any] = inner(factory=dict)
    beside: bool = inner(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws:  # else there is nothing to draw
            _ = self.design
        check_once(map(set_name, self.table), "two tables have this name", key="table")

    @cached_property
    def on_each(self) -> Mapping[str, Claims]:
        """The claims on each table, by its name in results; on the usual one: the study itself."""
        return {
            set_name(one): replace(
                self, table=(), changes={**self.changes, _TABLE: one}, beside=len(self.table) > 1
            )
            for one in self.table
        } or {"": self}

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims, in order."""
        given = self.scenario if isinstance(self.scenario, tuple) else (self.scenario,)
        found = tuple(one if isinstance(one, Claim) else load_claim(one)
                      for one in given or shipped_claims())  # fmt: skip
        check_once((one.id for one in found), "two claims have this name", key="id")
        return found

    @property
    def question(self) -> Any:
        """The first claim."""
        return self.claims[0]

    @property
    def file(self) -> Path | None:
        """File of the claim, if it is one and has one."""
        return self.claims[0]._file if len(self.claims) == 1 else None

    @property
    def folder(self) -> str:
        """Name of the output folder."""
        one = len(self.claims) == 1
        return f"{self.command}-{self.claims[0].id}" if one else self.command

    def parts(self) -> Sequence[Scenario]:
        """The scenarios of all cases, equal ones once."""
        return [part for here in self.on_each.values() for study in here._distinct().values()
                for part in study.parts()]  # fmt: skip

    def amount(self) -> int:
        """Draws under all elasticity sets, and the solutions of the central cases."""
        draws = self.draws if isinstance(self.draws, int) else 0  # else refused by the design
        return sum(
            one.amount() + draws * isinstance(one, Drawable) * len(one.question.chosen_elasticities)
            for here in self.on_each.values() for one in here._distinct().values()
        )  # fmt: skip

    def _distinct(self) -> dict[str, Solvable]:
        """The studies of all cases, equal ones once, by their keys."""
        every = [one for of_claim in self.studies.values() for one in of_claim.values()]
        return {_key(one): one for one in reversed(every)}

    @cached_property
    def design(self) -> Design:
        """How parameters are drawn."""
        return Design("latin-hypercube", self.draws, self.distribution, 0.0, self.seed)

    @property
    def spec(self) -> dict[str, Any]:
        """Content of a manifest of which the study can be made again."""
        every = [one.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                 for one in self.claims]  # fmt: skip
        for content, claim in zip(every, self.claims, strict=True):
            studies = next(iter(self.on_each.values())).studies
            for name, study in studies.get(claim.id, {}).items():
                sets = {"elasticities": study.question.chosen_elasticities}
                content["cases"][name] |= {"scenario": content_of(study.question), "set": sets}
        one = len(self.claims) == 1
        title = self.claims[0].title if one else "Claims put to the test"
        return {"study": self.kind, "options": {**self.options, "table": [*self.table]},
                "scenario": {"name": self.folder, "title": title}, "scenarios": every}  # fmt: skip

    @cached_property
    def studies(self) -> Mapping[str, Mapping[str, Solvable]]:
        """The studies of every claim by the names of its cases."""
        found: dict[str, dict[str, Solvable]] = {}
        for claim in self.claims:
            with retold(claim.told):
                _check_measures(claim)
            found[claim.id] = {}
            for name, case in claim.cases.items():
                with retold(claim.told), below(f"cases.{name}"):
                    found[claim.id][name] = self._study(case, claim)
        return found

    def _study(self, case: ClaimCase, claim: Claim) -> Solvable:
        """The study of a case, without the measures that are collected."""
        named = case.scenario
        if isinstance(named, str):
            named = Scenario.model_validate({"name": Path(named).stem, "extends": named})
        scenario = completed(named, claim._file.parent if claim._file else None)
        changes = {"elasticities": [*SETS], **case.set_, **self.changes}
        made: Solvable = study_with(case.study, [with_changes(scenario, changes)], case.options)
        return made

    def work(self) -> Work:
        if self.table:
            self._refuse_what_no_table_carries()
            works = [(name, one.work()) for name, one in self.on_each.items()]
            found = yield from side_by_side(works)
            return on_tables(self.spec, dict(zip(self.on_each, found, strict=True)))
        claims, elsewhere = self._possible
        tried = self._tried(claims)
        found = yield from side_by_side([(one.label, one.study.work()) for one in tried.values()])
        runs: dict[str, dict[str, SetDraws]] = {}
        for (key, one), results in zip(tried.items(), found, strict=True):
            runs[key] = {name: self._of_set(one, name, results) for name in one.study.benchmarks}
        if self.draws:
            every = [run for of_case in runs.values() for run in of_case.values() if run.parameters]
            tasks = [draw_tasks(run) for run in every]
            done = iter((yield [task for of_run in tasks for task in of_run]))
            for run, of_run in zip(every, tasks, strict=True):
                run.add([next(done) for _ in of_run])
        keys = {claim.id: {name: _key(study) for name, study in self.studies[claim.id].items()}
                for claim in claims}  # fmt: skip
        return claim_results(
            self.spec, self.claims, [Found(one, keys[one.id], runs) for one in claims], elsewhere,
            _accounts(next(iter(tried.values())).study),
            self.design if self.draws else None, found,
        )  # fmt: skip

    @cached_property
    def _possible(self) -> tuple[list[Claim], dict[str, str]]:
        """Claims whose codes the benchmark has, and why others are left out, by name.

        Raises
        ------
        InputError
            For a code that it lacks in a claim that was asked for by name, and where no claim
            can be tested.
        """
        possible, elsewhere = [], {}
        first: Benchmark | None = None
        for claim in (one for one in self.claims if one.cases):
            try:
                with retold(claim.told):
                    for name, study in self.studies[claim.id].items():
                        with below(f"cases.{name}.scenario"):
                            b = _accounts(study)
                        first = first or b
                        refuse_if(_of_data(b) != _of_data(first),
                                  "must be the same in all claims", file=claim._file,
                                  key=f"cases.{name}.benchmark", value=b.name,
                                  allowed="one table, year and aggregation for all")  # fmt: skip
                    self._check_codes(claim)
            except UnknownCode as error:
                if self.scenario and not (self.beside and len(self.claims) > 1):
                    raise
                elsewhere[claim.id] = _reason(error)
            else:
                possible.append(claim)
        refuse_if(not possible, "no claim can be tested", key="claim",
                  value=", ".join(one.id for one in self.claims),
                  allowed="claims that have cases")  # fmt: skip
        return possible, elsewhere

    def _refuse_what_no_table_carries(self) -> None:
        """Refuse a claim that was asked for by name and that no table can carry."""
        if not self.scenario or len(self.claims) == 1:
            return  # the tables refuse it themselves
        lacking = [one._possible[1] for one in self.on_each.values()]
        for claim in self.claims:
            if all(claim.id in one for one in lacking):
                first = next(iter(self.on_each.values()))
                _ = replace(first, scenario=(claim,))._possible

    def _check_codes(self, claim: Claim) -> None:
        """Refuse a code that a claim names and the benchmark lacks."""
        for place, figure in claim.places:
            codes_of(figure, _accounts(self.studies[claim.id][figure.case]), place)
        for name, study in self.studies[claim.id].items():
            b = _accounts(study)
            for member in ScenarioSet(study.question).members:
                content = member.scenario.model_dump(include={"policy", "knowledge", "responses"})
                for part, entries in content.items():
                    for n, entry in enumerate(entries):
                        for axis, words in _NAMING.items():
                            for word in words:
                                if isinstance(value := entry.get(word), str | list):
                                    b.codes(axis, value, f"cases.{name}.{part}.{n}.{word}")

    def _tried(self, claims: Sequence[Claim]) -> dict[str, Tried]:
        """Every case once, with the figures that all claims take from it."""
        found: dict[str, Tried] = {}
        for claim in claims:
            for name, study in self.studies[claim.id].items():
                one = found.setdefault(_key(study), Tried(study, f"{claim.id} {name}"))
                one.figures.extend((claim, place, figure) for place, figure in claim.places
                                   if figure.case == name)  # fmt: skip
        return {key: one.ready() for key, one in found.items()}

    def _of_set(self, one: Tried, name: str, central: ResultSet) -> SetDraws:
        """Draws of a case under one set, with the results at central values."""
        study, points = one.study.of_set(name), np.zeros((0, 0))
        parameters: tuple[UncertainParameter, ...] = ()
        if isinstance(study, Drawable):
            study = replace(study, only=one.measures, reads=one.read())
            if self.draws:
                parameters, points = self._drawn(study)
        made = SetDraws(name, study, parameters, points)
        rows = central.rows[central.rows["elasticities"] == name].reset_index(drop=True)
        cases = [case for case in central.manifest["cases"] if case.get("elasticities") == name]
        made.central = ResultSet(rows, {**central.manifest, "cases": cases})
        made.figures = wanted_rows(rows, one.figures, _accounts(study))
        return made

    def _drawn(self, study: Drawable) -> tuple[tuple[UncertainParameter, ...], Array]:
        """Parameters of a case under one set, and their values: the same in every case.

        Elasticities are drawn of both horizons together, whichever a case uses.
        """
        both, others = study.elasticity_parameters(horizons=HORIZONS), []
        for family, made in study.families().items():
            others += [] if family == ELASTICITIES else [*made()]
        every = (*both, *others)
        mine = [n for n, one in enumerate(every)
                if one.place or any(one.at(h) for h in study.horizons)]  # fmt: skip
        return tuple(every[n] for n in mine), sample_apart(self.design, every)[:, mine]


def _accounts(study: Solvable) -> Benchmark:
    """The accounts of a case, with the groups of its scenario."""
    return next(iter(study.benchmarks.values()))


def _reason(error: UnknownCode) -> str:
    """Why a benchmark can not carry a claim, in words."""
    if error.problem.startswith("is "):
        return f"{error.value} {error.problem} ({error.allowed})"
    return f"{error.problem} '{error.value}'"


def _of_data(b: Benchmark) -> str:
    """Digest of accounts as the data have them: owners of capital are a case's own."""
    return (b if b.ownership is None else replace(b, ownership=None)).accounts_fingerprint


def _check_measures(claim: Claim) -> None:
    """Refuse a measure that no results hold."""
    known = [q.name for q in register().values() if q.reported in ("1", "2", "3")]
    for place, figure in claim.places:
        check_known([item_of(figure.measure)[0]], known, "unknown measure",
                    key=f"{place}.measure")  # fmt: skip


def _key(study: Solvable) -> str:
    """Digest of a case: what is solved, whatever it is called."""
    content = {name: value for name, value in content_of(study.question).items()
               if name not in ("name", "title", "description")}  # fmt: skip
    return digest(study.kind, study.options, content)
