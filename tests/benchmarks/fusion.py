"""Compare ways to fuse the word and the vector ranking.

    python tests/benchmarks/fusion.py WORKSPACE QUESTIONS

WORKSPACE is indexed; QUESTIONS is a dev set. Prints Success@1, @5, @10 and the evidence share for
each search alone, for reciprocal rank fusion (Cormack et al. 2009, k = 60), and for convex
combinations of relative scores, as scoqa uses them, with several weights and heading weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scoqa import Workspace, retrieve
from scoqa.evaluation import measures
from scoqa.evaluation.gold_places import place_golds
from scoqa.evaluation.sets import read_set
from scoqa.normalization import query_terms
from scoqa.store import Match, catalog
from scoqa.types import Passage


def reciprocal_rank_fusion(words: list[Match], vectors: list[Match]) -> list[Passage]:
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in (words, vectors):
        for rank, match in enumerate(ranking, start=1):
            passage = match.passage
            passages[passage.id] = passage
            scores[passage.id] = scores.get(passage.id, 0.0) + 1 / (60 + rank)
    return sorted(passages.values(), key=lambda passage: -scores[passage.id])


def main(folder: str, questions: str) -> None:
    workspace = Workspace(folder)
    embedder = workspace.models.embedder
    k = workspace.settings.search_k
    with workspace.store.view() as view:
        entries = view.digests()
        paths = {entry.document_id: path for path, entry in entries.items()}
        numbered, _ = place_golds(questions, read_set(Path(questions)).questions, view)
        rows = [row for _, row in numbered if row.answerable]
        vectors = [
            view.search_vectors(vector, k)
            for vector in embedder.embed([row.question for row in rows])
        ]

        def report(name: str, rankings: list[list[Passage]]) -> None:
            ranks, shares = [], []
            for row, ranking in zip(rows, rankings, strict=True):
                places = [(paths[p.document_id], p.start, p.end) for p in ranking]
                ranks.append(measures.rank_of_gold(row, places))
                tokens = embedder.count_tokens([p.text for p in ranking])
                shares.append(measures.evidence_share(row, places, tokens) or 0.0)
            recall = "  ".join(
                f"{sum(rank is not None and rank <= most for rank in ranks) / len(rows):.3f}"
                for most in (1, 5, 10)
            )
            print(f"{name:44} {recall}  {sum(shares) / len(rows):.3f}")

        print(f"{len(rows)} questions" + " " * 32 + "Success@1  @5     @10    evidence")
        report("vectors alone", [[match.passage for match in ranking] for ranking in vectors])
        for heading in (1.0, 2.0, 3.0):
            catalog.HEADING_WEIGHT = heading
            words = [view.search_words(query_terms(row.question), k) for row in rows]
            alone = [[match.passage for match in ranking] for ranking in words]
            report(f"words alone, heading {heading:g}", alone)
            fused = [reciprocal_rank_fusion(w, v) for w, v in zip(words, vectors, strict=True)]
            report(f"reciprocal rank fusion, heading {heading:g}", fused)
            for weight in (0.3, 0.5, 0.7):
                retrieve.WORDS_WEIGHT = weight
                convex = [
                    [hit.passage for hit in retrieve.fuse(w, v, k=k)]
                    for w, v in zip(words, vectors, strict=True)
                ]
                report(f"convex, heading {heading:g}, words {weight:g}", convex)


if __name__ == "__main__":
    main(*sys.argv[1:])
