"""The runs of a page in reading order, as lines.

Receives runs; hands on lines: what stands on one baseline of one column, its runs joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scoqa.parse.pdf_glyphs import Array, Run, between


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of text on a page; places as in `Run`."""

    text: str
    boxes: Array
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool


def lines_of(runs: Iterable[Run]) -> list[Line]:
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (run.turn, run.top + run.bottom)):
        last = rows[-1][-1] if rows else None
        if (
            last is not None
            and last.turn == run.turn
            and min(last.bottom, run.bottom) - max(last.top, run.top) > 0.5 * run.size
        ):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [_line(sorted(row, key=lambda run: run.left)) for row in rows]


def _line(row: list[Run]) -> Line:
    texts, boxes = [row[0].text], [row[0].boxes]
    for before, run in pairwise(row):
        texts += [" ", run.text]
        boxes += [between(before.boxes[-1], run.boxes[0])[None], run.boxes]
    return Line(
        "".join(texts),
        np.concatenate(boxes),
        row[0].left,
        min(run.top for run in row),
        max(run.right for run in row),
        max(run.bottom for run in row),
        row[0].size,
        all(run.bold for run in row),
    )
