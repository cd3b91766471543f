"""Capital owned abroad: accounts, balance of payments, welfare, and capital that moves."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Outcome
from numpy.typing import NDArray
from policies import scenario
from tools import TARIFF_WAR, small_model

import cge as library
from cge import Benchmark, Model, Solution, decompose, open_benchmark, rebase, tabulate
from cge.core.errors import InputError
from cge.core.selectors import UnknownCode
from cge.data.accounts.ownership_accounts import Ownership
from cge.data.benchmark_store import save_benchmark
from cge.policy.benchmarks import benchmarks_of
from cge.policy.case import SolvedCase, solve_case
from cge.policy.closures import closure_of
from cge.scenario.schema import ClosureChoice
from cge.solve.checks import run_checks

Array = NDArray[np.float64]
#: China owns a third of what capital earns in two sectors of Asia, the United States some of China.
OWNED = (
    {"region": "ASIA", "sector": ["ELEC", "VEH"], "owner": "CHN", "share": 0.3},
    {"region": "CHN", "sector": "ELEC", "owner": "USA", "share": 0.2},
    {"region": "CHN", "sector": "ELEC", "owner": "EU", "share": 0.5},
)
#: A claim of nothing yet.
OPEN = {"region": "ASIA", "sector": ["ELEC", "VEH"], "owner": "CHN", "share": 0}
FDI = {"instrument": "foreign_ownership", "owner": "CHN", "region": "ASIA", "sector": "ELEC",
       "add": 0.2}  # fmt: skip


def accounts(*entries: dict[str, Any]) -> Benchmark:
    """Benchmark of a scenario with these owners."""
    return benchmarks_of(scenario(ownership=list(entries)))["fontagne"]


@lru_cache(maxsize=2)
def model(horizon: str = "long") -> Model:
    return Model.build(accounts(*OWNED), horizon)


@lru_cache(maxsize=1)
def war() -> Solution:
    return model().solve(TARIFF_WAR)


def solved(*policy: dict[str, Any], **keys: Any) -> SolvedCase:
    """A policy where China may own capital in Asia."""
    asked = scenario(*policy, ownership=[OPEN], **keys)
    return solve_case(Model.shared(benchmarks_of(asked)["fontagne"]), asked)


# -- the benchmark ---------------------------------------------------------------------------


def test_the_accounts_stay_those_of_the_data_and_transfers_make_room_for_the_income() -> None:
    plain, b = accounts(), accounts(*OWNED)
    assert plain.ownership is None and b.balance.tolist() == plain.balance.tolist()
    income = b.income_from_abroad
    asia, china = b.regions.index("ASIA"), b.regions.index("CHN")
    capital = b.factor_payments[..., b.factors.index("CAP")]
    elec, veh = b.sectors.index("ELEC"), b.sectors.index("VEH")
    assert income[asia] == pytest.approx(-0.3 * (capital[asia, elec] + capital[asia, veh]))
    assert income[china] == pytest.approx(-income[asia] - 0.7 * capital[china, elec])
    assert income.sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(b.given_balance + income, plain.given_balance, rtol=1e-14)
    start = model().solve({})
    np.testing.assert_allclose(start.measure("equivalent_variation"), 0, atol=1e-10)
    assert start.diagnostics.iterations == 0


def test_without_owners_a_benchmark_is_the_same_to_the_last_bit() -> None:
    plain, none = accounts(), accounts({**OPEN, "share": 0.0})
    assert plain.fingerprint != none.fingerprint  # the claim is there, and may be raised
    one, other = Model.build(plain).solve(TARIFF_WAR), Model.build(none).solve(TARIFF_WAR)
    for name in ("output", "basic_price", "welfare"):
        np.testing.assert_allclose(one.values(name), other.values(name), rtol=1e-12)
    for name in ("not_owned", "foreign_capital_income", "income_from_abroad"):
        assert len(one.model.family(name)) == 0
    assert accounts().fingerprint == plain.fingerprint == small_model().benchmark.fingerprint


def test_a_benchmark_with_owners_is_saved_and_opened(tmp_path: Path) -> None:
    b = accounts(*OWNED, {**OPEN, "sector": "SERV"})
    again = open_benchmark(save_benchmark(b, tmp_path / "owned"))
    assert again.fingerprint == b.fingerprint != accounts(*OWNED).fingerprint
    assert again.ownership is not None and b.ownership is not None
    assert again.ownership.claims.tolist() == b.ownership.claims.tolist()


# -- equilibria ------------------------------------------------------------------------------


def test_the_model_passes_every_check_with_owners_abroad() -> None:
    b = accounts(*OWNED)
    choice = ClosureChoice(kind="short_run")
    failed = [one for one in run_checks(b, closure_of(choice, b)) if not one.passed]
    assert failed == []


def test_the_current_account_is_the_trade_balance_and_income_and_mirrors_transfers() -> None:
    of = war().array
    np.testing.assert_allclose(
        of("current_account"),
        np.where(of("income_from_abroad") != 0, of("trade_balance") + of("income_from_abroad"), 0),
        rtol=1e-12,
    )
    scale = war().model.benchmark.absorption.sum()
    payments = of("trade_balance") + of("income_from_abroad") + of("transfer")
    np.testing.assert_allclose(payments / scale, 0, atol=1e-12)
    assert abs(of("income_from_abroad").sum()) < 1e-9 * scale
    moved = of("trade_balance") - war().model.start.array("trade_balance")
    assert abs(moved[[0, 3]]).min() > 100  # the income has moved, and trade against it
    gdp = of("gdp") + of("income_from_abroad")
    here = of("national_income") != 0
    np.testing.assert_allclose(of("national_income")[here], gdp[here], rtol=1e-12)


def test_income_from_abroad_does_what_a_transfer_of_the_same_money_would_do() -> None:
    """The oracle is a world without owners, in which transfers are moved by hand."""
    b, there = model().benchmark, war()
    paid = there.array("transfer") + there.array("income_from_abroad")
    levels = {f"balance[{s}]": float(x / a)
              for s, x, a in zip(b.regions, paid, b.absorption, strict=True)}  # fmt: skip
    other = small_model().solve({**TARIFF_WAR, **levels})
    for name in ("basic_price", "output", "factor_return", "welfare", "trade_balance"):
        np.testing.assert_allclose(there.values(name), other.values(name), rtol=1e-8)
    plain = small_model().solve(TARIFF_WAR)
    assert abs(plain.values("welfare") / there.values("welfare") - 1).max() > 1e-5


def test_each_owner_is_paid_a_part_of_what_capital_earns_in_the_sector() -> None:
    solution, b = war(), model().benchmark
    paid, claims = solution.array("foreign_capital_income"), solution.array("factor_payment")
    for entry in OWNED:
        r, s = b.regions.index(entry["owner"]), b.regions.index(entry["region"])
        for code in np.atleast_1d(entry["sector"]):
            j = b.sectors.index(code)
            earned = claims[s, j, b.factors.index("CAP")]
            assert paid[r, s, j] == pytest.approx(entry["share"] * earned, rel=1e-12)
    assert np.count_nonzero(paid) == 4


def test_welfare_has_a_part_for_income_from_abroad_by_partner_and_sector() -> None:
    found = decompose(war())
    parts = found.parts[found.parts["component"] == "income_from_abroad"]
    asia = parts[(parts["region"] == "ASIA")].set_index("sector")["value"]
    china = parts[(parts["region"] == "CHN") & (parts["partner"] == "ASIA")].set_index("sector")
    assert set(asia.index) == {"ELEC", "VEH"} == set(china.index)
    b, income = model().benchmark, war().array("income_from_abroad")
    change = income - b.income_from_abroad
    total = found.totals(b.regions)["income_from_abroad"].to_numpy()
    # Each change of income is divided by the price of absorption that its owner pays.
    price = war().values("welfare_price")
    low, high = np.minimum(1, 1 / price), np.maximum(1, 1 / price)
    near = np.sort(np.stack([change * low, change * high]), axis=0)
    slack = 1e-4 * abs(change).max()
    assert ((near[0] - slack <= total) & (total <= near[1] + slack)).all()
    assert abs(total[[0, 1, 2, 3]]).min() > 1
    ev = found.totals(b.regions).sum(axis=1).to_numpy()
    np.testing.assert_allclose(ev, war().measure("equivalent_variation_value"), rtol=2e-5)


def test_a_solution_with_owners_becomes_a_benchmark_with_the_same_income() -> None:
    new = rebase(war())
    np.testing.assert_allclose(new.income_from_abroad, war().array("income_from_abroad"), rtol=1e-9)
    more = {"tariff[*, CHN, *, EU]": 1.3}
    both, after = model().solve({**TARIFF_WAR, **more}), Model.build(new).solve(more)
    first, second = (one.values("welfare") for one in (war(), after))
    np.testing.assert_allclose(first * second, both.values("welfare"), rtol=1e-9)


def test_without_policy_nothing_moves_on_a_path_and_owners_earn_what_protection_brings() -> None:
    asked = {"name": "owners", "benchmark": {"table": "wiod2013", "aggregation": "small"},
             "elasticities": ["fontagne"], "path": {"years": 2, "returns": ["central"]},
             "ownership": [OWNED[0]]}  # fmt: skip
    rise = {"instrument": "tariff", "importer": "ASIA", "sector": "ELEC", "add": 0.2}
    still, shielded = (
        library.run(library.Scenario.model_validate({**asked, "policy": [{**rise, "add": add}]}),
                    workers=1).to_frame()
        for add in (0.0, 0.2)
    )  # fmt: skip
    ev = still[still["measure"] == "equivalent_variation"]["value"].to_numpy(float)
    assert len(ev) >= 10
    np.testing.assert_allclose(ev, 0, atol=1e-9)
    china = shielded[(shielded["measure"] == "income_from_abroad") & (shielded["region"] == "CHN")]
    assert len(china) == 2
    assert (china["value"].to_numpy(float) > 1.001 * china["benchmark"].to_numpy(float)).all()


# -- capital that moves ----------------------------------------------------------------------


def test_capital_that_moves_with_its_owner_is_worth_as_much_where_it_goes() -> None:
    case = solved({**FDI, "moved": True})
    b = case.solution.model.benchmark
    whole = b.capital_income.sum(axis=1)
    supply = case.solution.array("factor_supply")[:, b.factors.index("CAP")]
    worth = 0.2 * b.capital_income[b.regions.index("ASIA"), b.sectors.index("ELEC")]
    gained = whole * (supply - 1)
    np.testing.assert_allclose(
        gained, worth * np.array([(r == "ASIA") - (r == "CHN") for r in map(str, b.regions)]),
        rtol=1e-12, atol=1e-6,
    )  # fmt: skip
    parts = decompose(case.solution).totals(b.regions)
    china = parts.loc["CHN"]
    # What it earns there replaces what it earned at home, to first order.
    assert china["income_from_abroad"] == pytest.approx(worth, rel=0.1)
    assert china["factor_supply"] == pytest.approx(-worth, rel=0.1)


def test_a_claim_without_capital_is_a_gift_to_its_owner() -> None:
    moved, given = (solved({**FDI, "moved": one}).solution for one in (True, False))
    ev = [one.measure("equivalent_variation_value")[0] for one in (moved, given)]
    b = moved.model.benchmark
    worth = 0.2 * b.capital_income[b.regions.index("ASIA"), b.sectors.index("ELEC")]
    assert 0 < ev[0] < 0.5 * worth < worth < ev[1]
    supply = given.values("factor_supply")
    assert supply.tolist() == [1.0] * len(supply)


def test_a_path_in_steps_and_a_part_of_the_shock_move_a_part_of_the_capital() -> None:
    asked = scenario({**FDI, "moved": True}, ownership=[OPEN])
    here = Model.shared(benchmarks_of(asked)["fontagne"])
    half, whole = (solve_case(here, asked, share=s).solution for s in (0.5, 1.0))
    kept = [float(one.outcome("not_owned[CHN, ASIA, ELEC]")) for one in (half, whole)]
    assert kept[1] == pytest.approx(0.8) and kept[0] == pytest.approx(0.8**0.5)
    moved = [float(one.outcome("factor_supply[ASIA, CAP]")) - 1 for one in (half, whole)]
    assert 0 < moved[0] < moved[1] and moved[0] == pytest.approx(moved[1] / 2, rel=0.02)


def test_results_tell_what_is_owned_and_paid() -> None:
    table = tabulate(solved({**FDI, "moved": True}).solution)
    paid = table[(table["measure"] == "foreign_capital_income") & (table["sector"] == "ELEC")]
    assert paid[["region", "partner"]].to_numpy().tolist() == [["CHN", "ASIA"]]
    assert paid["benchmark"].item() == 0 < paid["value"].item()
    kept = table[table["measure"] == "not_owned"]
    assert kept["value"].item() == pytest.approx(0.8)


# -- what can not be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "key", "says"),
    [
        ([{**OWNED[0], "owner": "ASIA"}], "ownership.0.owner", "owns at home"),
        ([{**OWNED[0], "owner": "all"}], "ownership.0.owner", "is not one region"),
        ([OWNED[0], OWNED[0]], "ownership.1.owner", "earlier entry"),
        ([OWNED[2], {**OWNED[1], "share": 0.6}], "ownership.1.share", "more than all"),
        ([{**OWNED[0], "sector": "TEX"}], "ownership.0.sector", "unknown code"),
        ([{**OWNED[0], "owner": "VNM"}], "ownership.0.owner", "unknown code"),
    ],
)  # fmt: skip
def test_owners_that_can_not_be_are_refused_with_their_place(
    entries: list[dict[str, Any]], key: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        accounts(*entries)
    assert caught.value.key == key
    assert isinstance(caught.value, UnknownCode) == ("unknown code" in says)


@pytest.mark.parametrize("share", [1.0, -0.1, 30.0])
def test_a_share_is_a_part(share: float) -> None:
    with pytest.raises(InputError) as caught:
        library.Scenario(name="x", ownership=[{**OWNED[0], "share": share}])
    assert caught.value.key == "ownership.0.share"


@pytest.mark.parametrize(
    ("measure", "keys", "says"),
    [
        ({**FDI, "sector": "SERV"}, {}, "no claim"),
        ({**FDI, "add": 1.0}, {}, "takes a rate"),
        ({**FDI, "moved": True}, {"closure": {"kind": "short_run"}}, "capital that sectors share"),
        ({**FDI, "add": 0.9}, {"ownership": [OPEN, {**OPEN, "owner": "USA", "share": 0.2}]},
         "more than all"),
    ],
)  # fmt: skip
def test_ownership_that_can_not_be_moved_is_refused(
    measure: dict[str, Any], keys: dict[str, Any], says: str
) -> None:
    asked = scenario(measure, **{"ownership": [OPEN], **keys})
    with pytest.raises(InputError, match=says):
        solve_case(Model.shared(benchmarks_of(asked)["fontagne"], asked.chosen_horizon), asked)


@pytest.mark.parametrize(
    "measure",
    [
        {"instrument": "tariff", "importer": "USA", "add": 0.1, "moved": True},
        {"instrument": "tariff", "owner": "USA", "add": 0.1},
        {**FDI, "budget": 0.001},
    ],
)  # fmt: skip
def test_keys_of_ownership_go_with_it_alone(measure: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        library.Scenario(name="x", policy=[measure])
    assert caught.value.key == "policy.0"


def test_a_variant_can_not_have_owners_of_its_own(cge: Any, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "name: x\nbenchmark: {table: wiod2013, aggregation: small}\nvariants:\n"
        "  - {name: a, ownership: [{region: ASIA, owner: CHN, share: 0.1}]}\n"
    )
    said: Outcome = cge("run", str(tmp_path / "x.yaml"))
    assert said.code == 2 and "belongs to the scenario set" in said.err


def test_an_array_of_parts_is_checked() -> None:
    b = accounts()
    share = np.zeros(b.axes.shape("rsj"))
    share[0, 0, 0] = 0.1
    for wrong, says in (
        (Ownership.of(share), "owned at home"),
        (Ownership.of(share[:2]), "shape"),
        (Ownership(share, share > 1), "no claim"),
    ):
        with pytest.raises(InputError, match=says):
            replace(b, ownership=wrong)
