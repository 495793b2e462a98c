"""Parse captions of recordings (.srt, .vtt): the spoken words, with the time of each caption.

Input: the bytes of a file. Output: the captions in file order without markup, each marked with the
time at which it is shown. A pause or another speaker starts a new paragraph; the name of a speaker
is a line of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Parser

PARSER = Parser("captions", "1")

LONGEST_PAUSE_SECONDS = 4.0  # inside a paragraph; speakers pause two seconds between sentences
# Captions that scroll repeat their last line at the end of the previous caption.
_MOST_OVERLAP_SECONDS = 0.1
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
# Elements of both formats, times inside a caption, and the positions of SubStation Alpha.
_MARKUP = re.compile(
    r"</?(?:[biucv]|ruby|rt|lang|font|span)(?:[.\s][^<>]*)?>|<[\d:.]+>|\{\\[^{}]*\}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Caption:
    """A caption: when it is shown, in seconds, its speaker ("" if unknown) and its lines."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


def read(data: bytes, path: str) -> Parsed:
    """Return the captions of a file. Raises ParseError if it contains no times."""
    text, warnings = decode(data, path)
    is_web = text.lstrip().startswith("WEBVTT")
    captions = list(_iterate_captions(_LINE_END.split(text), is_web=is_web))
    if not captions and text.strip():
        raise ParseError(path, "contains no captions with times. Correct its extension.")
    writer = Writer()
    previous: _Caption | None = None
    speaker = ""
    for caption in captions:
        lines = _drop_repeated(caption, previous)
        is_new_speaker = caption.speaker != speaker and bool(caption.speaker)
        pause = 0.0 if previous is None else caption.start - previous.end
        previous = caption
        if not lines:
            continue
        is_apart = is_new_speaker or abs(pause) > LONGEST_PAUSE_SECONDS
        writer.ensure_gap("\n\n" if is_apart else "\n")
        with writer.mark("time", format_clock(caption.start)):
            if is_new_speaker:
                speaker = caption.speaker
                writer.add(f"{speaker}\n")
            writer.add("\n".join(lines))
    if not writer.length and not warnings:
        warnings = (NO_TEXT,)
    return writer.to_parsed(None, warnings=warnings)


def format_clock(seconds: float) -> str:
    """Return a time as "00:01:23"."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _iterate_captions(lines: Sequence[str], *, is_web: bool) -> Iterator[_Caption]:
    """Yield the captions: each starts at a line with times.

    is_web: whether a blank line ends a caption, as in WebVTT, and what follows until the next
    times is left out: notes, style sheets and names. Otherwise only the number of the next caption
    is left out.
    """
    times = [_TIMES.match(line) for line in lines]
    for index, match in enumerate(times):
        if match is None:
            continue
        numbers = [int(number or 0) for number in match.groups()]
        inside: list[str] = []
        for position in range(index + 1, len(lines)):
            if times[position] is not None:
                while inside and not inside[-1].strip():
                    inside.pop()
                if not is_web and inside and inside[-1].strip().isdigit():
                    inside.pop()
                break
            if is_web and not lines[position].strip():
                break
            inside.append(lines[position])
        speaker = next((voice[1] for voice in map(_VOICE.search, inside) if voice), "")
        cleaned = (html.unescape(_MARKUP.sub("", line)).strip() for line in inside)
        yield _Caption(
            _to_seconds(match.groups()[:4], numbers[:4]),
            _to_seconds(match.groups()[4:], numbers[4:]),
            html.unescape(speaker).strip(),
            tuple(line for line in cleaned if line),
        )


def _to_seconds(texts: Sequence[str | None], numbers: Sequence[int]) -> float:
    hours, minutes, seconds, _ = numbers
    return 3600.0 * hours + 60 * minutes + seconds + float(f"0.{texts[3]}")


def _drop_repeated(caption: _Caption, previous: _Caption | None) -> list[str]:
    """Return the lines of a caption without those that are still shown from the previous one."""
    if previous is None or caption.start - previous.end > _MOST_OVERLAP_SECONDS:
        return list(caption.lines)
    for count in range(min(len(caption.lines), len(previous.lines)), 0, -1):
        if caption.lines[:count] == previous.lines[-count:]:
            return list(caption.lines[count:])
    return list(caption.lines)
