"""A reader without training: the sentence that resembles the question most.

Receives a question and windows; hands on whole sentences (or the one date or number in it that
a question asks for) and the probability that none answers. Resemblance is the embedder's cosine
plus the share of the question's words, weighted by how rare they are in what was read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import fold, query_terms, terms
from scoqa.read.kinds import NAMES, NUMBERS, kind_asked
from scoqa.sentences import sentences
from scoqa.types import Reading, Span, Window

# Fitted by tests/benchmarks/sentence_reader.py, which prints them anew, on sco_dev.jsonl over 149
# documents, chunking_eval.jsonl over its own, and each set over the other's documents, where
# nothing answers it; what was tried is in docs/guide/log.md.
WINDOW_WEIGHT = 0.3  # of the window's fused score beside cosine and word share
KIND_WEIGHT = 0.1  # of holding the kind of thing that is asked for
# Logistic regressions: intercept, then margin, cosine, share, kind.
Coefficients = tuple[float, float, float, float, float]
ANSWERABLE: Coefficients = (-7.89, 0.0, 12.10, 4.11, -0.05)
RIGHT: Coefficients = (-6.00, 6.55, 5.28, 0.82, 0.09)
THRESHOLD = 0.4  # the best silence accuracy on sco_dev.jsonl

# Only the likeliest by their words are embedded: about a fifth of the sentences, and the same
# share of right places on sco_dev.jsonl as when all are.
MOST_EMBEDDED = 20
MOST_SAID = 3  # different things
MOST_PLACES = 10  # in which one of them is said, in the same words
CLOSE = 0.95  # further snippets score at least this share of the best
SHORTEST = 3  # characters; less is a stray mark, not a sentence

_UNITS = re.compile(
    r"\s?(?:%|per\s?cent|percent|million|billion|trillion|thousand|hundred|metres|meters|km|days"
    r"|years|months|hours|people)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SentenceCandidate:
    """A sentence of a window and what speaks for it."""

    window: Window
    start: int
    end: int
    cosine: float  # of the sentence alone with the question
    share: float  # of the question's words, weighted, in it or its heading
    score: float  # word share, window, kind, and the cosine of heading and sentence
    kind: float  # 1 holds what is asked for, -1 does not, 0 nothing to tell by


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """What the probability is computed from."""

    margin: float  # of the best over the fourth
    cosine: float  # the greatest among the candidates
    share: float  # of the question's words, in the best
    kind: float  # of the best

    def probability(self, coefficients: Coefficients) -> float:
        """Return what the logistic regression with `coefficients` gives."""
        intercept, *weights = coefficients
        values = (self.margin, self.cosine, self.share, self.kind)
        logit = intercept + sum(w * value for w, value in zip(weights, values, strict=True))
        return 1 / (1 + math.exp(-logit))


class SentenceReader:
    """Proposes sentences by resemblance to the question."""

    threshold = THRESHOLD
    fingerprint = "sentence@3"
    loaded = True  # what it reads with is the embedder's

    def __init__(self, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        """embed: texts to unit vectors, shape (n, d)."""
        self._embed = embed

    def load(self) -> None:
        """Do nothing: there is nothing of its own."""

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return the best sentences, the span narrowed where the question asks for one thing.

        What several places say in the same words counts once, and all of them are returned.
        """
        ranked = self.rank(question, windows)
        if not ranked:
            return Reading((), 1.0, 0.0)
        spans: list[Span] = []
        said: Counter[str] = Counter()
        facts: dict[str, int] = {}
        for candidate in ranked:
            window = candidate.window
            start, end = narrow(question, window.text, candidate.start, candidate.end)
            # The whole sentence: the same year or name may answer another question there.
            words = fold(window.text[candidate.start : candidate.end])
            if words not in said:
                close = candidate.score >= CLOSE * ranked[0].score
                if not close or len(said) == MOST_SAID:
                    continue
            elif said[words] == MOST_PLACES:
                continue
            said[words] += 1
            place = (window.start + start, window.start + end)
            fact = facts.setdefault(words, len(facts))
            spans.append(Span(window.document_id, *place, candidate.score, fact))
        found = evidence(ranked)
        none = 1.0 - found.probability(ANSWERABLE)
        return Reading(tuple(spans), none, found.probability(RIGHT))

    def rank(self, question: str, windows: Sequence[Window]) -> list[SentenceCandidate]:
        """Return the sentences of `windows` most like an answer, best first; ties as read.

        One that adds no word to the question's, as the heading it was made of, answers nothing.
        """
        wanted = query_terms(question)
        places = [
            (window, start, end)
            for window in _joined(windows)
            for start, end in _trimmed(window.text)
            if set(query_terms(window.text[start:end])).difference(wanted)  # no echo
        ]
        if not places:
            return []
        kinds = kind_asked(question)
        texts = [window.text[start:end] for window, start, end in places]
        words = [set(terms(text)) for text in texts]
        rare = rarity(words)
        total = sum(rare(term) for term in wanted) or 1.0
        before: list[tuple[float, int, float, float]] = []  # score so far, place, share, kind
        for number, (window, _, _) in enumerate(places):
            under = words[number] | set(terms(window.heading))
            share = sum(rare(term) for term in wanted if term in under) / total
            kind = 0.0 if kinds is None else 1.0 if kinds.search(texts[number]) else -1.0
            so_far = share + WINDOW_WEIGHT * window.score + KIND_WEIGHT * kind
            before.append((so_far, number, share, kind))
        before = sorted(before, key=lambda each: -each[0])[:MOST_EMBEDDED]
        plain = [texts[number] for _, number, _, _ in before]
        headed = [f"{places[number][0].heading}\n{texts[number]}" for _, number, _, _ in before]
        vectors = self._embed([question, *plain, *headed])
        similarity = vectors[1:] @ vectors[0]
        candidates = [
            SentenceCandidate(*places[number], float(alone), share, so_far + float(under), kind)
            for (so_far, number, share, kind), alone, under in zip(
                before, similarity[: len(plain)], similarity[len(plain) :], strict=True
            )
        ]
        return sorted(candidates, key=lambda each: -each.score)


def evidence(ranked: Sequence[SentenceCandidate]) -> SentenceEvidence:
    """Return what the probability of an answer is computed from; `ranked` is best first."""
    best = ranked[0]
    margin = best.score - ranked[min(3, len(ranked) - 1)].score
    return SentenceEvidence(margin, max(each.cosine for each in ranked), best.share, best.kind)


def narrow(question: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Return the one date or number in text[start:end] that `question` asks for, else all of it.

    Only where the sentence has exactly one that the question does not name itself: with two,
    choosing between them is more than this reader can do.
    """
    kind = kind_asked(question)
    if kind is None or kind is NAMES:
        return start, end
    found = [match for match in kind.finditer(text, start, end) if match.group() not in question]
    if len(found) != 1:
        return start, end
    stop = found[0].end()
    unit = _UNITS.match(text, stop, end) if kind is NUMBERS else None
    return found[0].start(), unit.end() if unit else stop


def _joined(windows: Sequence[Window]) -> list[Window]:
    """Return `windows` with those that overlap or touch as one, best first."""
    found: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.document_id, each.start)):
        last = found[-1] if found else None
        if last and last.document_id == window.document_id and window.start <= last.end:
            end = max(last.end, window.end)
            text = last.text + window.text[last.end - window.start :]
            found[-1] = replace(last, end=end, text=text, hits=(*last.hits, *window.hits))
        else:
            found.append(window)
    return sorted(found, key=lambda window: -window.score)


def _trimmed(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` without the white space around them."""
    found = []
    for start, end in sentences(text):
        sentence = text[start:end]
        left = start + len(sentence) - len(sentence.lstrip())
        right = start + len(sentence.rstrip())
        if right - left >= SHORTEST and any(c.isalnum() for c in sentence):  # no ruling
            found.append((left, right))
    return found


def rarity(texts_terms: Sequence[set[str]]) -> Callable[[str], float]:
    """Return the inverse document frequency among the texts read."""
    counts = Counter(term for each in texts_terms for term in each)
    size = len(texts_terms)
    return lambda term: math.log(1 + size / (1 + counts[term]))
