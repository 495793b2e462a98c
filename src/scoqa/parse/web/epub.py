"""Parse EPUB books: their chapters in reading order, each parsed like a web page.

Input: the bytes of a file. Output: its text, with the headings of all chapters marked.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scoqa.errors import ParseError
from scoqa.parse.common.archive import Archive, open_archive
from scoqa.parse.common.blocks import Block, Boilerplate, merge_marks, write_blocks
from scoqa.parse.common.lines import HEAD_LINES, find_date_mark
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.text_decoding import BLANK
from scoqa.parse.common.xmltree import parse_xml
from scoqa.parse.web.epub_contents import add_chapter_headings, read_chapter_names
from scoqa.parse.web.html import decode_markup
from scoqa.parse.web.markup import parse_page
from scoqa.parse.web.styles import MOST_CHARACTERS
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml.etree import _Element

PARSER = Parser("epub", "3")

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_NCX = "application/x-dtbncx+xml"
_MARKUP = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a book. Raises ParseError."""
    archive = open_archive(data, path)
    package_name = find_package(archive, path)
    package = parse_xml(archive.read(package_name), path)
    chapters, missing = find_chapters(package, package_name, archive)
    if not chapters:
        raise ParseError(
            path, "names no chapters that it contains. Get a new copy, or save it again."
        )
    if find_encrypted(archive, path) & set(chapters):
        raise ParseError(
            path,
            "is protected against copying (DRM), so its chapters cannot be read. Use a copy "
            "without protection, or exclude it.",
        )
    read_chapters: list[tuple[str, Sequence[Block]]] = []
    warnings: list[str] = []
    sheet = lru_cache(maxsize=100)(partial(read_sheet, archive))

    def sheets_of(chapter: str) -> Callable[[str], str]:
        return lambda href: sheet(resolve_href(chapter, href))

    for name in chapters:
        text, chapter_warnings = decode_markup(archive.read(name), path)
        read_chapters.append((name, parse_page(text, xml=True, load_sheet=sheets_of(name)).blocks))
        warnings += (
            f"has a chapter ({posixpath.basename(name)}) that {warning}"
            for warning in chapter_warnings
            if text
        )
    blocks = add_chapter_headings(read_chapters, read_names(package, package_name, archive, path))
    writer = Writer()
    lines = write_blocks(blocks, writer, outline=Outline(), least=Boilerplate.NAVIGATION)
    if missing:
        warnings.append(f"lacks {len(missing)} of its chapters: {', '.join(missing[:5])}.")
    parsed = writer.to_parsed(None)
    headings = {mark.start: mark.label for mark in parsed.marks if mark.kind == "heading"}
    dated = find_date_mark(
        parsed.text, [line for line in lines[:HEAD_LINES] if line[0] not in headings]
    )
    if not parsed.text:
        warnings.append(BLANK)
    return Parsed(
        parsed.text,
        read_title(package) or next(iter(headings.values()), None),
        merge_marks(parsed.marks, dated),
        tuple(warnings),
    )


def find_package(archive: Archive, path: str) -> str:
    """Return the name of the package member, which lists the parts of a book.

    Raises ParseError if there is none.
    """
    if _CONTAINER in archive.names():
        for rootfile in _find_elements(parse_xml(archive.read(_CONTAINER), path), "rootfile"):
            name = posixpath.normpath(unquote(rootfile.get("full-path") or "")).lstrip("/")
            if name in archive.names():
                return name
    raise ParseError(path, "is not an EPUB book, despite its extension. Rename it, or exclude it.")


def find_chapters(
    package: _Element, package_name: str, archive: Archive
) -> tuple[list[str], list[str]]:
    """Return the members with the text of a book in reading order, and the missing members."""
    parts = {item.get("id"): item for item in _find_elements(package, "item")}
    present = set(archive.names())
    chapters: list[str] = []
    missing: list[str] = []
    for itemref in _find_elements(package, "itemref"):
        part = parts.get(itemref.get("idref"))
        # A part of another type may name a fallback with text; images have no text.
        while part is not None and part.get("media-type") not in _MARKUP:
            part = parts.pop(part.get("fallback"), None)
        if part is None:
            continue
        name = resolve_href(package_name, part.get("href") or "")
        if name not in present:
            missing.append(name)
        elif name not in chapters:
            chapters.append(name)
    return chapters, missing


def read_names(package: _Element, package_name: str, archive: Archive, path: str) -> dict[str, str]:
    """Return the titles of chapters in the table of contents, by member; empty if it is broken."""
    parts = _find_elements(package, "item")
    pages = [part for part in parts if "nav" in (part.get("properties") or "").split()]
    for part in (*pages, *(part for part in parts if part.get("media-type") == _NCX)):
        name = resolve_href(package_name, part.get("href") or "")
        try:
            text, _ = decode_markup(archive.read(name), path)
        except ParseError:  # no text of the book is lost
            continue
        if names := read_chapter_names(text, partial(resolve_href, name)):
            return names
    return {}


def resolve_href(name: str, href: str) -> str:
    """Return the name of the member that `href`, in the member `name`, refers to."""
    place = posixpath.join(posixpath.dirname(name), unquote(href.partition("#")[0]))
    return posixpath.normpath(place).lstrip("/")


def read_sheet(archive: Archive, name: str) -> str:
    """Return the style sheet `name`, or "" if it is missing or cannot be read."""
    if name not in archive:
        return ""
    try:
        return archive.read(name)[:MOST_CHARACTERS].decode("utf-8-sig", "replace")
    except ParseError:  # no text of the book is lost
        return ""


def find_encrypted(archive: Archive, path: str) -> set[str]:
    """Return the names of encrypted members. In readable books, at most fonts are encrypted."""
    if _ENCRYPTION not in archive.names():
        return set()
    return {
        posixpath.normpath(unquote(part.get("URI") or "")).lstrip("/")
        for part in _find_elements(parse_xml(archive.read(_ENCRYPTION), path), "CipherReference")
    }


def read_title(package: _Element) -> str | None:
    """Return the title of a book, or None."""
    for element in _find_elements(package, "title"):
        words = " ".join((element.text or "").split())
        if words:
            return words
    return None


def _find_elements(root: _Element, name: str) -> list[_Element]:
    """Return the elements with `name` in any namespace, in document order."""
    return [
        element
        for element in root.iter()
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name
    ]
