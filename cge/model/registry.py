"""The schema of the model: every variable with its axes, unit, role and meaning.

Axes letters as in :mod:`cge.data.accounts.benchmark`. The table is the single truth
for validation of scenarios and closures and for the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["endogenous", "exogenous"]


@dataclass(frozen=True)
class Variable:
    """Name, axes, unit, role in the default closure, meaning."""

    name: str
    axes: str
    unit: str
    role: Role
    meaning: str


_TABLE = """
basic_price          | sj   | ratio | endogenous | producer (basic) price
output               | sj   | ratio | endogenous | gross output
composite_price      | uis  | ratio | endogenous | price of an Armington composite
composite            | uis  | ratio | endogenous | quantity of an Armington composite
paid_at_border       | uis  | ratio | endogenous | spending on a composite that reaches exporters
fob_deliveries       | ri   | ratio | endogenous | value of deliveries at the exporter's border
value_added_price    | sj   | ratio | endogenous | price of value added at the user's cost
material_price       | sj   | ratio | endogenous | price of the intermediate bundle
factor_price         | sjf  | ratio | endogenous | factor price a sector pays, before factor tax
factor_use           | sjf  | ratio | endogenous | factor quantity used by a sector
factor_return        | sf   | ratio | endogenous | factor price of the region (wage, rental)
absorption           | s    | ratio | endogenous | absorption (final spending) of the region
welfare_price        | s    | ratio | endogenous | price index of absorption
agent_price          | sd   | ratio | endogenous | price index of a final agent
tariff_revenue       | s    | share of benchmark absorption | endogenous | tariff revenue
export_tax_revenue   | s    | share of benchmark absorption | endogenous | export-tax revenue
output_tax_revenue   | s    | share of benchmark absorption | endogenous | output-tax revenue
user_tax_revenue     | s    | share of benchmark absorption | endogenous | user-tax revenue
factor_tax_revenue   | s    | share of benchmark absorption | endogenous | factor-tax revenue
tariff               | uris | power 1+t | exogenous | import tariff on the fob value
export_tax           | uris | power 1+t | exogenous | export tax on the basic price
trade_cost           | uris | power 1+t | exogenous | iceberg trade cost
origin_weight        | uris | ratio | exogenous | weight of an origin in a composite
net_of_output_tax    | sj   | power 1-t | exogenous | share of the basic price the producer keeps
intermediate_tax     | sij  | power 1+t | exogenous | user tax on intermediates
final_tax            | sdi  | power 1+t | exogenous | user tax on final demand
factor_tax           | sjf  | power 1+t | exogenous | tax on factor use
productivity         | sj   | ratio | exogenous | Hicks-neutral productivity
variety_price        | uris | ratio | endogenous | price of an import or of what stands in for it
backstop_premium     | uris | ratio | exogenous | premium of what stands in for an import
input_weight         | sij  | ratio | exogenous | weight of a composite in the intermediate bundle
factor_weight        | sjf  | ratio | exogenous | weight of a factor in value added
value_added_weight   | sj   | ratio | exogenous | weight of value added in a sector's inputs
material_weight      | sj   | ratio | exogenous | weight of intermediates in a sector's inputs
final_weight         | sdi  | ratio | exogenous | weight of a composite in an agent's bundle
factor_supply        | sf   | ratio | exogenous | employed endowment of a factor
factor_differential  | sjf  | ratio | exogenous | a sector's factor price relative to the region's
research             | s    | share of benchmark absorption | exogenous | extra research
balance              | s    | share of benchmark absorption | exogenous | transfer from abroad
numeraire            |      | ratio | exogenous | world factor price index
"""


def _read(table: str) -> dict[str, Variable]:
    variables = {}
    for line in table.strip().splitlines():
        name, axes, unit, role, meaning = (part.strip() for part in line.split("|"))
        variables[name] = Variable(name, axes, unit, role, meaning)  # type: ignore[arg-type]
    return variables


VARIABLES: Mapping[str, Variable] = _read(_TABLE)

#: Exogenous unless a closure says otherwise; every other variable is endogenous.
EXOGENOUS: tuple[str, ...] = tuple(v.name for v in VARIABLES.values() if v.role == "exogenous")
ENDOGENOUS: tuple[str, ...] = tuple(v.name for v in VARIABLES.values() if v.role == "endogenous")

#: By Walras' law one equation is implied by the others; the first member of this one
#: is left out and checked afterwards.
WALRAS_EQUATION = "factor_market"


@dataclass(frozen=True)
class Outcome:
    """Name, axes (letters as in the benchmark), unit and meaning of an outcome."""

    name: str
    axes: str
    unit: str
    meaning: str


OUTCOMES: tuple[Outcome, ...] = (
    Outcome("welfare", "s", "index", "absorption over its price index"),
    Outcome("absorption_value", "s", "value", "absorption at user prices"),
    Outcome("gdp", "s", "value", "GDP at market prices"),
    Outcome("gdp_volume", "s", "value", "GDP at benchmark prices (Laspeyres volume)"),
    Outcome("gdp_revalued", "s", "value", "benchmark GDP quantities at current prices"),
    Outcome("gdp_by_production", "s", "value", "GDP as value added and taxes by sector"),
    Outcome("gdp_by_expenditure", "s", "value", "GDP as final demand plus net exports"),
    Outcome("real_factor_return", "sf", "index", "factor return over the welfare price"),
    Outcome("consumer_real_return", "sf", "index", "factor return over the first agent's price"),
    Outcome("tax_revenue", "s", "value", "net revenue of all taxes and subsidies"),
    Outcome("real_tax_revenue", "s", "value", "net revenue over the price of absorption"),
    Outcome("factor_income", "sf", "value", "income of a factor"),
    Outcome("final_spending", "sd", "value", "spending of an agent at user prices"),
    Outcome("output_value", "sj", "value", "gross output at basic prices"),
    Outcome("value_added_value", "sj", "value", "value added at the user's cost"),
    Outcome("material_value", "sj", "value", "intermediate bundle at the user's cost"),
    Outcome("producer_receipts", "sj", "value", "output value less output tax"),
    Outcome("input_value", "sij", "value", "intermediate use at market prices"),
    Outcome("input_spending", "sij", "value", "intermediate use at the user's cost"),
    Outcome("input_use", "sij", "ratio", "intermediate use, quantity"),
    Outcome("final_value", "sdi", "value", "final use at market prices"),
    Outcome("final_purchases", "sdi", "value", "final use at the user's cost"),
    Outcome("final_use", "sdi", "ratio", "final use, quantity"),
    Outcome("factor_payment", "sjf", "value", "income of a factor from a sector"),
    Outcome("factor_spending", "sjf", "value", "a sector's spending on a factor, tax included"),
    Outcome("output_tax_paid", "sj", "value", "output tax, negative for a subsidy"),
    Outcome("factor_tax_paid", "sjf", "value", "tax on a sector's use of a factor"),
    Outcome("basic_value", "uris", "value", "deliveries by use class at basic prices"),
    Outcome("fob_value", "uris", "value", "deliveries by use class at the border (fob)"),
    Outcome("route_spending", "uris", "value", "deliveries by use class at the buyer's cost"),
    Outcome("backstop_spending", "uris", "value", "spending on what stands in for imports"),
    Outcome("route_volume", "uris", "value", "deliveries by use class at benchmark fob prices"),
    Outcome("arrivals", "uris", "value", "what arrives of them, iceberg losses deducted"),
    Outcome("trade_value", "ris", "value", "deliveries at the exporter's border (fob)"),
    Outcome("trade_volume", "ris", "value", "deliveries at benchmark fob prices"),
    Outcome("tariff_paid", "ris", "value", "tariff revenue by route"),
    Outcome("export_tax_paid", "ris", "value", "export-tax revenue by route"),
    Outcome("exports", "s", "value", "exports, fob"),
    Outcome("imports", "s", "value", "imports, fob"),
    Outcome("research_spending", "s", "value", "outlay on research beyond the benchmark's"),
    Outcome("research_wages", "sf", "value", "of it, spent on a factor"),
    Outcome("research_unit_cost", "s", "value", "cost of research worth benchmark absorption"),
    Outcome("trade_balance", "s", "value", "exports less imports, fob"),
    Outcome("export_volume", "s", "value", "exports at benchmark fob prices"),
    Outcome("import_volume", "s", "value", "imports at benchmark fob prices"),
    Outcome("exports_revalued", "s", "value", "benchmark exports at current fob prices"),
    Outcome("imports_revalued", "s", "value", "benchmark imports at current fob prices"),
    Outcome("transfer", "s", "value", "transfer received from abroad (the balance)"),
)  # fmt: skip
