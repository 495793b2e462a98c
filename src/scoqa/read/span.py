"""Answer with the shortest spans that answer, using a trained BERT-type encoder.

Input: a question and windows. Output: spans, and the probability that none answers. One softmax per
question covers all spans of all windows and one null (Clark and Gardner 2018, shared normalization
that includes silence); further features are added by weights that are fitted on dev data and stored
with the model.
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
    compute_probability,
    read_calibration,
)
from scoqa.read.candidates import (
    Candidate,
    asks_for_exclusions,
    build_candidates,
    compute_greatest_share,
    get_similarities,
    make_answer_filter,
)
from scoqa.read.encoder import Encoder
from scoqa.read.kinds import find_contacts, is_small_talk, split_questions
from scoqa.read.phrase import find_phrase
from scoqa.read.sentence import SentenceReader
from scoqa.read.span_decoding import Place, WindowScores, combine_nulls, decode
from scoqa.types import Reading, Span, Window, WindowReading

# Differences of scores, in nats. A place states the same fact as the best place with the same words
# if its score and the share of its block are at most this far below.
AGREEING = 4.0
AGREEING_SHARE = 0.1  # not in nats, but a share of the question's words
CLOSE = 1.0  # further facts are at most this far below the first
MOST_FACTS = 3
MOST_PLACES = 10  # per fact
GROUP_SIZE = 4  # windows read before checking whether more are needed
UNREAD = WindowScores((), -math.inf, math.inf)  # the scores of a window that was not read
LEAST_FOCUS = -3.0  # nats; at -2 to -4 the mean AUROC of seven sets is within 0.002
FARTHEST_GAP = 10.0  # nats between first and second fact; greater gaps count as this


class SpanReader:
    """Proposes spans with a trained model, or sentences if the question is in another script."""

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
        *,
        device: str = "auto",
    ) -> None:
        """Read the calibration in `folder`; the model is loaded later.

        Parameters
        ----------
        folder
            Contains the model, its tokenizer and its calibration.
        embed
            Maps texts to unit vectors.
        device
            As the setting `device`.

        Raises
        ------
        ModelNotFoundError
            If the calibration is missing or cannot be used.
        """
        self.fingerprint = fingerprint
        self.encoder = Encoder(folder, device=device)
        self.calibration = read_calibration(folder)
        self._sentences = SentenceReader(embed)

    @property
    def threshold(self) -> float:
        """Return the least probability of an answer at which an answer is shown."""
        return self.calibration.threshold

    @property
    def loaded(self) -> bool:
        """Return whether the model is in memory."""
        return self.encoder.loaded

    def load(self) -> None:
        """Load the model into memory."""
        self.encoder.load()

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return the facts that answer best, each with all places that state it.

        The model reads English; a question in a non-Latin script is answered with complete
        sentences. Two questions in one are answered separately; a greeting gets no spans. A quoted
        phrase alone is answered with the places where it occurs.
        """
        if not is_mostly_latin(question):
            return self._sentences.read(question, windows)
        if is_small_talk(question):
            return Reading((), 1.0, 0.0)
        phrase = only_phrase(question)
        if phrase is not None and (reading := find_phrase(phrase, windows)) is not None:
            return reading
        parts = split_questions(question)
        readings = [self._read(part, windows) for part in parts[:MOST_FACTS]]
        return join_readings(readings, self.threshold) if len(readings) > 1 else readings[0]

    def _read(self, question: str, windows: Sequence[Window]) -> Reading:
        window_scores, candidates = score_windows(self.encoder, question, windows, self.calibration)
        return weigh(windows, window_scores, candidates, self.calibration)


def join_readings(readings: Sequence[Reading], threshold: float) -> Reading:
    """Return the first facts of the `readings` of several questions as one reading.

    Readings below `threshold` are left out; if all are, the one most likely to answer is
    returned. The result has the greatest `none_probability` and the least `right_probability` of
    the readings that it joins.
    """
    answered = [
        reading
        for reading in readings
        if reading.spans and 1 - reading.none_probability >= threshold
    ]
    if not answered:
        return min(readings, key=lambda reading: reading.none_probability)
    spans = [
        replace(span, fact=number)
        for number, reading in enumerate(answered)
        for span in reading.spans
        if span.fact == reading.spans[0].fact
    ]
    return Reading(
        spans=tuple(spans),
        none_probability=max(reading.none_probability for reading in answered),
        right_probability=min(reading.right_probability for reading in answered),
        windows=answered[0].windows,
    )


def score_windows(
    encoder: Encoder,
    question: str,
    windows: Sequence[Window],
    until_sure: Calibration | None = None,
) -> tuple[list[WindowScores], list[Candidate]]:
    """Return the scores of each window, and the candidates in them, without feature weights.

    Parameters
    ----------
    until_sure
        Read the windows in descending order of their possible feature scores, GROUP_SIZE together.
        Stop when no unread window can come within CLOSE of the best candidate, even with the model
        score `Calibration.highest`. None reads all windows.
    """
    window_scores = [UNREAD for _ in windows]
    order = list(range(len(windows)))
    feature_limits = [0.0] * len(windows)  # the greatest sum of weighted features
    similarities = get_similarities(windows)
    if until_sure is not None:
        weights = until_sure.weights
        feature_limits = [
            weights.similarity * similarity
            + weights.share * compute_greatest_share(question, window)
            + weights.kind
            + (weights.excluded if asks_for_exclusions(question) else 0.0)
            for window, similarity in zip(windows, similarities, strict=True)
        ]
        order.sort(key=lambda number: -feature_limits[number])
    candidates: list[Candidate] = []
    size = len(windows) if until_sure is None else GROUP_SIZE
    for first in range(0, len(windows), max(1, size)):
        if until_sure is not None and candidates:
            best = rank(candidates, until_sure.weights)[0].score
            if feature_limits[order[first]] + until_sure.highest < best - CLOSE:
                break
        group = order[first : first + size]
        group_windows = [windows[number] for number in group]
        pieces = encoder.encode(question, group_windows)
        group_scores = decode(
            group_windows,
            pieces,
            encoder.score(pieces),
            make_answer_filter(question, group_windows),
            [find_contacts(question, window.reading.text) for window in group_windows],
        )
        for number, scores in zip(group, group_scores, strict=True):
            window_scores[number] = scores
        cosines = [similarities[number] for number in group]
        candidates += [
            replace(candidate, window=group[candidate.window])
            for candidate in build_candidates(question, group_windows, group_scores, cosines)
        ]
    return window_scores, sorted(candidates, key=lambda candidate: candidate.window)


def weigh(
    windows: Sequence[Window],
    window_scores: Sequence[WindowScores],
    candidates: Sequence[Candidate],
    calibration: Calibration,
) -> Reading:
    """Return the reading of `windows` from their scores and candidates, applying `calibration`."""
    ranked = rank(candidates, calibration.weights)
    if not ranked:
        return Reading((), 1.0, 0.0)
    facts = group_facts(windows, ranked)
    close_facts = [fact for fact in facts if fact[0].score >= facts[0][0].score - CLOSE]
    spans: list[Span] = []
    for number, fact in enumerate(close_facts[:MOST_FACTS]):
        for candidate in fact[:MOST_PLACES]:
            window = windows[candidate.window]
            place = candidate.place.start, candidate.place.end
            spans.append(Span(window.document_id, *place, candidate.score, number))
    evidence = collect_evidence(window_scores, facts)
    return Reading(
        spans=tuple(spans),
        none_probability=1.0 - compute_probability(calibration.answerable, evidence),
        right_probability=compute_probability(calibration.right, evidence),
        windows=_build_window_readings(windows, window_scores, ranked),
    )


def rank(candidates: Sequence[Candidate], weights: Weights) -> list[Candidate]:
    """Return `candidates` with weighted features in their scores, best first; ties keep order."""
    weighted = [
        replace(
            candidate,
            score=candidate.place.score
            + weights.similarity * candidate.similarity
            + weights.share * candidate.share
            - weights.conflict * candidate.conflict
            + weights.kind * candidate.kind
            - weights.excluded * candidate.excluded,
        )
        for candidate in candidates
    ]
    return sorted(weighted, key=lambda candidate: -candidate.score)


def group_facts(windows: Sequence[Window], ranked: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the facts, best first, each as the candidates that state it, best first.

    Candidates with the same words state one fact if their scores are within AGREEING and the shares
    of their blocks within AGREEING_SHARE of the best; the others are left out. A year in a sentence
    about something else has a lower score, and the block of a city in the report of another year
    does not cover the year.
    """
    facts: dict[str, list[Candidate]] = {}
    # By document, because neighbouring windows may share a sentence.
    places_by_document: dict[str, list[Place]] = {}
    for candidate in ranked:
        window, place = windows[candidate.window], candidate.place
        known_places = places_by_document.setdefault(window.document_id, [])
        if any(place.start < known.end and known.start < place.end for known in known_places):
            continue
        known_places.append(place)
        start, end = place.start - window.start, place.end - window.start
        fact = facts.setdefault(fold(window.text[start:end]), [])
        if not fact or (
            candidate.score >= fact[0].score - AGREEING
            and candidate.share >= fact[0].share - AGREEING_SHARE
        ):
            fact.append(candidate)
    return list(facts.values())


def collect_evidence(
    window_scores: Sequence[WindowScores], facts: Sequence[Sequence[Candidate]]
) -> Evidence:
    """Return the evidence for the first of `facts`, which are best first, at least one.

    All features except the gap depend only on the first place and its window, and therefore do not
    depend on the other documents.
    """
    best = facts[0][0]
    own = window_scores[best.window]
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


def _build_window_readings(
    windows: Sequence[Window], window_scores: Sequence[WindowScores], ranked: Sequence[Candidate]
) -> tuple[WindowReading, ...]:
    """Return the best span, the null and the share of the softmax of each window.

    The softmax is that of the model, without features: over the spans of all windows that were read
    and their combined null.
    """
    null = combine_nulls([scores.null for scores in window_scores])
    best_candidates: dict[int, Candidate] = {}  # by window
    for candidate in ranked:
        best_candidates.setdefault(candidate.window, candidate)
    total = float(np.logaddexp.reduce([null, *(scores.total for scores in window_scores)]))
    window_readings = []
    for number, (window, scores) in enumerate(zip(windows, window_scores, strict=True)):
        best, span = best_candidates.get(number), None
        if best is not None:
            place = best.place.start, best.place.end
            span = Span(window.document_id, *place, best.score)
        own_null = scores.null if scores.null < math.inf else None
        window_readings.append(WindowReading(span, own_null, math.exp(scores.total - total)))
    return tuple(window_readings)
