"""An Answer as markup for the chat, in which no character of a document can act.

Receives answers, questions and sentences to say; hands on one line of HTML each.
The words shown as found are slices of documents; all others stand in this file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoqa.types import Answer, Citation
from scoqa.ui.source.viewer import reference
from scoqa.ui.words.numbering import Numbers, numbered, numbers_of, snippets
from scoqa.ui.words.wording import (
    NEAR,
    ROOT,
    SILENCE,
    character_words,
    confidence_words,
    digest_words,
    place_words,
    reason_words,
)
from scoqa.ui.work.ask_stream import AskStep

STEPS: dict[AskStep, str] = {
    "wait": "Waiting for its turn…",
    "load": "Loading the model… Your question is answered as soon as it is there.",
    "find": "Finding passages…",
    "read": "Reading them…",
}
STOPPED = "Stopped, as you asked."

# Markdown acts on ASCII punctuation and line ends only, HTML on a part of those. Written as
# numbers they are text to both, and the markup stays one line, which Markdown takes as a block.
# Beyond ASCII characters stay as they are: HTML reads &#128; to &#159; as others.
_ACTIVE = re.compile(r"[^0-9A-Za-z \u007f-\U0010ffff]")


def inert(text: str) -> str:
    """Return `text` as markup that shows exactly it, in Markdown, in HTML and in attributes."""
    return _ACTIVE.sub(lambda match: f"&#{ord(match[0])};", text)


_TAB = inert("\t")


def question(text: str, collection: str | None = None) -> str:
    """Return the markup of what the reader asked, and in which collection."""
    markup = f'<h2 class="scoqa-question" dir="auto">{inert(text)}</h2>'
    if collection is None:
        return markup
    where = f"<bdi>{inert(collection or ROOT)}</bdi>"
    return f'<div>{markup}<p class="scoqa-within">Asked in {where}</p></div>'


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
    numbers = numbered(value)
    quotes = "".join(
        f'<blockquote class="scoqa-snippet" dir="auto">{_words(_sentence(group))}'
        f"{_links(numbers_of(group, numbers))}</blockquote>"
        for group in snippets(value.citations)
    )
    return (
        f'<div class="scoqa-answer">{quotes}'
        f'<p class="scoqa-confidence">{inert(confidence_words(value))}</p>{_sources(numbers)}</div>'
    )


def _silent(value: Answer) -> str:
    numbers = numbered(value)
    near = "".join(
        f'<blockquote class="scoqa-near" dir="auto">{_words(inert(miss.sentence))}'
        f"{_links(numbers_of([miss], numbers))}</blockquote>"
        for miss in value.near_misses
    )
    if near:
        near = f'<p class="scoqa-near-title">{inert(NEAR)}</p>{near}{_sources(numbers)}'
    return (
        f'<div class="scoqa-silence"><p class="scoqa-silence-title">{inert(SILENCE)}</p>'
        f'<p class="scoqa-reason">{inert(reason_words(value))}</p>{near}</div>'
    )


def _where(citation: Citation) -> str:
    """Return path and place, each apart: a name turned round turns nothing of the other."""
    parts = (citation.path, place_words(citation))
    return " · ".join(f"<bdi>{inert(part)}</bdi>" for part in parts if part)


def _words(markup: str) -> str:
    """Return a document's words set apart: what turns their direction turns nothing of ours.

    The cells of a row stand apart, too: a tab alone would be shown as a space.
    """
    cells = markup.replace(_TAB, f'<span class="scoqa-tab">{_TAB}</span>')
    return f'<span class="scoqa-words">{cells}</span>'


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


def _links(numbers: Numbers) -> str:
    # No break before the first: a number alone on a line belongs to nothing.
    return "\u00a0" + " ".join(_link(number, each) for number, each in numbers.items())


def _link(number: int, citation: Citation) -> str:
    # Named for screen readers by talk.js: Gradio's sanitiser takes aria-label away.
    return f'<a class="scoqa-number" href="{inert(reference(citation))}">{number}</a>'


def _proof(citation: Citation) -> str:
    """Return what paper needs to find the characters again: it has no link to follow."""
    return f"{character_words(citation)} · {digest_words(citation)}"


def _sources(numbers: Numbers) -> str:
    items = "".join(
        f'<li class="scoqa-source">{_link(number, citation)}'
        f'<span class="scoqa-source-title" dir="auto">{inert(citation.title)}</span>'
        f'<span class="scoqa-source-place">{_where(citation)}</span>'
        f'<span class="scoqa-source-proof">{inert(_proof(citation))}</span></li>'
        for number, citation in numbers.items()
    )
    title = "Source" if len(numbers) == 1 else "Sources"
    return f'<p class="scoqa-sources-title">{title}</p><ul class="scoqa-sources">{items}</ul>'
