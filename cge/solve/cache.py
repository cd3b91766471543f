"""Compiled models on disk, so that a second run need not build them again.

What is kept are templates, which serve every set of elasticities. The key is
everything they depend on: the accounts, which nests are Cobb-Douglas, the source of the
equations and of the compiler. A file is written whole or not at all; a damaged one is
treated as absent.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import platformdirs
from scipy import sparse

import cge.model
from cge.data.accounts.benchmark import Benchmark
from cge.model.elasticity import cobb_douglas
from cge.solve.arrays import Block, MonomialTemplate

#: Oldest files are removed when all together take more than this many bytes.
KEEP_BYTES = 1_000_000_000

_MATRICES = (
    "exponents", "exponent_slopes", "log_slopes", "coefficients", "outcome_coefficients",
)  # fmt: skip


def default_folder() -> Path:
    """User's cache folder for compiled models."""
    return Path(platformdirs.user_cache_dir("cge-trade-policy")) / "compiled"


@lru_cache(maxsize=1)
def _source_digest() -> str:
    digest = hashlib.sha256()
    folder = Path(cge.model.__file__).parent
    compiler = [Path(__file__).with_name(f"{name}.py") for name in ("reader", "monomials")]
    for path in [*sorted(folder.glob("*.py")), *compiler]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key(benchmark: Benchmark, horizon: str, backstop: tuple[str, ...] = ()) -> str:
    """Name under which the compiled model of a benchmark is kept.

    Benchmarks that differ in elasticities share it, unless one has a Cobb-Douglas nest
    where the other has not.
    """
    structure = cobb_douglas(benchmark.elasticities[horizon]).tobytes().hex()
    text = f"{benchmark.accounts_fingerprint}-{structure}-{_source_digest()}"
    if backstop:
        text += f"-{' '.join(backstop)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def holds(folder: Path, name: str) -> bool:
    """Whether there is a file under `name`."""
    return (folder / f"{name}.npz").is_file()


def load(folder: Path, name: str) -> MonomialTemplate | None:
    """Template kept under `name`, or None."""
    path = folder / f"{name}.npz"
    try:
        with path.open("rb") as file, np.load(file) as data:
            content = {k: data[k] for k in data.files}
        return _unpack(content)
    except Exception:  # damage shows in as many ways as there are bytes; build it again then
        return None


def save(folder: Path, name: str, template: MonomialTemplate) -> None:
    """Keep the template under `name`; a folder that cannot be written is left alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **_pack(template))  # type: ignore[arg-type]
        Path(temporary).replace(folder / f"{name}.npz")
        kept = sorted(folder.glob("*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
        sizes = np.cumsum([path.stat().st_size for path in kept])
        for old, total in zip(kept, sizes, strict=True):
            if total > KEEP_BYTES:
                old.unlink(missing_ok=True)
    except OSError:
        return


def _pack(template: MonomialTemplate) -> dict[str, np.ndarray]:
    content: dict[str, np.ndarray] = {
        "start": template.start,
        "free": template.free,
        "free_of_term": template.free_of_term,
    }
    for name in _MATRICES:
        matrix = getattr(template, name)
        for part in ("data", "indices", "indptr"):
            content[f"{name}.{part}"] = getattr(matrix, part)
        content[f"{name}.shape"] = np.array(matrix.shape)
    for kind in ("columns", "rows", "outcomes"):
        for n, block in enumerate(getattr(template, kind)):
            content[f"{kind}.{n}.{block.name}.{block.start}"] = np.array(block.index, dtype=str)
    # The archive guards its contents with checksums, but not the names it has for them.
    return {**content, "labels": np.array(sorted(content))}


def _unpack(content: dict[str, np.ndarray]) -> MonomialTemplate:
    if sorted(content) != sorted([*content["labels"].tolist(), "labels"]):
        raise ValueError("the names in the file are damaged")
    matrices = {}
    for name in _MATRICES:
        parts = tuple(content[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
        matrices[name] = sparse.csr_array(parts, shape=tuple(content[f"{name}.shape"].tolist()))
    blocks: dict[str, list[Block]] = {"columns": [], "rows": [], "outcomes": []}
    for label, index in content.items():
        kind, *rest = label.split(".")
        if kind in blocks:
            _, name, start = rest
            members = tuple(map(tuple, index.tolist()))  # a family may be empty
            blocks[kind].append(Block(name, int(start), members))
    return MonomialTemplate(
        columns=tuple(blocks["columns"]),
        rows=tuple(blocks["rows"]),
        outcomes=tuple(blocks["outcomes"]),
        start=content["start"],
        free=content["free"],
        free_of_term=content["free_of_term"],
        **matrices,
    )
