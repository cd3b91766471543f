"""Claims on several tables of accounts: one result, in which the table is one more coordinate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cge.results.resultset import ESTIMATED, ResultSet
from cge.results.row_schema import joined, labelled
from cge.uncertainty.verdicts import Under, judgement


def on_tables(spec: Mapping[str, Any], found: Mapping[str, ResultSet]) -> ResultSet:
    """The same claims on several tables, judged together.

    A claim is supported if it is on every table and under every set; where it can not be tested
    on a table, it is judged by the others, and this is told.

    Parameters
    ----------
    spec : mapping
        Of the study.
    found : mapping of str to ResultSet
        Results on each table, by its name.
    """
    manifests = {name: one.manifest for name, one in found.items()}
    first = next(iter(manifests.values()))
    labels = {key: [{**one, "table": name} for name, told in manifests.items()
                    for one in told[key]] for key in ("cases", "parameters")}  # fmt: skip
    said: dict[str, list[str]] = {}
    for name, told in manifests.items():
        for line in told["notes"]:
            said.setdefault(line, []).append(name)
    notes = [line if len(own) == len(found) or line == ESTIMATED else f"{', '.join(own)}: {line}"
             for line, own in said.items()]  # fmt: skip
    texts = [_of_claim({name: told["claims"][n] for name, told in manifests.items()})
             for n in range(len(first["claims"]))]  # fmt: skip
    return ResultSet(
        joined(labelled(one.rows, table=name) for name, one in found.items()),
        {**first, **labels, "spec": dict(spec), "notes": notes, "claims": texts,
         "files": {path: of for told in manifests.values() for path, of in told["files"].items()},
         "benchmarks": {name: told["benchmark"] for name, told in manifests.items()}},
    )  # fmt: skip


def _of_claim(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is told of a claim, by what is told of it on each table."""
    first = next(iter(told.values()))
    every = [Under(**{**one, "table": name})
             for name, own in told.items() for one in own.get("under", ())]  # fmt: skip
    if not every:
        reasons = [own["why"] for own in told.values() if own["why"]]
        return {**first, "why": "; ".join(dict.fromkeys(reasons))}
    lacking = {name: own["why"] for name, own in told.items() if "under" not in own}
    tested = next(own for own in told.values() if "under" in own)
    return {**tested, **judgement(every), "elsewhere": lacking}
