"""Print answers, hits, sync reports and progress, styled on a terminal and plain in a pipe.

Input: values of scoqa.types. Output: data on standard output; messages and progress on standard
error. Documents are untrusted: their control characters never reach the terminal.
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

from scoqa.cells import find_cells
from scoqa.serial import to_json
from scoqa.silence_wording import NEAR_MISSES, SILENCE, explain_reason
from scoqa.types import (
    Answer,
    Citation,
    Explanation,
    Hit,
    SyncReport,
    Verdict,
    Window,
    WindowReading,
)

out = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, soft_wrap=True, highlight=False)

HIGHLIGHT = "bold underline"
QUIET = "dim"
LONGEST_SPAN = 80  # characters of a span printed beside its scores
MOST_LISTED = 20  # warnings printed one by one after a sync; the rest are counted

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HIGH_CONTROL = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def replace_controls(text: str) -> str:
    """Replace control and direction-override characters by U+FFFD; normalize line ends."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def print_json(value: Any) -> None:
    """Print `value` as JSON in the schema of docs/guide/data-model.md."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(to_json(value), indent=2, ensure_ascii=ascii_only)
    # JSON escapes only controls below U+0020. The others can occur only inside strings, where
    # an escape is equivalent.
    sys.stdout.write(_HIGH_CONTROL.sub(lambda m: f"\\u{ord(m.group()):04x}", text) + "\n")


def print_message(message: str) -> None:
    """Print a message to standard error."""
    messages.print(Text(replace_controls(message)))


@contextmanager
def show_status(message: str) -> Iterator[None]:
    """Show `message` while the block runs: with a spinner on a terminal, as one line elsewhere."""
    if messages.is_terminal:
        with messages.status(message):
            yield
    else:
        print_message(message)
        yield


@contextmanager
def show_progress(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Yield a callback (done, total, item) that draws a bar, or prints each tenth in a pipe."""
    if not messages.is_terminal:
        last = -1

        def print_tenth(done: int, total: int, item: str) -> None:
            nonlocal last
            tenth = 10 * done // total if total else 10
            if tenth > last:
                last = tenth
                print_message(
                    f"{label}: {10 * tenth} %" + (f" ({item})" if item and not tenth else "")
                )

        print_message(f"{label} ...")
        yield print_tenth
        return
    # Without markup: a file may be called "notes [/old].txt".
    current_item = TextColumn("{task.fields[item]}", style=QUIET, markup=False)
    columns = (TextColumn(label), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn(), current_item)  # fmt: skip
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(label, total=None, item="")

        def draw(done: int, total: int, item: str) -> None:
            bar.update(task, completed=done, total=total, item=replace_controls(item)[-50:])

        yield draw


def describe_confidence(confidence: float) -> str:
    """Return the confidence of an answer in words and as a percentage."""
    word = "very likely" if confidence >= 0.9 else "likely" if confidence >= 0.7 else "perhaps"
    return f"{word} right ({confidence:.0%})"


def print_answer(answer: Answer) -> None:
    """Print the cited sentences with the quote highlighted, or the silence and its near misses."""
    if answer.answered:
        _print_citations(answer.citations)
        out.print(Text(f"\nThe first is {describe_confidence(answer.confidence)}.", style=QUIET))
        return
    out.print(Text(f"{SILENCE}.", style="bold"))
    if answer.reason is not None:
        out.print(Text(explain_reason(answer.reason)))
    if answer.near_misses:
        out.print(Text(f"\n{NEAR_MISSES}:\n", style=QUIET))
        _print_citations(answer.near_misses)


def _print_citations(citations: Sequence[Citation]) -> None:
    number = 1
    sources: list[tuple[int, Citation]] = []
    for citation in citations:
        line = _highlight_quote(citation)
        for source in (citation, *citation.also_in):
            line.append(f" [{number}]", style=QUIET)
            sources.append((number, source))
            number += 1
        out.print(line)
    out.print()
    for number, source in sources:
        out.print(Text(f"[{number}] {replace_controls(source.title)}"))
        out.print(Text(f"    {replace_controls(describe_place(source))}", style=QUIET))


def _highlight_quote(citation: Citation) -> Text:
    """Return the sentence of `citation` with its quote styled, or in »« without a terminal."""
    start = citation.start - citation.sentence_start
    end = citation.end - citation.sentence_start
    sentence = citation.sentence
    if any(citation.columns) and "\t" in sentence and "\n" not in sentence:
        return _highlight_cell(citation, start, end)
    line = Text(replace_controls(sentence[:start]))
    if (start, end) == (0, len(sentence)):
        line.append(replace_controls(sentence))  # the complete sentence is the quote
    elif out.is_terminal:
        line.append(replace_controls(sentence[start:end]), style=HIGHLIGHT)
    else:
        line.append(f"»{replace_controls(sentence[start:end])}«")
    line.append(replace_controls(sentence[end:]))
    return line


def _highlight_cell(citation: Citation, start: int, end: int) -> Text:
    """Return the row of `citation` with the names of its columns, which are not quoted."""
    line = Text()
    sentence, names = citation.sentence, citation.columns
    for number, cell in enumerate(find_cells(sentence, 0, len(sentence))):
        line.append("   " if number else "")
        if cell.column < len(names) and names[cell.column]:
            line.append(f"{replace_controls(names[cell.column])}: ", style=QUIET)
        low, high = max(start, cell.start), min(end, cell.end)
        if low >= high:
            line.append(replace_controls(sentence[cell.start : cell.end]))
            continue
        line.append(replace_controls(sentence[cell.start : low]))
        words = replace_controls(sentence[low:high])
        line.append(words, style=HIGHLIGHT) if out.is_terminal else line.append(f"»{words}«")
        line.append(replace_controls(sentence[high : cell.end]))
    return line


def describe_place(citation: Citation) -> str:
    """Return the place of a quote: path; page, slide, row, line or heading; characters."""
    parts = [citation.path, citation.place]
    if not citation.place and citation.has_file_lines:
        parts.append(f"line {citation.line}")
    elif not citation.place and citation.heading:
        parts.append(f"under “{citation.heading}”")
    parts.append(f"characters {citation.start}:{citation.end}")
    return ", ".join(part for part in parts if part)


def print_hits(hits: Sequence[Hit]) -> None:
    """Print passages, best first, with the rank and score of each search that found them."""
    for number, hit in enumerate(hits, start=1):
        passage = hit.passage
        out.print(Text(f"{number}. {replace_controls(passage.heading)}", style="bold"))
        parts = (hit.path, hit.place, f"characters {passage.start}:{passage.end}")
        place = ", ".join(part for part in parts if part)
        scores = f"score {hit.score:.4f}: {_search_ranks(hit)}"
        out.print(Text(f"   {replace_controls(place)}; {scores}", style=QUIET))
        out.print(Text(replace_controls(passage.text) + "\n"))


def _search_ranks(hit: Hit) -> str:
    """Return the rank and score of `hit` in each search that found it."""
    return ", ".join(f"{rank.search} {rank.rank} ({rank.score:.3f})" for rank in hit.found_by)


def print_explanation(explanation: Explanation) -> None:
    """Print the scores of every stage; they are printed below the answer."""
    hits, reading = explanation.hits, explanation.reading
    paths = {hit.passage.document_id: hit.path for hit in hits}
    out.print(Text("\nPassages (fused score; rank and score of each search)", style="bold"))
    for rank, hit in enumerate(hits[:20], start=1):
        place = f"{hit.path} {hit.passage.start}:{hit.passage.end}"
        out.print(
            Text(f"{rank:3} {hit.score:.4f}  {replace_controls(place)}  {_search_ranks(hit)}")
        )
    out.print(Text("\nWindows read (best rank of each search, and fused)", style="bold"))
    ranks = {hit.passage.id: rank for rank, hit in enumerate(hits, start=1)}
    for number, window in enumerate(explanation.windows):
        place = f"{paths[window.document_id]} {window.start}:{window.end}"
        ranked = [f"{name} {_best_rank(window, name)}" for name in ("words", "vectors")]
        fused = min(ranks[hit.passage.id] for hit in window.hits)
        out.print(
            Text(f"{number + 1:3} {replace_controls(place)}  {', '.join(ranked)}, fused {fused}")
        )
        if number < len(reading.windows):
            out.print(Text(f"      {_describe_reading(window, reading.windows[number])}"))
    out.print(Text("\nSpans", style="bold"))
    for span in reading.spans:
        place = f"{paths[span.document_id]} {span.start}:{span.end}"
        out.print(Text(f"    {span.score:.4f}  {replace_controls(place)}"))
    none, right = reading.none_probability, reading.right_probability
    out.print(
        Text(f"\nProbability that none answers {none:.3f}, that the first is right {right:.3f}")
    )
    for stage, seconds in explanation.answer.timings.items():
        out.print(Text(f"    {stage:10} {1000 * seconds:8.1f} ms", style=QUIET))


def _best_rank(window: Window, search: str) -> str:
    found_by = (rank for hit in window.hits for rank in hit.found_by)
    ranks = [rank.rank for rank in found_by if rank.search == search]
    return str(min(ranks)) if ranks else "-"


def _describe_reading(window: Window, reading: WindowReading) -> str:
    """Return a reader's result for `window`: its best span with its score and probability."""
    null = "-" if reading.null is None else f"{reading.null:.2f}"
    numbers = f"null {null}, probability {reading.probability:.3f}"
    if reading.span is None and reading.null is None:
        return "not read: no span in it could win"
    if reading.span is None:
        return f"no span, {numbers}"
    start, end = reading.span.start, reading.span.end
    words = " ".join(window.text[start - window.start : end - window.start].split())
    if len(words) > LONGEST_SPAN:
        words = f"{words[: LONGEST_SPAN - 1]}…"
    return f"{start}:{end} score {reading.span.score:.2f}, {numbers}  {replace_controls(words)}"


def print_sync(report: SyncReport) -> None:
    """Print the counts of a sync to standard output, its warnings and failures to standard error.

    At most MOST_LISTED warnings are printed, but every failure.
    """
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
        kinds = ", ".join(
            f"{replace_controls(kind)} {count}" for kind, count in report.ignored.items()
        )
        print_message(f"Skipped, unsupported file types: {kinds}.")
    for notice in report.warned[:MOST_LISTED]:
        print_message(f"Warning: {notice.path} {notice.reason}")
    if len(report.warned) > MOST_LISTED:
        more = len(report.warned) - MOST_LISTED
        print_message(f"Warning: and {more} more; scoqa index --json lists all.")
    for notice in report.failed:  # all of them: no question can be answered from these files
        print_message(f"Failed: {notice.path} {notice.reason}")


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print one line per citation."""
    for number, verdict in enumerate(verdicts, start=1):
        mark = "ok" if verdict.kind == "true" else "NOT TRUE"
        kind = verdict.kind.replace("_", " ")
        out.print(Text(f"{number}. {mark}: {kind}. {replace_controls(verdict.message)}"))
