"""Write docs/reference/results.md from the layout of results and the register of quantities.

python docs/tools/results_reference.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cge.backtest.backtest_measures import BACKTEST_QUANTITIES
from cge.core.quantity import Quantity
from cge.frontier.frontier_measures import FRONTIER_QUANTITIES
from cge.game.game_measures import GAME_QUANTITIES
from cge.indicators.catalogue import INDICATOR_QUANTITIES
from cge.insurance.insurance_measures import INSURANCE_QUANTITIES
from cge.model.quantities import INDICES, OUTCOMES, VARIABLES
from cge.resilience.resilience_measures import RESILIENCE_QUANTITIES
from cge.results.row_schema import COLUMNS, NUMBERS, TEXT, WHOLE
from cge.uncertainty.uncertain_parameters import UNCERTAINTY_QUANTITIES
from cge.uncertainty.verdicts import VERDICT_QUANTITIES

PAGE = Path(__file__).resolve().parents[1] / "reference" / "results.md"

HEAD = """\
# Results: columns and measures

<!-- Made by docs/tools/results_reference.py; do not edit. -->

Every study writes the same table, `results.parquet`, a row for each figure. `results.csv` holds
the rows of regions, not those of sectors and routes. `manifest.json` beside them says what made
them; `cge run manifest.json` repeats it.

In Python `cge.Results.open(folder)` reads a folder, `.to_frame()` is this table, `.table(kind)`
and `.figure(kind)` are pages for a paper.

## Columns

What does not apply to a row is an empty text, a missing whole number, or NaN. A case is one
solution: the rows with the same {case}.

"""
CASE_WORDS = "study, scenario, variant, elasticities, research_return, path_year and step"
MIDDLE = """
## Measures

Axes: `s` region, `r` region of origin or partner, `i` sector or commodity, `j` using sector, `f`
factor, `d` final agent, `u` use class. "Held" is when results hold a measure: *always*; by
*sector* and by *route* in the parquet file; *if moved* from its benchmark; *no* (only on request,
`cge.tabulate(solution, measures=[...])`). `money` is the benchmark's money. The change is against
the benchmark, or on a path against its baseline. The world's figure is a sum, a mean with the
named benchmark weights, or none.
"""
HELD = {"1": "always", "2": "sector", "3": "route", "moved": "if moved", "state": "if moved",
        "-": "no"}  # fmt: skip
GROUPS = (
    ("Variables of the model", VARIABLES.values()),
    ("Outcomes of the equations", OUTCOMES.values()),
    ("Indices", INDICES.values()),
    ("Indicators", INDICATOR_QUANTITIES.values()),
    ("Stress test", RESILIENCE_QUANTITIES.values()),
    ("Frontier", FRONTIER_QUANTITIES.values()),
    ("Games", GAME_QUANTITIES.values()),
    ("Insurance", INSURANCE_QUANTITIES.values()),
    ("Backtest", BACKTEST_QUANTITIES.values()),
    ("Sensitivity", UNCERTAINTY_QUANTITIES.values()),
    ("Claims", VERDICT_QUANTITIES.values()),
)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def row(quantity: Quantity) -> list[str]:
    """Cells of one quantity."""
    return [f"`{quantity.name}`", quantity.axes, quantity.unit, HELD[quantity.reported],
            quantity.change, quantity.world or "none", quantity.meaning]  # fmt: skip


def page() -> str:
    """The whole page."""
    about = {**TEXT, **WHOLE, **NUMBERS}
    kinds = {**dict.fromkeys(TEXT, "text"), **dict.fromkeys(WHOLE, "whole number"),
             **dict.fromkeys(NUMBERS, "number")}  # fmt: skip
    columns = table(
        ("column", "type", "meaning"), ([f"`{name}`", kinds[name], about[name]] for name in COLUMNS)
    )
    parts = [HEAD.format(case=CASE_WORDS) + columns, MIDDLE]
    for title, quantities in GROUPS:
        heads = ("measure", "axes", "unit", "held", "change", "world", "meaning")
        parts.append(f"\n### {title}\n\n{table(heads, map(row, quantities))}")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Written to {PAGE}")
