"""Token scores -> the best places of each window, and the null: pure arithmetic, no model.

Receives the pieces of the windows and the start and end score of every token; hands on places in
code points of their documents. A place lies inside one window and one paragraph, begins and ends
with a word, and is never empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoqa.read.borders import completed
from scoqa.read.encoder import MOST_SPAN_TOKENS, Piece
from scoqa.types import Window

Floats = NDArray[np.float32]

MOST_PLACES = 12  # of one window, none of which overlap
_LOOKED_AT = 400  # of the best spans of a piece: many of them are one place, a word more or less


@dataclass(frozen=True, slots=True)
class Place:
    """A span of one window. Offsets are code points of the document."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class WindowScores:
    """What a window says: its best places, first the best, and its own null."""

    places: tuple[Place, ...]
    total: float  # log of the sum of exp(score) over all of its spans; -inf without one
    null: float  # inf without a token: it says nothing, for or against


def decode(
    windows: Sequence[Window],
    pieces: Sequence[Piece],
    scores: Sequence[tuple[Floats, Floats]],
    may_answer: Callable[[int, int, int], bool] | None = None,
    sought: Sequence[Sequence[tuple[int, int]]] | None = None,
) -> list[WindowScores]:
    """Return what each window says, in their order.

    may_answer: whether a place, as (number of the window, start, end) in the window's text, could
    be an answer; others are left out. None: all could.
    sought: of each window, places (start, end) that come before all others, however they score.
    A window in several pieces has the soft least of their nulls, as all windows together have,
    and each place once.
    """
    found: list[dict[tuple[int, int], float]] = [{} for _ in windows]
    totals: list[list[float]] = [[] for _ in windows]
    nulls: list[list[float]] = [[] for _ in windows]
    for piece, (starts, ends) in zip(pieces, scores, strict=True):
        band = spans(piece, starts, ends)
        totals[piece.window].append(_log_sum(band))
        nulls[piece.window].append(float(starts[0] + ends[0]))
        places = found[piece.window]
        flat = band.ravel()
        best = np.argpartition(-flat, min(_LOOKED_AT, flat.size - 1))[:_LOOKED_AT]
        for at in best:
            score = float(flat[at])
            if score == -np.inf:
                continue
            first, length = divmod(int(at), band.shape[1])
            left, right = piece.places[first], piece.places[first + length]
            key = left[0], right[1]
            places[key] = max(score, places.get(key, -np.inf))
        for place in sought[piece.window] if sought else ():
            score = _score_of(piece, band, place)
            if score > -np.inf:
                places[place] = max(score, places.get(place, -np.inf))
    return [
        WindowScores(
            places=_apart(window, number, places, may_answer, sought[number] if sought else ()),
            total=float(np.logaddexp.reduce(total)) if total else -np.inf,
            null=soft_least(null),
        )
        for number, (window, places, total, null) in enumerate(
            zip(windows, found, totals, nulls, strict=True)
        )
    ]


def spans(piece: Piece, starts: Floats, ends: Floats) -> Floats:
    """Return the scores of the spans of a piece, as `Piece.spans` has them; -inf where none."""
    size = len(piece.places)
    band = np.full((size, MOST_SPAN_TOKENS), -np.inf, dtype=np.float32)
    text_starts, text_ends = (each[piece.first : piece.first + size] for each in (starts, ends))
    for more in range(min(size, MOST_SPAN_TOKENS)):
        band[: size - more, more] = text_starts[: size - more] + text_ends[more:]
    return np.where(piece.spans(), band, np.float32(-np.inf))


def soft_least(nulls: Sequence[float]) -> float:
    """Return one null for several windows, as in training: one that answers is enough.

    inf of none.
    """
    return -float(np.logaddexp.reduce([-null for null in nulls], initial=-np.inf))


def _log_sum(band: Floats) -> float:
    return float(np.logaddexp.reduce(band.ravel())) if band.size else -np.inf


def _apart(
    window: Window,
    number: int,
    places: dict[tuple[int, int], float],
    may_answer: Callable[[int, int, int], bool] | None,
    sought: Sequence[tuple[int, int]],
) -> tuple[Place, ...]:
    """Return the best places of `window` that do not overlap, those that are sought before all
    others; ties: the first, then shortest.
    """
    kept: list[Place] = []
    order = sorted(places.items(), key=lambda each: (each[0] not in sought, -each[1], each[0]))
    for (start, end), score in order:
        if _overlaps(kept, window.start + start, window.start + end):
            continue
        start, end = completed(window.text, start, end)
        place = Place(window.start + start, window.start + end, score)
        if _overlaps(kept, place.start, place.end):
            continue
        if may_answer is not None and not may_answer(number, start, end):
            continue
        kept.append(place)
        if len(kept) == MOST_PLACES:
            break
    return tuple(sorted(kept, key=lambda place: -place.score))


def _overlaps(kept: Sequence[Place], start: int, end: int) -> bool:
    return any(start < other.end and other.start < end for other in kept)


def _score_of(piece: Piece, band: Floats, place: tuple[int, int]) -> float:
    """Return the score of `place`, a place in the window's text; -inf if the piece lacks it."""
    starts = [number for number, (start, _) in enumerate(piece.places) if start == place[0]]
    ends = [number for number, (_, end) in enumerate(piece.places) if end == place[1]]
    if not starts or not ends or not 0 <= ends[-1] - starts[0] < band.shape[1]:
        return -np.inf
    return float(band[starts[0], ends[-1] - starts[0]])
