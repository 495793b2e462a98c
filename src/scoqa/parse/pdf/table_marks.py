"""Mark the tables of a PDF in its text, with the names of their columns.

Input: the written cells, with their places in the text. Output: marks of kind `table` and `head`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from scoqa.parse.common.table import Row, TextTable, describe_table
from scoqa.parse.pdf.ruled import Cell
from scoqa.types import Mark


class PlacedCell(NamedTuple):
    """A line of a cell: its page, its cell, its range of the text, and whether it is bold."""

    page: int
    cell: Cell
    start: int
    end: int
    bold: bool


class _PlacedTable(NamedTuple):
    table: TextTable
    places: list[tuple[int, int]]  # of the rows


def mark_tables(text: str, cells: Sequence[PlacedCell]) -> Iterator[Mark]:
    """Yield the marks of the tables in `text`, in order.

    cells: in the order of the text. A table at the start of a page whose first row is no head, and
    that has the columns of the table at the end of the page before, has its names.
    """
    names: Sequence[str] = ()
    end = 0
    for _, lines in groupby(cells, key=lambda line: (line.page, line.cell.table)):
        placed = _place_table(text, list(lines))
        if placed is None:
            continue
        start = placed.places[0][0]
        continues = not text[end:start].strip()
        marks, own_names = describe_table(
            placed.table, placed.places, names_above=names if continues else ()
        )
        yield from marks
        names, end = own_names, placed.places[-1][1]


def _place_table(text: str, lines: Sequence[PlacedCell]) -> _PlacedTable | None:
    """Return a table with the places of its rows; None if it has only one row."""
    first = min(line.cell.column for line in lines)
    last = max(line.cell.column for line in lines) - first
    rows: list[Row] = []
    places: list[tuple[int, int]] = []
    bold: list[bool] = []
    for _, row in groupby(lines, key=lambda line: line.cell.row):
        own = list(row)
        cells = {}
        for column, parts in groupby(own, key=lambda line: line.cell.column - first):
            part = list(parts)
            cells[column] = " ".join(text[part[0].start : part[-1].end].split())
        start = own[0].start
        while start and text[start - 1] == "\t":
            start -= 1
        places.append((start, own[-1].end))
        bold.append(all(line.bold for line in own))
        # A name that is alone in its row, beside more than one column, is that of the rows below.
        spans = {0: last + 1} if list(cells) == [0] and last > 1 else {}
        rows.append(Row(0, cells, spans))
    if len(rows) < 2:
        return None
    table = TextTable(tuple(rows), has_styled_head=bold[0] and not bold[1])
    return _PlacedTable(table, places)
