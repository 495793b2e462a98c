"""Replay a saved answer against the files, without any model.

Receives an Answer and a folder of documents; hands on one Verdict a citation: true, the file
changed, the parser changed, the quote stands elsewhere now, or it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scoqa.errors import ParseError
from scoqa.parse import parse
from scoqa.parse.folder import scan
from scoqa.types import Answer, Citation, Document, Span, Verdict

MOST_PLACES = 20  # how many places of a quote are listed


def citations_of(answer: Answer) -> Iterator[Citation]:
    """Yield every citation of `answer`: cited, near misses, and the places they also stand."""
    for citation in (*answer.citations, *answer.near_misses):
        yield citation
        yield from citation.also_in


def verify(answer: Answer, documents: Path) -> list[Verdict]:
    """Return one verdict for each citation of `answer`, in order, against the files now."""
    return [verify_citation(citation, documents) for citation in citations_of(answer)]


def verify_citation(citation: Citation, documents: Path) -> Verdict:
    """Return what has become of `citation` in the files under `documents`.

    true: the same bytes, the same parser, and quote and sentence stand at their characters, under
    the line, page, heading and title that are given.
    file_changed, parser_changed: other bytes or another parser, but the quote still stands at
    its characters. elsewhere: it stands at other characters, or in another file, which are
    named. gone: it stands nowhere.
    """
    document = _read(citation, documents)
    if document is None:
        reason = f"{citation.path} is not there or cannot be read"
        return _look_elsewhere(citation, documents, reason)
    same_bytes = document.digest == citation.digest
    same_parser = document.parser == citation.parser
    stands = _stands(citation, document)
    if stands and same_bytes and same_parser and not _says_where(citation, document):
        found = ((document.path, citation.start, citation.end),)
        message = f"{citation.path}: the quote stands there, but not under the line, page, heading "
        return Verdict("elsewhere", citation, message + "or title that is given.", found)
    if stands and same_bytes and same_parser:
        return Verdict("true", citation, f"{citation.path} {citation.start}:{citation.end}")
    if stands and not same_bytes:
        return Verdict(
            "file_changed", citation,
            f"{citation.path} has changed since; the quote still stands at its characters.",
        )  # fmt: skip
    if stands:
        was, now = citation.parser, document.parser
        return Verdict(
            "parser_changed", citation,
            f"{citation.path} was read with {was.name} {was.version}, now with {now.name} "
            f"{now.version}; the quote still stands at its characters.",
        )  # fmt: skip
    if same_bytes and same_parser:
        reason = f"{citation.path} has other words at {citation.start}:{citation.end}"
    else:
        reason = f"{citation.path} has changed since"
    return _look_elsewhere(citation, documents, reason, first=document)


def _stands(citation: Citation, document: Document) -> bool:
    """Return whether quote and sentence are exactly the slices the citation says they are."""
    text = document.text
    return (
        0 <= citation.sentence_start <= citation.start < citation.end <= citation.sentence_end
        and citation.sentence_end <= len(text)
        and text[citation.start : citation.end] == citation.quote
        and text[citation.sentence_start : citation.sentence_end] == citation.sentence
    )


def _says_where(citation: Citation, document: Document) -> bool:
    """Return whether line, page, heading and title are those of the quote's place."""
    span = Span(document.id, citation.start, citation.end, citation.score)
    true = Citation.from_span(document, span)
    return (citation.line, citation.page, citation.heading, citation.title) == (
        true.line,
        true.page,
        true.heading,
        true.title,
    )


def _read(citation: Citation, documents: Path) -> Document | None:
    """Return the document at the citation's path, if that is a file below `documents`."""
    try:
        file = documents / citation.path
        if not file.resolve().is_relative_to(documents.resolve()):
            return None
        if not file.is_file():
            # The name on disk may be composed otherwise: a citation's path is NFC.
            every = scan(documents)[0]
            file = next((each.file for each in every if each.path == citation.path), file)
        return parse(file, citation.path)[0]
    except (ParseError, OSError, ValueError, RuntimeError):
        # A saved answer may hold any path: NUL and lone surrogates (ValueError), a name too long
        # (OSError), a loop of links (RuntimeError, Python 3.11 and 3.12).
        return None


def _look_elsewhere(
    citation: Citation, documents: Path, reason: str, *, first: Document | None = None
) -> Verdict:
    """Return "elsewhere" with the places of the quote now, or "gone"."""
    found = _places(citation.quote, first) if first is not None else []
    if not found:
        for source in scan(documents)[0]:
            if source.path != citation.path:
                try:
                    found += _places(citation.quote, parse(source.file, source.path)[0])
                except ParseError:
                    continue
            if len(found) >= MOST_PLACES:
                break
    if not found:
        return Verdict("gone", citation, f"{reason}; the quote stands nowhere in the documents.")
    path, start, end = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Verdict(
        "elsewhere", citation,
        f"{reason}; the quote stands at {path} {start}:{end}{more}.",
        tuple(found[:MOST_PLACES]),
    )  # fmt: skip


def _places(quote: str, document: Document) -> list[tuple[str, int, int]]:
    """Return where `quote` stands in `document`, to the character."""
    found: list[tuple[str, int, int]] = []
    start = document.text.find(quote) if quote else -1
    while start >= 0 and len(found) < MOST_PLACES:
        found.append((document.path, start, start + len(quote)))
        start = document.text.find(quote, start + 1)
    return found
