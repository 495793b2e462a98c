"""A report as one page: to look at, to search, to send. It asks no network and runs no text.

Receives a Report, and a Comparison if there is one; writes HTML as it reads the records. Its
drawings are in `plots`, what it shows of a question in `cards`, its words in `words`, and its
looks in `assets`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scoqa.evaluation import statistics
from scoqa.evaluation.report import labels, plots, summary
from scoqa.evaluation.report.cards import Card, Tally, card, meaning
from scoqa.evaluation.report.compare import Comparison
from scoqa.evaluation.report.summary import Columns
from scoqa.types import Measure, Report

_ASSETS = Path(__file__).parent / "assets"
_AT_ONCE = 500  # pieces of the page written together
_CURVE_ROWS = 10  # of the table beside the curve
_LEAST_SCALE = 0.05  # of changes: a smaller one is not drawn as if it were large


@dataclass(frozen=True, slots=True)
class _Plot:
    """A drawing with its name, what it says, and its numbers as a table."""

    name: str
    title: str
    about: str
    drawing: Markup
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def write_html(
    file: IO[str],
    report: Report,
    *,
    comparison: Comparison | None = None,
    incidental: bool = True,
    ask: Callable[[Mapping[str, Any]], str | None] | None = None,
    back: str | None = None,
) -> None:
    """Write the report as one HTML page, question by question as its records are read.

    comparison: with an earlier report of the same set. incidental: also times and dates; all of
    them are in one element, and without them the same report gives the same bytes. ask: gives
    the link that asks a record's question again, where there is one; back: the link to all runs.
    """
    tally = Tally()
    columns = Columns(tally.through(report.rows))
    numbers = {identity: number for number, identity in enumerate(columns.ids, start=1)}
    style = _inlined("page.css", "measures.css", "questions.css")
    script = _inlined("report.js")
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "signed": signed, "percent": plots.percent}
    environment.globals |= {"draw": plots, "meaning": meaning, "words": labels}
    pieces = environment.get_template("report.html").stream(
        name=_set_name(report),
        style=style,
        script=script,
        policy=_policy(style, script),
        report=report,
        about=summary.ABOUT,
        less_is_better=summary.LESS_IS_BETTER,
        tally=tally,
        groups=_groups(report),
        plots=_plots(columns, tally),
        comparison=comparison,
        changes=_scale(comparison),
        numbers=numbers if comparison else {},
        won=frozenset(comparison.wins if comparison else ()),
        lost=frozenset(comparison.losses if comparison else ()),
        cards=_cards(report, ask),
        back=back,
        blames={blame: count for blame, count in tally.blames.items() if count},
        kinds=sorted({kind for kind in columns.kinds if kind}),
        incidental=dict(report.incidental) if incidental else None,
        times=_times(report) if incidental else None,
    )
    pieces.enable_buffering(_AT_ONCE)
    for piece in pieces:
        # A lone surrogate is text to Python and none to UTF-8.
        file.write(piece.encode("utf-8", "replace").decode("utf-8"))


# -- words --------------------------------------------------------------------------------------


def number(value: float | None) -> str:
    """Return a measure as it is written: three digits, an en dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Return a change with its sign, a real minus; 0 has none."""
    if value is None:
        return "–"
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def _set_name(report: Report) -> str:
    """Return the set's bare file name: folders differ from machine to machine."""
    return PureWindowsPath(str(report.incidental.get("set") or "Questions")).name


# -- safety -------------------------------------------------------------------------------------


def _inlined(*names: str) -> Markup:
    return Markup("\n").join(Markup((_ASSETS / name).read_text(encoding="utf-8")) for name in names)


def _policy(style: str, script: str) -> str:
    """Return a policy under which the page's own style and script run, and nothing else."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


# -- parts of the page --------------------------------------------------------------------------


def _cards(report: Report, ask: Callable[[Mapping[str, Any]], str | None] | None) -> Iterator[Card]:
    for place, record in enumerate(report.rows, start=1):
        yield card(place, record, ask=ask(record) if ask else None)


def _groups(report: Report) -> dict[str, Mapping[str, Measure]]:
    return {"all": report.measures, **report.groups} if report.groups else {}


def _scale(comparison: Comparison | None) -> float:
    """Return the largest change, or end of an interval of one, that is to be drawn."""
    found = [
        abs(value)
        for each in (comparison.measures.values() if comparison else ())
        if each is not None
        for value in (each.change, each.low, each.high)
        if value is not None
    ]
    return max([_LEAST_SCALE, *found])


def _plots(columns: Columns, tally: Tally) -> list[_Plot]:
    found = []
    confidence, right = columns.calibrated()
    if tally.judged:
        curve = statistics.risk_coverage(confidence, right)
        shown = None
        if tally.answered:
            shown = tally.answered / tally.judged, tally.answered_wrong / tally.answered
        steps = [round(len(curve) * step / _CURVE_ROWS) for step in range(1, _CURVE_ROWS + 1)]
        rows = [(f"{n:,}", plots.percent(float(curve[n - 1]))) for n in sorted({*steps} - {0})]
        found.append(
            _Plot(
                "risk",
                "Wrong answers among the surest",
                "The lower, the better. The ring is where it answers and falls silent now.",
                plots.risk_coverage(curve, shown),
                ("The surest questions", "Of them wrong"),
                rows,
            )
        )
    bins = statistics.reliability(confidence, right)
    if bins:
        sizes = ", ".join(f"{count:,}" for _, _, count in bins)
        found.append(
            _Plot(
                "reliability",
                "How sure, and how often right",
                f"On the dashed line it is as sure as it is right. Each dot is a fifth of the "
                f"questions: {sizes}.",
                plots.reliability(bins),
                ("How sure", "How often right", "Questions"),
                [(plots.percent(s), plots.percent(r), f"{count:,}") for s, r, count in bins],
            )
        )
    counts = tally.ranks_in_order()
    if any(counts.values()):
        found.append(
            _Plot(
                "ranks",
                "Where the answer stands among the passages found",
                "Further to the left is better: fewer passages to read.",
                plots.ranks(counts),
                ("Rank", "Questions"),
                [(label, f"{count:,}") for label, count in counts.items()],
            )
        )
    return found


def _times(report: Report) -> _Plot | None:
    seconds: Any = (report.incidental.get("seconds") or {}).get("stages")
    if not seconds:
        return None
    values = {
        stage: {name: each["value"] for name, each in numbers.items()}
        for stage, numbers in seconds.items()
    }
    return _Plot(
        "times",
        "Time of one question, by stage",
        "The bar ends at the median, the line at the 95th percentile.",
        plots.times(values),
        ("Stage", "Median", "95th percentile"),
        [
            (stage, *(_milliseconds(each[name]) for name in ("median", "95th percentile")))
            for stage, each in seconds.items()
        ],
    )


def _milliseconds(of: Mapping[str, Any]) -> str:
    """Return a time with its interval."""
    value = plots.milliseconds(of["value"])
    if of["low"] is None:
        return value
    return f"{value} ({plots.milliseconds(of['low'])} to {plots.milliseconds(of['high'])})"
