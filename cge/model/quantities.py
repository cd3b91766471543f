"""The register: every variable, outcome and index of the model, one line each.

Validation of scenarios and closures, results, tables, units and documentation follow from it.
Lines are name | axes | unit | kind | reported | change | world | title | meaning, see
:class:`cge.core.quantity.Quantity`. The equations stand in the other files of this room.
"""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import PERCENT, Quantity, merged, read_lines
from cge.model.indices import INDEX_LINES
from cge.model.wedges import WEDGE_LINES

#: Variables but for the powers of wedges, which stand in :mod:`cge.model.wedges`.
_VARIABLES = """
basic_price         | sj   | ratio to benchmark | endogenous | 2 | percent    |     | Basic price  | producer (basic) price
output              | sj   | ratio to benchmark | endogenous | 2 | percent    | mean output_value | Output       | gross output
composite_price     | uis  | ratio to benchmark | endogenous | - | percent    |     |              | price of an Armington composite
composite           | uis  | ratio to benchmark | endogenous | - | percent    |     |              | quantity of an Armington composite
paid_at_border      | uis  | ratio to benchmark | endogenous | - | percent    |     |              | spending on a composite that reaches exporters
fob_deliveries      | ri   | ratio to benchmark | endogenous | - | percent    |     |              | value of deliveries at the exporter's border
value_added_price   | sj   | ratio to benchmark | endogenous | - | percent    |     |              | price of value added at the user's cost
material_price      | sj   | ratio to benchmark | endogenous | - | percent    |     |              | price of the intermediate bundle
factor_price        | sjf  | ratio to benchmark | endogenous | 3 | percent    |     |              | factor price a sector pays, before factor tax
factor_use          | sjf  | ratio to benchmark | endogenous | 3 | percent    |     |              | factor quantity used by a sector
factor_return       | sf   | ratio to benchmark | endogenous | 1 | percent    |     | Factor price | factor price of the region (wage, rental)
absorption          | s    | ratio to benchmark | endogenous | - | percent    |     |              | absorption (final spending) of the region
welfare_price       | s    | ratio to benchmark | endogenous | 1 | percent    |     | Price of absorption | price index of absorption
agent_price         | sd   | ratio to benchmark | endogenous | 1 | percent    |     | Price of final use  | price index of a final agent
real_absorption     | s    | ratio to benchmark | endogenous | - | percent    |     |              | absorption at benchmark prices, where income elasticities are not one
consumption         | sd   | ratio to benchmark | endogenous | - | percent    |     |              | what a household consumes, at its cost at benchmark prices
utility             | sd   | ratio to benchmark | endogenous | - | percent    |     |              | utility of a household
demand_scale        | sd   | ratio to benchmark | endogenous | - | percent    |     |              | what budget shares of a household are divided by
cost_of_utility     | sd   | ratio to benchmark | endogenous | - | percent    |     |              | elasticity of a household's spending to its utility
base_demand_scale   | sd   | ratio to benchmark | endogenous | - | percent    |     |              | what budget shares would be divided by at benchmark prices
base_cost_of_utility | sd  | ratio to benchmark | endogenous | - | percent    |     |              | elasticity of spending to utility at benchmark prices
regional_income     | s    | ratio to benchmark | endogenous | - | percent    |     |              | income of a region that saves, net of depreciation
saving_price        | s    | ratio to benchmark | endogenous | - | percent    |     |              | price of saving
invested_price      | sd   | ratio to benchmark | endogenous | - | percent    |     |              | price of what the world invested in the benchmark
invested_price_now  | sd   | ratio to benchmark | endogenous | - | percent    |     |              | price of what the world invests
saved_price         | sd   | ratio to benchmark | endogenous | - | percent    |     |              | prices of investment goods, weighted by what regions saved in the benchmark
saved_price_now     | sd   | ratio to benchmark | endogenous | - | percent    |     |              | the same, weighted by what they save
cost_of_welfare     | s    | ratio to benchmark | endogenous | - | percent    |     |              | what the last unit of log welfare of a regional household costs
even_cost_of_welfare | s   | ratio to benchmark | endogenous | - | percent    |     |              | what it costs for the same welfare at benchmark prices
even_consumption    | s    | ratio to benchmark | endogenous | - | percent    |     |              | what the household would consume for that
even_utility        | s    | ratio to benchmark | endogenous | - | percent    |     |              | utility that it would have
even_demand_scale   | s    | ratio to benchmark | endogenous | - | percent    |     |              | what its budget shares would be divided by
even_cost_of_utility | s   | ratio to benchmark | endogenous | - | percent    |     |              | elasticity of its spending to its utility there
investment          | sd   | ratio to benchmark | endogenous | - | percent    |     |              | quantity that is invested
investment_slack    | sd   | ratio to benchmark | exogenous | moved | difference |  |              | how far investment of a region leaves the rule by which the world's saving is invested
capital_at_end      | sf   | ratio to benchmark | endogenous | - | percent    |     |              | capital at the end of the year
current_return      | sf   | ratio to benchmark | endogenous | - | percent    |     |              | rate of return to capital, net of depreciation
route_tax_revenue   | s    | share of benchmark absorption | endogenous | - | difference | sum | | revenue of tariffs and of taxes on home purchases
export_tax_revenue  | s    | share of benchmark absorption | endogenous | 1 | difference | sum | | export-tax revenue
output_tax_revenue  | s    | share of benchmark absorption | endogenous | 1 | difference | sum | | output-tax revenue
user_tax_revenue    | s    | share of benchmark absorption | endogenous | 1 | difference | sum | | user-tax revenue
factor_tax_revenue  | s    | share of benchmark absorption | endogenous | 1 | difference | sum | | factor-tax revenue
trade_cost          | uris | power 1+t          | exogenous | moved | difference | | | iceberg trade cost
origin_weight       | uris | ratio to benchmark | exogenous | state | difference | | | weight of an origin in a composite
productivity        | sj   | ratio to benchmark | exogenous | state | difference | | | Hicks-neutral productivity
landed_price        | uris | ratio to benchmark | endogenous | - | percent    |     |              | price at the importer's border of what services carry
variety_price       | uris | ratio to benchmark | endogenous | - | percent    |     |              | price of an import or of what stands in for it
backstop_premium    | uris | ratio to benchmark | exogenous | moved | difference | | | cost of what stands in for an import over the import's in the benchmark
stand_in_price      | sj   | ratio to benchmark | endogenous | - | percent    |     |              | cost of making a stand-in at home
stand_in_output     | sj   | ratio to benchmark | endogenous | - | percent    |     |              | one, plus output of stand-ins over the sector's output
input_weight        | sij  | ratio to benchmark | exogenous | state | difference | | | weight of a composite in the intermediate bundle
factor_weight       | sjf  | ratio to benchmark | exogenous | state | difference | | | weight of a factor in value added
value_added_weight  | sj   | ratio to benchmark | exogenous | state | difference | | | weight of value added in a sector's inputs
material_weight     | sj   | ratio to benchmark | exogenous | state | difference | | | weight of intermediates in a sector's inputs
final_weight        | sdi  | ratio to benchmark | exogenous | state | difference | | | weight of a composite in an agent's bundle
factor_supply       | sf   | ratio to benchmark | exogenous | 1 | percent    |     | Factor supply | endowment of a factor
employment          | sf   | ratio to benchmark | exogenous | 1 | percent    |     | Employment   | part of the endowment that is employed
wage_level          | sf   | ratio to benchmark | endogenous | - | percent   |     |              | where wages stand, over the world's, at full employment
labour_to_spare     | s    | ratio to benchmark | endogenous | - | percent   |     |              | labour that is still to be had
restraint           | s    | ratio to benchmark | endogenous | - | percent   |     |              | spending that monetary policy holds back
accustomed_earnings | s    | ratio to benchmark | endogenous | - | percent   |     |              | real earnings that households are used to
accustomed_income   | s    | ratio to benchmark | endogenous | - | percent   |     |              | real income, revenue included, that the region is used to
private_borrowing   | s    | share of benchmark absorption | exogenous | moved | difference | | | borrowing of households abroad
public_borrowing    | s    | share of benchmark absorption | exogenous | moved | difference | | | borrowing of the government abroad
debt_service        | s    | share of benchmark absorption | exogenous | moved | difference | | | service of what was borrowed before
world_wage          |      | ratio to benchmark | exogenous | - | difference |    |              | wages of the world over the numeraire
world_spending      |      | ratio to benchmark | exogenous | - | difference |    |              | usual spending that the interest of the world brings about
world_demand        |      | ratio to benchmark | endogenous | - | percent   |    |              | where prices of producers stand over wages
producer_price      |      | ratio to benchmark | endogenous | - | percent   |    |              | prices of all producers of the world
world_labour_to_spare |    | ratio to benchmark | endogenous | - | percent   |    |              | labour that is still to be had in the world
world_employment    |      | ratio to benchmark | endogenous | - | percent   |    |              | employment of the world
factor_differential | sjf  | ratio to benchmark | exogenous | state | difference | | | a sector's factor price relative to the region's
not_owned           | rsj  | share of income | exogenous | moved | difference | | | part of the income of capital in a sector of a region (partner) that a region abroad (region) does not own
research            | s    | share of benchmark absorption | exogenous | state | difference | | | extra research
balance             | s    | share of benchmark absorption | exogenous | moved | difference | | | transfer from abroad
wage_response      | sf | number | exogenous | - | difference | | | fall of a wage for each per cent of the factor without work
private_saving     | s  | number | exogenous | - | difference | | | part of a change in earnings that is not spent in the year
public_saving      | s  | number | exogenous | - | difference | | | part of a change in public revenue that is not spent in the year
demand_response    | s  | number | exogenous | - | difference | | | strength with which monetary policy holds spending back where labour is scarce
employment_reserve | s  | number | exogenous | - | difference | | | part by which employment can exceed its benchmark
price_response     |    | number | exogenous | - | difference | | | rise of the world's prices over wages for each per cent without work
numeraire           |      | ratio to benchmark | exogenous | moved | difference | | | world factor price index
"""

_OUTCOMES = """
welfare              | s    | index | outcome | - | percent    |     | | absorption that is not borrowed, over its price index
absorption_value     | s    | money | outcome | 1 | percent    | sum | Absorption | absorption at user prices
gdp                  | s    | money | outcome | 1 | percent    | sum | GDP        | GDP at market prices
gdp_volume           | s    | money | outcome | - | percent    | sum | | GDP at benchmark prices (Laspeyres volume)
gdp_revalued         | s    | money | outcome | - | percent    | sum | | benchmark GDP quantities at current prices
gdp_by_production    | s    | money | outcome | - | percent    | sum | | GDP as value added and taxes by sector
gdp_by_expenditure   | s    | money | outcome | - | percent    | sum | | GDP as final demand plus net exports
real_factor_return   | sf   | index | outcome | - | percent    |     | | factor return over the welfare price
consumer_real_return | sf   | index | outcome | 1 | percent    |     | Real factor price | factor return over the first agent's price
tax_revenue          | s    | money | outcome | 1 | difference | sum | Net tax revenue | net revenue of all taxes and subsidies
real_tax_revenue     | s    | money | outcome | - | difference | sum | | net revenue over the price of absorption
factor_income        | sf   | money | outcome | - | percent    | sum | | income of a factor
final_spending       | sd   | money | outcome | 1 | percent    | sum | | spending of an agent at user prices
output_value         | sj   | money | outcome | 2 | percent    | sum | | gross output at basic prices
value_added_value    | sj   | money | outcome | 2 | percent    | sum | Value added | value added at the user's cost
material_value       | sj   | money | outcome | - | percent    | sum | | intermediate bundle at the user's cost
producer_receipts    | sj   | money | outcome | - | percent    | sum | | output value less output tax
input_value          | sij  | money | outcome | - | percent    |     | | intermediate use at market prices
input_spending       | sij  | money | outcome | - | percent    |     | | intermediate use at the user's cost
input_use            | sij  | ratio to benchmark | outcome | - | percent | | | intermediate use, quantity
final_value          | sdi  | money | outcome | - | percent    |     | | final use at market prices
final_purchases      | sdi  | money | outcome | - | percent    |     | | final use at the user's cost
final_use            | sdi  | ratio to benchmark | outcome | - | percent | | | final use, quantity
factor_payment       | sjf  | money | outcome | - | percent    |     | | income of a factor from a sector
factor_spending      | sjf  | money | outcome | - | percent    |     | | a sector's spending on a factor, tax included
output_tax_paid      | sj   | money | outcome | 3 | difference | sum | Output tax | output tax, negative for a subsidy
factor_tax_paid      | sjf  | money | outcome | - | difference |     | | tax on a sector's use of a factor
basic_value          | uris | money | outcome | - | percent    |     | | deliveries by use class at basic prices
fob_value            | uris | money | outcome | - | percent    |     | | deliveries by use class at the border (fob)
landed_value         | uris | money | outcome | - | percent    |     | | deliveries by use class at the importer's border (cif)
service_spending     | risj | money | outcome | - | percent    |     | | spending on transport services on a route
imported_value         | uis  | money | outcome | - | percent    |     | | what a class buys of its bundle of imports
imported_spending      | uis  | money | outcome | - | percent    |     | | the same with the tax of the class
imported_use           | uis  | money | outcome | - | percent    |     | | the same at benchmark prices
route_spending       | uris | money | outcome | - | percent    |     | | deliveries by use class at the buyer's cost
backstop_spending    | uris | money | outcome | - | percent    |     | | spending on what stands in for imports
stand_in_value       | sj   | money | outcome | - | difference |     | | output of stand-ins
stand_in_receipts    | sj   | money | outcome | - | difference |     | | output of stand-ins less output tax
stand_in_quantity    | sj   | money | outcome | - | difference |     | | output of stand-ins at benchmark prices
stand_in_labour      | sj   | money | outcome | - | difference |     | | cost of the labour that makes stand-ins
stand_in_wages       | sf   | money | outcome | - | difference |     | | wages that makers of stand-ins pay
route_volume         | uris | money | outcome | - | percent    |     | | deliveries by use class at benchmark fob prices
arrivals             | uris | money | outcome | - | percent    |     | | what arrives of them, iceberg losses deducted
trade_value          | ris  | money | outcome | 3 | percent    |     | | deliveries at the exporter's border (fob)
trade_volume         | ris  | money | outcome | 3 | percent    |     | | deliveries at benchmark fob prices
tariff_paid          | ris  | money | outcome | 3 | difference |     | | tariff revenue by route
export_tax_paid      | ris  | money | outcome | 3 | difference |     | | export-tax revenue by route
exports              | s    | money | outcome | 1 | percent    | sum | Export value | exports, fob
imports              | s    | money | outcome | 1 | percent    | sum | Import value | imports, fob
research_spending    | s    | money | outcome | - | difference | sum | | outlay on research beyond the benchmark's
research_wages       | sf   | money | outcome | - | difference | sum | | outlay on research spent on a factor
research_unit_cost   | s    | money | outcome | - | percent    |     | | cost of research worth benchmark absorption
trade_balance        | s    | money | outcome | 1 | difference |     | | exports less imports, fob
export_volume        | s    | money | outcome | - | percent    | sum | | exports at benchmark fob prices
import_volume        | s    | money | outcome | - | percent    | sum | | imports at benchmark fob prices
exports_revalued     | s    | money | outcome | - | percent    | sum | | benchmark exports at current fob prices
imports_revalued     | s    | money | outcome | - | percent    | sum | | benchmark imports at current fob prices
foreign_capital_income | rsj | money | outcome | 3 | difference |    | | income of capital in a sector of a region (partner) that is paid to its owner (region)
income_from_abroad   | s    | money | outcome | 1 | difference |     | Income from abroad | income of capital abroad less what is paid to owners abroad
current_account      | s    | money | outcome | 1 | difference |     | Current account | trade balance and income from abroad
national_income      | s    | money | outcome | 1 | percent    |     | National income | GDP and income from abroad
saving_quantity      | s    | money | outcome | - | percent    |     | | saving at benchmark prices
saving_value         | s    | money | outcome | - | percent    |     | | saving net of depreciation
depreciation_value   | sf   | money | outcome | - | percent    |     | | depreciation of capital
capital_inflow       | s    | money | outcome | - | difference |     | | investment that saving from abroad pays for
foreign_saving       | s    | money | outcome | - | difference |     | | the same at the price of what the world invests
net_investment       | sd   | money | outcome | - | percent    |     | | investment net of depreciation, at benchmark prices
net_investment_value | sd   | money | outcome | - | percent    |     | | investment net of depreciation
expected_return      | sf   | ratio to benchmark | outcome | - | percent |  | | rate of return to capital that is expected
transfer             | s    | money | outcome | - | difference |     | | transfer received from abroad (the balance)
borrowing_left       |      | money | outcome | - | difference |     | | borrowing of the world, which is nothing
net_borrowing        | s    | money | outcome | 1 | difference |     | Net borrowing | borrowing abroad, less the service of what is owed
"""

VARIABLES: Mapping[str, Quantity] = merged(read_lines(_VARIABLES), read_lines(WEDGE_LINES))
OUTCOMES: Mapping[str, Quantity] = read_lines(_OUTCOMES)
INDICES: Mapping[str, Quantity] = read_lines(INDEX_LINES)
#: All that a solution of the model can be asked for.
QUANTITIES: Mapping[str, Quantity] = merged(VARIABLES, OUTCOMES, INDICES)

#: Exogenous unless a closure says otherwise; every other variable is endogenous.
EXOGENOUS: tuple[str, ...] = tuple(v.name for v in VARIABLES.values() if v.kind == "exogenous")
ENDOGENOUS: tuple[str, ...] = tuple(v.name for v in VARIABLES.values() if v.kind == "endogenous")

#: Outcomes that are positive in every solution: those compared in per cent, but for net amounts.
POSITIVE: frozenset[str] = frozenset(v.name for v in OUTCOMES.values() if v.change == PERCENT) - {
    "national_income",
    "saving_quantity",
    "saving_value",
    "net_investment",
    "net_investment_value",
}

#: What is positive in every solution, and compared with the benchmark in per cent.
RATIOS: frozenset[str] = POSITIVE | {v.name for v in VARIABLES.values() if v.change == PERCENT}

#: Variables whose equations bend sharply, as where labour runs out (:mod:`cge.model.short_year`).
BENDING = ("labour_to_spare", "restraint", "world_labour_to_spare")


def is_ratio(selector: str) -> bool:
    """Whether what a selector names is positive, and compared with the benchmark in per cent."""
    return selector.partition("[")[0].strip() in RATIOS


#: By Walras' law one equation is implied by the others; the first member of this one is left out
#: and checked afterwards.
WALRAS_EQUATION = "factor_market"
