"""Find the rows and cells of tables in Word documents, with what they cover.

Input: a table. Output: its rows, its cells with the columns and rows that they cover, and whether
the file or its style sets the head apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from scoqa.parse.common.xmltree import parse_int
from scoqa.parse.office.word_styles import find_child, find_inside, get_value, qualified_name

if TYPE_CHECKING:
    from lxml.etree import _Element

_MOST_COLUMNS = 63  # of a table in Word
_OFF = ("0", "false", "off")


class WordCell(NamedTuple):
    """A cell, and how many columns and rows it covers."""

    element: _Element
    columns: int
    rows: int


def find_rows(table: _Element) -> list[list[_Element]]:
    """Return the cells of each row of `table`, in order, without deleted rows."""
    return [
        find_inside(row, "w:tc")
        for row in find_inside(table, "w:tr")
        if find_child(row, "w:trPr", "w:del") is None
    ]


def find_cells(rows: Sequence[Sequence[_Element]]) -> list[list[WordCell]]:
    """Return the cells of each row, without those that a cell above covers."""
    cells: list[list[WordCell]] = []
    above: dict[int, tuple[int, int]] = {}  # column -> row and index of the last cell there
    for number, row in enumerate(rows):
        cells.append([])
        column = 0
        for element in row:
            columns = _count_columns(element)
            if is_covered(element) and column in above:
                first, index = above[column]
                cells[first][index] = cells[first][index]._replace(rows=number - first + 1)
            else:
                above[column] = (number, len(cells[number]))
                cells[number].append(WordCell(element, columns, 1))
            column += columns
    return cells


def _count_columns(cell: _Element) -> int:
    span = find_child(cell, "w:tcPr", "w:gridSpan")
    return min(max(1, parse_int(get_value(span), 1)), _MOST_COLUMNS) if span is not None else 1


def is_covered(cell: _Element) -> bool:
    """Return whether a cell is covered by a merged cell that starts in a row above."""
    merged = find_child(cell, "w:tcPr", "w:vMerge")
    return merged is not None and get_value(merged) in (None, "continue")


def count_head_rows(table: _Element) -> int:
    """Return the number of rows at the top that are repeated on each page."""
    count = 0
    for row in find_inside(table, "w:tr"):
        mark = find_child(row, "w:trPr", "w:tblHeader")
        if mark is None or get_value(mark) in _OFF:
            break
        count += 1
    return count


def has_bold_head(rows: Sequence[Sequence[_Element]]) -> bool:
    """Return whether all words of the first row are bold, and not all of the second."""
    return len(rows) > 1 and _is_bold(rows[0]) and not _is_bold(rows[1])


def _is_bold(row: Sequence[_Element]) -> bool:
    runs = [
        run
        for cell in row
        for run in cell.iter()
        if qualified_name(run) == "w:r" and find_child(run, "w:t") is not None
    ]
    marks = [find_child(run, "w:rPr", "w:b") for run in runs]
    return bool(runs) and all(mark is not None and get_value(mark) not in _OFF for mark in marks)


def is_data(table: _Element, rows: list[list[_Element]]) -> bool:
    """Return whether a table has several columns and no nested table."""
    is_nested = any(qualified_name(part) == "w:tbl" for part in table.iter() if part is not table)
    return not is_nested and max((len(row) for row in rows), default=0) > 1
