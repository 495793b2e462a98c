"""Calendars become their events, each under its name with its time, place and people."""

from __future__ import annotations

import pytest

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text import events


def read(*lines: str) -> Parsed:
    text = "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""))
    return events.read(text.encode(), "a.ics")


def test_an_event_has_its_time_place_and_people() -> None:
    parsed = read(
        "X-WR-CALNAME:Harbour\\, 2024",
        "BEGIN:VEVENT",
        "SUMMARY:Board meeting\\; budget",
        "DTSTART;TZID=Europe/Oslo:20240503T140000",
        "DTEND:20240503T143000Z",
        "LOCATION:Long hall\\, 2nd",
        "  floor",
        'ORGANIZER;CN="Lund, Ada":mailto:ada@example.org',
        "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bo Berg:mailto:bo@example.org",
        "ATTENDEE:MAILTO:cy@example.org",
        "RRULE:FREQ=WEEKLY",
        "DESCRIPTION:Bring the plan.\\nIt costs C:\\\\new crowns.",
        "BEGIN:VALARM",
        "DESCRIPTION:Reminder",
        "END:VALARM",
        "END:VEVENT",
    )
    assert "Harbour, 2024" == parsed.title
    assert parsed.text == (
        "Board meeting; budget\n\nStart: 3 May 2024, 14:00 Europe/Oslo\n"
        "End: 3 May 2024, 14:30 UTC\nPlace: Long hall, 2nd floor\nOrganizer: Lund, Ada\n"
        "Attendees: Bo Berg, cy@example.org\nRepeats: FREQ=WEEKLY\n\n"
        "Bring the plan.\nIt costs C:\\new crowns."
    )
    assert ["Board meeting; budget"] == [mark.label for mark in parsed.marks]


def test_days_are_written_without_time_and_the_last_day_is_included() -> None:
    parsed = read(
        "BEGIN:VEVENT",
        "SUMMARY:Fair",
        "DTSTART;VALUE=DATE:20240531",
        "DTEND;VALUE=DATE:20240602",
        "END:VEVENT",
        "BEGIN:VTODO",
        "SUMMARY:Pay",
        "DUE:20241399T250000",
        "END:VTODO",
    )
    fair = "Fair\n\nStart: 31 May 2024\nEnd: 1 June 2024"
    assert f"{fair}\n\nPay\n\nDue: 20241399T250000" == parsed.text


def test_a_file_that_is_no_calendar_is_refused_and_an_empty_one_says_so() -> None:
    with pytest.raises(ParseError, match="does not start like a calendar"):
        events.read(b"Words.", "a.ics")
    assert (events.NO_TEXT,) == read().warnings
