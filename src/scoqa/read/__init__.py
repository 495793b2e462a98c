"""Question + windows -> Spans, and the probability that none of them answers.

Receives windows of text; hands on numbers only: a reader never makes text. `Reader` is what the
ask path knows; `open_reader` builds the one the settings name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return spans, best first, with scores comparable across windows, the probability
        that none answers, and the probability that the first is right.

        No windows give no spans and the probabilities 1 and 0.
        """


def open_reader(name: str, embed: EmbedTexts) -> Reader:
    """Return the reader called `name`. embed: texts to unit vectors, for readers that use it."""
    from scoqa.read.sentence import SentenceReader

    readers = {"sentence": SentenceReader}
    return readers[name](embed)
