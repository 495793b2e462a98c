"""Parse calendars (.ics): the events and tasks, each under its name.

Input: the bytes of a file (RFC 5545). Output: for each event its name, marked as a heading, its
start, end, place and people, one per line, and its description. Dates are written in words, as
calendar programs display them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from scoqa.errors import ParseError
from scoqa.parse.common.lines import LONGEST_TITLE, MONTHS
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Parser

PARSER = Parser("events", "1")

_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]")
_LINE = re.compile(r'([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)')
_PARAMETER = re.compile(r';([\w-]+)=(?:"([^"]*)"|([^";:,]*))')
_ESCAPED = re.compile(r"\\([nN,;\\])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?", re.ASCII)
_EVENTS = ("VEVENT", "VTODO", "VJOURNAL")
_MOMENTS = {"DTSTART": "Start", "DTEND": "End", "DUE": "Due"}
_PEOPLE = {"ORGANIZER": "Organizer", "ATTENDEE": "Attendees"}


def read(data: bytes, path: str) -> Parsed:
    """Return the events of a calendar. Raises ParseError if it is not one."""
    text, warnings = decode(data, path)
    if text.strip() and "BEGIN:VCALENDAR" not in text.upper():
        raise ParseError(path, "does not start like a calendar. Correct its extension.")
    writer = Writer()
    title: str | None = None
    open_parts: list[str] = []
    event: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for name, parameters, value in _iterate_properties(text):
        if name == "BEGIN":
            open_parts.append(value.strip().upper())
            if open_parts[-1] in _EVENTS:
                event = {}
        elif name == "END":
            if open_parts and open_parts.pop() in _EVENTS:
                _write_event(writer, event)
        elif open_parts and open_parts[-1] in _EVENTS:  # not an alarm inside an event
            event.setdefault(name, []).append((value, parameters))
        elif name in ("NAME", "X-WR-CALNAME"):
            title = _unescape(value)
    if not writer.length and not warnings:
        warnings = (NO_TEXT,)
    return writer.to_parsed(title or None, warnings=warnings)


def _iterate_properties(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the name, parameters and value of each line; folded lines are one."""
    for line in re.split(r"\r\n|\r|\n", _FOLD.sub("", text)):
        match = _LINE.fullmatch(line)
        if match:
            parameters = {
                name.upper(): quoted or plain
                for name, quoted, plain in _PARAMETER.findall(match[2])
            }
            yield match[1].upper(), parameters, match[3]


def _write_event(writer: Writer, event: dict[str, list[tuple[str, dict[str, str]]]]) -> None:
    def get_text(name: str) -> str:
        return _unescape(event[name][0][0]) if name in event else ""

    summary = " ".join(get_text("SUMMARY").split())
    lines = [
        f"{label}: {_format_moment(*event[name][0], is_end=name == 'DTEND')}"
        for name, label in _MOMENTS.items()
        if name in event
    ]
    if place := " ".join(get_text("LOCATION").split()):
        lines.append(f"Place: {place}")
    for name, label in _PEOPLE.items():
        people = [_format_person(*person) for person in event.get(name, ())]
        if people:
            lines.append(f"{label}: {', '.join(people)}")
    if rule := get_text("RRULE"):
        lines.append(f"Repeats: {rule}")
    description = get_text("DESCRIPTION").strip()
    if not (summary or lines or description):
        return
    writer.ensure_gap()
    if 0 < len(summary) <= LONGEST_TITLE:
        with writer.mark("heading", summary):
            writer.add(summary)
    elif summary:
        writer.add(summary)
    for gap, part in (("\n\n", "\n".join(lines)), ("\n\n", description)):
        if part:
            writer.ensure_gap(gap)
            writer.add(part)


def _format_moment(value: str, parameters: dict[str, str], *, is_end: bool) -> str:
    """Return a date, with the time if there is one: "4 May 2026, 14:00 UTC".

    is_end: whether a date without a time is the day after the last day, as in the file.
    """
    match = _MOMENT.fullmatch(value.strip())
    if match is None:
        return value.strip()
    year, month, day = (int(number) for number in match.groups()[:3])
    try:
        when = date(year, month, day)
        if match[4] is None and is_end:
            when -= timedelta(days=1)
        words = f"{when.day} {MONTHS[when.month - 1]} {when.year}"
        if match[4] is None:
            return words
        clock = datetime(year, month, day, int(match[4]), int(match[5]))
    except (ValueError, OverflowError):
        return value.strip()
    zone = "UTC" if match[6] else parameters.get("TZID", "")
    return f"{words}, {clock:%H:%M} {zone}".rstrip()


def _format_person(value: str, parameters: dict[str, str]) -> str:
    """Return the name of a person, or the address."""
    return parameters.get("CN", "").strip() or re.sub(r"(?i)^mailto:", "", value.strip())


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
