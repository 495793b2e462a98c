"""Answer with the sentences that are most similar to the question, without a trained model.

Input: a question and windows. Output: complete sentences, or the single date or number in a
sentence that the question asks for, and the probability that none answers. Similarity is the
embedder's cosine plus the share of the question's words, weighted by their rarity in the windows.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import fold, query_terms, terms
from scoqa.read.kinds import NAMES, NUMBERS, find_answer_pattern
from scoqa.reading_view import ReadingView, join_views
from scoqa.sentences import sentences
from scoqa.types import Reading, Span, Window

# Fitted by tests/benchmarks/sentence_reader.py, which prints the coefficients, on sco_dev.jsonl
# over 149 documents, chunking_eval.jsonl over its own documents, and each set over the other's
# documents, in which it has no answers; docs/guide/log.md records the experiments.
WINDOW_WEIGHT = 0.3  # of the window's fused score, relative to cosine and word share
KIND_WEIGHT = 0.1  # of whether a sentence contains the requested kind of answer
# Logistic regressions: intercept, then margin, cosine, share, kind.
Coefficients = tuple[float, float, float, float, float]
ANSWERABLE: Coefficients = (-7.89, 0.0, 12.10, 4.11, -0.05)
RIGHT: Coefficients = (-6.00, 6.55, 5.28, 0.82, 0.09)
THRESHOLD = 0.4  # the best silence accuracy on sco_dev.jsonl

# Only the best sentences by their words are embedded, about a fifth of all; the share of right
# places on sco_dev.jsonl is the same as with all sentences.
MOST_EMBEDDED = 20
MOST_FACTS = 3
MOST_PLACES = 10  # per fact, in the same words
CLOSE = 0.95  # further facts score at least this share of the best
SHORTEST = 3  # characters; anything shorter is a stray mark

_UNITS = re.compile(
    r"\s?(?:%|per\s?cent|percent|million|billion|trillion|thousand|hundred|metres|meters|km|days"
    r"|years|months|hours|people)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SentenceCandidate:
    """A sentence of a window, or a cell of a table in it, and its features.

    start, end: in the text that is read (`Window.reading`).
    """

    window: Window
    start: int
    end: int
    cosine: float  # of the sentence alone with the question
    share: float  # of the question's words, weighted, in the sentence or its heading
    score: float  # word share, window and kind by weight, plus cosine of heading and sentence
    kind: float  # 1 if it contains the requested kind, -1 if not, 0 if no kind is requested


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """The features from which the probabilities are computed."""

    margin: float  # score of the best candidate minus that of the fourth
    cosine: float  # the greatest of all candidates
    share: float  # of the best candidate
    kind: float  # of the best candidate

    def compute_probability(self, coefficients: Coefficients) -> float:
        """Return the probability from the logistic regression with `coefficients`."""
        intercept, *weights = coefficients
        values = (self.margin, self.cosine, self.share, self.kind)
        logit = intercept + sum(w * value for w, value in zip(weights, values, strict=True))
        return 1 / (1 + math.exp(-logit))


class SentenceReader:
    """Proposes sentences by similarity to the question."""

    threshold = THRESHOLD
    fingerprint = "sentence@3"
    loaded = True  # it has no model except the embedder

    def __init__(self, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        """embed: texts to unit vectors, shape (n, d)."""
        self._embed = embed

    def load(self) -> None:
        """Do nothing: this reader has no model of its own."""

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return the best sentences, narrowed to a date or number if the question asks for one.

        Equal sentences count as one fact, and up to MOST_PLACES of their places are returned.
        """
        ranked = self.rank(question, windows)
        if not ranked:
            return Reading((), 1.0, 0.0)
        spans: list[Span] = []
        place_counts: Counter[str] = Counter()  # by the words of the sentence
        facts: dict[str, int] = {}
        for candidate in ranked:
            window = candidate.window
            text = window.reading.text
            start, end = narrow(question, text, candidate.start, candidate.end)
            # The complete sentence: in another sentence the same year may answer another question.
            words = fold(text[candidate.start : candidate.end])
            if words not in place_counts:
                is_close = candidate.score >= CLOSE * ranked[0].score
                if not is_close or len(place_counts) == MOST_FACTS:
                    continue
            elif place_counts[words] == MOST_PLACES:
                continue
            place_counts[words] += 1
            place = window.reading.to_source(start, end)
            fact = facts.setdefault(words, len(facts))
            spans.append(Span(window.document_id, *place, candidate.score, fact))
        evidence = collect_evidence(ranked)
        return Reading(
            spans=tuple(spans),
            none_probability=1.0 - evidence.compute_probability(ANSWERABLE),
            right_probability=evidence.compute_probability(RIGHT),
        )

    def rank(self, question: str, windows: Sequence[Window]) -> list[SentenceCandidate]:
        """Return the best candidates in `windows`, best first; ties keep reading order.

        A sentence whose words all occur in the question, such as the heading that the question is
        derived from, is left out. Only the best MOST_EMBEDDED sentences by words and window are
        embedded and returned.
        """
        question_terms = query_terms(question)
        places, texts = [], []
        for window in _merge_windows(windows):
            for start, end, text in _find_units(window.reading):
                words = window.reading.text[start:end]
                if set(query_terms(words)).difference(question_terms):
                    places.append((window, start, end))
                    texts.append(text)
        if not places:
            return []
        pattern = find_answer_pattern(question)
        text_terms = [set(terms(text)) for text in texts]
        rarity = build_rarity(text_terms)
        total = sum(rarity(term) for term in question_terms) or 1.0
        # Score without cosine, number of the place, share, kind.
        word_ranking: list[tuple[float, int, float, float]] = []
        for number, (window, _, _) in enumerate(places):
            own_terms = text_terms[number] | set(terms(window.heading))
            share = sum(rarity(term) for term in question_terms if term in own_terms) / total
            kind = 0.0 if pattern is None else 1.0 if pattern.search(texts[number]) else -1.0
            score = share + WINDOW_WEIGHT * window.score + KIND_WEIGHT * kind
            word_ranking.append((score, number, share, kind))
        word_ranking = sorted(word_ranking, key=lambda item: -item[0])[:MOST_EMBEDDED]
        sentence_texts = [texts[number] for _, number, _, _ in word_ranking]
        headed_texts = [
            f"{places[number][0].heading}\n{texts[number]}" for _, number, _, _ in word_ranking
        ]
        vectors = self._embed([question, *sentence_texts, *headed_texts])
        cosines = vectors[1:] @ vectors[0]
        candidates = [
            SentenceCandidate(
                *places[number], float(cosine), share, score + float(headed_cosine), kind
            )
            for (score, number, share, kind), cosine, headed_cosine in zip(
                word_ranking,
                cosines[: len(sentence_texts)],
                cosines[len(sentence_texts) :],
                strict=True,
            )
        ]
        return sorted(candidates, key=lambda candidate: -candidate.score)


def collect_evidence(ranked: Sequence[SentenceCandidate]) -> SentenceEvidence:
    """Return the evidence for an answer. ranked: best first, at least one."""
    best = ranked[0]
    margin = best.score - ranked[min(3, len(ranked) - 1)].score
    cosine = max(candidate.cosine for candidate in ranked)
    return SentenceEvidence(margin, cosine, best.share, best.kind)


def narrow(question: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Return the place of the date or number in text[start:end] that `question` asks for.

    Returns (start, end) unchanged unless exactly one date or number does not occur in the question:
    this reader cannot choose between two.
    """
    pattern = find_answer_pattern(question)
    if pattern is None or pattern is NAMES:
        return start, end
    matches = [match for match in pattern.finditer(text, start, end) if match[0] not in question]
    if len(matches) != 1:
        return start, end
    [match] = matches
    unit = _UNITS.match(text, match.end(), end) if pattern is NUMBERS else None
    return match.start(), unit.end() if unit else match.end()


def _merge_windows(windows: Sequence[Window]) -> list[Window]:
    """Return `windows`, merging those that overlap or touch, best first."""
    merged: list[Window] = []
    for window in sorted(windows, key=lambda window: (window.document_id, window.start)):
        last = merged[-1] if merged else None
        if last and last.document_id == window.document_id and window.start <= last.end:
            end = max(last.end, window.end)
            text = last.text + window.text[last.end - window.start :]
            view = join_views(last.reading, window.reading)
            merged[-1] = replace(
                last, end=end, text=text, hits=(*last.hits, *window.hits), view=view
            )
        else:
            merged.append(window)
    return sorted(merged, key=lambda window: -window.score)


def _find_units(reading: ReadingView) -> list[tuple[int, int, str]]:
    """Return (start, end, text) of the units that may be quoted, without white space around them.

    A unit is a sentence, or a cell of a table; the text of a cell that is compared with the
    question begins with the first cell of its row and the name of its column.
    """
    text = reading.text
    units = []
    for start, end in sentences(text):
        cells = list(_find_cells(reading, start, end))
        is_row = len(cells) > 1 or (cells and cells[0][:2] != (start, end))
        row_name = text[cells[0][2] : cells[0][1]] if cells else ""
        for number, (left, right, named) in enumerate(cells):
            words = text[left:right]
            if not any(c.isalnum() for c in words):  # a rule
                continue
            if not is_row and right - left < SHORTEST:
                continue
            context = f"{row_name}\t" if is_row and number else ""
            units.append((left, right, context + text[named:right]))
    return units


def _find_cells(reading: ReadingView, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, start of the column's name) of each copied part of text[start:end].

    Parts are separated by tabs and by inserted text; a sentence without them is a single part.
    """
    text = reading.text
    position = start
    inserted = [place for place in reading.inserted if place[0] < end and place[1] >= start]
    while position < end:
        tab = text.find("\t", position, end)
        stop = end if tab < 0 else tab
        first = position
        for low, high in inserted:
            if position <= low and high <= stop:
                yield from _strip(text, first, low, first)
                first = high
            elif low < position < high <= stop:
                first = high
        yield from _strip(text, first, stop, position)
        position = stop + 1


def _strip(text: str, start: int, end: int, named: int) -> Iterator[tuple[int, int, int]]:
    words = text[start:end]
    if words.strip():
        left = start + len(words) - len(words.lstrip())
        yield left, start + len(words.rstrip()), named


def build_rarity(text_terms: Sequence[set[str]]) -> Callable[[str], float]:
    """Return a function from a term to its inverse document frequency in the texts."""
    counts = Counter(term for terms_of_text in text_terms for term in terms_of_text)
    size = len(text_terms)
    return lambda term: math.log(1 + size / (1 + counts[term]))
