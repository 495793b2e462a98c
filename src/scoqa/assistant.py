"""Answer a question: question -> hits -> windows -> spans -> citations -> Answer.

Input: a question. Output: an Answer whose quotes are slices of documents, or a silence with its
reason. One ask uses a single view of the store from search to citation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from scoqa.compatibility import check_settings
from scoqa.config import Settings
from scoqa.embed import Embedder
from scoqa.errors import QuestionError, WorkspaceError
from scoqa.normalization import is_mostly_latin, quoted_phrases, terms
from scoqa.places import Marks
from scoqa.read import Reader
from scoqa.retrieve import retrieve, windows
from scoqa.store import Store, View, Where
from scoqa.types import (
    Answer,
    Citation,
    Document,
    Explanation,
    Hit,
    IndexVersion,
    Reading,
    Reason,
    Span,
    Stage,
    Window,
    with_also_in,
)

LONGEST_QUESTION = 2_000  # characters; about 400 words, more than any embedder reads
MOST_NEAR_MISSES = 3
EMPTY_READING = Reading((), 1.0, 0.0)


@dataclass
class _Clock:
    """Measures the seconds of each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = time.perf_counter() - start


class Assistant:
    """Answers questions from one store. Thread-safe."""

    def __init__(
        self, store: Store, embedder: Embedder, reader: Reader, settings: Settings
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.reader = reader
        self.settings = settings

    @property
    def threshold(self) -> float:
        """The least probability that the documents answer, at which an answer is shown."""
        configured = self.settings.threshold
        return self.reader.threshold if configured is None else configured

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        path: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Answer:
        """Return the answer to `question`; a silence is an Answer too.

        Parameters
        ----------
        collection, path
            Search only in this collection, or in this document.
        progress
            Called in this thread as each stage begins; not called if the index is empty. An
            exception that it raises ends the ask and reaches the caller, so it can stop an ask.

        Raises
        ------
        QuestionError, WorkspaceError (no such collection), IndexNotFoundError,
        IndexMismatchError, IndexDamagedError
        """
        return self.explain(question, collection=collection, path=path, progress=progress).answer

    def explain(
        self,
        question: str,
        *,
        collection: str | None = None,
        path: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Explanation:
        """Return the answer with the results of every stage; arguments and errors as in `ask`."""
        asked = check_question(question)
        report: Callable[[Stage], None] = progress if progress is not None else lambda _: None
        clock = _Clock()
        quoted = quoted_phrases(asked)
        where = Where(collection, path, quoted)
        with self.store.view() as view:
            self._check_index(view, collection)
            version = IndexVersion(view.identity, view.generation)
            if view.is_empty():
                return _explain_silence(question, asked, "empty_index", clock, version)
            english = is_mostly_latin(asked)
            reason: Reason | None = None if english else "language_not_supported"
            k = self.settings.search_k
            report("find")
            with clock.time("embed"):
                vector = self.embedder.embed([asked])[0] if english else None
            with clock.time("retrieve"):
                hits = retrieve(view, asked, vector, k=k, where=where)
                if quoted and not hits:
                    reason = "phrase_not_found"
                    hits = retrieve(view, asked, vector, k=k, where=Where(collection, path))
            report("read")
            with clock.time("windows"):
                read = windows(view, hits[: self.settings.read_k])
            with clock.time("read"):
                reading = self.reader.read(asked, read) if read else EMPTY_READING
            with clock.time("cite"):
                citations = cite(view, reading.spans)
        answerable = 1.0 - reading.none_probability
        if reason is None and (not citations or answerable < self.threshold):
            by_words = any(rank.search == "words" for hit in hits for rank in hit.found_by)
            reason = "low_confidence" if by_words and citations else "no_evidence"
        answer = Answer(
            question=question,
            asked=asked,
            citations=citations if reason is None else (),
            confidence=reading.right_probability if reason is None else 0.0,
            answered=reason is None,
            reason=reason,
            near_misses=() if reason is None else citations[:MOST_NEAR_MISSES],
            timings=clock.seconds,
        )
        return Explanation(answer, tuple(hits), tuple(read), reading, version)

    def search(self, query: str, *, k: int = 10, where: Where = Where()) -> list[Hit]:
        """Return the k best passages for `query`, with their ranks in each search.

        Raises the same errors as `ask`.
        """
        asked = check_question(query)
        with self.store.view() as view:
            self._check_index(view, where.collection)
            quoted = Where(where.collection, where.path, where.phrases or quoted_phrases(asked))
            vector = self.embedder.embed([asked])[0]
            most = max(k, self.settings.search_k)
            hits = retrieve(view, asked, vector, k=most, where=quoted)[:k]
            ids = {hit.passage.document_id for hit in hits}
            marks = {document_id: Marks(view.document(document_id).marks) for document_id in ids}
        return [_set_place(hit, marks[hit.passage.document_id]) for hit in hits]

    def _check_index(self, view: View, collection: str | None) -> None:
        """Raise if the index does not match the settings, or has no such collection."""
        tokens = self.settings.passage_tokens
        check_settings(view, self.embedder, tokens, self.store.command)
        check_collection(view, collection)


def _set_place(hit: Hit, marks: Marks) -> Hit:
    """Return `hit` with its place in words; marks: those of its document."""
    return replace(hit, place=marks.place(hit.passage.start, hit.passage.end))


def check_question(question: str) -> str:
    """Return `question` without outer white space, lone surrogates replaced by "?".

    Raises QuestionError if it is not a text, has no letter or digit, or is too long.
    """
    if not isinstance(question, str):  # the API accepts any JSON value
        raise QuestionError("The question is not a text. Ask something in a few words.")
    asked = question.strip()
    if not any(character.isalnum() for character in asked):
        raise QuestionError("The question is empty. Ask something in a few words.")
    if len(asked) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(asked):,} characters; at most {LONGEST_QUESTION:,} are "
            "allowed. Ask it in fewer words."
        )
    # Lone surrogates come from broken terminals; no store or tokenizer accepts them.
    return asked.encode("utf-8", "replace").decode("utf-8")


def check_collection(view: View, collection: str | None) -> None:
    """Raise WorkspaceError, listing the existing collections, if there is no such collection."""
    if collection is None:
        return
    known = view.collections()
    if known and collection not in known:
        names = ", ".join(name for name in known if name) or "none"
        raise WorkspaceError(f"There is no collection {collection!r:.80}. There are: {names}.")


def cite(view: View, spans: Sequence[Span]) -> tuple[Citation, ...]:
    """Return one citation per fact, best first. Each document is loaded once.

    spans: best first. Spans with the same fact become one citation, that of the best span, with
    the others in its `also_in`. Spans that overlap a better span are dropped. If the best span is
    in a quoted part of a message, the message that it quotes is cited first.
    """
    citations: dict[int | str, Citation] = {}
    cited: list[Span] = []
    documents: dict[str, Document] = {}
    for span in spans:
        if any(
            span.document_id == better.document_id
            and span.start < better.end
            and better.start < span.end
            for better in cited
        ):
            continue
        cited.append(span)
        if span.document_id not in documents:
            documents[span.document_id] = view.document(span.document_id)
        citation = Citation.from_span(documents[span.document_id], span)
        key = f"{len(cited)} alone" if span.fact is None else span.fact
        if key in citations:
            citation = with_also_in(citations[key], [citation])
        citations[key] = citation
    return tuple(_cite_original_first(citation, documents) for citation in citations.values())


def _cite_original_first(citation: Citation, documents: Mapping[str, Document]) -> Citation:
    """Return `citation` with the message that it quotes first, if that is among its places.

    documents: all that are cited, by id. The message is recognized by its sentence, of which the
    quotation may contain a part only.
    """

    def is_quoted(place: Citation) -> bool:
        return Marks(documents[place.document_id].marks).is_quoted(place.start)

    if not citation.also_in or not citation.place or not is_quoted(citation):
        return citation
    words = f" {' '.join(terms(citation.sentence))} "
    for original in citation.also_in:
        sentence = f" {' '.join(terms(original.sentence))} "
        is_message = Marks(documents[original.document_id].marks).at("message", original.start)
        if is_message and (words in sentence or sentence in words) and not is_quoted(original):
            others = tuple(place for place in citation.also_in if place is not original)
            return replace(original, also_in=(replace(citation, also_in=()), *others))
    return citation


def _explain_silence(
    question: str, asked: str, reason: Reason, clock: _Clock, version: IndexVersion
) -> Explanation:
    answer = Answer(question, asked, (), 0.0, False, reason, (), clock.seconds)
    windows: tuple[Window, ...] = ()
    return Explanation(answer, (), windows, EMPTY_READING, version)
