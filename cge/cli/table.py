"""`cge table`: results as a table for a paper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from cge.cli.main import CONTEXT
from cge.cli.pages import check_suffix, choice, kinds_listed, page_options, write_whole
from cge.core.errors import InputError


@click.command("table", context_settings=CONTEXT)
@page_options
@click.option("--out", multiple=True, type=click.Path(path_type=Path),
              help="File, .md, .tex or .csv; may be repeated; default the screen.")  # fmt: skip
@click.option("--format", "form", help="On the screen: text, markdown, latex or csv.")
@click.option("--standalone", is_flag=True, help="LaTeX: a document of its own.")
def command(
    runs: tuple[str, ...], kind: str, out: tuple[Path, ...], form: str | None, standalone: bool,
    kinds: bool, **options: Any,
) -> None:  # fmt: skip
    """Make a table of one or several runs, with the notes that must stand under it.

    Example:  cge table --kinds

    After `cge run us-china-tariff-war`:

    cge table us-china-tariff-war --kind decomposition --out welfare.tex
    """
    if kinds:
        kinds_listed()
        return
    from cge.report.format.render import FORMATS, SUFFIXES, render
    from cge.report.kinds import build, kind_of
    from cge.results.folder import read_all

    kind_of(kind)
    if form is not None and form not in FORMATS:
        raise InputError("unknown format", key="--format", value=form, allowed=FORMATS)
    for path in out:
        found = check_suffix(path, SUFFIXES)
        if form is not None and form != found:
            raise InputError(f"'{path.name}' is {found} by its suffix", key="--format",
                             value=form, allowed="without --out, or the same")  # fmt: skip
    wanted = {path: SUFFIXES[path.suffix.lower()] for path in out}
    shown: Any = next((name for name in FORMATS if name == form), "markdown")
    if standalone and "latex" not in (*wanted.values(), shown):
        raise InputError("only LaTeX has whole documents", key="--standalone",
                         allowed="--format latex, or --out FILE.tex")  # fmt: skip
    page = build(kind, read_all(runs), choice(options))
    if not wanted:
        print(render(page, shown, standalone), end="")
        return

    def write(text: str, path: Path) -> None:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")

    write_whole({
        path: partial(write, render(page, form, standalone)) for path, form in wanted.items()
    })  # fmt: skip
    for path in wanted:
        print(f"Written to {path}")
