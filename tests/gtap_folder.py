"""A folder of made-up GTAP data, in the headers of version 7 or 6.2, whose accounts fit together.

No figure in it is of the data base: shares and rates are drawn at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.data.gtap.gtap_headers import VALUES
from cge.data.har.har_writing import write_har
from cge.data.har.headers import HarHeader

Array = NDArray[np.float64]
REG, COMM = ("usa", "eu_28", "row"), ("food", "mnfc", "trns", "svcs")
ENDW, MARG = ("Land", "UnSkLab", "SkLab", "Capital"), ("trns", "svcs")
SETS = {"c": ("COMM", COMM), "a": ("ACTS", COMM), "r": ("REG", REG), "s": ("REG", REG),
        "d": ("REG", REG), "e": ("ENDW", ENDW), "m": ("MARG", MARG)}  # fmt: skip


def world(
    seed: int = 1, joint: bool = False, inside: bool = True, uneven: bool = False
) -> dict[str, Array]:
    """Values by header of version 7, in an order in which they can be drawn.

    Parameters
    ----------
    seed : int
    joint : bool
        Whether activities make several commodities.
    inside : bool
        Whether the last region trades with itself.
    uneven : bool
        Whether income taxes differ by activity, as version 6.2 can not tell.
    """
    draw = np.random.default_rng(seed)
    c, r, e, m = len(COMM), len(REG), len(ENDW), len(MARG)

    def rate(shape: tuple[int, ...], low: float, high: float) -> Array:
        return 1 + draw.uniform(low, high, shape)

    v: dict[str, Array] = {}
    trade = draw.uniform(50, 200, (c, r, r)) * ~np.eye(r, dtype=bool)
    if inside:
        trade[:, -1, -1] = draw.uniform(50, 100, c)
    v["VXSB"] = trade
    v["VFOB"] = trade * rate((c, r, r), -0.02, 0.05)
    v["VTWR"] = v["VFOB"] * draw.uniform(0.01, 0.04, (m, c, r, r))
    v["VCIF"] = v["VFOB"] + v["VTWR"].sum(axis=0)
    v["VMSB"] = v["VCIF"] * rate((c, r, r), 0.0, 0.2)
    pool = draw.uniform(0.5, 1, (m, r))
    pool /= pool.sum(axis=1, keepdims=True)
    v["VST"] = pool * v["VTWR"].sum(axis=(1, 2, 3))[:, None]
    users = draw.uniform(0.5, 1, (c, c + 3, r))
    abroad = users / users.sum(axis=1, keepdims=True) * v["VMSB"].sum(axis=1)[:, None]
    home = draw.uniform(20, 60, (c, c + 3, r))
    home[:, c] += draw.uniform(400, 900, (c, r))  # households
    for kind, bought in (("VD", home), ("VM", abroad)):
        taxed = bought * rate(bought.shape, -0.03, 0.15)
        for prices, values in (("B", bought), ("P", taxed)):
            v[f"{kind}F{prices}"] = values[:, :c]
            for k, letter in enumerate("PGI"):
                v[f"{kind}{letter}{prices}"] = values[:, c + k]
    made = home.sum(axis=1) + v["VXSB"].sum(axis=2)
    for code, row in zip(MARG, v["VST"]):
        made[COMM.index(code)] += row
    which = np.eye(c)[:, :, None] + (0.2 * draw.uniform(0, 1, (c, c, r)) if joint else 0.0)
    v["MAKB"] = made[:, None] * which / which.sum(axis=1, keepdims=True)
    v["MAKS"] = v["MAKB"] * (1 - draw.uniform(-0.01, 0.06, (c, r)))[:, None]
    left = v["MAKS"].sum(axis=0) - (v["VDFP"] + v["VMFP"]).sum(axis=0)
    share = draw.uniform(0.2, 1, (e, c, r))
    v["EVFP"] = left * share / share.sum(axis=0)
    v["EVFB"] = v["EVFP"] / rate((e, c, r), -0.05, 0.3)
    by_activity = np.linspace(0.7, 1.3, c) if uneven else np.ones(c)
    v["EVOS"] = v["EVFB"] * (1 - draw.uniform(0.05, 0.3, (e, 1, r)) * by_activity[:, None])
    v["VDEP"] = 0.1 * v["EVFB"].sum(axis=(0, 1))
    taxes = sum(
        (v[b] - v[a]).sum(axis=tuple(range(v[a].ndim - 1)))
        for a, b in (("MAKS", "MAKB"), ("EVOS", "EVFP"),
                     *((f"V{k}{u}B", f"V{k}{u}P") for k in "DM" for u in "FPGI"))
    )  # fmt: skip
    taxes = taxes + (v["VFOB"] - v["VXSB"]).sum(axis=(0, 2)) + (v["VMSB"] - v["VCIF"]).sum((0, 1))
    spent = sum(v[f"V{k}{u}P"].sum(axis=0) for k in "DM" for u in "PG")
    v["SAVE"] = v["EVOS"].sum(axis=(0, 1)) + taxes - v["VDEP"] - spent
    v["VKB"] = 20 * v["VDEP"]
    v["POP"] = draw.uniform(50, 300, r)
    assert (left > 0).all()
    return v


def parameters() -> dict[str, Array]:
    """Parameters of version 7."""
    c, r = len(COMM), len(REG)
    esbd = np.repeat(np.array([2.4, 3.1, 1.9, 1.9])[:, None], r, axis=1)
    return {
        "ESBD": esbd, "ESBM": 2 * esbd,
        "ESBV": np.repeat(np.array([0.3, 1.2, 1.6, 1.3])[:, None], r, axis=1),
        "ESBT": np.zeros((c, r)), "ESBC": np.full((c, r), 0.1),
        "INCP": np.repeat(np.linspace(0.6, 1.2, c)[:, None], r, axis=1),
        "SUBP": np.linspace(0.1, 0.6, c)[:, None] * np.linspace(1, 1.2, r),
        "ESBG": np.ones(r), "ESBI": np.full(r, 0.05), "ESBS": np.ones(len(MARG)),
        "ETRE": np.repeat(np.array([-1.0, 0, 0, 0])[:, None], r, axis=1), "RFLX": np.full(r, 10.0),
    }  # fmt: skip


def headers(values: Mapping[str, Array], axes: Mapping[str, str]) -> list[HarHeader]:
    """Headers with sets of arrays of version 7."""
    return [
        HarHeader(name, array, "REFULL", "made up", name, tuple(SETS[a][0] for a in axes[name]),
                  tuple(SETS[a][1] for a in axes[name]))
        for name, array in values.items()
    ]  # fmt: skip


PARAMETER_AXES = {"ESBD": "cr", "ESBM": "cr", "ESBV": "ar", "ESBT": "ar", "ESBC": "ar",
                  "INCP": "cr", "SUBP": "cr", "ESBG": "r", "ESBI": "r", "ESBS": "m", "ETRE": "er",
                  "RFLX": "r"}  # fmt: skip
AXES = {one.name: one.axes for one in VALUES}


def texts(name: str, values: tuple[str, ...]) -> HarHeader:
    return HarHeader(name, np.array(values, np.str_), description=f"Set {name}")


def write(folder: Path, values: Mapping[str, Array] | None = None, **files: str) -> Path:
    """Write a folder of version 7; `files` are other names of base, parameters or sets."""
    folder.mkdir(exist_ok=True)
    names = {"base": "basedata.har", "prm": "default.prm", "sets": "sets.har", **files}
    release = texts("DREL", ("made-up", "Y2017", "v0"))
    made = headers(world() if values is None else values, AXES)
    write_har(folder / names["base"], [release, *made, HarHeader("PTAX", np.ones((1, 1)))])
    flags = np.array([[0.0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    write_har(folder / names["prm"], [
        *headers(parameters(), PARAMETER_AXES), HarHeader("RDLT", np.array([[1]])),
        HarHeader("EFLG", flags, sets=("ENDW", "ENDT"),
                  labels=(ENDW, ("mobile", "sluggish", "fixed"))),
    ])  # fmt: skip
    write_har(folder / names["sets"], [
        texts("REG", REG), texts("COMM", COMM), texts("ACTS", COMM), texts("ENDW", ENDW),
        texts("MARG", MARG), texts("ENDL", ENDW[1:3]), texts("ENDC", ENDW[3:]),
    ])  # fmt: skip
    return folder


def write_older(folder: Path) -> Path:
    """Write the same world in the headers of version 6.2."""
    folder.mkdir(exist_ok=True)
    v, prod = world(), (*COMM, "CGDS")
    sets = {"c": ("TRAD_COMM", COMM), "p": ("PROD_COMM", prod), "r": ("REG", REG),
            "e": ("ENDW_COMM", ENDW), "m": ("MARG_COMM", MARG)}  # fmt: skip

    def header(name: str, array: Any, axes: str) -> HarHeader:
        labels = tuple(sets[a][1] for a in axes)
        return HarHeader(name, array, "REFULL", sets=tuple(sets[a][0] for a in axes), labels=labels)

    def with_capital(one: Array, invested: Array) -> Array:
        return np.concatenate([one, invested[:, None]], axis=1)

    none = np.zeros((len(ENDW), len(REG)))
    base = [
        header(f"V{kind}{user}{prices}", v[f"V{k}{user}{p}"], "cr")
        for kind, k in (("D", "D"), ("I", "M")) for user in "PG"
        for prices, p in (("M", "B"), ("A", "P"))
    ]  # fmt: skip
    base += [
        header(f"V{kind}F{prices}", with_capital(v[f"V{k}F{p}"], v[f"V{k}I{p}"]), "cpr")
        for kind, k in (("D", "D"), ("I", "M")) for prices, p in (("M", "B"), ("A", "P"))
    ]  # fmt: skip
    base += [
        header("VFM", with_capital(v["EVFB"], none), "epr"),
        header("EVFA", with_capital(v["EVFP"], none), "epr"),
        header("EVOA", v["EVOS"].sum(axis=1), "er"), header("VXMD", v["VXSB"], "crr"),
        header("VXWD", v["VFOB"], "crr"), header("VIWS", v["VCIF"], "crr"),
        header("VIMS", v["VMSB"], "crr"), header("VTWR", v["VTWR"], "mcrr"),
        header("VST", v["VST"], "mr"),
        *(header(name, v[name], "r") for name in ("SAVE", "VDEP", "VKB", "POP")),
        texts("DREL", ("made-up", "Y2017")),
    ]  # fmt: skip
    write_har(folder / "basedata.har", base)
    p = parameters()
    capital = {name: np.append(p[name][:, 0], 1.0) for name in ("ESBV", "ESBT")}
    write_har(folder / "default.prm", [
        header("ESBD", p["ESBD"][:, 0], "c"), header("ESBM", p["ESBM"][:, 0], "c"),
        header("ESBV", capital["ESBV"], "p"), header("ESBT", capital["ESBT"], "p"),
        header("ETRE", p["ETRE"][:, 0], "e"), header("INCP", p["INCP"], "cr"),
        header("SUBP", p["SUBP"], "cr"), HarHeader("SLUG", np.array([[1], [0], [0], [0]])),
        HarHeader("RDLT", np.array([[1]])),
    ])  # fmt: skip
    write_har(folder / "sets.har", [
        texts("H1", REG), texts("H2", COMM), texts("H6", ENDW), texts("MARG", MARG),
    ])  # fmt: skip
    return folder
