"""The disruption library: what is read, what it becomes on a benchmark, and how it is weighed."""

from __future__ import annotations

import copy
import json
import pickle
import re
from dataclasses import asdict, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cge import Benchmark, InputError, load_benchmark
from cge.core.parameters import LEVELS
from cge.data.library import load_library
from cge.data.parameters.backstop_premiums import premiums
from cge.data.parameters.parameter_files import load_disruption_parameters
from cge.resilience.disruptions import Disruption, Event, expand, left_out, weights

#: Of these all groups that the shipped library names exist.
SHIPPED = [("wiod2013", name) for name in ("default", "small", "full")] + [
    ("wiod2014", "default"), ("world2022", "default"), ("world2022", "small"),
]  # fmt: skip
#: A library of one entry, to be changed.
ONE: dict[str, Any] = {
    "weightings": {"default": {"domestic": 1, "foreign_supply": 3, "global": 0}},
    "disruptions": [{
        "name": "loss-{region}-{sector}",
        "each": {"regions": ["west", "CHN"], "sectors": "strategic"},
        "families": {"hit": "domestic", "other": "foreign_supply"},
        "events": [{"type": "supply", "region": "{region}", "sector": "{sector}", "loss": 0.5}],
    }],
}  # fmt: skip


@lru_cache
def benchmark(aggregation: str = "small", table: str = "wiod2013") -> Benchmark:
    return load_benchmark(table, aggregation=aggregation)


@lru_cache
def shipped(aggregation: str = "small") -> dict[str, Disruption]:
    return {one.name: one for one in expand(load_library(), benchmark(aggregation))}


def of_events(*events: dict[str, Any], **entry: Any) -> dict[str, Any]:
    """Return a library of one disruption with these events."""
    one = {"name": "one", "families": {"all": "global"}, "events": list(events)} | entry
    return {"weightings": {"default": {"global": 1}}, "disruptions": [one]}


def event_of(**event: Any) -> Event:
    """Return what an event becomes on the small benchmark."""
    (disruption,) = expand(load_library(of_events(event)), benchmark())
    (found,) = disruption.events
    return found


# -- the library that ships


@pytest.mark.parametrize(("table", "aggregation"), SHIPPED)
def test_the_shipped_library_applies_in_full_to_every_shipped_aggregation(
    table: str, aggregation: str
) -> None:
    b = benchmark(aggregation, table)
    library = load_library()
    # The small world has no sector of energy, ores and metals.
    materials = {"materials"} & {*b.groups["sectors"]}
    assert all("'materials'" in told for told in left_out(library, b))
    assert bool(left_out(library, b)) == (not materials)
    disruptions = expand(library, b)
    strategic = len(b.groups["sectors"]["strategic"])
    assert len(disruptions) == 2 * 8 + len(b.regions) + 2 * 2 * strategic + 3 * len(materials) + 8
    assert len({one.name for one in disruptions}) == len(disruptions)
    for one in disruptions:
        assert one.title and one.note and "{" not in one.name + one.title
    kinds = {event.type for one in disruptions for event in one.events}
    assert kinds == {"supply", "ration", "demand", "cost", "factor", "knowledge"}


def test_the_default_world_has_fifty_disruptions_and_the_small_one_thirty_seven() -> None:
    assert len(shipped("default")) == 50
    assert len(shipped("small")) == 37


@pytest.mark.parametrize("aggregation", ["default", "small", "full"])
def test_the_severities_of_one_thing_count_once_and_how_often_is_told_with_its_range(
    aggregation: str,
) -> None:
    library, disruptions = load_library(), shipped(aggregation).values()
    shares: dict[str, float] = {}
    for one in disruptions:
        root = re.sub(r"-(25|40)$", "", one.name)
        shares[root] = shares.get(root, 0.0) + one.share
    assert set(shares) <= {one.name for one in disruptions}
    assert list(shares.values()) == pytest.approx([1.0] * len(shares), abs=1e-15)
    often = sum(one.frequency for one in disruptions)
    assert often == pytest.approx(sum(
        one.frequency.value for one in library.entries
        if one.frequency and any(d.name.startswith(one.name.partition("{")[0]) for d in disruptions)
    ))  # fmt: skip
    assert 0.2 < sum(one.years_in for one in disruptions) < 1
    every = [one for one in library.entries if one.families]
    assert all(one.frequency and one.frequency.low < one.frequency.high for one in every)
    for one in library.entries:
        assert len(one.severities) == len(one.parts) and sum(one.parts.values()) == pytest.approx(1)
    mild, whole, *_ = disruptions
    assert mild.events[0].size == pytest.approx(0.4 * whole.events[0].size)
    assert mild.title.endswith("(40 % as severe)")


@pytest.mark.parametrize("aggregation", ["default", "small"])
def test_every_region_has_a_shock_of_its_own_and_probabilities_under_every_weighting(
    aggregation: str,
) -> None:
    """Without domestic shocks every protectionist policy looks resilient."""
    library, b = load_library(), benchmark(aggregation)
    disruptions = list(shipped(aggregation).values())
    assert len(library.weightings) >= 3
    for name in library.weightings:
        for region in b.regions:
            shares, _ = weights(disruptions, library.weighting(name), region)
            assert shares.sum() == pytest.approx(1, abs=1e-12)
            own = [n for n, one in enumerate(disruptions) if one.families[region] == "domestic"]
            assert disruptions[own[-1]].name == f"country-{region}"
            asked = library.weighting(name)
            assert shares[own].sum() >= asked["domestic"] / sum(asked.values()) / 1.0001


def test_a_benchmark_without_the_groups_gets_what_can_be_had_and_is_told_the_rest() -> None:
    b = replace(benchmark(), groups={})
    library = load_library()
    assert [one.name for one in expand(library, b)] == [f"country-{r}" for r in b.regions]
    told = left_out(library, b)
    assert len(told) == len(library.entries) - 1
    assert "knowledge-west-china: unknown code or group of regions ('west')" in told


def test_goods_that_go_by_land_do_not_go_by_sea() -> None:
    def by_land(aggregation: str) -> set[frozenset[str]]:
        routes = shipped(aggregation)["sea-transport"].events[0].routes
        pairs = {frozenset(pair) for pair in combinations(benchmark(aggregation).regions, 2)}
        hit = {frozenset(route) for route in routes}
        assert len(routes) == 2 * len(hit)  # both directions
        return pairs - hit

    west_and_east = {frozenset(pair) for pair in (("USA", "MEX"), ("EU", "RUS"), ("CHN", "RUS"))}
    assert by_land("default") == west_and_east  # Canada is with Mexico
    # Canada and Russia are in the rest of the world, which for the most part lies overseas.
    assert by_land("small") == set()
    full = by_land("full")
    assert {frozenset(("USA", "CAN")), frozenset(("DEU", "FRA")), frozenset(("RUS", "POL"))} < full
    assert len(full) == 27 * 26 / 2 + 2 * 27 + 1 + 3


def test_no_disruption_moves_anything_within_a_region() -> None:
    for one in shipped().values():
        for event in one.events:
            assert all(start != end for start, end in event.routes)


def test_disruptions_travel_between_processes_and_into_json() -> None:
    disruptions = expand(load_library(), benchmark())
    assert pickle.loads(pickle.dumps(disruptions)) == disruptions
    assert len({hash(one) for one in disruptions}) == len(disruptions)
    told = json.loads(json.dumps([asdict(one) for one in disruptions]))
    assert told[0]["events"][0]["type"] == "supply"
    assert told[0]["families"] == disruptions[0].families


# -- expansion


def test_the_largest_suppliers_are_those_that_export_most() -> None:
    b = benchmark()
    goods = b.groups["sectors"]["goods"]
    exports = {}
    for r, region in enumerate(b.regions):
        if region == "ROW":  # a residual, not somebody who supplies
            continue
        for sector in goods:
            i = b.sectors.index(sector)
            abroad = [s for s in range(len(b.regions)) if s != r]
            exports[f"supplier-{region}-{sector}"] = b.fob[:, r, i, abroad].sum()
    largest = sorted(exports, key=lambda name: exports[name], reverse=True)[:8]
    found = [one.name for one in shipped().values() if one.name.startswith("supplier-")]
    assert found[1::2] == largest and found[::2] == [f"{name}-40" for name in largest]


def test_an_entry_is_repeated_over_regions_times_sectors() -> None:
    found = expand(load_library(ONE), benchmark())
    assert [one.name for one in found] == [
        f"loss-{region}-{sector}" for region in ("USA", "EU", "CHN") for sector in ("ELEC", "HMAN")
    ]
    assert found[0].events == (Event("supply", 0.5, ("USA",), ("ELEC",)),)
    assert found[0].title == "loss-USA-ELEC"
    assert found[0].duration == 1


def test_events_are_resolved_into_codes() -> None:
    b = benchmark()
    ration = event_of(type="ration", exporter="west", importer=["CHN", "EU"], sector="ELEC",
                      loss=0.9, rents="exporter")  # fmt: skip
    assert ration.routes == (("USA", "CHN"), ("USA", "EU"), ("EU", "CHN"))
    assert (ration.sectors, ration.rents, ration.size) == (("ELEC",), "exporter", 0.9)
    demand = event_of(type="demand", importer="all but EU", exporter="EU", loss=1)
    assert demand.routes == tuple(("EU", region) for region in ("CHN", "USA", "ASIA", "ROW"))
    assert (demand.sectors, demand.rents) == (b.sectors, "importer")
    factor = event_of(type="factor", factor="all", region="EU", loss=0.2)
    assert (factor.factors, factor.regions, factor.sectors) == (b.factors, ("EU",), ())
    cost = event_of(type="cost", exporter="CHN", importer="all", add=0.3, **{"except": []})
    assert (cost.size, cost.rents, len(cost.routes)) == (0.3, "", len(b.regions) - 1)
    knowledge = event_of(type="knowledge", source="west", learner="CHN", openness=0.2, mutual=True)
    assert set(knowledge.routes) == {(a, b) for one in ("USA", "EU")
                                     for a, b in ((one, "CHN"), ("CHN", one))}  # fmt: skip


def test_a_total_ban_leaks_a_little() -> None:
    assert Event("ration", 1.0).remaining(0.001) == 0.001
    assert Event("ration", 0.4).remaining(0.001) == pytest.approx(0.6)


def test_only_knowledge_needs_years_to_act() -> None:
    over_time = [name for name, one in shipped().items() if one.over_time_only]
    assert over_time == ["knowledge-west-china"]


def test_a_region_sees_a_disruption_by_its_role_in_it() -> None:
    found = shipped("default")
    hit = found["country-USA"].families
    assert {hit.pop("USA")} == {"domestic"} and set(hit.values()) == {"foreign_supply"}
    west = set(benchmark("default").groups["regions"]["west"])
    for name, targets in {
        "controls-west-china-ELEC": {"CHN"},  # the importer is cut off
        "controls-china-west-ELEC": west,
        "ban-west-china": {"CHN"},  # the exporter is
        "ban-china-west": west,
    }.items():
        seen = {region for region, family in found[name].families.items() if family}
        assert seen == targets, name
        assert {found[name].families[region] for region in targets} == {"export_control"}
    assert set(found["pandemic"].families.values()) == {"global"}
    assert set(found["knowledge-west-china"].families.values()) == {""}


def test_a_region_of_several_roles_is_seen_by_the_first_that_has_a_family() -> None:
    events = (
        {"type": "supply", "region": "CHN", "loss": 0.1},
        {"type": "ration", "exporter": "USA", "importer": ["CHN", "EU"], "loss": 0.5},
    )
    library = of_events(*events, families={"target": "t", "hit": "h", "source": "s", "all": "a"})
    library["weightings"]["default"] = dict.fromkeys("thsa", 1)
    (one,) = expand(load_library(library), benchmark())
    assert one.families == {"CHN": "h", "USA": "s", "EU": "t", "ASIA": "a", "ROW": "a"}
    library["disruptions"][0]["families"] = {"source": "s", "other": "t"}
    (one,) = expand(load_library(library), benchmark())
    assert one.families == {"CHN": "", "USA": "s", "EU": "", "ASIA": "t", "ROW": "t"}


# -- weights


def test_families_share_by_weight_and_their_disruptions_equally() -> None:
    found = expand(load_library(ONE), benchmark())
    shares, dropped = weights(found, {"domestic": 1, "foreign_supply": 3, "global": 0}, "USA")
    np.testing.assert_allclose(shares, [1 / 8, 1 / 8, *[3 / 16] * 4], rtol=1e-14)
    assert dropped == ()


def test_families_that_are_empty_for_a_region_drop_out_and_are_told() -> None:
    found = expand(load_library(ONE), benchmark())
    shares, dropped = weights(found, {"domestic": 1, "foreign_supply": 3, "global": 4}, "ASIA")
    np.testing.assert_allclose(shares, 1 / 6, rtol=1e-14)
    assert dropped == ("domestic", "global")
    shares, dropped = weights(found, {"domestic": 1, "foreign_supply": 0}, "ASIA")
    assert not shares.any() and dropped == ("domestic",)


def test_weights_know_only_the_regions_and_families_there_are() -> None:
    found = expand(load_library(ONE), benchmark())
    for viewer, weighting, key in (("JPN", {"domestic": 1}, "viewer"), ("USA", {}, "weighting")):
        with pytest.raises(InputError) as caught:
            weights(found, weighting, viewer)
        assert caught.value.key == key
    with pytest.raises(InputError) as caught:
        load_library().weighting("likely")
    assert "geopolitical" in str(caught.value)


# -- what is refused


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the library of one entry with a change at a dotted place."""
    content = copy.deepcopy(ONE)
    *places, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner: Any = content
    for place in places:
        inner = inner[place]
    inner[last] = value
    return content


SUPPLY = {"type": "supply", "region": "CHN", "loss": 0.1}
RATION = {"type": "ration", "exporter": "USA", "importer": "CHN", "loss": 0.5}
EVENT = "disruptions.0.events.0"
OFTEN = {"value": 0.1, "low": 0.05, "high": 0.2, "status": "assumed", "citation": "none"}
WRONG = {
    "no disruptions": (changed("disruptions", []), "disruptions", "empty"),
    "no events": (changed("disruptions.0.events", []), "disruptions.0.events", "empty"),
    "unknown key": (changed("disruptions.0.where", 1), "disruptions.0.where", "optional"),
    "unknown role": (changed("disruptions.0.families", {"me": "a"}), "families", "target"),
    "unknown type": (changed(f"{EVENT}.type", "flood"), f"{EVENT}.type", "knowledge"),
    "a loss of more than all": (changed(f"{EVENT}.loss", 1.5), f"{EVENT}.loss", "equal to 1"),
    "a loss of all output": (changed(f"{EVENT}.loss", 1), EVENT, "loss below 1"),
    "a truth value": (changed(f"{EVENT}.loss", True), f"{EVENT}.loss", "number"),
    "no size": (changed(EVENT, {"type": "supply", "region": "CHN"}), EVENT, "'loss'"),
    "key of another type": (changed(EVENT, SUPPLY | {"rents": "lost"}), EVENT, "'rents'"),
    "no severities": (changed("disruptions.0.severities", {}), "severities", "empty"),
    "more severe than all": (
        changed("disruptions.0.severities", {1.5: 1}), "disruptions.0.severities", "equal to 1"
    ),
    "severities of openness": (
        of_events({"type": "knowledge", "source": "CHN", "learner": "USA", "openness": 0.5},
                  severities={0.5: 1, 1: 1}), "disruptions.0", "no severities",
    ),
    "how often without a range": (
        changed("disruptions.0.frequency", {"value": 0.1}), "disruptions.0.frequency", "low"
    ),
    "how often in disorder": (
        changed("disruptions.0.frequency", OFTEN | {"low": 0.5}), "disruptions.0.frequency",
        "in this order",
    ),
    "more years of trouble than there are": (
        changed("disruptions.0", {**ONE["disruptions"][0], "duration": 4,
                                  "frequency": OFTEN | {"value": 0.3, "high": 0.4}}),
        "disruptions", "more years than there are",
    ),
    "duration": (changed("disruptions.0.duration", 0), "disruptions.0.duration", "1"),
    "half a year": (changed("disruptions.0.duration", 1.5), "disruptions.0.duration", "whole"),
    "each of nothing": (changed("disruptions.0.each", {}), "disruptions.0.each", "sectors"),
    "one name for all": (changed("disruptions.0.name", "a"), "disruptions.0", "{region}"),
    "unknown placeholder": (
        changed("disruptions.0.title", "of {country}"), "disruptions.0", "{region}, {sector}"
    ),
    "no weightings": (changed("weightings", {}), "weightings", "empty"),
    "a family without weight": (
        changed("weightings.default", {"domestic": 1}), "weightings.default", "foreign_supply"
    ),
    "weights of zero": (
        changed("weightings.default", {"domestic": 0, "foreign_supply": 0}), "weightings.default",
        "zero",
    ),
    "negative weight": (
        changed("weightings.default.domestic", -1), "weightings.default.domestic", "0"
    ),
    "unknown region": (changed(f"{EVENT}.region", "JPN"), f"{EVENT}.region", "ASIA"),
    "unknown sector": (
        changed("disruptions.0.each.sectors", "CHIPS"), "disruptions.0.each.sectors", "strategic"
    ),
    "no region": (
        changed("disruptions.0.each.regions", "all but all"), "disruptions.0.each.regions", "names"
    ),
    "an empty list": (
        changed("disruptions.0.each.sectors", []), "disruptions.0.each.sectors", "names nothing"
    ),
    "trade with itself": (of_events(RATION | {"importer": "USA"}), EVENT, "two regions"),
    "one flow held twice": (
        of_events(RATION | {"sector": "goods"},
                  {"type": "demand", "exporter": "west", "importer": "CHN", "sector": "ELEC",
                   "loss": 1}),
        "disruptions.0.events.1", "ELEC from USA to CHN is rationed twice",
    ),
    "one name twice": (
        of_events(SUPPLY) | {"disruptions": of_events(SUPPLY)["disruptions"] * 2},
        "disruptions.1.name", "name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_library_that_is_wrong_is_refused_with_the_place(case: str, here: Path) -> None:
    content, key, says = WRONG[case]
    (here / "mine.yaml").write_text(json.dumps(content))
    with pytest.raises(InputError) as caught:
        expand(load_library("mine.yaml"), benchmark())
    message = str(caught.value)
    assert caught.value.file == "mine.yaml"
    assert caught.value.key is not None and key in caught.value.key
    assert says in message and "\n" not in message


def test_a_library_may_be_a_file_or_its_content(here: Path) -> None:
    (here / "mine.yaml").write_text(json.dumps(ONE))
    from_file, from_content = (load_library(given) for given in ("mine.yaml", ONE))
    assert expand(from_file, benchmark()) == expand(from_content, benchmark())


def test_an_entry_that_is_not_optional_needs_what_it_names() -> None:
    content = of_events(SUPPLY | {"region": "JPN"})
    with pytest.raises(InputError, match="unknown code or group of regions"):
        expand(load_library(content), benchmark())
    content["disruptions"][0]["optional"] = True
    content["disruptions"] += of_events(SUPPLY, name="two")["disruptions"]
    library = load_library(content)
    assert [one.name for one in expand(library, benchmark())] == ["two"]
    assert left_out(library, benchmark()) == ("one: unknown code or group of regions ('JPN')",)
    # Optional is a matter of names: what is wrong in itself is still refused.
    content["disruptions"][0]["events"] = [RATION | {"importer": "USA"}]
    with pytest.raises(InputError, match="no route"):
        expand(load_library(content), benchmark())


def test_exceptions_for_unknown_countries_are_refused_or_passed_over_and_told() -> None:
    cost = {"type": "cost", "exporter": "all", "importer": "all", "add": 0.1,
            "except": [["EU", "ASIA"], ["USA", "Atlantis"]]}  # fmt: skip
    content = of_events(cost)
    with pytest.raises(InputError, match=r"0\.except', value 'Atlantis'.*unknown region.*CHN"):
        expand(load_library(content), benchmark())
    content["disruptions"][0]["optional"] = True
    library = load_library(content)
    (one,) = expand(library, benchmark())
    assert len(one.events[0].routes) == 18
    assert left_out(library, benchmark()) == (
        "one: exception of a route with an unknown region ('Atlantis')",
    )


# -- parameters


def test_parameters_have_a_range_a_source_and_limits() -> None:
    parameters = load_disruption_parameters()
    frame = parameters.frame()
    assert set(frame["status"]) == {"assumed"}
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    assert parameters["cvar_level"] == 0.8
    for name in frame["name"]:
        for level in LEVELS:  # the ends of the ranges are possible values
            parameters.with_values({name: parameters.at(name, level)})
    changed_one = parameters.with_values({"leakage": 0.05})
    assert changed_one["leakage"] == changed_one.at("leakage", "high") == 0.05
    for name, value in (("leakage", 0), ("cvar_level", 1.2), ("backstop_floor", 1.0),
                        ("recovered", "much"), ("luck", 1)):  # fmt: skip
        with pytest.raises(InputError) as caught:
            parameters.with_values({name: value})  # type: ignore[dict-item]
        assert name in str(caught.value)


def test_a_backstop_is_dearer_the_more_of_a_sector_is_information_technology() -> None:
    parameters = load_disruption_parameters()
    full = premiums(benchmark("full"), ["c13", "c14"])
    plain, ict = parameters["backstop_premium"], parameters["backstop_premium_ict"]
    assert full == {"c13": plain, "c14": ict}
    # In the small world electronics and machinery are one sector, with the mean of the two.
    b = benchmark("full")
    output = b.flows.sum(axis=(0, 1, 3))[[b.sectors.index("c13"), b.sectors.index("c14")]]
    expected = (output * [plain, ict]).sum() / output.sum()
    assert premiums(benchmark(), ["ELEC"])["ELEC"] == pytest.approx(expected, rel=1e-9)
    by_level = [premiums(benchmark(), ["ELEC"], level)["ELEC"] for level in LEVELS]
    assert by_level == sorted(by_level) and len(set(by_level)) == 3
    with pytest.raises(InputError, match="no such sector"):
        premiums(benchmark(), ["CHIPS"])


def test_a_table_of_ones_own_says_by_a_group_what_is_information_technology() -> None:
    b = replace(benchmark(), origin={})
    assert set(premiums(b, b.sectors).values()) == {1.5}
    b = replace(b, groups={"sectors": {"ict": ("ELEC",)}})
    assert premiums(b, ["ELEC", "VEH"]) == {"ELEC": 2.5, "VEH": 1.5}
