"""Retrieve passages with word and vector search, and build the windows for the reader.

Input: a question, its vector and a view of the store. Output: fused hits, best first, and the
windows of text that a reader should read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import query_terms
from scoqa.reading_view import Layout
from scoqa.sentences import sentence_around
from scoqa.store import Match, View, Where
from scoqa.types import Hit, SearchResult, Window

Vectors = NDArray[np.float32]

# Equal weights for words and vectors; see docs/guide/decisions/0004-fusion.md.
WORDS_WEIGHT = 0.5
MOST_HIDDEN = 3  # hidden sentences, such as comments, between a passage and its context


def fuse(words: Sequence[Match], vectors: Sequence[Match], *, k: int) -> list[Hit]:
    """Return the passages of both rankings by their mean relative score, best first.

    A relative score is the score divided by the best score of its ranking, so the fused score is 1
    for a passage that both searches rank first. A passage missing from one ranking gets the lowest
    score of that ranking, which is an upper bound, or 0 if the ranking has fewer than k passages
    and is therefore complete. This is a convex combination of scores (Bruch, Gai and Ingber 2023);
    a combination of ranks would lose the distances between scores. If one ranking is empty, the
    other counts alone. Ties are sorted by path, then start. Ranks in `found_by` count from 1, and
    equal scores share a rank.
    """
    matches: dict[str, Match] = {}
    found_by: dict[str, tuple[SearchResult, ...]] = {}
    shares: dict[str, dict[str, float]] = {}
    missing: dict[str, float] = {}
    for search, ranking in (("words", words), ("vectors", vectors)):
        if not ranking:
            continue
        best, least = ranking[0].score, ranking[-1].score
        missing[search] = _share(least, best) if len(ranking) >= k else 0.0
        rank = 0
        previous: float | None = None
        for position, match in enumerate(ranking, start=1):
            if previous is None or match.score < previous:
                rank, previous = position, match.score
            result = SearchResult(search, rank, match.score)  # type: ignore[arg-type]
            passage_id = match.passage.id
            matches.setdefault(passage_id, match)
            found_by[passage_id] = (*found_by.get(passage_id, ()), result)
            shares.setdefault(passage_id, {})[search] = _share(match.score, best)
    weights = {"words": WORDS_WEIGHT, "vectors": 1 - WORDS_WEIGHT}
    total = sum(weights[search] for search in missing)
    hits = [
        Hit(
            match.passage,
            match.path,
            sum(
                weights[search] * shares[passage_id].get(search, rest)
                for search, rest in missing.items()
            )
            / total,
            found_by[passage_id],
        )
        for passage_id, match in matches.items()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.passage.start))


def _share(score: float, best: float) -> float:
    """Return `score` as a share of `best`, from 0 to 1; cosines below 0 count as 0."""
    return max(0.0, score) / best if best > 0 else 0.0


def retrieve(
    view: View, question: str, vector: Vectors | None, *, k: int, where: Where = Where()
) -> list[Hit]:
    """Return the passages retrieved for `question`, best first: at least k if that many match.

    vector: of the question, shape (d,); None searches words only.
    """
    words = view.search_words(query_terms(question), k, where)
    vectors = view.search_vectors(vector, k, where) if vector is not None else []
    return fuse(words, vectors, k=k)


def windows(view: View, hits: Sequence[Hit]) -> list[Window]:
    """Return one window per hit: its passage with one sentence of context on each side.

    Best first; ties keep the order of `hits`. Every window is a slice of its document. Adjacent
    passages are not joined: the result for a window must not depend on which other passages were
    retrieved, or an answer among a thousand documents could differ from the answer in its document
    alone.
    """
    texts = {hit.passage.document_id: view.text(hit.passage.document_id) for hit in hits}
    layouts = {document_id: Layout(view.layout(document_id)) for document_id in texts}
    unsorted = [
        _build_window(texts[hit.passage.document_id], layouts[hit.passage.document_id], hit)
        for hit in hits
    ]
    return sorted(unsorted, key=lambda window: -window.score)


def _build_window(text: str, layout: Layout, hit: Hit) -> Window:
    """Return the window of one hit: its passage, and the visible sentences before and after it.

    text, layout: of the hit's document.
    """
    start, end = hit.passage.start, hit.passage.end
    for _ in range(MOST_HIDDEN + 1):
        before = start
        while before and text[before - 1].isspace():
            before -= 1
        if before:
            start = sentence_around(text, before - 1, before)[0]
        if layout.build_view(text, start, hit.passage.start).text.strip():
            break
    for _ in range(MOST_HIDDEN + 1):
        after = text[end : end + 1000]
        skipped = len(after) - len(after.lstrip())
        if skipped < len(after):
            end = sentence_around(text, end + skipped, end + skipped + 1)[1]
        if layout.build_view(text, hit.passage.end, end).text.strip():
            break
    reading = layout.build_view(text, start, end)
    return Window(
        document_id=hit.passage.document_id,
        start=start,
        end=end,
        text=text[start:end],
        heading=hit.passage.heading,
        hits=(hit,),
        view=None if reading.is_slice else reading,
    )
