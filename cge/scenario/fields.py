"""What every part of a scenario file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cge.core.files import Number

Codes = str | list[str]
Rate = Number


class Strict(BaseModel):
    """A part of a scenario file: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
