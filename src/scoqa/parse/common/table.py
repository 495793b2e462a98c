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

from scoqa.cells import LEVELS, build_label
from scoqa.parse.common.parsed import Writer
from scoqa.parse.common.struck import remove_signs, take_struck
from scoqa.sentences import LOOK

NO_TEXT = "contains no text; there is nothing to index in it."
# The header row is searched in this many rows, so that very long tables can be streamed.
SAMPLE_ROWS = 100
LONGEST_NAME = 100  # characters; a longer cell is prose, not a column name
LONGEST_CELL = 1_000  # characters; a table with a longer cell is layout, unless it has a header
LEAST_COLUMNS_OF_A_GRID = 3  # fewer may be labels with their values
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
    """A row of a table. Without cells it is blank: another table, or the rest of it, follows.

    Parameters
    ----------
    number
        The number that the program displays beside it; 0 if it displays none.
    cells
        The cells with text, by column from 0, in order.
    spans
        The number of columns of each cell that covers more than one, by its column.
    """

    number: int
    cells: Mapping[int, str]
    spans: Mapping[int, int] = field(default_factory=dict)


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


def write_rows(writer: Writer, rows: Iterable[Row]) -> None:
    """Write the rows of a sheet, each with a mark for its number, and mark its tables.

    The head is detected for each table and stays valid across blank rows while the columns are the
    same. A table whose first full row cannot be a head has no names.
    """
    names: Mapping[int, str] = {}
    for is_filled, run in groupby(rows, key=lambda row: bool(row.cells)):
        if not is_filled:
            continue
        remaining = iter(run)
        sample = list(islice(remaining, SAMPLE_ROWS))
        header = _find_header(sample, names)
        first = 0
        if header is not None:
            first = _find_first_level(sample, header)
            header = _find_last_level(sample, header)
            names = _build_names(sample[first : header + 1])
        elif not _continues_table(sample, names):
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
    rows, head_rows = table.rows, table.head_rows
    if head_rows is None:
        head_rows = _count_head_rows(rows, has_styled_head=table.has_styled_head)
    names = _build_names(rows[:head_rows]) if head_rows else {}
    _write_table(writer, rows[:head_rows], rows[head_rows:], rows, names, table.caption)


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
    columns += [column for column in row.cells if column not in columns]
    return "\t".join(row.cells.get(column, "") for column in columns).rstrip("\t")


def _add_gap(writer: Writer, last: str | None, line: str) -> None:
    writer.ensure_gap("\n\n" if last is None else choose_separator(last, line))


def _find_first_level(sample: Sequence[Row], header: int) -> int:
    """Return the index of the first row whose cells stand above columns of the header row."""
    first = header
    table_start = min(sample[header].cells)
    while first:
        above = sample[first - 1]
        columns = set(above.cells)
        is_title = len(columns) == 1 and not above.spans and min(columns) <= table_start
        reach = max(sample[header].cells)
        covers_all = any(
            column <= table_start and column + span > reach for column, span in above.spans.items()
        )
        if is_title or covers_all or any(len(text) > LONGEST_NAME for text in above.cells.values()):
            break
        first -= 1
    return first


def _find_last_level(sample: Sequence[Row], header: int) -> int:
    """Return the index of the last row of a head that begins at or above the row `header`.

    A row below belongs to the head if it names parts of the columns: a cell above it covers several
    columns, or it leaves out the first column.
    """
    last = header
    while last + 1 < len(sample):
        row, below = sample[last], sample[last + 1]
        own = {column for column, text in below.cells.items() if row.cells.get(column) != text}
        split = {c + more for c, span in row.spans.items() for more in range(span)}
        lacks_first = len(own) > 1 and min(below.cells, default=0) > min(row.cells)
        if not own or not (own <= split or lacks_first):
            break
        if not _can_be_header(below, sample[last + 2 :]):
            break
        last += 1
    return last


def _build_names(head: Sequence[Row]) -> dict[int, str]:
    """Return the name of each column, with the names of the levels above it, outermost first."""
    levels: dict[int, list[str]] = {}
    reach = max(column + row.spans.get(column, 1) - 1 for row in head for column in row.cells)
    for number, row in enumerate(head):
        is_lowest = number == len(head) - 1
        starts = sorted(row.cells)
        for start, following in zip(starts, [*starts[1:], reach + 1], strict=True):
            text = remove_signs(row.cells[start])
            if start in row.spans:
                end = start + row.spans[start]
            elif is_lowest or row.spans or start == starts[0] == 0:
                end = start + 1
            else:
                end = following  # the cell is not merged, but the next ones are empty
            for column in range(start, min(end, reach + 1)):
                own = levels.setdefault(column, [])
                if text not in own:
                    own.append(text)
    return {column: LEVELS.join(texts) for column, texts in sorted(levels.items())}


def _build_caption(titles: Sequence[Row]) -> str:
    """Return the text of the last title row above a table, if it is short."""
    if not titles or len(titles[-1].cells) != 1:
        return ""
    (text,) = titles[-1].cells.values()
    return text if len(text) <= LONGEST_NAME else ""


def _count_head_rows(rows: Sequence[Row], *, has_styled_head: bool) -> int:
    """Return how many rows of a table in a text are its head.

    A table of two columns may list labels and values: its first row is a head only if it stands
    out, by its cells or by its style.
    """
    sample = rows[:SAMPLE_ROWS]
    first, below = sample[0], sample[1:]
    if not below:
        return 0
    header = _find_header(sample, {})
    if has_styled_head and (header is None or header > 0) and _can_be_header(first, below):
        header = 0
    if header is None:
        return 0
    columns = {column for row in sample for column in row.cells}
    is_list = len(columns) < LEAST_COLUMNS_OF_A_GRID and not has_styled_head
    if is_list and not _stands_out(sample[header], sample[header + 1 :]):
        return 0
    return _find_last_level(sample, header) + 1


def choose_separator(line: str, following: str) -> str:
    """Return the separator that two lines of a table need to be separate sentences.

    A single line end only ends a sentence if there is a tab near it, between words.
    """
    near = line.strip("\t")[-LOOK:], following.strip("\t")[:LOOK]
    return "\n" if any("\t" in words for words in near) else "\n\n"


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
        covered = sum(row.spans.get(column, 1) for column in row.cells)
        if 2 * covered <= len(columns) > 1 or (len(row.cells) == 1 and covered > 1):
            continue  # a title, a date or an author
        below = head[index + 1 :]
        stands_out = _stands_out(row, below)
        if len(columns) == 1 and not _can_title_list(row, below):
            return None
        is_level = len(row.cells) < len(columns) and below and not stands_out
        if is_level and _stands_out(below[0], below[1:]):
            continue  # a period or a unit above the names
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
    first = min((min(other.cells) for other in below if other.cells), default=0)
    is_beside_labels = min(row.cells) > first  # years above columns, beside a column without a name
    return is_beside_labels or any(not _VALUE.fullmatch(text) for text in row.cells.values())


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
