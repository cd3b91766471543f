"""`cge calibrate`: a user's own table becomes a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cge.cli import screen

#: An unshocked solve must leave every quantity where it was, to this share.
REPLICATION = 1e-9


def calibrate(
    source: Annotated[Path, typer.Argument(help="Folder or file of the table, or 'example'.")],
    out: Annotated[Path, typer.Option(help="Folder for the benchmark.")],
    kind: Annotated[
        str,
        typer.Option(
            help="folder (CSV or Parquet in the documented layout), or a format that pymrio "
            "knows: wiod2013, wiod2016, icio, exiobase3, eora26, gloria, pymrio."
        ),
    ] = "folder",
    year: Annotated[int | None, typer.Option(help="Year, where the source has several.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the table.")] = None,
    aggregation: Annotated[str, typer.Option(help="full, or an aggregation file.")] = "full",
    tariffs: Annotated[
        str | None, typer.Option(help="none, or a file of rates; default: the folder's own.")
    ] = None,
    elasticities: Annotated[
        str | None, typer.Option(help="Elasticity set or file; default: the folder's own.")
    ] = None,
    value_added: Annotated[
        str, typer.Option(help="auto, rows or residual: where value added comes from.")
    ] = "auto",
    labour_share: Annotated[
        float | None, typer.Option(help="Labour share where the source has no compensation.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest imbalance of a published account.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier benchmark.")] = False,
) -> None:
    """Clean, balance and calibrate your own table; use the folder as a table afterwards.

    Example:  cge calibrate example --out my-world
    """
    from cge.core.content import content_dir
    from cge.core.errors import InputError
    from cge.data.sources.pymrio_table import read_pymrio
    from cge.data.sources.raw_table import LABOUR_SHARE, TOLERANCE
    from cge.data.sources.user_table import calibrate_folder, calibrate_table
    from cge.data.store import save_benchmark
    from cge.solve.model import Model

    if kind == "folder":
        for option, value in (
            ("--year", year), ("--name", name), ("--labour-share", labour_share),
            ("--tolerance", tolerance),
        ):  # fmt: skip
            if value is not None:
                raise InputError(
                    "stands in table.yaml of the folder", key=option, value=value,
                    allowed="only with --kind of a pymrio format",
                )  # fmt: skip
        shipped = content_dir("calibration") / "example"
        folder = shipped if str(source) == "example" and not source.exists() else source
        result = calibrate_folder(folder, aggregation, tariffs, elasticities)
    else:
        table = read_pymrio(
            source, kind, year=year, name=name, value_added=value_added,  # type: ignore[arg-type]
            labour_share=LABOUR_SHARE if labour_share is None else labour_share,
            tolerance=TOLERANCE if tolerance is None else tolerance,
        )  # fmt: skip
        result = calibrate_table(table, aggregation, tariffs or "none", elasticities or "boehm")
    benchmark = result.benchmark
    console = screen.console()
    rows = [
        [str(r.step), f"{r.cells}", f"{r.value:.6g}", f"{r.share_of_total:.1e}", str(r.note)]
        for r in result.report.itertuples()
    ]
    console.print(screen.table("Cleaning", ["step", "cells", "value", "share", "note"], rows))
    if len(result.filled):
        counts = result.filled.groupby(["what", "rule"]).size().rename("cells").reset_index()
        filled = [[str(cell) for cell in row] for row in counts.itertuples(index=False)]
        console.print(screen.table("Filled by rule", ["what", "rule", "cells"], filled))
    for note in benchmark.notes:
        console.print(f"- {note}")
    solution = Model.build(benchmark).solve()
    moved = float((solution.frame("output")["value"] - 1).abs().max())
    console.print(
        f"{benchmark.name}: {len(benchmark.regions)} regions x {len(benchmark.sectors)} sectors; "
        f"replicates to {max(moved, solution.diagnostics.residual):.1e}"
    )
    if moved > REPLICATION:
        raise InputError("the benchmark does not replicate", value=moved,
                         allowed=f"up to {REPLICATION:g}")  # fmt: skip
    save_benchmark(result, out, overwrite=overwrite)
    console.print(f"Written to {out}; use it as a table: cge check --data {out}")
