"""Numbers -> drawings: each plot of the report as one <svg> element.

Receives numbers and the words beside them; hands on markup in which every text is escaped. Colour
and type are classes of the page's style sheet, places are attributes: no drawing needs a style of
its own. The same numbers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from scoqa.evaluation.statistics import Column

WIDTH, HEIGHT = 400, 300  # of a plot, in its own units; the page scales it
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 14, 50  # what the axes and their words take of it
MOST_POINTS = 300  # of a curve: more than one a pixel is not seen
_INLINE, _INLINE_HEIGHT, _EDGE = 120, 16, 5  # of a drawing inside a line; a dot's half at its ends
_TOPS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)  # of an axis of shares, the least that holds the curve
_ROW = 44  # of a stage in the plot of time: its words above its bar


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return one element; attribute names as in Python: `text_anchor`, `class_`.

    Children and values are escaped, unless they are markup. A value of None is left out.
    """
    pairs = (
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    opened = Markup("<{}{}>").format(name, Markup("").join(pairs))
    return Markup("{}{}</{}>").format(opened, Markup("").join(children), name)


def _value(value: object) -> object:
    """Return a number as SVG's shortest text, two digits after the point at most."""
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:g}"  # and never -0
    return value


def percent(share: float) -> str:
    """Return a share as it stands at an axis or in a sentence."""
    return f"{100 * share:.0f} %"


# -- inside a line ------------------------------------------------------------------------------


def whisker(value: float, low: float | None, high: float | None) -> Markup:
    """Return a measure between 0 and 1: a dot on a line, its interval a bar behind it."""
    return _inline(value, low, high, least=0.0, most=1.0, middle=None)


def change(value: float, low: float | None, high: float | None, most: float) -> Markup:
    """Return a change between -most and most, its interval, and where no change would be."""
    return _inline(value, low, high, least=-most, most=most, middle=0.0)


def bar(share: float) -> Markup:
    """Return a bar that is `share` of its line long."""
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
    drawn = [element("line", class_="track", x1=_EDGE, x2=_INLINE - _EDGE, y1=half, y2=half)]
    ends = (least, most) if middle is None else (middle,)
    drawn += [
        element("line", class_="end", x1=x(at), x2=x(at), y1=half - 5, y2=half + 5) for at in ends
    ]
    if low is not None and high is not None:
        wide = max(1.0, x(high) - x(low))
        drawn.append(
            element("rect", class_="interval", x=x(low), y=half - 3, width=wide, height=6, rx=3)
        )
    drawn.append(element("circle", class_="dot", cx=x(value), cy=half, r=4))
    return element(
        "svg",
        *drawn,
        class_="whisker",
        viewBox=f"0 0 {_INLINE} {_INLINE_HEIGHT}",
        aria_hidden="true",  # the numbers stand beside it
    )


# -- plots --------------------------------------------------------------------------------------


def risk_coverage(curve: Column, shown: tuple[float, float] | None) -> Markup:
    """Return how many answers are wrong among the n surest, n from 1 to all.

    curve: shares, as statistics.risk_coverage gives them. shown: the share of questions that was
    answered, and the share of wrong ones among these.
    """
    highest = float(max([*curve, shown[1] if shown else 0.0]))
    top = next((each for each in _TOPS if each >= highest), 1.0)
    thin = np.unique(np.linspace(0, len(curve) - 1, MOST_POINTS).round().astype(int))
    points = [(_x((int(n) + 1) / len(curve)), _y(float(curve[n]) / top)) for n in thin]
    line = _points(points)
    ground = _points([(points[0][0], _y(0)), *points, (points[-1][0], _y(0))])
    drawn = [
        element("polygon", class_="ground", points=ground),
        element("polyline", class_="curve", points=line),
    ]
    said = ""
    if shown is not None:
        x, y = _x(shown[0]), _y(shown[1] / top)
        left = shown[0] > 0.5
        said = f"{percent(shown[0])} were answered, {percent(shown[1])} of these wrong."
        drawn += [
            element("line", class_="guide", x1=x, x2=x, y1=_y(0), y2=y),
            element("circle", class_="ring", cx=x, cy=y, r=5),
            element(
                "text",
                f"answered: {percent(shown[0])}",
                class_="said",
                x=x + (-9 if left else 9),
                y=max(TOP + 10.0, y - 9),
                text_anchor="end" if left else "start",
            ),
        ]
    return _plot(
        "risk",
        "Wrong answers among the surest",
        f"Of all {len(curve):,} questions {percent(float(curve[-1]))} went wrong. {said}",
        *_axes("Questions, the surest first (%)", "Of them wrong (%)", top),
        *drawn,
    )


def reliability(bins: Sequence[tuple[float, float, int]]) -> Markup:
    """Return how often it is right against how sure it is: on the diagonal, both are the same.

    bins: (mean confidence, share right, questions), rising. A dot's area is its questions.
    """
    most = max(count for _, _, count in bins)
    places = [(_x(said), _y(was), 7 * (count / most) ** 0.5) for said, was, count in bins]
    drawn = [element("line", class_="guide", x1=_x(0), y1=_y(0), x2=_x(1), y2=_y(1))]
    drawn += [
        element("line", class_="gap", x1=x, x2=x, y1=y, y2=_y(said))
        for (x, y, _), (said, _, _) in zip(places, bins, strict=True)
    ]
    drawn.append(element("polyline", class_="thin", points=_points([(x, y) for x, y, _ in places])))
    drawn += [element("circle", class_="dot", cx=x, cy=y, r=r) for x, y, r in places]
    said = ", ".join(f"{percent(sure)} sure, {percent(was)} right" for sure, was, _ in bins)
    return _plot(
        "reliability",
        "How sure, and how often right",
        f"{len(bins)} groups of questions, from the least sure: {said}.",
        *_axes("How sure it was (%)", "How often it was right (%)", 1.0),
        *drawn,
    )


def ranks(counts: Mapping[str, int]) -> Markup:
    """Return how many questions have their answer at each rank. counts: by label, the last is
    of those where it was not found."""
    most = max(max(counts.values()), 1)
    left = LEFT / 2  # numbers stand on the bars, none beside them
    wide = (WIDTH - left - RIGHT) / len(counts)
    drawn = []
    for number, (label, count) in enumerate(counts.items()):
        x, y = left + wide * number, _y(0.92 * count / most)
        lost = number == len(counts) - 1
        middle = x + wide / 2
        drawn += [
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
    said = ", ".join(f"{label}: {count:,}" for label, count in counts.items())
    base = element("line", class_="axis", x1=left, x2=WIDTH - RIGHT, y1=_y(0), y2=_y(0))
    return _plot(
        "ranks",
        "Where the answer stands among the passages found",
        f"Questions by the rank of the passage with the answer. {said}.",
        _words_below("Rank of the passage with the answer"),
        _words_beside("Questions"),
        *drawn,
        base,
    )


def times(seconds: Mapping[str, Mapping[str, float]]) -> Markup:
    """Return the time of each stage: a bar to its median, and a line on to the 95th percentile."""
    most = max(each["95th percentile"] for each in seconds.values()) or 1.0
    length = WIDTH - 2 * RIGHT
    drawn = []
    for number, (stage, each) in enumerate(seconds.items()):
        y = number * _ROW
        median, high = (each[name] / most * length for name in ("median", "95th percentile"))
        words = f"{milliseconds(each['median'])} · {milliseconds(each['95th percentile'])}"
        drawn += [
            element("text", stage, class_="count", x=RIGHT, y=y + 18),
            element("text", words, class_="tick", x=WIDTH - RIGHT, y=y + 18, text_anchor="end"),
            element("rect", class_="fill", x=RIGHT, y=y + 25, width=max(1.0, median), height=10),
            element(
                "line", class_="reach", x1=RIGHT + median, x2=RIGHT + high, y1=y + 30, y2=y + 30
            ),
            element("line", class_="reach", x1=RIGHT + high, x2=RIGHT + high, y1=y + 25, y2=y + 35),
        ]
    said = ", ".join(f"{stage} {milliseconds(e['median'])}" for stage, e in seconds.items())
    height = len(seconds) * _ROW + 26
    note = element(
        "text",
        "Median · 95th percentile, milliseconds",
        class_="label",
        x=RIGHT,
        y=height - 6,
    )
    title = "Time of one question, by stage"
    return _plot("times", title, f"Medians: {said}.", *drawn, note, height=height)


def milliseconds(seconds: float) -> str:
    """Return a time as it is read at a bar."""
    number = seconds * 1000
    return f"{number:,.0f} ms" if number >= 10 else f"{number:.1f} ms"


# -- what plots share ---------------------------------------------------------------------------


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in points)


def _plot(name: str, title: str, desc: str, *drawn: Markup, height: int = HEIGHT) -> Markup:
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", desc, id=f"{name}-desc"),
        *drawn,
        class_="plot",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _axes(below: str, beside: str, top: float) -> list[Markup]:
    """Return the grid of two shares, from 0 to 1 and from 0 to `top`, in percent."""
    drawn = [_words_below(below), _words_beside(beside)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(share), _y(share)
        up = f"{100 * top * share:g}"
        drawn += [
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
    return drawn


def _words_below(words: str) -> Markup:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return element("text", words, class_="label", x=middle, y=HEIGHT - 8, text_anchor="middle")


def _words_beside(words: str) -> Markup:
    y = (TOP + HEIGHT - BOTTOM) / 2
    return element(
        "text", words, class_="label", transform=f"translate(12 {y:g}) rotate(-90)",
        text_anchor="middle",
    )  # fmt: skip
