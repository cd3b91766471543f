"""The figure that goes with a run: welfare, real GDP and the terms of trade by region."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cge.experiments.run import ScenarioRun
from cge.results import summary
from cge.results.charts import style
from cge.results.charts.dots import dots

#: Columns of the summary that are drawn.
_DRAWN = (0, 2, 3)
_UNITS = ("% of absorption", "% change", "% change")


def regional_figure(run: ScenarioRun, path: Path) -> None:
    """Draw welfare, real GDP and the terms of trade by region under each elasticity set.

    Parameters
    ----------
    run : ScenarioRun
    path : path
        File to write; its suffix is the format (svg, pdf, png).
    """
    tables = [summary.regional_table(case.solution).iloc[:-1] for case in run.cases]
    names = run.benchmark.names.get("regions", {})
    rows = [style.short(names.get(code, code), code) for code in tables[0].index]
    sets = [case.elasticities for case in run.cases]
    height = 1.1 + 0.22 * len(rows) + style.legend_height(sets, style.WIDTH)
    figure = style.figure_with_room(style.WIDTH, height)
    dots(
        figure, rows, [summary.COLUMNS[n].title for n in _DRAWN], _UNITS, sets,
        np.array([table.iloc[:, list(_DRAWN)].to_numpy() for table in tables]),
        legend="Trade elasticities",
    )  # fmt: skip
    style.save(figure, path)
