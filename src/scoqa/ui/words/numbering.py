"""Number the citations of an answer, and group those that share a sentence.

Input: the citations of an answer. Output: their numbers, the same on the page and in an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from scoqa.types import Answer, Citation

Numbers = dict[int, Citation]


def number_citations(answer: Answer) -> Numbers:
    """Return the displayed citations of `answer` by number from 1, in the order of display.

    These are the citations with their `also_in`, or the near misses of a silence. A place that
    occurs twice has one number.
    """
    near_misses = list(answer.near_misses)
    displayed = _with_also_in(answer.citations) if answer.answered else near_misses
    places = {_place(citation): citation for citation in displayed}
    return dict(enumerate(places.values(), 1))


def select_numbers(group: Iterable[Citation], numbers: Numbers) -> Numbers:
    """Return the entries of `numbers` for the citations in `group` and their `also_in`."""
    places = {_place(citation) for citation in _with_also_in(group)}
    return {number: citation for number, citation in numbers.items() if _place(citation) in places}


def group_by_sentence(citations: Sequence[Citation]) -> Iterator[list[Citation]]:
    """Yield groups of neighbouring citations in the same sentence, which are shown as one.

    Citations that overlap are yielded one by one.
    """

    def sentence(citation: Citation) -> tuple[str, int, int]:
        return citation.document_id, citation.sentence_start, citation.sentence_end

    for _, neighbours in groupby(citations, key=sentence):
        group = sorted(neighbours, key=lambda citation: citation.start)
        if any(before.end > after.start for before, after in pairwise(group)):
            yield from ([citation] for citation in group)
        else:
            yield group


def _with_also_in(citations: Iterable[Citation]) -> list[Citation]:
    return [place for citation in citations for place in (citation, *citation.also_in)]


def _place(citation: Citation) -> tuple[str, int, int]:
    return citation.document_id, citation.start, citation.end
