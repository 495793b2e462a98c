"""A reader of a few kilobytes, made by chance, for tests: it learns a few questions in seconds."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from pathlib import Path


def tiny_reader(folder: Path, texts: Iterable[str]) -> Path:
    """Return `folder` with a BertForQuestionAnswering whose tokenizer knows the words of `texts`.

    A word that it does not know is pieces: known words and letters.
    """
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    folder.mkdir(parents=True)
    size = _write_tokenizer(folder, texts)
    torch.manual_seed(0)
    config = BertConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, intermediate_size=64,
                        num_attention_heads=2, max_position_embeddings=512)  # fmt: skip
    BertForQuestionAnswering(config).save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path, texts: Iterable[str]) -> int:
    """Write tokenizer.json and return how many tokens it has."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    known = sorted({word.lower() for text in texts for word in re.findall(r"\w+", text)})
    letters = string.ascii_lowercase + string.digits
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.punctuation, *letters]
    tokens += [*(f"##{each}" for each in letters), *known]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(each, vocabulary[each]) for each in ("[CLS]", "[SEP]")],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return len(vocabulary)
