"""From the codes, groups and selectors that users write to cells of the model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.codes import codes_of
from cge.scenario.instruments import INSTRUMENTS
from cge.solve.layout import Layout
from cge.solve.model import Model

Integers = NDArray[np.int64]

_AXIS_OF_KEY: Mapping[str, str] = {
    "exporter": "regions", "importer": "regions", "region": "regions", "sector": "sectors",
    "buyer": "sectors", "use": "use_classes", "factor": "factors", "agent": "agents",
}  # fmt: skip


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
        axis: codes_of(
            getattr(selectors, word), _AXIS_OF_KEY[word], model.benchmark, f"{key}.{word}"
        )
        for word, axis in zip(instrument.keys, instrument.axes, strict=True)
    }
    for axis, code in instrument.fixed.items():
        if code not in model.benchmark.factors:
            raise InputError(
                f"the benchmark has no factor {code}", key=key, value=name,
                allowed="factor_subsidy with a factor of its own",
            )  # fmt: skip
        chosen[axis] = [code]
    positions = family.where(**chosen)
    if instrument.domestic != "both":
        local = positions - family.block.start
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


def selector(layout: Layout, name: str, positions: Integers) -> str | None:
    """Return the selector of certain cells of a family, None if no single one takes just these.

    Parameters
    ----------
    layout : Layout
    name : str
        The family.
    positions : ndarray of int
    """
    family = layout[name]
    local = positions - family.block.start
    codes = ["|".join(dict.fromkeys(column[local].tolist())) for column in family.codes]
    text = f"{name}[{', '.join(codes)}]" if codes else name
    return text if len(layout.select(text)[1]) == len(positions) else None
