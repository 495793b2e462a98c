"""Render answers, questions and messages as HTML for the chat, with all their text escaped.

Input: an answer, a question or a message. Output: one line of HTML. Quotes are slices of
documents; all other text is from this module, scoqa.silence_wording and scoqa.ui.words.wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoqa.cells import find_cells
from scoqa.silence_wording import NEAR_MISSES, SILENCE
from scoqa.types import Answer, Citation
from scoqa.ui.source.viewer import citation_link
from scoqa.ui.words.numbering import Numbers, group_by_sentence, number_citations, select_numbers
from scoqa.ui.words.wording import (
    ROOT,
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

# Only ASCII punctuation and line ends are active in Markdown, and some of those in HTML. As
# numeric references they are plain text in both, and the markup stays one line, which Markdown
# treats as one block. Characters beyond ASCII are left unchanged, because HTML reads &#128; to
# &#159; as other characters.
_ACTIVE = re.compile(r"[^0-9A-Za-z \u007f-\U0010ffff]")


def escape(text: str) -> str:
    """Escape `text`, so that Markdown, HTML and attribute values show exactly that text."""
    return _ACTIVE.sub(lambda match: f"&#{ord(match[0])};", text)


_TAB = escape("\t")


def render_question(text: str, collection: str | None = None) -> str:
    """Return the markup of a question, with the collection it was asked in unless None."""
    markup = f'<h2 class="scoqa-question" dir="auto">{escape(text)}</h2>'
    if collection is None:
        return markup
    name = f"<bdi>{escape(collection or ROOT)}</bdi>"
    return f'<div>{markup}<p class="scoqa-within">Asked in {name}</p></div>'


def render_pending(sentence: str) -> str:
    """Return the markup of a question in progress; `sentence` describes the current step."""
    return f'<p class="scoqa-pending">{escape(sentence)}</p>'


def render_problem(sentence: str) -> str:
    """Return the markup of an error message."""
    return f'<p class="scoqa-problem" dir="auto">{escape(sentence)}</p>'


def render_answer(answer: Answer) -> str:
    """Return the markup of an answer, or of a silence with its reason and near misses."""
    found = answer.answered and answer.citations
    return _render_citations(answer) if found else _render_silence(answer)


def _render_citations(answer: Answer) -> str:
    numbers = number_citations(answer)
    quotes = "".join(
        f'<blockquote class="scoqa-snippet" dir="auto">{_render_quotes(group)}'
        f"{_render_links(select_numbers(group, numbers))}</blockquote>"
        for group in group_by_sentence(answer.citations)
    )
    return (
        f'<div class="scoqa-answer">{quotes}'
        f'<p class="scoqa-confidence">{escape(confidence_words(answer))}</p>'
        f"{_render_sources(numbers)}</div>"
    )


def _render_silence(answer: Answer) -> str:
    numbers = number_citations(answer)
    near = "".join(
        f'<blockquote class="scoqa-near" dir="auto">{_render_quotes([miss], is_marked=False)}'
        f"{_render_links(select_numbers([miss], numbers))}</blockquote>"
        for miss in answer.near_misses
    )
    if near:
        title = f'<p class="scoqa-near-title">{escape(NEAR_MISSES)}</p>'
        near = f"{title}{near}{_render_sources(numbers)}"
    return (
        f'<div class="scoqa-silence"><p class="scoqa-silence-title">{escape(SILENCE)}</p>'
        f'<p class="scoqa-reason">{escape(reason_words(answer))}</p>{near}</div>'
    )


def _render_place(citation: Citation) -> str:
    """Return path and place, isolated so that neither changes the direction of the other."""
    parts = (citation.path, place_words(citation))
    return " · ".join(f"<bdi>{escape(part)}</bdi>" for part in parts if part)


def _isolate(markup: str) -> str:
    """Wrap a document's words, so that their direction does not affect the text around them.

    The tab between two cells of a row is wrapped too: HTML would show it as a single space.
    """
    cells = markup.replace(_TAB, f'<span class="scoqa-tab">{_TAB}</span>')
    return f'<span class="scoqa-words">{cells}</span>'


def _render_quotes(group: Sequence[Citation], *, is_marked: bool = True) -> str:
    """Return the sentence of `group` with its quotes marked; a row of a table as a table.

    The names of columns stand outside of the words that are quoted.
    """
    first = group[0]
    sentence, names = first.sentence, first.columns
    if not any(names) or "\t" not in sentence or "\n" in sentence:
        return _isolate(_render_range(group, 0, len(sentence), is_marked=is_marked))
    cells = list(find_cells(sentence, 0, len(sentence)))
    head = "".join(
        f"<th>{escape(names[cell.column] if cell.column < len(names) else '')}</th>"
        for cell in cells
    )
    row = "".join(
        f"<td>{_isolate(_render_range(group, cell.start, cell.end, is_marked=is_marked))}</td>"
        for cell in cells
    )
    return (
        '<div class="scoqa-table"><table><thead><tr>'
        f"{head}</tr></thead><tbody><tr>{row}</tr></tbody></table></div>"
    )


def _render_range(group: Sequence[Citation], start: int, end: int, *, is_marked: bool) -> str:
    """Return sentence[start:end] of `group`, with the parts of its quotes marked."""
    first = group[0]
    parts, position = [], start
    for citation in group if is_marked else ():
        low = max(start, citation.start - first.sentence_start)
        high = min(end, citation.end - first.sentence_start)
        if low < high:
            before = first.sentence[position:low]
            parts.append(f"{escape(before)}<mark>{escape(first.sentence[low:high])}</mark>")
            position = high
    return "".join((*parts, escape(first.sentence[position:end])))


def _render_links(numbers: Numbers) -> str:
    # No line break before the first number: alone on a line it would refer to nothing.
    links = (_render_link(number, citation) for number, citation in numbers.items())
    return "\u00a0" + " ".join(links)


def _render_link(number: int, citation: Citation) -> str:
    # talk.js names it for screen readers, because Gradio's sanitizer removes aria-label.
    return f'<a class="scoqa-number" href="{escape(citation_link(citation))}">{number}</a>'


def _proof(citation: Citation) -> str:
    """Return offsets and digest, with which the quote can be found again from a printed page."""
    return f"{character_words(citation)} · {digest_words(citation)}"


def _render_sources(numbers: Numbers) -> str:
    items = "".join(
        f'<li class="scoqa-source">{_render_link(number, citation)}'
        f'<span class="scoqa-source-title" dir="auto">{escape(citation.title)}</span>'
        f'<span class="scoqa-source-place">{_render_place(citation)}</span>'
        f'<span class="scoqa-source-proof">{escape(_proof(citation))}</span></li>'
        for number, citation in numbers.items()
    )
    title = "Source" if len(numbers) == 1 else "Sources"
    return f'<p class="scoqa-sources-title">{title}</p><ul class="scoqa-sources">{items}</ul>'
