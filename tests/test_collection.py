"""One table of many runs, and studies that are found by reading their files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from conftest import Outcome

from cge import InputError, Results, Scenario, run
from cge.studies.collection import Collection, RunList
from cge.studies.listing import Listed, listed, study_class, study_of, study_with
from cge.studies.sensitivity import Sensitivity
from cge.studies.static import Static
from cge.studies.study import Study, option_fields

RUNS = """
name: horizons
title: A tariff in the short and in the long run
runs:
  - scenario: long.yaml
  - scenario: {name: short, title: Short run, extends: long.yaml, closure: {kind: short_run}}
    options: {decompose: false}
"""
LONG = """
name: long
title: Long run
benchmark: {table: wiod2013, aggregation: small}
elasticities: boehm
policy: [{instrument: tariff, exporter: CHN, importer: USA, sector: goods, add: 0.5}]
"""


@pytest.fixture
def file(here: Path) -> Path:
    folder = here / "given"
    folder.mkdir()
    (folder / "long.yaml").write_text(LONG)
    (folder / "runs.yaml").write_text(RUNS)
    return folder / "runs.yaml"


def test_the_runs_of_a_collection_stand_in_one_table(
    file: Path, cge: Callable[..., Outcome]
) -> None:
    outcome = cge("collect", file, "--workers", "1")
    assert outcome.code == 0, outcome.err
    assert outcome.out.index("Long run") < outcome.out.index("Short run")
    table = cge("table", "horizons", "--kind", "compare", "--region", "USA")
    rows = [line for line in table.out.splitlines() if line.startswith(("| Long", "| Short"))]
    assert len(rows) == 2
    found = Results.open("horizons")
    alone = run(file.parent / "long.yaml", workers=1)
    both = found.to_frame(measure="real_gdp", region="USA").set_index("scenario")["value"]
    (exact,) = alone.to_frame(measure="real_gdp", region="USA")["value"]
    assert both["long"] == exact and both["short"] != exact
    assert set(found.to_frame(measure="ev_part")["scenario"]) == {"long"}
    closures = {case["scenario"]: case["closure"] for case in found.manifest["cases"]}
    assert closures["long"].startswith("long run") and closures["short"].startswith("short run")


def test_short_run_long_run_and_path_stand_in_one_table(
    file: Path, cge: Callable[..., Outcome]
) -> None:
    path = "  - scenario: {name: path, title: Path, extends: long.yaml, path: {years: 2}}\n"
    file.write_text(RUNS + path)
    found = run(file, "collection", workers=1)
    found.save("all")
    assert set(found.rows["study"]) == {"static", "path"}
    lines = cge("table", "all", "--kind", "compare", "--region", "USA").out.splitlines()
    rows = [line for line in lines if line.startswith(("| Long", "| Short", "| Path"))]
    assert len(rows) == 3 and "year 2" not in rows[0]
    short, first = (
        found.to_frame(measure="real_gdp", region="USA", scenario=name)["value"].iloc[0]
        for name in ("short", "path")
    )
    assert first == pytest.approx(short, abs=1e-9)  # in its first year a path is the short run
    years = cge("table", "all", "--region", "USA", "--year", "1", "--year", "2").out
    assert sum(line.startswith("| Path") for line in years.splitlines()) == 2
    assert cge("table", "all", "--kind", "worth").code == 0


def test_a_manifest_makes_its_collection_again(file: Path) -> None:
    results = run(file, "collection", workers=1)
    again = study_of(results.manifest["spec"])
    assert isinstance(again, Collection) and again.spec == results.manifest["spec"]
    assert run(again, workers=1).identity == results.identity


def test_changes_hold_for_all_runs(file: Path) -> None:
    made = Collection(file, changes={"elasticities": ["fontagne"]})
    assert [one.question.elasticities for one in made.studies.values()] == [["fontagne"]] * 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: short", "name: long", "key 'runs.1.scenario', value 'long': two runs"),
        ("decompose", "taken_apart", "no such option of this study"),
        ("scenario: long.yaml", "scenario: wrong.yaml", "wrong.yaml"),
        ("kind: short_run", "kind: endless", "endless"),
        ("closure:", "closures:", "unknown key"),
        ("runs:", "run:", "key is missing"),
    ],
)
def test_a_wrong_collection_is_told_where_it_is_wrong(
    old: str, new: str, message: str, file: Path
) -> None:
    file.write_text(RUNS.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        run(file, "collection", workers=1)
    assert caught.value.file is not None


def test_runs_of_different_benchmarks_are_not_set_side_by_side(file: Path) -> None:
    file.write_text(
        RUNS.replace("closure: {kind: short_run}", "benchmark: {table: wiod2013, year: 2008}")
    )
    with pytest.raises(InputError, match="value 'short': has another benchmark"):
        run(file, "collection", workers=1)


# -- the catalogue ----------------------------------------------------------------------------


def test_every_study_is_listed_under_its_command() -> None:
    for command, one in listed().items():
        made = study_class(one.kind)
        assert issubclass(made, Study) and (made.kind, made.command) == (one.kind, command)
        assert (made.__doc__ or "").startswith(one.meaning) and one.meaning.endswith(".")
    assert {"run", "sensitivity", "collect"} <= set(listed())


def test_studies_are_listed_without_being_imported() -> None:
    code = (
        "import sys; from cge.studies.listing import listed; assert listed(); "
        "assert not {'numpy', 'pydantic', 'cge.studies.static'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("one", listed().values(), ids=lambda one: one.command)
def test_what_the_command_line_reads_of_a_study_is_what_it_has(one: Listed) -> None:
    made = study_class(one.kind)
    assert (one.keys, one.several, one.example) == (made.keys, made.several, made.example)
    hints = get_type_hints(made)
    for listed_as, field in zip(one.options, option_fields(made), strict=True):
        told = (listed_as.name, listed_as.help, listed_as.default)
        assert told == (field.name, field.metadata["help"], field.default)
        kind = hints[field.name]
        if get_origin(kind) is UnionType:
            kind = get_args(kind)[0]
        assert listed_as.type == (str if get_origin(kind) is Literal else kind)


def test_a_study_is_made_again_of_its_spec() -> None:
    scenario = Scenario(
        name="x", benchmark={"table": "wiod2013", "aggregation": "small"}, elasticities=["boehm"]
    )
    for study in (
        Static(scenario, value_chains=True),
        Sensitivity(scenario, draws=5, measures=("real_gdp",), settings={"decompose": False}),
        Collection(RunList(name="both", runs=[{"scenario": scenario, "study": "sensitivity"}])),
    ):
        again = study_of(study.spec)
        assert type(again) is type(study) and again.spec == study.spec
        assert again.options == study.options


def test_what_is_no_study_or_option_is_refused_by_name() -> None:
    scenario = Scenario(name="x")
    with pytest.raises(InputError, match=r"key 'study', value 'dream'.*static"):
        study_with("dream", [scenario], {})
    with pytest.raises(InputError, match=r"no such option.*decompose"):
        study_with("static", [scenario], {"decomposed": True})
    with pytest.raises(InputError, match="no such option"):  # no option of a user's
        study_with("static", [scenario], {"accounts": {}})
    with pytest.raises(InputError, match="name"):
        study_of({"study": "static", "scenario": {}})
