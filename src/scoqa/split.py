"""Split a document into passages: consecutive slices that end at sentence and paragraph ends.

Input: a Document and a token counter. Output: passages that do not overlap and cover all visible
text except asides. langchain-text-splitters merges the pieces with overlap 0; a cursor that only
moves forward places each piece and asserts that it is a slice of the document.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from scoqa.heading_path import HeadingPath
from scoqa.places import Marks
from scoqa.sentences import sentences
from scoqa.types import Document, Passage, content_id

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

SPLITTER_VERSION = "1"  # increase it whenever the same document would be split differently

_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()

_BORDERS = ("heading", "sheet", "slide", "message")

CountTokens = Callable[[Sequence[str]], list[int]]

# Separators at which a sentence too long for a passage is cut, best first.
_CUTS = ["\n\n", "\n", "; ", ": ", ", ", " ", ""]
# A longer sentence is cut before its tokens are counted, so that an endless line takes linear time.
_LONGEST_COUNTED = 4000  # characters
# Lower bound on token counts: a word-piece tokenizer counts any word over 100 characters (base64, a
# hash) as one unknown token. English has 4 to 5 characters per token, so other text is unaffected.
MOST_CHARACTERS_PER_TOKEN = 8


def splitter_fingerprint(passage_tokens: int) -> str:
    """Return the splitter settings as an index stores them."""
    return f"sentences-{SPLITTER_VERSION}/{passage_tokens}"


def split(document: Document, *, passage_tokens: int, count_tokens: CountTokens) -> list[Passage]:
    """Return the passages of `document`, in order, each of at most `passage_tokens` tokens.

    A passage also has at most MOST_CHARACTERS_PER_TOKEN characters per token of that limit, give
    or take one token. Only a single character of more than `passage_tokens` tokens could exceed
    the limits; no tokenizer in use has one.

    count_tokens: the embedder's token counts of many texts, without special tokens.
    """

    def count(texts: Sequence[str]) -> list[int]:
        return [
            max(tokens, len(text) // MOST_CHARACTERS_PER_TOKEN)
            for text, tokens in zip(texts, count_tokens(texts), strict=True)
        ]

    passages: list[Passage] = []
    text = document.text
    marks = Marks(document.marks)
    for start, end in _find_sections(document):
        spans = _split_units(text, start, end)
        pieces = _cut_long_pieces([text[a:b] for a, b in spans], passage_tokens, count)
        cursor = start
        for merged in _merge_pieces(pieces, passage_tokens, count):
            assert text.startswith(merged, cursor), f"piece is not a slice of {document.path}"
            stop = cursor + len(merged)
            passage = _make_passage(document, marks, cursor, stop)
            if passage is not None:
                passages.append(passage)
            cursor = stop
        assert cursor == end, f"pieces do not cover {document.path}"
    return passages


def build_heading(document: Document, marks: Marks, position: int) -> str:
    """Return the context of `position`: title, date line, message, sheet and heading path.

    Numeric dates are spelled out as in questions: "2017-06-09" becomes "9 June 2017".
    marks: the marks of `document`.
    """
    parts = [document.title]
    if dated := marks.kinds.get("date"):
        parts.append(_ISO_DATE.sub(_spell_date, dated[0].label))
    parts += [label for kind in ("message", "sheet") if (label := marks.label(kind, position))]
    path = HeadingPath.parse(marks.label("heading", position) or "").below(document.title)
    return str(HeadingPath((*parts, *path.headings)))


def _spell_date(match: re.Match[str]) -> str:
    year, month, day = (int(part) for part in match.groups())
    return f"{day} {_MONTHS[month - 1]} {year}" if 1 <= month <= 12 else match.group()


def _make_passage(document: Document, marks: Marks, start: int, end: int) -> Passage | None:
    """Return the passage of text[start:end] without surrounding white space; None if blank."""
    raw = document.text[start:end]
    start += len(raw) - len(raw.lstrip())
    text = raw.strip()
    if not text:
        return None
    end = start + len(text)
    return Passage(
        # Includes the digest of the text, so that an id always refers to the same words.
        id=content_id("passage", document.id, document.text_digest, start, end),
        document_id=document.id,
        start=start,
        end=end,
        text=text,
        heading=build_heading(document, marks, start),
    )


def _find_sections(document: Document) -> list[tuple[int, int]]:
    """Return the ranges to split into passages, in order.

    No passage extends past the start of a heading, sheet, slide or message. Asides are left out.
    """
    edges = {0, len(document.text)}
    asides: deque[tuple[int, int]] = deque()
    for mark in document.marks:
        if mark.kind in _BORDERS:
            edges.add(mark.start)
        elif mark.kind == "aside":
            edges |= {mark.start, mark.end}
            asides.append((mark.start, mark.end))
    covered = 0  # end of the asides so far, which may be nested
    sections: list[tuple[int, int]] = []
    for start, end in pairwise(sorted(edges)):
        while asides and asides[0][0] <= start:
            covered = max(covered, asides.popleft()[1])
        if end > covered:
            sections.append((start, end))
    return sections


def _split_units(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the sentences of text[start:end], cut every _LONGEST_COUNTED characters."""
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


def _cut_long_pieces(
    pieces: list[str], passage_tokens: int, count_tokens: CountTokens
) -> list[str]:
    """Return `pieces`, with each piece over the limit cut at the best separators inside it."""
    counts = count_tokens(pieces)
    splitter = _splitter(passage_tokens, lambda text: max(1, count_tokens([text])[0]))
    return [
        part
        for piece, count in zip(pieces, counts, strict=True)
        for part in ([piece] if count <= passage_tokens else splitter.split_text(piece))
    ]


def _merge_pieces(pieces: list[str], passage_tokens: int, count_tokens: CountTokens) -> list[str]:
    """Join consecutive pieces as long as they fit.

    The token count of a joined piece is estimated as the sum of its parts. The estimate can be
    wrong where a word is cut, so joined pieces that are too long are cut again.
    """
    if not pieces:
        return []
    counts = dict(zip(pieces, count_tokens(pieces), strict=True))
    # At least 1: langchain-text-splitters 1.1.3 repeats pieces of length 0 (white space) in the
    # next chunk even with overlap 0, because its clearing loop stops when the total is 0.
    splitter = _splitter(passage_tokens, lambda text: max(1, counts[text]) if text else 0)
    # langchain's internal merge fills each chunk up to chunk_size, in order.
    merged = splitter._merge_splits(pieces, "")
    return _cut_long_pieces(merged, passage_tokens, count_tokens)
