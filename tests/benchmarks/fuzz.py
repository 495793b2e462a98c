"""Change files at random and see that reading them ends well.

    python tests/benchmarks/fuzz.py MINUTES [SUFFIX]... [--keep FOLDER] [--seeds FOLDER]

For each kind of file (all of them, or those of each SUFFIX) the works of support/works.py, and the
files in the folder of seeds are changed at random for MINUTES: bytes turned over, cut out, doubled,
mixed with another file's; inside a packed file, its members too. Each is read as scoqa reads it, in
a process of its own. What must hold: a document whose marks lie inside its text, in order, with a
box for every character of a page; or a ParseError of one line that is none of Python's own words.
What breaks that, and what takes longer than ten seconds, is printed and kept in FOLDER.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
import zipfile
from itertools import pairwise
from pathlib import Path

from scoqa.errors import ParseError
from scoqa.parse import ParsedFile, parse_file

SLOW_SECONDS = 10.0
SEED = 1
BYTES_A_CHARACTER = 8  # of boxes


def changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return `data` with one to eight changes."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        size = len(found)
        at = chance.randrange(size + 1)
        length = chance.choice((1, 2, 4, 16, 64, max(1, size // 4)))
        match chance.randrange(7):
            case 0:
                found[at : at + length] = chance.randbytes(length)
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + length] * chance.choice((1, 2, 50))
            case 3 if at < size:
                found[at] ^= 1 << chance.randrange(8)
            case 4:
                other = chance.choice(others)
                begin = chance.randrange(len(other) + 1)
                found[at : at + length] = other[begin : begin + length]
            case 5:
                words = (b"0", b"-1", b"99999999999", b"NaN", b"\x00", b"&#0;", b"<", b'"', b"]]>")
                found[at : at + length] = chance.choice(words)
            case _:
                found[at : at + length] = b""
    return bytes(found)


def changed_inside(data: bytes, chance: random.Random) -> bytes:
    """Return a packed file with one of its members changed and all packed again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(members))
    members[name] = changed(members[name], list(members.values()), chance)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for each, inside in members.items():
            archive.writestr(each, inside)
    return packed.getvalue()


def wrong_with(found: ParsedFile) -> str | None:
    """Return what does not hold of a document that was read; None if all does."""
    document, warnings, boxes = found
    text, marks = document.text, document.marks
    if any(not 0 <= mark.start <= mark.end <= len(text) for mark in marks):
        return "a mark outside the text"
    if any(one.start > other.start for one, other in pairwise(marks)):
        return "marks out of order"
    if any("\n" in each or not each.endswith(".") for each in warnings):
        return f"a warning of another form: {warnings}"
    pages = [mark for mark in marks if mark.kind == "page"]
    if [BYTES_A_CHARACTER * (mark.end - mark.start) for mark in pages] != [*map(len, boxes)]:
        return "boxes for another number of characters"
    return None


def fuzz(suffix: str, seeds: list[bytes], seconds: float, keep: Path) -> tuple[int, int, int]:
    """Return how many files were tried, how many read, and how many broke what must hold."""
    chance = random.Random(f"{SEED} {suffix}")
    tried = read = broken = 0
    file = keep / f"tried{suffix}"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = chance.choice(seeds)
        inside = data.startswith(b"PK") and chance.random() < 0.8
        data = changed_inside(data, chance) if inside else changed(data, seeds, chance)
        file.write_bytes(data)
        tried += 1
        begun = time.monotonic()
        try:
            problem = wrong_with(parse_file(file, file.name))
            read += 1
        except ParseError as error:
            reason = error.reason
            plain = "\n" not in reason and reason.endswith(".") and "Error" not in reason
            problem = None if plain and "crashes" not in reason else reason
        taken = time.monotonic() - begun
        if problem is None and taken > SLOW_SECONDS:
            problem = f"took {taken:.0f} s"
        if problem is not None:
            broken += 1
            kept = keep / f"broke-{broken}{suffix}"
            kept.write_bytes(data)
            print(f"{kept}: {problem}", flush=True)
    return tried, read, broken


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
    from works import FORMATS, WORKS

    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", type=float)
    parser.add_argument("suffixes", nargs="*")
    parser.add_argument("--keep", type=Path, default=Path("fuzzed"))
    parser.add_argument("--seeds", type=Path, help="a folder of more files to change")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    for suffix in given.suffixes or FORMATS:
        seeds = [data for work in WORKS if (data := FORMATS[suffix].write(work)) is not None]
        if given.seeds is not None:
            seeds += [file.read_bytes() for file in sorted(given.seeds.glob(f"*{suffix}"))]
        tried, read, broken = fuzz(suffix, seeds, 60 * given.minutes, given.keep)
        print(f"{suffix}: {tried} tried, {read} read, {broken} broke what must hold", flush=True)


if __name__ == "__main__":
    main()
