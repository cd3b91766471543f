"""Header array (HAR) files: what is written is read again, and what is damaged is refused."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cge.core.errors import InputError
from cge.data.har.har_reading import headers_of, read_har
from cge.data.har.har_writing import write_har
from cge.data.har.headers import HarHeader
from cge.data.har.solution_file import is_solution, solution_variables

QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LABEL = st.text("ABCDEFGHIJabcxyz_0123456789é", min_size=1, max_size=12)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def reals(draw: st.DrawFn) -> HarHeader:
    """A header of reals with sets, of up to seven dimensions, sets standing twice among them."""
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=7)))
    known: dict[int, tuple[str, tuple[str, ...]]] = {}
    for size in shape:
        elements = draw(st.lists(LABEL, min_size=size, max_size=size, unique=True))
        known.setdefault(size, (f"SET{size}", tuple(elements)))
    chosen = draw(st.sampled_from(("REFULL", "RESPSE")))
    values = draw(arrays.arrays(np.float64, shape, elements=st.one_of(st.just(0.0), SINGLE)))
    sets, labels = (tuple(known[size][k] for size in shape) for k in (0, 1))
    return HarHeader("REAL", values, chosen, "a description", "COEFFICIENT1", sets, labels)


@st.composite
def others(draw: st.DrawFn) -> HarHeader:
    """A header of another kind."""
    kind = draw(st.sampled_from(("1CFULL", "2IFULL", "2RFULL", "RLFULL")))
    flat = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    if kind == "1CFULL":
        return HarHeader("ANY", np.array(draw(st.lists(LABEL, max_size=9)), dtype=np.str_))
    if kind == "2IFULL":
        whole = st.integers(-(2**31) + 1, 2**31 - 1)
        return HarHeader("ANY", draw(arrays.arrays(np.int64, flat, elements=whole)))
    if kind == "2RFULL":
        return HarHeader("ANY", draw(arrays.arrays(np.float64, flat, elements=SINGLE)))
    shape = (*draw(st.lists(st.integers(1, 3), max_size=6)), 2)  # trailing ones are not kept
    return HarHeader("ANY", draw(arrays.arrays(np.float64, shape, elements=SINGLE)), "RLFULL")


def same(a: HarHeader, b: HarHeader) -> bool:
    """Whether two headers are the same in all their parts."""
    parts = ("name", "kind", "description", "coefficient", "sets", "labels")
    return np.array_equal(a.array, b.array) and all(
        getattr(a, part) == getattr(b, part) for part in parts
    )


@QUICK
@given(one=reals(), other=others())
def test_headers_come_back_as_they_were_written(
    one: HarHeader, other: HarHeader, tmp_path: Path
) -> None:
    path = tmp_path / "any.har"
    write_har(path, [one, other])
    found = read_har(path)
    assert [*found] == ["REAL", "ANY"]
    assert same(found["REAL"], one)
    assert same(found["ANY"], other)


def example() -> list[HarHeader]:
    """Headers of every kind."""
    reg, comm = ("USA", "EU_28"), ("Food", "Mnfcs", "Svces")
    cells = np.arange(12.0).reshape(3, 2, 2) / 7
    return [
        HarHeader("REG", np.array(reg), description="Set REG  Regions"),
        HarHeader("FLAG", np.array([[1, 0], [0, -1]])),
        HarHeader("MTRX", np.array([[0.5, 1.5, 2.5]])),
        HarHeader("VXSB", cells, "REFULL", "Exports", "VXSB", ("COMM", "REG", "REG"),
                  (comm, reg, reg)),
        HarHeader("TARF", np.where(cells > 1, cells, 0), "RESPSE", "Rates", "TARF",
                  ("COMM", "REG", "REG"), (comm, reg, reg)),
        HarHeader("LEVL", cells, "RLFULL"),
        HarHeader("DVER", np.array(6.0), "REFULL"),
    ]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "example.har"
    write_har(path, example())
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file of few bytes with texts, integers, and reals stored whole and without zeros."""
    path, codes = tmp_path / "small.har", ("USA", "ROW")
    write_har(path, [
        HarHeader("FLAG", np.array([[1, 0]])),
        HarHeader("POP", np.array([1.0, 2.0]), "REFULL", sets=("REG",), labels=(codes,)),
        HarHeader("TARF", np.array([0.0, 2.0]), "RESPSE", sets=("REG",), labels=(codes,)),
    ])  # fmt: skip
    return path


def records(data: bytes) -> list[bytes]:
    """Records of a file."""
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<i", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 8 + length
    return found


def framed(parts: list[bytes], order: str = "<") -> bytes:
    return b"".join(struct.pack(f"{order}i", len(p)) + p + struct.pack(f"{order}i", len(p))
                    for p in parts)  # fmt: skip


def test_records_are_framed_and_laid_out_as_gempack_has_them(file: Path) -> None:
    """Of an array with a set that stands twice, byte by byte."""
    found = records(file.read_bytes())
    k = found.index(b"VXSB")
    assert found[k + 1] == b"    REFULL" + b"Exports".ljust(70) + struct.pack(
        "<8i", 7, 3, 2, 2, 1, 1, 1, 1
    )
    sets = b"".join(name.ljust(12) for name in (b"COMM", b"REG", b"REG"))
    assert found[k + 2] == (b"    " + struct.pack("<3i", 2, 1, 3) + b"VXSB".ljust(12)
                            + struct.pack("<i", 1) + sets + b"kkk" + bytes(16))  # fmt: skip
    comm = b"".join(name.ljust(12) for name in (b"Food", b"Mnfcs", b"Svces"))
    assert found[k + 3] == b"    " + struct.pack("<3i", 1, 3, 3) + comm
    assert found[k + 4][16:] == b"USA         EU_28       "
    assert found[k + 5] == b"    " + struct.pack("<9i", 3, 7, 3, 2, 2, 1, 1, 1, 1)
    assert found[k + 6] == b"    " + struct.pack("<15i", 2, 1, 3, 1, 2, 1, 2, *[1] * 8)
    values = np.frombuffer(found[k + 7][8:], "<f4")
    assert found[k + 7][:8] == b"    " + struct.pack("<i", 1)
    assert values.tolist() == example()[3].array.astype("f4").ravel(order="F").tolist()


def test_large_arrays_are_written_in_several_records(tmp_path: Path) -> None:
    codes = tuple(f"r{k}" for k in range(70))
    whole = np.random.default_rng(1).random((70, 70, 4)).astype("f4").astype(float)
    labels = (codes, codes, codes[:4])
    sent = [
        HarHeader("BIG", whole, "REFULL", sets=("A", "B", "C"), labels=labels),
        HarHeader("SPSE", np.where(whole > 0.5, whole, 0), "RESPSE", sets=("A", "B", "C"),
                  labels=labels),
        HarHeader("LONG", np.arange(9001).reshape(-1, 1)),
        HarHeader("FLAT", np.arange(15000.0).reshape(3, -1)),
        HarHeader("TEXT", np.array([f"line {k}" for k in range(600)])),
    ]  # fmt: skip
    path = tmp_path / "big.har"
    write_har(path, sent)
    assert max(map(len, records(path.read_bytes()))) < 30_000
    found = read_har(path)
    assert all(same(found[one.name], one) for one in sent)


def test_files_of_machines_with_the_other_byte_order_are_read(tmp_path: Path) -> None:
    about = b"    2RFULL" + b"Two".ljust(70) + struct.pack(">3i", 2, 1, 2)
    block = b"    " + struct.pack(">7i", 1, 1, 2, 1, 1, 1, 2) + struct.pack(">2f", 1.5, -2.0)
    path = tmp_path / "other.har"
    path.write_bytes(framed([b"TWO ", about, block], ">"))
    assert read_har(path)["TWO"].array.tolist() == [[1.5, -2.0]]


def test_a_set_of_unknown_elements_and_one_element_of_a_set_are_read(tmp_path: Path) -> None:
    """Flags u and e; and the count of records that harpy writes, one less than GEMPACK's."""
    about = b"    REFULL" + b"Part".ljust(70) + struct.pack("<8i", 7, 2, 1, *[1] * 5)
    sets = (b"    " + struct.pack("<3i", 2, 1, 2) + b"PART".ljust(12) + struct.pack("<i", 1)
            + b"COMM        REG         ue" + bytes(8) + struct.pack("<i", 1)
            + b"USA".ljust(12))  # fmt: skip
    sizes = b"    " + struct.pack("<9i", 2, 7, 2, 1, *[1] * 5)
    corners = b"    " + struct.pack("<15i", 2, 1, 2, *[1] * 12)
    values = b"    " + struct.pack("<i2f", 1, 3.0, 4.0)
    path = tmp_path / "part.har"
    path.write_bytes(framed([b"PART", about, sets, sizes, corners, values]))
    header = read_har(path)["PART"]
    assert (header.sets, header.labels) == (("COMM", "REG"), (None, ("USA",)))
    assert header.array.tolist() == [[3.0], [4.0]]


def test_only_the_headers_that_are_wanted_are_kept(file: Path) -> None:
    assert [*read_har(file, only=["vxsb"])] == ["VXSB"]


def test_a_file_that_is_cut_off_anywhere_is_refused(small: Path) -> None:
    data = small.read_bytes()
    whole, at = {0}, 0
    for record in records(data):
        at += 8 + len(record)
        whole.add(at)
    for length in range(1, len(data)):
        try:
            found = [*headers_of(data[:length], small)]
        except InputError as error:
            assert error.file == str(small)
        else:  # between two headers nothing is missed
            assert length in whole
            assert found == ["FLAG", "POP", "TARF"][: len(found)]


def test_a_file_in_which_any_integer_is_hostile_is_refused_or_read(small: Path) -> None:
    data = small.read_bytes()
    for at in range(0, len(data) - 4, 2):
        for value in (-1, 2**31 - 1, 100_000):
            try:
                headers_of(data[:at] + struct.pack("<i", value) + data[at + 4 :], small)
            except InputError as error:
                assert error.file == str(small)


def test_a_few_bytes_can_not_ask_for_all_memory(small: Path) -> None:
    """Sizes of an array that is stored without zeros, of one stored whole, and of none."""
    data = small.read_bytes()
    at = data.index(b"RESPSE") + 80
    whole = data.index(b"REFULL") + 80
    tracemalloc.start()
    for place, sizes in (
        (at, (2**15, 2**15)), (at, (2**31 - 1, 2**31 - 1)), (at, (0, 2**31 - 1, 2**31 - 1)),
        (whole, (2**15, 2**15)), (whole, (2**31 - 1, 2**31 - 1)),
    ):  # fmt: skip
        spoilt = bytearray(data)
        struct.pack_into(f"<{len(sizes)}i", spoilt, place, *sizes)
        with pytest.raises(InputError):
            headers_of(bytes(spoilt), small)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.parametrize("content, said", [
    (b"", "is not a header array file"),
    (b"3 2 real row_order header \"SUBP\" ;\n1 2 3\n", "ViewHAR or modhar"),
    (framed([b"ABCD"]), "ends within a record"),
    (framed([b"ABCD", b"    DEFULL" + b" " * 70 + struct.pack("<i", 0)]), "kind are not read"),
    (framed([b"ABCD", b"    1CFULL" + b" " * 70 + struct.pack("<i", 9)]), "dimensions"),
])  # fmt: skip
def test_what_is_no_header_array_file_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "no.har"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as told:
        read_har(path)
    assert told.value.file == str(path)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "folder"), (tmp_path / "none.har", "no such file")):
        with pytest.raises(InputError, match=said):
            read_har(path)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    one, two = HarHeader("REG", np.array(["A"])), HarHeader("reg", np.array(["B"]))
    with pytest.raises(InputError, match="twice"):
        write_har(tmp_path / "two.har", [one, two])
    for name, header in (("one", one), ("two", two)):
        write_har(tmp_path / name, [header])
    path = tmp_path / "both.har"
    path.write_bytes((tmp_path / "one").read_bytes() + (tmp_path / "two").read_bytes())
    with pytest.raises(InputError, match="twice"):
        read_har(path)


@pytest.mark.parametrize("parts, said", [
    ({"name": "TOOLONG", "array": np.ones((1, 1))}, "too long"),
    ({"name": " ", "array": np.ones((1, 1))}, "needs a name"),
    ({"name": "X", "array": np.ones((1, 1)), "description": "d" * 71}, "too long"),
    ({"name": "X", "array": np.ones((1, 1)), "description": "日本"}, "characters"),
    ({"name": "X", "array": np.ones(2), "sets": ("S",), "labels": (("a",),)}, "elements"),
    ({"name": "X", "array": np.ones(1), "sets": ("S",), "labels": (("a" * 13,),)}, "too long"),
    ({"name": "X", "array": np.ones((1, 1)), "sets": ("S",), "labels": (("a",),)}, "sets"),
    ({"name": "X", "array": np.ones((1,) * 8)}, "8 dimensions"),
    ({"name": "X", "array": np.array([1j])}, "neither text nor numbers"),
    ({"name": "X", "array": np.array(["日本"])}, "characters"),
    ({"name": "X", "array": np.array(["a\tb"])}, "do not print"),
    ({"name": "X", "array": np.array(["a" * 2001])}, "too long"),
    ({"name": "X", "array": np.ones((2, 2)), "kind": "1CFULL"}, "not of this kind"),
])  # fmt: skip
def test_what_a_header_can_not_be_is_refused(parts: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        HarHeader(**parts)  # type: ignore[arg-type]


def test_a_value_that_single_precision_does_not_hold_leaves_the_file_as_it_was(
    file: Path,
) -> None:
    before = file.read_bytes()
    for values in (np.full((1, 1), 1e39), np.full((1, 1), np.nan), np.full((1, 1), 2**31)):
        with pytest.raises(InputError, match="hold"):
            write_har(file, [HarHeader("X", values)])
    assert file.read_bytes() == before


def solution() -> list[HarHeader]:
    """Headers of a solution: a price, a quantity of which one component is shocked, a scalar."""

    def column(name: str, *values: float) -> HarHeader:
        return HarHeader(name, np.array(values).reshape(-1, 1))

    def texts(name: str, *values: str) -> HarHeader:
        return HarHeader(name, np.array(values, dtype=np.str_))

    whole = np.array([], dtype=np.int64)
    return [
        texts("VARS", "price", "quantity", "income"), texts("VCLB", " Price", "Quantity", "Income"),
        texts("VCTP", "p", "p", "c"), column("VNCP", 4, 3, 1), column("VCNA", 2, 1, 0),
        column("VCAR", 1, 2, 2 + 1),
        texts("STNM", "COMM", "REG", "FAC"), column("SSZ", 2, 2, 3), texts("ELST", "k", "k", "u"),
        texts("STEL", "food", "mnfc", "USA", "ROW"), column("ELAD", 1, 3, 0),
        column("OREX", 0, 2, 0), column("OREL", 1, 3),
        column("CMND", 3, 1, 1), column("CMNL", 1, 2, 4, 2), column("PCUM", 1, 4, 5),
        HarHeader("CUMS", np.array([[1.0], [2.0], [4.0], [20.0], [7.0]])),
        column("SHCK", 0, 1, 0), column("SHCL", 3), column("PSHK", 0, 1, 0),
        HarHeader("SHOC", np.array([[9.0]])),
        column("STLS", 1, 5), texts("STDS", "Effect of the shock"), column("001C", 0, 1, 0),
        column("001L", 3), HarHeader("001S", np.array([[0.5], [1.0], [2.0], [10.0], [3.5]])),
        HarHeader("LV61", whole.reshape(0, 0)),
    ]  # fmt: skip


def test_variables_of_a_solution_file_are_put_together(tmp_path: Path) -> None:
    """What is endogenous and kept, what is shocked, what is exogenous, and what is not kept."""
    path = tmp_path / "sim.sl4"
    write_har(path, solution())
    assert is_solution(read_har(path))
    found = solution_variables(path)
    price, quantity, income = found.values()
    assert (price.sets, quantity.sets) == (("COMM", "REG", "RESULT"), ("FAC", "RESULT"))
    assert price.labels == (("food", "mnfc"), ("USA", "ROW"), ("cumulative", "Effect of the shock"))
    assert quantity.labels[0] == ("1", "2", "3")
    np.testing.assert_array_equal(price.array[..., 0], [[1.0, np.nan], [2.0, 4.0]])
    assert quantity.array.tolist() == [[0.0, 0.0], [20.0, 10.0], [9.0, 9.0]]
    assert income.array.tolist() == [7.0, 3.5]
    assert (price.changes, income.changes, price.description) == (False, True, "Price")


def test_a_solution_whose_parts_do_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sim.sl4"
    for spoilt in (*(one.name for one in solution() if one.name != "LV61"),):
        for replaced in (None, HarHeader(spoilt, np.array([[77]]))):
            kept = [one for one in solution() if one.name != spoilt]
            write_har(path, [*kept, replaced] if replaced else kept)
            try:
                solution_variables(path)
            except InputError as error:
                assert error.file == str(path)
            else:
                # Without subtotals, or another value of a shock.
                assert (spoilt, replaced is None) in {("STLS", True), ("SHOC", False)}
