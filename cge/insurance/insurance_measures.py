"""Register of what insurance by sourcing measures. Axis s: whose relations are chosen."""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import Quantity, read_lines

INSURANCE_QUANTITIES: Mapping[str, Quantity] = read_lines("""
annual_frequency  | s | percent a year | statistic | 1 | none | | Annual frequency | probability in a year that one of the disruptions happens
expected_income   | s | percent of benchmark absorption | statistic | 1 | difference | | Expected income | expected real income over normal times and disruptions, change against normal times of the benchmark
insurance_premium | s | percent of benchmark absorption | statistic | 1 | itself | | Premium | what buyers pay in normal times for these relations instead of those without risk, expected in a year, prices and volumes given
insurance_saving  | s | percent of benchmark absorption | statistic | 1 | itself | | Saving | what these relations, instead of those without risk, save them in disruptions, expected in a year, prices and volumes given
sourcing_move     | s | percent | statistic | 1 | itself | | Move of relations | mean distance of the weights of origins from those that are chosen without risk, weighted with spending
""")
