"""Convert HTML to blocks of visible text, as a browser displays it.

Input: markup as text. Output: its title, its dates and its blocks in reading order. lexbor parses
it by the HTML standard; the tree is walked without recursion, because pages may nest deeply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from scoqa.parse.common.blocks import LINE, PARAGRAPH, Block, Boilerplate
from scoqa.parse.common.text_decoding import storable
from scoqa.parse.web.boilerplate import Element, rate_boilerplate
from scoqa.parse.web.elements import (
    LINES,
    LISTS,
    SCRIPTS,
    SKIPPED,
    Attributes,
    convert_to_html,
    format_item_marker,
    heading_level,
    is_block,
    is_data_table,
    is_hidden,
    keeps_space,
    list_numbering,
    parse_leading_number,
)
from scoqa.parse.web.inline import SPACE, Inline
from scoqa.parse.web.styles import Styles, find_shift, is_for_screens

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_IN_ARTICLE = frozenset("article main section blockquote figure".split())
_CELLS = frozenset("td th".split())

_FORMULAS = SCRIPTS.keys() | {"mfrac"}  # white space between their children is ignored
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufeff\u00ad\u034f]*")  # a block of these is blank
_BULLETS = tuple("•◦▪‣·*-–—")
_DATE_ELEMENTS = (
    'meta[property="article:published_time"], meta[name="date" i], meta[name="dc.date" i], '
    'meta[name="dcterms.date" i], meta[name="pubdate" i], meta[itemprop="datePublished"], '
    "time[datetime]"
)
MOST_DATES = 10


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """The visible content of a page. title: its <title>, or None. dates: as in its markup."""

    title: str | None
    dates: tuple[str, ...]
    blocks: tuple[Block, ...]


def parse_page(
    markup: str,
    *,
    xml: bool = False,
    line: str = PARAGRAPH,
    linked: Callable[[str], str] | None = None,
) -> HtmlPage:
    """Return the visible content of `markup`.

    Parameters
    ----------
    xml
        Whether it is XHTML, where <p/> is a complete element.
    line
        The gap between two div elements, which are lines in e-mails and blocks elsewhere.
    linked
        Returns the style sheet at a link, or "" if there is none. Without it, only the style
        sheets inside the page are used.
    """
    from selectolax.lexbor import LexborHTMLParser

    markup = storable(markup.replace("\r\n", "\n").replace("\r", "\n"))
    parser = LexborHTMLParser(convert_to_html(markup) if xml else markup)
    names = (
        node.text()
        for node in parser.css("title")
        if node.parent is not None and node.parent.tag in ("head", "body")
    )
    title = SPACE.sub(" ", next(names, "")).strip()
    dates = (
        node.attributes.get("datetime" if node.tag == "time" else "content") or ""
        for node in parser.css(_DATE_ELEMENTS)[:MOST_DATES]
    )
    blocks = (
        ()
        if parser.root is None
        else _LayoutWalker(line, Styles(_find_sheets(parser, linked))).walk(parser.root)
    )
    return HtmlPage(title or None, tuple(dates), tuple(blocks))


def _find_sheets(parser: LexborHTMLParser, linked: Callable[[str], str] | None) -> Iterator[str]:
    """Yield the style sheets of a page, in order."""
    for node in parser.css("style, link"):
        attributes = node.attributes
        # Browsers run scripts, so the content of <noscript> is ignored.
        is_ignored = node.parent is not None and node.parent.tag == "noscript"
        if is_ignored or not is_for_screens(attributes.get("media") or ""):
            continue
        if node.tag == "style":
            yield node.text()
        elif linked is not None:
            kinds = (attributes.get("rel") or "").lower().split()
            if "stylesheet" in kinds and "alternate" not in kinds:
                yield linked(attributes.get("href") or "")


@dataclass(slots=True)
class _OpenElement:
    """An open element, and the counts at its start."""

    tag: str
    role: str
    names: str
    blocks: int = 0
    parts: int = 0
    characters: int = 0
    links: int = 0
    is_block: bool = False
    is_kept: bool = False  # its white space is preserved
    is_flat: bool = False  # its content is a single line
    is_data: bool = False
    is_link: bool = False
    is_place: bool = False  # it is a link to a place in a page
    is_note: bool = False  # it is a link to a note
    children: int = 0
    is_operand: bool = False  # it is an operand of a fraction
    shift: str = ""  # "sup" for a superscript, "sub" for a subscript
    level: int = 0
    numbering: str = ""
    next_number: int = 1

    @property
    def in_article(self) -> bool:
        return self.tag in _IN_ARTICLE or self.role in ("main", "article")


class _LayoutWalker:
    """Walks the elements of a page and builds its blocks as a browser lays them out."""

    def __init__(self, line: str, styles: Styles) -> None:
        self.line = line
        self.styles = styles
        self.blocks: list[Block] = []
        self.asides: list[tuple[int, int, Boilerplate]] = []
        self.open: list[_OpenElement] = []
        self.lists: list[_OpenElement] = []
        self.count = dict.fromkeys("link kept flat data article li sup nav".split(), 0)
        self.last = dict.fromkeys("heading h1 main article".split(), -1)  # index of the last block
        self.characters = 0
        self.links = 0
        self.inline = Inline()  # the text of the current block
        self.level = 0
        self.gap = PARAGRAPH
        self.marker = ""
        self.cells: list[str] = []

    def walk(self, root: LexborNode) -> Iterator[Block]:
        """Yield the blocks below `root`."""
        above: list[LexborNode] = []
        node: LexborNode | None = root
        while node is not None:
            if node.is_text_node:
                self.add(node.text_content or "")
            elif node.is_element_node and self.open_element(node):
                child = node.first_child
                if child is not None:
                    above.append(node)
                    node = child
                    continue
                self.close_element()
            while node is not None and node.next is None:
                node = above.pop() if above else None
                if node is not None:
                    self.close_element()
            node = None if node is None else node.next
        self.add_block()
        levels = [0] * len(self.blocks)
        for level in (level for level in Boilerplate if level):
            steps = [0] * (len(self.blocks) + 1)
            for start, end, aside_level in self.asides:
                if aside_level == level:
                    steps[start] += 1
                    steps[end] -= 1
            covered = accumulate(steps)
            levels = [
                max(old, level * (new > 0)) for old, new in zip(levels, covered, strict=False)
            ]
        for block, block_level in zip(self.blocks, levels, strict=True):
            yield replace(block, boilerplate=Boilerplate(block_level)) if block_level else block

    def add(self, text: str) -> None:
        """Add text of the source to the current block."""
        kept = self.count["kept"] > 0
        in_formula = bool(self.open) and self.open[-1].tag in _FORMULAS
        if kept or not in_formula or not SPACE.fullmatch(text):
            self.inline.add(text, kept=kept, linked=self.count["link"] > 0)

    def open_element(self, node: LexborNode) -> bool:
        """Open an element. Returns False if its children must not be visited."""
        tag = node.tag or ""
        if tag == "br":
            self.add_line_end()
            return False
        attributes = node.attributes
        if tag in SKIPPED:
            return False
        style = self.styles.get_style(tag, attributes)
        if is_hidden(tag, attributes, style):
            return False
        role = (attributes.get("role") or "").strip().lower()
        opened = _OpenElement(
            tag, role, f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        )
        above = self.open[-1] if self.open else opened
        self.open.append(opened)
        is_way_past = tag == "a" and "skip" in opened.names.lower()
        opened.is_block = is_way_past or is_block(tag, style)
        if opened.is_block:
            self.end_block(tag)
        opened.blocks, opened.parts = len(self.blocks), len(self.inline)
        opened.characters, opened.links = self.characters, self.links
        opened.is_kept = keeps_space(tag, attributes)
        self.count["kept"] += opened.is_kept
        for name in {tag, role} & {"h1", "main", "article"}:
            self.last[name] = len(self.blocks)
        self.count["article"] += opened.in_article
        if tag in ("a", "button") or role == "button":
            self.count["link"] += 1
            opened.is_link = True
            kind = f"{attributes.get('epub:type')} {role}"
            opened.is_note = "noteref" in kind
            opened.is_place = "#" in (attributes.get("href") or "")
        elif tag in LISTS:
            opened.numbering = "" if self.count["nav"] else list_numbering(tag, attributes)
            opened.next_number = parse_leading_number(attributes.get("start"), 1)
            self.lists.append(opened)
        elif tag == "li":
            self.start_item(attributes)
        elif tag == "table":
            opened.is_data = is_data_table(node, role)
            self.count["data"] += opened.is_data
        elif tag == "tr":
            self.cells = []
        elif tag in _CELLS or tag == "caption":
            opened.is_flat = self.count["data"] > 0
        opened.shift = "" if opened.is_block else find_shift(tag, style)
        opened.shift = "".join(SCRIPTS.get(above.tag, ())[above.children :][:1]) or opened.shift
        opened.is_operand = above.tag == "mfrac"
        if opened.is_operand:
            self.add("/" if above.children else " (")
            opened.parts = len(self.inline)
        above.children += 1
        self.count["sup"] += opened.shift == "sup"
        if tag in ("nav", "li"):
            self.count[tag] += 1
        level = heading_level(tag, attributes)
        if level and opened.is_block and not self.count["flat"]:
            opened.level = self.level = level
            opened.is_flat = True
            self.last["heading"] = len(self.blocks)
        self.count["flat"] += opened.is_flat
        return True

    def close_element(self) -> None:
        """Close the element that was opened last."""
        ended = self.open.pop()
        tag = ended.tag
        self.count["kept"] -= ended.is_kept
        self.count["article"] -= ended.in_article
        self.count["flat"] -= ended.is_flat
        self.count["link"] -= ended.is_link
        self.count["sup"] -= ended.shift == "sup"
        if tag in ("nav", "li"):
            self.count[tag] -= 1
        if ended.is_link:
            is_raised = self.count["sup"] > 0 or self.inline.has_superscript(ended.parts)
            if ended.is_note or (ended.is_place and is_raised):
                self.inline.bracket_note(ended.parts)
        elif ended.shift:
            is_whole = len(self.blocks) == ended.blocks
            self.inline.shift(ended.parts, lowered=ended.shift == "sub", is_whole=is_whole)
        elif ended.is_operand:
            operand = self.inline.get_text_from(ended.parts).strip()
            if operand and not operand.isalnum():
                self.inline.replace_from(f"({operand})", ended.parts)
        elif tag == "mfrac" and ended.children:
            self.inline.replace_from(")", len(self.inline))
        elif tag in _CELLS and self.count["data"]:
            self.cells.append(self.inline.take_line())
        elif tag == "tr" and self.count["data"]:
            self.inline.set_row("\t".join(self.cells))
        if ended.is_block:
            self.end_block(tag)
        if ended.level:
            self.level = 0
        elif tag == "li":
            self.marker = ""
        elif tag in LISTS:
            self.lists.pop()
        self.count["data"] -= ended.is_data
        if ended.is_block and self.characters > ended.characters:
            self.rate_element(ended)

    def rate_element(self, ended: _OpenElement) -> None:
        """Record the blocks of a closed element as an aside if it is boilerplate."""
        element = Element(
            ended.tag,
            ended.role,
            ended.names,
            self.characters - ended.characters,
            self.links - ended.links,
            len(self.blocks) - ended.blocks,
            self.count["article"] > 0,
            frozenset(name for name, at in self.last.items() if at >= ended.blocks),
        )
        if level := rate_boilerplate(element):
            self.asides.append((ended.blocks, len(self.blocks), level))

    def end_block(self, tag: str) -> None:
        """End the current block at the start or end of a block element."""
        if self.count["flat"]:
            self.add(" ")
            return
        self.add_block()
        in_item = self.count["li"] > 0 and (tag in LISTS or tag in ("p", "div"))
        in_table = self.count["data"] > 0 and tag != "table"
        if in_item or in_table or (tag in LINES and tag not in ("tr", "caption")):
            gap = LINE
        else:
            gap = self.line if tag == "div" else PARAGRAPH
        self.gap = max(self.gap, gap, key=len)

    def add_line_end(self) -> None:
        """Add the line end of a <br> element."""
        if self.count["flat"]:
            self.add(" ")
            return
        self.inline.end_line(kept=self.count["kept"] > 0)

    def add_block(self) -> None:
        """Add the current block to the blocks and start a new one."""
        inline, gap = self.inline, self.gap
        self.inline = Inline()
        if _INVISIBLE.fullmatch(inline.text()):
            if "\n" in inline.text():  # <div><br></div> is an empty line
                self.gap = PARAGRAPH
            return
        text = inline.get_visible_text()
        links = min(inline.links, len(text))
        if not self.level and not (self.marker == "• " and text.startswith(_BULLETS)):
            links += len(self.marker) if links == len(text) else 0
            text = self.marker + text
        self.marker = ""
        self.blocks.append(Block(text, gap, self.level, links=links))
        self.characters += len(text)
        self.links += links
        self.gap = LINE

    def start_item(self, attributes: Attributes) -> None:
        """Set the marker of a list item."""
        if not self.lists:
            return
        inside = self.lists[-1]
        number = parse_leading_number(attributes.get("value"), inside.next_number)
        inside.next_number = number + 1
        is_marked = "style" not in attributes or list_numbering("li", attributes) != ""
        self.marker = format_item_marker(number, inside.numbering) if is_marked else ""
