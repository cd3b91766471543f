"""Results made by hand, with figures to add up in the head, and of a real run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

import cge
from cge import Results, Scenario
from cge.results.json_file import FORMAT
from cge.results.row_schema import TEXT, Rows, joined

#: Codes and names with every sign that Markdown or LaTeX would take for its own.
ODD = ("A_1 & Co%", "[B]|$x^2$#{~}", "Élan–Łódź\\", "中国")
PARTS = ("terms_of_trade", "imports", "exports", "technology")
SHARES = (0.5, 0.25, 0.35, -0.1)
TITLE = "A trial & error: 10 % more"
SHOCKS = ("tariff, 10 %", "subsidy_1")
OF_ABSORPTION = "percent of benchmark absorption"


@lru_cache(maxsize=1)
def war() -> Results:
    """Results of two measures on the real benchmark in its small aggregation."""
    return cge.run(WAR, workers=1)


WAR = Scenario.model_validate({
    "name": "war", "title": "A war", "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "elasticities": ["boehm"],
    "policy": [
        {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
         "add": 0.1, "label": "US tariff"},
        {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC", "add": 0.05,
         "label": "Subsidy"},
    ],
})  # fmt: skip


def made(
    regions: Sequence[str] = ODD, sectors: Sequence[str] = ("S_1", "50%"),
    cases: Sequence[tuple[str, str, float]] = (("", "fontagne", 1.0),),
    steps: Sequence[float] = (1.0,), titles: Mapping[str, str] | None = None,
    decomposed: bool = True, name: str = "trial", notes: Sequence[str] = (),
    money: str = "million USD", **benchmark: Any,
) -> Results:  # fmt: skip
    """Results of a scenario.

    Parameters
    ----------
    regions, sectors : sequence of str
    cases : sequence of (variant, elasticities, scale)
        The scale multiplies the effects; region n has an EV of -n per cent of 1000 n.
    steps : sequence of float
        Shares of the policy, by which effects are multiplied too.
    titles : mapping, optional
        Of variants.
    decomposed : bool
        Whether welfare is taken apart.
    name : str
        Of the scenario.
    notes : sequence of str
        Of the study.
    money : str
        Its unit.
    **benchmark
        Of the manifest.
    """
    frames, facts = [], []
    for variant, elasticities, scale in cases:
        title = (titles or {}).get(variant) or variant or TITLE
        labels = {"scenario": name, "variant": variant, "title": title,
                  "elasticities": elasticities}  # fmt: skip
        for step in steps:
            rows = _rows(regions, sectors, scale * step, decomposed, money)
            frames.append(rows.frame(study="static", step=step, calendar_year=2011, **labels))
            facts.append({
                **labels, "study": "static", "step": step, "closure": "long run, by hand",
                "numeraire": "a price_index", "solver": "newton", "residual": 1e-14,
                "walras": -2e-15, "unknowns": 1,
            })  # fmt: skip
    spec = {"study": "static", "options": {}, "scenario": {"name": name, "title": TITLE}}
    own = {
        "name": "own-2011", "status": "user", "unit": money, "origin": {"year": "2011"},
        "notes": ["Data: a table_of my own."], "regions": list(regions), "sectors": list(sectors),
        "names": {}, **benchmark,
    }  # fmt: skip
    return Results(joined(frames), {
        "format": FORMAT, "spec": spec, "benchmark": own, "cases": facts,
        "notes": list(notes or ["Policy: tariff +10 points."]),
        "pages": [["regions", {}], ["decomposition", {"unit": "value"}]], "figure": "regions",
    })  # fmt: skip


def _rows(
    regions: Sequence[str], sectors: Sequence[str], scale: float, decomposed: bool, money: str
) -> Rows:
    """Rows of one solution."""
    rows = Rows()
    n = np.arange(1.0, len(regions) + 1)
    size = 1000 * n
    world = [*regions, "World"]

    def itself(measure: str, value: Any, unit: str, **places: Any) -> None:
        rows.add(measure, value, unit=unit, benchmark=0.0, change=value, change_unit=unit, **places)

    def with_total(values: Any) -> list[float]:
        return [*values, float(np.sum(values))]

    def with_mean(values: Any) -> list[float]:
        return [*values, float(values @ size / size.sum())]

    itself("equivalent_variation", with_mean(-n * scale), OF_ABSORPTION, region=world)
    itself("equivalent_variation_value", with_total(-n * scale * size / 100), money, region=world)
    itself("real_gdp", with_mean(-0.5 * n * scale), "percent change", region=world)
    itself("terms_of_trade", np.full(len(n), 0.25 * scale), "percent change", region=regions)
    itself("tariff_revenue", with_total(10 * n), money, region=world)
    rows.add("employment", np.full(len(n), 1.01), unit="index, benchmark = 1", benchmark=1.0,
             change=1.0, change_unit="percent", region=regions, item="LAB")  # fmt: skip
    for share, part in zip(SHARES, PARTS, strict=True) if decomposed else ():
        percent = -n * scale * share
        worth = percent * size / 100
        for partner in ("", regions[0]):  # cells to be added up
            rows.add("ev_part", worth / 2, unit=money, change=percent / 2,
                     change_unit=OF_ABSORPTION, region=regions, item=part,
                     partner=partner)  # fmt: skip
        rows.add("ev_part_first_order", 2 * worth, unit=money, change=2 * percent,
                 change_unit=OF_ABSORPTION, region=regions, item=part)  # fmt: skip
        total = {"region": "World", "item": part, "unit": money, "change_unit": OF_ABSORPTION}
        whole = 100 * worth.sum() / size.sum()
        rows.add("ev_part", worth.sum(), change=whole, **total)
        rows.add("ev_part_first_order", 2 * worth.sum(), change=2 * whole, **total)
        for weight, shock in zip((0.75, 0.25), SHOCKS, strict=True):
            rows.add("ev_part", weight * worth, unit=money, change=weight * percent,
                     change_unit=OF_ABSORPTION, region=regions, item=part, shock=shock)  # fmt: skip
            rows.add("ev_part", weight * worth.sum(), change=weight * whole, shock=shock, **total)
    for j, sector in enumerate(sectors, start=1):
        here = {"sector": sector, "change_unit": "percent"}
        rows.add("output", with_mean(1 + 0.01 * n * j * scale), unit="index, benchmark = 1",
                 benchmark=1.0, change=with_mean(n * j * scale), region=world, **here)  # fmt: skip
        rows.add("output_value", np.full(len(n), 110.0 * j), unit=money, benchmark=100.0 * j,
                 change=10.0, region=regions, **here)  # fmt: skip
        for m, partner in enumerate(regions, start=1):
            for measure, more in (("trade_value", 10.0), ("trade_volume", 5.0)):
                change = more * j * (m - n) * scale
                rows.add(measure, 100 + change, unit=money, benchmark=100.0, change=change,
                         region=regions, partner=partner, **here)  # fmt: skip
    return rows


def as_gtap_prints(results: Results) -> Results:
    """Results by hand with the parts of welfare under the names of GTAP, beside the others."""
    rows = results.rows
    own = rows[(rows["measure"] == "ev_part") & (rows["shock"] == "")]
    own = own.astype(dict.fromkeys(("measure", "item", "sector"), object))
    names = dict(zip(PARTS, ("tot", "mtax", "xtax", "tech"), strict=True))
    sector = np.where(own["item"].isin(["imports", "exports"]) & (own["region"] != "World"),
                      results.benchmark["sectors"][0], "")  # fmt: skip
    own = own.assign(measure="gtap_part", item=own["item"].map(names), sector=sector)
    own = own.assign(**{name: pd.Categorical(own[name].astype(object)) for name in TEXT})
    return replace(results, rows=joined([rows, own]))
