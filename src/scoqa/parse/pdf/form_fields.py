"""Write what is chosen in the form fields of a PDF as text.

Input: the fields of a page, and the runs of its text. Output: a line for each ticked box, chosen
radio button and value that is not drawn, such as "Electricity needed: Yes".
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoqa.parse.pdf.glyphs import FULL, GlyphRun, Glyphs
from scoqa.parse.pdf.headings import normalize_letters
from scoqa.parse.pdf.layout import Line

MOST_FIELDS = 10_000  # examined per page
_LONGEST_VALUE = 100_000  # characters
_INVISIBLE = 0x1 | 0x2 | 0x20  # annotation flags: invisible, hidden, no view
_PASSWORD = 1 << 13  # field flag
# In font sizes of the label.
_NEAR = 2.0  # the largest gap between a box and the label on its right
_FAR = 20.0  # the largest gap between a box or field and the label on its left

_WORD = re.compile(r"[^\W\d_]{2,}")
_NAME = re.compile(r"(?=(?:.*[^\W\d_]){4})[^\W\d_][^\W\d_ '’-]*(?: [^\W\d_ '’-]+)*[?:]?$")
_NO_CHOICE = re.compile(r"(?:on|off|choice|option|value|check(?:ed)?|true)\W*\d*$", re.IGNORECASE)
_ENDS_LABEL = re.compile(r"[\s:：*]+$")
_YES = "Yes"


@dataclass(frozen=True, slots=True)
class FormField:
    """A form field that is displayed on a page.

    left, top, right, bottom: in points from the top left of the displayed page. name, tooltip: as
    in the file. value: the text of a field; of a box or button, its export value. is_button:
    whether it is a box or a radio button. is_chosen: whether it is ticked.
    """

    left: float
    top: float
    right: float
    bottom: float
    name: str
    tooltip: str
    value: str
    is_button: bool
    is_chosen: bool


@contextmanager
def open_form(pdfium: Any, document: Any) -> Iterator[Any]:
    """Open the form of a document; None for a document without a form."""
    form = None
    if pdfium.FPDF_GetFormType(document) != pdfium.FORMTYPE_NONE:
        info = pdfium.FPDF_FORMFILLINFO(version=2)  # must live as long as the form
        form = pdfium.FPDFDOC_InitFormFillEnvironment(document, info)
    try:
        yield form
    finally:
        if form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(form)


def read_fields(pdfium: Any, form: Any, page: Any) -> list[FormField]:
    """Return the fields that are displayed on a page, in the order of the file."""
    fields: list[FormField] = []
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), MOST_FIELDS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        try:
            if (
                pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET
                and not pdfium.FPDFAnnot_GetFlags(annotation) & _INVISIBLE
            ):
                fields += _read_field(pdfium, form, page, annotation, (width, height))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return fields


def _read_field(
    pdfium: Any, form: Any, page: Any, annotation: Any, size: tuple[float, float]
) -> Iterator[FormField]:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    is_button = kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
    if not is_button and kind not in (
        pdfium.FPDF_FORMFIELD_TEXTFIELD,
        pdfium.FPDF_FORMFIELD_COMBOBOX,
        pdfium.FPDF_FORMFIELD_LISTBOX,
    ):
        return
    if not is_button and pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(rectangle))
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for across, up in ((rectangle.left, rectangle.top), (rectangle.right, rectangle.bottom)):
        # Ten device units per point, because they are integers.
        pdfium.FPDF_PageToDevice(
            page, 0, 0, round(size[0] * 10), round(size[1] * 10), 0, across, up, x, y
        )
        corners.append((x.value / 10, y.value / 10))
    (left, top), (right, bottom) = corners
    # The name of the displayed appearance, which is also the export value; "Off" if not ticked.
    state = _read_text(pdfium.FPDFAnnot_GetStringValue, annotation, b"AS") if is_button else ""
    yield FormField(
        min(left, right),
        min(top, bottom),
        max(left, right),
        max(top, bottom),
        _read_text(pdfium.FPDFAnnot_GetFormFieldName, form, annotation),
        _read_text(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation),
        state or _read_text(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation),
        is_button,
        state not in ("", "Off"),
    )


def _read_text(function: Any, *arguments: Any) -> str:
    size = min(function(*arguments, None, 0), 2 * _LONGEST_VALUE)
    text = ctypes.create_string_buffer(max(size, 2))
    function(*arguments, ctypes.cast(text, ctypes.POINTER(ctypes.c_ushort)), size)
    return " ".join(text.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())


def write_fields(fields: Sequence[FormField], page: Glyphs) -> list[Line]:
    """Return a line for each chosen box and for each value that is not drawn, from the top."""
    runs = [run for run in page.runs if run.turn == 0]
    lines: list[Line] = []
    for field in sorted(fields, key=lambda field: (round(field.top), field.left)):
        if field.is_button:
            text = _describe_choice(field, fields, runs) if field.is_chosen else ""
        elif _is_drawn(field, runs):
            continue
        else:
            label = _find_label(field, fields, runs) or _choose_name(field)
            text = f"{label}: {field.value}" if label else field.value
        if text:
            lines.append(_build_line(text, field, page))
    return lines


def _is_drawn(field: FormField, runs: Iterable[GlyphRun]) -> bool:
    """Return whether a field is empty, or text is drawn in it."""
    return not field.value or any(
        _are_beside(field, run) and field.left - run.size / 2 <= run.left < field.right
        for run in runs
    )


def _describe_choice(
    field: FormField, fields: Sequence[FormField], runs: Sequence[GlyphRun]
) -> str:
    """Return the words of a chosen box or button.

    Of several boxes in a row or in a field, the words beside the box are what is chosen, and the
    tooltip, the words before the row or the name say of what. A box alone is "Yes", or its export
    value if that is a word.
    """
    choice = _find_choice(field, fields, runs)
    several = [
        other
        for other in fields
        if other.is_button
        and other is not field
        and (other.name == field.name or _overlap(field, other.top, other.bottom))
    ]
    label = field.tooltip or _find_label(field, fields, runs)
    if normalize_letters(label) == normalize_letters(choice):
        label = ""
    export = "" if _NO_CHOICE.match(field.value) or not _WORD.search(field.value) else field.value
    if several and choice:
        label = label or _choose_name(field)
        return f"{label}: {choice}" if label else f"{choice}: {_YES}"
    label = label or choice or _choose_name(field)
    return f"{label}: {export or _YES}" if label else ""


def _choose_name(field: FormField) -> str:
    """Return the tooltip, or the last part of the name if it is made of words."""
    name = field.name.rpartition(".")[2].replace("_", " ").strip()
    return field.tooltip or (_ENDS_LABEL.sub("", name) if _NAME.match(name) else "")


def _find_choice(field: FormField, fields: Sequence[FormField], runs: Sequence[GlyphRun]) -> str:
    """Return the text right of a box, up to the next field of its row."""
    limit = min(
        (
            other.left
            for other in fields
            if other.left >= field.right and _overlap(field, other.top, other.bottom)
        ),
        default=float("inf"),
    )
    words: list[str] = []
    edge = field.right
    for run in sorted(runs, key=lambda run: run.left):
        if _are_beside(field, run) and run.left >= edge - run.size / 4 and run.right <= limit + 1:
            if run.left - edge > _NEAR * run.size:
                break
            words.append(run.text)
            edge = run.right
    return " ".join(words)


def _find_label(field: FormField, fields: Sequence[FormField], runs: Sequence[GlyphRun]) -> str:
    """Return the text left of a field, or of the first box of its row, without its colon."""
    row = [other for other in fields if _overlap(field, other.top, other.bottom)]
    first = min((other.left for other in row if other.is_button), default=field.left)
    edge = first if field.is_button else field.left
    words: list[str] = []
    start = edge
    for run in sorted(runs, key=lambda run: -run.right):
        if not _are_beside(field, run) or run.right > start + run.size / 4:
            continue
        if start - run.right > (_FAR if start == edge else _NEAR) * run.size or any(
            other.right > run.left and other.left < edge and other is not field for other in row
        ):
            break
        words.insert(0, run.text)
        start = run.left
    return _ENDS_LABEL.sub("", " ".join(words))


def _are_beside(field: FormField, run: GlyphRun) -> bool:
    return field.top - 1 <= (run.top + run.bottom) / 2 <= field.bottom + 1


def _overlap(field: FormField, top: float, bottom: float) -> bool:
    """Return whether something from `top` to `bottom` is in the row of a field."""
    shared = min(field.bottom, bottom) - max(field.top, top)
    return shared > 0.5 * min(field.bottom - field.top, bottom - top)


def _build_line(text: str, field: FormField, page: Glyphs) -> Line:
    """Return a line whose characters all have the box of the field."""
    edges = np.array((field.left, field.top, field.right, field.bottom))
    whole = edges / np.array((page.width, page.height) * 2) * FULL
    boxes = np.tile(np.clip(whole, 0, FULL).astype("<u2"), (len(text), 1))
    return Line(
        text=text,
        boxes=boxes,
        left=field.left,
        top=field.top,
        right=field.right,
        bottom=field.bottom,
        size=field.bottom - field.top,
        bold=False,
        turn=0,
        first=field.right - field.left,
        cell=None,
        tabular=False,
        region=-1,
    )
