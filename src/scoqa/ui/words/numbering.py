"""Which number a citation has, and which citations are shown as one.

Receives the citations of an answer; hands on their numbers, the same on the page and in an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from scoqa.types import Answer, Citation

Numbers = dict[int, Citation]


def numbered(answer: Answer) -> Numbers:
    """Return what is shown of `answer` by number from 1, in the order shown; no place twice."""
    if answer.answered:
        shown = [each for first in answer.citations for each in (first, *first.also_in)]
    else:
        shown = list(answer.near_misses)
    places = {_place(citation): citation for citation in shown}
    return dict(enumerate(places.values(), 1))


def numbers_of(group: Iterable[Citation], numbers: Numbers) -> Numbers:
    """Return the part of `numbers` that a snippet has: its own places and those it is also in."""
    places = {_place(each) for first in group for each in (first, *first.also_in)}
    return {number: each for number, each in numbers.items() if _place(each) in places}


def snippets(citations: Sequence[Citation]) -> Iterator[list[Citation]]:
    """Yield the citations that are shown as one: neighbours lit in the same sentence."""

    def sentence(citation: Citation) -> tuple[str, int, int]:
        return citation.document_id, citation.sentence_start, citation.sentence_end

    for _, neighbours in groupby(citations, key=sentence):
        group = sorted(neighbours, key=lambda each: each.start)
        if any(before.end > after.start for before, after in pairwise(group)):
            yield from ([each] for each in group)
        else:
            yield group


def _place(citation: Citation) -> tuple[str, int, int]:
    return citation.document_id, citation.start, citation.end
