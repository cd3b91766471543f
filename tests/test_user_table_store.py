"""Benchmark folders: exact, whole or not at all, and never in the place of anything else."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import random_world

from cge import InputError, calibrate
from cge.data.benchmark_folder import is_benchmark_folder
from cge.data.benchmark_store import load_benchmark, open_benchmark, save_benchmark
from cge.data.elasticities.nests import NEST_AXES


@pytest.fixture(scope="module")
def calibrated():
    return calibrate("wiod2013", aggregation="small")


def test_a_benchmark_comes_back_with_the_same_fingerprint(tmp_path, calibrated):
    folder = save_benchmark(calibrated, tmp_path / "deep" / "small")
    a, b = calibrated.benchmark, open_benchmark(folder)
    assert b.fingerprint == a.fingerprint
    for item in fields(a):
        left, right = getattr(a, item.name), getattr(b, item.name)
        if isinstance(left, np.ndarray):
            assert (left == right).all()
        elif item.name in ("groups", "members"):
            assert {k: {n: tuple(m) for n, m in v.items()} for k, v in left.items()} == {
                k: dict(v) for k, v in right.items()
            }
        elif item.name == "names":
            assert {k: dict(v) for k, v in left.items()} == right
        elif item.name != "elasticities":
            assert left == right
    report, filled = (pd.read_csv(folder / file) for file in ("cleaning.csv", "filled.csv"))
    pd.testing.assert_frame_equal(report, calibrated.report)
    assert len(filled) == len(calibrated.filled)
    assert sorted(p.name for p in folder.iterdir()) == [
        "arrays.npz", "benchmark.yaml", "cleaning.csv", "filled.csv",
    ]  # fmt: skip
    assert [p.name for p in folder.parent.iterdir()] == ["small"]


def test_codes_that_some_reader_of_yaml_takes_for_another_value_come_back(tmp_path):
    codes = ("1e5", "0o17", "NO", "1:30", "010", "~", "null", ".5", "1_000", "2011-01-01", "=", "é")
    b = random_world(1, regions=len(codes), sectors=1)
    named = replace(b, regions=codes, names={}, members={}, groups={})
    assert open_benchmark(save_benchmark(named, tmp_path / "b")).regions == codes


def test_a_benchmark_without_records_needs_none(tmp_path):
    world = random_world(1, zeros=0.3)
    folder = save_benchmark(world, tmp_path / "w")
    assert open_benchmark(folder).fingerprint == world.fingerprint
    assert not (folder / "cleaning.csv").exists()
    assert is_benchmark_folder(folder) and not is_benchmark_folder(tmp_path)


def test_nothing_is_overwritten_unasked(tmp_path):
    folder = save_benchmark(random_world(1), tmp_path / "w")
    with pytest.raises(InputError, match="a benchmark stands there already"):
        save_benchmark(random_world(2), folder)
    save_benchmark(random_world(2), folder, overwrite=True)
    assert open_benchmark(folder).name == "random-2"
    assert [p.name for p in tmp_path.iterdir()] == ["w"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_benchmark_is_never_replaced(tmp_path, overwrite):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    folder = save_benchmark(random_world(1), tmp_path / "w")
    (folder / "notes.txt").write_text("mine")
    for name, message in (
        ("thesis", "holds something else"),
        ("file", "not a folder"),
        ("w", "notes.txt"),
    ):
        with pytest.raises(InputError, match=message):
            save_benchmark(random_world(2), tmp_path / name, overwrite=overwrite)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "x"
    assert open_benchmark(folder).name == "random-1"


def test_a_failure_on_the_way_leaves_no_trace(tmp_path, monkeypatch):
    folder = save_benchmark(random_world(1), tmp_path / "w")

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        save_benchmark(random_world(2), folder, overwrite=True)
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["w"]
    assert open_benchmark(folder).name == "random-1"


def edit(folder, **changes):
    path = folder / "benchmark.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**content, **changes}, sort_keys=False))


def test_text_may_be_edited_but_not_codes(tmp_path):
    folder = save_benchmark(random_world(1), tmp_path / "w")
    edit(folder, name="renamed", notes=["a remark"], groups={"regions": {"both": ["R0", "R1"]}})
    b = open_benchmark(folder)
    assert (b.name, b.notes, b.groups["regions"]["both"]) == (
        "renamed", ("a remark",), ("R0", "R1"),
    )  # fmt: skip
    edit(folder, regions=["R1", "R0", "R2"])
    with pytest.raises(InputError, match="damaged or edited"):
        open_benchmark(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "arrays.npz").unlink(), r"not a benchmark folder"),
        (lambda f: (f / "benchmark.yaml").unlink(), r"not a benchmark folder"),
        (lambda f: (f / "arrays.npz").write_bytes(b"PK\3\4 nothing"), r"damaged"),
        (lambda f: edit(f, checksum="0"), r"damaged"),
        (lambda f: edit(f, groups={"regions": {"all": ["R0"]}}), r"groups.regions.*'all'"),
        (lambda f: edit(f, groups={"regions": {"x": ["R9"]}}), r"benchmark.yaml.*groups.regions.x"),
        (lambda f: edit(f, groups={"agents": {"x": ["R0"]}}), r"groups.*'agents'.*sectors"),
        (lambda f: edit(f, version=7), r"version.*7.*version 2"),
        (lambda f: edit(f, colour="red"), r"colour.*unknown key"),
        (lambda f: edit(f, status="invented"), r"status"),
        (lambda f: (f / "benchmark.yaml").write_text("- 1"), r"mapping"),
        (lambda f: (f / "benchmark.yaml").write_text("a: [1"), r"not valid YAML"),
    ],
)
def test_a_damaged_or_foreign_folder_is_one_clear_message(tmp_path, damage, message):
    folder = save_benchmark(random_world(1), tmp_path / "w")
    damage(folder)
    with pytest.raises(InputError, match=message):
        open_benchmark(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        open_benchmark(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        open_benchmark(tmp_path / "file")


def test_a_bit_changed_in_the_arrays_is_noticed(tmp_path):
    folder = save_benchmark(random_world(1), tmp_path / "w")
    path = folder / "arrays.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        open_benchmark(folder)


def test_a_folder_stands_wherever_a_table_does(tmp_path, calibrated):
    folder = save_benchmark(calibrated, tmp_path / "small")
    assert load_benchmark(folder).fingerprint == calibrated.benchmark.fingerprint
    assert (
        load_benchmark(folder, elasticities="own").fingerprint == calibrated.benchmark.fingerprint
    )
    shipped = load_benchmark("wiod2013", aggregation="small")
    assert shipped.fingerprint == calibrated.benchmark.fingerprint
    boehm = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    again = load_benchmark(folder, elasticities="boehm")
    for nest in NEST_AXES:
        for horizon in ("short", "long"):
            np.testing.assert_allclose(
                getattr(again.elasticities[horizon], nest),
                getattr(boehm.elasticities[horizon], nest),
            )
    for arguments, message in (
        ({"table": "gtap"}, r"table.*gtap.*wiod2013, wiod2014, world2022, the path"),
        ({"table": folder, "aggregation": "full"}, r"aggregation.*full.*calibrated already"),
        ({"table": folder, "year": 2005}, r"year.*2005.*calibrated already"),
        ({"table": folder, "elasticities": "caliendo-parro"}, r"unknown sector"),
        ({"table": tmp_path}, r"not a benchmark folder"),
    ):
        with pytest.raises(InputError, match=message):
            load_benchmark(**arguments)


def test_a_users_elasticity_file_fits_a_saved_benchmark_by_its_sectors(tmp_path):
    folder = save_benchmark(random_world(1), tmp_path / "w")
    entry = {"nest": "armington", "value": 6.0, "low": 5.0, "high": 7.0, "status": "assumed",
             "citation": "mine", "sector": "S1", "horizon": "long"}  # fmt: skip
    content = {"name": "own", "title": "Own", "extends": "boehm", "classification": "random-1",
               "entries": [entry]}  # fmt: skip
    path = tmp_path / "sets.yaml"
    path.write_text(yaml.safe_dump(content))
    b = load_benchmark(folder, elasticities=path)
    assert b.elasticities["long"].armington[0, :, 0].tolist() == [2.0, 6.0, 2.0]
    assert (b.elasticities["long"].top == 0.7).all()
