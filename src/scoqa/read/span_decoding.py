"""Compute the best places of each window, and its null score, from token scores.

Input: the pieces of the windows, and the start and end score of every token. Output: places in code
points of their documents. A place lies inside one window and one paragraph, starts and ends with a
word, and is not empty. No model is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoqa.read.borders import complete_span
from scoqa.read.encoder import MOST_SPAN_TOKENS, Piece
from scoqa.types import Window

Floats = NDArray[np.float32]

MOST_PLACES = 12  # per window, without overlaps
_MOST_SPANS = 400  # best spans considered per piece; many differ by a single word


@dataclass(frozen=True, slots=True)
class Place:
    """A span of one window. Offsets are code points of the document."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class WindowScores:
    """The best places of a window, best first, and the scores of all its spans and of its null."""

    places: tuple[Place, ...]
    total: float  # log of the sum of exp(score) over all of its spans; -inf without spans
    null: float  # the score of no answer; inf for a window without tokens, which has no effect


def decode(
    windows: Sequence[Window],
    pieces: Sequence[Piece],
    scores: Sequence[tuple[Floats, Floats]],
    may_answer: Callable[[int, int, int], bool] | None = None,
    priority_places: Sequence[Sequence[tuple[int, int]]] | None = None,
) -> list[WindowScores]:
    """Return the scores of each window, in the order of `windows`.

    A window in several pieces has the soft minimum of their nulls (`combine_nulls`), and each place
    once, with its greatest score.

    Parameters
    ----------
    may_answer
        Returns whether a place could be an answer, given the window's number and the place's start
        and end in the text that is read (`Window.reading`). Other places are left out. None keeps
        all places.
    priority_places
        For each window, the places (start, end) in the text that is read that take precedence over
        all others, regardless of their scores.
    """
    places_by_window: list[dict[tuple[int, int], float]] = [{} for _ in windows]
    totals: list[list[float]] = [[] for _ in windows]
    nulls: list[list[float]] = [[] for _ in windows]
    for piece, (starts, ends) in zip(pieces, scores, strict=True):
        band = score_spans(piece, starts, ends)
        totals[piece.window].append(_log_sum_exp(band))
        nulls[piece.window].append(float(starts[0] + ends[0]))
        places = places_by_window[piece.window]
        flat = band.ravel()
        best = np.argpartition(-flat, min(_MOST_SPANS, flat.size - 1))[:_MOST_SPANS]
        for position in best:
            score = float(flat[position])
            if score == -np.inf:
                continue
            first, length = divmod(int(position), band.shape[1])
            left, right = piece.places[first], piece.places[first + length]
            key = left[0], right[1]
            places[key] = max(score, places.get(key, -np.inf))
        for place in priority_places[piece.window] if priority_places else ():
            score = _find_score(piece, band, place)
            if score > -np.inf:
                places[place] = max(score, places.get(place, -np.inf))
    return [
        WindowScores(
            places=_select_places(
                window,
                number,
                places,
                may_answer,
                priority_places[number] if priority_places else (),
            ),
            total=float(np.logaddexp.reduce(total)) if total else -np.inf,
            null=combine_nulls(null),
        )
        for number, (window, places, total, null) in enumerate(
            zip(windows, places_by_window, totals, nulls, strict=True)
        )
    ]


def score_spans(piece: Piece, starts: Floats, ends: Floats) -> Floats:
    """Return the scores of the spans of `piece`, shape (tokens, MOST_SPAN_TOKENS).

    Spans that `Piece.allowed_spans` does not allow have the score -inf.
    """
    size = len(piece.places)
    band = np.full((size, MOST_SPAN_TOKENS), -np.inf, dtype=np.float32)
    text_starts, text_ends = (scores[piece.first : piece.first + size] for scores in (starts, ends))
    for more in range(min(size, MOST_SPAN_TOKENS)):
        band[: size - more, more] = text_starts[: size - more] + text_ends[more:]
    return np.where(piece.allowed_spans(), band, np.float32(-np.inf))


def combine_nulls(nulls: Sequence[float]) -> float:
    """Return the soft minimum of `nulls`, as in training: one window that answers is enough.

    Returns inf if `nulls` is empty.
    """
    return -float(np.logaddexp.reduce([-null for null in nulls], initial=-np.inf))


def _log_sum_exp(band: Floats) -> float:
    return float(np.logaddexp.reduce(band.ravel())) if band.size else -np.inf


def _select_places(
    window: Window,
    number: int,
    places: dict[tuple[int, int], float],
    may_answer: Callable[[int, int, int], bool] | None,
    priority_places: Sequence[tuple[int, int]],
) -> tuple[Place, ...]:
    """Return the best places of `window` that do not overlap, best first.

    Priority places are selected first. Ties go to the place that starts first, then to the
    shortest.
    """
    selected: list[Place] = []
    reading = window.reading
    ranked = sorted(
        places.items(), key=lambda item: (item[0] not in priority_places, -item[1], item[0])
    )
    for (start, end), score in ranked:
        if _overlaps(selected, *reading.to_source(start, end)):
            continue
        completed = complete_span(reading.text, start, end)
        if reading.is_copied(*completed):
            start, end = completed
        place = Place(*reading.to_source(start, end), score)
        if _overlaps(selected, place.start, place.end):
            continue
        if may_answer is not None and not may_answer(number, start, end):
            continue
        selected.append(place)
        if len(selected) == MOST_PLACES:
            break
    return tuple(sorted(selected, key=lambda place: -place.score))


def _overlaps(places: Sequence[Place], start: int, end: int) -> bool:
    return any(start < place.end and place.start < end for place in places)


def _find_score(piece: Piece, band: Floats, place: tuple[int, int]) -> float:
    """Return the score of `place`, (start, end) in the text; -inf if not in `piece`."""
    starts = [number for number, (start, _) in enumerate(piece.places) if start == place[0]]
    ends = [number for number, (_, end) in enumerate(piece.places) if end == place[1]]
    if not starts or not ends or not 0 <= ends[-1] - starts[0] < band.shape[1]:
        return -np.inf
    return float(band[starts[0], ends[-1] - starts[0]])
