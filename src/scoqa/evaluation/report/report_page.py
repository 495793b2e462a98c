"""Write a report as one self-contained HTML page, which loads nothing and runs no report text.

Input: a Report, and optionally a Comparison. Output: HTML, written while the records are read.
`plots` draws the plots, `cards` builds the cards of the questions, `labels` has the labels, and
`assets` the templates, styles and script.
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
from scoqa.evaluation.report.cards import Card, Tally, build_card, describe_blame
from scoqa.evaluation.report.compare import Comparison
from scoqa.evaluation.report.summary import Columns
from scoqa.types import Measure, Report

_ASSETS = Path(__file__).parent / "assets"
_BUFFERED_PIECES = 500  # template pieces per write
_CURVE_ROWS = 10  # rows of the table for the risk-coverage curve
_LEAST_SCALE = 0.05  # lower bound of the scale of changes, so that small changes look small


@dataclass(frozen=True, slots=True)
class _Plot:
    """A plot with its name, title, explanation, and its numbers as a table."""

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

    Parameters
    ----------
    comparison
        With an earlier report of the same set.
    incidental
        Include times and dates, all in one element. Without them, the same report gives the same
        bytes.
    ask
        Returns the link that asks a record's question again, or None.
    back
        The link to the list of all runs.
    """
    tally = Tally()
    columns = Columns(tally.count(report.rows))
    numbers = {identity: number for number, identity in enumerate(columns.ids, start=1)}
    style = _inline_assets("page.css", "measures.css", "questions.css")
    script = _inline_assets("report.js")
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": format_number,
        "signed": format_signed,
        "percent": plots.format_percent,
    }
    environment.globals |= {"draw": plots, "describe_blame": describe_blame, "words": labels}
    pieces = environment.get_template("report.html").stream(
        name=_set_name(report),
        style=style,
        script=script,
        policy=_security_policy(style, script),
        report=report,
        about=summary.ABOUT,
        less_is_better=summary.LESS_IS_BETTER,
        tally=tally,
        groups=_groups(report),
        plots=_build_plots(columns, tally),
        comparison=comparison,
        changes=_change_scale(comparison),
        numbers=numbers if comparison else {},
        won=frozenset(comparison.wins if comparison else ()),
        lost=frozenset(comparison.losses if comparison else ()),
        cards=_build_cards(report, ask),
        back=back,
        blames={blame: count for blame, count in tally.blames.items() if count},
        kinds=sorted({kind for kind in columns.kinds if kind}),
        incidental=dict(report.incidental) if incidental else None,
        times=_build_times_plot(report) if incidental else None,
    )
    pieces.enable_buffering(_BUFFERED_PIECES)
    for piece in pieces:
        # Python strings may contain lone surrogates, which UTF-8 cannot encode.
        file.write(piece.encode("utf-8", "replace").decode("utf-8"))


# -- formats ------------------------------------------------------------------------------------


def format_number(value: float | None) -> str:
    """Format a measure with three decimals; an undefined measure is an en dash."""
    return "–" if value is None else f"{value:.3f}"


def format_signed(value: float | None) -> str:
    """Format a change with its sign, using the minus character U+2212; 0 has no sign."""
    if value is None:
        return "–"
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def _set_name(report: Report) -> str:
    """Return the set's file name without folders, which differ between machines."""
    return PureWindowsPath(str(report.incidental.get("set") or "Questions")).name


# -- safety -------------------------------------------------------------------------------------


def _inline_assets(*names: str) -> Markup:
    return Markup("\n").join(Markup((_ASSETS / name).read_text(encoding="utf-8")) for name in names)


def _security_policy(style: str, script: str) -> str:
    """Return a content security policy that allows only the page's own style and script."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


# -- parts of the page --------------------------------------------------------------------------


def _build_cards(
    report: Report, ask: Callable[[Mapping[str, Any]], str | None] | None
) -> Iterator[Card]:
    for number, record in enumerate(report.rows, start=1):
        yield build_card(number, record, ask=ask(record) if ask else None)


def _groups(report: Report) -> dict[str, Mapping[str, Measure]]:
    return {"all": report.measures, **report.groups} if report.groups else {}


def _change_scale(comparison: Comparison | None) -> float:
    """Return the largest absolute value among the changes and the ends of their intervals."""
    sizes = [
        abs(value)
        for difference in (comparison.measures.values() if comparison else ())
        if difference is not None
        for value in (difference.change, difference.low, difference.high)
        if value is not None
    ]
    return max([_LEAST_SCALE, *sizes])


def _build_plots(columns: Columns, tally: Tally) -> list[_Plot]:
    built = []
    confidence, right = columns.calibrated()
    if tally.judged:
        curve = statistics.risk_coverage(confidence, right)
        threshold = None
        if tally.answered:
            threshold = tally.answered / tally.judged, tally.answered_wrong / tally.answered
        steps = [round(len(curve) * step / _CURVE_ROWS) for step in range(1, _CURVE_ROWS + 1)]
        rows = [
            (f"{n:,}", plots.format_percent(float(curve[n - 1]))) for n in sorted({*steps} - {0})
        ]
        built.append(
            _Plot(
                "risk",
                "Wrong answers among the most confident",
                "Lower is better. The ring marks the current threshold for answering.",
                plots.risk_coverage(curve, threshold),
                ("The most confident questions", "Wrong among them"),
                rows,
            )
        )
    bins = statistics.reliability(confidence, right)
    if bins:
        sizes = ", ".join(f"{count:,}" for _, _, count in bins)
        built.append(
            _Plot(
                "reliability",
                "Confidence, and share right",
                f"On the dashed line, confidence equals the share right. Each dot is a fifth of "
                f"the questions: {sizes}.",
                plots.reliability(bins),
                ("Confidence", "Share right", "Questions"),
                [
                    (plots.format_percent(s), plots.format_percent(r), f"{count:,}")
                    for s, r, count in bins
                ],
            )
        )
    ranks = tally.ranks_in_order()
    if any(ranks.values()):
        built.append(
            _Plot(
                "ranks",
                "Rank of the answer among the retrieved passages",
                "Further to the left is better: fewer passages to read.",
                plots.ranks(ranks),
                ("Rank", "Questions"),
                [(label, f"{count:,}") for label, count in ranks.items()],
            )
        )
    return built


def _build_times_plot(report: Report) -> _Plot | None:
    seconds: Any = (report.incidental.get("seconds") or {}).get("stages")
    if not seconds:
        return None
    values = {
        stage: {name: measure["value"] for name, measure in numbers.items()}
        for stage, numbers in seconds.items()
    }
    return _Plot(
        "times",
        "Time of one question, by stage",
        "The bar ends at the median, the line at the 95th percentile.",
        plots.times(values),
        ("Stage", "Median", "95th percentile"),
        [
            (stage, *(_format_time(numbers[name]) for name in ("median", "95th percentile")))
            for stage, numbers in seconds.items()
        ],
    )


def _format_time(measure: Mapping[str, Any]) -> str:
    """Format a time with its interval."""
    value = plots.format_milliseconds(measure["value"])
    if measure["low"] is None:
        return value
    low, high = (plots.format_milliseconds(measure[end]) for end in ("low", "high"))
    return f"{value} ({low} to {high})"
