"""What an interrupted study must have in common with the one that goes on with its draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cge.experiments.digest import named_files, source_digest
from cge.experiments.draw import Study

Array = NDArray[np.float64]


def study_key(studies: Sequence[Study], samples: Sequence[Array], folder: Path | None) -> str:
    """Return a name for everything that the draws depend on.

    Parameters
    ----------
    studies : sequence of Study
        One for each elasticity set.
    samples : sequence of ndarray (draws, parameters)
        The values of their parameters.
    folder : path, optional
        Where the files that the scenario names are looked for first.
    """
    digest = hashlib.sha256(source_digest().encode())
    for study, sample in zip(studies, samples, strict=True):
        told = asdict(replace(study, cache_folder="", directory="", benchmark=""))
        digest.update(json.dumps(told, sort_keys=True).encode())
        digest.update(np.ascontiguousarray(sample).tobytes())
    for path in named_files(json.loads(studies[0].scenario), folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]
