"""Determine from the name and attributes of an HTML element how a browser displays it.

Input: elements from lexbor and their style properties. Output: whether an element is visible, is a
block or keeps its white space, and the markers of list items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scoqa.parse.common.numerals import format_numeral
from scoqa.parse.common.table import LONGEST_CELL
from scoqa.parse.web.styles import hides_element

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
# MathML elements: for each child in order, whether it is a superscript, a subscript or neither.
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
_NO_BORDER = re.compile(r"border\s*:\s*(?:none|0)", re.I)
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
# Classes that well-known style sheets hide: text for screen readers, links next to headings.
_HIDDEN_CLASSES = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text headerlink mw-editsection".split()
)
_UNMARKED_CLASSES = frozenset("breadcrumb breadcrumbs list-unstyled list-inline list-none".split())
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")


def get_classes(attributes: Attributes) -> set[str]:
    """Return the set of classes of an element."""
    return set((attributes.get("class") or "").split())


def is_hidden(tag: str, attributes: Attributes, style: Mapping[str, str]) -> bool:
    """Return whether an element is hidden.

    Inline elements with aria-hidden are icons or duplicates, and count as hidden. Blocks do not: a
    page saved with an open dialog has aria-hidden on all its content.
    """
    return (
        "hidden" in attributes
        or hides_element(style)
        or (attributes.get("aria-hidden") == "true" and tag not in _BLOCKS)
        or (tag == "dialog" and "open" not in attributes)
        or bool("class" in attributes and get_classes(attributes) & _HIDDEN_CLASSES)
    )


def is_block(tag: str, style: Mapping[str, str]) -> bool:
    """Return whether an element is displayed as a block, not inline."""
    return tag in _BLOCKS or style.get("display", "").startswith(_BLOCK_DISPLAYS)


def is_quotation(tag: str, attributes: Attributes) -> bool:
    """Return whether an element is a quotation; mail programs also indent with <blockquote>."""
    style = attributes.get("style") or ""
    return tag == "blockquote" and ("class" in attributes or not _NO_BORDER.search(style))


def keeps_space(tag: str, attributes: Attributes) -> bool:
    """Return whether white space in an element is preserved."""
    return tag in PREFORMATTED or _KEPT_STYLE.search(attributes.get("style") or "") is not None


def heading_level(tag: str, attributes: Attributes) -> int:
    """Return the level of a heading, or 0 for other elements."""
    if attributes.get("role") == "heading":
        return min(max(parse_leading_number(attributes.get("aria-level"), 2), 1), 9)
    return HEADINGS.get(tag, 0)


def list_numbering(tag: str, attributes: Attributes) -> str:
    """Return the numbering of a list ("1", "a", "A", "i", "I"), "•" for bullets or "" for none."""
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
    """Return the marker of a list item in the numbering `kind`: "3. ", "c. ", "iii. ", "• "."""
    if kind in ("", "•"):
        return kind and "• "
    return f"{format_numeral(number, kind, doubles=False)}. "


def parse_leading_number(value: str | None, default: int) -> int:
    """Return the integer at the start of an attribute, or `default` without one."""
    match = _NUMBER.match(value or "")
    return int(match[1]) if match else default


def is_data_table(table: LexborNode, role: str) -> bool:
    """Return whether a table contains rows of data and is not used for page layout.

    The search stops at the first nested table, so that nested tables take linear time.
    """
    if role in ("presentation", "none"):
        return False
    has_header = has_blocks = False
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
        has_header = has_header or tag in ("th", "caption")
        has_blocks = has_blocks or tag in LISTS or tag in ("pre", "blockquote", "form")
        child = node.first_child
        if child is not None:
            above.append(node)
            node = child
            continue
        while node is not None and node.next is None:
            node = above.pop() if above else None
        node = None if node is None else node.next
    return most_cells > 1 and (has_header or not (has_blocks or longest > LONGEST_CELL))


_EMPTY = re.compile(
    r"<((?!(?:area|base|br|col|hr|img|input|link|meta|wbr)\b)[^\s/<>!?]+)([^<>]*)/>"
)
_SUBSET = re.compile(r"(<!DOCTYPE[^\[>]{0,1000})\[[^\]]*\]\s*>", re.I)


def convert_to_html(markup: str) -> str:
    """Convert XHTML to HTML: expand self-closing elements and CDATA, drop DTD declarations."""
    markup = _SUBSET.sub(r"\1>", markup, count=1)
    parts = markup.split("<![CDATA[")
    for index, part in enumerate(parts[1:], 1):
        data, end, rest = part.partition("]]>")
        parts[index] = data.replace("&", "&amp;").replace("<", "&lt;") + rest if end else part
    return _EMPTY.sub(r"<\1\2></\1>", "".join(parts))
