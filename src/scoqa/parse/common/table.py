"""Rows of a table -> lines that each stand for themselves: every cell with its column's name.

Receives rows from the rooms of CSV files and spreadsheets; hands them to a Writer. The row of
names is written as it stands, each row below as "Name: value" cells with a tab between them. Two
rows are never one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice

from scoqa.parse.common.parsed import Writer
from scoqa.sentences import LOOK

NO_TEXT = "holds no text; there is nothing to index in it."
# Rows looked at before it is decided where a table's names stand, so that endless ones stream.
SAMPLE_ROWS = 100
LONGEST_NAME = 100  # characters; longer ones are prose
LONGEST_CELL = 1_000  # characters; a longer one is layout, unless the table has heads
LONGEST_LONE_NAME = 40  # of a table with one column: it may be a list of anything

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
    """A row by its number as the program shows it, and the cells that hold text, by column.

    Without any cell it is a blank row: what follows is another table, or more of the same.
    """

    number: int
    cells: Mapping[int, str]


class MergedCells:
    """The cells of a sheet that go down over several rows: each row shows them beside its own."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, str]] = {}  # column -> last row, text

    def add(self, column: int, last: int, text: str) -> None:
        """Keep the text of a cell that goes down to the row `last`."""
        self._open[column] = (last, text)

    def fill_row(self, number: int, cells: dict[int, str]) -> dict[int, str]:
        """Return the cells of row `number` with those that go down into it, by column."""
        if not cells or not self._open:
            return cells
        self._open = {c: kept for c, kept in self._open.items() if kept[0] >= number}
        return dict(sorted(({c: text for c, (_, text) in self._open.items()} | cells).items()))


def clean_cell(text: str) -> str:
    """Return the text of a cell on one line: its line breaks and tabs become spaces."""
    return (text if text.isprintable() else _BREAKS.sub(" ", text)).strip()


def write_rows(writer: Writer, rows: Iterable[Row]) -> None:
    """Write `rows`, each under a mark with its number.

    Each table's names are found anew, and stay in force over blank rows as long as the columns
    are the same. A table whose first full row cannot be names is written without any.
    """
    names: Mapping[int, str] = {}
    for is_filled, run in groupby(rows, key=lambda row: bool(row.cells)):
        if not is_filled:
            continue
        head = list(islice(run, SAMPLE_ROWS))
        place = _find_header(head, names)
        if place is not None:
            names = head[place].cells
        elif not _continues_table(head, names):
            names = {}
        last = ""
        for count, row in enumerate(chain(head, run)):
            is_below = place is None or count > place
            line = _format_row(row.cells, names if is_below else {})
            writer.ensure_gap(choose_separator(last, line) if count else "\n\n")
            with writer.mark("row", str(row.number)):
                writer.add(line)
            last = line


def choose_separator(line: str, following: str) -> str:
    """Return what two lines of a table need between them to be two sentences.

    A line end alone ends a sentence only where a tab is near it.
    """
    return "\n" if "\t" in line[-LOOK:] or "\t" in following[:LOOK] else "\n\n"


def _format_row(cells: Mapping[int, str], names: Mapping[int, str]) -> str:
    return "\t".join(
        f"{names[column]}: {text}" if column in names else text for column, text in cells.items()
    )


def _continues_table(head: Sequence[Row], names: Mapping[int, str]) -> bool:
    """Say whether rows without names of their own belong to the table above the blank row."""
    columns = {column for row in head for column in row.cells}
    # What stands in one column alone under a table is a note about it.
    return columns <= names.keys() and (len(columns) > 1 or len(names) == 1)


def _find_header(head: Sequence[Row], above: Mapping[int, str]) -> int | None:
    """Return which of `head`, a table's first rows, holds its columns' names; None for none.

    above: the names in force before the blank row above.
    """
    columns = {column for row in head for column in row.cells}
    for place, row in enumerate(head):
        if 2 * len(row.cells) <= len(columns) > 1:
            continue  # a title, a date, who made it
        below = head[place + 1 :]
        stands_out = _stands_out(row, below)
        if len(columns) == 1 and not _can_title_list(row, below):
            return None
        if not stands_out and (
            columns <= above.keys()
            or len(set(row.cells.values())) < len(row.cells)
            or any(row.cells[c] == other.cells.get(c) for other in below for c in row.cells)
        ):
            return None
        return place if _can_be_header(row, below) else None
    return None


def _can_be_header(row: Row, below: Sequence[Row]) -> bool:
    """Say whether all of a row's cells are short words, or years over what are none."""
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
    """Say whether a word in `row` stands over a column of mostly numbers or dates."""
    for column, text in row.cells.items():
        others = [other.cells[column] for other in below if column in other.cells]
        values = sum(_VALUE.fullmatch(other) is not None for other in others)
        if 2 * values > len(others) and not _VALUE.fullmatch(text):
            return True
    return False
