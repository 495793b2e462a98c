"""Parse question sets in other formats: tables (CSV), and SQuAD 1.1 and 2.0 (Rajpurkar et al.).

Input: the text of a file, or its parsed JSON. Output: questions with their line numbers, and the
documents that a SQuAD file contains. Invalid input raises QuestionSetError.
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


def question_kind(question: str) -> str:
    """Return the kind of `question` by its first question word, for sets without kinds.

    One of who (also whom, whose), when, where, what, which, why, how; "number" for how many and
    how much; "other" if there is no question word.
    """
    match = _QUESTION_WORD.search(" ".join(question.split()))
    if match is None:
        return "other"
    word = str(match.group(2) or "number").lower()
    return "who" if word in _WHO else word


# -- tables ----------------------------------------------------------------------------------------

REQUIRED_COLUMNS = ("question", "answer", "document")
ALTERNATIVES = "|"  # separates alternative answers in one cell
LONGEST_FIELD = 131_072  # characters of a cell, the default of csv; more is an unclosed quote
_SEPARATORS = (",", ";", "\t")  # spreadsheets write ";" where the decimal separator is a comma
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_csv(text: str, source: str) -> list[Numbered]:
    """Return the questions in a table with a header; see `REQUIRED_COLUMNS`.

    Answers have a text and no offsets yet: `Gold(document, 0, 0, text)`.
    source: the file name for errors.
    """
    records = _read_records(text, source)
    line, header = next(records, (0, []))
    columns = [cell.strip().casefold() for cell in header]
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        raise QuestionSetError(source, line, f"the header lacks {', '.join(missing)}")
    duplicate = next((name for name in columns if name and columns.count(name) > 1), None)
    if duplicate is not None:
        raise QuestionSetError(source, line, f"the header has {duplicate!r} twice")
    numbered: list[Numbered] = []
    for line, cells in records:
        try:
            if len(cells) != len(columns):
                raise ValueError(f"the row has {len(cells)} cells, the header {len(columns)}")
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
            numbered.append((line, _question_from_row(row, str(len(numbered) + 1))))
        except ValueError as error:
            raise QuestionSetError(source, line, str(error)) from error
    return numbered


def _read_records(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its first line."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    csv.field_size_limit(LONGEST_FIELD)  # of the process, which other readers may have changed
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


def _question_from_row(row: Mapping[str, str], number: str) -> Question:
    """Return the question in `row`; `number` is its id if the row has none."""
    question, document = row["question"], row["document"]
    if not question:
        raise ValueError("question is empty")
    if row.get("id") == "":
        raise ValueError("id is empty")
    texts = [part.strip() for part in row["answer"].split(ALTERNATIVES)] if row["answer"] else []
    if "" in texts:
        raise ValueError(f"answer has an empty alternative next to {ALTERNATIVES!r}")
    if texts and not document:
        raise ValueError("there is an answer, but no document that contains it")
    answerable = row.get("answerable", "").casefold()
    if answerable and answerable not in _TRUTH:
        raise ValueError(f"answerable is {answerable!r:.80}; it should be yes or no")
    if answerable and _TRUTH[answerable] != bool(texts):
        raise ValueError("answerable does not agree with answer")
    if document and not texts and not answerable:
        raise ValueError(
            "there is a document, but no answer; if the question is unanswerable, set answerable "
            "to no"
        )
    return Question(
        id=row.get("id", number),
        question=question,
        answers=tuple(Gold(document, 0, 0, text) for text in texts),
        evidence=(),
        answerable=bool(texts),
        kind=row.get("kind") or question_kind(question),
    )


# -- SQuAD -----------------------------------------------------------------------------------------

_LEVELS = ("data", "paragraphs", "qas")
_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|[{}\[\]]', re.DOTALL)
LONGEST_NAME = 40  # characters of a title used in a file name; each may take four bytes

ErrorPlace = tuple[int, ...]  # list numbers by level: (1,) is data[1], (1, 2) .paragraphs[2] in it


def read_squad(value: Any, text: str, source: str) -> tuple[list[Numbered], Mapping[str, str]]:
    """Return the questions in `value`, the parsed JSON of `text`, and the documents by path.

    Every distinct context becomes one document, named after the first title it appears under.
    """
    return _SquadParser(text, source).parse(value)


class _SquadParser:
    """Parses one SQuAD file; holds the lines of its objects and the documents so far."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines = _find_lines(text)
        self.contexts: dict[str, str] = {}
        self.paths: dict[str, str] = {}  # by context

    def parse(self, value: Any) -> tuple[list[Numbered], Mapping[str, str]]:
        numbered: list[Numbered] = []
        for i, article in self._objects(value, ()):
            title = article.get("title", "")
            if not isinstance(title, str):
                raise self._error(i, "title is not str")
            for j, paragraph in self._objects(article, i):
                path = self._add_document(title, paragraph, j)
                for k, record in self._objects(paragraph, j):
                    try:
                        question = _question_from_record(record, path)
                    except ValueError as error:
                        raise self._error(k, str(error)) from error
                    numbered.append((self.lines.get(k, 1), question))
        return numbered, self.contexts

    def _objects(
        self, parent: Any, place: ErrorPlace
    ) -> Iterator[tuple[ErrorPlace, Mapping[str, Any]]]:
        """Yield the objects in the list of the next level in `parent`, with their places."""
        key = _LEVELS[len(place)]
        children = parent.get(key) if isinstance(parent, Mapping) else None
        if not isinstance(children, list):
            raise self._error(place, f"{key} is missing or not a list")
        for number, child in enumerate(children):
            if not isinstance(child, Mapping):
                raise self._error(place, f"{key}[{number}] is not a JSON object")
            yield (*place, number), child

    def _add_document(self, title: str, paragraph: Mapping[str, Any], place: ErrorPlace) -> str:
        """Return the path of the paragraph's context, adding it as a document if it is new."""
        context = paragraph.get("context")
        if not isinstance(context, str):
            raise self._error(place, "context is missing or not str")
        if context not in self.paths:
            path = context_path(title, len(self.paths) + 1)
            try:
                self.contexts[path], _ = decode(context_bytes(context), path)
            except ParseError as error:
                raise self._error(place, "context is binary data, not text") from error
            self.paths[context] = path
        return self.paths[context]

    def _error(self, place: ErrorPlace, reason: str) -> QuestionSetError:
        where = ".".join(f"{key}[{at}]" for key, at in zip(_LEVELS, place, strict=False))
        line = self.lines.get(place, 1)
        return QuestionSetError(self.source, line, f"{where}: {reason}" if where else reason)


def context_path(title: str, number: int) -> str:
    """Return a readable, unique and safe file name for document `number` of a set."""
    characters = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else "_"
        for character in unicodedata.normalize("NFC", title)
    )
    name = re.sub("_+", "_", "".join(characters)).strip("_")[:LONGEST_NAME] or "context"
    return unicodedata.normalize("NFC", f"{name}-{number:04}.txt")


def context_bytes(text: str) -> bytes:
    """Return file content that decodes to `text`, for any `text` that a store can hold.

    The byte order mark identifies UTF-8 and is not part of the text; a text that itself starts
    with such a mark keeps its own.
    """
    return codecs.BOM_UTF8 + text.encode("utf-8", "surrogatepass")


def _question_from_record(record: Mapping[str, Any], path: str) -> Question:
    """Return the question in `record`, whose answers are in the document at `path`."""
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
    # Annotators often agree, so answers may repeat.
    golds = dict.fromkeys(_squad_gold(row, path) for row in rows)
    return Question(
        id=str(name),
        question=str(question),
        answers=tuple(golds),
        evidence=(),
        answerable=bool(golds),
        kind=question_kind(str(question)),
    )


def _squad_gold(row: Any, path: str) -> Gold:
    text = row.get("text") if isinstance(row, Mapping) else None
    if not isinstance(text, str):
        raise ValueError("answers has an entry without a text")
    if not text.strip():  # as in BioASQ's factoids: asked, but no answer can be right
        return Gold(path, *NOWHERE)
    if "answer_start" not in row:
        return Gold(path, 0, 0, replace_unstorable(text))  # its text is searched for
    start = row["answer_start"]
    if type(start) is not int or start < 0:  # rejects true and false
        raise ValueError(f"answers has an entry with answer_start {start!r:.80}")
    return Gold(path, start, start + len(text), replace_unstorable(text))


def _find_lines(text: str) -> Mapping[ErrorPlace, int]:
    """Return the line on which each article, paragraph and question of a valid SQuAD starts.

    Python's JSON parser does not report positions. Empty if the file is one line, the form in
    which SQuAD is published.
    """
    if "\n" not in text:
        return {}
    lines: dict[ErrorPlace, int] = {}
    keys: list[str] = []  # the keys of the open lists
    numbers: list[int] = []  # the number of objects seen in each open list
    is_list: list[bool] = []  # for each open bracket, whether it opened a list
    key, line, counted = "", 1, 0
    for token in _TOKEN.finditer(text):
        match token.group()[0]:
            case '"':
                key = token.group(1)
            case "[":
                is_list.append(True)
                keys.append(key)
                numbers.append(0)
            case "{":
                in_list = bool(is_list) and is_list[-1]
                is_list.append(False)
                if in_list:
                    numbers[-1] += 1
                if in_list and tuple(keys) == _LEVELS[: len(keys)]:
                    line += text.count("\n", counted, token.start())
                    counted = token.start()
                    lines[tuple(number - 1 for number in numbers)] = line
            case _:
                if is_list.pop():
                    keys.pop()
                    numbers.pop()
    return lines
