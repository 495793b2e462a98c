"""Index many megabytes of mixed files: peak memory, and how fast.

    python tests/benchmarks/gigabyte.py FOLDER MEGABYTES [--real]

Makes files of invented words in every format of support/works.py until FOLDER holds MEGABYTES of
them (what is there is kept), then indexes it with an embedder that costs nothing. With --real the
words are those of the bundled texts, as long as words are for the model, and the embedder is
scoqa's own. Prints every tenth of the way the memory this process holds, and at the end its
peak, that of the processes that read the files, and the rate.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

MEGABYTE = 2**20
WORDS = 30_000
PARAGRAPHS = 900  # of some 90 words in one file: about half a megabyte
TO_A_SECTION = {".pdf": 3}  # as many as fit on a page, so 300 pages; elsewhere ninety


def megabytes(process: int | str, what: str) -> float:
    """Return what a process holds (VmRSS) or held at most (VmHWM), 0.0 for one that has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in lines if line.startswith(f"{what}:")]
    return int(sizes[0]) / 1024 if sizes else 0.0


def readers_peak() -> float:
    """Return the most that any living process that reads files has held.

    Not from `getrusage`: a child's peak starts there at the size of what started it.
    """
    started = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = [child for listed in started for child in listed.read_text().split()]
    return max((megabytes(child, "VmHWM") for child in children), default=0.0)


def invented(chance: random.Random) -> list[str]:
    letters = "etaoinshrdlu"
    return ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(WORDS)]


def bundled() -> list[str]:
    texts = sorted((Path(__file__).parent.parent.parent / "docs" / "sco").glob("*.txt"))
    found = (re.findall(r"[a-z]{2,}", text.read_text(encoding="utf-8").lower()) for text in texts)
    return sorted(set().union(*found))


def fill(folder: Path, size: int, *, real: bool) -> None:
    """Write works of words in any order into `folder` until it holds `size` megabytes."""
    from works import FORMATS, Work

    chance = random.Random(1)
    words = bundled() if real else invented(chance)

    def paragraph() -> str:
        return f"{' '.join(chance.choices(words, k=90)).capitalize()}."

    held = number = 0
    suffixes = list(FORMATS)
    while held < size * MEGABYTE:
        suffix = suffixes[number % len(suffixes)]
        file = folder / suffix[1:] / f"{number:05}{suffix}"
        number += 1
        if not file.exists():
            count = TO_A_SECTION.get(suffix, PARAGRAPHS // 10)
            sections = tuple(
                (f"Part {part}", tuple(paragraph() for _ in range(count)))
                for part in range(PARAGRAPHS // count)
            )
            data = FORMATS[suffix].write(Work(file.stem, f"Volume {number}", sections))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data or b"")
        held += file.stat().st_size


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("megabytes", type=int)
    parser.add_argument("--real", action="store_true")
    given = parser.parse_args()
    fill(given.folder, given.megabytes, real=given.real)
    from conftest import quick_workspace
    from scoqa.workspace import Workspace

    workspace: Any = Workspace(given.folder) if given.real else quick_workspace(given.folder)
    if not given.real:
        workspace.models.embedder.embedded = deque(maxlen=0)  # it would keep every text
    told, readers = [0.0], [0.0]
    begun = time.monotonic()

    def progress(step: Any) -> None:
        readers[0] = max(readers[0], readers_peak())
        if step.total and step.done / step.total >= told[0]:
            told[0] += 0.1
            print(
                f"{step.done / MEGABYTE:8.0f} of {step.total / MEGABYTE:.0f} MB, "
                f"{time.monotonic() - begun:6.0f} s, holding {megabytes('self', 'VmRSS'):.0f} MB",
                flush=True,
            )

    report = workspace.sync(progress=progress)
    taken = time.monotonic() - begun
    print(
        f"{len(report.added)} files, {len(report.failed)} failed, {report.passages} passages in "
        f"{taken:.0f} s: {given.megabytes / taken:.3f} MB a second; peak "
        f"{megabytes('self', 'VmHWM'):.0f} MB, of the largest process that reads files "
        f"{readers[0]:.0f} MB"
    )


if __name__ == "__main__":
    main()
