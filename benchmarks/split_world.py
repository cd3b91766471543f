"""A world of any size, made by splitting the regions and sectors of a smaller one.

Only to measure with: what is split keeps the structure of what it is a part of, so the accounts
balance and rates and elasticities are real, but there are no more data than before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.data.accounts.benchmark import LETTERS, RATES, Benchmark
from cge.data.elasticities.nests import NEST_AXES

Array = NDArray[np.float64]


def split_world(benchmark: Benchmark, regions: int, sectors: int, seed: int = 0) -> Benchmark:
    """World of so many regions and sectors.

    Parameters
    ----------
    benchmark : Benchmark
    regions, sectors : int
        At least as many as there are, at most twice that.
    seed : int
        Of the parts into which they are split.
    """
    rng = np.random.default_rng(seed)
    of_region, part_of_region = _parts(rng, len(benchmark.regions), regions)
    of_sector, part_of_sector = _parts(rng, len(benchmark.sectors), sectors)
    of = {"r": of_region, "s": of_region, "i": of_sector, "j": of_sector}
    part = {"r": part_of_region, "s": part_of_region, "i": part_of_sector, "j": part_of_sector}

    def spread(values: Array, letters: str, shared: bool) -> Array:
        for axis, letter in enumerate(letters):
            if letter in of:
                values = np.take(values, of[letter], axis=axis)
                if shared:
                    shape = [-1 if n == axis else 1 for n in range(len(letters))]
                    values = values * part[letter].reshape(shape)
        return values

    accounts: dict[str, Any] = {
        name: spread(getattr(benchmark, name), letters, name not in RATES)
        for name, letters in LETTERS.items()
    }
    elasticities = {
        horizon: replace(given, **{nest: spread(getattr(given, nest), letters, False)
                                   for nest, letters in NEST_AXES.items()})
        for horizon, given in benchmark.elasticities.items()
    }  # fmt: skip
    codes = {
        "regions": _codes(benchmark.regions, of_region),
        "sectors": _codes(benchmark.sectors, of_sector),
        "sector_class": tuple(benchmark.sector_class[n] for n in of_sector),
    }
    kept = {name: getattr(benchmark, name)
            for name in ("factors", "agents", "use_classes", "agent_class", "unit")}  # fmt: skip
    return Benchmark(name=f"split-{regions}x{sectors}", elasticities=elasticities,
                     **codes, **kept, **accounts)  # fmt: skip


def _parts(rng: np.random.Generator, before: int, after: int) -> tuple[NDArray[np.int64], Array]:
    """Which of those before each is a part of, and what part."""
    if not before <= after <= 2 * before:
        raise ValueError(f"{before} can be split into {before} to {2 * before}, not {after}")
    halves = rng.uniform(0.3, 0.7, after - before)
    part = np.ones(after)
    part[: after - before], part[before:] = halves, 1 - halves
    return np.concatenate([np.arange(before), np.arange(after - before)]), part


def _codes(codes: tuple[str, ...], of: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(code if n < len(codes) else f"{code}_2" for n, code in
                 enumerate(codes[k] for k in of))  # fmt: skip
