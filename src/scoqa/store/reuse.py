"""Copy the vectors of an old index into a new one.

Input: two catalogs. Output: vectors that need not be computed again; damaged ones are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoqa.store.catalog import Catalog
from scoqa.store.catalog_writer import CatalogWriter

GROUP = 1000  # vectors in memory at a time
UNIT_TOLERANCE = 1e-3  # of the length of a vector of 32-bit floats


def copy_vectors(old: Catalog, new: CatalogWriter) -> None:
    """Copy the vectors of `old`, inside a transaction of the caller."""
    for keys, vectors in _sound_vectors(old):
        new.keep_vectors(keys, vectors)


def _sound_vectors(catalog: Catalog) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Yield all keys and vectors in groups, without damaged vectors.

    A vector is damaged if its length is not 1, or its dimension not that of the first.
    """
    size = 4 * catalog.dimension()
    rows = catalog.connection.execute("SELECT key, vector FROM vectors ORDER BY id")
    while group := rows.fetchmany(GROUP):
        group = [(key, blob) for key, blob in group if len(blob) == size]
        vectors = np.frombuffer(b"".join(blob for _, blob in group), dtype="<f4")
        vectors = vectors.reshape(len(group), size // 4)
        sound = np.isclose(np.linalg.norm(vectors, axis=1), 1.0, atol=UNIT_TOLERANCE)
        keys = [key for (key, _), is_sound in zip(group, sound, strict=True) if is_sound]
        yield keys, vectors[sound]
