"""The two ways a run can end without a result.

Exit codes of the command line: 2 for :class:`InputError`, 3 for
:class:`NoEquilibrium`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any


class CgeError(Exception):
    """Base class of the errors a user of the model can meet."""

    exit_code = 1


class InputError(CgeError):
    """Something the user gave is wrong: where, what, and what is allowed.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    file : path, optional
        The file in which it stands.
    key : str, optional
        The key, column or argument in that file, dotted from the top.
    value : optional
        The offending value as given.
    allowed : str or iterable of str, optional
        What would have been accepted.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        key: str | None = None,
        value: Any = None,
        allowed: Any = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(self._message())

    def _message(self) -> str:
        where = ", ".join(
            part
            for part in (
                self.file,
                f"key '{self.key}'" if self.key else None,
                f"value {_short(self.value)}" if self.value is not None else None,
            )
            if part
        )
        message = f"{where}: {self.problem}" if where else self.problem
        if self.allowed is not None:
            allowed = self.allowed
            if not isinstance(allowed, str):
                allowed = _short_list([str(item) for item in allowed])
            message += f" (allowed: {allowed})"
        return message

    def located(self, file: str | Path | None = None, key: str | None = None) -> InputError:
        """Return the same error with the file or key filled in where it is missing."""
        return InputError(
            self.problem,
            file=self.file or file,
            key=self.key or key,
            value=self.value,
            allowed=self.allowed,
        )

    def moved(self, key: str, file: str | Path | None = None) -> InputError:
        """Return the same error under another key, where the user wrote what is wrong."""
        return InputError(
            self.problem, file=self.file or file, key=key, value=self.value, allowed=self.allowed
        )


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is written most like another, None where none is."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


class NoEquilibrium(CgeError):
    """No point was found that passes the acceptance tests; says what was tried."""

    exit_code = 3


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _short_list(items: list[str], limit: int = 60) -> str:
    if len(items) > limit:
        return ", ".join(items[:limit]) + f", ... ({len(items)} in all)"
    return ", ".join(items)
