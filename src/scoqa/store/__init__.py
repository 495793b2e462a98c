"""The interface of index stores, which every store implements and one test suite checks.

Input: documents, passages and vectors. Output: views that search them. All other modules use this
interface and depend on no engine; `open_store` is the only entry point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoqa.types import Document, Mark, Notice, Parser, Passage

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Where:
    """A filter on the passages a search may return, applied before ranking.

    path: a document's path, or a folder's path for all documents below it.
    phrases: each must occur in the folded text of the passage, or across its border with a
    neighbouring passage.
    A filter without any field set allows all passages.
    """

    collection: str | None = None
    path: str | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """The state of an indexed document, to compare with its file."""

    document_id: str
    digest: str
    parser: Parser
    splitter: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The size of a store. `embedded` counts every vector ever computed for it."""

    documents: int
    passages: int
    vectors: int
    embedded: int


@dataclass(frozen=True, slots=True)
class Match:
    """A passage returned by one search, with the path of its document and its score."""

    passage: Passage
    path: str
    score: float


class View(Protocol):
    """A read-only snapshot of a store: all calls see the same generation."""

    @property
    def generation(self) -> int:
        """Return the number of the last write this view sees; 0 for a new store."""

    @property
    def identity(self) -> str:
        """Return the unique id of this index; a rebuilt index has another."""

    def counts(self) -> Counts: ...

    def is_empty(self) -> bool:
        """Return whether there is no passage, without counting them."""

    def settings(self) -> Mapping[str, str]:
        """Return the settings the index was built with (embedder, splitter, terms)."""

    def digests(self) -> Mapping[str, Entry]:
        """Return the entry of every document, with the digest of its file, by path."""

    def collections(self) -> tuple[str, ...]:
        """Return the collections of the documents, sorted; "" stands for no collection."""

    def document(self, document_id: str) -> Document:
        """Return the document with this id, any string; raises KeyError if there is none."""

    def text(self, document_id: str) -> str:
        """Return the text of a document, without its marks; raises KeyError as `document`."""

    def layout(self, document_id: str) -> tuple[Mark, ...]:
        """Return the marks of a document that its reading view depends on, sorted by start.

        Much less than all marks, of which a sheet has one for each row. Raises KeyError as
        `document`.
        """

    def document_of(self, text_digest: str) -> Document:
        """Return the first document by path with exactly this text; raises KeyError if none."""

    def boxes(self, document_id: str, page: int) -> bytes:
        """Return the character boxes of a page, counted from 1, in the form `put` received.

        Empty if the document has no such page.
        """

    def failed(self) -> tuple[Notice, ...]:
        """Return the notices of the last call of `note_failed`."""

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages in the order of `ids`; raises KeyError for an unknown id."""

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return the passages of a document, sorted by start; empty for an unknown id."""

    def search_words(self, terms: Sequence[str], k: int, where: Where = ...) -> list[Match]:
        """Return the passages that contain any of `terms`, by BM25, best first.

        Higher is better. The k best passages and all that tie with the k-th, so possibly more
        than k; ties are sorted by path, then start.
        """

    def search_vectors(self, vector: Vectors, k: int, where: Where = ...) -> list[Match]:
        """Return passages by inner product with `vector`, shape (d,); order as `search_words`."""

    def vectors(self, keys: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the vectors stored under `keys`; missing keys are left out."""


class StoreWriter(View, Protocol):
    """The only object that can change a store. Each call is one transaction."""

    def configure(self, settings: Mapping[str, str]) -> None:
        """Store the settings the index is built with."""

    def keep_vectors(self, keys: Sequence[str], vectors: Vectors) -> None:
        """Store computed vectors before a document refers to them, so none is computed twice."""

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
        """Add a document with its passages, whose vectors were stored under `keys`.

        The document with the id `replaces`, and any other document at the same path, is removed
        in the same transaction.
        boxes: the character boxes of each page, in the form of scoqa.parse; None keeps those of
        the replaced document, which has the same text.
        Raises KeyError if a vector is missing.
        """

    def drop(self, document_id: str) -> None:
        """Remove a document with its text, boxes, words and vectors."""

    def stamps(self) -> Mapping[str, str]:
        """Return the stamps set by `set_stamps`, by path; a document put since then has none."""

    def set_stamps(self, stamps: Mapping[str, str]) -> None:
        """Store the `file_stamp` of the file at each path; unknown paths are ignored."""

    def note_failed(self, notices: Sequence[Notice]) -> None:
        """Replace the stored list of unreadable files and their reasons."""

    def save(self, *, finished: bool, check: bool = False) -> None:
        """Write the vector cache if much has changed, or if its file was changed by others.

        finished: also delete vectors that no passage uses.
        check: also write it after any change, and read its file even if its stamp is that of the
        last write.
        """


class Store(Protocol):
    """A location that can hold an index."""

    @property
    def writable(self) -> bool:
        """Return whether an index can be written here, creating its folder if necessary."""

    @property
    def command(self) -> str:
        """Return the command that updates this index, for hints in messages."""

    def exists(self) -> bool:
        """Return whether an index was ever written here."""

    def view(self) -> AbstractContextManager[View]:
        """Return a view of the current state. Raises IndexNotFoundError, IndexDamagedError."""

    def writer(self) -> AbstractContextManager[StoreWriter]:
        """Return the writer. Raises IndexLockedError while another process has it."""

    def set_aside(self, *, embedder: str = "") -> None:
        """Move the index aside so that a new one can be built; nothing is deleted.

        The vectors of an intact index that was built with the embedder of this fingerprint are
        copied to the new index, so that no text is embedded again.
        """

    def problems(self) -> list[str]:
        """Return one sentence per problem of the index; empty if it is intact."""


def open_store(location: Path, *, command: str = "scoqa index") -> Store:
    """Return the store in the folder `location`, which need not exist yet.

    command: the command that updates the index, for hints in errors.
    """
    from scoqa.store.local import LocalStore

    return LocalStore(location, command)
