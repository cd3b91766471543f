"""Base class and common types of the files that users write."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cge.core.files import Number

#: A code, a group, ``all``, ``all but A, B``, or a list of codes and groups.
Codes = str | list[str]
#: A fraction: 0.1 is 10 %.
Rate = Number


class Strict(BaseModel):
    """A part of a file: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
