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
from scoqa.parse.common.struck import remove_signs
from scoqa.parse.common.text_decoding import replace_unstorable
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
    is_quotation,
    keeps_space,
    list_numbering,
    parse_leading_number,
)
from scoqa.parse.web.html_tables import TableBuilder, read_span
from scoqa.parse.web.inline import SPACE, Inline
from scoqa.parse.web.open_element import OpenElement
from scoqa.parse.web.styles import Styles, find_shift, is_for_screens, is_struck

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

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
    script_characters: int = 0  # of all its scripts, at least 1 per script


def parse_page(
    markup: str,
    *,
    xml: bool = False,
    line: str = PARAGRAPH,
    load_sheet: Callable[[str], str] | None = None,
) -> HtmlPage:
    """Return the visible content of `markup`.

    Parameters
    ----------
    xml
        Whether it is XHTML, where <p/> is a complete element.
    line
        The gap between two div elements, which are lines in e-mails and blocks elsewhere.
    load_sheet
        Returns the style sheet at a link, or "" if there is none. Without it, only the style
        sheets inside the page are used.
    """
    from selectolax.lexbor import LexborHTMLParser

    markup = replace_unstorable(markup.replace("\r\n", "\n").replace("\r", "\n"))
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
        else _LayoutWalker(line, Styles(_find_sheets(parser, load_sheet))).walk(parser.root)
    )
    scripts = sum(max(1, len(node.text())) for node in parser.css("script"))
    return HtmlPage(title or None, tuple(dates), tuple(blocks), scripts)


def _find_sheets(
    parser: LexborHTMLParser, load_sheet: Callable[[str], str] | None
) -> Iterator[str]:
    """Yield the style sheets of a page, in order."""
    for node in parser.css("style, link"):
        attributes = node.attributes
        # Browsers run scripts, so the content of <noscript> is ignored.
        is_ignored = node.parent is not None and node.parent.tag == "noscript"
        if is_ignored or not is_for_screens(attributes.get("media") or ""):
            continue
        if node.tag == "style":
            yield node.text()
        elif load_sheet is not None:
            kinds = (attributes.get("rel") or "").lower().split()
            if "stylesheet" in kinds and "alternate" not in kinds:
                yield load_sheet(attributes.get("href") or "")


class _LayoutWalker:
    """Walks the elements of a page and builds its blocks as a browser lays them out."""

    def __init__(self, line: str, styles: Styles) -> None:
        self.line = line
        self.styles = styles
        self.blocks: list[Block] = []
        self.asides: list[tuple[int, int, Boilerplate]] = []
        self.open: list[OpenElement] = []
        self.lists: list[OpenElement] = []
        counted = "link preformatted flat data article li sup nav quote struck"
        self.count = dict.fromkeys(counted.split(), 0)
        self.last = dict.fromkeys("heading h1 main article".split(), -1)  # index of the last block
        self.characters = 0
        self.links = 0
        self.inline = Inline()  # the text of the current block
        self.level = 0
        self.gap = PARAGRAPH
        self.marker = ""
        self.table = TableBuilder()

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
        preformatted = self.count["preformatted"] > 0
        in_formula = bool(self.open) and self.open[-1].tag in _FORMULAS
        if preformatted or not in_formula or not SPACE.fullmatch(text):
            self.inline.add(
                text,
                preformatted=preformatted,
                is_link=self.count["link"] > 0,
                is_struck=self.count["struck"] > 0,
            )

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
        element = OpenElement(
            tag, role, f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        )
        above = self.open[-1] if self.open else element
        self.open.append(element)
        is_skip_link = tag == "a" and "skip" in element.names.lower()
        element.is_block = is_skip_link or is_block(tag, style)
        if element.is_block:
            self.end_block(tag)
        element.blocks, element.parts = len(self.blocks), len(self.inline)
        element.characters, element.links = self.characters, self.links
        element.is_preformatted = keeps_space(tag, attributes)
        self.count["preformatted"] += element.is_preformatted
        for name in {tag, role} & {"h1", "main", "article"}:
            self.last[name] = len(self.blocks)
        self.count["article"] += element.in_article
        if tag in ("a", "button") or role == "button":
            self.count["link"] += 1
            element.is_link = True
            kind = f"{attributes.get('epub:type')} {role}"
            element.is_note = "noteref" in kind
            element.is_place = "#" in (attributes.get("href") or "")
        elif tag in LISTS:
            element.numbering = "" if self.count["nav"] else list_numbering(tag, attributes)
            element.next_number = parse_leading_number(attributes.get("start"), 1)
            self.lists.append(element)
        elif tag == "li":
            self.start_item(attributes)
        elif tag == "table":
            element.is_data = is_data_table(node, role)
            self.count["data"] += element.is_data
            if element.is_data:
                self.table = TableBuilder()
        elif tag == "tr":
            self.table.start_row(in_head=above.tag == "thead")
        elif tag in _CELLS or tag == "caption":
            element.is_flat = self.count["data"] > 0
            element.span = read_span(attributes)
        element.shift = "" if element.is_block else find_shift(tag, style)
        element.shift = "".join(SCRIPTS.get(above.tag, ())[above.children :][:1]) or element.shift
        element.is_operand = above.tag == "mfrac"
        if element.is_operand:
            self.add("/" if above.children else " (")
            element.parts = len(self.inline)
        above.children += 1
        self.count["sup"] += element.shift == "sup"
        element.is_quote = is_quotation(tag, attributes)
        self.count["quote"] += element.is_quote
        element.is_struck = is_struck(tag, style)
        self.count["struck"] += element.is_struck
        if tag in ("nav", "li"):
            self.count[tag] += 1
        level = heading_level(tag, attributes)
        if level and element.is_block and not self.count["flat"]:
            element.level = self.level = level
            element.is_flat = True
            self.last["heading"] = len(self.blocks)
        self.count["flat"] += element.is_flat
        return True

    def close_element(self) -> None:
        """Close the element that was opened last."""
        element = self.open.pop()
        tag = element.tag
        self.count["preformatted"] -= element.is_preformatted
        self.count["article"] -= element.in_article
        self.count["flat"] -= element.is_flat
        self.count["link"] -= element.is_link
        self.count["struck"] -= element.is_struck
        self.count["sup"] -= element.shift == "sup"
        if tag in ("nav", "li"):
            self.count[tag] -= 1
        if element.is_link:
            is_superscript = self.count["sup"] > 0 or self.inline.has_superscript(element.parts)
            if element.is_note or (element.is_place and is_superscript):
                self.inline.bracket_note(element.parts)
        elif element.shift:
            is_whole = len(self.blocks) == element.blocks
            self.inline.shift(element.parts, lowered=element.shift == "sub", is_whole=is_whole)
        elif element.is_operand:
            operand = self.inline.get_text_from(element.parts).strip()
            if operand and not operand.isalnum():
                self.inline.replace_from(f"({operand})", element.parts)
        elif tag == "mfrac" and element.children:
            self.inline.replace_from(")", len(self.inline))
        elif self.count["data"]:
            self.close_table_part(element)
        if element.is_block:
            self.end_block(tag)
        if tag == "caption" and self.count["data"] and len(self.blocks) > element.blocks:
            self.table.caption = remove_signs(self.blocks[-1].text)
        self.count["quote"] -= element.is_quote
        if element.level:
            self.level = 0
        elif tag == "li":
            self.marker = ""
        elif tag in LISTS:
            self.lists.pop()
        self.count["data"] -= element.is_data
        if element.is_block and self.characters > element.characters:
            self.rate_element(element)

    def close_table_part(self, element: OpenElement) -> None:
        """Close a cell, a row or a table of data."""
        if element.tag in _CELLS:
            is_header = element.tag == "th"
            self.table.add_cell(self.inline.take_line(), element.span, is_header=is_header)
        elif element.tag == "tr":
            self.table.links += self.inline.links
            self.inline = Inline()  # the row is complete
        elif element.is_data:
            self.add_table()

    def rate_element(self, closed: OpenElement) -> None:
        """Record the blocks of a closed element as an aside if it is boilerplate."""
        properties = Element(
            closed.tag,
            closed.role,
            closed.names,
            self.characters - closed.characters,
            self.links - closed.links,
            len(self.blocks) - closed.blocks,
            self.count["article"] > 0,
            frozenset(name for name, at in self.last.items() if at >= closed.blocks),
        )
        if level := rate_boilerplate(properties):
            self.asides.append((closed.blocks, len(self.blocks), level))

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
        self.inline.end_line(preformatted=self.count["preformatted"] > 0)

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
        quotes = self.count["quote"]
        self.blocks.append(Block(text, gap, self.level, links=links, quotes=quotes))
        self.characters += len(text)
        self.links += links
        self.gap = LINE

    def add_table(self) -> None:
        """Add the rows of the table that ends here as one block."""
        table = self.table.build()
        if table is None:
            return
        text = "\n".join(table.get_lines())
        links = min(self.table.links, len(text))
        self.blocks.append(Block(text, PARAGRAPH, links=links, table=table))
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
