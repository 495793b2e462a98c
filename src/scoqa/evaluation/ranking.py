"""Score a ranking of passages against the gold places.

Input: gold places and ranked passages. Output: measures under the names of ir_measures. An
undefined measure is None, never 0 and never NaN.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scoqa.types import Gold, Passage, Question

GoldPlace = tuple[str, int, int]  # path, start, end

NOWHERE = "-"  # stands for the passage id if no passage overlaps the gold
EVIDENCE_TOKENS = 900  # about five passages, as much as a person reads before giving up
RANKS = (1, 5, 10)
NDCG_AT = 10


class Judged(NamedTuple):
    """A passage that overlaps the gold of an item, and whether it is relevant (1) or not (0)."""

    passage_id: str
    item: int
    relevance: int


def group_answers(question: Question) -> dict[int | None, list[Gold]]:
    """Return the gold answers by item; one answer per item is required.

    The answers of a plain question are all under None.
    """
    items: dict[int | None, list[Gold]] = {}
    for gold in question.answers:
        items.setdefault(gold.item if question.all_required else None, []).append(gold)
    return items


def group_required_golds(question: Question) -> dict[int, list[Gold]]:
    """Return the golds to find, by item: the answers, or the evidence if there are no answers.

    The golds of a plain question, and all evidence, are item 0. Empty if unanswerable.
    """
    if question.answers:
        return {item or 0: golds for item, golds in group_answers(question).items()}
    return {0: list(question.evidence)} if question.evidence else {}


def contains(place: GoldPlace, gold: Gold) -> bool:
    """Return whether `place` contains the complete gold span."""
    path, start, end = place
    return path == gold.document and start <= gold.start and gold.end <= end


def overlap(place: GoldPlace, gold: Gold) -> int:
    """Return how many characters of `gold` are inside `place`."""
    path, start, end = place
    return max(0, min(end, gold.end) - max(start, gold.start)) if path == gold.document else 0


def rank_of_gold(question: Question, places: Sequence[GoldPlace]) -> int | None:
    """Return the smallest k such that the first k places contain the gold, or None.

    A place must contain the complete span of an answer; an `all_required` question needs every
    item. Without answers, a place must overlap the evidence. None also for a question without
    gold.
    """
    if question.answers:
        ranks = [_first_rank(golds, places) for golds in group_answers(question).values()]
        known = [rank for rank in ranks if rank is not None]
        return max(known) if len(known) == len(ranks) else None
    for rank, place in enumerate(places, start=1):
        if any(overlap(place, gold) for gold in question.evidence):
            return rank
    return None


def _first_rank(golds: Sequence[Gold], places: Sequence[GoldPlace]) -> int | None:
    for rank, place in enumerate(places, start=1):
        if any(contains(place, gold) for gold in golds):
            return rank
    return None


def judge_passages(question: Question, passages: Mapping[str, Sequence[Passage]]) -> list[Judged]:
    """Return the judgements of a question (TREC's qrels), sorted and without duplicates.

    A passage is relevant if it contains a complete answer (without answers: if it overlaps the
    evidence). A passage with only a part of an answer is judged 0. An item that no passage
    overlaps gets the judgement 0 for NOWHERE, so that a question whose answer was split or lost
    counts as a question without relevant passages instead of dropping out.

    Parameters
    ----------
    passages
        The passages of every gold document, by path, sorted by start.

    Returns
    -------
    Judgements; `item` is TREC's subtopic, 0 for a plain question.
    """
    relevance_by_key: dict[tuple[str, int], int] = {}
    overlapped: set[int] = set()
    for item, golds in group_required_golds(question).items():
        for gold in golds:
            candidates = passages.get(gold.document, ())
            first = bisect_right(candidates, gold.start, key=lambda passage: passage.end)
            last = bisect_left(candidates, gold.end, key=lambda passage: passage.start)
            for passage in candidates[first:last]:
                place = (gold.document, passage.start, passage.end)
                whole = not question.answers or contains(place, gold)
                key = (passage.id, item)
                relevance_by_key[key] = max(relevance_by_key.get(key, 0), int(whole))
                overlapped.add(item)
        if item not in overlapped:
            relevance_by_key[NOWHERE, item] = 0
    return sorted(Judged(*key, relevance) for key, relevance in relevance_by_key.items())


def reciprocal_rank(judgements: Sequence[Judged], ranking: Sequence[str]) -> float:
    """Return 1 / rank of the first relevant passage, or 0 if there is none (ir_measures' RR)."""
    relevant = _relevant_ids(judgements)
    ranks = (rank for rank, passage in enumerate(ranking, start=1) if passage in relevant)
    return 1 / next(ranks, math.inf)


def ndcg(judgements: Sequence[Judged], ranking: Sequence[str], k: int = NDCG_AT) -> float:
    """Return the discounted gain of the first k passages divided by the best possible gain.

    Gains are 0 or 1 and the discount is log2(1 + rank) (Jarvelin and Kekalainen 2002; trec_eval's
    ndcg_cut, ir_measures' nDCG@k). 0 if no passage is relevant.
    """
    relevant = _relevant_ids(judgements)
    gain = sum(
        1 / math.log2(1 + rank)
        for rank, passage in enumerate(ranking[:k], start=1)
        if passage in relevant
    )
    best = sum(1 / math.log2(1 + rank) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / best if best else 0.0


def _relevant_ids(judgements: Sequence[Judged]) -> set[str]:
    return {judgement.passage_id for judgement in judgements if judgement.relevance}


def evidence_share(
    question: Question, places: Sequence[GoldPlace], token_counts: Sequence[int]
) -> float | None:
    """Return the share of evidence characters in the first EVIDENCE_TOKENS retrieved tokens.

    Complete places are taken in order as long as they fit. The measure complements Success@k,
    which increases merely with larger passages. None if the question has no evidence, 0 if none
    of the evidence is in the documents.
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
    covered = {
        (path, i)
        for path, start, end in read
        for gold in question.evidence
        if gold.document == path
        for i in range(max(start, gold.start), min(end, gold.end))
    }
    # Evidence that its document does not contain counts as well, by the length of its text.
    lost = sum(len(gold.text) for gold in question.evidence if gold.start < 0)
    return len(covered) / (len(wanted) + lost) if wanted else 0.0
