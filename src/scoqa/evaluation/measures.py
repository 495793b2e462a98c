"""Scoring what was said: the words of an answer, and the places it cites.

Receives gold and quotes; hands on numbers. A number that does not exist is None, never 0 and
never NaN.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from scoqa.evaluation.ranking import GoldPlace, items_of, overlap
from scoqa.normalization import fold
from scoqa.types import Citation, Gold, Question

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


# -- words ----------------------------------------------------------------------------------------


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
    return _harmonic(common / len(said), common / len(meant))


def _harmonic(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _matched_items(question: Question, quotes: Sequence[str]) -> int:
    """Return how many items have an alternative among the quotes, each quote used once.

    The most that any pairing of items and quotes gives (augmenting paths, Kuhn 1955).
    """
    said = [" ".join(normalise(quote)) for quote in quotes]
    wanted = [
        {" ".join(normalise(gold.text)) for gold in golds} for golds in items_of(question).values()
    ]
    taken: dict[int, int] = {}  # quote -> item

    def place(item: int, tried: set[int]) -> bool:
        for number, quote in enumerate(said):
            if quote in wanted[item] and number not in tried:
                tried.add(number)
                if number not in taken or place(taken[number], tried):
                    taken[number] = item
                    return True
        return False

    return sum(place(item, set()) for item in range(len(wanted)))


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
        items = len(items_of(question))
        return float(_matched_items(question, quotes) == items == len(quotes))
    said = normalise(quotes[0]) if quotes else None
    return float(any(said == normalise(gold.text) for gold in question.answers))


def f1(question: Question, quotes: Sequence[str]) -> float | None:
    """Return the best word F1 of the first quote over the alternatives, else as `exact_match`.

    For `all_required` it is the F1 of items.
    """
    if not question.answerable or not question.answers:
        return exact_match(question, quotes)
    if not quotes:
        return 0.0
    if question.all_required:
        matched = _matched_items(question, quotes)
        return 2 * matched / (len(quotes) + len(items_of(question)))
    return max(_f1(quotes[0], gold.text) for gold in question.answers)


class Scores(NamedTuple):
    """Precision does not exist where nothing was said; recall not where nothing is wanted."""

    precision: float | None
    recall: float | None


def item_scores(question: Question, quotes: Sequence[str]) -> Scores:
    """Return precision over quotes and recall over items of an `all_required` question."""
    if not question.all_required or not question.answers:
        return Scores(None, None)
    matched = _matched_items(question, quotes)
    return Scores(matched / len(quotes) if quotes else None, matched / len(items_of(question)))


# -- places ---------------------------------------------------------------------------------------


def places_of(citation: Citation) -> list[GoldPlace]:
    """Return where the words of `citation` stand: in several documents if they all say so."""
    return [(each.path, each.start, each.end) for each in (citation, *citation.also_in)]


def is_right_place(question: Question, citation: Citation) -> bool | None:
    """Return whether the quote touches a gold answer (or the evidence, where there is none).

    None for a question without gold.
    """
    golds = question.answers or question.evidence
    if not golds:
        return None
    return any(overlap(place, gold) for place in places_of(citation) for gold in golds)


def is_right_document(question: Question, citation: Citation) -> bool | None:
    """Return whether the quote stands in a document that holds gold; None without gold."""
    documents = {gold.document for gold in question.answers or question.evidence}
    return any(path in documents for path, _, _ in places_of(citation)) if documents else None


def citation_scores(question: Question, citations: Sequence[Citation]) -> Scores:
    """Return precision and recall in characters of what is cited against the gold.

    A plain question is answered by its first citation, compared with the alternative and in the
    place that fit best; an `all_required` one by all of its citations, compared with the best
    alternative of each item together. Where there are no answers, the evidence together is gold.
    """
    if not question.answers and not question.evidence:
        return Scores(None, None)
    if not citations:
        return Scores(None, 0.0)
    if not question.answers:
        wholes = [[gold] for gold in question.evidence]
        return _best_scores(citations[:1], [wholes])
    if question.all_required:
        return _best_scores(citations, [list(items_of(question).values())])
    return _best_scores(citations[:1], [[[gold]] for gold in question.answers])


def _best_scores(
    citations: Sequence[Citation], wanted: Sequence[Sequence[Sequence[Gold]]]
) -> Scores:
    """Return the scores of the best of `wanted`: each a list of items, these of alternatives."""
    best = Scores(0.0, 0.0)
    for items in wanted:
        gold: set[tuple[str, int]] = set()
        for alternatives in items:
            gold |= _characters(max(alternatives, key=lambda each: _most_overlap(citations, each)))
        cited: set[tuple[str, int]] = set()
        for citation in citations:
            ways = [{(path, i) for i in range(a, b)} for path, a, b in places_of(citation)]
            cited |= max(ways, key=lambda way: len(way & gold))
        both = len(cited & gold)
        scores = Scores(both / len(cited), both / len(gold) if gold else 0.0)
        best = max(best, scores, key=lambda each: _harmonic(*map(float, each)))  # type: ignore[arg-type]
    return best


def _characters(gold: Gold) -> set[tuple[str, int]]:
    return {(gold.document, i) for i in range(gold.start, gold.end)}


def _most_overlap(citations: Sequence[Citation], gold: Gold) -> int:
    return max(overlap(place, gold) for citation in citations for place in places_of(citation))
