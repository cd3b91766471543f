"""From the codes and groups of a measure to cells of the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.benchmark import AXES
from cge.scenario.instruments import INSTRUMENTS
from cge.solve.model import Model

Integers = NDArray[np.int64]


def cells(
    model: Model, selectors: object, name: str, key: str, within_regions: bool = False
) -> Integers:
    """Return the columns of an instrument that selectors (attributes of an object) name.

    Raises
    ------
    InputError
        For unknown codes, or if there are none.
    """
    instrument = INSTRUMENTS[name]
    family = model.variables[instrument.variable]
    chosen = {
        axis: model.benchmark.codes(AXES[axis], getattr(selectors, word), f"{key}.{word}")
        for word, axis in zip(instrument.keys, instrument.axes, strict=True)
    }
    for axis, code in instrument.fixed.items():
        kind = AXES[axis]
        if code not in getattr(model.benchmark, kind):
            raise InputError(
                f"the benchmark has no {code} among its {kind.replace('_', ' ')}", key=key,
                value=name, allowed="an instrument that names the code itself",
            )  # fmt: skip
        chosen[axis] = [code]
    positions = family.where(**chosen)
    if instrument.domestic != "both":
        local = positions - family.start
        at_home = family.codes[1][local] == family.codes[3][local]
        if instrument.domestic == "only":
            positions = positions[at_home]
        elif within_regions:
            # Trade inside an aggregate of countries, never a country's sales to itself.
            members = model.benchmark.members.get("regions", {})
            several = [code for code, countries in members.items() if len(countries) > 1]
            positions = positions[~at_home | np.isin(family.codes[1][local], several)]
        else:
            positions = positions[~at_home]
    if not len(positions):
        raise InputError("applies to no flow that exists in the benchmark", key=key, value=name)
    return positions
