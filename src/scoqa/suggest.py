"""Suggest first questions, built from the titles, headings and dates of the documents.

Input: document ids by path, a function that loads a document, and one that answers a question.
Output: a few questions, each answered from the document that it was built from. Except for one of
FRAMES, every word of a question is a slice of that document.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TypeVar

from scoqa.errors import ScoqaError
from scoqa.heading_path import HeadingPath
from scoqa.normalization import STOP_WORDS, fold, is_mostly_latin, query_terms
from scoqa.parse.common.lines import DATE
from scoqa.sentences import sentence_around
from scoqa.types import Answer, Document

NAME = "What is said about {}?"
THE_NAME = "What is said about the {}?"
# Single quotes, because words in double quotes must occur in the passage that answers.
WORDS = "What is said about ‘{}’?"
DAY = "What happened on {}?"
TITLE = "What is said in ‘{}’?"
FRAMES = {
    NAME: 0,
    THE_NAME: 0,
    WORDS: 1,
    DAY: 2,
    TITLE: 3,
}  # each with its place in the order of tries

LONGEST = 90  # characters of a question, so that it fits on one line
MOST_READ = 24  # documents loaded, spread over the folder
BODY = 50_000  # characters of a document that are analyzed
HEAD = 2_000  # characters that are searched for its date: later dates are seldom its own
MOST_LINES = 20  # headings per document
LONGEST_PHRASE = 7  # words
MOST_COUNTED = 5  # occurrences of a phrase: more do not make it more relevant
LEAST_NEW = 5  # words that an answer must add to its question, so that no title answers itself

_T = TypeVar("_T")

_WORD = re.compile(r"\w+(?:[-.’']\w+)*")
_CLOSES_QUOTES = re.compile('["“”„«»‘]|’(?!\\w)')


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question built from `frame` and `subject`, a slice of the document's text.

    White space in `subject` is collapsed.
    """

    document_id: str
    frame: str
    subject: str

    @property
    def question(self) -> str:
        """The complete question."""
        return self.frame.format(self.subject)


def suggest_questions(
    paths: Mapping[str, str],
    document: Callable[[str], Document],
    ask: Callable[[str], Answer],
    *,
    most: int = 4,
    tries: int = 12,
) -> tuple[str, ...]:
    """Return at most `most` questions that are answered from the documents they were built from.

    At most MOST_READ documents are loaded and `tries` questions asked, so the time is that of
    `tries` asks. Each question is from a different document if there are enough of them. The
    same documents and answers give the same questions. Documents that cannot be loaded and
    questions that cannot be asked are skipped.

    paths: the id of each document, by path; document: loads a document; ask: answers a question.
    """
    documents: list[Document] = []
    for document_id in _sample_ids(paths):
        try:
            documents.append(document(document_id))
        except (ScoqaError, KeyError):  # it was removed meanwhile
            continue
    # With each accepted suggestion, whether the first citation of its answer is from its document.
    accepted: list[tuple[bool, Suggestion]] = []
    postponed = list(_interleave(build_candidates(documents)))
    for one_per_document in (True, False):  # a document's second question only if tries are left
        remaining, postponed = postponed, []
        for suggestion in remaining:
            if tries == 0 or sum(is_first for is_first, _ in accepted) == most:
                break
            used = any(suggestion.document_id == other.document_id for _, other in accepted)
            if one_per_document and used:
                postponed.append(suggestion)
            elif not any(_is_similar(suggestion, other) for _, other in accepted):
                tries -= 1
                number = _find_own_citation(suggestion, ask)
                if number is not None:
                    accepted.append((number == 0, suggestion))
    best_first = sorted(accepted, key=lambda pair: not pair[0])
    return tuple(suggestion.question for _, suggestion in best_first[:most])


def build_candidates(documents: Sequence[Document]) -> list[list[Suggestion]]:
    """Return the possible questions of each document, the most promising first.

    First come phrases of its title and headings that its text repeats, starting with those that
    are rare in the other documents; then its date; then its headings and its title as a whole.
    """
    bodies = [_words(document.text[:BODY]) for document in documents]
    lines = [list(_title_and_headings(document)) for document in documents]
    counts = Counter(chain.from_iterable(lines))
    candidates = []
    for number, document in enumerate(documents):
        # A heading such as "Introduction" that several documents have is not specific to any.
        own = [line for line in lines[number] if counts[line] == 1]
        others = bodies[:number] + bodies[number + 1 :]
        suggestions = (
            *_suggest_phrases(document, own, others),
            *_suggest_date(document),
            *_suggest_lines(document, own),
        )
        # The first suggestion of each subject, in order.
        unique = {suggestion.subject: suggestion for suggestion in reversed(suggestions)}
        candidates.append([each for each in reversed(unique.values()) if _can_be_asked(each)])
    return candidates


def _sample_ids(paths: Mapping[str, str]) -> list[str]:
    """Return at most MOST_READ ids, from each collection in turn, far apart within each."""
    collections: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        collections[path.split("/")[0] if "/" in path else ""].append(paths[path])
    return list(_take_in_turn([_spread_out(ids) for ids in collections.values()]))[:MOST_READ]


def _spread_out(ids: Sequence[str]) -> list[str]:
    """Return at most MOST_READ of `ids`, evenly spread.

    The order is the middle one, then the middles of the halves, of the quarters and so on.
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


def _take_in_turn(rows: Iterable[Sequence[_T]]) -> Iterator[_T]:
    """Yield the first item of each row, then the second of each row that has one, and so on."""
    return (item for item in chain.from_iterable(zip_longest(*rows)) if item is not None)


def _interleave(candidates: Sequence[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Yield the best suggestion of each document, ordered by frame, then the second best, etc."""
    for rank in zip_longest(*candidates):
        suggestions = [suggestion for suggestion in rank if suggestion is not None]
        yield from sorted(suggestions, key=lambda suggestion: FRAMES[suggestion.frame])


def _suggest_phrases(
    document: Document, lines: Sequence[str], others: Sequence[str]
) -> Iterator[Suggestion]:
    """Yield phrases of the title and headings that the text repeats.

    The order is by length in words, by the number of occurrences in the text, and by rarity in the
    other documents.
    """
    text = _collapse_spaces(document.text[:BODY])
    body = _words(text)
    ranks: dict[str, tuple[float, int, Suggestion]] = {}
    for line in lines:
        for phrase in _find_phrases(line):
            words = _words(phrase)
            # The same capitals in the text show a name; those of a title alone do not.
            is_name = _is_capitalised(phrase) and text.count(phrase) > 1
            count = body.count(words)
            if words not in ranks and count >= (2 if is_name else 3):
                in_others = sum(words in other for other in others)
                weight = len(words.split()) * min(count, MOST_COUNTED) / (1 + in_others)
                frame = _name_frame(phrase, text) if is_name else WORDS
                suggestion = Suggestion(document.id, frame, phrase)
                # Ties: the later phrase first, because English puts the name after the office.
                position = line.index(phrase)
                ranks[words] = -weight, -position, suggestion
    chosen: list[str] = []
    for words, (_, _, suggestion) in sorted(ranks.items(), key=lambda item: item[1][:2]):
        if not any(words in other or other in words for other in chosen):
            chosen.append(words)
            yield suggestion


def _name_frame(name: str, text: str) -> str:
    """Return the frame with an article if `text` has "the" before most occurrences of `name`."""
    return THE_NAME if 2 * text.count(f"the {name}") > text.count(name) else NAME


def _suggest_date(document: Document) -> Iterator[Suggestion]:
    """Yield the first date in HEAD whose sentence has LEAST_NEW other words; date lines do not."""
    for date in DATE.finditer(document.text, 0, HEAD):
        start, end = sentence_around(document.text, *date.span())
        sentence = document.text[start:end]
        if len(_new_words(sentence, date.group())) >= LEAST_NEW:
            yield Suggestion(document.id, DAY, _collapse_spaces(date.group()))
            return


def _suggest_lines(document: Document, lines: Sequence[str]) -> Iterator[Suggestion]:
    """Yield the headings with two words or more, then the title, shortened if it is too long."""
    title = _collapse_spaces(document.title)
    for line in lines:
        if line != title and " " in line and _has_words(line):
            yield Suggestion(document.id, WORDS, line)
    short = _shorten(title, LONGEST - len(TITLE.format("")))
    if title in lines and _has_words(title) and short:
        yield Suggestion(document.id, TITLE, short)


def _title_and_headings(document: Document) -> Iterator[str]:
    """Yield the title, if it occurs in the text and is not just the file's name, and headings."""
    title = _collapse_spaces(document.title)
    if _words(title) in _words(document.text[:HEAD]):
        yield title
    labels = (mark.label for mark in document.marks if mark.kind == "heading")
    headings = [HeadingPath.parse(label).last for label in labels]
    lines = map(_collapse_spaces, headings[:MOST_LINES])
    yield from dict.fromkeys(line for line in lines if line != title)


def _find_phrases(line: str) -> Iterator[str]:
    """Yield the sequences of 2 to LONGEST_PHRASE words in `line` with only spaces between them.

    Sequences that start or end with a stop word are skipped.
    """
    words = list(_WORD.finditer(line))
    for first, begin in enumerate(words):
        for last in range(first + 1, min(first + LONGEST_PHRASE, len(words))):
            if not line[words[last - 1].end() : words[last].start()].isspace():
                break
            ends = begin.group(), words[last].group()
            if not any(word.casefold() in STOP_WORDS for word in ends):
                yield line[begin.start() : words[last].end()]


def _is_capitalised(phrase: str) -> bool:
    words = [word for word in phrase.split() if word.casefold() not in STOP_WORDS]
    return all(word[0].isupper() or word[0].isdigit() for word in words)


def _has_words(line: str) -> bool:
    """Return whether `line` consists of words rather than markup, numbers or a file's name."""
    letters = sum(character.isalpha() or character.isspace() for character in line)
    return bool(line) and letters >= 0.8 * len(line) and not re.search(r"[<>_\\`{}|]", line)


def _can_be_asked(suggestion: Suggestion) -> bool:
    subject = suggestion.subject
    quoted = suggestion.frame in (WORDS, TITLE)
    return (
        len(suggestion.question) <= LONGEST
        and subject.isprintable()  # no controls, no direction overrides
        and (suggestion.frame == DAY or is_mostly_latin(subject))
        and not (quoted and _CLOSES_QUOTES.search(subject))
    )


def _find_own_citation(suggestion: Suggestion, ask: Callable[[str], Answer]) -> int | None:
    """Return the number, from 0, of the first informative citation from the suggestion's document.

    A citation is informative if its sentence adds LEAST_NEW words and contains no URL. Returns None
    if there is none, or if the answer's first citation is only in other documents.
    """
    try:
        answer = ask(suggestion.question)
    except ScoqaError:
        return None
    for number, citation in enumerate(answer.citations if answer.answered else ()):
        places = (citation, *citation.also_in)
        if suggestion.document_id in {place.document_id for place in places}:
            new = _new_words(citation.sentence, suggestion.question)
            if len(new) >= LEAST_NEW and "://" not in citation.sentence:
                return number
        elif number == 0:
            return None
    return None


def _new_words(sentence: str, question: str) -> set[str]:
    """Return the words that `sentence` adds to `question`, without stop words and numbers."""
    new = set(query_terms(sentence)) - set(query_terms(question))
    return {term for term in new if not term.isdigit()}


def _is_similar(suggestion: Suggestion, other: Suggestion) -> bool:
    """Return whether two subjects share at least half the words of the shorter one."""
    words, others = set(query_terms(suggestion.subject)), set(query_terms(other.subject))
    return 2 * len(words & others) >= min(len(words), len(others))


def _shorten(line: str, most: int) -> str:
    """Return `line`, or its first words that fit into `most` characters, and "…".

    Stop words at the end of the shortened line are removed. Returns "" if no word fits.
    """
    if len(line) <= most:
        return line
    words = line[:most].split(" ")[:-1]
    while words and words[-1].casefold() in STOP_WORDS:
        words.pop()
    return f"{' '.join(words).rstrip(',;:–—- ')}…" if words else ""


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> str:
    """Return the normalized words of `text`, each with its own space on both sides."""
    return f" {'  '.join(_WORD.findall(fold(text)))} "
