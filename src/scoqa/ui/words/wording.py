"""The wording of answers in the chat: on the page, saved and printed.

Input: answers and citations. Output: phrases and sentences. The wording of a silence is in
scoqa.silence_wording; all other text of the page is in its assets.
"""

from __future__ import annotations

from scoqa.heading_path import HeadingPath
from scoqa.silence_wording import explain_reason
from scoqa.types import Answer, Citation, Mark, MarkKind

# The least calibrated probability that the first citation is right, and its wording.
CONFIDENCE = (
    (0.9, "Very likely the answer."),
    (0.7, "Probably the answer."),
    (0.5, "Perhaps the answer: read it in its context."),
    (0.0, "An uncertain answer: read it in its context."),
)
ROOT = "files outside folders"  # the collection without a name
# Labels above the text where a part of a file begins. A row has its number beside it instead.
STARTS: dict[MarkKind, str] = {
    "page": "Page",
    "slide": "Slide",
    "sheet": "Sheet",
    "message": "Message",
    "cell": "Cell",
}


def confidence_words(answer: Answer) -> str:
    """Return the sentence for the confidence that the first citation is right."""
    return next(words for least, words in CONFIDENCE if answer.confidence >= least or not least)


def reason_words(answer: Answer) -> str:
    """Return the sentence that explains why there is no answer."""
    return explain_reason(answer.reason or "no_evidence")


def place_words(citation: Citation, *, with_column: bool = False) -> str:
    """Return the place of a citation: page, slide or row, else its line; and its heading.

    The document's title is shown beside the place, and is therefore left out of the heading.
    with_column: also name the column of the quoted cell, if it has a name.
    """
    line = f"line {citation.line:,}" if citation.has_file_lines and not citation.place else ""
    place = citation.place or line
    column = _find_column_name(citation) if with_column else ""
    if column:
        place = f"{place}, {column}" if place else f"column {column}"
    heading = str(HeadingPath.parse(citation.heading or "").below(citation.title))
    under = f"under “{heading}”" if heading else ""
    return " · ".join(part for part in (place, under) if part)


def start_words(mark: Mark) -> str | None:
    """Return the label shown where `mark` begins, or None for kinds without a label."""
    if mark.kind == "message" and mark.label.startswith("quoted"):
        return f"Q{mark.label[1:]}"
    kind = STARTS.get(mark.kind)
    return None if kind is None else f"{kind} {mark.label}".strip()


def character_words(citation: Citation) -> str:
    """Return the quoted characters of the text, counted from 0, the end not included."""
    return f"characters {citation.start}–{citation.end}"


def digest_words(citation: Citation) -> str:
    """Return the digest of the file's bytes, with the name of its algorithm."""
    return f"sha256 {citation.digest}"


def _find_column_name(citation: Citation) -> str:
    """Return the name of the column whose cell contains the quote; "" without one.

    A quote of several cells is in no single column.
    """
    if "\t" in citation.quote or "\n" in citation.quote:
        return ""
    before = citation.sentence[: citation.start - citation.sentence_start]
    column = before.count("\t")
    return citation.columns[column] if column < len(citation.columns) else ""
