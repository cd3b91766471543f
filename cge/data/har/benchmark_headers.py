"""A benchmark as headers of a header array file, for GEMPACK and ViewHAR."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

import numpy as np

from cge.core.axes import AXES
from cge.data.accounts.benchmark import LETTERS, Benchmark
from cge.data.accounts.bundles import LETTERS as LETTERS_OF_BUNDLES
from cge.data.elasticities.nests import NEST_AXES
from cge.data.har.headers import HarHeader

#: Name of the set of each axis, as in GTAP where it has one.
SETS: Mapping[str, str] = {"use_classes": "USECLASS", "regions": "REG", "sectors": "COMM",
                           "agents": "AGENT", "factors": "ENDW"}  # fmt: skip
#: Header and description of each array of a benchmark.
HEADERS: Mapping[str, tuple[str, str]] = {
    "flows": ("FLOW", "Deliveries at basic prices"),
    "tariff": ("TARF", "Tariff, share of the price with export tax"),
    "export_tax": ("XTAX", "Export tax, share of the basic price"),
    "intermediate": ("INTM", "Inputs of sectors, with tariffs, without user taxes"),
    "intermediate_tax": ("ITAX", "Tax on inputs, share of INTM"),
    "final": ("FINL", "Final demand, with tariffs, without user taxes"),
    "final_tax": ("FTAX", "Tax on final demand, share of FINL"),
    "factor_payments": ("FPAY", "Factor income"),
    "factor_tax": ("FCTX", "Tax on factors, share of FPAY"),
    "output_tax": ("OTAX", "Tax on output, share of its basic value"),
    "balance": ("BALN", "Absorption less GDP at market prices"),
}
#: The same of bundles of imports, and of saving, where there are any.
BUNDLES: Mapping[str, tuple[str, str]] = {
    "purchases": ("BUND", "Imports that a use class buys as a bundle, without tax"),
    "tax": ("BTAX", "Tax of a use class on its bundle, share of BUND"),
    "transport": ("TRNS", "Transport services, share of the value of goods at the border"),
}
SAVING: Mapping[str, tuple[str, str]] = {
    "net": ("SAVE", "Saving net of depreciation"), "depreciation": ("VDEP", "Depreciation"),
    "capital": ("VKB", "Capital at the beginning of the year"),
    "earnings": ("KINC", "Income of capital after income tax"),
    "flexibility": ("RFLX", "Fall of expected returns with capital at the end, per cent"),
}  # fmt: skip
#: The same of each nest of elasticities; the short run's have S as their last letter, not L.
NESTS: Mapping[str, tuple[str, str]] = {
    "armington": ("EARL", "among origins"), "intermediate": ("EINL", "among inputs"),
    "value_added": ("EVAL", "among factors"), "top": ("ETOL", "of value added and inputs"),
    "final": ("EFIL", "among goods of an agent"), "agents": ("EAGL", "among agents"),
    "transformation": ("ETRL", "of a factor's supply (1e10: mobile)"),
}  # fmt: skip
#: Stands for infinity, which no file holds.
MOBILE = 1e10


def benchmark_headers(benchmark: Benchmark) -> list[HarHeader]:
    """Sets, accounts, rates and elasticities of a benchmark as headers.

    Single precision keeps about seven digits of what a benchmark folder keeps whole.

    Raises
    ------
    InputError
        If a code has more than twelve characters, or others than the format has.
    """
    b = benchmark
    made = []
    for axis, code in SETS.items():
        described = f"Set {code}  {axis.replace('_', ' ')}"
        made.append(HarHeader(code[:4], np.array(getattr(b, axis)), description=described))

    def array(name: str, header: str, said: str, values: object, letters: str) -> HarHeader:
        axes = [AXES[letter] for letter in letters]
        # The same codes, but a set of their own, for the second of two dimensions of sectors.
        sets = tuple("ACTS" if letter == "j" else SETS[axis]
                     for letter, axis in zip(letters, axes))  # fmt: skip
        labels = tuple(tuple(getattr(b, axis)) for axis in axes)
        numbers = np.asarray(values, dtype=float)
        return HarHeader(header, np.where(np.isinf(numbers), MOBILE, numbers), "REFULL", said,
                         header, sets, labels)  # fmt: skip

    for name, (header, said) in HEADERS.items():
        unit = f"; {b.unit}" if not said.startswith(("Tariff", "Export", "Tax")) else ""
        made.append(array(name, header, f"{said}{unit}"[:70], getattr(b, name), LETTERS[name]))
    if b.bundles is not None:
        for name, (header, said) in BUNDLES.items():
            letters = LETTERS_OF_BUNDLES[name]
            made.append(array(name, header, said, getattr(b.bundles, name), letters))
        for header, said, codes in (
            ("BSRC", "Class of the bundle of imports of each use class", b.bundles.source),
            ("BCAR", "Class of transport services", (b.bundles.carrier,)),
        ):  # fmt: skip
            made.append(HarHeader(header, np.array([code or "-" for code in codes]),
                                  description=said))  # fmt: skip
    for name, (header, said) in SAVING.items() if b.saving is not None else ():
        made.append(array(name, header, said, getattr(b.saving, name), "s"))
    if b.ownership is not None:
        made.append(array("share", "OWNS", "Part of capital income that a region abroad owns",
                          b.ownership.share, "rsj"))  # fmt: skip
    for horizon, known in b.elasticities.items():
        for nest, (header, said) in NESTS.items():
            short = header[:3] + "S" if horizon == "short" else header
            made.append(array(nest, short, f"Elasticity {said}, {horizon} run",
                              getattr(known, nest), NEST_AXES[nest]))  # fmt: skip
    made.append(HarHeader("ACTS", np.array(b.sectors), description="Set ACTS  using sectors"))
    lines = [line for text in (b.name, *b.notes) for line in wrap(_plain(text), 70)]
    return [*made, HarHeader("NOTE", np.array(lines), description="Name, and notes on the data")]


def _plain(text: str) -> str:
    """A note in the characters of the format."""
    return text.encode("latin-1", "replace").decode("latin-1")
