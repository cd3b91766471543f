"""What `cge convert` does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cge.cli import screen
from cge.core.errors import refuse_if
from cge.core.files import is_file, is_folder
from cge.core.writing import by_suffix
from cge.data.benchmark_store import load_benchmark
from cge.data.har.benchmark_headers import benchmark_headers
from cge.data.har.har_tables import convert_to_tables, is_table_folder, read_tables
from cge.data.har.har_writing import write_har

#: Suffixes of header array files that are written.
WRITTEN = {".har": True, ".prm": True}


def convert(
    source: str, target: Path, suffix: Literal["csv", "parquet"], only: tuple[str, ...],
    overwrite: bool,
) -> None:  # fmt: skip
    """Turn a header array file into tables, or tables or a benchmark into one."""
    if is_file(source):
        names = convert_to_tables(source, target, suffix, only, overwrite)
        screen.console().print(f"{len(names)} headers of {source} written to {target}")
        return
    by_suffix(target, WRITTEN, "TARGET")
    refuse_if(bool(only), "is of a header array file", key="--header", value=only[:1],
              allowed="with a file .har, .prm or .sl4 as SOURCE")  # fmt: skip
    refuse_if(target.exists() and not overwrite, "a file is there already", key="TARGET",
              value=str(target), allowed="another place, or --overwrite")  # fmt: skip
    if is_folder(source) and is_table_folder(source):
        headers, told = read_tables(source), ""
    else:
        headers = benchmark_headers(load_benchmark(source))
        told = ", in single precision: about seven digits"
    write_har(target, headers, "TARGET")
    screen.console().print(f"{len(headers)} headers of {source} written to {target}{told}")
