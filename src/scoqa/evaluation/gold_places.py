"""Gold places, held against the documents they are places of.

Receives numbered questions and a view of the documents; hands on the same questions with every
document named by its whole path and every gold at its own words, and a Correction for each that
stood elsewhere, or stands nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from scoqa.errors import QuestionSetError
from scoqa.normalization import fold, fold_with_offsets, phrase_pattern, word_pattern
from scoqa.store import View
from scoqa.types import Gold, Question

NOWHERE = (-1, -1)  # the place of a gold whose words its document does not hold: nothing finds it

Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Correction:
    """A gold that did not stand where the set says. Offsets are code points, end exclusive."""

    line: int
    id: str
    document: str
    text: str
    was: Offsets | None  # None: the set gave no offsets
    now: Offsets | None  # None: the text does not hold it at all


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A gold to be placed: in which row, as which of its golds."""

    row: int
    number: int  # among the row's answers, then its evidence
    gold: Gold


def placed(
    question_set_name: str, numbered: Sequence[tuple[int, Question]], view: View
) -> tuple[list[tuple[int, Question]], list[Correction]]:
    """Return `numbered` with every gold at its words, and what was corrected, both in order.

    A gold whose text is not at its offsets moves to the nearest place that holds it: exactly, or
    else folded. One without offsets becomes all its places, as alternatives. One whose document
    does not hold it goes to NOWHERE. One without a text only has to lie in its document.
    Raises QuestionSetError, with `question_set_name`, for a name of no or several documents, for
    offsets that leave the document where there is no text to look for, and when not one of
    several golds stands in the documents.
    """
    entries = view.digests()
    paths = _paths_by_name(entries)
    wanted: dict[str, list[_Wanted]] = {}
    for row, (line, question) in enumerate(numbered):
        for number, gold in enumerate((*question.answers, *question.evidence)):
            path = _resolved(gold.document, paths, question_set_name, line)
            each = _Wanted(row, number, replace(gold, document=path))
            wanted.setdefault(path, []).append(each)
    golds: dict[tuple[int, int], tuple[Gold, ...]] = {}
    outside: list[tuple[int, str]] = []
    for path, here in wanted.items():  # one text at a time
        document = _Text(view.document(entries[path].document_id).text)
        for each in here:
            try:
                golds[each.row, each.number] = _place(each.gold, document)
            except ValueError as error:
                outside.append((numbered[each.row][0], str(error)))
    if outside:
        raise QuestionSetError(question_set_name, *min(outside))
    given = [each for here in wanted.values() for each in here if each.gold.text]
    with_text = [golds[each.row, each.number] for each in given]
    if len(with_text) > 1 and all(map(_is_lost, with_text)):
        raise QuestionSetError(
            question_set_name, 0, f"none of its {len(with_text)} answers stands in the documents "
            "that it names: are these the right documents?",
        )  # fmt: skip
    rows: list[tuple[int, Question]] = []
    corrections: list[Correction] = []
    for row, (line, question) in enumerate(numbered):
        old = (*question.answers, *question.evidence)
        found = [golds[row, number] for number in range(len(old))]
        most = len(question.answers)
        # The same gold twice says nothing: one may have been moved onto the other.
        answers = tuple(dict.fromkeys(gold for each in found[:most] for gold in each))
        evidence = tuple(dict.fromkeys(gold for each in found[most:] for gold in each))
        rows.append((line, replace(question, answers=answers, evidence=evidence)))
        corrections.extend(_corrections(line, question.id, old, found))
    return rows, corrections


def _corrections(
    line: int, name: str, given: Sequence[Gold], found: Sequence[tuple[Gold, ...]]
) -> Iterator[Correction]:
    for old, new in zip(given, found, strict=True):
        was = (old.start, old.end) if _has_offsets(old) else None
        now = None if _is_lost(new) else (new[0].start, new[0].end)
        if now is None or (was is not None and was != now):
            yield Correction(line, name, new[0].document, old.text, was, now)


def _paths_by_name(paths: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the documents that each name may mean: whole paths, and ends of them."""
    named: dict[str, list[str]] = {}
    for path in sorted(paths):
        name = path
        while name:
            named.setdefault(name, []).append(path)
            _, _, name = name.partition("/")
    return named


def _resolved(name: str, paths: Mapping[str, list[str]], source: str, line: int) -> str:
    """Return the path of the one document called `name`; a whole path is never ambiguous."""
    matches = paths.get(name, [])
    if name in matches:
        return name
    if len(matches) != 1:
        found = ", ".join(matches) if matches else "none in the index"
        raise QuestionSetError(
            source, line, f"document {name!r} should name one document: {found}."
        )
    return matches[0]


def _has_offsets(gold: Gold) -> bool:
    return gold.start < gold.end


def _is_lost(golds: Sequence[Gold]) -> bool:
    return (golds[0].start, golds[0].end) == NOWHERE


def _place(gold: Gold, document: _Text) -> tuple[Gold, ...]:
    """Return `gold` where its text stands; several only of one without offsets."""
    if not gold.text:
        if _is_lost([gold]):
            return (gold,)
        if not 0 <= gold.start < gold.end <= len(document.text):
            raise ValueError(
                f"{gold.start}:{gold.end} leaves {gold.document}, which has "
                f"{len(document.text)} characters, or is empty."
            )
        return (replace(gold, text=document.text[gold.start : gold.end]),)
    if not _has_offsets(gold):
        spans = document.everywhere(gold.text)
    elif document.stands(gold):
        return (gold,)
    else:
        spans = document.nearest(gold.text, gold.start)
    return tuple(replace(gold, start=start, end=end) for start, end in spans or [NOWHERE])


class _Text:
    """A document's text, searched as it is and, only where that fails, folded."""

    def __init__(self, text: str) -> None:
        self.text = text

    def stands(self, gold: Gold) -> bool:
        """Return whether the words of `gold` are at its offsets, at least when folded."""
        if not 0 <= gold.start < gold.end <= len(self.text):
            return False
        found = self.text[gold.start : gold.end]
        return found == gold.text or (found == found.strip() and fold(found) == fold(gold.text))

    def nearest(self, words: str, start: int) -> list[Offsets]:
        """Return the place of `words` nearest to `start`, in a list; none if there is none.

        Whole words first: "41" is not meant in "1941".
        """
        spans = [match.span() for match in word_pattern(words).finditer(self.text)]
        if not spans:
            size, near = len(words), max(0, start)
            exact = (self.text.rfind(words, 0, near + size), self.text.find(words, near))
            spans = [(at, at + size) for at in exact if at >= 0]
        spans = spans or list(self._folded_places(words))
        return [min(spans, key=lambda span: abs(span[0] - start))] if spans else []

    def everywhere(self, words: str) -> list[Offsets]:
        """Return every place of `words`, by start.

        Whole words first, "41" is not in "1941"; and as written before folded, "US" is not "us".
        Parts of words only where nothing else is found.
        """
        words = words.strip()
        whole = [match.span() for match in word_pattern(words).finditer(self.text)]
        if not whole:
            matches = phrase_pattern(words).finditer(self._folded[0]) if fold(words) else ()
            whole = [self._source_span(*match.span()) for match in matches]
        if whole:
            return whole
        size = len(words)
        parts = [(at, at + size) for at in _occurrences(words, self.text)]
        return parts or list(self._folded_places(words))

    @cached_property
    def _folded(self) -> tuple[str, Sequence[int], Sequence[int]]:
        return fold_with_offsets(self.text)

    def _folded_places(self, words: str) -> Iterator[Offsets]:
        folded = fold(words)
        for at in _occurrences(folded, self._folded[0]):
            yield self._source_span(at, at + len(folded))

    def _source_span(self, start: int, end: int) -> Offsets:
        _, starts, ends = self._folded
        return starts[start], ends[end - 1]


def _occurrences(words: str, text: str) -> Iterator[int]:
    """Yield where `words` start in `text`, overlapping ones too; nowhere for no words."""
    at = text.find(words) if words else -1
    while at >= 0:
        yield at
        at = text.find(words, at + 1)
