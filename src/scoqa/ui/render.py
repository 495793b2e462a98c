"""An Answer as markup for the chat, in which no character of a document can act.

Receives answers, questions and sentences to say; hands on one line of HTML each.
The words shown as found are slices of documents; all others stand in this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from scoqa.types import Answer, Citation, Reason
from scoqa.ui.viewer import place_words, reference

READING = "Finding passages and reading…"
LOADING = "Loading the model… Your question is answered as soon as it is there."
SILENCE = "Your documents do not answer this"
NEAR = "Nearest passages, which do not answer it"
REASONS: dict[Reason, str] = {
    "empty_index": "There are no documents here yet.",
    "no_evidence": "No passage in them speaks of what you asked.",
    "low_confidence": "Some passages come near, but none answers the question clearly enough.",
    "phrase_not_found": "The words in quotation marks stand together in none of them.",
    "language_not_supported": (
        "scoqa reads English. It looked for your words, but cannot judge what it found in"
        " another language."
    ),
}
# Least calibrated probability that the first citation is right, and how that is said.
CONFIDENCE = (
    (0.9, "Very likely the answer."),
    (0.7, "Probably the answer."),
    (0.5, "Perhaps the answer: read it in its place."),
    (0.0, "An uncertain answer: read it in its place."),
)

# Markdown acts on ASCII punctuation and line ends only, HTML on a part of those. Written as
# numbers they are text to both, and the markup stays one line, which Markdown takes as a block.
# Beyond ASCII characters stay as they are: HTML reads &#128; to &#159; as others.
_ACTIVE = re.compile(r"[^0-9A-Za-z \u007f-\U0010ffff]")


def inert(text: str) -> str:
    """Return `text` as markup that shows exactly it, in Markdown, in HTML and in attributes."""
    return _ACTIVE.sub(lambda match: f"&#{ord(match[0])};", text)


def question(text: str) -> str:
    """Return the markup of what the reader asked."""
    return f'<p class="scoqa-question" dir="auto">{inert(text)}</p>'


def pending(sentence: str) -> str:
    """Return the markup of a wait, saying what for."""
    return f'<p class="scoqa-pending">{inert(sentence)}</p>'


def problem(sentence: str) -> str:
    """Return the markup of something that went wrong: one calm sentence."""
    return f'<p class="scoqa-problem" dir="auto">{inert(sentence)}</p>'


def answer(value: Answer) -> str:
    """Return the markup of an answer, or of a silence with its reason and near misses."""
    return _found(value) if value.answered and value.citations else _silent(value)


def _found(value: Answer) -> str:
    numbers = _numbered(each for first in value.citations for each in (first, *first.also_in))
    snippets = "".join(
        f'<blockquote class="scoqa-snippet" dir="auto">{_sentence(group)}'
        f"{_links(numbers, group)}</blockquote>"
        for group in _snippets(value.citations)
    )
    words = next(words for least, words in CONFIDENCE if value.confidence >= least or not least)
    return (
        f'<div class="scoqa-answer">{snippets}'
        f'<p class="scoqa-confidence">{inert(words)}</p>{_sources(numbers)}</div>'
    )


def _silent(value: Answer) -> str:
    numbers = _numbered(value.near_misses)
    why = REASONS[value.reason or "no_evidence"]
    near = "".join(
        f'<blockquote class="scoqa-near" dir="auto">{inert(miss.sentence)}'
        f"{_links(numbers, [miss])}</blockquote>"
        for miss in value.near_misses
    )
    if near:
        near = f'<p class="scoqa-near-title">{inert(NEAR)}</p>{near}{_sources(numbers)}'
    return (
        f'<div class="scoqa-silence"><p class="scoqa-silence-title">{inert(SILENCE)}</p>'
        f'<p class="scoqa-reason">{inert(why)}</p>{near}</div>'
    )


def _place(citation: Citation) -> tuple[str, int, int]:
    return citation.document_id, citation.start, citation.end


def _numbered(citations: Iterator[Citation] | Sequence[Citation]) -> dict[int, Citation]:
    """Return the citations by number from 1, in the order they are shown; no place twice."""
    places = {_place(citation): citation for citation in citations}
    return dict(enumerate(places.values(), 1))


def _snippets(citations: Sequence[Citation]) -> Iterator[list[Citation]]:
    """Yield the citations that are shown as one: neighbours lit in the same sentence."""

    def sentence(citation: Citation) -> tuple[str, int, int]:
        return citation.document_id, citation.sentence_start, citation.sentence_end

    for _, neighbours in groupby(citations, key=sentence):
        group = sorted(neighbours, key=lambda each: each.start)
        if any(before.end > after.start for before, after in pairwise(group)):
            yield from ([each] for each in group)
        else:
            yield group


def _sentence(group: Sequence[Citation]) -> str:
    """Return the sentence of `group` with the quotes lit in it."""
    first = group[0]
    parts, position = [], first.sentence_start
    for citation in group:
        offset = first.sentence_start
        before = first.sentence[position - offset : citation.start - offset]
        parts.append(f"{inert(before)}<mark>{inert(citation.quote)}</mark>")
        position = citation.end
    return "".join((*parts, inert(first.sentence[position - first.sentence_start :])))


def _links(numbers: dict[int, Citation], group: Sequence[Citation]) -> str:
    """Return the numbers of a snippet: its own places, and where else the same words stand."""
    places = {_place(each) for first in group for each in (first, *first.also_in)}
    links = [_link(number, each) for number, each in numbers.items() if _place(each) in places]
    # No break before the first: a number alone on a line belongs to nothing.
    return "\u00a0" + " ".join(links)


def _link(number: int, citation: Citation) -> str:
    # Named for screen readers by source.js: Gradio's sanitiser takes aria-label away.
    return f'<a class="scoqa-number" href="{inert(reference(citation))}">{number}</a>'


def _sources(numbers: dict[int, Citation]) -> str:
    items = "".join(
        f'<li class="scoqa-source">{_link(number, citation)}'
        f'<span class="scoqa-source-title" dir="auto">{inert(citation.title)}</span>'
        f'<span class="scoqa-source-place"><bdi>{inert(citation.path)}</bdi>'
        f" · <bdi>{inert(place_words(citation))}</bdi></span></li>"
        for number, citation in numbers.items()
    )
    title = "Source" if len(numbers) == 1 else "Sources"
    return f'<p class="scoqa-sources-title">{title}</p><ul class="scoqa-sources">{items}</ul>'
