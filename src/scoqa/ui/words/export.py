"""Export a conversation or a single citation as plain text or Markdown.

Input: turns and citations. Output: text with exact quotes, in which all characters of documents
are escaped. Wording and citation numbers are the same as in the chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from scoqa.silence_wording import NEAR_MISSES, SILENCE
from scoqa.types import Answer, Citation, Turn
from scoqa.ui.words.markdown_escaping import (
    blockquote,
    destination,
    inline,
    replace_impossible,
    to_single_line,
)
from scoqa.ui.words.numbering import Numbers, group_by_sentence, number_citations, select_numbers
from scoqa.ui.words.wording import (
    ROOT,
    character_words,
    confidence_words,
    digest_words,
    place_words,
    reason_words,
)

FOOT = (
    "Every quote is a slice of its document, the answer's own words in bold. Characters are"
    " counted from 0 in Unicode code points, the last one not included; sha256 is the digest of"
    " the file's bytes."
)
NOTHING_ASKED = "Nothing has been asked yet."
NOT_AN_ANSWER = "not an answer"

Link = Callable[[Citation], str]


def citation_text(citation: Citation, link: str | None = None, *, date: str | None = None) -> str:
    """Return the exact quote and its place as plain text.

    date: the date line found in the document; link: a URL that opens the place. Both are left
    out if None.
    """
    place = [citation.title, date, citation.path, _place(citation), digest_words(citation), link]
    lines = [to_single_line(part) for part in place if part is not None]
    return "\n".join([f"“{replace_impossible(citation.quote)}”", "", *filter(None, lines)]) + "\n"


def citation_markdown(
    citation: Citation, link: str | None = None, *, date: str | None = None
) -> str:
    """Return the quote as a Markdown blockquote, followed by a line with its place.

    date: the date line found in the document; link: a URL that opens the place. Both are left
    out if None.
    """
    source = " · ".join(_source_parts(citation, link, date))
    return f"{blockquote(citation.quote)}\n\n— {source}\n"


def conversation_markdown(
    turns: Sequence[Turn],
    *,
    title: str,
    when: datetime | None = None,
    link: Link | None = None,
) -> str:
    """Return a conversation as Markdown, with the numbers and wording of the chat.

    title: the folder's name; when: the time of the export; link: returns the URL that opens a
    citation's place.
    """
    blocks = [f"# {inline(title) or 'scoqa'}"]
    if when is not None:
        blocks.append(when.isoformat(sep=" ", timespec="minutes"))
    for turn in turns:
        blocks.append(f"## {inline(turn.question)}")
        if turn.collection is not None:
            blocks.append(f"Asked in {inline(turn.collection or ROOT)}")
        answer = turn.answer
        found = answer.answered and answer.citations
        blocks += _answer_blocks(answer, link) if found else _silence_blocks(answer, link)
    blocks += ["---", FOOT] if turns else [NOTHING_ASKED]
    return "\n\n".join(blocks) + "\n"


def _answer_blocks(answer: Answer, link: Link | None) -> Iterator[str]:
    numbers = number_citations(answer)
    for group in group_by_sentence(answer.citations):
        first = group[0]
        offset = first.sentence_start
        quotes = [(citation.start - offset, citation.end - offset) for citation in group]
        references = _format_numbers(select_numbers(group, numbers))
        yield f"{blockquote(first.sentence, quotes)}\n>\n> — {references}"
    yield confidence_words(answer)
    yield from _format_sources(numbers, link)


def _silence_blocks(answer: Answer, link: Link | None) -> Iterator[str]:
    yield f"**{SILENCE}.** {reason_words(answer)}"
    if answer.near_misses:
        numbers = number_citations(answer)
        yield f"{NEAR_MISSES}:"
        for miss in answer.near_misses:
            # Repeated for each passage: passages are easily copied out of the list.
            mark = f"{_format_numbers(select_numbers([miss], numbers))}, {NOT_AN_ANSWER}"
            yield f"{blockquote(miss.sentence)}\n>\n> — {mark}"
        yield from _format_sources(numbers, link)


def _format_numbers(numbers: Numbers) -> str:
    # On a separate line, so that direction overrides in the sentence cannot move the numbers.
    return " ".join(f"[{number}]" for number in numbers)


def _format_sources(numbers: Numbers, link: Link | None) -> tuple[str, str]:
    """Return the title and the numbered list of the sources, as two Markdown blocks."""
    items = []
    for number, citation in numbers.items():
        url = None if link is None else link(citation)
        title, *place = _source_parts(citation, url, None)
        # Indented, so that Markdown keeps both lines in one item.
        line_break = "\\\n" + " " * len(f"{number}. ")
        items.append(f"{number}. {title}{line_break}{' · '.join(place)}")
    return "Source:" if len(items) == 1 else "Sources:", "\n".join(items)


def _source_parts(citation: Citation, link: str | None, date: str | None) -> list[str]:
    """Return title, date (unless None), path, place and digest of a citation as Markdown."""
    title = inline(citation.title, begins=link is None) or inline(citation.path, begins=True)
    return [
        title if link is None else f"[{title}]({destination(link)})",
        *([] if date is None else [inline(date)]),
        inline(citation.path, begins=True),  # it starts a line of a list item
        inline(_place(citation)),
        inline(digest_words(citation)),
    ]


def _place(citation: Citation) -> str:
    return " · ".join(part for part in (place_words(citation), character_words(citation)) if part)
