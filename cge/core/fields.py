"""What every part of a file that users write has in common."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, field_validator

from cge.core.files import Number
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_SHARE, too_large
from cge.core.selectors import EVERY


def _one_word_for_all(value: Any) -> Any:
    return "all" if isinstance(value, str) and value.strip() in EVERY else value


#: Codes of an axis, see :mod:`cge.core.selectors`.
Codes = Annotated[str | list[str], BeforeValidator(_one_word_for_all)]
Rate = Number


class Strict(BaseModel):
    """A part of a file: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sized(Strict):
    """A part with rates or shares, which are refused where they look like per cent.

    Parameters
    ----------
    large : bool
        That they are meant, however large.
    """

    #: Bounds by field; those of a part that has no such field do nothing.
    _bounds: ClassVar[Mapping[str, tuple[float, float]]] = {
        **dict.fromkeys(
            ("add", "set_", "guess", "to", "low", "high"), (-LARGEST_RATE, LARGEST_RATE)
        ),
        **dict.fromkeys(("budget", "outlay"), (-inf, LARGEST_SHARE)),
    }

    large: bool = False

    @field_validator(*_bounds, check_fields=False)
    @classmethod
    def _a_fraction(cls, value: Any, info: ValidationInfo) -> Any:
        low, high = cls._bounds[info.field_name or ""]
        wrong = isinstance(value, float) and not low <= value <= high
        if wrong and not info.data.get("large"):
            raise ValueError(too_large(value, high, "'large: true' beside it"))
        return value
