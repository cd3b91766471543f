"""Every public call says in one message what is wrong with an argument, whatever it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tools import small_model
from worlds import random_world

import cge
from cge import InputError, Model, Solution, Swap, Total
from cge.core.errors import CgeError
from cge.core.typed import check_fields, checked, taken
from cge.data.elasticities.nests import SUBSTITUTION

#: What an argument might be by mistake; what it may be is no matter here.
WRONG: dict[str, Any] = {
    "none": None, "whole": 5, "negative": -1, "half": 0.5, "true": True, "nan": float("nan"),
    "huge": 1e300, "text": "nonsense", "empty text": "", "brackets": "welfare[", "no list": [],
    "numbers": [1, 2], "texts": ["a", "b"], "nested": [[["a"]]], "nothing in it": {},
    "mapping": {"a": 1}, "object": object(), "array": np.array([1.0, 2.0]),
    "words": np.array(["a"]), "pair": ("a", 1.0), "function": len, "bytes": b"x",
    "long": "x" * 5000, "zero byte": "a\0b", "no home": "~nobody-of-this-name/x",
}  # fmt: skip


class _Stop(Exception):
    """The call has come to the point where it solves."""


@cache
def solution() -> Solution:
    return small_model().solve({"tariff[*, CHN, ELEC, USA]": 1.1})


def calls(folder: Path) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Public calls by name, with arguments that are right."""
    model, here = small_model(), solution()
    b = model.benchmark
    two = {"regions": ("A", "B"), "sectors": ("S",), "elasticities": {"armington": 5.0}}
    example = str(Path(cge.__file__).parents[1] / "calibration" / "example")
    results = cge.Results(_rows(), {"spec": {"study": "static"}, "format": 1})
    return {
        "run": (cge.run, {
            "question": "us-china-tariff-war", "study": "static", "aggregation": "small",
            "year": 2011, "elasticities": ["boehm"], "workers": 1, "scheduler": None,
            "cache": folder, "fresh": True, "report": None, "decompose": False,
            "value_chains": False, "solver": "newton"}),
        "run a path": (cge.run, {
            "question": "us-china-tariff-war", "study": "path", "aggregation": "small",
            "workers": 1, "cache": folder, "decompose_years": [1]}),
        "run a stress test": (cge.run, {
            "question": "us-china-tariff-war", "study": "stress", "aggregation": "small",
            "workers": 1, "cache": folder}),
        "run draws": (cge.run, {
            "question": "us-china-tariff-war", "study": "sensitivity", "aggregation": "small",
            "workers": 1, "cache": folder, "draws": 4, "seed": 1}),
        "Results.open": (cge.Results.open, {"folder": folder}),
        "Results.save": (results.save, {"folder": folder / "saved", "figure": False}),
        "Results.table": (results.table, {"kind": "regions", "regions": ["USA"], "years": [1],
                                          "unit": "percent", "step": 1.0, "detail": False}),
        "Results.figure": (results.figure, {"kind": "regions", "notes": True}),
        "Results.report": (results.report, {"path": folder / "report.html", "title": "t"}),
        "Results.compare": (lambda other: results.compare(other), {"other": results}),
        "Results.to_frame": (results.to_frame, {"measure": "real_gdp"}),
        "load_scenario": (cge.load_scenario, {"name_or_path": "free-trade"}),
        "Scenario": (cge.Scenario, {
            "name": "x", "title": "t",
            "benchmark": {"table": "wiod2013", "aggregation": "small"}, "policy": [],
            "closure": {}, "elasticities": ["boehm"], "steps": [0.5, 1.0], "responses": [],
            "path": {"years": 3}, "stress": {}, "grid": None, "equal": None}),
        "solve_scenario": (cge.solve_scenario, {"scenario": "us-china-tariff-war",
                                                "solver": "newton"}),
        "solve_paths": (cge.solve_paths, {"scenario": "us-china-tariff-war", "solver": "newton",
                                          "runner": None}),
        "Static": (cge.Static, {"scenario": "free-trade", "solver": "newton", "decompose": True}),
        "DynamicPath": (cge.DynamicPath, {"scenario": "free-trade", "decompose_years": (1,)}),
        "StressTest": (cge.StressTest, {"scenario": "free-trade"}),
        "Comparison": (cge.Comparison, {"scenario": ("compare-us",), "weighting": None}),
        "calibrate": (cge.calibrate, {
            "table": "wiod2013", "year": 2011, "aggregation": "small", "tariffs": "applied",
            "elasticities": "boehm"}),
        "load_benchmark": (cge.load_benchmark, {
            "table": "wiod2013", "year": 2011, "aggregation": "small", "tariffs": "applied",
            "elasticities": "boehm"}),
        "open_benchmark": (cge.open_benchmark, {"folder": folder}),
        "save_benchmark": (cge.save_benchmark, {"benchmark": b, "folder": folder / "b",
                                                "overwrite": True}),
        "Elasticities.from_values": (cge.Elasticities.from_values, {
            "values": dict.fromkeys(SUBSTITUTION, 2.0), "axes": b.axes}),
        "Benchmark.codes": (b.codes, {"axis": "regions", "given": "USA", "key": None}),
        "Benchmark.with_elasticities": (b.with_elasticities, {"long": b.elasticities["long"]}),
        "read_folder": (cge.read_folder, {"path": example}),
        "read_pymrio": (cge.read_pymrio, {"source": example, "kind": "pymrio", "year": 2011,
                                          "labour_share": 0.5, "tolerance": 0.01}),
        "calibrate_folder": (cge.calibrate_folder, {
            "path": example, "aggregation": "full", "tariffs": None, "elasticities": None}),
        "read_har": (cge.read_har, {"path": folder / "none.har", "only": ["POP"]}),
        "read_gtap": (cge.read_gtap, {"path": folder / "none"}),
        "calibrate_gtap": (cge.calibrate_gtap, {
            "path": folder / "none", "elasticities": "ESBD", "name": "x", "tariffs": "own"}),
        "benchmark_from_arrays": (cge.benchmark_from_arrays, {
            **two, "intermediate": np.zeros((2, 1, 2, 1)),
            "final": [[[80.0, 20.0]], [[20.0, 80.0]]], "value_added": [[100.0], [100.0]],
            "tariff": 0.0, "export_tax": 0.0, "agents": None, "factors": None, "flows": "net",
            "balance": "error",
            "negative": "error", "tolerance": 1e-6, "use_classes": "single", "name": "x",
            "unit": "USD", "notes": (), "groups": {}, "names": {}, "allow_large_rates": False}),
        "benchmark_from_trade": (cge.benchmark_from_trade, {
            **two, "trade": [[[80.0, 20.0]], [[20.0, 80.0]]], "io_shares": np.zeros((2, 1, 1)),
            "value_added_share": np.ones((2, 1)), "deficits": "zero", "tariff": 0.0,
            "flows": "net", "negative": "error", "final_shares": None, "tolerance": 1e-6}),
        "Model.build": (Model.build, {"benchmark": b, "horizon": "long", "backstop": ()}),
        "Model.shared": (Model.shared, {"benchmark": b, "horizon": "long", "backstop": ()}),
        "Model.with_elasticities": (model.with_elasticities, {
            "elasticities": b.elasticities["long"]}),
        "Model.family": (model.family, {"name": "output"}),
        "Model.select": (model.select, {"selector": "output[USA, ELEC]"}),
        "Model.levels": (model.levels, {"changes": {"tariff": 1.1}, "allow_large_rates": False}),
        "Model.solve": (model.solve, {
            "changes": {"tariff": 1.1}, "closure": cge.Closure(), "solver": "newton",
            "start": None, "progress": None, "allow_large_rates": False}),
        "Solution.values": (here.values, {"name": "output"}),
        "Solution.array": (here.array, {"name": "output", "absent": 0.0}),
        "Solution.measure": (here.measure, {"name": "equivalent_variation"}),
        "Solution.outcome": (here.outcome, {"selector": "welfare[USA]"}),
        "Solution.relative": (here.relative, {"selector": "welfare[USA]"}),
        "Solution.value_of": (here.value_of, {"fixed": "welfare[USA]"}),
        "Solution.relative_to": (here.relative_to, {"other": here, "name": "output"}),
        "Solution.frame": (here.frame, {"name": "output"}),
        "Solution.by_region": (here.by_region, {"name": "gdp", "benchmark": False}),
        "Solution.gradient": (here.gradient, {"selector": "welfare[USA]"}),
        "Solution.derivative": (here.derivative, {"selector": "welfare[USA]"}),
        "Solution.save": (here.save, {"path": folder / "solution"}),
        "Solution.open": (Solution.open, {"path": folder / "solution"}),
        "Closure": (_solved_under(cge.Closure), {
            "name": "x", "specific_factors": ("CAP",), "swaps": (), "wage_floor": None,
            "numeraire": None, "givens": ()}),
        "Swap": (_solved_under(lambda **given: cge.Closure(swaps=(Swap(**given),))), {
            "free": "tariff[*, CHN, ELEC, USA]", "fix": "trade_volume[CHN, ELEC, USA]",
            "at": 0.9, "relative": True, "bound": None, "label": "", "relief": None}),
        "Total": (_solved_under(lambda **given: cge.Closure(swaps=(
            Swap("tariff[*, CHN, ELEC, USA]", Total(**given)),))), {
            "terms": ((1.0, "welfare[USA]"),)}),
        "WageFloor": (_solved_under(lambda **given: cge.Closure(
            wage_floor=cge.WageFloor(**given))), {
            "factor": "LAB", "regions": ("USA",), "level": 1.0, "index": "factor_return"}),
        "Shock": (cge.Shock, {"label": "x", "columns": np.array([1]), "change": np.array([0.1])}),
        "decompose": (cge.decompose, {"solution": here, "shocks": (), "base": None}),
        "Decomposition.totals": (cge.decompose(here).totals, {"regions": ["USA"],
                                                              "column": "value"}),
        "rebase": (cge.rebase, {"solution": here, "name": "x"}),
        "with_household_demand": (cge.with_household_demand, {
            "benchmark": here.model.benchmark, "substitution": 0.4, "income": 1.0,
            "expansion": None}),
        "with_import_bundles": (cge.with_import_bundles, {
            "benchmark": here.model.benchmark, "home": 2.0}),
        "tabulate": (cge.tabulate, {"solution": here, "base": None, "detail": 1,
                                    "groups": (), "measures": None}),
    }  # fmt: skip


def _rows() -> Any:
    from cge.results.row_schema import Rows

    return Rows().frame()


def _solved_under(make: Callable[..., Any]) -> Callable[..., Any]:
    def solve(**given: Any) -> Any:
        return small_model().solve({"tariff": 1.1}, make(**given))

    return solve


#: Public names that make nothing of arguments: errors, and a table that others read.
NO_CALLS = {"RateWarning", "CgeError", "InputError", "NoEquilibrium", "calibrate_table"}
#: Methods without arguments, or with those of the modules within.
SHOWN_OR_MADE = {"shown", "resolved", "following", "forget"}


def test_every_public_call_is_tried(tmp_path: Path) -> None:
    tried = {name.split(" ")[-1] if name.startswith("run") else name for name in calls(tmp_path)}
    tried |= {name.split(".")[0] for name in tried} | {"run"}
    assert {*cge.__all__} - tried == NO_CALLS
    for owner in (Model, Solution, cge.Results):
        own = {f"{owner.__name__}.{name}" for name, one in inspect.getmembers(owner, callable)
               if name in vars(owner) and not name.startswith("_")}  # fmt: skip
        assert own - tried <= {f"{owner.__name__}.{name}" for name in SHOWN_OR_MADE}


def spoilt(given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the arguments with one of them wrong, and which."""
    for name in given:
        for kind, value in WRONG.items():
            own = (name, kind) == ("report", "function")  # fails as the user's own
            beside = name == "workers" and kind in {"none", "whole"}  # do not know where to stop
            if not own and not beside:
                yield f"{name}: {kind}", {**given, name: value}


NAMES = sorted(calls(Path()))


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_argument_is_one_clear_message(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: Any, **kwargs: Any) -> None:
        raise _Stop

    call, given = calls(tmp_path)[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cge.solve.model.solve_square", stop)
    failed = []
    for what, arguments in spoilt(given):
        try:
            call(**arguments)
        except InputError as error:
            assert "\n" not in str(error)
        except (CgeError, _Stop):
            pass
        except Exception as error:
            failed.append(f"{what}: {type(error).__name__}: {str(error)[:90]}")
    assert failed == []


# -- single cases


def test_a_total_with_its_terms_the_other_way_round_says_so() -> None:
    with pytest.raises(InputError, match=r"key 'terms\.0\.0', value 'welfare\[USA\]'.*number"):
        Total((("welfare[USA]", 1.0),))  # type: ignore[arg-type]


def test_a_total_may_be_given_as_lists() -> None:
    total = Total([[1.0, "welfare[USA]"]])  # type: ignore[list-item, arg-type]
    assert total.terms == ((1.0, "welfare[USA]"),) and hash(total)


@pytest.mark.parametrize("level", ["1.25", None, True, [1.25], float("nan"), float("inf")])
def test_a_level_that_is_no_number_is_named_with_its_selector(level: Any) -> None:
    with pytest.raises(InputError, match=r"key 'changes\.tariff'.*a finite number"):
        small_model().levels({"tariff": level})


@pytest.mark.parametrize("key", ["changes", "start"])
def test_levels_of_the_wrong_length_say_how_many_there_are(key: str) -> None:
    levels = small_model().arrays.start[:-1]
    with pytest.raises(InputError, match=rf"key '{key}': array has shape.*a level for every"):
        small_model().solve(**{"changes": None, key: levels})


def test_a_level_that_can_not_be_names_its_cell() -> None:
    levels = small_model().arrays.start.copy()
    levels[small_model().variables.select("output[USA, ELEC]")[1]] = -1.0
    with pytest.raises(InputError, match=r"'start', value -1\.0: level of output\[USA, ELEC\]"):
        small_model().solve({}, start=levels)


def test_the_start_of_another_model_is_refused() -> None:
    other = Model.build(random_world(1, regions=2, sectors=2)).solve()
    with pytest.raises(InputError, match=r"key 'start'.*of a model with other cells"):
        small_model().solve({"tariff": 1.1}, start=other)
    for call in (lambda: cge.tabulate(solution(), base=other),
                 lambda: cge.decompose(solution(), base=other),
                 lambda: solution().relative_to(other, "output")):  # fmt: skip
        with pytest.raises(InputError, match="of a model with other cells"):
            call()


def test_the_start_of_the_same_cells_under_other_elasticities_is_taken() -> None:
    b = small_model().benchmark
    other = Model.build(cge.load_benchmark("wiod2013", aggregation="small", elasticities="boehm"))
    assert other.benchmark.elasticities is not b.elasticities
    assert small_model().solve({"tariff": 1.1}, start=other.solve({"tariff": 1.1}))


def test_an_unknown_measure_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'real_gpd': no such measure; did you mean 'real_gdp'"):
        solution().measure("real_gpd")
    with pytest.raises(InputError, match=r"key 'measures', value 'real_gpd'.*'real_gdp'"):
        cge.tabulate(solution(), measures=["real_gpd"])


def test_a_scenario_made_in_python_says_what_is_wrong_as_a_file_does() -> None:
    with pytest.raises(InputError, match=r"^key 'policy\.0\.add', value '0\.1': must be a number$"):
        cge.Scenario(name="x", policy=[{"instrument": "tariff", "add": "0.1"}])


@pytest.mark.parametrize("options", [{"decompose": "no"}, {"decompose": 1}, {"solver": 5},
                                     {"value_chains": None}])  # fmt: skip
def test_options_of_a_study_are_of_their_type(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"key '{next(iter(options))}'.*(must be|none of)"):
        cge.run("free-trade", **options)


# -- the checks themselves


def test_values_are_taken_by_their_type() -> None:
    assert taken("x", np.float32(1), float) == 1 and taken("x", 3, float) == 3
    assert taken("x", np.int64(3), int) == 3 and taken("x", np.bool_(True), bool)
    assert taken("x", [["a"]], tuple[tuple[str, ...], ...]) == (("a",),)
    assert taken("x", None, str | None) is None
    for value, hint, says in (
        (True, int, "a whole number"), (1.0, int, "a whole number"), ("a", Sequence[str], "texts"),
        (float("inf"), float, "finite"), ({"a": "b"}, Mapping[str, float], "key 'x.a'"),
        ((1.0,), tuple[float, str], r"\(a finite number, text\)"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            taken("x", value, hint)


def test_a_call_says_which_argument_is_wrong_and_keeps_its_name() -> None:
    @checked
    def area(width: float, *more: float, unit: str = "m") -> str:
        """Say how large."""
        return f"{width + sum(more)} {unit}"

    assert area(1, 2.5, unit="km") == "3.5 km"
    assert (area.__name__, area.__doc__) == ("area", "Say how large.")
    for arguments in ((("1",), {}), ((1, "2"), {}), ((1,), {"unit": 3})):
        with pytest.raises(InputError, match=r"key '(width|more|unit)', value"):
            area(*arguments[0], **arguments[1])


def test_fields_are_checked_and_lists_become_tuples() -> None:
    swap = Swap("tariff", "output")
    check_fields(swap)
    with pytest.raises(InputError, match=r"key 'bound', value 'above'.*upper, lower"):
        Swap("tariff", "output", bound="above")  # type: ignore[arg-type]
    closure = cge.Closure(specific_factors=["CAP"])  # type: ignore[arg-type]
    assert closure.specific_factors == ("CAP",)
