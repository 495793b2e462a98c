"""Find the headers, footers and comments of a Word document.

Input: the parts of a .docx file. Output: the names of the parts with headers and footers that Word
displays, their paragraphs without page numbers, and the number of comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from scoqa.parse.common.blocks import Block
from scoqa.parse.office.opc import Relation
from scoqa.parse.office.word_styles import find_child, get_value, is_on, qualified_name

if TYPE_CHECKING:
    from lxml.etree import _Element

_KINDS = ("w:headerReference", "w:footerReference")  # in this order
_PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
PAGE_NUMBER = "\ufffc"  # U+FFFC stands for an object that is no text


def find_margin_parts(
    body: _Element | None, settings: _Element | None, relations: dict[str, Relation]
) -> list[str]:
    """Return the parts with the headers, then the footers, that Word displays; each once."""
    has_even = is_on(find_child(settings, "w:evenAndOddHeaders"))
    parts: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for section in () if body is None else body.iter():
        if qualified_name(section) != "w:sectPr":
            continue
        has_first = is_on(find_child(section, "w:titlePg"))
        shown = {"first": has_first, "even": has_even}
        for reference in section:
            relation = relations.get(get_value(reference, "id") or "")
            kind = qualified_name(reference)
            if kind in parts and relation and shown.get(get_value(reference, "type") or "", True):
                parts[kind].append(relation.part)
    return list(dict.fromkeys(part for kind in _KINDS for part in parts[kind]))


def mark_page_numbers(root: _Element) -> None:
    """Replace the page numbers in a header or footer by PAGE_NUMBER."""
    codes: list[str] = []  # of the open fields
    results: list[bool] = []  # for each of them, whether its result, a page number, has started
    for part in root.iter():
        name = qualified_name(part)
        kind = get_value(part, "fldCharType") if name == "w:fldChar" else None
        if name == "w:fldSimple" and _PAGE_FIELD.match(get_value(part, "instr") or ""):
            for text in part.iter():
                if qualified_name(text) == "w:t":
                    text.text = PAGE_NUMBER
        elif kind == "begin":
            codes.append("")
            results.append(False)
        elif kind == "separate" and codes:
            results[-1] = _PAGE_FIELD.match(codes[-1]) is not None
        elif kind == "end" and codes:
            codes.pop()
            results.pop()
        elif name == "w:instrText" and codes:
            codes[-1] += part.text or ""
        elif name == "w:t" and any(results):
            part.text = PAGE_NUMBER


def select_margin_blocks(blocks: Iterable[Block], body: Iterable[Block]) -> list[Block]:
    """Return the paragraphs of headers and footers, each once.

    Left out are parts of a line with a page number, and paragraphs that `body` contains.
    """
    seen = {_normalize(block.text) for block in body}
    selected: list[Block] = []
    for block in blocks:
        text = "\n".join(filter(None, map(_remove_page_number, block.text.split("\n"))))
        if text and _normalize(text) not in seen:
            seen.add(_normalize(text))
            selected.append(Block(text))
    return selected


def _remove_page_number(line: str) -> str:
    """Return a line without the part, between tabs, that contains a page number."""
    return "\t".join(part for part in line.split("\t") if PAGE_NUMBER not in part).strip()


def _normalize(text: str) -> str:
    return " ".join(text.split()).casefold()


def count_comments(comments: _Element | None) -> int:
    """Return how many comments contain text."""
    return sum(
        any(qualified_name(part) == "w:t" and part.text for part in comment.iter())
        for comment in (() if comments is None else comments)
    )
