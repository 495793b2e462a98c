"""Find the tables of a document, their rows and their cells.

Input: a document's text and marks. Output: tables with the names of their columns, and cells as
ranges of the text. In the text, a row is a line and cells are separated by tabs; a column is
counted from 0 by the tabs before it. The names of columns stand in the marks, not in the cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoqa.places import Marked

PIPE = "|"  # separates the cells of Markdown tables, unless it follows a backslash
LEVELS = " / "  # between the levels of a column's name, as in "January–June / 2022"
# A currency symbol, a percent sign or a bracket in a cell of its own belongs to the number beside.
SYMBOL = re.compile(r"[$€£¥₹%‰()\[\]+–-]{1,2}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a text.

    Parameters
    ----------
    start, end
        The range of all of its rows.
    body
        The start of the rows below the head; `start` without a head.
    names
        The name of each column; "" for a column without one. Empty if no column has a name.
    caption
        The line above the table that is its title; "" without one.
    group
        The text of the merged cell that names this group of rows; "" without one.
    separator
        The character between two cells: a tab, or PIPE.
    """

    start: int
    end: int
    body: int
    names: tuple[str, ...]
    caption: str
    group: str
    separator: str


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell with text, as a range of the document's text."""

    start: int
    end: int
    column: int


def build_label(
    names: Sequence[str], caption: str = "", group: str = "", separator: str = "\t"
) -> str:
    """Return the label of a table's mark.

    Its lines are the column names, the caption, the group, and the separator unless it is a tab.
    """
    lines = ("\t".join(names).rstrip("\t"), caption, group, separator.strip())
    return "\n".join(lines).rstrip("\n")


def find_tables(marks: Sequence[Marked]) -> list[Table]:
    """Return the tables among `marks`, which are sorted by start, in order."""
    heads = {mark.start: mark.end for mark in marks if mark.kind == "head"}
    tables = []
    for mark in marks:
        if mark.kind == "table":
            names, caption, group, separator, *_ = [*mark.label.split("\n"), "", "", ""]
            body = heads.get(mark.start, mark.start)
            columns = tuple(names.split("\t")) if names else ()
            tables.append(
                Table(mark.start, mark.end, body, columns, caption, group, separator or "\t")
            )
    return tables


def find_column_names(text: str, marks: Sequence[Marked], start: int) -> tuple[str, ...]:
    """Return the names of the columns from the cell at `start` on; () outside of tables.

    text, marks: of the document. Only tables with tabs between cells count.
    """
    for table in find_tables(marks):
        if table.body <= start < table.end and table.separator == "\t":
            return table.names[text.count("\t", text.rfind("\n", 0, start) + 1, start) :]
    return ()


def find_cells(text: str, start: int, end: int, separator: str = "\t") -> Iterator[TableCell]:
    """Yield the cells with text of the row text[start:end], which is a complete line."""
    column = 0
    if separator == PIPE:  # a pipe before the first cell and after the last one is optional
        line = text[start:end]
        start += len(line) - len(line.lstrip().removeprefix(PIPE))
    while start <= end:
        stop = _find_separator(text, start, end, separator)
        cell = text[start:stop]
        if words := cell.strip():
            first = start + len(cell) - len(cell.lstrip())
            yield TableCell(first, first + len(words), column)
        start, column = stop + 1, column + 1


def _find_separator(text: str, start: int, end: int, separator: str) -> int:
    """Return the position of the next separator in text[start:end], or `end`."""
    while True:
        stop = text.find(separator, start, end)
        if stop < 0:
            return end
        if separator != PIPE or text[stop - 1] != "\\":
            return stop
        start = stop + 1
