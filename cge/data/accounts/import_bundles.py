"""Two levels of choice in a benchmark that has one: home against imports, then among origins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.core.typed import checked
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.bundles import Bundles
from cge.data.elasticities.nests import Elasticities

#: What is added to the code of a use class for the class of its imports.
SUFFIX = "-imports"


@checked
def with_import_bundles(benchmark: Benchmark, home: Any = None) -> Benchmark:
    """The same accounts with the imports of each use class as a bundle of their own.

    Parameters
    ----------
    benchmark : Benchmark
    home : float or array, optional
        Elasticity between what is made at home and the bundle: one number, one for each sector, or
        an array (u, i, s). Default: half that among origins, the rule of two of GTAP (Hertel,
        McDougall, Narayanan and Aguiar 2008, GTAP 7 Data Base documentation, chapter 14). Among
        origins that of the benchmark stays.

    Returns
    -------
    Benchmark
        With a class more for each that imports.

    Raises
    ------
    InputError
        If it has bundles already, or a number is no elasticity.

    Examples
    --------
    >>> from cge import load_benchmark, with_import_bundles
    >>> b = with_import_bundles(load_benchmark(aggregation="small"), home=1.5)
    >>> b.use_classes
    ('int', 'con', 'inv', 'int-imports', 'con-imports', 'inv-imports')
    """
    b = benchmark
    refuse_if(b.bundles is not None, "has bundles of imports already", key="benchmark",
              value=b.name)  # fmt: skip
    n = len(b.use_classes)
    abroad = b.crossing[..., 0, :][:, :, None, :]
    wide = (*b.use_classes, *(code + SUFFIX for code in b.use_classes))

    def split(array: Array) -> Array:
        return np.concatenate([np.where(abroad, 0.0, array), np.where(abroad, array, 0.0)])

    bought = np.where(abroad, b.purchases, 0.0).sum(axis=1)
    axes = replace(b.axes, use_classes=wide)
    bundles = replace(
        Bundles.none(axes), source=(*wide[n:], *("",) * n),
        purchases=np.concatenate([bought, np.zeros_like(bought)]),
    )  # fmt: skip

    def levels(one: Elasticities) -> Elasticities:
        own = one.armington
        upper = own / 2 if home is None else b.axes.spread("home", home, "uis", "i")
        return replace(one, armington=np.concatenate([upper, own]))

    said = "half that among origins" if home is None else "given by the user"
    return replace(
        b, use_classes=wide, bundles=bundles, flows=split(b.flows), tariff=split(b.tariff),
        export_tax=split(b.export_tax),
        elasticities={horizon: levels(one) for horizon, one in b.elasticities.items()},
        notes=(*b.notes, "Imports are a bundle of their own in each use class: the elasticity "
               f"between it and what is made at home is {said}."),
        origin={**b.origin, "bundles": said},
    )  # fmt: skip
