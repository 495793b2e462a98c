"""Reorder right-to-left words, and lines with words of both directions, by reading order.

Input: characters in pdfium's order; or a line joined from left to right (from right to left in a
right-to-left text). Output: the same in reading order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from scoqa.parse.pdf.characters import RIGHT_TO_LEFT, Array

_WORD = re.compile(r"[^ \t]+")
_LETTER = re.compile(r"[^\W\d_]")
# Letters that have a ligature, such as lam and alef, in reading order.
_LIGATURES = frozenset(
    unicodedata.normalize("NFKC", chr(code))
    for code in (*range(0xFB50, 0xFE00), *range(0xFEF5, 0xFEFD))
)
_LEFTWARD = re.compile(rf"{RIGHT_TO_LEFT.pattern}(?:[^\w\n]*{RIGHT_TO_LEFT.pattern})+")


def find_reading_order(texts: Sequence[str], ends: Array, boxes: Array) -> Array:
    """Return the indices of the characters in reading order.

    ends: whether a word or line ends before each character. boxes: of upright text. pdfium reverses
    most right-to-left words, but not those whose letters are stored one by one, as browsers do.
    In a word that pdfium reversed, the letters of one glyph are reversed too, unless they come from
    a character for a ligature.
    """
    text = "".join(
        f"\n{letter}" if end else letter for letter, end in zip(texts, ends, strict=True)
    )
    places = np.cumsum([end + 1 for end in ends.tolist()]) - 1  # indices in `text`
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    order = np.arange(len(texts))
    for match in _LEFTWARD.finditer(text):
        start, stop = np.searchsorted(places, match.span())
        steps = np.diff(middles[start:stop])
        rightward = int(np.sum(steps > 0)) - int(np.sum(steps < 0))
        if rightward > 0:  # the letters of one glyph share its box and are already in order
            glyphs = np.split(order[start:stop], np.flatnonzero(steps) + 1)[::-1]
        else:
            borders = np.any(np.diff(boxes[start:stop], axis=0) != 0, axis=1)
            glyphs = [
                glyph[::-1] if _is_reversed(texts, glyph, is_certain=rightward < 0) else glyph
                for glyph in np.split(order[start:stop], np.flatnonzero(borders) + 1)
            ]
        order[start:stop] = np.concatenate(glyphs)
    return order


def _is_reversed(texts: Sequence[str], glyph: Array, *, is_certain: bool) -> bool:
    """Return whether the letters of a glyph are in reverse order.

    is_certain: whether pdfium reversed its word; otherwise only letters with a ligature are judged.
    """
    letters = "".join(texts[place] for place in glyph)
    known, reverse = letters in _LIGATURES, letters[::-1] in _LIGATURES
    return len(letters) > 1 and not (known and not reverse) and (reverse or is_certain)


def reorder_line(text: str, boxes: Array) -> tuple[str, Array]:
    """Return the text and boxes of a line with its words in reading order.

    pdfium returns the letters of each word in order, but the words of a line from one side only.
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
    part_boxes: list[Array] = []
    for place, number in enumerate(order):
        gap = slice(words[place][1], words[place + 1][0] if place + 1 < len(words) else len(text))
        for part in (slice(*words[number]), gap):
            parts.append(text[part])
            part_boxes.append(boxes[part])
    lead = words[0][0]
    return text[:lead] + "".join(parts), np.concatenate((boxes[:lead], *part_boxes))


def _find_direction(word: str) -> int:
    """Return 1 for a left-to-right word, -1 for a right-to-left word, 0 for numbers and signs."""
    if RIGHT_TO_LEFT.search(word):
        return -1
    return 1 if _LETTER.search(word) else 0


def _find_stretches(directions: list[int]) -> list[tuple[int, int, int]]:
    """Return (first, last, direction) of successive words of one direction.

    Numbers between two of them are included. Single words are omitted.
    """
    stretches: list[tuple[int, int, int]] = []
    for number, direction in enumerate(directions):
        if not direction:
            continue
        if stretches and stretches[-1][2] == direction:
            stretches[-1] = (stretches[-1][0], number, direction)
        else:
            stretches.append((number, number, direction))
    return [stretch for stretch in stretches if stretch[0] < stretch[1]]
