"""The cells that scoqa finds in a document, with their rows and names, and those expected of it.

Input: a parsed file. Output: FoundCells; `count_right` compares them with those of a MadeTable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from madetables import Expected, MadeTable
from scoqa.cells import LEVELS, Table, find_cells, find_tables
from scoqa.parse.common.parsed import Parsed
from tablefiles import MERGES


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell: the texts of its row in order, the name of its column, its group, its place."""

    row: tuple[str, ...]
    name: str
    text: str
    group: str = ""
    start: int = 0


def find_rows(text: str, table: Table) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each row of `table`, head included, in order."""
    start = table.start
    for line in text[table.start : table.end].split("\n"):
        if line:
            yield start, start + len(line)
        start += len(line) + 1


def find_all(parsed: Parsed) -> list[FoundCell]:
    """Return the cells of all tables; lines with tabs outside of tables are rows without names."""
    found: list[FoundCell] = []
    covered: list[tuple[int, int]] = []
    for table in find_tables(parsed.marks):
        covered.append((table.start, table.end))
        for start, end in find_rows(parsed.text, table):
            if start < table.body:
                continue
            cells = list(find_cells(parsed.text, start, end, table.separator))
            row = tuple(parsed.text[cell.start : cell.end] for cell in cells)
            for cell, text in zip(cells, row, strict=True):
                name = table.names[cell.column] if cell.column < len(table.names) else ""
                found.append(FoundCell(row, name, text, table.group, cell.start))
    position = 0
    for line in parsed.text.split("\n"):
        if not any(start <= position < end for start, end in covered):
            row = tuple(filter(None, line.split("\t")))
            found += [FoundCell(row, "", text) for text in row[1:]]
        position += len(line) + 1
    return found


def expect(table: MadeTable, suffix: str) -> list[Expected]:
    """Return the cells of a table as a file with `suffix` can express them.

    CSV and Markdown know no merged cells: a row has its own label only, and groups no name.
    Markdown has a single row of names.
    """
    expected = list(table.expected())
    if suffix == ".md":
        expected = [Expected(cell.row, (" ".join(cell.levels),), cell.value) for cell in expected]
    if suffix in MERGES:
        return expected
    return [Expected(cell.row[-1:], cell.levels, cell.value) for cell in expected]


def has_row(row: Sequence[str], cell: Expected) -> bool:
    """Return whether the row begins with the names of `cell`, the last one at least."""
    first = [text for text in row[: len(cell.row) + 1] if text]
    return all(name in first for name in cell.row)


def is_named(found: FoundCell, cell: Expected) -> bool:
    return found.name == LEVELS.join(cell.levels) and found.group == cell.group


def count_right(
    found: Sequence[FoundCell],
    expected: Sequence[Expected],
    named: Callable[[FoundCell, Expected], bool] = is_named,
) -> tuple[int, int]:
    """Return how many cells have the right value and row, and how many also the right names."""
    by_text: dict[str, list[FoundCell]] = {}
    for cell in found:
        by_text.setdefault(cell.text, []).append(cell)
    rows = names = 0
    for wanted in expected:
        same = [cell for cell in by_text.get(wanted.value, ()) if has_row(cell.row, wanted)]
        rows += bool(same)
        names += any(named(cell, wanted) for cell in same)
    return rows, names
