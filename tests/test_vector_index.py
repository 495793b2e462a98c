"""The base and the delta of the vectors: results of a fresh build, at the cost of a change."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from test_store import BruteForce, Made, assert_same, cache_file, fill, library

from conftest import QuickEmbedder, document_of
from scoqa.split import split
from scoqa.store import Store, Where, open_store, vector_index
from scoqa.store.catalog_writer import CatalogWriter
from scoqa.store.local import LocalStore
from scoqa.store.vector_index import VectorIndex
from scoqa.store.vectors import VectorCache

QUERIES = ("summit in Astana", "trade visit", "студент café")
WHERES = (Where(), Where(collection="north"), Where(path="south"))


@pytest.fixture
def small_deltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge a delta as soon as it has more rows than a fifth of the base."""
    monkeypatch.setattr(vector_index, "FEWEST_MERGED", 0)
    monkeypatch.setattr(vector_index, "MERGE_SHARE", 0.2)


def version(number: int, words: str) -> Made:
    document = document_of(f"Summit {words}. Trade visit {words}.", f"note-{number:03}.txt")
    count = QuickEmbedder().count_tokens
    return document, split(document, passage_tokens=20, count_tokens=count)


def assert_equals_brute_force(store: Store, made: Sequence[Made]) -> None:
    oracle = BruteForce(made)
    with store.view() as view:
        for query in QUERIES:
            vector = QuickEmbedder().embed([query])[0]
            for where in WHERES:
                for k in (1, 7, 1000):
                    found = view.search_vectors(vector, k, where)
                    assert_same(found, oracle.vectors(vector, k, where))


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def newest(store: Store) -> VectorIndex:
    assert isinstance(store, LocalStore)
    index = store.vectors._newest
    assert index is not None
    return index


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_every_process_finds_what_brute_force_finds(
    tmp_path: Path, small_deltas: None, seed: int
) -> None:
    luck = random.Random(seed)
    current = {document.path: (document, passages) for document, passages in library(24, seed)}
    fill(open_store(tmp_path), list(current.values()))
    reader = open_store(tmp_path)  # as in a chat, while other processes write
    files = {cache_file(tmp_path).name}
    for step in range(12):
        with open_store(tmp_path).writer() as writer:
            for path in luck.sample(sorted(current), 2):
                writer.drop(current.pop(path)[0].id)
            writer.save(finished=True)
        changed = version(luck.randrange(4), " ".join(luck.choices(("treaty", "border"), k=step)))
        current[changed[0].path] = changed
        fill(open_store(tmp_path), [changed])
        files.add(cache_file(tmp_path).name)
        for store in (reader, open_store(tmp_path)):
            assert_equals_brute_force(store, list(current.values()))
    assert 1 < len(files) < 12, "some of the changes were merged, and not each of them"


def test_one_changed_document_among_many_rewrites_no_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [version(number, f"border {number}") for number in range(60)]
    fill(open_store(tmp_path), made)
    file, before = cache_file(tmp_path), cache_file(tmp_path).stat()
    reader = open_store(tmp_path)
    assert_equals_brute_force(reader, made)
    base = newest(reader).base

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("all vectors are read or written")

    monkeypatch.setattr(VectorCache, "write", refused)
    with monkeypatch.context() as patch:
        patch.setattr(VectorCache, "read", refused)
        made[7] = version(7, "treaty")
        fill(open_store(tmp_path), [made[7]])
        assert_equals_brute_force(reader, made)
    assert_equals_brute_force(open_store(tmp_path), made)
    after = file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert newest(reader).base is base
    assert newest(reader).changed == 2  # its one passage before, and its one now


def test_a_delta_that_has_grown_is_merged_into_a_new_file(
    tmp_path: Path, small_deltas: None
) -> None:
    made = [version(number, "border") for number in range(10)]
    fill(open_store(tmp_path), made)
    first = cache_file(tmp_path)
    fill(open_store(tmp_path), [version(1, "treaty")])
    assert cache_file(tmp_path) == first  # two of ten rows
    fill(open_store(tmp_path), [version(2, "treaty")])
    assert cache_file(tmp_path) != first
    assert open_store(tmp_path).problems() == []


def test_a_check_merges_every_delta(tmp_path: Path) -> None:
    fill(open_store(tmp_path), [version(1, "border"), version(2, "border")])
    fill(open_store(tmp_path), [version(2, "treaty")])
    with open_store(tmp_path).writer() as writer:
        writer.save(finished=True, check=True)
    store = open_store(tmp_path)
    assert_equals_brute_force(store, [version(1, "border"), version(2, "treaty")])
    assert newest(store).changed == 0


def test_an_ask_while_a_reader_merges_does_not_wait(
    tmp_path: Path, small_deltas: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [version(number, "border") for number in range(10)]
    fill(open_store(tmp_path), made)
    reader = open_store(tmp_path)
    assert_equals_brute_force(reader, made)
    base = newest(reader).base
    begun, go_on = threading.Event(), threading.Event()
    through = VectorIndex.merged

    def slow(self: VectorIndex) -> VectorIndex:
        if threading.current_thread().name == "scoqa-merge":
            begun.set()
            assert go_on.wait(20)
        return through(self)

    monkeypatch.setattr(VectorIndex, "merged", slow)
    for number in range(6):
        made[number] = version(number, "treaty")
    fill(open_store(tmp_path), made[:6])
    assert_equals_brute_force(reader, made)
    assert begun.wait(20)
    made[9] = version(9, "treaty")  # changed during the merge
    fill(open_store(tmp_path), made[9:])
    assert_equals_brute_force(reader, made)
    assert newest(reader).base is base
    go_on.set()
    wait_until(lambda: newest(reader).base is not base)
    assert_equals_brute_force(reader, made)
    assert newest(reader).changed == 2


@pytest.mark.parametrize("step", ["merged", "write"])
def test_an_ask_while_a_sync_of_the_same_process_merges_does_not_wait(
    tmp_path: Path, small_deltas: None, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = [version(number, "border") for number in range(10)]
    store = open_store(tmp_path)
    fill(store, made)
    begun, go_on = threading.Event(), threading.Event()
    changed: Any = {"merged": VectorIndex, "write": VectorCache}[step]
    through = getattr(changed, step)

    def slow(*arguments: Any) -> Any:
        if threading.current_thread().name == "sync":
            begun.set()
            assert go_on.wait(20)
        return through(*arguments)

    monkeypatch.setattr(changed, step, slow)
    made[:6] = [version(number, "treaty") for number in range(6)]
    sync = threading.Thread(target=fill, args=(store, made[:6]), name="sync")
    sync.start()
    assert begun.wait(20)
    assert_equals_brute_force(store, made)
    go_on.set()
    sync.join(20)
    assert_equals_brute_force(store, made)


def test_a_view_from_before_a_merge_sees_its_own_passages(
    tmp_path: Path, small_deltas: None
) -> None:
    made = [version(number, "border") for number in range(10)]
    store = open_store(tmp_path)
    fill(store, made)
    vector = QuickEmbedder().embed(["treaty"])[0]
    with store.view() as before:
        expected = before.search_vectors(vector, 100)
        fill(store, [version(number, "treaty") for number in range(8)])
        assert newest(store).base_generation > before.generation
        assert before.search_vectors(vector, 100) == expected
    with store.view() as after:
        assert after.search_vectors(vector, 100) != expected


class KilledError(BaseException):
    """Ends a save where a kill would."""


@pytest.mark.parametrize("step", ["written", "renamed", "cache", "cache_stamp", "cache_rows"])
def test_killed_between_any_two_steps_of_a_save_the_index_opens_right(
    tmp_path: Path, small_deltas: None, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = [version(number, "border") for number in range(10)]
    fill(open_store(tmp_path), made)
    replace_file, unlink, set_meta = os.replace, Path.unlink, CatalogWriter.set_meta

    def replace(source: Path, target: Path) -> None:
        if step == "written":
            raise KilledError
        replace_file(source, target)
        if step == "renamed":
            raise KilledError

    def set_value(self: CatalogWriter, key: str, value: str) -> None:
        set_meta(self, key, value)
        if key == step:
            raise KilledError

    made[:6] = [version(number, "treaty") for number in range(6)]
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        patch.setattr(CatalogWriter, "set_meta", set_value)
        with pytest.raises(KilledError):
            fill(open_store(tmp_path), made[:6])
    assert_equals_brute_force(open_store(tmp_path), made)
    with monkeypatch.context() as patch:  # killed once more, before the old file is deleted
        patch.setattr(Path, "unlink", lambda *_, **__: unlink(tmp_path / "none", missing_ok=True))
        fill(open_store(tmp_path), [])
    assert_equals_brute_force(open_store(tmp_path), made)
    fill(open_store(tmp_path), [version(number, "energy") for number in range(6)])
    assert [cache_file(tmp_path)] == list(tmp_path.glob("vectors-*"))
    assert open_store(tmp_path).problems() == []


def test_the_cache_of_an_earlier_version_is_read_and_written_once(tmp_path: Path) -> None:
    # It wrote the cache at each generation, and not how many rows it has.
    made = [version(number, "border") for number in range(10)]
    fill(open_store(tmp_path), made)
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)) as connected:
        connected.execute("DELETE FROM meta WHERE key = 'cache_rows'")
    store = open_store(tmp_path)
    assert_equals_brute_force(store, made)
    assert newest(store).changed == 0
    made[3] = version(3, "treaty")
    fill(open_store(tmp_path), [made[3]])
    written = cache_file(tmp_path)
    made[4] = version(4, "treaty")
    fill(open_store(tmp_path), [made[4]])
    assert written == cache_file(tmp_path)
    assert_equals_brute_force(open_store(tmp_path), made)


def test_an_emptied_index_takes_vectors_of_another_length(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    made = version(1, "border")
    fill(store, [made])
    assert_equals_brute_force(store, [made])
    with store.writer() as writer:
        writer.drop(made[0].id)
        assert writer.search_vectors(QuickEmbedder().embed(["border"])[0], 9) == []
        vectors = QuickEmbedder().embed([""] * len(made[1]))[:, :3].copy()
        writer.keep_vectors([passage.id for passage in made[1]], vectors)
        writer.put(made[0], made[1], [passage.id for passage in made[1]], splitter="test")
        assert len(writer.search_vectors(vectors[0], 9)) == len(made[1])
        writer.save(finished=True, check=True)
        assert len(writer.search_vectors(vectors[0], 9)) == len(made[1])


# -- vectors that no passage uses ------------------------------------------------------------------


def stored_vectors(folder: Path) -> int:
    with open_store(folder).view() as view:
        return view.counts().vectors


def keep_unused(store: Store, *texts: str) -> None:
    """Store vectors, as a sync that was killed before it stored their documents."""
    with store.writer() as writer:
        writer.keep_vectors(texts, QuickEmbedder().embed(texts))


def test_unused_vectors_leave_at_the_end_of_a_sync(tmp_path: Path) -> None:
    made = [version(number, f"border {number}") for number in range(5)]
    fill(open_store(tmp_path), made)
    assert stored_vectors(tmp_path) == 5
    fill(open_store(tmp_path), [version(2, "treaty")])  # replaced
    assert stored_vectors(tmp_path) == 5
    keep_unused(open_store(tmp_path), "one", "two")  # killed
    assert stored_vectors(tmp_path) == 7
    fill(open_store(tmp_path), [version(3, "treaty")])
    assert stored_vectors(tmp_path) == 5
    with open_store(tmp_path).writer() as writer:
        writer.drop(version(3, "treaty")[0].id)  # its vector, the last one, gives its number away
        writer.keep_vectors(["three"], QuickEmbedder().embed(["three"]))
        writer.save(finished=True)
        assert writer.counts().vectors == 4
        writer.keep_vectors(["four"], QuickEmbedder().embed(["four"]))
        writer.save(finished=True)
        assert writer.counts().vectors == 4


def test_the_end_of_a_sync_looks_at_the_vectors_of_changed_documents_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(open_store(tmp_path), [version(number, f"border {number}") for number in range(5)])
    looked_after: list[int] = []
    through = CatalogWriter.drop_unused_vectors

    def noted(self: CatalogWriter, after: int) -> None:
        looked_after.append(after)
        through(self, after)

    monkeypatch.setattr(CatalogWriter, "drop_unused_vectors", noted)
    fill(open_store(tmp_path), [version(2, "treaty")])
    keep_unused(open_store(tmp_path), "one")
    fill(open_store(tmp_path), [])
    assert looked_after == [5, 0]
