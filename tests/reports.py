"""Run folders made by hand, with figures that can be added up in the head, and a real run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from cge.experiments.run import ScenarioRun, run_scenario

from cge.scenario.schema import Scenario

#: Codes and names with every sign that Markdown or LaTeX would take for its own.
ODD = ("A_1 & Co%", "[B]|$x^2$#{~}", "Élan–Łódź\\", "中国")
PARTS = ("terms_of_trade", "imports", "exports", "technology")
MANIFEST = {
    "scenario": {
        "name": "trial", "title": "A trial & error: 10 % more", "elasticities": ["fontagne"],
        "policy": [{"instrument": "tariff", "add": 0.1}],
    },
    "benchmark": {
        "name": "own-2011", "status": "user", "unit": "million USD",
        "notes": ["Data: a table_of my own."], "origin": {"year": "2011"},
    },
    "cases": [],
}  # fmt: skip


@lru_cache(maxsize=1)
def war_run() -> ScenarioRun:
    """Return a solved scenario of two measures."""
    policy = [
        {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
         "add": 0.1, "label": "US tariff"},
        {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC", "add": 0.05,
         "label": "Subsidy"},
    ]  # fmt: skip
    return run_scenario(
        Scenario.model_validate({
            "name": "war", "title": "A war", "benchmark": {"aggregation": "small"},
            "elasticities": ["boehm"], "policy": policy,
        })
    )  # fmt: skip


def _row(measure: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"measure": measure, "value": value, "unit": unit, "benchmark": 0.0, "change": value,
            "change_unit": unit, **more}  # fmt: skip


def case_rows(
    regions: Sequence[str], sectors: Sequence[str], scale: float = 1.0
) -> list[dict[str, Any]]:
    """Return the rows of one solution; every region n has EV -n per cent of 1000 n."""
    money, percent = "million USD", "percent of benchmark absorption"
    rows = []
    for n, region in enumerate(regions, start=1):
        here = {"region": region}
        size = 1000.0 * n
        rows += [
            _row("equivalent_variation", -n * scale, percent, **here),
            _row("equivalent_variation_value", -n * scale * size / 100, money, **here),
            _row("real_gdp", -0.5 * n * scale, "percent change", **here),
            _row("terms_of_trade", 0.25 * scale, "percent change", **here),
            _row("tariff_revenue", 10.0 * n, money, **here),
            {**_row("absorption", size * 1.01, money, **here), "benchmark": size, "change": 1.0,
             "change_unit": "percent"},
            {**_row("gdp", size, money, **here), "benchmark": size, "change": 0.0,
             "change_unit": "percent"},
            {**_row("employment", 1.01, "index, benchmark = 1", **here), "item": "LAB",
             "benchmark": 1.0, "change": 1.0, "change_unit": "percent"},
        ]  # fmt: skip
        for share, part in zip((0.5, 0.25, 0.35, -0.1), PARTS, strict=True):
            change = -n * scale * share
            for partner in ("", regions[0]):  # cells to be added up
                rows.append({
                    **_row("ev_part", change / 2 * size / 100, money, **here), "item": part,
                    "partner": partner, "change": change / 2, "change_unit": percent,
                })  # fmt: skip
            rows.append({
                **_row("ev_part_first_order", 2 * change * size / 100, money, **here),
                "item": part, "change": 2 * change, "change_unit": percent,
            })  # fmt: skip
            for weight, shock in ((0.75, "tariff, 10 %"), (0.25, "subsidy_1")):
                rows.append({
                    **_row("ev_part", weight * change * size / 100, money, **here), "item": part,
                    "shock": shock, "change": weight * change, "change_unit": percent,
                })  # fmt: skip
        for j, sector in enumerate(sectors, start=1):
            rows.append({
                **_row("output", 1 + 0.01 * n * j * scale, "index, benchmark = 1", **here),
                "sector": sector, "benchmark": 1.0, "change": n * j * scale,
                "change_unit": "percent",
            })  # fmt: skip
            rows.append({
                **_row("output_value", 100.0 * j, money, **here), "sector": sector,
                "benchmark": 100.0 * j, "change": 0.0, "change_unit": "percent",
            })  # fmt: skip
            for m, partner in enumerate(regions, start=1):
                for measure, more in (("trade_value", 10.0), ("trade_volume", 5.0)):
                    rows.append({
                        **_row(measure, 100.0 + more * j * (m - n) * scale, money, **here),
                        "partner": partner, "sector": sector, "benchmark": 100.0,
                        "change": more * j * (m - n) * scale, "change_unit": "percent",
                    })  # fmt: skip
    return rows


def write_run(
    folder: Path, regions: Sequence[str] = ODD, sectors: Sequence[str] = ("S_1", "50%"),
    cases: Sequence[tuple[str, str, float]] = (("trial", "fontagne", 1.0),),
    manifest: dict[str, Any] | None = MANIFEST, old: bool = False,
) -> Path:  # fmt: skip
    """Write a run folder by hand.

    Parameters
    ----------
    folder : path
    regions, sectors : sequence of str
    cases : sequence of (scenario, elasticities, scale)
        The scale multiplies the effects.
    manifest : dict, optional
    old : bool
        Without the columns step and shock, and without a decomposition.
    """
    rows = [
        {"scenario": name, "closure": "long_run", "elasticities": own, "year": "2011",
         "step": 1.0, "partner": None, "sector": None, "item": None, "shock": "", **row}
        for name, own, scale in cases
        for row in case_rows(regions, sectors, scale)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    if old:
        table = table[~table["measure"].str.startswith("ev_part")].drop(columns=["step", "shock"])
    folder.mkdir(parents=True)
    table.astype({"region": "category", "partner": "category"}).to_parquet(
        folder / "results.parquet", index=False
    )
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def write_study(folder: Path, regions: Sequence[str] = ODD, parameters: int = 14) -> Path:
    """Write the folder of a sensitivity study by hand.

    Region n has a central EV of -n, quantiles around it, and an odds of 0.1 n to gain. Of
    the parameters, the k-th explains a share in proportion to k.
    """
    keys = {"scenario": "trial", "closure": "long_run", "elasticities": "fontagne"}
    around = {"central": 0.0, "mean": 0.01, "sd": 0.06, "p05": -0.1, "p25": -0.04, "p50": 0.0,
              "p75": 0.04, "p95": 0.1, "min": -0.2, "max": 0.2}  # fmt: skip
    rows, drivers = [], []
    for n, region in enumerate(regions, start=1):
        here = {**keys, "region": region}
        for measure in ("equivalent_variation", "real_gdp"):
            unit = "percent change" if measure == "real_gdp" else "percent of benchmark absorption"
            for name, shift in around.items():
                value = shift if name == "sd" else shift - n
                rows.append({**here, "measure": measure, "statistic": name, "value": value,
                             "unit": unit})  # fmt: skip
            for name, value in (("probability_positive", 0.1 * n), ("draws", 200.0)):
                rows.append({**here, "measure": measure, "statistic": name, "value": value,
                             "unit": "share of draws"})  # fmt: skip
        total = parameters * (parameters + 1) / 2
        for k in range(1, parameters + 1):
            drivers.append({**here, "measure": "equivalent_variation", "parameter": f"sigma_{k}",
                            "nest": "armington", "sector": f"S_{k}", "share": k / total,
                            "direction": 1.0 if k % 2 else -1.0})  # fmt: skip
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(folder / "sensitivity.parquet", index=False)
    pd.DataFrame(drivers).to_parquet(folder / "drivers.parquet", index=False)
    notes = ["Draws: 200 of everything.", "Numeraire: a price_index = 1."]
    text = json.dumps({**MANIFEST, "notes": notes})
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return folder
