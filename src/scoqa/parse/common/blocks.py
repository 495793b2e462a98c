"""Blocks of text in reading order -> the canonical text with its marks.

Receives what a room found in a file: paragraphs, headings, lines of lists and tables, and what of
it only stands around the text; hands on a Writer with all of it written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Writer
from scoqa.types import Mark

PARAGRAPH = "\n\n"  # what stands before a paragraph, a heading, the first line of a list or table
LINE = "\n"  # what stands before the others

# Less than this outside of asides is hardly a page's text.
LEAST_CHARACTERS = 200
LEAST_SHARE = 1 / 3


class Boilerplate(IntEnum):
    """How sure it is that a block is not the text but stands around it."""

    NOT = 0
    NAMED = 1  # by the words of a class or an id, or because nearly all of it is links
    LANDMARK = 2  # by its element or role: a footer, a banner, an aside
    NAVIGATION = 3  # by its element or role: navigation, menus


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or a line, and what stands before it.

    level: of a heading, 1 to 9; 0 for all others. links: how many of its characters are links.
    label: what the heading is called where that is not its text.
    """

    text: str
    gap: str = PARAGRAPH
    level: int = 0
    boilerplate: Boilerplate = Boilerplate.NOT
    links: int = 0
    label: str = ""


def choose_aside_threshold(blocks: Sequence[Block], least: Boilerplate) -> Boilerplate | None:
    """Return how sure an aside must be, at least `least`; None where nothing may be one.

    Too many asides are a sign that the text is among them; then only the surer ones count. Links
    count for nothing in the share: a page may well have more of them than text.
    """
    for limit in (each for each in Boilerplate if each >= max(least, Boilerplate.NAMED)):
        asides = [block for block in blocks if block.boilerplate >= limit]
        others = [block for block in blocks if block.boilerplate < limit]
        aside, left = (sum(len(b.text) - b.links for b in each) for each in (asides, others))
        shown, kept = (sum(len(b.text) for b in each) for each in (asides, others))
        if left >= LEAST_SHARE * (left + aside) and kept >= min(shown, LEAST_CHARACTERS):
            return limit
    return None


def write_blocks(
    blocks: Sequence[Block],
    writer: Writer,
    *,
    outline: Outline,
    least: Boilerplate | None = None,
) -> list[tuple[int, int]]:
    """Write `blocks` and return where each line that may answer stands, as spans.

    least: how sure it must be at least that a block is an aside; None: none is one.
    """
    limit = None if least is None else choose_aside_threshold(blocks, least)
    lines: list[tuple[int, int]] = []

    def add(block: Block, aside: bool) -> None:
        if writer.length:
            writer.ensure_gap(block.gap)
        start = writer.length
        text = block.text if start else block.text.lstrip()
        words = block.label or " ".join(text.split())
        if block.level and not aside and len(words) <= LONGEST_TITLE:
            with writer.mark("heading", outline.open_heading(block.level, words)):
                writer.add(text)
        else:
            writer.add(text)
        if not aside:
            place = start
            for line in text.split("\n"):
                if line.strip():
                    lines.append((place, place + len(line)))
                place += len(line) + 1

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


def merge_marks(marks: Iterable[Mark], more: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return all marks sorted by start, the wider first."""
    return tuple(sorted((*marks, *more), key=lambda mark: (mark.start, -mark.end)))
