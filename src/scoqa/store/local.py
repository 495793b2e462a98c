"""The embedded store: a folder with a SQLite catalog, and a FAISS index as its vector cache.

Implements the interface in scoqa.store. Each view holds one read transaction. There is one writer
at a time, guarded by an operating-system lock that is released if its process dies.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoqa.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    ScoqaError,
    WorkspaceError,
)
from scoqa.store import schema
from scoqa.store.catalog import Catalog
from scoqa.store.catalog_writer import CatalogWriter
from scoqa.store.connection import close_after_writing, open_to_read, open_to_write
from scoqa.store.local_view import LocalView, LocalWriter
from scoqa.store.lock import describe_holder, hold_lock, is_writable
from scoqa.store.vector_index import VectorState

CATALOG = "catalog.sqlite"
ASIDE = "set-aside"


class LocalStore:
    """An index in a folder. Safe to share between threads."""

    def __init__(self, folder: Path, command: str) -> None:
        """command: the command that updates this index, for hints in errors."""
        self.folder = folder
        self.command = command
        self._rebuild = f"Rebuild it with: {command} --rebuild"
        self.vectors = VectorState()

    @property
    def writable(self) -> bool:
        """Return whether an index can be written here, creating its folder if necessary."""
        return is_writable(self.folder)

    def exists(self) -> bool:
        return os.path.isfile(self.folder / CATALOG)  # noqa: PTH113  # False if not accessible

    @contextmanager
    def view(self) -> Iterator[LocalView]:
        if not self.exists():
            raise IndexNotFoundError(
                f"There is no index in {self.folder}. Build it with: {self.command}"
            )
        with self._translate_errors():
            connection = open_to_read(self.folder / CATALOG, writable=self.writable)
            try:
                view = LocalView(self, Catalog(connection))
                connection.execute("BEGIN")
                view.check()  # the first read fixes the state that the transaction sees
                yield view
            finally:
                connection.close()

    @contextmanager
    def writer(self) -> Iterator[LocalWriter]:
        with hold_lock(self.folder), self._translate_errors():
            connection = open_to_write(self.folder / CATALOG)
            try:
                writer = LocalWriter(self, CatalogWriter(connection))
                writer.check()
                schema.add_optional_tables(connection)
                yield writer
            finally:
                close_after_writing(connection)

    def set_aside(self, *, embedder: str = "") -> None:
        """Move every file of the index into a new folder `set-aside-N`; see `Store`.

        Raises IndexLockedError, and moves nothing, while another process is writing.
        """
        with hold_lock(self.folder):
            if not self._files():
                return
            taken = {folder.name for folder in self.folder.glob(f"{ASIDE}-*")}
            number = next(n for n in itertools.count(1) if f"{ASIDE}-{n}" not in taken)
            aside = self.folder / f"{ASIDE}-{number}"
            aside.mkdir()
            for file in self._files():
                file.replace(aside / file.name)
        self.vectors.forget()
        if embedder:
            self._copy_vectors(LocalStore(aside, self.command), embedder)

    def _copy_vectors(self, old: LocalStore, embedder: str) -> None:
        """Copy the vectors of `old` to this index, if `old` is intact and has that embedder."""
        try:
            with old.view() as view:
                if view.settings().get("embedder") != embedder or view.catalog.find_damage():
                    return
                with self.writer() as writer:
                    writer.copy_vectors(view.catalog)
        except (IndexDamagedError, IndexMismatchError, IndexNotFoundError):
            return  # its texts are embedded again, as without an old index

    def problems(self) -> list[str]:
        if not self.exists():
            return [f"There is no index in {self.folder}. Build it with: {self.command}"]
        try:
            with self.view() as view:
                damage = view.catalog.find_damage()
                if damage:
                    return [f"{self.folder / CATALOG} is damaged ({damage}). {self._rebuild}"]
                if view.counts().passages and view.saved_cache() is None:
                    return [
                        f"The vector cache in {self.folder} is missing or damaged, so it is "
                        "rebuilt from the catalog at each start. Write it with: "
                        f"{self.command} --check"
                    ]
        except ScoqaError as error:
            return [str(error)]
        return []

    # -- internals -----------------------------------------------------------------------------

    def _files(self) -> list[Path]:
        return [*self.folder.glob(f"{CATALOG}*"), *self.folder.glob("vectors-*")]

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translate SQLite errors into scoqa errors that name the file and what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise IndexLockedError(describe_holder(self.folder)) from error
            if name.startswith(("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
                raise WorkspaceError(
                    f"The index in {self.folder} cannot be used: {error}. Free disk space or "
                    "grant access there, or choose another place with --index DIR."
                ) from error
            damaged = type(error) is sqlite3.DatabaseError or "malformed" in str(error)
            if not damaged and not isinstance(error, sqlite3.OperationalError):
                raise
            raise IndexDamagedError(
                f"{self.folder / CATALOG} cannot be read as an index ({error}). Your documents "
                f"are unchanged. {self._rebuild}"
            ) from error
