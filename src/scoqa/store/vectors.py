"""Search vectors with FAISS; an index is a cache of vectors in the catalog.

Input: row numbers and vectors. Output: nearest rows. A cache file is loaded only if its checksum
equals the one in the catalog, because FAISS can crash on a damaged file.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


Rows = NDArray[np.int64]

BLOCK = 4096  # row numbers that are compared with the catalog together
NO_ROWS: Rows = np.zeros(0, dtype=np.int64)


class VectorCache:
    """Vectors by catalog row number. Immutable: `copy_with` returns a changed copy.

    rows: the row numbers, ascending.
    """

    def __init__(self, index: Any, rows: Rows) -> None:
        self._index = index
        self.rows = rows

    @property
    def last(self) -> int:
        """The greatest row number; 0 without rows."""
        return int(self.rows[-1]) if len(self.rows) else 0

    @cached_property
    def blocks(self) -> list[tuple[int, int, int]]:
        """The rows in blocks of BLOCK numbers: the first and last number of each, and its count."""
        numbers, counts = np.unique(self.rows // BLOCK, return_counts=True)
        return [
            (number * BLOCK, min(self.last, number * BLOCK + BLOCK - 1), count)
            for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        ]

    @classmethod
    def empty(cls, dimension: int) -> VectorCache:
        import faiss

        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)), NO_ROWS)

    def copy_with(self, *, removed: Rows, added: Rows, vectors: Vectors) -> VectorCache:
        """Return a copy without the rows `removed` and with the rows `added`.

        vectors: of the added rows, shape (len(added), d). If all rows are removed, d may differ
        from the dimension of this cache.
        """
        import faiss

        kept = np.setdiff1d(self.rows, removed, assume_unique=True)
        if not len(kept):
            index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        else:
            index = faiss.clone_index(self._index)
            if len(kept) < len(self.rows):
                index.remove_ids(faiss.IDSelectorBatch(removed))
        if len(added):
            index.add_with_ids(np.ascontiguousarray(vectors), added)
        return VectorCache(index, np.sort(np.concatenate([kept, added])))

    def vectors(self) -> tuple[Rows, Vectors]:
        """Return the row numbers and the vectors in the order in which they are stored."""
        import faiss

        rows = faiss.vector_to_array(self._index.id_map)
        return rows, self._index.index.reconstruct_n(0, len(rows))

    def search(
        self, vector: Vectors, k: int, *, allowed: Rows | None = None, excluded: Rows = NO_ROWS
    ) -> list[tuple[int, float]]:
        """Return up to k pairs (row, inner product), best first.

        allowed: the rows to search, ascending; None for all rows. excluded: rows of
        this cache to leave out.
        """
        import faiss

        if allowed is not None:
            allowed = np.setdiff1d(allowed, excluded, assume_unique=True)
        k = min(k, len(self.rows) - len(excluded) if allowed is None else len(allowed))
        if k == 0:
            return []
        selector: Any = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(allowed)
        elif len(excluded):
            unwanted = faiss.IDSelectorBatch(excluded)  # referenced until the search ends
            selector = faiss.IDSelectorNot(unwanted)
        parameters = None
        if selector is not None:
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._index.search(vector[None, :], k, params=parameters)
        return [
            (int(row), float(score))
            for row, score in zip(rows[0], scores[0], strict=True)
            if row >= 0  # FAISS fills missing results with -1
        ]

    def write(self, path: Path) -> str:
        """Write the cache to `path` (temporary file, fsync, rename); return its sha256."""
        import faiss

        data = faiss.serialize_index(self._index).data  # large, so not copied
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def read(cls, path: Path, sha256: str) -> VectorCache | None:
        """Return the cache in `path`, or None if it is missing or its sha256 differs."""
        import faiss

        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            return None
        # Load from the verified bytes, not from the file, which could change in between.
        index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        rows = faiss.vector_to_array(index.id_map)  # type: ignore[attr-defined]
        return cls(index, np.sort(rows))
