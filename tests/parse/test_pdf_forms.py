"""Forms in PDF files: what is ticked, chosen or filled in is text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import pdfs
from pdfs import Canvas
from scoqa.parse.pdf.reader import read


def form(draw: Callable[[Canvas], None]) -> str:
    """Return what is written after "Application" and the text beside the boxes."""

    def page(canvas: Canvas) -> None:
        pdfs.write(canvas, ["Application"], y=800)
        canvas.setFont("Helvetica", pdfs.SIZE)
        draw(canvas)

    return read(pdfs.pages(page), "x.pdf").text


def box(canvas: Canvas, x: float, y: float, *, name: str, ticked: bool, tooltip: str = "") -> None:
    canvas.acroForm.checkbox(
        name=name, x=x, y=y - 3, size=14, checked=ticked, tooltip=tooltip or None
    )


@pytest.mark.parametrize(("ticked", "choice"), [(0, "Yes"), (1, "No"), (None, None)])
def test_of_two_boxes_in_a_row_the_words_beside_the_ticked_one_are_chosen(
    ticked: int | None, choice: str | None
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Electricity needed:")
        for place, word in enumerate(("Yes", "No")):
            box(canvas, 200 + 70 * place, 700, name=f"b{place}", ticked=ticked == place)
            canvas.drawString(220 + 70 * place, 700, word)

    text = form(draw)
    assert ([f"Electricity needed: {choice}"] if choice else []) == text.split("\n\n")[2:]


@pytest.mark.parametrize(
    ("name", "tooltip", "x", "expected"),
    [
        ("b1", "", 60, "Send me the newsletter: Yes"),  # the words are right of the box
        ("b1", "", 300, "Send me the newsletter: Yes"),  # and left of it
        ("b1", "Newsletter by post", 60, "Newsletter by post: Yes"),
    ],
)
def test_a_box_alone_is_ticked(name: str, tooltip: str, x: float, expected: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(80, 700, "Send me the newsletter")
        box(canvas, x, 700, name=name, ticked=True, tooltip=tooltip)

    assert form(draw).endswith(f"\n\n{expected}")


def test_a_box_without_words_beside_it_has_its_name() -> None:
    assert form(lambda c: box(c, 60, 700, name="Quay_side", ticked=True)).endswith("Quay side: Yes")
    text = form(lambda c: box(c, 60, 700, name="Check Box12", ticked=True))
    assert "Application" == text


def test_the_chosen_radio_button_is_named_by_the_words_beside_it() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 730, "Berth")
        for row, word in enumerate(("north quay", "south quay", "any")):
            canvas.acroForm.radio(
                name="Berth wanted", value=f"c{row}", selected=row == 1, x=60, y=700 - 20 * row,
                size=14, tooltip="Berth wanted",
            )  # fmt: skip
            canvas.drawString(80, 703 - 20 * row, word)

    assert form(draw).endswith("\n\nBerth wanted: south quay")


def test_a_filled_field_is_read_once_at_its_place() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Name of the ship:")
        canvas.acroForm.textfield(
            name="ship", value="Merry Widow", x=180, y=697, width=200, height=16, fontSize=11
        )
        canvas.drawString(60, 670, "Home port:")
        canvas.acroForm.choice(
            name="port", value="Orl", options=["Orl", "Vik"], x=180, y=667, width=200, height=16
        )

    text = form(draw)
    assert (1, 1) == (text.count("Merry Widow"), text.count("Orl"))


def test_a_choice_lies_on_its_box() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(80, 700, "Send me the newsletter")
        box(canvas, 60, 700, name="b", ticked=True)

    parsed = read(pdfs.pages(draw), "x.pdf")
    start = parsed.text.index(": Yes") + 2
    boxes = np.frombuffer(parsed.boxes[0], "<u2").reshape(-1, 4)[start:] / 65_535
    left, top, right, bottom = boxes.mean(axis=0) * np.array([pdfs.WIDTH, pdfs.HEIGHT] * 2)
    assert 59 < left < right < 75
    assert pdfs.HEIGHT - 712 < top < bottom < pdfs.HEIGHT - 696
