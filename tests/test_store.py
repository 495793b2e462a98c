"""The store's contract: every store gives what brute force over the same passages gives."""

from __future__ import annotations

import math
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import QuickEmbedder, document_of
from scoqa.errors import IndexDamagedError, IndexLockedError, IndexNotFoundError
from scoqa.normalization import fold, query_terms, terms
from scoqa.split import split
from scoqa.store import Match, Store, Where, catalog, open_store
from scoqa.store.catalog import HEADING_WEIGHT
from scoqa.store.local_view import LocalView
from scoqa.types import Document, Notice, Passage

WORDS = (
    "summit leaders signed treaty border harbour energy security trade visit minister president "
    "statement Astana Tashkent Bishkek Ufa Beijing forum exercise culture студент 上海合作 café"
).split()
Made = tuple[Document, list[Passage]]
SPLITTER = "test"


@pytest.fixture(params=["local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of each kind there is."""
    return {"local": open_store}[request.param](tmp_path / "index")


def library(count: int, seed: int = 7) -> list[tuple[Document, list[Passage]]]:
    """Return `count` documents of random words, in three collections, with their passages."""
    random_words = random.Random(seed)
    made = []
    for number in range(count):
        sentences = [
            " ".join(random_words.choices(WORDS, k=random_words.randint(4, 14))) + "."
            for _ in range(random_words.randint(3, 12))
        ]
        text = "\n\n".join(s.capitalize() for s in sentences)
        folder = ("", "north/", "north/deep/", "south/")[number % 4]
        document = document_of(text, f"{folder}note-{number:03}.txt")
        passages = split(document, passage_tokens=20, count_tokens=QuickEmbedder().count_tokens)
        made.append((document, passages))
    return made


def fill(store: Store, made: Sequence[tuple[Document, list[Passage]]]) -> None:
    embedder = QuickEmbedder()
    with store.writer() as writer:
        for document, passages in made:
            inputs = embedder.passage_inputs(passages)
            keys = [embedder.key(each) for each in inputs]
            writer.keep_vectors(keys, embedder.embed(inputs))
            writer.put(document, passages, keys, splitter=SPLITTER)
        writer.save(finished=True)


class BruteForce:
    """The oracle: every passage looked at, every score from its formula."""

    def __init__(self, made: Sequence[tuple[Document, list[Passage]]]) -> None:
        self.rows = [(document, passage) for document, passages in made for passage in passages]
        self.fields = [(terms(passage.text), terms(passage.heading)) for _, passage in self.rows]
        embedder = QuickEmbedder()
        self.made = made
        self.every = embedder.embed(embedder.passage_inputs([passage for _, passage in self.rows]))

    def let_through(self, where: Where, document: Document, passage: Passage) -> bool:
        if where.collection is not None and document.collection != where.collection:
            return False
        below = where.path is not None and document.path.startswith(where.path.rstrip("/") + "/")
        if where.path is not None and document.path != where.path and not below:
            return False
        return all(fold(phrase) in fold(passage.text) for phrase in where.phrases)

    def document_of(self, text_digest: str) -> Document:
        held = [document for document, _ in self.made if document.text_digest == text_digest]
        return min(held, key=lambda document: document.path)

    def ranked(
        self, scored: list[tuple[Document, Passage, float]], k: int
    ) -> list[tuple[str, str, float]]:
        scored = [(document, passage, round(score, 6)) for document, passage, score in scored]
        scored.sort(key=lambda each: (-each[2], each[0].path, each[1].start))
        least = scored[k - 1][2] if len(scored) >= k else -math.inf
        return [
            (passage.id, document.path, score)
            for document, passage, score in scored
            if score >= least
        ]

    def words(self, wanted: Sequence[str], k: int, where: Where) -> list[tuple[str, str, float]]:
        """BM25 as SQLite documents it: k1 1.2, b 0.75, its idf and its floor of 1e-6."""
        fields = self.fields
        lengths = [len(text) + len(heading) for text, heading in fields]
        average = sum(lengths) / len(lengths)
        scores = [0.0] * len(fields)
        for term in wanted:
            counts = [(Counter(text)[term], Counter(heading)[term]) for text, heading in fields]
            holding = sum(1 for text, heading in counts if text or heading)
            if not holding:
                continue
            idf = max(1e-6, math.log((len(fields) - holding + 0.5) / (holding + 0.5)))
            for row, (text, heading) in enumerate(counts):
                frequency = text + HEADING_WEIGHT * heading
                norm = 1.2 * (0.25 + 0.75 * lengths[row] / average)
                scores[row] += idf * frequency * 2.2 / (frequency + norm)
        return self.ranked(
            [
                (document, passage, score)
                for (document, passage), score in zip(self.rows, scores, strict=True)
                if score > 0 and self.let_through(where, document, passage)
            ],
            k,
        )

    def vectors(self, vector: np.ndarray, k: int, where: Where) -> list[tuple[str, str, float]]:
        scores = self.every @ vector
        return self.ranked(
            [
                (document, passage, float(score))
                for (document, passage), score in zip(self.rows, scores, strict=True)
                if self.let_through(where, document, passage)
            ],
            k,
        )


PLACES = [
    Where(),
    Where(collection="north"),
    Where(collection=""),
    Where(path="north/deep"),
    Where(path="south/note-003.txt"),
    Where(phrases=("trade visit",)),
    Where(collection="south", phrases=("Energy   SECURITY",)),
    Where(collection="nowhere"),
]
QUERIES = ["treaty", "summit in Astana", "студент café", "上海", "trade visit trade", "unheard"]


def assert_same(found: list[Match], expected: list[tuple[str, str, float]]) -> None:
    places = [(match.passage.id, match.path) for match in found]
    assert places == [(passage_id, path) for passage_id, path, _ in expected]
    scores = [score for _, _, score in expected]
    assert [match.score for match in found] == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize("where", PLACES, ids=str)
def test_searches_equal_brute_force(store: Store, where: Where) -> None:
    made = library(40)
    fill(store, made)
    oracle = BruteForce(made)
    crossing = Where(where.collection, where.path)  # phrases over a border: tested below
    with store.view() as view:
        for query in QUERIES:
            for k in (1, 5, 1000):
                wanted = query_terms(query)
                vector = QuickEmbedder().embed([query])[0]
                if not where.phrases:
                    assert_same(
                        view.search_words(wanted, k, crossing), oracle.words(wanted, k, where)
                    )
                    assert_same(
                        view.search_vectors(vector, k, where), oracle.vectors(vector, k, where)
                    )
        if where.phrases:
            expected = {
                each for each, _, _ in oracle.vectors(QuickEmbedder().embed(["x"])[0], 1000, where)
            }
            found = view.search_vectors(QuickEmbedder().embed(["x"])[0], 1000, where)
            assert expected <= {match.passage.id for match in found}
            assert expected, "the phrases of this test must occur"


def test_a_phrase_over_a_border_lets_both_passages_through(store: Store) -> None:
    text = "Alpha beta gamma delta. Epsilon zeta eta theta."
    document = document_of(text)
    passages = split(document, passage_tokens=20, count_tokens=lambda ts: [20 for _ in ts])
    assert len(passages) == 2
    fill(store, [(document, passages)])
    with store.view() as view:
        found = view.search_words(
            ["alpha", "zeta"], 10, Where(phrases=("gamma delta. epsilon zeta",))
        )
        assert {match.passage.id for match in found} == {each.id for each in passages}
        assert view.search_words(["alpha"], 10, Where(phrases=("delta zeta",))) == []


@pytest.mark.parametrize(
    ("phrase", "held"),
    [("art of", False), ("part of", True), ("the plan", True), ("the pla", False),
     ("合作组织", True), ("plan is the art", True)],
)  # fmt: skip
def test_a_phrase_is_whole_words(store: Store, phrase: str, held: bool) -> None:
    document = document_of("Part of the plan is the art. 上海合作组织成立。")
    count = QuickEmbedder().count_tokens
    fill(store, [(document, split(document, passage_tokens=50, count_tokens=count))])
    with store.view() as view:
        found = view.search_words(["plan"], 5, Where(phrases=(phrase,)))
        assert held == bool(found)


def test_ties_at_the_edge_are_not_cut_at_random(store: Store) -> None:
    made = []
    for number in range(30):
        document = document_of("The same words stand here.", f"copy-{number:02}.txt")
        passages = split(document, passage_tokens=20, count_tokens=QuickEmbedder().count_tokens)
        made.append((document, [replace(each, heading="") for each in passages]))
    fill(store, made)
    with store.view() as view:
        found = view.search_words(["word"], 5)
        assert [match.passage.document_id for match in found] == [d.id for d, _ in made]
        vector = QuickEmbedder().embed(["words"])[0]
        assert len(view.search_vectors(vector, 5)) == 30


@pytest.mark.parametrize("most", [catalog.MOST_CACHED, 4_000, 0])
def test_a_matched_passage_is_the_slice_of_its_document(
    store: Store, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    # Whether all texts, some or none stay in memory. Code points, not bytes or UTF-16 units.
    monkeypatch.setattr(catalog, "MOST_CACHED", most)
    words = "😀 préfet 上海合作 \u00a0 e\u0301 ﬁn \r\n"
    made = []
    for number in range(5):
        text = "".join(f"Summit {words * (n % 7)} {n}.\n\n" for n in range(40))
        document = document_of(f"{number} {text}", f"note-{number}.txt")
        passages = split(document, passage_tokens=20, count_tokens=QuickEmbedder().count_tokens)
        assert 1_000 < len(text) < 4_000
        made.append((document, passages))
    fill(store, made)
    expected = {each.id: (d.path, each) for d, passages in made for each in passages}
    vector = QuickEmbedder().embed(["summit"])[0]
    with store.view() as view:
        for found in (view.search_words(["note"], 999), view.search_vectors(vector, 999)):
            assert {m.passage.id: (m.path, m.passage) for m in found} == expected
        for document, _ in made:
            assert view.text(document.id) == document.text
        assert isinstance(view, LocalView)
        longest = max(len(document.text) for document, _ in made)
        assert sum(map(len, view.catalog._texts.values())) <= max(most, longest)


def test_a_store_is_empty_until_it_has_a_passage(store: Store) -> None:
    (made,) = library(1)
    with store.writer() as writer:
        assert writer.is_empty()
        writer.put(made[0], [], [], splitter=SPLITTER)
        assert writer.is_empty(), "a document without passages answers nothing"
    fill(store, [made])
    with store.writer() as writer:
        assert not writer.is_empty()
        writer.drop(made[0].id)
        assert writer.is_empty()


def test_the_collections_are_those_that_documents_are_in_now(store: Store) -> None:
    with store.writer() as writer:
        assert writer.collections() == ()
    made = library(8)
    fill(store, made)
    with store.writer() as writer:
        assert writer.collections() == ("", "north", "south")
        for document, _ in made:
            if document.collection in ("", "south"):
                writer.drop(document.id)
        assert writer.collections() == ("north",)


def test_a_document_is_found_by_exactly_its_text_the_first_by_path(store: Store) -> None:
    made = library(8)
    text = made[5][0].text
    for path in ("zoo.txt", "Alpha.txt", "éa.txt"):
        twin = document_of(text, path)
        made.append(
            (twin, split(twin, passage_tokens=20, count_tokens=QuickEmbedder().count_tokens))
        )
    # Other bytes, the same text: a byte order mark was dropped.
    marked = replace(document_of(text, "AAA.txt"), digest="0" * 64)
    made.append((marked, []))
    fill(store, made)
    oracle = BruteForce(made)
    with store.view() as view:
        for document, _ in made:
            assert view.document_of(document.text_digest) == oracle.document_of(
                document.text_digest
            )
        assert view.document_of(marked.text_digest) == marked
    with store.writer() as writer:
        for document, _ in made:
            if document.text == text:
                assert writer.document_of(document.text_digest).text == text
                writer.drop(document.id)
        with pytest.raises(KeyError):
            writer.document_of(marked.text_digest)


HOSTILE_STRINGS = ["", "\0", "nul\0", "\ud800", "%", "*", "' OR 1 --", "上海", "f" * 3_000_000]


@pytest.mark.parametrize("forged", HOSTILE_STRINGS, ids=lambda each: ascii(each[:9]))
def test_a_forged_id_is_only_unknown(store: Store, forged: str) -> None:
    made = library(2)
    fill(store, made)
    with store.view() as view:
        for find in (view.document, view.document_of, view.text):
            with pytest.raises(KeyError):
                find(forged)
            for document, _ in made:
                for known in (document.id, document.text_digest):
                    with pytest.raises(KeyError):
                        find(known + forged if forged else known[:-1])


def test_an_index_of_an_earlier_version_finds_by_text_and_looks_it_up_once_written(
    tmp_path: Path,
) -> None:
    # Without the index on it, each look reads every text there is.
    store = open_store(tmp_path)
    made = library(3)
    fill(store, made)
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("DROP INDEX contents_by_text")
    connection.close()
    with open_store(tmp_path).view() as view:
        assert view.document_of(made[1][0].text_digest) == made[1][0]
    with open_store(tmp_path).writer() as writer:
        assert writer.document_of(made[1][0].text_digest) == made[1][0]
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM contents WHERE text_digest = ?", ("",)
        ).fetchall()
    connection.close()
    assert "contents_by_text" in str(plan)


def test_step_by_step_equals_fresh(tmp_path: Path) -> None:
    made = library(24)
    fresh, stepped = open_store(tmp_path / "fresh"), open_store(tmp_path / "stepped")
    fill(fresh, made[6:])
    fill(stepped, made[:12])
    for document, _ in made[:6]:
        with stepped.writer() as writer:
            writer.drop(document.id)
    fill(stepped, made[12:])
    with fresh.view() as one, stepped.view() as two:
        assert one.counts().passages == two.counts().passages
        assert one.counts().vectors == two.counts().vectors
        for query in QUERIES:
            vector = QuickEmbedder().embed([query])[0]
            first, second = one.search_vectors(vector, 9), two.search_vectors(vector, 9)
            assert [m.passage.id for m in first] == [m.passage.id for m in second]
            assert [m.score for m in first] == pytest.approx([m.score for m in second], abs=1e-4)
            wanted = query_terms(query)
            found = [view.search_words(wanted, 9) for view in (one, two)]
            assert [m.passage.id for m in found[0]] == [m.passage.id for m in found[1]]
            scores = [[match.score for match in matches] for matches in found]
            assert scores[0] == pytest.approx(scores[1], abs=1e-4)


def test_a_dropped_document_leaves_nothing_behind(store: Store) -> None:
    made = library(3)
    fill(store, made)
    with store.writer() as writer:
        for document, _ in made:
            writer.drop(document.id)
        counts = writer.counts()
        assert (counts.documents, counts.passages, counts.vectors) == (0, 0, 0)
        assert writer.search_words(query_terms("summit treaty"), 10) == []
        assert writer.search_vectors(QuickEmbedder().embed(["summit"])[0], 10) == []


def test_a_document_put_again_leaves_nothing_of_its_old_text(store: Store) -> None:
    # Its id is its place's: old and new go by the same one.
    count = QuickEmbedder().count_tokens
    old, new = document_of("The mill grinds rye. It is old."), document_of("The mill burnt down.")
    assert old.id == new.id
    passages, anew = (split(each, passage_tokens=20, count_tokens=count) for each in (old, new))
    fill(store, [(old, passages)])
    query = QuickEmbedder().embed(["rye"])[0]
    with store.view() as before:
        fill(store, [(new, anew)])
        assert before.document(old.id) == before.document_of(old.text_digest) == old
        assert before.passages_of(old.id) == before.passages([each.id for each in passages])
        assert [match.passage for match in before.search_vectors(query, 10)] == passages
        with pytest.raises(KeyError):
            before.passages([each.id for each in anew])
    with store.view() as after:
        assert after.document(old.id) == new
        assert after.passages_of(old.id) == anew
        assert [match.passage for match in after.search_vectors(query, 10)] == anew
        assert after.search_words(["rye"], 10) == []
        assert (after.counts().documents, after.counts().vectors) == (1, len(anew))
        for passage in passages:
            with pytest.raises(KeyError):
                after.passages([passage.id])
        with pytest.raises(KeyError):
            after.document_of(old.text_digest)


def test_a_writer_that_read_a_text_reads_the_one_that_took_its_place(store: Store) -> None:
    old, new = document_of("The mill grinds rye."), document_of("The mill burnt down.")
    with store.writer() as writer:
        for document in (old, new, old):
            writer.put(document, [], [], splitter=SPLITTER)
            assert writer.document(document.id) == document


def test_no_text_stays_in_the_catalog_without_a_document(tmp_path: Path) -> None:
    twin = document_of("The mill grinds rye.", "twin.txt")
    for document in (document_of(twin.text), twin, document_of("The mill burnt down.")):
        fill(open_store(tmp_path), [(document, [])])
    with open_store(tmp_path).writer() as writer:
        writer.drop(twin.id)
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        kept = connection.execute("SELECT text FROM contents").fetchall()
    connection.close()
    assert kept == [("The mill burnt down.",)]


def test_two_paths_of_one_content_share_vectors_and_outlive_each_other(store: Store) -> None:
    document, passages = library(1)[0]
    twin = document_of(document.text, "twin.txt")
    count = QuickEmbedder().count_tokens
    same_heading = [
        replace(each, heading=passages[0].heading)
        for each in split(twin, passage_tokens=20, count_tokens=count)
    ]
    fill(store, [(document, passages), (twin, same_heading)])
    with store.writer() as writer:
        assert writer.counts().vectors == len({each.text for each in passages})
        writer.drop(document.id)
        assert [each.text for each in writer.passages_of(twin.id)] == [p.text for p in passages]
        assert writer.document(twin.id).text == document.text


def test_a_view_sees_one_moment(store: Store) -> None:
    made = library(8)
    fill(store, made[:4])
    query = QuickEmbedder().embed(["summit"])[0]
    with store.view() as view:
        before = view.search_vectors(query, 1000)
        fill(store, made[4:])
        with store.writer() as writer:
            writer.drop(made[0][0].id)
        assert view.search_vectors(query, 1000) == before
        assert view.document(made[0][0].id).text == made[0][0].text
    with store.view() as view:
        ids = {match.passage.document_id for match in view.search_vectors(query, 1000)}
        assert ids == {document.id for document, _ in made[1:]}


def test_a_second_writer_is_told_who_holds_the_lock_and_readers_go_on(store: Store) -> None:
    fill(store, library(1))
    with store.writer():
        with pytest.raises(IndexLockedError, match=r"process \d+ on .* since"), store.writer():
            pass
        with store.view() as view:
            assert view.counts().documents == 1
    with store.writer() as writer:
        assert writer.counts().documents == 1


def test_a_missing_index_names_the_command_that_builds_it(store: Store) -> None:
    with pytest.raises(IndexNotFoundError, match="scoqa index"), store.view():
        pass


def cache_file(folder: Path) -> Path:
    (found,) = folder.glob("vectors-*.faiss")
    return found


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove"])
def test_a_damaged_vector_cache_is_never_read_and_costs_nothing(tmp_path: Path, harm: str) -> None:
    fill(open_store(tmp_path), library(10))
    query = QuickEmbedder().embed(["summit"])[0]
    with open_store(tmp_path).view() as view:
        expected = view.search_vectors(query, 10)
    file = cache_file(tmp_path)
    data = bytearray(file.read_bytes())
    if harm == "flip":
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif harm == "truncate":
        file.write_bytes(data[: len(data) // 2])
    else:
        file.unlink()
    if harm == "flip":  # later than the write, even if the clock of the file system is coarse
        os.utime(file, (1_700_000_000, 1_700_000_000))
    damaged = open_store(tmp_path)
    assert "cache" in damaged.problems()[0]
    with damaged.view() as view:
        assert view.search_vectors(query, 10) == expected
    with damaged.writer() as writer:
        writer.save(finished=True)
    assert open_store(tmp_path).problems() == []


@pytest.mark.parametrize("keep", [0.5, 0.02])
def test_a_truncated_catalog_is_one_clear_sentence(tmp_path: Path, keep: float) -> None:
    fill(open_store(tmp_path), library(10))
    file = tmp_path / "catalog.sqlite"
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep)])
    store = open_store(tmp_path)
    with pytest.raises(IndexDamagedError, match="scoqa index --rebuild"), store.view() as view:
        view.search_words(["summit"], 5)
    assert "scoqa index --rebuild" in store.problems()[0]
    with pytest.raises(IndexDamagedError), store.writer():
        pass
    store.set_aside()
    fill(store, library(10))
    assert store.problems() == []
    assert (tmp_path / "set-aside-1" / "catalog.sqlite").is_file()


# -- pages and failures ----------------------------------------------------------------------------


def test_boxes_come_back_by_page_and_leave_with_the_last_document_that_has_them(
    store: Store,
) -> None:
    document = document_of("The mill grinds rye.")
    twin = document_of(document.text, "twin.txt")
    pages = (b"\x01\x00" * 8, b"", b"\xff\x00" * 4)
    with store.writer() as writer:
        for each in (document, twin):
            writer.put(each, [], [], splitter=SPLITTER, boxes=pages)
        writer.drop(document.id)
    with store.view() as view:
        assert [*pages, b""] == [view.boxes(twin.id, page) for page in (1, 2, 3, 4)]
        assert b"" == view.boxes(document.id, 1)
    with store.writer() as writer:
        writer.drop(twin.id)
        writer.put(twin, [], [], splitter=SPLITTER)
        assert b"" == writer.boxes(twin.id, 1)


def test_failed_files_are_remembered_until_the_next_time(store: Store) -> None:
    with store.writer() as writer:
        assert () == writer.failed()
        writer.note_failed([Notice("old.pdf", "has no text layer.")])
    with store.view() as view:
        assert (Notice("old.pdf", "has no text layer."),) == view.failed()
    with store.writer() as writer:
        writer.note_failed([])
        assert () == writer.failed()
