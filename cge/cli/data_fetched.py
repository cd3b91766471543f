"""`cge data fetch`: a published table, downloaded and calibrated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cge.cli import screen
from cge.cli.calibrate import of_published, save
from cge.core.errors import InputError
from cge.data.benchmark_store import check_target
from cge.data.sources.download import Order
from cge.data.sources.download import fetch as download
from cge.data.sources.registry import source_entry


def fetch(
    source: str, year: int, edition: str | None, out: Path | None, folder: Path | None,
    url: str | None, mirror: str | None, fresh: bool, only_download: bool, overwrite: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Download a published table and calibrate it."""
    entry = source_entry(source)
    target = out or Path(f"{source}-{year}")
    if not only_download:
        check_target(target, overwrite)
    console = screen.console()
    order = Order(source, year, edition, url, mirror)
    kept = download(order, folder, fresh, console.print)
    record = kept.record
    console.print(f"{'Found' if kept.known else 'Kept'}: {kept.path}", soft_wrap=True)
    for word in ("title", "edition", "address", "downloaded", "bytes", "sha256", "licence",
                 "citation"):  # fmt: skip
        if record.get(word) is not None:
            console.print(f"  {word}: {record[word]}", soft_wrap=True)
    if only_download:
        return
    options = {"year": year, "name": source, "value_added": "auto",
               **dict.fromkeys(("labour_share", "tolerance", "decimal"))}  # fmt: skip
    try:
        result = of_published(kept.path, source, {**options, **given})
    except InputError as error:
        if error.file != str(kept.path) and error.key not in ("regions", "sectors"):
            raise
        hint = (f"; the download is kept. If the publisher has changed the layout, make a folder "
                f"of plain files of it (docs/own-data.md, From files), or get another edition: "
                f"{entry.page}")  # fmt: skip
        raise InputError(f"{error.problem}{hint}", file=error.file, key=error.key,
                         value=error.value, allowed=error.allowed) from None  # fmt: skip
    save(result, target, overwrite)
