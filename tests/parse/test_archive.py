"""Zip files and XML made to do harm, or broken, cost one clear line; others are read whole."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest

from hostile import LAUGHS
from scoqa.errors import ParseError
from scoqa.parse.common import archive
from scoqa.parse.common.archive import open_archive
from scoqa.parse.common.xmltree import parse_xml


def zipped(*parts: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file with `parts` in it, in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in parts:
            file.writestr(name, data)
    return out.getvalue()


def refused(data: bytes, name: str = "a.xml", path: str = "plan.xlsx") -> str:
    """Return why `data`, or its member `name`, is not read."""
    with pytest.raises(ParseError) as caught:
        open_archive(data, path).read(name)
    assert path == caught.value.path
    return caught.value.reason


DAMAGED = "is truncated or damaged. Get a new copy, or save it again."


def test_members_are_read_by_name() -> None:
    file = open_archive(zipped(("a.xml", b"<a/>"), ("deep/b.bin", bytes(99))), "plan.xlsx")
    assert ["a.xml", "deep/b.bin"] == file.names()
    assert (b"<a/>", bytes(99)) == (file.read("a.xml"), file.read("deep/b.bin"))
    assert ("a.xml" in file, "c.xml" in file) == (True, False)


def test_a_name_that_leads_elsewhere_is_only_a_name() -> None:
    file = open_archive(zipped(("../../other/x", b"x"), ("/other/y", b"y")), "plan.xlsx")
    assert ["../../other/x", "other/y"] == file.names()
    assert b"x" == file.read("../../other/x")


def test_folders_are_no_members_and_backward_slashes_are_slashes() -> None:
    file = open_archive(zipped(("word/", b""), ("word\\document.xml", b"<w/>")), "plan.docx")
    assert ["word/document.xml"] == file.names()


def test_a_member_without_a_name_harms_nobody() -> None:
    """Found by changing files at random: its absence of a last character was an error."""
    data = zipped(("a.xml", b"<a/>"), ("b", b"?"))
    at = data.rindex(b"PK\x01\x02")  # the list's entry for "b": its name has no length now
    entry = data[at : at + 46]
    entry = entry[:28] + b"\0\0" + entry[30:]
    end = data.index(b"PK\x05\x06")
    size = (end - at) - 1 + (at - data.index(b"PK\x01\x02"))
    tail = data[end : end + 12] + size.to_bytes(4, "little") + data[end + 16 :]
    archive_of = open_archive(data[:at] + entry + tail, "plan.xlsx")
    assert b"<a/>" == archive_of.read("a.xml")
    assert ["a.xml", ""] == archive_of.names()


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_UNPACKED_BYTES", 3 * 2**20)
    file = open_archive(zipped(("a", bytes(2 * 2**20)), ("b", bytes(2 * 2**20))), "plan.xlsx")
    for _ in range(3):  # a member read again counts once
        assert 2 * 2**20 == len(file.read("a"))
    with pytest.raises(ParseError, match=r"plan\.xlsx unpacks to more than 3 MB\. Split it"):
        file.read("b")


def test_sizes_are_counted_and_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_UNPACKED_BYTES", 2**20)
    data = zipped(("a.xml", bytes(2**21)))
    true, false = (2**21).to_bytes(4, "little"), (10).to_bytes(4, "little")
    crc = zlib.crc32(bytes(10)).to_bytes(4, "little")
    lying = data.replace(true, false).replace(zlib.crc32(bytes(2**21)).to_bytes(4, "little"), crc)
    # What is behind the size that is told is never unpacked.
    assert bytes(10) == open_archive(lying, "plan.xlsx").read("a.xml")


def test_more_members_than_any_document_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    many = [(f"{n}.xml", b"") for n in range(11)]
    assert 10 == len(open_archive(zipped(*many[:10]), "plan.xlsx").names())
    assert "contains more than 10 files. Save it again, or exclude it." == refused(zipped(*many))


def test_members_that_share_bytes_are_refused() -> None:
    one = zipped(("a.xml", b"x" * 99))
    at = one.index(b"PK\x01\x02")
    entry, end = one[at : one.index(b"PK\x05\x06")], bytearray(one[one.index(b"PK\x05\x06") :])
    other = entry.replace(b"a.xml", b"b.xml")
    end[8:12] = (2).to_bytes(2, "little") * 2
    end[12:16] = (2 * len(entry)).to_bytes(4, "little")
    assert DAMAGED == refused(one[:at] + entry + other + bytes(end))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused_when_it_is_wanted() -> None:
    data = zipped(("a.xml", b"shown"), ("b.xml", b"b"), ("a.xml", b"hidden"))
    assert b"b" == open_archive(data, "plan.xlsx").read("b.xml")
    assert refused(data).startswith("contains 2 parts named a.xml, and programs differ")


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zipped(("a.xml", b"<a/>")))
    for at in (6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    assert "is encrypted. Save a copy without a password." == refused(bytes(data))


def test_an_encrypted_or_old_office_file_is_told_apart() -> None:
    data = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    assert (
        "is encrypted or an old Word, Excel or PowerPoint file. Save a copy without a password as "
        ".docx, .xlsx or .pptx."
    ) == refused(data)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<html>", b"just words"])
def test_another_kind_under_the_name_is_told(data: bytes) -> None:
    assert "is not a .xlsx file: it does not start like one." == refused(data)


def test_a_file_cut_off_anywhere_is_told() -> None:
    data = zipped(("a.xml", b"<a/>" * 50), ("b.xml", bytes(range(256))))
    for end in range(2, len(data) - 1):
        assert DAMAGED == refused(data[:end])


def test_a_changed_byte_is_told() -> None:
    data = bytearray(zipped(("a.xml", b"The harbour freezes."), how=zipfile.ZIP_STORED))
    data[data.index(b"harbour")] ^= 1
    assert DAMAGED == refused(bytes(data))


def test_a_missing_member_is_named() -> None:
    assert "contains no xl/workbook.xml; it is damaged, or its extension is wrong." == refused(
        zipped(("a.xml", b"")), "xl/workbook.xml"
    )


# -- XML -------------------------------------------------------------------------------------------


def test_xml_is_read_with_its_comments_and_instructions_dropped() -> None:
    root = parse_xml("<a><!-- no -->ä<?no no?>b</a>".encode(), "plan.docx")
    assert ("a", "äb", 0) == (root.tag, "".join(root.itertext()), len(root))


@pytest.mark.parametrize(
    "xml",
    [
        f"{LAUGHS}<a>&a9;</a>",
        f'{LAUGHS}<a b="&a9;"/>',
        '<!DOCTYPE a [<!ENTITY e "word">]><a>&e;</a>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]><a/>',
        "<a>" * 5000 + "</a>" * 5000,
        "<a>",
        "",
        "no XML",
    ],
)
def test_xml_that_does_harm_or_is_broken_is_refused(xml: str) -> None:
    with pytest.raises(ParseError, match=r"plan\.docx (declares entities|contains malformed XML)"):
        parse_xml(xml.encode(), "plan.docx")


@pytest.mark.parametrize("place", ["http://localhost/a.dtd", "file:///etc/passwd", "/etc/passwd"])
def test_a_document_type_that_stands_elsewhere_is_not_fetched(place: str) -> None:
    assert "a" == parse_xml(f'<!DOCTYPE a SYSTEM "{place}"><a>words</a>'.encode(), "plan.docx").tag
