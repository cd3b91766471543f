"""Chord steps find what Newton's method finds, or give way to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from policies import scenario
from tools import TARIFF_WAR, small_model

from cge import Model, Solution, load_benchmark
from cge.policy.case import solve_case
from cge.policy.closures import closure_of
from cge.scenario.schema import ClosureChoice
from cge.solve import homotopy
from cge.solve.closure import Closure
from cge.solve.square import linear
from cge.solve.square.bends import LOOSE, Bends
from cge.solve.square.chord import STEP_LIMIT, chord
from cge.solve.square.linear import LinearSolver
from cge.solve.square.newton import newton

FAR = {"productivity[CHN, *]": 3.0}


@pytest.fixture
def by_chords(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Small systems taken for large; whether each attempt by chord steps got there."""
    monkeypatch.setattr(LinearSolver, "large", 0)
    converged: list[bool] = []

    def noted(*given: object) -> object:
        attempt = chord(*given)  # type: ignore[arg-type]
        converged.append(attempt.converged)
        return attempt

    monkeypatch.setattr(homotopy, "chord", noted)
    yield converged


def fresh_model() -> Model:
    """Return the small world with nothing kept from other tests."""
    return Model.build(load_benchmark("wiod2013", aggregation="small"))


def largest_gap(one: Solution, other: Solution) -> float:
    """Return the largest difference between two solutions, in logs."""
    positive = ~one.model.arrays.free
    return float(np.abs(np.log(one.levels[positive] / other.levels[positive])).max())


@pytest.mark.parametrize(
    "closure",
    [Closure(), Closure("short_run", specific_factors=("CAP",))],
    ids=lambda closure: closure.name,
)
def test_chord_steps_find_the_equilibrium_that_newton_finds(
    by_chords: list[bool], closure: Closure, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fresh_model().solve(TARIFF_WAR, closure)
    assert by_chords == [True]
    monkeypatch.undo()
    exact = small_model().solve(TARIFF_WAR, closure)
    assert largest_gap(found, exact) < 1e-9


def test_steps_longer_than_the_limit_are_shortened(
    by_chords: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """High elasticities: outputs move by factors of e, and so would the first step."""
    long = fresh_model().benchmark.elasticities["long"]
    high, boom = replace(long, armington=3 * long.armington), {"productivity[CHN, ELEC]": 1.3}
    found = fresh_model().with_elasticities(high).solve(boom)
    assert by_chords == [True]
    monkeypatch.undo()
    exact = small_model().with_elasticities(high).solve(boom)
    assert largest_gap(found, exact) < 1e-9


def test_a_single_unknown_that_strays_does_not_keep_the_others_back() -> None:
    """As where labour runs out in one region: its own step is cut short, not those of others."""
    model = Model.build(load_benchmark("wiod2013", aggregation="default"))
    resolved, levels = model.resolved(Closure(), ()), model.levels({"productivity[CHN, *]": 0.97})
    way = homotopy.Homotopy(resolved, model.arrays.start, levels)
    exact, z = chord(way.at(1.0), way.z, resolved.linear), way.z.copy()
    z[np.searchsorted(resolved.system.unknown, model.variables["restraint"].start)] += 12.0
    attempt = chord(way.at(1.0), z, resolved.linear)
    assert exact.converged and attempt.converged
    assert np.abs(attempt.z - exact.z).max() < 1e-9


def short_year(model: Model) -> Closure:
    """Closure of a year in which wages move slowly."""
    return closure_of(ClosureChoice(kind="short_run", adjustment="gradual"), model.benchmark)


@pytest.mark.parametrize(
    ("change", "runs_out"),
    [({"productivity[EU, *]": 0.93}, True), ({"tariff[*, TWN, *, CHN]": 4.0}, False)],
    ids=["labour runs out", "labour to spare"],
)
def test_chord_steps_reach_where_labour_runs_out_and_where_work_is_wanting(
    change: dict[str, float], runs_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newton's method would take ten steps: the slope of what bends differs by orders there."""
    model = Model.build(load_benchmark("wiod2013", aggregation="default"), "short")
    closure = short_year(model)

    def left(*_: object) -> None:
        raise AssertionError("left to Newton")

    monkeypatch.setattr(homotopy, "newton", left)
    found = model.solve(change, closure)
    monkeypatch.undo()
    monkeypatch.setattr(LinearSolver, "large", 10**6)
    fresh = Model.build(load_benchmark("wiod2013", aggregation="default"), "short")
    assert largest_gap(found, fresh.solve(change, closure)) < 1e-8
    spare = found.values("labour_to_spare")
    assert spare.min() < 0.02 if runs_out else spare.max() > 50


def test_what_bends_is_solved_for_exactly_and_the_others_follow_the_factorisation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear, "DROPPED", ((np.inf, 0.0),))
    model = Model.build(load_benchmark("wiod2013", aggregation="default"), "short")
    levels = model.levels({"productivity[EU, *]": 0.99})
    resolved = model.resolved(short_year(model), ())
    way = homotopy.Homotopy(resolved, model.arrays.start, levels)
    system, z, bent = way.at(1.0), way.z, resolved.system.bent
    bends = Bends(resolved.system, resolved.linear)
    ahead = -resolved.linear.kept.solve(system.log_residual(z))
    found = bends.step(system, z, ahead, STEP_LIMIT)
    assert found is not None and found.part == 1.0
    assert np.abs(found.ahead[bent]).max() > 1
    moved, others = z.copy(), found.ahead.copy()
    moved[bent] += found.ahead[bent]
    others[bent] = 0.0
    left = system.log_residual(moved) + resolved.linear.benchmark @ others
    assert np.abs(left).max() < 1e-9 < np.abs(system.log_residual(z)).max()
    assert 0 < bends.looseness(system, moved) < LOOSE


def test_a_shock_that_is_far_is_left_to_newton(by_chords: list[bool]) -> None:
    model = fresh_model()
    found = model.solve(FAR)
    assert not by_chords[0]
    assert found.diagnostics.residual < 1e-9


def test_an_attempt_that_gives_up_leaves_the_start_as_it_was() -> None:
    model = fresh_model()
    far = model.levels(FAR)
    resolved = model.resolved(Closure(), ())
    way = homotopy.Homotopy(resolved, model.arrays.start, far)
    attempt = chord(way.at(1.0), way.z, resolved.linear)
    assert not attempt.converged
    assert attempt.z is way.z


def test_a_draw_is_solved_with_the_factorisation_of_its_central_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LinearSolver, "large", 0)
    model = fresh_model()
    long = model.benchmark.elasticities["long"]
    values = {"armington": 1.2 * long.armington, "top": 0.9 * long.top}
    draw = model.with_elasticities(replace(long, **values, around=long))
    alone = model.with_elasticities(replace(long, **values))
    near, own = draw.solve(TARIFF_WAR), alone.solve(TARIFF_WAR)
    assert near.resolved.linear.kept is not own.resolved.linear.kept
    assert near.resolved.linear.near is not None
    assert near.resolved.linear.kept is near.resolved.linear.near.kept
    assert largest_gap(near, own) < 1e-9


def test_newton_takes_the_same_system_to_the_same_point() -> None:
    model = fresh_model()
    resolved = model.resolved(Closure(), ())
    way = homotopy.Homotopy(resolved, model.arrays.start, model.levels(TARIFF_WAR))
    system = way.at(1.0)
    ours, other = chord(system, way.z, resolved.linear), newton(system, way.z, resolved.linear)
    assert ours.converged and other.converged
    assert np.abs(ours.z - other.z).max() < 1e-9


def test_a_rate_that_is_found_is_found_again_from_itself_without_a_step() -> None:
    question = scenario({"instrument": "tariff", "importer": "USA", "budget": 0.005})
    first = solve_case(small_model(), question)
    again = solve_case(small_model(), question, start=first.solution)
    assert first.solution.diagnostics.iterations > 0
    assert again.solution.diagnostics.iterations == 0
    assert again.endogenous[0].high == first.endogenous[0].high > 0.02
