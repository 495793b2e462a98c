"""Which stage a wrong answer is to be blamed on.

Receives a question, its gold, and what every stage made of it; hands on the first stage that
lost the answer, or None where nothing went wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from scoqa.evaluation.measures import places_of
from scoqa.evaluation.ranking import GoldPlace, Judged, holds, overlap, wanted_of
from scoqa.types import Citation, Gold, Question

Blame = Literal["parse", "split", "retrieve", "read", "threshold", "unanswerable"]
BLAMES: tuple[Blame, ...] = get_args(Blame)
MEANING: dict[Blame, str] = {
    "parse": "the answer is not in the text that was read from the file",
    "split": "no passage holds the answer whole",
    "retrieve": "the passage with the answer was not among those that were read",
    "read": "the answer was read, and something else was pointed at",
    "threshold": "the right place was found, and not shown: it did not seem sure enough",
    "unanswerable": "something was shown, although the documents do not answer",
}


def blame(
    question: Question,
    judgements: Sequence[Judged],
    windows: Sequence[GoldPlace],
    shown: Sequence[Citation],
    *,
    answered: bool,
) -> Blame | None:
    """Return the stage that lost the answer; None when the question went right.

    windows: what the reader read. shown: citations, or near misses where `answered` is false. A
    plain question goes right when its first citation touches the gold, an `all_required` one when
    its citations touch every item. Of several lost items, the one that was lost first counts.
    """
    if not question.answerable:
        return "unanswerable" if answered else None
    cited = shown if question.all_required else shown[:1]
    places = [place for citation in cited for place in places_of(citation)]
    stages: set[Blame] = set()
    for item, golds in wanted_of(question).items():
        if any(overlap(place, gold) for place in places for gold in golds):
            if not answered:
                stages.add("threshold")
        else:
            stages.add(_lost(item, golds, judgements, windows, whole=bool(question.answers)))
    return min(stages, key=BLAMES.index, default=None)


def _lost(
    item: int,
    golds: Sequence[Gold],
    judgements: Sequence[Judged],
    windows: Sequence[GoldPlace],
    *,
    whole: bool,
) -> Blame:
    """Return where an item was lost that nothing cited touches."""
    if all(gold.start < 0 for gold in golds):
        return "parse"
    test = holds if whole else overlap
    if any(test(window, gold) for window in windows for gold in golds):
        return "read"  # windows join passages: what was cut apart may be whole again
    if not any(each.item == item and each.relevance for each in judgements):
        return "split"
    return "retrieve"
