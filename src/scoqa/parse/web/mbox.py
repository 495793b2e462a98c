"""Parse mailboxes (.mbox): all their e-mails, each as `eml` reads it.

Input: the bytes of a file. Output: the e-mails in file order, marked with sender and date; the
subject of each is a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.web import eml
from scoqa.types import Mark, Parser

PARSER = Parser("mbox", f"1.{eml.PARSER.version}")

MOST_WARNINGS = 5  # about single e-mails; the rest are counted
_START = re.compile(rb"(?:\A\s*|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*(?:\r\n|\n)")
_QUOTED_START = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEADER = re.compile(rb"[!-9;-~]+:")


def read(data: bytes, path: str) -> Parsed:
    """Return the e-mails of a mailbox. Raises ParseError if it contains none."""
    texts: list[str] = []
    marks: list[Mark] = []
    warnings: list[str] = []
    length = count = 0
    for number, message in enumerate(split_messages(data), start=1):
        try:
            parsed = eml.read(message, path)
        except ParseError as error:
            warnings.append(f"message {number} {error.reason}")
            continue
        count += 1
        warnings += (f"message {number} {warning}" for warning in parsed.warnings)
        if not parsed.text:
            continue
        if texts:
            texts.append("\n\n")
            length += 2
        # A date mark is the date of a whole document, and is repeated in the e-mail's label.
        own = [mark for mark in parsed.marks if mark.kind != "date"]
        if parsed.title and parsed.text.startswith(parsed.title):
            own.append(Mark(0, len(parsed.title), "heading", parsed.title))
        marks += (replace(m, start=m.start + length, end=m.end + length) for m in own)
        texts.append(parsed.text)
        length += len(parsed.text)
    if data.strip() and not count:
        raise ParseError(path, "contains no e-mail. Correct its extension, or exclude it.")
    return Parsed(
        "".join(texts),
        None,
        tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end))),
        (*_shorten(warnings), *(() if texts else (NO_TEXT,))),
    )


def split_messages(data: bytes) -> Iterator[bytes]:
    """Yield the e-mails of a mailbox, without the lines that separate them.

    Such a line starts with "From " after a blank line, and a header follows it; in the text of an
    e-mail, programs put ">" before "From ".
    """
    starts = [match for match in _START.finditer(data) if _HEADER.match(data, match.end())]
    ends = [*(match.start() for match in starts[1:]), len(data)]
    for match, end in zip(starts, ends, strict=False):
        yield _QUOTED_START.sub(rb"\1", data[match.end() : end])


def _shorten(warnings: list[str]) -> list[str]:
    more = len(warnings) - MOST_WARNINGS
    counted = [f"has {more:,} more warnings about single messages."] if more > 0 else []
    return [*warnings[:MOST_WARNINGS], *counted]
