"""From the measures of a scenario to levels of the model's exogenous variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.calibration.benchmark import Benchmark
from cge.calibration.files import is_file, numbers, read_table
from cge.errors import InputError
from cge.experiments.instruments import INSTRUMENTS, Instrument
from cge.experiments.scenario import Measure, ScaledBalance, Scenario
from cge.paths import content_dir
from cge.solve.model import Model

Array = NDArray[np.float64]

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


def policy_levels(model: Model, scenario: Scenario, folder: Path | None = None) -> Array:
    """Return the levels of all columns with a scenario's policy in place.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    folder : path, optional
        Folder of the scenario file, where its data files are looked for.

    Raises
    ------
    InputError
        If a measure names what does not exist or makes a rate of -100 % or below.
    """
    levels = model.arrays.start.copy()
    for number, measure in enumerate(scenario.policy):
        _apply(model, measure, levels, f"policy.{number}", folder)
    balance = scenario.closure.balance
    if balance != "given":
        scale = balance.scale if isinstance(balance, ScaledBalance) else 0.0
        levels[model.variables["balance"].block.positions] *= scale
    return levels


def _apply(model: Model, measure: Measure, levels: Array, key: str, folder: Path | None) -> None:
    instrument = INSTRUMENTS[measure.instrument]
    family = model.variables[instrument.variable]
    chosen = {
        axis: codes_of(getattr(measure, name), _AXIS_OF_KEY[name], model.benchmark, f"{key}.{name}")
        for name, axis in zip(instrument.keys, instrument.axes, strict=True)
    }
    positions = family.where(**chosen)
    if instrument.domestic != "both":
        local = positions - family.block.start
        at_home = family.codes[1][local] == family.codes[3][local]
        if instrument.domestic == "only":
            positions = positions[at_home]
        elif measure.within_regions:
            # Trade inside an aggregate of countries, never a country's sales to itself.
            members = model.benchmark.members.get("regions", {})
            several = [code for code, countries in members.items() if len(countries) > 1]
            positions = positions[~at_home | np.isin(family.codes[1][local], several)]
        else:
            positions = positions[~at_home]
    if not len(positions):
        raise InputError(
            "applies to no flow that exists in the benchmark", key=key, value=measure.instrument
        )
    rate = instrument.to_rate(levels[positions])
    if measure.file is not None:
        rate = rate + _from_file(model, measure, family, positions, key, folder)
    elif measure.add is not None:
        rate = rate + measure.add
    elif measure.set_ is not None:
        rate = np.full(len(positions), measure.set_)
    else:
        assert measure.scale is not None
        with np.errstate(over="ignore"):  # told below
            rate = rate * measure.scale
    power = instrument.to_power(rate)
    wrong = ~((power > 0) & (power < np.inf))
    if wrong.any():
        worst = rate[int(np.argmax(wrong))]
        raise InputError(
            f"takes {_describe(instrument)} to {100 * worst:.4g} %",
            key=key,
            value=measure.instrument,
            allowed="rates that leave a positive price",
        )
    levels[positions] = power


def _describe(instrument: Instrument) -> str:
    return f"a rate on the {instrument.base}"


def _from_file(
    model: Model,
    measure: Measure,
    family,
    positions: NDArray[np.int64],
    key: str,
    folder: Path | None,
) -> Array:
    """Return rates from a table by exporter, importer and sector, averaged to the model's codes.

    Cells at the table's resolution are averaged with the `weight` column, or equally.
    Cells that the file does not name are zero.
    """
    assert measure.file is not None and measure.column is not None
    if measure.instrument not in ("tariff", "export_tax", "trade_cost"):
        raise InputError(
            "a file of rates goes with bilateral instruments", key=f"{key}.file",
            value=measure.instrument, allowed=["tariff", "export_tax", "trade_cost"],
        )  # fmt: skip
    path = _find_file(measure.file, folder, f"{key}.file")
    columns = ["exporter", "importer", "sector", measure.column]
    if measure.weight:
        columns.append(measure.weight)
    frame = read_table(path, tuple(columns))
    rate = numbers(frame[measure.column])
    if rate.isna().any():
        raise _bad_cell(frame, measure.column, rate.isna(), "is not a number", path)
    weight: pd.Series | float = 1.0
    if measure.weight:
        weight = numbers(frame[measure.weight])
        bad = weight.isna() | (weight < 0)
        if bad.any():
            raise _bad_cell(frame, measure.weight, bad, "is not a number of 0 or more", path)
    repeated = frame.duplicated(["exporter", "importer", "sector"])
    if repeated.any():
        raise _bad_cell(frame, measure.column, repeated, "the cell stands twice", path)
    b = model.benchmark
    named = frame.assign(
        rate=rate,
        weight=weight,
        exporter=_to_model(frame["exporter"], "regions", b, path),
        importer=_to_model(frame["importer"], "regions", b, path),
        sector=_to_model(frame["sector"], "sectors", b, path),
    )
    named["weighted"] = named["rate"] * named["weight"]
    sums = named.groupby(["exporter", "sector", "importer"])[["weighted", "weight"]].sum()
    plain = named.groupby(["exporter", "sector", "importer"])["rate"].mean()
    mean = (sums["weighted"] / sums["weight"]).where(sums["weight"] > 0, plain)
    local = positions - family.block.start
    wanted = pd.MultiIndex.from_arrays([family.codes[axis][local] for axis in (1, 2, 3)])
    return mean.reindex(wanted).fillna(0.0).to_numpy()


def _bad_cell(
    frame: pd.DataFrame, column: str, bad: pd.Series, problem: str, path: Path
) -> InputError:
    row = frame.loc[bad].iloc[0]
    cell = f"{row['exporter']} to {row['importer']}, {row['sector']}"
    return InputError(f"{problem} ({cell})", file=path, key=column, value=str(row[column]))


def _find_file(name: str, folder: Path | None, key: str) -> Path:
    shipped = content_dir("calibration") / "tariffs"
    for path in ([folder / name] if folder else []) + [Path(name), shipped / name]:
        if is_file(path):
            return path
    ours = sorted(path.name for path in shipped.glob("us_*.csv"))
    raise InputError(
        "no such file", key=key, value=name,
        allowed=f"a file beside the scenario or in the working folder, or {', '.join(ours)}",
    )  # fmt: skip


def _to_model(codes: pd.Series, axis: str, benchmark: Benchmark, path: Path) -> pd.Series:
    """Translate a table's codes into those of the benchmark's aggregation."""
    translation = {code: code for code in getattr(benchmark, axis)}
    for code, members in benchmark.members.get(axis, {}).items():
        for member in members:
            translation.setdefault(member, code)
    unknown = ~codes.isin(translation)
    if unknown.any():
        raise InputError(
            f"unknown code of {axis}", file=path, key=str(codes.name),
            value=str(codes[unknown].iloc[0]), allowed=list(translation),
        )  # fmt: skip
    return codes.map(translation)
