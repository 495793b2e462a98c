"""Write blocks of text and mark headings and boilerplate.

Input: the paragraphs, headings and lines of lists and tables that a parser found, in reading order,
each with the certainty that it is boilerplate; struck-out words are marked as in `struck`. Output:
the same, written to a Writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from scoqa.heading_path import HeadingPath
from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.struck import take_struck
from scoqa.parse.common.table import TextTable, write_table
from scoqa.types import Mark

PARAGRAPH = "\n\n"  # precedes a paragraph, a heading, the first line of a list or table
LINE = "\n"  # precedes other lines

# With less text than this outside of asides, the text of the page is probably among the asides.
LEAST_CHARACTERS = 200
LEAST_SHARE = 1 / 3


class Boilerplate(IntEnum):
    """How certain it is that a block is boilerplate and not part of the text."""

    NOT = 0
    NAMED = 1  # recognized by words of its class or id, or because nearly all of it is links
    LANDMARK = 2  # recognized by its element or role: a footer, a banner, an aside
    NAVIGATION = 3  # recognized by its element or role: navigation, menus


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or a line, and the gap before it.

    level: 1 to 9 for headings, otherwise 0. links: how many of its characters are links.
    label: the label of the heading's mark, if it differs from the text. table: if the block is a
    table; its text is then only counted. quotes: how many quotations contain it.
    """

    text: str
    gap: str = PARAGRAPH
    level: int = 0
    boilerplate: Boilerplate = Boilerplate.NOT
    links: int = 0
    label: str = ""
    table: TextTable | None = None
    quotes: int = 0


def choose_aside_threshold(blocks: Sequence[Block], least: Boilerplate) -> Boilerplate | None:
    """Return the certainty, at least `least`, from which blocks are asides; None for no asides.

    Too many asides are a sign that the text is among them; then a higher certainty is required.
    Links are left out of the share, because a page may have more links than text.
    """
    for limit in (level for level in Boilerplate if level >= max(least, Boilerplate.NAMED)):
        asides = [block for block in blocks if block.boilerplate >= limit]
        others = [block for block in blocks if block.boilerplate < limit]
        aside_words, other_words = (
            sum(len(block.text) - block.links for block in group) for group in (asides, others)
        )
        aside_size, other_size = (
            sum(len(block.text) for block in group) for group in (asides, others)
        )
        is_enough = other_size >= min(aside_size, LEAST_CHARACTERS)
        if other_words >= LEAST_SHARE * (other_words + aside_words) and is_enough:
            return limit
    return None


def write_blocks(
    blocks: Sequence[Block],
    writer: Writer,
    *,
    outline: Outline,
    least: Boilerplate | None = None,
) -> list[tuple[int, int]]:
    """Write `blocks` and return the spans of all lines outside of asides.

    least: the least certainty with which a block is an aside; None for no asides.
    """
    limit = None if least is None else choose_aside_threshold(blocks, least)
    lines: list[tuple[int, int]] = []

    def add(block: Block, aside: bool) -> None:
        if writer.length:
            writer.ensure_gap(block.gap)
        start = writer.length
        if block.table is not None:
            write_table(writer, block.table)
            return
        text, struck = take_struck(block.text if start else block.text.lstrip())
        for first, last in struck:
            writer.mark_range("struck", start + first, start + last)
        words = block.label or " ".join(text.split())
        if block.level and not aside and len(words) <= LONGEST_TITLE:
            with writer.mark("heading", outline.open_heading(block.level, words)):
                writer.add(text)
        else:
            writer.add(text)
        if not aside:
            line_start = start
            for line in text.split("\n"):
                if line.strip():
                    lines.append((line_start, line_start + len(line)))
                line_start += len(line) + 1

    def is_aside(block: Block) -> bool:
        return limit is not None and block.boilerplate >= limit

    for aside, run in groupby(blocks, is_aside):
        first, *rest = run
        if not aside:
            for block in (first, *rest):
                add(block, False)
            continue
        if writer.length:
            writer.ensure_gap(PARAGRAPH)
        with writer.mark("aside", ""):
            for block in (first, *rest):
                add(block, True)
    return lines


def split_into_blocks(parsed: Parsed) -> list[Block]:
    """Return the paragraphs and headings of a parsed document, to write them into another one."""
    levels = {
        mark.start: len(HeadingPath.parse(mark.label).headings)
        for mark in parsed.marks
        if mark.kind == "heading"
    }
    blocks: list[Block] = []
    start = 0
    for text in parsed.text.split(PARAGRAPH):
        if text.strip():
            at = start + len(text) - len(text.lstrip())
            blocks.append(Block(text.strip(), level=levels.get(at, 0)))
        start += len(text) + len(PARAGRAPH)
    return blocks


def merge_marks(marks: Iterable[Mark], more: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return all marks sorted by start; of those with the same start, the longer first."""
    return tuple(sorted((*marks, *more), key=lambda mark: (mark.start, -mark.end)))
