"""Read windows of text and return the spans that answer a question, with probabilities.

Input: a question and windows. Output: a `Reading`, which contains offsets and numbers only: a
reader never generates text. `Reader` is the protocol that the ask path uses; `open_reader` builds
the configured reader.
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
    """Extracts answers from windows."""

    @property
    def threshold(self) -> float:
        """Return the least probability of an answer at which an answer is shown."""

    @property
    def fingerprint(self) -> str:
        """Return the reader's name and version, for reports."""

    @property
    def loaded(self) -> bool:
        """Return whether the model is in memory."""

    def load(self) -> None:
        """Load the model into memory, which takes seconds the first time."""

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return the spans that answer, best first, and two probabilities.

        The scores of the spans are comparable across windows. The probabilities are that no span
        answers, and that the first span is right: 1 and 0 if there are no windows.
        """


def open_reader(
    folder: Path | None, fingerprint: str, embed: EmbedTexts, *, device: str = "auto"
) -> Reader:
    """Return the span reader in `folder`, or the sentence reader if `folder` is None.

    Parameters
    ----------
    fingerprint
        The name and version of the model in `folder`.
    embed
        Maps texts to unit vectors; used to find complete sentences.
    device
        As the setting `device`.

    Raises
    ------
    ModelNotFoundError
        If `folder` has no usable calibration.
    """
    from scoqa.read.sentence import SentenceReader
    from scoqa.read.span import SpanReader

    if folder is None:
        return SentenceReader(embed)
    return SpanReader(folder, fingerprint, embed, device=device)
