"""Old Office files made by hand: compound files, e-mails of Outlook, workbooks (.xls)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

SECTOR, SMALL_SECTOR = 512, 64
LEAST_LARGE = 4096  # bytes; smaller streams are packed into one
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file ([MS-CFB]) of streams by path, as "storage/stream"."""
    names = [""]
    for path in streams:
        folder = path.rpartition("/")[0]
        names += [name for name in (folder, path) if name and name not in names]
    sectors: list[bytes] = []
    table: list[int] = []

    def add(data: bytes) -> int:
        """Return the first sector of the data."""
        first = len(sectors)
        for start in range(0, len(data), SECTOR):
            sectors.append(data[start : start + SECTOR].ljust(SECTOR, b"\0"))
            table.append(len(sectors))
        if len(sectors) == first:
            return _END
        table[-1] = _END
        return first

    small = b""
    small_table: list[int] = []

    def place(data: bytes) -> int:
        """Return the first sector of a stream, or its first small sector."""
        nonlocal small
        if not data or len(data) >= LEAST_LARGE:
            return add(data)
        start = len(small_table)
        count = -(-len(data) // SMALL_SECTOR)
        small += data.ljust(count * SMALL_SECTOR, b"\0")
        small_table.extend([*range(start + 1, start + count), _END])
        return start

    def children(folder: str) -> list[int]:
        return [i for i, name in enumerate(names) if i and name.rpartition("/")[0] == folder]

    starts = {path: place(data) for path, data in streams.items()}
    starts[""] = add(small)
    small_first = add(struct.pack(f"<{len(small_table)}I", *small_table))
    entries = b""
    for index, name in enumerate(names):
        data = streams.get(name)
        inside = children(name) if data is None else []
        siblings = children(name.rpartition("/")[0])
        after = [number for number in siblings if number > index]
        short = (name.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
        kind = 5 if not index else 1 if data is None else 2
        entries += short.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sIQQIQ", len(short) + 2, kind, 1, _NONE,
            after[0] if index and after else _NONE, inside[0] if inside else _NONE,
            b"", 0, 0, 0, starts.get(name, _END), len(data or b"") if index else len(small),
        )  # fmt: skip
    directory = add(entries)
    count = 1
    while len(sectors) + count > count * SECTOR // 4:
        count += 1
    first = len(sectors)
    table += [_FAT] * count
    packed = struct.pack(f"<{len(table)}I", *table).ljust(count * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, count, directory, 0, LEAST_LARGE, small_first, -(-4 * len(small_table) // SECTOR),
        _END, 0,
    )  # fmt: skip
    numbers = [*range(first, first + count), *[_FREE] * (109 - count)]
    return header + struct.pack("<109I", *numbers) + b"".join(sectors) + packed


def mail(
    *,
    subject: str = "",
    sender: tuple[str, str] = ("", ""),
    to: tuple[str, ...] = (),
    when: datetime | None = None,
    body: str = "",
    html: bytes = b"",
    attached: tuple[str, ...] = (),
    more: dict[str, bytes] | None = None,
) -> bytes:
    """Return an e-mail of Outlook."""
    texts = {"0037": subject, "0C1A": sender[0], "5D01": sender[1], "1000": body}
    streams = {f"__substg1.0_{key}001F": text.encode("utf-16-le") for key, text in texts.items()}
    streams = {name: data for name, data in streams.items() if data}
    if html:
        streams["__substg1.0_10130102"] = html
    ticks = 0
    if when is not None:
        ticks = int((when - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    streams["__properties_version1.0"] = bytes(32) + struct.pack("<IIQ", 0x00390040, 6, ticks)
    for number, name in enumerate(to):
        folder = f"__recip_version1.0_#{number:08X}"
        streams[f"{folder}/__substg1.0_3001001F"] = name.encode("utf-16-le")
        kind = struct.pack("<IIQ", 0x0C150003, 6, 1 + number % 2)
        streams[f"{folder}/__properties_version1.0"] = bytes(8) + kind
    for number, name in enumerate(attached):
        folder = f"__attach_version1.0_#{number:08X}"
        streams[f"{folder}/__substg1.0_3707001F"] = name.encode("utf-16-le")
    return compound(streams | (more or {}))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _start(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x1FAA, 1997, 0, 6))


def workbook(
    sheets: dict[str, list[list[object]]],
    *,
    formats: tuple[str, ...] = (),
    hidden: tuple[str, ...] = (),
    more: bytes = b"",
) -> bytes:
    """Return a workbook of Excel 97; a number in a cell may be (number, index of its format).

    more: records at the end of each sheet.
    """
    inside = b""
    for number, code in enumerate(("General", *formats)):
        text = code.encode("utf-16-le")
        inside += _record(0x041E, struct.pack("<HHB", 164 + number, len(code), 1) + text)
    for number in range(len(formats) + 1):
        inside += _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, 164 + number, *[0] * 8))
    bodies = []
    for rows in sheets.values():
        body = _start(0x0010)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                    body += _record(0x0204, struct.pack("<HHH", at, column, 0) + text)
                elif value is not None:
                    cell = value if isinstance(value, tuple) else (value, -1)
                    where = struct.pack("<HHH", at, column, cell[1] + 1)
                    body += _record(0x0203, where + struct.pack("<d", cell[0]))
        bodies.append(body + more + _record(0x000A, b""))
    length = sum(14 - 2 + 2 * len(name) for name in sheets)
    offset = len(_start(5)) + len(inside) + length + len(_record(0x000A, b""))
    listed = b""
    for name, body in zip(sheets, bodies, strict=True):
        shown = struct.pack("<IBBBB", offset, name in hidden, 0, len(name), 1)
        listed += _record(0x0085, shown + name.encode("utf-16-le"))
        offset += len(body)
    stream = _start(5) + inside + listed + _record(0x000A, b"") + b"".join(bodies)
    return compound({"Workbook": stream})
