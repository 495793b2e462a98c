"""The text that a sentence belongs to: the question it answers, the head of its list, its line.

Input: the text of a window. Output: one `TextBlock` per sentence, in reading order. What a sentence
says often hangs on words that it does not repeat: "A: Yes, up to three" on the question above it,
"It has 8 seats." on "Room 2.41 is the print shop." Offsets count code points of the window.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scoqa.sentences import sentences

_ASKS = re.compile(r"[?？؟](?:[^\w\s]|_)*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•‣▪●◦·–]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)])\s+\S")
_NEWLINE = re.compile(r"[\r\n\v\f\x85\u2028\u2029]")
_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?:\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A sentence, and the text around it that its meaning hangs on.

    asks: it is a question, which answers nothing. heads: the question that it answers, the head of
    its list. before, after: the other sentences of its line or paragraph, nearest first.
    """

    start: int
    end: int
    asks: bool
    heads: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    paragraph: tuple[str, ...]


@lru_cache(maxsize=256)  # a question's windows are asked for their blocks again and again
def blocks(text: str) -> Sequence[TextBlock]:
    """Return the sentences of `text`, each with what it belongs to, in order."""
    spans = sentences(text)
    shown = [text[start:end].strip() for start, end in spans]
    asks = [_ASKS.search(each) is not None for each in shown]
    lines, paragraphs = (_numbers(text, spans, end) for end in (_NEWLINE, _BLANK_LINE))
    heads: list[list[str]] = [[] for _ in spans]
    question: str | None = None
    answered: int | None = None  # the line that the answer to `question` began on
    head: str | None = None
    for number, sentence in enumerate(shown):
        gap = text[spans[number - 1][0] : spans[number][0]] if number else ""
        if asks[number]:
            joined = question if question is not None and answered is None else None
            question = f"{joined} {sentence}" if joined else sentence
            answered = None
        elif question is not None:
            if answered is None:
                answered = lines[number]
            if answered == lines[number]:
                heads[number].append(question)
            else:
                question = None
        if _ITEM.match(sentence) and _starts_line(lines, number):
            if head is not None:
                heads[number].append(head)
        elif number and lines[number] == lines[number - 1] and _in_item(shown, lines, number):
            if head is not None:  # the item's second sentence
                heads[number].append(head)
        elif _leads(text, spans, shown, number):
            head = sentence
        elif _BLANK_LINE.search(gap) or not sentence.endswith(":"):
            head = None
    return [
        TextBlock(
            start,
            end,
            asks[number],
            tuple(heads[number]),
            tuple(shown[i] for i in range(number - 1, -1, -1) if lines[i] == lines[number]),
            tuple(shown[i] for i in range(number + 1, len(spans)) if lines[i] == lines[number]),
            tuple(
                shown[i]
                for i in (*range(number - 1, -1, -1), *range(number + 1, len(spans)))
                if paragraphs[i] == paragraphs[number] and lines[i] != lines[number]
            ),
        )
        for number, (start, end) in enumerate(spans)
    ]


def block_at(found: Sequence[TextBlock], position: int) -> TextBlock:
    """Return the block that holds `position`; `found`: as `blocks` returns them, at least one."""
    return found[max(0, bisect_right(found, position, key=lambda block: block.start) - 1)]


def _numbers(text: str, spans: Sequence[tuple[int, int]], end: re.Pattern[str]) -> list[int]:
    """Return the number of each sentence's line or paragraph: one that follows `end` begins
    another. A line that is only wrapped lies within a sentence, or after one that ended in it.
    """
    numbers: list[int] = []
    for number, (start, _) in enumerate(spans):
        if number == 0:
            numbers.append(0)
            continue
        before = text[spans[number - 1][0] : start]
        ended = before[len(before.rstrip()) :]
        numbers.append(numbers[-1] + (end.search(ended) is not None))
    return numbers


def _starts_line(lines: Sequence[int], number: int) -> bool:
    return number == 0 or lines[number] != lines[number - 1]


def _in_item(shown: Sequence[str], lines: Sequence[int], number: int) -> bool:
    first = number
    while first and lines[first - 1] == lines[number]:
        first -= 1
    return _ITEM.match(shown[first]) is not None


def _leads(text: str, spans: Sequence[tuple[int, int]], shown: Sequence[str], number: int) -> bool:
    """Return whether a sentence is directly followed by a list's first item."""
    if number + 1 >= len(spans) or _ITEM.match(shown[number]):
        return False
    start, end = spans[number]
    ended = text[start:end][len(text[start:end].rstrip()) :]
    return _NEWLINE.search(ended) is not None and _ITEM.match(shown[number + 1]) is not None
