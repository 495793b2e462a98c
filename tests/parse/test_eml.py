"""E-mails become what an e-mail program shows: head, body, and the e-mails they enclose."""

from __future__ import annotations

import random
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import eml as room
from scoqa.parse.web.eml import unwrap_flowed
from scoqa.parse.web.html import BLANK

HEAD = (
    "From: Anna Li <anna@example.org>\nTo: Bo <bo@example.org>\nSubject: Harbour fees\n"
    "Date: Fri, 3 May 2024 10:15:30 +0200\n"
)
SHOWN = (
    "Harbour fees\n\nFrom: Anna Li <anna@example.org>\nTo: Bo <bo@example.org>\n"
    "Date: Friday, 3 May 2024, 10:15 +0200"
)


def read(data: bytes | str) -> Parsed:
    return room.read(data.encode("utf-8") if isinstance(data, str) else data, "a.eml")


def body(rest: str | bytes) -> str:
    """Return what is shown below the head of an e-mail that goes on with `rest`."""
    data = HEAD.encode() + (rest.encode("utf-8") if isinstance(rest, str) else rest)
    parsed = read(data)
    assert parsed.text.startswith(SHOWN)
    return parsed.text.removeprefix(SHOWN).removeprefix("\n\n")


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def multipart(kind: str, *parts: str, boundary: str = "b1") -> str:
    inside = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{inside}--{boundary}--\n'


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nA boat pays 20 euros.\n"
RICH = "Content-Type: text/html; charset=utf-8\n\n<p>A <b>boat</b> pays 20&nbsp;euros.</p>\n"


# -- head ------------------------------------------------------------------------------------------


def test_an_e_mail_is_its_head_and_its_body() -> None:
    parsed = read(f"{HEAD}\nA boat pays\n20 euros.\n\n> Who pays?\n\n-- \nAnna\n")
    assert f"{SHOWN}\n\nA boat pays\n20 euros.\n\n> Who pays?\n\n-- \nAnna" == parsed.text
    assert ("Harbour fees", ()) == (parsed.title, parsed.warnings)
    assert [
        ("from Anna Li, 3 May 2024", parsed.text),
        ("quoted in a message from Anna Li, 3 May 2024", "> Who pays?"),
        ("from Anna Li, 3 May 2024", "-- \nAnna"),
    ] == marked(parsed, "message")
    assert [("3 May 2024", "3 May 2024")] == marked(parsed, "date")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"=?utf-8?B?SGFmZW4gw7ZmZm5ldA==?= =?utf-8?Q?_um_neun?=", "Hafen öffnet um neun"),
        (b"=?iso-8859-1?q?caf=E9?= is open", "café is open"),
        (b"=?gb2312?B?uNu/2g==?=", "港口"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        (b"=?utf-8?B?w?= broken", "=?utf-8?B?w?= broken"),
        (b"=?nonsense?Q?caf=C3=A9?=", "café"),
        (b"=?koi8-r*ru?Q?=F0=CF=D2=D4?=", "Порт"),
        ("café, as it is".encode(), "café, as it is"),
        ("café, of old".encode("cp1252"), "café, of old"),
        (b"on two\n\t  lines", "on two lines"),
        (b"a=?b", "a=?b"),
    ],
)
def test_headers_read_as_a_person_reads_them(raw: bytes, shown: str) -> None:
    assert shown == read(b"From: a@example.org\nSubject: " + raw + b"\n\nWords.").title


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ("From: =?utf-8?q?J=C3=BCrg?= <j@example.org>", "from Jürg"),
        ('From: "Li, Anna" <anna@example.org>, Bo <bo@example.org>', "from Li, Anna"),
        ("From: a@example.org\nDate: 3 May 2024 00:00 -0000", "from a@example.org, 3 May 2024"),
        ("From: anna@example.org\nDate: yesterday", "from anna@example.org"),
        ("From: <<broken", "from broken"),
        ("Subject: nobody", "from an unknown sender"),
    ],
)  # fmt: skip
def test_an_e_mail_is_known_by_its_sender_and_day(head: str, label: str) -> None:
    parsed = read(f"{head}\n\nWords.")
    assert [label] == [each for each, _ in marked(parsed, "message")]


def test_everybody_is_named_and_a_date_nobody_understands_is_shown_as_it_is() -> None:
    parsed = read("From: a@b.org\nCc: Bo <b@b.org>,\n c@b.org\nDate: in spring\n\nWords.")
    assert "From: a@b.org\nCc: Bo <b@b.org>, c@b.org\nDate: in spring\n\nWords." == parsed.text
    assert (None, []) == (parsed.title, marked(parsed, "date"))


# -- body ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 =\nopen", "café open"),
        ("Content-Transfer-Encoding: base64\n\nY2Fmw6kgb3Blbg==\n", "café open"),
        ("Content-Transfer-Encoding: base64\n\n!!\n", ""),
        ("Content-Type: text/plain; charset=nonsense\n\ncafé", "café"),
        ("Content-Type: text/html\n\n<p>One<p>two", "One\n\ntwo"),
        ("Content-Type: text/html\n\n<div>One</div><div>two</div><div><br></div><div>x</div>",
         "One\ntwo\n\nx"),
        ("\n港口于九点开放。\n\nيفتح الميناء", "港口于九点开放。\n\nيفتح الميناء"),
        ("Content-Type: text/plain; format=flowed\n\nA boat \npays. \n> so \n> it is",
         "A boat pays.\n> so it is"),
        (multipart("alternative", PLAIN, RICH), "A boat pays 20 euros."),
        (multipart("alternative", RICH), "A boat pays 20\u00a0euros."),
        (multipart("alternative", "Content-Type: text/plain\n\n \n", RICH),
         "A boat pays 20\u00a0euros."),
        (multipart("alternative", "Content-Type: text/plain\n\nSee HTML.\n", f"{RICH}{RICH * 5}"),
         None),
        (multipart("related", RICH, "Content-Type: image/png\nContent-ID: <x>\n\nx\n"),
         "A boat pays 20\u00a0euros."),
        (multipart("mixed", PLAIN, PLAIN), "A boat pays 20 euros.\n\nA boat pays 20 euros."),
    ],
)  # fmt: skip
def test_the_body_is_what_is_shown(part: str, shown: str | None) -> None:
    if shown is None:
        assert "See HTML." not in body(part)
    else:
        assert shown == body(part)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("iso-8859-1", "cp1252"), ("utf-8", "cp1252"), ("us-ascii", "utf-8"), ("gb2312", "gb18030")],
)
def test_a_body_is_read_whatever_its_encoding_says(declared: str, encoding: str) -> None:
    words = (
        "港口开放。" if encoding == "gb18030" else "Le café était fermé, les élèves préfèrent lire."
    )
    head = f"Content-Type: text/plain; charset={declared}\n\n".encode()
    assert words == body(head + words.encode(encoding))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120))
def test_what_a_mail_program_writes_is_read_back(words: str) -> None:
    message = EmailMessage()
    message["From"] = "Anna Li <anna@example.org>"
    message["Subject"] = "Words"
    message.set_content(words)
    text = read(message.as_bytes()).text
    lines = words.strip("\n").rstrip()
    assert (
        f"Words\n\nFrom: Anna Li <anna@example.org>\n\n{lines}".strip() == text or not lines.strip()
    )


def test_soft_lines_go_on_only_at_the_same_depth() -> None:
    assert "a b\n> c\nd\n-- \n" == unwrap_flowed("a \nb\n> c \nd\n-- \n", joined=False).replace(
        "\n--\n", "\n-- \n"
    )
    assert "上海" == unwrap_flowed("上 \n海", joined=True)


# -- what is enclosed ------------------------------------------------------------------------------

INNER = (
    "From: Bo <bo@example.org>\nSubject: Old fees\nDate: Mon, 1 Jan 2024 08:00:00 +0000\n"
    "Content-Type: text/html\n\n<h2>Fees</h2><p>It was 10 euros.</p>\n"
)


def test_an_enclosed_e_mail_follows_as_one_of_its_own() -> None:
    parts = multipart("mixed", PLAIN, f"Content-Type: message/rfc822\n\n{INNER}", PLAIN)
    parsed = read(HEAD + parts)
    first = f"{SHOWN}\n\nA boat pays 20 euros.\n\nA boat pays 20 euros."
    second = (
        "Old fees\n\nFrom: Bo <bo@example.org>\nDate: Monday, 1 January 2024, 08:00 +0000\n\n"
        "Fees\n\nIt was 10 euros."
    )
    assert f"{first}\n\n{second}" == parsed.text
    expected = [("from Anna Li, 3 May 2024", first), ("from Bo, 1 January 2024", second)]
    assert expected == marked(parsed, "message")
    assert [("Old fees", "Old fees"), ("Old fees > Fees", "Fees")] == marked(parsed, "heading")
    assert [("3 May 2024", "3 May 2024")] == marked(parsed, "date")


def test_attachments_are_named_in_a_warning() -> None:
    one = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nx\n"
    two = 'Content-Type: text/plain; name="=?utf-8?q?b=C3=BC.txt?="\n\nnot read\n'
    three = "Content-Type: application/pgp-signature\n\nx\n"
    parsed = read(HEAD + multipart("mixed", PLAIN, one, two, three))
    assert ("has 2 attachments, which are not read: a.pdf, bü.txt.",) == parsed.warnings
    assert parsed.text.endswith("A boat pays 20 euros.")
    parsed = read(HEAD + multipart("mixed", PLAIN, one))
    assert ("has an attachment, which is not read: a.pdf.",) == parsed.warnings
    parsed = read(HEAD + multipart("mixed", *[one] * 12))
    assert parsed.warnings[0].startswith("has 12 attachments, which are not read: a.pdf, ")
    assert parsed.warnings[0].endswith(" and 2 more.")


def test_an_attachment_whose_kind_is_broken_is_named_in_one_line() -> None:
    """Found by changing files at random: its kind held a line's end, or half its words."""
    for kind in ("text/x?=\n +0200", "multipart/altern\ufffd\x14 go 2c", "text/" + "x" * 500):
        broken = f"Content-Type: {kind}\n\nwords\n"
        parsed = read(HEAD + multipart("mixed", PLAIN, broken))
        assert ("has an attachment, which is not read: one without a name.",) == parsed.warnings


def test_an_encrypted_e_mail_says_so() -> None:
    sealed = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx\n"
    parsed = read(HEAD + sealed)
    assert SHOWN == parsed.text
    assert ("is encrypted; only its headers are read. Save it decrypted.",) == parsed.warnings


# -- broken and hostile e-mails --------------------------------------------------------------------


def test_an_empty_e_mail_says_so() -> None:
    assert ("is empty; there is nothing to index in it.",) == read(b"").warnings
    assert (BLANK,) == read(b" \n").warnings
    assert (BLANK,) == read(b"Message-ID: <x>\n\n \n").warnings


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", random.Random(7).randbytes(4000), b"Just words.\n", b"<p>From: x"]
)
def test_what_is_no_e_mail_is_named_so(data: bytes) -> None:
    with pytest.raises(ParseError, match="does not start like an e-mail"):
        read(data)


def test_ten_thousand_parts_are_read() -> None:
    assert 10_000 == body(multipart("mixed", *["\nWords."] * 10_000)).count("Words.")


def test_e_mails_in_e_mails_are_read_however_deep() -> None:
    deep = f"{HEAD}Content-Type: message/rfc822\n\n" * 100 + f"{HEAD}\nDeep words."
    assert read(deep).text.endswith("Deep words.")
    assert 101 == len(marked(read(deep), "message"))


def test_parts_nested_without_end_cost_only_themselves(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(5000))
    file.write_text(HEAD + deep + "\nDeep.", encoding="utf-8")
    with pytest.raises(ParseError, match="is nested too deeply to be read"):
        parse_file(file, "a.eml")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: multipart/mixed\n\nno boundary",
        "Content-Type: multipart/mixed; boundary=x\n\n--y\nwords",
        "Content-Type: text/plain; charset*=nonsense'x'%ff\n\nwords",
        "Content-Type: text/plain; charset*0*=a; charset*1\n\nwords",
        "Content-Type: ;;;=\n\nwords",
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTo=\n",
        "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n",
        "Content-Disposition: attachment; filename*=x'y\n\nwords",
        "Content-Type: text/html; charset=rot13\n\n<p>words",
        "Content-Transfer-Encoding: uuencode\n\nbegin 644 x\nwords\n",
    ],
)
def test_a_broken_part_costs_no_more_than_itself(head: str) -> None:
    assert read(HEAD + head).text.startswith(SHOWN)


def test_an_e_mail_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes((HEAD + PLAIN).replace("\n", "\r\n").encode())
    document = parse_file(file, "a.eml").document
    assert ("Harbour fees", f"{SHOWN}\n\nA boat pays 20 euros.") == (document.title, document.text)
