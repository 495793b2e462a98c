"""Read OpenDocument files (.odt, .ods, .odp, and their flat XML forms).

Input: the bytes of a file. Output: its body, its title, its styles, and the displayed words of
paragraphs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.archive import Archive, open_archive
from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number
from scoqa.parse.common.xmltree import get_attribute, local_name, parse_int, parse_xml

if TYPE_CHECKING:
    from lxml import etree

# Collapsible white space of the markup. Several displayed spaces are stored as text:s elements.
_SPACE = re.compile("[ \t\r\n]+")
_PERCENT = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)%")
# In the manifest of a file, which is not parsed as XML: OpenOffice.org wrote it with a namespace
# that only a DTD declares.
_ENCRYPTED = re.compile(rb"<(?:[\w.-]+:)?encryption-data\b")
_BOLD = ("bold", "600", "700", "800", "900")
_MOST_SPACES = 100  # per text:s element
# Elements whose text is not displayed in place: comments, deletions, alternative texts, fields.
_HIDDEN_ELEMENTS = frozenset(
    "annotation annotation-end tracked-changes hidden-text hidden-paragraph ruby-text title desc"
    " forms script object object-ole event-listeners".split()
)


class OpenDocument:
    """The parts of one OpenDocument file."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        self._archive: Archive | None = None
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            self._roots = [parse_xml(data, path)]
            self._meta = self._roots[0]
            return
        archive = self._archive = open_archive(data, path)
        manifest = "META-INF/manifest.xml"
        if manifest in archive and _ENCRYPTED.search(archive.read(manifest)):
            raise ParseError(path, "is encrypted. Save a copy without a password.")
        names = ["content.xml", *(name for name in ("styles.xml",) if name in archive)]
        self._roots = [parse_xml(archive.read(name), path) for name in names]
        self._meta = self._roots[0]
        if "meta.xml" in archive:
            with suppress(ParseError):  # only the title is lost
                self._meta = parse_xml(archive.read("meta.xml"), path)

    def find_body(self, kind: str) -> etree._Element:
        """Return the body of a document of `kind` ("text"). Raises ParseError for other kinds."""
        body = self._roots[0].find(f"{{*}}body/{{*}}{kind}")
        if body is None:
            raise ParseError(self.path, f"contains no {kind} document; its extension may be wrong.")
        return body

    def find_object(self, folder: str, kind: str) -> etree._Element | None:
        """Return the body of the embedded document of `kind` ("chart") in `folder`, or None."""
        name = posixpath.normpath(posixpath.join(folder, "content.xml"))
        if self._archive is None or name not in self._archive:
            return None
        return parse_xml(self._archive.read(name), self.path).find(f"{{*}}body/{{*}}{kind}")

    def title(self) -> str | None:
        """Return the title in the document properties, or None."""
        for title in self._meta.iterfind(".//{*}meta/{*}title"):
            return " ".join("".join(title.itertext()).split()) or None
        return None

    def iterate_styles(self, *names: str) -> Iterator[etree._Element]:
        """Yield the styles of all parts whose elements have one of `names`."""
        for root in self._roots:
            for group in ("automatic-styles", "styles", "master-styles"):
                for parent in root.iterfind(f"{{*}}{group}"):
                    yield from (style for style in parent if local_name(style) in names)

    @cached_property
    def hidden_styles(self) -> frozenset[str]:
        """Return the names of the styles that hide their elements."""
        return frozenset(
            get_attribute(style, "name") or ""
            for style in self.iterate_styles("style")
            for properties in style
            if (local_name(properties), get_attribute(properties, "display"))
            in (("text-properties", "none"), ("table-properties", "false"))
            or get_attribute(properties, "visibility") == "hidden"
        )

    @cached_property
    def bold_styles(self) -> frozenset[str]:
        """Return the names of the styles in bold type; styles inherit it from their parents."""
        weights = {
            get_attribute(style, "name") or "": weight
            for style in self.iterate_styles("style")
            for properties in style
            if (weight := get_attribute(properties, "font-weight"))
        }
        bold: set[str] = set()
        for name in {*weights, *self.parents}:
            style, seen = name, set[str]()
            while style not in weights and style in self.parents and style not in seen:
                seen.add(style)
                style = self.parents[style]
            if weights.get(style) in _BOLD:
                bold.add(name)
        return frozenset(bold)

    @cached_property
    def shifts(self) -> dict[str, float]:
        """Return the baseline shift of each text style: > 0 above the line, < 0 below it."""
        positions = {
            get_attribute(style, "name") or "": position
            for style in self.iterate_styles("style")
            if get_attribute(style, "family") == "text"
            for properties in style
            if (position := get_attribute(properties, "text-position"))
        }
        shifts: dict[str, float] = {}
        for name in {*positions, *self.parents}:
            style, seen = name, set[str]()
            while style not in positions and style in self.parents and style not in seen:
                seen.add(style)
                style = self.parents[style]
            position = positions.get(style, "").split(" ")[0]  # the second value is the size
            shifts[name] = {"super": 1.0, "sub": -1.0}.get(position) or _parse_percent(position)
        return shifts

    @cached_property
    def parents(self) -> dict[str, str]:
        """Return the parent style of each style."""
        return {
            get_attribute(style, "name") or "": get_attribute(style, "parent-style-name") or ""
            for style in self.iterate_styles("style")
        }

    def is_visible(self, element: etree._Element) -> bool:
        """Return whether `element` is hidden neither by itself nor by its style."""
        return (
            get_attribute(element, "display") != "none"
            and (get_attribute(element, "style-name") or "") not in self.hidden_styles
        )


def _parse_percent(text: str) -> float:
    match = _PERCENT.fullmatch(text)
    return float(match[1]) if match else 0.0


class OdfWords:
    """Reads the words of paragraphs, and queues their notes and shapes.

    notes: (the mark in the text, the note). boxes: text boxes and other shapes. Callers remove
    entries from both lists.
    """

    def __init__(self, document: OpenDocument) -> None:
        self._document = document
        self._parts: list[str] = []
        self.notes: list[tuple[str, etree._Element]] = []
        self.boxes: list[etree._Element] = []

    def read_words(self, paragraph: etree._Element) -> str:
        """Return the words of `paragraph`, with its line breaks and tabs."""
        self._parts = []
        if self._document.is_visible(paragraph):
            self._read(paragraph)
        lines = (line.strip() for line in "".join(self._parts).split("\n"))
        return "\n".join(lines).strip()

    def _read(self, parent: etree._Element, shift: float = 0) -> None:
        """Read the content of `parent`. shift: its baseline shift (see `OpenDocument.shifts`)."""
        self._add(parent.text, shift)
        for part in parent:
            match local_name(part):
                case "s":
                    count = parse_int(get_attribute(part, "c"), 1)
                    self._parts.append(" " * min(count, _MOST_SPACES))
                case "tab":
                    self._parts.append("\t")
                case "line-break":
                    self._parts.append("\n")
                case "note":
                    mark = "".join(part.itertext("{*}note-citation")).strip()
                    self._parts.append(f"[{mark}]")
                    self.notes.append((mark, part))
                case "frame" | "custom-shape" | "g" | "rect" | "text-box":
                    self.boxes.append(part)
                case name if name not in _HIDDEN_ELEMENTS and self._document.is_visible(part):
                    own = self._document.shifts.get(get_attribute(part, "style-name") or "", 0)
                    self._read(part, own or shift)
            self._add(part.tail, shift)

    def _add(self, text: str | None, shift: float) -> None:
        """Add text of the markup, collapsing white space and removing it at the start."""
        words = _SPACE.sub(" ", text or "")
        if not self._parts or self._parts[-1][-1:] in ("", " ", "\n"):
            words = words.removeprefix(" ")
        if shift:
            before = "".join(self._parts[-CONTEXT_CHARACTERS:])[-CONTEXT_CHARACTERS:]
            words = separate_from_number(words, before, lowered=shift < 0)
        if words:
            self._parts.append(words)
