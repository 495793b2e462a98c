"""Scoring one question, and a set of them: pure functions of places and texts.

Receives gold places and what was found or said; hands on numbers. A number that does not exist
is None, never 0 and never NaN.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from scoqa.fold import fold
from scoqa.types import Citation, Gold, Question

Place = tuple[str, int, int]  # path, start, end

EVIDENCE_TOKENS = 900  # about five passages: what a person reads before giving up
RANKS = (1, 5, 10)

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def rank_of_gold(question: Question, places: Sequence[Place]) -> int | None:
    """Return the least k at which the first k places hold the gold; None if they never do.

    A place holds an answer when it holds the whole span; of an `all_required` question every
    item must be held. Without answers, the place must touch the evidence. None also when the
    question has no gold.
    """
    if question.all_required:
        ranks = [_first(golds, places) for golds in _by_item(question).values()]
        known = [rank for rank in ranks if rank is not None]
        return max(known) if known and len(known) == len(ranks) else None
    if question.answers:
        return _first(question.answers, places)
    for rank, place in enumerate(places, start=1):
        if any(_overlap(place, gold) for gold in question.evidence):
            return rank
    return None


def _by_item(question: Question) -> dict[int | None, list[Gold]]:
    items: dict[int | None, list[Gold]] = {}
    for gold in question.answers:
        items.setdefault(gold.item, []).append(gold)
    return items


def _first(golds: Sequence[Gold], places: Sequence[Place]) -> int | None:
    for rank, (path, start, end) in enumerate(places, start=1):
        if any(g.document == path and start <= g.start and g.end <= end for g in golds):
            return rank
    return None


def _overlap(place: Place, gold: Gold) -> int:
    """Return how many characters of `gold` lie in `place`."""
    path, start, end = place
    return max(0, min(end, gold.end) - max(start, gold.start)) if path == gold.document else 0


def evidence_share(
    question: Question, places: Sequence[Place], token_counts: Sequence[int]
) -> float | None:
    """Return the share of evidence characters in the first EVIDENCE_TOKENS retrieved tokens.

    places are taken whole, in order, as long as they fit. It stands beside R@k, which rises
    with the size of a passage alone. None when the question has no evidence.
    """
    if not question.evidence:
        return None
    read: list[Place] = []
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
    return len(held) / len(wanted)


def is_right_place(question: Question, citation: Citation) -> bool | None:
    """Return whether the quote touches a gold answer (or the evidence, where there is none).

    None for a question without gold.
    """
    golds = question.answers or question.evidence
    if not golds:
        return None
    places = [
        (each.path, each.start, each.end) for each in (citation, *citation.also_in)
    ]  # the same words in several documents are one line: any of its places may be the gold one
    return any(_overlap(place, gold) for place in places for gold in golds)


def normalise(text: str) -> list[str]:
    """Return the words of `text` as SQuAD 1.1 compares them, after NFKC and white space.

    Lower case, no ASCII punctuation, no articles (Rajpurkar et al. 2016, evaluate-v1.1).
    """
    return _ARTICLES.sub(" ", fold(text).translate(_PUNCTUATION)).split()


def _f1(predicted: str, gold: str) -> float:
    said, meant = normalise(predicted), normalise(gold)
    common = sum((Counter(said) & Counter(meant)).values())
    if not said or not meant or not common:
        return float(said == meant)
    precision, recall = common / len(said), common / len(meant)
    return 2 * precision * recall / (precision + recall)


def _matched_items(question: Question, quotes: Sequence[str]) -> int:
    """Return how many items have an alternative among the quotes, each quote used once."""
    left = [normalise(quote) for quote in quotes]
    matched = 0
    for golds in _by_item(question).values():
        alternatives = [normalise(gold.text) for gold in golds]
        found = next((quote for quote in left if quote in alternatives), None)
        if found is not None:
            left.remove(found)
            matched += 1
    return matched


def exact_match(question: Question, quotes: Sequence[str]) -> float | None:
    """Return 1 or 0: whether the first quote is a gold answer once normalised.

    All items and nothing else for `all_required`. Silence on an answerable question and an
    answer to an unanswerable one score 0, silence on an unanswerable one 1. None where the
    question has evidence but no answers.
    """
    if not question.answerable:
        return float(not quotes)
    if not question.answers:
        return None
    if question.all_required:
        items = len(_by_item(question))
        return float(_matched_items(question, quotes) == items == len(quotes))
    said = normalise(quotes[0]) if quotes else None
    return float(any(said == normalise(gold.text) for gold in question.answers))


def f1(question: Question, quotes: Sequence[str]) -> float | None:
    """Return the best word F1 of the first quote over the alternatives, else as `exact_match`.

    For `all_required` it is the F1 of items: precision over quotes, recall over items.
    """
    if not question.answerable or not question.answers:
        return exact_match(question, quotes)
    if not quotes:
        return 0.0
    if question.all_required:
        matched = _matched_items(question, quotes)
        return 2 * matched / (len(quotes) + len(_by_item(question)))
    return max(_f1(quotes[0], gold.text) for gold in question.answers)


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the measures over `rows`: means, None where no row has the number.

    R@k, evidence share, right place, EM and F1 are over answerable questions; the silence
    accuracy is over all: answered exactly when answerable.
    """
    gold = [row for row in rows if row["answerable"]]
    none = [row for row in rows if not row["answerable"]]

    def mean(values: Sequence[Any]) -> float | None:
        known = [float(value) for value in values if value is not None]
        return fmean(known) if known else None

    summary: dict[str, float | None] = {
        f"R@{k}": mean([row["rank"] is not None and row["rank"] <= k for row in gold])
        for k in RANKS
    }
    summary["evidence share"] = mean([row["evidence_share"] for row in gold])
    summary["right place"] = mean([bool(row["right_place"]) for row in gold])
    summary["EM"] = mean([row["exact_match"] for row in gold])
    summary["F1"] = mean([row["f1"] for row in gold])
    summary["silence accuracy"] = mean([row["answered"] == row["answerable"] for row in rows])
    summary["false silences"] = mean([not row["answered"] for row in gold])
    summary["false answers"] = mean([row["answered"] for row in none])
    summary["verbatim"] = mean([row["verbatim"] for row in rows])
    return summary
