"""Files become documents: the text stays as it is, and what stands out is marked where it is."""

from __future__ import annotations

import codecs
import hashlib
import os
import random
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from scoqa.errors import ParseError, WorkspaceError
from scoqa.parse import document_id, parse_file
from scoqa.parse.common.lines import HEAD_LINES
from scoqa.parse.common.text_decoding import decode
from scoqa.parse.folder import scan
from scoqa.parse.text import markdown, plain
from scoqa.reading_view import Layout
from scoqa.types import Document, Mark

FRENCH = (
    "Le café de la gare était fermé. Les élèves ont préféré aller à la bibliothèque, où il fait "
    "très chaud en été.\n"
)
RUSSIAN = "Саммит состоялся в Астане. Главы государств подписали договор о дружбе.\n"


def parsed(folder: Path, data: bytes | str, name: str = "notes.txt") -> Document:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return parse_file(file, name)[0]


def marked(document: Document, kind: str) -> list[tuple[str, str]]:
    """Return (label, the text marked) of every mark of `kind`."""
    return [(m.label, document.text[m.start : m.end]) for m in document.marks if m.kind == kind]


# -- the canonical text ----------------------------------------------------------------------------

storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@given(st.text(storable, max_size=200))
@example("a\r\nb\rc\nd\x85e\u2028f\x0cg")
@example("41\u00a0m\u200b\u00ad\u202fx e\u0301 \u00e9 ﬁ")
@example("a\ufeffb\ufeff")
def test_the_text_is_the_file_unchanged(text: str) -> None:
    data = text.encode("utf-8")
    if text.startswith("\ufeff"):
        data = codecs.BOM_UTF8 + data  # one mark is dropped, a second is text
    if sum(unicodedata.category(c) == "Cc" for c in text) > 0.02 * len(text):
        reject()  # binary to scoqa; tested below
    assert text == decode(data, "x.txt")[0]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_is_dropped_and_offsets_count_after_it(
    mark: bytes, encoding: str
) -> None:
    text = "Zürich 😀 上海\r\nSecond line.\n"
    assert (text, ()) == decode(mark + text.encode(encoding), "x.txt")


def test_broken_characters_after_a_mark_cost_only_themselves() -> None:
    text, warnings = decode(codecs.BOM_UTF8 + b"good \xff good", "x.txt")
    assert "good \ufffd good" == text
    assert ("has a utf-8 byte order mark but broken characters, shown as U+FFFD.",) == warnings


def test_nul_becomes_a_replacement_character_one_for_one() -> None:
    prose = "Plain words about the harbour. " * 10
    text, warnings = decode(f"{prose}\0\0{prose}".encode(), "x.txt")
    assert f"{prose}\ufffd\ufffd{prose}" == text
    assert ("contains 2 NUL or broken characters, shown as U+FFFD.",) == warnings


def test_lone_surrogates_become_replacement_characters_one_for_one() -> None:
    whole = "a\ud83db\udc00\udc00c 😀 d"
    data = codecs.BOM_UTF16_LE + whole.encode("utf-16-le", "surrogatepass")
    text, warnings = decode(data, "x.txt")
    assert "a\ufffdb\ufffd\ufffdc 😀 d" == text
    assert ("contains 3 NUL or broken characters, shown as U+FFFD.",) == warnings


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (FRENCH, "latin-1", "cp1252"),
        (FRENCH * 50, "latin-1", "cp1252"),
        ("The café opens at nine; the naïve visitor waits.\n", "latin-1", "cp1252"),
        ("He said “yes” – it’s the Director’s résumé.\n", "cp1252", "cp1252"),
        ("Die Straße führt über die Brücke nach München.\n", "latin-1", "cp1252"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN * 50, "cp1251", "cp1251"),
        ("Zażółć gęślą jaźń. W Szczebrzeszynie chrząszcz brzmi.\n", "cp1250", "cp1250"),
    ],
)
def test_an_old_encoding_is_guessed_and_named(text: str, encoding: str, named: str) -> None:
    found, warnings = decode(text.encode(encoding), "x.txt")
    assert text == found
    wanted = f"is not UTF-8; it was read as {named}. If words look wrong, save it as UTF-8."
    assert (wanted,) == warnings


def test_an_old_encoding_is_guessed_from_where_it_shows() -> None:
    # A detector that saw only the first 200 kB of plain ASCII lost every accent after them.
    text = "Only plain words stand here. " * 10_000 + FRENCH
    assert text == decode(text.encode("latin-1"), "x.txt")[0]


def test_a_broken_byte_in_utf_8_costs_only_itself() -> None:
    # The whole file was once taken for binary data, or for another encoding.
    text, warnings = decode(f"{FRENCH}".encode() + b"\xff" + FRENCH.encode(), "x.txt")
    assert f"{FRENCH}\ufffd{FRENCH}" == text
    assert ("is UTF-8 with 1 broken characters, shown as U+FFFD.",) == warnings


@pytest.mark.parametrize(
    "data",
    [
        random.Random(7).randbytes(5000),
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"\x89PNG\r\n\x1a\n" + random.Random(8).randbytes(900),
        bytes(100),
        b"some words" + bytes(100) + b"more words",
    ],
    ids=["random", "program", "image", "zeros", "padded"],
)
def test_binary_junk_named_txt_is_refused_with_the_path(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ParseError) as refused:
        parsed(tmp_path, data, "junk.txt")
    wanted = "is not text but binary data. Move it out of the documents, or exclude it."
    assert (f"junk.txt {wanted}", "junk.txt", wanted) == (
        str(refused.value),
        refused.value.path,
        refused.value.reason,
    )


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (b"", "is empty; there is nothing to index in it."),
        (b"\xef\xbb\xbf", "contains only white space; there is nothing to index in it."),
        (b" \r\n\t", "contains only white space; there is nothing to index in it."),
    ],
)
def test_an_empty_file_is_a_document_with_a_warning(data: bytes, warning: str) -> None:
    text, warnings = decode(data, "x.txt")
    assert not text.strip()
    assert (warning,) == warnings


def test_a_document_knows_its_file(tmp_path: Path) -> None:
    data = "\ufeffCafé\r\n".encode()
    document = parsed(tmp_path, data, "north/deep/café-notes.txt")
    assert hashlib.sha256(data).hexdigest() == document.digest
    assert hashlib.sha256("Café\r\n".encode()).hexdigest() == document.text_digest
    assert ("north", "north/deep/café-notes.txt") == (document.collection, document.path)
    assert document_id("north/deep/café-notes.txt") == document.id
    assert plain.PARSER == document.parser
    assert document.modified is not None
    assert "" == parsed(tmp_path, data).collection


def test_other_kinds_and_missing_files_are_parse_errors(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="scoqa reads PDF, Word, "):
        parsed(tmp_path, b"x", "notes.xyz")
    with pytest.raises(ParseError, match=r"gone\.txt cannot be read: No such file"):
        parse_file(tmp_path / "gone.txt", "gone.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(ParseError, match="Is a directory"):
        parse_file(tmp_path / "folder.txt", "folder.txt")


# -- title, date line, headings --------------------------------------------------------------------


def test_the_first_line_is_the_title_and_a_date_line_below_is_marked(tmp_path: Path) -> None:
    document = parsed(
        tmp_path, "\n\n  Leaders\u00a0 meet \r\n\r\n12 December 2017, Beijing\r\nText.\n"
    )
    assert "Leaders meet" == document.title
    assert [("12 December 2017, Beijing", "12 December 2017, Beijing")] == marked(document, "date")


@pytest.mark.parametrize(
    ("line", "is_date"),
    [
        ("2017-12-12", True),
        ("12 December 2017", True),
        ("December 12, 2017", True),
        ("Ufa, July 10, 2015, 14:00", True),
        ("12/12/2017", False),
        ("Year 2017", False),
        ("12 December 2017 " + "x" * 100, False),
        ("Last updated on 12 December 2017.", True),
        ("Minutes of the meeting of the board, 12 December 2017", True),
        ("Published: 12 December 2017, by Anna Li", True),
        ("Date: 2017-12-12", True),
        ("The pond was dug on 12 December 2017.", False),
        ("On 12 December 2017 the pond was dug by all the members of it", False),
        ("Opening: 12 December 2017", False),
        ("Valid until 12 December 2017", False),
        ("Deadline 12 December 2017", False),
        ("born on 12 December 2017", False),
    ],
)
def test_a_date_line_is_short_and_holds_a_whole_date(
    tmp_path: Path, line: str, is_date: bool
) -> None:
    document = parsed(tmp_path, f"Title\n{line}\nText.\n")
    assert ([(line, line)] if is_date else []) == marked(document, "date")


def test_a_line_of_a_longer_sentence_is_no_date_line(tmp_path: Path) -> None:
    """The date of the sentence became that of the document, and was read with all of its text."""
    text = "Pond\n\nThe board met on 3 May 2019 and agreed to\ndig a pond.\n\n4 June 2019\n"
    assert [("4 June 2019", "4 June 2019")] == marked(parsed(tmp_path, text), "date")


def test_breadcrumbs_are_no_title(tmp_path: Path) -> None:
    document = parsed(tmp_path, "Home > News > Archive\nNews › 2017\nLeaders meet\nText.\n")
    assert "Leaders meet" == document.title


def test_without_a_title_the_files_name_serves(tmp_path: Path) -> None:
    assert "annual report 2020" == parsed(tmp_path, "", "annual_report-2020.txt").title
    assert "notes" == parsed(tmp_path, "A paragraph " * 50).title
    assert "plan" == parsed(tmp_path, "No heading here.\n", "plan.md").title


def test_a_date_far_down_is_no_date_line(tmp_path: Path) -> None:
    lines = [f"Line {number}." for number in range(HEAD_LINES)]
    assert [] == marked(parsed(tmp_path, "\n".join([*lines, "12 December 2017"])), "date")


MARKDOWN = (
    "# Charter\n\n2002-06-07\n\nWords.\n\n## Article *4* and `code`\n\nMore.\n\n### Deep\n\n"
    "## Article 5 ##\n\nSetext one\n==========\n\nEnd.\n\nSetext two\n----\n"
)


def test_headings_are_marked_with_their_whole_path(tmp_path: Path) -> None:
    document = parsed(tmp_path, MARKDOWN, "charter.md")
    assert "Charter" == document.title
    assert [
        ("Charter", "# Charter\n"),
        ("Charter > Article 4 and code", "## Article *4* and `code`\n"),
        ("Charter > Article 4 and code > Deep", "### Deep\n"),
        ("Charter > Article 5", "## Article 5 ##\n"),
        ("Setext one", "Setext one\n==========\n"),
        ("Setext one > Setext two", "Setext two\n----\n"),
    ] == marked(document, "heading")
    assert [("2002-06-07", "2002-06-07")] == marked(document, "date")
    assert sorted(mark.start for mark in document.marks) == [m.start for m in document.marks]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_markdown_offsets_hold_whatever_ends_its_lines(tmp_path: Path, ending: str) -> None:
    document = parsed(tmp_path, MARKDOWN.replace("\n", ending), "charter.md")
    assert [
        (label, slice_.replace("\n", ending))
        for label, slice_ in marked(parsed(tmp_path, MARKDOWN, "plain.md"), "heading")
    ] == marked(document, "heading")


@pytest.mark.parametrize(
    "text",
    [
        "```\n# no heading\n```\n",
        "~~~sh\n# no heading\n~~~\n",
        "    # no heading\n",
        "> # quoted\n",
        "- # in a list\n",
        "#nospace\n",
        "<!--\n# no heading\n-->\n",
        "\\# escaped\n",
        "Long " * 60 + "\n---\n",
        "#\n",
    ],
)
def test_what_only_looks_like_a_heading_is_none(tmp_path: Path, text: str) -> None:
    document = parsed(tmp_path, text, "notes.md")
    assert [] == marked(document, "heading")
    assert "notes" == document.title


def test_a_heading_far_down_is_no_title(tmp_path: Path) -> None:
    document = parsed(tmp_path, "Words.\n\n" * 20 + "# Late\n", "notes.md")
    assert "notes" == document.title
    assert [("Late", "# Late\n")] == marked(document, "heading")


lines = st.sampled_from(
    [
        "# One",
        "## Two",
        "Three\n===",
        "Four\n---",
        "```",
        "text 12 June 2001",
        "",
        "> q",
        "\u2028# x",
    ]
)
endings = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.lists(st.tuples(lines, endings), max_size=12))
def test_every_mark_slices_whole_lines_in_order(parts: list[tuple[str, str]]) -> None:
    text = "".join(line.replace("\n", end) + end for line, end in parts)
    marks: tuple[Mark, ...] = markdown.find_title_and_marks(text)[1]
    assert sorted(mark.start for mark in marks) == [mark.start for mark in marks]
    for mark in marks:
        assert 0 <= mark.start < mark.end <= len(text)
        if mark.kind == "heading":
            assert mark.start == 0 or text[mark.start - 1] in "\r\n"
            words = mark.label.split(" > ")[-1].split()
            assert set(words) <= set(text[mark.start : mark.end].split())


# -- the folder ------------------------------------------------------------------------------------


def touch(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("Words.\n", encoding="utf-8")


def found(folder: Path, **options: object) -> list[str]:
    return [source.path for source in scan(folder, **options)[0]]  # type: ignore[arg-type]


def failures(folder: Path) -> list[tuple[str, str]]:
    return [(notice.path, notice.reason) for notice in scan(folder)[2]]


def test_hidden_files_and_files_about_the_folder_are_no_documents(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt", "b/c.md", "B/D.TXT", ".hidden.txt", ".git/x.txt", "b/.cache/y.md")
    touch(tmp_path, "README.md", "b/README", "README-first.txt", "LICENSE.txt", "NOTICE.md")
    touch(tmp_path, "scoqa.toml", "b/scoqa.toml")
    assert ["B/D.TXT", "a.txt", "b/c.md"] == found(tmp_path)
    assert {} == scan(tmp_path)[1]


def test_the_index_folder_is_no_place_for_documents(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt", "embeddings/b.txt", "deep/index/c.txt")
    assert ["a.txt", "deep/index/c.txt"] == found(tmp_path, index=tmp_path / "embeddings")
    assert ["a.txt", "embeddings/b.txt"] == found(tmp_path, index=tmp_path / "deep" / "index")


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["guide/**"], ["a.txt", "sco/b.txt"]),
        (["*.md"], ["a.txt", "guide/deep/d.txt", "sco/b.txt"]),
        (["sco/*", "a.*"], ["guide/c.md", "guide/deep/d.txt"]),
        (["nothing"], ["a.txt", "guide/c.md", "guide/deep/d.txt", "sco/b.txt"]),
    ],
)
def test_excluded_paths_are_left_out(tmp_path: Path, exclude: list[str], left: list[str]) -> None:
    touch(tmp_path, "a.txt", "guide/c.md", "guide/deep/d.txt", "sco/b.txt")
    assert left == found(tmp_path, exclude=exclude)


def test_files_of_other_kinds_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt", "b.PNG", "c.png", "d.exe", "Makefile")
    assert {".png": 2, ".exe": 1, "(none)": 1} == scan(tmp_path)[1]
    assert {} == scan(tmp_path, exclude=["*"])[1]


def test_names_are_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Zürich/café.txt")
    touch(tmp_path, decomposed)
    (source,) = scan(tmp_path)[0]
    assert unicodedata.normalize("NFC", decomposed) == source.path
    assert "Words.\n" == source.file.read_text(encoding="utf-8")


def test_two_names_that_compose_to_one_are_not_one_file(tmp_path: Path) -> None:
    touch(tmp_path, unicodedata.normalize("NFD", "café.txt"), "café.txt")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system holds such names to be one")
    assert ["café.txt"] == found(tmp_path)
    assert [("café.txt", "has the same name as another file there.")] == failures(tmp_path)


def test_a_link_out_of_the_folder_is_reported_and_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    touch(inside, "a.txt", "deep/b.txt")
    touch(outside, "secret.txt")
    (inside / "link.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "again.txt").symlink_to(inside / "a.txt")
    (inside / "shortcut").symlink_to(inside / "deep")
    assert ["a.txt", "again.txt", "deep/b.txt"] == found(inside)
    reason = "is a link to a place outside the folder."
    assert [("folder", reason), ("link.txt", reason)] == failures(inside)


def test_links_that_lead_nowhere_cost_only_themselves(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "lost.txt").symlink_to(tmp_path / "gone.txt")
    assert ["a.txt"] == found(tmp_path)
    assert ["loop.txt", "lost.txt"] == [path for path, _ in failures(tmp_path)]


def test_a_name_that_is_not_utf_8_costs_only_itself(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt")
    try:
        os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9.txt", os.O_CREAT))
    except OSError:
        pytest.skip("this file system has no such names")
    assert ["a.txt"] == found(tmp_path)
    assert [("caf\\udce9.txt", "has a name that is not UTF-8. Rename it.")] == failures(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this platform")
def test_a_pipe_named_txt_does_not_hold_everything_up(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert ["a.txt"] == found(tmp_path)
    assert [("pipe.txt", "is not a regular file.")] == failures(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for place in ("gone", "file.txt"):
        touch(tmp_path, "file.txt")
        with pytest.raises(WorkspaceError, match=f"{place} is not a folder"):
            scan(tmp_path / place)


def test_a_folder_inside_that_cannot_be_read_costs_only_itself(
    as_nobody: Callable[[], Path],
) -> None:
    root = as_nobody()
    touch(root, "a.txt", "closed/b.txt")
    (root / "closed").chmod(0)
    assert ["a.txt"] == found(root)
    assert [("closed", "cannot be read: Permission denied.")] == failures(root)


def test_reading_is_safe_between_threads(tmp_path: Path) -> None:
    texts = {f"{n}.md": f"# Heading {n}\n\nWords {n}.\n" for n in range(8)}
    titles: dict[str, str] = {}

    def read(name: str) -> None:
        for _ in range(20):
            titles[name] = parsed(tmp_path, texts[name], name).title

    threads = [threading.Thread(target=read, args=(name,)) for name in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"{n}.md": f"Heading {n}" for n in range(8)} == titles


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_front_matter_is_no_heading(end_of_line: str) -> None:
    text = end_of_line.join(["---", "layout: page", "---", "", "# Real", "", "Words."])
    title, marks = markdown.find_title_and_marks(text)
    headings = [mark.label for mark in marks if mark.kind == "heading"]
    assert ("Real", ["Real"]) == (title, headings)


def test_a_rule_at_the_top_hides_no_heading() -> None:
    assert "Real" == markdown.find_title_and_marks("---\n\n# Real\n\n---\n")[0]


def test_the_tables_of_markdown_are_read_with_the_names_of_their_columns() -> None:
    text = (
        "# Fees\n\nAll in euros.\n\n| Tour | Adults | Children |\n|---|--:|---|\n"
        "| Castle | 12 | |\nMill \\| barn | `a` | 4\n\nEnd of the list.\n"
    )
    parsed = markdown.read(text.encode(), "fees.md")
    assert text == parsed.text
    start, end = text.index("| Tour"), text.index("\n\nEnd")
    assert [(start, end)] == [(m.start, m.end) for m in parsed.marks if m.kind == "table"]
    view = Layout(parsed.marks).build_view(text, start, len(text))
    assert (
        "| Tour | Adults | Children |\n|---|--:|---|\n"
        "Tour: Castle\tAdults: 12\nTour: Mill \\| barn\tAdults: `a`\tChildren: 4\n\n"
        "End of the list.\n"
    ) == view.text
