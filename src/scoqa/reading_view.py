"""Turn a slice of a document into the text that models and the word index read, with a map back.

Input: a document's text, a range of it, and its layout marks. Output: the text of the range in
which every cell of a table follows the name of its column ("Borrower: Omar Haddad"), and from which
asides and struck-out words are left out. Quotes are slices of the document, so inserted characters
are never quoted: `ReadingView.to_source` maps places back.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from scoqa.cells import SYMBOL, Table, TableCell, find_cells, find_tables
from scoqa.places import Marked

# Kinds of marks that the reading view depends on.
LAYOUT_KINDS = ("table", "head", "aside", "struck")
_HIDDEN = ("aside", "struck")
_AFTER_NUMBERS = "%‰)]"  # of the symbols in cells of their own
_NEWLINE = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True)
class ReadingView:
    """The text to read for source[start:end], and the map between both.

    runs: (start in `text`, start in the source, length) of each copied range, in order, with no
    empty one. Characters of `text` outside of runs are inserted.
    """

    text: str
    start: int
    end: int
    runs: tuple[tuple[int, int, int], ...]

    @cached_property
    def is_slice(self) -> bool:
        """Return whether the text is the slice itself."""
        return not self.text or self.runs == ((0, self.start, self.end - self.start),)

    @cached_property
    def inserted(self) -> tuple[tuple[int, int], ...]:
        """Return the ranges of `text` that are not in the source, in order.

        Also the empty ranges between two characters that do not stand together in the source.
        """
        ranges = []
        end, source_end = 0, self.start
        for start, source, length in self.runs:
            if start > end or source != source_end:
                ranges.append((end, start))
            end, source_end = start + length, source + length
        if end < len(self.text):
            ranges.append((end, len(self.text)))
        return tuple(ranges)

    def is_copied(self, start: int, end: int) -> bool:
        """Return whether text[start:end] stands in the source as it is, in one piece."""
        number = bisect_right(self.runs, start, key=lambda run: run[0]) - 1
        return number >= 0 and end <= self.runs[number][0] + self.runs[number][2]

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the source for text[start:end], without inserted characters.

        An empty range if all of them are inserted.
        """
        first = self._find_copied(start)
        if first is None:
            return self.end, self.end
        number = bisect_right(self.runs, end - 1, key=lambda run: run[0]) - 1
        run_start, source, length = self.runs[number]
        last = source + min(end - run_start, length) if number >= 0 else first
        return first, max(first, last)

    def to_reading(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of `text` for source[start:end], clipped to what was copied."""
        number = max(0, bisect_right(self.runs, start, key=lambda run: run[1]) - 1)
        if not self.runs:
            return 0, 0
        run_start, source, length = self.runs[number]
        if start >= source + length and number + 1 < len(self.runs):
            run_start, source, length = self.runs[number + 1]
        first = run_start + min(max(0, start - source), length)
        number = max(0, bisect_right(self.runs, end - 1, key=lambda run: run[1]) - 1)
        run_start, source, length = self.runs[number]
        return first, max(first, run_start + min(max(0, end - source), length))

    def find_source(self, position: int) -> int:
        """Return the position in the source of the first copied character at or after `position`.

        The end of the source range if there is none.
        """
        found = self._find_copied(position)
        return self.end if found is None else found

    def _find_copied(self, position: int) -> int | None:
        number = bisect_right(self.runs, position, key=lambda run: run[0]) - 1
        if number >= 0:
            run_start, source, length = self.runs[number]
            if position < run_start + length:
                return source + position - run_start
        return self.runs[number + 1][1] if number + 1 < len(self.runs) else None


def plain_view(text: str, start: int) -> ReadingView:
    """Return the view of a slice without tables and asides: its `text`, from `start`."""
    runs = ((0, start, len(text)),) if text else ()
    return ReadingView(text, start, start + len(text), runs)


def join_views(first: ReadingView, second: ReadingView) -> ReadingView:
    """Return one view of two ranges of a document, the second of which starts in the first."""
    if second.end <= first.end:
        return first
    cut = second.to_reading(second.start, first.end)[1] if first.end > second.start else 0
    shift = len(first.text) - cut
    runs = list(first.runs)
    for reading, source, length in second.runs:
        skipped = max(0, cut - reading)
        if length > skipped:
            run = (reading + skipped + shift, source + skipped, length - skipped)
            if runs and runs[-1][0] + runs[-1][2] == run[0] and runs[-1][1] + runs[-1][2] == run[1]:
                run = (*runs[-1][:2], runs.pop()[2] + run[2])
            runs.append(run)
    return ReadingView(first.text + second.text[cut:], first.start, second.end, tuple(runs))


class Layout:
    """The tables and the hidden ranges of a document."""

    def __init__(self, marks: Sequence[Marked]) -> None:
        """marks: of the document, at least those of LAYOUT_KINDS, sorted by start."""
        self._tables: list[Table] = []
        for table in find_tables(marks):
            is_apart = not self._tables or table.start >= self._tables[-1].end
            if (any(table.names) or table.group) and is_apart:
                self._tables.append(table)
        self._hidden: list[tuple[int, int]] = []
        for mark in marks:
            if mark.kind not in _HIDDEN:
                continue
            if self._hidden and mark.start <= self._hidden[-1][1]:
                last_start, last_end = self._hidden.pop()
                self._hidden.append((last_start, max(last_end, mark.end)))
            else:
                self._hidden.append((mark.start, mark.end))

    def build_view(self, text: str, start: int, end: int) -> ReadingView:
        """Return the reading view of text[start:end]: the slice itself without tables and asides.

        text: of the document.
        """
        first_hidden = bisect_right(self._hidden, start, key=lambda hidden: hidden[1])
        last_hidden = bisect_left(self._hidden, end, key=lambda hidden: hidden[0])
        builder = _Builder(text, start, self._hidden[first_hidden:last_hidden])
        position = start
        first_table = bisect_right(self._tables, start, key=lambda table: table.end)
        last_table = bisect_left(self._tables, end, key=lambda table: table.start)
        for table in self._tables[first_table:last_table]:
            builder.copy(position, min(end, max(start, table.body)))
            position = max(position, table.body)
            while position < min(end, table.end):
                line_end, next_line = _find_line(text, position, table)
                builder.add_row(table, position, min(line_end, end))
                position = min(next_line, end)
                builder.copy(min(line_end, end), position)
        builder.copy(position, end)
        return builder.to_view(end)


class _Builder:
    """Builds a view from left to right."""

    def __init__(self, source: str, start: int, hidden: Sequence[tuple[int, int]]) -> None:
        self.source = source
        self.start = start
        self.hidden = hidden
        self._parts: list[str] = []
        self._length = 0
        self._runs: list[tuple[int, int, int]] = []

    def insert(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def copy(self, start: int, end: int) -> None:
        """Copy source[start:end] without its hidden ranges."""
        for hidden_start, hidden_end in self.hidden:
            if hidden_start < end and hidden_end > start:
                self._copy_run(start, hidden_start)
                start = max(start, hidden_end)
        self._copy_run(start, end)

    def _copy_run(self, start: int, end: int) -> None:
        if start >= end:
            return
        if self._runs:
            reading, source, length = self._runs[-1]
            if reading + length == self._length and source + length == start:
                self._runs.pop()
                self._runs.append((reading, source, length + end - start))
                self.insert(self.source[start:end])
                return
        self._runs.append((self._length, start, end - start))
        self.insert(self.source[start:end])

    def add_row(self, table: Table, start: int, end: int) -> None:
        """Add the part of a row in source[start:end] with the names of its columns.

        A row that is cut before `start` begins with the first of its cells.
        """
        line_start = max(table.body, self.source.rfind("\n", 0, start) + 1)
        line_end = _find_line(self.source, start, table)[0]
        cells = list(find_cells(self.source, line_start, line_end, table.separator))
        shown = [cell for cell in cells if cell.end > start and cell.start < end]
        if shown and shown[0].column != cells[0].column:
            words = self.source[cells[0].start : cells[0].end]
            self.insert(f"{self._build_prefix(table, cells[0])}{words}\t")
        elif shown and table.group and start <= cells[0].start:
            self.insert(f"{table.group}\t")
        joins_next = False
        for number, cell in enumerate(shown):
            words = self.source[cell.start : cell.end]
            is_symbol = SYMBOL.fullmatch(words) is not None
            joins_last = number > 0 and (joins_next or (is_symbol and words[0] in _AFTER_NUMBERS))
            if number and not joins_last:
                self.insert("\t")
            if joins_next:
                self.insert(" ")
            if not joins_last:
                self.insert(self._build_prefix(table, cell))
            joins_next = is_symbol and not joins_last
            self.copy(max(start, cell.start), min(end, cell.end))

    def _build_prefix(self, table: Table, cell: TableCell) -> str:
        name = table.names[cell.column] if cell.column < len(table.names) else ""
        return f"{name}: " if name else ""

    def to_view(self, end: int) -> ReadingView:
        return ReadingView("".join(self._parts), self.start, end, tuple(self._runs))


def _find_line(source: str, start: int, table: Table) -> tuple[int, int]:
    """Return the end of the row that contains `start`, and the start of the next one."""
    newline = _NEWLINE.search(source, start, table.end)
    return newline.span() if newline else (table.end, table.end)
