"""Verify citations against the current files, without any model.

Input: an Answer and the documents folder. Output: one Verdict per citation: true, the file changed,
the parser changed, the quote is elsewhere now, or it is gone. Each file is parsed at most once.
`freshness` compares an indexed document with its current file without parsing it.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from scoqa.errors import ParseError, WorkspaceError
from scoqa.parse import hash_file, parse_file
from scoqa.parse.folder import Source, is_document_path, scan
from scoqa.stamps import file_stamp, is_settled
from scoqa.types import Answer, Citation, Document, Freshness, Span, Verdict

MOST_PLACES = 20  # at most this many places per quote are listed
OUTDATED: dict[Freshness, str] = {  # the predicate of a sentence about a file
    "changed": "has changed since it was indexed.",
    "missing": "does not exist any more.",
    "unreadable": "cannot be read at the moment.",
}

# Error numbers for a path where no file exists: no such name, a file in place of a folder, a loop
# of links, a name that is too long.
_MISSING_ERRORS = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def all_citations(answer: Answer) -> Iterator[Citation]:
    """Yield every citation of `answer`, every near miss, and the further places of both."""
    for citation in (*answer.citations, *answer.near_misses):
        yield citation
        yield from citation.also_in


def verify(
    answer: Answer,
    documents: Path,
    *,
    exclude: Sequence[str] = (),
    index: Path | None = None,
) -> list[Verdict]:
    """Check every citation of `answer` against the current files; verdicts in order.

    exclude, index: as in `scan`; excluded files and the index folder are not read.
    """
    return _Folder(documents, exclude, index).verify(list(all_citations(answer)))


def outdated_files(answer: Answer, documents: Path) -> dict[str, Freshness]:
    """Return the cited files that are not as they were indexed, by path; parses none of them."""
    cited = {citation.path: citation for citation in all_citations(answer)}
    states = {path: freshness(citation, documents) for path, citation in cited.items()}
    return {path: state for path, state in states.items() if state != "unchanged"}


class DigestCache:
    """The SHA-256 of files, each hashed once as long as its stamp stays the same. Thread-safe."""

    def __init__(self) -> None:
        self._digests: dict[Path, tuple[str, str]] = {}  # stamp and digest

    def hash_file(self, file: Path) -> str:
        """Return the SHA-256 of `file`, as `scoqa.parse.hash_file`. Raises OSError."""
        now = time.time_ns()
        with file.open("rb") as handle:  # raises if it may not be read any more
            state = os.fstat(handle.fileno())
        stamp, digest = self._digests.get(file, ("", ""))
        if stamp != file_stamp(state):
            digest = hash_file(file)
            if is_settled(state, now):
                self._digests[file] = (file_stamp(state), digest)
        return digest


def freshness(
    document: Document | Citation, documents: Path, hash_with: Callable[[Path], str] | None = None
) -> Freshness:
    """Compare the file of a document or citation with its indexed version.

    unchanged: the same bytes, by a hash computed now. changed: other bytes. missing: there is no
    regular file with that name. unreadable: the file exists, or may exist, but cannot be read.
    hash_with: returns the SHA-256 of a file, by default from all its bytes; see `DigestCache`.
    """
    try:
        file = find_file(document.path, documents)
        if file is None:
            return "missing"
        return "unchanged" if (hash_with or hash_file)(file) == document.digest else "changed"
    except WorkspaceError:  # the documents folder is missing
        return "missing"
    except OSError as error:
        return "missing" if error.errno in _MISSING_ERRORS else "unreadable"


def verify_citation(
    citation: Citation,
    documents: Path,
    *,
    exclude: Sequence[str] = (),
    index: Path | None = None,
) -> Verdict:
    """Check `citation` against the current files under `documents`.

    true: same bytes, same parser, quote and sentence at their offsets, and the same line, page,
    heading and title. file_changed, parser_changed: other bytes or another parser, but quote and
    sentence are still at their offsets. elsewhere: the quote is at other offsets or in another
    file, which the verdict names, or only its line, page, heading or title differ. gone: no
    document contains the quote.

    exclude, index: as in `scan`.
    """
    [verdict] = _Folder(documents, exclude, index).verify([citation])
    return verdict


_Place = tuple[str, int, int]  # path, start, end


class _Folder:
    """The current files of a folder of documents; those that citations name are parsed once."""

    def __init__(self, documents: Path, exclude: Sequence[str], index: Path | None) -> None:
        self.documents = documents
        self.exclude = exclude
        self.index = None if index is None else index.resolve()
        self._cited: dict[str, Document | None] = {}  # by path; None if it cannot be read

    def verify(self, citations: Sequence[Citation]) -> list[Verdict]:
        """Return one verdict per citation, in order."""
        verdicts: dict[int, Verdict] = {}
        reasons: dict[int, str] = {}  # of the citations whose quote is not in their document
        for number, citation in enumerate(citations):
            document = self._parse_cited(citation.path)
            if document is None:
                reasons[number] = f"{citation.path} does not exist, is excluded or cannot be read"
                continue
            verdict = _compare(citation, document)
            if isinstance(verdict, Verdict):
                verdicts[number] = verdict
            elif places := _find_places(citation.quote, document):
                verdicts[number] = _elsewhere(citation, verdict, places)
            else:
                reasons[number] = verdict
        found = self._search([citations[number] for number in reasons])
        for (number, reason), places in zip(reasons.items(), found, strict=True):
            verdicts[number] = _elsewhere(citations[number], reason, places)
        return [verdicts[number] for number in range(len(citations))]

    def _parse_cited(self, path: str) -> Document | None:
        if path not in self._cited:
            try:
                file = self._find(path)
            except OSError:  # a folder above it may not be entered
                file = None
            self._cited[path] = None if file is None else _parse(file, path)
        return self._cited[path]

    def _find(self, path: str) -> Path | None:
        """Return the file at `path`, or None if a sync would not read it.

        Lists the folder only if there is no file with exactly that name.
        """
        if not is_document_path(path, self.exclude):
            return None
        file = _find_exactly(path, self.documents)
        if file is None:
            return next((source.file for source in self._sources if source.path == path), None)
        root, index = self.documents.resolve(), self.index
        if file.parent.resolve() != (root / path).parent:  # below a link, which `scan` skips
            return None
        # The index may also be the documents folder itself, or contain it.
        if index is not None and root in index.parents and file.resolve().is_relative_to(index):
            return None
        return file

    @cached_property
    def _sources(self) -> list[Source]:
        return scan(self.documents, exclude=self.exclude, index=self.index)[0]

    def _search(self, citations: Sequence[Citation]) -> list[list[_Place]]:
        """Return the first MOST_PLACES places of each quote in the other files of the folder."""
        found: list[list[_Place]] = [[] for _ in citations]
        if not citations:
            return found
        for source in self._sources:
            waiting = [
                (citation.quote, places)
                for citation, places in zip(citations, found, strict=True)
                if citation.path != source.path and len(places) < MOST_PLACES
            ]
            if not waiting:
                continue
            if source.path in self._cited:
                document = self._cited[source.path]
            else:
                document = _parse(source.file, source.path)
            if document is None:
                continue
            for quote, places in waiting:
                places += _find_places(quote, document)
        return found


def _parse(file: Path, path: str) -> Document | None:
    """Return the parsed document, or None if the file cannot be read."""
    try:
        return parse_file(file, path)[0]
    except ParseError:
        return None


def _compare(citation: Citation, document: Document) -> Verdict | str:
    """Return the verdict if the quote is at its offsets, otherwise the reason why it is not."""
    same_bytes = document.digest == citation.digest
    same_parser = document.parser == citation.parser
    in_place = _is_in_place(citation, document)
    if in_place and same_bytes and same_parser and not _has_right_labels(citation, document):
        places = ((document.path, citation.start, citation.end),)
        message = (
            f"{citation.path}: the quote is there, but its line, page, heading or title differ"
        )
        return Verdict("elsewhere", citation, f"{message}.", places)
    if in_place and same_bytes and same_parser:
        return Verdict("true", citation, f"{citation.path} {citation.start}:{citation.end}")
    if in_place and not same_bytes:
        return Verdict(
            "file_changed", citation,
            f"{citation.path} has changed since; the quote is still at its offsets.",
        )  # fmt: skip
    if in_place:
        was, now = citation.parser, document.parser
        return Verdict(
            "parser_changed", citation,
            f"{citation.path} was read with {was.name} {was.version}, now with {now.name} "
            f"{now.version}; the quote is still at its offsets.",
        )  # fmt: skip
    if same_bytes and same_parser:
        return f"{citation.path} has different text at {citation.start}:{citation.end}"
    return f"{citation.path} has changed since"


def _is_in_place(citation: Citation, document: Document) -> bool:
    """Return whether quote and sentence equal the document at the citation's offsets."""
    text = document.text
    return (
        0 <= citation.sentence_start <= citation.start < citation.end <= citation.sentence_end
        and citation.sentence_end <= len(text)
        and text[citation.start : citation.end] == citation.quote
        and text[citation.sentence_start : citation.sentence_end] == citation.sentence
    )


def _has_right_labels(citation: Citation, document: Document) -> bool:
    """Return whether line, page, place, heading and title match the place of the quote."""
    span = Span(document.id, citation.start, citation.end, citation.score)
    labels = attrgetter("line", "page", "place", "heading", "title")
    return labels(citation) == labels(Citation.from_span(document, span))


def find_file(path: str, documents: Path) -> Path | None:
    """Return the regular file at `path` below `documents`, or None. `path` may be any string.

    Raises OSError if the path is not accessible, WorkspaceError if the folder is missing.
    """
    file = _find_exactly(path, documents)
    if file is not None:
        return file
    # The name on disk may have another Unicode composition; paths are NFC.
    return next((source.file for source in scan(documents)[0] if source.path == path), None)


def _find_exactly(path: str, documents: Path) -> Path | None:
    """Return the regular file with exactly this name, or None. Raises OSError as `find_file`."""
    try:
        file = documents / path
        if not file.resolve().is_relative_to(documents.resolve()):
            return None
        if stat.S_ISREG(file.stat().st_mode):  # reading a pipe would block forever
            return file
    except (ValueError, RuntimeError):
        # ValueError: NUL or lone surrogates. RuntimeError: a loop of links (Python 3.11, 3.12).
        return None
    except OSError as error:
        if error.errno not in _MISSING_ERRORS:
            raise
    return None


def _elsewhere(citation: Citation, reason: str, places: Sequence[_Place]) -> Verdict:
    """Return "elsewhere" with the current places of the quote, or "gone" without any."""
    if not places:
        return Verdict("gone", citation, f"{reason}; no document contains the quote.")
    path, start, end = places[0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return Verdict(
        "elsewhere", citation,
        f"{reason}; the quote is at {path} {start}:{end}{more}.",
        tuple(places[:MOST_PLACES]),
    )  # fmt: skip


def _find_places(quote: str, document: Document) -> list[_Place]:
    """Return (path, start, end) of the first MOST_PLACES exact occurrences of `quote`."""
    places: list[_Place] = []
    start = document.text.find(quote) if quote else -1
    while start >= 0 and len(places) < MOST_PLACES:
        places.append((document.path, start, start + len(quote)))
        start = document.text.find(quote, start + 1)
    return places
