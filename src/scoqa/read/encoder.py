"""Encode a question and windows for a BERT-type span model, and score every token.

Input: a question and windows. Output: pieces (model inputs) with the place of each token in its
window, and the start and end scores of the tokens. Encoding needs the tokenizer only; the model is
loaded when the first piece is scored.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import ModelNotFoundError
from scoqa.model_runtime import choose_device
from scoqa.read.borders import find_breaks, find_word_edges, include_marks
from scoqa.read.model_storage import load_model
from scoqa.types import Window

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

Floats = NDArray[np.float32]

MOST_TOKENS = 320  # per piece, including the question and special tokens
STRIDE = 128  # tokens that neighbouring pieces of a long window share, as in training
MOST_QUESTION_TOKENS = 64
MOST_HEADING_TOKENS = 40
MOST_SPAN_TOKENS = 40
BATCH = 8  # pieces per model call, of similar length, as in the embedder

MOST_SPAN_CHARACTERS = 8 * MOST_SPAN_TOKENS  # English has 4 to 5 per token; over 8 is not language


@dataclass(frozen=True, slots=True)
class Piece:
    """One input of the model: the question, and as much of a window as fits."""

    window: int  # the number of its window
    ids: list[int]
    segments: list[int]  # 0 for the question, 1 for the rest
    first: int  # index of the first token of the window's text
    places: list[tuple[int, int]]  # (start, end) of each text token in the text that is read
    starts: list[bool]  # whether a word starts at the token, so that a span may
    ends: list[bool]  # whether a word ends at the token, so that a span may
    paragraphs: list[int]  # the number of each token's paragraph, increasing

    @property
    def size(self) -> int:
        return len(self.ids)

    def allowed_spans(self) -> NDArray[np.bool_]:
        """Return which spans are allowed, shape (tokens, MOST_SPAN_TOKENS).

        The span of a row and a column starts at the row's token and has column + 1 tokens. A span
        consists of complete words of one paragraph and has at most MOST_SPAN_CHARACTERS.
        """
        size = len(self.places)
        allowed = np.zeros((size, MOST_SPAN_TOKENS), dtype=np.bool_)
        starts, ends = np.array(self.starts), np.array(self.ends)
        paragraphs, places = np.array(self.paragraphs), np.array(self.places)
        for more in range(min(size, MOST_SPAN_TOKENS)):
            rest = size - more
            allowed[:rest, more] = (
                starts[:rest]
                & ends[more:]
                & (paragraphs[:rest] == paragraphs[more:])
                & (places[more:, 1] - places[:rest, 0] <= MOST_SPAN_CHARACTERS)
            )
        return allowed


class Encoder:
    """A span model with its tokenizer. Thread-safe: one call is scored at a time."""

    def __init__(self, folder: Path, *, device: str = "auto") -> None:
        """folder: a BertForQuestionAnswering and its tokenizer.json. device: as the setting."""
        self.folder = folder
        self.device = device
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokenizer_once: Tokenizer | None = None

    @property
    def loaded(self) -> bool:
        """Return whether the model is in memory."""
        return self._model is not None

    def load(self) -> None:
        """Load the model into memory: seconds the first time, immediate after that."""
        with self._lock:
            if self._model is None:
                model = load_model(self.folder, require_trained=True).eval()
                self._model = model.to(choose_device(self.device))

    def encode(self, question: str, windows: Sequence[Window]) -> list[Piece]:
        """Return the model inputs for `question`, in the order of `windows`.

        A long window gives several pieces. Neighbouring pieces share STRIDE tokens, so a span near
        an edge is complete in one of them. A window without tokens gives no piece.
        """
        tokenizer = self._tokenizer()
        question_ids = tokenizer.encode(question, add_special_tokens=False).ids
        question_ids = question_ids[:MOST_QUESTION_TOKENS]
        headings = tokenizer.encode_batch(
            [window.heading for window in windows], add_special_tokens=False
        )
        texts = tokenizer.encode_batch(
            [window.reading.text for window in windows], add_special_tokens=False
        )
        [begin, colon, separate] = tokenizer.encode(":").ids
        question_size = len(question_ids) + 2  # with the special tokens around it
        pieces: list[Piece] = []
        for number, (window, heading, text) in enumerate(
            zip(windows, headings, texts, strict=True)
        ):
            heading_ids = heading.ids[:MOST_HEADING_TOKENS]
            prefix = [
                begin,
                *question_ids,
                separate,
                *heading_ids,
                *([colon] if heading_ids else []),
            ]
            capacity = MOST_TOKENS - len(prefix) - 1
            reading = window.reading
            starts, ends = find_word_edges(reading.text)
            # Inserted text is never quoted: no span begins, ends or continues in it.
            inserted = reading.inserted
            break_positions = sorted({*find_breaks(reading.text), *chain.from_iterable(inserted)})
            for low, high in split_strides(len(text.ids), capacity):
                places = [
                    (start, include_marks(reading.text, end))
                    for start, end in text.offsets[low:high]
                ]
                ids = [*prefix, *text.ids[low:high], separate]
                pieces.append(
                    Piece(
                        window=number,
                        ids=ids,
                        segments=[0] * question_size + [1] * (len(ids) - question_size),
                        first=len(prefix),
                        places=places,
                        starts=[
                            start in starts and reading.is_copied(start, end)
                            for start, end in places
                        ],
                        ends=[
                            end in ends and reading.is_copied(start, end) for start, end in places
                        ],
                        paragraphs=[bisect_right(break_positions, start) for start, _ in places],
                    )
                )
        return pieces

    def score(self, pieces: Sequence[Piece]) -> list[tuple[Floats, Floats]]:
        """Return the start and end scores of every token of each piece, in order."""
        import torch

        self.load()
        scores: list[tuple[Floats, Floats] | None] = [None] * len(pieces)
        order = sorted(range(len(pieces)), key=lambda i: -pieces[i].size)
        with self._lock, torch.inference_mode():
            for first in range(0, len(order), BATCH):
                batch = order[first : first + BATCH]
                starts, ends = run_model(self._model, [pieces[i] for i in batch])
                for row, i in enumerate(batch):
                    size = pieces[i].size
                    scores[i] = starts[row, :size].numpy(), ends[row, :size].numpy()
        return [pair for pair in scores if pair is not None]

    def _tokenizer(self) -> Tokenizer:
        if self._tokenizer_once is None:
            self._tokenizer_once = load_tokenizer(self.folder)
        return self._tokenizer_once


def split_strides(size: int, capacity: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of overlapping ranges that cover `size` tokens, each at most `capacity`.

    Neighbouring ranges share STRIDE tokens, or half of `capacity` if that is less.
    """
    start = 0
    while start < size:
        end = min(size, start + capacity)
        yield start, end
        if end == size:
            return
        start = end - min(STRIDE, capacity // 2)


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer in `folder`. Raises ModelNotFoundError if it cannot be read."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises no narrower class
        raise ModelNotFoundError(
            f"{folder} has no readable tokenizer.json: {error}. Give a folder that contains a "
            "complete BERT model."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "[SEP]" in a document is ordinary text
    return tokenizer


def run_model(model: Any, pieces: Sequence[Piece]) -> tuple[Tensor, Tensor]:
    """Return the start and end scores, each of shape (pieces, longest piece).

    Padding is masked in the model; its scores have no meaning.
    """
    import torch

    longest = max(piece.size for piece in pieces)
    ids = torch.zeros((len(pieces), longest), dtype=torch.long)
    segments = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, piece in enumerate(pieces):
        ids[row, : piece.size] = torch.tensor(piece.ids)
        segments[row, : piece.size] = torch.tensor(piece.segments)
        mask[row, : piece.size] = 1
    device = model.device
    output = model(
        input_ids=ids.to(device),
        token_type_ids=segments.to(device),
        attention_mask=mask.to(device),
    )
    return output.start_logits.float().cpu(), output.end_logits.float().cpu()
