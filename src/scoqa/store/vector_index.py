"""Keep the vectors in memory up to date with the catalog, at the cost of what has changed.

Input: views of one store. Output: for each view, a VectorIndex with exactly its passages: an
unchanging base and a small delta. A delta that has grown is merged into a new base while searches
use the old one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from scoqa.background import BackgroundTask
from scoqa.store.catalog import Catalog
from scoqa.store.vectors import NO_ROWS, Rows, VectorCache, Vectors

# A delta is merged into the base when it has more rows, added and removed, than this share of the
# base, and more than FEWEST_MERGED. At 200,000 passages of 384 dimensions, reading a delta of 5 %
# adds 30 ms to the 800 ms of a first ask; writing a base takes 1.3 s of processor time, 0.13 ms per
# changed passage. A smaller share writes more, a larger one makes every first ask slower.
MERGE_SHARE = 0.05
FEWEST_MERGED = 1_000  # read from the catalog in 5 ms, so that small indexes are seldom written


def is_large(changed: int, base: int) -> bool:
    """Return whether a delta of `changed` rows to `base` rows is to be merged."""
    return changed > max(FEWEST_MERGED, MERGE_SHARE * base)


class CatalogView(Protocol):
    """What this module needs of a view."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def generation(self) -> int: ...

    @property
    def identity(self) -> str: ...

    def saved_cache(self) -> tuple[VectorCache, int] | None: ...


@dataclass(frozen=True)
class VectorIndex:
    """The vectors of all passages of one generation of a catalog. Immutable.

    base: the passages of the generation `base_generation`. removed: the rows of `base` that are
    not passages any more, ascending. delta: the passages that are not in `base`.
    """

    base: VectorCache
    base_generation: int
    generation: int
    removed: Rows
    delta: VectorCache

    @classmethod
    def of_base(cls, base: VectorCache, generation: int) -> VectorIndex:
        """Return the index of the generation at which `base` had exactly the passages."""
        return cls(base, generation, generation, NO_ROWS, VectorCache.empty(1))

    @property
    def changed(self) -> int:
        """The number of rows of the delta, added and removed."""
        return len(self.removed) + len(self.delta.rows)

    def search(self, vector: Vectors, k: int, allowed: Rows | None) -> list[tuple[int, float]]:
        """Return up to k pairs (row, inner product), best first.

        allowed: the rows to search, ascending; None for all rows. A score does not depend on
        whether its row is in the base or in the delta: FAISS computes both in the same order.
        """
        if allowed is None:
            matches = self.base.search(vector, k, excluded=self.removed)
            matches += self.delta.search(vector, k)
        else:
            in_delta = np.isin(allowed, self.delta.rows, assume_unique=True)
            matches = self.base.search(vector, k, allowed=allowed[~in_delta])
            matches += self.delta.search(vector, k, allowed=allowed[in_delta])
        return sorted(matches, key=lambda match: -match[1])[:k]

    def at(self, view: CatalogView) -> VectorIndex:
        """Return the index with the passages of `view`: the same base, another delta."""
        added, removed = self._difference(view)
        gone = np.setdiff1d(self.delta.rows, added, assume_unique=True)
        new = np.setdiff1d(added, self.delta.rows, assume_unique=True)
        delta = self.delta
        if len(gone) or len(new):
            delta = delta.copy_with(removed=gone, added=new, vectors=_vectors(view.catalog, new))
        return replace(self, generation=view.generation, removed=removed, delta=delta)

    def _difference(self, view: CatalogView) -> tuple[Rows, Rows]:
        """Return the rows of `view` that are not in the base, and those of the base not in it."""
        rows, catalog = self.base.rows, view.catalog
        if view.generation < self.base_generation:  # it may have rows that were removed since
            present = _as_rows(catalog.passage_rows())
            return (
                np.setdiff1d(present, rows, assume_unique=True),
                np.setdiff1d(rows, present, assume_unique=True),
            )
        # SQLite never reuses a row number, so rows that were added since are greater than all
        # earlier ones, and a block of rows with as many passages as before has the same passages.
        removed = [NO_ROWS]
        for first, end, count in self.base.blocks:
            if catalog.count_passage_rows(first, end) < count:
                present = _as_rows(catalog.passage_rows(first, end))
                known = rows[np.searchsorted(rows, first) : np.searchsorted(rows, end, "right")]
                removed.append(np.setdiff1d(known, present, assume_unique=True))
        return _as_rows(catalog.passage_rows(self.base.last + 1)), np.concatenate(removed)

    def merged(self) -> VectorIndex:
        """Return the same passages as a new base without a delta. Copies all vectors."""
        if not self.changed:
            return self
        added, vectors = self.delta.vectors()
        base = self.base.copy_with(removed=self.removed, added=added, vectors=vectors)
        return VectorIndex.of_base(base, self.generation)


class VectorState:
    """The newest VectorIndex of one store, which all its views share. Safe between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()  # held for assignments only
        self._loading = threading.Lock()  # held while the first index is loaded
        self._identity = ""
        self._newest: VectorIndex | None = None
        self._merging = False

    def forget(self) -> None:
        with self._guard:
            self._identity, self._newest = "", None

    def index_for(self, view: CatalogView) -> VectorIndex:
        """Return the vectors of exactly the passages that `view` sees."""
        newest, index = self._follow(view)
        if index.generation > newest.generation and is_large(index.changed, len(index.base.rows)):
            self._start_merging(view.identity, index)
        return index

    def merge_for(self, view: CatalogView) -> VectorIndex:
        """Return the vectors of exactly the passages that `view` sees, without a delta."""
        _, index = self._follow(view)
        merged = index.merged()
        self.offer(view.identity, merged)
        return merged

    def _follow(self, view: CatalogView) -> tuple[VectorIndex, VectorIndex]:
        """Return the newest index before this call, and that of `view`."""
        identity = view.identity
        newest = self._get(identity)
        if newest is None:
            with self._loading:
                newest = self._get(identity)
                if newest is None:
                    newest = _load(view)
                    self.offer(identity, newest)
        if newest.generation == view.generation:
            return newest, newest
        index = newest.at(view)
        self.offer(identity, index)
        return newest, index

    def offer(self, identity: str, index: VectorIndex) -> None:
        """Take over `index` if it has a newer base, or a newer state of the same base."""
        with self._guard:
            newest = self._newest
            if (
                newest is None
                or self._identity != identity
                or (index.base_generation, index.generation)
                > (newest.base_generation, newest.generation)
            ):
                self._identity, self._newest = identity, index

    def _get(self, identity: str) -> VectorIndex | None:
        with self._guard:
            return self._newest if self._identity == identity else None

    def _start_merging(self, identity: str, index: VectorIndex) -> None:
        """Merge the delta of `index` in a thread, unless a thread is merging already."""
        with self._guard:
            if self._merging:
                return
            self._merging = True

        def run(_: BackgroundTask) -> None:
            try:
                merged = index.merged()
                if self._get(identity) is not None:  # not set aside meanwhile
                    self.offer(identity, merged)
            finally:
                self._merging = False

        BackgroundTask("merge", run).start()


def _load(view: CatalogView) -> VectorIndex:
    """Return the index of `view`, from the saved cache if possible, otherwise from the catalog."""
    saved = view.saved_cache()
    if saved is not None:
        index = VectorIndex.of_base(*saved)
        return index if index.generation == view.generation else index.at(view)
    rows = _as_rows(view.catalog.passage_rows())
    base = VectorCache.empty(1).copy_with(
        removed=NO_ROWS, added=rows, vectors=_vectors(view.catalog, rows)
    )
    return VectorIndex.of_base(base, view.generation)


def _as_rows(rows: list[int]) -> Rows:
    return np.asarray(rows, dtype=np.int64)


def _vectors(catalog: Catalog, rows: Rows) -> Vectors:
    """Return the vectors of `rows`, shape (len(rows), d)."""
    vectors = np.empty((len(rows), catalog.dimension()), dtype=np.float32)
    position = {row: at for at, row in enumerate(rows.tolist())}
    for row, vector in catalog.vectors_of_rows(list(position)):
        vectors[position[row]] = vector
    return vectors
