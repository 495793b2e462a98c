"""Write the rows of tables as lines of cells, and mark the tables with the names of their columns.

Input: rows from the parsers of all formats that have tables. Output: lines in a Writer, in which
cells are separated by tabs, and marks of kind `table` and `head`; `scoqa.cells` reads them. Two
rows never form one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from scoqa.cells import build_label
from scoqa.parse.common.parsed import Writer
from scoqa.parse.common.struck import remove_signs, take_struck
from scoqa.parse.common.table_heads import (
    LONGEST_NAME,
    SAMPLE_ROWS,
    build_names,
    continues_table,
    count_head_rows,
    find_first_level,
    find_header,
    find_last_level,
    may_list_values,
)
from scoqa.sentences import LOOK
from scoqa.types import Mark

NO_TEXT = "contains no text; there is nothing to index in it."
LONGEST_CELL = 1_000  # characters; a table with a longer cell is layout, unless it has a header

_BREAKS = re.compile(r" *(?:\r\n|[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029])+ *")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. Without cells it is blank: another table, or the rest of it, follows.

    Parameters
    ----------
    number
        The number that the program displays beside it; 0 if it displays none.
    cells
        The cells with text, by column from 0, in order.
    spans
        The number of columns of each cell that covers more than one, by its column.
    is_bold
        Whether all of its cells are in bold type; False if the format does not tell.
    """

    number: int
    cells: Mapping[int, str]
    spans: Mapping[int, int] = field(default_factory=dict)
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of a text, a page or a slide.

    Parameters
    ----------
    rows
        At least one, each with cells.
    head_rows
        The number of rows at the top that name columns; None if the format does not tell, so that
        it is detected.
    has_styled_head
        Whether the first row looks different from the others, if `head_rows` is None.
    caption
        The title of the table, which is text of the document outside of it.
    """

    rows: tuple[Row, ...]
    head_rows: int | None = None
    has_styled_head: bool = False
    caption: str = ""

    def get_lines(self) -> list[str]:
        """Return the rows as lines of text, without empty cells."""
        return [remove_signs("\t".join(row.cells.values())) for row in self.rows]


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


def write_rows(writer: Writer, rows: Iterable[Row], *, begins_with_names: bool = False) -> None:
    """Write the rows of a sheet, each with a mark for its number, and mark its tables.

    The head is detected for each table and stays valid across blank rows while the columns are the
    same. A table whose first full row cannot be a head has no names.
    begins_with_names: whether the first row usually names the columns, as in CSV files.
    """
    names: Mapping[int, str] = {}
    for is_filled, run in groupby(rows, key=lambda row: bool(row.cells)):
        if not is_filled:
            continue
        remaining = iter(run)
        sample = list(islice(remaining, SAMPLE_ROWS))
        header = find_header(sample, names)
        if header is not None and may_list_values(sample, header, begins_with_names):
            header = None
        first = 0
        if header is not None:
            first = find_first_level(sample, header)
            header = find_last_level(sample, header)
            names = build_names(sample[first : header + 1], sample[header + 1 :])
        elif not continues_table(sample, names):
            names = {}
        title: str | None = None
        for row in sample[:first]:
            title = _write_row(writer, row, sorted(row.cells), title)
        caption = _build_caption(sample[:first])
        head = sample[first : header + 1] if header is not None else []
        body = chain(sample[first + len(head) :], remaining)
        _write_table(writer, head, body, sample[first:], names, caption)


def write_table(writer: Writer, table: TextTable) -> None:
    """Write a table of a text, a page or a slide, in which rows have no numbers."""
    rows, count = table.rows, table.head_rows
    if count is None:
        count = count_head_rows(rows, has_styled_head=table.has_styled_head)
    names: Mapping[int, str] = {}
    caption = table.caption
    if count:
        sample = rows[: max(count, SAMPLE_ROWS)]
        first = find_first_level(sample, count - 1)
        names = build_names(rows[first:count], sample[count:])
        caption = caption or _build_caption(rows[:first])
    _write_table(writer, rows[:count], rows[count:], rows, names, caption)


def describe_table(
    table: TextTable, places: Sequence[tuple[int, int]], names_above: Sequence[str] = ()
) -> tuple[list[Mark], Sequence[str]]:
    """Return the marks of a table that is already written, and the names of its columns.

    Parameters
    ----------
    places
        The (start, end) of each row in the text.
    names_above
        The names of a table above that this one continues, unless it has a head of its own.
    """
    rows = table.rows
    count = count_head_rows(rows, has_styled_head=table.has_styled_head)
    columns = 1 + max(column for row in rows for column in row.cells)
    found: Mapping[int, str] = {}
    if count:
        first = find_first_level(rows, count - 1)
        found = build_names(rows[first:count], rows[count : count + SAMPLE_ROWS])
    names = [found.get(column, "") for column in range(columns)]
    if not count and len(names_above) == columns:
        names = list(names_above)
    groups = (number for number in range(max(1, count), len(rows)) if _names_group(rows[number]))
    starts = [0, *groups]
    marks: list[Mark] = []
    for number, following in zip(starts, [*starts[1:], len(rows)], strict=True):
        group = next(iter(rows[number].cells.values())) if number else ""
        head_rows = 1 if number else count
        start, end = places[number][0], places[following - 1][1]
        marks.append(Mark(start, end, "table", build_label(names, table.caption, group)))
        if head_rows:
            marks.append(Mark(start, places[number + head_rows - 1][1], "head", ""))
    return marks, names


def build_rows(cells: Iterable[Iterable[tuple[str, int, int]]]) -> tuple[Row, ...]:
    """Return the rows of a table from its cells as (text, columns, rows that it covers).

    As in HTML, covered places have no cell of their own. The text of a cell stands in each row that
    it covers, so that each row can be understood alone, unless it is long. Rows without text are
    left out.
    """
    merged = MergedCells()
    taken: dict[int, int] = {}  # column -> last row that is covered by a cell above
    rows = []
    for number, row in enumerate(cells):
        own: dict[int, str] = {}
        spans: dict[int, int] = {}
        column = 0
        for text, columns, height in row:
            while taken.get(column, -1) >= number:
                column += 1
            if text:
                own[column] = text
                if columns > 1:
                    spans[column] = columns
                if height > 1 and len(text) <= LONGEST_NAME:
                    merged.add(column, number + height - 1, text)
            for covered in range(column, column + max(1, columns)):
                taken[covered] = max(taken.get(covered, -1), number + height - 1)
            column += max(1, columns)
        if filled := merged.fill_row(number, own):
            rows.append(Row(0, filled, spans))
    return tuple(rows)


def _write_table(
    writer: Writer,
    head: Sequence[Row],
    body: Iterable[Row],
    sample: Sequence[Row],
    names: Mapping[int, str],
    caption: str,
) -> None:
    """Write a table with its marks; a single column without a name gets none.

    A row that is one merged cell names the group of rows below it, which get marks of their own.
    sample: the first rows, which determine the columns; later columns are appended.
    """
    columns = sorted({column for row in sample for column in row.cells})
    last: str | None = None
    if len(columns) < 2 and not names:
        for row in body:
            last = _write_row(writer, row, columns, last)
        return
    column_names = [names.get(column, "") for column in columns]
    with ExitStack() as marks:

        def open_table(first: Row, group: str) -> None:
            marks.close()
            _add_gap(writer, last, _join_cells(first, columns))
            marks.enter_context(writer.mark("table", build_label(column_names, caption, group)))

        if head:
            open_table(head[0], "")
            with writer.mark("head", ""):
                for row in head:
                    last = _write_row(writer, row, columns, last)
        for row in body:
            if _names_group(row):
                (group,) = row.cells.values()
                open_table(row, group)
                with writer.mark("head", ""):
                    last = _write_row(writer, row, columns, last)
                continue
            if last is None:
                open_table(row, "")
            last = _write_row(writer, row, columns, last)


def _names_group(row: Row) -> bool:
    """Return whether `row` is one merged cell, which names the rows below it."""
    return len(row.cells) == 1 and bool(row.spans) and len(*row.cells.values()) <= LONGEST_NAME


def _write_row(writer: Writer, row: Row, columns: list[int], last: str | None) -> str:
    """Write a row after the line `last`, None before the first row; return its line.

    columns: those of the table, in order; new ones are appended.
    """
    line = _join_cells(row, columns)
    _add_gap(writer, last, line)
    words = line.lstrip("\t")
    writer.add(line[: len(line) - len(words)])  # cells without text, which belong to no sentence
    words, struck = take_struck(words)
    for start, end in struck:
        writer.mark_range("struck", writer.length + start, writer.length + end)
    with writer.mark("row", str(row.number)) if row.number else nullcontext():
        writer.add(words)
    return line


def _join_cells(row: Row, columns: list[int]) -> str:
    if more := row.cells.keys() - columns:
        columns += sorted(more)
    return "\t".join(row.cells.get(column, "") for column in columns).rstrip("\t")


def _add_gap(writer: Writer, last: str | None, line: str) -> None:
    writer.ensure_gap("\n\n" if last is None else choose_separator(last, line))


def _build_caption(titles: Sequence[Row]) -> str:
    """Return the text of the last title row above a table, if it is short."""
    if not titles or len(titles[-1].cells) != 1:
        return ""
    (text,) = titles[-1].cells.values()
    return text if len(text) <= LONGEST_NAME else ""


def choose_separator(line: str, following: str) -> str:
    """Return the separator that two lines of a table need to be separate sentences.

    A single line end only ends a sentence if there is a tab near it, between words.
    """
    near = line.strip("\t")[-LOOK:], following.strip("\t")[:LOOK]
    return "\n" if any("\t" in words for words in near) else "\n\n"
