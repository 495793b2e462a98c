"""Collect the rows and cells of a table of a web page.

Input: cells in reading order, with what they cover. Output: a TextTable.
"""

from __future__ import annotations

from scoqa.parse.common.table import TextTable, build_rows
from scoqa.parse.web.elements import Attributes, parse_leading_number

MOST_SPANNED = 1000  # columns or rows that a cell may cover; HTML allows 1000 columns


def read_span(attributes: Attributes) -> tuple[int, int]:
    """Return how many columns and rows a cell covers."""
    columns, rows = (
        min(max(1, parse_leading_number(attributes.get(name), 1)), MOST_SPANNED)
        for name in ("colspan", "rowspan")
    )
    return columns, rows


class TableBuilder:
    """Collects a table. links: how many characters of its finished rows are in links."""

    def __init__(self) -> None:
        self.caption = ""
        self.links = 0
        self._rows: list[list[tuple[str, int, int]]] = []
        self._heads: list[bool] = []  # for each row, whether it is in a <thead>
        self._others: list[int] = []  # for each row, the cells with text that are no headers

    def start_row(self, *, in_head: bool) -> None:
        """Start a row. in_head: whether it is in a <thead>."""
        self._rows.append([])
        self._heads.append(in_head)
        self._others.append(0)

    def add_cell(self, text: str, span: tuple[int, int], *, is_header: bool) -> None:
        """Add a cell to the current row. is_header: whether it is a <th>."""
        if not self._rows:
            self.start_row(in_head=False)
        self._rows[-1].append((text, *span))
        self._others[-1] += bool(text) and not is_header

    def build(self) -> TextTable | None:
        """Return the table, or None without text."""
        rows = build_rows(self._rows)
        return TextTable(rows, self._count_head_rows(), caption=self.caption) if rows else None

    def _count_head_rows(self) -> int | None:
        """Return the number of rows with text at the top that are headers; None for none."""
        count = 0
        for cells, in_head, others in zip(self._rows, self._heads, self._others, strict=True):
            texts = sum(bool(text) for text, _, _ in cells)
            if texts and not in_head and (others or texts < 2):
                break
            count += texts > 0
        return count if 0 < count < len(self._rows) else None
