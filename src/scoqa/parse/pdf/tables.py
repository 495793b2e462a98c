"""The tables of a page that have lines around their cells, set aside while its columns are found.

Receives runs; hands on the same with one run in the place of each row of a table, and its cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median
from typing import TypeAlias

from scoqa.parse.common.table import LONGEST_CELL
from scoqa.parse.pdf.glyphs import GlyphRun, group_rows
from scoqa.parse.pdf.ruled import Cell

_LEAST_ROWS = 3  # with lines between them, for gaps down all of them to part columns
_NEAR = 1.5  # of the text's size: how far over or under a table a row without a line stands
_GUTTER = 0.6  # of that size: a space has 0.25 to 0.35
_LARGER = 1.15  # than the text: a heading
_PARAGRAPHS = 0.6  # of that size: free between two lines
_WIDTH = 0.5  # of that size: about how wide a character is
_SHORT = 200  # characters; a cell of fewer has lines, not paragraphs

Table: TypeAlias = dict[Cell, list[GlyphRun]]  # its cells in reading order, with their runs


def mirror_run(run: GlyphRun) -> GlyphRun:
    """Return `run` as if the page were read from the left, of one that is read from the right."""
    cell = run.cell and run.cell._replace(column=-run.cell.column)
    return replace(run, left=-run.right, right=-run.left, cell=cell)


def replace_tables(runs: Sequence[GlyphRun]) -> tuple[list[GlyphRun], dict[GlyphRun, Table]]:
    """Return `runs` with one in the place of each row of a table, and which table it is of.

    All else that has lines around it is a frame.
    """
    held: dict[int, Table] = {}
    for run in runs:
        if run.cell is not None:
            held.setdefault(run.cell.table, {}).setdefault(run.cell, []).append(run)
    found: dict[GlyphRun, Table] = {}
    own: dict[GlyphRun, GlyphRun] = {}  # of each run in a table the one that stands for its row
    for ruled in held.values():
        table = _split_columns(ruled)
        if not _is_table(table):
            continue
        free = [run for run in runs if run.cell is None]
        table = _add_header(_add_header(table, free, above=True), free, above=False)
        left = min(run.left for cell in table.values() for run in cell)
        right = max(run.right for cell in table.values() for run in cell)
        for cells in group_table_rows(table).values():
            row = [run for cell in cells.values() for run in cell]
            stand_in = _build_stand_in(row, left, right)
            own |= dict.fromkeys(row, stand_in)
            found[stand_in] = table
    return list(dict.fromkeys(own.get(run, run) for run in runs)), found


def group_table_rows(table: Table) -> dict[int, Table]:
    """Return the cells of each row, rows and cells in order."""
    found: dict[int, Table] = {}
    for cell in sorted(table):
        found.setdefault(cell.row, {})[cell] = table[cell]
    return found


def _is_table(table: Table) -> bool:
    """Say whether most rows have several cells, and there are two of them."""
    rows = group_table_rows(table)
    several = sum(len(row) > 1 for row in rows.values())
    return len(rows) > 1 and 2 * several > len(rows)


def _split_columns(table: Table) -> Table:
    """Return the cells of a table, parted where no run of any row is.

    Where rows have lines between them alone, or every other one a colour: each must be one row,
    and none be missing. Other text with lines between it stays as it is.
    """
    rows = group_table_rows(table)
    if len(rows) < _LEAST_ROWS or not _find_wide_rows(rows):
        return table
    runs = sorted((run for own in table.values() for run in own), key=lambda run: run.left)
    size = median(run.size for run in runs)
    found: Table = {}
    column, right = 0, runs[0].right
    for run in runs:
        if run.left - right > _GUTTER * size:
            column += 1
        right = max(right, run.right)
        assert run.cell is not None
        found.setdefault(run.cell._replace(column=column), []).append(run)
    parted = group_table_rows(found)
    numbers = list(rows)
    if (
        numbers != list(range(numbers[0], numbers[-1] + 1))
        or len({cell.column for cell in found}) < len({cell.column for cell in table})
        or not all(_is_one_row(parted[number], size) for number in _find_wide_rows(rows))
    ):
        return table
    return found


def _find_wide_rows(rows: Mapping[int, Table]) -> list[int]:
    """Return the numbers of the rows that are one cell."""
    return [number for number, row in rows.items() if len(row) == 1]


def _is_one_row(row: Table, size: float) -> bool:
    """Say whether a row is not several, or something else: one of its cells has one line.

    size: of the text in the whole table.
    """
    fewest = min(len(group_rows(runs)) for runs in row.values())
    return fewest == 1 and all(run.size < _LARGER * size for runs in row.values() for run in runs)


def is_layout(table: Table) -> bool:
    """Say whether a table only lays out a page: its cells hold headings, paragraphs, or prose."""
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
    """Say whether a row may be the names of columns: several cells of one line."""
    return len(row) > 1 and all(len(group_rows(runs)) == 1 for runs in row.values())


def _add_header(table: Table, others: Sequence[GlyphRun], *, above: bool) -> Table:
    """Return a table with the row over its first line, or under its last, where one stands there.

    Each of that row's runs stands in a column of its own, and nothing else beside them; none is in
    larger type, as a heading with its number is.
    """
    columns: dict[int, tuple[float, float]] = {}
    for cell, runs in table.items():
        for run in runs:
            left, right = columns.get(cell.column, (run.left, run.right))
            columns[cell.column] = min(left, run.left), max(right, run.right)
    start, end = min(left for left, _ in columns.values()), max(r for _, r in columns.values())
    held = [run for runs in table.values() for run in runs]
    size = median(run.size for run in held)
    near = _NEAR * size
    top, bottom = min(run.top for run in held), max(run.bottom for run in held)
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
    """Return one run as high as those of a row together, and as wide as its table, full of text."""
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
    region: Sequence[GlyphRun], tables: Mapping[GlyphRun, Table], said: list[Table]
) -> Iterator[list[GlyphRun] | Table]:
    """Yield what a region holds from its top: runs between tables, and tables not yet in `said`.

    What stands beside a table comes before it.
    """
    rest = [run for run in region if run not in tables]
    rows = sorted((run for run in region if run in tables), key=lambda run: run.top)
    for _, own in groupby(rows, key=lambda run: id(tables[run])):
        *_, last = own
        before = [run for run in rest if (run.top + run.bottom) / 2 < last.bottom]
        rest = [run for run in rest if (run.top + run.bottom) / 2 >= last.bottom]
        if before:
            yield before
        if not any(each is tables[last] for each in said):
            said.append(tables[last])
            yield dict(sorted(tables[last].items()))
    if rest:
        yield rest
