"""Sort the shapes of presentation slides and write their text.

Input: shapes with their positions, and the lines of their text. Output: slides in a Writer, and
warnings about hidden slides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.parsed import Writer
from scoqa.parse.common.table import TextTable, choose_separator, write_table

if TYPE_CHECKING:
    from lxml import etree

NOTES = "Notes:"  # the line before the speaker notes
_ROW_INCHES = 0.25  # shapes whose tops differ by less are side by side
_MOST_NAMED = 20  # hidden slides in a warning


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, its purpose according to the file ("" if unspecified), and its position in inches.

    index: the index of a placeholder in its layout.
    """

    element: etree._Element
    kind: str
    is_title: bool
    top: float
    left: float
    index: str = ""


def sort_shapes(shapes: Iterable[Shape]) -> list[Shape]:
    """Return shapes in reading order: titles first, then row by row, from left to right."""
    rows: list[list[Shape]] = []
    for shape in sorted(shapes, key=lambda shape: shape.top):
        if rows and shape.top - rows[-1][0].top < _ROW_INCHES:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    ordered = [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left)]
    return sorted(ordered, key=lambda shape: not shape.is_title)


def write_slide(
    writer: Writer, number: int, title: str, blocks: Sequence[Sequence[str] | TextTable]
) -> None:
    """Write a slide: its title, then its blocks of lines and its tables.

    Without a title, its first line becomes the heading, so that the slide is not filed under the
    heading of another slide.
    """
    blocks = [[title], *blocks] if title else blocks
    if not blocks:
        return
    writer.ensure_gap()
    with writer.mark("slide", str(number)):
        rest: Sequence[str] = ()
        last = ""
        if not isinstance(blocks[0], TextTable):  # a slide that begins with a table has no heading
            heading, *rest = blocks[0]
            words = heading if len(heading) <= LONGEST_TITLE else f"Slide {number}"
            with writer.mark("heading", " ".join(words.split())):
                writer.add(heading)
            last = heading
            blocks = [rest, *blocks[1:]]
        for block in blocks:
            if isinstance(block, TextTable):
                write_table(writer, block)
                continue
            for count, line in enumerate(block):
                is_first = count == 0 and block is not rest
                writer.ensure_gap("\n\n" if is_first else choose_separator(last, line))
                writer.add(line)
                last = line


def describe_hidden_slides(numbers: Sequence[int]) -> tuple[str, ...]:
    """Return a warning about hidden slides, or ()."""
    if not numbers:
        return ()
    more = ", ..." if len(numbers) > _MOST_NAMED else ""
    labels = ", ".join(str(number) for number in numbers[:_MOST_NAMED])
    return (f"has hidden slides, which are not read: {labels}{more}.",)
