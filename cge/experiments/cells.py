"""From the codes, groups and selectors that users write to cells of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cge.calibration.benchmark import Benchmark
from cge.errors import InputError
from cge.experiments.instruments import INSTRUMENTS
from cge.solve.layout import Layout
from cge.solve.model import Model

Integers = NDArray[np.int64]

_AXIS_OF_KEY: Mapping[str, str] = {
    "exporter": "regions", "importer": "regions", "region": "regions", "sector": "sectors",
    "buyer": "sectors", "use": "use_classes", "factor": "factors", "agent": "agents",
}  # fmt: skip


def codes_of(given: str | Sequence[str], axis: str, benchmark: Benchmark, key: str) -> list[str]:
    """Return the codes that a selector names.

    Parameters
    ----------
    given : str or sequence of str
        ``all``, a code, a group of the aggregation, a list of these, or
        ``all but A, B``.
    axis : {"regions", "sectors", "factors", "agents", "use_classes"}
    benchmark : Benchmark
    key : str
        Where it stands, for the message.

    Raises
    ------
    InputError
        For a name that is neither a code nor a group.
    """
    known = list(getattr(benchmark, axis))
    groups = benchmark.groups.get(axis, {})
    if isinstance(given, str):
        text = given.strip()
        if text.startswith("all but "):
            named = [part.strip() for part in text.removeprefix("all but ").split(",")]
            left_out = codes_of(named, axis, benchmark, key)
            return [code for code in known if code not in left_out]
        given = [text]
    chosen: list[str] = []
    for name in given:
        if name == "all":
            chosen.extend(known)
        elif name in known:
            chosen.append(name)
        elif name in groups:
            chosen.extend(groups[name])
        else:
            raise InputError(
                f"unknown code or group of {axis.replace('_', ' ')}",
                key=key,
                value=name,
                allowed=["all", *known, *groups],
            )
    return list(dict.fromkeys(chosen))


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
