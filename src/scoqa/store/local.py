"""The embedded store: one folder, SQLite as the truth and FAISS as its cache.

Receives what the contract names; hands on views, each holding one read transaction, and one
writer at a time, guarded by an operating-system lock that death frees.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    ScoqaError,
    WorkspaceError,
)
from scoqa.store import Counts, Entry, Matches, Where, schema
from scoqa.store.catalog import Catalog
from scoqa.store.lock import describe_holder, hold_lock, is_writable
from scoqa.store.vectors import VectorCache
from scoqa.types import SCORE_PLACES, Document, Notice, Passage

Vectors = NDArray[np.float32]

CATALOG = "catalog.sqlite"
ASIDE = "set-aside"
SAVE_EVERY = 20_000  # passages between writes of the vector cache: some 30 MB at 384 dimensions
SAVE_SHARE = 0.5  # of those written last, at least: all writes together are thrice the last one
WRITER_PAGES_KB = 64 * 1024  # of the catalog kept in memory: its keys are hashes, found anywhere
LOG_PAGES = 8000  # of 4 KB; pages that change again until then are written once
CHECKPOINT_MILLISECONDS = 500  # how long the end of a write waits for readers
BUSY_SECONDS = 30.0  # how long SQLite waits for another connection's short lock


class LocalStore:
    """An index in a folder. Safe to share between threads."""

    def __init__(self, folder: Path, command: str) -> None:
        """command: what brings this index up to date, for the hints in errors."""
        self.folder = folder
        self.command = command
        self._rebuild = f"Rebuild it with: {command} --rebuild"
        self._guard = threading.Lock()
        self._cache: VectorCache | None = None
        self._cache_of: tuple[str, int] = ("", -1)  # identity of the catalog, generation

    @property
    def writable(self) -> bool:
        """Whether an index can be written here (or the folder for it be made)."""
        return is_writable(self.folder)

    def exists(self) -> bool:
        return os.path.isfile(self.folder / CATALOG)  # noqa: PTH113  # False where none may look

    @contextmanager
    def view(self) -> Iterator[LocalView]:
        if not self.exists():
            raise IndexNotFoundError(
                f"There is no index in {self.folder}. Build it with: {self.command}"
            )
        with self._reported():
            connection = self._connect_to_read()
            try:
                view = LocalView(self, Catalog(connection))
                connection.execute("BEGIN")
                view.check()  # the first read: the transaction sees this moment from now on
                yield view
            finally:
                connection.close()

    @contextmanager
    def writer(self) -> Iterator[LocalWriter]:
        with hold_lock(self.folder), self._reported():
            connection = self._connect_to_write()
            try:
                writer = LocalWriter(self, Catalog(connection))
                writer.check()
                schema.complete(connection)
                yield writer
            finally:
                # One file when nobody writes: it can be read from a read-only folder. A reader
                # in the middle of an ask may hold that up; then the next writer does it.
                connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS}")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()

    def set_aside(self) -> None:
        """Move every file of the index into a new folder `set-aside-N`.

        Raises IndexLockedError while another process writes: its files stay where they are.
        """
        with hold_lock(self.folder):
            if not self._files():
                return
            taken = {each.name for each in self.folder.glob(f"{ASIDE}-*")}
            number = next(n for n in itertools.count(1) if f"{ASIDE}-{n}" not in taken)
            aside = self.folder / f"{ASIDE}-{number}"
            aside.mkdir()
            for file in self._files():
                file.replace(aside / file.name)
        with self._guard:
            self._cache, self._cache_of = None, ("", -1)

    def problems(self) -> list[str]:
        if not self.exists():
            return [f"There is no index in {self.folder}. Build it with: {self.command}"]
        try:
            with self.view() as view:
                found = view.catalog.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    return [f"{self.folder / CATALOG} is damaged ({found}). {self._rebuild}"]
                if view.counts().passages and view.saved_cache() is None:
                    return [
                        f"The vector cache in {self.folder} is missing or damaged. It is rebuilt "
                        f"from the catalog at each start; this writes it anew: {self.command}"
                    ]
        except ScoqaError as error:
            return [str(error)]
        return []

    # -- inside --------------------------------------------------------------------------------

    def _files(self) -> list[Path]:
        return [*self.folder.glob(f"{CATALOG}*"), *self.folder.glob("vectors-*")]

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Turn SQLite's word for damage into ours, naming the file and the way out."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise IndexLockedError(describe_holder(self.folder)) from error
            if name.startswith(("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
                raise WorkspaceError(
                    f"The index in {self.folder} cannot be used: {error}. Make room or allow "
                    "access there, or choose another place with --index DIR."
                ) from error
            damaged = type(error) is sqlite3.DatabaseError or "malformed" in str(error)
            if not damaged and not isinstance(error, sqlite3.OperationalError):
                raise
            raise IndexDamagedError(
                f"{self.folder / CATALOG} cannot be read as an index ({error}). Your documents "
                f"are not touched. {self._rebuild}"
            ) from error

    def _connect_to_read(self) -> sqlite3.Connection:
        file = self.folder / CATALOG
        uri = file.absolute().as_uri() + "?mode=ro"
        connection = self._connect(uri)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:
            connection.close()
            log = file.with_name(f"{CATALOG}-wal")
            if self.writable or (log.is_file() and log.stat().st_size):
                raise  # what is in the log is part of the index: never answer without it
            # A reader of a WAL catalog makes a file beside it. Where it may not, and no log is
            # left to read, the catalog alone is the whole index.
            return self._connect(uri + "&immutable=1")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_to_write(self) -> sqlite3.Connection:
        new = not self.exists()
        connection = self._connect((self.folder / CATALOG).absolute().as_uri() + "?mode=rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{WRITER_PAGES_KB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            if new or not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                schema.create(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, uri: str) -> sqlite3.Connection:
        # Transactions are ours (isolation_level None); a view may move between threads, but
        # only one at a time uses it.
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )

    def cache_for(self, view: LocalView) -> VectorCache:
        """Return the vector cache that holds exactly the passages `view` sees."""
        identity, generation = view.identity, view.generation
        with self._guard:
            if self._cache is not None and self._cache_of == (identity, generation):
                return self._cache
            base = self._cache if self._cache_of[0] == identity else None
            if base is None:
                base = view.saved_cache() or VectorCache.empty(view.catalog.dimension())
            rows = view.catalog.passage_rows()
            added = sorted(rows - base.rows)
            removed = sorted(base.rows - rows)
            if added or removed:
                if not base.rows:
                    base = VectorCache.empty(view.catalog.dimension())
                by_row = dict(view.catalog.vectors_of_rows(added))
                vectors = np.array([by_row[row] for row in added], dtype=np.float32)
                base = base.updated(removed=removed, added=added, vectors=vectors)
            if self._cache_of[0] != identity or generation > self._cache_of[1]:
                self._cache, self._cache_of = base, (identity, generation)
            return base


class LocalView:
    """One look at a local store; see the contract in `scoqa.store`."""

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
        """Raise IndexMismatchError when the tables are of another version of scoqa."""
        found = self.catalog.meta("schema")
        if found != schema.SCHEMA_VERSION:
            raise IndexMismatchError(
                f"The index in {self.store.folder} has schema {found or 'unknown'}, this version "
                f"of scoqa reads schema {schema.SCHEMA_VERSION}. Rebuild it with: "
                f"{self.store.command} --rebuild"
            )

    def counts(self) -> Counts:
        return self.catalog.counts()

    def settings(self) -> Mapping[str, str]:
        return self.catalog.settings()

    def digests(self) -> Mapping[str, Entry]:
        return self.catalog.digests()

    def collections(self) -> tuple[str, ...]:
        return self.catalog.collections()

    def document(self, document_id: str) -> Document:
        return self.catalog.document(document_id)

    def document_of(self, text_digest: str) -> Document:
        return self.catalog.document_of(text_digest)

    def boxes(self, document_id: str, page: int) -> bytes:
        return self.catalog.boxes(document_id, page)

    def failed(self) -> tuple[Notice, ...]:
        return tuple(Notice(*each) for each in json.loads(self.catalog.meta("failed", "[]")))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        rows = self.catalog.rows_of(ids)
        found = self.catalog.passages(list(rows.values()))
        return [found[rows[each]][1] for each in ids]

    def passages_of(self, document_id: str) -> list[Passage]:
        return self.catalog.passages_of(document_id)

    def search_words(self, terms: Sequence[str], k: int, where: Where = Where()) -> Matches:
        return self._best(lambda most: self.catalog.search_words(terms, most, where), k)

    def search_vectors(self, vector: Vectors, k: int, where: Where = Where()) -> Matches:
        cache = self.store.cache_for(self)
        allowed = self.catalog.allowed(where)
        query = np.asarray(vector, dtype=np.float32)
        return self._best(lambda most: cache.search(query, most, allowed), k)

    def vectors(self, keys: Sequence[str]) -> Mapping[str, Vectors]:
        return self.catalog.vectors(keys)

    def saved_cache(self) -> VectorCache | None:
        """Return the vector cache on disk, if it is there and as it was written."""
        name, _, sha256 = self.catalog.meta("cache").partition(" ")
        return VectorCache.read(self.store.folder / name, sha256) if name else None

    def _best(self, search: Any, k: int) -> Matches:
        """Return the k best and all that tie with the k-th, ties by path, then start."""
        most = k + 16
        while True:
            # Rounded, so that what is equal but for the order of summation ties.
            found = [(row, round(score, SCORE_PLACES)) for row, score in search(most)]
            if len(found) < most or found[-1][1] < found[k - 1][1]:
                break
            most *= 2
        if len(found) > k:
            found = [each for each in found if each[1] >= found[k - 1][1]]
        passages = self.catalog.passages([row for row, _ in found])
        found.sort(key=lambda each: (-each[1], passages[each[0]][0], passages[each[0]][1].start))
        return [(passages[row][1], score) for row, score in found]


class LocalWriter(LocalView):
    """The one who changes a local store; each call is one transaction."""

    def __init__(self, store: LocalStore, catalog: Catalog) -> None:
        super().__init__(store, catalog)
        self._unsaved = 0
        self._saved = 0  # passages in the vector cache written last

    def configure(self, settings: Mapping[str, str]) -> None:
        with self._transaction(changes_documents=False):
            for key, value in settings.items():
                self.catalog.set_meta(f"settings.{key}", value)

    def keep(self, keys: Sequence[str], vectors: Vectors) -> None:
        with self._transaction(changes_documents=False):
            self.catalog.keep(keys, vectors)

    def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        keys: Sequence[str],
        *,
        splitter: str,
        boxes: Sequence[bytes] = (),
        replaces: str | None = None,
    ) -> None:
        with self._transaction():
            leaving = {replaces, self._document_at(document.path)} - {None}
            # Their vectors stay until `save`: this text, or one put later, may share them.
            for each in sorted(map(str, leaving)):
                self.catalog.remove(each)
            self.catalog.put(document, passages, keys, splitter, self.generation + 1)
            self.catalog.put_boxes(document, boxes)
        self._unsaved += len(passages)
        if self._unsaved >= max(SAVE_EVERY, SAVE_SHARE * self._saved):
            self.save(finished=False)

    def _document_at(self, path: str) -> str | None:
        query = "SELECT public_id FROM documents WHERE path = ?"
        row = self.catalog.connection.execute(query, (path,)).fetchone()
        return None if row is None else str(row[0])

    def drop(self, document_id: str) -> None:
        with self._transaction():
            self.catalog.forget(self.catalog.remove(document_id))

    def note_failed(self, notices: Sequence[Notice]) -> None:
        with self._transaction(changes_documents=False):
            record = [[each.path, each.reason] for each in notices]
            self.catalog.set_meta("failed", json.dumps(record))

    def save(self, *, finished: bool) -> None:
        if finished:
            with self._transaction(changes_documents=False):
                self.catalog.drop_unused_vectors()
        self._unsaved = 0
        name = f"vectors-{self.generation}.faiss"
        old, _, _ = self.catalog.meta("cache").partition(" ")
        if old == name and self.saved_cache() is not None:
            return
        cache = self.store.cache_for(self)
        self._saved = len(cache.rows)
        sha256 = cache.write(self.store.folder / name)
        with self._transaction(changes_documents=False):
            self.catalog.set_meta("cache", f"{name} {sha256}")
        for file in self.store.folder.glob("vectors-*"):
            if file.name != name:
                file.unlink(missing_ok=True)

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
            if self.catalog.connection.in_transaction:  # a full disk ends it by itself
                run("ROLLBACK")
            raise
