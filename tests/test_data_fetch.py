"""`cge data fetch`: every source from a server on this computer, and everything that can fail."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import published
import pytest
from conftest import Outcome

from cge import InputError, Model, load_benchmark, open_benchmark
from cge.data.accounts.table_files import load_table
from cge.data.sources.download import Order, fetch
from cge.data.sources.project_codes import in_project_codes
from cge.data.sources.pymrio_table import read_pymrio
from cge.data.sources.registry import source_of_file, sources
from cge.data.sources.user_table import calibrate_table

Run = Callable[..., Outcome]


@dataclass
class Publisher:
    """A server with files by path.

    Parameters
    ----------
    files : dict
        Content by path.
    kinds : dict
        Content type by path.
    breaks : int, optional
        Bytes of a file after which the connection is closed, once.
    tag : str
        ETag of every file; empty: none is sent.
    seen : list
        Paths asked for, with the range.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    breaks: int | None = None
    tag: str = '"first"'
    refuses: int | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            made.seen.append((self.path, asked))
            content = made.files.get(self.path)
            if made.refuses or content is None:
                self.send_error(made.refuses or 404)
                return
            start = 0
            if asked and self.headers.get("If-Range") == made.tag:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            if start:
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", span)
            if made.tag:
                self.send_header("ETag", made.tag)
            kind = made.kinds.get(self.path, "application/octet-stream")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            whole, made.breaks = made.breaks, None
            self.wfile.write(content[start:whole])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


_ICIO = "/files/STI-PIE/ICIO/{}/{}"
_NODE = "/rest/download/f1330ee5-2841-4f3a-949c-20f36d068714"


def put_icio(publisher: Publisher, edition: str, year: int, extended: bool = False) -> bytes:
    name, content = published.icio(edition, year, extended)
    publisher.files[_ICIO.format(edition, name)] = content
    return content


def put_zenodo(publisher: Publisher, content: bytes, **changed: object) -> None:
    link = "https://zenodo.org/api/records/15689391/files/IOT_2022_ixi.zip/content"
    digest = f"md5:{hashlib.md5(content).hexdigest()}"
    one = {"key": "IOT_2022_ixi.zip", "size": len(content), "checksum": digest,
           "links": {"self": link}, **changed}  # fmt: skip
    record = {"id": 15689391, "files": [{"key": "IOT_2022_pxp.zip"}, one]}
    publisher.files["/api/records/15689391"] = json.dumps(record).encode()
    publisher.files["/api/records/15689391/files/IOT_2022_ixi.zip/content"] = content


def put_adb(publisher: Publisher, content: bytes) -> None:
    """Put the bank's page, with workbooks of other years, countries and prices on it."""
    names = {
        5: "ADB-MRIO-2007.xlsx", 444: "ADB-MRIO62-2022_July 2025.xlsx",
        446: "ADB-MRIO72-2022_July 2025.xlsx", 447: "ADB-MRIO-2022-July 2025.xlsx",
        448: "ADB MRIO 2022, at constant 2010 prices_Sept 2024.xlsx",
    }  # fmt: skip
    files = [
        {"href": f"https://kidb.adb.org/download/mrio-file/{k}", "filename": name,
         "historical_year": name[8:12]} for k, name in names.items()
    ]  # fmt: skip
    told = json.dumps({"files": files}).replace("/", "\\/").replace('"', "&quot;")
    page = f'<html><div id="app" data-page="{told}"></div></html>'
    publisher.files["/globalization/current"] = page.encode()
    publisher.files["/download/mrio-file/444"] = content


def ask(
    publisher: Publisher, folder: Path, source: str = "icio", year: int = 2022, **more: str
) -> Path:
    order = Order(source, year, mirror=publisher.address, **more)
    return fetch(order, folder, say=lambda _: None).path


def put(publisher: Publisher, source: str, place: Path) -> int:
    """Put a source's file where the register says that it is; its year."""
    if source == "icio":
        put_icio(publisher, "2025", 2022)
    elif source == "figaro":
        publisher.files[_NODE] = published.figaro().encode()
    elif source == "adb-mrio":
        put_adb(publisher, published.adb(2022))
    elif source == "wiod2016":
        publisher.files["/api/access/datafile/199103"] = published.wiod2016(2014)
        return 2014
    else:
        put_zenodo(publisher, published.exiobase3(place, 2022))
    return 2022


@pytest.mark.parametrize("source", ["icio", "figaro", "adb-mrio", "wiod2016", "exiobase3"])
def test_a_source_is_one_command_away(
    source: str, publisher: Publisher, here: Path, cge: Run
) -> None:
    """Downloaded, kept with its terms, calibrated with all that ships for the small world."""
    year = put(publisher, source, here)
    arguments = ["data", "fetch", source, "--year", str(year), "--mirror", publisher.address,
                 "--folder", "kept", "--aggregation", "small", "--edition"]  # fmt: skip
    edition = {"adb-mrio": "62"}.get(source, next(iter(sources()[source].editions)))
    done = cge(*arguments, edition)
    assert done.code == 0, done.err
    shown = " ".join(done.out.split())
    for text in (sources()[source].licence, "citation:", "sha256:", "Written to"):
        assert " ".join(text.split()) in shown
    made = open_benchmark(f"{source}-{year}")
    ours = load_benchmark("wiod2013", aggregation="small")
    assert made.regions == ours.regions and made.sectors == ours.sectors
    assert dict(made.groups["regions"]) == dict(ours.groups["regions"])
    # Of six sectors in place of 35 cleaning does a little less; Taiwan may be elsewhere.
    kept = [made.regions.index(r) for r in ("CHN", "USA", "EU")]
    np.testing.assert_allclose(made.gdp[kept], ours.gdp[kept], rtol=0.02)
    flows, known = (b.flows.sum(axis=0)[np.ix_(kept, range(6), kept)] for b in (made, ours))
    np.testing.assert_allclose(flows, known, rtol=0.1, atol=0.01 * known.max())
    assert (made.tariff > 0).any() and made.origin["tariffs"] == "applied"
    for name in ("fontagne", "boehm", "caliendo-parro"):
        assert load_benchmark(f"{source}-{year}", elasticities=name).elasticities["long"]
    asked = len(publisher.seen)
    again = cge(*arguments, edition, "--out", "again")
    assert again.code == 0 and "Found:" in again.out
    index = 1 if sources()[source].editions[edition].index else 0
    assert len(publisher.seen) == asked + index  # nothing but the index was asked for


def test_a_shipped_scenario_runs_on_a_fetched_world(
    publisher: Publisher, here: Path, cge: Run
) -> None:
    put_icio(publisher, "2025", 2022)
    done = cge("data", "fetch", "icio", "--year", "2022", "--mirror", publisher.address,
               "--folder", "kept", "--aggregation", "small")  # fmt: skip
    assert done.code == 0, done.err
    done = cge("run", "us-tariffs-2025-26", "--set", "benchmark={table: icio-2022}", "--out", "run",
               "--no-cache", "--workers", "1")  # fmt: skip
    assert done.code == 0, done.err
    assert "fontagne" in done.out and "boehm" in done.out


@pytest.mark.parametrize(
    ("edition", "year", "extended"),
    [("2025", 2022, False), ("2025", 2022, True), ("2023", 2020, True), ("2023", 2020, False),
     ("2021", 2018, False)],
)  # fmt: skip
def test_every_edition_of_the_oecd_is_read_alike(
    edition: str, year: int, extended: bool, tmp_path: Path
) -> None:
    """China and Mexico whole or in two parts, purchases abroad, labels of three editions."""
    name, content = published.icio(edition, year, extended)
    (tmp_path / name).write_bytes(content)
    table, w = read_pymrio(tmp_path / name, "icio", year=year), published.world()
    order = [table.regions.index(r) for r in w.regions]
    flows = table.intermediate[order][:, :, order].reshape(w.z.shape)
    np.testing.assert_allclose(flows, w.z, atol=0.01)
    final = table.final[order][:, :, order].reshape(w.f.shape)
    np.testing.assert_allclose(final, w.f, atol=0.01)
    np.testing.assert_allclose(table.value_added[order].reshape(-1), w.value, atol=0.01)
    assert (table.unit, table.year, table.sectors) == ("million USD", year, published.ICIO[edition])
    assert read_pymrio(tmp_path, "icio", year=year).year == year
    with pytest.raises(InputError, match=r"year.*1999.*archive holds 0 tables"):
        read_pymrio(tmp_path / name, "icio", year=1999)


def test_figaro_has_its_unit_wages_and_agents(tmp_path: Path) -> None:
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_26ed_2022.csv"
    path.write_text(published.figaro())
    table, w = read_pymrio(path, "figaro"), published.world().without("TWN")
    assert (table.unit, table.year, table.filled.empty) == ("million EUR", 2022, True)
    np.testing.assert_allclose(table.value_added.reshape(-1), w.value, atol=0.01)
    large = w.value > 1000
    share = table.labour_share.reshape(-1)[large]
    np.testing.assert_allclose(share, (w.wages / w.value)[large], rtol=1e-3)
    np.testing.assert_allclose(table.final.reshape(w.f.shape), w.f, atol=0.01)
    with pytest.raises(InputError, match=r"year.*2020.*of another year \(allowed: 2022\)"):
        read_pymrio(path, "figaro", year=2020)


def test_eora_at_hand_is_read_in_thousands_and_says_what_it_does_not_tell_apart(
    tmp_path: Path,
) -> None:
    published.eora26(tmp_path, 2015)
    table = read_pymrio(tmp_path, "eora26", year=2015)
    assert table.unit == "thousand USD"
    made = calibrate_table(table, "default").benchmark
    assert "MACH" not in made.sectors and made.members["sectors"]["ELEC"] == ("c14", "c13")
    assert "MACH" not in made.groups["sectors"]["strategic"]
    assert any("c13 is in c14" in note for note in made.notes)


@pytest.mark.parametrize("edition", ["59", "59a", "60"])
def test_gloria_at_hand_is_read_from_supply_and_use_whatever_its_edition(
    here: Path, cge: Run, edition: str
) -> None:
    published.gloria(here, 2020, edition)
    table, w = read_pymrio(here, "gloria", year=2020), published.world()
    assert (table.unit, table.year) == ("thousand USD", 2020)
    np.testing.assert_allclose(table.intermediate.sum(), 1e3 * w.z.sum())
    np.testing.assert_allclose(table.value_added.reshape(-1), 1e3 * w.value, rtol=1e-9)
    large = w.value > 1000
    share = table.labour_share.reshape(-1)[large]
    np.testing.assert_allclose(share, (w.wages / w.value)[large], rtol=1e-9)
    done = cge("calibrate", ".", "--kind", "gloria", "--year", "2020", "--aggregation", "default",
               "--out", "world")  # fmt: skip
    assert done.code == 0, done.err
    made = open_benchmark("world")
    assert made.regions == load_benchmark("wiod2013").regions and "VEH" in made.sectors
    assert Model.build(made).solve().diagnostics.iterations == 0
    (here / "GLORIA_ReadMe_058.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=r"kind.*2 files of labels.*GLORIA_ReadMe_0NN"):
        read_pymrio(here, "gloria", year=2020)


def test_a_table_in_project_codes_keeps_all_that_there_is(tmp_path: Path) -> None:
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_26ed_2022.csv"
    path.write_text(published.figaro())
    table = read_pymrio(path, "figaro")
    made, w = in_project_codes(table, "figaro"), published.world().without("TWN")
    for name in ("intermediate", "final", "value_added"):
        assert getattr(made, name).sum() == pytest.approx(getattr(table, name).sum())
    r, i = made.regions.index("USA"), [made.sectors.index(c) for c in published.PARTS]
    ours = w.regions.index("USA") * 6
    np.testing.assert_allclose(made.value_added[r][i], w.value[ours : ours + 6], atol=0.01)
    assert made.output[made.regions.index("TWN")].sum() == 0


def test_labour_shares_come_from_the_shipped_table_where_the_source_has_none(
    tmp_path: Path,
) -> None:
    name, content = published.icio("2025", 2022)
    (tmp_path / name).write_bytes(content)
    made = in_project_codes(read_pymrio(tmp_path / name, "icio", year=2022), "icio")
    np.testing.assert_array_equal(made.labour_share, load_table("wiod2013").labour_share)
    assert set(made.filled["rule"]) == {"wiod2013_2011"}
    assert any("has no compensation of employees" in note for note in made.notes)


def test_codes_that_a_publisher_changes_are_named(tmp_path: Path) -> None:
    """A region that is written otherwise would else end in the rest of the world."""
    frame = published.icio_frame("2025")
    for old, new, message in (
        ("CHN", "PRC", r"'CHN'.*no region of the table is this one of wiod2013: codes of icio"),
        ("_C26", "_C26X", r"C26X.*1 sectors are not in the concordance of icio"),
    ):

        def changed(label: str, old: str = old, new: str = new) -> str:
            return label.replace(old, new)

        path = tmp_path / "2022_SML.csv"
        frame.rename(index=changed, columns=changed).to_csv(path)
        table = read_pymrio(path, "icio")
        with pytest.raises(InputError, match=message):
            calibrate_table(table, "small")


def test_a_row_that_misses_its_stated_total_is_named(tmp_path: Path) -> None:
    frame = published.icio_frame("2025")
    frame.loc["USA_C26", "USA_C29"] *= 1000  # a decimal point is lost
    frame.to_csv(tmp_path / "2022_SML.csv")
    with pytest.raises(InputError, match=r"row USA_C26 adds up to .*, its OUT is .*damaged"):
        read_pymrio(tmp_path / "2022_SML.csv", "icio")


def test_an_account_that_is_not_balanced_is_named(tmp_path: Path) -> None:
    frame = published.icio_frame("2025")
    frame.loc["VA", "USA_M"] *= 3
    frame.to_csv(tmp_path / "2022_SML.csv")
    message = r"miss output by .*most in USA, M: output .*, inputs .*, value added"
    with pytest.raises(InputError, match=message):
        read_pymrio(tmp_path / "2022_SML.csv", "icio", value_added="rows")


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (6, 5, "X1", r"'AUS X1'.*neither a sector nor final demand"),
        (2, 0, "In billions of US$", r"unit.*billion.*another unit.*millions"),
        (9, 8, "n.a.", r"\[AUS, c9\].*not a number"),
        (9, 3, "s7", r"'s7'.*neither a sector nor an input"),
    ],
)
def test_a_changed_workbook_of_the_bank_is_refused(
    row: int, column: int, value: str, message: str, tmp_path: Path
) -> None:
    rows = published.adb_sheet(2022)
    rows[row][column] = value
    # Two economies are enough: what is wrong is found before the accounts are compared.
    path = tmp_path / "ADB-MRIO62-2022.xlsx"
    sold = 4 + 6 * len(published.world().regions)
    keep = [[*r[:16], *r[sold : sold + 10]] for r in (*rows[:19], *rows[-8:])]
    pd.DataFrame(keep).to_excel(path, header=False, index=False)
    with pytest.raises(InputError, match=message):
        read_pymrio(path, "adb-mrio")


# -- what can fail on the way


def test_a_broken_download_goes_on_where_it_stopped(publisher: Publisher, tmp_path: Path) -> None:
    content = put_icio(publisher, "2023", 2020)
    publisher.breaks = 5000
    with pytest.raises(InputError, match=r"broke after 5,000 of .* run the same command to go on"):
        ask(publisher, tmp_path, year=2020, edition="2023")
    place = tmp_path / "icio" / "2023"
    assert not (place / "2016-2020_SML.zip").exists()
    path = ask(publisher, tmp_path, year=2020, edition="2023")
    assert path.read_bytes() == content
    assert publisher.seen[-1][1] == "bytes=5000-"
    assert sorted(p.name for p in place.iterdir()) == [path.name, f"{path.name}.yaml"]


@pytest.mark.parametrize("tag", ['"second"', ""])
def test_a_file_that_has_changed_meanwhile_is_begun_anew(
    tag: str, publisher: Publisher, tmp_path: Path
) -> None:
    put_icio(publisher, "2023", 2020)
    publisher.breaks, publisher.tag = 5000, '"first"' if tag else ""
    with pytest.raises(InputError):
        ask(publisher, tmp_path, year=2020, edition="2023")
    publisher.tag = tag
    path = _ICIO.format("2023", "2016-2020_SML.zip")
    publisher.files[path] = published.archive({"2020_SML.csv": "another revision" * 1000})
    found = ask(publisher, tmp_path, year=2020, edition="2023")
    assert found.read_bytes() == publisher.files[path]


def test_size_and_hash_that_are_published_are_checked(publisher: Publisher, tmp_path: Path) -> None:
    content = published.archive({"Z.txt": "nothing"})
    for changed, message in (
        ({"size": 10}, r"bytes came, the publisher's file has 10\. By hand: .*IOT_2022_ixi"),
        ({"checksum": "md5:0123"}, r"its md5 is .*, that of the publisher's file 0123"),
        ({"checksum": None}, r"md5|does not name|checksum"),
    ):
        put_zenodo(publisher, content, **changed)
        if changed == {"checksum": None}:
            publisher.files["/api/records/15689391"] = b'{"files": [{"name": "other"}]}'
            message = r"the record does not name IOT_2022_ixi.zip as it used to"
        with pytest.raises(InputError, match=message):
            ask(publisher, tmp_path, "exiobase3")
        assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_record_that_names_a_file_of_this_computer_is_refused(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_zenodo(publisher, b"PK", links={"self": "file:///etc/hostname"})
    monkeypatch.setattr(Order, "at", lambda self, address: address.replace(
        "https://zenodo.org", publisher.address))  # fmt: skip
    with pytest.raises(InputError, match=r"file:///etc/hostname: is no address on the web"):
        fetch(Order("exiobase3", 2022), tmp_path)


def test_a_revised_file_is_kept_and_said(publisher: Publisher, tmp_path: Path) -> None:
    put_icio(publisher, "2025", 2022)
    said: list[str] = []
    fetch(Order("icio", 2022, mirror=publisher.address), tmp_path, say=said.append)
    assert any("the publisher's file has 166,241,019; the publisher may have" in s for s in said)


def test_what_goes_wrong_is_one_message_with_what_to_do_by_hand(
    publisher: Publisher, here: Path, cge: Run
) -> None:
    hand = "By hand: open the page in a browser, download the zip file"
    page = b"<!DOCTYPE html><title>Making sure you are not a bot</title>"
    path = _ICIO.format("2025", "2016-2022_SML.zip")

    def run(*more: str) -> str:
        done = cge("data", "fetch", "icio", "--year", "2022", "--folder", "kept", *more)
        assert done.code == 2 and done.err.count("\n") == 1 and "Traceback" not in done.err
        assert not [p for p in here.rglob("*") if p.is_file()]
        return done.err

    mirror = ("--mirror", publisher.address)
    told = run(*mirror)
    assert "no file there (404): the address has changed" in told and hand in told
    assert "cge calibrate FILE --kind icio --year 2022 --aggregation default" in told
    publisher.refuses = 403
    assert "server refuses (403 Forbidden), perhaps only programs" in run(*mirror)
    publisher.refuses = None
    publisher.files[path] = page
    publisher.kinds[path] = "text/html; charset=utf-8"
    assert "a page for people, not with the file" in run(*mirror)
    publisher.kinds.clear()
    assert "not the file but something else" in run(*mirror)
    assert "no connection" in run("--mirror", "http://127.0.0.1:9")
    assert "'--mirror', value 'nowhere': is no address" in run("--mirror", "nowhere")
    assert "no such edition" in run("--edition", "1066")
    done = cge("data", "fetch", "icio", "--year", "1066")
    assert done.code == 2 and "no edition has this year (allowed: 2025: 1995 to 2022" in done.err


def test_sources_that_need_an_account_say_what_to_do(here: Path, cge: Run) -> None:
    for source, file in (("gloria", "GLORIA_ReadMe_059.xlsx"), ("eora26", "Eora26_2015_bp.zip")):
        done = cge("data", "fetch", source, "--year", "2015")
        assert done.code == 2 and "By hand: register on the page" in done.err and file in done.err
    done = cge("data", "fetch", "gtap", "--year", "2015")
    assert done.code == 2 and "no such source" in done.err and "adb-mrio" in done.err
    assert not list(here.iterdir())


def test_the_banks_page_that_names_no_file_of_the_year_is_said(
    publisher: Publisher, tmp_path: Path
) -> None:
    put_adb(publisher, b"PK")
    assert ask(publisher, tmp_path, "adb-mrio", edition="62").name == (
        "ADB-MRIO62-2022_July 2025.xlsx"
    )
    with pytest.raises(InputError, match=r"the page names 5 workbooks, 0 of them of 2016"):
        ask(publisher, tmp_path, "adb-mrio", 2016, edition="62")
    publisher.files["/globalization/current"] = b"<html>moved</html>"
    with pytest.raises(InputError, match=r"names 0 workbooks.*By hand: open the page in a browser"):
        ask(publisher, tmp_path, "adb-mrio", edition="62")


def test_a_link_of_ones_own_is_downloaded(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["/mine/ICIO%20of%202022.csv"] = b"V1,OUT\n"
    url = f"{publisher.address}/mine/ICIO%20of%202022.csv"
    kept = fetch(Order("icio", 2022, url=url), tmp_path, say=lambda _: None)
    assert kept.path.name == "ICIO of 2022.csv" and kept.record["edition"] is None
    with pytest.raises(InputError, match=r"--url.*no address of a file"):
        fetch(Order("icio", 2022, url="ftp://x/y.csv"), tmp_path)


def test_a_download_that_was_edited_is_not_taken_for_the_publishers(
    publisher: Publisher, tmp_path: Path
) -> None:
    content = put_icio(publisher, "2023", 2020)
    path = ask(publisher, tmp_path, year=2020, edition="2023")
    path.write_bytes(content[:-1])
    with pytest.raises(InputError, match=r"not as it was downloaded.*--fresh"):
        ask(publisher, tmp_path, year=2020, edition="2023")
    order = Order("icio", 2020, "2023", mirror=publisher.address)
    assert fetch(order, tmp_path, fresh=True, say=lambda _: None).path.read_bytes() == content


def test_a_layout_that_has_changed_leaves_the_download_and_says_what_to_do(
    publisher: Publisher, here: Path, cge: Run
) -> None:
    path = _ICIO.format("2025", "2016-2022_SML.zip")
    publisher.files[path] = published.archive({"2022_SML.csv": "country,industry,value\nA,B,1\n"})
    done = cge("data", "fetch", "icio", "--year", "2022", "--folder", "kept", "--mirror",
               publisher.address)  # fmt: skip
    assert done.code == 2 and "the download is kept" in done.err and "own-data.md" in done.err
    assert (here / "kept" / "icio" / "2025" / "2016-2022_SML.zip").is_file()
    assert not (here / "icio-2022").exists()


def test_a_file_at_hand_is_known_by_its_name(here: Path, cge: Run) -> None:
    name, content = published.icio("2021", 2018)
    (here / name).write_bytes(content)
    for file, source in {
        name: "icio", "2022_SML.csv": "icio", "2016-2022_EXT.zip": "icio",
        "ADB-MRIO72-2022_July 2025.xlsx": "adb-mrio", "IOT_2022_ixi.zip": "exiobase3",
        "matrix_eu-ic-io_ind-by-ind_26ed_2022.csv": "figaro", "WIOTS_in_STATA.zip": "wiod2016",
        "WIOT2014_Nov16_ROW.xlsb": "wiod2016", "Eora26_2015_bp.zip": "eora26",
    }.items():  # fmt: skip
        assert source_of_file(here / file) == source
    done = cge("calibrate", name, "--year", "2018", "--aggregation", "small", "--out", "world")
    assert done.code == 0, done.err
    assert Model.build(open_benchmark("world")).solve().diagnostics.iterations == 0
    (here / "table.zip").write_bytes(content)
    done = cge("calibrate", "table.zip", "--out", "other")
    assert done.code == 2 and "does not say which source's table it is" in done.err
    assert "icio, figaro, adb-mrio" in done.err


def test_every_source_is_shown_with_its_terms(cge: Run) -> None:
    for name, source in sources().items():
        done = cge("data", "show", name)
        assert done.code == 0, done.err
        shown = " ".join(done.out.split())
        for text in (source.licence, source.citation, source.verified):
            assert " ".join(text.split())[:60] in shown


def test_the_default_world_of_a_source_has_all_the_codes_of_the_shipped_one(
    tmp_path: Path,
) -> None:
    """So every scenario that ships means the same on it."""
    name, content = published.icio("2025", 2022)
    (tmp_path / name).write_bytes(content)
    table = read_pymrio(tmp_path / name, "icio", year=2022)
    made, ours = calibrate_table(table, "default").benchmark, load_benchmark("wiod2013")
    for part in ("regions", "sectors", "agents", "factors", "use_classes", "groups", "members"):
        assert getattr(made, part) == getattr(ours, part)
