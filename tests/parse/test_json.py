"""JSON becomes "key: value" lines of its own characters, and notebooks their cells."""

from __future__ import annotations

import json

import pytest

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text import json_records, notebook, source
from scoqa.places import Marks
from scoqa.types import Parser


def read(text: str, path: str = "a.json") -> Parsed:
    return json_records.read(text.encode(), path)


def test_keys_and_values_are_lines_and_records_are_apart() -> None:
    parsed = read(
        '{"name":"Vik \\u00e9t\\u00e9","price":7.50,"big":12345678901234567890,"open":true,'
        '"none":null,"tags":["sea","ferry"],"boats":[{"id":1,"at":{"pier":"north"}},{"id":2}],'
        '"end":-0.0}'
    )
    assert parsed.text == (
        "name: Vik été\nprice: 7.50\nbig: 12345678901234567890\nopen: true\n"
        "tags: sea, ferry\n\nboats:\n\nid: 1\n\nat:\npier: north\n\nid: 2\n\nend: -0.0"
    )
    assert ((), ()) == (parsed.marks, parsed.warnings)


def test_a_record_of_json_lines_is_cited_by_its_line() -> None:
    parsed = read('{"who":"Ada"}\n\n{"who":"Bo","said":"At nine.\\nBye."}\n', "a.jsonl")
    assert "who: Ada\n\nwho: Bo\nsaid: At nine.\nBye." == parsed.text
    start = parsed.text.index("At nine")
    assert "row 3" == Marks(parsed.marks).place(start, start + 7)


@pytest.mark.parametrize("text", ['{"a": 1', "plain words", "[" * 100_000, '{"a":' * 500 + "1"])
def test_malformed_or_very_deep_json_is_read_as_it_is(text: str) -> None:
    parsed = read(text)
    assert (text, (json_records.MALFORMED,)) == (parsed.text, parsed.warnings)


def test_a_file_without_values_says_so() -> None:
    assert (json_records.NO_TEXT,) == read("{}").warnings
    assert "Vik\n7" == read('["Vik", 7]').text
    assert "Vik" == read('"Vik"').text


@pytest.mark.parametrize(
    ("text", "path", "kind"),
    [
        ('{"question": "Q", "asked": "Q", "citations": [], "x": 1}', "a.json", "an answer"),
        ('{"answer": {}, "hits": [], "windows": []}', "a.json", "an answer"),
        ('[{"passage": {}, "path": "a", "found_by": []}]', "a.json", "a search result"),
        ('{"fingerprint": {}, "measures": {}}', "a.json", "an evaluation report"),
        ('{"id": "1", "question": "Q", "answers": []}', "a.jsonl", "a question set"),
        ('{"version": "2", "data": [{"paragraphs": []}]}', "a.json", "a question set"),
    ],
)
def test_what_scoqa_writes_is_no_document(text: str, path: str, kind: str) -> None:
    # An answer that was saved beside the documents confirmed itself.
    warning = f"is {kind} of scoqa, which is not read as a document."
    assert ("", (warning,)) == (read(text, path).text, read(text, path).warnings)
    assert "data: 7" == read('{"data": 7}').text


def test_text_for_programs_is_unchanged_and_has_no_title() -> None:
    text = "a: 1\r\n# Words\n<b>x</b>\n"
    for path in ("a.yaml", "a.log", "a.xml"):
        parsed = source.read(text.encode(), path)
        assert (text, None, ()) == (parsed.text, parsed.title, parsed.marks)
    assert Parser("source", "1") == source.PARSER


# -- notebooks -------------------------------------------------------------------------------------


def book(*cells: dict[str, object], **more: object) -> Parsed:
    data = json.dumps({"nbformat": 4, "cells": cells, **more})
    return notebook.read(data.encode(), "a.ipynb")


def test_cells_and_the_text_of_outputs_are_read() -> None:
    parsed = book(
        {"cell_type": "markdown", "source": ["# Ferry\n", "\n", "## Prices\n", "In crowns.\n"]},
        {"cell_type": "code", "source": "", "outputs": []},
        {
            "cell_type": "code",
            "source": "price = 7\nprint(price)",
            "outputs": [
                {"output_type": "stream", "text": ["\x1b[31m7\x1b[0m\n"]},
                {"data": {"text/plain": "Price(7)", "text/html": "<b>7</b>"}},
                {"data": {"image/png": "iVBORw0"}},
                {"output_type": "error", "traceback": ["Failed"]},
            ],
        },
        {"cell_type": "markdown", "source": "Seven it is."},
    )
    assert parsed.text == (
        "# Ferry\n\n## Prices\nIn crowns.\n\n"
        "price = 7\nprint(price)\n\n7\n\nPrice(7)\n\nSeven it is."
    )
    assert "Ferry" == parsed.title
    marks = Marks(parsed.marks)
    end = len(parsed.text)
    assert ("cell 4", "Ferry > Prices") == (marks.place(end - 4, end), marks.label("heading", end))
    assert "cell 3" == marks.place(parsed.text.index("Price(7)"), parsed.text.index("(7)"))


def test_an_old_notebook_has_its_cells_in_worksheets() -> None:
    cells = [{"cell_type": "code", "input": ["x = 1"], "outputs": [{"text": ["one"]}]}]
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    assert "x = 1\n\none" == notebook.read(data, "a.ipynb").text


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": 7}', '{"worksheets": [7]}'])
def test_a_file_that_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="not a Jupyter notebook"):
        notebook.read(text.encode(), "a.ipynb")


def test_a_notebook_without_text_says_so() -> None:
    strange: dict[str, object] = {"cell_type": 7, "source": {"a": 1}, "outputs": [7, {"data": 7}]}
    assert (notebook.NO_TEXT,) == book(strange).warnings
