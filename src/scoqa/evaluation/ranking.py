"""Scoring what was found: where the gold stands in a ranking of passages.

Receives gold places and passages; hands on numbers under the names ir_measures gives them. A
number that does not exist is None, never 0 and never NaN.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scoqa.types import Gold, Passage, Question

GoldPlace = tuple[str, int, int]  # path, start, end

NOWHERE = "-"  # in the place of a passage's id
EVIDENCE_TOKENS = 900  # about five passages: what a person reads before giving up
RANKS = (1, 5, 10)
NDCG_AT = 10


class Judged(NamedTuple):
    """A passage that touches the gold of an item, and whether it is relevant (1) or not (0)."""

    passage_id: str
    item: int
    relevance: int


def items_of(question: Question) -> dict[int | None, list[Gold]]:
    """Return the gold answers by item: one of each is wanted. None is the item of plain rows."""
    items: dict[int | None, list[Gold]] = {}
    for gold in question.answers:
        items.setdefault(gold.item if question.all_required else None, []).append(gold)
    return items


def wanted_of(question: Question) -> dict[int, list[Gold]]:
    """Return what is to be found, by item: answers, or the evidence where there are none.

    A plain question, and evidence, is item 0. Nothing for an unanswerable question.
    """
    if question.answers:
        return {item or 0: golds for item, golds in items_of(question).items()}
    return {0: list(question.evidence)} if question.evidence else {}


def holds(place: GoldPlace, gold: Gold) -> bool:
    """Return whether `place` holds the whole gold span."""
    path, start, end = place
    return path == gold.document and start <= gold.start and gold.end <= end


def overlap(place: GoldPlace, gold: Gold) -> int:
    """Return how many characters of `gold` lie in `place`."""
    path, start, end = place
    return max(0, min(end, gold.end) - max(start, gold.start)) if path == gold.document else 0


def rank_of_gold(question: Question, places: Sequence[GoldPlace]) -> int | None:
    """Return the least k at which the first k places hold the gold; None if they never do.

    A place holds an answer when it holds the whole span; of an `all_required` question every
    item must be held. Without answers, the place must touch the evidence. None also when the
    question has no gold.
    """
    if question.answers:
        ranks = [_first(golds, places) for golds in items_of(question).values()]
        known = [rank for rank in ranks if rank is not None]
        return max(known) if len(known) == len(ranks) else None
    for rank, place in enumerate(places, start=1):
        if any(overlap(place, gold) for gold in question.evidence):
            return rank
    return None


def _first(golds: Sequence[Gold], places: Sequence[GoldPlace]) -> int | None:
    for rank, place in enumerate(places, start=1):
        if any(holds(place, gold) for gold in golds):
            return rank
    return None


def judged(question: Question, passages: Mapping[str, Sequence[Passage]]) -> list[Judged]:
    """Return the judgements of a question, the qrels of TREC: sorted, one of each.

    passages: those of every gold document, by path, in the order they stand. One is relevant when
    it holds a whole answer (without answers: touches the evidence); one that holds a part of it is
    judged 0, and so is NOWHERE, of an item that no passage touches: what was cut apart or lost is
    a question without relevant passages, and not no question.
    item: TREC's subtopic; 0 in a plain row.
    """
    found: dict[tuple[str, int], int] = {}
    touched: set[int] = set()
    for item, golds in wanted_of(question).items():
        for gold in golds:
            those = passages.get(gold.document, ())
            first = bisect_right(those, gold.start, key=lambda each: each.end)
            last = bisect_left(those, gold.end, key=lambda each: each.start)
            for passage in those[first:last]:
                place = (gold.document, passage.start, passage.end)
                whole = not question.answers or holds(place, gold)
                key = (passage.id, item)
                found[key] = max(found.get(key, 0), int(whole))
                touched.add(item)
        if item not in touched:
            found[NOWHERE, item] = 0
    return sorted(Judged(*key, relevance) for key, relevance in found.items())


def reciprocal_rank(judgements: Sequence[Judged], ranking: Sequence[str]) -> float:
    """Return 1 / rank of the first relevant passage, 0 when there is none (ir_measures' RR)."""
    relevant = {each.passage_id for each in judgements if each.relevance}
    ranks = (rank for rank, passage in enumerate(ranking, start=1) if passage in relevant)
    return 1 / next(ranks, math.inf)


def ndcg(judgements: Sequence[Judged], ranking: Sequence[str], k: int = NDCG_AT) -> float:
    """Return the discounted gain of the first k passages over the best possible one.

    Gains are 0 or 1, the discount is log2(1 + rank) (Jarvelin and Kekalainen 2002, as trec_eval's
    ndcg_cut; ir_measures' nDCG@k). 0 where no passage is relevant.
    """
    relevant = {each.passage_id for each in judgements if each.relevance}
    gain = sum(
        1 / math.log2(1 + rank)
        for rank, passage in enumerate(ranking[:k], start=1)
        if passage in relevant
    )
    best = sum(1 / math.log2(1 + rank) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / best if best else 0.0


def evidence_share(
    question: Question, places: Sequence[GoldPlace], token_counts: Sequence[int]
) -> float | None:
    """Return the share of evidence characters in the first EVIDENCE_TOKENS retrieved tokens.

    places are taken whole, in order, as long as they fit. It stands beside Success@k, which rises
    with the size of a passage alone. None when the question has no evidence, 0 when none of it is
    in the documents.
    """
    if not question.evidence:
        return None
    read: list[GoldPlace] = []
    total = 0
    for place, tokens in zip(places, token_counts, strict=True):
        total += tokens
        if total > EVIDENCE_TOKENS:
            break
        read.append(place)
    wanted = {(g.document, i) for g in question.evidence for i in range(g.start, g.end)}
    held = {
        (path, i)
        for path, start, end in read
        for gold in question.evidence
        if gold.document == path
        for i in range(max(start, gold.start), min(end, gold.end))
    }
    # What its document does not hold was wanted too; of its place only the length is known.
    lost = sum(len(gold.text) for gold in question.evidence if gold.start < 0)
    return len(held) / (len(wanted) + lost) if wanted else 0.0
