"""Asks go first: an ask is embedded between two batches of a sync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import QuickEmbedder, quick_workspace
from scoqa import turns
from scoqa.embed import BATCH, SentenceTransformerEmbedder
from scoqa.turns import Turns, in_background


class SlowModel:
    """Embeds as QuickEmbedder; before each batch, `on_batch` is called in the same thread."""

    def __init__(self, on_batch: Callable[[], None]) -> None:
        self.on_batch = on_batch
        self.batches: list[tuple[str, int]] = []  # the thread and the texts of each batch

    def get_embedding_dimension(self) -> int:
        return 64

    def encode(self, texts: Sequence[str], **_: Any) -> Any:
        self.batches.append((threading.current_thread().name, len(texts)))
        self.on_batch()
        return QuickEmbedder().embed(texts)


class SlowEmbedder(SentenceTransformerEmbedder):
    """The real embedder with a slow model."""

    def __init__(self, folder: Path, on_batch: Callable[[], None]) -> None:
        super().__init__(folder, "slow@1")
        self.model = SlowModel(on_batch)
        self.count_tokens = QuickEmbedder().count_tokens  # type: ignore[method-assign]
        self.passage_inputs = QuickEmbedder().passage_inputs  # type: ignore[method-assign]

    def _load(self) -> Any:
        return self.model


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def in_thread(name: str, call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=call, name=name, daemon=True)
    thread.start()
    return thread


def test_an_ask_during_a_sync_waits_for_one_batch(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(f"The lamp burned for {number} nights. " * 3)
    begun = threading.Event()

    def on_batch() -> None:
        # The third batch lasts until the ask waits.
        if threading.current_thread().name == "sync" and len(embedder.model.batches) == 3:
            begun.set()
            wait_until(lambda: embedder._turns._waiting == 1)

    embedder = SlowEmbedder(tmp_path, on_batch)
    workspace = quick_workspace(tmp_path, embedder=embedder)
    sync = in_thread("sync", workspace.sync)
    assert begun.wait(20)
    in_thread("ask", lambda: embedder.embed(["How many nights?"] * 20)).join(20)
    sync.join(20)
    batches = embedder.model.batches
    assert [("sync", BATCH)] * 3 == batches[:3]
    assert [("ask", BATCH), ("ask", BATCH), ("ask", 4)] == batches[3:6]
    assert {"sync"} == {name for name, _ in batches[6:]}
    assert sum(size for name, size in batches if name == "sync") == 60
    assert workspace.ask("How many nights did the lamp burn?").citations


def test_a_batch_that_let_others_go_first_keeps_its_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_PATIENCE_SECONDS", 0.05)
    texts = [f"{number} lamps" for number in range(40)]
    embedder = SlowEmbedder(tmp_path, lambda: time.sleep(0.005))
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            embedder.embed(["a lamp"])

    asks = [in_thread("ask", ask) for _ in range(2)]
    with in_background():
        vectors = embedder.embed(texts)
    stop.set()
    for thread in asks:
        thread.join(20)
    np.testing.assert_array_equal(QuickEmbedder().embed(texts), vectors)


def test_work_in_the_background_ends_while_others_never_stop_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "MOST_PATIENCE_SECONDS", 0.05)
    shared, stop, done = Turns(), threading.Event(), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with shared.turn():
                time.sleep(0.002)

    def work() -> None:
        with in_background():
            for _ in range(5):
                with shared.turn():
                    shared.give_way()
        done.set()

    asks = [in_thread("ask", ask) for _ in range(4)]
    in_thread("work", work)
    assert done.wait(20)
    stop.set()
    for thread in asks:
        thread.join(20)


def test_a_turn_that_fails_is_given_back() -> None:
    shared = Turns()
    with pytest.raises(KeyError), shared.turn():
        raise KeyError
    with in_background(), shared.turn():
        assert shared._taken
    assert not shared._taken
