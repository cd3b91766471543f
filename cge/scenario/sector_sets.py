"""Sets of sectors that the accounts of the benchmark choose, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from cge.core.fields import Codes, Strict, refuse_value
from cge.core.files import Number
from cge.scenario.timing import codes_text

#: In the place of a measure: sectors are drawn.
RANDOM = "random"


class SectorSet(Strict):
    """A set of sectors, chosen by a rule.

    Parameters
    ----------
    by : str, optional
        Measure of value chains or of exposure by which sectors are ranked, or ``random``.
    inputs_of : codes, optional
        Sectors whose supply chain is meant, themselves included; in place of `by`.
    region : str
        Whose sectors are measured, or whose recipes are followed.
    partner : str
        Of a measure by partner the one that is meant; without it the partner for which the
        measure is largest.
    among : codes
        Sectors that may be chosen.
    size : int, optional
        How many sectors are chosen.
    lowest : bool
        Whether those with the lowest values are chosen.
    draws : int, optional
        Number of sets that are drawn, each another one: ``NAME-1``, ``NAME-2`` and so on.
    seed : int
        Of the random numbers.
    share : float, optional
        Least value of an input, all stages counted, per unit of output of one of `inputs_of`.
    """

    by: str | None = None
    inputs_of: Codes | None = None
    region: str = ""
    partner: str = ""
    among: Codes = "all"
    size: Annotated[int, Field(ge=1)] | None = None
    lowest: bool = False
    draws: Annotated[int, Field(ge=1, le=1000)] | None = None
    seed: int = 1
    share: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> SectorSet:
        refuse_value((self.by is None) == (self.inputs_of is None),
                     "exactly one of by and inputs_of is needed")  # fmt: skip
        kinds: Mapping[str, tuple[bool, set[str], set[str]]] = {
            "inputs_of": (self.inputs_of is not None, {"region", "share"}, {"among"}),
            "by: random": (self.by == RANDOM, {"size"}, {"among", "draws", "seed"}),
            "by: a measure": (True, {"region", "size"}, {"among", "partner", "lowest"}),
        }
        name, (_, needed, free) = next(one for one in kinds.items() if one[1][0])
        for key in ("region", "partner", "among", "size", "lowest", "draws", "seed", "share"):
            given = getattr(self, key) != type(self).model_fields[key].default
            allowed = sorted(needed | free)
            refuse_value(given and key not in allowed, f"has no meaning with {name}", key=key,
                         value=getattr(self, key), allowed=allowed)  # fmt: skip
            refuse_value(not given and key in needed, f"this key is missing with {name}", key=key)
        return self

    @property
    def words(self) -> str:
        """Its rule in words."""
        among = "" if self.among == "all" else f" among {codes_text(self.among)}"
        if self.inputs_of is not None:
            return (
                f"{codes_text(self.inputs_of)} and inputs to them{among}, all stages, of "
                f"{100 * (self.share or 0):g} % of output or more in {self.region}"
            )
        if self.by == RANDOM:
            return f"{self.size} drawn at random{among}, seed {self.seed}"
        partner = f" with {self.partner}" if self.partner else ""
        end = "lowest" if self.lowest else "largest"
        return f"the {self.size} with the {end} {self.by} of {self.region}{partner}{among}"

    def names(self, name: str) -> list[str]:
        """Names of the sets that it stands for under a name."""
        return [name] if self.draws is None else [f"{name}-{n + 1}" for n in range(self.draws)]
