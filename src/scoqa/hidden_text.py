"""Blank the words of a text that are displayed but never answer: asides and struck-out words.

Input: a text and its hidden ranges. Output: a text of the same length, for search and readers;
quotes are always cut from the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable

HIDDEN_KINDS = ("aside", "struck")  # kinds of marks; see scoqa.types
# White space to Python (the splitter, the terms) and nothing to the models' tokenizers, and not in
# prose: a place that contains it was cut from both sides of hidden words.
BLANK = "\x1f"


def blank(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """Return `text` with white space in place of each of `ranges`, which are sorted by start."""
    parts: list[str] = []
    position = 0
    for start, end in ranges:
        if end <= position:
            continue
        start = max(start, position)
        parts += [text[position:start], f" {BLANK * (end - start)}"[: end - start]]
        position = end
    return "".join((*parts, text[position:]))


def is_interrupted(text: str) -> bool:
    """Return whether words are hidden within a part of a blanked text."""
    return BLANK in text
