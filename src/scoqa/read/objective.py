"""Compute the training loss of the span reader, and measure its results on examples.

Input: a model, its encoder and examples (a question, windows, and the places that answer it).
Output: numbers. The loss is that of one softmax per question, over all spans of all windows and one
null (Clark and Gardner 2018, shared normalization that includes silence).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoqa.read.encoder import MOST_SPAN_TOKENS, Encoder, Piece, run_model
from scoqa.types import Window

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 16  # pieces per model call, of similar length
# Weight of the loss over the windows that do not answer, for questions that another window answers.
# Silence is correct there.
SILENCE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """A question, windows to read, and the places that answer it: (window, start, end)."""

    question: str
    windows: tuple[Window, ...]
    golds: tuple[tuple[int, int, int], ...]  # in code points of the window's text

    def get_reading_golds(self) -> list[tuple[int, int, int]]:
        """Return `golds` in code points of the texts that are read."""
        places = []
        for number, start, end in self.golds:
            window = self.windows[number]
            place = window.reading.to_reading(window.start + start, window.start + end)
            places.append((number, *place))
        return places


def find_gold_tokens(piece: Piece, start: int, end: int) -> tuple[int, int] | None:
    """Return the first and last token of a gold place in `piece`, widened to complete words.

    Tokens are counted from the first of the piece. Returns None if the piece does not contain the
    whole place, or if the place is too long.
    """
    overlapping = [i for i, (a, b) in enumerate(piece.places) if a < end and start < b]
    if not overlapping:
        return None
    first, last = overlapping[0], overlapping[-1]
    is_complete = piece.places[first][0] <= start and piece.places[last][1] >= end
    while first > 0 and not piece.starts[first]:
        first -= 1
    while last < len(piece.places) - 1 and not piece.ends[last]:
        last += 1
    is_short = last - first < MOST_SPAN_TOKENS
    allowed = is_complete and is_short and bool(piece.allowed_spans()[first, last - first])
    return (piece.first + first, piece.first + last) if allowed else None


def compute_loss(model: Any, encoder: Encoder, examples: Sequence[Example]) -> Tensor | None:
    """Return the mean loss of `examples`, or None if nothing can be learned from them."""
    import torch

    pieces: list[Piece] = []
    owners: list[int] = []
    golds: list[list[tuple[int, int, int]]] = []  # per example: piece, first, last token
    for number, example in enumerate(examples):
        golds.append([])
        for piece in encoder.encode(example.question, example.windows):
            for window, start, end in example.get_reading_golds():
                if window == piece.window:
                    tokens = find_gold_tokens(piece, start, end)
                    if tokens is not None:
                        golds[number].append((len(pieces), *tokens))
            pieces.append(piece)
            owners.append(number)
    by_size = sorted(range(len(pieces)), key=lambda i: pieces[i].size)
    totals: dict[int, Tensor] = {}  # by piece: log of the sum of exp(score) over its spans
    nulls: dict[int, Tensor] = {}
    spans: dict[int, tuple[Tensor, Tensor]] = {}
    for first in range(0, len(by_size), BATCH):
        batch = by_size[first : first + BATCH]
        starts, ends = run_model(model, [pieces[i] for i in batch])
        for row, i in enumerate(batch):
            band = score_spans(starts[row], ends[row], pieces[i])
            totals[i] = torch.logsumexp(band.flatten(), 0)
            nulls[i] = starts[row, 0] + ends[row, 0]
            spans[i] = starts[row], ends[row]
    losses: list[Tensor] = []
    for number, example in enumerate(examples):
        own = [i for i, owner in enumerate(owners) if owner == number]
        answering = {window for window, _, _ in example.golds}
        unanswering = [i for i in own if pieces[i].window not in answering]
        if golds[number]:
            gold_scores = [spans[i][0][a] + spans[i][1][b] for i, a, b in set(golds[number])]
            all_scores = [*(totals[i] for i in own), combine_nulls([nulls[i] for i in own])]
            losses.append(
                torch.logsumexp(torch.stack(all_scores), 0)
                - torch.logsumexp(torch.stack(gold_scores), 0)
            )
        if unanswering:
            silence = combine_nulls([nulls[i] for i in unanswering])
            all_scores = [*(totals[i] for i in unanswering), silence]
            silence_loss = torch.logsumexp(torch.stack(all_scores), 0) - silence
            losses.append(silence_loss if not example.golds else SILENCE_WEIGHT * silence_loss)
    return torch.stack(losses).sum() / len(examples) if losses else None


def combine_nulls(scores: Sequence[Tensor]) -> Tensor:
    """Return the soft minimum of the windows' nulls: one window that answers is enough."""
    import torch

    return -torch.logsumexp(-torch.stack(list(scores)), 0)


def score_spans(starts: Tensor, ends: Tensor, piece: Piece) -> Tensor:
    """Return the scores of the spans of `piece`, shape (tokens, MOST_SPAN_TOKENS).

    Spans that `Piece.allowed_spans` does not allow have the score -inf.

    Parameters
    ----------
    starts, ends
        The scores of every token of the piece, and of the padding after it.
    """
    import torch

    size = len(piece.places)
    text_starts, text_ends = (scores[piece.first : piece.first + size] for scores in (starts, ends))
    padded_ends = torch.nn.functional.pad(text_ends, (0, MOST_SPAN_TOKENS - 1))
    band = text_starts[:, None] + padded_ends.unfold(0, MOST_SPAN_TOKENS, 1)
    return band.masked_fill(~torch.from_numpy(piece.allowed_spans()), float("-inf"))


def measure(
    model: Any,
    encoder: Encoder,
    examples: Sequence[Example],
    *,
    report_progress: Callable[[], None] | None = None,
) -> Mapping[str, float]:
    """Return the mean loss of `examples`, and the share whose best span overlaps a gold place.

    report_progress: called before each example.
    """
    import torch

    if not examples:
        return {}
    was_training = model.training
    model.eval()
    total, right, answerable = 0.0, 0, 0
    with torch.inference_mode():
        for example in examples:
            if report_progress is not None:
                report_progress()
            loss = compute_loss(model, encoder, [example])
            total += float(loss) if loss is not None else 0.0
            if example.golds:
                answerable += 1
                right += _is_right(model, encoder, example)
    model.train(was_training)
    shares = {"right_place": round(right / answerable, 4)} if answerable else {}
    return {"loss": round(total / len(examples), 4), **shares, "questions": len(examples)}


def _is_right(model: Any, encoder: Encoder, example: Example) -> bool:
    """Return whether the best span of `example` overlaps a gold place."""
    best, place = -math.inf, (-1, 0, 0)
    pieces = encoder.encode(example.question, example.windows)
    if not pieces:
        return False
    starts, ends = run_model(model, pieces)
    for row, piece in enumerate(pieces):
        band = score_spans(starts[row], ends[row], piece)
        first, more = divmod(int(band.argmax()), MOST_SPAN_TOKENS)
        if float(band[first, more]) > best:
            best = float(band[first, more])
            place = (piece.window, piece.places[first][0], piece.places[first + more][1])
    return any(
        window == place[0] and start < place[2] and place[1] < end
        for window, start, end in example.get_reading_golds()
    )
