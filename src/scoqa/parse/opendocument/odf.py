"""OpenDocument files (.odt, .ods, .odp, and the same as one XML file): what all of them share.

Receives the file's bytes; hands on its body, its title, what its styles hide and how they number,
and the words of a paragraph as they are shown.
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

# White space of the markup; a non-breaking space is none, more than one is written as text:s.
_SPACE = re.compile("[ \t\r\n]+")
_PERCENT = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)%")
# In a file's list of its parts, which is not read as XML: OpenOffice.org wrote it with a namespace
# that only a DTD declares.
_ENCRYPTED = re.compile(rb"<(?:[\w.-]+:)?encryption-data\b")
_MOST_SPACES = 100  # that one text:s stands for
# What holds text that is not shown in its place: comments, deletions, alternative texts, fields.
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
        listed = "META-INF/manifest.xml"
        if listed in archive and _ENCRYPTED.search(archive.read(listed)):
            raise ParseError(path, "is encrypted. Save a copy without a password.")
        names = ["content.xml", *(name for name in ("styles.xml",) if name in archive)]
        self._roots = [parse_xml(archive.read(name), path) for name in names]
        self._meta = self._roots[0]
        if "meta.xml" in archive:
            with suppress(ParseError):  # it says nothing but the title
                self._meta = parse_xml(archive.read("meta.xml"), path)

    def find_body(self, kind: str) -> etree._Element:
        """Return the body of a document of `kind` ("text"). Raises ParseError for other kinds."""
        found = self._roots[0].find(f"{{*}}body/{{*}}{kind}")
        if found is None:
            raise ParseError(self.path, f"contains no {kind} document; its extension may be wrong.")
        return found

    def find_object(self, place: str, kind: str) -> etree._Element | None:
        """Return the body of the document of `kind` ("chart") that lies in this file at `place`."""
        name = posixpath.normpath(posixpath.join(place, "content.xml"))
        if self._archive is None or name not in self._archive:
            return None
        return parse_xml(self._archive.read(name), self.path).find(f"{{*}}body/{{*}}{kind}")

    def title(self) -> str | None:
        """Return the title that its author gave the document, or None."""
        for each in self._meta.iterfind(".//{*}meta/{*}title"):
            return " ".join("".join(each.itertext()).split()) or None
        return None

    def iterate_styles(self, *names: str) -> Iterator[etree._Element]:
        """Yield the styles, of the document and of its parts, whose elements have these names."""
        for root in self._roots:
            for group in ("automatic-styles", "styles", "master-styles"):
                for parent in root.iterfind(f"{{*}}{group}"):
                    yield from (each for each in parent if local_name(each) in names)

    @cached_property
    def hidden_styles(self) -> frozenset[str]:
        """Return the names of the styles that hide what has them."""
        return frozenset(
            get_attribute(style, "name") or ""
            for style in self.iterate_styles("style")
            for properties in style
            if (local_name(properties), get_attribute(properties, "display"))
            in (("text-properties", "none"), ("table-properties", "false"))
            or get_attribute(properties, "visibility") == "hidden"
        )

    @cached_property
    def shifts(self) -> dict[str, float]:
        """Return how far above the line, or below (< 0), each style of words shows them."""
        positions = {
            get_attribute(style, "name") or "": position
            for style in self.iterate_styles("style")
            if get_attribute(style, "family") == "text"
            for properties in style
            if (position := get_attribute(properties, "text-position"))
        }
        found: dict[str, float] = {}
        for name in {*positions, *self.parents}:
            style, seen = name, set[str]()
            while style not in positions and style in self.parents and style not in seen:
                seen.add(style)
                style = self.parents[style]
            position = positions.get(style, "").split(" ")[0]  # then comes the size
            found[name] = {"super": 1.0, "sub": -1.0}.get(position) or _parse_percent(position)
        return found

    @cached_property
    def parents(self) -> dict[str, str]:
        """Return the style that each style is made from."""
        return {
            get_attribute(style, "name") or "": get_attribute(style, "parent-style-name") or ""
            for style in self.iterate_styles("style")
        }

    def is_visible(self, element: etree._Element) -> bool:
        """Say whether neither `element` nor its style hides it."""
        return (
            get_attribute(element, "display") != "none"
            and (get_attribute(element, "style-name") or "") not in self.hidden_styles
        )


def _parse_percent(text: str) -> float:
    match = _PERCENT.fullmatch(text)
    return float(match[1]) if match else 0.0


class OdfWords:
    """Puts the words of a paragraph together; what it holds besides waits for its reader.

    notes: (the mark that stands in the text, the note). boxes: text boxes and other shapes.
    """

    def __init__(self, document: OpenDocument) -> None:
        self._document = document
        self._parts: list[str] = []
        self.notes: list[tuple[str, etree._Element]] = []
        self.boxes: list[etree._Element] = []

    def read_words(self, paragraph: etree._Element) -> str:
        """Return the words of `paragraph`; a line break stays one, a tab too."""
        self._parts = []
        if self._document.is_visible(paragraph):
            self._read(paragraph)
        lines = (line.strip() for line in "".join(self._parts).split("\n"))
        return "\n".join(lines).strip()

    def _read(self, parent: etree._Element, shift: float = 0) -> None:
        """Read what `parent` holds; shift: how far above the line, or below, it is shown."""
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
        """Add text of the markup: white space is one space, none after another or at the start."""
        words = _SPACE.sub(" ", text or "")
        if not self._parts or self._parts[-1][-1:] in ("", " ", "\n"):
            words = words.removeprefix(" ")
        if shift:
            before = "".join(self._parts[-CONTEXT_CHARACTERS:])[-CONTEXT_CHARACTERS:]
            words = separate_from_number(words, before, lowered=shift < 0)
        if words:
            self._parts.append(words)
