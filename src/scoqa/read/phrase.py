"""Answer a question that is only a quoted phrase with the places where the phrase occurs.

Input: a phrase and windows. Output: a Reading, without any model.
"""

from __future__ import annotations

from collections.abc import Sequence

from scoqa.normalization import fold_with_offsets, phrase_pattern
from scoqa.types import Reading, Span, Window

MOST_PLACES = 10  # as many as the span reader returns for a fact


def find_phrase(phrase: str, windows: Sequence[Window]) -> Reading | None:
    """Return the places of `phrase` in `windows`, in their order; None if it occurs in none.

    White space, case and the form of characters may differ, as in a search for a quoted phrase.
    """
    pattern = phrase_pattern(phrase)
    places: dict[tuple[str, int, int], None] = {}  # windows may overlap
    for window in windows:
        folded, starts, ends = fold_with_offsets(window.text)
        for match in pattern.finditer(folded):
            start, end = starts[match.start()], ends[match.end() - 1]
            places[window.document_id, window.start + start, window.start + end] = None
    spans = tuple(Span(*place, 1.0, 0) for place in list(places)[:MOST_PLACES])
    return Reading(spans, 0.0, 1.0) if spans else None
