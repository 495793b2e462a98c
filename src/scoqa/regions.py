"""Where on a document's pages a stretch of its text stands, as rectangles to be lit.

Receives a document, a stretch of its text, and the boxes of its characters page by page; hands on
one Region a page that the stretch touches.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator

from scoqa.types import Document, Region

WHOLE = 65_535  # of a box's numbers: the right and bottom edge (parse.common.parsed)
_NUMBERS = 4
_NEAR = 1.5  # line heights between characters that one stroke may bridge: a wide gap, no column
Box = tuple[int, int, int, int]  # left, top, right, bottom


def regions(
    document: Document, start: int, end: int, boxes: Callable[[int], bytes]
) -> list[Region]:
    """Return where document.text[start:end] stands, in the order of the pages.

    boxes: those of a page by its number from 1, as `scoqa.parse` gives them.
    """
    found = []
    pages = [mark for mark in document.marks if mark.kind == "page"]
    for number, page in enumerate(pages, start=1):
        first, last = max(start, page.start), min(end, page.end)
        if first >= last:
            continue
        numbers = array("H", boxes(number))
        if sys.byteorder == "big":
            numbers.byteswap()
        own = numbers[_NUMBERS * (first - page.start) : _NUMBERS * (last - page.start)]
        strokes = tuple(
            (left / WHOLE, top / WHOLE, right / WHOLE, bottom / WHOLE)
            for left, top, right, bottom in _strokes(own)
        )
        if strokes:
            found.append(Region(number, strokes))
    return found


def _strokes(numbers: array[int]) -> Iterator[Box]:
    """Yield one box for each run of characters that stand beside each other.

    A run ends with its line: at a character that is not drawn, or one that stands elsewhere than
    beside the one before it.
    """
    run: Box | None = None
    last: Box | None = None
    for at in range(0, len(numbers), _NUMBERS):
        box = (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3])
        drawn = any(box)
        if run is not None and last is not None and drawn and _beside(last, box):
            run = (
                min(run[0], box[0]),
                min(run[1], box[1]),
                max(run[2], box[2]),
                max(run[3], box[3]),
            )
        else:
            if run is not None:
                yield run
            run = box if drawn else None
        last = box if drawn else None
    if run is not None:
        yield run


def _beside(last: Box, box: Box) -> bool:
    """Return whether `box` stands beside `last`: in its line, or, turned text, its column.

    Near is measured by how wide a line is: what stands beside each other shares the most of it.
    """
    return any(
        _shared(last, box, across) >= 0.5 * min(_size(last, across), _size(box, across))
        and -_shared(last, box, 1 - across) <= _NEAR * max(_size(last, across), _size(box, across))
        for across in (1, 0)
    )


def _size(box: Box, axis: int) -> int:
    return box[axis + 2] - box[axis]


def _shared(one: Box, other: Box, axis: int) -> int:
    """Return how far the two overlap along `axis`; negative: how far apart they are."""
    return min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis])
