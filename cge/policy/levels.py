"""From the measures of a scenario to levels of the model's exogenous variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import is_file
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.tables import numbers, read_table
from cge.data.accounts.benchmark import Benchmark
from cge.policy.cells import cells
from cge.policy.rates import Found, Plan
from cge.policy.targets import finding
from cge.scenario.actions import Measure
from cge.scenario.instruments import INSTRUMENTS, QUOTA, Instrument
from cge.scenario.schema import ScaledBalance, Scenario
from cge.scenario.wording import measure_text
from cge.solve.closure import Swap
from cge.solve.homotopy import Shock
from cge.solve.layout import Family
from cge.solve.model import Model

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PolicyLevels:
    """A scenario's policy on a compiled model.

    Parameters
    ----------
    levels : ndarray (columns,)
        Level of every column with the policy in place; a rate that is found stands where
        the search for it begins.
    shocks : tuple of Shock
        What each measure does to given columns, and the balances. They add up to the whole
        change from the benchmark.
    found : tuple of Found
    """

    levels: Array
    shocks: tuple[Shock, ...]
    found: tuple[Found, ...] = ()

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """All swaps that find a rate."""
        return tuple(swap for found in self.found for swap in found.swaps)


def policy_levels(
    model: Model,
    scenario: Scenario,
    share: float = 1.0,
    phases: Sequence[float] | None = None,
) -> PolicyLevels:
    """Return the levels of all columns with a scenario's policy in place.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    share : float
        Part of the whole shock: of the log of each power, of a budget, of what a quota
        takes away.
    phases : sequence of float, optional
        Part of each measure that is in force, by number; one of which nothing is in force
        does not exist. Default: all of all.

    Raises
    ------
    InputError
        If a measure names what does not exist, makes a rate of -100 % or below, or moves a
        rate that is found.
    """
    free = model.arrays.free
    start = model.arrays.start
    levels = start.copy()
    shocks: list[Shock] = []
    plans: list[Plan] = []
    found_by: dict[int, str] = {}
    for number, measure in enumerate(scenario.policy):
        phase = 1.0 if phases is None else phases[number]
        if phase == 0:
            continue
        key = f"policy.{number}"
        instrument = INSTRUMENTS[measure.instrument]
        positions = cells(model, measure, measure.instrument, key, measure.within_regions)
        held = [column for column in positions.tolist() if column in found_by]
        if held and measure.instrument != QUOTA:
            raise InputError(
                f"moves a rate that {found_by[held[0]]} finds", key=key, value=measure.instrument
            )
        before = levels.copy()
        if measure.instrument != QUOTA:
            _apply(model, measure, levels, positions, key)
            moved = np.log(levels[positions] / before[positions])
            if phase != 1.0:
                moved = phase * moved
                levels[positions] = before[positions] * np.exp(moved)
            shocks.append(Shock(measure_text(measure), positions, share * moved))
        if measure.instrument == QUOTA or measure.unsized or measure.budget is not None:
            plans.append(Plan(measure, instrument, positions, before[positions], key, phase))
            if measure.instrument != QUOTA:
                found_by.update(dict.fromkeys(positions.tolist(), key))
    balance = scenario.closure.balance
    if balance != "given":
        scale = balance.scale if isinstance(balance, ScaledBalance) else 0.0
        here = model.variables["balance"]
        columns = np.arange(here.start, here.start + len(here))
        levels[columns] *= scale
        moved = levels[columns] - start[columns]
        shocks.append(Shock("trade balances", columns, share * moved))
    if share != 1.0:
        ratio = np.where(free, 1.0, levels / np.where(free, 1.0, start))
        levels = np.where(free, start + share * (levels - start), start * ratio**share)
        plans = [replace(p, before=start[p.positions] * (p.before / start[p.positions]) ** share)
                 for p in plans]  # fmt: skip
    return PolicyLevels(levels, tuple(shocks), finding(model, scenario, plans, levels, share))


def _apply(
    model: Model,
    measure: Measure,
    levels: Array,
    positions: Integers,
    key: str,
) -> None:
    """Move the levels at `positions` as a measure says."""
    instrument = INSTRUMENTS[measure.instrument]
    rate = instrument.to_rate(levels[positions])
    if measure.file is not None:
        family = model.variables[instrument.variable]
        rate = rate + _from_file(model, measure, family, positions, key)
    elif measure.add is not None:
        rate = rate + measure.add
    elif measure.set_ is not None:
        rate = np.full(len(positions), measure.set_)
    elif measure.scale is not None:
        with np.errstate(over="ignore"):  # told below
            rate = rate * measure.scale
    else:
        if not measure.guess:
            return  # not by a conversion there and back, which would leave its rounding
        rate = rate + measure.guess
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
    family: Family,
    positions: Integers,
    key: str,
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
    path = _find_file(measure.file, f"{key}.file")
    columns = ["exporter", "importer", "sector", measure.column]
    if measure.weight:
        columns.append(measure.weight)
    frame = read_table(path, tuple(columns))
    rate = numbers(frame[measure.column])
    if rate.isna().any():
        raise _bad_cell(frame, measure.column, rate.isna(), "is not a number", path)
    largest = max(rate.tolist(), key=abs)
    if abs(largest) > LARGEST_RATE and not measure.large:
        raise too_large(largest, LARGEST_RATE, "'large: true' in the measure", path, measure.column)
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
    local = positions - family.start
    wanted = pd.MultiIndex.from_arrays([family.codes[axis][local] for axis in (1, 2, 3)])
    return mean.reindex(wanted).fillna(0.0).to_numpy()


def _bad_cell(
    frame: pd.DataFrame, column: str, bad: pd.Series, problem: str, path: Path
) -> InputError:
    row = frame.loc[bad].iloc[0]
    cell = f"{row['exporter']} to {row['importer']}, {row['sector']}"
    return InputError(f"{problem} ({cell})", file=path, key=column, value=str(row[column]))


def _find_file(name: str, key: str) -> Path:
    if is_file(Path(name)):
        return Path(name)
    shipped = content_dir("calibration") / "tariffs"
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
