"""Register of what a stress test measures.

Axes: s who loses, r who supplies or is a partner, i the commodity; a loss is of a disruption too.
"""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import Quantity, read_lines

RESILIENCE_QUANTITIES: Mapping[str, Quantity] = read_lines("""
loss                 | s   | percent of real income | statistic | 1 | difference | | Loss | part of real income that a disruption takes; the item is its family in the eyes of the region
borrowed             | s   | percent of absorption | statistic | 1 | difference | | Borrowed | borrowing beyond that before the disruption
expected_loss        | s   | percent of real income | statistic | 1 | difference | | Expected loss | mean loss over disruptions
cvar                 | s   | percent of real income | statistic | 1 | difference | | CVaR | conditional value at risk: mean of the worst losses, the tail having the probability 1 - level (Rockafellar and Uryasev 2000)
value_at_risk        | s   | percent of real income | statistic | 1 | difference | | Value at risk | least loss that is not exceeded with the probability of the level
worst_loss           | s   | percent of real income | statistic | 1 | difference | | Worst loss | largest loss among disruptions with weight; of the disruption that the row names
sd_log_income        | s   | 100 x standard deviation of the log | statistic | 1 | difference | | Deviation of real income | standard deviation of the log of real income over disruptions
loss_foreign         | s   | percent of real income | statistic | 1 | difference | | Expected loss from abroad | mean loss with the weights of families that are neither domestic nor global
loss_by_family       | s   | percent of real income | statistic | 1 | difference | | Loss by family | mean loss over the disruptions of a family, the item
frequency            | s   | percent a year | statistic | 1 | itself | | Frequency | probability a year that a disruption of a family, the item, begins; without an item of any
annual_loss          | s   | percent of real income | statistic | 1 | difference | | Loss a year | mean loss of a year from disruptions of a family, the item, by how often they come and how severe they are
annual_cvar          | s   | percent of real income | statistic | 1 | difference | | CVaR of a year | mean loss of the worst years, by how often disruptions of a family, the item, come and how severe they are
loss_in_year         | s   | percent of real income | statistic | 1 | difference | | Loss by year | loss in a year since the disruption began, the item
others_variation     | s   | percent of benchmark absorption | statistic | 1 | itself | | EV of others | equivalent variation of all other regions together, of their absorption
annual_premium       | s   | percent of benchmark absorption | statistic | 1 | itself | | Annual cost | what a policy costs in a normal year, minus its equivalent variation; without the terms of trade as the item says
payout               | s   | percent of a year's real income | statistic | 1 | itself | | Loss avoided | loss that a policy avoids if a disruption of a family, the item, comes, over the years that it lasts
break_even_odds      | s   | percent a year | statistic | 1 | itself | | Break-even odds | annual probability of a disruption of a family, the item, at which a policy pays for itself: 0 always, infinite never
break_even_odds_home | s   | percent a year | statistic | 1 | itself | | Break-even odds without the terms of trade | the same with the cost without what is gained from others through the terms of trade
time_to_recover      | s   | years since it began | statistic | 1 | difference | | Time to recover | years until the loss is below a part of the first year's (Bruneau et al. 2003; Rose 2007)
loss_area            | s   | percent of a year's real income | statistic | 1 | difference | | Loss area | sum of the losses of all years since the disruption began, discounted
stand_in_premium     | si  | cost over the import's in the benchmark | statistic | 2 | difference | | Premium of the stand-in | cost of a domestic stand-in over that of the import in the benchmark
relative_knowledge   | si  | baseline = 1 | statistic | 2 | difference | | Relative knowledge | mean of the stocks of knowledge relative to the baseline, on which premiums rest
link_loss            | sri | percent of real income | statistic | 3 | difference | | Loss, short run | loss of the importer if half of the deliveries of a supplier are cut
link_loss_long_run   | sri | percent of real income | statistic | 3 | difference | | Loss, long run | the same once relations and capital have adapted
link_loss_over_share | sri | ratio | statistic | 3 | difference | | Loss over value cut | loss from a cut of a link over the value of what is cut
speed_of_substitution | sri | ratio | statistic | 3 | difference | | Short over long run | loss from a cut of a link in the short run over that in the long run
withholding_own_loss | si  | percent of real income | statistic | 3 | difference | | Own loss by withholding | loss of a region that withholds a commodity from all
irreplaceability     | si  | percent of own absorption | statistic | 3 | difference | | Irreplaceability | losses of others less the own loss of a region that withholds
ban_own_loss         | sr  | percent of real income | statistic | 3 | difference | | Own loss by a ban | loss of a region that bans exports to a partner
ban_harm             | sr  | percent of real income | statistic | 3 | difference | | Partner's loss by a ban | loss of the partner
leverage             | sr  | percentage points of real income | statistic | 3 | difference | | Leverage | loss of the partner less the own loss of a region that bans exports to it
""")
