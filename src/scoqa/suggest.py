"""First questions, made from the documents' own titles, headings and dates.

Receives where documents are, what loads one, and what answers a question; hands on the few
questions that are answered from the very document they were made from. Nothing is invented: but
for one of FRAMES, every word is a slice of that document.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TypeVar

from scoqa.errors import ScoqaError
from scoqa.normalization import STOP_WORDS, fold, is_mostly_latin, query_terms
from scoqa.parse.common.lines import DATE
from scoqa.sentences import sentence_around
from scoqa.types import Answer, Document

NAME = "What is said about {}?"
THE_NAME = "What is said about the {}?"
# Single quotes: what stands in double ones must stand in the passage that answers.
WORDS = "What is said about ‘{}’?"
DAY = "What happened on {}?"
TITLE = "What is said in ‘{}’?"
FRAMES = {NAME: 0, THE_NAME: 0, WORDS: 1, DAY: 2, TITLE: 3}  # in the order they are tried in

LONGEST = 90  # characters of a question: what one line shows
MOST_READ = 24  # documents looked at, spread over the folder
BODY = 50_000  # characters of each that are looked at
HEAD = 2_000  # of them, where its day stands, if it has one: later ones are seldom its own
MOST_LINES = 20  # its title and headings
LONGEST_PHRASE = 7  # words
MOST_COUNTED = 5  # times that a phrase comes back: more says no more
LEAST_NEW = 5  # words an answer adds to its question: a title that answers itself says nothing

_T = TypeVar("_T")

_WORD = re.compile(r"\w+(?:[-.’']\w+)*")
_CLOSES_QUOTES = re.compile('["“”„«»‘]|’(?!\\w)')


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and what it was made from: a slice of the document, white space folded."""

    document_id: str
    frame: str
    subject: str

    @property
    def question(self) -> str:
        """The question as it is shown and asked."""
        return self.frame.format(self.subject)


def suggestions(
    paths: Mapping[str, str],
    document: Callable[[str], Document],
    ask: Callable[[str], Answer],
    *,
    most: int = 4,
    tries: int = 12,
) -> tuple[str, ...]:
    """Return at most `most` questions that are answered from the documents they were made from.

    Each is made from a document of its own as far as there are enough of them.
    paths: the id of each document, by path; document: loads one; ask: answers a question.
    Loads MOST_READ documents and asks `tries` questions at most, so it takes as long as that
    many asks. The same documents and answers give the same questions. A document that cannot be
    loaded and a question that cannot be asked are passed over.
    """
    read: dict[str, Document] = {}
    for document_id in _spread(paths):
        try:
            read[document_id] = document(document_id)
        except (ScoqaError, KeyError):  # it has gone meanwhile
            continue
    found: list[tuple[bool, Suggestion]] = []  # and whether its answer says something at once
    made = list(_likeliest_first(candidates(list(read.values()))))
    for one_of_each in (True, False):  # a second one of a document only if nothing else is left
        left, made = made, []
        for each in left:
            if tries == 0 or sum(at_once for at_once, _ in found) == most:
                break
            if one_of_each and any(each.document_id == other.document_id for _, other in found):
                made.append(each)
            elif not any(_alike(each, other) for _, other in found):
                tries -= 1
                number = _answered_by(each, ask)
                found += [] if number is None else [(number == 0, each)]
    best_first = sorted(found, key=lambda pair: not pair[0])
    return tuple(each.question for _, each in best_first[:most])


def candidates(documents: Sequence[Document]) -> list[list[Suggestion]]:
    """Return for each document what may be asked of it, the most promising first.

    What its title and headings name and its text comes back to, rarest among `documents` first;
    then the day it tells of; then its headings and its title as they are.
    """
    bodies = [_words(each.text[:BODY]) for each in documents]
    lines = [list(_lines(each)) for each in documents]
    used = Counter(chain.from_iterable(lines))
    listed = []
    for number, each in enumerate(documents):
        # "Introduction" in each of them asks about none of them.
        own = [line for line in lines[number] if used[line] == 1]
        others = bodies[:number] + bodies[number + 1 :]
        made = (*_phrases(each, own, others), *_days(each), *_as_they_are(each, own))
        unique = {one.subject: one for one in reversed(made)}
        listed.append([one for one in reversed(unique.values()) if _can_be_asked(one)])
    return listed


def _spread(paths: Mapping[str, str]) -> list[str]:
    """Return at most MOST_READ ids: of each collection in turn, far apart within each."""
    collections: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        collections[path.split("/")[0] if "/" in path else ""].append(paths[path])
    return list(_in_turn([_apart(ids) for ids in collections.values()]))[:MOST_READ]


def _apart(ids: Sequence[str]) -> list[str]:
    """Return at most MOST_READ of `ids`, evenly spread: the middle one, then those of the halves,
    the quarters and so on.
    """
    count = min(len(ids), MOST_READ)
    order: list[str] = []
    ranges = [(0, count)]
    for low, high in ranges:
        if low < high:
            middle = (low + high) // 2
            order.append(ids[middle * len(ids) // count])
            ranges += [(low, middle), (middle + 1, high)]
    return order


def _in_turn(rows: Iterable[Sequence[_T]]) -> Iterator[_T]:
    """Yield the first of each row, then the second of each that has one, and so on."""
    return (each for each in chain.from_iterable(zip_longest(*rows)) if each is not None)


def _likeliest_first(listed: Sequence[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Yield the best of each document, names before mere words, then the second best of each."""
    for of_each in zip_longest(*listed):
        made = [each for each in of_each if each is not None]
        yield from sorted(made, key=lambda each: FRAMES[each.frame])


def _phrases(
    document: Document, lines: Sequence[str], others: Sequence[str]
) -> Iterator[Suggestion]:
    """Yield what title and headings name and the text comes back to: the longer, the more often
    there and the less elsewhere, the sooner.
    """
    text = _folded(document.text[:BODY])
    body = _words(text)
    ranks: dict[str, tuple[float, int, Suggestion]] = {}
    for line in lines:
        for phrase in _runs(line):
            words = _words(phrase)
            # Spelt alike in the text it is a name, however a title may be capitalised.
            is_name = _is_capitalised(phrase) and text.count(phrase) > 1
            count = body.count(words)
            if words not in ranks and count >= (2 if is_name else 3):
                elsewhere = sum(words in other for other in others)
                weight = len(words.split()) * min(count, MOST_COUNTED) / (1 + elsewhere)
                frame = _name_frame(phrase, text) if is_name else WORDS
                suggestion = Suggestion(document.id, frame, phrase)
                # Of equals the later: in English the name stands after the office.
                place = line.index(phrase)
                ranks[words] = -weight, -place, suggestion
    kept: list[str] = []
    for words, (_, _, suggestion) in sorted(ranks.items(), key=lambda item: item[1][:2]):
        if not any(words in other or other in words for other in kept):
            kept.append(words)
            yield suggestion


def _name_frame(name: str, text: str) -> str:
    """Return the frame with the article, if `text` mostly writes one before `name`."""
    return THE_NAME if 2 * text.count(f"the {name}") > text.count(name) else NAME


def _days(document: Document) -> Iterator[Suggestion]:
    """Yield the first day that a sentence near the beginning tells of, not a mere date line."""
    for day in DATE.finditer(document.text, 0, HEAD):
        start, end = sentence_around(document.text, *day.span())
        sentence = document.text[start:end]
        if len(_new_words(sentence, day.group())) >= LEAST_NEW:
            yield Suggestion(document.id, DAY, _folded(day.group()))
            return


def _as_they_are(document: Document, lines: Sequence[str]) -> Iterator[Suggestion]:
    """Yield the headings of two words or more, then the title, cut where it is too long."""
    title = _folded(document.title)
    for line in lines:
        if line != title and " " in line and _is_worded(line):
            yield Suggestion(document.id, WORDS, line)
    short = _cut(title, LONGEST - len(TITLE.format("")))
    if title in lines and _is_worded(title) and short:
        yield Suggestion(document.id, TITLE, short)


def _lines(document: Document) -> Iterator[str]:
    """Yield the title, if it is the document's own and not its file's name, and the headings."""
    title = _folded(document.title)
    if _words(title) in _words(document.text[:HEAD]):
        yield title
    headings = [each.label.split(" > ")[-1] for each in document.marks if each.kind == "heading"]
    yield from dict.fromkeys(each for each in map(_folded, headings[:MOST_LINES]) if each != title)


def _runs(line: str) -> Iterator[str]:
    """Yield the runs of two words or more in `line`, with nothing but spaces between them, that
    neither begin nor end with a stop word.
    """
    words = list(_WORD.finditer(line))
    for first, begin in enumerate(words):
        for last in range(first + 1, min(first + LONGEST_PHRASE, len(words))):
            if not line[words[last - 1].end() : words[last].start()].isspace():
                break
            ends = begin.group(), words[last].group()
            if not any(each.casefold() in STOP_WORDS for each in ends):
                yield line[begin.start() : words[last].end()]


def _is_capitalised(phrase: str) -> bool:
    words = [each for each in phrase.split() if each.casefold() not in STOP_WORDS]
    return all(each[0].isupper() or each[0].isdigit() for each in words)


def _is_worded(line: str) -> bool:
    """Say whether `line` reads as words: no markup, no numbers, no file's name."""
    letters = sum(each.isalpha() or each.isspace() for each in line)
    return bool(line) and letters >= 0.8 * len(line) and not re.search(r"[<>_\\`{}|]", line)


def _can_be_asked(suggestion: Suggestion) -> bool:
    subject = suggestion.subject
    quoted = suggestion.frame in (WORDS, TITLE)
    return (
        len(suggestion.question) <= LONGEST
        and subject.isprintable()  # no controls, no directions set by hand
        and (suggestion.frame == DAY or is_mostly_latin(subject))
        and not (quoted and _CLOSES_QUOTES.search(subject))
    )


def _answered_by(suggestion: Suggestion, ask: Callable[[str], Answer]) -> int | None:
    """Return which citation of the answer, from 0, is the first from the suggestion's document
    to say something; None if there is none, or if the first stands in other documents only.
    """
    try:
        answer = ask(suggestion.question)
    except ScoqaError:
        return None
    for number, citation in enumerate(answer.citations if answer.answered else ()):
        if suggestion.document_id in {each.document_id for each in (citation, *citation.also_in)}:
            new = _new_words(citation.sentence, suggestion.question)
            if len(new) >= LEAST_NEW and "://" not in citation.sentence:
                return number
        elif number == 0:
            return None
    return None


def _new_words(sentence: str, question: str) -> set[str]:
    """Return the words, not numbers, that `sentence` adds to `question`, without stop words."""
    new = set(query_terms(sentence)) - set(query_terms(question))
    return {each for each in new if not each.isdigit()}


def _alike(one: Suggestion, other: Suggestion) -> bool:
    """Say whether two suggestions ask about much the same: half the words of the shorter."""
    words, others = (set(query_terms(each.subject)) for each in (one, other))
    return 2 * len(words & others) >= min(len(words), len(others))


def _cut(line: str, most: int) -> str:
    """Return `line`, or as many whole words of it as fit, less stop words at the end, and "…";
    nothing where not one fits.
    """
    if len(line) <= most:
        return line
    words = line[:most].split(" ")[:-1]
    while words and words[-1].casefold() in STOP_WORDS:
        words.pop()
    return f"{' '.join(words).rstrip(',;:–—- ')}…" if words else ""


def _folded(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> str:
    """Return the words of `text`, folded, each with spaces of its own on both sides."""
    return f" {'  '.join(_WORD.findall(fold(text)))} "
