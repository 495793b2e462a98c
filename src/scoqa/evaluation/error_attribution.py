"""Attribute a wrong answer to a stage of the pipeline.

Input: a question with its gold, and the output of every stage. Output: the first stage that lost
the answer, or None if the question went right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from scoqa.evaluation.measures import citation_places
from scoqa.evaluation.ranking import (
    GoldPlace,
    Judged,
    contains,
    group_required_golds,
    overlap,
)
from scoqa.types import Citation, Gold, Question

Blame = Literal["parse", "split", "retrieve", "read", "threshold", "unanswerable"]
BLAMES: tuple[Blame, ...] = get_args(Blame)
MEANING: dict[Blame, str] = {
    "parse": "the text parsed from the file does not contain the answer",
    "split": "no passage contains the complete answer",
    "retrieve": "the reader did not receive the passage with the answer",
    "read": "the reader received the answer but cited something else",
    "threshold": "the right place was found but not shown: its confidence was too low",
    "unanswerable": "an answer was shown although the documents contain none",
}


def attribute_error(
    question: Question,
    judgements: Sequence[Judged],
    windows: Sequence[GoldPlace],
    citations: Sequence[Citation],
    *,
    answered: bool,
) -> Blame | None:
    """Return the stage that lost the answer; None if the question went right.

    A plain question goes right if its first citation overlaps the gold, an `all_required`
    question if its citations overlap every item. Of several lost items, the one lost at the
    earliest stage counts.

    Parameters
    ----------
    windows
        The places the reader received.
    citations
        The citations, or the near misses if `answered` is false.
    """
    if not question.answerable:
        return "unanswerable" if answered else None
    cited = citations if question.all_required else citations[:1]
    places = [place for citation in cited for place in citation_places(citation)]
    stages: set[Blame] = set()
    for item, golds in group_required_golds(question).items():
        if any(overlap(place, gold) for place in places for gold in golds):
            if not answered:
                stages.add("threshold")
        else:
            whole = bool(question.answers)
            stages.add(_find_losing_stage(item, golds, judgements, windows, whole=whole))
    return min(stages, key=BLAMES.index, default=None)


def _find_losing_stage(
    item: int,
    golds: Sequence[Gold],
    judgements: Sequence[Judged],
    windows: Sequence[GoldPlace],
    *,
    whole: bool,
) -> Blame:
    """Return the stage that lost an item that no citation overlaps."""
    if all(gold.start < 0 for gold in golds):
        return "parse"
    test = contains if whole else overlap
    if any(test(window, gold) for window in windows for gold in golds):
        return "read"  # a window adds context, so it may contain an answer that was split
    if not any(judgement.item == item and judgement.relevance for judgement in judgements):
        return "split"
    return "retrieve"
