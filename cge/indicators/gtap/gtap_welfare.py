"""Parts of welfare under the names of GTAP's variables (CNT...)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_benchmark import factor_codes
from cge.indicators.gtap.huff import ENDOWMENT, SAVING, TAXES, TERMS_OF_TRADE

#: Elements of axes that are no sets of the data: taxes, and where goods come from.
CODES: Mapping[str, tuple[str, ...]] = {"t": tuple(TAXES), "o": ("domestic", "imported")}
#: Purchases of agents in names of GTAP, and who they are here.
_AGENTS = {"p": "HH", "g": "GOV", "i": "INV"}
#: Column of each axis letter; of `a` the user, of an output tax the sector.
_COLUMNS = {"c": "sector", "a": "user", "r": "region", "e": "endowment", "t": "part", "o": "source"}
Picked = Callable[[pd.DataFrame], pd.DataFrame]


def _tax(part: str, **where: str) -> Picked:
    def picked(cells: pd.DataFrame) -> pd.DataFrame:
        own = cells[cells["part"] == part]
        for column, code in where.items():
            own = own[own[column] == code]
        return own

    return picked


def _made(cells: pd.DataFrame) -> pd.DataFrame:
    """Taxes on output, whose activity is that of the commodity."""
    own = _tax("prodtax")(cells)
    return own.assign(user=own["sector"])


def _of_goods(cells: pd.DataFrame) -> pd.DataFrame:
    """Taxes that commodities bear."""
    return cells[cells["part"].isin(["inputtax", "contax", "invtax", "govtax", "xtax", "mtax"])]


#: By name the axes, letters of which stand for columns (`s` and `d` for exporter and importer of a
#: flow), and the cells that are summed.
_VARIABLES: Mapping[str, tuple[str, Picked]] = {
    "cntalleffr": ("rt", lambda cells: cells[cells["part"].isin([*TAXES])]),
    "cntalleffcr": ("cr", _of_goods),
    "cntqca": ("car", _made), "cntqo": ("ar", _made), "cntqor": ("r", _made),
    "cntqe": ("er", _tax("inctax")), "cntqea": ("ear", _tax("inctax")),
    "cntqfe": ("ear", _tax("pfacttax")), "cntqfeer": ("er", _tax("pfacttax")),
    "cntqfer": ("r", _tax("pfacttax")), "cntqfr": ("ro", _tax("inputtax")),
    "cntqfd": ("car", _tax("inputtax", source="d")),
    "cntqfm": ("car", _tax("inputtax", source="m")),
    **{f"cntq{letter}{source}": ("cr", _tax(tax, user=_AGENTS[letter], source=source))
       for letter, tax in (("p", "contax"), ("g", "govtax"), ("i", "invtax")) for source in "dm"},
    "cntqpr": ("ro", _tax("contax")), "cntqgr": ("ro", _tax("govtax")),
    "cntqia": ("ro", _tax("invtax")), "cntqxs": ("csd", _tax("xtax")),
    "cntqxsr": ("r", _tax("xtax")), "cntqms": ("csd", _tax("mtax")), "cntqmsr": ("r", _tax("mtax")),
    "cnttotr": ("r", _tax(TERMS_OF_TRADE)), "cntpinv": ("r", _tax(SAVING)),
    "cntendw": ("er", _tax(ENDOWMENT)), "cntendwr": ("r", _tax(ENDOWMENT)),
}  # fmt: skip


def welfare_variables(
    cells: pd.DataFrame, data: GtapData, b: Benchmark
) -> Mapping[str, tuple[str, int, Array]]:
    """Variables by name: axes, which of them is the region whose welfare it is, and money.

    Parameters
    ----------
    cells : DataFrame
        As :func:`~cge.indicators.gtap.huff.huff` gives them.
    data : GtapData
    b : Benchmark
        Made of the data.
    """
    regions = dict(zip(b.regions, data.regions, strict=True))
    makers = {} if data.made_by is None else {
        b.sectors[place]: code for code, place in zip(data.activities, data.made_by)
    }  # fmt: skip
    names = {
        "sector": dict(zip(b.sectors, data.commodities, strict=True)), "region": regions,
        "partner": regions, "user": makers, "source": dict(zip("dm", CODES["o"])),
        "endowment": dict(zip(factor_codes(data), data.endowments)),
    }  # fmt: skip
    found = {}
    for name, (axes, picked) in _VARIABLES.items():
        own = picked(cells)
        columns = {**_COLUMNS, "s": "region", "d": "partner"}
        if name == "cntqms":
            columns |= {"s": "partner", "d": "region"}
        codes = [CODES.get(letter) or data.codes(letter) for letter in axes]
        array, there, places = np.zeros([len(one) for one in codes]), np.ones(len(own), bool), []
        for letter, known in zip(axes, codes, strict=True):
            label = own[columns[letter]]
            label = label.map(names[columns[letter]]) if columns[letter] in names else label
            place = label.map({code: k for k, code in enumerate(known)}).to_numpy(
                float, na_value=-1
            )
            there &= place >= 0
            places.append(place.astype(int))
        np.add.at(array, tuple(place[there] for place in places), own["value"].to_numpy()[there])
        owner = next(k for k, letter in enumerate(axes) if columns[letter] == "region")
        found[name] = (axes, owner, array)
    return found
