"""Rates of taxes that no benchmark can have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.core.axes import Array, Axes, Bools
from cge.data.accounts.bundles import crossing


def check_rates(
    axes: Axes,
    rates: Mapping[str, Array],
    letters: Mapping[str, str],
    border: Bools | None = None,
) -> None:
    """Refuse rates, by name, that leave no positive price or lie where they can not.

    Parameters
    ----------
    axes : Axes
    rates : mapping of str to ndarray
    letters : mapping
        Axes of each.
    border : ndarray of bool (u,), optional
        Use classes that buy across borders within a region, too.
    """
    border = np.zeros(len(axes.use_classes), bool) if border is None else border
    home = ~crossing(border, len(axes.regions))
    for name, rate in rates.items():
        here = name, letters[name], rate
        axes.refuse(rate <= -1, "rate at {cell} is -100 % or below", *here,
                    "fractions above -1; 0.1 is 10 %")  # fmt: skip
        if name == "export_tax":
            axes.refuse(home & (rate != 0), "export tax on deliveries within region {cell}", *here,
                        "0 where exporter and importer are the same")  # fmt: skip
        if name == "output_tax":
            axes.refuse(rate >= 1, "rate at {cell} takes the whole price", *here,
                        "fractions of the price below 1")  # fmt: skip
