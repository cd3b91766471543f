"""Single facts: what they say is what the benchmark and the files hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome

from cge import Benchmark, InputError, load_benchmark
from cge.core.content import calibration_file
from cge.data import facts

#: Facts of the world of 2011, unless another table is named.
tariff, flow, output = (
    partial(fact, table="wiod2013") for fact in (facts.tariff, facts.flow, facts.output)
)


@lru_cache
def benchmark(aggregation: str = "default") -> Benchmark:
    return load_benchmark("wiod2013", 2011, aggregation)


def applied(importer: str, exporter: str, sector: str) -> pd.Series:
    frame = pd.read_csv(
        calibration_file("tariffs", "wiod2013_applied.csv.gz"), keep_default_na=False
    )
    cell = {"importer": importer, "exporter": exporter, "sector": sector}
    (row,) = [row for _, row in frame[(frame[list(cell)] == cell).all(axis=1)].iterrows()]
    return row


@pytest.mark.parametrize("cell", [("USA", "CHN", "c14"), ("RUS", "DEU", "c15")])
def test_a_tariff_between_codes_of_the_table_is_the_cell_of_the_file(
    cell: tuple[str, str, str],
) -> None:
    (fact,) = tariff(*cell, aggregation="full").to_dict("records")
    row = applied(*cell)
    assert fact["rate"] == row["rate"]
    assert (fact["status"], fact["rule"], fact["cells"]) == (row["status"], row["rule"], 1)
    assert (fact["table"], fact["year"]) == ("wiod2013", 2011)


def test_codes_of_the_table_can_be_used_beside_those_of_the_aggregation() -> None:
    for mixed in (("USA", "CHN", "c14"), ("USA", "DEU", "c14")):
        (fact,) = tariff(*mixed).to_dict("records")
        assert fact["rate"] == applied(*mixed)["rate"]


def test_a_tariff_of_an_aggregate_is_the_revenue_of_the_benchmark_over_its_trade() -> None:
    b = benchmark("small")
    for importer, exporter, sector in (("USA", "EU", "VEH"), ("EU", "CHN", "LMAN")):
        s, r = b.regions.index(importer), b.regions.index(exporter)
        flows, rate = (a[:, r, b.sectors.index(sector), s] for a in (b.flows, b.tariff))
        (fact,) = tariff(importer, exporter, sector, aggregation="small").to_dict("records")
        assert fact["rate"] == pytest.approx((flows * rate).sum() / flows.sum(), rel=1e-9)
        assert fact["cells"] == len(b.members["regions"]["EU"]) * len(b.members["sectors"][sector])


def test_an_aggregate_says_which_statuses_and_rules_its_cells_have() -> None:
    (fact,) = tariff("ROW", "CHN", "VEH", aggregation="small").to_dict("records")
    assert set(fact["status"].split(", ")) == {"source", "filled"}
    assert "applied" in fact["rule"].split(", ")


def test_services_have_no_tariff_and_nobody_one_on_its_own_deliveries() -> None:
    (fact,) = tariff("USA", "CHN", "c30").to_dict("records")
    assert fact["rate"] == 0 and fact["rule"] == "not in the file of rates: zero"
    with pytest.raises(InputError, match=r"exporter.*'CHN'.*own deliveries"):
        tariff("CHN", "CHN", "c14")


@pytest.mark.parametrize("use", ["int", "con", "inv"])
def test_a_flow_is_that_of_the_benchmark(use: str) -> None:
    b = benchmark()
    u, r, s = b.use_classes.index(use), b.regions.index("EU"), b.regions.index("CHN")
    i = b.sectors.index("ELEC")
    (fact,) = flow("EU", "CHN", "ELEC", use).to_dict("records")
    assert fact["value"] == pytest.approx(b.flows[u, r, i, s], rel=1e-12)
    assert (fact["unit"], fact["table"], fact["year"]) == (b.unit, "wiod2013", 2011)


def test_flows_of_all_uses_add_up_to_output_and_value_added_is_that_of_the_factors() -> None:
    b = benchmark()
    usa, elec = b.regions.index("USA"), b.sectors.index("ELEC")
    (fact,) = output("USA", "ELEC").to_dict("records")
    assert fact["output"] == pytest.approx(b.output[usa, elec], rel=1e-12)
    assert fact["value_added"] == pytest.approx(b.factor_payments[usa, elec].sum(), rel=1e-12)
    sold = [flow("USA", importer, "ELEC")["value"].iloc[0] for importer in b.regions]
    assert np.sum(sold) == pytest.approx(fact["output"], rel=1e-12)


def test_another_table_and_year_can_be_asked() -> None:
    early, late = (output("CHN", "c14", year=year)["output"].iloc[0] for year in (1995, 2011))
    assert 0 < early < late
    other = output("CHN", "C26", table="wiod2014").iloc[0]
    assert (other["table"], other["year"]) == ("wiod2014", 2014) and other["output"] > 0


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: tariff("USX", "CHN", "c14"), r"importer.*'USX'.*regions.*CHN"),
        (lambda: tariff("USA", "CHN", "IT"), r"sector.*'IT'.*ELEC"),
        (lambda: flow("USA", "CHNN", "ELEC"), r"importer.*'CHNN'"),
        (lambda: flow("USA", "CHN", "ELEC", "gov"), r"use.*'gov'.*all, int, con, inv"),
        (lambda: output("USA", "ELEC", table="gtap"), r"table.*'gtap'.*wiod2013"),
        (lambda: output("USA", "ELEC", year=2050), r"year.*2050.*1995-2011"),
        (lambda: output("USA", "ELEC", aggregation="tiny"), r"aggregation.*'tiny'"),
    ],
)
def test_what_is_not_there_is_one_clear_message(ask: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("asked", "ask"),
    [
        (["rate", "USA", "CHN", "c14"], lambda: tariff("USA", "CHN", "c14", year=2007)),
        (["flow", "CHN", "EU", "ELEC"], lambda: flow("CHN", "EU", "ELEC", year=2007)),
        (["flow", "CHN", "EU", "ELEC", "int"], lambda: flow("CHN", "EU", "ELEC", "int", year=2007)),
        (["sector", "ROW", "VEH", "--aggregation", "small"],
         lambda: output("ROW", "VEH", year=2007, aggregation="small")),
    ],
)  # fmt: skip
def test_the_command_shows_what_the_function_gives(
    asked: list[str], ask: Callable[[], pd.DataFrame], cge: Callable[..., Outcome]
) -> None:
    shown = cge("data", *asked, "--table", "wiod2013", "--year", "2007")
    assert shown.code == 0, shown.err
    cells = [line.split("│") for line in shown.out.splitlines()]
    found = {line[1].strip(): line[2].strip() for line in cells if len(line) == 4}
    (fact,) = ask().to_dict("records")
    assert set(found) == set(fact)
    for name, value in fact.items():
        same = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        assert type(value)(found[str(name)]) == same


def test_the_command_refuses_an_unknown_code_in_one_line(cge: Callable[..., Outcome]) -> None:
    shown = cge("data", "rate", "USA", "CNH", "ELEC")
    assert shown.code == 2 and shown.out == ""
    assert "key 'exporter', value 'CNH'" in shown.err and "did you mean 'CHN'?" in shown.err
