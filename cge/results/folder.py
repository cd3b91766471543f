"""Results in a folder: written whole or not at all, and read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from cge.core.errors import CONTROL, InputError, refuse_first, refuse_if
from cge.core.files import check_unpacked, is_file, user_path
from cge.core.identity import file_digest
from cge.core.writing import WORK, commit, part, settle
from cge.data.benchmark_folder import is_benchmark_folder
from cge.results.manifest_file import ROWS_DIGEST, manifest_text, read_manifest, unsealed
from cge.results.resultset import ResultSet
from cge.results.row_schema import COLUMNS, LATER, TEXT, WHOLE, layout, stand_twice
from cge.results.run_folder import (
    FILES,
    HOME,
    MANIFEST,
    ROWS,
    TABLE,
    manifests,
    not_written,
)

_IDENTITY = b"cge.identity"
#: More rows than any study makes.
MOST_ROWS = 50_000_000
_OF_A_STUDY = "the folder that `cge run` or another study wrote"


def write(
    results: ResultSet, folder: Path, more: Mapping[str, Callable[[Path], None]] | None = None
) -> None:
    """Write results.parquet, results.csv and manifest.json, and what else is given.

    results.csv holds the figures of regions, results.parquet those of sectors and routes too.
    Earlier results are replaced as a whole, once all is written; other files stay.

    Parameters
    ----------
    results : ResultSet
    folder : path
        Held by this process (:func:`locked`).
    more : mapping of str to callable
        Other files of :data:`FILES` by name, each written by a call with its path.

    Raises
    ------
    InputError
        If the folder can not be written.
    """
    place = folder.resolve()
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix=WORK) as work:
            _fill(results, Path(work), more or {})
            for name in FILES:
                if not (Path(work) / name).exists():  # an earlier figure is not of these results
                    (place / name).unlink(missing_ok=True)
            commit(Path(work), place)
    except OSError as error:
        raise not_written(folder, error) from None


def _fill(results: ResultSet, work: Path, more: Mapping[str, Callable[[Path], None]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(results.rows, preserve_index=False)
    known = {**(table.schema.metadata or {}), _IDENTITY: results.identity.encode()}
    with (work / ROWS).open("wb") as file:  # Arrow opens no path that is not UTF-8
        pq.write_table(table.replace_schema_metadata(known), file)
    of_regions = (results.rows["sector"] == "") & (results.rows["partner"] == "")
    results.rows[of_regions].to_csv(work / TABLE, index=False, float_format="%.10g")
    for name, make in more.items():
        make(work / name)
    known_by = {"identity": results.identity, ROWS_DIGEST: file_digest(work / ROWS)}
    text = manifest_text({**known_by, **results.manifest})
    (work / MANIFEST).write_text(text, encoding="utf-8", errors="backslashreplace")


def read(given: str | Path) -> ResultSet:
    """Read the results of a folder; a bare name means where its run is written.

    Raises
    ------
    InputError
        If there are none, or they are damaged or of different runs.
    """
    folder = _found(user_path(given))
    while True:
        with suppress(OSError):  # of a folder that can not be written the parts are read in place
            settle(folder)
        before = folder.stat().st_mtime_ns
        try:
            return _read(folder)
        except InputError:
            if folder.stat().st_mtime_ns == before:  # else another process has put results there
                raise


def _read(folder: Path) -> ResultSet:
    refuse_if(is_benchmark_folder(folder), "is a benchmark, not the results of a run", file=folder,
              allowed=f"{_OF_A_STUDY}; this can be the table of a scenario's benchmark, or of "
              "`cge check --data`")  # fmt: skip
    file, of_rows = part(folder, MANIFEST), part(folder, ROWS)
    refuse_if(not file.is_file(), f"holds no results of a run: it has no {MANIFEST}", file=folder,
              allowed=_OF_A_STUDY)  # fmt: skip
    content = unsealed(read_manifest(file), file)
    rows, identity = _rows(of_rows)
    told, written = content.pop("identity", None), content.pop(ROWS_DIGEST, None)
    refuse_if(identity != told or written not in (None, file_digest(of_rows)),
              f"{ROWS} and {MANIFEST} are of different runs, or damaged", file=folder,
              allowed="a folder as a command wrote it; write it again")  # fmt: skip
    return ResultSet(rows, content, folder)


def read_all(given: Iterable[str | Path]) -> list[ResultSet]:
    """Read the results of some folders.

    Raises
    ------
    InputError
        For none at all, one given twice, and as :func:`read`.
    """
    found: dict[Path, ResultSet] = {}
    for one in given:
        results = read(one)
        place = (results.folder or Path()).resolve()
        refuse_if(place in found, "this run is given twice", file=results.folder)
        found[place] = results
    refuse_if(not found, "give at least one run folder", allowed=_OF_A_STUDY)
    return list(found.values())


def _found(path: Path) -> Path:
    if path.is_file() and path.name in FILES:
        path = path.parent
    if not path.exists() and path.parent == Path() and (HOME / path.name).is_dir():
        path = HOME / path.name
    refuse_if(is_file(path), "is a file, not the results of a run", file=path,
              allowed=f"{_OF_A_STUDY}; a table or figure is made of that, not of a table or "
              "figure")  # fmt: skip
    if not path.is_dir():
        runs = [found.name for found, _ in manifests(HOME)]
        raise InputError("no such run folder", file=path, allowed=[_OF_A_STUDY, *runs])
    return path


def _rows(path: Path) -> tuple[pd.DataFrame, str]:
    """Rows of results in a file, and the digest that stands there."""
    import pyarrow.parquet as pq

    refuse_if(not path.is_file(), f"holds no {path.name}, of which pages are made",
              file=path.parent, allowed=f"the whole folder; `cge run {path.parent / MANIFEST}` "
              "makes it again")  # fmt: skip
    check_unpacked(path)
    try:
        with path.open("rb") as file:
            source = pq.ParquetFile(file)
            _check_columns(source, path)
            known = [name for name in COLUMNS if name in source.schema_arrow.names]
            table = source.read(columns=known)
        identity = (table.schema.metadata or {}).get(_IDENTITY, b"").decode()
        rows = layout(table.to_pandas())
    except InputError:
        raise
    except Exception as error:  # Arrow has a dozen kinds of error, all about the file
        reason = " ".join(str(error).split())
        raise InputError(f"can not be read as results: {reason}", file=path) from None
    refuse_if((rows["measure"] == "").any(), "a row has no measure", file=path, key="measure")
    for name in TEXT:
        refuse_first((word for word in rows[name].cat.categories if CONTROL.search(word)),
                     "holds a control character", file=path, key=name)  # fmt: skip
    twice = stand_twice(rows)
    refuse_if(twice, f"{twice} rows have the keys of others", file=path)
    refuse_if(not (rows["step"] >= 0).all(), "a row has no share of the shock", file=path,
              key="step")  # fmt: skip
    return rows, identity


def _check_columns(source: Any, path: Path) -> None:
    """Check that a file has the columns of results, in types that can hold them."""
    from pyarrow import types

    refuse_if(source.metadata.num_rows > MOST_ROWS, "has too many rows to be results", file=path,
              value=source.metadata.num_rows, allowed=f"up to {MOST_ROWS:,}")  # fmt: skip
    schema = source.schema_arrow
    for name in (name for name in COLUMNS if name in schema.names or name not in LATER):
        refuse_if(name not in schema.names, f"column '{name}' is missing", file=path, key=name)
        refuse_if(schema.names.count(name) > 1, f"column '{name}' stands twice", file=path,
                  key=name)  # fmt: skip
        kind = schema.field(name).type
        kind = kind.value_type if types.is_dictionary(kind) else kind
        text = types.is_string(kind) or types.is_large_string(kind)
        number = types.is_integer(kind) or (name not in WHOLE and types.is_floating(kind))
        refuse_if(not (text if name in TEXT else number), f"holds {kind}", file=path, key=name,
                  allowed="text" if name in TEXT else "numbers")  # fmt: skip
