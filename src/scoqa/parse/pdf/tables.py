"""Set the ruled tables of a page aside while its columns are detected.

Input: runs. Output: the same runs, with one stand-in run for each table row, and the cells of the
tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile, groupby, pairwise
from statistics import median
from typing import TypeAlias

from scoqa.parse.common.table import LONGEST_CELL
from scoqa.parse.pdf.glyphs import GlyphRun, group_rows
from scoqa.parse.pdf.ruled import Cell

_LEAST_ROWS = 3  # ruled rows for gaps through all of them to separate columns
# In font sizes of the text of the table.
_NEAR = 1.5  # the largest distance of a row without a line above or below a table
_GUTTER = 0.6  # the least gap between columns; a space has 0.25 to 0.35
_LARGER = 1.15  # the least size of a heading
_PARAGRAPHS = 0.6  # the least gap between paragraphs
_WIDTH = 0.5  # about the width of a character
_SAME_ROW = 0.35  # the largest difference of the tops of cells in a row
_SHORT = 200  # characters; a shorter cell has lines, not paragraphs

# A number, an amount or a date.
VALUE = re.compile(
    r"[-+−–±~<>≈(]{0,2}\s?(?:[$€£¥]|[A-Z]{3}\s)?\s?\d[\d.,:/'’\s−–-]*\)?\s?"
    r"(?:%|‰|[kKmM]|[$€£¥])?\)?[*†]?$"
)

Table: TypeAlias = dict[Cell, list[GlyphRun]]  # the cells in reading order, with their runs


def mirror_run(run: GlyphRun) -> GlyphRun:
    """Return `run` mirrored, so that a right-to-left page can be read from left to right."""
    cell = run.cell and run.cell._replace(column=-run.cell.column)
    return replace(run, left=-run.right, right=-run.left, cell=cell)


def replace_tables(runs: Sequence[GlyphRun]) -> tuple[list[GlyphRun], dict[GlyphRun, Table]]:
    """Return `runs` with one stand-in run per table row, and the table of each stand-in.

    Other cells with lines around them are frames, and their runs are unchanged.
    """
    ruled_tables: dict[int, Table] = {}
    for run in runs:
        if run.cell is not None:
            ruled_tables.setdefault(run.cell.table, {}).setdefault(run.cell, []).append(run)
    tables: dict[GlyphRun, Table] = {}
    stand_ins: dict[GlyphRun, GlyphRun] = {}  # run in a table -> the stand-in of its row
    for ruled_table in ruled_tables.values():
        table = _split_rows(_split_columns(ruled_table))
        if not _is_table(table):
            continue
        free = [run for run in runs if run.cell is None]
        table = _add_header(_add_header(table, free, above=True), free, above=False)
        stand_ins |= _stand_in(table, tables)
    return list(dict.fromkeys(stand_ins.get(run, run) for run in runs)), tables


def replace_table(
    runs: Sequence[GlyphRun], table: Table, tables: dict[GlyphRun, Table]
) -> list[GlyphRun]:
    """Return `runs` with one stand-in run per row of `table`, and add the stand-ins to `tables`."""
    stand_ins = _stand_in(table, tables)
    return list(dict.fromkeys(stand_ins.get(run, run) for run in runs))


def _stand_in(table: Table, tables: dict[GlyphRun, Table]) -> dict[GlyphRun, GlyphRun]:
    """Return the stand-in of each run of a table, and add them to `tables`."""
    stand_ins: dict[GlyphRun, GlyphRun] = {}
    left = min(run.left for cell in table.values() for run in cell)
    right = max(run.right for cell in table.values() for run in cell)
    for cells in group_table_rows(table).values():
        row = [run for cell in cells.values() for run in cell]
        stand_in = _build_stand_in(row, left, right)
        stand_ins |= dict.fromkeys(row, stand_in)
        tables[stand_in] = table
    return stand_ins


def group_table_rows(table: Table) -> dict[int, Table]:
    """Return the cells of each row, with rows and cells in order."""
    rows: dict[int, Table] = {}
    for cell in sorted(table):
        rows.setdefault(cell.row, {})[cell] = table[cell]
    return rows


def _is_table(table: Table) -> bool:
    """Return whether there are at least two rows, and most of them have several cells."""
    rows = group_table_rows(table)
    several = sum(len(row) > 1 for row in rows.values())
    return len(rows) > 1 and 2 * several > len(rows)


def _split_columns(table: Table) -> Table:
    """Split the cells of a table into columns at the gaps that no run of any row crosses.

    This is for tables with lines between rows only, or a colour on every other row. Each ruled row
    must be a single row of text, and none may be missing; other text between lines is unchanged.
    """
    rows = group_table_rows(table)
    if len(rows) < _LEAST_ROWS or not _find_wide_rows(rows):
        return table
    runs = sorted((run for own in table.values() for run in own), key=lambda run: run.left)
    size = median(run.size for run in runs)
    split: Table = {}
    column, right = 0, runs[0].right
    for run in runs:
        if run.left - right > _GUTTER * size:
            column += 1
        right = max(right, run.right)
        assert run.cell is not None
        split.setdefault(run.cell._replace(column=column), []).append(run)
    split_rows = group_table_rows(split)
    numbers = list(rows)
    if (
        numbers != list(range(numbers[0], numbers[-1] + 1))
        or len({cell.column for cell in split}) < len({cell.column for cell in table})
        or not all(
            _is_one_row(split_rows[number], size) or _find_row_starts(split_rows[number])
            for number in _find_wide_rows(rows)
        )
    ):
        return table
    return split


def _find_wide_rows(rows: Mapping[int, Table]) -> list[int]:
    """Return the numbers of the rows that consist of one cell."""
    return [number for number, row in rows.items() if len(row) == 1]


def _is_one_row(row: Table, size: float) -> bool:
    """Return whether a ruled row is a single row of text: one of its cells has just one line.

    size: the font size of the table. No run may be in larger type.
    """
    fewest = min(len(group_rows(runs)) for runs in row.values())
    return fewest == 1 and all(run.size < _LARGER * size for runs in row.values() for run in runs)


def _split_rows(table: Table) -> Table:
    """Split ruled rows that consist of several rows, such as every fifth row with a line below it.

    A name in the first columns that is alone in its cell is the name of all these rows; it is put
    into the first of them.
    """
    rows: Table = {}
    number = min(cell.row for cell in table)
    last = number
    for ruled_number, row in group_table_rows(table).items():
        number += ruled_number - last - 1 if ruled_number > last else 0
        last = ruled_number
        starts = _find_row_starts(row) or [float("-inf")]
        is_first_column = True
        for cell, runs in row.items():
            is_first_column = is_first_column and len(group_rows(runs)) == 1
            for run in runs:
                below = sum((run.top + run.bottom) / 2 >= start for start in starts[1:])
                place = number + (0 if is_first_column else below)
                rows.setdefault(cell._replace(row=place), []).append(run)
        number += len(starts)
    return rows


def _is_single(lines: Sequence[Sequence[GlyphRun]]) -> bool:
    return len(lines) == 1


def _find_row_starts(row: Table) -> list[float]:
    """Return the top of each row of text in a ruled row that consists of several; otherwise [].

    At least two columns must have text at the same heights, one of them only values, and no column
    of values may have text at other heights: the lines of a wrapped cell are next to values with
    fewer lines. The first columns may have one line, the name or number of all these rows.
    """
    lines = [group_rows(runs) for runs in row.values()]
    values = [
        own
        for own in dropwhile(_is_single, lines)
        if all(VALUE.match(" ".join(run.text for run in line)) for line in own)
    ]
    if not values:
        return []
    longest = max(values, key=len)
    size = median(run.size for runs in row.values() for run in runs)
    starts = [min(run.top for run in line) for line in longest]

    def have_same_height(own: list[list[GlyphRun]]) -> int:
        tops = [min(run.top for run in line) for line in own]
        return sum(any(abs(top - start) < _SAME_ROW * size for top in tops) for start in starts)

    others = [own for own in lines if own is not longest]
    if (
        len(starts) < 2
        or any(have_same_height(own) < len(own) for own in values)
        or not any(have_same_height(own) == len(starts) for own in others)
        or min(run.top for runs in row.values() for run in runs) < starts[0] - _SAME_ROW * size
    ):
        return []
    return [start - _SAME_ROW * size for start in starts]


def is_layout(table: Table) -> bool:
    """Return whether a table is page layout: its cells contain headings, paragraphs or prose.

    Rows of one cell are figures with their captions, and no layout.
    """
    if all(len(row) == 1 for row in group_table_rows(table).values()):
        return False
    size = median(run.size for runs in table.values() for run in runs)
    return any(_is_laid_out(runs, size) for runs in table.values())


def _is_laid_out(runs: Sequence[GlyphRun], size: float) -> bool:
    length = sum(len(run.text) for run in runs)
    lines = group_rows(runs)
    sizes = [max(run.size for run in line) for line in lines]
    gaps = [min(r.top for r in b) - max(r.bottom for r in a) for a, b in pairwise(lines)]
    return (
        length > LONGEST_CELL
        or max(sizes) >= _LARGER * min(sizes)
        or (length > _SHORT and any(gap > _PARAGRAPHS * size for gap in gaps))
    )


def is_header(row: Table) -> bool:
    """Return whether a row may contain column names: several cells with one line each."""
    return len(row) > 1 and all(len(group_rows(runs)) == 1 for runs in row.values())


def _add_header(table: Table, others: Sequence[GlyphRun], *, above: bool) -> Table:
    """Return a table with the adjacent row above its first line or below its last, if there is one.

    Each run of that row must be in a different column and there must be no other text in the row.
    No run may be in larger type, as in a heading with a number.
    """
    columns: dict[int, tuple[float, float]] = {}
    for cell, runs in table.items():
        for run in runs:
            left, right = columns.get(cell.column, (run.left, run.right))
            columns[cell.column] = min(left, run.left), max(right, run.right)
    start, end = min(left for left, _ in columns.values()), max(r for _, r in columns.values())
    own = [run for runs in table.values() for run in runs]
    size = median(run.size for run in own)
    near = _NEAR * size
    top, bottom = min(run.top for run in own), max(run.bottom for run in own)
    rows = group_rows(
        run
        for run in others
        if start < run.right
        and run.left < end
        and (top - near < run.bottom <= top if above else bottom <= run.top < bottom + near)
    )
    if not rows:
        return table
    row = rows[-1 if above else 0]
    names = {
        number: run
        for run in row
        for number, (left, right) in columns.items()
        if left < run.right and run.left < right
    }
    if not 1 < len(row) == len(names) == len(set(names.values())):
        return table
    if any(run.size >= _LARGER * size for run in row):
        return table
    edge = min(table) if above else max(table)
    number = edge.row - 1 if above else edge.row + 1
    return table | {Cell(edge.table, number, column): [run] for column, run in names.items()}


def _build_stand_in(row: Sequence[GlyphRun], left: float, right: float) -> GlyphRun:
    """Return one run full of text, as high as the runs of a row and as wide as its table."""
    size = median(run.size for run in row)
    return replace(
        row[0],
        text="n" * max(1, round((right - left) / (_WIDTH * size))),
        left=left,
        top=min(run.top for run in row),
        right=right,
        bottom=max(run.bottom for run in row),
        size=size,
    )


def split_at_tables(
    region: Sequence[GlyphRun], tables: Mapping[GlyphRun, Table], done: list[Table]
) -> Iterator[list[GlyphRun] | Table]:
    """Yield the content of a region from the top: runs between tables, and tables not in `done`.

    Runs beside a table come before it. Yielded tables are added to `done`.
    """
    rest = [run for run in region if run not in tables]
    rows = sorted((run for run in region if run in tables), key=lambda run: run.top)
    for _, own in groupby(rows, key=lambda run: id(tables[run])):
        *_, last = own
        before = [run for run in rest if (run.top + run.bottom) / 2 < last.bottom]
        rest = [run for run in rest if (run.top + run.bottom) / 2 >= last.bottom]
        if before:
            yield before
        if not any(table is tables[last] for table in done):
            done.append(tables[last])
            yield dict(sorted(tables[last].items()))
    if rest:
        yield rest
