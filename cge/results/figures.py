"""Figures that can go into a paper: vector output, colour-blind safe, units on every axis."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib
import numpy as np

from cge.experiments.run import ScenarioRun
from cge.results import summary

matplotlib.use("Agg")
# Text stays text in SVG and PDF, so that a journal can set it in its own type.
matplotlib.rcParams.update({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "cge"})
matplotlib.rcParams["text.parse_math"] = False  # a name may hold a dollar sign

#: Okabe and Ito's palette, safe for colour-blind readers; shapes differ as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")


def regional_figure(run: ScenarioRun, path: Path) -> None:
    """Draw welfare, real GDP and the terms of trade by region under each elasticity set.

    Parameters
    ----------
    run : ScenarioRun
    path : path
        File to write; its suffix is the format (svg, pdf, png).
    """
    import matplotlib.pyplot as plt

    panels = (0, 2, 3)
    tables = [summary.regional_table(case.solution).iloc[:-1] for case in run.cases]
    regions = list(tables[0].index)
    names = run.benchmark.names.get("regions", {})
    labels = [_short(names.get(code, code), code) for code in regions]
    height = 1.3 + 0.26 * len(regions)
    figure, axes = plt.subplots(1, len(panels), figsize=(7.2, height), sharey=True)
    y = np.arange(len(regions))[::-1]
    for axis, panel in zip(axes, panels, strict=True):
        values = np.array([table.iloc[:, panel].to_numpy() for table in tables])
        axis.axvline(0, color="0.6", linewidth=0.8)
        axis.hlines(y, values.min(axis=0), values.max(axis=0), color="0.75", linewidth=2)
        for number, case in enumerate(run.cases):
            axis.plot(
                values[number], y, linestyle="none", marker=MARKERS[number % len(MARKERS)],
                color=COLOURS[number % len(COLOURS)], markersize=5, label=case.elasticities,
            )  # fmt: skip
        column = summary.COLUMNS[panel]
        axis.set_title(column.title, fontsize=9)
        axis.set_xlabel("% change", fontsize=8)
        axis.tick_params(labelsize=8)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x", color="0.92", linewidth=0.6)
        axis.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    axes[0].set_yticks(y, labels)
    handles, texts = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, texts, loc="lower center", ncols=len(texts), fontsize=8, frameon=False,
        title="Trade elasticities", title_fontsize=8,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in a script the font does not have
        figure.tight_layout(rect=(0, 0.4 / height, 1, 1))
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=200)
    plt.close(figure)


def _short(name: str, code: str) -> str:
    """Return a label that fits: the name without what stands in brackets, or the code."""
    plain = name.split(" (")[0].split(",")[0]
    return plain if len(plain) <= 22 else code
