"""Every value that travels through scoqa, as frozen dataclasses.

Receives plain numbers and text; hands on values that other rooms read and never change.
Offsets count Unicode code points in `Document.text`, end exclusive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from scoqa.places import Marks
from scoqa.sentences import sentence_around

MarkKind = Literal["page", "heading", "date", "sheet", "row", "slide", "message", "aside"]
Reason = Literal[
    "empty_index", "no_evidence", "low_confidence", "phrase_not_found", "language_not_supported"
]
Stage = Literal["find", "read"]  # of an ask: what is told while it runs
VerdictKind = Literal["true", "file_changed", "parser_changed", "elsewhere", "gone"]
Freshness = Literal["unchanged", "changed", "missing", "unreadable"]  # of a file, since indexed
SCORE_PLACES = 6  # of every score written out or compared: beyond it is float32 noise

_LINED = ("plain", "markdown", "rst")  # parsers that take a file's text as it stands
_LINE_END = re.compile(r"\r\n|\r|\n")


def content_id(*parts: object) -> str:
    """Return a public id: 128 bits of a sha256 over `parts`, as 32 hex digits.

    Hex because JavaScript cannot hold 63-bit integers.
    """
    joined = "\0".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a document with a name.

    page: its printed label, or its number where it has none; one mark a page, blank ones too; box
    is (0, 0, width, height) in points, as it is shown. heading: its whole path. date: a date line.
    sheet: its name. row, slide: their numbers from 1. message: who wrote it and when. aside: what
    a page holds around its text (navigation, notices); it is shown and never answers.
    """

    start: int
    end: int
    kind: MarkKind
    label: str
    box: tuple[float, float, float, float] | None = None


class Parser(NamedTuple):
    """Which parser made a text; the same bytes and version give the same text."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file as text. `text` is the canonical text that every offset counts in."""

    id: str  # of the place; what stands there, `digest` and `text_digest` say
    path: str  # relative to the documents, forward slashes, NFC
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
    """Where on a page a stretch of text stands.

    page: its number from 1. boxes: left, top, right, bottom as shares of the page as it is shown,
    from its top left, one for each run of characters beside each other.
    """

    page: int
    boxes: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: `text == document.text[start:end]`.

    `heading` is what the passage stands under (title, date line, headings); it is searched
    together with the text but is never part of a quote.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one search said of a passage. `rank` counts from 1."""

    search: Literal["words", "vectors"]
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, where it stands, its fused score and what found it.

    place: as in `Citation`, of its first to its last character; only `search` looks it up.
    """

    passage: Passage
    path: str
    score: float
    found_by: tuple[Found, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """What a reader reads: a passage with a sentence of context on each side."""

    document_id: str
    start: int
    end: int
    text: str
    heading: str
    hits: tuple[Hit, ...]

    @property
    def score(self) -> float:
        """Return the best fused score among the window's hits."""
        return max(hit.score for hit in self.hits)


@dataclass(frozen=True, slots=True)
class Span:
    """A reader's proposal: numbers only, inside one window.

    Spans of one reading that share a fact say the same in several places. None: none does.
    """

    document_id: str
    start: int
    end: int
    score: float
    fact: int | None = None


@dataclass(frozen=True, slots=True)
class WindowReading:
    """What a reader makes of one window; the numbers are the reader's own, for `--explain`."""

    span: Span | None  # the best one
    null: float | None  # the score of no answer being there; None if nothing in it was read
    probability: float  # the window's share of the one softmax over all windows and the null


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader hands back: spans, best first, and two calibrated probabilities.

    Whether the question is answered at all decides on silence; whether the first span is right
    is what an answer's confidence says. Among look-alike documents the two are far apart.
    """

    spans: tuple[Span, ...]
    none_probability: float  # that no window answers
    right_probability: float  # that the first span answers
    windows: tuple[WindowReading, ...] = ()  # one for each window, of readers that tell


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and the exact place it came from. Made only by `from_span`, which slices."""

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
    place: str  # "p. 12", "slide 3", "Budget, row 40"; "" where lines are all there is
    score: float
    also_in: tuple[Citation, ...] = ()

    @property
    def lined(self) -> bool:
        """Return whether the text is the file's own, so that its lines are those of the file."""
        return self.parser.name in _LINED

    @classmethod
    def from_span(cls, document: Document, span: Span) -> Citation:
        """Return the citation of `span`: the one place in scoqa where a quote is made.

        Raises ValueError when the span belongs to another document or leaves the text.
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
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What an ask returns. Its words are its citations' quotes; silence is an Answer too."""

    question: str
    asked: str
    citations: tuple[Citation, ...]
    confidence: float
    answered: bool
    reason: Reason | None
    near_misses: tuple[Citation, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every stage behind an answer, for `--explain`."""

    answer: Answer
    hits: tuple[Hit, ...]
    windows: tuple[Window, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation, within a collection if one was asked alone."""

    question: str
    answer: Answer
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Gold:
    """A place in a document that a question set holds to be right."""

    document: str
    start: int
    end: int
    text: str = ""
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a question set. Gold is document spans, so it survives re-splitting."""

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
    """A file and what is to be said about it."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. One bad file never stops the rest: it stands under `failed`."""

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
    """What `verify` found for one citation."""

    kind: VerdictKind
    citation: Citation
    message: str
    found: tuple[tuple[str, int, int], ...] = ()  # (path, start, end) where the quote stands now


@dataclass(frozen=True, slots=True)
class Measure:
    """A number over `count` questions, and the 95 % interval it lies in.

    None is what does not exist: a value over no questions, an interval over fewer than two.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a question set.

    measures: by name, over all questions; groups: the same over each kind of question and over
    the answerable and the unanswerable; rows: one record a question; fingerprint: what was
    measured with, and which set; corrections: gold places that were moved or not found;
    incidental: times, dates and paths, which differ from run to run.
    """

    measures: Mapping[str, Measure]
    groups: Mapping[str, Mapping[str, Measure]]
    rows: Sequence[Mapping[str, Any]]
    fingerprint: Mapping[str, str]
    corrections: Sequence[Mapping[str, Any]] = ()
    incidental: Mapping[str, Any] = field(default_factory=dict, compare=False)


def with_also_in(citation: Citation, others: Sequence[Citation]) -> Citation:
    """Return `citation` naming `others` as further places of the same words."""
    return replace(citation, also_in=(*citation.also_in, *others))
