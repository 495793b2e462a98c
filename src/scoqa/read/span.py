"""A trained reader: the shortest spans that answer, found by a BERT-type encoder.

Receives a question and windows; hands on spans and the probability that none answers. One
softmax a question runs over all spans of all windows and one null (Clark and Gardner 2018, shared
normalisation, with silence inside it); further features enter by weights that were fitted on dev
data and are kept with the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import fold, is_mostly_latin, only_phrase
from scoqa.read.calibration import (
    Calibration,
    Evidence,
    Weights,
    probability,
    read_calibration,
)
from scoqa.read.candidates import (
    Candidate,
    candidates,
    denies,
    greatest_share,
    may_answer,
    similarities,
)
from scoqa.read.encoder import Encoder
from scoqa.read.kinds import contacts_asked, is_small_talk, single_questions
from scoqa.read.phrase import find_phrase
from scoqa.read.sentence import SentenceReader
from scoqa.read.span_decoding import Place, WindowScores, decode, soft_least
from scoqa.types import Reading, Span, Window, WindowReading

# In the scores' own unit, nats.
AGREEING = 4.0  # a place at most this far below the best of its fact says it too ...
AGREEING_SHARE = 0.1  # ... if its block covers about as much of the question
CLOSE = 1.0  # further facts are at most this far below the first
MOST_FACTS = 3
MOST_PLACES = 10  # of one fact
AT_ONCE = 4  # windows read before it is asked whether more are needed
UNREAD = WindowScores((), -math.inf, math.inf)  # what a window says that was not read
LEAST_FOCUS = -3.0  # nats; at -2 to -4 the mean AUROC of seven sets is within 0.002
FARTHEST_GAP = 10.0  # nats between first and second beyond which nothing is won


class SpanReader:
    """Proposes spans with a trained model; for other languages, sentences."""

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
    ) -> None:
        """folder: the model, its tokenizer and its calibration. embed: texts to unit vectors.

        Raises ModelNotFoundError for a folder that lacks its calibration.
        """
        self.fingerprint = fingerprint
        self.encoder = Encoder(folder)
        self.calibration = read_calibration(folder)
        self._sentences = SentenceReader(embed)

    @property
    def threshold(self) -> float:
        """The least probability that something answers at which an answer is shown."""
        return self.calibration.threshold

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self.encoder.loaded

    def load(self) -> None:
        """Bring the model into memory."""
        self.encoder.load()

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return the facts that answer best, each at every place that says it.

        The model reads English; a question in another script is answered in whole sentences. Two
        questions in one are answered one after the other; a greeting is no question. A quoted
        phrase alone is answered with the places where it occurs.
        """
        if not is_mostly_latin(question):
            return self._sentences.read(question, windows)
        if is_small_talk(question):
            return Reading((), 1.0, 0.0)
        phrase = only_phrase(question)
        if phrase is not None and (reading := find_phrase(phrase, windows)) is not None:
            return reading
        parts = single_questions(question)
        readings = [self._read(part, windows) for part in parts[:MOST_FACTS]]
        return joined(readings, self.threshold) if len(readings) > 1 else readings[0]

    def _read(self, question: str, windows: Sequence[Window]) -> Reading:
        scored, found = score_windows(self.encoder, question, windows, self.calibration)
        return weigh(windows, scored, found, self.calibration)


def joined(readings: Sequence[Reading], threshold: float) -> Reading:
    """Return the first facts of the `readings` of several questions as one reading.

    A question that nothing answers is left out; if that is so of all, the likeliest reading is
    returned. The first fact is as sure to be right as the least sure of those that are returned.
    """
    answered = [each for each in readings if each.spans and 1 - each.none_probability >= threshold]
    if not answered:
        return min(readings, key=lambda each: each.none_probability)
    spans = [
        replace(span, fact=number)
        for number, each in enumerate(answered)
        for span in each.spans
        if span.fact == each.spans[0].fact
    ]
    return Reading(
        spans=tuple(spans),
        none_probability=max(each.none_probability for each in answered),
        right_probability=min(each.right_probability for each in answered),
        windows=answered[0].windows,
    )


def score_windows(
    encoder: Encoder,
    question: str,
    windows: Sequence[Window],
    until_sure: Calibration | None = None,
) -> tuple[list[WindowScores], list[Candidate]]:
    """Return what each window says, and the candidates in them, before anything is weighed.

    until_sure: read the windows in order of promise, AT_ONCE together, and stop when no unread
    one can win, or come close, with the greatest score that the model gives. None: read all.
    """
    scored = [UNREAD for _ in windows]
    order = list(range(len(windows)))
    promises = [0.0] * len(windows)
    similar = similarities(windows)
    if until_sure is not None:
        weights = until_sure.weights
        promises = [
            weights.similarity * similarity
            + weights.share * greatest_share(question, window)
            + weights.kind
            + (weights.excluded if denies(question) else 0.0)
            for window, similarity in zip(windows, similar, strict=True)
        ]
        order.sort(key=lambda number: -promises[number])
    found: list[Candidate] = []
    size = len(windows) if until_sure is None else AT_ONCE
    for at in range(0, len(windows), max(1, size)):
        if until_sure is not None and found:
            best = rank(found, until_sure.weights)[0].score
            if promises[order[at]] + until_sure.highest < best - CLOSE:
                break
        group = order[at : at + size]
        part = [windows[number] for number in group]
        pieces = encoder.pieces(question, part)
        said = decode(
            part,
            pieces,
            encoder.score(pieces),
            may_answer(question, part),
            [contacts_asked(question, window.text) for window in part],
        )
        for number, each in zip(group, said, strict=True):
            scored[number] = each
        cosines = [similar[number] for number in group]
        found += [
            replace(each, window=group[each.window])
            for each in candidates(question, part, said, cosines)
        ]
    return scored, sorted(found, key=lambda each: each.window)


def weigh(
    windows: Sequence[Window],
    scored: Sequence[WindowScores],
    found: Sequence[Candidate],
    calibration: Calibration,
) -> Reading:
    """Return the reading of `windows`, given what each says and the candidates in them."""
    ranked = rank(found, calibration.weights)
    if not ranked:
        return Reading((), 1.0, 0.0)
    facts = facts_of(windows, ranked)
    close = [fact for fact in facts if fact[0].score >= facts[0][0].score - CLOSE]
    spans: list[Span] = []
    for number, fact in enumerate(close[:MOST_FACTS]):
        for each in fact[:MOST_PLACES]:
            window = windows[each.window]
            place = each.place.start, each.place.end
            spans.append(Span(window.document_id, *place, each.score, number))
    supported = evidence(scored, facts)
    return Reading(
        spans=tuple(spans),
        none_probability=1.0 - probability(calibration.answerable, supported),
        right_probability=probability(calibration.right, supported),
        windows=_readings(windows, scored, ranked),
    )


def rank(found: Sequence[Candidate], weights: Weights) -> list[Candidate]:
    """Return `found` with their features weighed into their scores, best first; ties as given."""
    weighed = [
        replace(
            each,
            score=each.place.score
            + weights.similarity * each.similarity
            + weights.share * each.share
            - weights.conflict * each.conflict
            + weights.kind * each.kind
            - weights.excluded * each.excluded,
        )
        for each in found
    ]
    return sorted(weighed, key=lambda each: -each.score)


def facts_of(windows: Sequence[Window], ranked: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the facts, best first, each as the places that say it, best first.

    The same words are one fact where the model holds them for an answer about as much in each
    place, and where the question's words stand around as well: a year in a sentence about
    something else has another score, and a city in the report of another year lacks the year.
    """
    facts: dict[str, list[Candidate]] = {}
    taken: dict[str, list[Place]] = {}  # by document: neighbouring windows share a sentence
    for each in ranked:
        window = windows[each.window]
        own = taken.setdefault(window.document_id, [])
        if any(each.place.start < one.end and one.start < each.place.end for one in own):
            continue
        own.append(each.place)
        start, end = each.place.start - window.start, each.place.end - window.start
        fact = facts.setdefault(fold(window.text[start:end]), [])
        if not fact or (
            each.score >= fact[0].score - AGREEING and each.share >= fact[0].share - AGREEING_SHARE
        ):
            fact.append(each)
    return list(facts.values())


def evidence(scored: Sequence[WindowScores], facts: Sequence[Sequence[Candidate]]) -> Evidence:
    """Return what the probabilities are computed from; `facts` are best first, at least one.

    All but the gap is about the first place and its own window, and so is the same in every folder.
    """
    best = facts[0][0]
    own = scored[best.window]
    gap = best.score - facts[1][0].score if len(facts) > 1 else FARTHEST_GAP
    return Evidence(
        total=own.total - own.null,
        focus=0.0 if best.contact else max(LEAST_FOCUS, best.place.score - own.total),
        similarity=best.similarity,
        contact=best.contact,
        gap=min(FARTHEST_GAP, gap),
        conflict=best.conflict,
        excluded=best.excluded,
    )


def _readings(
    windows: Sequence[Window], scored: Sequence[WindowScores], ranked: Sequence[Candidate]
) -> tuple[WindowReading, ...]:
    """Return what to tell of each window: its best span, its null, its share of the softmax.

    The softmax is the model's own, over all windows that were read and their soft least null.
    """
    null = soft_least([each.null for each in scored])
    first: dict[int, Candidate] = {}
    for each in ranked:
        first.setdefault(each.window, each)
    everything = float(np.logaddexp.reduce([null, *(said.total for said in scored)]))
    found = []
    for number, (window, said) in enumerate(zip(windows, scored, strict=True)):
        best, span = first.get(number), None
        if best is not None:
            place = best.place.start, best.place.end
            span = Span(window.document_id, *place, best.score)
        share = math.exp(said.total - everything)
        found.append(WindowReading(span, said.null if said.null < math.inf else None, share))
    return tuple(found)
