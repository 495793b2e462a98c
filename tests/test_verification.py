"""Answers and documents are held against the files; each thing that can befall them has a name."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import document_of, quick_workspace
from scoqa.parse import PARSERS, ParsedFile, parse_file
from scoqa.serial import to_json
from scoqa.types import Answer, Citation, Document, Parser, Span, Verdict, with_also_in
from scoqa.verification import MOST_PLACES, all_citations, freshness, verify, verify_citation

TEXT = (
    "The pier\r\n\r\nThe pier is 41\u00a0metres long. It is old. The mayor opened it in 1911.\r\n"
)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    write(folder / "pier.txt", TEXT)
    write(folder / "mill.txt", "The mill\n\nThe mill grinds rye.\n")
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))


def cited(docs: Path, quote: str, path: str = "pier.txt") -> Citation:
    document = parse_file(docs / path, path)[0]
    start = document.text.index(quote)
    return Citation.from_span(document, Span(document.id, start, start + len(quote), 0.5))


def verdict(docs: Path, citation: Citation) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    found = verify_citation(citation, docs)
    assert citation == found.citation
    return found.kind, found.found


# -- the verdicts ----------------------------------------------------------------------------------


def test_a_quote_that_stands_where_it_stood_is_true(docs: Path) -> None:
    assert ("true", ()) == verdict(docs, cited(docs, "41\u00a0metres"))


def test_other_bytes_with_the_quote_in_its_place_are_a_changed_file(docs: Path) -> None:
    citation = cited(docs, "41\u00a0metres")
    write(docs / "pier.txt", TEXT.replace("1911", "1912"))
    assert ("file_changed", ()) == verdict(docs, citation)


def test_another_parser_with_the_quote_in_its_place_is_told(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    citation = cited(docs, "41\u00a0metres")
    newer = replace(PARSERS[".txt"], parser=Parser("plain", "99"))
    monkeypatch.setitem(PARSERS, ".txt", newer)
    found = verify_citation(citation, docs)
    assert "parser_changed" == found.kind
    used = f"plain {citation.parser.version}"
    assert f"was read with {used}, now with plain 99" in found.message


def test_a_quote_that_shifted_is_elsewhere_in_its_file_with_every_place(docs: Path) -> None:
    citation = cited(docs, "The pier is")
    changed = "NEW. " + TEXT + "The pier is gone.\n"
    write(docs / "pier.txt", changed)
    places = tuple(
        ("pier.txt", at, at + len("The pier is"))
        for at in (changed.index("The pier is"), changed.rindex("The pier is"))
    )
    assert ("elsewhere", places) == verdict(docs, citation)
    assert [citation.quote] * 2 == [changed[start:end] for _, start, end in places]


def test_a_quote_whose_sentence_changed_around_it_is_elsewhere(docs: Path) -> None:
    citation = cited(docs, "41\u00a0metres")
    changed = TEXT.replace("41\u00a0metres long", "41\u00a0metres wide")
    write(docs / "pier.txt", changed)
    kind, ((path, start, end),) = verdict(docs, citation)
    assert ("elsewhere", "pier.txt", "41\u00a0metres") == (kind, path, changed[start:end])


def test_a_quote_of_a_file_that_moved_is_elsewhere_in_the_new_one(docs: Path) -> None:
    citation = cited(docs, "41\u00a0metres")
    (docs / "north").mkdir()
    (docs / "pier.txt").rename(docs / "north" / "quay.txt")
    start = citation.start
    assert ("elsewhere", (("north/quay.txt", start, start + 9),)) == verdict(docs, citation)
    assert "pier.txt does not exist" in verify_citation(citation, docs).message


def test_a_quote_that_stands_nowhere_is_gone(docs: Path) -> None:
    citation = cited(docs, "41\u00a0metres")
    write(docs / "pier.txt", TEXT.replace("\u00a0", " "))
    assert ("gone", ()) == verdict(docs, citation), "a plain space is no non-breaking one"
    (docs / "pier.txt").unlink()
    assert ("gone", ()) == verdict(docs, citation)


def test_a_file_that_became_binary_is_not_there(docs: Path) -> None:
    citation = cited(docs, "41\u00a0metres")
    (docs / "pier.txt").write_bytes(bytes(2000))
    assert ("gone", ()) == verdict(docs, citation)


def test_many_places_are_listed_up_to_a_bound(docs: Path) -> None:
    citation = cited(docs, "pier")
    write(docs / "pier.txt", "A " + "pier " * 500)
    kind, places = verdict(docs, citation)
    assert ("elsewhere", MOST_PLACES) == (kind, len(places))


def test_a_name_composed_otherwise_on_disk_is_the_same_file(docs: Path) -> None:
    # Citations name their file in NFC; the file may be called by its NFD name.
    write(docs / unicodedata.normalize("NFD", "café.txt"), TEXT)
    document = parse_file(next(docs.glob("caf*")), "caf\u00e9.txt")[0]
    citation = Citation.from_span(document, Span(document.id, 0, 8, 1.0))
    assert ("true", ()) == verdict(docs, citation)


# -- freshness -------------------------------------------------------------------------------------


def indexed(docs: Path, path: str = "pier.txt") -> Document:
    return parse_file(docs / path, path)[0]


def test_a_file_with_its_bytes_is_unchanged_whatever_its_date(docs: Path) -> None:
    document = indexed(docs)
    assert "unchanged" == freshness(document, docs)
    os.utime(docs / "pier.txt", (1, 1))
    assert "unchanged" == freshness(document, docs)


def test_one_other_byte_is_a_changed_file_whatever_its_date(docs: Path) -> None:
    document, before = indexed(docs), (docs / "pier.txt").stat()
    write(docs / "pier.txt", TEXT.replace("1911", "1912"))
    os.utime(docs / "pier.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "changed" == freshness(document, docs)
    (docs / "pier.txt").write_bytes(bytes(2000))
    assert "changed" == freshness(document, docs), "no text is needed to tell"


def test_a_byte_order_mark_added_is_a_changed_file(docs: Path) -> None:
    document = indexed(docs)
    write(docs / "pier.txt", "\ufeff" + TEXT)
    assert document.text == indexed(docs).text
    assert "changed" == freshness(document, docs)


def folder(file: Path) -> None:
    file.mkdir()


def pipe(file: Path) -> None:
    os.mkfifo(file)


def loop(file: Path) -> None:
    file.symlink_to(file)


def link_that_leads_nowhere(file: Path) -> None:
    file.symlink_to(file.with_name("nowhere.txt"))


def link_out_of_the_folder(file: Path) -> None:
    write(file.parent.parent / "secret.txt", TEXT)
    file.symlink_to(file.parent.parent / "secret.txt")


@pytest.mark.parametrize(
    "put", [None, folder, pipe, loop, link_that_leads_nowhere, link_out_of_the_folder]
)
def test_where_no_plain_file_is_the_file_is_missing(
    docs: Path, put: Callable[[Path], None] | None
) -> None:
    document = indexed(docs)
    (docs / "pier.txt").unlink()
    if put is not None:
        put(docs / "pier.txt")
    assert "missing" == freshness(document, docs)


def test_a_link_within_the_folder_is_the_file_it_leads_to(docs: Path) -> None:
    document = indexed(docs)
    (docs / "pier.txt").rename(docs / "quay.txt")
    (docs / "pier.txt").symlink_to(docs / "quay.txt")
    assert "unchanged" == freshness(document, docs)


def test_a_file_without_its_folder_is_missing(docs: Path) -> None:
    write(docs / "north/quay.txt", TEXT)
    document = indexed(docs, "north/quay.txt")
    (docs / "north").rename(docs / "south")
    assert "missing" == freshness(document, docs)
    write(docs / "north", "A file now.\n")
    assert "missing" == freshness(document, docs)
    docs.rename(docs.with_name("away"))
    assert "missing" == freshness(document, docs)


def test_a_name_composed_otherwise_on_disk_is_as_fresh_as_its_bytes(docs: Path) -> None:
    file = docs / unicodedata.normalize("NFD", "café.txt")
    write(file, TEXT)
    document = parse_file(file, "caf\u00e9.txt")[0]
    assert "unchanged" == freshness(document, docs)
    write(file, "Other words.\n")
    assert "changed" == freshness(document, docs)


@pytest.mark.parametrize("closed", ["north/quay.txt", "north"])
def test_what_may_not_be_read_is_neither_changed_nor_missing(
    as_nobody: Callable[[], Path], closed: str
) -> None:
    docs = as_nobody()
    write(docs / "north/quay.txt", TEXT)
    document = indexed(docs, "north/quay.txt")
    (docs / closed).chmod(0)
    assert "unreadable" == freshness(document, docs)


@pytest.mark.parametrize(("code", "said"), [(errno.ENOENT, "missing"), (errno.EIO, "unreadable")])
def test_a_file_that_fails_while_it_is_read_is_said_to(
    docs: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    def fail(file: Path) -> str:
        raise OSError(code, "as it happens", str(file))

    monkeypatch.setattr(sys.modules[freshness.__module__], "hash_file", fail)
    assert said == freshness(indexed(docs), docs)


HOSTILE_PATHS = [
    "../secret.txt",
    "../../etc/passwd",
    "/etc/passwd",
    "north/../../secret.txt",
    "link.txt",
    "loop.txt",
    "nul\0.txt",
    "surrogate\ud800.txt",
    "x" * 5000 + ".txt",
    "",
    ".",
]


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=ascii)
def test_freshness_reads_nothing_outside_the_documents(docs: Path, path: str) -> None:
    write(docs.parent / "secret.txt", TEXT)
    (docs / "link.txt").symlink_to(docs.parent / "secret.txt")
    (docs / "loop.txt").symlink_to(docs / "loop.txt")
    assert "missing" == freshness(replace(indexed(docs), path=path), docs)


# -- forgeries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"quote": "99\u00a0metres"}, "gone"),
        ({"quote": "The pier"}, "elsewhere"),
        ({"start": 0, "end": 9}, "elsewhere"),
        ({"sentence": "It is 41\u00a0metres long, honestly."}, "elsewhere"),
        ({"sentence_start": 0}, "elsewhere"),
        ({"sentence_end": 10**9}, "elsewhere"),
        ({"start": -9, "end": -1}, "elsewhere"),
        ({"start": 10**12, "end": 10**12 + 9}, "elsewhere"),
        ({"quote": "", "start": 23, "end": 23}, "gone"),
    ],
    ids=str,
)
def test_a_forged_citation_of_an_unchanged_file_is_never_true(
    docs: Path, change: dict[str, object], kind: str
) -> None:
    forged = replace(cited(docs, "41\u00a0metres"), **change)  # type: ignore[arg-type]
    found = verify_citation(forged, docs)
    assert kind == found.kind
    assert "has different text at" in found.message


def test_offsets_from_the_end_are_no_offsets(docs: Path) -> None:
    # Python would slice the very same words with them.
    citation = cited(docs, "It is old")
    places = ("start", "end", "sentence_start", "sentence_end")
    forged = replace(citation, **{key: getattr(citation, key) - len(TEXT) for key in places})
    assert "elsewhere" == verify_citation(forged, docs).kind


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 30), st.integers(-3, 3), st.integers(-3, 3))
def test_only_the_slice_itself_is_true(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, left: int, right: int
) -> None:
    docs = tmp_path_factory.getbasetemp() / "law"
    write(docs / "pier.txt", TEXT)
    document = parse_file(docs / "pier.txt", "pier.txt")[0]
    span = Span(document.id, start, min(start + length, len(TEXT)), 1.0)
    citation = Citation.from_span(document, span)
    shifted = replace(citation, start=span.start + left, end=span.end + right)
    is_slice = TEXT[shifted.start : shifted.end] == citation.quote and shifted.start >= 0
    inside = citation.sentence_start <= shifted.start < shifted.end <= citation.sentence_end
    assert (verify_citation(shifted, docs).kind == "true") == (is_slice and inside)


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=ascii)
def test_a_saved_answer_reads_nothing_outside_the_documents(docs: Path, path: str) -> None:
    secret = "The secret of the pier is a key under the stone."
    write(docs.parent / "secret.txt", secret)
    (docs / "link.txt").symlink_to(docs.parent / "secret.txt")
    (docs / "loop.txt").symlink_to(docs / "loop.txt")
    document = document_of(secret)
    citation = replace(
        Citation.from_span(document, Span(document.id, 4, 10, 1.0)),
        path=path,
        parser=PARSERS[".txt"].parser,
    )
    assert ("gone", ()) == verdict(docs, citation)


def test_what_is_shown_inside_the_documents_is_read(docs: Path) -> None:
    (docs / "again.txt").symlink_to(docs / "pier.txt")
    assert ("true", ()) == verdict(docs, replace(cited(docs, "41"), path="again.txt"))


# -- whole answers ---------------------------------------------------------------------------------


def test_every_citation_has_a_verdict_also_those_named_beside(docs: Path) -> None:
    write(docs / "copy.txt", TEXT)
    first, other = cited(docs, "41\u00a0metres"), cited(docs, "41\u00a0metres", "copy.txt")
    near = cited(docs, "grinds rye", "mill.txt")
    answer = Answer("q", "q", (with_also_in(first, [other]),), 0.9, True, None, (near,))
    (docs / "copy.txt").write_bytes(TEXT.replace("41", "14").encode())
    verdicts: list[Verdict] = verify(answer, docs)
    assert list(all_citations(answer)) == [each.citation for each in verdicts]
    assert ["true", "elsewhere", "true"] == [each.kind for each in verdicts]
    assert "pier.txt" == verdicts[1].found[0][0]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that receives the path of each file that a verification parses."""
    paths: list[str] = []

    def parse(file: Path, path: str) -> ParsedFile:
        paths.append(path)
        return parse_file(file, path)

    monkeypatch.setattr("scoqa.verification.parse_file", parse)
    return paths


def answer_of(*citations: Citation) -> Answer:
    return Answer("q", "q", citations, 0.9, True, None)


def test_each_file_is_parsed_once_however_many_citations_name_it(
    docs: Path, parsed: list[str]
) -> None:
    first, second, mill = cited(docs, "41"), cited(docs, "1911"), cited(docs, "rye", "mill.txt")
    kinds = [each.kind for each in verify(answer_of(first, second, mill, first), docs)]
    assert ["true"] * 4 == kinds
    assert ["pier.txt", "mill.txt"] == parsed


def test_lost_quotes_are_looked_for_together(docs: Path, parsed: list[str]) -> None:
    lost = [cited(docs, "41\u00a0metres"), cited(docs, "1911")]
    mill = cited(docs, "rye", "mill.txt")
    write(docs / "a.txt", "A\n\nIt is 41\u00a0metres.\n")
    write(docs / "z.txt", "Z\n\nIn 1911, and in 1911.\n")
    (docs / "broken.txt").write_bytes(bytes(2000))
    (docs / "pier.txt").unlink()
    broken = replace(lost[0], path="broken.txt")
    verdicts = verify(answer_of(*lost, mill, broken), docs)
    assert ["elsewhere", "elsewhere", "true", "elsewhere"] == [each.kind for each in verdicts]
    assert [["a.txt"], ["z.txt", "z.txt"], [], ["a.txt"]] == [
        [path for path, _, _ in each.found] for each in verdicts
    ]
    assert sorted(["mill.txt", "broken.txt", "a.txt", "z.txt"]) == sorted(parsed)


@pytest.mark.parametrize(
    "path",
    ["embeddings/pier.txt", "old/pier.txt", "new/../old/pier.txt", "./old/pier.txt",
     "old//pier.txt", "link/pier.txt", ".hidden/pier.txt", "~$pier.txt", "into.txt"],
)  # fmt: skip
def test_only_what_a_sync_would_read_is_verified(docs: Path, parsed: list[str], path: str) -> None:
    citation = cited(docs, "41\u00a0metres")
    for place in ("embeddings", "old", "new", ".hidden"):
        write(docs / place / "pier.txt", TEXT)
    (docs / "link").symlink_to(docs / "old", target_is_directory=True)
    if path == "into.txt":
        (docs / path).symlink_to(docs / "embeddings" / "pier.txt")
    write(docs / "~$pier.txt", TEXT)
    for kept in ("new/pier.txt", "pier.txt"):
        (docs / kept).unlink()
    forged = replace(citation, path=path)
    options = {"exclude": ("old/*",), "index": docs / "embeddings"}
    found = verify_citation(forged, docs, **options)  # type: ignore[arg-type]
    assert ("gone", ["mill.txt"]) == (found.kind, parsed)
    assert f"{path} does not exist, is excluded or cannot be read" in found.message
    parsed.clear()
    # An index that is not inside the documents hides nothing.
    write(docs / "pier.txt", TEXT)
    for index in (docs, docs.parent, docs.parent / "elsewhere"):
        assert "true" == verify_citation(citation, docs, index=index).kind


def test_verify_in_a_workspace_reads_neither_its_index_nor_what_it_excludes(folder: Path) -> None:
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    answer = workspace.ask("Who built the lighthouse?")
    for place in ("embeddings", "private"):
        write(folder / place / "copy.txt", (folder / "lighthouse.txt").read_text(encoding="utf-8"))
    (folder / "lighthouse.txt").unlink()
    assert ["private/copy.txt"] == [path for path, _, _ in workspace.verify(answer)[0].found]
    closed = quick_workspace(folder, exclude=("private/*",))
    assert "gone" == closed.verify(answer)[0].kind


def test_an_answer_that_cites_nothing_has_no_verdicts(docs: Path) -> None:
    assert [] == verify(Answer("q", "q", (), 0.0, False, "no_evidence"), docs)


def test_verify_on_the_command_line_loads_no_model(docs: Path) -> None:
    answer = Answer("q", "q", (cited(docs, "41\u00a0metres"),), 0.9, True, None)
    file = docs.parent / "answer.json"
    file.write_text(json.dumps(to_json(answer)), encoding="utf-8")
    code = (
        "import sys\n"
        "from scoqa.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    heavy = {'torch', 'sentence_transformers', 'transformers', 'faiss', 'gradio'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", str(file), "--workspace", str(docs.parent)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert 0 == done.returncode, done.stderr
    assert ["All 1 citations are true.", "[]"] == done.stderr.splitlines()
    start = answer.citations[0].start
    assert f"1. ok: true. pier.txt {start}:{start + 9}\n" == done.stdout


@pytest.mark.parametrize(
    ("field", "value"), [("line", 999), ("title", "Forged"), ("heading", "Forged"), ("page", "7")]
)
def test_a_place_told_wrong_is_not_true(folder: Path, field: str, value: object) -> None:
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    citation = workspace.ask("Who built the lighthouse?").citations[0]
    forged = replace(citation, **{field: value})
    assert "true" == verify_citation(citation, workspace.documents).kind
    assert "elsewhere" == verify_citation(forged, workspace.documents).kind
