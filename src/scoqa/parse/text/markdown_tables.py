"""Mark the tables of Markdown files, whose cells are separated by pipes.

Input: a text and its tokens from markdown-it-py. Output: marks of kind `table` and `head`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from scoqa.cells import PIPE, build_label, find_cells
from scoqa.types import Mark


def mark_tables(text: str, tokens: Sequence[Token], starts: Sequence[int]) -> Iterator[Mark]:
    """Yield the marks of the tables outside of quotes and lists, in order.

    starts: the start of each line, and the end of the text. The row of dashes below the names
    belongs to the head.
    """
    for token in tokens:
        if token.type != "table_open" or token.map is None or token.level != 0:
            continue
        first, end = token.map
        start, body = starts[first], starts[min(first + 2, len(starts) - 1)]
        stop = start + len(text[start : starts[min(end, len(starts) - 1)]].rstrip())
        head_end = start + len(text[start : starts[first + 1]].rstrip())
        names: list[str] = []
        for cell in find_cells(text, start, head_end, PIPE):
            names += [""] * (cell.column - len(names))
            names.append(" ".join(text[cell.start : cell.end].split()))
        yield Mark(start, stop, "table", build_label(names, separator=PIPE))
        yield Mark(start, min(body, stop), "head", "")
