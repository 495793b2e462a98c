"""The values that scoqa's modules exchange, as frozen dataclasses.

All offsets count Unicode code points in `Document.text`, end exclusive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from scoqa.cells import find_column_names
from scoqa.places import Marks
from scoqa.reading_view import ReadingView, plain_view
from scoqa.sentences import sentence_around

MarkKind = Literal[
    "page", "heading", "date", "sheet", "row", "slide", "message", "aside", "table", "head",
    "struck",
]  # fmt: skip
Reason = Literal[
    "empty_index", "no_evidence", "low_confidence", "phrase_not_found", "language_not_supported"
]
Stage = Literal["find", "read"]  # the stages of an ask, reported as progress
VerdictKind = Literal["true", "file_changed", "parser_changed", "elsewhere", "gone"]
# The state of a file compared with its indexed version.
Freshness = Literal["unchanged", "changed", "missing", "unreadable"]
SCORE_PLACES = 6  # decimals of scores written or compared; more are float32 noise

_LINE_PARSERS = ("plain", "markdown", "rst")  # parsers that keep the lines of the file
_LINE_END = re.compile(r"\r\n|\r|\n")


def content_id(*parts: object) -> str:
    """Return a public id: 128 bits of a sha256 over `parts`, as 32 hex digits.

    Hex digits, because JavaScript cannot represent 63-bit integers.
    """
    joined = "\0".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place in a document. The label depends on the kind.

    page: the printed label, or the page number if it has none. There is one mark per page, blank
    pages included; `box` is (0, 0, width, height) in points, as displayed.
    heading: the full path of headings. date: a date line. sheet: the sheet name.
    row, slide: the number, counted from 1. message: author and date; the quoted parts of a message
    are nested in it, and the reply after a part has a mark of its own.
    aside: boilerplate of a web page (navigation, notices) or a comment, which is displayed but
    never answers. struck: words in a line that are struck out, or a comment in a line; the same.
    table: all rows of a table, one line each, with cells separated by tabs; the label has the names
    of its columns (`scoqa.cells`). head: the rows with these names, at the start of a table.
    """

    start: int
    end: int
    kind: MarkKind
    label: str
    box: tuple[float, float, float, float] | None = None


class Parser(NamedTuple):
    """The parser that produced a text; the same bytes and version give the same text."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file as text. All offsets refer to `text`."""

    id: str  # identifies the path; `digest` and `text_digest` identify the content
    path: str  # relative to the documents folder, forward slashes, NFC
    collection: str
    digest: str  # sha256 of the file's bytes
    text: str = field(repr=False)
    text_digest: str
    parser: Parser
    title: str
    marks: tuple[Mark, ...] = ()
    media_type: str = "text/plain"
    modified: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Region:
    """The place of a text range on one page.

    page: the page number from 1. boxes: one (left, top, right, bottom) per run of adjacent
    characters, as shares of the displayed page, from its top left corner.
    """

    page: int
    boxes: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: `text == document.text[start:end]`.

    `heading` is the context of the passage (title, date line, headings); it is searched together
    with the text but is never part of a quote.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of one search for a passage. `rank` counts from 1."""

    search: Literal["words", "vectors"]
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with its path, its fused score, and the searches that found it.

    place: the place of the whole passage, as in `Citation`; only `search` sets it.
    """

    passage: Passage
    path: str
    score: float
    found_by: tuple[SearchResult, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The input of a reader: a passage with a sentence of context on each side.

    text: the slice of the document. view: the text that a reader reads instead, with the names of
    columns in tables; None if it is the slice itself.
    """

    document_id: str
    start: int
    end: int
    text: str
    heading: str
    hits: tuple[Hit, ...]
    view: ReadingView | None = None

    @property
    def reading(self) -> ReadingView:
        """Return the text to read, which maps its places to the document."""
        return plain_view(self.text, self.start) if self.view is None else self.view

    @property
    def score(self) -> float:
        """Return the best fused score among the window's hits."""
        return max(hit.score for hit in self.hits)


@dataclass(frozen=True, slots=True)
class Span:
    """An answer proposed by a reader, as offsets inside one window.

    fact: spans with the same number state the same fact in different places; None if the span
    shares its fact with no other.
    """

    document_id: str
    start: int
    end: int
    score: float
    fact: int | None = None


@dataclass(frozen=True, slots=True)
class WindowReading:
    """The result of a reader for one window, in the reader's own scores, for `--explain`."""

    span: Span | None  # the best span
    null: float | None  # the score of "no answer here"; None if the window was not read
    probability: float  # the share of the window in the softmax over all windows and the null


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of a reader: spans, best first, and two calibrated probabilities.

    `none_probability` decides between answer and silence; `right_probability` is the confidence
    of an answer. Among documents that look alike, the two differ a lot.
    """

    spans: tuple[Span, ...]
    none_probability: float  # that no window answers
    right_probability: float  # that the first span answers
    windows: tuple[WindowReading, ...] = ()  # one per window, if the reader provides them


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and its exact place. Only `from_span` creates one, by slicing the document."""

    document_id: str
    path: str
    title: str
    digest: str
    text_digest: str
    parser: Parser
    start: int
    end: int
    quote: str
    sentence_start: int
    sentence_end: int
    sentence: str
    line: int  # from 1
    page: str | None  # the printed label of the page where the quote starts
    heading: str | None
    place: str  # "p. 12", "slide 3", "Budget, row 40"; "" if the document has only lines
    score: float
    also_in: tuple[Citation, ...] = ()
    columns: tuple[str, ...] = ()  # of a row of a table: the names of the sentence's cells

    @property
    def has_file_lines(self) -> bool:
        """Return whether `line` is also the line number in the file itself."""
        return self.parser.name in _LINE_PARSERS

    @classmethod
    def from_span(cls, document: Document, span: Span) -> Citation:
        """Return the citation of `span`. No other code in scoqa creates quotes.

        Raises ValueError if the span belongs to another document or exceeds the text.
        """
        if span.document_id != document.id:
            raise ValueError(f"span of {span.document_id} cited from {document.id}")
        if not 0 <= span.start < span.end <= len(document.text):
            raise ValueError(f"span {span.start}:{span.end} leaves {document.path}")
        marks = Marks(document.marks)
        sentence_start, sentence_end = sentence_around(document.text, span.start, span.end)
        return cls(
            document_id=document.id,
            path=document.path,
            title=document.title,
            digest=document.digest,
            text_digest=document.text_digest,
            parser=document.parser,
            start=span.start,
            end=span.end,
            quote=document.text[span.start : span.end],
            sentence_start=sentence_start,
            sentence_end=sentence_end,
            sentence=document.text[sentence_start:sentence_end],
            line=1 + len(_LINE_END.findall(document.text, 0, span.start)),
            page=marks.label("page", span.start),
            heading=marks.label("heading", span.start),
            place=marks.place(span.start, span.end),
            score=span.score,
            columns=find_column_names(document.text, document.marks, sentence_start),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an ask. All its words are quotes; silence is an Answer without citations."""

    question: str
    asked: str
    citations: tuple[Citation, ...]
    confidence: float
    answered: bool
    reason: Reason | None
    near_misses: tuple[Citation, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class IndexVersion:
    """A state of an index. Equal versions always have the same documents.

    identity: the unique id of the index; a rebuilt index has another. generation: the number of
    its last write, 0 for a new index.
    """

    identity: str
    generation: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every stage behind an answer, and the version of the index that it was given on."""

    answer: Answer
    hits: tuple[Hit, ...]
    windows: tuple[Window, ...]
    reading: Reading
    version: IndexVersion


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation. collection: set if only that collection was asked."""

    question: str
    answer: Answer
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Gold:
    """A place in a document that a question set declares right."""

    document: str
    start: int
    end: int
    text: str = ""
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a question set. Golds are document spans, independent of passages."""

    id: str
    question: str
    answers: tuple[Gold, ...]
    evidence: tuple[Gold, ...]
    answerable: bool
    kind: str
    all_required: bool = False
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A file with a warning or the reason for a failure."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The result of a sync. Unreadable files do not stop it; they are listed in `failed`."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()  # (from, to)
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    warned: tuple[Notice, ...] = ()
    failed: tuple[Notice, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)  # extension -> files not read
    passages: int = 0  # in the index after the sync
    embedded: int = 0  # vectors computed by this sync


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of `verify` for one citation."""

    kind: VerdictKind
    citation: Citation
    message: str
    found: tuple[tuple[str, int, int], ...] = ()  # (path, start, end) of the quote now


@dataclass(frozen=True, slots=True)
class Measure:
    """A number over `count` questions, with its 95 % confidence interval (low, high).

    Undefined fields are None: the value for no questions, the interval for fewer than two.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """The result of evaluating a question set.

    measures: over all questions, by name. groups: the same per kind of question, and for
    answerable and unanswerable questions. rows: one record per question. fingerprint: the set,
    documents, settings and models measured. corrections: gold places that were moved or not
    found. incidental: times, dates and paths, which differ from run to run.
    """

    measures: Mapping[str, Measure]
    groups: Mapping[str, Mapping[str, Measure]]
    rows: Sequence[Mapping[str, Any]]
    fingerprint: Mapping[str, str]
    corrections: Sequence[Mapping[str, Any]] = ()
    incidental: Mapping[str, Any] = field(default_factory=dict, compare=False)


def with_also_in(citation: Citation, others: Sequence[Citation]) -> Citation:
    """Return `citation` with `others` added as further places of the same words."""
    return replace(citation, also_in=(*citation.also_in, *others))
