"""The manifest as a file: what must stand in it, and whether it is as it was written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cge.core.content import ROOMS, at_place, place_of, renamed_in
from cge.core.errors import InputError, refuse_if
from cge.core.files import Number, is_file, validate
from cge.core.identity import digest
from cge.results.json_file import FORMAT, read_json

#: Keys of the digest of the file of rows, and of all else in the manifest.
ROWS_DIGEST, _SEAL = "rows", "checksum"
_Texts = dict[str, str]


class _Part(BaseModel):
    """A part of a manifest, of which only what pages read is checked."""

    model_config = ConfigDict(extra="allow", frozen=True)


class _Asked(_Part):
    name: str = ""
    title: str = ""
    description: str = ""


class _Spec(_Part):
    study: str
    options: dict[str, Any] = Field(default={})
    scenario: _Asked | None = None
    scenarios: list[_Asked] = Field(default=[])


class _Accounts(_Part):
    name: str = ""
    fingerprint: str = ""
    status: str = ""
    unit: str = "money"
    notes: list[str] = Field(default=[])
    origin: _Texts = Field(default={})
    regions: list[str] = Field(default=[])
    sectors: list[str] = Field(default=[])
    names: dict[str, _Texts] = Field(default={})
    members: dict[str, dict[str, list[str]]] = Field(default={})


class _Solved(_Part):
    """Facts of one solution."""

    scenario: str = ""
    variant: str = ""
    elasticities: str = ""
    research_return: str = ""
    path_year: int | None = None
    step: Number = 1.0
    residual: Annotated[Number, Field(ge=0)] = 0.0
    walras: Number = 0.0
    solver: str = ""
    closure: str = ""
    numeraire: str = ""
    endogenous_rates: list[str] = Field(default=[])
    response_rates: list[str] = Field(default=[])
    another: str = ""
    undetermined: list[str] = Field(default=[])
    failure: str = ""


class _Disruption(_Part):
    name: str
    title: str = ""


class _Library(_Part):
    """Facts of a library of disruptions."""

    weightings: dict[str, dict[str, Number]] = Field(min_length=1)
    disruptions: list[_Disruption] = Field(default=[])
    frequencies: dict[str, Any] = Field(default={})
    single_cuts: list[Any] = Field(default=[])
    left_out: list[Any] = Field(default=[])


class _Tested(_Part):
    """Settings of a stress test."""

    annual_cvar_level: Number = 0.95


class ManifestFile(_Part):
    """Layout of ``manifest.json``."""

    format: Literal[2]
    date: str = ""
    spec: _Spec
    benchmark: _Accounts = _Accounts()
    files: _Texts = Field(default={})
    cases: list[_Solved] = Field(default=[])
    notes: list[str] = Field(default=[])
    pages: list[tuple[str, dict[str, Any]]] = Field(default=[])
    figure: str | None = None
    library: _Library | None = None
    stress: _Tested = _Tested()
    weighting: str | None = None
    homes: _Texts = Field(default={})
    joint: dict[str, list[str]] = Field(default={})
    players: list[str] = Field(default=[])


def manifest_text(content: Mapping[str, Any]) -> str:
    """Text of a manifest, which says itself whether it is changed.

    Files that ship are named by their place in the package, the user's own from the root.
    """
    plain = renamed_in(json.loads(json.dumps(content)), place_of)
    return json.dumps({**plain, _SEAL: digest(plain)}, indent=2) + "\n"


def read_manifest(file: Path) -> dict[str, Any]:
    """Read the manifest of a run, wherever it stands.

    Raises
    ------
    InputError
        If it is none, or of another version, naming the key that is wrong.
    """
    try:
        content = read_json(file)
    except FileNotFoundError:
        raise InputError("no such file", file=file) from None
    except OSError as error:
        raise InputError(f"file can not be read: {error.strerror}", file=file) from None
    refuse_if(not isinstance(content.get("spec"), dict), "is no manifest of a run", file=file)
    refuse_if(content.get("format") != FORMAT, "was written by another version", file=file,
              key="format", value=content.get("format"), allowed=str(FORMAT))  # fmt: skip
    validate(ManifestFile, content, file)
    return content


def asked(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says was asked, with files that ship where they are on this machine.

    Earlier manifests name those from the root of the machine that wrote them. Where that is
    another one, they are found by the files that are known to have been read there.
    """
    roots = [root for name, of in content.get("files", {}).items() if (root := _root(name, of))]

    def here(name: str) -> str:
        for root in roots:
            path = os.path.normpath(name)
            if path.startswith(root) and not is_file(path):
                return at_place(path.removeprefix(root))
        return at_place(name)

    found: dict[str, Any] = renamed_in(content["spec"], here)
    return found


def _root(name: str, of: str) -> str:
    """Beginning of the name of a file that stood elsewhere and ships as it was; else empty."""
    for room in ROOMS:
        root, _, inside = os.path.normpath(name).rpartition(f"/{room}/")
        ships = at_place(f"{room}/{inside}")
        if root and Path(ships).is_absolute() and digest(Path(ships)) == of:
            return f"{root}/"
    return ""


def unsealed(content: dict[str, Any], file: Path) -> dict[str, Any]:
    """A manifest without the digest of itself, which is checked.

    Raises
    ------
    InputError
        If it was changed since it was written.
    """
    rest = {key: value for key, value in content.items() if key != _SEAL}
    # Earlier versions wrote neither of the two.
    changed = content.get(_SEAL) != (digest(rest) if ROWS_DIGEST in rest else None)
    refuse_if(changed, "was changed after it was written: it may not say what made the figures",
              file=file, key=_SEAL, allowed="the file as a command wrote it")  # fmt: skip
    return rest
