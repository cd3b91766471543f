"""Helpers shared by the conversion scripts: packing, checksums, provenance, region names."""

from __future__ import annotations

import hashlib
import io
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import yaml

REGION_NAMES = {
    "AUS": "Australia",
    "AUT": "Austria",
    "BEL": "Belgium",
    "BGR": "Bulgaria",
    "BRA": "Brazil",
    "CAN": "Canada",
    "CHE": "Switzerland",
    "CHN": "China",
    "CYP": "Cyprus",
    "CZE": "Czechia",
    "DEU": "Germany",
    "DNK": "Denmark",
    "ESP": "Spain",
    "EST": "Estonia",
    "FIN": "Finland",
    "FRA": "France",
    "GBR": "United Kingdom",
    "GRC": "Greece",
    "HRV": "Croatia",
    "HUN": "Hungary",
    "IDN": "Indonesia",
    "IND": "India",
    "IRL": "Ireland",
    "ITA": "Italy",
    "JPN": "Japan",
    "KOR": "Korea",
    "LTU": "Lithuania",
    "LUX": "Luxembourg",
    "LVA": "Latvia",
    "MEX": "Mexico",
    "MLT": "Malta",
    "NLD": "Netherlands",
    "NOR": "Norway",
    "POL": "Poland",
    "PRT": "Portugal",
    "ROU": "Romania",
    "RUS": "Russia",
    "SVK": "Slovakia",
    "SVN": "Slovenia",
    "SWE": "Sweden",
    "TUR": "Turkey",
    "TWN": "Taiwan",
    "USA": "United States",
    "ROW": "Rest of the world",
}

AGENTS = [
    ("HH", "Final consumption of households"),
    ("NPISH", "Final consumption of non-profit institutions serving households"),
    ("GOV", "Final consumption of government"),
    ("GFCF", "Gross fixed capital formation"),
    ("INV", "Changes in inventories and valuables"),
]


def pack_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as an uncompressed npz inside an xz stream.

    Parameters
    ----------
    path : Path
        File to write. ``np.load(lzma.open(path))`` reads it; `unpack_arrays` does so faster.
    arrays : dict of str to ndarray
        Arrays by key, stored in C order.

    Notes
    -----
    The literal settings (lc=0, lp=2) suit four-byte cells; the reader needs no settings. The
    output depends on the arrays alone, so its checksum is reproducible.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **{key: np.ascontiguousarray(value) for key, value in arrays.items()})
    filters = [
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 2, "pb": 2}
    ]
    path.write_bytes(lzma.compress(buffer.getvalue(), format=lzma.FORMAT_XZ, filters=filters))


def unpack_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read every array of a file written by `pack_arrays`.

    Parameters
    ----------
    path : Path
        An ``.npz.xz`` file.

    Returns
    -------
    dict of str to ndarray
        Arrays by key.
    """
    with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as content:
        return {key: content[key] for key in content.files}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 checksum of a file.

    Parameters
    ----------
    path : Path
        File to read.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_provenance(folder: Path, document: dict[str, Any]) -> None:
    """Write ``provenance.yaml`` with the checksum of every other file of the folder.

    Parameters
    ----------
    folder : Path
        Folder of data files.
    document : dict
        Provenance entries; the key ``sha256`` is added.
    """
    data_files = sorted(p for p in folder.iterdir() if p.is_file() and p.name != "provenance.yaml")
    document = {**document, "sha256": {p.name: sha256_of(p) for p in data_files}}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    (folder / "provenance.yaml").write_text(text, encoding="utf-8")


def find_raw(folder: Path, name: str) -> Path:
    """Find one raw download by file name, at any depth below a folder.

    Parameters
    ----------
    folder : Path
        Folder of raw downloads.
    name : str
        File name.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If the folder holds no file of that name.
    """
    found = sorted(folder.rglob(name))
    if not found:
        raise FileNotFoundError(f"no file named {name} below {folder}")
    return found[0]
