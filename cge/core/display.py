"""Short forms of objects: a line in a terminal, a small table in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from html import escape
from typing import Any


class Displayed(ABC):
    """An object that shows some facts of itself."""

    @abstractmethod
    def shown(self) -> Mapping[str, Any]:
        """Facts by name; empty ones are left out."""

    def _facts(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.shown().items() if value}

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts().items())
        return f"<{type(self).__name__}: {facts}>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
                       for name, value in self._facts().items())  # fmt: skip
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"
