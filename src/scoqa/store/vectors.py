"""Search vectors with FAISS; the index is a cache of the vectors in the catalog.

Input: row numbers and vectors. Output: nearest rows. A cache file is loaded only if its checksum
equals the one in the catalog, because FAISS can crash on a damaged file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class VectorCache:
    """Vectors by catalog row number. Immutable: `copy_with` returns a changed copy."""

    def __init__(self, index: Any, rows: frozenset[int]) -> None:
        self._index = index
        self.rows = rows

    @classmethod
    def empty(cls, dimension: int) -> VectorCache:
        import faiss

        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)), frozenset())

    def copy_with(
        self, *, removed: Sequence[int], added: Sequence[int], vectors: Vectors
    ) -> VectorCache:
        """Return a copy without the rows `removed` and with the rows `added`.

        vectors: of the added rows, shape (len(added), d).
        """
        import faiss

        index = faiss.clone_index(self._index)
        if removed:
            index.remove_ids(faiss.IDSelectorBatch(np.asarray(removed, dtype=np.int64)))
        if added:
            index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(added, dtype=np.int64))
        return VectorCache(index, (self.rows - frozenset(removed)) | frozenset(added))

    def search(
        self, vector: Vectors, k: int, allowed: Sequence[int] | None
    ) -> list[tuple[int, float]]:
        """Return up to k pairs (row, inner product), best first.

        allowed: the rows to search; None for all rows.
        """
        import faiss

        k = min(k, len(self.rows) if allowed is None else len(allowed))
        if k == 0:
            return []
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
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
        return cls(index, frozenset(int(row) for row in rows))
