"""Selectors: how users name codes of an axis, and cells of a variable or outcome.

Codes of an axis are written

=============================  ==================================================
``all``, ``*``                 every code
``CHN``                        a code, or a group of codes
``CHN|USA``, ``CHN, USA``      several of them; in YAML also a list
``all but CHN, USA``,          every code but these
``!CHN|USA``
=============================  ==================================================

and cells as a name with one of these for each axis, in brackets:
``tariff[*, CHN, all but ELEC|MACH, USA]``. There a comma parts the axes, so several codes
are joined by ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cge.core.errors import InputError, check_known, refuse_if

#: Signs with a meaning of their own here; no code may hold one.
RESERVED = "[]|,*!"
#: Axes whose codes can have groups.
GROUPED = ("regions", "sectors", "factors")
#: Ways to write every code.
EVERY = ("all", "*")
_BUT = re.compile(r"all\s+but\s+|!\s*")
_CELLS = re.compile(r"\s*(\w+)\s*(?:\[(.*)\])?\s*")


class UnknownCode(InputError):
    """A name that is neither a code nor a group."""


def check_codes(codes: Iterable[str], allowed: Collection[str] = (), **where: Any) -> None:
    """Refuse the first of some codes, or names of groups, that no selector could name.

    Parameters
    ----------
    codes : iterable of str
    allowed : collection of str
        Codes that are fine all the same.
    **where
        Of :class:`~cge.core.errors.InputError`: file, key.
    """
    for code in codes:
        odd = "".join(sign for sign in code if sign in RESERVED or not sign.isprintable())
        problem = (
            "it is blank" if not code.strip()
            else "it has spaces around it" if code != code.strip()
            else f"it holds {odd[0]!r}" if odd
            else "in a selector it means every code" if code in EVERY
            else "in a selector it means other codes" if _BUT.match(f"{code} ")
            else ""
        )  # fmt: skip
        refuse_if(problem and code not in allowed, f"can not be a code or a group: {problem}",
                  value=code, allowed=f"text without any of {' '.join(RESERVED)} and without "
                  "spaces around it, other than 'all' and 'all but ...'", **where)  # fmt: skip


def codes(
    given: str | Sequence[str],
    known: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    axis: str,
    key: str | None,
) -> list[str]:
    """Codes that a text or a list names, each once.

    Parameters
    ----------
    given : str or sequence of str
    known : sequence of str
        All codes of the axis, in order.
    groups : mapping
        Codes of each group.
    axis, key : str
        The axis, and where the text stands, for the message.

    Raises
    ------
    UnknownCode
        For a name that is neither a code nor a group.
    """
    names, left_out = _names(given, {*known, *groups})
    meant = {**groups, **{code: (code,) for code in known}, **dict.fromkeys(EVERY, known)}
    for name in names:
        if name not in meant:
            raise UnknownCode(
                f"unknown code or group of {axis.replace('_', ' ')}",
                key=key,
                value=name,
                allowed=["all", *known, *groups],
            )
    chosen = dict.fromkeys(code for name in names for code in meant[name])
    return [code for code in known if code not in chosen] if left_out else list(chosen)


def _names(given: str | Sequence[str], whole: Collection[str]) -> tuple[list[str], bool]:
    """Names in a text or list, and whether they are what is left out."""
    if not isinstance(given, str):
        return [name.strip() for name in given], False
    text = given.strip()
    but = _BUT.match(text)
    if text in whole:  # a name, whatever signs it holds
        return [text], False
    rest = text[but.end() :] if but else text
    return [name.strip() for name in re.split(r"[|,]", rest)], but is not None


def split(selector: str, key: str | None = None) -> tuple[str, list[str]]:
    """Name of a selector of cells, and the text of each axis; none where it has no brackets.

    Raises
    ------
    InputError
        For what is not a name, or a name and brackets.
    """
    match = _CELLS.fullmatch(selector)
    if match is None:
        raise InputError(
            "is not a name with codes in brackets", key=key, value=selector,
            allowed="as in tariff[*, CHN, ELEC|MACH, USA]",
        )  # fmt: skip
    inside = (match.group(2) or "").strip()
    return match.group(1), [part.strip() for part in inside.split(",")] if inside else []


def joined(name: str, parts: Sequence[str]) -> str:
    """Selector of a name and the text of each axis; :func:`split` is its inverse."""
    return f"{name}[{', '.join(parts)}]" if parts else name


def check_groups(
    groups: Mapping[str, tuple[str, ...]], codes: Collection[str], key: str,
    path: Path | None = None,
) -> None:  # fmt: skip
    """Refuse a group that no selector could name, or named like a code, and unknown members."""
    check_codes(groups, file=path, key=key)
    for group, members in groups.items():
        refuse_if(group in codes and members != (group,), f"group '{group}' has the name of a code",
                  file=path, key=key)  # fmt: skip
        check_known(members, codes, f"group '{group}' names an unknown code", file=path,
                    key=f"{key}.{group}")  # fmt: skip
