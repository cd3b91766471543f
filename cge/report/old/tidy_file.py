"""Reading a tidy table that is no scenario's: its columns checked, text made plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from cge.results.report.runs import RunFolder

from cge.core.errors import InputError


def read_tidy(
    run: RunFolder, files: Mapping[str, str], text: Sequence[str], numbers: Sequence[str]
) -> pd.DataFrame:
    """Return the first of some files that a folder has, as a table.

    Parameters
    ----------
    run : RunFolder
    files : mapping
        Names of files, and what makes each.
    text, numbers : sequence of str
        Columns it must have; text that is missing in a row is empty.

    Raises
    ------
    InputError
        If the folder has no such file, it can not be read, or lacks a column.
    """
    name = next((name for name in files if (run.path / name).is_file()), None)
    if name is None:
        wanted = " or ".join(f"{name} (`{made}` writes it)" for name, made in files.items())
        raise InputError(f"holds no {wanted}", file=run.path)
    path = run.path / name
    try:
        with path.open("rb") as file:  # Arrow opens no path that is not UTF-8
            table = pd.read_parquet(file)
    except Exception as error:  # Arrow has a dozen kinds of error, all about the file
        reason = " ".join(str(error).split())
        raise InputError(f"can not be read as a table: {reason}", file=path) from None
    for column in (*text, *numbers):
        if column not in table.columns:
            raise InputError(f"column '{column}' is missing: not what `{files[name]}` writes",
                             file=path)  # fmt: skip
    plain = {column: table[column].astype(object).fillna("").astype(str) for column in text}
    try:
        figures = {column: pd.to_numeric(table[column]) for column in numbers}
    except (TypeError, ValueError):
        raise InputError("a figure is not a number", file=path) from None
    return pd.DataFrame({**plain, **figures})
