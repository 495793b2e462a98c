"""Take the titles of chapters without a heading from the table of contents of a book.

Input: the table of contents (EPUB 3: a page, EPUB 2: an .ncx file) and the blocks of the chapters.
Output: the blocks, with the first block of each untitled chapter as its heading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from scoqa.parse.common.blocks import Block, Boilerplate
from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.text_decoding import replace_unstorable
from scoqa.parse.web.elements import convert_to_html


def read_chapter_names(contents: str, member: Callable[[str], str]) -> dict[str, str]:
    """Return the titles in the table of contents, by the name of the chapter's member.

    member: returns the name of the member that a link refers to. Links to a place inside a chapter
    are ignored, because they do not title its start. Of several entries for a chapter, the first
    one is used.
    """
    from selectolax.lexbor import LexborHTMLParser

    names: dict[str, str] = {}
    parser = LexborHTMLParser(convert_to_html(replace_unstorable(contents)))
    tables = (
        nav for nav in parser.css("nav") if "toc" in (nav.attributes.get("epub:type") or "").split()
    )
    links = [
        (link.attributes.get("href"), link.text())
        for nav in islice(tables, 1)
        for link in nav.css("a[href]")
    ]
    label = ""
    for node in parser.css("navPoint > navLabel, navPoint > content"):
        if node.tag == "content":
            links.append((node.attributes.get("src"), label))
        else:
            label = node.text()
    for target, label in links:
        words = " ".join(label.split())
        if target and "#" not in target and 0 < len(words) <= LONGEST_TITLE:
            names.setdefault(member(target), words)
    return names


def add_chapter_headings(
    chapters: Sequence[tuple[str, Sequence[Block]]], names: Mapping[str, str]
) -> list[Block]:
    """Return the blocks of all chapters, so that no chapter is under the heading of another.

    Parameters
    ----------
    chapters
        The names of members and their blocks.
    names
        The titles of members in the table of contents. The first line of a chapter without a
        heading at its start becomes a heading with this title. A member that is not listed
        continues the previous chapter. In a book without contents, no member does, and the line
        itself is the title.
    """
    reversed_blocks: list[Block] = []
    level_after = 1  # the level of the first heading in the chapters that follow
    for member, blocks in reversed(chapters):
        levels = [block.level for block in blocks if block.level]
        index = next(
            (n for n, block in enumerate(blocks) if block.boilerplate < Boilerplate.NAVIGATION),
            None,
        )
        changed = list(blocks)
        if index is not None and not blocks[index].level:
            first = blocks[index]
            label = names.get(member, "") if names else " ".join(first.text.split())
            if 0 < len(label) <= LONGEST_TITLE:
                level = max(1, min([level_after, *(next_level - 1 for next_level in levels[:1])]))
                changed[index] = replace(first, level=level, label=label)
        level_after = levels[0] if levels else level_after
        reversed_blocks += reversed(changed)
    return reversed_blocks[::-1]
