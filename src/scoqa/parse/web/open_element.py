"""Describe an element of a page while its content is walked.

Input: the element's tag and attributes, set by scoqa.parse.web.markup. Output: an `OpenElement`.
"""

from __future__ import annotations

from dataclasses import dataclass

_IN_ARTICLE = frozenset("article main section blockquote figure".split())


@dataclass(slots=True)
class OpenElement:
    """An open element, and the counts at its start."""

    tag: str
    role: str
    names: str
    blocks: int = 0
    parts: int = 0
    characters: int = 0
    links: int = 0
    is_block: bool = False
    is_preformatted: bool = False  # its white space is preserved
    is_flat: bool = False  # its content is a single line
    is_data: bool = False
    is_quote: bool = False
    is_struck: bool = False
    is_link: bool = False
    is_place: bool = False  # it is a link to a place in a page
    is_note: bool = False  # it is a link to a note
    children: int = 0
    is_operand: bool = False  # it is an operand of a fraction
    shift: str = ""  # "sup" for a superscript, "sub" for a subscript
    level: int = 0
    numbering: str = ""
    next_number: int = 1
    span: tuple[int, int] = (1, 1)  # the columns and rows that a cell covers

    @property
    def in_article(self) -> bool:
        return self.tag in _IN_ARTICLE or self.role in ("main", "article")
