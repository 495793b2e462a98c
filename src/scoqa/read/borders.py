"""Where in a text a span may begin and end: one set of rules for training and for answers.

A span begins and ends with a word (`word_edges`), crosses no paragraph, item, row, cell or line
that is complete in itself (`breaks`), and takes along what its meaning hangs on: the other half
of a bracket, and the bound before or after a number (`completed`). Offsets count code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from scoqa.sentences import sentences

# What cannot be seen inside a word belongs to it: soft hyphen, joiners, accents of their own.
_LETTER = r"[\w\u00ad\u200c\u200d\u2060\u0300-\u036f]"
# What is useless in part is one word: e-mail addresses, URLs, telephone and account numbers,
# codes. A number has its sign, points, commas, colons and slashes, and thousands separated by a
# space that does not break; a word has its apostrophes, points and hyphens: a minus or a "non-"
# left out would reverse the meaning.
_WORD = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”‘’()\[\]]*[\w/=]"
    r"|[\w.+-]*\w@\w[\w-]*(?:\.[\w-]*\w)+"
    r"|(?:(?<!\w)\+\d{1,4}|\b0\d{1,4})(?:[ \u00a0/-]{1,2}\(?\d{1,5}\)?){1,7}(?!\w)"
    r"|\b\d{3}-\d{4}\b"
    r"|\b[A-Z]{2}\d{2}(?:[ \u00a0]\w{4}){2,7}(?:[ \u00a0]\w{1,4})?\b"
    r"|\b\d+(?:[-‐‑]\d+){2,}\b"
    r"|\b[A-Z]{1,4}[-‐‑.]?\d[\w]*(?:[-‐‑./]\w+)*"
    r"|(?:(?<![\w)])[-−+])?\d+(?:[.,:/]\d+|[\u00a0\u202f]\d{3}(?!\d))*" + _LETTER + "*"
    rf"|{_LETTER}+(?:['’.\-‐‑]{_LETTER}+)*"
)
_JOINERS = "\u00ad\u200c\u200d\u2060"
_BREAK = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?:\r\n|\r|\n)|[\u2029\t]")
_NEWLINE = re.compile(r"[\r\n\v\f\x85\u2028]")

# Words that turn a number into a bound: 300 is not "not more than 300".
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
_LOOK = 60  # characters before a number in which its bound is looked for
_LONGEST_BRACKET = 80  # characters that a span takes along to close a bracket


def words(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the words of `text`, in order, punctuation left out."""
    after = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        if start < after:  # within the marks of the word before
            continue
        while seen_end(text, end) > end:
            end = seen_end(text, end)
            more = _WORD.match(text, end)
            end = more.end() if more else end
        yield start, end
        after = end


def word_edges(text: str) -> tuple[set[int], set[int]]:
    """Return where words start and where they end in `text`; marks that combine belong to them.

    A character that is no part of a word is a word of its own, except white space.
    """
    starts, ends = set(), set()
    after = 0
    for start, end in words(text):
        for position in range(after, start):
            if not text[position].isspace():
                starts.add(position)
                ends.add(position + 1)
        starts.add(start)
        ends.add(end)
        after = end
    for position in range(after, len(text)):
        if not text[position].isspace():
            starts.add(position)
            ends.add(position + 1)
    return starts, ends


def seen_end(text: str, end: int) -> int:
    """Return `end` after the accents that the tokenizer leaves out of its places."""
    while end < len(text) and (unicodedata.category(text[end])[0] == "M" or text[end] in _JOINERS):
        end += 1
    return end


def breaks(text: str) -> list[int]:
    """Return the positions in `text` that no span crosses, in order.

    Paragraph ends, tabs between cells, and line ends at which a sentence ends: a row, an item, a
    clause or a turn of speech on a line of its own. A line that is only wrapped is not a break.
    """
    found = {match.start() for match in _BREAK.finditer(text)}
    if _NEWLINE.search(text):
        for start, end in sentences(text):
            stop = start + len(text[start:end].rstrip())
            if newline := _NEWLINE.search(text, stop, end):
                found.add(newline.start())
    return sorted(found)


def completed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return text[start:end] with what its meaning hangs on, as (start, end); it never shrinks
    but where a bracket at its edge has no other half near.
    """
    start, end = _closed(text, start, end)
    if _NUMBER.match(text, start):
        before = text[max(0, start - _LOOK) : start]
        if bound := _BOUND_BEFORE.search(before):
            start = start - len(before) + bound.start()
        if after := _BOUND_AFTER.match(text, end):
            end = after.end()
    return start, end


def _closed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return text[start:end] with both halves of its brackets.

    A number that fills its brackets keeps them: in accounts (312,400) is a loss.
    """
    for opening, closing in _PAIRS.items():
        inside = [c for c in text[start:end] if c in (opening, closing)]
        depth = lowest = 0
        for character in inside:
            depth += 1 if character == opening else -1
            lowest = min(lowest, depth)
        if lowest < 0:  # closed and never opened
            place = text.rfind(opening, max(0, start - _LONGEST_BRACKET), start)
            if place >= 0 and not _crosses(text, place, start):
                start = place
            elif text[end - 1] == closing and end - start > 1:
                end -= 1
        elif depth > 0:
            place = text.find(closing, end, end + _LONGEST_BRACKET)
            if place >= 0 and not _crosses(text, end, place):
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


def _crosses(text: str, start: int, end: int) -> bool:
    return _NEWLINE.search(text, start, end) is not None or "\t" in text[start:end]
