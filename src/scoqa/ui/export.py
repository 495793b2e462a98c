"""A conversation, or one citation, as text to take away: plain, or Markdown.

Receives turns and citations; hands on text whose quotes are exact and in which no character of a
document can act. Words and numbers are those of the chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from scoqa.types import Answer, Citation, Turn
from scoqa.ui.markdown import blockquote, destination, inline, label, possible

FOOT = (
    "Every quote is a slice of its document, the answer's own words in bold. Characters are"
    " counted from 0 in Unicode code points, the last one not included; sha256 is the digest of"
    " the file's bytes."
)
NOTHING_ASKED = "Nothing has been asked yet."
NOT_AN_ANSWER = "not an answer"

Link = Callable[[Citation], str]


def citation_text(citation: Citation, link: str | None = None, *, date: str | None = None) -> str:
    """Return the quote, to the character, and where it stands, as plain text.

    date: the document's own date line; link: what opens the place. Both are left out if None.
    """
    where = [citation.title, date, citation.path, _where(citation), _digest(citation), link]
    lines = [label(each) for each in where if each is not None]
    return "\n".join([f"“{possible(citation.quote)}”", "", *filter(None, lines)]) + "\n"


def citation_markdown(
    citation: Citation, link: str | None = None, *, date: str | None = None
) -> str:
    """Return the quote as a Markdown blockquote, then a line saying where it stands.

    date: the document's own date line; link: what opens the place. Both are left out if None.
    """
    source = " · ".join(_source(citation, link, date))
    return f"{blockquote(citation.quote)}\n\n— {source}\n"


def conversation_markdown(
    turns: Sequence[Turn],
    *,
    title: str,
    when: datetime | None = None,
    link: Link | None = None,
) -> str:
    """Return a conversation as Markdown, numbered and worded as the chat shows it.

    title: the folder's name; when: the time of the export; link: what opens a citation's place.
    """
    blocks = [f"# {inline(title) or 'scoqa'}"]
    if when is not None:
        blocks.append(when.isoformat(sep=" ", timespec="minutes"))
    for turn in turns:
        blocks.append(f"## {inline(turn.question)}")
        value = turn.answer
        found = value.answered and value.citations
        blocks += _found(value, link) if found else _silent(value, link)
    blocks += ["---", FOOT] if turns else [NOTHING_ASKED]
    return "\n\n".join(blocks) + "\n"


def _found(value: Answer, link: Link | None) -> Iterator[str]:
    from scoqa.ui.render import CONFIDENCE, _numbered, _snippets

    numbers = _numbered(each for first in value.citations for each in (first, *first.also_in))
    for group in _snippets(value.citations):
        first = group[0]
        offset = first.sentence_start
        lit = [(each.start - offset, each.end - offset) for each in group]
        yield f"{blockquote(first.sentence, lit)}\n>\n> — {_numbers(numbers, group)}"
    yield next(words for least, words in CONFIDENCE if value.confidence >= least or not least)
    yield from _sources(numbers, link)


def _silent(value: Answer, link: Link | None) -> Iterator[str]:
    from scoqa.ui.render import NEAR, REASONS, SILENCE, _numbered

    yield f"**{SILENCE}.** {REASONS[value.reason or 'no_evidence']}"
    if value.near_misses:
        numbers = _numbered(value.near_misses)
        yield f"{NEAR}:"
        for miss in value.near_misses:
            # Said at each: a passage is easily copied out of its list.
            mark = f"{_numbers(numbers, [miss])}, {NOT_AN_ANSWER}"
            yield f"{blockquote(miss.sentence)}\n>\n> — {mark}"
        yield from _sources(numbers, link)


def _numbers(numbers: dict[int, Citation], group: Sequence[Citation]) -> str:
    """Return the numbers of a snippet: its own places, and where else the same words stand."""
    from scoqa.ui.render import _place

    places = {_place(each) for first in group for each in (first, *first.also_in)}
    # On a line of their own, so that no direction set by hand in the sentence moves them.
    return " ".join(f"[{number}]" for number, each in numbers.items() if _place(each) in places)


def _sources(numbers: dict[int, Citation], link: Link | None) -> tuple[str, str]:
    items = []
    for number, each in numbers.items():
        shown, *where = _source(each, None if link is None else link(each), None)
        # The lines of an item are held together by their indentation.
        under = "\\\n" + " " * len(f"{number}. ")
        items.append(f"{number}. {shown}{under}{' · '.join(where)}")
    return "Source:" if len(items) == 1 else "Sources:", "\n".join(items)


def _source(citation: Citation, link: str | None, date: str | None) -> list[str]:
    """Return title, date, path, place and digest, as Markdown."""
    title = inline(citation.title, begins=link is None) or inline(citation.path, begins=True)
    return [
        title if link is None else f"[{title}]({destination(link)})",
        *([] if date is None else [inline(date)]),
        inline(citation.path, begins=True),  # a line of a list's item
        inline(_where(citation)),
        inline(_digest(citation)),
    ]


def _where(citation: Citation) -> str:
    from scoqa.ui.viewer import place_words

    return f"{place_words(citation)} · characters {citation.start}–{citation.end}"


def _digest(citation: Citation) -> str:
    return f"sha256 {citation.digest}"
