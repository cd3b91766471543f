"""What the indices, data and elasticities of a rule are when it is run for a whole family.

A frame is the set of members for which a rule is run at once: those of its family, or all
that a group has for each of them. Codes, numbers and open elasticities are arrays with an entry
for every member of their frame. Two that meet are brought to the one frame that lies in the
other.

A rule may ask what differs between members (``if r == s``). Where it does the question can not
be answered: :class:`Mixed` is raised, and the rule run again for each of the two parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array, Bools, Integers
from cge.model.language.elasticity import NotAffine

Places = NDArray[np.int32]
Value = float | Array


class NotMonomial(ValueError):
    """An expression is not a sum of monomials; the message names the equation."""


class Frame:
    """Members for which something is computed at once.

    Parameters
    ----------
    size : int
    parent : Frame, optional
        The frame in which this one lies.
    up : ndarray of int (size,), optional
        Member of the parent to which each member belongs.
    key : tuple
        Which group of a rule this is, as it is run.
    members : ndarray of int, optional
        Numbers of its members in the whole group, where it is a part.
    """

    __slots__ = ("depth", "key", "members", "parent", "size", "up")

    def __init__(
        self,
        size: int,
        parent: Frame | None = None,
        up: Integers | None = None,
        key: tuple[Any, ...] = (),
        members: Integers | None = None,
    ) -> None:
        self.size, self.parent, self.up, self.key, self.members = size, parent, up, key, members
        self.depth: int = 0 if parent is None else parent.depth + 1

    def ups(self, ancestor: Frame) -> Integers | None:
        """Member of an ancestor to which each member belongs; None if it is this frame."""
        found: Integers | None = None
        frame = self
        while frame is not ancestor:
            if frame.parent is None or frame.up is None:
                raise NotMonomial("something of one group is used in another; add it up first")
            found = frame.up if found is None else frame.up[found]
            frame = frame.parent
        return found


def innermost(one: Frame, other: Frame) -> Frame:
    """The one of two frames that lies in the other."""
    return one if one.depth >= other.depth else other


def taken(value: Any, at: Integers | None) -> Any:
    """Entries of an array; a number stays itself."""
    return value if at is None or not isinstance(value, np.ndarray) else value[at]


class Mixed(Exception):
    """A question has different answers for members of a frame."""

    def __init__(self, mask: Mask) -> None:
        super().__init__("the answer differs between members")
        self.frame, self.mask = mask.frame, mask.values


class InFrame:
    """What has an entry for each member of a frame."""

    __slots__ = ("frame",)
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, frame: Frame) -> None:
        self.frame = frame


class Mask(InFrame):
    """The answer to a question, by member."""

    __slots__ = ("values",)

    def __init__(self, frame: Frame, values: Bools) -> None:
        super().__init__(frame)
        self.values = values

    def __bool__(self) -> bool:
        if self.values.all():
            return True
        if self.values.any():
            raise Mixed(self)
        return False


class Codes(InFrame):
    """A code of an axis, by member.

    Parameters
    ----------
    frame : Frame
    labels : tuple of str
        All codes of the axis.
    at : ndarray of int
        Which of them each member has.
    """

    __slots__ = ("at", "labels")

    def __init__(self, frame: Frame, labels: tuple[str, ...], at: Integers) -> None:
        super().__init__(frame)
        self.labels, self.at = labels, at

    def in_frame(self, frame: Frame) -> Integers:
        """Numbers of the codes, for the members of a frame in this one."""
        return taken(self.at, frame.ups(self.frame))

    def among(self, codes: Any) -> Mask:
        """Whether it is one of some codes."""
        chosen = np.array([label in codes for label in self.labels])
        return Mask(self.frame, chosen[self.at])

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, Codes):
            return self.among((other,))
        frame = innermost(self.frame, other.frame)
        if self.labels != other.labels:
            raise NotMonomial("codes of different axes are compared")
        return Mask(frame, self.in_frame(frame) == other.in_frame(frame))

    def __ne__(self, other: object) -> Any:
        same = self == other
        return Mask(same.frame, ~same.values)


class Numbers(InFrame):
    """A datum, by member."""

    __slots__ = ("values",)

    def __init__(self, frame: Frame, values: Array) -> None:
        super().__init__(frame)
        self.values = values

    def in_frame(self, frame: Frame) -> Array:
        """Values for the members of a frame in this one."""
        return taken(self.values, frame.ups(self.frame))

    def _with(self, other: Any, do: Callable[[Any, Any], Array], reverse: bool = False) -> Any:
        if isinstance(other, Numbers):
            frame = innermost(self.frame, other.frame)
            one: Any = self.in_frame(frame)
            two: Any = other.in_frame(frame)
        elif isinstance(other, int | float | np.number):
            frame, one, two = self.frame, self.values, np.float64(other)
        else:
            return NotImplemented
        return Numbers(frame, do(two, one) if reverse else do(one, two))

    def __add__(self, other: Any) -> Any:
        return self._with(other, np.add)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return self._with(other, np.multiply)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return self._with(other, np.subtract)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, np.subtract, True)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, np.divide)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, np.divide, True)

    def __pow__(self, other: Any) -> Any:
        return self._with(other, np.power)

    def __neg__(self) -> Numbers:
        return Numbers(self.frame, -self.values)

    def _asked(self, other: Any, do: Callable[[Any, Any], Bools]) -> Any:
        found = self._with(other, do)  # type: ignore[arg-type]
        return found if found is NotImplemented else Mask(found.frame, found.values)

    def __eq__(self, other: object) -> Any:
        return self._asked(other, np.equal)

    def __ne__(self, other: object) -> Any:
        return self._asked(other, np.not_equal)

    def __lt__(self, other: Any) -> Any:
        return self._asked(other, np.less)

    def __le__(self, other: Any) -> Any:
        return self._asked(other, np.less_equal)

    def __gt__(self, other: Any) -> Any:
        return self._asked(other, np.greater)

    def __ge__(self, other: Any) -> Any:
        return self._asked(other, np.greater_equal)

    def __bool__(self) -> bool:
        return bool(self != 0.0)


#: Parameter by member, and its slope.
Slope = tuple[Places, Value]


class OpenElasticity(InFrame):
    """An elasticity that is left open, by member: constant + sum of slope * parameter.

    As :class:`cge.model.language.elasticity.Elasticity`, for a whole frame.

    Parameters
    ----------
    frame : Frame
    constant : float or ndarray
    slopes : tuple of (ndarray of int, float or ndarray)
    """

    __slots__ = ("constant", "slopes")

    def __init__(self, frame: Frame, constant: Value, slopes: tuple[Slope, ...]) -> None:
        super().__init__(frame)
        self.constant, self.slopes = constant, slopes

    @classmethod
    def of(cls, frame: Frame, parameters: Integers) -> OpenElasticity:
        """Elasticities that are these parameters; those with a negative number are one."""
        known = parameters < 0
        if not known.any():
            return cls(frame, 0.0, ((parameters.astype(np.int32), 1.0),))
        places = np.maximum(parameters, 0).astype(np.int32)
        return cls(frame, known.astype(float), ((places, (~known).astype(float)),))

    def in_frame(self, frame: Frame) -> OpenElasticity:
        """The same for the members of a frame in this one."""
        at = frame.ups(self.frame)
        if at is None:
            return self
        slopes = tuple((p[at], taken(slope, at)) for p, slope in self.slopes)
        return OpenElasticity(frame, taken(self.constant, at), slopes)

    def __eq__(self, other: object) -> Any:
        is_open = np.zeros(self.frame.size, dtype=bool)
        for _, slope in self.slopes:
            is_open |= slope != 0
        return Mask(self.frame, ~is_open & (self.constant == other))

    def __ne__(self, other: object) -> Any:
        same = self == other
        return Mask(same.frame, ~same.values)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Numbers):
            frame = innermost(self.frame, other.frame)
            return self.in_frame(frame)._times(other.in_frame(frame))
        if isinstance(other, OpenElasticity):
            _refuse()
        return self._times(_number(other))

    __rmul__ = __mul__

    def _times(self, factor: Value) -> OpenElasticity:
        slopes = tuple((p, slope * factor) for p, slope in self.slopes)
        return OpenElasticity(self.frame, self.constant * factor, slopes)

    def __neg__(self) -> OpenElasticity:
        return self._times(-1.0)

    def __truediv__(self, other: Any) -> Any:
        return _refuse() if isinstance(other, OpenElasticity) else self * (1 / other)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, OpenElasticity | Numbers):
            frame = innermost(self.frame, other.frame)
            one, two = self.in_frame(frame), other.in_frame(frame)
            if isinstance(two, OpenElasticity):
                constant = one.constant + two.constant
                return OpenElasticity(frame, constant, one.slopes + two.slopes)
            return OpenElasticity(frame, one.constant + two, one.slopes)
        return OpenElasticity(self.frame, self.constant + _number(other), self.slopes)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def _refused(self, *_: object) -> Any:
        return _refuse()

    __rtruediv__ = __pow__ = __rpow__ = __lt__ = __le__ = __gt__ = __ge__ = _refused

    def __bool__(self) -> bool:
        return bool(self != 0.0)


def _number(value: Any) -> float:
    if not isinstance(value, int | float | np.number):
        raise NotMonomial("an open elasticity stands elsewhere than in an exponent")
    return float(value)


def _refuse() -> Any:
    raise NotAffine("an exponent is not affine in the elasticities")
