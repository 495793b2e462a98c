"""The tables of a page that have lines around their cells, set aside while its columns are found.

Receives runs; hands on the same with one run in the place of each table, and its cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import TypeAlias

from scoqa.parse.pdf_glyphs import Run
from scoqa.parse.pdf_ruled import Cell

_LEAST_ROWS = 3  # with lines between them, for gaps down all of them to part columns
_HEAD = 1.5  # of that size: how far over a table the names of its columns stand
_GUTTER = 0.6  # of the size of the text: a space has 0.25 to 0.35

Table: TypeAlias = dict[Cell, list[Run]]  # its cells in reading order, with their runs


def mirrored(run: Run) -> Run:
    """Return `run` as if the page were read from the left, of one that is read from the right."""
    cell = run.cell and run.cell._replace(column=-run.cell.column)
    return replace(run, left=-run.right, right=-run.left, cell=cell)


def without_tables(runs: Sequence[Run]) -> tuple[list[Run], dict[Run, Table]]:
    """Return `runs` with one in the place of each table, and which table each of those stands for.

    A table has two rows with text, and one with two cells of it; all else that has lines around it
    is a frame.
    """
    held: dict[int, Table] = {}
    for run in runs:
        if run.cell is not None:
            held.setdefault(run.cell.table, {}).setdefault(run.cell, []).append(run)
    found: dict[Run, Table] = {}
    own: dict[Run, Run] = {}  # of each run in a table the one that stands for that
    for table in map(_in_columns, held.values()):
        if not 1 < len({cell.row for cell in table}) < len(table):
            continue
        table = _with_head(table, [run for run in runs if run.cell is None])
        stand_in = _stand_in([run for cell in table.values() for run in cell])
        own |= {run: stand_in for cell in table.values() for run in cell}
        found[stand_in] = dict(sorted(table.items()))
    return list(dict.fromkeys(own.get(run, run) for run in runs)), found


def _in_columns(table: Table) -> Table:
    """Return the cells of a table, parted where no run of any row is.

    Where there are more such places than lines, or one cell has several: rows may have lines
    between them alone, or every other one a colour.
    """
    if len({cell.row for cell in table}) < _LEAST_ROWS:
        return table
    runs = sorted((run for own in table.values() for run in own), key=lambda run: run.left)
    gutter = _GUTTER * median(run.size for run in runs)
    found: Table = {}
    column, right = 0, runs[0].right
    for run in runs:
        if run.left - right > gutter:
            column += 1
        right = max(right, run.right)
        assert run.cell is not None
        found.setdefault(run.cell._replace(column=column), []).append(run)
    ruled = len({cell.column for cell in table})
    return found if column + 1 >= ruled and len(found) > len(table) else table


def _with_head(table: Table, others: Sequence[Run]) -> Table:
    """Return a table with the row of names over its first line, where one stands there.

    Each of its runs stands over a column of its own, and nothing else beside them.
    """
    columns: dict[int, tuple[float, float]] = {}
    for cell, runs in table.items():
        for run in runs:
            left, right = columns.get(cell.column, (run.left, run.right))
            columns[cell.column] = min(left, run.left), max(right, run.right)
    top = min(run.top for runs in table.values() for run in runs)
    size = median(run.size for runs in table.values() for run in runs)
    start = min(left for left, _ in columns.values())
    end = max(right for _, right in columns.values())
    near = [
        run
        for run in others
        if top - _HEAD * size < run.bottom <= top and start < run.right and run.left < end
    ]
    lowest = max((run.bottom for run in near), default=0.0)
    row = [run for run in near if run.bottom > lowest - 0.5 * size]
    over = [
        [
            column
            for column, (left, right) in columns.items()
            if left < run.right and run.left < right
        ]
        for run in row
    ]
    names = {each[0]: run for each, run in zip(over, row, strict=True) if len(each) == 1}
    if not 1 < len(row) == len(names):
        return table
    first = min(table)
    return table | {
        Cell(first.table, first.row - 1, column): [run] for column, run in names.items()
    }


def _stand_in(runs: Sequence[Run]) -> Run:
    """Return one run as large as `runs` together."""
    return replace(
        runs[0],
        text="".join(run.text for run in runs),
        left=min(run.left for run in runs),
        top=min(run.top for run in runs),
        right=max(run.right for run in runs),
        bottom=max(run.bottom for run in runs),
        size=median(run.size for run in runs),
    )


def around(region: Sequence[Run], tables: Mapping[Run, Table]) -> Iterator[list[Run] | Table]:
    """Yield what a region holds from its top: runs between tables, and tables.

    What stands beside a table comes before it.
    """
    rest = [run for run in region if run not in tables]
    for stand_in in sorted((run for run in region if run in tables), key=lambda run: run.top):
        before = [run for run in rest if (run.top + run.bottom) / 2 < stand_in.bottom]
        rest = [run for run in rest if (run.top + run.bottom) / 2 >= stand_in.bottom]
        if before:
            yield before
        yield tables[stand_in]
    if rest:
        yield rest
