"""What the span reader learns: the loss of lessons, and how well they are read.

Receives a model, lessons (a question, windows, the places that answer it) and what encodes them;
hands on numbers. The loss is one softmax over all spans of all of a question's windows and one
null (Clark and Gardner 2018, shared normalisation, with silence inside it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoqa.read.encoder import MOST_SPAN_TOKENS, Encoder, Piece, run
from scoqa.types import Window

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 16  # pieces run at once, of like length
SILENCE_WEIGHT = 0.5  # of the loss without the windows that answer, where nothing is the answer


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question, what to read, and each place that answers it: (window, start, end)."""

    question: str
    windows: tuple[Window, ...]
    golds: tuple[tuple[int, int, int], ...]  # code points in the window's text


def gold_tokens(piece: Piece, start: int, end: int) -> tuple[int, int] | None:
    """Return the first and last token of `piece` (counted from its first) of a place that
    answers, widened to whole words; None where the piece does not hold it, or it is too long.
    """
    inside = [i for i, (a, b) in enumerate(piece.places) if a < end and start < b]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    whole = piece.places[first][0] <= start and piece.places[last][1] >= end
    while first > 0 and not piece.starts[first]:
        first -= 1
    while last < len(piece.places) - 1 and not piece.ends[last]:
        last += 1
    short = last - first < MOST_SPAN_TOKENS
    allowed = whole and short and bool(piece.spans()[first, last - first])
    return (piece.first + first, piece.first + last) if allowed else None


def loss(model: Any, encoder: Encoder, lessons: Sequence[Lesson]) -> Tensor | None:
    """Return the mean loss of `lessons`; None when no place in them can be learnt."""
    import torch

    pieces: list[Piece] = []
    owners: list[int] = []
    golds: list[list[tuple[int, int, int]]] = []  # of each lesson: piece, first, last token
    for number, lesson in enumerate(lessons):
        golds.append([])
        for piece in encoder.pieces(lesson.question, lesson.windows):
            for window, start, end in lesson.golds:
                if window == piece.window:
                    tokens = gold_tokens(piece, start, end)
                    if tokens is not None:
                        golds[number].append((len(pieces), *tokens))
            pieces.append(piece)
            owners.append(number)
    alike = sorted(range(len(pieces)), key=lambda i: pieces[i].size)
    totals: dict[int, Tensor] = {}  # of each piece: over all of its spans
    nulls: dict[int, Tensor] = {}
    spans: dict[int, tuple[Tensor, Tensor]] = {}
    for at in range(0, len(alike), BATCH):
        batch = alike[at : at + BATCH]
        starts, ends = run(model, [pieces[i] for i in batch])
        for row, i in enumerate(batch):
            band = span_scores(starts[row], ends[row], pieces[i])
            totals[i] = torch.logsumexp(band.flatten(), 0)
            nulls[i] = starts[row, 0] + ends[row, 0]
            spans[i] = starts[row], ends[row]
    losses: list[Tensor] = []
    for number, lesson in enumerate(lessons):
        own = [i for i, owner in enumerate(owners) if owner == number]
        answering = {window for window, _, _ in lesson.golds}
        others = [i for i in own if pieces[i].window not in answering]
        if golds[number]:
            found = [spans[i][0][a] + spans[i][1][b] for i, a, b in set(golds[number])]
            everything = [*(totals[i] for i in own), null([nulls[i] for i in own])]
            losses.append(
                torch.logsumexp(torch.stack(everything), 0) - torch.logsumexp(torch.stack(found), 0)
            )
        if others:
            silence = null([nulls[i] for i in others])
            everything = [*(totals[i] for i in others), silence]
            rest = torch.logsumexp(torch.stack(everything), 0) - silence
            losses.append(rest if not lesson.golds else SILENCE_WEIGHT * rest)
    return torch.stack(losses).sum() / len(lessons) if losses else None


def null(scores: Sequence[Tensor]) -> Tensor:
    """Return one null of the windows' own: a soft least, for one window that answers is enough."""
    import torch

    return -torch.logsumexp(-torch.stack(list(scores)), 0)


def span_scores(starts: Tensor, ends: Tensor, piece: Piece) -> Tensor:
    """Return the score of every span of a piece, as `Piece.spans` has them; -inf where none.

    starts, ends: of every token of the piece, and of the padding after it.
    """
    import torch

    size = len(piece.places)
    own_starts, own_ends = (each[piece.first : piece.first + size] for each in (starts, ends))
    after = torch.nn.functional.pad(own_ends, (0, MOST_SPAN_TOKENS - 1))
    band = own_starts[:, None] + after.unfold(0, MOST_SPAN_TOKENS, 1)
    return band.masked_fill(~torch.from_numpy(piece.spans()), float("-inf"))


def measure(
    model: Any,
    encoder: Encoder,
    lessons: Sequence[Lesson],
    *,
    tell: Callable[[], None] | None = None,
) -> Mapping[str, float]:
    """Return the mean loss of `lessons`, and the share whose best span touches a gold place.

    tell: called before each lesson.
    """
    import torch

    if not lessons:
        return {}
    trained = model.training
    model.eval()
    total, right, asked = 0.0, 0, 0
    with torch.inference_mode():
        for lesson in lessons:
            if tell is not None:
                tell()
            each = loss(model, encoder, [lesson])
            total += float(each) if each is not None else 0.0
            if lesson.golds:
                asked += 1
                right += _is_right(model, encoder, lesson)
    model.train(trained)
    shares = {"right_place": round(right / asked, 4)} if asked else {}
    return {"loss": round(total / len(lessons), 4), **shares, "questions": len(lessons)}


def _is_right(model: Any, encoder: Encoder, lesson: Lesson) -> bool:
    best, place = -math.inf, (-1, 0, 0)
    pieces = encoder.pieces(lesson.question, lesson.windows)
    if not pieces:
        return False
    starts, ends = run(model, pieces)
    for row, piece in enumerate(pieces):
        band = span_scores(starts[row], ends[row], piece)
        first, more = divmod(int(band.argmax()), MOST_SPAN_TOKENS)
        if float(band[first, more]) > best:
            best = float(band[first, more])
            place = (piece.window, piece.places[first][0], piece.places[first + more][1])
    return any(
        window == place[0] and start < place[2] and place[1] < end
        for window, start, end in lesson.golds
    )
