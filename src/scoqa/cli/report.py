"""A report and a comparison for a person at a terminal.

Receives them; hands on lines of text, on standard output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from scoqa.evaluation.error_attribution import BLAMES, MEANING
from scoqa.evaluation.report.compare import Comparison, Difference
from scoqa.evaluation.report.summary import ABOUT
from scoqa.terminal import MOST_LISTED, QUIET, out, visible
from scoqa.types import Measure, Report


def print_report(report: Report) -> None:
    """Print the measures with their intervals, and the first questions that went wrong."""
    for about, names in ABOUT.items():
        known = [name for name in names if report.measures[name].value is not None]
        if known:
            out.print(Text(f"\n{about}", style="bold"))
        for name in known:
            measure = report.measures[name]
            out.print(Text(f"  {name:18} {measure.value:6.3f}  {_interval(measure):18}")
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
        median, most = (1000 * numbers[name]["value"] for name in ("median", "95th percentile"))
        out.print(Text(f"  {stage:18} {median:6.0f}  95 % within {most:.0f}"))


def _interval(of: Measure | Difference) -> str:
    return f"[{of.low:.3f}, {of.high:.3f}]" if of.low is not None and of.high is not None else ""


def _print_failure(row: Mapping[str, Any]) -> None:
    out.print(Text(f"\n{visible(row['id'])} {visible(row['question'])}"))
    gold = "; ".join(gold["text"] for gold in row["gold"] or row["evidence"])
    gold = gold if row["answerable"] else "(unanswerable)"
    quotes = "; ".join(each["quote"] for each in row["citations"])
    said = quotes if row["answered"] else f"(silence: {row['reason']})"
    rank = "" if not row["answerable"] else f", rank {row['rank'] or 'none'}"
    out.print(Text(f"  gold   {_on_one_line(gold)}", style=QUIET))
    out.print(Text(f"  said   {_on_one_line(said)}", style=QUIET))
    out.print(Text(f"  blame  {row['blame']}{rank}", style=QUIET))


def _on_one_line(text: str) -> str:
    return " ".join(visible(text).split())


def print_comparison(comparison: Comparison) -> None:
    """Print what changed since another report: each measure, and what can only be chance."""
    out.print(Text("\nchanged", style="bold"))
    for name, each in comparison.measures.items():
        if each is not None and each.change:
            out.print(Text(f"  {name:18} {each.before:.3f} -> {each.after:.3f}  {each.change:+.3f}"
                           f"  {_interval(each):18} {each.verdict}"))  # fmt: skip
    if not any(each is not None and each.change for each in comparison.measures.values()):
        out.print(Text("  nothing"))
    for name, ids in (("won", comparison.wins), ("lost", comparison.losses)):
        first = ", ".join(map(visible, ids[:MOST_LISTED]))
        more = f" and {len(ids) - MOST_LISTED:,} more" if len(ids) > MOST_LISTED else ""
        out.print(Text(f"  {name:5} {len(ids):,} questions" + (f": {first}{more}" if ids else "")))
    for key, (was, now) in comparison.fingerprint.items():
        out.print(Text(f"  {key}: {visible(str(was))} -> {visible(str(now))}", style=QUIET))
