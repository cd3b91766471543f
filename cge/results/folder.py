"""Results in a folder: written whole or not at all, and read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cge.core.errors import InputError, refuse_if
from cge.core.files import is_file, user_path
from cge.core.writing import WORK
from cge.data.benchmark_folder import is_benchmark_folder
from cge.results.resultset import ResultSet
from cge.results.row_schema import layout
from cge.results.run_folder import (
    FILES,
    FORMAT,
    HOME,
    MANIFEST,
    ROWS,
    TABLE,
    json_of,
    manifests,
    not_written,
)

_IDENTITY = b"cge.identity"
_OF_A_STUDY = "the folder that `cge run` or another study wrote"


def write(
    results: ResultSet, folder: Path, more: Mapping[str, Callable[[Path], None]] | None = None
) -> None:
    """Write results.parquet, results.csv and manifest.json, and what else is given.

    results.csv holds the figures of regions, results.parquet those of sectors and routes too.
    Earlier results are replaced only when all is written; other files stay.

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
                if (Path(work) / name).exists():
                    (Path(work) / name).replace(place / name)
                else:  # an earlier run's figure would not belong to these results
                    (place / name).unlink(missing_ok=True)
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
    text = json.dumps({"identity": results.identity, **results.manifest}, indent=2)
    (work / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def read(given: str | Path) -> ResultSet:
    """Read the results of a folder; a bare name means where its run is written.

    Raises
    ------
    InputError
        If there are none, or they are damaged or of different runs.
    """
    folder = _found(user_path(given))
    made = "spec" in json_of(folder / MANIFEST)
    refuse_if(is_benchmark_folder(folder), "is a benchmark, not the results of a run", file=folder,
              allowed=f"{_OF_A_STUDY}; this can be the table of a scenario's benchmark, or of "
              "`cge check --data`")  # fmt: skip
    refuse_if(not made, "holds no results of a run: it has no manifest.json", file=folder,
              allowed=_OF_A_STUDY)  # fmt: skip
    content = read_manifest(folder / MANIFEST)
    rows, identity = _rows(folder / ROWS)
    refuse_if(identity != content.get("identity"), f"{ROWS} and {MANIFEST} are of different runs",
              file=folder, allowed="a folder as a command wrote it; write it again")  # fmt: skip
    return ResultSet(rows, {k: v for k, v in content.items() if k != "identity"}, folder)


def read_manifest(file: Path) -> dict[str, Any]:
    """Read the manifest of a run, wherever it stands.

    Raises
    ------
    InputError
        If it is none, or of another version.
    """
    refuse_if(not is_file(file), "no such file", file=file)
    content = json_of(file)
    refuse_if(not isinstance(content.get("spec"), dict), "is no manifest of a run", file=file)
    refuse_if(content.get("format") != FORMAT, "was written by another version", file=file,
              key="format", value=content.get("format"), allowed=str(FORMAT))  # fmt: skip
    return content


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
    import pyarrow.parquet as pq

    refuse_if(not path.is_file(), f"holds no {path.name}, of which pages are made",
              file=path.parent, allowed=f"the whole folder; `cge run {path.parent / MANIFEST}` "
              "makes it again")  # fmt: skip
    try:
        with path.open("rb") as file:
            table = pq.read_table(file)
        identity = (table.schema.metadata or {}).get(_IDENTITY, b"").decode()
        return layout(table.to_pandas()), identity
    except KeyError as error:
        raise InputError(f"column {error} is missing", file=path) from None
    except Exception as error:  # Arrow has a dozen kinds of error, all about the file
        reason = " ".join(str(error).split())
        raise InputError(f"can not be read as results: {reason}", file=path) from None
