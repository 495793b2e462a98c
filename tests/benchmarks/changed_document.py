"""Measure what one changed document costs in folders of many.

    python tests/benchmarks/changed_document.py [DOCUMENTS ...]

Makes an index for each number of documents (by default 200 and 2000; 20000 takes some minutes), of
10 passages each, with random vectors of 384 dimensions. Then changes one document seven times, from
another store as another process would, and prints median milliseconds of wall time: of a vector
search in a new process, of one more, of `save` after a change, and of the first search after it.
To compare two versions of scoqa, run it with each of them in PYTHONPATH, in turn.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["OMP_NUM_THREADS"] = "1"  # read by FAISS when it is imported

from conftest import document_of
from scoqa.store import Store, StoreWriter, open_store
from scoqa.types import Passage, content_id

SIZES = (200, 2_000)
PASSAGES = 10  # per document
DIMENSION = 384
CHANGES = 7
K = 60  # passages per search

luck = np.random.default_rng(1)


def unit_vectors(count: int) -> np.ndarray:
    vectors = luck.standard_normal((count, DIMENSION), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def put(writer: StoreWriter, number: int, version: int) -> None:
    """Write a version of a document, with new vectors."""
    lines = [f"Line {line} of note {number} in version {version}." for line in range(PASSAGES)]
    document = document_of("\n\n".join(lines), f"notes/{number:06}.txt")
    starts = [document.text.index(line) for line in lines]
    passages = [
        Passage(
            content_id(document.id, str(version), str(start)),
            document.id,
            start,
            start + len(line),
            line,
            "",
        )
        for start, line in zip(starts, lines, strict=True)
    ]
    keys = [passage.id for passage in passages]
    writer.keep_vectors(keys, unit_vectors(len(keys)))
    writer.put(document, passages, keys, splitter="benchmark")


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def measure(folder: Path, documents: int) -> dict[str, float]:
    """Return median milliseconds by what was measured."""
    with open_store(folder).writer() as writer:
        for number in range(documents):
            put(writer, number, 0)
        writer.save(finished=True)
    query = unit_vectors(1)[0]

    def search(store: Store) -> None:
        with store.view() as view:
            view.search_vectors(query, K)

    store = open_store(folder)
    measured: dict[str, list[float]] = {"first search": [milliseconds(lambda: search(store))]}
    for change in range(1, CHANGES + 1):
        search_again = milliseconds(lambda: search(store))
        with open_store(folder).writer() as writer:
            put(writer, 13 * change % documents, change)
            save = milliseconds(lambda: writer.save(finished=True))
        search_after = milliseconds(lambda: search(store))
        for name, taken in (
            ("search", search_again),
            ("save after a change", save),
            ("search after a change", search_after),
        ):
            measured.setdefault(name, []).append(taken)
    return {name: statistics.median(taken) for name, taken in measured.items()}


def main() -> None:
    for documents in [int(argument) for argument in sys.argv[1:]] or SIZES:
        with TemporaryDirectory() as folder:
            listed = ", ".join(
                f"{name} {taken:.1f}" for name, taken in measure(Path(folder), documents).items()
            )
            print(f"{documents:6} documents: {listed}", flush=True)


if __name__ == "__main__":
    main()
