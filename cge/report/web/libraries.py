"""JavaScript and styles of the two libraries that a page holds: Vega-Lite and DataTables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from cge.core.errors import InputError

_EXTRA = "cge-trade-policy[report]"
#: What ends a script, or begins a comment, inside one.
_MARKUP = re.compile(r"<(?=!--|/?script)", re.IGNORECASE)


@dataclass(frozen=True)
class Libraries:
    """What a page needs to draw figures and to sort tables, as text.

    Parameters
    ----------
    charts, tables : str
        JavaScript; it leaves ``vegaEmbed`` and ``dataTables`` behind.
    styles : str
        Of the tables.
    """

    charts: str
    tables: str
    styles: str


@lru_cache(maxsize=1)
def libraries() -> Libraries:
    """The libraries, out of the Python packages that carry them.

    Raises
    ------
    InputError
        If one of them is not installed.
    """
    try:
        import itables  # noqa: F401
        import vl_convert
    except ImportError as error:
        raise InputError(
            f"a report needs the library '{error.name}'", key="report",
            allowed=f"after: pip install '{_EXTRA}'",
        ) from None  # fmt: skip
    carried = files("itables") / "html"
    tables, styles = ((carried / f"dt_bundle.{end}").read_text(encoding="utf-8")
                      for end in ("js", "css"))  # fmt: skip
    return Libraries(
        inline(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")),
        inline(_global(tables)),
        styles,
    )


def inline(script: str) -> str:
    """A script that can stand within a page: no text in it is taken for markup."""
    return _MARKUP.sub(r"\\x3c", script)


def _global(module: str) -> str:
    """A module whose exports are the properties of ``dataTables``, without a second file."""
    found = list(re.finditer(r"\bexport\s*\{([^{}]*)\}\s*;?", module))
    if len(found) != 1:
        raise InputError("this version of 'itables' is not known", key="report",
                         allowed=f"after: pip install --upgrade '{_EXTRA}'")  # fmt: skip
    (clause,) = found
    pairs = (part.split(" as ") for part in clause[1].split(","))
    given = ",".join(f'"{names[-1].strip()}":{names[0].strip()}' for names in pairs)
    return f"{module[: clause.start()]}window.dataTables={{{given}}};{module[clause.end() :]}"
