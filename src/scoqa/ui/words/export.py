"""A conversation, or one citation, as text to take away: plain, or Markdown.

Receives turns and citations; hands on text whose quotes are exact and in which no character of a
document can act. Words and numbers are those of the chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from scoqa.types import Answer, Citation, Turn
from scoqa.ui.words.markdown_escaping import blockquote, destination, inline, label, possible
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
    where = [citation.title, date, citation.path, _where(citation), digest_words(citation), link]
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
        if turn.collection is not None:
            blocks.append(f"Asked in {inline(turn.collection or ROOT)}")
        value = turn.answer
        found = value.answered and value.citations
        blocks += _found(value, link) if found else _silent(value, link)
    blocks += ["---", FOOT] if turns else [NOTHING_ASKED]
    return "\n\n".join(blocks) + "\n"


def _found(value: Answer, link: Link | None) -> Iterator[str]:
    numbers = numbered(value)
    for group in snippets(value.citations):
        first = group[0]
        offset = first.sentence_start
        lit = [(each.start - offset, each.end - offset) for each in group]
        yield f"{blockquote(first.sentence, lit)}\n>\n> — {_numbers(numbers_of(group, numbers))}"
    yield confidence_words(value)
    yield from _sources(numbers, link)


def _silent(value: Answer, link: Link | None) -> Iterator[str]:
    yield f"**{SILENCE}.** {reason_words(value)}"
    if value.near_misses:
        numbers = numbered(value)
        yield f"{NEAR}:"
        for miss in value.near_misses:
            # Said at each: a passage is easily copied out of its list.
            mark = f"{_numbers(numbers_of([miss], numbers))}, {NOT_AN_ANSWER}"
            yield f"{blockquote(miss.sentence)}\n>\n> — {mark}"
        yield from _sources(numbers, link)


def _numbers(numbers: Numbers) -> str:
    # On a line of their own, so that no direction set by hand in the sentence moves them.
    return " ".join(f"[{number}]" for number in numbers)


def _sources(numbers: Numbers, link: Link | None) -> tuple[str, str]:
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
        inline(digest_words(citation)),
    ]


def _where(citation: Citation) -> str:
    return " · ".join(part for part in (place_words(citation), character_words(citation)) if part)
