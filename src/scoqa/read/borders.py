"""Determine where a span may start and end in a text, in training and in answering.

A span starts and ends with a word (`find_word_edges`) and does not cross the end of a paragraph,
item, row, cell or complete line (`find_breaks`). It is extended by text that its meaning depends
on: the other half of a bracket, and the bound before or after a number (`complete_span`). Offsets
count code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from scoqa.sentences import sentences

# Invisible characters inside a word belong to it: soft hyphens, joiners, combining accents.
_LETTER = r"[\w\u00ad\u200c\u200d\u2060\u0300-\u036f]"
# A hyphen or soft hyphen that cuts a word at the end of a line; quoted lines start with ">".
_CUT = r"(?:[-‐]|(?<=\u00ad))[ \t]*(?:\r\n|\r|\n)[ \t>]*(?=[^\W\d_A-Z])"
# E-mail addresses, URLs, telephone and account numbers, and codes are one word each, because a part
# of them is useless. A number includes its sign, points, commas, colons and slashes, and thousands
# separated by a no-break space; a word includes its apostrophes, points and hyphens. Omitting a
# minus or "non-" would reverse the meaning.
_WORD = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”‘’()\[\]]*[\w/=]"
    r"|[\w.+-]*\w@\w[\w-]*(?:\.[\w-]*\w)+"
    r"|(?:(?<!\w)\+\d{1,4}|\b0\d{1,4})(?:[ \u00a0/-]{1,2}\(?\d{1,5}\)?){1,7}(?!\w)"
    r"|\b\d{3}-\d{4}\b"
    r"|\b[A-Z]{2}\d{2}(?:[ \u00a0]\w{4}){2,7}(?:[ \u00a0]\w{1,4})?\b"
    r"|\b\d+(?:[-‐‑]\d+){2,}\b"
    r"|\b[A-Z]{1,4}[-‐‑.]?\d[\w]*(?:[-‐‑./]\w+)*"
    r"|(?:(?<![\w)])[-−+])?\d+(?:[.,:/]\d+|[\u00a0\u202f]\d{3}(?!\d))*"
    rf"(?:{_LETTER}+(?:['’\-‐‑][^\W\d_]{_LETTER}*)*)?"
    rf"|{_LETTER}+(?:(?:['’.\-‐‑]|{_CUT}){_LETTER}+)*"
)
_JOINERS = "\u00ad\u200c\u200d\u2060"
_BREAK = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?:\r\n|\r|\n)|[\u2029\t]")
_NEWLINE = re.compile(r"[\r\n\v\f\x85\u2028]")

# Words that turn a number into a bound: "not more than 300" does not mean 300.
_BOUND_BEFORE = re.compile(
    r"(?<!\w)(?:(?:not|no|never)\s+(?:more|less|fewer|later|earlier|longer|older|younger)\s+than"
    r"|(?:more|less|fewer|later|earlier|longer|older|younger)\s+than"
    r"|(?:not\s+)?(?:exceed(?:s|ing)?|over|above|below|under)|up\s+to|at\s+(?:most|least)"
    r"|as\s+(?:many|much|little|few)\s+as|(?:a\s+)?(?:minimum|maximum)\s+of)\s+$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"\s+(?:or\s+(?:more|less|fewer|over|above|under|older|younger|later|earlier)"
    r"|at\s+(?:most|least))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"[$€£¥]?\s?[-−+(]?\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|fifteen|twenty|thirty|forty|fifty|sixty|a\s+hundred|half|hundred|thousand)\b",
    re.IGNORECASE,
)
_PAIRS = {"(": ")", "[": "]"}
_CONTEXT = 60  # characters before a number that are searched for a bound
_LONGEST_BRACKET = 80  # characters that a span may be extended by to close a bracket


def find_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each word of `text`, in order and without punctuation."""
    previous_end = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        if start < previous_end:  # within the combining marks of the previous word
            continue
        while include_marks(text, end) > end:
            end = include_marks(text, end)
            rest = _WORD.match(text, end)
            end = rest.end() if rest else end
        yield start, end
        previous_end = end


def find_word_edges(text: str) -> tuple[set[int], set[int]]:
    """Return the positions in `text` where words start, and those where words end.

    Combining marks belong to their word. Any other character outside words counts as a word of
    its own, except white space.
    """
    starts, ends = set(), set()
    previous_end = 0
    for start, end in find_words(text):
        for position in range(previous_end, start):
            if not text[position].isspace():
                starts.add(position)
                ends.add(position + 1)
        starts.add(start)
        ends.add(end)
        previous_end = end
    for position in range(previous_end, len(text)):
        if not text[position].isspace():
            starts.add(position)
            ends.add(position + 1)
    return starts, ends


def include_marks(text: str, end: int) -> int:
    """Return `end` moved past combining accents, which the tokenizer's offsets do not include."""
    while end < len(text) and (unicodedata.category(text[end])[0] == "M" or text[end] in _JOINERS):
        end += 1
    return end


def find_breaks(text: str) -> list[int]:
    """Return the positions in `text` that no span crosses, in order.

    These are the ends of paragraphs, tabs between cells, and line ends at which a sentence ends: a
    row, an item, a clause or a turn of speech on its own line. A line wrap is not a break.
    """
    positions = {match.start() for match in _BREAK.finditer(text)}
    if _NEWLINE.search(text):
        for start, end in sentences(text):
            stop = start + len(text[start:end].rstrip())
            if newline := _NEWLINE.search(text, stop, end):
                positions.add(newline.start())
    return sorted(positions)


def complete_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Return (start, end) extended by the text that the meaning of text[start:end] depends on.

    A span shrinks only if a bracket at its edge has no other half nearby.
    """
    start, end = _close_brackets(text, start, end)
    if _NUMBER.match(text, start):
        before = text[max(0, start - _CONTEXT) : start]
        if bound := _BOUND_BEFORE.search(before):
            start = start - len(before) + bound.start()
        if after := _BOUND_AFTER.match(text, end):
            end = after.end()
    return start, end


def _close_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Return (start, end) such that each bracket in text[start:end] has both halves.

    A number that fills its brackets includes them: in accounts (312,400) is a loss.
    """
    for opening, closing in _PAIRS.items():
        inside = [c for c in text[start:end] if c in (opening, closing)]
        depth = lowest = 0
        for character in inside:
            depth += 1 if character == opening else -1
            lowest = min(lowest, depth)
        if lowest < 0:  # closed but never opened
            place = text.rfind(opening, max(0, start - _LONGEST_BRACKET), start)
            if place >= 0 and not _crosses_line_or_cell(text, place, start):
                start = place
            elif text[end - 1] == closing and end - start > 1:
                end -= 1
        elif depth > 0:
            place = text.find(closing, end, end + _LONGEST_BRACKET)
            if place >= 0 and not _crosses_line_or_cell(text, end, place):
                end = place + 1
            elif text[start] == opening and end - start > 1:
                start += 1
        elif (
            text[start - 1 : start] == opening
            and text[end : end + 1] == closing
            and text[start].isdigit()
            and text[end - 1].isdigit()
            and text[start - 2 : start - 1] in ("", " ", "\t", "\n")
        ):
            start, end = start - 1, end + 1
    return start, end


def _crosses_line_or_cell(text: str, start: int, end: int) -> bool:
    return _NEWLINE.search(text, start, end) is not None or "\t" in text[start:end]
