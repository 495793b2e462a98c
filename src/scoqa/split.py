"""Document -> Passages: consecutive slices that end at sentence and paragraph ends.

Receives a Document and a token counter; hands on passages that never overlap and cover all
visible text but what stands aside. Pieces are merged by langchain-text-splitters with overlap 0;
each is placed with a cursor that only moves forward and is asserted to be a slice.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from scoqa.places import Marks
from scoqa.sentences import sentences
from scoqa.types import Document, Passage, content_id

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

SPLITTER_VERSION = "1"  # raise it whenever the same document would be cut otherwise

_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()

_BORDERS = ("heading", "sheet", "slide", "message")

CountTokens = Callable[[Sequence[str]], list[int]]

# Where a sentence too long for a passage is cut, best place first.
_CUTS = ["\n\n", "\n", "; ", ": ", ", ", " ", ""]
# A sentence is never counted whole when it is far too long: it is cut first, which keeps one
# endless line linear.
_LONGEST_COUNTED = 4000  # characters
# A word-piece tokenizer counts any word over 100 characters (base64, a hash) as one unknown
# token. English has 4 to 5 characters a token, so nothing else reaches this.
MOST_CHARACTERS_A_TOKEN = 8


def splitter_fingerprint(passage_tokens: int) -> str:
    """Return what an index remembers of how its passages were cut."""
    return f"sentences-{SPLITTER_VERSION}/{passage_tokens}"


def split(document: Document, *, passage_tokens: int, count_tokens: CountTokens) -> list[Passage]:
    """Return the passages of `document`, in order, each of at most `passage_tokens` tokens.

    Nor has a passage more than MOST_CHARACTERS_A_TOKEN characters for each of them, give or take
    one token's worth.

    count_tokens: the embedder's token counts of many texts, without special tokens.
    A character that is more than `passage_tokens` tokens alone would break the bound; no
    tokenizer in use has one.
    """

    def count(texts: Sequence[str]) -> list[int]:
        return [
            max(tokens, len(text) // MOST_CHARACTERS_A_TOKEN)
            for text, tokens in zip(texts, count_tokens(texts), strict=True)
        ]

    passages: list[Passage] = []
    text = document.text
    marks = Marks(document.marks)
    for start, end in _sections(document):
        spans = _units(text, start, end)
        pieces = _small_enough([text[a:b] for a, b in spans], passage_tokens, count)
        cursor = start
        for merged in _merge(pieces, passage_tokens, count):
            assert text.startswith(merged, cursor), f"piece is no slice of {document.path}"
            stop = cursor + len(merged)
            passage = _passage(document, marks, cursor, stop)
            if passage is not None:
                passages.append(passage)
            cursor = stop
        assert cursor == end, f"pieces do not cover {document.path}"
    return passages


def heading_of(document: Document, marks: Marks, position: int) -> str:
    """Return what the text at `position` stands under: title, date line, sheet, heading path.

    marks: those of `document`.

    Dates in figures are put into words, as questions have them ("2017-06-09" is "9 June 2017").
    """
    parts = [document.title]
    if dated := marks.kinds.get("date"):
        parts.append(_ISO_DATE.sub(_in_words, dated[0].label))
    parts += [label for kind in ("message", "sheet") if (label := marks.label(kind, position))]
    if (heading := marks.label("heading", position)) and heading != document.title:
        parts.append(heading.removeprefix(f"{document.title} > "))
    return " > ".join(parts)


def _in_words(match: re.Match[str]) -> str:
    year, month, day = (int(part) for part in match.groups())
    return f"{day} {_MONTHS[month - 1]} {year}" if 1 <= month <= 12 else match.group()


def _passage(document: Document, marks: Marks, start: int, end: int) -> Passage | None:
    """Return the passage of text[start:end] without outer white space; None if it is blank."""
    raw = document.text[start:end]
    start += len(raw) - len(raw.lstrip())
    text = raw.strip()
    if not text:
        return None
    end = start + len(text)
    return Passage(
        # The text's digest is in it, so that no id ever names other words than it did.
        id=content_id("passage", document.id, document.text_digest, start, end),
        document_id=document.id,
        start=start,
        end=end,
        text=text,
        heading=heading_of(document, marks, start),
    )


def _sections(document: Document) -> list[tuple[int, int]]:
    """Return the stretches that passages are made of, in order.

    A passage never runs on under the next heading, sheet, slide or message; what stands aside of
    a text is in none.
    """
    edges = {0, len(document.text)}
    aside: deque[tuple[int, int]] = deque()
    for mark in document.marks:
        if mark.kind in _BORDERS:
            edges.add(mark.start)
        elif mark.kind == "aside":
            edges |= {mark.start, mark.end}
            aside.append((mark.start, mark.end))
    covered = 0  # how far what stands aside reaches: one may lie in another
    found: list[tuple[int, int]] = []
    for start, end in pairwise(sorted(edges)):
        while aside and aside[0][0] <= start:
            covered = max(covered, aside.popleft()[1])
        if end > covered:
            found.append((start, end))
    return found


def _units(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the sentences of text[start:end], cut further where they are endless."""
    units: list[tuple[int, int]] = []
    for a, b in sentences(text, start, end):
        units.extend((c, min(c + _LONGEST_COUNTED, b)) for c in range(a, b, _LONGEST_COUNTED))
    return units


def _splitter(passage_tokens: int, length: Callable[[str], int]) -> TextSplitter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(
        separators=_CUTS,
        keep_separator="end",
        chunk_size=passage_tokens,
        chunk_overlap=0,
        length_function=length,
        strip_whitespace=False,
    )


def _small_enough(pieces: list[str], passage_tokens: int, count_tokens: CountTokens) -> list[str]:
    """Return `pieces` with each one over the bound cut at the best places inside it."""
    counts = count_tokens(pieces)
    splitter = _splitter(passage_tokens, lambda text: max(1, count_tokens([text])[0]))
    return [
        part
        for piece, count in zip(pieces, counts, strict=True)
        for part in ([piece] if count <= passage_tokens else splitter.split_text(piece))
    ]


def _merge(pieces: list[str], passage_tokens: int, count_tokens: CountTokens) -> list[str]:
    """Return consecutive pieces joined as long as they fit.

    The sum of the pieces' counts is taken for the count of the whole. Where a word is cut the
    two can differ, so a joined piece that is too long after all is taken apart again.
    """
    if not pieces:
        return []
    counts = dict(zip(pieces, count_tokens(pieces), strict=True))
    # At least 1: langchain-text-splitters 1.1.3 repeats pieces of length 0 (white space) in the
    # next chunk even with overlap 0, because its clearing loop stops when the total is 0.
    splitter = _splitter(passage_tokens, lambda text: max(1, counts[text]) if text else 0)
    # langchain's own merge: it fills each chunk up to chunk_size, in order.
    merged = splitter._merge_splits(pieces, "")
    return _small_enough(merged, passage_tokens, count_tokens)
