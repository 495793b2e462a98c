"""Books (.epub): their chapters in reading order, each read as a web page is.

Receives a file's bytes; hands on its text, with headings marked across chapters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scoqa.errors import ParseError
from scoqa.parse.common.archive import Archive, members
from scoqa.parse.common.blocks import Around, Block, with_marks, write
from scoqa.parse.common.lines import HEAD_LINES, date_mark
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.text_decoding import BLANK
from scoqa.parse.common.xmltree import tree
from scoqa.parse.web.epub_contents import names_in, titled
from scoqa.parse.web.html import markup_of
from scoqa.parse.web.markup import page
from scoqa.parse.web.styles import MOST_CHARACTERS
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml.etree import _Element

PARSER = Parser("epub", "1")

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_NCX = "application/x-dtbncx+xml"
_MARKUP = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a book. Raises ParseError."""
    archive = members(data, path)
    package_name = package_in(archive, path)
    package = tree(archive.read(package_name), path)
    chapters, missing = chapters_of(package, package_name, archive)
    if not chapters:
        raise ParseError(path, "names no chapters that are in it. Get it anew, or save it anew.")
    if protected_in(archive, path) & set(chapters):
        raise ParseError(
            path,
            "is protected against copying (DRM), so its chapters cannot be read. Use a copy "
            "without protection, or exclude it.",
        )
    read_chapters: list[tuple[str, Sequence[Block]]] = []
    warnings: list[str] = []
    sheet = lru_cache(maxsize=100)(partial(sheet_in, archive))

    def sheets_of(chapter: str) -> Callable[[str], str]:
        return lambda href: sheet(beside(chapter, href))

    for name in chapters:
        text, said = markup_of(archive.read(name), path)
        read_chapters.append((name, page(text, xml=True, linked=sheets_of(name)).blocks))
        warnings += (
            f"has a chapter ({posixpath.basename(name)}) that {each}" for each in said if text
        )
    blocks = titled(read_chapters, names_of(package, package_name, archive, path))
    writer = Writer()
    lines = write(blocks, writer, outline=Outline(), least=Around.NAVIGATION)
    if missing:
        warnings.append(f"lacks {len(missing)} of its chapters: {', '.join(missing[:5])}.")
    parsed = writer.parsed(None)
    headings = {mark.start: mark.label for mark in parsed.marks if mark.kind == "heading"}
    dated = date_mark(parsed.text, [line for line in lines[:HEAD_LINES] if line[0] not in headings])
    if not parsed.text:
        warnings.append(BLANK)
    return Parsed(
        parsed.text,
        title_of(package) or next(iter(headings.values()), None),
        with_marks(parsed.marks, dated),
        tuple(warnings),
    )


def package_in(archive: Archive, path: str) -> str:
    """Return the name of the member that lists a book's parts. Raises ParseError without one."""
    if _CONTAINER in archive.names():
        for each in _called(tree(archive.read(_CONTAINER), path), "rootfile"):
            name = posixpath.normpath(unquote(each.get("full-path") or "")).lstrip("/")
            if name in archive.names():
                return name
    raise ParseError(path, "is no book, whatever its name says. Rename it, or exclude it.")


def chapters_of(
    package: _Element, package_name: str, archive: Archive
) -> tuple[list[str], list[str]]:
    """Return the members with a book's text in reading order, and the names of those not there."""
    parts = {each.get("id"): each for each in _called(package, "item")}
    present = set(archive.names())
    found: list[str] = []
    missing: list[str] = []
    for each in _called(package, "itemref"):
        part = parts.get(each.get("idref"))
        # A part of another kind names one that stands for it; pictures have no text.
        while part is not None and part.get("media-type") not in _MARKUP:
            part = parts.pop(part.get("fallback"), None)
        if part is None:
            continue
        name = beside(package_name, part.get("href") or "")
        if name not in present:
            missing.append(name)
        elif name not in found:
            found.append(name)
    return found, missing


def names_of(package: _Element, package_name: str, archive: Archive, path: str) -> dict[str, str]:
    """Return what the table of contents calls the chapters, by member; none where it is broken."""
    parts = _called(package, "item")
    pages = [each for each in parts if "nav" in (each.get("properties") or "").split()]
    for part in (*pages, *(each for each in parts if each.get("media-type") == _NCX)):
        name = beside(package_name, part.get("href") or "")
        try:
            text, _ = markup_of(archive.read(name), path)
        except ParseError:  # which is no loss of words
            continue
        if found := names_in(text, partial(beside, name)):
            return found
    return {}


def beside(name: str, href: str) -> str:
    """Return the name of the member that `href` names in the member `name`."""
    place = posixpath.join(posixpath.dirname(name), unquote(href.partition("#")[0]))
    return posixpath.normpath(place).lstrip("/")


def sheet_in(archive: Archive, name: str) -> str:
    """Return the style sheet called `name`, "" where a book has none such that can be read."""
    if name not in archive:
        return ""
    try:
        return archive.read(name)[:MOST_CHARACTERS].decode("utf-8-sig", "replace")
    except ParseError:  # of a sheet, which is no loss of words
        return ""


def protected_in(archive: Archive, path: str) -> set[str]:
    """Return the members that are encrypted; in books that can be read it is fonts at most."""
    if _ENCRYPTION not in archive.names():
        return set()
    return {
        posixpath.normpath(unquote(each.get("URI") or "")).lstrip("/")
        for each in _called(tree(archive.read(_ENCRYPTION), path), "CipherReference")
    }


def title_of(package: _Element) -> str | None:
    """Return a book's title, None where it has none."""
    for each in _called(package, "title"):
        words = " ".join((each.text or "").split())
        if words:
            return words
    return None


def _called(root: _Element, name: str) -> list[_Element]:
    """Return the elements called `name`, in whatever namespace."""
    return [
        each
        for each in root.iter()
        if isinstance(each.tag, str) and each.tag.rpartition("}")[2] == name
    ]
