"""Measure how the time of an ask, without reading, grows with the folder.

    python tests/benchmarks/folder_growth.py [--stores STORES] [DOCUMENTS ...]

Makes a store for each number of documents (by default 200 and 2000; 20000 takes some minutes), each
of 10 passages, with an embedder without a model and a reader that cites the first sentences of the
windows. Prints the median milliseconds of an ask, as processor time (one thread, so that other work
on the machine counts little) and as wall time, and the median wall time of each stage. To compare
two versions of scoqa, name a folder for the stores as STORES and run it with each of the versions
in PYTHONPATH, in turn: a store that exists is not made again.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["OMP_NUM_THREADS"] = "1"  # read by FAISS when it is imported

from conftest import QuickEmbedder, document_of
from scoqa.assistant import Assistant
from scoqa.compatibility import index_settings
from scoqa.config import Settings
from scoqa.split import split
from scoqa.store import Store, open_store
from scoqa.types import Mark, Reading, Span, Window

SIZES = (200, 2_000)
QUESTIONS = 60
PASSAGES = 10  # per document
PASSAGE_TOKENS = 180
CITED = 5  # spans per ask, in the best windows
SYLLABLES = "ba ke li mo nu ra se ti vo za dro fel gim hul jor".split()


class FirstSentences:
    """A reader that takes no time: it cites the first words of the best windows."""

    fingerprint = "first-sentences@1"
    threshold = 0.0
    loaded = True

    def load(self) -> None:
        return None

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        best = [(window, window.hits[0].passage.start) for window in windows[:CITED]]
        spans = [
            Span(window.document_id, start, start + 20, window.score) for window, start in best
        ]
        return Reading(tuple(spans), 0.0, 1.0)


def make_words(luck: random.Random) -> tuple[list[str], list[float]]:
    """Return words, and weights with which they occur about as often as those of a language."""
    words = sorted({"".join(luck.choices(SYLLABLES, k=luck.randint(2, 4))) for _ in range(6_000)})
    luck.shuffle(words)
    return words, [1 / rank for rank in range(10, len(words) + 10)]


def fill(store: Store, documents: int) -> None:
    """Write `documents` documents into an empty store."""
    luck = random.Random(documents)
    words, weights = make_words(random.Random(0))
    embedder: Any = QuickEmbedder()
    settings = index_settings(embedder, PASSAGE_TOKENS)
    with store.writer() as writer:
        for number in range(documents):
            embedder.embedded.clear()
            paragraphs = []
            for _ in range(PASSAGES):
                picked = luck.choices(words, weights, k=150)
                sentences = (" ".join(picked[at : at + 15]) for at in range(0, 150, 15))
                paragraphs.append(". ".join(map(str.capitalize, sentences)) + ".")
            text = "\n\n".join(paragraphs)
            plain = document_of(text, f"folder-{number % 20:02}/{number:05}.txt")
            starts = [text.index(paragraph) for paragraph in paragraphs]
            pages = [Mark(at, at, "page", str(page)) for page, at in enumerate(starts, start=1)]
            document = replace(plain, marks=tuple(pages))
            passages = split(
                document, passage_tokens=PASSAGE_TOKENS, count_tokens=embedder.count_tokens
            )
            inputs = embedder.passage_inputs(passages)
            keys = [embedder.key(text) for text in inputs]
            writer.keep_vectors(keys, embedder.embed(inputs))
            writer.put(document, passages, keys, splitter=settings["passages"])
        writer.configure(settings)
        writer.save(finished=True)


def measure(store: Store) -> dict[str, float]:
    """Return the median milliseconds of an ask: "processor", "wall", and each stage."""
    embedder: Any = QuickEmbedder()
    assistant = Assistant(store, embedder, FirstSentences(), Settings())
    luck = random.Random(1)
    words, weights = make_words(random.Random(0))
    measured: dict[str, list[float]] = {}
    for number in range(QUESTIONS + 3):
        question = " ".join(luck.choices(words[50:], weights[50:], k=5)) + "?"
        start, worked = time.perf_counter(), time.process_time()
        answer = assistant.ask(question)
        seconds = {
            "processor": time.process_time() - worked,
            "wall": time.perf_counter() - start,
            **answer.timings,
        }
        assert answer.citations
        if number >= 3:  # the first ones load the vectors
            for name, taken in seconds.items():
                measured.setdefault(name, []).append(1000 * taken)
    return {name: statistics.median(taken) for name, taken in measured.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="*", type=int, default=SIZES)
    parser.add_argument("--stores", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        stores = arguments.stores or Path(temporary)
        for size in arguments.documents:
            store = open_store(stores / str(size))
            if not store.exists():
                fill(store, size)
            with store.view() as view:
                counts = view.counts()
            listed = ", ".join(f"{name} {taken:.2f}" for name, taken in measure(store).items())
            print(f"{size:6} documents, {counts.passages:7} passages: {listed}", flush=True)


if __name__ == "__main__":
    main()
