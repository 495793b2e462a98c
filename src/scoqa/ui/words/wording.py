"""What the chat says of an answer, in words, wherever it is shown: on the page, saved, printed.

Receives answers and citations; hands on sentences. Every word that is not a quote stands here or
in the page's own files.
"""

from __future__ import annotations

from scoqa.types import Answer, Citation, Mark, MarkKind, Reason

SILENCE = "Your documents do not answer this"
NEAR = "Nearest passages, which do not answer it"
REASONS: dict[Reason, str] = {
    "empty_index": "There are no documents here yet.",
    "no_evidence": "No passage in them speaks of what you asked.",
    "low_confidence": "Some passages come near, but none answers the question clearly enough.",
    "phrase_not_found": "The words in quotation marks stand together in none of them.",
    "language_not_supported": (
        "scoqa reads English. It looked for your words, but cannot judge what it found in"
        " another language."
    ),
}
# Least calibrated probability that the first citation is right, and how that is said.
CONFIDENCE = (
    (0.9, "Very likely the answer."),
    (0.7, "Probably the answer."),
    (0.5, "Perhaps the answer: read it in its place."),
    (0.0, "An uncertain answer: read it in its place."),
)
ROOT = "files outside folders"  # the collection without a name
# What stands above the text where a part of a file begins; a row has its number beside it.
STARTS: dict[MarkKind, str] = {
    "page": "Page",
    "slide": "Slide",
    "sheet": "Sheet",
    "message": "Message",
}


def confidence_words(answer: Answer) -> str:
    """Return how sure it is that the first citation answers."""
    return next(words for least, words in CONFIDENCE if answer.confidence >= least or not least)


def reason_words(answer: Answer) -> str:
    """Return why there is no answer."""
    return REASONS[answer.reason or "no_evidence"]


def place_words(citation: Citation) -> str:
    """Return where a citation stands: page, slide or row, else its line; and its heading.

    The document's title, beside which these words stand, is not said again.
    """
    line = f"line {citation.line:,}" if citation.has_file_lines and not citation.place else ""
    heading = (citation.heading or "").removeprefix(f"{citation.title} > ")
    under = f"under “{heading}”" if heading and heading != citation.title else ""
    return " · ".join(part for part in (citation.place, line, under) if part)


def start_words(mark: Mark) -> str | None:
    """Return what is said where `mark` begins, None of the kinds of which nothing is."""
    said = STARTS.get(mark.kind)
    return None if said is None else f"{said} {mark.label}".strip()


def character_words(citation: Citation) -> str:
    """Return which characters of the text are quoted, from 0, the last one not included."""
    return f"characters {citation.start}–{citation.end}"


def digest_words(citation: Citation) -> str:
    """Return the digest of the file's bytes, named."""
    return f"sha256 {citation.digest}"
