"""Old Excel workbooks are read as new ones: displayed values, with column names and row numbers."""

from __future__ import annotations

import pytest

from oldfiles import compound, workbook
from scoqa.errors import ParseError
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.office import xls


def test_numbers_and_dates_are_as_displayed_and_hidden_sheets_are_named() -> None:
    rows: list[list[object]] = [
        ["Pier", "Price", "Day"],
        ["North", (1234.5, 0), (45000, 1)],
        [],
        ["South", 7, "été\n2023"],
    ]
    data = workbook(
        {"Prices": rows, "Secret": [["x"]]}, formats=("#,##0.00", "d mmm yyyy"), hidden=("Secret",)
    )
    parsed = xls.read(data, "a.xls")
    assert parsed.text == ("Pier\tPrice\tDay\nNorth\t1,234.50\t15 Mar 2023\n\nSouth\t7\tété 2023")
    labels = [(m.kind, m.label) for m in parsed.marks if m.kind in ("sheet", "row")]
    assert [("sheet", "Prices"), ("row", "1"), ("row", "2"), ("row", "4")] == labels
    assert ("has hidden sheets, which are not read: Secret.",) == parsed.warnings


def test_hidden_rows_and_columns_are_left_out() -> None:
    rows: list[list[object]] = [["Pier", "Cost"], ["North", 5], ["South", 6]]
    hidden_row = b"\x08\x02\x10\x00\x01\x00\x00\x00\x02\x00\xff\x00" + b"\0" * 4 + b"\x20\0\0\0"
    hidden_column = b"\x7d\x00\x0c\x00\x01\x00\x01\x00\x00\x08\x00\x00\x01\x00\x00\x00"
    parsed = xls.read(workbook({"A": rows}, more=hidden_row + hidden_column), "a.xls")
    assert "South" in parsed.text
    assert not {"North", "5", "6", "Cost"} & set(parsed.text.split())
    assert ("has hidden rows or columns, which are not read, in: A.",) == parsed.warnings


@pytest.mark.parametrize(
    "data",
    [
        b"Pier\tPrice\nNorth\t7\n",
        compound({"WordDocument": b"x"}),
        workbook({"A": [["x"]]})[:800],
        workbook({"A": [["x"]]}).replace(b"\x04\x02", b"\x04\xff"),
    ],
)
def test_what_is_no_old_workbook_is_refused_or_blank(data: bytes) -> None:
    try:
        parsed = xls.read(data, "a.xls")
    except ParseError as error:
        assert "is not a workbook of Excel 5 to 2003" in error.reason
    else:
        assert (NO_TEXT,) == parsed.warnings
