"""Write the rows of tables as lines that can be understood alone, with column names in each cell.

Input: rows from the parsers of CSV files and spreadsheets. Output: lines in a Writer. The header
row is written unchanged, the rows below it as "Name: value" cells separated by tabs. Two rows never
form one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice

from scoqa.parse.common.parsed import Writer
from scoqa.sentences import LOOK

NO_TEXT = "contains no text; there is nothing to index in it."
# The header row is searched in this many rows, so that very long tables can be streamed.
SAMPLE_ROWS = 100
LONGEST_NAME = 100  # characters; a longer cell is prose, not a column name
LONGEST_CELL = 1_000  # characters; a table with a longer cell is layout, unless it has a header
LONGEST_LONE_NAME = 40  # characters, in a table with one column, which may be a list of anything

_BREAKS = re.compile(r" *(?:\r\n|[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029])+ *")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_VALUE = re.compile(
    r"[-+(−]?\s?[$€£¥₹]?\s?[-+−]?\d[\d\s.,'’]*(?:e[-+]?\d+)?\s?[%‰$€£¥₹)]{0,2}"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]+\d{1,2}:\d\d.*)?"
    r"|\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m)?"
    rf"|(?:\d{{1,2}}[ -]{_MONTH}|{_MONTH} \d{{1,2}},?)[ -]\d{{2,4}}"
    r"|true|false|\S+@\S+|\w+://\S+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number as the program displays it, and its cells with text, by column.

    A row without cells is blank: another table, or the rest of the same table, follows.
    """

    number: int
    cells: Mapping[int, str]


class MergedCells:
    """The cells of a sheet that span several rows; their text is repeated in each of these rows."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, str]] = {}  # column -> last row, text

    def add(self, column: int, last: int, text: str) -> None:
        """Store the text of a cell that spans down to the row `last`."""
        self._open[column] = (last, text)

    def fill_row(self, number: int, cells: dict[int, str]) -> dict[int, str]:
        """Return the cells of row `number` and the merged cells that reach it, by column."""
        if not cells or not self._open:
            return cells
        self._open = {
            column: (last, text) for column, (last, text) in self._open.items() if last >= number
        }
        merged = {column: text for column, (_, text) in self._open.items()}
        return dict(sorted((merged | cells).items()))


def clean_cell(text: str) -> str:
    """Return the text of a cell on one line, with spaces in place of line breaks and tabs."""
    return (text if text.isprintable() else _BREAKS.sub(" ", text)).strip()


def write_rows(writer: Writer, rows: Iterable[Row]) -> None:
    """Write `rows`, each with a mark for its number.

    The header is detected for each table and stays valid across blank rows while the columns are
    the same. A table whose first full row cannot be a header is written without column names.
    """
    names: Mapping[int, str] = {}
    for is_filled, run in groupby(rows, key=lambda row: bool(row.cells)):
        if not is_filled:
            continue
        head = list(islice(run, SAMPLE_ROWS))
        header = _find_header(head, names)
        if header is not None:
            names = head[header].cells
        elif not _continues_table(head, names):
            names = {}
        last = ""
        for count, row in enumerate(chain(head, run)):
            is_below = header is None or count > header
            line = _format_row(row.cells, names if is_below else {})
            writer.ensure_gap(choose_separator(last, line) if count else "\n\n")
            with writer.mark("row", str(row.number)):
                writer.add(line)
            last = line


def choose_separator(line: str, following: str) -> str:
    """Return the separator that two lines of a table need to be separate sentences.

    A single line end only ends a sentence if there is a tab near it.
    """
    return "\n" if "\t" in line[-LOOK:] or "\t" in following[:LOOK] else "\n\n"


def _format_row(cells: Mapping[int, str], names: Mapping[int, str]) -> str:
    return "\t".join(
        f"{names[column]}: {text}" if column in names else text for column, text in cells.items()
    )


def _continues_table(head: Sequence[Row], names: Mapping[int, str]) -> bool:
    """Return whether rows without a header belong to the table above the blank row."""
    columns = {column for row in head for column in row.cells}
    # Text in a single column below a table is a note about it.
    return columns <= names.keys() and (len(columns) > 1 or len(names) == 1)


def _find_header(head: Sequence[Row], above: Mapping[int, str]) -> int | None:
    """Return the index of the header row in `head`, the first rows of a table; None without one.

    above: the column names that are valid before the blank row above.
    """
    columns = {column for row in head for column in row.cells}
    for index, row in enumerate(head):
        if 2 * len(row.cells) <= len(columns) > 1:
            continue  # a title, a date or an author
        below = head[index + 1 :]
        stands_out = _stands_out(row, below)
        if len(columns) == 1 and not _can_title_list(row, below):
            return None
        if not stands_out and (
            columns <= above.keys()
            or len(set(row.cells.values())) < len(row.cells)
            or any(row.cells[c] == other.cells.get(c) for other in below for c in row.cells)
        ):
            return None
        return index if _can_be_header(row, below) else None
    return None


def _can_be_header(row: Row, below: Sequence[Row]) -> bool:
    """Return whether each cell of a row is short text, or a year above cells that are not years."""
    for column, text in row.cells.items():
        if len(text) > LONGEST_NAME:
            return False
        if not _VALUE.fullmatch(text):
            continue
        others = [other.cells[column] for other in below if column in other.cells]
        years = sum(_YEAR.fullmatch(other) is not None for other in others)
        if not _YEAR.fullmatch(text) or len(row.cells) == 1 or 2 * years > len(others):
            return False
    return any(not _VALUE.fullmatch(text) for text in row.cells.values())


def _can_title_list(row: Row, below: Sequence[Row]) -> bool:
    (text,) = row.cells.values()
    return len(below) > 1 and len(text) <= LONGEST_LONE_NAME and text[-1] not in ".!?:;,"


def _stands_out(row: Row, below: Sequence[Row]) -> bool:
    """Return whether a cell of `row` is a word above a column of mostly numbers or dates."""
    for column, text in row.cells.items():
        others = [other.cells[column] for other in below if column in other.cells]
        values = sum(_VALUE.fullmatch(other) is not None for other in others)
        if 2 * values > len(others) and not _VALUE.fullmatch(text):
            return True
    return False
