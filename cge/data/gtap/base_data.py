"""The GTAP base data: a folder as GTAPAgg, FlexAgg and RunGTAP have it, as arrays with names.

A folder holds base data, parameters and sets, in header array files that are known by what is in
them, whatever they are called. Data of version 6.2 come out under the names of version 7, as
:mod:`cge.data.gtap.gtap_headers` lists them: its sector of capital goods is the agent who invests,
and each of its sectors makes one commodity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.core.errors import InputError, check_known, check_once, refuse_if
from cge.core.files import is_file, is_folder, user_path
from cge.core.typed import checked
from cge.data.gtap.gtap_headers import PARAMETERS, SETS, VALUES, GtapHeader
from cge.data.har.har_reading import read_har
from cge.data.har.har_tables import header_array_files
from cge.data.har.headers import HarHeader

#: By which header each file is known, and what it is called where a folder has several such.
KNOWN_BY = {"base data": ({"VXSB", "VXMD"}, "basedata"), "parameters": ({"ESBD"}, "default"),
            "sets": ({"REG", "H1"}, "sets")}  # fmt: skip
#: Parameters that a benchmark takes, in both versions and in 7.
USED = {"ESBD", "ESBM", "ESBV", "ESBT", "SUBP", "ETRE"}
USED_IN_7 = {"ESBC", "ESBG", "ESBI"}
MOBILITY = ("mobile", "sluggish", "fixed")
#: Values of which no account is made, and which some files do not have.
OPTIONAL = ("VKB", "POP")


@dataclass(frozen=True, eq=False)
class GtapData:
    """Base data and parameters of GTAP.

    Parameters
    ----------
    version : {"7", "6.2"}
        Of the headers it was read from.
    release : str
        What the file says of the data base: version, reference year, date.
    regions, commodities, activities, endowments, margins : tuple of str
        Elements of the sets, as they stand in the file.
    values : mapping
        Arrays of the base data by their names in version 7
        (:data:`~cge.data.gtap.gtap_headers.VALUES`), million US dollars of the reference year.
    parameters : mapping
        Those of :data:`~cge.data.gtap.gtap_headers.PARAMETERS` that the file has; parameters of
        version 6.2 are the same in all regions.
    mobility : mapping
        Endowment to ``mobile``, ``sluggish`` or ``fixed``.
    labour, capital : tuple of str
        Endowments that the file of sets calls so; empty where it has no such set.
    files : mapping
        Files it was read from.
    unused : tuple of str
        Headers of the base data that are not read.
    """

    version: str
    release: str
    regions: tuple[str, ...]
    commodities: tuple[str, ...]
    activities: tuple[str, ...]
    endowments: tuple[str, ...]
    margins: tuple[str, ...]
    values: Mapping[str, Array]
    parameters: Mapping[str, Array]
    mobility: Mapping[str, str]
    labour: tuple[str, ...]
    capital: tuple[str, ...]
    files: Mapping[str, Path]
    unused: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Array:
        """Array of the base data, or parameter, by its name in version 7."""
        both = {**self.values, **self.parameters}
        check_known([name], both, "GTAP data have no such array", key=name)
        return both[name]

    @property
    def made_by(self) -> tuple[int, ...] | None:
        """Place of the commodity that each activity makes; None where they are not one to one."""
        made = self["MAKS"].sum(axis=2) > 0
        if made.shape[0] != made.shape[1] or (made.sum(axis=0) != 1).any():
            return None
        places = tuple(made.argmax(axis=0).tolist())
        return places if len(set(places)) == len(places) else None

    def codes(self, letter: str) -> tuple[str, ...]:
        """Elements of an axis by its letter."""
        return self._axes[letter]

    @property
    def _axes(self) -> dict[str, tuple[str, ...]]:
        return {
            "c": self.commodities,
            "a": self.activities,
            "e": self.endowments,
            "k": self.capital,
            "m": self.margins,
            **dict.fromkeys("rsd", self.regions),
        }


@checked
def read_gtap(path: str | Path) -> GtapData:
    """Read the GTAP data of a folder.

    Parameters
    ----------
    path : path
        A folder with base data, parameters and sets; or the file of base data in it.

    Returns
    -------
    GtapData

    Raises
    ------
    InputError
        If a file or header is missing, damaged, or of other elements than the rest, or a value is
        negative that can not be. Whether the accounts fit together is another question:
        :func:`~cge.data.gtap.gtap_checks.checked_identities`.
    """
    files = gtap_files(path)
    base = _upper(read_har(files["base data"]))
    older = "VXMD" in base
    reader = _Reader(base, files["base data"], older)
    values = {one.name: reader.array(one) for one in VALUES if one.name in reader.names}
    if older:
        values |= reader.investment()
        values |= _made(values, reader)
    prm = _Reader(_upper(read_har(files["parameters"])), files["parameters"], older, reader.axes)
    parameters = {one.name: prm.array(one) for one in PARAMETERS if one.name in prm.names}
    left = [one.name for one in PARAMETERS
            if one.name in (USED if older else {*USED, *USED_IN_7}) - {*parameters}]  # fmt: skip
    refuse_if(left, "this parameter of GTAP is missing", file=files["parameters"],
              key=next(iter(left), None))  # fmt: skip
    sets = _upper(read_har(files["sets"])) if "sets" in files else {}
    _check_sets(sets, reader, files.get("sets"))
    names = {"RELEASE", "XXCR", "XXCD", "XXCP", "DREL", "DVER", "DPSM", *reader.taken}
    return GtapData(
        version="6.2" if older else "7",
        release=" ".join(_elements(base, "DREL")),
        regions=reader.axes["r"], commodities=reader.axes["c"], activities=reader.axes["a"],
        endowments=reader.axes["e"], margins=reader.axes["m"], values=values,
        parameters=parameters, mobility=_mobility(parameters, sets, reader.axes["e"], older),
        labour=_elements(sets, "ENDL"), capital=_elements(sets, "ENDC"), files=files,
        unused=tuple(name for name in base if name not in names),
    )  # fmt: skip


def gtap_files(path: str | Path) -> dict[str, Path]:
    """Files of GTAP data by what is in them: base data, parameters and, if there are any, sets.

    Raises
    ------
    InputError
        If one is missing, or there are several and none has the usual name.
    """
    given = user_path(path)
    folder = given.parent if is_file(given) else given
    refuse_if(not is_folder(folder), "no such folder", file=given,
              allowed="a folder with basedata.har, default.prm and sets.har")  # fmt: skip
    wanted = set().union(*(names for names, _ in KNOWN_BY.values()))
    found: dict[str, list[Path]] = {kind: [] for kind in KNOWN_BY}
    for file in header_array_files(folder):
        inside = _upper(read_har(file, only=wanted))
        kind = next((k for k, (names, _) in KNOWN_BY.items() if names & {*inside}), None)
        if kind is not None:
            found[kind].append(file)
    if is_file(given):
        refuse_if(given not in found["base data"], "is no file of GTAP base data", file=given,
                  allowed="a file with the header VXSB, or VXMD of version 6.2")  # fmt: skip
        found["base data"] = [given]
    files = {}
    for kind, paths in found.items():
        usual = [one for one in paths if one.stem.lower() == KNOWN_BY[kind][1]]
        chosen = usual if len(paths) > 1 and len(usual) == 1 else paths
        refuse_if(len(chosen) > 1, f"several files hold {kind} of GTAP", file=folder,
                  value=[one.name for one in chosen], allowed=f"one, or {KNOWN_BY[kind][1]}.har "
                  "among them")  # fmt: skip
        refuse_if(not chosen and kind != "sets", f"no file with GTAP {kind} is in this folder",
                  file=folder, allowed=f"a header array file with one of the headers "
                  f"{', '.join(sorted(KNOWN_BY[kind][0]))}")  # fmt: skip
        if chosen:
            files[kind] = chosen[0]
    return files


def _upper(headers: Mapping[str, HarHeader]) -> dict[str, HarHeader]:
    """Headers by their names in capitals: case does not tell them apart."""
    return {name.upper(): header for name, header in headers.items()}


class _Reader:
    """The headers of a file, which become arrays whose axes have the same elements.

    Axes that are not known yet are those of the first header that has them.
    """

    def __init__(
        self, headers: Mapping[str, HarHeader], file: Path, older: bool,
        axes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:  # fmt: skip
        self.headers, self.file, self.older = headers, file, older
        self.names = {
            one.name for one in (*VALUES, *PARAMETERS)
            if (one.older if older else one.name) in headers
        }  # fmt: skip
        self.taken: set[str] = set()
        base = axes is None
        self.axes: dict[str, tuple[str, ...]] = {} if axes is None else {**axes}
        if base:
            self._find_axes()
            due = {one.name: one.older if older else one.name for one in VALUES}
            left = [due[name] for name in due if due[name] and name not in {*self.names, *OPTIONAL}]
            refuse_if(left, f"GTAP data of version {'6.2' if older else '7'} have this header, and "
                      "the file has it not", file=file, key=next(iter(left), None))  # fmt: skip

    def _find_axes(self) -> None:
        """Elements of the sets, from the headers that have each of them first."""
        trade, inputs = ("VXMD", "VDFM") if self.older else ("VXSB", "VDFB")
        factors, margins = ("VFM" if self.older else "EVFB"), "VST"
        self.axes["c"], region, _ = self._labels(trade, 3)
        self.axes |= dict.fromkeys("rsd", region)
        users = self._labels(inputs, 3)[1]
        #: In 6.2, the sectors of capital goods are users that make nothing traded.
        self.capital_goods = tuple(code for code in users if code not in self.axes["c"])
        self.axes["a"] = self.axes["c"] if self.older else users
        self.axes["p"] = users
        self.axes["e"] = self._labels(factors, 3)[0]
        self.axes["m"] = self._labels(margins, 2)[0]
        refuse_if(self.older and not self.capital_goods, "has no sector of capital goods",
                  file=self.file, key="VDFM", value=users)  # fmt: skip
        check_known(self.axes["m"], self.axes["c"], "a margin is no commodity", file=self.file,
                    key="VST")  # fmt: skip

    def _header(self, name: str) -> HarHeader:
        refuse_if(name not in self.headers, "this header is missing", file=self.file, key=name)
        self.taken.add(name)
        return self.headers[name]

    def _labels(self, name: str, rank: int) -> tuple[tuple[str, ...], ...]:
        """Elements of the dimensions of a header."""
        header = self._header(name)
        refuse_if(not header.has_sets or header.array.ndim != rank or None in header.labels,
                  "is not an array with sets of the dimensions it has in GTAP data",
                  file=self.file, key=name, value=f"{header.kind} {header.array.shape}",
                  allowed=f"{rank} dimensions")  # fmt: skip
        return tuple(known or () for known in header.labels)

    def array(self, one: GtapHeader) -> Array:
        """A value or parameter as an array on its axes in version 7."""
        name = one.older if self.older else one.name
        header = self._header(name)
        refuse_if(header.kind[:2] == "1C" or not header.array.size, "holds no numbers",
                  file=self.file, key=name)  # fmt: skip
        if not one.axes:
            refuse_if(header.array.size != 1, "is one number", file=self.file, key=name)
            return np.asarray(float(header.array.ravel()[0]))
        if one.name in ("EFLG", "SLUG"):
            return self._flags(name, header)
        if one.name == "EVOS" and self.older:
            return self._income(name)
        letters, spread = one.axes, False
        if self.older and len(self._dimensions(name)) < len(one.axes):
            letters, spread = one.axes[0], True
        of_users = "a" in letters and self.older
        axes = [self.axes["p" if letter == "a" and of_users else letter] for letter in letters]
        part = self._labels(name, len(axes))[0] if one.name == "ETRE" else axes[0]
        found = self._aligned(name, letters, [part, *axes[1:]])
        if one.name == "ETRE":  # in some files of sluggish endowments alone
            place = self._places(name, part)
            whole = np.zeros((len(self.axes["e"]), *found.shape[1:]))
            whole[place] = found
            found = whole
        elif of_users:
            keep = [self.axes["p"].index(code) for code in self.axes["a"]]
            found = found.take(keep, axis=letters.index("a"))
        if one.name in _AMOUNTS and (found < 0).any():
            cell = tuple(int(k) for k in np.argwhere(found < 0)[0])
            where = ", ".join(self.axes[a][k] for a, k in zip(letters, cell))
            raise InputError(f"{one.meaning}: negative at {where}", file=self.file, key=name,
                             value=float(found[cell]), allowed="values >= 0")  # fmt: skip
        return np.repeat(found[:, None], len(self.axes["r"]), axis=1) if spread else found

    def _places(self, name: str, endowments: Sequence[str]) -> list[int]:
        """Positions of endowments, in whatever case they are written."""
        known = [code.lower() for code in self.axes["e"]]
        check_once((code.lower() for code in endowments), "an endowment stands twice",
                   file=self.file, key=name)  # fmt: skip
        check_known([code.lower() for code in endowments], known, "unknown endowment",
                    file=self.file, key=name)  # fmt: skip
        return [known.index(code.lower()) for code in endowments]

    def _flags(self, name: str, header: HarHeader) -> Array:
        """Flags by endowment, in the order of the base data where elements are named."""
        count = len(self.axes["e"])
        refuse_if(header.array.shape[:1] != (count,), "has not one row for each endowment",
                  file=self.file, key=name, value=header.array.shape)  # fmt: skip
        flags = header.array.reshape(count, -1).astype(float)
        known = header.labels[0] if header.has_sets else None
        if known is not None:
            flags[self._places(name, known)] = flags.copy()
        kinds = [code.lower() for code in header.labels[1] or ()] if header.array.ndim == 2 and (
            header.has_sets) else []  # fmt: skip
        if name == "EFLG" and sorted(kinds) == sorted(MOBILITY):
            flags = flags[:, [kinds.index(kind) for kind in MOBILITY]]
        return flags

    def _dimensions(self, name: str) -> tuple[int, ...]:
        return self._header(name).array.shape

    def _aligned(self, name: str, letters: str, axes: Sequence[tuple[str, ...]]) -> Array:
        """Values of a header whose elements must be those of some axes, in their order."""
        array: Array = self._header(name).array.astype(float)
        for k, (labels, known) in enumerate(zip(self._labels(name, len(axes)), axes)):
            place = {code.lower(): n for n, code in enumerate(labels)}
            order = [place.get(code.lower(), -1) for code in known]
            refuse_if(-1 in order or len(labels) != len(known), f"dimension {k + 1} has other "
                      f"elements than {SETS.get(letters[k], 'the set')} has elsewhere",
                      file=self.file, key=name, value=labels, allowed=known)  # fmt: skip
            array = array.take(order, axis=k)
        refuse_if(not np.isfinite(array).all(), "has a value that is no number", file=self.file,
                  key=name)  # fmt: skip
        return array

    def _income(self, name: str) -> Array:
        """Income of endowments in 6.2, by activity as their payments are."""
        paid = self._aligned("VFM", "epr", [self.axes[a] for a in "epr"])
        capital = [self.axes["p"].index(code) for code in self.capital_goods]
        refuse_if(paid[:, capital].any(), "capital goods use endowments", file=self.file, key="VFM")
        keep = [self.axes["p"].index(code) for code in self.axes["a"]]
        after = self._aligned(name, "er", [self.axes["e"], self.axes["r"]])
        total = paid.sum(axis=1)
        share = np.divide(after, total, out=np.zeros_like(after), where=total > 0)
        return paid.take(keep, axis=1) * share[:, None]

    def investment(self) -> dict[str, Array]:
        """Purchases of the sectors of capital goods in 6.2, as those of an agent who invests."""
        places = [self.axes["p"].index(code) for code in self.capital_goods]
        axes = [self.axes[letter] for letter in "cpr"]
        return {
            name: self._aligned(older, "cpr", axes).take(places, axis=1).sum(axis=1)
            for name, older in (("VDIB", "VDFM"), ("VDIP", "VDFA"), ("VMIB", "VIFM"),
                                ("VMIP", "VIFA"))
        }  # fmt: skip


#: Values that are never less than zero.
_AMOUNTS = {one.name for one in VALUES} - {"SAVE"}


def _made(values: Mapping[str, Array], reader: _Reader) -> dict[str, Array]:
    """Make matrix of 6.2, where a sector makes its commodity: sales, and costs, on the diagonal."""
    v = values
    sales = v["VDFB"].sum(axis=1) + v["VDPB"] + v["VDGB"] + v["VDIB"] + v["VXSB"].sum(axis=2)
    for code, row in zip(reader.axes["m"], v["VST"]):
        sales[reader.axes["c"].index(code)] += row
    costs = (v["VDFP"] + v["VMFP"]).sum(axis=0) + v["EVFP"].sum(axis=0)
    diagonal = np.eye(len(sales))[:, :, None]
    return {"MAKB": diagonal * sales[:, None], "MAKS": diagonal * costs[:, None]}


def _elements(sets: Mapping[str, HarHeader], name: str) -> tuple[str, ...]:
    """Elements of a set in the file of sets; none where it is not there."""
    return tuple(sets[name].array.tolist()) if name in sets and sets[name].kind[1] == "C" else ()


def _check_sets(sets: Mapping[str, HarHeader], reader: _Reader, file: Path | None) -> None:
    """Refuse a file of sets that is not of these data."""
    older = {"r": "H1", "c": "H2", "e": "H6", "m": "MARG", "a": ""}
    for letter, name in (("r", "REG"), ("c", "COMM"), ("a", "ACTS"), ("e", "ENDW"), ("m", "MARG")):
        listed = _elements(sets, older[letter] if reader.older else name)
        known = reader.axes[letter]
        refuse_if(listed and {c.lower() for c in listed} != {c.lower() for c in known},
                  "the set has other elements than the base data", file=file, key=name,
                  value=listed, allowed=known)  # fmt: skip

    for name in ("ENDL", "ENDC", "ENDS", "ENDF"):
        check_known(_elements(sets, name), reader.axes["e"], "unknown endowment", file=file,
                    key=name)  # fmt: skip


def _mobility(
    parameters: dict[str, Array], sets: Mapping[str, HarHeader], endowments: tuple[str, ...],
    older: bool,
) -> dict[str, str]:  # fmt: skip
    """Whether each endowment is mobile, sluggish or fixed; the flags are then done with."""
    flags: Any = parameters.pop("SLUG" if older else "EFLG", None)
    parameters.pop("EFLG", None)
    parameters.pop("SLUG", None)
    if flags is not None and older and flags.size == len(endowments):
        return {code: MOBILITY[int(flag > 0)] for code, flag in zip(endowments, flags.ravel())}
    if flags is not None and flags.shape == (len(endowments), len(MOBILITY)):
        return {code: MOBILITY[int(row.argmax())] for code, row in zip(endowments, flags)}
    sluggish, fixed = _elements(sets, "ENDS"), _elements(sets, "ENDF")
    return {code: "sluggish" if code in sluggish else "fixed" if code in fixed else "mobile"
            for code in endowments}  # fmt: skip
