"""Read and write the embedded store within one connection to its catalog.

Input: a store and a catalog. Output: the snapshots and the transactions of the interface in
scoqa.store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import IndexMismatchError
from scoqa.stamps import file_stamp
from scoqa.store import Counts, Entry, Match, Where, schema
from scoqa.store.catalog import Catalog
from scoqa.store.catalog_writer import CatalogWriter
from scoqa.store.reuse import copy_vectors
from scoqa.store.vector_index import is_large
from scoqa.store.vectors import VectorCache
from scoqa.types import SCORE_PLACES, Document, Mark, Notice, Passage

if TYPE_CHECKING:
    from scoqa.store.local import LocalStore

Vectors = NDArray[np.float32]

# Passages between writes of the vector cache during a sync: some 30 MB at 384 dimensions.
SAVE_EVERY = 20_000
# A write also waits until this share of the cache has changed since the last write, so that all
# writes of a first sync together are three times the last one.
SAVE_SHARE = 0.5


class LocalView:
    """A read-only snapshot of a local store; see `View` in `scoqa.store`."""

    def __init__(self, store: LocalStore, catalog: Catalog) -> None:
        self.store = store
        self.catalog = catalog

    @property
    def generation(self) -> int:
        return int(self.catalog.meta("generation", "0"))

    @property
    def identity(self) -> str:
        return self.catalog.meta("identity")

    def check(self) -> None:
        """Raise IndexMismatchError if the tables have another schema version."""
        version = self.catalog.meta("schema")
        if version != schema.SCHEMA_VERSION:
            raise IndexMismatchError(
                f"The index in {self.store.folder} has schema {version or 'unknown'}, but this "
                f"version of scoqa reads schema {schema.SCHEMA_VERSION}. Rebuild it with: "
                f"{self.store.command} --rebuild"
            )

    def counts(self) -> Counts:
        return self.catalog.counts()

    def is_empty(self) -> bool:
        return self.catalog.is_empty()

    def settings(self) -> Mapping[str, str]:
        return self.catalog.settings()

    def digests(self) -> Mapping[str, Entry]:
        return self.catalog.digests()

    def collections(self) -> tuple[str, ...]:
        return self.catalog.collections()

    def document(self, document_id: str) -> Document:
        return self.catalog.document(document_id)

    def text(self, document_id: str) -> str:
        return self.catalog.text(document_id)

    def layout(self, document_id: str) -> tuple[Mark, ...]:
        return self.catalog.layout(document_id)

    def document_of(self, text_digest: str) -> Document:
        return self.catalog.document_of(text_digest)

    def boxes(self, document_id: str, page: int) -> bytes:
        return self.catalog.boxes(document_id, page)

    def failed(self) -> tuple[Notice, ...]:
        return tuple(Notice(*notice) for notice in json.loads(self.catalog.meta("failed", "[]")))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        rows = self.catalog.find_rows(ids)
        passages = self.catalog.passages(list(rows.values()))
        return [passages[rows[passage_id]][1] for passage_id in ids]

    def passages_of(self, document_id: str) -> list[Passage]:
        return self.catalog.passages_of(document_id)

    def search_words(self, terms: Sequence[str], k: int, where: Where = Where()) -> list[Match]:
        return self._best(lambda limit: self.catalog.search_words(terms, limit, where), k)

    def search_vectors(self, vector: Vectors, k: int, where: Where = Where()) -> list[Match]:
        index = self.store.vectors.index_for(self)
        listed = self.catalog.allowed_rows(where)
        allowed = None if listed is None else np.asarray(listed, dtype=np.int64)
        query = np.asarray(vector, dtype=np.float32)
        return self._best(lambda limit: index.search(query, limit, allowed), k)

    def vectors(self, keys: Sequence[str]) -> Mapping[str, Vectors]:
        return self.catalog.vectors(keys)

    def saved_cache(self) -> tuple[VectorCache, int] | None:
        """Return the vector cache on disk, and the generation whose passages it contains.

        Returns None if it is missing or damaged.
        """
        name, _, sha256 = self.catalog.meta("cache").partition(" ")
        cache = VectorCache.read(self.store.folder / name, sha256) if name else None
        return None if cache is None else (cache, int(Path(name).stem.removeprefix("vectors-")))

    def _best(self, search: Callable[[int], list[tuple[int, float]]], k: int) -> list[Match]:
        """Return the k best matches and all that tie with the k-th; ties by path, then start.

        search: takes a limit, and returns at most that many (row, score), best first.
        """
        limit = k + 16
        while True:
            # Rounded, so that scores that differ only by the order of summation tie.
            scored = [(row, round(score, SCORE_PLACES)) for row, score in search(limit)]
            if len(scored) < limit or scored[-1][1] < scored[k - 1][1]:
                break
            limit *= 2
        if len(scored) > k:
            least = scored[k - 1][1]
            scored = [(row, score) for row, score in scored if score >= least]
        passages = self.catalog.passages([row for row, _ in scored])
        matches = [
            Match(passage, path, score)
            for (path, passage), score in ((passages[row], score) for row, score in scored)
        ]
        return sorted(matches, key=lambda match: (-match.score, match.path, match.passage.start))


class LocalWriter(LocalView):
    """The writer of a local store; each call is one transaction."""

    catalog: CatalogWriter

    def __init__(self, store: LocalStore, catalog: CatalogWriter) -> None:
        super().__init__(store, catalog)
        self._unsaved = 0  # passages put since `save` was called last
        # Vector rows up to this one were all in use when this writer, or its last `save`, began;
        # None: not looked up yet.
        self._in_use_until: int | None = None
        self._replaced: list[int] = []  # vector rows of documents that were replaced since

    def configure(self, settings: Mapping[str, str]) -> None:
        if settings.items() <= self.catalog.settings().items():
            return
        with self._transaction(changes_documents=False):
            for key, value in settings.items():
                self.catalog.set_meta(f"settings.{key}", value)

    def keep_vectors(self, keys: Sequence[str], vectors: Vectors) -> None:
        self._look_up_vectors()
        with self._transaction(changes_documents=False):
            self.catalog.keep_vectors(keys, vectors)
            self.catalog.count_embedded(len(keys))

    def copy_vectors(self, old: Catalog) -> None:
        """Copy the sound vectors of another catalog in one transaction."""
        self._look_up_vectors()
        with self._transaction(changes_documents=False):
            copy_vectors(old, self.catalog)

    def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        keys: Sequence[str],
        *,
        splitter: str,
        boxes: Sequence[bytes] | None = (),
        replaces: str | None = None,
    ) -> None:
        self._look_up_vectors()
        with self._transaction():
            replaced = {replaces, self._document_at(document.path)} - {None}
            # Their vectors stay until `save`: this text, or a later one, may share them.
            old_contents: list[int] = []
            for document_id in sorted(map(str, replaced)):
                contents, vectors = self.catalog.remove(document_id)
                old_contents += contents
                self._replaced += vectors
            if boxes is not None:  # else the text and the boxes of the replaced document are used
                self.catalog.drop_content_if_unused(old_contents)
            self.catalog.put(document, passages, keys, splitter, self.generation + 1)
            self.catalog.put_boxes(document, boxes or ())
            self.catalog.drop_content_if_unused(old_contents)
        self._unsaved += len(passages)
        if self._unsaved >= SAVE_EVERY:
            self.save(finished=False)

    def _document_at(self, path: str) -> str | None:
        query = "SELECT public_id FROM documents WHERE path = ?"
        row = self.catalog.connection.execute(query, (path,)).fetchone()
        return None if row is None else str(row[0])

    def drop(self, document_id: str) -> None:
        known = self._look_up_vectors()
        with self._transaction():
            contents, vectors = self.catalog.remove(document_id)
            self.catalog.drop_content_if_unused(contents)
            self.catalog.drop_vectors_if_unused(vectors)
        # The row numbers of the last vectors may be used again.
        self._in_use_until = min(known, self.catalog.last_vector())

    def stamps(self) -> Mapping[str, str]:
        return self.catalog.stamps()

    def set_stamps(self, stamps: Mapping[str, str]) -> None:
        if stamps:
            with self._transaction(changes_documents=False):
                self.catalog.set_stamps(stamps)

    def note_failed(self, notices: Sequence[Notice]) -> None:
        if tuple(notices) == self.failed():
            return
        with self._transaction(changes_documents=False):
            record = [[notice.path, notice.reason] for notice in notices]
            self.catalog.set_meta("failed", json.dumps(record))

    def save(self, *, finished: bool, check: bool = False) -> None:
        if finished:
            self._drop_unused_vectors()
        self._unsaved = 0
        name, _, _ = self.catalog.meta("cache").partition(" ")
        due = self._is_due(name, finished=finished, check=check)
        if not due and self._is_sound(self.store.folder / name, check=check):
            return
        index = self.store.vectors.merge_for(self)
        name = f"vectors-{index.generation}.faiss"
        file = self.store.folder / name
        sha256 = index.base.write(file)
        with self._transaction(changes_documents=False):
            self.catalog.set_meta("cache", f"{name} {sha256}")
            self.catalog.set_meta("cache_stamp", file_stamp(file.stat()))
            self.catalog.set_meta("cache_rows", f"{name} {len(index.base.rows)} {index.base.last}")
        for other in self.store.folder.glob("vectors-*"):
            if other.name != name:
                other.unlink(missing_ok=True)

    def _is_due(self, name: str, *, finished: bool, check: bool) -> bool:
        """Return whether too many passages have changed since the cache `name` was written.

        They are only counted, so that a sync of few changes does not load the cache.
        """
        of, _, numbers = self.catalog.meta("cache_rows").partition(" ")
        if not name or of != name:  # never written, or by an earlier version
            return True
        saved, last = map(int, numbers.split())
        added = self.catalog.count_passage_rows(last + 1)
        changed = added + saved - (self.counts().passages - added)
        if check:
            return changed > 0
        return (
            is_large(changed, saved) if finished else changed >= max(SAVE_EVERY, SAVE_SHARE * saved)
        )

    def _drop_unused_vectors(self) -> None:
        """Delete unused vectors, unless no document or vector was stored since the last time."""
        if self.catalog.meta("unused_dropped") == self._vectors_state():
            return
        known = self._look_up_vectors()
        with self._transaction(changes_documents=False):
            self.catalog.drop_vectors_if_unused(self._replaced)
            self.catalog.drop_unused_vectors(after=known)
            self.catalog.set_meta("unused_dropped", self._vectors_state())
        self._in_use_until, self._replaced = self.catalog.last_vector(), []

    def _vectors_state(self) -> str:
        """Return a value that changes whenever a document or a vector is stored."""
        return f"{self.generation} {self.catalog.meta('embedded')}"

    def _look_up_vectors(self) -> int:
        """Return the row up to which all vectors were in use when this writer began.

        It is 0, so that all vectors are looked at, if an earlier writer ended before `save`.
        """
        if self._in_use_until is None:
            complete = self.catalog.meta("unused_dropped") == self._vectors_state()
            self._in_use_until = self.catalog.last_vector() if complete else 0
        return self._in_use_until

    def _is_sound(self, file: Path, *, check: bool) -> bool:
        """Return whether `file` is the vector cache as it was written.

        It is read only if `check`, or if its stamp is another than after the last write.
        """
        try:
            stamp = file_stamp(file.stat())
        except OSError:
            return False
        same_stamp = stamp == self.catalog.meta("cache_stamp")
        if same_stamp and not check:
            return True
        if self.saved_cache() is None:
            return False
        if not same_stamp:
            with self._transaction(changes_documents=False):
                self.catalog.set_meta("cache_stamp", stamp)
        return True

    @contextmanager
    def _transaction(self, *, changes_documents: bool = True) -> Iterator[None]:
        run = self.catalog.connection.execute
        run("BEGIN IMMEDIATE")
        try:
            yield
            if changes_documents:
                self.catalog.set_meta("generation", str(self.generation + 1))
            run("COMMIT")
        except BaseException:
            if self.catalog.connection.in_transaction:  # a full disk has already rolled it back
                run("ROLLBACK")
            raise
