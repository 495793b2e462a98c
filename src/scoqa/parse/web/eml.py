"""Parse e-mails (.eml): subject, sender, recipients and date, then the body, then enclosed e-mails.

Input: the bytes of a file. Output: its text, with marks for each e-mail, for the quoted and
forwarded parts in it, and for the date of the first.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime

from scoqa.errors import ParseError
from scoqa.parse.common.blocks import LINE, PARAGRAPH, Block, merge_marks, write_blocks
from scoqa.parse.common.charset import decode_declared
from scoqa.parse.common.lines import MONTHS
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.text_decoding import BLANK, decode
from scoqa.parse.web.html import decode_markup
from scoqa.parse.web.mail_authors import label_lines, read_line
from scoqa.parse.web.markup import parse_page
from scoqa.types import Mark, Parser

PARSER = Parser("eml", "3")

_HEADERS = frozenset(
    "from to cc subject date received return-path message-id mime-version content-type sender "
    "reply-to delivered-to".split()
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SIGNATURES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)
_ENCRYPTED_TYPES = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
MOST_NAMED = 10  # attachments in a warning
_KIND = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", re.ASCII)  # RFC 6838, 4.2
# A plain text part that is this much shorter than the HTML part only points to the HTML part.
LEAST_PLAIN_SHARE = 0.2
LONGEST_STUB = 400
_TEXTS = ("text/plain", "text/html")
_QUOTES = re.compile(">*")
_SPACE = re.compile("[ \t\r\n]+")


def read(data: bytes, path: str) -> Parsed:
    """Return the text of an e-mail. Raises ParseError."""
    if not data.strip():
        _, warnings = decode(data, path)
        return Parsed("", None, (), warnings)
    message = email.message_from_bytes(
        data.removeprefix(b"\xef\xbb\xbf"), policy=email.policy.compat32
    )
    if not _is_email(message):
        raise ParseError(
            path,
            "does not start like an e-mail. Correct its extension, or exclude it.",
        )
    letters = _EmailWriter(path)
    letters.write_all(message)
    if not letters.writer.length:
        letters.warnings.append(BLANK)
    parsed = letters.writer.to_parsed(get_header(message, "Subject") or None)
    return replace(
        parsed,
        marks=merge_marks(parsed.marks, [*letters.dates[:1], *letters.parts]),
        warnings=tuple(dict.fromkeys((*letters.warnings, *letters.describe_attachments()))),
    )


class _EmailWriter:
    """Writes an e-mail and the e-mails enclosed in it, one after the other."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.writer = Writer()
        self.dates: list[Mark] = []
        self.parts: list[Mark] = []  # by other authors than their message, and back
        self.warnings: list[str] = []
        self.attached: list[str] = []
        self.enclosed: list[Message] = []

    def write_all(self, message: Message) -> None:
        """Write `message`, then the messages it encloses, each with its own mark."""
        waiting = [message]
        while waiting:
            current = waiting.pop()
            self.enclosed = []
            if self.writer.length:
                self.writer.ensure_gap(PARAGRAPH)
            label = format_label(current)
            with self.writer.mark("message", label):
                self.write_email(current, label, level=0 if current is message else 1)
            waiting += reversed(self.enclosed)

    def write_email(self, message: Message, label: str, *, level: int) -> None:
        """Write the subject, sender, recipients and date, then the body.

        label: of the message. level: the heading level of the subject; 0 for the first e-mail,
        where it is the title.
        """
        outline = Outline()
        subject = get_header(message, "Subject")
        blocks = [Block(subject, level=level)] if subject else []
        for name in ("From", "To", "Cc"):
            if people := ", ".join(format_people(message, name)):
                gap = LINE if blocks and blocks[-1].text != subject else PARAGRAPH
                blocks.append(Block(f"{name}: {people}", gap))
        write_blocks(blocks, self.writer, outline=outline)
        when, date_header = parse_date(message), get_header(message, "Date")
        if date_header:
            gap = LINE if len(blocks) > bool(subject) else PARAGRAPH
            date = (
                date_header
                if when is None
                else f"{_DAYS[when.weekday()]}, {format_day(when)}, {format_time(when)}"
            )
            ((start, _),) = write_blocks(
                [Block(f"Date: {date}", gap)], self.writer, outline=outline
            )
            if when is not None:
                start += len(f"Date: {_DAYS[when.weekday()]}, ")
                self.dates.append(
                    Mark(start, start + len(format_day(when)), "date", format_day(when))
                )
        body = [
            replace(block, level=block.level + level if block.level else 0)
            for block in self.read_body(message)
        ]
        if body:
            body[0] = replace(body[0], gap=PARAGRAPH)
            spans = write_blocks(body, self.writer, outline=outline)
            self.parts += mark_parts(body, spans, label)

    def read_body(self, part: Message) -> list[Block]:
        """Return the visible blocks of a part of an e-mail. Attachments are recorded."""
        kind = part.get_content_type()
        name = get_filename(part)
        disposition = part.get_content_disposition()
        is_body = disposition == "inline" or (disposition != "attachment" and not name)
        if kind in _ENCRYPTED_TYPES:
            self.warnings.append("is encrypted; only its headers are read. Save it decrypted.")
        elif kind in ("message/rfc822", "message/global") and part.is_multipart():
            for child in _get_parts(part):
                if _is_email(child):
                    self.enclosed.append(child)
                else:
                    self.attached.append(_name_attachment(name, kind))
        elif part.is_multipart() and kind.startswith("multipart/"):
            if kind == "multipart/alternative":
                return self.choose_alternative(_get_parts(part))
            return [
                replace(block, gap=PARAGRAPH) if not index else block
                for child in _get_parts(part)
                for index, block in enumerate(self.read_body(child))
            ]
        elif is_body and kind in _TEXTS:
            return self.read_text(part, kind)
        elif kind not in _SIGNATURES and not (kind.startswith("image/") and part["Content-ID"]):
            self.attached.append(_name_attachment(name, kind))
        return []

    def choose_alternative(self, parts: list[Message]) -> list[Block]:
        """Return the blocks of the plain text part, or of another part if it is blank or a stub."""
        plain: list[Block] = []
        rich: list[Block] = []
        for part in parts:
            if part.get_content_type() == "text/plain" and not plain:
                plain = self.read_body(part)
            elif blocks := self.read_body(part):
                rich = blocks  # the sender prefers the last alternative
        plain_length, rich_length = (sum(len(b.text) for b in blocks) for blocks in (plain, rich))
        is_stub = plain_length <= LONGEST_STUB and plain_length < LEAST_PLAIN_SHARE * rich_length
        return rich if is_stub else plain

    def read_text(self, part: Message, kind: str) -> list[Block]:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        declared = _get_parameter(part, "charset")
        if declared.lower() in ("ascii", "us-ascii"):
            declared = ""  # often declared without checking
        text = decode_declared(data, declared)
        try:
            if kind == "text/html":
                markup, warnings = decode_markup(data, self.path, declared=declared or None)
                self.warnings += warnings if data else ()
                return list(parse_page(markup, line=LINE).blocks)
            if text is None:
                text, warnings = decode(data, self.path)
                self.warnings += warnings
        except ParseError:
            self.warnings.append("has a part that is declared as text but is not text.")
            return []
        text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        if _get_parameter(part, "format").lower() == "flowed":
            text = unwrap_flowed(text, joined=_get_parameter(part, "delsp").lower() == "yes")
        text = text.strip("\n").rstrip()
        return [Block(text)] if text.strip() else []

    def describe_attachments(self) -> list[str]:
        """Return a warning that names the attachments, if there are any."""
        count = len(self.attached)
        if not count:
            return []
        names = ", ".join(self.attached[:MOST_NAMED])
        more = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
        if count == 1:
            return [f"has an attachment, which is not read: {names}."]
        return [f"has {count} attachments, which are not read: {names}{more}."]


def mark_parts(
    blocks: Sequence[Block], spans: Sequence[tuple[int, int]], sender: str
) -> list[Mark]:
    """Return a mark for each run of lines by one author; none if the sender wrote all of them.

    blocks: of the body. spans: of its lines that contain text. sender: the label of the message.
    """
    lines = [
        read_line(line, block.quotes)
        for block in blocks
        for line in block.text.split("\n")
        if line.strip()
    ]
    marks: list[Mark] = []
    previous = sender
    for (start, end), label in zip(spans, label_lines(lines, sender), strict=True):
        if label != previous:
            marks.append(Mark(start, end, "message", label))
        elif marks:
            marks[-1] = replace(marks[-1], end=end)
        previous = label
    return marks


def _name_attachment(name: str, kind: str) -> str:
    """Return the name of an attachment, or its media type if it has no name."""
    return name or (kind if _KIND.fullmatch(kind) else "one without a name")


def unwrap_flowed(text: str, *, joined: bool) -> str:
    """Join the soft line breaks of a format=flowed text (RFC 3676).

    joined: whether the space at the end of a soft-broken line is removed too (DelSp=yes).
    """
    lines: list[str] = []
    open_depth = -1  # the quote depth of the previous line if it continues, otherwise -1
    for line in text.split("\n"):
        quotes = len(_QUOTES.match(line)[0])  # type: ignore[index]
        words = line[quotes:].removeprefix(" ")
        goes_on = words.endswith(" ") and words != "-- "
        if open_depth == quotes and words != "-- ":
            lines[-1] += words
        else:
            lines.append(f"{'>' * quotes} {words}" if quotes else words)
        open_depth = quotes if goes_on else -1
        if goes_on and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip(" ") for line in lines)


def format_label(message: Message) -> str:
    """Return the sender and date of an e-mail: "from Anna Li, 3 May 2024"."""
    sender = next(iter(parse_addresses(message, "From")), ("", ""))
    who = sender[0] or sender[1] or get_header(message, "From") or "an unknown sender"
    when = parse_date(message)
    return f"from {who}" + (f", {format_day(when)}" if when is not None else "")


def get_header(message: Message, name: str) -> str:
    """Return the decoded value of a header, or "" if it is missing."""
    return _decode_words(_get_raw_header(message, name))


def parse_addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Return the (name, address) of all people in a header; either may be ""."""
    addresses = getaddresses([_get_raw_header(message, name)])
    return [
        (_decode_words(who), _decode_words(address)) for who, address in addresses if who or address
    ]


def format_people(message: Message, name: str) -> list[str]:
    """Return all people in a header as e-mail programs display them."""
    people = [
        f"{who} <{address}>" if who and address else who or address
        for who, address in parse_addresses(message, name)
    ]
    return people or [value for value in [get_header(message, name)] if value]


def parse_date(message: Message) -> datetime | None:
    """Return when an e-mail was sent, in the sender's time zone, or None if it is unknown."""
    try:
        return parsedate_to_datetime(_get_raw_header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def format_day(when: datetime) -> str:
    """Return a date as "3 May 2024"."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def format_time(when: datetime) -> str:
    """Return a time as "14:05 +0200", without the offset if it is unknown."""
    return f"{when:%H:%M %z}".strip()


def get_filename(part: Message) -> str:
    """Return the name of an attached file, or "" if it has none."""
    try:
        return _decode_words(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):  # a broken or unknown encoding
        return ""


def _get_parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if part.is_multipart() else []


def _is_email(message: Message) -> bool:
    return any(name.lower() in _HEADERS for name, _ in message.raw_items())


def _get_parameter(part: Message, name: str) -> str:
    """Return a parameter of the content type of a part, or "" if it is missing."""
    try:
        return collapse_rfc2231_value(part.get_param(name) or "").strip()
    except (LookupError, ValueError, TypeError):
        return ""


def _get_raw_header(message: Message, name: str) -> str:
    """Return a header without decoding its encoded words, on one line."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            data = str(value).encode("utf-8", "surrogateescape")
            text = decode_declared(data, None) or data.decode("cp1252", "replace")
            return _SPACE.sub(" ", text).strip()
    return ""


def _decode_words(text: str) -> str:
    """Return the text of a header with its encoded words decoded (RFC 2047)."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    read: list[str] = []
    for part, encoding in parts:
        if isinstance(part, str):
            read.append(part)
        elif encoding is None:
            read.append(part.decode("raw_unicode_escape"))
        else:
            name = encoding.partition("*")[0]
            read.append(decode_declared(part, name) or part.decode("cp1252", "replace"))
    return _SPACE.sub(" ", "".join(read)).strip()
