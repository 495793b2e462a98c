"""Parse OpenDocument presentations (.odp): the text of each slide in reading order.

Input: the bytes of a file. Output: the visible slides, in the form described in `pptx`.
"""

from __future__ import annotations

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.slides import NOTES, describe_hidden_slides, sort_shapes, write_slide
from scoqa.parse.common.table import NO_TEXT, TextTable
from scoqa.parse.opendocument.odf import OdfWords, OpenDocument
from scoqa.parse.opendocument.shapes import find_shapes, read_blocks
from scoqa.types import Parser

PARSER = Parser("odp", "4")

_REPEATED_KINDS = frozenset({"header", "footer", "page-number", "date-time", "page"})


def read(data: bytes, path: str) -> Parsed:
    """Return the slides of a presentation. Raises ParseError."""
    document = OpenDocument(data, path)
    writer = Writer()
    words = OdfWords(document)
    hidden: list[int] = []
    for number, page in enumerate(document.find_body("presentation").iterfind("{*}page"), start=1):
        if not document.is_visible(page):
            hidden.append(number)
            continue
        title = ""
        blocks: list[list[str] | TextTable] = []
        for shape in sort_shapes(find_shapes(page)):
            own = list(read_blocks(shape.element, words, document))
            if shape.is_title and not title:
                lines = (line for block in own for line in _get_lines(block))
                title = " ".join(" ".join(line.split()) for line in lines)
            elif shape.kind not in _REPEATED_KINDS:
                blocks.extend(own)
        speaker_notes = [
            block
            for notes in page.iterfind("{*}notes")
            for shape in find_shapes(notes)
            if shape.kind == "notes"
            for block in read_blocks(shape.element, words, document)
        ]
        if speaker_notes:
            blocks += [[NOTES], *speaker_notes]
        write_slide(writer, number, title, blocks)
    warnings = describe_hidden_slides(hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.to_parsed(document.title(), warnings=warnings)


def _get_lines(block: list[str] | TextTable) -> list[str]:
    return block.get_lines() if isinstance(block, TextTable) else block
