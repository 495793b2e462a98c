"""Mailboxes, e-mails of Outlook and web archives are read as the e-mails and pages inside them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import oldfiles
from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import mbox, mht, msg
from scoqa.places import Marks


def letter(subject: str, body: str, *, end: str = "\n", start: str = "From ada Fri May 3") -> str:
    head = f"{start}\nSubject: {subject}\nFrom: Ada Lund <ada@example.org>\n"
    return (head + f"Date: Fri, 3 May 2024 10:15:00 +0200\n\n{body}\n").replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_mail_of_a_mailbox_has_its_sender_and_subject(end: str) -> None:
    body = "At nine.\n\n>From now on. From here\n\nFrom what I hear, never."
    data = end + letter("Ferry", body, end=end) + end + letter("Prices", "Seven.", end=end)
    parsed = mbox.read(data.encode(), "a.mbox")
    marks = Marks(parsed.marks)
    start = parsed.text.index("Seven.")
    assert "from Ada Lund, 3 May 2024" == marks.place(start, start + 6)
    assert ("Prices", "Ferry") == (marks.label("heading", start), marks.label("heading", 20))
    assert "At nine.\n\nFrom now on. From here\n\nFrom what I hear, never." in parsed.text
    assert {"message", "heading"} == {mark.kind for mark in parsed.marks}


def test_warnings_name_the_message_and_are_few() -> None:
    attached = (
        "MIME-Version: 1.0\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename=plan.pdf\n\nx\n\n"
    )
    data = "".join(f"From x\nSubject: {n}\n{attached}" for n in range(7))
    warnings = mbox.read(data.encode(), "a.mbox").warnings
    assert "message 1 has an attachment, which is not read: plan.pdf." == warnings[0]
    assert (6, "has 2 more warnings about single messages.") == (len(warnings), warnings[-1])


@pytest.mark.parametrize("text", ["Words.\n", "From here on\nno header follows.\n"])
def test_a_file_without_mails_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="contains no e-mail"):
        mbox.read(text.encode(), "a.mbox")


# -- Outlook ---------------------------------------------------------------------------------------


def outlook(**more: object) -> Parsed:
    return msg.read(oldfiles.mail(**more), "a.msg")  # type: ignore[arg-type]


def test_a_mail_of_outlook_is_read_with_people_date_and_attachments() -> None:
    parsed = outlook(
        subject="Prices — été",
        sender=("Lund, Ada", "ada@example.org"),
        to=("Bo Berg", "cy@example.org", "Øystein Dahl"),
        when=datetime(2024, 5, 3, 8, 15, tzinfo=UTC),
        body="The ferry costs 7 crowns.\r\n\r\nBye",
        attached=("plan.pdf", "kart.png"),
    )
    assert parsed.text == (
        "Prices — été\n\nFrom: Lund, Ada <ada@example.org>\nTo: Bo Berg, Øystein Dahl\n"
        "Cc: cy@example.org\nDate: Friday, 3 May 2024, 08:15 +0000\n\n"
        "The ferry costs 7 crowns.\n\nBye"
    )
    assert "Prices — été" == parsed.title
    assert ("has 2 attachments, which are not read: plan.pdf, kart.png.",) == parsed.warnings
    assert "from Lund, Ada, 3 May 2024" == Marks(parsed.marks).place(0, 5)


def test_a_mail_with_markup_alone_is_read_and_one_with_rtf_alone_says_so() -> None:
    page = '<meta charset="windows-1251"><p>Паром в девять.</p>'.encode("cp1251")
    assert "Паром в девять." in outlook(subject="x", html=page).text
    compressed = {"__substg1.0_10090102": b"\x10\0\0\0LZFu"}
    assert (msg.RTF_ONLY,) == outlook(subject="x", more=compressed).warnings


@pytest.mark.parametrize(
    "data",
    [
        b"Words.",
        oldfiles.compound({"WordDocument": b"x"}),
        oldfiles.mail(subject="x")[:700],
        oldfiles.mail(subject="x")[:520] + b"\xff" * 1000,
    ],
)
def test_what_is_no_mail_of_outlook_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match=r"is not an e-mail|contains no e-mail|is damaged"):
        msg.read(data, "a.msg")


# -- web archives ----------------------------------------------------------------------------------


def test_the_page_of_a_web_archive_is_read_in_its_encoding() -> None:
    head = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
    page = "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n"
    body = "<title>Vik</title><h1>L'été</h1><p>At nine.</p>\n--b\n"
    picture = "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBO\n--b--\n"
    parsed = mht.read((head + page + body + picture).encode("latin-1"), "a.mht")
    assert ("L'été\n\nAt nine.", "Vik") == (parsed.text, parsed.title)
    with pytest.raises(ParseError, match="contains no web page"):
        mht.read(b"Words.", "a.mht")
