"""Check the gold places of questions against the documents, and correct them.

Input: numbered questions and a store view. Output: the same questions, with full document paths
and each gold at the offsets of its text, and a Correction for each gold that was moved or that
its document does not contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from scoqa.errors import QuestionSetError
from scoqa.normalization import fold, fold_with_offsets, phrase_pattern, word_pattern
from scoqa.store import View
from scoqa.types import Gold, Question

NOWHERE = (-1, -1)  # offsets of a gold whose document does not contain its text; matches nothing

Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Correction:
    """A gold that is not at the offsets given in the set. Offsets: code points, end exclusive."""

    line: int
    id: str
    document: str
    text: str
    was: Offsets | None  # None: the set gave no offsets
    now: Offsets | None  # None: the document does not contain it


@dataclass(frozen=True, slots=True)
class _NumberedGold:
    """A gold to place, with its row and its number within the row."""

    row: int
    number: int  # counts the row's answers first, then its evidence
    gold: Gold


def place_golds(
    question_set_name: str, numbered: Sequence[tuple[int, Question]], view: View
) -> tuple[list[tuple[int, Question]], list[Correction]]:
    """Return `numbered` with every gold at its text, and the corrections, both in input order.

    A gold whose text is not at its offsets moves to the nearest exact occurrence, or to the
    nearest folded one if there is no exact one. A gold without offsets becomes one alternative
    per occurrence. A gold whose document does not contain its text goes to NOWHERE. A gold
    without text only needs offsets inside its document.

    Raises
    ------
    QuestionSetError
        A document name matches no or several documents, a gold without text has offsets outside
        its document, or none of several golds occurs in the documents. The error's path is
        `question_set_name`.
    """
    entries = view.digests()
    paths = _paths_by_name(entries)
    golds_by_path: dict[str, list[_NumberedGold]] = {}
    for row, (line, question) in enumerate(numbered):
        for number, gold in enumerate((*question.answers, *question.evidence)):
            path = _resolve_path(gold.document, paths, question_set_name, line)
            numbered_gold = _NumberedGold(row, number, replace(gold, document=path))
            golds_by_path.setdefault(path, []).append(numbered_gold)
    golds: dict[tuple[int, int], tuple[Gold, ...]] = {}
    outside: list[tuple[int, str]] = []
    for path, document_golds in golds_by_path.items():  # one document text in memory at a time
        document = _SearchableText(view.document(entries[path].document_id).text)
        for item in document_golds:
            try:
                golds[item.row, item.number] = _place(item.gold, document)
            except ValueError as error:
                outside.append((numbered[item.row][0], str(error)))
    if outside:
        raise QuestionSetError(question_set_name, *min(outside))
    with_text = [
        golds[item.row, item.number]
        for document_golds in golds_by_path.values()
        for item in document_golds
        if item.gold.text
    ]
    if len(with_text) > 1 and all(map(_is_lost, with_text)):
        raise QuestionSetError(
            question_set_name, 0, f"none of its {len(with_text)} answers occurs in the documents "
            "it names. Check that these are the right documents.",
        )  # fmt: skip
    rows: list[tuple[int, Question]] = []
    corrections: list[Correction] = []
    for row, (line, question) in enumerate(numbered):
        old = (*question.answers, *question.evidence)
        new = [golds[row, number] for number in range(len(old))]
        answer_count = len(question.answers)
        # Without duplicates: one gold may have been moved onto another.
        answers = tuple(dict.fromkeys(chain.from_iterable(new[:answer_count])))
        evidence = tuple(dict.fromkeys(chain.from_iterable(new[answer_count:])))
        rows.append((line, replace(question, answers=answers, evidence=evidence)))
        corrections.extend(_list_corrections(line, question.id, old, new))
    return rows, corrections


def _list_corrections(
    line: int, name: str, given: Sequence[Gold], placed: Sequence[tuple[Gold, ...]]
) -> Iterator[Correction]:
    for old, new in zip(given, placed, strict=True):
        was = (old.start, old.end) if _has_offsets(old) else None
        now = None if _is_lost(new) else (new[0].start, new[0].end)
        if now is None or (was is not None and was != now):
            yield Correction(line, name, new[0].document, old.text, was, now)


def _paths_by_name(paths: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the paths that each name matches: a full path, or a trailing part of one."""
    named: dict[str, list[str]] = {}
    for path in sorted(paths):
        name = path
        while name:
            named.setdefault(name, []).append(path)
            _, _, name = name.partition("/")
    return named


def _resolve_path(name: str, paths: Mapping[str, list[str]], source: str, line: int) -> str:
    """Return the path of the only document `name` matches; a full path is never ambiguous."""
    matches = paths.get(name, [])
    if name in matches:
        return name
    if len(matches) != 1:
        candidates = ", ".join(matches) if matches else "none in the index"
        raise QuestionSetError(
            source, line, f"document {name!r} should name one document: {candidates}."
        )
    return matches[0]


def _has_offsets(gold: Gold) -> bool:
    return gold.start < gold.end


def _is_lost(golds: Sequence[Gold]) -> bool:
    return (golds[0].start, golds[0].end) == NOWHERE


def _place(gold: Gold, document: _SearchableText) -> tuple[Gold, ...]:
    """Locate `gold` in the document.

    A gold without offsets yields every occurrence of its text, any other exactly one.
    """
    if not gold.text:
        if _is_lost([gold]):
            return (gold,)
        if not 0 <= gold.start < gold.end <= len(document.text):
            raise ValueError(
                f"{gold.start}:{gold.end} is empty or lies outside {gold.document}, which has "
                f"{len(document.text)} characters."
            )
        return (replace(gold, text=document.text[gold.start : gold.end]),)
    if not _has_offsets(gold):
        spans = document.find_all(gold.text)
    elif document.matches(gold):
        return (gold,)
    else:
        spans = document.find_nearest(gold.text, gold.start)
    return tuple(replace(gold, start=start, end=end) for start, end in spans or [NOWHERE])


class _SearchableText:
    """A document's text, searched exactly, and folded only if the exact search fails."""

    def __init__(self, text: str) -> None:
        self.text = text

    def matches(self, gold: Gold) -> bool:
        """Return whether the text of `gold` is at its offsets, exactly or after folding."""
        if not 0 <= gold.start < gold.end <= len(self.text):
            return False
        text = self.text[gold.start : gold.end]
        return text == gold.text or (text == text.strip() and fold(text) == fold(gold.text))

    def find_nearest(self, words: str, start: int) -> list[Offsets]:
        """Return a list with the occurrence of `words` nearest to `start`, or an empty list.

        Whole words are preferred: "41" should not match in "1941".
        """
        spans = [match.span() for match in word_pattern(words).finditer(self.text)]
        if not spans:
            size, near = len(words), max(0, start)
            exact = (self.text.rfind(words, 0, near + size), self.text.find(words, near))
            spans = [(at, at + size) for at in exact if at >= 0]
        spans = spans or list(self._folded_places(words))
        return [min(spans, key=lambda span: abs(span[0] - start))] if spans else []

    def find_all(self, words: str) -> list[Offsets]:
        """Return every occurrence of `words`, sorted by start.

        Whole words are preferred to parts of words ("41" should not match in "1941"), and exact
        matches to folded ones ("US" should not match "us"). Parts of words count only if there
        are no whole-word matches.
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
    """Yield each start of `words` in `text`, overlaps included; nothing if `words` is empty."""
    at = text.find(words) if words else -1
    while at >= 0:
        yield at
        at = text.find(words, at + 1)
