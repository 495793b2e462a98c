"""Compare the identifying words of a question (codes, numbers, months, names) with a place.

Input: a question, and the texts around a place, from near to far. Output: the share of the question
that they cover, and whether they name a different thing of the same kind: the price of KV-300-71
does not answer a question about KV-330-17.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from scoqa.normalization import STOP_WORDS, fold, query_terms, terms
from scoqa.read.borders import find_words

_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)s?", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")
_RANGE = re.compile(r"\s*(?:to|until|till|through|and|[-–—])\s*$", re.IGNORECASE)
_LEAST_DIGITS = 3  # of a number that is a name; shorter ones are counts, as in "12 guests"
KEY_WEIGHT = 3.0  # of a key in a question; any other word has the weight 1
# Weights of a word by where it occurs: in the sentence or its headings, in the rest of the line, in
# the rest of the paragraph.
NEARNESS = (1.0, 0.9, 0.4)


@dataclass(frozen=True, slots=True)
class Key:
    """A word that names one thing of several. kind: shared by all names of such things."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """The terms of a question with their weights, and its keys."""

    weights: dict[str, float]
    keys: tuple[Key, ...]

    @property
    def terms(self) -> frozenset[str]:
        return frozenset(self.weights)


@lru_cache(maxsize=64)
def parse_question(question: str) -> ParsedQuestion:
    """Return the terms of `question` without stop words, and its keys."""
    weights = dict.fromkeys(query_terms(question), 1.0)
    for word in _find_names(question):
        weights.update((term, KEY_WEIGHT) for term in terms(word) if term in weights)
    keys = tuple(dict.fromkeys(find_keys(question)))
    for key in keys:
        weights.update((term, KEY_WEIGHT) for term in terms(key.value) if term in weights)
    return ParsedQuestion(weights, keys)


def _find_names(question: str) -> list[str]:
    """Return words with a digit, and words with a capital that are neither first nor stop words."""
    words = [question[start:end] for start, end in find_words(question)]
    return [
        word
        for number, word in enumerate(words)
        if any(c.isdigit() for c in word)
        or (number and any(c.isupper() for c in word) and word.lower() not in STOP_WORDS)
    ]


def find_keys(text: str) -> list[Key]:
    """Return the keys in `text`, in order."""
    return [key for key, _, _ in _locate_keys(text)]


@lru_cache(maxsize=4096)
def _locate_keys(text: str) -> list[tuple[Key, int, int]]:
    """Return each key in `text` with its start and end, in order."""
    located_keys: list[tuple[Key, int, int]] = []
    previous_word = ""
    for start, end in find_words(text):
        word = text[start:end]
        key = _parse_key(word, previous_word)
        if key is not None:
            located_keys.append((key, start, end))
        if word.strip():
            previous_word = word
    return located_keys


def _parse_key(word: str, previous_word: str) -> Key | None:
    """Return `word` as a key, or None if it is an ordinary word."""
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
    if previous_word.isalpha() and previous_word.lower() not in STOP_WORDS:
        return Key(f"{terms(previous_word)[0]} 9" if terms(previous_word) else "9", value)
    return None


def compute_conflict(
    question: ParsedQuestion, sentence: str, context: Sequence[str], heading: str
) -> float:
    """Return 1 if a place is about a different key of the same kind as the question's, else 0.

    The nearest text that contains keys of the kind decides. Two keys of one kind in a question are
    alternatives; a range ("May to July") may include any key.

    Parameters
    ----------
    sentence
        The sentence of the place.
    context
        The texts that the sentence belongs to, from near to far.
    heading
        The heading and the file name, which apply to all of the text.
    """
    values_by_kind: dict[str, set[str]] = {}
    for key in question.keys:
        values_by_kind.setdefault(key.kind, set()).add(key.value)
    return float(
        any(
            _names_other_key(kind, values, (sentence, *context, heading), heading)
            for kind, values in values_by_kind.items()
        )
    )


def _names_other_key(kind: str, values: set[str], texts: Sequence[str], heading: str) -> bool:
    """Return whether the nearest text with keys of `kind` has none of `values` and no range.

    Always False if `heading` has one of `values`.
    """
    if any(key.kind == kind and key.value in values for key, _, _ in _locate_keys(heading)):
        return False
    for text in texts:
        same_kind = [item for item in _locate_keys(text) if item[0].kind == kind]
        if any(key.value in values for key, _, _ in same_kind):
            return False
        if same_kind:
            return not any(
                _RANGE.match(text[first_end:second_start])
                for (_, _, first_end), (_, second_start, _) in pairwise(same_kind)
            )
    return False


def compute_share(question: ParsedQuestion, *texts: str) -> float:
    """Return the share of the question's weight that `texts` cover, from 0 to 1.

    texts: from near to far, as many as NEARNESS. A word gets the weight of the nearest text that
    contains it.
    """
    total = sum(question.weights.values())
    if not total:
        return 0.0
    text_terms = [set(terms(text)) for text in texts]
    covered = 0.0
    for term, weight in question.weights.items():
        nearness = (w for w, own in zip(NEARNESS, text_terms, strict=True) if term in own)
        covered += weight * next(nearness, 0.0)
    return covered / total
