"""The two ways a run can end without a result, and a warning.

Exit codes of the command line: 2 for :class:`InputError`, 3 for
:class:`NoEquilibrium`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from difflib import get_close_matches
from pathlib import Path
from typing import Any

#: Names of an allowed list, and characters of a value, that a message shows.
SHOWN, LONGEST = 40, 80


#: Characters that print nothing, but tell a terminal what to do.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _shortened(value: str) -> str:
    """A value as a message shows it; of a long path the end, which has the name."""
    if len(value) <= LONGEST:
        return value
    if value[1:2] in "/~." and " " not in value:
        return f"{value[0]}...{value[4 - LONGEST :]}"
    return value[: LONGEST - 3] + "..."


class CgeError(Exception):
    """Base class of the errors a user of the model can meet."""

    exit_code = 1
    #: Key of the task in which it happened, where it did in one.
    task = ""


class RateWarning(UserWarning):
    """A rate that can be meant, but is more likely a slip of units."""


class InputError(CgeError):
    """Something the user gave is wrong: where, what, and what is allowed.

    Where the value is a name that is close to an allowed one, the message suggests that one.

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
    name : str, optional
        The name in the value that is not among the allowed ones; default: a value that is text.
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
        name: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem, self.key, self.value = problem, key, value
        self.file = None if file is None else str(file)
        one = allowed is None or isinstance(allowed, str)
        self.allowed = allowed if one else [str(item) for item in allowed]
        self.name = value if name is None and isinstance(value, str) else name

    def __str__(self) -> str:
        value = repr(str(self.value) if isinstance(self.value, Path) else self.value)
        short = _shortened(value)
        where = (
            self.file,
            self.key and f"key '{self.key}'",
            None if self.value is None else f"value {short}",
        )
        message = ": ".join(filter(None, [", ".join(filter(None, where)), self.problem]))
        if not isinstance(self.allowed, list):
            return f"{message} (allowed: {self.allowed})" if self.allowed is not None else message
        close, count = close_name(self.name, self.allowed), len(self.allowed)
        hint = f"; did you mean '{close}'?" if close is not None else ""
        more = f", ... ({count} in all)" if count > SHOWN else ""
        return f"{message}{hint} (allowed: {', '.join(self.allowed[:SHOWN])}{more})"

    def located(self, file: str | Path | None = None, key: str | None = None) -> InputError:
        """The same error with the file or key filled in where it is missing."""
        return self.moved(self.key or key, file)

    def moved(self, key: str | None, file: str | Path | None = None) -> InputError:
        """The same error under another key, where the user wrote what is wrong."""
        error = copy(self)
        error.key = key
        error.file = self.file or (None if file is None else str(file))
        return error


def refuse_if(wrong: object, problem: str, **where: Any) -> None:
    """Raise an InputError if something is wrong.

    Parameters
    ----------
    wrong : bool
        Anything that counts as true, such as a list of what is wrong.
    problem : str
    **where
        Of :class:`InputError`: file, key, value, allowed, name.
    """
    if wrong:
        raise InputError(problem, **where)


@contextmanager
def retold(change: Callable[[InputError], InputError]) -> Iterator[None]:
    """Raise an error of the user's as a function makes it: where it was written, say."""
    try:
        yield
    except InputError as error:
        raise change(error) from None


def below(place: str) -> AbstractContextManager[None]:
    """Put a place before the key of an error."""
    return retold(lambda error: error.moved(".".join(filter(None, (place, error.key)))))


def renamed(keys: Mapping[str, str]) -> AbstractContextManager[None]:
    """Put errors about some keys, and about no file, under other keys."""
    return retold(lambda error: error if error.file is not None else error.moved(
        keys.get(error.key or "", error.key)
    ))  # fmt: skip


@contextmanager
def prefixed(words: str) -> Iterator[None]:
    """Put words before the message about an equilibrium that there is not."""
    try:
        yield
    except NoEquilibrium as error:
        raise NoEquilibrium(f"{words}{error}") from None


def refuse_first(wrong: Iterable[Any], problem: str, **where: Any) -> None:
    """Raise an InputError about the first of the values that are wrong, if there is one.

    Parameters
    ----------
    wrong : iterable
    problem : str
    **where
        Of :class:`InputError`: file, key, allowed.
    """
    for value in wrong:
        raise InputError(problem, value=value, **where)


def check_known(names: Iterable[Any], allowed: Collection[Any], problem: str, **where: Any) -> None:
    """Refuse the first of some names that is not among those allowed."""
    refuse_first((name for name in names if name not in allowed), problem, allowed=allowed, **where)


def check_complete(names: Iterable[Any], wanted: Iterable[Any], problem: str, **where: Any) -> None:
    """Refuse names that are not just those wanted: the first that is missing or too many."""
    refuse_first(sorted({*names} ^ {*wanted}, key=str), problem, allowed=wanted, **where)


def check_once(names: Iterable[Any], problem: str, **where: Any) -> None:
    """Refuse the first of some names that stands more than once."""
    refuse_first((name for name, count in Counter(names).items() if count > 1), problem, **where)


def check_same(parts: Sequence[Any], names: Iterable[str], whose: str, section: str) -> None:
    """Refuse the first of some values of a section of a file that is not the same in all parts."""
    for name in names:
        first, *others = (getattr(part, name) for part in parts)
        refuse_first((value for value in others if value != first),
                     f"must be the same for all {whose}", key=f"{section}.{name}")  # fmt: skip


class NoEquilibrium(CgeError):
    """No point was found that passes the acceptance tests; says what was tried."""

    exit_code = 3


def close_name(name: str | None, allowed: Sequence[str]) -> str | None:
    """The allowed name closest to one that is not allowed, whatever its case; None if none is."""
    if not name or name in allowed:
        return None
    by_lower = {item.lower(): item for item in allowed}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None
