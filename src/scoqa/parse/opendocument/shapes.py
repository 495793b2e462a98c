"""Read the text boxes, tables and charts of OpenDocument slides and sheets.

Input: a slide or a shape. Output: shapes with their positions, and their text as lines and tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from scoqa.parse.common.slides import Shape, sort_shapes
from scoqa.parse.common.table import TextTable, build_rows, clean_cell
from scoqa.parse.common.xmltree import get_attribute, local_name, parse_int
from scoqa.parse.opendocument.odf import OdfWords, OpenDocument

if TYPE_CHECKING:
    from lxml import etree

_NOT_SHAPES = frozenset({"notes", "animations", "forms", "par", "seq"})
_LENGTH = re.compile(r"(-?[\d.]+)(mm|cm|in|pt|pc|px)")
MOST_REPEATED = 100  # copies of a repeated cell
_UNITS_PER_INCH = {"mm": 25.4, "cm": 2.54, "in": 1.0, "pt": 72.0, "pc": 6.0, "px": 96.0}


def find_shapes(page: etree._Element) -> Iterator[Shape]:
    """Yield the shapes of a slide or a group, in file order."""
    for element in page:
        if local_name(element) not in _NOT_SHAPES:
            kind = get_attribute(element, "class") or ""
            top, left = (_parse_inches(get_attribute(element, side)) for side in ("y", "x"))
            yield Shape(element, kind, kind == "title", top, left)


def read_blocks(
    shape: etree._Element, words: OdfWords, document: OpenDocument
) -> Iterator[list[str] | TextTable]:
    """Yield the paragraphs of a shape and its charts as blocks of lines, and its tables."""
    for part in shape:
        match local_name(part):
            case "p" | "h":
                if text := words.read_words(part):
                    yield [text]
            case "table":
                if table := read_table(
                    part.iter("{*}table-row"),
                    lambda cell: " ".join(words.read_words(p) for p in cell.iter("{*}p")),
                ):
                    yield table
            case "object":
                if block := list(read_chart(part, words, document)):
                    yield block
            case "g":  # the shapes of a group are in any order
                for member in sort_shapes(find_shapes(part)):
                    yield from read_blocks(member.element, words, document)
            case _:
                yield from read_blocks(part, words, document)


def read_table(
    rows: Iterable[etree._Element], read_cell: Callable[[etree._Element], str]
) -> TextTable | None:
    """Return the table with these rows; None without text.

    Header rows are those in an element `table-header-rows`; a first row may have a style of its
    own. Covered cells are left out.
    """
    cells: list[list[tuple[str, int, int]]] = []
    header_rows = 0
    is_styled = False
    for row in rows:
        parent = row.getparent()
        if parent is not None and not cells:
            is_styled = get_attribute(parent, "use-first-row-styles") == "true"
        is_header = parent is not None and local_name(parent) == "table-header-rows"
        own: list[tuple[str, int, int]] = []
        for cell in row:
            if local_name(cell) != "table-cell":
                continue
            count = min(parse_int(get_attribute(cell, "number-columns-repeated"), 1), MOST_REPEATED)
            columns = parse_int(get_attribute(cell, "number-columns-spanned"), 1)
            height = parse_int(get_attribute(cell, "number-rows-spanned"), 1)
            own += [(clean_cell(read_cell(cell)), columns, height)] * count
        header_rows += is_header and any(text for text, _, _ in own)
        cells.append(own)
    built = build_rows(cells)
    return TextTable(built, header_rows or None, is_styled) if built else None


def read_chart(element: etree._Element, words: OdfWords, document: OpenDocument) -> Iterator[str]:
    """Yield the title of a chart, the names of its series and the categories of its axis."""
    drawing = document.find_object(get_attribute(element, "href") or "", "chart")
    if drawing is None:
        return
    title = " ".join(words.read_words(p) for p in drawing.iterfind("{*}chart/{*}title/{*}p"))
    rows = [
        [" ".join(words.read_words(p) for p in cell.iterfind("{*}p")) for cell in row]
        for row in drawing.iterfind("{*}chart/{*}table//{*}table-row")
    ]
    series, categories = (rows[0][1:], [row[0] for row in rows[1:] if row]) if rows else ([], [])
    for texts in ([title], series, categories):
        if line := "\t".join(map(clean_cell, texts)).strip():
            yield line


def _parse_inches(length: str | None) -> float:
    match = _LENGTH.fullmatch(length or "")
    return float(match[1]) / _UNITS_PER_INCH[match[2]] if match else 0.0
