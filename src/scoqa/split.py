"""Split a document into passages: consecutive slices that end at sentence and paragraph ends.

Input: a Document and a token counter. Output: passages that do not overlap and cover all visible
text except asides. langchain-text-splitters merges the pieces with overlap 0; a cursor that only
moves forward places each piece and asserts that it is a slice of the document.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from scoqa.heading_path import HeadingPath
from scoqa.normalization import terms
from scoqa.places import Marks
from scoqa.reading_view import Layout
from scoqa.sentences import sentences
from scoqa.types import Document, Passage, content_id

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

SPLITTER_VERSION = "2"  # increase it whenever the same document would be split differently

_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
# In the name of a file: 2025-02, 2025_02_14, 20250214 and 02-2025.
_DATE_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<sign>[-_. ]?)(?P<month>0[1-9]|1[0-2])"
    r"(?:(?P=sign)(?P<day>0[1-9]|[12]\d|3[01])|(?<=[-_. ]\d\d))(?!\d)"
    r"|(?<!\d)(?P<first_month>0[1-9]|1[0-2])[-_.](?P<last_year>(?:19|20)\d\d)(?!\d)"
)
_JOINED_WORDS = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")  # "StockList"
_BETWEEN_NAMES = re.compile(r"[\s_-]+")
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
    layout = Layout(document.marks)
    for start, end in _find_sections(document):
        # The text that models read is split, so that its tokens count, and mapped back.
        reading = layout.build_view(text, start, end)
        # Without tables the sentences are those of the whole document, which look beyond sections.
        is_slice = reading.is_slice
        spans = _split_units(text, start, end) if is_slice else _split_units(reading.text)
        whole = text if is_slice else reading.text
        pieces = _cut_long_pieces([whole[a:b] for a, b in spans], passage_tokens, count)
        cursor, source = 0, start
        for merged in _merge_pieces(pieces, passage_tokens, count):
            at = f"piece is not a slice of {document.path}"
            assert reading.text.startswith(merged, cursor), at
            cursor += len(merged)
            stop = reading.find_source(cursor) if cursor < len(reading.text) else end
            passage = _make_passage(document, marks, source, stop) if stop > source else None
            if passage is not None:
                passages.append(passage)
            source = stop
        assert cursor == len(reading.text), f"pieces do not cover {document.path}"
    return passages


def build_heading(document: Document, marks: Marks, position: int) -> str:
    """Return the context of `position`.

    Its parts are the title, date line, message, sheet, headings, caption of the table, file name.

    Numeric dates are spelled out as in questions: "2017-06-09" becomes "9 June 2017".
    marks: the marks of `document`.
    """
    parts = [document.title]
    # The date is that of the first message; the labels of other messages contain their own.
    messages = marks.kinds.get("message")
    is_first = not messages or marks.label("message", position) == messages[0].label
    if (dated := marks.kinds.get("date")) and is_first:
        parts.append(_ISO_DATE.sub(_spell_date, dated[0].label))
    parts += [label for kind in ("message", "sheet") if (label := marks.label(kind, position))]
    path = HeadingPath.parse(marks.label("heading", position) or "").below(document.title)
    parts += path.headings
    if (table := marks.at("table", position)) and table.start <= position < table.end:
        _, caption, *_ = [*table.label.split("\n"), ""]
        parts += [caption] if caption and caption not in parts else []
    if name := find_name_words(document):
        parts.append(name)
    return str(HeadingPath(tuple(parts)))


def find_name_words(document: Document) -> str:
    """Return the words of the file name that neither title nor date line contain, in order.

    They are the last part of each heading. "stock_2025-02.csv" gives "stock February 2025".
    """
    date = next((mark.label for mark in document.marks if mark.kind == "date"), "")
    return _find_name_words(document.path, document.title, date)


@lru_cache(maxsize=256)  # asked for each passage of a document
def _find_name_words(path: str, title: str, date: str) -> str:
    stem = _DATE_IN_NAME.sub(_spell_name_date, _JOINED_WORDS.sub(" ", PurePosixPath(path).stem))
    known = set(terms(f"{title} {_ISO_DATE.sub(_spell_date, date)}"))
    pieces = (piece.replace("\0", " ") for piece in _BETWEEN_NAMES.split(stem))
    return " ".join(piece for piece in pieces if not known.issuperset(terms(piece)))


def _spell_name_date(match: re.Match[str]) -> str:
    """Return a date of a file name as one piece, with NUL in place of its spaces."""
    year, month = match["year"] or match["last_year"], match["month"] or match["first_month"]
    words = [str(int(match["day"]))] if match["day"] else []
    return " ".join(("", "\0".join([*words, _MONTHS[int(month) - 1], year]), ""))


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


def _split_units(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
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
