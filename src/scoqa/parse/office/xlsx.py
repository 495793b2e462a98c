"""Parse Excel workbooks (.xlsx, .xlsm): the displayed text of each sheet, one line per row.

Input: the bytes of a file. Output: all visible sheets, marked with their names, and their visible
rows, marked with their numbers; each cell has the name of its column and its value as displayed.
The text boxes and the words of charts follow. Formulas have their saved value; nothing is computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.number_format import BUILT_IN, format_text, format_value
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.sheets import describe_hidden_sheets, write_sheet
from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number
from scoqa.parse.common.table import NO_TEXT, MergedCells, Row, clean_cell
from scoqa.parse.common.xmltree import (
    get_attribute,
    iterate_elements,
    local_name,
    parse_count,
    parse_int,
)
from scoqa.parse.office.drawingml import LINKED, read_linked, read_paragraphs
from scoqa.parse.office.opc import Package
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("xlsx", "4")

_MOST_COLUMNS = 16_384
_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,9}):([A-Z]{1,3})(\d{1,9})"'
)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(slots=True)
class _Book:
    """Data shared by all sheets, and the problems found while reading them."""

    path: str
    texts: list[str]
    formats: list[str]  # indexed by the style of a cell
    bold: list[bool]  # indexed by the style of a cell
    from_1904: bool
    without_value: int = 0  # formulas that were never computed
    hidden: list[str] = field(default_factory=list)  # sheets
    partly_hidden: list[str] = field(default_factory=list)  # sheets with hidden rows or columns


def read(data: bytes, path: str) -> Parsed:
    """Return the visible sheets of a workbook. Raises ParseError."""
    package = Package(data, path)
    main = package.find_main_part("workbook")
    root = package.tree(main)
    relations = package.relations(main)
    parts = {relation.kind: relation.part for relation in relations.values()}
    styles = package.tree(parts["styles"]) if "styles" in parts else None
    book = _Book(
        path,
        _read_shared_texts(package, parts["sharedStrings"]) if "sharedStrings" in parts else [],
        _read_formats(styles) if styles is not None else [],
        _find_bold_styles(styles) if styles is not None else [],
        any(_is_on(element.get("date1904")) for element in root.iterfind("{*}workbookPr")),
    )
    writer = Writer()
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        name = sheet.get("name", "")
        relation = relations.get(get_attribute(sheet, "id") or "")
        if relation is None or relation.kind not in ("worksheet", "chartsheet"):
            continue
        if sheet.get("state", "visible") != "visible":
            book.hidden.append(name)
            continue
        write_sheet(
            writer,
            name,
            _iterate_rows(package.read(relation.part), name, book),  # none in a chart sheet
            _iterate_drawings(package, relation.part),
        )
    warnings = describe_hidden_sheets(book.hidden, book.partly_hidden)
    if book.without_value:
        formulas = (
            "1 formula that was never computed, which is left out"
            if book.without_value == 1
            else f"{book.without_value:,} formulas that were never computed, which are left out"
        )
        warnings += (f"has {formulas}. Open it in a spreadsheet program and save it.",)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.to_parsed(package.title(), warnings=warnings)


def _iterate_rows(data: bytes, name: str, book: _Book) -> Iterator[Row]:
    """Yield the visible rows of a sheet, and one blank row for each group of blank rows."""
    areas = _find_merged_cells(data)
    merged = MergedCells()
    hidden_columns: set[int] = set()
    hides_rows = False  # the default for rows
    last = 0
    has_hidden_text = False
    for element in iterate_elements(data, book.path, "sheetFormatPr", "cols", "row"):
        kind = local_name(element)
        if kind == "sheetFormatPr":
            hides_rows = _is_on(element.get("zeroHeight"))
            continue
        if kind == "cols":
            hidden_columns = _find_hidden_columns(element, book.path)
            continue
        number = parse_count(element.get("r", str(last + 1)), book.path)
        is_blank_before = number > last + 1
        last = number
        is_hidden = _is_on(element.get("hidden", "1" if hides_rows else "0"))
        cells: dict[int, str] = {}
        spans: dict[int, int] = {}
        is_bold = True
        column = -1
        for cell in element:
            column = _find_column(cell.get("r"), column + 1)
            text = _read_cell(cell, book) if len(cell) else ""
            if text and is_bold:
                style = parse_count(cell.get("s", "0"), book.path)
                is_bold = style < len(book.bold) and book.bold[style]
            if text and (column in hidden_columns or is_hidden):
                has_hidden_text = True
            elif text:
                cells[column] = text
            if text and column not in hidden_columns and (column, number) in areas:
                last_column, last_row = areas[column, number]
                if last_row > number:
                    merged.add(column, last_row, text)
                if last_column > column:
                    spans[column] = last_column - column + 1
        if is_hidden:
            continue
        if is_blank_before:
            yield Row(number - 1, {})
        yield Row(number, merged.fill_row(number, cells), spans, is_bold)
    if has_hidden_text:
        book.partly_hidden.append(name)


def _iterate_drawings(package: Package, part: str) -> Iterator[list[str]]:
    """Yield the paragraphs of text boxes and the words of charts on a sheet, from the top."""
    for relation in package.relations(part).values():
        if relation.kind != "drawing":
            continue
        targets = package.relations(relation.part)
        for anchor in sorted(package.tree(relation.part), key=_find_anchor):
            for element in anchor.iter("{*}sp", *LINKED):
                if not _is_visible(element):
                    continue
                if local_name(element) == "sp":
                    yield from ([text] for text in read_paragraphs(element))
                else:
                    yield from read_linked(package, targets, element)


def _find_anchor(anchor: etree._Element) -> tuple[int, int]:
    """Return the row and the column of the top left corner of a drawing."""
    corner = next(anchor.iter("{*}from"), None)
    if corner is None:
        return (0, 0)
    return parse_int(corner.findtext("{*}row"), 0), parse_int(corner.findtext("{*}col"), 0)


def _is_visible(element: etree._Element) -> bool:
    """Return whether `element` is visible: it has no ancestor that is hidden or a fallback.

    Fallbacks are copies for older programs.
    """
    for ancestor in (element, *element.iterancestors()):
        properties = ancestor.find("./*/{*}cNvPr")
        is_hidden = properties is not None and _is_on(properties.get("hidden"))
        if is_hidden or local_name(ancestor) == "Fallback":
            return False
    return True


def _read_cell(cell: etree._Element, book: _Book) -> str:
    """Return the displayed text of `cell`, on one line."""
    kind = cell.get("t", "n")
    value = ""
    has_formula = False
    for part in cell:
        match local_name(part):
            case "v":
                value = part.text or ""
            case "is":
                value = _read_rich_text(part)
            case "f":
                has_formula = True
    if not value:
        book.without_value += has_formula and kind != "str"
        return ""
    style = parse_count(cell.get("s", "0"), book.path)
    code = book.formats[style] if style < len(book.formats) else "General"
    match kind:
        case "s":
            index = parse_count(value, book.path)
            if not index < len(book.texts):
                raise ParseError(
                    book.path,
                    f"is damaged: a cell refers to text {index}, but the workbook has "
                    f"{len(book.texts)}. Save it again, or exclude it.",
                )
            text = format_text(book.texts[index], code)
        case "str":
            text = format_text(_unescape(value), code)
        case "inlineStr":
            text = format_text(value, code)
        case "b":
            text = "TRUE" if value == "1" else "FALSE"
        case "e" | "d":
            text = value
        case _:
            text = _format_number(value, code, book.from_1904)
    return clean_cell(text)


def _format_number(value: str, code: str, from_1904: bool) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return format_value(number, code, from_1904=from_1904) if math.isfinite(number) else value


def _find_column(reference: str | None, following: int) -> int:
    """Return the column of a cell, from 0; `following` if the cell has no reference."""
    letters = reference.rstrip("0123456789") if reference else ""
    return _parse_column(letters) if letters else following


@lru_cache(maxsize=_MOST_COLUMNS)
def _parse_column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _find_hidden_columns(element: etree._Element, path: str) -> set[int]:
    columns: set[int] = set()
    for column in element:
        if _is_on(column.get("hidden")) or column.get("width") == "0":
            low, high = (parse_count(column.get(name, "1"), path) for name in ("min", "max"))
            columns.update(range(low - 1, min(high, _MOST_COLUMNS)))
    return columns


def _find_merged_cells(data: bytes) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the last column and row of each merged area, by its first column and row."""
    return {
        (_parse_column(match[1].decode("ascii")), int(match[2])): (
            _parse_column(match[3].decode("ascii")),
            int(match[4]),
        )
        for match in _MERGED.finditer(data, max(0, data.find(b"mergeCells")))
    }


def _read_shared_texts(package: Package, part: str) -> list[str]:
    return [
        _read_rich_text(element)
        for element in iterate_elements(package.read(part), package.path, "si")
    ]


def _read_rich_text(element: etree._Element) -> str:
    """Return the text of a cell with its runs joined, without pronunciation (rPh)."""
    parts: list[str] = []
    for run in element:
        if local_name(run) == "t":
            parts.append(run.text or "")
        elif local_name(run) == "r":
            aligned = run.find("{*}rPr/{*}vertAlign")
            shift = "" if aligned is None else aligned.get("val", "")
            text = "".join(part.text or "" for part in run if local_name(part) == "t")
            if shift in ("superscript", "subscript"):
                before = "".join(parts[-CONTEXT_CHARACTERS:])[-CONTEXT_CHARACTERS:]
                text = separate_from_number(text, before, lowered=shift == "subscript")
            parts.append(text)
    return _unescape("".join(parts))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _read_formats(root: etree._Element) -> list[str]:
    """Return the number format of each cell style."""
    codes = dict(BUILT_IN)
    for number_format in root.iterfind("{*}numFmts/{*}numFmt"):
        number = parse_int(number_format.get("numFmtId"), -1)
        codes[number] = number_format.get("formatCode", "General")
    return [
        codes.get(parse_int(style.get("numFmtId"), 0), "General")
        for style in root.iterfind("{*}cellXfs/{*}xf")
    ]


def _find_bold_styles(root: etree._Element) -> list[bool]:
    """Return for each cell style whether its font is bold."""
    fonts = [
        any(_is_on(bold.get("val", "1")) for bold in font.iterfind("{*}b"))
        for font in root.iterfind("{*}fonts/{*}font")
    ]
    return [
        -1 < (font := parse_int(style.get("fontId"), -1)) < len(fonts) and fonts[font]
        for style in root.iterfind("{*}cellXfs/{*}xf")
    ]


def _is_on(value: str | None) -> bool:
    return value in ("1", "true", "on")
