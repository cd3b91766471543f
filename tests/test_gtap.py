"""GTAP data: read in both versions, checked, and made a benchmark."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Outcome
from gtap_folder import COMM, REG, world, write, write_older

from cge import Closure, Model, decompose, open_benchmark
from cge.core.errors import InputError
from cge.data.gtap.base_data import GtapData, read_gtap
from cge.data.gtap.gtap_benchmark import calibrate_gtap, factor_codes
from cge.data.gtap.gtap_checks import checked_identities, gdp, identities, income, tax_revenue
from cge.data.har.har_reading import read_har
from cge.data.har.har_writing import write_har
from cge.data.har.headers import HarHeader

#: Single precision.
CLOSE = 1e-5


def changed(folder: Path, to: Path, name: str, file: str = "basedata.har", **parts: object) -> Path:
    """Return a copy of a folder with another header of this name, or without it."""
    to.mkdir()
    for path in folder.iterdir():
        headers = read_har(path)
        if path.name == file:
            old = headers.pop(name)
            if parts:
                kept = {"array": old.array, "kind": old.kind, "sets": old.sets,
                        "labels": old.labels, **parts}  # fmt: skip
                headers[name] = type(old)(name, **kept)  # type: ignore[arg-type]
        write_har(to / path.name, headers.values())
    return to


def test_values_and_parameters_are_read_by_their_names(gtap_data: GtapData) -> None:
    assert (gtap_data.version, gtap_data.release) == ("7", "made-up Y2017 v0")
    assert gtap_data.commodities == COMM and gtap_data.regions == REG
    for name, array in world().items():
        np.testing.assert_allclose(gtap_data[name], array, rtol=CLOSE, err_msg=name)
    assert gtap_data["RDLT"] == 1
    assert gtap_data.mobility == {"Land": "sluggish", "UnSkLab": "mobile", "SkLab": "mobile",
                             "Capital": "mobile"}  # fmt: skip
    assert gtap_data.labour == ("UnSkLab", "SkLab")
    assert gtap_data.unused == ("PTAX",)
    with pytest.raises(InputError, match="did you mean 'VXSB'"):
        gtap_data["VXBS"]


def test_data_of_version_6_2_are_the_same_under_the_names_of_version_7(
    gtap_data: GtapData, tmp_path: Path
) -> None:
    older = read_gtap(write_older(tmp_path / "gtap6"))
    assert older.version == "6.2"
    for name, array in gtap_data.values.items():
        # What an activity earns after income tax is told by endowment alone in 6.2.
        np.testing.assert_allclose(older[name], array, rtol=2e-5, err_msg=name)
    for name, array in older.parameters.items():
        np.testing.assert_allclose(array, gtap_data[name], rtol=CLOSE, err_msg=name)
    assert older.mobility == gtap_data.mobility


def test_files_are_known_by_what_is_in_them(tmp_path: Path, gtap_data: GtapData) -> None:
    odd = write(tmp_path / "odd", base="world.upd", prm="elasticities.har", sets="codes.har")
    np.testing.assert_array_equal(read_gtap(odd)["VXSB"], gtap_data["VXSB"])
    np.testing.assert_array_equal(read_gtap(odd / "world.upd")["VXSB"], gtap_data["VXSB"])
    write(odd)
    np.testing.assert_array_equal(read_gtap(odd)["VXSB"], gtap_data["VXSB"])
    (odd / "basedata.har").rename(odd / "second.har")
    with pytest.raises(InputError, match="several files hold base data"):
        read_gtap(odd)


def test_elements_in_another_order_are_put_in_order(
    gtap7: Path, gtap_data: GtapData, tmp_path: Path
) -> None:
    array, labels = gtap_data["VDPB"][::-1], (COMM[::-1], tuple(code.upper() for code in REG))
    other = changed(gtap7, tmp_path / "other", "VDPB", array=array, labels=labels)
    np.testing.assert_array_equal(read_gtap(other)["VDPB"], gtap_data["VDPB"])


def test_flags_and_elasticities_of_endowments_are_found_by_their_elements(
    gtap7: Path, tmp_path: Path
) -> None:
    flags = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]])
    labels = (("Capital", "LAND", "SkLab", "UnSkLab"), ("fixed", "sluggish", "mobile"))
    one = changed(gtap7, tmp_path / "one", "EFLG", "default.prm", array=flags, labels=labels)
    two = changed(one, tmp_path / "two", "ETRE", "default.prm", array=np.full((1, 3), -2.0),
                  labels=(("land",), REG))  # fmt: skip
    found = read_gtap(two)
    assert found.mobility == {"Land": "sluggish", "UnSkLab": "mobile", "SkLab": "fixed",
                              "Capital": "mobile"}  # fmt: skip
    assert found["ETRE"][:, 0].tolist() == [-2.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("name, file, parts, said", [
    ("VMSB", "basedata.har", {}, "have this header"),
    ("VDPB", "basedata.har", {"labels": (COMM, ("usa", "eu_28", "xxx"))}, "other elements"),
    ("VDPB", "basedata.har", {"array": -np.ones((4, 3))}, "negative at food, usa"),
    ("VDPB", "basedata.har", {"array": np.ones((4, 3)), "kind": "2RFULL", "sets": (),
                              "labels": ()}, "not an array with sets"),
    ("REG", "sets.har", {"array": np.array(["usa", "eu"])}, "other elements than the base data"),
    ("ESBD", "default.prm", {}, "no file with GTAP parameters"),
])  # fmt: skip
def test_data_that_are_not_whole_are_refused(
    name: str, file: str, parts: dict[str, object], said: str, gtap7: Path, tmp_path: Path
) -> None:
    spoilt = changed(gtap7, tmp_path / "spoilt", name, file, **parts)
    with pytest.raises(InputError, match=said) as told:
        read_gtap(spoilt)
    assert told.value.file is not None and str(spoilt) in told.value.file


def test_the_identities_of_made_up_data_hold(gtap_data: GtapData) -> None:
    assert checked_identities(gtap_data)["share"].max() < CLOSE
    gross = gtap_data["EVOS"].sum(axis=(0, 1)) + sum(tax_revenue(gtap_data).values())
    np.testing.assert_allclose(income(gtap_data) + gtap_data["VDEP"], gross)
    made = gtap_data["EVFB"].sum(axis=(0, 1)) + sum(
        revenue for tax, revenue in tax_revenue(gtap_data).items() if tax != "income"
    )
    np.testing.assert_allclose(gdp(gtap_data), made, rtol=CLOSE)


@pytest.mark.parametrize("name, identity, cell", [
    ("MAKB", "MAKB: what is made", "mnfc, usa"), ("VMPB", "VMSB: what is imported", "mnfc, usa"),
    ("EVFP", "MAKS: revenue", "mnfc, usa"), ("SAVE", "income of a region", "eu_28"),
    ("VTWR", "VCIF: imports", "mnfc, usa, eu_28"), ("VST", "VST: margins", "svcs"),
])  # fmt: skip
def test_each_account_that_does_not_fit_is_named_with_its_gap(
    name: str, identity: str, cell: str, gtap7: Path, tmp_path: Path
) -> None:
    array = read_har(gtap7 / "basedata.har")[name].array.copy()
    # In an exporter that is the region, of a good; margins are of services.
    where = {"SAVE": (1,), "VTWR": (1, 1, 0, 1), "VST": (1, 0), "VMPB": (1, 0)}.get(name, (1, 1, 0))
    array[where] *= 1.5
    spoilt = read_gtap(changed(gtap7, tmp_path / "spoilt", name, array=array))
    found = identities(spoilt).set_index("identity")
    (row,) = (line for label, line in found.iterrows() if str(label).startswith(identity))
    assert row["cell"] == cell
    assert row["share"] > 1e-3
    with pytest.raises(InputError, match="do not fit together") as told:
        checked_identities(spoilt)
    assert "basedata.har" in str(told.value)


@pytest.mark.parametrize("joint", [False, True])
def test_a_benchmark_keeps_output_incomes_taxes_trade_and_gdp(joint: bool, tmp_path: Path) -> None:
    source = write(tmp_path / "gtap", world(joint=joint))
    gtap_data, b = read_gtap(source), calibrate_gtap(source, structure="merged").benchmark
    close = {"rtol": CLOSE, "atol": 1e-3}
    taxes, own = tax_revenue(gtap_data), np.arange(len(REG))
    np.testing.assert_allclose(b.gdp, gdp(gtap_data), **close)
    np.testing.assert_allclose(b.output, gtap_data["MAKB"].sum(axis=1).T, **close)
    order = [factor_codes(gtap_data).index(code) for code in b.factors]
    np.testing.assert_allclose(
        b.factor_payments.sum(1), gtap_data["EVFB"].sum(1).T[:, order], **close
    )
    for mine, theirs in (("output_tax", ("output",)), ("factor_tax", ("endowment use",)),
                         ("user_tax", ("inputs", "private consumption", "government consumption",
                                       "investment"))):  # fmt: skip
        np.testing.assert_allclose(b.tax_revenue[mine], sum(taxes[k] for k in theirs), **close)
    border = b.tax_revenue["tariff"] + b.tax_revenue["export_tax"]
    np.testing.assert_allclose(border, taxes["imports"] + taxes["exports"], **close)
    for k, letter in enumerate("PGI"):
        bought = gtap_data[f"VD{letter}P"].sum(0) + gtap_data[f"VM{letter}P"].sum(0)
        np.testing.assert_allclose((b.final * (1 + b.final_tax))[:, k].sum(axis=1), bought, **close)
    exports = b.fob.sum(axis=0)
    exports[own, :, own] = 0.0
    services = gtap_data["VST"].sum(axis=0)
    traded = gtap_data["VFOB"].sum(axis=0)
    traded[own, own] = 0.0
    # Of margins, those sold at home are no exports.
    assert (exports.sum(axis=(1, 2)) <= traded.sum(axis=1) + services + 1e-3).all()
    assert (exports.sum(axis=(1, 2)) >= traded.sum(axis=1) - 1e-3).all()
    assert any("industry technology" in note for note in b.notes) is joint
    solved = Model.build(b).solve()
    assert solved.diagnostics.iterations == 0


def test_rates_and_elasticities_are_those_of_the_data(gtap7: Path, gtap_data: GtapData) -> None:
    b = calibrate_gtap(gtap7, structure="merged").benchmark
    # A good that is no margin, from one region to another.
    base = gtap_data["VFOB"][1, 0, 1]
    rate = (gtap_data["VMSB"][1, 0, 1] - gtap_data["VCIF"][1, 0, 1]) / base
    np.testing.assert_allclose(b.tariff[:, 0, 1, 1], rate, rtol=1e-4)
    np.testing.assert_allclose(
        b.export_tax[:, 0, 1, 1], base / gtap_data["VXSB"][1, 0, 1] - 1, rtol=1e-3
    )
    # Labour is first, the larger endowment before the smaller.
    assert set(b.factors[:2]) == {"UnSkLab", "SkLab"} and set(b.factors[2:]) == {"Land", "CAP"}
    long = b.elasticities["long"]
    np.testing.assert_allclose(long.armington[2], gtap_data["ESBM"])
    np.testing.assert_allclose(long.value_added, gtap_data["ESBV"].T)
    np.testing.assert_allclose(long.top, 0)
    np.testing.assert_allclose(long.intermediate, 0.1, rtol=1e-6)
    assert dict(zip(b.factors, long.transformation[0])) == {
        "Land": 1.0, "UnSkLab": np.inf, "SkLab": np.inf, "CAP": np.inf,
    }  # fmt: skip
    assert (long.final[:, 0] < 1).all() and (long.final[:, 0] > 0.3).all()
    other = calibrate_gtap(gtap7, "ESBD", structure="merged").benchmark.elasticities["long"]
    np.testing.assert_allclose(other.armington[0], gtap_data["ESBD"])


def test_taxes_on_imports_beyond_those_on_domestic_goods_can_be_in_tariffs(
    gtap7: Path, gtap_data: GtapData
) -> None:
    """Of an agent who is alone in its class both its rates are then kept."""
    plain, b = (calibrate_gtap(gtap7, tariffs=t, structure="merged").benchmark
                for t in ("own", "with-user-taxes"))  # fmt: skip
    np.testing.assert_allclose(b.gdp, plain.gdp, rtol=1e-9)
    np.testing.assert_allclose(b.absorption, plain.absorption, rtol=1e-9)
    home, abroad = (gtap_data[f"V{kind}PP"] / gtap_data[f"V{kind}PB"] for kind in "DM")
    # Households' tax at the domestic rate, also on what they pay at the border.
    base = gtap_data["VDPB"] + gtap_data["VMPB"] * abroad / home
    revenue = (b.final_tax * b.final)[:, 0].T
    np.testing.assert_allclose(revenue, (home - 1) * base, rtol=1e-3, atol=0.01)
    extra = (b.purchases - b.fob).sum(axis=1) - (plain.purchases - plain.fob).sum(axis=1)
    np.testing.assert_allclose(extra[1], gtap_data["VMPB"] * (abroad / home - 1), atol=0.01)
    assert any("scenarios that move tariffs move them too" in note for note in b.notes)
    with pytest.raises(InputError, match="no such tariffs"):
        calibrate_gtap(gtap7, tariffs="none")


def test_an_elasticity_of_land_is_that_of_its_region(gtap7: Path, tmp_path: Path) -> None:
    """In each the rents of two sectors part by what land moves between them."""
    array = np.zeros((4, 3))
    array[0] = -0.5, -1.0, -2.0
    other = changed(gtap7, tmp_path / "other", "ETRE", "default.prm", array=array)
    b = calibrate_gtap(other).benchmark
    f = b.factors.index("Land")
    np.testing.assert_allclose(b.elasticities["long"].transformation[:, f], -array[0])
    assert not any("ETRE" in note for note in b.notes)
    solution = Model.build(b).solve({"tariff[imports, *, food, *]": 1.3})
    price, use = (solution.array(name)[:, :2, f] for name in ("factor_price", "factor_use"))
    apart, moved = np.log(price[:, 0] / price[:, 1]), np.log(use[:, 0] / use[:, 1])
    assert np.abs(apart).min() > 1e-4
    np.testing.assert_allclose(moved / apart, -array[0], rtol=1e-6)


def test_a_fixed_endowment_stays_where_it_is_however_much_of_it_is_lost(
    gtap7: Path, tmp_path: Path
) -> None:
    flags = np.array([[0.0, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    other = changed(gtap7, tmp_path / "other", "EFLG", "default.prm", array=flags)
    for structure in ("standard", "merged"):
        b = calibrate_gtap(other, structure=structure).benchmark
        f, model = b.factors.index("Land"), Model.build(b)
        assert (b.elasticities["long"].transformation[:, f] == 0).all()
        for left in (0.9, 0.6):
            lost = model.solve({"factor_supply[usa, Land]": left})
            use = lost.array("factor_use")[:, :, f]
            np.testing.assert_allclose(use[0], left, rtol=1e-9)
            np.testing.assert_allclose(use[1:], 1, rtol=1e-9)
            rents = b.factor_payments[..., f] * lost.array("factor_price")[..., f] * use
            earned = lost.array("factor_return")[:, f] * [left, 1, 1]
            paid = rents.sum(axis=1) / b.factor_payments[..., f].sum(axis=1)
            np.testing.assert_allclose(earned, paid, rtol=1e-9)
            assert lost.measure("equivalent_variation_value")[0] < 0
        found = decompose(lost)
        assert np.abs(found.gap).max() < 1e-6 * np.abs(found.exact).max()
        specific = Closure(specific_factors=("Land",))
        held = model.solve({"tariff[*, *, food, usa]": 1.1}, specific)
        free = model.solve({"tariff[*, *, food, usa]": 1.1})
        np.testing.assert_allclose(held.values("output"), free.values("output"), rtol=1e-8)


def test_both_versions_make_one_benchmark(gtap7: Path, tmp_path: Path) -> None:
    newer = calibrate_gtap(gtap7).benchmark
    older = calibrate_gtap(write_older(tmp_path / "gtap6")).benchmark
    for name in ("flows", "tariff", "intermediate", "final", "factor_payments", "output_tax"):
        np.testing.assert_allclose(getattr(older, name), getattr(newer, name), rtol=1e-3, atol=1e-5)


def test_the_command_makes_a_benchmark_and_says_what_is_merged(
    cge: Callable[..., Outcome], gtap7: Path, here: Path
) -> None:
    made = cge("calibrate", gtap7, "--out", "merged", "--structure", "merged")
    assert made.code == 0, made.err
    for text in ("income of a region is spent", "Transport margins", "replicates to",
                 "Trade of regions within themselves"):  # fmt: skip
        assert text in made.out
    made = cge("calibrate", gtap7, "--out", "world")
    assert made.code == 0, made.err
    for text in ("ESBD of GTAP between home and imports", "RORDELTA 1", "replicates to"):
        assert text in made.out
    assert open_benchmark("world").name == "gtap-2017"
    assert cge("check", "--data", "world").code == 0
    for option in (
        ("--structure", "both"),
        ("--year", "2017"),
        ("--aggregation", "small"),
        ("--tariffs", "none"),
    ):
        refused = cge("calibrate", gtap7, "--kind", "gtap", "--out", "other", *option)
        assert refused.code == 2 and option[0].lstrip("-") in refused.err
    assert cge("calibrate", gtap7, "--out", "other", "--elasticities", "ESBQ").code == 2
    Path("empty").mkdir()
    assert cge("calibrate", "empty", "--kind", "gtap", "--out", "other").code == 2
    assert not Path("other").exists()


@pytest.mark.slow
def test_no_header_of_another_kind_is_more_than_a_message(tmp_path: Path) -> None:
    """Every header of both versions missing, a number, texts, of other sizes, zero or negative."""
    for make in (write, write_older):
        source = make(tmp_path / make.__name__)
        for file in sorted(source.iterdir()):
            whole, headers = file.read_bytes(), read_har(file)
            for name, one in headers.items():
                sets = {"kind": "REFULL", "sets": one.sets, "labels": one.labels}
                others = [None, HarHeader(name, np.array(["a"])), HarHeader(name, np.ones((2, 3))),
                          HarHeader(name, np.array(1.0), "REFULL"),
                          HarHeader(name, np.array([], np.str_))]  # fmt: skip
                if one.has_sets:
                    others += [HarHeader(name, one.array * k, **sets) for k in (0.0, -1.0, 1e-30)]
                for other in others:
                    kept = [header for header in headers.values() if header is not one]
                    write_har(file, [*kept, other] if other else kept)
                    with contextlib.suppress(InputError):
                        calibrate_gtap(source)
            file.write_bytes(whole)
