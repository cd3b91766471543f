"""Accounts that follow from GTAP base data, and the identities that they must keep.

Names and definitions as in Corong and others (2017); see :mod:`cge.data.gtap.gtap_headers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from cge.core.axes import Array, largest_cell, ratio
from cge.core.errors import InputError
from cge.data.gtap.base_data import GtapData

#: An identity may miss by this share of its account, or of a millionth of the largest such account.
#: GTAP's files hold seven digits, and aggregators write margins on small flows to fewer: 1e-4 of an
#: import of 10 million dollars was found. What is not traded is 1e-6 there.
TOLERANCE = 1e-3
_FLOOR = 1e-6


def margins_made(data: GtapData) -> Array:
    """Exports of margins by commodity, (c, r)."""
    made = np.zeros((len(data.commodities), len(data.regions)))
    for code, row in zip(data.margins, data["VST"]):
        made[data.commodities.index(code)] = row
    return made


def tax_revenue(data: GtapData) -> Mapping[str, Array]:
    """Revenue of each kind of tax by region, (r): values with the tax less those without."""
    d = data
    return {
        "output": (d["MAKB"] - d["MAKS"]).sum(axis=(0, 1)),
        "income": (d["EVFB"] - d["EVOS"]).sum(axis=(0, 1)),
        "endowment use": (d["EVFP"] - d["EVFB"]).sum(axis=(0, 1)),
        "inputs": (d["VDFP"] - d["VDFB"] + d["VMFP"] - d["VMFB"]).sum(axis=(0, 1)),
        "private consumption": (d["VDPP"] - d["VDPB"] + d["VMPP"] - d["VMPB"]).sum(axis=0),
        "government consumption": (d["VDGP"] - d["VDGB"] + d["VMGP"] - d["VMGB"]).sum(axis=0),
        "investment": (d["VDIP"] - d["VDIB"] + d["VMIP"] - d["VMIB"]).sum(axis=0),
        "exports": (d["VFOB"] - d["VXSB"]).sum(axis=(0, 2)),
        "imports": (d["VMSB"] - d["VCIF"]).sum(axis=(0, 1)),
    }


def earned(data: GtapData) -> Array:
    """Income of endowments by activity, (e, a, r), before income tax at the mean rate of each.

    An endowment moves for what is left of its price after income tax, which in some data differs by
    activity: these are units of which all earn the same, and what an activity's rate is above or
    below the mean is a tax or subsidy on its use.
    """
    left, before = data["EVOS"], data["EVFB"].sum(axis=1)
    return np.asarray(left * ratio(before, left.sum(axis=1))[:, None])


def gdp(data: GtapData) -> Array:
    """GDP at market prices from what is bought, (r): with exports free on board, imports cif."""
    d = data
    bought = sum(d[name].sum(axis=0) for name in ("VDPP", "VMPP", "VDGP", "VMGP", "VDIP", "VMIP"))
    exports = d["VFOB"].sum(axis=(0, 2)) + d["VST"].sum(axis=0)
    return np.asarray(bought + exports - d["VCIF"].sum(axis=(0, 1)))


def income(data: GtapData) -> Array:
    """Income of the regional household, (r): endowments and taxes, net of depreciation."""
    taxes = sum(tax_revenue(data).values())
    return np.asarray(data["EVOS"].sum(axis=(0, 1)) + taxes - data["VDEP"])


def _goods(d: GtapData) -> tuple[Array, Array]:
    sold = d["VDFB"].sum(axis=1) + d["VDPB"] + d["VDGB"] + d["VDIB"] + d["VXSB"].sum(axis=2)
    return d["MAKB"].sum(axis=1), sold + margins_made(d)


def _imports(d: GtapData) -> tuple[Array, Array]:
    return d["VMSB"].sum(axis=1), d["VMFB"].sum(axis=1) + d["VMPB"] + d["VMGB"] + d["VMIB"]


def _firms(d: GtapData) -> tuple[Array, Array]:
    return d["MAKS"].sum(axis=0), (d["VDFP"] + d["VMFP"]).sum(axis=0) + d["EVFP"].sum(axis=0)


def _spending(d: GtapData) -> tuple[Array, Array]:
    bought = sum(d[name].sum(axis=0) for name in ("VDPP", "VMPP", "VDGP", "VMGP"))
    return income(d), np.asarray(bought + d["SAVE"])


#: What each identity says, the axes of its accounts, and its two sides.
IDENTITIES: tuple[tuple[str, str, Callable[[GtapData], tuple[Array, Array]]], ...] = (
    ("MAKB: what is made of a good is sold at home, exported, or used as a margin", "cr", _goods),
    ("VMSB: what is imported of a good is bought", "cr", _imports),
    ("MAKS: revenue of an activity pays its costs", "ar", _firms),
    ("income of a region is spent or saved", "r", _spending),
    ("VCIF: imports are exports and margins", "csd",
     lambda d: (d["VCIF"], d["VFOB"] + d["VTWR"].sum(axis=0))),
    ("VST: margins that are made are used", "m",
     lambda d: (d["VST"].sum(axis=1), d["VTWR"].sum(axis=(1, 2, 3)))),
    ("saving and depreciation of the world are its investment", "",
     lambda d: (np.asarray((d["SAVE"] + d["VDEP"]).sum()),
                np.asarray((d["VDIP"] + d["VMIP"]).sum()))),
)  # fmt: skip


def identities(data: GtapData) -> pd.DataFrame:
    """How far each identity misses at most.

    Returns
    -------
    DataFrame
        Columns identity, accounts (how many it is about), cell (where it misses most), account and
        other side there, gap, and share: the gap relative to the account.
    """
    rows = []
    for said, letters, sides in IDENTITIES:
        one, other = sides(data)
        scale = np.maximum(np.abs(one), np.abs(other))
        scale = np.maximum(scale, _FLOOR * max(float(scale.max()), 1e-300))
        share = np.abs(one - other) / scale
        cell = largest_cell(share) if letters else ()
        where = ", ".join(data.codes(letter)[k] for letter, k in zip(letters, cell))
        rows.append((said, one.size, where, one[cell], other[cell], one[cell] - other[cell],
                     share[cell]))  # fmt: skip
    columns = ["identity", "accounts", "cell", "account", "other_side", "gap", "share"]
    return pd.DataFrame(rows, columns=columns)


def checked_identities(data: GtapData) -> pd.DataFrame:
    """The same; refuses data whose accounts do not fit together.

    Raises
    ------
    InputError
        If an identity misses by more than :data:`TOLERANCE` of its account.
    """
    found = identities(data)
    worst = found.iloc[int(found["share"].to_numpy().argmax())]
    if worst["share"] > TOLERANCE:
        where = f" at {worst['cell']}" if worst["cell"] else ""
        raise InputError(
            f"the accounts do not fit together: {worst['identity']}{where}: "
            f"{worst['account']:.8g} against {worst['other_side']:.8g}, a gap of "
            f"{worst['share']:.2e} of the account",
            file=data.files["base data"], allowed=f"gaps up to {TOLERANCE:g}",
        )  # fmt: skip
    return found
