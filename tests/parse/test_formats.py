"""Every known sentence in every format is found, and the citation names the right place."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import quick_workspace
from scoqa.parse import PARSERS, parse_file
from scoqa.places import Marks
from scoqa.types import Citation, Span
from scoqa.workspace import Workspace
from works import FORMATS, HARBOUR, WORKS

# Read as another kind is; those in the second line are one XML file, see test_parse_odt.py.
ALIASES = {
    ".text": ".txt", ".markdown": ".md", ".htm": ".html", ".xhtml": ".html", ".tsv": ".csv",
    ".docm": ".docx", ".xlsm": ".xlsx", ".pptm": ".pptx", ".ppsx": ".pptx",
    ".vtt": ".srt", ".ndjson": ".jsonl", ".mhtml": ".mht",
    ".yml": ".yaml", ".xml": ".yaml", ".log": ".yaml",
    ".fodt": "", ".fods": "", ".fodp": "",
}  # fmt: skip

# What each file of `works` is read as: the digest of its text, begun. Where one changes, quotes of
# people's files change their places too: raise the version of its parser with it.
GOLDEN = {
    "chinese.csv": "b812b93f913ba2c6",
    "chinese.docx": "da39f7a2955cf778",
    "chinese.eml": "4067281d21f6bb6b",
    "chinese.epub": "0caeb7bc58322116",
    "chinese.html": "0d67bd3884f6ae0d",
    "chinese.ics": "df7d1d76844f9516",
    "chinese.ipynb": "5b60a594ab95e3d8",
    "chinese.json": "d5d7d5cef7c06b28",
    "chinese.jsonl": "e69fe27fc836cdd1",
    "chinese.mbox": "fca75fe46f8bd5a7",
    "chinese.md": "5b60a594ab95e3d8",
    "chinese.mht": "0d67bd3884f6ae0d",
    "chinese.msg": "ff1296f9c8d008e4",
    "chinese.odp": "0caeb7bc58322116",
    "chinese.ods": "ef5f6b5781841338",
    "chinese.odt": "da39f7a2955cf778",
    "chinese.pdf": "28a0617fd70d089c",
    "chinese.pptx": "0caeb7bc58322116",
    "chinese.rst": "dfc84fb50c0ebe50",
    "chinese.rtf": "466d4d65054969af",
    "chinese.srt": "466d4d65054969af",
    "chinese.txt": "d778317298d42809",
    "chinese.xls": "ef5f6b5781841338",
    "chinese.xlsx": "ef5f6b5781841338",
    "chinese.yaml": "879f849f68a45e66",
    "harbour.csv": "e3f760e6623bcd5e",
    "harbour.docx": "81e049198ba87550",
    "harbour.eml": "ffd0aa7eaf5fa529",
    "harbour.epub": "c3384a2b61fb30f3",
    "harbour.html": "35e5d644c6c751ca",
    "harbour.ics": "97b65d880f5df261",
    "harbour.ipynb": "1d95fba363d5a8c1",
    "harbour.json": "ef7ed618f2d07116",
    "harbour.jsonl": "83fd5cd7be968d21",
    "harbour.mbox": "b1865d39956836f0",
    "harbour.md": "1d95fba363d5a8c1",
    "harbour.mht": "35e5d644c6c751ca",
    "harbour.msg": "d3bad022b4bdefc2",
    "harbour.odp": "c3384a2b61fb30f3",
    "harbour.ods": "896b4158a82e4962",
    "harbour.odt": "81e049198ba87550",
    "harbour.pdf": "81e049198ba87550",
    "harbour.pptx": "c3384a2b61fb30f3",
    "harbour.rst": "67231dce116de0a4",
    "harbour.rtf": "00afa621d11472e8",
    "harbour.srt": "00afa621d11472e8",
    "harbour.txt": "0d40f8002d99a8bd",
    "harbour.xls": "896b4158a82e4962",
    "harbour.xlsx": "896b4158a82e4962",
    "harbour.yaml": "08b99e0561d91490",
    "hebrew.csv": "45ad83621f8d0cb5",
    "hebrew.docx": "b86f8278160857cc",
    "hebrew.eml": "3b8e54859d1a565d",
    "hebrew.epub": "d03d07e490a458f8",
    "hebrew.html": "6c56d1a4b0cf00a5",
    "hebrew.ics": "b3b1ed6f921c812f",
    "hebrew.ipynb": "30dbc8fb842926b0",
    "hebrew.json": "2aade7a5528c2083",
    "hebrew.jsonl": "d98c08b8028185dd",
    "hebrew.mbox": "70d3f1d9d0b10d55",
    "hebrew.md": "30dbc8fb842926b0",
    "hebrew.mht": "6c56d1a4b0cf00a5",
    "hebrew.msg": "450de2b0f9ac7a29",
    "hebrew.odp": "d03d07e490a458f8",
    "hebrew.ods": "bb366cc53c8bfd82",
    "hebrew.odt": "b86f8278160857cc",
    "hebrew.pdf": "66b991b92e3b2ec1",
    "hebrew.pptx": "d03d07e490a458f8",
    "hebrew.rst": "d7586a0a80c02555",
    "hebrew.rtf": "6f42b082ff11e9d1",
    "hebrew.srt": "6f42b082ff11e9d1",
    "hebrew.txt": "209c47397a6de4ef",
    "hebrew.xls": "bb366cc53c8bfd82",
    "hebrew.xlsx": "bb366cc53c8bfd82",
    "hebrew.yaml": "62508830d621cd20",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("library")
    for suffix, written in FORMATS.items():
        for work in WORKS:
            if (data := written.write(work)) is not None:
                file = folder / suffix[1:] / f"{work.name}{suffix}"
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(data)
    workspace = quick_workspace(folder)
    report = workspace.sync()
    assert () == report.failed
    yield workspace


def files(workspace: Workspace) -> list[Path]:
    return sorted(f for f in workspace.root.glob("*/*.*") if f.parent.name != "embeddings")


def test_all_formats_are_tried() -> None:
    assert PARSERS.keys() - ALIASES == FORMATS.keys()


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_a_file_with_a_format_s_other_ending_is_read_as_well(alias: str) -> None:
    suffix = ALIASES[alias]
    if not suffix:
        assert PARSERS[alias].read is PARSERS[alias.replace(".f", ".")].read
        return
    data = FORMATS[suffix].write(HARBOUR)
    if alias == ".tsv":
        data = data.replace(b",", b"\t")
    assert (
        PARSERS[suffix].read(data, f"a{suffix}").text == PARSERS[alias].read(data, f"a{alias}").text
    )


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_each_sentence_is_found_where_it_stands(library: Workspace, work, suffix: str) -> None:  # type: ignore[no-untyped-def]
    path = f"{suffix[1:]}/{work.name}{suffix}"
    if not (library.root / path).exists():
        pytest.skip("no font for this script is installed")
    written = FORMATS[suffix]
    for number, (heading, texts) in enumerate(work.sections):
        for paragraph, sentence in enumerate(texts):
            found = [hit for hit in library.search(sentence, k=60) if hit.path == path]
            held = [hit for hit in found if sentence in hit.passage.text]
            assert held, sentence
            passage = held[0].passage
            document = library.document(passage.document_id)
            marks = Marks(document.marks)
            assert held[0].place == marks.place(passage.start, passage.end)
            assert bool(held[0].place) == bool(written.place(work, number, paragraph))
            assert 1 == document.text.count(sentence)
            start = document.text.index(sentence)
            span = Span(document.id, start, start + len(sentence), 0.0)
            citation = Citation.from_span(document, span)
            assert sentence == citation.quote
            assert written.place(work, number, paragraph) == citation.place
            if written.headings:
                assert citation.heading is not None
                assert heading == citation.heading.split(" > ")[-1]
            if suffix == ".pdf":
                assert library.regions(document, span.start, span.end)


def test_the_same_bytes_give_the_same_text_in_another_process(library: Workspace) -> None:
    program = (
        "import sys; from pathlib import Path; from scoqa.parse import parse_file\n"
        "for name in sys.argv[1:]:\n"
        "    print(parse_file(Path(name), Path(name).name).document.text_digest)"
    )
    names = [str(file) for file in files(library)]
    mine = [parse_file(Path(name), Path(name).name).document.text_digest for name in names]
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", program, *names],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
            text=True,
        )
        assert mine == told.stdout.split()


def test_the_texts_are_those_of_every_machine_and_version(library: Workspace) -> None:
    found = {
        file.name: hashlib.sha256(
            parse_file(file, file.name).document.text.encode("utf-8")
        ).hexdigest()[:16]
        for file in files(library)
    }
    assert {name: GOLDEN[name] for name in found} == found


def test_a_moved_file_is_moved_and_a_copy_is_embedded_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/harbour.pdf").write_bytes(FORMATS[".pdf"].write(HARBOUR) or b"")
    workspace = quick_workspace(tmp_path)
    first = workspace.sync()
    assert first.embedded > 0
    (tmp_path / "b").mkdir()
    (tmp_path / "a/harbour.pdf").rename(tmp_path / "b/harbour.pdf")
    moved = workspace.sync()
    assert ((("a/harbour.pdf", "b/harbour.pdf"),), 0) == (moved.moved, moved.embedded)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/harbour.pdf").write_bytes((tmp_path / "b/harbour.pdf").read_bytes())
    copied = workspace.sync()
    assert (("c/harbour.pdf",), 0) == (copied.added, copied.embedded)
    answer = workspace.ask("Who brought in the largest ship?")
    found = [*answer.citations, *answer.near_misses]
    places = {each.path for citation in found for each in (citation, *citation.also_in)}
    assert {"b/harbour.pdf", "c/harbour.pdf"} <= places
