"""Compiled models on disk, so that a second run need not build them again.

What is kept are templates, which serve every set of elasticities, in the store of finished
work (:mod:`cge.tasks.store`). The key is everything they depend on: the accounts, which nests
are Cobb-Douglas, the source of the equations and of the compiler.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import cge.model
from cge.core.identity import digest
from cge.data.accounts.benchmark import Benchmark
from cge.model.elasticity import cobb_douglas
from cge.solve.arrays import Block, MonomialTemplate
from cge.tasks import store
from cge.tasks.store import Store, seal

#: Bytes that compiled models may take together.
LIMIT = 1_000_000_000

_PARTS = ("data", "indices", "indptr", "shape")


def default_folder() -> Path:
    """User's cache folder for compiled models."""
    return store.default_folder() / "compiled"


@lru_cache(maxsize=1)
def _source_digest() -> str:
    folder = Path(cge.model.__file__).parent
    compiler = [Path(__file__).with_name(f"{name}.py") for name in ("reader", "monomials")]
    return digest(*sorted(folder.glob("*.py")), *compiler)


def key(benchmark: Benchmark, horizon: str, backstop: tuple[str, ...] = ()) -> str:
    """Name under which the compiled model of a benchmark is kept.

    Benchmarks that differ in elasticities share it, unless one has a Cobb-Douglas nest
    where the other has not.
    """
    structure = cobb_douglas(benchmark.elasticities[horizon])
    return digest(benchmark.accounts_fingerprint, structure, backstop, _source_digest())


def holds(folder: Path | None, name: str) -> bool:
    """Whether anything is kept under a name, or there is no folder to keep it in."""
    return folder is None or Store(folder).holds(name)


def load(folder: Path | None, name: str) -> MonomialTemplate | None:
    """Template kept under a name; None where there is none, or it is damaged."""
    content = None if folder is None else Store(folder).get(name)
    if content is None:
        return None
    return MonomialTemplate(**{item: _from_plain(value) for item, value in content.items()})


def save(folder: Path | None, name: str, template: MonomialTemplate) -> None:
    """Keep a template under a name; a folder that can not be written is left alone."""
    if folder is None:
        return
    content = {item.name: _to_plain(getattr(template, item.name)) for item in fields(template)}
    kept = Store(folder, LIMIT)
    kept.put(name, seal(name, content))
    kept.trim()


def _to_plain(value: Any) -> Any:
    """An array, a sparse matrix or blocks as plain data."""
    if sparse.issparse(value):
        return {part: getattr(value, part) for part in _PARTS}
    if isinstance(value, tuple):
        return [[block.name, block.start, np.array(block.index, dtype=str)] for block in value]
    return value


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        data, indices, indptr, shape = (value[part] for part in _PARTS)
        return sparse.csr_array((data, indices, indptr), shape=tuple(shape))
    if isinstance(value, list):
        return tuple(
            Block(name, start, tuple(map(tuple, index.tolist()))) for name, start, index in value
        )
    return value
