"""How long a sync takes that has nothing to do, in folders of many tiny files.

usage: python tests/benchmarks/sync_nothing.py [FILES ...]

FILES: the sizes of the folders, by default 200 and 2000. The folders are temporary, their files an
hour old, the embedder has no model. Prints the seconds of a first sync, and of each of five syncs
after it, in a new workspace each.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import quick_workspace

REPEATS = 5


def write_files(folder: Path, count: int) -> None:
    """Write `count` texts in folders of a hundred; their modification time is an hour ago."""
    modified = time.time() - 3600
    for number in range(count):
        file = folder / f"{number // 100:03}" / f"{number:05}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"Log {number}\n\nThe lamp burned for {number} nights.\n", encoding="utf-8")
        os.utime(file, (modified, modified))


def sync_seconds(folder: Path) -> float:
    """Return the seconds of a sync; opening the workspace does not count."""
    workspace = quick_workspace(folder)
    start = time.perf_counter()
    workspace.sync()
    return time.perf_counter() - start


def main() -> None:
    for count in [int(argument) for argument in sys.argv[1:]] or [200, 2000]:
        with TemporaryDirectory() as name:
            folder = Path(name).resolve()
            write_files(folder, count)
            first = sync_seconds(folder)
            again = sorted(sync_seconds(folder) for _ in range(REPEATS))
            listed = " ".join(f"{seconds:.3f}" for seconds in again)
            print(f"{count:6} files: first {first:.1f} s, then {listed} s", flush=True)


if __name__ == "__main__":
    main()
