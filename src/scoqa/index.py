"""Update an index from a folder of documents.

Input: a folder of documents and a store. Output: a SyncReport. Text, vectors and words of a
document are added or removed in one transaction. Vectors are stored as soon as they are computed,
so an interrupted sync resumes where it stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

import numpy as np

from scoqa.compatibility import check_embedder, index_settings
from scoqa.embed import SPECIAL_TOKENS, Embedder
from scoqa.errors import (
    ConfigError,
    ParseError,
    WorkspaceError,
)
from scoqa.heading_path import HeadingPath
from scoqa.parse import (
    ParsedFile,
    document_id,
    format_of,
    hash_file,
    parse_file,
    renamed,
    title_from,
)
from scoqa.parse.ahead import parse_ahead
from scoqa.parse.folder import Source, scan
from scoqa.reading_view import Layout
from scoqa.split import find_name_words, split
from scoqa.stamps import file_stamp, is_settled
from scoqa.store import Entry, Store, StoreWriter
from scoqa.turns import in_background
from scoqa.types import Document, Notice, Passage, SyncReport

# Passages embedded before their vectors are stored: a kill loses at most these, about two seconds.
GROUP = 64


@dataclass(frozen=True, slots=True)
class SyncStep:
    """The progress of a sync: bytes done, and bytes of all files that have to be read."""

    done: int
    total: int
    doing: str  # the current path, or "loading the model"


SyncProgress = Callable[[SyncStep], None]


def sync(
    store: Store,
    documents: Path,
    embedder: Embedder,
    *,
    passage_tokens: int,
    exclude: Sequence[str] = (),
    index: Path | None = None,
    progress: SyncProgress | None = None,
    check: bool = False,
) -> SyncReport:
    """Update `store` to match the files under `documents`; return a report of the changes.

    A file is read only if its size, modification time or inode is another than when it was last
    hashed. check: hash every file, and the file of the vector cache.
    An unreadable file does not stop the sync. It is listed in `failed` and removed from the index,
    because its quotes could no longer be verified.
    Raises WorkspaceError, ConfigError, IndexLockedError, IndexMismatchError, IndexDamagedError.
    """
    started = time.time_ns()
    found = scan(documents, exclude=exclude, index=index)
    settings = index_settings(embedder, passage_tokens)
    if passage_tokens > embedder.max_tokens - SPECIAL_TOKENS:
        raise ConfigError(
            source="settings",
            key="passage_tokens",
            value=passage_tokens,
            allowed=f"at most {embedder.max_tokens - SPECIAL_TOKENS} with this embedder",
        )
    with store.writer() as writer:
        check_embedder(writer, embedder, store.command)
        indexed = 0 if found.sources else writer.counts().documents
        if indexed:
            raise WorkspaceError(
                f"There are no documents in {documents} now, but {indexed} in the index: nothing "
                "was removed. Check that this is the right folder and that it is mounted. If the "
                f"documents were deleted on purpose, run: {store.command} --rebuild"
            )
        writer.configure({"embedder": settings["embedder"]})
        report = SyncReport(ignored=found.ignored, unread=found.unread, failed=tuple(found.failed))
        run = _Sync(writer, embedder, passage_tokens, settings["passages"], progress)
        report = run.run(found.sources, report, started=started, check=check)
        writer.configure(settings)  # only now do all documents have these settings
        writer.note_failed(report.failed)
        writer.save(finished=True, check=check)
        return replace(report, passages=writer.counts().passages)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A parsed and split document, before it is stored. size: of its file, in bytes."""

    document: Document
    passages: list[Passage]
    boxes: tuple[bytes, ...] | None  # None: those of the document that it replaces
    size: int


class _Sync:
    """One run of `sync`; parses, embeds and stores the files that have changed."""

    def __init__(
        self,
        writer: StoreWriter,
        embedder: Embedder,
        passage_tokens: int,
        splitter: str,
        progress: SyncProgress | None,
    ) -> None:
        self.writer = writer
        self.embedder = embedder
        self.passage_tokens = passage_tokens
        self.splitter = splitter
        self.progress = progress
        self.known: Mapping[str, Entry] = {}  # before the sync, by path
        self.gone: dict[str, Entry] = {}  # those without a file that were not moved yet
        self.gone_paths: dict[str, list[str]] = {}  # all without a file, by digest
        self.done = 0
        self.total = 0
        self.embedded = 0

    def run(
        self, sources: Sequence[Source], report: SyncReport, *, started: int, check: bool
    ) -> SyncReport:
        """Update the index; return `report` with the changes.

        started: a time before the sources were scanned, in nanoseconds.
        """
        self.known = known = self.writer.digests()
        failed = list(report.failed)
        stamps = {} if check else self.writer.stamps()
        digests, hashed = _digests(sources, known, stamps, failed)
        stale = [s for s in sources if s.path in digests and self._is_stale(s, digests, known)]
        self.gone = gone = {path: entry for path, entry in known.items() if path not in digests}
        for path, entry in gone.items():
            self.gone_paths.setdefault(entry.digest, []).append(path)
        self.total = sum(source.size for source in stale)

        moved: list[tuple[str, str]] = []
        warned: list[Notice] = []
        written: list[str] = []
        for batch in self._batches(self._documents(stale, digests), failed, warned):
            for parsed, keys in self._with_vectors(batch):
                document = parsed.document
                old = self._old_path(document.path, document.digest)
                if old is not None:
                    moved.append((old, document.path))
                self.writer.put(
                    document,
                    parsed.passages,
                    keys,
                    splitter=self.splitter,
                    boxes=parsed.boxes,
                    replaces=gone.pop(old).document_id if old is not None else None,
                )
                written.append(document.path)
        unchanged = digests.keys() - {source.path for source in stale}
        unreadable = ({notice.path for notice in failed} & known.keys()) - unchanged - set(written)
        for path in sorted(gone.keys() | unreadable):
            self.writer.drop(known[path].document_id)
        if hashed or written:
            self._stamp([source for source in sources if source.path in digests], started)
        arrived = {new for _, new in moved}
        return replace(
            report,
            added=tuple(p for p in written if p not in known and p not in arrived),
            changed=tuple(p for p in written if p in known),
            moved=tuple(sorted(moved, key=itemgetter(1))),
            removed=tuple(sorted(gone.keys() - unreadable)),
            unchanged=tuple(sorted(unchanged)),
            warned=tuple(warned),
            failed=tuple(failed),
            embedded=self.embedded,
        )

    def _is_stale(
        self, source: Source, digests: Mapping[str, str], known: Mapping[str, Entry]
    ) -> bool:
        entry = known.get(source.path)
        form = format_of(source.path)
        return (
            entry is None
            or form is None
            or entry.document_id != document_id(source.path)  # older ids included the content
            or entry.digest != digests[source.path]
            or entry.parser != form.parser
            or entry.splitter != self.splitter
        )

    def _stamp(self, sources: Sequence[Source], started: int) -> None:
        """Store the stamps of files that cannot change any more without another stamp."""
        stored = self.writer.stamps()
        stamps = {
            source.path: file_stamp(source.state)
            for source in sources
            if is_settled(source.state, started)
        }
        self.writer.set_stamps({p: stamp for p, stamp in stamps.items() if stored.get(p) != stamp})

    def _old_path(self, path: str, digest: str) -> str | None:
        """Return the path without a file from which a file with this digest moved to `path`."""
        if path in self.known:
            return None
        return next((old for old in self.gone_paths.get(digest, ()) if old in self.gone), None)

    def _documents(
        self, stale: Sequence[Source], digests: Mapping[str, str]
    ) -> Iterator[tuple[Source, Document | ParsedFile | ParseError]]:
        """Yield first the moved documents that need not be parsed, then the parsed files."""
        others: list[Source] = []
        for source in stale:
            document = self._moved_document(source, digests[source.path])
            if document is None:
                others.append(source)
            else:
                yield source, document
        yield from parse_ahead(_parse, others)

    def _moved_document(self, source: Source, digest: str) -> Document | None:
        """Return the document of a moved file without parsing it, if that is possible."""
        old = self._old_path(source.path, digest)
        if old is None:
            return None
        modified = datetime.fromtimestamp(source.state.st_mtime, tz=UTC)
        return renamed(self.writer.document(self.known[old].document_id), source.path, modified)

    def _batches(
        self,
        documents: Iterable[tuple[Source, Document | ParsedFile | ParseError]],
        failed: list[Notice],
        warned: list[Notice],
    ) -> Iterator[list[_Parsed]]:
        """Yield split documents, in batches of about GROUP passages."""
        batch: list[_Parsed] = []
        waiting = 0
        for source, result in documents:
            if isinstance(result, ParseError):
                failed.append(Notice(result.path, result.reason))
                self._report(self.done + source.size, source.path)
                continue
            document, warnings, boxes = (
                (result, (), None) if isinstance(result, Document) else result
            )
            warned.extend(Notice(source.path, warning) for warning in warnings)
            passages = split(
                document,
                passage_tokens=self.passage_tokens,
                count_tokens=self.embedder.count_tokens,
            )
            batch.append(_Parsed(document, passages, boxes, source.size))
            waiting += len(passages)
            if waiting >= GROUP:
                yield batch
                batch, waiting = [], 0
        if batch:
            yield batch

    def _with_vectors(self, batch: Sequence[_Parsed]) -> Iterator[tuple[_Parsed, list[str]]]:
        """Yield each document with the keys of its vectors, which are stored by then."""
        inputs = [self.embedder.passage_inputs(_to_embed(parsed)) for parsed in batch]
        keys = [[self.embedder.key(text) for text in texts] for texts in inputs]
        texts = {
            key: text
            for row_keys, row_texts in zip(keys, inputs, strict=True)
            for key, text in zip(row_keys, row_texts, strict=True)
        }
        stored = self.writer.vectors(list(texts))
        missing = [key for key in texts if key not in stored]
        size = sum(parsed.size for parsed in batch)
        start = self.done
        if missing and not self.embedder.loaded:
            self._report(start, "loading the model")
        for first in range(0, len(missing), GROUP):
            group = missing[first : first + GROUP]
            with in_background():
                vectors = self.embedder.embed([texts[key] for key in group])
            self.writer.keep_vectors(group, np.asarray(vectors))
            self.embedded += len(group)
            done = start + size * (first + len(group)) // len(missing)
            self._report(done, batch[-1].document.path)
        yield from zip(batch, keys, strict=True)
        self._report(start + size, batch[-1].document.path)

    def _report(self, done: int, doing: str) -> None:
        self.done = min(done, self.total)
        if self.progress is not None:
            self.progress(SyncStep(self.done, self.total, doing))


def _digests(
    sources: Sequence[Source],
    known: Mapping[str, Entry],
    stamps: Mapping[str, str],
    failed: list[Notice],
) -> tuple[dict[str, str], int]:
    """Return the digest of each readable file by path, and how many files were hashed.

    The digest of a file with the stamp in `stamps` is that of its entry in `known`. Unreadable
    files are added to `failed`.
    """
    digests: dict[str, str] = {}
    hashed = 0
    for source in sources:
        if stamps.get(source.path) == file_stamp(source.state) and _is_readable(source.file):
            digests[source.path] = known[source.path].digest
            continue
        try:
            digests[source.path] = hash_file(source.file)
            hashed += 1
        except OSError as error:
            failed.append(Notice(source.path, f"cannot be read: {error.strerror}."))
    return digests, hashed


def _is_readable(file: Path) -> bool:
    effective = os.access in os.supports_effective_ids  # the effective user, not the real one
    return os.access(file, os.R_OK, effective_ids=effective)


def _to_embed(parsed: _Parsed) -> list[Passage]:
    """Return the passages as the embedder reads them.

    Their texts are reading views, with the names of columns in tables. Their headings lack the
    words of the file name: a copy or a renamed file then has the same vectors. Word search still
    finds the file name.
    """
    document = parsed.document
    layout = Layout(document.marks)
    title = document.title if document.title == title_from(document.path) else ""
    name = find_name_words(document)
    return [
        replace(
            passage,
            text=layout.build_view(document.text, passage.start, passage.end).text,
            heading=str(HeadingPath.parse(passage.heading).above(name).below(title)),
        )
        for passage in parsed.passages
    ]


def _parse(source: Source) -> ParsedFile | ParseError:
    """Return the parsed file, or the error if it cannot be parsed."""
    try:
        return parse_file(source.file, source.path)
    except ParseError as error:
        return error
