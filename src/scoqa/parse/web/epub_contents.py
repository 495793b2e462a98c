"""The contents of a book -> what each chapter is called, for those that do not say it themselves.

Receives the table of contents as it stands in the book (EPUB 3: a page, EPUB 2: an .ncx) and the
chapters' blocks; hands on the blocks with the first of each untitled chapter as its heading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from scoqa.parse.common.blocks import Block, Boilerplate
from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.text_decoding import storable
from scoqa.parse.web.elements import convert_to_html


def read_chapter_names(contents: str, member: Callable[[str], str]) -> dict[str, str]:
    """Return what the table of contents calls each chapter, by the name of its member.

    member: gives that name for a link. Links to a place inside a chapter say nothing of its
    beginning, and what two entries call differently is called as the first does.
    """
    from selectolax.lexbor import LexborHTMLParser

    found: dict[str, str] = {}
    parser = LexborHTMLParser(convert_to_html(storable(contents)))
    tables = (
        nav for nav in parser.css("nav") if "toc" in (nav.attributes.get("epub:type") or "").split()
    )
    links = [
        (link.attributes.get("href"), link.text())
        for nav in islice(tables, 1)
        for link in nav.css("a[href]")
    ]
    point = ""
    for node in parser.css("navPoint > navLabel, navPoint > content"):
        if node.tag == "content":
            links.append((node.attributes.get("src"), point))
        else:
            point = node.text()
    for target, label in links:
        words = " ".join(label.split())
        if target and "#" not in target and 0 < len(words) <= LONGEST_TITLE:
            found.setdefault(member(target), words)
    return found


def add_chapter_headings(
    chapters: Sequence[tuple[str, Sequence[Block]]], names: Mapping[str, str]
) -> list[Block]:
    """Return the blocks of all chapters, so that none stands under the heading of another.

    chapters: members and their blocks. names: of members, from the contents. The first line of a
    chapter that begins without a heading serves as one, called as the contents do. Members that
    the contents do not list go on with the chapter before; in a book without contents none does,
    and the line says its own name.
    """
    written: list[Block] = []
    level_after = 1  # of the first heading in the chapters that follow
    for member, blocks in reversed(chapters):
        levels = [block.level for block in blocks if block.level]
        place = next(
            (n for n, each in enumerate(blocks) if each.boilerplate < Boilerplate.NAVIGATION), None
        )
        changed = list(blocks)
        if place is not None and not blocks[place].level:
            first = blocks[place]
            label = names.get(member, "") if names else " ".join(first.text.split())
            if 0 < len(label) <= LONGEST_TITLE:
                level = max(1, min([level_after, *(each - 1 for each in levels[:1])]))
                changed[place] = replace(first, level=level, label=label)
        level_after = levels[0] if levels else level_after
        written += reversed(changed)
    return written[::-1]
