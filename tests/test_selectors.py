"""One grammar names codes: keys of measures, closures, swaps and the Python interface alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import small_model

from cge import InputError
from cge.core.selectors import UnknownCode, codes, joined, split
from cge.policy.cells import cells
from cge.policy.closures import closure_of
from cge.scenario.actions import Measure
from cge.scenario.schema import ClosureChoice

REGIONS = ("CHN", "USA", "EU", "ASIA", "ROW")
SECTORS = ("PRIM", "LMAN", "HMAN", "ELEC", "VEH", "SERV")


def forms(chosen: Sequence[str], known: Sequence[str], bracketed: bool) -> list[str | list[str]]:
    """Return every way to name some codes; inside brackets commas part the axes."""
    rest = [code for code in known if code not in chosen]
    signs = ("|", " | ") if bracketed else ("|", " | ", ", ", ",")
    ways: list[str | list[str]] = [sign.join(chosen) for sign in signs]
    if rest:
        ways += [f"{but}{sign.join(rest)}" for but in ("all but ", "!", "! ") for sign in signs]
    else:
        ways += ["all", "*", " all "]
    return ways if bracketed else [*ways, list(chosen)]


def test_the_codes_of_this_test_are_those_of_the_benchmark() -> None:
    b = small_model().benchmark
    assert (b.regions, b.sectors) == (
        tuple(b.codes("regions", "*")),
        tuple(b.codes("sectors", "*")),
    )
    assert set(REGIONS) == set(b.regions) and set(SECTORS) == set(b.sectors)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(REGIONS), min_size=1, unique=True),
       st.lists(st.sampled_from(SECTORS), min_size=1, unique=True))  # fmt: skip
def test_every_form_names_the_same_cells_in_both_places(
    regions: list[str], sectors: list[str]
) -> None:
    model = small_model()
    family = model.variables["productivity"]
    wanted = family.where(s=regions, j=sectors).tolist()
    for region in forms(regions, REGIONS, bracketed=False):
        for sector in forms(sectors, SECTORS, bracketed=False)[-4:]:
            measure = Measure(instrument="productivity", region=region, sector=sector, add=0.1)
            assert cells(model, measure, "policy.0").tolist() == wanted
    for region in forms(regions, REGIONS, bracketed=True):
        for sector in forms(sectors, SECTORS, bracketed=True):
            text = f"productivity[{region}, {sector}]"
            assert model.variables.select(text)[1].tolist() == wanted


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(REGIONS), min_size=1, unique=True),
       st.lists(st.sampled_from(SECTORS), min_size=1, unique=True))  # fmt: skip
def test_the_selector_of_cells_selects_them(regions: list[str], sectors: list[str]) -> None:
    layout = small_model().variables
    positions = layout["productivity"].where(s=regions, j=sectors)
    text = layout.selector("productivity", positions)
    assert text is not None and layout.select(text)[1].tolist() == positions.tolist()
    assert joined(*split(text)) == text


def test_cells_that_are_no_combination_of_codes_have_no_selector() -> None:
    layout = small_model().variables
    family = layout["productivity"]
    corners = [family.where(s=["CHN"], j=["ELEC"]), family.where(s=["USA"], j=["VEH"])]
    assert layout.selector("productivity", np.concatenate(corners)) is None


@pytest.mark.parametrize(
    ("given_", "same"),
    [("goods", "all but services"), ("!goods", "services"), ("goods|services", "*"),
     ("all but goods, services", []), (["goods", "SERV"], "all"),
     ("ELEC, goods", ["ELEC", "goods"]),
     ("!services|ELEC", "PRIM|LMAN|HMAN|VEH"), (["all"], "all"), ([], [])],
)  # fmt: skip
def test_groups_stand_for_their_codes(given_: Any, same: Any) -> None:
    b = small_model().benchmark
    one, other = b.codes("sectors", given_, "sector"), b.codes("sectors", same, "sector")
    assert sorted(one) == sorted(other) and len(set(one)) == len(one)
    if isinstance(given_, str) and one:
        inside = given_.replace(", ", "|")
        chosen = small_model().variables.select(f"tariff[all, CHN, {inside}, USA|EU]")[1]
        listed = small_model().variables.select(f"tariff[*, CHN, {'|'.join(one)}, USA|EU]")[1]
        assert chosen.tolist() == listed.tolist()


def test_codes_come_in_the_order_in_which_they_are_named() -> None:
    b = small_model().benchmark
    assert b.codes("regions", "USA, CHN, USA") == ["USA", "CHN"]
    assert b.codes("regions", "all but USA") == [code for code in b.regions if code != "USA"]


def test_a_name_that_holds_a_comma_is_a_name() -> None:
    known = ["iron, steel", "iron"]
    assert codes("iron, steel", known, {}, "sectors", "sector") == ["iron, steel"]
    assert codes("all but iron", known, {}, "sectors", "sector") == ["iron, steel"]


@pytest.mark.parametrize("wrong", ["USB", "USA|USB", "USA, USB", "!USB", "all but USB", ["USB"]])
def test_an_unknown_code_is_told_alike_in_a_key(wrong: Any) -> None:
    measure = Measure(instrument="tariff", exporter=wrong, add=0.1)
    with pytest.raises(UnknownCode) as told:
        cells(small_model(), measure, "policy.0")
    assert (told.value.key, told.value.value) == ("policy.0.exporter", "USB")
    message = str(told.value)
    assert "unknown code or group of regions; did you mean 'USA'? (allowed: all, " in message
    assert all(name in message for name in small_model().benchmark.groups["regions"])
    assert "\n" not in message


@pytest.mark.parametrize("wrong", ["USB", "USA|USB", "!USB", "all but USA|USB"])
def test_an_unknown_code_is_told_alike_in_brackets(wrong: str) -> None:
    text = f"tariff[*, {wrong}, ELEC, EU]"
    with pytest.raises(UnknownCode) as told:
        small_model().levels({text: 1.1})
    assert (told.value.key, told.value.value) == ("changes", "USB")
    message = str(told.value)
    assert f"unknown code or group of regions in '{text}'; did you mean 'USA'?" in message
    assert all(name in message for name in small_model().benchmark.groups["regions"])


@pytest.mark.parametrize(
    "wrong",
    ["", "!", "USA|", "USA,", "all but", "!!USA", "all but all but USA", ["USA", "all but CHN"],
     ["USA|CHN"], "usa"],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused(wrong: Any) -> None:
    with pytest.raises(UnknownCode, match="unknown code or group of regions"):
        small_model().benchmark.codes("regions", wrong, "exporter")


@pytest.mark.parametrize(
    ("selector", "says"),
    [("tarif[*, CHN, ELEC, USA]", "unknown name; did you mean 'tariff'"),
     ("Tariff[*, CHN, ELEC, USA]", "unknown name; did you mean 'tariff'"),
     ("tariff[*, CHN, ELEC, USA", "not a name with codes in brackets"),
     ("tariff(*, CHN, ELEC, USA)", "not a name with codes in brackets"),
     ("tariff[*, CHN, all but ELEC, MACH, USA]", "5 codes for 4 axes"),
     ("tariff[*, CHN, !all, USA]", "selects no cell")],
)  # fmt: skip
def test_a_selector_that_is_none_is_told(selector: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as told:
        small_model().levels({selector: 1.1})
    assert told.value.key == "changes" and told.value.value == selector


@pytest.mark.parametrize("given_", ["CAP", "all but LAB", "!LAB", ["CAP"]])
def test_factors_and_regions_of_a_closure_are_named_as_everywhere(given_: Any) -> None:
    choice = ClosureChoice(
        specific_factors=given_, wage_floor={"regions": "all but CHN|USA", "factor": "LAB"}
    )
    closure = closure_of(choice, small_model().benchmark)
    assert closure.specific_factors == ("CAP",)
    assert closure.wage_floor is not None and set(closure.wage_floor.regions or ()) == {
        "EU", "ASIA", "ROW"
    }  # fmt: skip


def test_a_measure_of_one_region_is_named_as_everywhere() -> None:
    solution = small_model().solve()
    assert solution.outcome("real_gdp[!CHN|ASIA|EU|ROW]") == solution.outcome("real_gdp[USA]")
    with pytest.raises(InputError, match="selects 5 cells, not one"):
        solution.outcome("real_gdp")
    with pytest.raises(InputError, match=r"'USB'.*did you mean 'USA'"):
        solution.outcome("real_gdp[USB]")
