"""Embed texts as unit vectors.

Input: passages, sentences or questions. Output: normalised float32 vectors in input order.
`Embedder` is the protocol that indexing, search and reading use; `SentenceTransformerEmbedder`
implements it with a local sentence-transformers model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import ModelNotFoundError
from scoqa.model_runtime import choose_device, offline_imports
from scoqa.turns import Turns
from scoqa.types import Passage

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
EmbedProgress = Callable[[int], None]  # called with the number of texts done so far

BATCH = 8  # of the sizes 1 to 64: as fast as any for sentences, a fifth faster for passages
SPECIAL_TOKENS = 2  # [CLS] and [SEP] around every input


class Embedder(Protocol):
    """Maps texts to unit vectors, and fits passages into the length of its input. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """Return the model's name and version. Equal fingerprints give equal vectors."""

    @property
    def max_tokens(self) -> int:
        """Return the maximum length of an input in tokens, special tokens included."""

    @property
    def loaded(self) -> bool:
        """Return whether the model is in memory."""

    def load(self) -> None:
        """Load the model into memory, which takes seconds the first time."""

    def embed(self, texts: Sequence[str], *, progress: EmbedProgress | None = None) -> Vectors:
        """Return one unit vector per text: float32, shape (len(texts), d), in input order.

        A text alone and in any batch gives the same vector, up to 1e-3 per component.
        progress: called with the number of texts done so far, at least once after the last text.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens; loads no model."""

    def passage_inputs(self, passages: Sequence[Passage]) -> list[str]:
        """Return the text to embed for each passage: its heading, then its text.

        Only the heading is shortened to fit `max_tokens`, never the text.
        """

    def key(self, model_input: str) -> str:
        """Return the key under which the vector of `model_input` is stored.

        It depends on `fingerprint`, so two models never share a vector.
        """


class SentenceTransformerEmbedder:
    """A local sentence-transformers model. Thread-safe: one embedding runs at a time, asks first.

    Counting tokens loads only the small tokenizer; the model is loaded at the first embedding.
    """

    def __init__(self, folder: Path, fingerprint: str, *, device: str = "auto") -> None:
        """Read the model's configuration; the model is loaded later.

        Parameters
        ----------
        folder
            A complete sentence-transformers model.
        fingerprint
            Stored with each index.
        device
            As the setting `device`.
        """
        self.folder = folder
        self.fingerprint = fingerprint
        self.device = device
        self.max_tokens = _max_tokens(folder)
        self._turns = Turns()
        self._model: SentenceTransformer | None = None
        self._loaded_tokenizer: Tokenizer | None = None

    @property
    def loaded(self) -> bool:
        """Return whether the model is in memory."""
        return self._model is not None

    def load(self) -> None:
        """Load the model into memory. Takes seconds the first time; does nothing after that."""
        with self._turns.turn():
            self._load()

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            with offline_imports():
                from sentence_transformers import SentenceTransformer
                from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            device = choose_device(self.device)
            try:
                self._model = SentenceTransformer(
                    str(self.folder), device=device, local_files_only=True, trust_remote_code=False
                )
            except Exception as error:  # the libraries raise many types
                raise ModelNotFoundError(
                    f"{self.folder} does not contain a complete sentence-transformers model: "
                    f"{error}"
                ) from error
            self._model.max_seq_length = self.max_tokens
        return self._model

    def embed(self, texts: Sequence[str], *, progress: EmbedProgress | None = None) -> Vectors:
        """Return one unit vector per text: float32, shape (len(texts), d), in input order.

        Texts longer than `max_tokens` are truncated. No texts give shape (0, d).
        progress: called after each batch.
        """
        with self._turns.turn():
            model = self._load()
            size = int(model.get_embedding_dimension() or 0)
            vectors = np.zeros((len(texts), size), dtype=np.float32)
            # Longest first: batches of equal length need little padding, and memory use peaks
            # in the first batch.
            order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
            for start in range(0, len(order), BATCH):
                self._turns.give_way()
                batch = order[start : start + BATCH]
                vectors[batch] = model.encode(
                    [texts[i] for i in batch],
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
                if progress is not None:
                    progress(start + len(batch))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        encoded = self._tokenizer().encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    def passage_inputs(self, passages: Sequence[Passage]) -> list[str]:
        """Return the model input for each passage: its heading, then its text.

        If both together exceed `max_tokens`, the heading is shortened, never the text.
        """
        available = self.max_tokens - SPECIAL_TOKENS
        token_counts = self.count_tokens([passage.text for passage in passages])
        inputs = []
        for passage, token_count in zip(passages, token_counts, strict=True):
            heading = self._shorten(passage.heading, available - token_count)
            inputs.append(f"{heading}\n{passage.text}" if heading else passage.text)
        return inputs

    def key(self, model_input: str) -> str:
        """Return the key under which the vector of `model_input` is stored."""
        joined = f"{self.fingerprint}\0{model_input}"
        return hashlib.sha256(joined.encode("utf-8")).hexdigest()[:32]

    def _shorten(self, text: str, most_tokens: int) -> str:
        offsets = self._tokenizer().encode(text, add_special_tokens=False).offsets
        if len(offsets) <= most_tokens:
            return text
        return text[: offsets[most_tokens - 1][1]] if most_tokens > 0 else ""

    def _tokenizer(self) -> Tokenizer:
        if self._loaded_tokenizer is None:
            from tokenizers import Tokenizer

            try:
                tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
            except Exception as error:  # tokenizers raises no narrower class
                raise ModelNotFoundError(
                    f"{self.folder} has no readable tokenizer.json: {error}. Give a folder that "
                    "contains a complete sentence-transformers model."
                ) from error
            tokenizer.no_truncation()
            tokenizer.no_padding()
            self._loaded_tokenizer = tokenizer
        return self._loaded_tokenizer


def _max_tokens(folder: Path) -> int:
    """Return the maximum input length of the model in tokens, special tokens included."""
    try:
        config = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        return int(config["max_seq_length"])
    except (OSError, ValueError, KeyError, TypeError):
        return 256  # the limit of all-MiniLM-L6-v2; safe for any model
