"""Texts -> unit vectors, with a sentence-transformers model from a folder on this machine.

Receives passages, sentences or questions; hands on normalised float32 vectors in the order
given. The tokenizer alone is light and loads at once; the model loads on the first embedding.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scoqa.errors import ModelNotFoundError
from scoqa.types import Passage

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
EmbedProgress = Callable[[int], None]  # called with the number of texts done so far

BATCH = 8  # of 1 to 64, all tried: as fast as any on sentences, a fifth faster on passages
SPECIAL_TOKENS = 2  # [CLS] and [SEP] around every input


class Embedder:
    """One embedding model. Safe to share between threads: one embedding runs at a time."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """folder: a whole sentence-transformers model. fingerprint: what an index remembers."""
        self.folder = folder
        self.fingerprint = fingerprint
        self.max_tokens = _max_tokens(folder)
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._tokenizer_once: Tokenizer | None = None

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model is not None

    def load(self) -> None:
        """Bring the model into memory: seconds the first time, nothing after that."""
        with self._lock:
            self._load()

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            # Set before the libraries are imported: they read these once.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            try:
                self._model = SentenceTransformer(
                    str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False
                )
            except Exception as error:  # the libraries below raise whatever they like
                raise ModelNotFoundError(
                    f"{self.folder} does not hold a whole sentence-transformers model: {error}"
                ) from error
            self._model.max_seq_length = self.max_tokens
        return self._model

    def embed(self, texts: Sequence[str], *, progress: EmbedProgress | None = None) -> Vectors:
        """Return one unit vector per text.

        texts: any number of strings; none gives shape (0, d). A text over `max_tokens` is cut.
        Returns float32, shape (len(texts), d), in the order given.
        """
        with self._lock:
            model = self._load()
            size = int(model.get_embedding_dimension() or 0)
            vectors = np.zeros((len(texts), size), dtype=np.float32)
            # Longest first: batches of like length waste no padding, and memory peaks at once.
            order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
            for start in range(0, len(order), BATCH):
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
        return [len(each.ids) for each in encoded]

    def passage_inputs(self, passages: Sequence[Passage]) -> list[str]:
        """Return exactly what is embedded for each passage: its heading, then its text.

        Heading and text together fit `max_tokens`: the heading is shortened, never the passage.
        """
        room = self.max_tokens - SPECIAL_TOKENS
        inputs = []
        for passage, used in zip(
            passages, self.count_tokens([each.text for each in passages]), strict=True
        ):
            heading = self._shorten(passage.heading, room - used)
            inputs.append(f"{heading}\n{passage.text}" if heading else passage.text)
        return inputs

    def key(self, model_input: str) -> str:
        """Return the name under which the vector of `model_input` is kept: nothing twice."""
        joined = f"{self.fingerprint}\0{model_input}"
        return hashlib.sha256(joined.encode("utf-8")).hexdigest()[:32]

    def _shorten(self, text: str, most_tokens: int) -> str:
        offsets = self._tokenizer().encode(text, add_special_tokens=False).offsets
        if len(offsets) <= most_tokens:
            return text
        return text[: offsets[most_tokens - 1][1]] if most_tokens > 0 else ""

    def _tokenizer(self) -> Tokenizer:
        if self._tokenizer_once is None:
            from tokenizers import Tokenizer

            try:
                tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
            except Exception as error:  # tokenizers raises no narrower class
                raise ModelNotFoundError(
                    f"{self.folder} has no readable tokenizer.json: {error}. Give a folder that "
                    "holds a whole sentence-transformers model."
                ) from error
            tokenizer.no_truncation()
            tokenizer.no_padding()
            self._tokenizer_once = tokenizer
        return self._tokenizer_once


def _max_tokens(folder: Path) -> int:
    """Return the model's longest input in tokens, special tokens included."""
    try:
        config = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        return int(config["max_seq_length"])
    except (OSError, ValueError, KeyError, TypeError):
        return 256  # what all-MiniLM-L6-v2 was made for; never more than a model bears
