"""Find the parts of a Markdown source that are not shown where Markdown is shown.

Input: a source and the ranges of its code blocks. Output: its comments and its struck-out words.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_SPAN = 5000  # characters of struck-out words, or of code in a line

_START = re.compile(
    r"`+|<!--|(?<![%\w])%%(?!%)|(?<![~\\])~~(?=[^\s~])|<(?P<tag>s|del|strike)>"
    r"|^ {0,3}\[[^\]\n\r]{1,200}\]:",
    re.IGNORECASE | re.MULTILINE,
)
# "[//]: # (words)" and its variants: a link without a target, whose title contains the comment.
_REFERENCE = re.compile(
    r" {0,3}\[[^\]\n\r]{1,200}\]:[ \t]*(?:#|<>)[ \t]*"
    r"(?:\([^\n\r]*\)|\"[^\n\r]*\"|'[^\n\r]*'|\([^()]{0,5000}\)|\"[^\"]{0,5000}\")"
    r"[ \t]*(?=[\n\r]|\Z)",
)
_STRUCK_END = re.compile(r"(?<=[^\s~])~~(?!~)")
_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)")
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class HiddenPart:
    """A comment or struck-out words. is_block: whether it fills its lines."""

    start: int
    end: int
    is_comment: bool
    is_block: bool


def find_hidden_parts(text: str, code: Sequence[tuple[int, int]]) -> list[HiddenPart]:
    """Return the comments and struck-out words in `text`, in order, without overlaps.

    HTML comments, comments of Obsidian (%%...%%), references without a target, words between ~~ and
    ~~ or in an element for struck-out words. Code is always visible.
    code: the ranges of code blocks, sorted.
    """
    parts: list[HiddenPart] = []
    blocks = deque(code)
    unclosed: set[str] = set()  # starts after which no end follows
    position = 0
    while (match := _START.search(text, position)) is not None:
        while blocks and blocks[0][1] <= match.start():
            blocks.popleft()
        if blocks and blocks[0][0] <= match.start():
            position = blocks[0][1]
            continue
        start, sign = match.start(), match[0].lower()
        end: int | None = None
        if sign[0] == "`":
            position = _find_code_end(text, match.end(), len(sign)) or match.end()
            continue
        if sign not in unclosed:
            end = _find_end(text, match)
        position = match.end() if end is None else end
        if end is None:
            if sign in ("<!--", "%%"):
                unclosed.add(sign)
            continue
        is_comment = sign != "~~" and match["tag"] is None
        before = text[max(0, start - 200) : start]
        is_block = not _LINE_END.split(before)[-1].strip() and _ends_line(text, end)
        parts.append(HiddenPart(start, end, is_comment, is_block))
    return parts


def _find_end(text: str, match: re.Match[str]) -> int | None:
    """Return the end of the comment or the struck-out words that start with `match`, or None."""
    start, sign = match.start(), match[0].lower()
    if sign == "<!--":
        found = text.find("-->", start + 2)  # "<!-->" is a comment
        if found < 0 and not _LINE_END.split(text[max(0, start - 200) : start])[-1].strip():
            return len(text)  # a block without an end reaches to the end of the file
        return None if found < 0 else found + 3
    if sign == "%%":
        found = text.find("%%", match.end())
        if found < 0:
            return None
        # Over several lines, the last sign must end its line: two sections may start with "%%".
        is_one_line = _LINE_END.search(text, match.end(), found) is None
        return found + 2 if is_one_line or _ends_line(text, found + 2) else None
    limit = _paragraph_end(text, match.end())
    if sign == "~~":
        end = _STRUCK_END.search(text, match.end(), limit)
        return None if end is None else end.end()
    if match["tag"] is not None:
        closing = re.compile(rf"</{match['tag']}>", re.IGNORECASE).search(text, match.end(), limit)
        return None if closing is None else closing.end()
    reference = _REFERENCE.match(text, start)
    return None if reference is None else reference.end()


def _find_code_end(text: str, start: int, length: int) -> int | None:
    """Return the end of the code in a line that opened with `length` backticks before `start`."""
    closing = re.compile(rf"(?<!`)`{{{length}}}(?!`)")
    match = closing.search(text, start, _paragraph_end(text, start))
    return None if match is None else match.end()


def _paragraph_end(text: str, start: int) -> int:
    blank = _BLANK_LINE.search(text, start, start + LONGEST_SPAN)
    return min(len(text), start + LONGEST_SPAN) if blank is None else blank.start()


def _ends_line(text: str, position: int) -> bool:
    rest = text[position : position + 200]
    return not _LINE_END.split(rest, maxsplit=1)[0].strip()
