"""`cge calibrate`: a user's own table becomes a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cge.cli import screen
from cge.cli.main import CONTEXT, PLACE
from cge.core.errors import InputError, refuse_if

#: An unshocked solve must leave every quantity where it was, to this share.
REPLICATION = 1e-9


@click.command("calibrate", context_settings=CONTEXT)
@click.argument("source", type=PLACE)
@click.option("--out", required=True, type=PLACE, help="Benchmark folder.")
@click.option("--kind",
              help="folder (CSV or Parquet in the documented layout), gtap (header array files of "
              "GTAPAgg), or a published table: wiod2013, wiod2016, icio, figaro, adb-mrio, "
              "exiobase3, eora26, gloria, pymrio. Default: as the names of the files say."
              )  # fmt: skip
@click.option("--year", type=int, help="Year, where the source has several.")
@click.option("--name", help="Name of the table.")
@click.option("--aggregation", default="full", show_default=True,
              help="full, or an aggregation file; of a published table also default or small, "
              "with all that ships for them.")  # fmt: skip
@click.option("--tariffs", help="none, or a file of rates; default: the folder's own, with "
              "--aggregation default and small those that ship. Of gtap: own, or, with --structure "
              "merged, with-user-taxes, with what taxes on imports exceed those on domestic goods."
              )  # fmt: skip
@click.option("--elasticities",
              help="Elasticity set or file; default: the folder's own. Of gtap also ESBM or ESBD: "
              "that one between home and imports and among sources.")  # fmt: skip
@click.option("--structure", help="Of gtap: standard (default), with the parts of the standard "
              "model, or merged, with three use classes and one level of sourcing.")  # fmt: skip
@click.option("--value-added", default="auto", show_default=True,
              help="auto, rows or residual: where value added comes from.")  # fmt: skip
@click.option("--labour-share", type=float,
              help="Labour share where the source has no compensation.")  # fmt: skip
@click.option("--tolerance", type=float, help="Largest imbalance of a published account.")
@click.option("--decimal", type=click.Choice([".", ","]),
              help="Decimal mark of a published table; a folder's own files say it.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace an earlier benchmark.")
def calibrate(source: Path, out: Path, kind: str | None, overwrite: bool, **given: Any) -> None:
    """Clean, balance and calibrate your own table; use the folder as a table afterwards.

    SOURCE is the folder or file of the table, or 'example'.

    Example:  cge calibrate example --out my-world
    """
    from cge.data.benchmark_store import check_target

    check_target(out, overwrite)
    kind = kind or _kind_of(source)
    own = {"folder": _of_folder, "gtap": _of_gtap}
    refuse_if(kind != "gtap" and given["structure"] is not None, "is of GTAP data",
              key="--structure", value=given["structure"], allowed="with --kind gtap")  # fmt: skip
    result = own[kind](source, given) if kind in own else of_published(source, kind, given)
    save(result, out, overwrite)


def save(result: Any, out: Path, overwrite: bool) -> None:
    """Show how a benchmark was calibrated, check that it replicates, and write it."""
    from cge.data.accounts.rates_shown import rates_shown
    from cge.data.benchmark_store import save_benchmark
    from cge.solve.model import Model

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
    rates = [[cell if isinstance(cell, str) else f"{cell:.4g}" for cell in row]
             for row in rates_shown(benchmark).itertuples(index=False)]  # fmt: skip
    if rates:
        console.print(screen.table("Benchmark rates", [*rates_shown(benchmark)], rates))
    for note in benchmark.notes:
        console.print(f"- {note}")
    solution = Model.build(benchmark).solve()
    moved = float((solution.frame("output")["value"] - 1).abs().max())
    console.print(
        f"{benchmark.name}: {len(benchmark.regions)} regions x {len(benchmark.sectors)} sectors; "
        f"replicates to {max(moved, solution.diagnostics.residual):.1e}"
    )
    refuse_if(moved > REPLICATION, "the benchmark does not replicate", value=moved,
              allowed=f"up to {REPLICATION:g}")  # fmt: skip
    save_benchmark(result, out, overwrite=overwrite)
    console.print(f"Written to {out}; use it as a table: cge check --data {out}")


def _kind_of(source: Path) -> str:
    """Whether it is a folder in the documented layout, or whose published table it is."""
    from cge.data.har.har_tables import SUFFIXES, header_array_files
    from cge.data.sources.registry import source_of_file

    own = str(source) == "example" or (source / "table.yaml").exists() or not source.exists()
    if own or (source.is_dir() and not any(source.iterdir())):
        return "folder"
    if any(file.suffix.lower() in SUFFIXES for file in header_array_files(source)):
        return "gtap"
    try:
        return source_of_file(source)
    except InputError:
        if source.is_dir():
            return "folder"
        raise


def _of_folder(source: Path, given: dict[str, Any]) -> Any:
    """Calibrate a folder of files, whose description says what options do otherwise."""
    from cge.core.content import content_dir
    from cge.data.sources.user_table import calibrate_folder

    for option in ("year", "name", "labour_share", "tolerance", "decimal"):
        says = "its file (decimal=, as the first line)" if option == "decimal" else "table.yaml"
        refuse_if(given[option] is not None, f"of a folder it stands in {says}",
                  key=f"--{option.replace('_', '-')}", value=given[option],
                  allowed="only with --kind of a published table")  # fmt: skip
    shipped = content_dir("calibration") / "example"
    folder = shipped if str(source) == "example" and not source.exists() else source
    return calibrate_folder(folder, given["aggregation"], given["tariffs"], given["elasticities"])


def _of_gtap(source: Path, given: dict[str, Any]) -> Any:
    """Calibrate the data of GTAPAgg, which has made its aggregation already."""
    from cge.data.gtap.gtap_benchmark import calibrate_gtap

    usual = {"aggregation": "full", "value_added": "auto"}
    for option in ("year", "aggregation", "value_added", "labour_share", "tolerance",
                   "decimal"):  # fmt: skip
        refuse_if(given[option] != usual.get(option), "GTAP data have their own",
                  key=f"--{option.replace('_', '-')}", value=given[option],
                  allowed="year, aggregation and accounts of the folder")  # fmt: skip
    return calibrate_gtap(source, given["elasticities"], given["name"],
                          given["tariffs"] or "own", given["structure"] or "standard")  # fmt: skip


def of_published(source: Path, kind: Any, given: dict[str, Any]) -> Any:
    """Calibrate a published table."""
    from cge.data.sources.pymrio_table import read_pymrio
    from cge.data.sources.user_table import calibrate_table

    names = ("year", "name", "value_added", "labour_share", "tolerance", "decimal")
    options = {name: given[name] for name in names if given[name] is not None}
    table = read_pymrio(source, kind, **options)
    return calibrate_table(table, given["aggregation"], given["tariffs"], given["elasticities"])
