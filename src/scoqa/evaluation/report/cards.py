"""Build the cards of the report page, one per question.

Input: records of questions, one at a time. Output: cards with texts and places, and tallies over
all records. The texts come from documents and question sets, and must be escaped when written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoqa.evaluation.error_attribution import BLAMES, MEANING
from scoqa.silence_wording import explain_reason

MOST_CHARACTERS = 1200  # shown per place on the page, a long paragraph; the rest is counted
# Labels of the groups of ranks, and the last rank in each group.
_RANKS = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6–10": 10, "11–100": 100}
_BEYOND, _NOWHERE = "101+", "not found"
# A partial word at the cut edge of a text; scripts without spaces have none.
_PART_BEFORE, _PART_AFTER = re.compile(r"^\S{1,24}\s"), re.compile(r"\s\S{1,24}$")


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A place with the text around it: pieces in order, each with whether it is highlighted.

    cut: the number of characters of a long place that are left out.
    """

    document: str
    where: str
    pieces: tuple[tuple[str, bool], ...]
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """A question with the wanted and the shown places. number: counts the set from 1."""

    number: int
    id: str
    question: str
    kind: str
    blame: str | None
    answerable: bool
    answered: bool
    every_item: bool  # True: all of `wanted` are required; False: one of them
    reason: str | None
    confidence: float
    rank: int | None
    ranked: bool  # whether the question has gold, so that `rank` is meaningful
    wanted: tuple[CardPlace, ...]
    others: tuple[CardPlace, ...]  # further places that count as right
    shown: tuple[CardPlace, ...]
    verbatim: bool
    ask: str | None = None  # a link that asks the question again


@dataclass(slots=True)
class Tally:
    """Counts over all records; the records themselves are not stored."""

    questions: int = 0
    judged: int = 0  # questions whose silence and confidence count
    answered: int = 0
    answered_wrong: int = 0
    blames: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BLAMES, 0))
    ranks: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*_RANKS, _NOWHERE), 0))

    def count(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield each record after adding it to the counts."""
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
        """Return the number of questions at each rank, "not found" last."""
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


def build_card(number: int, record: Mapping[str, Any], *, ask: str | None = None) -> Card:
    """Return the card of question `number` of its set, counted from 1."""
    golds = record["gold"] or record["evidence"]
    every = bool(record["all_required"])
    wanted = len(golds) if every else 1
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
        wanted=tuple(_gold_places(golds[:wanted])),
        others=tuple(_gold_places(golds[wanted:])),
        shown=tuple(_citation_place(citation) for citation in shown),
        verbatim=record["measures"].get("verbatim") != 0,
        ask=ask,
    )


def describe_blame(blame: str) -> str:
    """Return the meaning of `blame`, or "" for a value unknown to this version."""
    return {str(name): text for name, text in MEANING.items()}.get(blame, "")


def _gold_places(golds: Sequence[Mapping[str, Any]]) -> Iterator[CardPlace]:
    """Yield the places of the golds, merging golds that are close together in one document."""
    group: list[Mapping[str, Any]] = []
    for gold in sorted(golds, key=lambda place: (place["document"], place["start"])):
        if gold["start"] < 0:
            yield CardPlace(gold["document"], "not in its text", ((gold["text"], True),))
            continue
        if group and not _is_near(group[-1], gold):
            yield _card_place(group)
            group = []
        group.append(gold)
    if group:
        yield _card_place(group)


def _is_near(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether the gap from `one` to `other` is within the text stored before `other`."""
    gap = other["start"] - one["end"]
    near = one["document"] == other["document"] and 0 <= gap <= len(other["before"])
    return near and len(one["text"]) <= MOST_CHARACTERS


def _citation_place(citation: Mapping[str, Any]) -> CardPlace:
    also = len(citation["also_in"])
    return _card_place(
        [citation],
        before=f"line {citation['line']:,} · ",
        after=f" · the same words in {also} more {'place' if also == 1 else 'places'}"
        if also
        else "",
    )


def _card_place(
    places: Sequence[Mapping[str, Any]], *, before: str = "", after: str = ""
) -> CardPlace:
    """Return one stretch of text with all of `places`, which follow each other closely."""
    first, last = places[0], places[-1]
    pieces = [(_trim_start(first["before"], first["start"]), False)]
    for number, place in enumerate(places):
        gap = place["start"] - places[number - 1]["end"] if number else 0
        if gap:
            pieces.append((place["before"][-gap:], False))
        pieces.append((place["text"][:MOST_CHARACTERS], True))
    cut = max(0, len(last["text"]) - MOST_CHARACTERS)
    if not cut:
        pieces.append((_trim_end(last["after"]), False))
    return CardPlace(
        first["document"],
        f"{before}characters {first['start']}–{last['end']}{after}",
        tuple((text, highlighted) for text, highlighted in pieces if text),
        cut,
    )


def _trim_start(text: str, start: int) -> str:
    """Return the text before a place, starting at a complete word if the document continues."""
    return text if start <= len(text) else f"…{_PART_BEFORE.sub('', text)}"


def _trim_end(text: str) -> str:
    """Return the text after a place, up to the last complete word."""
    return f"{_PART_AFTER.sub('', text)}…" if text else ""
