"""What the name and the attributes of an HTML element say of how it is shown.

Receives elements as lexbor gives them, and what styles say of them; hands on whether they are seen,
stand by themselves, keep their white space, and what is written before the items of lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scoqa.parse.common.numerals import format_numeral
from scoqa.parse.common.table import LONGEST_CELL
from scoqa.parse.web.styles import hides

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Attributes = Mapping[str, str | None]

SKIPPED = frozenset(
    "head title script style template noscript iframe noembed noframes object canvas audio video "
    "select datalist progress meter rp rt desc metadata defs annotation annotation-xml".split()
)
HEADINGS = {f"h{n}": n for n in range(1, 7)}
LINES = frozenset("li dt dd tr caption legend".split())
LISTS = frozenset("ul ol menu dir".split())
# Of formulas: which of an element's children, from 0, are lowered or raised.
SCRIPTS = {
    "msup": ("", "sup"),
    "msub": ("", "sub"),
    "msubsup": ("", "sub", "sup"),
}
PREFORMATTED = frozenset("pre textarea listing xmp plaintext".split())
_BLOCKS = (
    frozenset(
        "address article aside blockquote body center details dialog dir div dl fieldset "
        "figcaption figure footer form frameset header hgroup hr html main nav p search section "
        "summary table tbody td tfoot th thead".split()
    )
    | HEADINGS.keys()
    | LINES
    | LISTS
    | (PREFORMATTED - {"textarea"})
)

_KEPT_STYLE = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_BLOCK_DISPLAYS = ("block", "flex", "grid", "table")
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:([^;]*)", re.I)
_LIST_STYLES = {
    "none": "",
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
    "decimal": "1",
}
# What well-known style sheets never show: words for screen readers, links beside headings.
_HIDDEN_CLASSES = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text headerlink mw-editsection".split()
)
_UNMARKED_CLASSES = frozenset("breadcrumb breadcrumbs list-unstyled list-inline list-none".split())
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")


def get_classes(attributes: Attributes) -> set[str]:
    """Return the classes of an element."""
    return set((attributes.get("class") or "").split())


def is_hidden(tag: str, attributes: Attributes, style: Mapping[str, str]) -> bool:
    """Say whether an element is not seen.

    What is hidden from screen readers alone is an icon or said twice where it stands in a line; a
    whole box is so on pages that were saved while a dialog was open.
    """
    return (
        "hidden" in attributes
        or hides(style)
        or (attributes.get("aria-hidden") == "true" and tag not in _BLOCKS)
        or (tag == "dialog" and "open" not in attributes)
        or bool("class" in attributes and get_classes(attributes) & _HIDDEN_CLASSES)
    )


def is_block(tag: str, style: Mapping[str, str]) -> bool:
    """Say whether an element stands by itself, not in a line."""
    return tag in _BLOCKS or style.get("display", "").startswith(_BLOCK_DISPLAYS)


def keeps_space(tag: str, attributes: Attributes) -> bool:
    """Say whether white space in an element is shown as it is."""
    return tag in PREFORMATTED or _KEPT_STYLE.search(attributes.get("style") or "") is not None


def heading_level(tag: str, attributes: Attributes) -> int:
    """Return the level of a heading, 0 for any other element."""
    if attributes.get("role") == "heading":
        return min(max(parse_leading_number(attributes.get("aria-level"), 2), 1), 9)
    return HEADINGS.get(tag, 0)


def list_numbering(tag: str, attributes: Attributes) -> str:
    """Return how a list's items are numbered ("1", "a", "A", "i", "I"), "•" for a bullet or ""."""
    style = _LIST_STYLE.search(attributes.get("style") or "")
    for word in style[1].lower().split() if style else ():
        if word in _LIST_STYLES:
            return _LIST_STYLES[word]
    if tag == "menu" or get_classes(attributes) & _UNMARKED_CLASSES or "reversed" in attributes:
        return ""
    if tag == "ol":
        kind = attributes.get("type") or "1"
        return kind if kind in ("a", "A", "i", "I") else "1"
    return "•"


def format_item_marker(number: int, kind: str) -> str:
    """Return what stands before an item of a list numbered so: "3. ", "c. ", "iii. ", "• "."""
    if kind in ("", "•"):
        return kind and "• "
    return f"{format_numeral(number, kind, doubles=False)}. "


def parse_leading_number(value: str | None, default: int) -> int:
    """Return the number an attribute begins with, or `default`."""
    found = _NUMBER.match(value or "")
    return int(found[1]) if found else default


def is_data_table(table: LexborNode, role: str) -> bool:
    """Say whether a table has rows of data; many only lay a page out.

    Looks no further than the first table inside, so that nested ones cost no more than their size.
    """
    if role in ("presentation", "none"):
        return False
    headed = boxed = False
    rows = cells = most_cells = longest = length = 0
    above: list[LexborNode] = []
    node = table.first_child
    while node is not None:
        tag = node.tag or ""
        if tag == "table" or tag in HEADINGS:
            return False
        if tag == "tr":
            rows, cells = rows + 1, 0
        elif tag in ("td", "th"):
            cells, length = cells + 1, 0
            most_cells = max(most_cells, cells)
        elif node.is_text_node:
            length += len((node.text_content or "").strip())
            longest = max(longest, length)
        headed = headed or tag in ("th", "caption")
        boxed = boxed or tag in LISTS or tag in ("pre", "blockquote", "form")
        child = node.first_child
        if child is not None:
            above.append(node)
            node = child
            continue
        while node is not None and node.next is None:
            node = above.pop() if above else None
        node = None if node is None else node.next
    return most_cells > 1 and (headed or not (boxed or longest > LONGEST_CELL))


_EMPTY = re.compile(
    r"<((?!(?:area|base|br|col|hr|img|input|link|meta|wbr)\b)[^\s/<>!?]+)([^<>]*)/>"
)
_SUBSET = re.compile(r"(<!DOCTYPE[^\[>]{0,1000})\[[^\]]*\]\s*>", re.I)


def convert_to_html(markup: str) -> str:
    """Return XHTML as HTML: elements that end where they begin, CDATA, no declarations."""
    markup = _SUBSET.sub(r"\1>", markup, count=1)
    parts = markup.split("<![CDATA[")
    for place, part in enumerate(parts[1:], 1):
        data, end, rest = part.partition("]]>")
        parts[place] = data.replace("&", "&amp;").replace("<", "&lt;") + rest if end else part
    return _EMPTY.sub(r"<\1\2></\1>", "".join(parts))
