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
        """Return the least probability of an answer at which this reader should be shown."""

    @property
    def fingerprint(self) -> str:
        """Return the reader's name and version, for reports."""

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return spans, best first, with scores comparable across windows, and the
        probability that none answers. No windows give no spans and probability 1.
        """


def open_reader(name: str, embed: EmbedTexts) -> Reader:
    """Return the reader called `name`. embed: texts to unit vectors, for readers that use it."""
    from scoqa.read.sentence import SentenceReader

    readers = {"sentence": SentenceReader}
    return readers[name](embed)
