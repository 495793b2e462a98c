"""Token scores -> the best places of each window, and the null: pure arithmetic, no model.

Receives the pieces of the windows and the start and end score of every token; hands on places in
code points of their documents. A place lies inside one window and one paragraph, begins and ends
with a word, and is never empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoqa.read.encoder import MOST_SPAN_TOKENS, Piece
from scoqa.types import Window

Floats = NDArray[np.float32]

MOST_PLACES = 5  # of one window, none of which overlap
_LOOKED_AT = 200  # of the best spans of a piece: many of them are one place, a word more or less


@dataclass(frozen=True, slots=True)
class Place:
    """A span of one window. Offsets are code points of the document."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Scored:
    """What a window says: its best places, first the best, and its own null."""

    places: tuple[Place, ...]
    total: float  # log of the sum of exp(score) over all of its spans; -inf without one
    null: float  # inf without a token: it says nothing, for or against


def decode(
    windows: Sequence[Window],
    pieces: Sequence[Piece],
    scores: Sequence[tuple[Floats, Floats]],
) -> list[Scored]:
    """Return what each window says, in their order.

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
    return [
        Scored(
            places=_apart(window, places),
            total=float(np.logaddexp.reduce(total)) if total else -np.inf,
            null=soft_least(null),
        )
        for window, places, total, null in zip(windows, found, totals, nulls, strict=True)
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


def _apart(window: Window, places: dict[tuple[int, int], float]) -> tuple[Place, ...]:
    """Return the best places of `window` that do not overlap; ties: the first, then shortest."""
    kept: list[Place] = []
    order = sorted(places.items(), key=lambda each: (-each[1], each[0]))
    for (start, end), score in order:
        place = Place(window.start + start, window.start + end, score)
        if all(place.end <= other.start or other.end <= place.start for other in kept):
            kept.append(place)
            if len(kept) == MOST_PLACES:
                break
    return tuple(kept)
