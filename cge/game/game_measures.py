"""Names of the profiles of a game, and the register of what is said of it. Axis s: the player."""

from __future__ import annotations

from collections.abc import Mapping

from cge.core.quantity import Quantity, read_lines

#: Profiles of a game: nobody acts, the equilibrium, and two kinds of cooperation.
BENCHMARK, NASH, TOGETHER, WORLD = "benchmark", "nash", "together", "world"

GAME_QUANTITIES: Mapping[str, Quantity] = read_lines("""
best_deviation | s | percent of benchmark absorption | statistic | 1 | none | | Best deviation | largest gain in equivalent variation that was found from other rates of the player's own, those of the others given
""")
