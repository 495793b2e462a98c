"""Read the members of zip files on request, up to a size limit.

Input: the bytes of a .docx, .xlsx, .pptx, .odt or .epub file. Output: the names and bytes of its
members. Nothing is written to disk, so a member's name cannot escape to another folder. Sizes are
counted while a member is unpacked; the sizes that the file declares are not trusted.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import PurePath

from scoqa.errors import ParseError

# A book of 25,000 pages unpacks to a tenth of this; a zip bomb exceeds it in seconds.
MOST_UNPACKED_BYTES = 512 * 2**20
MOST_MEMBERS = 20_000
_CHUNK_BYTES = 2**20

# Password-protected Office files and those from before 2007 are compound files and start with this.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LISTED = b"PK\x01\x02"  # precedes each member's entry in the list at the end of a zip file
_HEADER_BYTES = 30  # the header of a member, before its name
_ENCRYPTED = 0x1
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)


class Archive:
    """The members of one zip file. Built by `open_archive`."""

    def __init__(self, file: zipfile.ZipFile, path: str) -> None:
        self._file = file
        self._path = path
        self._unpacked: dict[str, int] = {}  # name -> bytes; a member read twice counts once
        # Not `is_dir`, which fails on a member without a name.
        members = [member for member in file.infolist() if not member.filename.endswith("/")]
        self._count = Counter(_normalize_name(member) for member in members)
        self._members = {_normalize_name(member): member for member in members}

    def names(self) -> list[str]:
        """Return the names of all members in file order, with forward slashes."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """Return the bytes of the member `name`.

        Raises ParseError if it is missing, encrypted, broken or not unique, or if all members
        read so far exceed MOST_UNPACKED_BYTES together.
        """
        member = self._members.get(name)
        if member is None:
            raise ParseError(
                self._path, f"contains no {name}; it is damaged, or its extension is wrong."
            )
        if member.flag_bits & _ENCRYPTED:
            raise ParseError(self._path, "is encrypted. Save a copy without a password.")
        if self._count[name] > 1:
            raise ParseError(
                self._path,
                f"contains {self._count[name]} parts named {name}, and programs differ in which "
                "one they show. Save it again, or exclude it.",
            )
        left = MOST_UNPACKED_BYTES - sum(self._unpacked.values())
        left += self._unpacked.get(name, 0)
        parts: list[bytes] = []
        size = 0
        try:
            with self._file.open(member) as unpacking:
                while chunk := unpacking.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > left:
                        raise ParseError(
                            self._path,
                            f"unpacks to more than {MOST_UNPACKED_BYTES // 2**20} MB. Split it, "
                            "or exclude it.",
                        )
                    parts.append(chunk)
        except _DAMAGED as error:
            raise _damaged_error(self._path) from error
        self._unpacked[name] = size
        return b"".join(parts)


def open_archive(data: bytes, path: str) -> Archive:
    """Open the zip archive in `data`.

    `path` is only used in messages; its extension names the expected format there. Raises
    ParseError if `data` is no zip file, is damaged, or is built to do harm.
    """
    kind = PurePath(path).suffix.lower()
    if data.startswith(_COMPOUND):
        raise ParseError(
            path,
            "is encrypted or an old Word, Excel or PowerPoint file. Save a copy without a password "
            "as .docx, .xlsx or .pptx.",
        )
    if not data.startswith(b"PK"):
        raise ParseError(path, f"is not a {kind} file: it does not start like one.")
    # Each member has an entry, so they are counted before a list of them is built.
    if data.count(_LISTED) > MOST_MEMBERS:
        raise ParseError(
            path, f"contains more than {MOST_MEMBERS:,} files. Save it again, or exclude it."
        )
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        raise _damaged_error(path) from error
    ordered = sorted(file.infolist(), key=lambda member: member.header_offset)
    for member, following in pairwise(ordered):
        # A small file unpacks to a huge one if its members share the same bytes.
        if member.header_offset + _HEADER_BYTES + member.compress_size > following.header_offset:
            raise _damaged_error(path)
    return Archive(file, path)


def _normalize_name(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/").lstrip("/")


def _damaged_error(path: str) -> ParseError:
    return ParseError(path, "is truncated or damaged. Get a new copy, or save it again.")
