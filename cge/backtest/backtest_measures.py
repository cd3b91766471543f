"""Register of what a backtest compares, and of how near the model comes. Axis r: exporter."""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import Quantity, read_lines

BACKTEST_QUANTITIES: Mapping[str, Quantity] = read_lines("""
trade_share      | ris | percent of purchases | statistic | 1 | difference | | Source shares, by sector | share of a foreign source in what a region buys of a good
goods_share      | rs  | percent of purchases | statistic | 1 | difference | | Source shares, all goods | share of a foreign source in all goods that a region buys
import_reliance  | is  | percent of purchases | statistic | 1 | difference | | Import reliance, by sector | share of all foreign sources in what a region buys of a good
goods_reliance   | s   | percent of purchases | statistic | 1 | difference | | Import reliance, all goods | share of all foreign sources in all goods that a region buys
pair_share       | rs  | percent of world trade in goods | statistic | 1 | difference | | Shares of pairs in world trade | goods that a region sells to another over world trade in goods
sector_share     | si  | percent of output | statistic | 1 | difference | | Shares of sectors in output | output of a sector over that of its region
world_gdp_share  | s   | percent of world GDP | statistic | 1 | difference | | Shares in world GDP | GDP of a region at current prices over the world's
world_real_share | s   | percent of world GDP | statistic | 1 | difference | | Shares in world real GDP | GDP of a region at prices of the first year over the world's
multiplier       |     | number | statistic | 1 | none | | Multiplier of trade elasticities | what the trade elasticities, sigma less one, are multiplied with
explained        |     | percent of variance | statistic | 1 | difference | | Explained | share of the changes' variance around no change that a forecast explains; negative if it is worse than no change
correlation      |     | number | statistic | 1 | difference | | Correlation | of actual and predicted changes
slope            |     | number | statistic | 1 | difference | | Slope | of actual on predicted changes; 1 if the size of what is predicted is right
slope_error      |     | number | statistic | 1 | none | | Standard error of the slope | clustered by importer
direction        |     | percent of cells | statistic | 1 | difference | | Direction right | part of the cells of which the change has the predicted sign
spread           |     | number | statistic | 1 | difference | | Spread | standard deviation of predicted over that of actual changes
tariff_slope     |     | number | statistic | 1 | none | | Slope on what tariffs add | slope of what the forecast without tariffs leaves on what they add to it; 1 if the size of their effect is right
tariff_slope_error |   | number | statistic | 1 | none | | Standard error of it | clustered by importer
tariff_gain      |     | percent of variance | statistic | 1 | none | | Explained by tariffs | what telling the model tariffs adds to the share of variance that it explains
compared         |     | number | statistic | 1 | none | | Cells | cells that are compared
""")
