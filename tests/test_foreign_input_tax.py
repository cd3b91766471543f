"""A tax on the use of foreign inputs by origin."""

from __future__ import annotations

import numpy as np
import pytest
from policies import scenario, small_model
from pydantic import ValidationError

from cge import Solution
from cge.policy.case import solve_case


def solved(*policy: dict) -> Solution:
    return solve_case(small_model(), scenario(*policy)).solution


def test_a_tax_on_foreign_inputs_is_a_tariff_on_what_sectors_buy_and_raises_the_same() -> None:
    cells = {"exporter": "CHN", "sector": "ELEC", "importer": "USA", "add": 0.3}
    taxed = solved({"instrument": "foreign_input_tax", **cells})
    tariff = solved({"instrument": "tariff", "use": "int", **cells})
    np.testing.assert_array_equal(taxed.levels, tariff.levels)
    power = taxed.frame("tariff").set_index(["u", "r", "i", "s"])["value"]
    start = taxed.frame("tariff").set_index(["u", "r", "i", "s"])["benchmark"]
    moved = (power - start)[lambda change: change.abs() > 1e-12]
    assert moved.index.tolist() == [("int", "CHN", "ELEC", "USA")]


def test_it_spares_consumers_and_lowers_the_use_of_that_origin_alone() -> None:
    taxed = solved(
        {"instrument": "foreign_input_tax", "exporter": "CHN", "sector": "ELEC",
         "importer": "USA", "add": 0.3}
    )  # fmt: skip
    volume = taxed.frame("route_volume").set_index(["u", "r", "i", "s"])
    change = (
        (volume["value"] / volume["benchmark"])["int"].xs("ELEC", level="i").xs("USA", level="s")
    )
    assert change["CHN"] < 0.7 and change.drop("CHN").min() > 1


def test_it_has_no_use_class_to_choose() -> None:
    with pytest.raises(ValidationError, match="has no 'use'"):
        solved({"instrument": "foreign_input_tax", "use": "con", "add": 0.3})
