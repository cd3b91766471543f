"""An output folder: written whole or not at all, by one process at a time."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from cge.core.errors import InputError, refuse_if
from cge.core.files import is_file
from cge.core.writing import WORK
from cge.results.manifest import FORMAT
from cge.results.resultset import ResultSet
from cge.results.row_schema import layout

MANIFEST, ROWS, TABLE, SUMMARY = "manifest.json", "results.parquet", "results.csv", "summary.md"
FIGURES = ("figure.svg", "figure.pdf")
#: In the order in which they are put in place, the manifest last.
FILES = (*FIGURES, ROWS, TABLE, SUMMARY, MANIFEST)
#: Where runs are written unless the user says otherwise.
HOME = Path("results") / "runs"
_IDENTITY = b"cge.identity"


def is_ours(folder: Path) -> bool:
    """Whether a folder holds the results of an earlier run."""
    content = _content(folder / MANIFEST)
    return "spec" in content and not any((folder / name).is_dir() for name in FILES)


def check_folder(folder: Path) -> None:
    """Check that results can be written to a folder; changes nothing.

    Raises
    ------
    InputError
        If it can not be written, or holds anything but earlier results.
    """
    try:
        parent = real = folder.resolve()
        if real.exists():
            refuse_if(not real.is_dir(), "is a file, not a folder", key="--out", value=str(folder))
            others = [path for path in real.iterdir() if not path.name.startswith(WORK)]
            refuse_if(others and not is_ours(real), "the folder holds files that are not results",
                      key="--out", value=str(folder),
                      allowed="a new or empty folder, or that of an earlier run")  # fmt: skip
        while not parent.exists():
            parent = parent.parent
        refuse_if(not parent.is_dir(), "is inside a file", key="--out", value=str(folder))
        with tempfile.TemporaryFile(dir=parent):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        raise _not_written(folder, error) from None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; it is made if it is not there.

    Raises
    ------
    InputError
        If another process holds it, or it can not be written.
    """
    check_folder(folder)
    place = folder.resolve()
    made = [path for path in (place, *place.parents) if not path.exists()]
    lock = place / f"{WORK}lock"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise InputError(
            "another process is writing to this folder", key="--out", value=str(folder),
            allowed="another folder, or the same once that process has ended",
        ) from None  # fmt: skip
    except OSError as error:
        raise _not_written(folder, error) from None
    finally:
        with contextlib.suppress(OSError):  # another process may have filled one meanwhile
            lock.unlink(missing_ok=True)
            for path in made:
                path.rmdir()


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
        raise _not_written(folder, error) from None


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
    folder = _found(Path(given))
    made = "spec" in _content(folder / MANIFEST)
    refuse_if(not made, "is not a run's folder: it has no manifest", file=folder,
              allowed="a folder that a command of cge wrote")  # fmt: skip
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
    content = _content(file)
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
    refuse_if(not found, "give at least one run folder", allowed="what a command of cge wrote")
    return list(found.values())


def manifests(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folders of runs in a folder, with their manifests."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and is_ours(path):
            yield path, _content(path / MANIFEST)


def _found(path: Path) -> Path:
    if path.is_file() and path.name in FILES:
        path = path.parent
    if not path.exists() and path.parent == Path() and (HOME / path.name).is_dir():
        path = HOME / path.name
    if not path.is_dir():
        runs = [found.name for found, _ in manifests(HOME)]
        raise InputError("no such run folder", file=path,
                         allowed=["a folder that a command of cge wrote", *runs])  # fmt: skip
    return path


def _rows(path: Path) -> tuple[pd.DataFrame, str]:
    import pyarrow.parquet as pq

    refuse_if(not path.is_file(), f"holds no {path.name}", file=path.parent)
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


def _content(file: Path) -> dict[str, Any]:
    """Content of a file of JSON; nothing where there is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _not_written(folder: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"can not be written: {reason}", key="--out", value=str(folder))
