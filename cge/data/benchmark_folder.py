"""Which folders are benchmarks: those with the files of :mod:`cge.data.benchmark_store`."""

from __future__ import annotations

from pathlib import Path

from cge.core.files import is_file

DESCRIPTION = "benchmark.yaml"
ARRAYS = "arrays.npz"


def is_benchmark_folder(path: str | Path) -> bool:
    """Whether a path looks like a benchmark folder (it may still be damaged)."""
    return all(is_file(Path(path) / name) for name in (DESCRIPTION, ARRAYS))
