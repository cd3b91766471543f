"""Cuts of single links: who is cut off from what, and what time makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from cge import Closure, Model, load_benchmark
from cge.dynamics.stand_ins import StandIns
from cge.resilience.impact import disrupted, impact_of
from cge.resilience.links import bans, link_cuts, long_run_loss, withholdings
from cge.resilience.preshock import pre_shock


@pytest.fixture(scope="module")
def models():
    b = load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")
    backstop = b.groups["sectors"]["strategic"]
    return tuple(Model.build(b, horizon, backstop=backstop) for horizon in ("long", "short"))


def in_reach(long):
    """The long run with stand-ins within reach."""
    stand_ins = StandIns(dict.fromkeys(long.backstop, 2.0), 0.5, 1.15)
    return long.solve(stand_ins.laid(long, long.arrays.start))


def test_every_foreign_supplier_of_an_importer_is_cut_once(models):
    b = models[0].benchmark
    found = link_cuts(b, ["CHN", "USA"], ["ELEC"])
    assert [one.name for one in found] == [
        f"link-{r}-ELEC-{s}" for s in ("CHN", "USA") for r in b.regions if r != s
    ]
    assert all(one.events[0].size == 0.5 and not any(one.families.values()) for one in found)


def test_a_region_withholds_from_all_others_and_bans_one(models):
    b = models[0].benchmark
    held = {one.name: one for one in withholdings(b, ["ELEC"])}
    assert len(held["withhold-CHN-ELEC"].events[0].routes) == len(b.regions) - 1
    assert len(bans(b, ["ELEC", "HMAN"])) == len(b.regions) * (len(b.regions) - 1)
    assert bans(b, ["ELEC", "HMAN"])[0].events[0].sectors == ("ELEC", "HMAN")


def test_time_makes_a_cut_cheaper(models):
    """The same cut costs less once relations and capital have adapted to it (Le Chatelier)."""
    long, short = models
    solution = in_reach(long)
    pre = pre_shock(solution, short)
    (cut,) = (
        one
        for one in link_cuts(long.benchmark, ["USA"], ["ELEC"])
        if one.name == "link-CHN-ELEC-USA"
    )
    home = long.benchmark.regions.index("USA")
    now = pre.losses(disrupted(pre, impact_of(pre, cut, 1e-3)))[home]
    later = long_run_loss(solution, cut.events[0])[home]
    assert 0 < later < 0.5 * now


def test_a_link_that_has_adapted_is_one_of_the_long_run(models):
    _, short = models
    solution = short.solve({}, Closure("short", specific_factors=("CAP",)))
    with pytest.raises(ValueError, match="long run"):
        long_run_loss(solution, bans(short.benchmark, ["ELEC"])[0].events[0])


def test_the_larger_supplier_is_missed_more(models):
    long, short = models
    pre = pre_shock(in_reach(long), short)
    b = long.benchmark
    i, s = b.sectors.index("ELEC"), b.regions.index("USA")
    value = b.fob.sum(axis=0)[:, i, s]
    cuts = link_cuts(b, ["USA"], ["ELEC"])
    lost = [pre.losses(disrupted(pre, impact_of(pre, one, 1e-3)))[s] for one in cuts]
    sizes = [value[b.regions.index(one.events[0].routes[0][0])] for one in cuts]
    assert list(np.argsort(lost)) == list(np.argsort(sizes))
