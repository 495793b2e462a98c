"""E-mails (.eml): subject, who wrote to whom and when, then the body; enclosed e-mails after it.

Receives a file's bytes; hands on its text, with each e-mail and the date of the first marked.
"""

from __future__ import annotations

import email
import email.policy
import re
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
from scoqa.parse.web.markup import parse_page
from scoqa.types import Mark, Parser

PARSER = Parser("eml", "1")

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
# A plain part that is this much shorter than its HTML says only that there is HTML.
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
            "does not begin as an e-mail does. Give it the ending of what it is, or exclude it.",
        )
    letters = _EmailWriter(path)
    letters.write_all(message)
    if not letters.writer.length:
        letters.warnings.append(BLANK)
    parsed = letters.writer.to_parsed(get_header(message, "Subject") or None)
    return replace(
        parsed,
        marks=merge_marks(parsed.marks, letters.dates[:1]),
        warnings=tuple(dict.fromkeys((*letters.warnings, *letters.describe_attachments()))),
    )


class _EmailWriter:
    """Writes an e-mail and those enclosed in it, one after the other."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.writer = Writer()
        self.dates: list[Mark] = []
        self.warnings: list[str] = []
        self.attached: list[str] = []
        self.enclosed: list[Message] = []

    def write_all(self, message: Message) -> None:
        """Write `message`, then what it encloses, each with a mark of its own."""
        waiting = [message]
        while waiting:
            each = waiting.pop()
            self.enclosed = []
            if self.writer.length:
                self.writer.ensure_gap(PARAGRAPH)
            with self.writer.mark("message", format_label(each)):
                self.write_email(each, level=0 if each is message else 1)
            waiting += reversed(self.enclosed)

    def write_email(self, message: Message, *, level: int) -> None:
        """Write who wrote what to whom and when, then the body.

        level: of the subject as a heading; 0 for the first e-mail, whose title it is.
        """
        outline = Outline()
        subject = get_header(message, "Subject")
        blocks = [Block(subject, level=level)] if subject else []
        for name in ("From", "To", "Cc"):
            if people := ", ".join(format_people(message, name)):
                gap = LINE if blocks and blocks[-1].text != subject else PARAGRAPH
                blocks.append(Block(f"{name}: {people}", gap))
        write_blocks(blocks, self.writer, outline=outline)
        when, said = parse_date(message), get_header(message, "Date")
        if said:
            gap = LINE if len(blocks) > bool(subject) else PARAGRAPH
            shown = (
                said
                if when is None
                else f"{_DAYS[when.weekday()]}, {format_day(when)}, {format_time(when)}"
            )
            ((start, _),) = write_blocks(
                [Block(f"Date: {shown}", gap)], self.writer, outline=outline
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
            write_blocks([replace(body[0], gap=PARAGRAPH), *body[1:]], self.writer, outline=outline)

    def read_body(self, part: Message) -> list[Block]:
        """Return what a part of an e-mail shows; what is not shown is kept to be named."""
        kind = part.get_content_type()
        name = get_filename(part)
        placed = part.get_content_disposition()
        if kind in _ENCRYPTED_TYPES:
            self.warnings.append("is encrypted; only its head is read. Save it decrypted.")
        elif kind in ("message/rfc822", "message/global") and part.is_multipart():
            for each in _get_parts(part):
                if _is_email(each):
                    self.enclosed.append(each)
                else:
                    self.attached.append(_name_attachment(name, kind))
        elif part.is_multipart() and kind.startswith("multipart/"):
            if kind == "multipart/alternative":
                return self.choose_alternative(_get_parts(part))
            return [
                replace(block, gap=PARAGRAPH) if not place else block
                for each in _get_parts(part)
                for place, block in enumerate(self.read_body(each))
            ]
        elif placed != "attachment" and (not name or placed == "inline") and kind in _TEXTS:
            return self.read_text(part, kind)
        elif kind not in _SIGNATURES and not (kind.startswith("image/") and part["Content-ID"]):
            self.attached.append(_name_attachment(name, kind))
        return []

    def choose_alternative(self, parts: list[Message]) -> list[Block]:
        """Return what the plain part says, or another where that is blank or a stub."""
        plain: list[Block] = []
        rich: list[Block] = []
        for part in parts:
            if part.get_content_type() == "text/plain" and not plain:
                plain = self.read_body(part)
            elif found := self.read_body(part):
                rich = found  # the last is the one its sender holds to be best
        length, whole = (sum(len(block.text) for block in each) for each in (plain, rich))
        is_stub = length <= LONGEST_STUB and length < LEAST_PLAIN_SHARE * whole
        return rich if is_stub else plain

    def read_text(self, part: Message, kind: str) -> list[Block]:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        declared = _get_parameter(part, "charset")
        if declared.lower() in ("ascii", "us-ascii"):
            declared = ""  # what e-mails say that do not care
        text = decode_declared(data, declared)
        try:
            if kind == "text/html":
                markup, said = decode_markup(data, self.path, declared=declared or None)
                self.warnings += said if data else ()
                return list(parse_page(markup, line=LINE).blocks)
            if text is None:
                text, said = decode(data, self.path)
                self.warnings += said
        except ParseError:
            self.warnings.append("has a part that is no text, whatever it says of itself.")
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


def _name_attachment(name: str, kind: str) -> str:
    """Return what an attachment is called: its name, or its kind where it says one."""
    return name or (kind if _KIND.fullmatch(kind) else "one without a name")


def unwrap_flowed(text: str, *, joined: bool) -> str:
    """Return a text whose lines were broken for the way as it was written (RFC 3676).

    joined: the space at a soft line's end was put there for the way, too.
    """
    lines: list[str] = []
    open_depth = -1  # of quoting, of a line that goes on
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
    """Return who wrote an e-mail, and when: "from Anna Li, 3 May 2024"."""
    sender = next(iter(parse_addresses(message, "From")), ("", ""))
    who = sender[0] or sender[1] or get_header(message, "From") or "an unknown sender"
    when = parse_date(message)
    return f"from {who}" + (f", {format_day(when)}" if when is not None else "")


def get_header(message: Message, name: str) -> str:
    """Return a header as a person reads it, "" where there is none."""
    return _decode_words(_get_raw_header(message, name))


def parse_addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Return the (name, address) of everybody in a header; either may be ""."""
    found = getaddresses([_get_raw_header(message, name)])
    return [
        (_decode_words(who), _decode_words(address)) for who, address in found if who or address
    ]


def format_people(message: Message, name: str) -> list[str]:
    """Return everybody in a header as e-mail programs show them."""
    found = [
        f"{who} <{address}>" if who and address else who or address
        for who, address in parse_addresses(message, name)
    ]
    return found or [each for each in [get_header(message, name)] if each]


def parse_date(message: Message) -> datetime | None:
    """Return when an e-mail was sent, where its sender's clock stood; None if it does not say."""
    try:
        return parsedate_to_datetime(_get_raw_header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def format_day(when: datetime) -> str:
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def format_time(when: datetime) -> str:
    return f"{when:%H:%M %z}".strip()


def get_filename(part: Message) -> str:
    """Return the name of an attached file, "" where it has none."""
    try:
        return _decode_words(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):  # of a broken or unknown encoding
        return ""


def _get_parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if part.is_multipart() else []


def _is_email(message: Message) -> bool:
    return any(name.lower() in _HEADERS for name, _ in message.raw_items())


def _get_parameter(part: Message, name: str) -> str:
    """Return a parameter of a part's content type, "" where it has none."""
    try:
        return collapse_rfc2231_value(part.get_param(name) or "").strip()
    except (LookupError, ValueError, TypeError):
        return ""


def _get_raw_header(message: Message, name: str) -> str:
    """Return a header as it stands in the file, on one line."""
    for key, found in message.raw_items():
        if key.lower() == name.lower():
            data = str(found).encode("utf-8", "surrogateescape")
            text = decode_declared(data, None) or data.decode("cp1252", "replace")
            return _SPACE.sub(" ", text).strip()
    return ""


def _decode_words(text: str) -> str:
    """Return a header's text with its encoded words decoded (RFC 2047)."""
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
