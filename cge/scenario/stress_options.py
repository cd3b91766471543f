"""Layout of the section `stress` of a scenario."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from cge.core.errors import InputError
from cge.core.fields import Codes, OneOrMore, Rising, Strict
from cge.core.files import Number
from cge.core.parameters import Level
from cge.scenario.named_files import file_field

Year = Annotated[int, Field(strict=True, ge=1)]
Premium = Annotated[Number, Field(gt=1, le=100)]

#: Keys that had another name in earlier versions.
RENAMED = {"trickle": "leakage"}


class StressChoice(Strict):
    """How a scenario is put to the test.

    Parameters
    ----------
    library : str, optional
        File of disruptions; default: the one that ships.
    home : str, optional
        Region whose policies are compared.
    years : list of int, optional
        Years of a path from which disruptions set out; default: the first and the last.
    level : float, optional
        Of the conditional value at risk; default: the parameter ``cvar_level``.
    lending : bool
        Whether regions lend within the year of a disruption; else balances are given.
    backstop : codes, optional
        Sectors whose imports something at home can stand in for; ``none``, or default: the
        group ``strategic`` where the benchmark has it.
    premium : {"low", "central", "high"} or mapping of codes to number
        Cost of the stand-in over the price of the import; a mapping replaces the central value
        of sectors or groups.
    leakage : float, optional
        Part of a volume that comes through a total ban; default: the parameter ``leakage``.
    links : codes, optional
        Importers of which every link from a foreign supplier of a sector with a backstop is
        cut by half, one by one.
    leverage : bool
        Whether every region also withholds each such commodity from all, and bans its exports
        of all of them to each other region.
    recovery : int
        Years that are solved after each disruption has ended; 0: none.
    parameters : mapping
        Values that replace ``backstop_premium``, ``backstop_premium_ict``, ``backstop_floor``,
        ``recovered``, ``backstop_elasticity`` (of the premium to knowledge, on a path).
    """

    library: str | None = file_field()
    home: str | None = None
    years: Annotated[list[Year], OneOrMore, Rising, Field(min_length=1)] | None = None
    level: Annotated[Number, Field(ge=0, le=1)] | None = None
    lending: bool = True
    backstop: Codes | None = None
    premium: Level | dict[str, Premium] = "central"
    leakage: Annotated[Number, Field(ge=1e-6, le=0.5)] | None = None
    links: Codes | None = None
    leverage: bool = False
    recovery: Annotated[int, Field(strict=True, ge=0, le=50)] = 0
    parameters: dict[str, Number] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        for old, new in RENAMED.items():
            if isinstance(value, dict) and old in value:
                raise ValueError(InputError(
                    "this key has another name now", key=f"stress.{old}", allowed=new
                ))  # fmt: skip
        return value
