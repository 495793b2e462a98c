"""Print an evaluation report and a comparison of two reports.

Input: a Report or a Comparison. Output: lines of text on standard output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from scoqa.evaluation.error_attribution import BLAMES, MEANING
from scoqa.evaluation.report.compare import Comparison, Difference
from scoqa.evaluation.report.summary import ABOUT
from scoqa.terminal import MOST_LISTED, QUIET, out, replace_controls
from scoqa.types import Measure, Report


def print_report(report: Report) -> None:
    """Print the measures with their intervals, and the first MOST_LISTED questions that failed."""
    for group, names in ABOUT.items():
        defined = [name for name in names if report.measures[name].value is not None]
        if defined:
            out.print(Text(f"\n{group}", style="bold"))
        for name in defined:
            measure = report.measures[name]
            out.print(Text(f"  {name:18} {measure.value:6.3f}  {_format_interval(measure):18}")
                      + Text(f"{measure.count:6,}", style=QUIET))  # fmt: skip
    _print_times(report)
    wrong: dict[str, int] = {}
    for row in report.rows:
        if not row["blame"]:
            continue
        wrong[row["blame"]] = wrong.get(row["blame"], 0) + 1
        if sum(wrong.values()) == 1:
            out.print(Text("\nwent wrong", style="bold"))
        if sum(wrong.values()) <= MOST_LISTED:
            _print_failure(row)
    total = sum(wrong.values())
    if total > MOST_LISTED:
        out.print(Text(f"\n... and {total - MOST_LISTED:,} more: --html FILE shows them all."))
    out.print(Text(f"\n{total:,} of {len(report.rows):,} questions went wrong"))
    for blame in BLAMES:
        if blame in wrong:
            out.print(Text(f"  {blame:13} {wrong[blame]:5,}  {MEANING[blame]}"))


def _print_times(report: Report) -> None:
    """Print milliseconds by stage: median and 95th percentile."""
    stages = report.incidental["seconds"]["stages"]
    if stages:
        out.print(Text("\ntime (ms)", style="bold"))
    for stage, numbers in stages.items():
        median, high = (1000 * numbers[name]["value"] for name in ("median", "95th percentile"))
        out.print(Text(f"  {stage:18} {median:6.0f}  95 % within {high:.0f}"))


def _format_interval(value: Measure | Difference) -> str:
    if value.low is None or value.high is None:
        return ""
    return f"[{value.low:.3f}, {value.high:.3f}]"


def _print_failure(row: Mapping[str, Any]) -> None:
    out.print(Text(f"\n{replace_controls(row['id'])} {replace_controls(row['question'])}"))
    gold = "; ".join(gold["text"] for gold in row["gold"] or row["evidence"])
    gold = gold if row["answerable"] else "(unanswerable)"
    quotes = "; ".join(citation["quote"] for citation in row["citations"])
    answer = quotes if row["answered"] else f"(silence: {row['reason']})"
    rank = "" if not row["answerable"] else f", rank {row['rank'] or 'none'}"
    out.print(Text(f"  gold   {_on_one_line(gold)}", style=QUIET))
    out.print(Text(f"  answer {_on_one_line(answer)}", style=QUIET))
    out.print(Text(f"  blame  {row['blame']}{rank}", style=QUIET))


def _on_one_line(text: str) -> str:
    return " ".join(replace_controls(text).split())


def print_comparison(comparison: Comparison) -> None:
    """Print the changes since another report: measures, questions and settings."""
    out.print(Text("\nchanged", style="bold"))
    changes = {name: change for name, change in comparison.measures.items()
               if change is not None and change.change}  # fmt: skip
    for name, change in changes.items():
        numbers = f"{change.before:.3f} -> {change.after:.3f}  {change.change:+.3f}"
        out.print(Text(f"  {name:18} {numbers}  {_format_interval(change):18} {change.verdict}"))
    if not changes:
        out.print(Text("  nothing"))
    for name, ids in (("won", comparison.wins), ("lost", comparison.losses)):
        first = ", ".join(map(replace_controls, ids[:MOST_LISTED]))
        more = f" and {len(ids) - MOST_LISTED:,} more" if len(ids) > MOST_LISTED else ""
        out.print(Text(f"  {name:5} {len(ids):,} questions" + (f": {first}{more}" if ids else "")))
    for key, (was, now) in comparison.fingerprint.items():
        out.print(
            Text(
                f"  {key}: {replace_controls(str(was))} -> {replace_controls(str(now))}",
                style=QUIET,
            )
        )
