"""OpenDocument presentations (.odp): what each slide shows, in reading order.

Receives the file's bytes; hands on the visible slides as `pptx` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scoqa.parse.odf import OpenDocument, Words
from scoqa.parse.parsed import Parsed, Writer
from scoqa.parse.slides import NOTES, Shape, hidden_warnings, in_order, write_slide
from scoqa.parse.table import NO_TEXT, cell_text
from scoqa.parse.xmltree import attribute, local
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("odp", "1")

_AROUND = frozenset({"header", "footer", "page-number", "date-time", "page"})
_NOT_SHAPES = frozenset({"notes", "animations", "forms", "par", "seq"})
_LENGTH = re.compile(r"(-?[\d.]+)(mm|cm|in|pt|pc|px)")
_UNITS_AN_INCH = {"mm": 25.4, "cm": 2.54, "in": 1.0, "pt": 72.0, "pc": 6.0, "px": 96.0}


def read(data: bytes, path: str) -> Parsed:
    """Return the slides of a presentation. Raises ParseError."""
    document = OpenDocument(data, path)
    writer = Writer()
    words = Words(document)
    hidden: list[int] = []
    for number, page in enumerate(document.body("presentation").iterfind("{*}page"), start=1):
        if not document.is_shown(page):
            hidden.append(number)
            continue
        title = ""
        blocks: list[list[str]] = []
        for shape in in_order(_shapes(page)):
            found = list(_blocks(shape.element, words))
            if shape.is_title and not title:
                title = " ".join(" ".join(line.split()) for block in found for line in block)
            elif shape.kind not in _AROUND:
                blocks.extend(found)
        said = [
            block
            for notes in page.iterfind("{*}notes")
            for shape in _shapes(notes)
            if shape.kind == "notes"
            for block in _blocks(shape.element, words)
        ]
        write_slide(writer, number, title, [*blocks, [NOTES], *said] if said else blocks)
    warnings = hidden_warnings(hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.parsed(document.title(), warnings=warnings)


def _shapes(page: etree._Element) -> Iterator[Shape]:
    for element in page:
        if local(element) not in _NOT_SHAPES:
            kind = attribute(element, "class") or ""
            top, left = (_inches(attribute(element, side)) for side in ("y", "x"))
            yield Shape(element, kind, kind == "title", top, left)


def _blocks(shape: etree._Element, words: Words) -> Iterator[list[str]]:
    """Yield the paragraphs of a shape, and its tables as blocks of rows."""
    for part in shape:
        match local(part):
            case "p" | "h":
                if text := words.of(part):
                    yield [text]
            case "table":
                rows = [
                    "\t".join(
                        cell_text(" ".join(words.of(each) for each in cell.iter("{*}p")))
                        for cell in row.iterfind("{*}table-cell")
                    ).strip()
                    for row in part.iter("{*}table-row")
                ]
                if block := [row for row in rows if row]:
                    yield block
            case "g":  # its shapes stand in it in any order
                for each in in_order(_shapes(part)):
                    yield from _blocks(each.element, words)
            case _:
                yield from _blocks(part, words)


def _inches(length: str | None) -> float:
    match = _LENGTH.fullmatch(length or "")
    return float(match[1]) / _UNITS_AN_INCH[match[2]] if match else 0.0
