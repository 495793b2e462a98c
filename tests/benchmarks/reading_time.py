"""What reading costs beside embedding, and in memory.

    python tests/benchmarks/reading_time.py WORKSPACE

WORKSPACE is indexed. Takes five passages of about 180 tokens and times, by turns in one run, the
reading of all five for a question and the embedding of one. Prints the medians, their ratio, and
the process's greatest memory before the reader was loaded and after.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time

from scoqa import Workspace
from scoqa.types import Hit, Window

QUESTION = "Who represented Iran at the June 2017 summit in Kazakhstan?"
TIMES = 30


def greatest_memory() -> float:
    """Return the greatest resident memory of this process so far, in MB (Linux counts KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: str) -> None:
    workspace = Workspace(folder)
    embedder, reader = workspace.models.embedder, workspace.models.reader
    read: list[Window] = []
    with workspace.store.view() as view:
        for path, entry in view.digests().items():
            for passage in view.passages_of(entry.document_id):
                [tokens] = embedder.count_tokens([passage.text])
                if len(read) < 5 and 170 <= tokens <= 180:
                    hit = Hit(passage, path, 1.0, ())
                    place = passage.document_id, passage.start, passage.end
                    read.append(Window(*place, passage.text, passage.heading, (hit,)))
    one = embedder.passage_inputs([read[0].hits[0].passage])
    embedder.load()
    embedder.embed(one)
    before = greatest_memory()
    reader.load()
    reader.read(QUESTION, read)
    embedding, reading = [], []
    for _ in range(TIMES):
        started = time.perf_counter()
        embedder.embed(one)
        embedding.append(time.perf_counter() - started)
        started = time.perf_counter()
        reader.read(QUESTION, read)
        reading.append(time.perf_counter() - started)
    ratio = statistics.median(reading) / statistics.median(embedding)
    print(f"embedding one passage: median {1000 * statistics.median(embedding):.1f} ms")
    print(f"reading {len(read)} of them: median {1000 * statistics.median(reading):.1f} ms")
    print(f"ratio: {ratio:.1f}")
    print(f"greatest memory: {before:.0f} MB before the reader, {greatest_memory():.0f} MB after")


if __name__ == "__main__":
    main(*sys.argv[1:])
