"""Find the text that each sentence belongs to: a question, the introduction of a list, a line.

Input: the text of a window. Output: one `TextBlock` per sentence, or per cell in the row of a
table, in reading order. The meaning of
a sentence often depends on words that it does not repeat: "A: Yes, up to three" on the question
above it, "It has 8 seats." on "Room 2.41 is the print shop." Offsets count code points of the
window.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from scoqa.sentences import sentences

_ASKS = re.compile(r"[?？؟](?:[^\w\s]|_)*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•‣▪●◦·–]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)])\s+\S")
_TAB = re.compile(r"\t+")
_NEWLINE = re.compile(r"[\r\n\v\f\x85\u2028\u2029]")
_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?:\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A sentence or a cell, and the surrounding text that its meaning depends on.

    Parameters
    ----------
    is_question
        Whether the sentence is a question, which answers nothing.
    heads
        The question that the sentence answers, and the introduction of its list; of a cell, the
        first cell of its row.
    before, after
        The other sentences or cells of its line, nearest first.
    paragraph
        The sentences on other lines of its paragraph: those before it, nearest first, then those
        after it.
    """

    start: int
    end: int
    is_question: bool
    heads: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    paragraph: tuple[str, ...]


@lru_cache(maxsize=256)  # the windows of a question are split repeatedly
def split_blocks(text: str) -> Sequence[TextBlock]:
    """Return the sentences of `text` as blocks, in order."""
    spans = sentences(text)
    stripped = [text[start:end].strip() for start, end in spans]
    is_question = [_ASKS.search(sentence) is not None for sentence in stripped]
    lines, paragraphs = (_number_groups(text, spans, end) for end in (_NEWLINE, _BLANK_LINE))
    heads: list[list[str]] = [[] for _ in spans]
    question: str | None = None
    answer_line: int | None = None  # the line on which the answer to `question` starts
    head: str | None = None  # the introduction of the current list
    for number, sentence in enumerate(stripped):
        gap = text[spans[number - 1][0] : spans[number][0]] if number else ""
        if is_question[number]:
            unanswered = question if answer_line is None else None
            question = f"{unanswered} {sentence}" if unanswered else sentence
            answer_line = None
        elif question is not None:
            if answer_line is None:
                answer_line = lines[number]
            if answer_line == lines[number]:
                heads[number].append(question)
            else:
                question = None
        if _ITEM.match(sentence) and _starts_line(lines, number):
            if head is not None:
                heads[number].append(head)
        elif number and lines[number] == lines[number - 1] and _in_item(stripped, lines, number):
            if head is not None:  # the item's second sentence
                heads[number].append(head)
        elif _introduces_list(text, spans, stripped, number):
            head = sentence
        elif _BLANK_LINE.search(gap) or not sentence.endswith(":"):
            head = None
    blocks = [
        TextBlock(
            start,
            end,
            is_question[number],
            tuple(heads[number]),
            tuple(stripped[i] for i in range(number - 1, -1, -1) if lines[i] == lines[number]),
            tuple(stripped[i] for i in range(number + 1, len(spans)) if lines[i] == lines[number]),
            tuple(
                stripped[i]
                for i in (*range(number - 1, -1, -1), *range(number + 1, len(spans)))
                if paragraphs[i] == paragraphs[number] and lines[i] != lines[number]
            ),
        )
        for number, (start, end) in enumerate(spans)
    ]
    return [part for block in blocks for part in _split_row(text, block)]


def _split_row(text: str, block: TextBlock) -> list[TextBlock]:
    """Return a block for each cell of a row; `block` itself if it is none.

    The value of a cell belongs to the name of its own column more than to those of its neighbours.
    """
    if "\t" not in text[block.start : block.end]:
        return [block]
    edges = [block.start, *(match.end() for match in _TAB.finditer(text, block.start, block.end))]
    cells = [text[a:b].strip() for a, b in pairwise([*edges, block.end])]
    return [
        replace(
            block,
            start=start,
            end=end,
            is_question=_ASKS.search(cells[number]) is not None,
            heads=(*block.heads, cells[0]) if number else block.heads,
            before=(*cells[:number][::-1], *block.before),
            after=(*cells[number + 1 :], *block.after),
        )
        for number, (start, end) in enumerate(pairwise([*edges, block.end]))
    ]


def find_block(blocks: Sequence[TextBlock], position: int) -> TextBlock:
    """Return the block that contains `position`. blocks: in order, at least one."""
    return blocks[max(0, bisect_right(blocks, position, key=lambda block: block.start) - 1)]


def _number_groups(text: str, spans: Sequence[tuple[int, int]], end: re.Pattern[str]) -> list[int]:
    """Return the number of each sentence's line or paragraph, which ends where `end` matches.

    Only the white space between two sentences counts: a line wrap inside a sentence ends nothing.
    """
    numbers: list[int] = []
    for number, (start, _) in enumerate(spans):
        if number == 0:
            numbers.append(0)
            continue
        previous = text[spans[number - 1][0] : start]
        gap = previous[len(previous.rstrip()) :]
        numbers.append(numbers[-1] + (end.search(gap) is not None))
    return numbers


def _starts_line(lines: Sequence[int], number: int) -> bool:
    return number == 0 or lines[number] != lines[number - 1]


def _in_item(stripped: Sequence[str], lines: Sequence[int], number: int) -> bool:
    first = number
    while first and lines[first - 1] == lines[number]:
        first -= 1
    return _ITEM.match(stripped[first]) is not None


def _introduces_list(
    text: str, spans: Sequence[tuple[int, int]], stripped: Sequence[str], number: int
) -> bool:
    """Return whether a sentence is directly followed by the first item of a list."""
    if number + 1 >= len(spans) or _ITEM.match(stripped[number]):
        return False
    start, end = spans[number]
    gap = text[start:end][len(text[start:end].rstrip()) :]
    return _NEWLINE.search(gap) is not None and _ITEM.match(stripped[number + 1]) is not None
