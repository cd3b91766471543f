"""Elasticities whose values are left open, so that one model serves every set of them.

All prices are variables and every nest's demand is written with the nest's own index,
so the exponents of the equations are affine in the elasticities and everything else in
them, value shares and benchmark levels, does not depend on them. A model is therefore
read once with elasticities that stand for themselves, and given numbers afterwards.

What is left open is one vector of parameters: the elasticities of all nests in the
order of ``NEST_AXES``, each array in its own order, and for the transformation of
factors one over it, which is 0 for a factor that is perfectly mobile. Only whether a
nest is Cobb-Douglas can not be left open: its index is not a sum of powers; nor can the parameters
of a household whose income elasticities are not one, which coefficients are made of.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.data.elasticities.nests import NEST_AXES, Elasticities

#: What Pyomo takes an open elasticity for: neither 0 nor 1, nor is one minus it.
GENERIC = 2.0**0.5


class NotAffine(ValueError):
    """An operation on an open elasticity whose result is not affine in it."""


class Elasticity(float):
    """A number that is affine in open elasticities: constant + sum of slope * parameter.

    As a float it has a value that means nothing, for Pyomo to carry in an exponent.

    Parameters
    ----------
    constant : float
    slopes : tuple of (int, float)
        Number of a parameter, as :func:`parameters` orders them, and its slope.
    """

    __slots__ = ("constant", "slopes")
    constant: float
    slopes: tuple[tuple[int, float], ...]

    def __new__(cls, constant: float, slopes: tuple[tuple[int, float], ...]) -> Elasticity:
        self = super().__new__(cls, constant + GENERIC * sum(slope for _, slope in slopes))
        self.constant = float(constant)
        self.slopes = slopes
        return self

    @classmethod
    def of(cls, parameter: int) -> Elasticity:
        """The elasticity that is parameter number `parameter`."""
        return cls(0.0, ((parameter, 1.0),))

    def __neg__(self) -> Elasticity:
        return self * -1.0

    def __mul__(self, other: float) -> Elasticity:
        if isinstance(other, Elasticity):
            self._refuse()
        return Elasticity(other * self.constant, tuple((p, other * s) for p, s in self.slopes))

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> Elasticity:
        if isinstance(other, Elasticity):
            self._refuse()
        return self * (1 / other)

    def __add__(self, other: float) -> Elasticity:
        if not isinstance(other, Elasticity):
            return Elasticity(self.constant + other, self.slopes)
        slopes = dict(self.slopes)
        for parameter, slope in other.slopes:
            slopes[parameter] = slopes.get(parameter, 0.0) + slope
        return Elasticity(self.constant + other.constant, tuple(slopes.items()))

    __radd__ = __add__

    def __sub__(self, other: float) -> Elasticity:
        return self + -other

    def __rsub__(self, other: float) -> Elasticity:
        return -self + other

    def _refuse(self, *_: object) -> NoReturn:
        raise NotAffine("an exponent is not affine in the elasticities")

    # As floats these would answer with the value that means nothing.
    __rtruediv__ = __pow__ = __rpow__ = __floordiv__ = __rfloordiv__ = _refuse
    __mod__ = __rmod__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse


def inverse(transformation: Array) -> Array:
    """One over transformation elasticities; nothing of a fixed factor, of which none is read."""
    return np.divide(1.0, transformation, out=np.zeros_like(transformation),
                     where=transformation > 0)  # fmt: skip


def parameters(elasticities: Elasticities) -> Array:
    """Values of all parameters, (parameters,)."""
    values = {nest: getattr(elasticities, nest) for nest in NEST_AXES}
    values["transformation"] = inverse(values["transformation"])
    return np.concatenate([array.ravel() for array in values.values()])


def positions(elasticities: Elasticities) -> dict[str, Integers]:
    """Number of each cell's parameter by nest, in the shape of the nest."""
    result, begin = {}, 0
    for nest in NEST_AXES:
        array = getattr(elasticities, nest)
        result[nest] = np.arange(begin, begin + array.size).reshape(array.shape)
        begin += array.size
    return result


def cobb_douglas(elasticities: Elasticities) -> Bools:
    """Parameters that belong to Cobb-Douglas nests, marked: the structure of the equations."""
    one = parameters(elasticities) == 1
    one[positions(elasticities)["transformation"]] = False
    return one


def structure(elasticities: Elasticities) -> bytes:
    """Everything of elasticities that can not be left open."""
    household = elasticities.household
    own = b"" if household is None else household.fingerprint.encode()
    fixed = elasticities.transformation == 0
    return cobb_douglas(elasticities).tobytes() + (fixed.tobytes() if fixed.any() else b"") + own
