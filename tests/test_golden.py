"""Every shipped scenario and every kind of study gives the figures that it gave before.

`golden.csv` holds them. After a change that is meant to move figures:

    python tests/test_golden.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cge
from cge.core.content import content_dir
from cge.scenario.variants import with_changes

FILE = Path(__file__).with_name("golden.csv")
KEY = [
    "study", "variant", "elasticities", "research_return", "path_year", "step", "weighting",
    "point", "statistic", "region", "measure",
]  # fmt: skip
#: Measures of regions that are kept.
MEASURES = [
    "equivalent_variation", "real_gdp", "terms_of_trade", "trade_efficiency", "present_value",
    "expected_loss", "cvar",
]  # fmt: skip
#: Scenarios with codes that the small aggregation has not.
DEFAULT_WORLD = (
    "path-cooperation", "path-knowledge-decoupling", "china-productivity-own-strengths",
    "china-productivity-us-strengths", "cooperation", "electronics-export-tax",
)  # fmt: skip
#: Changes of scenarios, and options, that make studies of them take seconds.
SMALL = {
    "path": {"path.returns": ["central"]},
    "frontier": {"frontier.points": 3, "frontier.versions": ["unilateral"]},
    "comparison": {
        "variants": ["tariffs-strategic", "applied-credit"], "path.years": 2,
        "path.returns": ["central"], "stress.years": [1, 2],
    },
}  # fmt: skip
OTHERS: dict[str, dict[str, Any]] = {
    "stress us-china-tariff-war": {},
    "sensitivity us-china-tariff-war": {"draws": 12},
    "frontier frontier-china": {},
    "comparison compare-eu": {},
}
#: Of an iterative optimum and of all else, relative to the largest figure of the measure.
LOOSE, TIGHT = 1e-6, 1e-8
#: Figures of a measure that are all smaller are zero, and what they are is rounding.
ZERO = 1e-4


def questions() -> list[str]:
    """Names of scenarios, a kind of study before those that have several."""
    names = sorted(path.stem for path in content_dir("experiments").glob("*.yaml"))
    own = ("frontier-", "nash-", "insurance-", "compare-", "ladder-", "sensitivity-",
           "export-control-", "backtest")  # fmt: skip
    return [n for n in names if not n.startswith(own)] + list(OTHERS)


def figures(question: str) -> pd.DataFrame:
    """Main figures of regions, by what they are of."""
    kind, _, name = question.rpartition(" ")
    options = OTHERS.get(question, {})
    scenario = cge.load_scenario(name)
    section = "path" if scenario.path is not None and not kind else kind
    # An original table, which stays what it is.
    scenario = with_changes(scenario, {"benchmark.table": "wiod2013", **SMALL.get(section, {})})
    world = {"elasticities": "boehm"} if name in DEFAULT_WORLD else {"aggregation": "small"}
    rows = cge.run(scenario, kind or None, workers=1, **world, **options).to_frame()
    rows = rows[rows["measure"].isin(MEASURES) & (rows["sector"] == "") & (rows["partner"] == "")]
    rows = rows[(rows["disruption"] == "") & (rows["item"] == "") & (rows["shock"] == "")]
    rows = rows[rows["path_year"].isin([1, 5, rows["path_year"].max()]) | rows["path_year"].isna()]
    rows = rows[rows["statistic"].isin(["", "central", "mean", "p95"])]
    key = rows[KEY].astype(object)
    found = key.where(key.notna(), "").astype(str).assign(value=rows["value"])
    return found.assign(question=question)


@pytest.mark.slow
@pytest.mark.parametrize("question", questions())
def test_figures_are_those_of_before(question: str) -> None:
    kept = pd.read_csv(FILE, dtype=dict.fromkeys(KEY, str), keep_default_na=False)
    kept = kept[kept["question"] == question].set_index(KEY)["value"].astype(float)
    found = figures(question).set_index(KEY)["value"]
    assert len(kept) > 0
    assert found.index.is_unique
    assert sorted(found.index) == sorted(kept.index)
    scale = kept.abs().groupby("measure").transform("max")
    gap = ((found.reindex(kept.index) - kept).abs() / scale.clip(lower=ZERO)).max()
    assert gap <= (LOOSE if question.startswith("frontier") else TIGHT)


def write() -> None:
    """Write the figures of today."""
    every = pd.concat([figures(question) for question in questions()])
    every["value"] = [np.format_float_scientific(value, 12) for value in every["value"]]
    every[["question", *KEY, "value"]].to_csv(FILE, index=False)
    print(f"{len(every)} figures written to {FILE}", file=sys.stderr)


if __name__ == "__main__":
    write()
