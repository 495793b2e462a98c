"""Parse text files for programs (.yaml, .xml, .log): the text as it is.

Input: the bytes of a file. Output: the unchanged text. It has no title, because the first line is
rarely one.
"""

from __future__ import annotations

from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Parser

PARSER = Parser("source", "1")


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text. Raises ParseError."""
    text, warnings = decode(data, path)
    return Parsed(text, None, (), warnings)
