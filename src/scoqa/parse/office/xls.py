"""Parse old Excel workbooks (.xls): the displayed text of each sheet, one line per row.

Input: the bytes of a file of Excel 5 to 2003. Output: all visible sheets as `xlsx` writes them.
Formulas have their saved value; nothing is computed. Text boxes and charts are left out.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.number_format import format_text, format_value
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.sheets import describe_hidden_sheets, write_sheet
from scoqa.parse.common.table import NO_TEXT, MergedCells, Row, clean_cell
from scoqa.types import Parser

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Cell, Sheet

PARSER = Parser("xls", "1")

# What xlrd and olefile raise for damaged files, besides the error of xlrd.
_DAMAGED = (
    OSError, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError,
    AssertionError, NotImplementedError, OverflowError, NameError, ZeroDivisionError,
)  # fmt: skip


def read(data: bytes, path: str) -> Parsed:
    """Return the visible sheets of a workbook. Raises ParseError."""
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=_find_stream(data),
            formatting_info=True,
            on_demand=True,
            logfile=io.StringIO(),
        )
        return _read_book(book)
    except (xlrd.XLRDError, *_DAMAGED) as error:
        is_locked = isinstance(error, xlrd.XLRDError) and "encrypted" in str(error)
        reason = (
            "is encrypted. Save a copy without a password."
            if is_locked
            else "is not a workbook of Excel 5 to 2003, or is damaged. Save it as .xlsx."
        )
        raise ParseError(path, reason) from error


def _find_stream(data: bytes) -> bytes:
    """Return the stream of a compound file that contains the workbook.

    xlrd can find it too, but follows a damaged chain of sectors in circles.
    """
    import olefile

    if not data.startswith(olefile.MAGIC):
        return data  # before Excel 5, the file was the stream
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        for name in ("Workbook", "Book"):
            if file.exists(name):
                with file.openstream(name) as stream:
                    return bytes(stream.read())
    raise ValueError("no workbook")


def _read_book(book: Book) -> Parsed:
    writer = Writer()
    hidden: list[str] = []
    partly_hidden: list[str] = []
    for index, name in enumerate(book.sheet_names()):
        sheet = book.sheet_by_index(index)
        if sheet.visibility:
            hidden.append(name)
        else:
            write_sheet(writer, name, _iterate_rows(book, sheet, partly_hidden), ())
        book.unload_sheet(index)
    warnings = describe_hidden_sheets(hidden, partly_hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.to_parsed(None, warnings=warnings)


def _iterate_rows(book: Book, sheet: Sheet, partly_hidden: list[str]) -> Iterator[Row]:
    """Yield the visible rows of a sheet. One with hidden text is added to `partly_hidden`."""
    hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    last_rows = {(top, left): bottom for top, bottom, left, _ in sheet.merged_cells}
    merged = MergedCells()
    has_hidden_text = False
    for number in range(sheet.nrows):
        info = sheet.rowinfo_map.get(number)
        is_hidden = info is not None and bool(info.hidden)
        cells: dict[int, str] = {}
        for column, cell in enumerate(sheet.row(number)):
            text = clean_cell(_format_cell(book, cell))
            if not text:
                continue
            if is_hidden or column in hidden_columns:
                has_hidden_text = True
                continue
            cells[column] = text
            last = last_rows.get((number, column), number + 1)
            if last > number + 1:
                merged.add(column, last, text)
        if not is_hidden:
            yield Row(number + 1, merged.fill_row(number + 1, cells))
    if has_hidden_text:
        partly_hidden.append(sheet.name)


def _format_cell(book: Book, cell: Cell) -> str:
    """Return the text of a cell as displayed."""
    import xlrd

    style = book.xf_list[cell.xf_index] if (cell.xf_index or 0) < len(book.xf_list) else None
    form = None if style is None else book.format_map.get(style.format_key)
    code = "General" if form is None else form.format_str
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return format_text(str(cell.value), code)
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return format_value(float(cell.value), code, from_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    return ""
