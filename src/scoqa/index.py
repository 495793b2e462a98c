"""Bring an index up to date with a folder: the ingest path.

Receives a folder of documents and a store; hands on a SyncReport. Text, vectors and words of a
document enter or leave in one transaction; vectors are kept as soon as they are computed, so a
sync that was cut off goes on where it was.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue

import numpy as np

from scoqa.embed import SPECIAL_TOKENS, Embedder
from scoqa.errors import (
    ConfigError,
    IndexMismatchError,
    IndexNotFoundError,
    ParseError,
    WorkspaceError,
)
from scoqa.normalization import TERMS_VERSION
from scoqa.parse import ParsedFile, document_id, format_of, hash_file, parse_file, title_from
from scoqa.parse.folder import Source, scan
from scoqa.split import split, splitter_fingerprint
from scoqa.store import Entry, Store, StoreWriter, View
from scoqa.types import Document, Notice, Passage, SyncReport

# Passages embedded before their vectors are kept: what a kill can cost, about two seconds.
GROUP = 64
# Files that are read while the one before is embedded: one process reads a file many times as fast
# as it is embedded, two keep going while one of them meets a slow file. Bounds memory, too.
AHEAD = 2


@dataclass(frozen=True, slots=True)
class SyncStep:
    """Where a sync is: bytes of the files that have to be read, and what it is at."""

    done: int
    total: int
    doing: str  # a path, or "loading the model"


SyncProgress = Callable[[SyncStep], None]


def index_settings(embedder: Embedder, passage_tokens: int) -> dict[str, str]:
    """Return what an index is built with; see `check_embedder`."""
    return {
        "embedder": embedder.fingerprint,
        "passages": f"{splitter_fingerprint(passage_tokens)}, terms {TERMS_VERSION}",
    }


def check_embedder(view: View, embedder: Embedder, command: str) -> None:
    """Raise IndexMismatchError when the index was built with another embedder."""
    found = view.settings().get("embedder", embedder.fingerprint)
    if found != embedder.fingerprint:
        raise IndexMismatchError(
            f"The index was built with the embedder {found}, the settings say "
            f"{embedder.fingerprint}. Set it back, or build the index anew with: "
            f"{command} --rebuild"
        )


def check_settings(view: View, embedder: Embedder, passage_tokens: int, command: str) -> None:
    """Raise unless the index is as a finished sync with these settings leaves it.

    IndexNotFoundError before the first sync has ended, else IndexMismatchError. command: what
    brings the index up to date, for the hint.
    """
    check_embedder(view, embedder, command)
    wanted = index_settings(embedder, passage_tokens)["passages"]
    found = view.settings().get("passages")
    if found is None:
        raise IndexNotFoundError(
            "The index is not finished: it is being built, or that was cut off. Wait for it, or "
            f"go on with: {command}"
        )
    if found != wanted:
        raise IndexMismatchError(
            f"The passages of the index were made with {found}, the settings say {wanted}. Bring "
            f"the index up to date with: {command}"
        )


def sync(
    store: Store,
    documents: Path,
    embedder: Embedder,
    *,
    passage_tokens: int,
    exclude: Sequence[str] = (),
    index: Path | None = None,
    progress: SyncProgress | None = None,
) -> SyncReport:
    """Bring `store` up to date with the files under `documents`; return what was done.

    A file that cannot be read costs itself alone: it stands under `failed`, and what the index
    held of it leaves, because it can no longer be checked.
    Raises WorkspaceError, IndexLockedError, IndexMismatchError, IndexDamagedError.
    """
    sources, ignored, failed = scan(documents, exclude=exclude, index=index)
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
        held = writer.counts().documents
        if held and not sources:
            raise WorkspaceError(
                f"There are no documents in {documents} now, and {held} in the index: nothing was "
                "removed. Is the folder mounted, and the right one? If they are gone for good: "
                f"{store.command} --rebuild"
            )
        writer.configure({"embedder": settings["embedder"]})
        report = SyncReport(ignored=ignored, failed=tuple(failed))
        report = _Sync(writer, embedder, passage_tokens, settings["passages"], progress).run(
            sources, report
        )
        writer.configure(settings)  # only now: until here some documents were made otherwise
        writer.note_failed(report.failed)
        writer.save(finished=True)
        return replace(report, passages=writer.counts().passages)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A document on its way into the store."""

    document: Document
    passages: list[Passage]
    boxes: tuple[bytes, ...]
    size: int


class _Sync:
    """One run of `sync`: what it has to do, and the passages on their way to the embedder."""

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
        self.done = 0
        self.total = 0
        self.embedded = 0

    def run(self, sources: Sequence[Source], report: SyncReport) -> SyncReport:
        known = self.writer.digests()
        digests: dict[str, str] = {}
        failed = list(report.failed)
        for source in sources:
            try:
                digests[source.path] = hash_file(source.file)
            except OSError as error:
                failed.append(Notice(source.path, f"cannot be read: {error.strerror}."))
        stale = [s for s in sources if s.path in digests and self._is_stale(s, digests, known)]
        gone = {path: entry for path, entry in known.items() if path not in digests}
        self.total = sum(source.size for source in stale)

        moved: list[tuple[str, str]] = []
        warned: list[Notice] = []
        written: list[str] = []
        for batch in self._batches(stale, failed, warned):
            for parsed, keys in self._with_vectors(batch):
                document = parsed.document
                old = _moved_from(document, known, gone)
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
        arrived = {new for _, new in moved}
        return replace(
            report,
            added=tuple(p for p in written if p not in known and p not in arrived),
            changed=tuple(p for p in written if p in known),
            moved=tuple(moved),
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
            or entry.document_id != document_id(source.path)  # ids once stood for content too
            or entry.digest != digests[source.path]
            or entry.parser != form.parser
            or entry.splitter != self.splitter
        )

    def _batches(
        self, stale: Sequence[Source], failed: list[Notice], warned: list[Notice]
    ) -> Iterator[list[_Parsed]]:
        """Yield parsed and split documents, in batches that hold about GROUP passages."""
        batch: list[_Parsed] = []
        waiting = 0
        for source, found in _ahead(_parse, stale):
            if isinstance(found, ParseError):
                failed.append(Notice(found.path, found.reason))
                self._step(source.size, source.path)
                continue
            document, warnings, boxes = found
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
        """Yield the batch with the keys of its vectors, all of which are kept by then."""
        inputs = [self.embedder.passage_inputs(_nameless(each)) for each in batch]
        keys = [[self.embedder.key(text) for text in texts] for texts in inputs]
        texts = {
            key: text
            for row_keys, row_texts in zip(keys, inputs, strict=True)
            for key, text in zip(row_keys, row_texts, strict=True)
        }
        held = self.writer.vectors(list(texts))
        missing = [key for key in texts if key not in held]
        size = sum(each.size for each in batch)
        start = self.done
        if missing and not self.embedder.loaded:
            self._at(start, "loading the model")
        for first in range(0, len(missing), GROUP):
            group = missing[first : first + GROUP]
            vectors = self.embedder.embed([texts[key] for key in group])
            self.writer.keep(group, np.asarray(vectors))
            self.embedded += len(group)
            self._at(start + size * (first + len(group)) // len(missing), batch[-1].document.path)
        yield from zip(batch, keys, strict=True)
        self._at(start + size, batch[-1].document.path)

    def _step(self, size: int, path: str) -> None:
        self._at(self.done + size, path)

    def _at(self, done: int, doing: str) -> None:
        self.done = min(done, self.total)
        if self.progress is not None:
            self.progress(SyncStep(self.done, self.total, doing))


def _nameless(parsed: _Parsed) -> list[Passage]:
    """Return the passages as they are embedded: under no title that is only the file's name.

    So that a copy, or a file that was renamed, has the same vectors. Words find it by its name.
    """
    title = parsed.document.title
    if title != title_from(parsed.document.path):
        return parsed.passages
    return [
        replace(each, heading=each.heading.removeprefix(title).removeprefix(" > "))
        for each in parsed.passages
    ]


def _parse(source: Source) -> ParsedFile | ParseError:
    """Return what is in the file, or why it cannot be read."""
    try:
        return parse_file(source.file, source.path)
    except ParseError as error:
        return error


def _ahead(
    work: Callable[[Source], ParsedFile | ParseError], sources: Iterable[Source]
) -> Iterator[tuple[Source, ParsedFile | ParseError]]:
    """Yield each source with what `work` makes of it, in order.

    The next AHEAD are worked on meanwhile, in threads that nobody waits for at the end.
    """
    waiting: deque[tuple[Source, Queue[ParsedFile | ParseError | BaseException]]] = deque()

    def begin(source: Source) -> None:
        result: Queue[ParsedFile | ParseError | BaseException] = Queue(1)

        def run() -> None:
            try:
                result.put(work(source))
            except BaseException as error:  # raised again where it is waited for
                result.put(error)

        waiting.append((source, result))
        threading.Thread(target=run, name="scoqa-parse", daemon=True).start()

    def first() -> tuple[Source, ParsedFile | ParseError]:
        source, result = waiting.popleft()
        found = result.get()
        if isinstance(found, BaseException) and not isinstance(found, ParseError):
            raise found
        return source, found

    for source in sources:
        begin(source)
        if len(waiting) > AHEAD:
            yield first()
    while waiting:
        yield first()


def _moved_from(
    document: Document, known: Mapping[str, Entry], gone: Mapping[str, Entry]
) -> str | None:
    """Return the path that `document`'s content had before it went from there, if it did."""
    if document.path in known:
        return None
    return next((path for path, entry in gone.items() if entry.digest == document.digest), None)
