"""Files that would unpack to more than there is memory are refused before they are unpacked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from policies import scenario
from published import archive
from test_user_table_external import World
from worlds import random_world

from cge import InputError, open_benchmark, read_pymrio, run, save_benchmark
from cge.core.files import check_unpacked, most_unpacked
from cge.core.tables import read_table
from cge.results.folder import read

#: What the machine is said to have, and what the files unpack to.
MEMORY, SIZE = 20_000, 50_000
SAYS = r"unpacks to more bytes than this machine has memory \(allowed: up to 20,000 bytes\)"


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cge.core.files.most_unpacked", lambda: MEMORY)


def zeros(member: str) -> bytes:
    """Return an archive of a file of zeros, much smaller than they are."""
    made = archive({member: "0" * SIZE})
    assert len(made) < MEMORY
    return made


def parquet(path: Path) -> Path:
    pd.DataFrame({"value": [0.0] * (SIZE // 8)}).to_parquet(path)
    assert path.stat().st_size < MEMORY
    return path


@pytest.mark.parametrize(
    ("kind", "name", "member"),
    [("icio", "2022_SML.zip", "2022_SML.csv"),
     ("figaro", "figaro_2022.zip", "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"),
     ("wiod2013", "wiot11_row.xlsx", "xl/worksheets/sheet1.xml"),
     ("wiod2016", "WIOT2022.xlsx", "xl/worksheets/sheet1.xml"),
     ("wiod2016", "WIOTS_in_STATA.zip", "WIOT2022_October16_ROW.dta"),
     ("adb-mrio", "ADB-MRIO62-2022.xlsx", "xl/worksheets/sheet1.xml"),
     ("eora26", "Eora26_2022_bp.zip", "Eora26_2022_bp_T.txt"),
     ("gloria", "folder/GLORIA_MRIOs_59_2022.zip", "20240111_T-Results_2022.csv")],
)  # fmt: skip
def test_an_archive_of_a_published_table_is_refused(
    tmp_path: Path, kind: str, name: str, member: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zeros(member))
    (file.parent / "GLORIA_ReadMe_059.xlsx").write_bytes(b"")
    source = file.parent if kind == "gloria" else file
    with pytest.raises(InputError, match=f"{file.name}.*{SAYS}") as told:
        read_pymrio(source, kind, year=2022)  # type: ignore[arg-type]
    assert told.value.value == SIZE


@pytest.mark.parametrize("form", ["txt", "parquet"])
@pytest.mark.parametrize("archived", [False, True])
def test_a_system_that_pymrio_saved_is_refused(tmp_path: Path, form: str, archived: bool) -> None:
    world = World()
    world.system(world.parts()).save_all(tmp_path / "system", table_format=form)
    (big,) = (tmp_path / "system").glob("Z.*")
    if form == "parquet":
        parquet(big)
    else:
        big.write_text("0" * SIZE)
    source = tmp_path / "system"
    if archived:
        source = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", source))
    if form == "parquet" or archived:
        with pytest.raises(InputError, match=f"Z.*{SAYS}"):
            read_pymrio(source, "pymrio", year=2015)
    else:  # of its size on disk the user knows
        with pytest.raises(InputError, match="Z"):
            read_pymrio(source, "pymrio", year=2015)


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".csv.gz", gzip.compress), (".csv.bz2", bz2.compress),
                         (".csv.xz", lzma.compress),
                         (".zip", lambda text: archive({"table.csv": text}))],
)  # fmt: skip
def test_a_compressed_table_is_refused_beyond_the_bound_and_read_up_to_it(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / f"table{suffix}"
    text = b"value\n" + b"1\n" * ((MEMORY - 6) // 2)
    file.write_bytes(pack(text))
    assert len(read_table(file, ("value",))) == (MEMORY - 6) // 2
    file.write_bytes(pack(text + b"1\n"))
    with pytest.raises(InputError, match=f"table{suffix}.*{SAYS}"):
        read_table(file, ("value",))


def test_a_stream_is_counted_no_further_than_just_beyond_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "table.csv.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(5):
            stream.write(bytes(1 << 24))
    with pytest.raises(InputError, match=SAYS) as told:
        check_unpacked(file)
    assert told.value.value < 3 * (1 << 24)


def test_a_table_in_parquet_is_refused_by_the_numbers_that_it_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=SAYS):
        read_table(parquet(tmp_path / "table.parquet"), ("value",))


def test_results_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cge: Callable[..., Any]
) -> None:
    tariff = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
    with monkeypatch.context() as usual:
        usual.setattr("cge.core.files.most_unpacked", most_unpacked)
        run(scenario({**tariff, "add": 0.1}), workers=1).save(tmp_path / "run")
    monkeypatch.setattr("cge.core.files.most_unpacked", lambda: 2 * SIZE)
    with pytest.raises(InputError, match=r"results\.parquet.*than this machine has memory") as told:
        read(tmp_path / "run")
    assert told.value.value > 2 * SIZE > (tmp_path / "run" / "results.parquet").stat().st_size
    told_on_screen = cge("table", tmp_path / "run")
    assert told_on_screen.code == 2 and "than this machine has memory" in told_on_screen.err


def test_arrays_of_a_benchmark_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_benchmark(random_world(1), tmp_path / "world")
    (folder / "arrays.npz").write_bytes(zeros("flows.npy"))
    with pytest.raises(InputError, match=f"arrays.npz.*{SAYS}"):
        open_benchmark(folder)


def test_an_archive_is_refused_by_its_directory_whatever_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "2022_SML.zip"
    content = bytearray(zeros("2022_SML.csv"))
    content[60:80] = b"?" * 20  # of what is packed
    file.write_bytes(content)
    with pytest.raises(InputError, match=SAYS):
        read_pymrio(file, "icio", year=2022)


def test_the_bound_is_the_memory_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2**28 < most_unpacked() < 2**50
    monkeypatch.delattr("os.sysconf", raising=False)
    assert most_unpacked() == 16_000_000_000
