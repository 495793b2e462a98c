"""Find the rectangles to highlight for a text range on the pages of a document.

Input: a document, a text range, and the character boxes of each page. Output: one Region per page
that the range overlaps.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator

from scoqa.types import Document, Region

PAGE_SIZE = 65_535  # coordinate of the right and bottom page edges (parse.common.parsed)
_NUMBERS = 4
# Largest gap, in line heights, within a rectangle: more than a wide space, less than a column gap.
_NEAR = 1.5
Box = tuple[int, int, int, int]  # left, top, right, bottom


def find_regions(
    document: Document, start: int, end: int, boxes: Callable[[int], bytes]
) -> list[Region]:
    """Return the regions of document.text[start:end], in page order.

    boxes: returns the character boxes of a page, counted from 1, in the form of `scoqa.parse`.
    """
    regions = []
    pages = [mark for mark in document.marks if mark.kind == "page"]
    for number, page in enumerate(pages, start=1):
        first, last = max(start, page.start), min(end, page.end)
        if first >= last:
            continue
        numbers = array("H", boxes(number))
        if sys.byteorder == "big":
            numbers.byteswap()
        span_numbers = numbers[_NUMBERS * (first - page.start) : _NUMBERS * (last - page.start)]
        rectangles = tuple(
            (left / PAGE_SIZE, top / PAGE_SIZE, right / PAGE_SIZE, bottom / PAGE_SIZE)
            for left, top, right, bottom in _merge_boxes(span_numbers)
        )
        if rectangles:
            regions.append(Region(number, rectangles))
    return regions


def _merge_boxes(numbers: array[int]) -> Iterator[Box]:
    """Yield one box per run of adjacent characters.

    A run ends with its line: at a character that is not drawn, or that does not continue the line
    of the previous character.
    """
    run: Box | None = None
    last: Box | None = None
    for at in range(0, len(numbers), _NUMBERS):
        box = (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3])
        drawn = any(box)
        if run is not None and last is not None and drawn and _continues_line(last, box):
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


def _continues_line(last: Box, box: Box) -> bool:
    """Return whether `box` continues the line of `last` (or its column, in rotated text).

    They must overlap across the line by at least half the smaller box, and the gap between them
    must be at most _NEAR line heights.
    """
    return any(
        _overlap(last, box, across) >= 0.5 * min(_size(last, across), _size(box, across))
        and -_overlap(last, box, 1 - across) <= _NEAR * max(_size(last, across), _size(box, across))
        for across in (1, 0)
    )


def _size(box: Box, axis: int) -> int:
    return box[axis + 2] - box[axis]


def _overlap(one: Box, other: Box, axis: int) -> int:
    """Return the overlap of two boxes along `axis`; negative if there is a gap."""
    return min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis])
