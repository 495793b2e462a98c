"""Question and windows -> a score for every span, with a BERT-type encoder from a folder.

Receives a question and windows; hands on pieces (what fits the model at once) with the place of
each token in its window, and the scores of the spans in them. The tokenizer alone is light; the
model loads when the first window is scored.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import ModelNotFoundError
from scoqa.read.borders import breaks, seen_end, word_edges
from scoqa.read.weights import load_model
from scoqa.types import Window

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

Floats = NDArray[np.float32]

MOST_TOKENS = 320  # of one piece, the question and special tokens included
STRIDE = 128  # tokens that neighbouring pieces of a long window share, as in training
MOST_QUESTION_TOKENS = 64
MOST_HEADING_TOKENS = 40
MOST_SPAN_TOKENS = 40
BATCH = 8  # pieces at a time, of like length: as the embedder's

MOST_SPAN_CHARACTERS = 8 * MOST_SPAN_TOKENS  # English has 4 to 5 a token; more is no language


@dataclass(frozen=True, slots=True)
class Piece:
    """One input of the model: the question, and as much of a window as fits beside it."""

    window: int  # its number among the windows
    ids: list[int]
    segments: list[int]  # 0 the question, 1 the rest
    first: int  # the first token of the window's text
    places: list[tuple[int, int]]  # of each token of the text, in the window's text
    starts: list[bool]  # whether a span may start at the token: a word does
    ends: list[bool]  # whether it may end there
    paragraphs: list[int]  # the number of each token's paragraph, rising

    @property
    def size(self) -> int:
        return len(self.ids)

    def spans(self) -> NDArray[np.bool_]:
        """Return which spans may be, shape (tokens, MOST_SPAN_TOKENS): the one that begins at the
        row's token and has one token more than the column's number.

        A span has whole words, of one paragraph, and at most MOST_SPAN_CHARACTERS.
        """
        size = len(self.places)
        found = np.zeros((size, MOST_SPAN_TOKENS), dtype=np.bool_)
        starts, ends = np.array(self.starts), np.array(self.ends)
        paragraphs, places = np.array(self.paragraphs), np.array(self.places)
        for more in range(min(size, MOST_SPAN_TOKENS)):
            rest = size - more
            found[:rest, more] = (
                starts[:rest]
                & ends[more:]
                & (paragraphs[:rest] == paragraphs[more:])
                & (places[more:, 1] - places[:rest, 0] <= MOST_SPAN_CHARACTERS)
            )
        return found


class Encoder:
    """One span model. Safe to share between threads: one batch runs at a time."""

    def __init__(self, folder: Path) -> None:
        """folder: a BertForQuestionAnswering and its tokenizer.json."""
        self.folder = folder
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokenizer_once: Tokenizer | None = None

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model is not None

    def load(self) -> None:
        """Bring the model into memory: seconds the first time, nothing after that."""
        with self._lock:
            if self._model is None:
                self._model = load_model(self.folder, whole=True).eval()

    def pieces(self, question: str, windows: Sequence[Window]) -> list[Piece]:
        """Return the inputs for `question`, in the windows' order; a long window gives several.

        Neighbours share STRIDE tokens, so a span near an edge is whole in one of them. A window
        without a token gives none.
        """
        tokenizer = self._tokenizer()
        asked = tokenizer.encode(question, add_special_tokens=False).ids[:MOST_QUESTION_TOKENS]
        headings = tokenizer.encode_batch(
            [each.heading for each in windows], add_special_tokens=False
        )
        texts = tokenizer.encode_batch([each.text for each in windows], add_special_tokens=False)
        [begin, colon, separate] = tokenizer.encode(":").ids
        pieces: list[Piece] = []
        for number, (window, heading, text) in enumerate(
            zip(windows, headings, texts, strict=True)
        ):
            under = heading.ids[:MOST_HEADING_TOKENS]
            before = [begin, *asked, separate, *under, *([colon] if under else [])]
            room = MOST_TOKENS - len(before) - 1
            starts, ends = word_edges(window.text)
            crossed = breaks(window.text)
            for low, high in strides(len(text.ids), room):
                places = [
                    (start, seen_end(window.text, end)) for start, end in text.offsets[low:high]
                ]
                ids = [*before, *text.ids[low:high], separate]
                pieces.append(
                    Piece(
                        window=number,
                        ids=ids,
                        segments=[0] * (len(asked) + 2) + [1] * (len(ids) - len(asked) - 2),
                        first=len(before),
                        places=places,
                        starts=[start in starts for start, _ in places],
                        ends=[end in ends for _, end in places],
                        paragraphs=[bisect_right(crossed, start) for start, _ in places],
                    )
                )
        return pieces

    def score(self, pieces: Sequence[Piece]) -> list[tuple[Floats, Floats]]:
        """Return the start and the end scores of every token of each piece, in order."""
        import torch

        self.load()
        found: list[tuple[Floats, Floats] | None] = [None] * len(pieces)
        order = sorted(range(len(pieces)), key=lambda i: -pieces[i].size)
        with self._lock, torch.inference_mode():
            for at in range(0, len(order), BATCH):
                batch = order[at : at + BATCH]
                starts, ends = run(self._model, [pieces[i] for i in batch])
                for row, i in enumerate(batch):
                    size = pieces[i].size
                    found[i] = starts[row, :size].numpy(), ends[row, :size].numpy()
        return [each for each in found if each is not None]

    def _tokenizer(self) -> Tokenizer:
        if self._tokenizer_once is None:
            self._tokenizer_once = load_tokenizer(self.folder)
        return self._tokenizer_once


def strides(size: int, room: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of stretches of at most `room` that cover `size` tokens and overlap."""
    start = 0
    while start < size:
        end = min(size, start + room)
        yield start, end
        if end == size:
            return
        start = end - min(STRIDE, room // 2)


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer in `folder`. Raises ModelNotFoundError."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises no narrower class
        raise ModelNotFoundError(
            f"{folder} has no readable tokenizer.json: {error}. Give a folder that holds a whole "
            "BERT model."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "[SEP]" in a document is a text like any other
    return tokenizer


def run(model: Any, pieces: Sequence[Piece]) -> tuple[Tensor, Tensor]:
    """Return the start and end scores, each of shape (pieces, longest); padding scores nothing."""
    import torch

    longest = max(each.size for each in pieces)
    ids = torch.zeros((len(pieces), longest), dtype=torch.long)
    segments = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, each in enumerate(pieces):
        ids[row, : each.size] = torch.tensor(each.ids)
        segments[row, : each.size] = torch.tensor(each.segments)
        mask[row, : each.size] = 1
    device = model.device
    out = model(
        input_ids=ids.to(device),
        token_type_ids=segments.to(device),
        attention_mask=mask.to(device),
    )
    return out.start_logits.float().cpu(), out.end_logits.float().cpu()
