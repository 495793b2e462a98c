"""Parse web archives (.mht, .mhtml): a web page saved with its pictures in one file.

Input: the bytes of a file. Output: the text of its first page, as `html` reads it.
"""

from __future__ import annotations

import email
import email.policy
from email.message import Message

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import html
from scoqa.types import Parser

PARSER = Parser("mht", "1")


def read(data: bytes, path: str) -> Parsed:
    """Return the visible text of the page in a web archive. Raises ParseError."""
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            page = part.get_payload(decode=True)
            if isinstance(page, bytes):
                return html.read(_declare_encoding(page, part), path)
    raise ParseError(path, "contains no web page. Save it again, or exclude it.")


def _declare_encoding(page: bytes, part: Message) -> bytes:
    """Return the page as UTF-8 if its part declares an encoding that fits, or unchanged."""
    declared = part.get_content_charset()
    try:
        return page.decode(declared).encode("utf-8") if declared else page
    except (LookupError, UnicodeError):
        return page
