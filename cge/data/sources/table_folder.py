"""A table in a folder of plain files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cge.core.errors import InputError
from cge.core.files import numbers, read_table, read_yaml, validate
from cge.data.accounts.tariffs import load_tariffs
from cge.data.accounts.world_table import WorldTable
from cge.data.sources.arguments import safe_code
from cge.data.sources.raw_table import AGENTS, LABOUR_SHARE, TOLERANCE, filled_shares, not_shipped

Array = NDArray[np.float64]

_FACTOR_NAMES = ("LAB", "CAP", "VA")


class TableFile(BaseModel):
    """Layout of ``table.yaml`` in a folder of plain files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    year: int
    unit: str = "million USD"
    flows: Literal["net", "gross"] = "net"
    notes: list[str] = []
    regions: dict[str, str] | list[str] | None = None
    sectors: dict[str, str] | list[str] | None = None
    agents: dict[str, str] = {}
    labour_share: float = Field(default=LABOUR_SHARE, gt=0, lt=1)
    tolerance: float = Field(default=TOLERANCE, gt=0)


def read_folder(path: str | Path) -> WorldTable:
    """Read a table from a folder of CSV or Parquet files.

    The folder holds, each as ``.csv``, ``.csv.gz`` or ``.parquet``:

    - ``table.yaml``: ``name``, ``year``, and optionally ``unit``, ``flows`` (``net``: basic
      prices, the default; ``gross``: tariffs included), ``notes``, ``regions`` and
      ``sectors`` (a list that fixes the order, or code to readable name), ``agents``
      (agent in the files to HH, NPISH, GOV, GFCF or INV), ``labour_share`` and
      ``tolerance``;
    - ``intermediate``: origin, commodity, destination, sector, value;
    - ``final``: origin, commodity, destination, agent, value;
    - ``value_added`` (optional: else what inputs leave of output): region, sector, factor,
      value, with factors LAB (compensation of labour), CAP (everything else) or VA
      (the total);
    - ``tariffs`` (optional): importer, exporter, sector, rate;
    - ``elasticities.yaml`` (optional), in the layout of the shipped sets.

    Cells that do not stand in a file are zero.

    Parameters
    ----------
    path : path

    Returns
    -------
    WorldTable
        At basic prices: with ``flows: gross`` the tariffs are taken out.

    Raises
    ------
    InputError
        For a missing file or column, an unknown code, a cell that stands twice or is not a
        number, and a table whose columns miss its rows by more than the tolerance.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    content = validate(TableFile, read_yaml(folder / "table.yaml"), folder / "table.yaml")
    not_shipped(content.name, folder / "table.yaml", "name")
    flows = _long(folder, "intermediate", ("origin", "commodity", "destination", "sector"))
    final = _long(folder, "final", ("origin", "commodity", "destination", "agent"))
    found = {
        "regions": pd.concat(
            [flows["origin"], flows["destination"], final["origin"], final["destination"]]
        ),
        "sectors": pd.concat([flows["commodity"], flows["sector"], final["commodity"]]),
    }
    codes, names = {}, {}
    for axis, used in found.items():
        given = getattr(content, axis)
        codes[axis] = tuple(dict.fromkeys(used)) if given is None else tuple(map(str, given))
        names[axis] = dict(given) if isinstance(given, dict) else {}
        odd = [code for code in codes[axis] if code != safe_code(code)]
        if odd:
            raise InputError("code could not be named in a scenario", file=folder, key=axis,
                             value=odd[0], allowed="codes without , | [ ] ! *")  # fmt: skip
    regions, sectors = codes["regions"], codes["sectors"]
    for agent, target in content.agents.items():
        if target not in AGENTS:
            raise InputError("unknown agent", file=folder / "table.yaml", key=f"agents.{agent}",
                             value=target, allowed=AGENTS)  # fmt: skip
    agents = {**{agent: agent for agent in AGENTS}, **content.agents}
    unknown = ~final["agent"].isin(list(agents))
    if unknown.any():
        raise InputError(
            "unknown agent",
            file=final.attrs["path"],
            key="agent",
            value=str(final.loc[unknown, "agent"].iloc[0]),
            allowed=f"{', '.join(AGENTS)}, or a line under 'agents' in table.yaml",
        )
    final["agent"] = final["agent"].map(agents)
    r, i = len(regions), len(sectors)
    origin = {"origin": regions, "commodity": sectors, "destination": regions}
    z = _array(flows, {**origin, "sector": sectors})
    f = _array(final, {**origin, "agent": AGENTS})
    power = 1 + load_tariffs(folder_tariffs(folder), content.name, regions, sectors)[0]
    if content.flows == "gross":
        z, f = z / power[..., None], f / power[..., None]

    output, inputs = z.sum(axis=(2, 3)) + f.sum(axis=(2, 3)), z.sum(axis=(0, 1))
    notes = [f"Data: user table '{content.name}', {content.year}.", *content.notes]
    tariffs = np.einsum("risj,ris->sj", z, power - 1)
    value, labour = _value_added(folder, regions, sectors)
    if value is None:
        value = np.maximum(output - inputs - tariffs, 0.0)
        notes.append("Value added: what inputs leave of output, product taxes included.")
    missed = np.abs(output - inputs - tariffs - value)
    gap = float(missed.sum() / output.sum()) if output.sum() > 0 else np.inf
    if not gap <= content.tolerance:
        worst = np.unravel_index(int(np.argmax(missed)), missed.shape)
        raise InputError(
            f"inputs and value added miss output by {gap:.1%} of it, most in "
            f"{regions[worst[0]]}, {sectors[worst[1]]}: output {output[worst]:.6g}, inputs "
            f"{inputs[worst]:.6g}, tariffs on them {tariffs[worst]:.6g}, value added "
            f"{value[worst]:.6g}",
            file=folder, key="tolerance", value=gap,
            allowed=f"up to {content.tolerance:g}, or a tolerance of your own in table.yaml",
        )  # fmt: skip
    share = np.full((r, i), np.nan)
    if labour is not None:
        share = np.divide(labour, value, out=share, where=value > 0)
    share, filled = filled_shares(share, content.labour_share, regions, sectors)
    if len(filled):
        notes.append(
            f"Labour share of value added: {len(filled)} of {share.size} cells filled by rule, "
            f"{content.labour_share:g} where nothing is known."
        )
    return WorldTable(
        name=content.name,
        year=content.year,
        regions=regions,
        sectors=sectors,
        agents=AGENTS,
        intermediate=z,
        final=f,
        value_added=value,
        labour_share=share,
        inventories=("INV",),
        status="user",
        unit=content.unit,
        notes=tuple(notes),
        filled=filled,
        names=names,
    )


def folder_tariffs(folder: str | Path) -> str:
    """Return the path of a folder's tariffs, or ``none``."""
    found = _find(Path(folder).expanduser(), "tariffs")
    return "none" if found is None else str(found)


def folder_elasticities(folder: str | Path) -> Path | None:
    """Return the path of a folder's elasticities, if it has them."""
    path = Path(folder).expanduser() / "elasticities.yaml"
    return path if path.is_file() else None


def _find(folder: Path, stem: str) -> Path | None:
    found = [p for s in (".csv", ".csv.gz", ".parquet") if (p := folder / f"{stem}{s}").is_file()]
    if len(found) > 1:
        raise InputError(f"'{stem}' stands there twice", file=folder, value=[p.name for p in found])
    return found[0] if found else None


def _long(folder: Path, stem: str, keys: tuple[str, ...]) -> pd.DataFrame:
    """Read a file in long format: code columns as text, a column of values."""
    path = _find(folder, stem)
    if path is None:
        raise InputError("no such file", file=folder / f"{stem}.csv",
                         allowed=f"{stem}.csv, {stem}.csv.gz or {stem}.parquet")  # fmt: skip
    frame = read_table(path, (*keys, "value"), text=keys)[[*keys, "value"]]
    value = numbers(frame["value"])
    if value.isna().any():
        line = int(np.flatnonzero(value.isna())[0])
        cell = ", ".join(frame.iloc[line][list(keys)])
        raise InputError(f"value of {cell} is not a number", file=path, key="value",
                         value=str(frame["value"].iloc[line]))  # fmt: skip
    repeated = frame.duplicated(list(keys))
    if repeated.any():
        cell = ", ".join(frame.loc[repeated].iloc[0][list(keys)])
        raise InputError(f"cell {cell} stands twice", file=path)
    frame["value"] = value
    frame.attrs["path"] = str(path)
    return frame


def _array(frame: pd.DataFrame, axes: Mapping[str, Sequence[str]]) -> Array:
    """Return a long frame as an array, rows of the same cell added up."""
    array = np.zeros([len(codes) for codes in axes.values()])
    where = []
    for column, codes in axes.items():
        position = frame[column].map({code: k for k, code in enumerate(codes)})
        if position.isna().any():
            value = str(frame.loc[position.isna(), column].iloc[0])
            raise InputError(f"unknown {column}", file=frame.attrs["path"], key=column,
                             value=value, allowed=codes)  # fmt: skip
        where.append(position.to_numpy(dtype=int))
    np.add.at(array, tuple(where), frame["value"].to_numpy())
    return array


def _value_added(
    folder: Path, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[Array | None, Array | None]:
    """Return value added and its labour part, (s, j), None where the folder has none."""
    if _find(folder, "value_added") is None:
        return None, None
    frame = _long(folder, "value_added", ("region", "sector", "factor"))
    array = _array(frame, {"region": regions, "sector": sectors, "factor": _FACTOR_NAMES})
    given = set(frame["factor"])
    labour = array[..., 0] if "LAB" in given else None
    if "VA" not in given:
        if given != {"LAB", "CAP"}:
            raise InputError("value added is not complete", file=frame.attrs["path"],
                             key="factor", value=sorted(given),
                             allowed="LAB and CAP, VA, or LAB and VA")  # fmt: skip
        return array[..., 0] + array[..., 1], labour
    if "CAP" in given:
        raise InputError("give VA (the total) or CAP (the rest), not both",
                         file=frame.attrs["path"], key="factor", value="CAP")  # fmt: skip
    return array[..., 2], labour
