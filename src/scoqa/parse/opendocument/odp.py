"""OpenDocument presentations (.odp): what each slide shows, in reading order.

Receives the file's bytes; hands on the visible slides as `pptx` does.
"""

from __future__ import annotations

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.slides import NOTES, hidden_warnings, in_order, write_slide
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.opendocument.odf import OdfWords, OpenDocument
from scoqa.parse.opendocument.shapes import blocks_of, shapes_of
from scoqa.types import Parser

PARSER = Parser("odp", "2")

_AROUND = frozenset({"header", "footer", "page-number", "date-time", "page"})


def read(data: bytes, path: str) -> Parsed:
    """Return the slides of a presentation. Raises ParseError."""
    document = OpenDocument(data, path)
    writer = Writer()
    words = OdfWords(document)
    hidden: list[int] = []
    for number, page in enumerate(document.body("presentation").iterfind("{*}page"), start=1):
        if not document.is_shown(page):
            hidden.append(number)
            continue
        title = ""
        blocks: list[list[str]] = []
        for shape in in_order(shapes_of(page)):
            found = list(blocks_of(shape.element, words, document))
            if shape.is_title and not title:
                title = " ".join(" ".join(line.split()) for block in found for line in block)
            elif shape.kind not in _AROUND:
                blocks.extend(found)
        said = [
            block
            for notes in page.iterfind("{*}notes")
            for shape in shapes_of(notes)
            if shape.kind == "notes"
            for block in blocks_of(shape.element, words, document)
        ]
        write_slide(writer, number, title, [*blocks, [NOTES], *said] if said else blocks)
    warnings = hidden_warnings(hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.parsed(document.title(), warnings=warnings)
