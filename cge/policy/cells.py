"""From the codes and groups of a measure to cells of the model."""

from __future__ import annotations

import numpy as np

from cge.core.axes import AXES, Integers
from cge.core.errors import refuse_if
from cge.scenario.actions import Aimed
from cge.scenario.instruments import INSTRUMENTS
from cge.solve.model import Model


def cells(model: Model, aimed: Aimed, key: str) -> Integers:
    """Columns that an instrument moves.

    Parameters
    ----------
    model : Model
    aimed : Aimed
        The instrument with its selectors.
    key : str
        Where it stands, for messages.

    Raises
    ------
    InputError
        For unknown codes, or if there are none.
    """
    instrument, b = INSTRUMENTS[aimed.instrument], model.benchmark
    family = model.variables[instrument.variable]
    chosen = {
        axis: b.codes(AXES[axis], getattr(aimed, word), f"{key}.{word}")
        for word, axis in zip(instrument.keys, instrument.axes, strict=True)
    }
    for axis, code in instrument.fixed.items():
        refuse_if(code not in getattr(b, AXES[axis]),
                  f"the benchmark has no {code} among its {AXES[axis].replace('_', ' ')}", key=key,
                  value=aimed.instrument,
                  allowed="an instrument that names the code itself")  # fmt: skip
        chosen[axis] = [code]
    positions = family.where(**chosen)
    if instrument.domestic != "both":
        _, exporter, _, importer = (codes[positions - family.start] for codes in family.codes)
        at_home = exporter == importer
        keep = at_home if instrument.domestic == "only" else ~at_home
        if instrument.domestic == "no" and getattr(aimed, "within_regions", False):
            # Trade inside an aggregate of countries, never a country's sales to itself.
            members = b.members.get("regions", {})
            several = [code for code, countries in members.items() if len(countries) > 1]
            keep |= np.isin(exporter, several)
        positions = positions[keep]
    refuse_if(not len(positions), "applies to no flow that exists in the benchmark", key=key,
              value=aimed.instrument)  # fmt: skip
    return positions
