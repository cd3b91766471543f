"""Header array files as tables and back, benchmarks as header array files, and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome
from test_har import example, solution
from worlds import random_world

from cge.core.errors import InputError
from cge.data.har.benchmark_headers import MOBILE, benchmark_headers
from cge.data.har.har_reading import read_har
from cge.data.har.har_tables import convert_to_tables, frame_of, read_tables
from cge.data.har.har_writing import write_har
from cge.data.har.headers import HarHeader


def more() -> list[HarHeader]:
    """Headers of every kind, empty ones and odd names and codes among them."""
    none = np.zeros((0, 2))
    return [
        *example(),
        HarHeader("NONE", none, "REFULL", sets=("ENDWF", "REG"), labels=((), ("USA", "EU_28"))),
        HarHeader("VOID", np.array([], np.str_)), HarHeader("LINE", np.array([" indented", ""])),
        HarHeader("A/B", np.array([1.0, 0.1]), "REFULL", sets=("value",), labels=(("01", "NA"),)),
        HarHeader("UNKN", np.array([1.0, 2.0]), "REFULL", sets=("X",), labels=(None,)),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_headers_come_back_from_a_folder_of_tables(suffix: str, here: Path) -> None:
    write_har("all.har", more())
    convert_to_tables("all.har", "tables", suffix)  # type: ignore[arg-type]
    write_har("again.har", read_tables("tables"))
    before, after = read_har("all.har"), read_har("again.har")
    assert [*before] == [*after]
    for name, one in before.items():
        again = after[name]
        assert np.array_equal(one.array, again.array), name
        for part in ("kind", "description", "coefficient", "sets"):
            assert getattr(one, part) == getattr(again, part), name
        assert again.labels == (one.labels if name != "UNKN" else (("1", "2"),)), name


def test_a_set_that_stands_twice_has_two_columns() -> None:
    frame = frame_of(example()[3])
    assert [*frame] == ["COMM", "REG", "REG_2", "value"]
    assert frame.iloc[5].tolist() == ["Mnfcs", "USA", "EU_28", np.float32(5 / 7)]


def test_a_cell_that_is_left_out_is_zero_and_one_of_no_set_is_refused(here: Path) -> None:
    write_har("all.har", example())
    convert_to_tables("all.har", "tables")
    table = pd.read_csv("tables/VXSB.csv")
    table.iloc[3:].to_csv("tables/VXSB.csv", index=False)
    found = {one.name: one for one in read_tables("tables")}
    expected = example()[3].array.copy()
    expected.flat[:3] = 0
    np.testing.assert_allclose(found["VXSB"].array, expected, rtol=1e-6)
    for spoilt, said in (
        (table.replace("Food", "Fodo"), "unknown COMM"),
        (pd.concat([table, table]), "twice"),
        (table.assign(value="x"), "is not a number"),
    ):
        spoilt.to_csv("tables/VXSB.csv", index=False)
        with pytest.raises(InputError, match=said) as told:
            read_tables("tables")
        assert told.value.file is not None and "VXSB.csv" in told.value.file


@pytest.mark.parametrize("column, value, said", [
    ("kind", "XXFULL", "no such kind"), ("file", "../all.har", "no such file"),
    ("sizes", "3 by 2", "whole numbers"), ("sets", "COMM", "do not fit"),
])  # fmt: skip
def test_an_index_that_can_not_be_meant_is_refused(
    column: str, value: str, said: str, here: Path
) -> None:
    write_har("all.har", [example()[3]])
    convert_to_tables("all.har", "tables")
    index = pd.read_csv("tables/headers.csv")
    index.assign(**{column: value}).to_csv("tables/headers.csv", index=False)
    with pytest.raises(InputError, match=said) as told:
        read_tables("tables")
    assert told.value.file is not None


def test_texts_that_no_file_holds_are_refused(here: Path) -> None:
    write_har("all.har", example())
    convert_to_tables("all.har", "tables")
    for content in (b"\xff\xfe\x00", "日本".encode()):
        Path("tables/REG.txt").write_bytes(content)
        with pytest.raises(InputError) as told:
            read_tables("tables")
        assert told.value.file is not None and "tables" in told.value.file


def test_a_benchmark_is_written_with_its_sets_accounts_and_elasticities(here: Path) -> None:
    world = random_world(1)
    write_har("world.har", benchmark_headers(world))
    found = read_har("world.har")
    np.testing.assert_allclose(found["FLOW"].array, world.flows, rtol=1e-7)
    assert found["FLOW"].sets == ("USECLASS", "REG", "COMM", "REG")
    assert found["INTM"].sets == ("REG", "COMM", "ACTS")
    assert found["FLOW"].labels[1] == world.regions
    np.testing.assert_allclose(found["EARL"].array, world.elasticities["long"].armington, 1e-6)
    mobile = np.isinf(world.elasticities["long"].transformation)
    assert (found["ETRL"].array[mobile] == MOBILE).all()
    assert found["REG"].array.tolist() == [*world.regions]


def test_the_command_converts_both_ways_and_never_replaces_unasked(
    cge: Callable[..., Outcome], here: Path
) -> None:
    write_har("all.har", example())
    assert cge("convert", "all.har", "tables").code == 0
    again = cge("convert", "all.har", "tables")
    assert again.code == 2 and "already" in again.err
    assert cge("convert", "tables", "back.har").code == 0
    assert [*read_har("back.har")] == [*read_har("all.har")]
    assert cge("convert", "tables", "back.har").code == 2
    assert cge("convert", "all.har", "one.csv").code == 2
    assert cge("convert", "all.har", "one.csv", "--header", "vxsb").code == 0
    assert len(pd.read_csv("one.csv")) == 12
    missing = cge("convert", "all.har", "two.csv", "--header", "VXBS")
    assert missing.code == 2 and "did you mean 'VXSB'" in missing.err
    assert cge("convert", "tables", "back.txt").code == 2
    assert cge("convert", "nowhere", "no.har").code == 2
    assert not Path("no.har").exists()


def test_a_solution_becomes_a_table_for_each_variable(
    cge: Callable[..., Outcome], here: Path
) -> None:
    write_har("sim.sl4", solution())
    assert cge("convert", "sim.sl4", "found").code == 0
    table = pd.read_csv("found/quantity.csv")
    assert table["value"].tolist() == [0.0, 0.0, 20.0, 10.0, 9.0, 9.0]
    assert pd.read_csv("found/variables.csv")["header"].tolist() == ["price", "quantity", "income"]


def test_headers_of_a_file_and_of_a_folder_are_shown(
    cge: Callable[..., Outcome], here: Path
) -> None:
    Path("data").mkdir()
    write_har("data/basedata.har", example())
    write_har("data/sim.sl4", solution())
    shown = cge("data", "show", "data")
    assert shown.code == 0
    for text in ("basedata.har", "VXSB", "REFULL", "3 x 2 x 2", "COMM, REG, REG", "9.42857",
                 "USA, EU_28", "quantity"):  # fmt: skip
        assert text in shown.out
    assert cge("data", "show", "data/basedata.har", "--year", "2000").code == 2
    Path("data/bad.har").write_bytes(b"no header array file")
    assert cge("data", "show", "data").code == 2
