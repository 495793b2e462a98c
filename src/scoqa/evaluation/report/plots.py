"""Draw the plots of the report, each as one <svg> element.

Input: numbers and labels. Output: markup in which every text is escaped. Colours and fonts are
classes of the page's style sheet and positions are attributes, so no plot has styles of its own.
The same numbers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from scoqa.evaluation.statistics import Column

WIDTH, HEIGHT = 400, 300  # of a plot, in user units; the page scales it
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 14, 50  # margins for the axes and their labels
MOST_POINTS = 300  # per curve: more than one point per pixel is not visible
_INLINE, _INLINE_HEIGHT, _EDGE = 120, 16, 5  # of a drawing in a table row; _EDGE fits half a dot
_TOPS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)  # upper ends of a share axis; the smallest that fits is used
_ROW = 44  # height of one stage in the plot of times: its label above its bar


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return one SVG element; attribute names are Python's, such as `text_anchor` and `class_`.

    Children and values are escaped unless they are Markup. Attributes that are None are omitted.
    """
    pairs = (
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _shorten(value))
        for key, value in attributes.items()
        if value is not None
    )
    start_tag = Markup("<{}{}>").format(name, Markup("").join(pairs))
    return Markup("{}{}</{}>").format(start_tag, Markup("").join(children), name)


def _shorten(value: object) -> object:
    """Return a float as its shortest text with at most two decimals, any other value as it is."""
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:g}"  # + 0.0 turns -0 into 0
    return value


def format_percent(share: float) -> str:
    """Format a share as a whole percentage, for axes and sentences."""
    return f"{100 * share:.0f} %"


# -- in a table row ----------------------------------------------------------------------------


def whisker(value: float, low: float | None, high: float | None) -> Markup:
    """Draw a measure between 0 and 1 as a dot on a line, with its interval as a bar behind it."""
    return _inline(value, low, high, least=0.0, most=1.0, middle=None)


def change(value: float, low: float | None, high: float | None, most: float) -> Markup:
    """Draw a change between -most and most, its interval, and a mark at no change."""
    return _inline(value, low, high, least=-most, most=most, middle=0.0)


def bar(share: float) -> Markup:
    """Draw a bar that fills `share` of its track."""
    return element(
        "svg",
        element("rect", class_="track", width=_INLINE, height=8),
        element("rect", class_="fill", width=float(_INLINE * share), height=8),
        class_="bar",
        viewBox=f"0 0 {_INLINE} 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _inline(
    value: float,
    low: float | None,
    high: float | None,
    *,
    least: float,
    most: float,
    middle: float | None,
) -> Markup:
    def x(at: float) -> float:
        share = min(1.0, max(0.0, (at - least) / (most - least)))
        return _EDGE + share * (_INLINE - 2 * _EDGE)

    half = _INLINE_HEIGHT / 2
    parts = [element("line", class_="track", x1=_EDGE, x2=_INLINE - _EDGE, y1=half, y2=half)]
    ends = (least, most) if middle is None else (middle,)
    parts += [
        element("line", class_="end", x1=x(at), x2=x(at), y1=half - 5, y2=half + 5) for at in ends
    ]
    if low is not None and high is not None:
        wide = max(1.0, x(high) - x(low))
        parts.append(
            element("rect", class_="interval", x=x(low), y=half - 3, width=wide, height=6, rx=3)
        )
    parts.append(element("circle", class_="dot", cx=x(value), cy=half, r=4))
    return element(
        "svg",
        *parts,
        class_="whisker",
        viewBox=f"0 0 {_INLINE} {_INLINE_HEIGHT}",
        aria_hidden="true",  # the numbers are in the same table row
    )


# -- plots --------------------------------------------------------------------------------------


def risk_coverage(curve: Column, threshold: tuple[float, float] | None) -> Markup:
    """Plot the share of wrong answers among the n most confident, n from 1 to all.

    curve: the result of statistics.risk_coverage. threshold: at the current threshold, the share of
    questions answered and the share of wrong answers among them; None if none was answered.
    """
    highest = float(max([*curve, threshold[1] if threshold else 0.0]))
    top = next((end for end in _TOPS if end >= highest), 1.0)
    indices = np.unique(np.linspace(0, len(curve) - 1, MOST_POINTS).round().astype(int))
    points = [(_x((int(n) + 1) / len(curve)), _y(float(curve[n]) / top)) for n in indices]
    line = _points(points)
    ground = _points([(points[0][0], _y(0)), *points, (points[-1][0], _y(0))])
    parts = [
        element("polygon", class_="ground", points=ground),
        element("polyline", class_="curve", points=line),
    ]
    note = ""
    if threshold is not None:
        x, y = _x(threshold[0]), _y(threshold[1] / top)
        left = threshold[0] > 0.5
        answered, wrong = format_percent(threshold[0]), format_percent(threshold[1])
        note = f"{answered} were answered, {wrong} of these wrong."
        parts += [
            element("line", class_="guide", x1=x, x2=x, y1=_y(0), y2=y),
            element("circle", class_="ring", cx=x, cy=y, r=5),
            element(
                "text",
                f"answered: {answered}",
                class_="said",
                x=x + (-9 if left else 9),
                y=max(TOP + 10.0, y - 9),
                text_anchor="end" if left else "start",
            ),
        ]
    return _plot(
        "risk",
        "Wrong answers among the most confident",
        f"Of all {len(curve):,} questions {format_percent(float(curve[-1]))} went wrong. {note}",
        *_axes("Questions, most confident first (%)", "Wrong among them (%)", top),
        *parts,
    )


def reliability(bins: Sequence[tuple[float, float, int]]) -> Markup:
    """Plot the share right against the confidence; on the diagonal, both are equal.

    bins: (mean confidence, share right, question count), by rising confidence. The area of a dot
    is proportional to its question count.
    """
    most = max(count for _, _, count in bins)
    dots = [(_x(sure), _y(right), 7 * (count / most) ** 0.5) for sure, right, count in bins]
    parts = [element("line", class_="guide", x1=_x(0), y1=_y(0), x2=_x(1), y2=_y(1))]
    parts += [
        element("line", class_="gap", x1=x, x2=x, y1=y, y2=_y(sure))
        for (x, y, _), (sure, _, _) in zip(dots, bins, strict=True)
    ]
    parts.append(element("polyline", class_="thin", points=_points([(x, y) for x, y, _ in dots])))
    parts += [element("circle", class_="dot", cx=x, cy=y, r=r) for x, y, r in dots]
    summary = ", ".join(
        f"confidence {format_percent(sure)}, {format_percent(right)} right"
        for sure, right, _ in bins
    )
    return _plot(
        "reliability",
        "Confidence, and share right",
        f"{len(bins)} groups of questions, least confident first: {summary}.",
        *_axes("Confidence (%)", "Share right (%)", 1.0),
        *parts,
    )


def ranks(counts: Mapping[str, int]) -> Markup:
    """Plot the number of questions with the answer at each rank.

    counts: by label of the rank; the last counts the questions whose answer was not found.
    """
    most = max(max(counts.values()), 1)
    left = LEFT / 2  # the numbers are above the bars, so the axis has none
    wide = (WIDTH - left - RIGHT) / len(counts)
    parts = []
    for number, (label, count) in enumerate(counts.items()):
        x, y = left + wide * number, _y(0.92 * count / most)
        lost = number == len(counts) - 1
        middle = x + wide / 2
        parts += [
            element(
                "rect",
                class_="lost" if lost else "fill",
                x=x + 4,
                y=y,
                width=wide - 8,
                height=_y(0) - y,
            ),
            element("text", f"{count:,}", class_="count", x=middle, y=y - 5, text_anchor="middle"),
            *(
                element("text", word, class_="tick", x=middle, y=_y(0) + down, text_anchor="middle")
                for down, word in zip((15, 27), label.split(" "), strict=False)
            ),
        ]
    summary = ", ".join(f"{label}: {count:,}" for label, count in counts.items())
    base = element("line", class_="axis", x1=left, x2=WIDTH - RIGHT, y1=_y(0), y2=_y(0))
    return _plot(
        "ranks",
        "Rank of the answer among the retrieved passages",
        f"Questions by the rank of the passage with the answer. {summary}.",
        _label_below("Rank of the passage with the answer"),
        _label_beside("Questions"),
        *parts,
        base,
    )


def times(seconds: Mapping[str, Mapping[str, float]]) -> Markup:
    """Plot the time of each stage: a bar up to its median, a line up to the 95th percentile."""
    most = max(percentiles["95th percentile"] for percentiles in seconds.values()) or 1.0
    length = WIDTH - 2 * RIGHT
    parts = []
    for number, (stage, percentiles) in enumerate(seconds.items()):
        y = number * _ROW
        values = (percentiles["median"], percentiles["95th percentile"])
        median, high = (value / most * length for value in values)
        label = " · ".join(map(format_milliseconds, values))
        parts += [
            element("text", stage, class_="count", x=RIGHT, y=y + 18),
            element("text", label, class_="tick", x=WIDTH - RIGHT, y=y + 18, text_anchor="end"),
            element("rect", class_="fill", x=RIGHT, y=y + 25, width=max(1.0, median), height=10),
            element(
                "line", class_="reach", x1=RIGHT + median, x2=RIGHT + high, y1=y + 30, y2=y + 30
            ),
            element("line", class_="reach", x1=RIGHT + high, x2=RIGHT + high, y1=y + 25, y2=y + 35),
        ]
    medians = ", ".join(
        f"{stage} {format_milliseconds(percentiles['median'])}"
        for stage, percentiles in seconds.items()
    )
    height = len(seconds) * _ROW + 26
    note = element(
        "text",
        "Median · 95th percentile, milliseconds",
        class_="label",
        x=RIGHT,
        y=height - 6,
    )
    title = "Time of one question, by stage"
    return _plot("times", title, f"Medians: {medians}.", *parts, note, height=height)


def format_milliseconds(seconds: float) -> str:
    """Format a time in milliseconds, with one decimal below 10 ms."""
    number = seconds * 1000
    return f"{number:,.0f} ms" if number >= 10 else f"{number:.1f} ms"


# -- shared by the plots ------------------------------------------------------------------------


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_shorten(x)},{_shorten(y)}" for x, y in points)


def _plot(name: str, title: str, desc: str, *parts: Markup, height: int = HEIGHT) -> Markup:
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", desc, id=f"{name}-desc"),
        *parts,
        class_="plot",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _axes(below: str, beside: str, top: float) -> list[Markup]:
    """Return grid and labels of two axes in percent, from 0 to 1 and from 0 to `top`."""
    parts = [_label_below(below), _label_beside(beside)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(share), _y(share)
        up = f"{100 * top * share:g}"
        parts += [
            element(
                "line",
                class_="axis" if share == 0 else "grid",
                x1=LEFT,
                x2=WIDTH - RIGHT,
                y1=y,
                y2=y,
            ),
            element("text", up, class_="tick", x=LEFT - 8, y=y + 4, text_anchor="end"),
            element(
                "text",
                f"{100 * share:.0f}",
                class_="tick",
                x=x,
                y=_y(0) + 17,
                text_anchor="end" if share == 1 else "middle",
            ),
        ]
    return parts


def _label_below(label: str) -> Markup:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return element("text", label, class_="label", x=middle, y=HEIGHT - 8, text_anchor="middle")


def _label_beside(label: str) -> Markup:
    y = (TOP + HEIGHT - BOTTOM) / 2
    return element(
        "text", label, class_="label", transform=f"translate(12 {y:g}) rotate(-90)",
        text_anchor="middle",
    )  # fmt: skip
