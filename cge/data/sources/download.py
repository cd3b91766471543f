"""Download of a published table: found, resumed, checked and kept with its terms.

A file is in its place only when it is whole and checked. What a broken connection leaves stands
beside it as ``NAME.part`` and is gone on with, if the publisher says that the file is still the
same.
"""

from __future__ import annotations

import hashlib
import html
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

import cge
from cge.core.errors import InputError, refuse_if
from cge.core.files import MAX_BYTES, one_line, read_yaml, user_path, yaml_text
from cge.core.writing import put_in_place
from cge.data.sources.registry import Bundle, Edition, SourceEntry, source_entry

#: Seconds without a byte after which a connection counts as broken.
PATIENCE = 60
_CHUNK = 1 << 20
_PART, _STATE = ".part", ".part.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Remote:
    """A file at the publisher.

    Parameters
    ----------
    address, name : str
    size : int, optional
        Bytes, where they are published.
    digests : mapping
        Algorithm to hash, where one is published.
    revised : bool
        Whether size and hash may be those of an earlier revision.
    """

    address: str
    name: str
    size: int | None = None
    digests: Mapping[str, str] | None = None
    revised: bool = False


@dataclass(frozen=True)
class Kept:
    """A downloaded file, its record and whether it was there already."""

    path: Path
    record: Mapping[str, Any]
    known: bool


@dataclass(frozen=True)
class Order:
    """What is to be downloaded.

    Parameters
    ----------
    source : str
    year : int
    edition : str, optional
    url : str, optional
        Another address of the file.
    mirror : str, optional
        Scheme and host that stand in for the publisher's.
    """

    source: str
    year: int
    edition: str | None = None
    url: str | None = None
    mirror: str | None = None

    @property
    def entry(self) -> SourceEntry:
        """What the register says of the source."""
        return source_entry(self.source)

    def failed(self, problem: str, address: str) -> InputError:
        """An error about the download, with what to do by hand."""
        return InputError(f"{problem}. {self.entry.help_by_hand(self.source, self.year)}",
                          file=address)  # fmt: skip

    def at(self, address: str) -> str:
        """An address, at the mirror if there is one."""
        if self.mirror is None:
            return address
        there, host = urllib.parse.urlsplit(address), urllib.parse.urlsplit(self.mirror)
        refuse_if(host.scheme not in ("http", "https") or not host.netloc, "is no address",
                  key="--mirror", value=self.mirror, allowed="https://HOST")  # fmt: skip
        return urllib.parse.urlunsplit((host.scheme, host.netloc, *there[2:]))


def data_folder() -> Path:
    """The user's folder of downloaded tables."""
    return Path(platformdirs.user_data_dir("cge-trade-policy")) / "sources"


def fetch(
    order: Order, folder: str | Path | None = None, fresh: bool = False, say: Say = print
) -> Kept:
    """Download a table, or find it in the folder.

    Parameters
    ----------
    order : Order
    folder : path, optional
        Default :func:`data_folder`; a folder of the source and edition is made in it.
    fresh : bool
        Download again what is there.
    say : callable
        Told what is going on.

    Raises
    ------
    InputError
        If there is no such source, edition or year, it needs an account, or the download
        fails; what there was before is then as it was.
    """
    entry = order.entry
    if not entry.editions and order.url is None:
        raise order.failed(f"{entry.title} is not open to programs", entry.page)
    chosen = order.edition
    if order.url is None:
        chosen = entry.edition_of(order.year, order.edition)
    root = data_folder() if folder is None else user_path(folder)
    place = root / order.source / (chosen or "own-address")
    remote = _remote(order, chosen)
    path, record = place / remote.name, place / f"{remote.name}.yaml"
    if not fresh and (known := _known(path, record)):
        return Kept(path, known, True)
    say(f"Downloading {remote.address}")
    digests = _download(order, remote, path, say)
    made = {
        "source": order.source, "title": entry.title, "edition": chosen, "year": order.year,
        "address": remote.address, "downloaded": datetime.now(UTC).isoformat(timespec="seconds"),
        "bytes": path.with_name(path.name + _PART).stat().st_size, "sha256": digests["sha256"],
        "licence": entry.licence, "citation": _citation(order, chosen), "page": entry.page,
    }  # fmt: skip
    path.with_name(path.name + _PART).replace(path)
    path.with_name(path.name + _STATE).unlink(missing_ok=True)
    put_in_place({record: lambda draft: draft.write_text(yaml_text(made), encoding="utf-8")})
    return Kept(path, made, False)


def _citation(order: Order, edition: str | None) -> str:
    found = order.entry.editions.get(edition or "", Edition())
    text = order.entry.citation.replace("{edition}", (edition or "").partition("-")[0])
    return text.replace("{record}", found.record)


def _known(path: Path, record: Path) -> dict[str, Any] | None:
    """Record of a file that is there, whole."""
    if not (path.is_file() and record.is_file()):
        return None
    found = read_yaml(record)
    same = found.get("bytes") == path.stat().st_size and found.get("sha256") == _sha256(path)
    refuse_if(not same, "is not as it was downloaded: its size or hash has changed", file=path,
              allowed="the file as downloaded, or --fresh")  # fmt: skip
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- where the file is


def _remote(order: Order, edition: str | None) -> Remote:
    if order.url is not None:
        name = Path(urllib.parse.unquote(urllib.parse.urlsplit(order.url).path)).name
        refuse_if(not re.match("https?://", order.url) or not name, "is no address of a file",
                  key="--url", value=order.url, allowed="https://...")  # fmt: skip
        return Remote(order.url, name)
    entry, found = order.entry, order.entry.editions[edition or ""]
    if found.index == "zenodo":
        return _on_zenodo(order, found)
    if found.index == "page":
        return _on_page(order, found)
    bundle = next(b for b in found.bundles if b.years[0] <= order.year <= b.years[1])
    name = (found.name or entry.name or bundle.file).replace("{year}", str(order.year))
    address = found.address or entry.address
    for key, value in (("file", bundle.file), ("node", bundle.node), ("name", name)):
        address = address.replace(f"{{{key}}}", value)
    return Remote(order.at(address), name, bundle.size, _digests(bundle), bundle.revised)


def _digests(bundle: Bundle) -> dict[str, str]:
    return {"sha256": bundle.sha256} if bundle.sha256 else {}


def _on_zenodo(order: Order, edition: Edition) -> Remote:
    """Address, size and hash of a file in a record."""
    address = order.at(order.entry.address.replace("{record}", edition.record))
    name = order.entry.name.replace("{year}", str(order.year))
    try:
        files = {one["key"]: one for one in json.loads(_text(order, address))["files"]}
        algorithm, _, digest = str(files[name]["checksum"]).partition(":")
        link, size = str(files[name]["links"]["self"]), int(files[name]["size"])
    except (ValueError, KeyError, TypeError):
        raise order.failed(f"the record does not name {name} as it used to", address) from None
    return Remote(order.at(link), name, size, {algorithm: digest})


def _on_page(order: Order, edition: Edition) -> Remote:
    """Address of the file of a year on a page that names files beside their links."""
    entry = order.entry
    address, found = order.at(entry.page), {}
    text = html.unescape(_text(order, address)).replace("\\/", "/")
    for part in re.split(r"(?=\{)", text):
        links = re.findall(rf"{re.escape(entry.link)}\d+", part)
        names = re.findall(r'"([^"/]*\.xlsx)"', part)
        if len(links) == 1 and len(names) == 1:
            found[names[0]] = links[0]
    current = [
        name for name in found
        if not re.search(entry.skip, name, re.IGNORECASE)
        and re.search(rf"(?<!\d){order.year}(?!\d)", name)
    ]  # fmt: skip
    numbered = r"MRIO{0}\D|-{0}\.xlsx$"
    fits = [n for n in current if re.search(numbered.format(edition.only), n)]
    fits = fits or [n for n in current if not re.search(numbered.format(r"\d\d"), n)]
    if len(fits) != 1:
        seen = f"{len(found)} workbooks, {len(fits)} of them of {order.year}"
        raise order.failed(f"the page names {seen}, one is needed: {', '.join(fits) or 'none'}",
                           address)  # fmt: skip
    return Remote(order.at(found[fits[0]]), fits[0])


def _text(order: Order, address: str) -> str:
    with _opened(order, address, {}) as answer:
        raw = _read(order, answer, address, 10 * MAX_BYTES)
    return raw.decode("utf-8", errors="replace")


# -- the transfer


def _opened(order: Order, address: str, headers: Mapping[str, str]) -> Any:
    """An answer of a server, or one message about what went wrong."""
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise order.failed("is no address on the web", address)
    agent = f"Mozilla/5.0 (compatible; cge-trade-policy/{cge.__version__})"
    asked = urllib.request.Request(address, headers={"User-Agent": agent, **headers})
    try:
        return urllib.request.urlopen(asked, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return error
        told = {404: "the publisher has no file there (404): the address has changed",
                410: "the publisher has taken the file away (410)"}  # fmt: skip
        usual = f"the publisher's server refuses ({error.code} {error.reason})"
        if error.code in (401, 403, 429, 503):
            usual += ", perhaps only programs"
        raise order.failed(told.get(error.code, usual), address) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise order.failed(f"no connection: {one_line(reason)}", address) from None


def _read(order: Order, answer: Any, address: str, amount: int) -> bytes:
    try:
        return bytes(answer.read(amount))
    except (OSError, http.client.HTTPException) as error:
        raise order.failed(f"the connection broke: {one_line(error)}; run the same command to "
                           "go on", address) from None  # fmt: skip


def _download(order: Order, remote: Remote, path: Path, say: Say) -> dict[str, str]:
    """Write ``NAME.part``, whole and checked; digests of it by algorithm."""
    part, state = (path.with_name(path.name + suffix) for suffix in (_PART, _STATE))
    done, validator = _left_over(part, state, remote)
    headers = {"Range": f"bytes={done}-", "If-Range": validator} if done else {}
    with _opened(order, remote.address, headers) as answer:
        if answer.status == 416:  # nothing is left to send, or the file is another one
            part.unlink()
            state.unlink()
            return _download(order, remote, path, say)
        if answer.status != 206:
            done = 0
        elif not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {done}-"):
            raise order.failed("the server sends another part than the one asked for",
                               remote.address)  # fmt: skip
        length = answer.headers.get("Content-Length")
        total = None if length is None else done + int(length)
        if done:
            say(f"Going on after {done:,} bytes")
        elif "html" in str(answer.headers.get("Content-Type", "")):
            raise order.failed("the server answers with a page for people, not with the file",
                               remote.address)  # fmt: skip
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        about = {"address": remote.address, "validator": "" if tag.startswith("W/") else tag}
        path.parent.mkdir(parents=True, exist_ok=True)
        state.write_text(json.dumps(about), encoding="utf-8")
        with part.open("ab" if done else "wb") as file:
            while block := _read(order, answer, remote.address, _CHUNK):
                file.write(block)
    size = part.stat().st_size
    if total is not None and size < total:
        raise order.failed(f"the connection broke after {size:,} of {total:,} bytes; run the same "
                           "command to go on", remote.address)  # fmt: skip
    return _checked(order, remote, part, state, say)


def _left_over(part: Path, state: Path, remote: Remote) -> tuple[int, str]:
    """Bytes of an earlier try that may be kept, and what the file must still be for that."""
    try:
        about = json.loads(state.read_text(encoding="utf-8"))
        if about["address"] == remote.address and about["validator"]:
            return part.stat().st_size, str(about["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, ""


def _checked(order: Order, remote: Remote, part: Path, state: Path, say: Say) -> dict[str, str]:
    """Digests of a download that is what the publisher says; it is taken away if it is not."""
    known = remote.digests or {}
    found = {name: hashlib.new(name) for name in {"sha256", *known}}
    with part.open("rb") as file:
        head = file.read(512)
        file.seek(0)
        while block := file.read(_CHUNK):
            for digest in found.values():
                digest.update(block)
    size, made = part.stat().st_size, {name: digest.hexdigest() for name, digest in found.items()}
    archive = Path(remote.name).suffix.lower() in (".zip", ".xlsx")
    wrong, differs = "", ""
    if (archive and not head.startswith(b"PK")) or head.lstrip().startswith(b"<"):
        wrong = "what came is not the file but something else, a page for people perhaps"
    elif remote.size is not None and size != remote.size:
        differs = f"{size:,} bytes came, the publisher's file has {remote.size:,}"
    else:
        for name, published in known.items():
            if made[name] != published:
                differs = f"its {name} is {made[name]}, that of the publisher's file {published}"
    if differs and remote.revised:
        say(f"Note: {differs}; the publisher may have revised it.")
    elif wrong or differs:
        part.unlink()
        state.unlink(missing_ok=True)
        raise order.failed(wrong or differs, remote.address)
    return made
