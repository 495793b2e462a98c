"""Parse OpenDocument spreadsheets (.ods): the displayed text of each sheet, one line per row.

Input: the bytes of a file. Output: all visible sheets, rows and cells, in the form described in
`xlsx`. In this format each cell contains its text as displayed when the file was saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.sheets import describe_hidden_sheets, write_sheet
from scoqa.parse.common.table import NO_TEXT, MergedCells, Row, TextTable, clean_cell
from scoqa.parse.common.xmltree import get_attribute, local_name, parse_count, parse_int
from scoqa.parse.opendocument.odf import OdfWords, OpenDocument
from scoqa.parse.opendocument.shapes import read_blocks
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("ods", "4")

# The limit for repeated rows and cells with text; users do not fill in more identical ones.
_MOST_REPEATED = 1000
_SHAPES = frozenset("frame custom-shape g rect circle ellipse polygon path caption".split())
_MOST_COLUMNS = 16_384


def read(data: bytes, path: str) -> Parsed:
    """Return the visible sheets of a spreadsheet. Raises ParseError."""
    document = OpenDocument(data, path)
    writer = Writer()
    hidden: list[str] = []
    partly_hidden: list[str] = []
    for table in document.find_body("spreadsheet").iterfind("{*}table"):
        name = get_attribute(table, "name") or ""
        if not document.is_visible(table):
            hidden.append(name)
            continue
        write_sheet(
            writer, name, _iterate_rows(table, document), _iterate_drawings(table, document)
        )
        if any(_is_hidden(part) for part in table.iter("{*}table-row", "{*}table-column")):
            partly_hidden.append(name)
    warnings = describe_hidden_sheets(hidden, partly_hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.to_parsed(document.title(), warnings=warnings)


def _iterate_rows(table: etree._Element, document: OpenDocument) -> Iterator[Row]:
    """Yield the visible rows of a sheet; repeated blank rows only once."""
    hidden = _find_hidden_columns(table, document.path)
    words = OdfWords(document)
    merged = MergedCells()
    number = 1
    for row in table.iter("{*}table-row"):
        count = parse_count(get_attribute(row, "number-rows-repeated") or "1", document.path)
        if not _is_hidden(row):
            cells: dict[int, str] = {}
            spans: dict[int, int] = {}
            is_bold = True
            for column, cell in _iterate_cells(row, document.path):
                text = clean_cell(
                    " ".join(words.read_words(paragraph) for paragraph in cell.iterfind("{*}p"))
                )
                if not text or column in hidden:
                    continue
                cells[column] = text
                style = get_attribute(cell, "style-name")
                is_bold = is_bold and style in document.bold_styles
                spanned = parse_int(get_attribute(cell, "number-rows-spanned"), 1)
                if spanned > 1:
                    merged.add(column, number + spanned - 1, text)
                wide = parse_int(get_attribute(cell, "number-columns-spanned"), 1)
                if wide > 1:
                    spans[column] = wide
            for again in range(min(count, _MOST_REPEATED) if cells else 1):
                yield Row(number + again, merged.fill_row(number + again, cells), spans, is_bold)
        number += count


def _iterate_drawings(
    table: etree._Element, document: OpenDocument
) -> Iterator[list[str] | TextTable]:
    """Yield the paragraphs of text boxes and the words of charts, in file order."""
    words = OdfWords(document)
    rows = (row for row in table.iter("{*}table-row") if not _is_hidden(row))
    for holder in (*table.iterfind("{*}shapes"), *(cell for row in rows for cell in row)):
        for shape in holder:
            if local_name(shape) in _SHAPES and document.is_visible(shape):
                yield from read_blocks(shape, words, document)


def _iterate_cells(row: etree._Element, path: str) -> Iterator[tuple[int, etree._Element]]:
    """Yield the cells of `row` that are not empty, with their columns from 0."""
    column = 0
    for cell in row:
        count = parse_count(get_attribute(cell, "number-columns-repeated") or "1", path)
        if local_name(cell) == "table-cell" and len(cell):
            for again in range(min(count, _MOST_REPEATED)):
                yield column + again, cell
        column += count


def _find_hidden_columns(table: etree._Element, path: str) -> set[int]:
    columns: set[int] = set()
    start = 0
    for column in table.iter("{*}table-column"):
        count = parse_count(get_attribute(column, "number-columns-repeated") or "1", path)
        if _is_hidden(column):
            columns.update(range(start, min(start + count, _MOST_COLUMNS)))
        start += count
    return columns


def _is_hidden(element: etree._Element) -> bool:
    return get_attribute(element, "visibility") in ("collapse", "filter")
