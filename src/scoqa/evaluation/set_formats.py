"""Question sets of other makers: tables (CSV), and SQuAD 1.1 and 2.0 (Rajpurkar et al.).

Receives the text of a file, or what its JSON holds; hands on questions with their line numbers,
and the documents that SQuAD brings along. Whatever cannot be used is a QuestionSetError.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from scoqa.errors import ParseError, QuestionSetError
from scoqa.evaluation.gold_places import NOWHERE
from scoqa.parse.common.text_decoding import decode, replace_unstorable
from scoqa.types import Gold, Question

Numbered = tuple[int, Question]  # line of the file, from 1

_QUESTION_WORD = re.compile(
    r"\b(?:(how (?:many|much))|(who|whom|whose|when|where|what|which|why|how))\b", re.IGNORECASE
)
_WHO = ("who", "whom", "whose")


def kind_of(question: str) -> str:
    """Return the kind of `question` by its first question word, for sets that say none.

    who (whom, whose), when, where, what, which, why, how; number for how many and how much;
    other where there is no such word.
    """
    found = _QUESTION_WORD.search(" ".join(question.split()))
    if found is None:
        return "other"
    word = str(found.group(2) or "number").lower()
    return "who" if word in _WHO else word


# -- tables ----------------------------------------------------------------------------------------

REQUIRED_COLUMNS = ("question", "answer", "document")
ALTERNATIVES = "|"  # between the answers in one cell
_SEPARATORS = (",", ";", "\t")  # ";" is what spreadsheets write where a comma is in numbers
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_csv(text: str, source: str) -> list[Numbered]:
    """Return the questions in a table with a header; see `REQUIRED_COLUMNS`.

    An answer is a text without a place, `Gold(document, 0, 0, text)`: it is to be found.
    source: the file, for errors.
    """
    records = _records(text, source)
    line, header = next(records, (0, []))
    columns = [cell.strip().casefold() for cell in header]
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        raise QuestionSetError(source, line, f"the header lacks {', '.join(missing)}")
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise QuestionSetError(source, line, f"the header has {twice!r} twice")
    numbered: list[Numbered] = []
    for line, cells in records:
        try:
            if len(cells) != len(columns):
                raise ValueError(f"the row has {len(cells)} cells, the header {len(columns)}")
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
            numbered.append((line, _from_row(row, str(len(numbered) + 1))))
        except ValueError as error:
            raise QuestionSetError(source, line, str(error)) from error
    return numbered


def _records(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line that it starts at."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise QuestionSetError(source, line, f"is not CSV: {error}") from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _from_row(row: Mapping[str, str], number: str) -> Question:
    """Return the question in `row`; number: its id where it has none."""
    question, document = row["question"], row["document"]
    if not question:
        raise ValueError("question is empty")
    if row.get("id") == "":
        raise ValueError("id is empty")
    texts = [part.strip() for part in row["answer"].split(ALTERNATIVES)] if row["answer"] else []
    if "" in texts:
        raise ValueError(f"answer has an empty alternative beside a {ALTERNATIVES!r}")
    if texts and not document:
        raise ValueError("there is an answer, but no document that it stands in")
    said = row.get("answerable", "").casefold()
    if said and said not in _TRUTH:
        raise ValueError(f"answerable is {said!r:.80}; it should be yes or no")
    if said and _TRUTH[said] != bool(texts):
        raise ValueError("answerable does not agree with answer")
    if document and not texts and not said:
        raise ValueError("there is a document, but no answer; if it has none, answerable is no")
    return Question(
        id=row.get("id", number),
        question=question,
        answers=tuple(Gold(document, 0, 0, text) for text in texts),
        evidence=(),
        answerable=bool(texts),
        kind=row.get("kind") or kind_of(question),
    )


# -- SQuAD -----------------------------------------------------------------------------------------

_LEVELS = ("data", "paragraphs", "qas")
_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|[{}\[\]]', re.DOTALL)
LONGEST_NAME = 40  # characters of a title in a file's name, which may be four bytes each
_NEVER_FIRST = ("readme", "license", "notice")  # such files never become documents

ErrorPlace = tuple[int, ...]  # up to three numbers: data[1], data[1].paragraphs[2], ...


def read_squad(value: Any, text: str, source: str) -> tuple[list[Numbered], Mapping[str, str]]:
    """Return the questions in `value`, the JSON of `text`, and the documents by path.

    Every distinct context becomes one document, called after the first title it stands under.
    """
    return _Squad(text, source).read(value)


class _Squad:
    """One reading of a SQuAD file: where its objects stand, and the documents met so far."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines = _lines_of(text)
        self.contexts: dict[str, str] = {}
        self.paths: dict[str, str] = {}  # by context

    def read(self, value: Any) -> tuple[list[Numbered], Mapping[str, str]]:
        numbered: list[Numbered] = []
        for i, article in self._objects(value, ()):
            title = article.get("title", "")
            if not isinstance(title, str):
                raise self._refused(i, "title is not str")
            for j, paragraph in self._objects(article, i):
                path = self._document(title, paragraph, j)
                for k, record in self._objects(paragraph, j):
                    try:
                        question = _from_record(record, path)
                    except ValueError as error:
                        raise self._refused(k, str(error)) from error
                    numbered.append((self.lines.get(k, 1), question))
        return numbered, self.contexts

    def _objects(
        self, parent: Any, place: ErrorPlace
    ) -> Iterator[tuple[ErrorPlace, Mapping[str, Any]]]:
        """Yield the objects in the list that `parent` has for the next level."""
        key = _LEVELS[len(place)]
        children = parent.get(key) if isinstance(parent, Mapping) else None
        if not isinstance(children, list):
            raise self._refused(place, f"{key} is missing or not a list")
        for number, child in enumerate(children):
            if not isinstance(child, Mapping):
                raise self._refused(place, f"{key}[{number}] is not a JSON object")
            yield (*place, number), child

    def _document(self, title: str, paragraph: Mapping[str, Any], place: ErrorPlace) -> str:
        """Return the path of the paragraph's context, which becomes a document if it is new."""
        context = paragraph.get("context")
        if not isinstance(context, str):
            raise self._refused(place, "context is missing or not str")
        if context not in self.paths:
            path = context_path(title, len(self.paths) + 1)
            try:
                self.contexts[path], _ = decode(context_bytes(context), path)
            except ParseError as error:
                raise self._refused(place, "context is binary data, not text") from error
            self.paths[context] = path
        return self.paths[context]

    def _refused(self, place: ErrorPlace, reason: str) -> QuestionSetError:
        where = ".".join(f"{key}[{at}]" for key, at in zip(_LEVELS, place, strict=False))
        line = self.lines.get(place, 1)
        return QuestionSetError(self.source, line, f"{where}: {reason}" if where else reason)


def context_path(title: str, number: int) -> str:
    """Return a file's name for the document `number` of a set: readable, unique, always safe."""
    kept = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else "_"
        for character in unicodedata.normalize("NFC", title)
    )
    name = re.sub("_+", "_", "".join(kept)).strip("_")[:LONGEST_NAME] or "context"
    if name.casefold().startswith(_NEVER_FIRST):
        name = f"_{name}"
    return unicodedata.normalize("NFC", f"{name}-{number:04}.txt")


def context_bytes(text: str) -> bytes:
    """Return a file that is read back as `text`, for any `text` that a store can hold.

    The mark says that it is UTF-8, and is itself no part of the text, so a text that begins with
    one keeps it.
    """
    return codecs.BOM_UTF8 + text.encode("utf-8", "surrogatepass")


def _from_record(record: Mapping[str, Any], path: str) -> Question:
    """Return the question in `record`, asked of the document at `path`."""
    name, question = record.get("id"), record.get("question")
    if type(name) is int:  # GermanQuAD
        name = str(name)
    for key, value in (("id", name), ("question", question)):
        if not isinstance(value, str):
            raise ValueError(f"{key} is missing or not str")
    if not str(question).strip():
        raise ValueError("question is empty")
    impossible, rows = record.get("is_impossible", False), record.get("answers", [])
    if not isinstance(impossible, bool):
        raise ValueError("is_impossible is not bool")
    if not isinstance(rows, list):
        raise ValueError("answers is not a list")
    if impossible and rows:
        raise ValueError("is_impossible, but there are answers")
    golds = dict.fromkeys(_squad_gold(row, path) for row in rows)  # annotators often agree
    return Question(
        id=str(name),
        question=str(question),
        answers=tuple(golds),
        evidence=(),
        answerable=bool(golds),
        kind=kind_of(str(question)),
    )


def _squad_gold(row: Any, path: str) -> Gold:
    text = row.get("text") if isinstance(row, Mapping) else None
    if not isinstance(text, str):
        raise ValueError("answers has an entry without a text")
    if not text.strip():  # as in BioASQ's factoids: the question is asked, and cannot be won
        return Gold(path, *NOWHERE)
    if "answer_start" not in row:
        return Gold(path, 0, 0, replace_unstorable(text))  # to be found
    start = row["answer_start"]
    if type(start) is not int or start < 0:  # true and false are no offsets
        raise ValueError(f"answers has an entry with answer_start {start!r:.80}")
    return Gold(path, start, start + len(text), replace_unstorable(text))


def _lines_of(text: str) -> Mapping[ErrorPlace, int]:
    """Return the line at which each article, paragraph and question of a valid SQuAD starts.

    Python's JSON reader does not say where anything stood. Nothing where all is one line, as
    SQuAD is published.
    """
    if "\n" not in text:
        return {}
    lines: dict[ErrorPlace, int] = {}
    keys: list[str] = []  # what the open lists are called
    numbers: list[int] = []  # how many objects each of them has had
    opened: list[bool] = []  # whether each open bracket is a list's
    key, line, counted = "", 1, 0
    for token in _TOKEN.finditer(text):
        match token.group()[0]:
            case '"':
                key = token.group(1)
            case "[":
                opened.append(True)
                keys.append(key)
                numbers.append(0)
            case "{":
                directly = bool(opened) and opened[-1]
                opened.append(False)
                if directly:
                    numbers[-1] += 1
                if directly and tuple(keys) == _LEVELS[: len(keys)]:
                    line += text.count("\n", counted, token.start())
                    counted = token.start()
                    lines[tuple(number - 1 for number in numbers)] = line
            case _:
                if opened.pop():
                    keys.pop()
                    numbers.pop()
    return lines
