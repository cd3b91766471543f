"""Benchmarks on disk: a folder anyone can open, now or in ten years.

A folder holds ``benchmark.yaml`` (codes, names, notes: text to read and, but for the
codes, to edit), ``arrays.npz`` (the accounts and elasticities, no pickled objects), and
``cleaning.csv`` and ``filled.csv`` where the calibration left a record, and ``sectors.csv``
where elasticity sets of a shipped table fit. It is written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field

from cge.core.axes import AXES
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.fields import Strict
from cge.core.files import (
    check_unpacked,
    is_file,
    is_folder,
    read_yaml,
    user_folder,
    user_path,
    validate,
    yaml_text,
)
from cge.core.selectors import GROUPED, check_groups
from cge.core.tables import LongTable, read_table
from cge.core.typed import checked
from cge.core.writing import WORK, commit, settle
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.bundles import LETTERS as BUNDLES
from cge.data.accounts.bundles import Bundles
from cge.data.accounts.calibration import Calibration, calibrated
from cge.data.accounts.default import DEFAULT_TABLE, OWN
from cge.data.accounts.ownership_accounts import Ownership
from cge.data.accounts.saving_accounts import LETTERS as SAVING
from cge.data.accounts.saving_accounts import Saving
from cge.data.accounts.shipped import TABLES
from cge.data.benchmark_folder import ARRAYS, DESCRIPTION, is_benchmark_folder
from cge.data.elasticities.nests import Elasticities
from cge.data.elasticities.sets import with_elasticity_set

FORMAT = "cge-benchmark"
VERSION = 2
RECORDS = {"report": "cleaning.csv", "filled": "filled.csv", "weights": "sectors.csv"}
_FILES = frozenset({DESCRIPTION, ARRAYS, *RECORDS.values()})
_CODES = (*dict.fromkeys(AXES.values()), "sector_class", "agent_class")
_ACCOUNTS = tuple(item.name for item in fields(Benchmark) if item.type == "Array")


class BenchmarkFile(Strict):
    """Layout of ``benchmark.yaml``."""

    model_config = ConfigDict(coerce_numbers_to_str=True, strict=False)
    format: Literal["cge-benchmark"]
    version: Literal[2]
    name: str
    unit: str
    status: Literal["original", "estimated", "user"]
    notes: tuple[str, ...] = ()
    origin: dict[str, str] = Field(default={})
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    factors: tuple[str, ...]
    agents: tuple[str, ...]
    use_classes: tuple[str, ...]
    sector_class: tuple[str, ...]
    agent_class: tuple[str, ...]
    horizons: tuple[str, ...]
    import_bundles: tuple[str, ...] = ()
    transport_class: str = ""
    investor: str = ""
    equal_returns: bool = False
    groups: dict[str, dict[str, tuple[str, ...]]] = Field(default={})
    members: dict[str, dict[str, tuple[str, ...]]] = Field(default={})
    names: dict[str, dict[str, str]] = Field(default={})
    checksum: str


#: Keys of the description that say what parts of the benchmark are: classes of the bundles of
#: imports and of transport, who invests, and how.
_PARTS = ("import_bundles", "transport_class", "investor", "equal_returns")
#: Parts of capital income that are owned abroad, where there are any.
OWNED = "ownership."
#: Keys of the description that are fields of the benchmark too.
_SHARED = tuple(key for key in BenchmarkFile.model_fields
                if key not in ("format", "version", "horizons", "checksum", *_PARTS))  # fmt: skip


@checked
def save_benchmark(
    benchmark: Benchmark | Calibration, folder: str | Path, *, overwrite: bool = False
) -> Path:
    """Write a benchmark to a folder, whole or not at all.

    Parameters
    ----------
    benchmark : Benchmark or Calibration
        A calibration brings the record of how it was made.
    folder : path
        Made, with its parents, if it does not exist.
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
    made = benchmark if isinstance(benchmark, Calibration) else Calibration(benchmark)
    target = check_target(folder, overwrite)
    made_here = [path for path in (target, *target.parents) if not path.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=WORK) as work:
            _write(made, Path(work))
            for name in _FILES:
                if not (Path(work) / name).exists():  # a record of an earlier calibration
                    (target / name).unlink(missing_ok=True)
            commit(Path(work), target)
    except OSError as error:
        raise InputError(f"folder cannot be written: {error.strerror}", file=target) from None
    finally:
        with suppress(OSError):  # where nothing was written
            for path in made_here:
                path.rmdir()
    return target


def _write(made: Calibration, folder: Path) -> None:
    arrays = {name: getattr(made.benchmark, name) for name in _ACCOUNTS}
    parts, described = parts_of(made.benchmark)
    arrays |= parts
    for horizon, elasticities in made.benchmark.elasticities.items():
        own = elasticities.to_arrays()
        arrays |= {f"elasticities.{horizon}.{name}": array for name, array in own.items()}
    np.savez_compressed(folder / ARRAYS, **arrays)
    for name, file in RECORDS.items():
        if not getattr(made, name).empty:
            getattr(made, name).to_csv(folder / file, index=False)
    known = {key: getattr(made.benchmark, key) for key in _SHARED} | described
    known |= {"format": FORMAT, "version": VERSION, "horizons": sorted(made.benchmark.elasticities)}
    known["checksum"] = _checksum(folder / ARRAYS, known)
    plain = json.loads(validate(BenchmarkFile, known, None).model_dump_json())
    plain = {key: value for key, value in plain.items() if key not in _PARTS or key in described}
    (folder / DESCRIPTION).write_text(yaml_text(plain), encoding="utf-8")


def parts_of(benchmark: Benchmark) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays of the parts that not every benchmark has, and what the description says of them."""
    arrays: dict[str, Any] = {}
    described: dict[str, Any] = {}
    if (bundles := benchmark.bundles) is not None:
        arrays |= {f"bundles.{name}": getattr(bundles, name) for name in BUNDLES}
        described |= {"import_bundles": bundles.source, "transport_class": bundles.carrier}
    if (saving := benchmark.saving) is not None:
        arrays |= {f"saving.{name}": getattr(saving, name) for name in SAVING}
        described |= {"investor": saving.agent, "equal_returns": saving.equal_returns}
    if benchmark.ownership is not None:
        arrays |= {f"{OWNED}{name}": getattr(benchmark.ownership, name)
                   for name in ("share", "claims")}  # fmt: skip
    return arrays, described


def parts_from(description: BenchmarkFile, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The parts again, of what :func:`parts_of` gave."""
    found: dict[str, Any] = {}
    if description.import_bundles:
        own = {name: arrays[f"bundles.{name}"] for name in BUNDLES}
        found["bundles"] = Bundles(description.import_bundles, carrier=description.transport_class,
                                   **own)  # fmt: skip
    if description.investor:
        own = {name: arrays[key] for name in SAVING if (key := f"saving.{name}") in arrays}
        found["saving"] = Saving(agent=description.investor,
                                 equal_returns=description.equal_returns, **own)  # fmt: skip
    if f"{OWNED}share" in arrays:
        found["ownership"] = Ownership(arrays[f"{OWNED}share"], arrays[f"{OWNED}claims"])
    return found


@checked
def open_benchmark(folder: str | Path) -> Benchmark:
    """Read the benchmark that :func:`save_benchmark` wrote.

    Raises
    ------
    InputError
        If the folder does not exist, is none of a benchmark, or is damaged.
    """
    usual = f"a folder with {DESCRIPTION} and {ARRAYS}, as cge calibrate writes it"
    folder = user_folder(folder, usual)
    with suppress(OSError):  # of a folder that can only be read
        settle(folder)
    refuse_if(not is_benchmark_folder(folder), "is not a benchmark folder", file=folder,
              allowed=usual)  # fmt: skip
    path = folder / DESCRIPTION
    content = read_yaml(path)
    refuse_if((content.get("format"), content.get("version")) != (FORMAT, VERSION),
              "is not a benchmark of a version that this one reads", file=path, key="version",
              value=content.get("version"), allowed=f"{FORMAT} version {VERSION}")  # fmt: skip
    check_unpacked(folder / ARRAYS)
    try:
        description = validate(BenchmarkFile, content, path)
        refuse_if(
            _checksum(folder / ARRAYS, description.model_dump()) != description.checksum,
            "codes and arrays are not those that were saved: the folder is damaged or edited",
            key="checksum",
            allowed="edits of name, unit, status, notes, origin, groups, names and members",
        )  # fmt: skip
        for axis, groups in description.groups.items():
            check_known([axis], GROUPED, "has no groups", file=path, key="groups")
            check_groups(groups, getattr(description, axis), f"groups.{axis}", path)
        known: dict[str, Any] = {key: getattr(description, key) for key in _SHARED}
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            known |= {name: arrays[name] for name in _ACCOUNTS}
            known |= parts_from(description, arrays)
            known["elasticities"] = {
                horizon: Elasticities.from_arrays(
                    {
                        name.removeprefix(start): arrays[name]
                        for name in arrays
                        if name.startswith(start)
                    }
                )
                for horizon in description.horizons
                if (start := f"elasticities.{horizon}.")
            }
        return Benchmark(**known)
    except OSError as error:
        raise InputError(f"can not be read: {error.strerror}", file=folder / ARRAYS) from None
    except InputError as error:
        raise error.located(folder) from None


@checked
def load_benchmark(
    table: str | Path = DEFAULT_TABLE,
    year: int | None = None,
    aggregation: str | Path = "default",
    tariffs: str | Path = "applied",
    elasticities: str | Path | None = None,
) -> Benchmark:
    """Benchmark by the name of a shipped table or the path of a benchmark folder.

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
        own = "fontagne" if elasticities is None else elasticities
        return calibrated(str(table), year, aggregation, tariffs, own)
    refuse_if(is_file(table), "is a file, not a benchmark folder", key="table", value=str(table),
              allowed=[*TABLES, "the path of a benchmark folder"])  # fmt: skip
    refuse_if(not is_folder(table), "no such table or benchmark folder",
              key="table", value=str(table),
              allowed=[*TABLES, "the path of a benchmark folder"])  # fmt: skip
    usual = {"year": None, "aggregation": "default", "tariffs": "applied"}
    given = {"year": year, "aggregation": aggregation, "tariffs": tariffs}
    for key, value in given.items():
        refuse_if(value != usual[key], f"the benchmark in '{table}' is calibrated already",
                  key=key, value=value, allowed="nothing, or a shipped table")  # fmt: skip
    benchmark = open_benchmark(table)
    if elasticities is None or str(elasticities) == OWN:
        return benchmark
    return with_elasticity_set(benchmark, elasticities, _weights(Path(table).expanduser()))


def _weights(folder: Path) -> pd.DataFrame | None:
    """Weights of the table's sectors that a benchmark folder has with it."""
    path = folder / RECORDS["weights"]
    if not is_file(path):
        return None
    table = LongTable(path, ("sector",), read_table(path, ("sector", "imports", "output"),
                                                    text=("sector",)))  # fmt: skip
    columns = {name: table.numbers(name) for name in ("imports", "output")}
    return table.frame.assign(**columns)


def check_target(folder: str | Path, overwrite: bool = False) -> Path:
    """Folder to which a benchmark can be written, from the root; changes nothing.

    Raises
    ------
    InputError
        If something stands there that may not be replaced.
    """
    target = user_path(folder).absolute()
    if not target.exists() and not target.is_symlink():
        return target
    refuse_if(target.is_symlink() or not target.is_dir(), "exists and is not a folder",
              file=target, allowed="another path")  # fmt: skip
    present = {item.name for item in target.iterdir() if not item.name.startswith(WORK)}
    refuse_if(present and (present - _FILES or not is_benchmark_folder(target)),
              "folder exists and holds something else than a benchmark", file=target,
              value=min(present - _FILES, default=None), allowed="a new folder")  # fmt: skip
    refuse_if(present and not overwrite, "a benchmark stands there already", file=target,
              allowed="another folder, or overwriting on demand")  # fmt: skip
    return target


def _checksum(arrays: Path, description: Mapping[str, Any]) -> str:
    """SHA-256 of the array file and of the codes that say what its cells are."""
    digest = hashlib.sha256(arrays.read_bytes())
    codes = {key: description[key] for key in (*_CODES, "horizons")}
    codes |= {key: description[key] for key in _PARTS if description.get(key)}
    digest.update(json.dumps(codes, sort_keys=True).encode())
    return digest.hexdigest()
