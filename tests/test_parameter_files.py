"""Files of parameters: one entry holds all there is to know of a parameter, its limits too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cge import InputError
from cge.core.files import read_as
from cge.core.parameters import LEVELS, ParameterSet
from cge.data.parameters.parameter_files import (
    ict_sectors,
    load_disruption_parameters,
    load_dynamics_parameters,
    load_knowledge_parameters,
)

SHIPPED = (load_knowledge_parameters, load_dynamics_parameters, load_disruption_parameters)


def entry(**changes: Any) -> dict[str, Any]:
    return {"value": 2.0, "low": 1.0, "high": 3.0, "unit": "years", "status": "assumed",
            "citation": "this test", **changes}  # fmt: skip


def read(folder: Path, **entries: dict[str, Any]) -> ParameterSet:
    path = folder / "parameters.yaml"
    path.write_text(yaml.safe_dump({"title": "Mine", "parameters": entries}))
    return read_as(ParameterSet, path)


def test_a_new_parameter_is_one_entry_of_a_file(tmp_path: Path) -> None:
    found = read(tmp_path, delay=entry(above=0, most=50), weight=entry())
    assert [found.at("delay", level) for level in LEVELS] == [1.0, 2.0, 3.0]
    changed = found.with_values({"delay": 5, "weight": 0.5})
    assert changed["delay"] == changed.at("delay", "high") == 5.0
    assert changed["weight"] == changed.at("weight", "low") == 0.5
    assert changed.entries["delay"].citation == "given by the user"
    assert found["delay"] == 2.0


@pytest.mark.parametrize(
    ("limits", "value", "allowed"),
    [
        ({}, -0.1, "a number 0 or more"),
        ({"above": 0}, 0, "a number above 0"),
        ({"least": 0.5}, 0.4, "a number 0.5 or more"),
        ({"most": 10}, 10.1, "a number 0 or more, at most 10"),
        ({}, float("nan"), "a number"),
        ({}, True, "a number"),
        ({}, "2", "a number"),
    ],
)
def test_a_value_beyond_the_limits_of_its_entry_is_refused(
    limits: dict[str, float], value: Any, allowed: str, tmp_path: Path
) -> None:
    found = read(tmp_path, delay=entry(**limits))
    with pytest.raises(InputError, match=f"parameters.delay.*not possible.*allowed: {allowed}"):
        found.with_values({"delay": value})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry(low=2.5), r"parameters.delay.*low <= value <= high"),
        (
            entry(most=2.9),
            r"parameters.delay.*low and high must be a number 0 or more, at most",
        ),
        (entry(limit=3), r"parameters.delay.limit.*unknown key.*least, above, most"),
        (entry(status="guessed"), r"parameters.delay.status.*'guessed'"),
        ({k: v for k, v in entry().items() if k != "citation"}, r"parameters.delay.citation"),
    ],
)
def test_an_entry_that_does_not_fit_is_one_message_with_file_and_key(
    wrong: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"parameters.yaml.*{message}"):
        read(tmp_path, delay=wrong)


@pytest.mark.parametrize("load", SHIPPED)
def test_the_ends_of_every_shipped_range_may_be_given_and_nothing_negative(load: Any) -> None:
    shipped = load()
    for name, one in shipped.entries.items():
        for level in LEVELS:
            assert shipped.with_values({name: one.at(level)})[name] == one.at(level)
        with pytest.raises(InputError, match=name):
            shipped.with_values({name: -1e-9})


def test_shares_and_rates_of_depreciation_stay_below_one() -> None:
    for load, names in (
        (load_knowledge_parameters, ("growth", "depreciation_applied", "embodied_share")),
        (load_dynamics_parameters, ("depreciation", "sourcing_inertia", "discount_rate")),
        (load_disruption_parameters, ("cvar_level", "recovered")),
    ):
        for name in names:
            with pytest.raises(InputError, match=f"{name}.*at most 1"):
                load().with_values({name: 1.01})


def test_a_file_of_values_is_named_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("growth: 0.04\n")
    assert load_knowledge_parameters().with_given(path)["growth"] == 0.04
    assert load_knowledge_parameters().with_given(None)["growth"] == 0.03
    path.write_text("grwth: 0.04\n")
    with pytest.raises(InputError, match=r"values.yaml.*parameters.*'grwth'.*growth"):
        load_knowledge_parameters().with_given(path)


def test_sectors_of_information_technology_are_listed_by_table() -> None:
    assert ict_sectors("wiod2013") == ("c14",)
    assert ict_sectors("mine") == ()
