"""Write the tables of docs/published.md: published figures, and what the model says.

    git clone https://github.com/paulofelipe/cp2015-jax FOLDER
    python docs/tools/published_evidence.py FOLDER

It takes half a minute. The folder has the data of Caliendo and Parro (2015), which can not be
shipped; they are a pickle, which can run code when it is read: look at it first.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from marked import put
from numpy.typing import NDArray

from cge import Model, Solution, load_benchmark
from cge.dynamics.knowledge import KnowledgePolicy, Seen
from cge.indicators.gains_from_trade import among_origins, gains_from_trade
from cge.indicators.world_io import WorldIO
from cge.path.laws import knowledge_law
from cge.scenario.study_options import PathChoice

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from peers import Nafta, prepare  # noqa: E402

PAGE = ROOT / "docs" / "published.md"
WORLDS, SETS = ("wiod2013", "world2022"), ("fontagne", "boehm", "caliendo-parro")
Array = NDArray[np.float64]


def flows(solution: Solution) -> tuple[Array, Array]:
    """Prices (r, i, 1) and quantities (r, i, s) of what crosses borders."""
    model = solution.model
    b, price = model.benchmark, model.variables["basic_price"]
    prices = np.ones((len(b.regions), len(b.sectors)))
    prices[price.at("sj")] = solution.levels[price.positions]
    volume = model.outcomes["trade_volume"].full(solution.values("trade_volume"))
    regions = np.arange(len(b.regions))
    volume = volume.copy()
    volume[regions, :, regions] = 0.0
    return prices[:, :, None], volume


def nafta(folder: Path) -> Iterable[str]:
    """Caliendo and Parro (2015), Table 2 and the growth of trade within the bloc."""
    with tempfile.TemporaryDirectory() as here:
        trial = Nafta(dict(np.load(prepare(folder, Path(here)))))
    before, after = trial.before, trial.solved(trial.data["tau_nij_cfl"])
    codes, income = list(trial.model.benchmark.regions), before.by_region("absorption_value")
    (price, volume), (price_after, volume_after) = flows(before), flows(after)
    value, value_after = price * volume, price_after * volume_after
    _, r, i, s = trial.model.variables["tariff"].at("uris")
    tariff = np.zeros_like(value)
    tariff[r, i, s] = before.levels[trial.model.variables["tariff"].positions] - 1
    dearer = price_after / price - 1
    more = np.divide(value_after, value, out=np.ones_like(value), where=value > 0) - 1
    terms = ((value * dearer).sum(axis=(1, 2)) - (value * dearer).sum(axis=(0, 1))) / income
    trade = (tariff * value * (more - dearer)).sum(axis=(0, 1)) / income
    exact = trial.income(after) - 1
    bloc = [codes.index(name) for name in ("Mexico", "Canada", "USA")]
    yield ("| | terms of trade | volume of trade | both | published | exact "
           "| imports from the bloc | published |")  # fmt: skip
    for name, said, grown in (
        ("Mexico", 1.31, 118), ("Canada", -0.06, 11), ("USA", 0.08, 41),
    ):  # fmt: skip
        n = codes.index(name)
        others = [m for m in bloc if m != n]
        rise = value_after[others][:, :, n].sum() / value[others][:, :, n].sum() - 1
        yield (f"| {name} | {100 * terms[n]:.2f} | {100 * trade[n]:.2f} "
               f"| {100 * (terms + trade)[n]:.2f} | {said:.2f} | {100 * exact[n]:.2f} "
               f"| {100 * rise:.0f} | {grown} |")  # fmt: skip


def gains() -> Iterable[str]:
    """Gains from trade of the United States by the closed form."""
    yield "| | inputs are traded | " + " | ".join(f"`{name}`" for name in SETS) + " | published |"
    for world, inputs in product(WORLDS, (False, True)):
        cells = []
        for name in SETS:
            b = load_benchmark(world, elasticities=name)
            accounts = WorldIO.from_solution(Model.build(b).solve())
            sigma = among_origins(accounts, b.elasticities["long"].armington)
            found = gains_from_trade(accounts, sigma, inputs)
            cells.append(f"{100 * found[b.regions.index('USA')]:.1f}")
        cells = [world, "yes" if inputs else "all taken for final", *cells, "2 to 8"]
        yield "| " + " | ".join(cells) + " |"


def barriers() -> Iterable[str]:
    """Trade between the EU and China twice as dear."""
    yield "| | EU, alone | EU, China answering | China, answering |"
    yield "| Felbermayr and others (2021) | -0.8 | -1.0 | -1.3 |"
    for world in WORLDS:
        for name in SETS:
            b = load_benchmark(world, elasticities=name)
            model, alone = Model.build(b), {"trade_cost[*, CHN, *, EU]": 2.0}
            both = {**alone, "trade_cost[*, EU, *, CHN]": 2.0}
            one, two = (model.solve(c, allow_large_rates=True) for c in (alone, both))
            eu, china = (b.regions.index(code) for code in ("EU", "CHN"))
            figures = [one.measure("equivalent_variation")[eu]]
            figures += [two.measure("equivalent_variation")[n] for n in (eu, china)]
            yield f"| {world}, `{name}` | " + " | ".join(f"{x:.2f}" for x in figures) + " |"


def basic_research() -> Iterable[str]:
    """Ten per cent more of the stock of basic research, at home and in all other regions."""
    yield "| | USA, own | EU, own | CHN, own | mean, own | mean, all others' |"
    yield "| IMF (2021) | | | | 0.3 | 0.6 |"
    for world in WORLDS:
        b = load_benchmark(world)
        shape = (len(b.regions), len(b.sectors))
        seen = Seen(np.ones(shape), np.ones(shape[0]), np.ones((*shape, shape[0])), np.ones(shape))
        for level in ("low", "central", "high"):
            law = knowledge_law(b, PathChoice(), level)
            assert law is not None
            gamma, weight = law.data.elasticities(level), law.data.value_added
            own = 100 * (1.1 ** gamma.basic.max(axis=1) - 1)
            foreign = []
            for n in range(shape[0]):
                state = replace(law.start(), basic=np.where(np.arange(shape[0]) == n, 1.0, 1.1))
                none = KnowledgePolicy.none(*shape)
                rise = gamma.foreign[n] * np.log(law.reach(state, seen, none)[n])
                foreign.append(100 * np.expm1((rise * weight[n]).sum() / weight[n].sum()))
            some = [own[b.regions.index(code)] for code in ("USA", "EU", "CHN")]
            cells = [*some, np.average(own, weights=law.data.gdp),
                     np.average(foreign, weights=law.data.gdp)]  # fmt: skip
            yield f"| {world}, {level} returns | " + " | ".join(f"{x:.2f}" for x in cells) + " |"


def table(lines: Iterable[str]) -> str:
    """Rows, of which the first is the head, as Markdown."""
    head, *rows = lines
    return "\n".join([head, "|---" + "|---:" * (head.count("|") - 2) + "|", *rows])


def main() -> None:
    """Put the tables into the page."""
    (folder,) = sys.argv[1:]
    np.seterr(all="ignore")
    put(PAGE, {"nafta": table(nafta(Path(folder))), "gains": table(gains()),
               "barriers": table(barriers()), "research": table(basic_research())})  # fmt: skip


if __name__ == "__main__":
    main()
