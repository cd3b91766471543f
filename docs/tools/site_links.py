"""Take what pages link to outside of ``docs`` into the site: results, scenarios, data, code.

A hook of MkDocs. Links are written as they work in the repository, `../results/claims/claims.md`;
on the site the file itself stands beside the pages, and the link goes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

#: The target of a link or an image in Markdown, without what follows a `#`.
_TARGET = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)[^)#\s]+")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files that pages link to, and those that these link to."""
    root, left = _root(config), [root_path for file in files.documentation_pages()
                                 if (root_path := _place(file, config))]  # fmt: skip
    seen = set(left)
    while left:
        for target in _targets(root, left.pop()):
            if target in seen or _in_docs(target, config) is not None:
                continue
            seen.add(target)
            files.append(File(target, str(root), config.site_dir, config.use_directory_urls))
            left += [target] if target.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files outside of ``docs`` go to where they stand on the site."""
    folder = str(PurePosixPath(_place(page.file, config)).parent)
    here = str(PurePosixPath(page.file.src_uri).parent)

    def moved(found: re.Match[str]) -> str:
        target = normpath(f"{folder}/{found[0]}")
        inside = _in_docs(target, config)
        to = target if inside is None else inside
        return relpath(to, here) if files.get_file_from_path(to) else found[0]

    return _TARGET.sub(moved, markdown)


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent


def _in_docs(target: str, config: MkDocsConfig) -> str | None:
    """A path of the repository as one of ``docs``; None if it is elsewhere."""
    docs = f"{Path(config.docs_dir).relative_to(_root(config)).as_posix()}/"
    return target.removeprefix(docs) if target.startswith(docs) else None


def _place(file: File, config: MkDocsConfig) -> str:
    """Path of a page in the repository."""
    assert file.abs_src_path is not None
    return Path(file.abs_src_path).relative_to(_root(config)).as_posix()


def _targets(root: Path, page: str) -> Iterator[str]:
    """Files of the repository that a page links to."""
    folder = str(PurePosixPath(page).parent)
    for found in _TARGET.finditer((root / page).read_text(encoding="utf-8")):
        target = normpath(f"{folder}/{found[0]}")
        if (root / target).is_file():
            yield target
