"""The public interface: run a study, open and show its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cge.core.errors import InputError, refuse_if
from cge.core.files import user_path
from cge.core.typed import checked
from cge.report.drafts.choice import choice_of
from cge.report.format.page import Page, frame
from cge.report.format.render import Format, render
from cge.report.kinds import build
from cge.report.summary import files, pages
from cge.results.folder import read, write
from cge.results.json_file import FORMAT
from cge.results.manifest_file import asked, read_manifest
from cge.results.resultset import ResultSet, together
from cge.results.run_folder import locked
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import with_changes
from cge.studies.listing import study_class, study_of, study_with
from cge.studies.study import Study, run_study
from cge.tasks.runner import Report, Runner
from cge.tasks.store import default_folder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


#: What can be run.
Question = Scenario | Study | str | Path | tuple[Scenario | str | Path, ...]


class Results(ResultSet):
    """Results of a study: rows, and the manifest that made them.

    Examples
    --------
    >>> import cge
    >>> results = cge.run("us-china-tariff-war", aggregation="small")
    >>> results.table("regions")  # doctest: +SKIP
    >>> results.save("war")  # doctest: +SKIP
    """

    @classmethod
    @checked
    def open(cls, folder: str | Path) -> Results:
        """Read results from a folder; a bare name means where its run is written.

        Raises
        ------
        InputError
            If there are none, or they are damaged.
        """
        found = read(folder)
        return cls(found.rows, found.manifest, found.folder)

    @checked
    def save(self, folder: str | Path, figure: bool = False) -> Path:
        """Write rows, manifest, summary and, if wanted, the figure to a folder.

        Raises
        ------
        InputError
            If it can not be written, or holds something else; and for results of several studies,
            each of which has a folder of its own.
        """
        if "parts" in self.manifest:
            raise InputError("results of several studies have no folder in common", key="folder",
                             value=str(folder), allowed="each on its own")  # fmt: skip
        place = user_path(folder)
        with locked(place):
            write(self, place, files(self, figure))
        return place

    @checked
    def table(self, kind: str | None = None, **options: Any) -> Table:
        """A table for a paper.

        Parameters
        ----------
        kind : str, optional
            See ``cge table --kinds``; by default the first that the study shows.
        **options
            Of :class:`cge.report.drafts.choice.Choice`: ``regions=["USA"]``, ``years=[1, 10]``.

        Raises
        ------
        InputError
            For an unknown kind or option, and rows that are not there.
        """
        return Table(build(kind, _parts(self), choice_of(options)))

    @checked
    def figure(self, kind: str | None = None, notes: bool = True, **options: Any) -> Figure:
        """A figure for a paper; arguments as for :meth:`table`."""
        from cge.report.charts.draw import draw

        return draw(build(kind, _parts(self), choice_of(options), figure=True), notes)

    @checked
    def report(self, path: str | Path, title: str | None = None) -> Path:
        """Write these results as one file for a browser, which fetches nothing.

        Parameters
        ----------
        path : str or path
            Of the file, .html.
        title : str, optional
            In place of that of the scenario.

        Raises
        ------
        InputError
            If it can not be written, if there is nothing to show, or if a library is missing.
        """
        from cge.report.html_report import write_report

        place = user_path(path)
        write_report(_parts(self), place, title, "path")
        return place

    @checked
    def compare(self, *others: ResultSet) -> Results:
        """These results and others together, for tables of all of them."""
        parts = [*_parts(self), *(part for one in others for part in _parts(one))]
        told = {"format": FORMAT, "spec": {"study": "several"}, "parts": parts}
        return Results(together(parts), told)

    def _repr_html_(self) -> str:
        shown = "".join(render(page, "html") for page in pages(self))
        return shown or f"<p>{escape(repr(self))}</p>"


def _parts(results: ResultSet) -> Sequence[ResultSet]:
    """The results of several studies that stand together, or these alone."""
    return results.manifest.get("parts") or [results]


class Table:
    """A table, as text in the forms in which papers want it.

    Parameters
    ----------
    page : Page
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def to_markdown(self) -> str:
        """The table as Markdown."""
        return render(self.page, "markdown")

    @checked
    def to_latex(self, standalone: bool = False) -> str:
        """The table as LaTeX, or as a whole document."""
        return render(self.page, "latex", standalone)

    def to_frame(self) -> pd.DataFrame:
        """The figures of the table, not rounded, with their keys and units."""
        return frame(self.page)

    def to_csv(self) -> str:
        """The same as CSV."""
        return render(self.page, "csv")

    def __repr__(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return render(self.page, "html")


@checked
def run(
    question: Question,
    study: str | None = None,
    *,
    aggregation: str | None = None,
    year: int | None = None,
    elasticities: str | Sequence[str] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    fresh: bool = False,
    report: Report | None = None,
    beyond: bool = False,
    **options: Any,
) -> Results:
    """Run a study and return its results.

    Parameters
    ----------
    question : Scenario, Study, str or path
        A scenario, the path of its file, the name of a shipped one, or the manifest of an earlier
        run; a study as it is; for a comparison several scenarios.
    study : str, optional
        Kind: static, path, stress, sensitivity, frontier, nash, comparison; default the one that
        the scenario says: a frontier or a game if it has one, a path if it has years, else
        comparative statics.
    aggregation, year, elasticities : optional
        In place of what the scenario says.
    workers : int, optional
        Processes, default the number of cores. Results are the same for any.
    scheduler : str, optional
        Address of the scheduler of a Dask cluster.
    cache : str or path, optional
        Folder in which finished work is kept; default the user's cache.
    fresh : bool
        Do again what is kept.
    report : callable, optional
        Informed of progress.
    beyond : bool
        Do also more work than is usual, which is refused otherwise.
    **options
        Of the study.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        When what is asked, its data or a choice is wrong.
    NoEquilibrium
        When there is no solution that passes.
    """
    changes = {
        "benchmark.aggregation": aggregation, "benchmark.year": year,
        "elasticities": [elasticities] if isinstance(elasticities, str) else elasticities,
    }  # fmt: skip
    made = study_from(question, study, {k: v for k, v in changes.items() if v is not None}, options)
    refuse_if(workers is not None and workers < 1, "is no number of processes", key="workers",
              value=workers, allowed="1 or more, or None: all cores")  # fmt: skip
    kept = default_folder() if cache is None else user_path(cache)
    runner = Runner(workers, scheduler, kept, fresh, report, beyond)
    found = run_study(made, runner)
    return Results(found.rows, found.manifest)


def study_from(
    question: Question, kind: str | None, changes: dict[str, Any],
    options: dict[str, Any],
) -> Study:  # fmt: skip
    """A study of a question.

    Parameters
    ----------
    question : Scenario, Study, str or path, or a tuple of scenarios
        An empty one stands for those that the kind of study has by default.
    kind : str, optional
    changes : dict
        Keys of the scenario, dotted, and values to put there.
    options : dict
        Of the study.

    Raises
    ------
    InputError
        For an unknown kind or option, or a scenario that is wrong.
    """
    if isinstance(question, Study):
        return replace(question, **options)
    every = list(question) if isinstance(question, tuple) else [question]
    if len(every) == 1 and isinstance(every[0], str | Path) and Path(every[0]).suffix == ".json":
        return _again(Path(every[0]), kind, [*changes, *options])
    made = study_class(kind) if kind is not None else None
    if made is not None and made.asked is not Scenario:
        return made(tuple(every) if made.several else every[0], changes=changes, **options)
    if made is not None and not every:
        usual = made.__dataclass_fields__["scenario"].default
        refuse_if(usual is MISSING, "names no scenario", key="question", value=question)
        every = list(usual)
    return study_with(kind, tuple(_changed(one, changes) for one in every), options)


def _again(file: Path, kind: str | None, given: Sequence[str]) -> Study:
    """The study of a manifest, as it was."""
    study: Study = study_of(asked(read_manifest(file)))
    if given:
        raise InputError("an earlier run is repeated as it was", file=file, key=given[0],
                         allowed="a file of a scenario, where something is to change")  # fmt: skip
    if kind not in (None, "static", study.kind):
        raise InputError("is of a run of another kind", file=file, key="study", value=kind,
                         allowed=f"{study.kind}: `cge run` repeats any run")  # fmt: skip
    return study


def _changed(question: Scenario | str | Path, changes: dict[str, Any]) -> Scenario:
    """The scenario of a question with some of its keys replaced."""
    if isinstance(question, Scenario):
        return with_changes(completed(question), changes)
    file = find_scenario(question)
    try:
        return with_changes(load_scenario(file), changes)
    except InputError as error:
        raise error.located(file) from None


__all__ = ["Format", "Results", "Table", "run"]
