"""Write the sheets of spreadsheets, and describe hidden sheets.

Input: the rows and drawings of a sheet. Output: its text in a Writer, and warnings for the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from scoqa.parse.common.parsed import Writer
from scoqa.parse.common.table import Row, TextTable, choose_separator, write_rows, write_table

_MOST_NAMED = 5  # sheets in a warning


def write_sheet(
    writer: Writer, name: str, rows: Iterator[Row], drawn: Iterable[Sequence[str] | TextTable]
) -> None:
    """Write the rows of the sheet `name`, then the lines of its drawings.

    drawn: the lines of each text box and chart, and their tables. A sheet without text is omitted.
    """
    first = next((row for row in rows if row.cells), None)
    blocks = [block for block in drawn if block]
    if first is None and not blocks:
        return
    writer.ensure_gap()
    with writer.mark("sheet", name):
        if first is not None:
            write_rows(writer, chain([first], rows))
        for block in blocks:
            if isinstance(block, TextTable):
                write_table(writer, block)
                continue
            last = ""
            for line in block:
                writer.ensure_gap(choose_separator(last, line) if last else "\n\n")
                writer.add(line)
                last = line


def describe_hidden_sheets(sheets: Sequence[str], partly: Sequence[str]) -> tuple[str, ...]:
    """Return warnings about hidden sheets, and about sheets with hidden rows or columns."""
    warnings: list[str] = []
    if sheets:
        warnings.append(f"has hidden sheets, which are not read: {_list_names(sheets)}.")
    if partly:
        warnings.append(
            f"has hidden rows or columns, which are not read, in: {_list_names(partly)}."
        )
    return tuple(warnings)


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
