"""Parse OpenDocument texts (.odt, .fodt): paragraphs, headings, lists, tables and notes.

Input: the bytes of a file. Output: its displayed text. A footnote follows its paragraph, endnotes
are at the end, each after its mark as in the text: "[1]". Deleted text and comments are omitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import LONGEST_CELL, NO_TEXT, TextTable, write_table
from scoqa.parse.common.xmltree import get_attribute, local_name, parse_int
from scoqa.parse.opendocument.lists import Lists
from scoqa.parse.opendocument.odf import OdfWords, OpenDocument
from scoqa.parse.opendocument.shapes import read_chart, read_table
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("odt", "4")

_CONTAINERS = frozenset(
    "section list-header table-index illustration-index object-index user-index alphabetical-index"
    " bibliography index-body index-title numbered-paragraph frame text-box g custom-shape"
    " rect".split()
)
_ROWS = frozenset({"table-header-rows", "table-rows", "table-row-group"})


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a document. Raises ParseError."""
    document = OpenDocument(data, path)
    reader = _Reader(document)
    reader.read_parts(document.find_body("text"))
    reader.read_endnotes()
    title = document.title() or reader.title
    warnings = () if reader.writer.length else (NO_TEXT,)
    return reader.writer.to_parsed(title, warnings=warnings)


class _Reader:
    """Reads the parts of a text in order and writes them to a Writer."""

    def __init__(self, document: OpenDocument) -> None:
        self.document = document
        self.writer = Writer()
        self.words = OdfWords(document)
        self.lists = Lists(document)
        self.headings = Outline()
        self.endnotes: list[tuple[str, etree._Element]] = []
        self.title: str | None = None
        self.was_item = False

    def read_parts(self, parent: etree._Element) -> None:
        """Read the parts of `parent`, each followed by its drawings and footnotes."""
        for part in parent:
            if not self.document.is_visible(part):
                continue
            match local_name(part):
                case "p":
                    self.write_paragraph(part)
                case "h":
                    self.write_heading(part)
                case "list":
                    self.read_list(part)
                case "table":
                    self.write_table(part)
                case "table-of-content" if "".join(part.itertext()).strip():
                    self.writer.ensure_gap()
                    with self.writer.mark("aside", ""):
                        self.read_parts(part)
                case "object":
                    for number, line in enumerate(read_chart(part, self.words, self.document)):
                        self.write(line, "\n" if number else "\n\n")
                case name if name in _CONTAINERS:
                    self.read_parts(part)
            self.read_waiting()

    def read_waiting(self) -> None:
        """Read the text boxes and notes of the last part."""
        while self.words.boxes or self.words.notes:
            if self.words.boxes:
                self.read_parts(self.words.boxes.pop(0))
                continue
            mark, note = self.words.notes.pop(0)
            if get_attribute(note, "note-class") == "endnote":
                self.endnotes.append((mark, note))
            else:
                self.write_note(mark, note)

    def read_endnotes(self) -> None:
        """Write the endnotes at the end of the text."""
        for mark, note in self.endnotes:
            self.write_note(mark, note)

    def write_note(self, mark: str, note: etree._Element) -> None:
        texts = [
            self.words.read_words(paragraph) for body in note[1:] for paragraph in body.iter("{*}p")
        ]
        text = " ".join(" ".join(paragraph.split("\n")) for paragraph in texts if paragraph)
        if text:
            self.write(f"[{mark}] {text}")

    def write(self, text: str, gap: str = "\n\n") -> None:
        self.was_item = False
        if text:
            self.writer.ensure_gap(gap)
            self.writer.add(text)

    def write_block(self, table: TextTable) -> None:
        self.was_item = False
        write_table(self.writer, table)

    def write_paragraph(self, paragraph: etree._Element) -> None:
        text = self.words.read_words(paragraph)
        style = get_attribute(paragraph, "style-name") or ""
        if text and self.title is None and "Title" in (style, self.document.parents.get(style)):
            self.write_title(text, 0)
        else:
            self.write(text)

    def write_heading(self, heading: etree._Element, before: str = "") -> None:
        level = parse_int(get_attribute(heading, "outline-level"), 1)
        text = self.words.read_words(heading)
        if text and get_attribute(heading, "is-list-header") != "true":
            text = (before or self.lists.next_heading_marker(level)) + text
        self.write_title(text, level)

    def write_title(self, text: str, level: int) -> None:
        """Write a heading. The title is at level 0, above all headings."""
        words = " ".join(text.split())
        if not 0 < len(words) <= LONGEST_TITLE:
            self.write(text)
            return
        self.title = self.title or words
        self.writer.ensure_gap()
        with self.writer.mark("heading", self.headings.open_heading(level, words)):
            self.write(text)

    def read_list(self, element: etree._Element) -> None:
        """Write each item as a line, after its bullet or number."""
        with self.lists.open_list(element):
            for item in element:
                is_numbered = local_name(item) == "list-item"
                before = self.lists.next_marker(item) if is_numbered else ""
                for part in item:
                    match local_name(part):
                        case "list":
                            self.read_list(part)
                        case "p" if text := self.words.read_words(part):
                            self.write_item(before + text)
                            before = ""
                        case "h":
                            self.write_heading(part, before)
                            before = ""
                    self.read_waiting()

    def write_item(self, text: str) -> None:
        self.write(text, "\n" if self.was_item else "\n\n")
        self.was_item = True

    def write_table(self, table: etree._Element) -> None:
        """Write the rows of a table as lines, or the content of its cells if they contain prose."""
        rows = list(_iterate_rows(table))
        cells = [cell for row in rows for cell in row if local_name(cell) == "table-cell"]
        if len(cells) <= len(rows) or any(map(_is_prose, cells)):
            for cell in cells:
                self.read_parts(cell)
            return
        block = read_table(
            rows,
            lambda cell: " ".join(
                self.words.read_words(paragraph) for paragraph in cell.iter("{*}p", "{*}h")
            ),
        )
        if block is not None:
            self.write_block(block)
        self.read_waiting()


def _iterate_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of `table`, without those of nested tables."""
    for part in table:
        if local_name(part) == "table-row":
            yield part
        elif local_name(part) in _ROWS:
            yield from _iterate_rows(part)


def _is_prose(cell: etree._Element) -> bool:
    return (
        sum(map(len, cell.itertext())) > LONGEST_CELL
        or next(cell.iter("{*}h", "{*}table"), None) is not None
    )
