"""FAISS: a cache of the catalog's vectors, never the truth.

Receives row numbers and vectors; hands on nearest rows. A cache file is trusted only when its
bytes have the checksum that the catalog holds: FAISS can crash on a damaged file.
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
    """Vectors by catalog row number. Never changed: `updated` returns another one."""

    def __init__(self, index: Any, rows: frozenset[int]) -> None:
        self._index = index
        self.rows = rows

    @classmethod
    def empty(cls, dimension: int) -> VectorCache:
        import faiss

        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)), frozenset())

    def updated(
        self, *, removed: Sequence[int], added: Sequence[int], vectors: Vectors
    ) -> VectorCache:
        """Return a cache without the rows `removed` and with `added`, shape (len(added), d)."""
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
        """Return up to k (row, inner product), best first; only rows in `allowed`, if given."""
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
        """Write the cache to `path` (temporary name, fsync, rename); return its sha256."""
        import faiss

        data = faiss.serialize_index(self._index).data  # many bytes: not copied
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def read(cls, path: Path, sha256: str) -> VectorCache | None:
        """Return the cache in `path`, or None when it is missing or not as it was written."""
        import faiss

        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            return None
        # The bytes that were checked are the bytes that are read.
        index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        rows = faiss.vector_to_array(index.id_map)  # type: ignore[attr-defined]
        return cls(index, frozenset(int(row) for row in rows))
