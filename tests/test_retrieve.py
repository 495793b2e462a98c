"""Two rankings become one, phrases and places filter before ranking, windows are slices."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import QuickEmbedder, document_of, quick_workspace
from scoqa.normalization import quoted_phrases
from scoqa.retrieve import fuse, retrieve, windows
from scoqa.sentences import sentences
from scoqa.store import Match, Where
from scoqa.types import Document, Hit, Passage, SearchResult, Window


def passage(name: str, start: int = 0) -> Passage:
    return Passage(name, "d", start, start + 1, "x", "")


A, B, C, D = (passage(name) for name in "ABCD")


# -- fusion ----------------------------------------------------------------------------------------


def ranking(*scored: tuple[Passage, float], path: str = "notes.txt") -> list[Match]:
    return [Match(passage, path, score) for passage, score in scored]


def scores(hits: list[Hit]) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in hits}


WORDS = ranking((A, 8.0), (B, 4.0), (C, 2.0))
VECTORS = ranking((C, 0.8), (A, 0.6), (D, 0.4))


def test_the_fused_score_is_the_mean_of_the_shares_of_each_best() -> None:
    hits = fuse(WORDS, VECTORS, k=10)
    # A: 8/8 and 6/8. C: 2/8 and 8/8. B and D: a half in one search, nothing in the other.
    assert {"A": 0.875, "C": 0.625, "B": 0.25, "D": 0.25} == pytest.approx(scores(hits))
    assert ["A", "C", "B", "D"] == [hit.passage.id for hit in hits]
    assert (SearchResult("words", 1, 8.0), SearchResult("vectors", 2, 0.6)) == hits[0].found_by
    assert (SearchResult("vectors", 3, 0.4),) == hits[3].found_by


def test_what_a_full_search_left_out_has_its_least_share() -> None:
    # Three of k = 3: what the words left out may score up to 2/8, the vectors up to 4/8.
    hits = fuse(WORDS, VECTORS, k=3)
    assert {"A": 0.875, "C": 0.625, "B": 0.5, "D": 0.375} == pytest.approx(scores(hits))


def test_one_search_alone_counts_whole() -> None:
    assert {"A": 1.0, "B": 0.5, "C": 0.25} == pytest.approx(scores(fuse(WORDS, [], k=10)))
    assert {"C": 1.0, "A": 0.75, "D": 0.5} == pytest.approx(scores(fuse([], VECTORS, k=10)))
    assert [] == fuse([], [], k=10)


def test_equal_scores_share_a_rank_and_the_next_one_counts_them() -> None:
    hits = fuse(ranking((A, 2.0), (B, 2.0), (C, 1.0)), [], k=10)
    assert [("A", 1), ("B", 1), ("C", 3)] == [(h.passage.id, h.found_by[0].rank) for h in hits]
    assert 1.0 == hits[0].score == hits[1].score
    assert 0.5 == hits[2].score


def test_cosines_of_zero_and_below_count_as_nothing() -> None:
    one, other = ranking((A, 0.5), (B, -0.5)), ranking((A, -0.1), (B, -0.5))
    assert {"A": 1.0, "B": 0.0} == scores(fuse([], one, k=10))
    assert {"A": 0.0, "B": 0.0} == scores(fuse([], other, k=10))


def test_equal_fused_scores_are_sorted_by_path_then_start() -> None:
    late, early = passage("late", 9), passage("early", 2)
    words = [*ranking((A, 2.0), path="b.txt"), *ranking((late, 2.0), (early, 2.0), path="a.txt")]
    vectors = [*ranking((B, 0.5), path="c.txt"), *ranking((D, 0.5), path="B.txt")]
    hits = fuse(words, vectors, k=10)
    assert [("B.txt", 0), ("a.txt", 2), ("a.txt", 9), ("b.txt", 0), ("c.txt", 0)] == [
        (hit.path, hit.passage.start) for hit in hits
    ]


@given(
    st.lists(st.integers(0, 9), unique=True),
    st.lists(st.integers(0, 9), unique=True),
    st.integers(1, 12),
)
def test_what_both_searches_rank_higher_is_fused_higher(
    first: list[int], second: list[int], k: int
) -> None:
    pool = [passage(str(number)) for number in range(10)]
    hits = fuse(
        ranking(*((pool[n], 20.0 - rank) for rank, n in enumerate(first))),
        ranking(*((pool[n], 1 - rank / 20) for rank, n in enumerate(second))),
        k=k,
    )
    assert {str(n) for n in (*first, *second)} == {hit.passage.id for hit in hits}
    assert [hit for hit in hits if not 0 <= hit.score <= 1 + 1e-9] == []
    place = {hit.passage.id: number for number, hit in enumerate(hits)}
    for one in set(first) & set(second):
        for other in set(first) & set(second):
            if first.index(one) < first.index(other) and second.index(one) < second.index(other):
                assert place[str(one)] < place[str(other)]


# -- phrases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ('Who said "Shanghai spirit" first?', ("Shanghai spirit",)),
        ("Who said “Shanghai spirit” first?", ("Shanghai spirit",)),
        ("Wer sagte „Geist von Schanghai“?", ("Geist von Schanghai",)),
        ("Qui a dit « esprit de Shanghai » ?", ("esprit de Shanghai",)),
        ('"one two" and "three four"', ("one two", "three four")),
        ('the "summit" of Astana', ()),
        ('"one" between "two"', ()),
        ("the leaders' words and don't", ()),
        ('a 5" pipe', ()),
        ('"(', ()),
        ('""', ()),
        ('" - - "', ()),
    ],
)
def test_quoted_phrases_are_two_words_or_more(question: str, quoted: tuple[str, ...]) -> None:
    assert quoted == quoted_phrases(question)


@pytest.fixture
def library(tmp_path: Path) -> Any:
    """Return a workspace of two collections that speak of the same things."""
    texts = {
        "north/one.txt": "One\n\nThe red ferry sails at noon from the old pier.\n",
        "north/deep/two.txt": "Two\n\nThe ferry is red. It sails at noon.\n",
        "south/three.txt": "Three\n\nThe red\u00a0FERRY sails at midnight.\n",
        "four.txt": "Four\n\nNo boats here, only a red barn at noon.\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    return workspace


def paths(workspace: Any, hits: Any) -> list[str]:
    return sorted({workspace.document(hit.passage.document_id).path for hit in hits})


@pytest.mark.parametrize("quotes", ['""', "“”"])
def test_a_phrase_filters_both_searches_on_folded_text(library: Any, quotes: str) -> None:
    question = f"When does the {quotes[0]}Red ferry{quotes[1]} sail?"
    assert ["north/one.txt", "south/three.txt"] == paths(library, library.search(question, k=100))


def test_one_quoted_word_filters_nothing(library: Any) -> None:
    assert "four.txt" in paths(library, library.search('the "ferry" at noon', k=100))


def test_a_phrase_that_stands_nowhere_says_so_and_shows_what_is_near(library: Any) -> None:
    explained = library.explain('When does the "blue ferry" sail?')
    assert "phrase_not_found" == explained.answer.reason
    assert not explained.answer.answered
    assert "north/one.txt" in paths(library, explained.hits), "near misses are unfiltered"
    assert [] == library.search('the "blue ferry"')


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        (Where(collection="north"), {"north/one.txt", "north/deep/two.txt"}),
        (Where(collection=""), {"four.txt"}),
        (Where(path="north/deep"), {"north/deep/two.txt"}),
        (Where(path="north/deep/"), {"north/deep/two.txt"}),
        (Where(path="south/three.txt"), {"south/three.txt"}),
        (Where(path="nor"), set()),
        (Where(collection="nowhere"), set()),
        (Where(collection="north", path="south"), set()),
    ],
)
def test_places_filter_both_searches_before_ranking(
    library: Any, where: Where, allowed: set[str]
) -> None:
    vector = QuickEmbedder().embed(["red ferry at noon"])[0]
    with library.store.view() as view:
        hits = retrieve(view, "red ferry at noon", vector, k=1, where=where)
        assert {view.document(hit.passage.document_id).path for hit in hits} <= allowed
        # Filtered before ranking: even with k = 1 each search finds its best inside.
        assert bool(hits) == bool(allowed)
        for search in ("words", "vectors"):
            found = [f.rank for hit in hits for f in hit.found_by if f.search == search]
            assert (1 in found) == bool(allowed)


def test_ties_stand_by_path_then_start(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.txt"):
        (tmp_path / name).write_text("The pier\n\nThe pier is old.\n", encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    hits = workspace.search("old pier")
    assert ["a.txt", "b.txt", "c.txt"] == [
        workspace.document(hit.passage.document_id).path for hit in hits
    ]


def test_without_a_vector_only_words_search(library: Any) -> None:
    with library.store.view() as view:
        hits = retrieve(view, "barn", None, k=10)
    assert [("words",)] == [tuple(f.search for f in hit.found_by) for hit in hits]


# -- windows ---------------------------------------------------------------------------------------

TEXT = (
    "One is here. Two is here. Three is here. Four is here. Five is here. Six is here. Seven ends."
)


def view_of(*documents: Document) -> Any:
    return SimpleNamespace(
        text={each.id: each.text for each in documents}.__getitem__,
        layout={each.id: each.marks for each in documents}.__getitem__,
    )


def hit_of(document: Document, start: int, end: int, score: float = 1.0) -> Hit:
    text = document.text[start:end]
    return Hit(
        Passage(f"{start}", document.id, start, end, text, "Heading"), document.path, score, ()
    )


def on(document: Document, words: str, score: float = 1.0) -> Hit:
    start = document.text.index(words)
    return hit_of(document, start, start + len(words), score)


def shown(found: list[Window]) -> list[str]:
    return [window.text for window in found]


def test_a_window_has_one_sentence_of_context_on_each_side() -> None:
    document = document_of(TEXT)
    assert ["Two is here. Three is here. Four is here."] == shown(
        windows(view_of(document), [on(document, "Three is here.")])
    )


def test_context_ends_at_the_ends_of_the_text() -> None:
    document = document_of(TEXT)
    view = view_of(document)
    assert ["One is here. Two is here."] == shown(windows(view, [on(document, "One is here.")]))
    assert ["Six is here. Seven ends."] == shown(windows(view, [on(document, "Seven ends.")]))
    assert [TEXT] == shown(windows(view, [hit_of(document, 0, len(TEXT))]))


def test_passages_that_touch_are_read_each_by_itself() -> None:
    """What a model makes of a passage may not depend on which others were found."""
    document = document_of(TEXT)
    near = [on(document, "Three is here.", 0.5), on(document, "Two is here.", 0.9)]
    assert [
        "One is here. Two is here. Three is here.",
        "Two is here. Three is here. Four is here.",
    ] == shown(windows(view_of(document), near))


def test_passages_apart_stay_apart_best_first() -> None:
    document, other = document_of(TEXT), document_of("Zero stands. Alone it is. End.", "o.txt")
    hits = [on(document, "One is here.", 0.3), on(document, "Six is here.", 0.7)]
    found = windows(view_of(document, other), [*hits, on(other, "Alone it is.", 0.5)])
    assert [
        "Five is here. Six is here. Seven ends.",
        "Zero stands. Alone it is. End.",
        "One is here. Two is here.",
    ] == shown(found)


def test_a_passage_cut_inside_a_sentence_gets_the_whole_sentence() -> None:
    document = document_of(TEXT)
    start = TEXT.index("is here. Three")
    (window,) = windows(view_of(document), [hit_of(document, start, start + 4)])
    assert "Two is here." == window.text


@given(
    st.lists(
        st.sampled_from(
            ["One is. ", "Mr. No said so! ", "\r\n\r\n", "# H\n", "😀? ", "\u00a0", "a"]
        ),
        min_size=1,
        max_size=30,
    ).map("".join),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40), st.floats(0, 1)), max_size=5),
)
def test_every_window_is_a_slice_that_holds_its_passages(
    text: str, places: list[tuple[int, int, float]]
) -> None:
    document = document_of(text)
    hits = [
        hit_of(document, start % len(text), min(start % len(text) + length, len(text)), score)
        for start, length, score in places
    ]
    found = windows(view_of(document), hits)
    assert sorted((w.score for w in found), reverse=True) == [w.score for w in found]
    assert len(hits) == len(found)
    for window in found:
        assert text[window.start : window.end] == window.text
        for hit in window.hits:
            assert window.start <= hit.passage.start < hit.passage.end <= window.end


def test_the_sentences_of_the_example_are_seven() -> None:
    assert 7 == len(sentences(TEXT)), "what the windows above are counted in"
