"""Question + windows -> Spans, and the probability that none of them answers.

Receives windows of text; hands on numbers only: a reader never makes text. `Reader` is what the
ask path knows; `open_reader` builds the one that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoqa.types import Reading, Window

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]


class Reader(Protocol):
    """What extracts answers."""

    @property
    def threshold(self) -> float:
        """Return the least probability that something answers at which an answer is shown."""

    @property
    def fingerprint(self) -> str:
        """Return the reader's name and version, for reports."""

    @property
    def loaded(self) -> bool:
        """Return whether what it reads with is in memory."""

    def load(self) -> None:
        """Bring what it reads with into memory: seconds the first time."""

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return spans, best first, with scores comparable across windows, the probability
        that none answers, and the probability that the first is right.

        No windows give no spans and the probabilities 1 and 0.
        """


def open_reader(folder: Path | None, fingerprint: str, embed: EmbedTexts) -> Reader:
    """Return the reader in `folder`, a model that `fingerprint` names; without one, the sentence
    reader. embed: texts to unit vectors, which whole sentences are found with.

    Raises ModelNotFoundError.
    """
    from scoqa.read.sentence import SentenceReader
    from scoqa.read.span import SpanReader

    return SentenceReader(embed) if folder is None else SpanReader(folder, fingerprint, embed)
