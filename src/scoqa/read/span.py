"""A trained reader: the shortest spans that answer, found by a BERT-type encoder.

Receives a question and windows; hands on spans and the probability that none answers. One
softmax a question runs over all spans of all windows and one null (Clark and Gardner 2018, shared
normalisation, with silence inside it); what the searches found enters by weights that were
fitted on dev data and are kept with the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoqa.fold import fold, is_mostly_latin, query_terms, terms
from scoqa.read.calibration import Calibration, Evidence, probability, read_calibration
from scoqa.read.decode import Place, Scored, decode, soft_least
from scoqa.read.encoder import Encoder
from scoqa.read.sentence import SentenceReader, rarity
from scoqa.sentences import sentence_around
from scoqa.types import Reading, Span, Window, WindowReading

# In the scores' own unit, nats.
AGREEING = 4.0  # a place at most this far below the best of its fact says it too ...
AGREEING_SHARE = 0.1  # ... where its sentence or heading has about as many of the question's words
CLOSE = 1.0  # further facts are at most this far below the first
MOST_FACTS = 3
MOST_PLACES = 10  # of one fact
FARTHEST_GAP = 10.0  # nats between first and second beyond which nothing is won


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place, the number of its window, and its score with what the searches say."""

    window: int
    place: Place
    score: float
    share: float


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

        The model reads English; a question in another script is answered in whole sentences.
        """
        if not is_mostly_latin(question):
            return self._sentences.read(question, windows)
        return weigh(question, windows, self.score(question, windows), self.calibration)

    def score(self, question: str, windows: Sequence[Window]) -> list[Scored]:
        """Return what each window says, before anything else is weighed."""
        pieces = self.encoder.pieces(question, windows)
        return decode(windows, pieces, self.encoder.score(pieces))


def weigh(
    question: str, windows: Sequence[Window], scored: Sequence[Scored], calibration: Calibration
) -> Reading:
    """Return the reading of `windows`, given what each says; pure arithmetic."""
    ranked = rank(windows, candidates(question, windows, scored), calibration)
    if not ranked:
        return Reading((), 1.0, 0.0)
    null = soft_least([each.null for each in scored])
    facts = facts_of(windows, ranked)
    close = [fact for fact in facts if fact[0].score >= facts[0][0].score - CLOSE]
    spans: list[Span] = []
    for number, fact in enumerate(close[:MOST_FACTS]):
        for each in fact[:MOST_PLACES]:
            window = windows[each.window]
            place = each.place.start, each.place.end
            spans.append(Span(window.document_id, *place, each.score, number))
    found = evidence(windows, scored, facts, null)
    return Reading(
        spans=tuple(spans),
        none_probability=1.0 - probability(calibration.answerable, found),
        right_probability=probability(calibration.right, found),
        windows=_readings(windows, scored, ranked, null),
    )


def candidates(
    question: str, windows: Sequence[Window], scored: Sequence[Scored]
) -> list[Candidate]:
    """Return every place that any window proposes, with the model's own score, as read."""
    wanted = query_terms(question)
    rare = rarity([set(terms(f"{window.heading}\n{window.text}")) for window in windows])
    total = sum(rare(term) for term in wanted) or 1.0
    found = []
    for number, (window, said) in enumerate(zip(windows, scored, strict=True)):
        under = set(terms(window.heading))
        for place in said.places:
            start, end = place.start - window.start, place.end - window.start
            around = slice(*sentence_around(window.text, start, end))
            near = under | set(terms(window.text[around]))
            share = sum(rare(term) for term in wanted if term in near) / total
            found.append(Candidate(number, place, place.score, share))
    return found


def rank(
    windows: Sequence[Window], found: Sequence[Candidate], calibration: Calibration
) -> list[Candidate]:
    """Return `found` with what the searches say in their scores, best first; ties as given."""
    weighed = [
        replace(
            each,
            score=each.place.score
            + calibration.search_weight * windows[each.window].score
            + calibration.share_weight * each.share,
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
    for each in ranked:
        window = windows[each.window]
        start, end = each.place.start - window.start, each.place.end - window.start
        fact = facts.setdefault(fold(window.text[start:end]), [])
        if not fact or (
            each.score >= fact[0].score - AGREEING and each.share >= fact[0].share - AGREEING_SHARE
        ):
            fact.append(each)
    return list(facts.values())


def evidence(
    windows: Sequence[Window],
    scored: Sequence[Scored],
    facts: Sequence[Sequence[Candidate]],
    null: float,
) -> Evidence:
    """Return what the probabilities are computed from; `facts` are best first, at least one."""
    best = facts[0][0]
    gap = best.score - facts[1][0].score if len(facts) > 1 else FARTHEST_GAP
    saying = {windows[each.window].document_id for each in facts[0]}
    return Evidence(
        spans=float(np.logaddexp.reduce([each.total for each in scored])) - null,
        best=best.place.score - null,
        gap=min(FARTHEST_GAP, gap),
        search=windows[best.window].score,
        share=best.share,
        agreement=math.log(len(saying)),
    )


def _readings(
    windows: Sequence[Window],
    scored: Sequence[Scored],
    ranked: Sequence[Candidate],
    null: float,
) -> tuple[WindowReading, ...]:
    """Return what to tell of each window: its best span, its null, its share of the softmax.

    The softmax is the model's own, before the searches have their say.
    """
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
