"""Words that are read from the right, and lines that hold words of both directions.

Receives characters in pdfium's order, and a line as it was put together from left to right (or
from right to left, in a text that is read so); hands them on in the order they are read in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from scoqa.parse.pdf.characters import RIGHT_TO_LEFT, Array

_WORD = re.compile(r"[^ \t]+")
_LETTER = re.compile(r"[^\W\d_]")
_LEFTWARD = re.compile(rf"{RIGHT_TO_LEFT.pattern}(?:[^\w\n]*{RIGHT_TO_LEFT.pattern})+")


def find_reading_order(texts: Sequence[str], ends: Array, boxes: Array) -> Array:
    """Return the order in which characters are read.

    ends: whether a word or line ends before each. boxes: of upright text. pdfium turns most words
    that are read from the right, but not those whose letters are named one by one, as browsers do.
    """
    text = "".join(
        f"\n{letter}" if end else letter for letter, end in zip(texts, ends, strict=True)
    )
    places = np.cumsum([end + 1 for end in ends.tolist()]) - 1  # of each character in `text`
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    order = np.arange(len(texts))
    for match in _LEFTWARD.finditer(text):
        start, stop = np.searchsorted(places, match.span())
        steps = np.diff(middles[start:stop])
        if np.sum(steps > 0) > np.sum(steps < 0):
            # The letters that one glyph stands for have one box, and are in order.
            glyphs = np.split(order[start:stop], np.flatnonzero(steps) + 1)
            order[start:stop] = np.concatenate(glyphs[::-1])
    return order


def reorder_line(text: str, boxes: Array) -> tuple[str, Array]:
    """Return a line's text and boxes, its words in the order they are read in.

    pdfium gives the letters of each word in order, but takes a line's words from one side.
    """
    if not RIGHT_TO_LEFT.search(text):
        return text, boxes
    words = [match.span() for match in _WORD.finditer(text)]
    directions = [_find_direction(text[start:end]) for start, end in words]
    order = list(range(len(words)))
    for first, last, direction in _find_stretches(directions):
        places = [float(boxes[slice(*words[n]), [0, 2]].mean()) for n in (first, last)]
        if (places[1] - places[0]) * direction < 0:
            order[first : last + 1] = range(last, first - 1, -1)
    if order == sorted(order):
        return text, boxes
    parts: list[str] = []
    kept: list[Array] = []
    for place, number in enumerate(order):
        gap = slice(words[place][1], words[place + 1][0] if place + 1 < len(words) else len(text))
        for part in (slice(*words[number]), gap):
            parts.append(text[part])
            kept.append(boxes[part])
    lead = words[0][0]
    return text[:lead] + "".join(parts), np.concatenate((boxes[:lead], *kept))


def _find_direction(word: str) -> int:
    """Return 1 for a word read to the right, -1 to the left, 0 for figures and signs."""
    if RIGHT_TO_LEFT.search(word):
        return -1
    return 1 if _LETTER.search(word) else 0


def _find_stretches(directions: list[int]) -> list[tuple[int, int, int]]:
    """Return first, last and direction of words of one direction that follow one another.

    Figures between two of them belong to them.
    """
    found: list[tuple[int, int, int]] = []
    for number, direction in enumerate(directions):
        if not direction:
            continue
        if found and found[-1][2] == direction:
            found[-1] = (found[-1][0], number, direction)
        else:
            found.append((number, number, direction))
    return [each for each in found if each[0] < each[1]]
