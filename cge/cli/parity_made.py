"""What `cge parity` does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from cge.cli import screen
from cge.core.errors import refuse_if
from cge.core.files import user_path
from cge.core.writing import by_suffix, put_or_refuse
from cge.data.gtap.base_data import read_gtap
from cge.data.gtap.gams_accounts import gams_accounts
from cge.data.gtap.gams_results import GamsResults, gams_results
from cge.data.gtap.gtap_benchmark import calibrate_gtap
from cge.data.gtap.gtap_results import reference_results
from cge.indicators.gtap.gams_variables import holds_foreign_saving
from cge.indicators.gtap.gtap_parity import parity as held_against
from cge.indicators.gtap.gtap_parity import selectors_checked, way_to
from cge.policy.closures import foreign_saving_given
from cge.solve.closure import Closure
from cge.solve.model import Model

#: The power of all tariffs, those on trade within regions included, up ten per cent.
SHOCK = ("tariff[imports, *, *, *]=1.1",)
#: Share by which accounts may differ and still be the same.
APART = 1e-5


def parity(
    folder: Path, against: Path, shocks: tuple[str, ...], rordelta: str | None,
    foreign_saving: str | None, limit: float, listed: int, out: Path | None,
) -> None:  # fmt: skip
    """Solve GTAP data under a shock, and show how near results of the GTAP model are."""
    refuse_if(not limit > 0, "is no limit", key="--limit", value=limit, allowed="above 0")
    refuse_if(listed < 0, "is no number of cells", key="--list", value=listed, allowed="0 or more")
    if out is not None:
        by_suffix(out, {".csv": True}, "--out")
    data, console = read_gtap(folder), screen.console()
    refuse_if(data.made_by is None, "activities and commodities are not one to one, so that "
              "variables of activities can not be told", file=data.files["base data"],
              key="MAKS")  # fmt: skip
    reference = gams_results(user_path(against)) or reference_results(against)
    if isinstance(reference, GamsResults):
        held = holds_foreign_saving(reference)
        foreign_saving = foreign_saving or ("given" if held else "follows")
        if reference.parameters is not None:
            folders, data = data, gams_accounts(reference, data)
            apart = np.abs(data["MAKB"].sum(axis=1) / folders["MAKB"].sum(axis=1) - 1).max()
            console.print(f"Accounts are those of the period '{reference.before}' of the file"
                          + (f": output there is off the folder's by up to {100 * apart:.2f} %"
                             if apart > APART else ""))  # fmt: skip
    benchmark = calibrate_gtap(data).benchmark
    if rordelta is not None and benchmark.saving is not None:
        saving = replace(benchmark.saving, equal_returns=rordelta == "1")
        benchmark = replace(benchmark, saving=saving)
    given = foreign_saving == "given"
    closure = Closure(swaps=foreign_saving_given(benchmark) if given else ())
    model = Model.build(benchmark)
    way = way_to(model, selectors_checked(model, shocks or SHOCK), closure)
    found = held_against(way, data, reference, limit)
    console.print("Closure: foreign saving is given, in goods of the world's investment" if given
                  else "Closure: the standard one")  # fmt: skip
    rows = [[str(name), f"{cells}", f"{100 * within:.1f}", f"{gap:.4f}", f"{change:.2f}"]
            for name, cells, within, gap, change in found.by_variable.to_numpy()]  # fmt: skip
    header = ["variable", "cells", "% within", "largest gap, points", "largest change, %"]
    console.print(screen.table(f"{benchmark.name} against {against.name}", header, rows))
    beyond = found.beyond
    console.print(f"{len(found.cells)} cells compared, {100 * found.within:.2f} % of them within "
                  f"{limit:g} percentage points; {len(beyond)} beyond")  # fmt: skip
    if listed and len(beyond):
        rest = [[str(name), str(cell), *(f"{figure:.4f}" for figure in figures)]
                for name, cell, *figures in beyond.head(listed).to_numpy()]  # fmt: skip
        console.print(screen.table("Beyond", ["variable", "cell", "here", "there", "gap"], rest))
    if found.not_told:
        console.print(f"Not told here, {len(found.not_told)} variables of the file: "
                      f"{', '.join(sorted(found.not_told))}")  # fmt: skip
    if out is not None:
        put_or_refuse({out: partial(found.cells.to_csv, index=False)}, "--out")
        console.print(f"All cells written to {out}")
