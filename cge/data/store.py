"""Benchmarks on disk: a folder anyone can open, now or in ten years.

A folder holds ``benchmark.yaml`` (codes, names, notes: text to read and, but for the
codes, to edit), ``arrays.npz`` (the accounts and elasticities, no pickled objects), and
``cleaning.csv`` and ``filled.csv`` where the calibration left a record. It is written
whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cge.core.errors import InputError
from cge.core.files import read_yaml, validate
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import Calibration, load_benchmark
from cge.data.accounts.shipped import TABLES
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.data.elasticities.sets import ElasticitySet, Which, load_elasticity_set

Array = NDArray[np.float64]

FORMAT = "cge-benchmark"
VERSION = 1
DESCRIPTION = "benchmark.yaml"
ARRAYS = "arrays.npz"
RECORDS = {"report": "cleaning.csv", "filled": "filled.csv"}
_FILES = frozenset({DESCRIPTION, ARRAYS, *RECORDS.values()})
_AXES = (
    "regions", "sectors", "factors", "agents", "use_classes", "sector_class", "agent_class",
)  # fmt: skip
_ACCOUNTS = tuple(item.name for item in fields(Benchmark) if item.type == "Array")


class BenchmarkFile(BaseModel):
    """Layout of ``benchmark.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["cge-benchmark"]
    version: Literal[1]
    name: str
    unit: str
    status: Literal["original", "estimated", "user"]
    regions: list[str]
    sectors: list[str]
    factors: list[str]
    agents: list[str]
    use_classes: list[str]
    sector_class: list[str]
    agent_class: list[str]
    speeds: list[str]
    notes: list[str] = []
    origin: dict[str, str] = {}
    groups: dict[str, dict[str, list[str]]] = {}
    names: dict[str, dict[str, str]] = {}
    members: dict[str, dict[str, list[str]]] = {}
    checksum: str


class _Dumper(yaml.SafeDumper):
    """Plain YAML: nothing is written by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def save_benchmark(
    benchmark: Benchmark | Calibration,
    folder: str | Path,
    *,
    report: pd.DataFrame | None = None,
    filled: pd.DataFrame | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a benchmark to a folder, whole or not at all.

    Parameters
    ----------
    benchmark : Benchmark or Calibration
        A calibration brings its own `report` and `filled`.
    folder : path
        Made, with its parents, if it does not exist.
    report, filled : DataFrame, optional
        Cleaning steps, and cells that a rule filled.
    overwrite : bool
        Replace a benchmark that stands there; anything else is never replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the folder exists and may not be replaced, or cannot be written.
    """
    if isinstance(benchmark, Calibration):
        report = benchmark.report if report is None else report
        filled = benchmark.filled if filled is None else filled
        benchmark = benchmark.benchmark
    target = Path(folder).expanduser().absolute()
    _check_target(target, overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise InputError(f"folder cannot be written: {error.strerror}", file=target) from None
    try:
        content = temporary / "new"
        content.mkdir()
        np.savez_compressed(content / ARRAYS, **_arrays(benchmark))
        for frame, name in ((report, RECORDS["report"]), (filled, RECORDS["filled"])):
            if frame is not None:
                frame.to_csv(content / name, index=False)
        description = _describe(benchmark, content / ARRAYS)
        text = yaml.dump(
            description, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
        )
        (content / DESCRIPTION).write_text(text, encoding="utf-8")
        if target.exists():
            target.rename(temporary / "old")
        try:
            content.rename(target)
        except OSError:
            if (temporary / "old").exists():
                (temporary / "old").rename(target)
            raise
    except OSError as error:
        raise InputError(f"folder cannot be written: {error.strerror}", file=target) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def open_benchmark(folder: str | Path) -> Benchmark:
    """Read the benchmark that :func:`save_benchmark` wrote.

    Raises
    ------
    InputError
        If the folder does not exist, is none of a benchmark, or is damaged.
    """
    return open_calibration(folder).benchmark


def open_calibration(folder: str | Path) -> Calibration:
    """Read a benchmark folder with the records of how it was made, empty if there are none.

    Raises
    ------
    InputError
        As :func:`open_benchmark`.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "no such folder"
        raise InputError(problem, file=folder, allowed="a benchmark folder")
    if not is_benchmark_folder(folder):
        raise InputError(
            "is not a benchmark folder", file=folder,
            allowed=f"a folder with {DESCRIPTION} and {ARRAYS}, as cge calibrate writes it",
        )  # fmt: skip
    path = folder / DESCRIPTION
    content = read_yaml(path)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        raise InputError(
            "is not a benchmark of a version that this one reads", file=path, key="version",
            value=content.get("version"), allowed=f"{FORMAT} version {VERSION}",
        )  # fmt: skip
    description = validate(BenchmarkFile, content, path)
    arrays_path = folder / ARRAYS
    try:
        checksum = _checksum(arrays_path, description.model_dump())
        if checksum != description.checksum:
            raise InputError(
                "codes and arrays are not those that were saved: the folder is damaged or edited",
                file=folder, key="checksum",
                allowed="edits of name, unit, status, notes, origin, groups, names and members",
            )  # fmt: skip
        with np.load(arrays_path, allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}
        benchmark = _rebuild(description, arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"file is damaged: {error}", file=arrays_path) from None
    except KeyError as error:
        raise InputError(f"array {error} is missing", file=arrays_path) from None
    except InputError as error:
        raise error.located(folder) from None
    records = {name: _record(folder / file) for name, file in RECORDS.items()}
    return Calibration(benchmark, **records)


def load_any(
    table: str | Path = "wiod2013",
    year: int | None = None,
    aggregation: str | Path = "default",
    tariffs: str | Path = "applied",
    elasticities: str | Path | None = None,
) -> Benchmark:
    """Return a benchmark by the name of a shipped table or the path of a benchmark folder.

    Parameters
    ----------
    table : str or path
        A shipped table, calibrated here, or a benchmark folder, which is so already: its
        year, aggregation and tariffs are what they are.
    year, aggregation, tariffs
        As in :func:`~cge.data.accounts.calibration.calibrate`; of a folder, the defaults.
    elasticities : str or path, optional
        A named set or a file; default ``fontagne`` for a shipped table and ``own``, what
        was saved, for a folder.

    Raises
    ------
    InputError
        If there is neither such a table nor such a folder, or a choice does not fit it.
    """
    if str(table) in TABLES:
        return load_benchmark(
            str(table), year, aggregation, str(tariffs), elasticities or "fontagne"
        )
    if not Path(table).expanduser().is_dir():
        raise InputError(
            "no such table or benchmark folder", key="table", value=str(table),
            allowed=[*TABLES, "the path of a benchmark folder"],
        )  # fmt: skip
    defaults = {"year": None, "aggregation": "default", "tariffs": "applied"}
    given = {"year": year, "aggregation": str(aggregation), "tariffs": str(tariffs)}
    for key, value in given.items():
        if value != defaults[key]:
            raise InputError(
                f"the benchmark in '{table}' is calibrated already", key=key, value=value,
                allowed="nothing, or a shipped table",
            )  # fmt: skip
    benchmark = open_benchmark(table)
    if elasticities is None or str(elasticities) == "own":
        return benchmark
    return with_elasticity_set(benchmark, elasticities)


def with_elasticity_set(benchmark: Benchmark, name_or_path: str | Path) -> Benchmark:
    """Return the same accounts with the elasticities of a set.

    Parameters
    ----------
    benchmark : Benchmark
    name_or_path : str or path
        A set without values by sector (``boehm``), or a file whose sectors are those of
        the benchmark and whose classification is its table, or its name.

    Raises
    ------
    InputError
        If there is no such set or it does not fit.
    """
    chosen = load_elasticity_set(name_or_path)
    sectors = benchmark.sectors
    own = (benchmark.name, benchmark.origin.get("table", benchmark.name))
    named = dict.fromkeys(entry.sector for entry in chosen.entries if entry.sector != "*")
    if named and chosen.classification not in own:
        raise InputError(
            f"set '{chosen.name}' is for classification '{chosen.classification}'",
            file=chosen.file, key="classification", value=chosen.classification,
            allowed=f"{' or '.join(dict.fromkeys(own))}, or a set whose sectors are all '*'",
        )  # fmt: skip
    for sector in named:
        if sector not in sectors:
            raise InputError(
                "unknown sector", file=chosen.file, key="entries", value=sector,
                allowed=["*", *sectors],
            )  # fmt: skip
    return benchmark.with_elasticities(**set_values(benchmark, chosen))


def set_values(
    benchmark: Benchmark, chosen: ElasticitySet, which: Which = "value"
) -> dict[str, Elasticities]:
    """Return a set's values, or an end of its ranges, by speed at a benchmark's sectors."""
    sectors = benchmark.sectors
    sizes = {
        "u": len(benchmark.use_classes), "r": len(benchmark.regions),
        "s": len(benchmark.regions), "i": len(sectors), "j": len(sectors),
        "d": len(benchmark.agents), "f": len(benchmark.factors),
    }  # fmt: skip
    by_speed = {}
    for speed, old in benchmark.elasticities.items():
        values: dict[str, Any] = {"transformation": old.transformation}
        for nest, axes in NEST_AXES.items():
            if nest != "transformation":
                fine = chosen.by_sector(nest, speed, sectors, which)
                values[nest] = fine if set(axes) & {"i", "j"} else float(fine[0])
        by_speed[speed] = Elasticities.from_values(
            values, sizes, {"i": sectors, "f": benchmark.factors}
        )
    return by_speed


def is_benchmark_folder(path: str | Path) -> bool:
    """Return whether a path looks like a benchmark folder (it may still be damaged)."""
    return (Path(path) / DESCRIPTION).is_file() and (Path(path) / ARRAYS).is_file()


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise InputError("exists and is not a folder", file=target, allowed="another path")
    present = {item.name for item in target.iterdir()}
    if present and not is_benchmark_folder(target):
        raise InputError(
            "folder exists and holds something else", file=target, allowed="a new folder"
        )
    if present - _FILES:
        raise InputError(
            f"folder holds a file that is no part of a benchmark: {sorted(present - _FILES)[0]}",
            file=target, allowed="a new folder",
        )  # fmt: skip
    if present and not overwrite:
        raise InputError(
            "a benchmark stands there already", file=target,
            allowed="another folder, or overwriting on demand",
        )  # fmt: skip


def _arrays(benchmark: Benchmark) -> dict[str, Any]:
    content = {name: getattr(benchmark, name) for name in _ACCOUNTS}
    for speed, elasticities in benchmark.elasticities.items():
        content |= {f"elasticities.{speed}.{n}": getattr(elasticities, n) for n in NEST_AXES}
    return content


def _describe(benchmark: Benchmark, arrays: Path) -> dict[str, Any]:
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": str(benchmark.name),
        "unit": str(benchmark.unit),
        "status": benchmark.status,
        "notes": [str(note) for note in benchmark.notes],
        "origin": {str(k): str(v) for k, v in benchmark.origin.items()},
    }
    for axis in _AXES:
        description[axis] = [str(code) for code in getattr(benchmark, axis)]
    description["speeds"] = sorted(benchmark.elasticities)
    for key in ("groups", "members"):
        description[key] = {
            axis: {str(k): [str(code) for code in codes] for k, codes in named.items()}
            for axis, named in getattr(benchmark, key).items()
        }
    description["names"] = {
        axis: {str(k): str(v) for k, v in named.items()} for axis, named in benchmark.names.items()
    }
    description["checksum"] = _checksum(arrays, description)
    validate(BenchmarkFile, description, None)
    return description


def _checksum(arrays: Path, description: Mapping[str, Any]) -> str:
    """SHA-256 of the array file and of the codes that say what its cells are."""
    digest = hashlib.sha256(arrays.read_bytes())
    codes = {key: description[key] for key in (*_AXES, "speeds")}
    digest.update(json.dumps(codes, sort_keys=True).encode())
    return digest.hexdigest()


def _rebuild(description: BenchmarkFile, arrays: Mapping[str, Array]) -> Benchmark:
    d = description
    elasticities = {
        speed: Elasticities(**{n: arrays[f"elasticities.{speed}.{n}"] for n in NEST_AXES})
        for speed in d.speeds
    }
    axes: dict[str, Any] = {axis: tuple(getattr(d, axis)) for axis in _AXES}
    accounts: dict[str, Any] = {key: arrays[key] for key in _ACCOUNTS}
    return Benchmark(
        name=d.name,
        unit=d.unit,
        status=d.status,
        notes=tuple(d.notes),
        origin=d.origin,
        groups={a: {k: tuple(v) for k, v in named.items()} for a, named in d.groups.items()},
        members={a: {k: tuple(v) for k, v in named.items()} for a, named in d.members.items()},
        names=d.names,
        elasticities=elasticities,
        **axes,
        **accounts,
    )


def _record(path: Path) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame()
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise InputError(f"file is damaged: {error}", file=path) from None
