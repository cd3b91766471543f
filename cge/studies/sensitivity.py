"""Systematic sensitivity: a study worked out for many draws of its uncertain parameters.

The shares of the accounts do not depend on elasticities, so nothing is recalibrated: every
draw is the same benchmark with other curvatures, worked out for the same policy and closure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.core.axes import Array, Bools
from cge.core.errors import InputError, NoEquilibrium, refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.results.register import register
from cge.results.row_schema import COLUMNS, TEXT
from cge.scenario.schema import Scenario
from cge.scenario.variants import ScenarioSet
from cge.solve.model import Solver
from cge.studies.drawable import Drawable
from cge.studies.listing import listed, study_class, usual_kind
from cge.studies.sensitivity_results import FIGURE, SetDraws, sensitivity_results
from cge.studies.study import Study, Work, option, option_names, side_by_side, solver_option
from cge.tasks.runner import Place, Serial, Task
from cge.uncertainty.designs import Design, sample
from cge.uncertainty.selection import check_selections, selected
from cge.uncertainty.uncertain_parameters import UncertainParameter, central_values

#: Labels of a row; the other columns tell figures from each other.
_LABELS = ("study", "scenario", "title", "table", "elasticities")
_KEYS = tuple(name for name in COLUMNS if name not in (*_LABELS, *FIGURE))
#: Solutions times routes and sectors that are a second of work, and draws in a task at most.
_SECOND, _MOST = 20_000, 25
#: A comma that is not within brackets.
_COMMA = re.compile(r",(?![^\[]*\])")


@dataclass(frozen=True)
class Draws:
    """Draws that one task does.

    Parameters
    ----------
    study : Drawable
        Of one elasticity set.
    parameters : tuple of UncertainParameter
    points : ndarray (draws, parameters)
        Values of the parameters.
    figures : tuple of tuple
        Keys of the figures.
    known : ndarray of bool (figures,)
        Whether they are a number in the central case.
    members : tuple of Scenario
        The scenarios that the study's stands for: what their files hold counts.
    """

    study: Drawable
    parameters: tuple[UncertainParameter, ...]
    points: Array
    figures: tuple[tuple[str | float, ...], ...]
    known: Bools
    members: tuple[Scenario, ...]


@dataclass(frozen=True)
class Sensitivity(Study):
    """Work a study out for many draws of its uncertain parameters.

    Parameters
    ----------
    draws, design, distribution, correlation, seed
        See :class:`cge.uncertainty.designs.Design`.
    split : bool
        Draw every sector on its own, even where several use one published value.
    measures : tuple of str
        Measures to report, with an item if need be; default: those of the study.
    parameters : tuple of str
        Which are drawn, see :func:`cge.uncertainty.selection.selected`; default: those of the
        study.
    of : str
        Kind of study.
    solver : {"newton", "ipopt"}
    settings : mapping
        Other options of the study.
    """

    kind: ClassVar[str] = "sensitivity"
    command: ClassVar[str] = "sensitivity"
    suffix: ClassVar[str] = "-sensitivity"

    draws: int = option(200, "Draws for each elasticity set.")
    design: str = option(
        "latin-hypercube", "latin-hypercube, monte-carlo, or stroud (sets its own draws)."
    )
    distribution: str = option("triangular", "triangular or uniform.")
    correlation: float = option(0.0, "Rank correlation within a nest or group, 0 to 1.")
    split: bool = option(False, "Draw sectors apart even where they use one published value.")
    seed: int = option(1, "Of the random numbers.")
    measures: tuple[str, ...] = option(
        (), "Measures, with commas or repeated: real_gdp,factor_return[LAB]."
    )
    parameters: tuple[str, ...] = option(
        (), "Parameters by family (elasticities, dynamics, knowledge, short_run, disruptions), "
        "group or name, with * and ?, after ! what is left out; default: elasticities of static "
        "studies, everything of others.",
    )  # fmt: skip
    of: str = option(
        "", "Study that is drawn: static, path, stress, comparison; default: path or static, as "
        "the scenario is.",
    )  # fmt: skip
    solver: Solver = solver_option()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def work(self) -> Work:
        design = Design(
            self.design, self.draws, self.distribution, self.correlation, self.seed
        )  # fmt: skip
        study, names = self.drawable()
        sets = [
            SetDraws(one, under, parameters, sample(design, parameters))
            for one, under, parameters in self._under_each_set(study)
        ]
        centrals = yield from side_by_side([
            ("central case",
             one.study.drawn(one.parameters, central_values(one.parameters)).work())
            for one in sets
        ])  # fmt: skip
        for one_set, central in zip(sets, centrals, strict=True):
            one_set.central = central
            one_set.figures = figures_of(central.rows, names, bool(self.measures))
        tasks = [draw_tasks(one) for one in sets]
        results = iter((yield [task for of_set in tasks for task in of_set]))
        for one_set, of_set in zip(sets, tasks, strict=True):
            one_set.add([next(results) for _ in of_set])
        return sensitivity_results(self.spec, self.question, sets, design, self.split)

    def amount(self) -> int:
        """Draws under all elasticity sets, and the solutions of the central case."""
        draws = self.draws if isinstance(self.draws, int) else 0  # else refused by the design
        return super().amount() + draws * len(self.question.chosen_elasticities)

    def _under_each_set(
        self, study: Drawable
    ) -> Iterator[tuple[str, Drawable, tuple[UncertainParameter, ...]]]:
        """Elasticity sets, the study under each alone, and the parameters that are drawn there."""
        patterns = _parts(self.parameters) or study.usual
        each = {name: study.of_set(name) for name in study.benchmarks}
        families = {name: one.families(self.split) for name, one in each.items()}
        found = {name: selected(own, patterns) for name, own in families.items()}
        check_selections(found.values(), next(iter(families.values())))
        for name, one in each.items():
            yield name, one, found[name].parameters

    def drawable(self) -> tuple[Drawable, tuple[str, ...]]:
        """The study that is drawn, and the measures to report.

        Raises
        ------
        InputError
            If there is no such study or measure, or its parameters can not be drawn.
        """
        kind = self.drawn_kind()
        asked = _parts(self.measures)
        names = tuple(dict.fromkeys(asked or ([] if self.measures else kind.main_measures)))
        known = [q.name for q in register().values() if q.reported in ("1", "2", "3")]
        refuse_if(not names, "no measure is named", key="measures", allowed=known)
        for name in names:
            if name.partition("[")[0] not in known:
                raise InputError("unknown measure", key="measures", value=name, allowed=known)
        options = [name for name in option_names(kind) if name != "solver"]
        for name, value in self.settings.items():
            refuse_if(name not in options, "no such option of the study that is drawn", value=value,
                      key=f"settings.{name}", allowed=options)  # fmt: skip
        only = tuple(dict.fromkeys(name.partition("[")[0] for name in names))
        return kind(self.scenario, only=only, solver=self.solver, **self.settings), names

    def drawn_kind(self) -> type[Drawable]:
        """Class of the study that is drawn."""
        of = self.of or usual_kind(self.question)
        found = study_class(of)
        if not issubclass(found, Drawable):
            drawable = [one.kind for one in listed().values()
                        if issubclass(study_class(one.kind), Drawable)]  # fmt: skip
            raise InputError("is no study whose parameters can be drawn", key="of", value=of,
                             allowed=drawable)  # fmt: skip
        return found


def _parts(texts: Sequence[str]) -> list[str]:
    """Names in a list whose entries may hold several, with commas: not those within brackets."""
    return [part.strip() for text in texts for part in _COMMA.split(text) if part.strip()]


def figures_of(rows: pd.DataFrame, names: Sequence[str], asked: bool) -> pd.DataFrame:
    """Rows of the figures whose spread is reported, in the order of the measures.

    Parameters
    ----------
    rows : DataFrame
        Results of the study; rows that are statistics or draws already are no figures.
    names : sequence of str
        ``real_gdp``, or with an item ``factor_return[LAB]``.
    asked : bool
        Whether each of them must be there.

    Raises
    ------
    InputError
        If it must be there and is not.
    """
    plain = ((rows["statistic"] == "") & rows["point"].isna()).to_numpy()
    places = []
    for name in names:
        measure, _, item = name.removesuffix("]").partition("[")
        here = plain & (rows["measure"] == measure).to_numpy()
        if item:
            here &= (rows["item"] == item).to_numpy()
        if asked and not here.any():
            raise InputError("is not among the results of this study", key="measures", value=name)
        places.append(np.flatnonzero(here))
    return rows.iloc[np.concatenate(places)].reset_index(drop=True)


def draw_tasks(one: SetDraws) -> list[Task]:
    """Tasks of the draws under one set, each about a second of work."""
    b: Benchmark = next(iter(one.study.benchmarks.values()))
    solutions = max(one.study.solutions(one.central), 1)
    size = len(b.regions) ** 2 * len(b.sectors) * solutions
    count = min(max(round(_SECOND / size), 1), _MOST)
    scenario = one.study.question
    nameless = scenario.model_copy(update={"name": "x", "title": "", "description": ""})
    study = replace(one.study, scenario=nameless)
    keys = tuple(row_keys(one.figures))
    members = tuple(member.scenario for member in ScenarioSet(nameless).members)
    known = one.figures["value"].notna().to_numpy()
    parts = [one.points[n : n + count] for n in range(0, len(one.points), count)]
    return [
        Task(
            one.name,
            solve_draws,
            Draws(study, one.parameters, part, keys, known, members),
            len(part),
        )
        for part in parts
    ]


def solve_draws(asked: Draws, place: Place) -> dict[str, Any]:
    """Work a study out for some draws.

    Returns
    -------
    dict
        ``numbers``, ndarray (draws, figures, 3), the value, benchmark and change of every
        figure; ``failed``, for each draw why it has none, empty where it has.
    """
    numbers = np.full((len(asked.points), len(asked.figures), len(FIGURE)), np.nan)
    failed = [""] * len(asked.points)
    for number, values in enumerate(asked.points):
        here = Serial(place)
        try:
            study = asked.study.drawn(asked.parameters, values)
            rows = here.drive(study.work()).rows
            numbers[number] = _picked(rows, asked)
        except NoEquilibrium as error:
            failed[number] = str(error)
        except InputError as error:  # the central case could be: these values together can not
            failed[number] = f"the values can not stand together: {error}"
        here.forget()  # years of a path: nobody asks for this one again
    return {"numbers": numbers, "failed": failed}


def _picked(rows: pd.DataFrame, asked: Draws) -> Array:
    """Numbers of figures in the results of a draw, (figures, 3).

    Raises
    ------
    NoEquilibrium
        If one is not there, or no number, that is one in the central case.
    """
    places = {key: number for number, key in enumerate(row_keys(rows))}
    table = rows[list(FIGURE)].to_numpy(dtype=float)
    found = np.full((len(asked.figures), len(FIGURE)), np.nan)
    for number, key in enumerate(asked.figures):
        if key in places:
            found[number] = table[places[key]]
    lost = np.flatnonzero(asked.known & np.isnan(found[:, 0]))
    if len(lost):
        what = dict(zip(_KEYS, asked.figures[lost[0]], strict=True))
        where = f" ({what['disruption']})" if what["disruption"] else ""
        raise NoEquilibrium(f"{what['measure']} of {what['region']}{where} can not be computed")
    return found


def row_keys(rows: pd.DataFrame) -> list[tuple[str | float, ...]]:
    """Keys that tell every row from the others; what does not apply is -1 or empty."""
    columns: list[list[str | float]] = []
    for name in _KEYS:
        column = rows[name].array
        if name in TEXT:
            words = column.categories.tolist()
            columns.append([words[code] for code in column.codes.tolist()])
        else:
            columns.append(column.to_numpy(dtype=float, na_value=-1.0).tolist())
    return list(zip(*columns, strict=True))
