"""Answers, hits and reports for a person at a terminal, and plain in a pipe.

Receives values; hands on lines of text. Data goes to standard output, messages and progress to
standard error. Documents are hostile: no control character of theirs reaches the terminal.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from scoqa.serial import to_json
from scoqa.types import (
    Answer,
    Citation,
    Explanation,
    Hit,
    Reason,
    SyncReport,
    Verdict,
    Window,
    WindowReading,
)

out = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, soft_wrap=True, highlight=False)

LIT = "bold underline"
QUIET = "dim"
LONGEST_SHOWN = 80  # characters of a span among the scores
MOST_LISTED = 20  # warnings told one by one after a sync; the rest is counted

REASONS: dict[Reason, str] = {
    "empty_index": "There are no documents in the index.",
    "no_evidence": "No passage speaks of this.",
    "low_confidence": "The nearest passages do not seem to answer it.",
    "phrase_not_found": "The quoted words stand nowhere in them.",
    "language_not_supported": "scoqa reads English; these passages only share words with it.",
}
SILENCE = "Your documents do not answer this."

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HIGH_CONTROL = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return `text` with control and direction-override characters shown as U+FFFD."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def print_json(value: Any) -> None:
    """Print `value` in the documented schema."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(to_json(value), indent=2, ensure_ascii=ascii_only)
    # JSON escapes controls below U+0020 only; the rest stand inside its strings, where an
    # escape means the same.
    sys.stdout.write(_HIGH_CONTROL.sub(lambda m: f"\\u{ord(m.group()):04x}", text) + "\n")


def say(message: str) -> None:
    """Print a message to standard error."""
    messages.print(Text(visible(message)))


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Say what is going on while it does: a moving line on a terminal, one line elsewhere."""
    if messages.is_terminal:
        with messages.status(message):
            yield
    else:
        say(message)
        yield


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Give a callback (done, total, what) that draws a bar; tenths in plain lines in a pipe."""
    if not messages.is_terminal:
        last = -1

        def plain(done: int, total: int, what: str) -> None:
            nonlocal last
            tenth = 10 * done // total if total else 10
            if tenth > last:
                last = tenth
                say(f"{label}: {10 * tenth} %" + (f" ({what})" if what and not tenth else ""))

        say(f"{label} ...")
        yield plain
        return
    # Without markup: a file may be called "notes [/old].txt".
    what_now = TextColumn("{task.fields[what]}", style=QUIET, markup=False)
    columns = (TextColumn(label), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn(), what_now)  # fmt: skip
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(label, total=None, what="")

        def draw(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, what=visible(what)[-50:])

        yield draw


def confidence_in_words(confidence: float) -> str:
    """Return how sure an answer is, in words and as a percentage."""
    word = "very likely" if confidence >= 0.9 else "likely" if confidence >= 0.7 else "perhaps"
    return f"{word} right ({confidence:.0%})"


def print_answer(answer: Answer) -> None:
    """Print the cited sentences with the quote lit, or the silence with its near misses."""
    if answer.answered:
        _print_citations(answer.citations)
        out.print(Text(f"\nThe first is {confidence_in_words(answer.confidence)}.", style=QUIET))
        return
    out.print(Text(SILENCE, style="bold"))
    if answer.reason is not None:
        out.print(Text(REASONS[answer.reason]))
    if answer.near_misses:
        out.print(Text("\nNearest passages, which do not answer it:\n", style=QUIET))
        _print_citations(answer.near_misses)


def _print_citations(citations: Sequence[Citation]) -> None:
    number = 1
    listed: list[tuple[int, Citation]] = []
    for citation in citations:
        line = _lit_sentence(citation)
        for place in (citation, *citation.also_in):
            line.append(f" [{number}]", style=QUIET)
            listed.append((number, place))
            number += 1
        out.print(line)
    out.print()
    for number, place in listed:
        out.print(Text(f"[{number}] {visible(place.title)}"))
        out.print(Text(f"    {visible(place_of(place))}", style=QUIET))


def _lit_sentence(citation: Citation) -> Text:
    start = citation.start - citation.sentence_start
    end = citation.end - citation.sentence_start
    sentence = citation.sentence
    line = Text(visible(sentence[:start]))
    if (start, end) == (0, len(sentence)):
        line.append(visible(sentence))  # nothing to tell apart: the whole sentence is the quote
    elif out.is_terminal:
        line.append(visible(sentence[start:end]), style=LIT)
    else:
        line.append(f"»{visible(sentence[start:end])}«")
    line.append(visible(sentence[end:]))
    return line


def place_of(citation: Citation) -> str:
    """Return where a quote stands: path; page, slide, row, line or heading; characters."""
    parts = [citation.path, citation.place]
    if not citation.place and citation.has_file_lines:
        parts.append(f"line {citation.line}")
    elif not citation.place and citation.heading:
        parts.append(f"under “{citation.heading}”")
    parts.append(f"characters {citation.start}:{citation.end}")
    return ", ".join(part for part in parts if part)


def print_hits(hits: Sequence[Hit]) -> None:
    """Print passages, best first, with what found them."""
    for number, hit in enumerate(hits, start=1):
        passage = hit.passage
        found = ", ".join(f"{f.search} {f.rank} ({f.score:.3f})" for f in hit.found_by)
        out.print(Text(f"{number}. {visible(passage.heading)}", style="bold"))
        parts = (hit.path, hit.place, f"characters {passage.start}:{passage.end}")
        where = ", ".join(part for part in parts if part)
        out.print(Text(f"   {visible(where)}; score {hit.score:.4f}: {found}", style=QUIET))
        out.print(Text(visible(passage.text) + "\n"))


def print_explanation(explained: Explanation) -> None:
    """Print every stage's scores below an answer."""
    paths = {hit.passage.document_id: hit.path for hit in explained.hits}
    out.print(Text("\nPassages (fused score; rank and score of each search)", style="bold"))
    for rank, hit in enumerate(explained.hits[:20], start=1):
        found = ", ".join(f"{f.search} {f.rank} ({f.score:.3f})" for f in hit.found_by)
        place = f"{hit.path} {hit.passage.start}:{hit.passage.end}"
        out.print(Text(f"{rank:3} {hit.score:.4f}  {visible(place)}  {found}"))
    out.print(Text("\nWindows read (best rank of each search, and fused)", style="bold"))
    ranks = {hit.passage.id: rank for rank, hit in enumerate(explained.hits, start=1)}
    for number, window in enumerate(explained.windows):
        place = f"{paths[window.document_id]} {window.start}:{window.end}"
        ranked = [f"{name} {_best_rank(window, name)}" for name in ("words", "vectors")]
        fused = min(ranks[hit.passage.id] for hit in window.hits)
        out.print(Text(f"{number + 1:3} {visible(place)}  {', '.join(ranked)}, fused {fused}"))
        if number < len(explained.reading.windows):
            out.print(Text(f"      {_said(window, explained.reading.windows[number])}"))
    out.print(Text("\nSpans", style="bold"))
    for span in explained.reading.spans:
        out.print(
            Text(
                f"    {span.score:.4f}  {visible(paths[span.document_id])} {span.start}:{span.end}"
            )
        )
    none, right = explained.reading.none_probability, explained.reading.right_probability
    out.print(
        Text(f"\nProbability that none answers {none:.3f}, that the first is right {right:.3f}")
    )
    for stage, seconds in explained.answer.timings.items():
        out.print(Text(f"    {stage:10} {1000 * seconds:8.1f} ms", style=QUIET))


def _best_rank(window: Window, search: str) -> str:
    ranks = [f.rank for hit in window.hits for f in hit.found_by if f.search == search]
    return str(min(ranks)) if ranks else "-"


def _said(window: Window, reading: WindowReading) -> str:
    """Return what a reader made of `window`: its best span, and how that stands in the whole."""
    null = "-" if reading.null is None else f"{reading.null:.2f}"
    numbers = f"null {null}, probability {reading.probability:.3f}"
    if reading.span is None and reading.null is None:
        return "not read: no place in it could win"
    if reading.span is None:
        return f"no span, {numbers}"
    start, end = reading.span.start, reading.span.end
    words = " ".join(window.text[start - window.start : end - window.start].split())
    shown = words if len(words) <= LONGEST_SHOWN else f"{words[: LONGEST_SHOWN - 1]}…"
    return f"{start}:{end} score {reading.span.score:.2f}, {numbers}  {visible(shown)}"


def print_sync(report: SyncReport) -> None:
    """Print what a sync did: counts, then every file that failed or was warned about."""
    counts = [
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(report.moved), "moved"),
        (len(report.removed), "removed"),
        (len(report.unchanged), "unchanged"),
    ]
    done = ", ".join(f"{count} {word}" for count, word in counts if count) or "none"
    out.print(Text(f"Documents: {done}. Passages in the index: {report.passages}."))
    if report.ignored:
        kinds = ", ".join(f"{visible(kind)} {count}" for kind, count in report.ignored.items())
        say(f"Not read, of other kinds: {kinds}.")
    for notice in report.warned[:MOST_LISTED]:
        say(f"Warning: {notice.path} {notice.reason}")
    if len(report.warned) > MOST_LISTED:
        say(f"Warning: and {len(report.warned) - MOST_LISTED} more; scoqa index --json lists all.")
    for notice in report.failed:  # each is a file that nothing is found in
        say(f"Failed: {notice.path} {notice.reason}")


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print one line a citation."""
    for number, verdict in enumerate(verdicts, start=1):
        mark = "ok" if verdict.kind == "true" else "NOT TRUE"
        out.print(
            Text(f"{number}. {mark}: {verdict.kind.replace('_', ' ')}. {visible(verdict.message)}")
        )
