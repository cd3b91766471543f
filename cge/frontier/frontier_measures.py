"""Register of what a frontier measures. Axis s: whose frontier it is."""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import Quantity, read_lines

FRONTIER_QUANTITIES: Mapping[str, Quantity] = read_lines("""
rate                 | s | percent | statistic | 1 | none | | Rate | rate of an instrument, the item, added to that of the benchmark
price_of_resilience  | s | points of welfare per point of conditional value at risk | statistic | 1 | none | | Price of resilience | what is maximised that has to be given up for a smaller conditional value at risk: multiplier of the ceiling on it
bound_multiplier     | s | points of the goal per point of the rate | statistic | 1 | none | | Multiplier of a bound | gain from a wider bound of an instrument, the item; negative at a lower bound
budget_multiplier    | s | points of the goal per point of GDP | statistic | 1 | none | | Multiplier of the budget | gain from a larger budget for subsidies
welfare_part         | s | percent of benchmark absorption | statistic | 1 | itself | | Part of EV | part of equivalent variation by group, the item
probability          | s | fraction | statistic | 1 | none | | Probability | probability of a disruption in the eyes of the region, given that one of these happens
marginal_welfare     | s | points of EV per point of the rate | statistic | 1 | none | | Marginal welfare | change of equivalent variation with the rate of an instrument, the item, where all rates are those of the benchmark
marginal_risk        | s | points of CVaR per point of the rate | statistic | 1 | none | | Marginal risk | change of the conditional value at risk with the rate of an instrument, the item, likewise
marginal_outlay      | s | percent of GDP per point of the rate | statistic | 1 | none | | Marginal outlay | change of the cost of subsidies with the rate of an instrument, the item, likewise
risk_per_outlay      | s | points of CVaR per percent of GDP | statistic | 1 | none | | Risk per outlay | change of the conditional value at risk for a per cent of GDP that is spent on a subsidy, the item, likewise
check_difference     | s | fraction | statistic | 1 | none | | Difference from the benchmark's solution | difference of a measure, the item, between the optimisation and the same policy solved from the benchmark
first_order_residual | s | percent | statistic | 1 | none | | First-order residual | largest violation of the conditions for an optimum
""")
