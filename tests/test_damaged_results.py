"""Results that are damaged, or made up by somebody else, are refused or shown: never a traceback.

Damage is drawn at random. Left as it is, it is always found. Where the digests of a folder are
made good again, as whoever made it up would, every page of it is built or refused.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stressed import LIBRARY

import cge
from cge.cli import pages_made
from cge.core.errors import InputError
from cge.core.identity import file_digest
from cge.report.drafts.choice import choice_of
from cge.report.format.render import render
from cge.report.kinds import build, kinds
from cge.report.summary import markdown
from cge.results.folder import read
from cge.results.manifest_file import manifest_text
from cge.results.row_schema import COLUMNS, NUMBERS, TEXT, WHOLE
from cge.results.run_folder import MANIFEST, ROWS, manifests
from cge.scenario.schema import Scenario

assert pages_made
TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods"}
#: Damage of each kind of results: in the quick suite, and in the slow one.
FEW, MANY = 2, 120
#: What may stand where something else should.
ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, float("nan"), float("inf"), "", "x", "\x1b[31m", "²", "\ud800",
    [], [[]], [None], ["a", 1], {}, {"": {}}, {"a": None}, {"a": {"b": [1]}},
]  # fmt: skip
Damage = Callable[[np.random.Generator, Path], None]


@lru_cache(maxsize=1)
def library(folder: str) -> str:
    path = Path(folder) / "library.yaml"
    path.write_text(LIBRARY, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return folders of results of several kinds of study."""
    home = tmp_path_factory.mktemp("good")
    asks: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "static": ({"policy": [{**TARIFF, "add": 0.2}], "steps": [0.5, 1.0]}, {}),
        "path": ({"policy": [{**TARIFF, "add": 0.2}], "path": {"years": 2}}, {}),
        "stress": ({"policy": [{**TARIFF, "add": 0.2}],
                    "stress": {"library": library(str(home))}}, {}),
        "sensitivity": ({"policy": [{**TARIFF, "add": 0.2}]}, {"draws": 4}),
        "comparison": ({"path": {"years": 2}, "stress": {
            "library": library(str(home)), "home": "USA", "years": [2]},
            "variants": [{"name": "one", "policy": [{**TARIFF, "add": 0.2}]}]}, {}),
    }  # fmt: skip
    found = {}
    for kind, (keys, options) in asks.items():
        asked = Scenario.model_validate({
            "name": "trial",
            "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
            **keys,
        })  # fmt: skip
        found[kind] = cge.run(asked, kind, workers=1, **options).save(home / kind)
    return found


# -- damage


def in_bytes(rng: np.random.Generator, folder: Path) -> None:
    """Flip, cut or replace the bytes of a file."""
    path = folder / str(rng.choice([MANIFEST, ROWS]))
    data = bytearray(path.read_bytes())
    way = rng.integers(4)
    if way == 0:
        for place in rng.integers(len(data), size=rng.integers(1, 20)):
            data[place] ^= 1 << int(rng.integers(8))
    elif way == 1:
        del data[int(rng.integers(len(data))) :]
    elif way == 2:
        start = int(rng.integers(len(data)))
        del data[start : start + int(rng.integers(1, 200))]
    else:
        data = bytearray(rng.bytes(int(rng.integers(100))))
    path.write_bytes(bytes(data))


def in_manifest(rng: np.random.Generator, folder: Path) -> None:
    """Put something else at places of the manifest, or leave them out."""
    content = json.loads((folder / MANIFEST).read_text())
    before = copy.deepcopy(content)
    while content == before:
        for _ in range(rng.integers(1, 4)):
            node, key = _place(rng, content)
            if rng.random() < 0.25:
                del node[key]
            else:
                node[key] = copy.deepcopy(ODD[rng.integers(len(ODD))])
    (folder / MANIFEST).write_text(json.dumps(content))


def _place(rng: np.random.Generator, content: Any) -> tuple[Any, Any]:
    """A node of the manifest and a key of it; those at the top are drawn as often as all below."""
    node = content
    while True:
        keys = [*node] if isinstance(node, dict) else range(len(node))
        key: Any = keys[int(rng.integers(len(keys)))]
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            return node, key
        node = inner


def in_rows(rng: np.random.Generator, folder: Path) -> None:
    """Change columns or rows of the table of results."""
    table = pq.read_table(folder / ROWS)
    known = table.schema.metadata
    frame = table.to_pandas()
    frame = frame.astype({name: object for name in frame.columns if name in TEXT})
    name, some = str(rng.choice(COLUMNS)), rng.random(len(frame)) < rng.choice([0.01, 0.3, 1.0])
    way = rng.integers(8)
    if way == 0:
        del frame[name]
    elif way == 1:
        frame[name] = "text" if name not in TEXT else 1.5
    elif way == 2:
        frame.loc[some, name] = None
    elif way == 3:
        frame = pd.concat([frame, frame[some]])
    elif way == 4:
        frame = frame[~some]
    elif way == 5 and name in TEXT:
        frame.loc[some, name] = str(rng.choice(["", "?", "\x1b[2J", "World", "no policy"]))
    elif way == 6 and name in NUMBERS:
        frame.loc[some, name] = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1.0, 0.0])
    elif way == 7 and name in WHOLE:
        frame.loc[some, name] = int(rng.choice([-5, 0, 10**9, 2**62]))
    else:
        frame = frame.sample(frac=1.0, random_state=int(rng.integers(2**31)))
    new = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(new.replace_schema_metadata({**(new.schema.metadata or {}), **known}),
                   folder / ROWS)  # fmt: skip


WAYS: tuple[Damage, ...] = (in_bytes, in_manifest, in_rows)


def made_good(folder: Path) -> None:
    """Write the digests anew, where the manifest can be read."""
    try:
        content = json.loads((folder / MANIFEST).read_text())
    except ValueError:
        return
    if isinstance(content, dict):
        content.pop("checksum", None)
        content["rows"] = file_digest(folder / ROWS)
        (folder / MANIFEST).write_text(manifest_text(content))


# -- what is done with it


def opened(folder: Path) -> str:
    """Read a folder and build all its pages; returns how often that was refused."""
    list(manifests(folder.parent))
    try:
        results = read(folder)
    except InputError as error:
        assert str(error)
        return "refused"
    refused = 0
    for kind in kinds():
        for figure in (False, True):
            try:
                page = build(kind, [results], choice_of({}), figure=figure)
            except InputError:
                refused += 1
                continue
            for form in ("markdown", "csv", "latex", "html"):
                render(page, form)
    markdown(results)
    return "shown" if refused < 2 * len(kinds()) else "nothing to show"


def damaged(seed: int, good: Path, to: Path, way: Damage) -> Path:
    """Return a copy of a folder with damage that a seed decides on."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(good, to)
    way(np.random.default_rng(seed), to)
    return to


def many(count: int) -> Any:
    slow = pytest.param(count, marks=pytest.mark.slow)
    return pytest.mark.parametrize("count", [FEW, slow])


def plain(folder: Path) -> tuple[str, str]:
    """Rows and manifest of a folder, whatever space stands between its words."""
    text = (folder / MANIFEST).read_text(errors="replace")
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text))
    return file_digest(folder / ROWS), text


@many(MANY)
def test_damage_is_found(count: int, good: dict[str, Path], tmp_path: Path) -> None:
    for kind, folder in good.items():
        for seed in range(count):
            for way in WAYS:
                there = damaged(seed, folder, tmp_path / "trial", way)
                if plain(there) == plain(folder):
                    continue
                with pytest.raises(InputError) as error:
                    read(there)
                assert str(there) in str(error.value), (kind, way.__name__, seed)


@many(MANY)
def test_results_that_are_made_up_are_shown_or_refused(
    count: int, good: dict[str, Path], tmp_path: Path
) -> None:
    told: Counter[str] = Counter()
    for kind, folder in good.items():
        for seed in range(count):
            for way in WAYS:
                there = damaged(seed, folder, tmp_path / "trial", way)
                made_good(there)
                try:
                    told[opened(there)] += 1
                except Exception as error:
                    pytest.fail(f"{kind}, {way.__name__}, seed {seed}: {error!r}")
    assert sum(told.values()) == count * len(WAYS) * len(good) and min(told.values()) > 0


def test_what_is_not_damaged_is_shown(good: dict[str, Path]) -> None:
    assert all(opened(folder) == "shown" for folder in good.values())
