"""Where an index lives: one contract, which every store keeps and one test suite checks.

Receives documents, passages and vectors; hands on views that search them. Retrieval, reading
and the doors know this contract and nothing of engines. `open_store` is the one way in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoqa.types import Document, Notice, Parser, Passage

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Where:
    """Which passages a search may return; applied before ranking. Nothing set: all of them.

    path: a document's path, or a folder's (then everything below it).
    phrases: each must occur, on folded text, in the passage or across it and the next.
    """

    collection: str | None = None
    path: str | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a store remembers of a document, to compare with the folder."""

    document_id: str
    digest: str
    parser: Parser
    splitter: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds. `embedded` counts every vector ever computed for it."""

    documents: int
    passages: int
    vectors: int
    embedded: int


Matches = list[tuple[Passage, float]]


class View(Protocol):
    """One unchanging look at a store: all its calls see the same generation."""

    @property
    def generation(self) -> int:
        """Return the number of the write this view sees; 0 for a new store."""

    @property
    def identity(self) -> str:
        """Return what names this index among all: one built anew has another."""

    def counts(self) -> Counts: ...

    def settings(self) -> Mapping[str, str]:
        """Return what the index was built with (embedder, splitter, terms)."""

    def digests(self) -> Mapping[str, Entry]:
        """Return every document's entry by its path."""

    def collections(self) -> tuple[str, ...]:
        """Return the collections that documents are in, sorted; "" where some are in none."""

    def document(self, document_id: str) -> Document:
        """Return the document; KeyError when the store has none of that id, whatever it is."""

    def document_of(self, text_digest: str) -> Document:
        """Return the document of exactly that text, the first by path; else as `document`."""

    def boxes(self, document_id: str, page: int) -> bytes:
        """Return where the characters of a page (from 1) stand on it, as `put` took them.

        Nothing where the document has no such page.
        """

    def failed(self) -> tuple[Notice, ...]:
        """Return what `note_failed` was last given."""

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages in the order of `ids`; KeyError for an unknown one."""

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages, by start; none when there is no such document."""

    def search_words(self, terms: Sequence[str], k: int, where: Where = ...) -> Matches:
        """Return passages that hold any of `terms` by BM25, best first; higher is better.

        At least k where so many match: passages that tie with the k-th all come. Ties stand by
        path, then start.
        """

    def search_vectors(self, vector: Vectors, k: int, where: Where = ...) -> Matches:
        """Return passages by inner product with `vector` (shape (d,)), as `search_words`."""

    def vectors(self, keys: Sequence[str]) -> Mapping[str, Vectors]:
        """Return those of the vectors called `keys` that the store holds."""


class StoreWriter(View, Protocol):
    """The one who may change a store. Each call is one transaction."""

    def configure(self, settings: Mapping[str, str]) -> None:
        """Remember what the index is built with."""

    def keep(self, keys: Sequence[str], vectors: Vectors) -> None:
        """Hold computed vectors until a document refers to them: nothing is embedded twice."""

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
        """Add a document with its passages, whose vectors are kept under `keys`.

        boxes: for each of its pages where the characters stand, as scoqa.parse gives them.

        The document `replaces`, and any other at the same path, leaves in the same transaction.
        Raises KeyError when a vector is missing.
        """

    def drop(self, document_id: str) -> None:
        """Remove a document with its text, boxes, words and vectors."""

    def note_failed(self, notices: Sequence[Notice]) -> None:
        """Remember which files cannot be read and why, instead of those known before."""

    def save(self, *, finished: bool) -> None:
        """Write the vector cache; when `finished`, forget vectors nothing refers to."""


class Store(Protocol):
    """A place where an index lives."""

    @property
    def writable(self) -> bool:
        """Return whether an index can be written here, or the folder for it be made."""

    @property
    def command(self) -> str:
        """Return what brings this index up to date, for hints."""

    def exists(self) -> bool:
        """Return whether an index was ever written here."""

    def view(self) -> AbstractContextManager[View]:
        """Return a view of what is there now. Raises IndexNotFoundError, IndexDamagedError."""

    def writer(self) -> AbstractContextManager[StoreWriter]:
        """Return the one writer. Raises IndexLockedError while there is another."""

    def set_aside(self) -> None:
        """Move the index out of the way, so that a new one can be built; nothing is deleted."""

    def problems(self) -> list[str]:
        """Return what is wrong with the index, a sentence each; none when it is sound."""


def open_store(location: Path, *, command: str = "scoqa index") -> Store:
    """Return the store in the folder `location`, which need not exist yet.

    command: what brings it up to date, for the hints in errors.
    """
    from scoqa.store.local import LocalStore

    return LocalStore(location, command)
