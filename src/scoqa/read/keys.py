"""The words of a question that tell one thing from its neighbour: codes, numbers, months, names.

Input: a question, and the texts that a place belongs to, from near to far. Output: how much of
the question they cover, and whether they name another thing of the same kind instead: the price
of KV-300-71 answers no question about KV-330-17.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from scoqa.normalization import STOP_WORDS, fold, query_terms, terms
from scoqa.read.borders import words

_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)s?", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")
_RANGE = re.compile(r"\s*(?:to|until|till|through|and|[-–—])\s*$", re.IGNORECASE)
_LEAST_DIGITS = 3  # of a plain number that names something; "12 guests" counts them
KEY_WEIGHT = 3.0  # of a key among the words of a question; another word counts 1
# Of a word in the sentence or what heads it, in the rest of its line, of its paragraph.
NEARNESS = (1.0, 0.9, 0.4)


@dataclass(frozen=True, slots=True)
class Key:
    """A word of the question that names one of several. kind: what its neighbours share."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its terms with their weights, and its keys."""

    weights: dict[str, float]
    keys: tuple[Key, ...]

    @property
    def terms(self) -> frozenset[str]:
        return frozenset(self.weights)


@lru_cache(maxsize=64)
def asked(question: str) -> Asked:
    """Return the terms of `question`, stop words left out, and its keys."""
    weights = dict.fromkeys(query_terms(question), 1.0)
    for word in _names(question):
        weights.update((term, KEY_WEIGHT) for term in terms(word) if term in weights)
    keys = tuple(dict.fromkeys(found_keys(question)))
    for key in keys:
        weights.update((t, KEY_WEIGHT) for t in terms(key.value) if t in weights)
    return Asked(weights, keys)


def _names(question: str) -> list[str]:
    """Return words with a capital or a digit that are not the question's first."""
    every = [question[start:end] for start, end in words(question)]
    return [
        word
        for number, word in enumerate(every)
        if any(c.isdigit() for c in word)
        or (number and any(c.isupper() for c in word) and word.lower() not in STOP_WORDS)
    ]


def found_keys(text: str) -> list[Key]:
    """Return the keys in `text`, in order."""
    return [key for key, _, _ in _keys(text)]


@lru_cache(maxsize=4096)
def _keys(text: str) -> list[tuple[Key, int, int]]:
    found: list[tuple[Key, int, int]] = []
    before = ""
    for start, end in words(text):
        word = text[start:end]
        key = _key(word, before)
        if key is not None:
            found.append((key, start, end))
        if word.strip():
            before = word
    return found


def _key(word: str, before: str) -> Key | None:
    """Return `word` as a key, or None for an ordinary word. before: the word before it."""
    folded = fold(word)
    if folded in _MONTHS and (folded != "may" or word[0].isupper()):
        return Key("month", folded)
    if not any(c.isdigit() for c in folded) or _ORDINAL.fullmatch(folded):
        return None
    if _YEAR.fullmatch(folded):
        return Key("year", folded)
    digits = sum(c.isdigit() for c in folded)
    if "@" in folded or "://" in folded:
        return Key("address", folded)
    value = re.sub(r"[\s\u00a0‐‑-]", "", folded)
    if any(c.isalpha() for c in folded) or digits >= _LEAST_DIGITS:
        shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value))
        return Key(shape, value)
    if before.isalpha() and before.lower() not in STOP_WORDS:
        return Key(f"{terms(before)[0]} 9" if terms(before) else "9", value)
    return None


def conflict(question: Asked, sentence: str, around: Sequence[str], under: str) -> float:
    """Return 1 if a place is about another key than the question's of the same kind, else 0.

    sentence: of the place. around: what it belongs to, from near to far. under: heading and file
    name, which hold for all of it. The nearest text that has keys of the kind decides. Two keys
    of one kind in a question are alternatives; a range ("May to July") may include any.
    """
    wanted: dict[str, set[str]] = {}
    for key in question.keys:
        wanted.setdefault(key.kind, set()).add(key.value)
    return float(
        any(
            _is_other(kind, values, (sentence, *around, under), under)
            for kind, values in wanted.items()
        )
    )


def _is_other(kind: str, values: set[str], texts: Sequence[str], under: str) -> bool:
    if any(key.kind == kind and key.value in values for key, _, _ in _keys(under)):
        return False
    for text in texts:
        same = [each for each in _keys(text) if each[0].kind == kind]
        if any(key.value in values for key, _, _ in same):
            return False
        if same:
            return not any(
                _RANGE.match(text[before[2] : after[1]]) for before, after in pairwise(same)
            )
    return False


def share(question: Asked, *texts: str) -> float:
    """Return the share of the question's weight that `texts` cover, from 0 to 1.

    texts: from near to far, as many as NEARNESS; a word counts as in the nearest that has it.
    """
    total = sum(question.weights.values())
    if not total:
        return 0.0
    known = [set(terms(text)) for text in texts]
    covered = 0.0
    for term, weight in question.weights.items():
        near = (w for w, own in zip(NEARNESS, known, strict=True) if term in own)
        covered += weight * next(near, 0.0)
    return covered / total
