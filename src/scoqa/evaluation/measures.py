"""Score an answer against the gold: its words, and the places it cites.

Input: a question with its gold, and quotes or citations. Output: numbers. An undefined number is
None, never 0 and never NaN.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from scoqa.evaluation.ranking import GoldPlace, group_answers, overlap
from scoqa.normalization import fold
from scoqa.types import Citation, Gold, Question

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


# -- words ----------------------------------------------------------------------------------------


def normalise(text: str) -> list[str]:
    """Return the words of `text` as SQuAD 1.1 compares them, after folding NFKC and white space.

    Lower case, without ASCII punctuation and articles (Rajpurkar et al. 2016, evaluate-v1.1).
    """
    return _ARTICLES.sub(" ", fold(text).translate(_PUNCTUATION)).split()


def _f1(predicted: str, gold: str) -> float:
    predicted_words, gold_words = normalise(predicted), normalise(gold)
    common = sum((Counter(predicted_words) & Counter(gold_words)).values())
    if not predicted_words or not gold_words or not common:
        return float(predicted_words == gold_words)
    return _harmonic_mean(common / len(predicted_words), common / len(gold_words))


def _harmonic_mean(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _count_matched_items(question: Question, quotes: Sequence[str]) -> int:
    """Return how many items have an alternative among the quotes, using each quote once.

    The maximum over all pairings of items and quotes (augmenting paths, Kuhn 1955).
    """
    normalised = [" ".join(normalise(quote)) for quote in quotes]
    alternatives = [
        {" ".join(normalise(gold.text)) for gold in golds}
        for golds in group_answers(question).values()
    ]
    item_of_quote: dict[int, int] = {}

    def assign_quote(item: int, tried: set[int]) -> bool:
        for number, quote in enumerate(normalised):
            if quote in alternatives[item] and number not in tried:
                tried.add(number)
                if number not in item_of_quote or assign_quote(item_of_quote[number], tried):
                    item_of_quote[number] = item
                    return True
        return False

    return sum(assign_quote(item, set()) for item in range(len(alternatives)))


def exact_match(question: Question, quotes: Sequence[str]) -> float | None:
    """Return 1 if the first quote equals a gold answer after normalisation, otherwise 0.

    An `all_required` question needs all items and no other quote. An unanswerable question
    scores 1 for silence and 0 for an answer; silence on an answerable question scores 0. None
    if the question has evidence but no answers.
    """
    if not question.answerable:
        return float(not quotes)
    if not question.answers:
        return None
    if question.all_required:
        items = len(group_answers(question))
        return float(_count_matched_items(question, quotes) == items == len(quotes))
    predicted = normalise(quotes[0]) if quotes else None
    return float(any(predicted == normalise(gold.text) for gold in question.answers))


def f1(question: Question, quotes: Sequence[str]) -> float | None:
    """Return the best word F1 of the first quote over the alternatives.

    For `all_required` it is the F1 over items. Unanswerable questions, and questions without
    answers, are scored by `exact_match`.
    """
    if not question.answerable or not question.answers:
        return exact_match(question, quotes)
    if not quotes:
        return 0.0
    if question.all_required:
        matched = _count_matched_items(question, quotes)
        return 2 * matched / (len(quotes) + len(group_answers(question)))
    return max(_f1(quotes[0], gold.text) for gold in question.answers)


class Scores(NamedTuple):
    """Precision and recall. Precision is None without an answer, recall is None without gold."""

    precision: float | None
    recall: float | None


def item_scores(question: Question, quotes: Sequence[str]) -> Scores:
    """Return precision over quotes and recall over items for an `all_required` question.

    Both are None for any other question.
    """
    if not question.all_required or not question.answers:
        return Scores(None, None)
    matched = _count_matched_items(question, quotes)
    precision = matched / len(quotes) if quotes else None
    return Scores(precision, matched / len(group_answers(question)))


# -- places ---------------------------------------------------------------------------------------


def citation_places(citation: Citation) -> list[GoldPlace]:
    """Return the place of `citation`, and the further places of the same words."""
    return [(place.path, place.start, place.end) for place in (citation, *citation.also_in)]


def is_right_place(question: Question, citation: Citation) -> bool | None:
    """Return whether the quote overlaps a gold answer, or the evidence if there are no answers.

    None for a question without gold.
    """
    golds = question.answers or question.evidence
    if not golds:
        return None
    return any(overlap(place, gold) for place in citation_places(citation) for gold in golds)


def is_right_document(question: Question, citation: Citation) -> bool | None:
    """Return whether the quote is in a document that contains gold; None without gold."""
    documents = {gold.document for gold in question.answers or question.evidence}
    if not documents:
        return None
    return any(path in documents for path, _, _ in citation_places(citation))


def citation_scores(question: Question, citations: Sequence[Citation]) -> Scores:
    """Return precision and recall, in characters, of the citations against the gold.

    For a plain question, the first citation is compared with the alternative, and at the place,
    that give the best scores. For an `all_required` question, all citations are compared with
    the union of the best alternatives, one per item. Without answers, the gold is the union of
    the evidence.
    """
    if not question.answers and not question.evidence:
        return Scores(None, None)
    if not citations:
        return Scores(None, 0.0)
    if not question.answers:
        evidence_items = [[gold] for gold in question.evidence]
        return _best_scores(citations[:1], [evidence_items])
    if question.all_required:
        return _best_scores(citations, [list(group_answers(question).values())])
    return _best_scores(citations[:1], [[[gold]] for gold in question.answers])


def _best_scores(
    citations: Sequence[Citation], golds: Sequence[Sequence[Sequence[Gold]]]
) -> Scores:
    """Return the best scores over `golds`; each entry is a list of items, each of alternatives."""
    best = Scores(0.0, 0.0)
    for items in golds:
        wanted: set[tuple[str, int]] = set()
        for alternatives in items:
            nearest = max(alternatives, key=lambda gold: _largest_overlap(citations, gold))
            wanted |= _characters(nearest)
        cited: set[tuple[str, int]] = set()
        for citation in citations:
            places = [{(path, i) for i in range(a, b)} for path, a, b in citation_places(citation)]
            cited |= max(places, key=lambda place: len(place & wanted))
        both = len(cited & wanted)
        scores = Scores(both / len(cited), both / len(wanted) if wanted else 0.0)
        best = max(best, scores, key=lambda pair: _harmonic_mean(*map(float, pair)))  # type: ignore[arg-type]
    return best


def _characters(gold: Gold) -> set[tuple[str, int]]:
    return {(gold.document, i) for i in range(gold.start, gold.end)}


def _largest_overlap(citations: Sequence[Citation], gold: Gold) -> int:
    places = [place for citation in citations for place in citation_places(citation)]
    return max(overlap(place, gold) for place in places)
