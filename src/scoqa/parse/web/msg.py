"""Parse e-mails that Outlook saved (.msg), as `eml` reads them.

Input: the bytes of a file: a compound file whose streams are the properties of the e-mail
([MS-OXMSG]). Output: its text with the marks of `eml`. Attachments are named in a warning.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import eml
from scoqa.types import Parser

if TYPE_CHECKING:
    from olefile import OleFileIO

PARSER = Parser("msg", f"1.{eml.PARSER.version}")

MOST_RECIPIENTS = 500
MOST_ATTACHMENTS = 500
RTF_ONLY = "has a text that is stored only as RTF, which is not read. Save it as .eml."
# Properties by their identifiers in [MS-OXPROPS].
_SUBJECT, _SENDER, _SENDER_ADDRESS, _BODY = "0037", "0C1A", "5D01", "1000"
_ADDRESS, _HTML, _RTF = "0C1F", "1013", "1009"
_NAME, _SMTP, _EMAIL = "3001", "39FE", "3003"
_FILE_NAME, _SHORT_NAME = "3707", "3704"
_TIMES = (0x00390040, 0x0E060040)  # sent, delivered
_RECIPIENT_KIND = 0x0C150003
_HEADERS = {1: "To", 2: "Cc"}
# What olefile raises for damaged files; its own errors are OSErrors.
_DAMAGED = (
    OSError, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError,
)  # fmt: skip
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read(data: bytes, path: str) -> Parsed:
    """Return the text of an e-mail. Raises ParseError."""
    import olefile

    if not data.startswith(olefile.MAGIC):
        raise ParseError(path, "is not an e-mail of Outlook. Correct its extension, or exclude it.")
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            if not file.exists("__properties_version1.0"):
                raise ParseError(path, "contains no e-mail. Correct its extension, or exclude it.")
            message, warnings = _build_message(_Storage(file))
    except _DAMAGED as error:
        raise ParseError(path, "is damaged. Get a new copy, or save it again.") from error
    parsed = eml.read(message.as_bytes(), path)
    return Parsed(parsed.text, parsed.title, parsed.marks, (*warnings, *parsed.warnings))


class _Storage:
    """The properties of an e-mail, a recipient or an attachment."""

    def __init__(self, file: OleFileIO, folder: str = "") -> None:
        self._file = file
        self._folder = folder

    def find_folders(self, start: str, most: int) -> list[_Storage]:
        """Return the first `most` storages whose name starts with `start`, in order."""
        names = {entry[0] for entry in self._file.listdir(streams=True, storages=True)}
        chosen = sorted(name for name in names if name.startswith(start))[:most]
        return [_Storage(self._file, f"{name}/") for name in chosen]

    def read_bytes(self, name: str) -> bytes:
        """Return a stream, or b"" if it is missing."""
        path = f"{self._folder}{name}"
        if not self._file.exists(path):
            return b""
        with self._file.openstream(path) as stream:
            content = stream.read()
        return content if isinstance(content, bytes) else b""

    def read_text(self, *properties: str) -> str:
        """Return the text of the first of `properties` that has one, or ""."""
        for name in properties:
            for kind, encoding in (("001F", "utf-16-le"), ("001E", "cp1252")):
                content = self.read_bytes(f"__substg1.0_{name}{kind}")
                if text := content.decode(encoding, "replace").rstrip("\0"):
                    return text
        return ""

    def read_numbers(self) -> dict[int, int]:
        """Return the properties of fixed size by their tags, as 64-bit integers."""
        content = self.read_bytes("__properties_version1.0")
        start = 8 if self._folder else 32  # the size of the header
        entries = content[start : start + (len(content) - start) // 16 * 16]
        return {tag: value for tag, _, value in struct.iter_unpack("<IIQ", entries)}


def _build_message(storage: _Storage) -> tuple[Message, list[str]]:
    """Return the e-mail as one that `eml` reads, and warnings."""
    message = MIMEMultipart("mixed")
    address = storage.read_text(_SENDER_ADDRESS) or storage.read_text(_ADDRESS)
    sender = storage.read_text(_SENDER)
    _add_header(message, "Subject", storage.read_text(_SUBJECT))
    _add_header(message, "From", _format_person(sender, address))
    people: dict[str, list[str]] = {}
    for recipient in storage.find_folders("__recip_version1.0_", MOST_RECIPIENTS):
        kind = _HEADERS.get(recipient.read_numbers().get(_RECIPIENT_KIND, 0) & 0xFFFFFFFF)
        if kind:
            who = _format_person(recipient.read_text(_NAME), recipient.read_text(_SMTP, _EMAIL))
            people.setdefault(kind, []).append(who)
    for kind, names in people.items():
        _add_header(message, kind, ", ".join(filter(None, names)))
    numbers = storage.read_numbers()
    when = next((numbers[tag] for tag in _TIMES if numbers.get(tag)), None)
    if when is not None:
        with suppress(OverflowError, ValueError):  # a broken date is left out
            message["Date"] = format_datetime(_EPOCH + timedelta(microseconds=when // 10))
    plain, markup = storage.read_text(_BODY), storage.read_bytes(f"__substg1.0_{_HTML}0102")
    texts = MIMEMultipart("alternative")
    if plain.strip():
        texts.attach(MIMEText(plain.replace("\r\n", "\n"), "plain", "utf-8"))
    if markup.strip():
        page = MIMEApplication(markup)  # the page declares its encoding itself
        page.set_type("text/html")
        texts.attach(page)
    message.attach(texts)
    for attachment in storage.find_folders("__attach_version1.0_", MOST_ATTACHMENTS):
        name = attachment.read_text(_FILE_NAME, _SHORT_NAME, _NAME)
        part = Message()
        part["Content-Type"] = "application/octet-stream"
        part.add_header("Content-Disposition", "attachment", filename=_clean(name) or "unnamed")
        message.attach(part)
    has_text = plain.strip() or markup.strip()
    is_rtf = not has_text and storage.read_bytes(f"__substg1.0_{_RTF}0102")
    return message, [RTF_ONLY] if is_rtf else []


def _add_header(message: Message, name: str, value: str) -> None:
    if value := _clean(value):
        message[name] = value


def _clean(text: str) -> str:
    """Return text that can be a header: on one line, with characters that can be encoded."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def _format_person(name: str, address: str) -> str:
    """Return a name and an address as in a header; addresses inside Exchange are left out."""
    name, address = _clean(name), _clean(address)
    is_address = "@" in address and address.isascii()
    if is_address and (not name or name == address):
        return address
    # Without an address, empty brackets mark the words as a name.
    person = formataddr((name, address if is_address else "x"))
    return person if is_address or not name else person.replace(" <x>", " <>")
