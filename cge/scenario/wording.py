"""Measures, responses and financing in words, for tables and labels."""

from __future__ import annotations

from pathlib import Path

from cge.scenario.actions import Codes, Financing, Measure, Response
from cge.scenario.instruments import INSTRUMENTS, QUOTA
from cge.scenario.knowledge_actions import OPENNESS, WORDS, KnowledgeMeasure
from cge.scenario.schema import Scenario
from cge.scenario.timing import Timed
from cge.scenario.variants import members

_RENTS = {"importer": "to the importer", "exporter": "to the exporter", "lost": "lost"}


def _codes(value: Codes) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def measure_text(measure: Measure) -> str:
    """Return a measure's label, or the measure in words."""
    return measure.label or _measure(measure)


def _measure(measure: Measure) -> str:
    instrument = INSTRUMENTS[measure.instrument]
    where = [
        f"{key} {_codes(value)}"
        for key in instrument.keys
        if (value := getattr(measure, key)) != "all"
    ]
    name = measure.instrument.replace("_", " ")
    return _timed(f"{name} ({'; '.join(where) or 'all'}) {_size(measure)}", measure)


def _timed(text: str, one: Timed) -> str:
    return f"{text}, {one.when}" if one.when else text


def _size(measure: Measure) -> str:
    if measure.instrument == QUOTA:
        assert measure.to is not None
        held = "at" if measure.binding else "at most"
        rents = _RENTS[measure.rents or "importer"]
        return f"{held} {100 * measure.to:g} % of the benchmark volume, rents {rents}"
    if measure.file is not None:
        return f"by the table {Path(measure.file).name}, column {measure.column}"
    if measure.add is not None:
        return f"{100 * measure.add:+g} points"
    if measure.set_ is not None:
        return f"set to {100 * measure.set_:g} %"
    if measure.scale is not None:
        return f"times {measure.scale:g}"
    if measure.budget is not None:
        what = INSTRUMENTS[measure.instrument].fiscal
        return f"with {what} of {100 * measure.budget:g} % of GDP"
    return "at the rate that makes the variants equal"


def knowledge_text(measure: KnowledgeMeasure) -> str:
    """Return the label of a measure about knowledge, or the measure in words."""
    return measure.label or _knowledge(measure)


def _knowledge(measure: KnowledgeMeasure) -> str:
    name = WORDS[measure.instrument]
    if measure.instrument == OPENNESS:
        assert measure.set_ is not None
        both = " and back" if measure.mutual else ""
        where = f"from {_codes(measure.source)} to {_codes(measure.learner)}{both}"
        return _timed(f"{name} ({where}) set to {measure.set_:g}", measure)
    where = f"region {_codes(measure.region)}"
    if measure.sector != "all":
        where += f"; sector {_codes(measure.sector)}"
    size = "with the outlay that makes the variants equal"
    if measure.add is not None:
        size = f"of {100 * measure.add:+g} points"
    elif measure.budget is not None:
        size = f"with outlay of {100 * measure.budget:g} % of GDP"
    return _timed(f"{name} ({where}) {size}", measure)


def response_text(response: Response) -> str:
    """Return a response's label, or the response in words."""
    return response.label or _response(response)


def _response(response: Response) -> str:
    by = _codes(response.by)
    sector = "" if response.sector is None else f", sector {_codes(response.sector)}"
    if response.kind == "retaliation":
        share = 1.0 if response.share is None else response.share
        to = _codes(response.to or "all")
        return f"retaliation by {by} against {to}, share {share:g}{sector}"
    against = _codes(response.against or "all")
    return f"countervailing duty by {by} against {against}, chi {response.chi or 0.0:g}{sector}"


def financing_text(financing: Financing) -> str:
    """Return the label of a way of financing, or the way in words."""
    return financing.label or _financing(financing)


def _financing(financing: Financing) -> str:
    instrument = INSTRUMENTS[financing.instrument]
    where = [
        f"{key} {_codes(value)}"
        for key in instrument.keys
        if key != instrument.owner and (value := getattr(financing, key)) != "all"
    ]
    name = financing.instrument.replace("_", " ")
    return f"budget of {financing.region} kept by {name} ({'; '.join(where) or 'all'})"


def equal_text(scenario: Scenario) -> str:
    """Return what the variants have in common in words."""
    equal = scenario.equal
    assert equal is not None
    if isinstance(equal.value, str):
        return f"{equal.what} of {equal.region} as in variant {equal.value}"
    if equal.what == "outlay":
        return f"outlay of {100 * equal.value:g} % of the GDP of {equal.region}"
    return f"equivalent variation of {equal.value:g} % in {equal.region}"


def policy_lines(scenario: Scenario) -> list[str]:
    """Return all that a scenario does, one line for each measure or member."""
    family = members(scenario)
    if len(family) == 1 and not family[0].variant:
        return _lines(scenario)
    return [
        f"{member.variant}: {'; '.join(_lines(member.scenario)) or 'nothing'}" for member in family
    ]


def _lines(scenario: Scenario) -> list[str]:
    lines = [_named(one.label, _measure(one)) for one in scenario.policy]
    lines += [_named(one.label, _knowledge(one)) for one in scenario.knowledge]
    lines += [_named(one.label, _response(one)) for one in scenario.responses]
    lines += [_named(one.label, _financing(one)) for one in scenario.financing]
    if scenario.equal is not None:
        lines.append(equal_text(scenario))
    closes = None if scenario.path is None else scenario.path.openness_response
    if closes is not None:
        lines.append(f"knowledge closes by {closes.chi:g} of the share of trade under new tariffs")
    return lines


def _named(label: str | None, text: str) -> str:
    """Return what is done, with the name by which tables call it."""
    return f"{label} = {text}" if label else text
