"""A record -> what the report shows of a question.

Receives records as they are read; hands on small values for the page: words and places, and how
much of them. What they hold is text of documents and sets, to be escaped where it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoqa.evaluation.error_attribution import BLAMES, MEANING
from scoqa.silence import explain_reason

MOST_CHARACTERS = 1200  # of a place on the page: a long paragraph; the rest is counted
# Labels of the ranks that are counted together, and the last rank of each.
_RANKS = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6–10": 10, "11–100": 100}
_BEYOND, _NOWHERE = "101+", "not found"
# The part of a word that a text was cut in; scripts without spaces have no such part.
_PART_BEFORE, _PART_AFTER = re.compile(r"^\S{1,24}\s"), re.compile(r"\s\S{1,24}$")


@dataclass(frozen=True, slots=True)
class CardPlace:
    """Words in their text: pieces of it, in order, and whether each is lit.

    cut: characters of a long place that are left out.
    """

    document: str
    where: str
    pieces: tuple[tuple[str, bool], ...]
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """A question: what was wanted, what was shown. number: in the set, from 1."""

    number: int
    id: str
    question: str
    kind: str
    blame: str | None
    answerable: bool
    answered: bool
    every_item: bool  # all of `wanted` are, else one of them
    reason: str | None
    confidence: float
    rank: int | None
    ranked: bool  # whether there is a rank to know
    wanted: tuple[CardPlace, ...]
    others: tuple[CardPlace, ...]  # further places that count as well
    shown: tuple[CardPlace, ...]
    verbatim: bool
    ask: str | None = None  # the link that asks it again


@dataclass(slots=True)
class Tally:
    """What is counted over all records as they go by; nothing else is kept of them."""

    questions: int = 0
    judged: int = 0  # of them, those whose silence and confidence count
    answered: int = 0
    answered_wrong: int = 0
    blames: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BLAMES, 0))
    ranks: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*_RANKS, _NOWHERE), 0))

    def through(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the records, counted."""
        for record in records:
            self.questions += 1
            if record["measures"]["Brier"] is not None:
                self.judged += 1
                self.answered += record["answered"]
                self.answered_wrong += record["answered"] and not record["right"]
            if record["blame"]:
                self.blames[record["blame"]] = self.blames.get(record["blame"], 0) + 1
            if _has_gold(record):
                label = _rank_label(record["rank"])
                self.ranks[label] = self.ranks.get(label, 0) + 1
            yield record

    @property
    def failed(self) -> int:
        return sum(self.blames.values())

    def ranks_in_order(self) -> dict[str, int]:
        """Return the questions at each rank, "not found" last."""
        return {
            label: self.ranks[label]
            for label in (*_RANKS, _BEYOND, _NOWHERE)
            if label in self.ranks
        }


def _has_gold(record: Mapping[str, Any]) -> bool:
    return bool(record["answerable"] and (record["gold"] or record["evidence"]))


def _rank_label(rank: int | None) -> str:
    if rank is None:
        return _NOWHERE
    return next((label for label, last in _RANKS.items() if rank <= last), _BEYOND)


def card(number: int, record: Mapping[str, Any], *, ask: str | None = None) -> Card:
    """Return what is shown of the question, the `number`th of its set."""
    golds = record["gold"] or record["evidence"]
    every = bool(record["all_required"])
    first = len(golds) if every else 1
    shown = record["citations"] if record["blame"] else record["citations"][:1]
    return Card(
        number=number,
        id=record["id"],
        question=record["question"],
        kind=record["kind"],
        blame=record["blame"],
        answerable=record["answerable"],
        answered=record["answered"],
        every_item=every,
        reason=None if record["answered"] else explain_reason(record["reason"]),
        confidence=record["confidence"],
        rank=record["rank"],
        ranked=_has_gold(record),
        wanted=tuple(_golds(golds[:first])),
        others=tuple(_golds(golds[first:])),
        shown=tuple(_citation(each) for each in shown),
        verbatim=record["measures"].get("verbatim") != 0,
        ask=ask,
    )


def meaning(blame: str) -> str:
    """Return what a blame means; nothing for one that this version does not know."""
    return {str(each): words for each, words in MEANING.items()}.get(blame, "")


def _golds(golds: Sequence[Mapping[str, Any]]) -> Iterator[CardPlace]:
    """Yield where the gold stands; what stands close together in one text is one place."""
    group: list[Mapping[str, Any]] = []
    for gold in sorted(golds, key=lambda each: (each["document"], each["start"])):
        if gold["start"] < 0:
            yield CardPlace(gold["document"], "not in its text", ((gold["text"], True),))
            continue
        if group and not _is_near(group[-1], gold):
            yield _place(group)
            group = []
        group.append(gold)
    if group:
        yield _place(group)


def _is_near(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether `other` begins behind `one`, in the text that is kept of its surroundings."""
    gap = other["start"] - one["end"]
    near = one["document"] == other["document"] and 0 <= gap <= len(other["before"])
    return near and len(one["text"]) <= MOST_CHARACTERS


def _citation(place: Mapping[str, Any]) -> CardPlace:
    also = len(place["also_in"])
    return _place(
        [place],
        before=f"line {place['line']:,} · ",
        after=f" · the same words in {also} more {'place' if also == 1 else 'places'}"
        if also
        else "",
    )


def _place(marks: Sequence[Mapping[str, Any]], *, before: str = "", after: str = "") -> CardPlace:
    """Return one stretch of text with all of `marks`, which follow each other closely."""
    first, last = marks[0], marks[-1]
    pieces = [(_from_a_word(first["before"], first["start"]), False)]
    for number, mark in enumerate(marks):
        gap = mark["start"] - marks[number - 1]["end"] if number else 0
        if gap:
            pieces.append((mark["before"][-gap:], False))
        pieces.append((mark["text"][:MOST_CHARACTERS], True))
    cut = max(0, len(last["text"]) - MOST_CHARACTERS)
    if not cut:
        pieces.append((_to_a_word(last["after"]), False))
    return CardPlace(
        first["document"],
        f"{before}characters {first['start']}–{last['end']}{after}",
        tuple((text, lit) for text, lit in pieces if text),
        cut,
    )


def _from_a_word(text: str, start: int) -> str:
    """Return the text before a place, from a whole word on where the text goes on before it."""
    return text if start <= len(text) else f"…{_PART_BEFORE.sub('', text)}"


def _to_a_word(text: str) -> str:
    """Return the text after a place, to the last whole word."""
    return f"{_PART_AFTER.sub('', text)}…" if text else ""
