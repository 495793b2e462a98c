"""Excel workbooks (.xlsx, .xlsm): what each sheet shows, a line a row.

Receives the file's bytes; hands on every visible sheet under its name, every visible row under its
number, each cell with its column's name and its value as the sheet shows it; then its text boxes
and the words of its charts. Formulas give the value that was saved with them; nothing is computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.number_format import BUILT_IN, shown, shown_text
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.sheets import hidden_warnings, write_sheet
from scoqa.parse.common.superscripts import LONGEST_BEFORE, beside_number
from scoqa.parse.common.table import NO_TEXT, Merged, Row, cell_text
from scoqa.parse.common.xmltree import attribute, counted, elements, local, whole
from scoqa.parse.office.drawingml import LINKED, linked, paragraphs
from scoqa.parse.office.opc import Package
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("xlsx", "2")

_MOST_COLUMNS = 16_384
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,9}):[A-Z]{1,3}(\d{1,9})"')
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(slots=True)
class _Book:
    """What all sheets share, and what is found wanting on the way."""

    path: str
    texts: list[str]
    formats: list[str]  # by the style that a cell names
    from_1904: bool
    without_value: int = 0  # formulas that were never computed
    hidden: list[str] = field(default_factory=list)  # sheets
    partly_hidden: list[str] = field(default_factory=list)  # sheets with hidden rows or columns


def read(data: bytes, path: str) -> Parsed:
    """Return the visible sheets of a workbook. Raises ParseError."""
    package = Package(data, path)
    main = package.main("workbook")
    root = package.tree(main)
    relations = package.relations(main)
    parts = {relation.kind: relation.part for relation in relations.values()}
    book = _Book(
        path,
        _shared_texts(package, parts["sharedStrings"]) if "sharedStrings" in parts else [],
        _formats(package, parts["styles"]) if "styles" in parts else [],
        any(_is_on(each.get("date1904")) for each in root.iterfind("{*}workbookPr")),
    )
    writer = Writer()
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        name = sheet.get("name", "")
        relation = relations.get(attribute(sheet, "id") or "")
        if relation is None or relation.kind not in ("worksheet", "chartsheet"):
            continue
        if sheet.get("state", "visible") != "visible":
            book.hidden.append(name)
            continue
        write_sheet(
            writer,
            name,
            _rows(package.read(relation.part), name, book),  # none where it is one chart
            _drawn(package, relation.part),
        )
    warnings = hidden_warnings(book.hidden, book.partly_hidden)
    if book.without_value:
        what = (
            "1 formula that was never computed, which is left out"
            if book.without_value == 1
            else f"{book.without_value:,} formulas that were never computed, which are left out"
        )
        warnings += (f"has {what}. Open it in a spreadsheet program and save it.",)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.parsed(package.title(), warnings=warnings)


def _rows(data: bytes, name: str, book: _Book) -> Iterator[Row]:
    """Yield the visible rows of a sheet, and a blank one where there are blank ones."""
    last_rows = _merged_down(data)
    merged = Merged()
    hidden_columns: set[int] = set()
    hides_rows = False  # unless a row says otherwise
    last = 0
    hides = False
    for element in elements(data, book.path, "sheetFormatPr", "cols", "row"):
        kind = local(element)
        if kind == "sheetFormatPr":
            hides_rows = _is_on(element.get("zeroHeight"))
            continue
        if kind == "cols":
            hidden_columns = _hidden_columns(element, book.path)
            continue
        number = counted(element.get("r", str(last + 1)), book.path)
        is_blank_before = number > last + 1
        last = number
        is_hidden = _is_on(element.get("hidden", "1" if hides_rows else "0"))
        cells: dict[int, str] = {}
        column = -1
        for cell in element:
            column = _column(cell.get("r"), column + 1)
            text = _text(cell, book) if len(cell) else ""
            if text and (column in hidden_columns or is_hidden):
                hides = True
            elif text:
                cells[column] = text
            if text and column not in hidden_columns and (column, number) in last_rows:
                merged.add(column, last_rows[column, number], text)
        if is_hidden:
            continue
        if is_blank_before:
            yield Row(number - 1, {})
        yield Row(number, merged.beside(number, cells))
    if hides:
        book.partly_hidden.append(name)


def _drawn(package: Package, part: str) -> Iterator[list[str]]:
    """Yield the paragraphs of text boxes and the words of charts on a sheet, from its top."""
    for relation in package.relations(part).values():
        if relation.kind != "drawing":
            continue
        targets = package.relations(relation.part)
        for anchor in sorted(package.tree(relation.part), key=_anchored_at):
            for element in anchor.iter("{*}sp", *LINKED):
                if not _is_seen(element):
                    continue
                if local(element) == "sp":
                    yield from ([text] for text in paragraphs(element))
                else:
                    yield from linked(package, targets, element)


def _anchored_at(anchor: etree._Element) -> tuple[int, int]:
    """Return the row and the column at which something drawn begins."""
    place = next(anchor.iter("{*}from"), None)
    if place is None:
        return (0, 0)
    return whole(place.findtext("{*}row"), 0), whole(place.findtext("{*}col"), 0)


def _is_seen(element: etree._Element) -> bool:
    """Say whether nothing around `element` is hidden, or there for programs of another time."""
    for each in (element, *element.iterancestors()):
        named = each.find("./*/{*}cNvPr")
        if local(each) == "Fallback" or (named is not None and _is_on(named.get("hidden"))):
            return False
    return True


def _text(cell: etree._Element, book: _Book) -> str:
    """Return what `cell` shows, on one line."""
    kind = cell.get("t", "n")
    value = ""
    has_formula = False
    for part in cell:
        match local(part):
            case "v":
                value = part.text or ""
            case "is":
                value = _rich_text(part)
            case "f":
                has_formula = True
    if not value:
        book.without_value += has_formula and kind != "str"
        return ""
    style = counted(cell.get("s", "0"), book.path)
    code = book.formats[style] if style < len(book.formats) else "General"
    match kind:
        case "s":
            index = counted(value, book.path)
            if not index < len(book.texts):
                raise ParseError(
                    book.path,
                    f"is damaged: a cell names text {index}, and there are {len(book.texts)}. "
                    "Save it anew, or exclude it.",
                )
            text = shown_text(book.texts[index], code)
        case "str":
            text = shown_text(_unescaped(value), code)
        case "inlineStr":
            text = shown_text(value, code)
        case "b":
            text = "TRUE" if value == "1" else "FALSE"
        case "e" | "d":
            text = value
        case _:
            text = _number(value, code, book.from_1904)
    return cell_text(text)


def _number(value: str, code: str, from_1904: bool) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return shown(number, code, from_1904=from_1904) if math.isfinite(number) else value


def _column(reference: str | None, following: int) -> int:
    """Return the column, from 0, of a cell that may say where it stands."""
    letters = reference.rstrip("0123456789") if reference else ""
    return _column_number(letters) if letters else following


@lru_cache(maxsize=_MOST_COLUMNS)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _hidden_columns(element: etree._Element, path: str) -> set[int]:
    found: set[int] = set()
    for each in element:
        if _is_on(each.get("hidden")) or each.get("width") == "0":
            low, high = (counted(each.get(name, "1"), path) for name in ("min", "max"))
            found.update(range(low - 1, min(high, _MOST_COLUMNS)))
    return found


def _merged_down(data: bytes) -> dict[tuple[int, int], int]:
    """Return the last row of every cell that is merged with some below, by column and row."""
    return {
        (_column_number(match[1].decode("ascii")), int(match[2])): int(match[3])
        for match in _MERGED.finditer(data, max(0, data.find(b"mergeCells")))
        if match[2] != match[3]
    }


def _shared_texts(package: Package, part: str) -> list[str]:
    return [_rich_text(each) for each in elements(package.read(part), package.path, "si")]


def _rich_text(element: etree._Element) -> str:
    """Return the text of a cell with its runs joined; how it is pronounced (rPh) left out."""
    parts: list[str] = []
    for each in element:
        if local(each) == "t":
            parts.append(each.text or "")
        elif local(each) == "r":
            aligned = each.find("{*}rPr/{*}vertAlign")
            shift = "" if aligned is None else aligned.get("val", "")
            text = "".join(run.text or "" for run in each if local(run) == "t")
            if shift in ("superscript", "subscript"):
                before = "".join(parts[-LONGEST_BEFORE:])[-LONGEST_BEFORE:]
                text = beside_number(text, before, lowered=shift == "subscript")
            parts.append(text)
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _formats(package: Package, part: str) -> list[str]:
    """Return the number format of every style of cell."""
    root = package.tree(part)
    codes = dict(BUILT_IN)
    for each in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[whole(each.get("numFmtId"), -1)] = each.get("formatCode", "General")
    return [
        codes.get(whole(each.get("numFmtId"), 0), "General")
        for each in root.iterfind("{*}cellXfs/{*}xf")
    ]


def _is_on(value: str | None) -> bool:
    return value in ("1", "true", "on")
