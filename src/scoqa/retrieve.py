"""Word search and vector search -> fused Hits -> reading windows.

Receives a question, its vector and a view of the store; hands on passages, best first, and the
stretches of text a reader should read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import query_terms
from scoqa.sentences import sentence_around
from scoqa.store import Matches, View, Where
from scoqa.types import Document, Found, Hit, Passage, Window

Vectors = NDArray[np.float32]

# Equal voices for words and vectors: docs/guide/decisions/0004-fusion.md.
WORDS_WEIGHT = 0.5

# A phrase in straight or curly double quotes; single quotes are apostrophes too often.
_PHRASE = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]")


def phrases(question: str) -> tuple[str, ...]:
    """Return the quoted phrases of two words or more in `question`, in order."""
    return tuple(
        match.group(1).strip()
        for match in _PHRASE.finditer(question)
        if len(re.findall(r"\w+", match.group(1))) >= 2
    )


def fuse(words: Matches, vectors: Matches, *, k: int, paths: Mapping[str, str]) -> list[Hit]:
    """Return the passages of both rankings by the mean of their relative scores, best first.

    A relative score is the score as a share of the best one in its ranking, so the fused score
    is 1 where both searches agree on the best. A passage that one search did not return has
    there the least score returned, which bounds it from above, or 0 when the search returned
    fewer than k and so left nothing out. A convex combination of scores (Bruch, Gai and Ingber
    2023), not of ranks: how much better the first is than the second is worth knowing.
    Without vectors (or words) the other ranking counts alone. Ranks in `found_by` count from 1;
    equal scores share one. paths: by document id; ties stand by path, then start.
    """
    found: dict[str, tuple[Passage, tuple[Found, ...]]] = {}
    shares: dict[str, dict[str, float]] = {}
    missing: dict[str, float] = {}
    for search, ranking in (("words", words), ("vectors", vectors)):
        if not ranking:
            continue
        best, least = ranking[0][1], ranking[-1][1]
        missing[search] = _share(least, best) if len(ranking) >= k else 0.0
        rank = 0
        before: float | None = None
        for position, (passage, score) in enumerate(ranking, start=1):
            if before is None or score < before:
                rank, before = position, score
            entry = Found(search, rank, score)  # type: ignore[arg-type]
            found[passage.id] = (passage, (*found.get(passage.id, (passage, ()))[1], entry))
            shares.setdefault(passage.id, {})[search] = _share(score, best)
    weights = {"words": WORDS_WEIGHT, "vectors": 1 - WORDS_WEIGHT}
    total = sum(weights[search] for search in missing)
    hits = [
        Hit(
            passage,
            paths[passage.document_id],
            sum(
                weights[search] * shares[passage.id].get(search, rest)
                for search, rest in missing.items()
            )
            / total,
            found_by,
        )
        for passage, found_by in found.values()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.passage.start))


def _share(score: float, best: float) -> float:
    """Return `score` as a share of `best`, from 0 to 1; cosines below 0 count as 0."""
    return max(0.0, score) / best if best > 0 else 0.0


def retrieve(
    view: View, question: str, vector: Vectors | None, *, k: int, where: Where = Where()
) -> list[Hit]:
    """Return the passages found for `question`, best first: at least k where there are so many.

    vector: the question's, shape (d,); None searches words only.
    """
    words = view.search_words(query_terms(question), k, where)
    vectors = view.search_vectors(vector, k, where) if vector is not None else []
    paths = {entry.document_id: path for path, entry in view.digests().items()}
    return fuse(words, vectors, k=k, paths=paths)


def windows(view: View, hits: Sequence[Hit]) -> list[Window]:
    """Return what to read for `hits`: each passage with one sentence of context on each side.

    Best first, in the order of `hits` for equal scores. Every window is a slice of its document.
    Passages that touch are not joined: what a model makes of a window must not depend on which
    other passages were found, or an answer among a thousand documents would differ from the same
    answer in its document alone.
    """
    found = [_around(view.document(hit.passage.document_id), hit) for hit in hits]
    return sorted(found, key=lambda window: -window.score)


def _around(document: Document, hit: Hit) -> Window:
    """Return the window of one hit: its passage, the sentence before and the sentence after."""
    text, start, end = document.text, hit.passage.start, hit.passage.end
    before = len(text[:start].rstrip())
    if before:
        start = sentence_around(text, before - 1, before)[0]
    after = text[end : end + 1000]
    skipped = len(after) - len(after.lstrip())
    if skipped < len(after):
        end = sentence_around(text, end + skipped, end + skipped + 1)[1]
    return Window(
        document_id=document.id,
        start=start,
        end=end,
        text=text[start:end],
        heading=hit.passage.heading,
        hits=(hit,),
    )
