"""The command line: data and messages apart, one clear sentence for whatever is wrong."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from commandline import Done, QuickWorkspace, Run
from conftest import ROOT
from scoqa import __version__, cli, terminal
from scoqa.serial import answer_from_json, to_json
from scoqa.silence_wording import REASONS
from scoqa.types import SyncReport
from scoqa.workspace import Workspace

HEAVY = ("torch", "gradio", "sentence_transformers", "transformers", "faiss")


pytest_plugins = ("commandline",)  # its fixtures: run, indexed


def python(*arguments: str | Path, **options: Any) -> Done:
    """Run Python as a process of its own."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        **options,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def index_files(folder: Path) -> dict[str, bytes]:
    """Return what the index of `folder` holds, byte for byte."""
    return {
        file.name: file.read_bytes()
        for file in (folder / "embeddings").iterdir()
        if file.suffix in (".sqlite", ".faiss")  # what SQLite puts beside comes and goes
    }


QUESTION = "Who built the lighthouse?"
BUILT = "The lighthouse was built in 1887 by Ada Lund."


# -- what commands print ---------------------------------------------------------------------------


def test_index_prints_what_it_did(folder: Path, run: Run) -> None:
    done = run("index", folder)
    assert (0, "Documents: 2 added. Passages in the index: 2.\n") == (done.code, done.out)
    assert "Indexing: 100 %" in done.err
    assert "Documents: 2 unchanged. Passages in the index: 2.\n" == run("index", folder).out
    record = json.loads(run("index", folder, "--json").out)
    assert list(SyncReport.__dataclass_fields__) == list(record)
    assert ["harbour.txt", "lighthouse.txt"] == record["unchanged"]


def test_index_says_that_documents_beside_docs_are_not_read(folder: Path, run: Run) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "inn.txt").write_text("The inn\n\nIt has six rooms.\n", encoding="utf-8")
    expected = 'Reads docs/; 2 documents beside it are not read. Set documents = "." to read all.'
    assert expected in run("index", folder).err.splitlines()
    (folder / "harbour.txt").unlink()
    assert "1 document beside it is not read." in run("index", folder).err
    (folder / "lighthouse.txt").unlink()
    assert "Reads" not in run("index", folder).err


def test_an_answer_is_a_sentence_with_its_place(indexed: Path, run: Run) -> None:
    done = run("ask", QUESTION, "--workspace", indexed)
    text = (indexed / "lighthouse.txt").read_text(encoding="utf-8")
    start = text.index(BUILT)
    lines = done.out.splitlines()
    assert (0, f"{BUILT} [1]") == (done.code, lines[0])
    assert "[1] The lighthouse of Varn" in lines
    assert f"    lighthouse.txt, line 4, characters {start}:{start + len(BUILT)}" in lines
    assert "The first is likely right (80%)." in lines
    assert ["Loading the model, finding passages and reading ..."] == done.err.splitlines()


def test_json_is_the_answer_that_python_gives(indexed: Path, run: Run) -> None:
    done = run("ask", QUESTION, "--workspace", indexed, "--json")
    answer = QuickWorkspace(indexed).ask(QUESTION)
    record = json.loads(done.out)
    assert answer == answer_from_json(record)
    assert {**to_json(answer), "timings": None} == {**record, "timings": None}


def test_explain_shows_every_stage(indexed: Path, run: Run) -> None:
    done = run("ask", QUESTION, "-w", indexed, "--explain")
    for title in ("Passages (fused score", "Windows read", "Spans", "Probability that none"):
        assert title in done.out
    record = json.loads(run("ask", QUESTION, "-w", indexed, "--explain", "--json").out)
    assert ["answer", "hits", "windows", "reading", "version"] == list(record)
    version = QuickWorkspace(indexed).version
    assert {"identity": version.identity, "generation": version.generation} == record["version"]
    assert BUILT == record["answer"]["citations"][0]["quote"]
    assert {"words", "vectors"} == {
        found["search"] for hit in record["hits"] for found in hit["found_by"]
    }


def test_search_prints_passages_with_what_found_them(indexed: Path, run: Run) -> None:
    done = run("search", "herring boats", "-w", indexed, "-k", "1")
    assert done.out.startswith("1. The harbour of Varn\n   harbour.txt, characters ")
    assert re.search(r"score \d\.\d+: words 1 \(.*\), vectors 1 \(", done.out)
    hits = QuickWorkspace(indexed).search("herring boats", k=1)
    assert to_json(hits) == json.loads(
        run("search", "herring boats", "-w", indexed, "-k", "1", "--json").out
    )
    nothing = run("search", '"no such words"', "-w", indexed)
    assert (0, "") == (nothing.code, nothing.out)
    assert "No passage was found." in nothing.err


def test_a_collection_is_asked_alone(indexed: Path, run: Run) -> None:
    (indexed / "north").mkdir()
    shutil.copy(indexed / "lighthouse.txt", indexed / "north" / "tower.txt")
    run("index", indexed)
    record = json.loads(run("ask", QUESTION, "-w", indexed, "-c", "north", "--json").out)
    assert {"north/tower.txt"} == {each["path"] for each in record["citations"]}


def test_silence_is_an_answer_and_3_only_on_request(indexed: Path, run: Run) -> None:
    question = "Which volcano erupted?"
    done = run("ask", question, "-w", indexed)
    assert (0, "Your documents do not answer this.") == (done.code, done.out.splitlines()[0])
    assert 3 == run("ask", question, "-w", indexed, "--exit-on-silence").code
    assert 3 == run("ask", question, "-w", indexed, "--exit-on-silence", "--json").code
    assert 0 == run("ask", QUESTION, "-w", indexed, "--exit-on-silence").code


def test_a_document_that_changed_since_it_was_indexed_is_noted(indexed: Path, run: Run) -> None:
    file = indexed / "lighthouse.txt"
    file.write_text("NEW. " + file.read_text(encoding="utf-8"), encoding="utf-8")
    done = run("ask", QUESTION, "-w", indexed)
    assert 0 == done.code
    note = "Note: lighthouse.txt has changed since it was indexed. Bring the index up to date: "
    assert 1 == done.err.count(note), "once per file, however many citations name it"
    assert "scoqa index" in done.err
    file.unlink()
    assert (
        "Note: lighthouse.txt does not exist any more." in run("ask", QUESTION, "-w", indexed).err
    )


def test_an_ask_parses_no_document_to_tell_whether_it_changed(
    indexed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("parsed by an ask")

    monkeypatch.setattr("scoqa.verification.parse_file", refuse)
    done = run("ask", QUESTION, "-w", indexed)
    assert (0, "") == (done.code, done.err.partition("\n")[2])


def test_doctor_says_what_is_sound_and_ends_with_1_otherwise(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoqa.doctor.PACKAGES", ("torch",))
    before = run("doctor", "-w", folder)
    assert 1 == before.code
    assert (
        f"There is no index in {folder / 'embeddings'}. Build it with: scoqa index {folder}"
        in before.out
    )
    run("index", folder)
    done = run("doctor", folder)
    assert 0 == done.code, done.out
    assert ["ok"] * 6 == [line.split()[0] for line in done.out.splitlines()]
    findings = json.loads(run("doctor", "-w", folder, "--json").out)
    looked_at = ["versions", "embedder", "reader", "documents", "index", "disk"]
    assert looked_at == [f["subject"] for f in findings]


# -- verify ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(indexed: Path, run: Run) -> Path:
    """Return the file of a saved answer."""
    file = indexed / "answer.json"
    file.write_text(run("ask", QUESTION, "-w", indexed, "--json").out, encoding="utf-8")
    return file


def test_verify_says_that_all_is_true(saved: Path, run: Run) -> None:
    done = run("verify", saved, "-w", saved.parent)
    count = len(done.out.splitlines())
    assert (0, f"All {count} citations are true.\n") == (done.code, done.err)
    assert done.out.startswith("1. ok: true. lighthouse.txt ")


def test_verify_takes_what_explain_saved(indexed: Path, run: Run) -> None:
    file = indexed / "explained.json"
    done = run("ask", QUESTION, "-w", indexed, "--json", "--explain")
    file.write_text(done.out, encoding="utf-8")
    assert 0 == run("verify", file, "-w", indexed).code


def test_verify_ends_with_4_when_a_citation_is_not_true(saved: Path, run: Run) -> None:
    (saved.parent / "lighthouse.txt").unlink()
    done = run("verify", saved, "-w", saved.parent)
    count = len(done.out.splitlines())
    assert (4, f"{count} of {count} citations are not true any more.") == (
        done.code,
        done.sentence,
    )
    assert "1. NOT TRUE: gone. lighthouse.txt does not exist" in done.out
    listed = run("verify", saved, "-w", saved.parent, "--json")
    assert (4, "gone") == (listed.code, json.loads(listed.out)[0]["kind"])


def test_an_answer_that_cites_nothing_is_said_to(indexed: Path, run: Run) -> None:
    file = indexed / "silence.json"
    done = run("ask", "Кто построил маяк?", "-w", indexed, "--json")
    file.write_text(done.out, encoding="utf-8")
    silent = run("verify", file, "-w", indexed)
    assert (0, "", "The answer has no citations.\n") == (silent.code, silent.out, silent.err)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a saved answer: Expecting value"),
        (b"not json", "is not a saved answer: Expecting value"),
        (b"[" * 100_000, "is not a saved answer: maximum recursion depth"),
        (b"caf\xe9", "is not a saved answer: 'utf-8' codec"),
        (b"[]", "is not a saved answer: an answer should be a JSON object"),
        (b'{"question": 3}', "is not a saved answer: question should be str, it is 3"),
        (b'{"answer": null}', "is not a saved answer: an answer should be a JSON object"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_saved_answer_is_one_sentence(
    indexed: Path, run: Run, content: bytes, reason: str
) -> None:
    file = indexed / "answer.json"
    file.write_bytes(content)
    done = run("verify", file, "-w", indexed)
    assert (4, "") == (done.code, done.out)
    assert done.sentence.startswith(f"{file} {reason}")


def test_a_saved_answer_that_is_not_there_is_named(indexed: Path, run: Run) -> None:
    done = run("verify", indexed / "gone.json", "-w", indexed)
    assert (4, f"{indexed / 'gone.json'} cannot be read: No such file or directory.") == (
        done.code,
        done.sentence,
    )


# -- bad input: folders and files ------------------------------------------------------------------


def test_a_folder_without_documents(tmp_path: Path, run: Run) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    wanted = f"There are no documents in {tmp_path}. Put files there (PDF, Word, "
    for command in (["index", tmp_path], ["index", "-w", tmp_path]):
        done = run(*command)
        assert 1 == done.code
        assert done.sentence.startswith(wanted)
        assert "Skipped, unsupported file types: .png 1." in done.err


def test_a_chat_over_an_empty_folder_waits_for_documents(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Path] = []
    monkeypatch.setattr("scoqa.ui.serve", lambda workspace, **_: served.append(workspace.root))
    done = run("chat", tmp_path)
    assert (0, [tmp_path]) == (done.code, served)
    assert f"There are no documents in {tmp_path}. Put files there (PDF, " in done.err
    assert "The page can index them later." in done.err


def test_a_folder_that_is_not_there(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file.txt").write_text("x", encoding="utf-8")
    for place in ("gone", "file.txt"):
        for command in (["index"], ["ask", "Why?", "-w"], ["search", "x", "-w"], ["doctor", "-w"]):
            done = run(*command, tmp_path / place)
            assert (1, "") == (done.code, done.out)
            assert done.sentence.startswith(f"{tmp_path / place} is not a folder")


def test_an_empty_file(folder: Path, run: Run) -> None:
    (folder / "empty.txt").write_bytes(b"")
    done = run("index", folder)
    assert (0, "Documents: 3 added. Passages in the index: 2.\n") == (done.code, done.out)
    assert "Warning: empty.txt is empty; there is nothing to index in it." in done.err


def test_nothing_but_an_empty_file(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    assert 0 == run("index", tmp_path).code
    done = run("ask", "Is anything there?", "-w", tmp_path)
    assert 0 == done.code
    assert "There are no documents in the index." in done.out


def test_binary_junk_named_txt_and_an_old_encoding(folder: Path, run: Run) -> None:
    (folder / "junk.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "old.txt").write_bytes(
        "The café\n\nThe café was opened in 1904 by Zoë.".encode("latin-1")
    )
    done = run("index", folder)
    assert 0 == done.code
    assert "Failed: junk.txt is not text but binary data. Move it out" in done.err
    assert "Warning: old.txt is not UTF-8; it was read as cp1252." in done.err
    answer = json.loads(run("ask", "Who opened the café?", "-w", folder, "--json").out)
    assert "The café was opened in 1904 by Zoë." == answer["citations"][0]["quote"]


def test_a_folder_that_cannot_be_read(as_nobody: Callable[[], Path], run: Run) -> None:
    folder = as_nobody()
    (folder / "closed").mkdir(mode=0)
    for command in (["index"], ["ask", "Why?", "-w"], ["doctor", "-w"]):
        done = run(*command, folder / "closed")
        assert (1, "") == (done.code, done.out)
        assert done.sentence.startswith(f"{folder / 'closed'} cannot be read: Permission denied.")


def test_a_folder_that_cannot_be_written(
    as_nobody: Callable[[], Path], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = as_nobody()
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: home / "data" / name)
    papers = home / "papers"
    papers.mkdir()
    (papers / "note.txt").write_text(f"A note\n\n{BUILT}\n", encoding="utf-8")
    papers.chmod(0o500)
    done = run("index", papers)
    assert 0 == done.code
    assert f"The index is in {home / 'data' / 'scoqa'}" in done.err
    assert done.out.startswith("Documents: 1 added.")
    answer = json.loads(run("ask", QUESTION, "-w", papers, "--json").out)
    assert BUILT == answer["citations"][0]["quote"]
    assert ["note.txt"] == [path.name for path in papers.iterdir()]


def test_an_index_folder_that_cannot_be_made(folder: Path, run: Run) -> None:
    (folder / "taken").write_text("A file.\n", encoding="utf-8")
    done = run("index", folder, "--index", folder / "taken")
    assert (1, "") == (done.code, done.out)
    assert done.sentence.startswith(f"{folder / 'taken'} cannot be written: ")
    assert done.sentence.endswith("Choose another place with --index DIR.")
    assert "A file.\n" == (folder / "taken").read_text(encoding="utf-8")


def test_settings_that_are_wrong(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOQA_READ_K", "many")
    done = run("ask", "Why?", "-w", folder)
    assert (2, "") == (done.code, done.out)
    assert done.sentence.startswith("environment variable SCOQA_READ_K: read_k = 'many' is not")


# -- bad input: questions --------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "   ", "\n\t", '"(', "???", "\u200b"])
def test_an_empty_question(indexed: Path, run: Run, question: str) -> None:
    for command in ("ask", "search"):
        done = run(command, question, "-w", indexed)
        assert (2, "", "The question is empty. Ask something in a few words.") == (
            done.code,
            done.out,
            done.sentence,
        )


def test_a_question_of_ten_thousand_characters(indexed: Path, run: Run) -> None:
    for command in ("ask", "search"):
        done = run(command, "why " * 2500, "-w", indexed)
        assert (2, "") == (done.code, done.out)
        assert done.sentence.startswith(
            "The question has 9,999 characters; at most 2,000 are allowed."
        )


@pytest.mark.parametrize(
    "question",
    ["don't", "C++", "sco: x", '"( lamp', "lamp AND NOT oil", "NEAR(lamp oil)", "lamp*", "-- lamp",
     "text : lamp", "'; DROP TABLE words; --", "^lamp", "{lamp}", '"lamp', "100%_",
     "col:\"lamp oil\"", "x" * 2000, "U.S.", "who is (he)"],
)  # fmt: skip
def test_query_syntax_is_plain_words(indexed: Path, run: Run, question: str) -> None:
    before = index_files(indexed)
    asked = run("ask", "--json", "-w", indexed, "--", question)
    found = run("search", "--json", "-w", indexed, "--", question)
    assert (0, 0) == (asked.code, found.code), asked.err + found.err
    assert question == json.loads(asked.out)["question"]
    assert isinstance(json.loads(found.out), list)
    assert before == index_files(indexed)


@pytest.mark.parametrize("question", ["Кто построил маяк?", "谁建造了灯塔？", "من بنى المنارة؟"])
def test_a_question_in_another_script(indexed: Path, run: Run, question: str) -> None:
    done = run("ask", question, "-w", indexed)
    assert 0 == done.code
    assert [
        "Your documents do not answer this.",
        REASONS["language_not_supported"],
    ] == done.out.splitlines()[:2]
    answer = json.loads(run("ask", question, "-w", indexed, "--json").out)
    assert (question, "language_not_supported", 0.0) == (
        answer["question"],
        answer["reason"],
        answer["confidence"],
    )


def test_a_question_from_a_broken_terminal(indexed: Path, run: Run) -> None:
    done = run("ask", "Who built \udcff the lighthouse?", "-w", indexed, "--json")
    assert 0 == done.code
    assert BUILT == json.loads(done.out)["citations"][0]["quote"]


# -- bad input: the index --------------------------------------------------------------------------


def test_no_index_yet(folder: Path, run: Run) -> None:
    for command in (["ask", "Why?"], ["search", "x"]):
        done = run(*command, "-w", folder)
        assert (
            1,
            f"There is no index in {folder / 'embeddings'}. Build it with: scoqa index {folder}",
        ) == (
            done.code,
            done.sentence,
        )


def test_an_index_made_with_another_model(
    indexed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = index_files(indexed)
    monkeypatch.setattr(QuickWorkspace, "fingerprint_of_embedder", "other@2")
    for command in (["ask", QUESTION], ["search", "lamp"], ["index"]):
        done = run(*command, "-w", indexed)
        assert (1, "") == (done.code, done.out)
        for part in ("quick@1", "other@2", f"scoqa index {indexed} --rebuild"):
            assert part in done.sentence
    assert before == index_files(indexed)
    rebuilt = run("index", "-w", indexed, "--rebuild")
    assert (0, "Documents: 2 added. Passages in the index: 2.\n") == (rebuilt.code, rebuilt.out)
    assert (indexed / "embeddings" / "set-aside-1" / "catalog.sqlite").is_file()
    assert 0 == run("ask", QUESTION, "-w", indexed).code


def test_a_second_index_while_one_runs(indexed: Path, run: Run) -> None:
    with Workspace(indexed).store.writer():
        before = index_files(indexed)
        for command in (["index"], ["index", "--rebuild"]):
            done = run(*command, "-w", indexed)
            assert (1, "") == (done.code, done.out)
            assert re.fullmatch(
                rf"The index in .* is being written by process {os.getpid()} on .* since .*\. "
                r"Wait for it to end\.",
                done.sentence,
            )
        assert 0 == run("ask", QUESTION, "-w", indexed).code, "readers go on"
        assert before == index_files(indexed)
    assert 0 == run("index", indexed).code


@pytest.mark.parametrize("share", [0.9, 0.3, 0.01])
def test_a_truncated_catalog(indexed: Path, run: Run, share: float) -> None:
    catalog = indexed / "embeddings" / "catalog.sqlite"
    data = catalog.read_bytes()
    catalog.write_bytes(data[: int(len(data) * share)])
    truncated = catalog.read_bytes()
    documents = {file: file.read_bytes() for file in indexed.glob("*.txt")}
    for command in (["ask", QUESTION], ["search", "lamp"], ["index"]):
        done = run(*command, "-w", indexed)
        assert (1, "") == (done.code, done.out)
        assert done.sentence.startswith(f"{catalog} cannot be read as an index (")
        assert done.sentence.endswith(
            f"Your documents are unchanged. Rebuild it with: scoqa index {indexed} --rebuild"
        )
    checked = run("doctor", "-w", indexed)
    assert 1 == checked.code
    assert f"scoqa index {indexed} --rebuild" in checked.out
    assert 0 == run("index", "-w", indexed, "--rebuild").code
    assert truncated == (catalog.parent / "set-aside-1" / catalog.name).read_bytes()
    assert documents == {file: file.read_bytes() for file in indexed.glob("*.txt")}
    assert BUILT in run("ask", QUESTION, "-w", indexed).out


@pytest.mark.parametrize("place", [0, 0.5, 0.999])
def test_a_flipped_byte_in_the_faiss_file(indexed: Path, run: Run, place: float) -> None:
    (file,) = (indexed / "embeddings").glob("vectors-*.faiss")
    asked = run("ask", QUESTION, "-w", indexed, "--json").out
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    file.write_bytes(data)
    done = run("ask", QUESTION, "-w", indexed, "--json")
    assert 0 == done.code
    assert {**json.loads(asked), "timings": None} == {**json.loads(done.out), "timings": None}
    checked = run("doctor", "-w", indexed)
    assert 1 == checked.code
    assert "The vector cache in" in checked.out
    assert "missing or damaged" in checked.out
    assert 0 == run("index", indexed).code
    assert "missing or damaged" not in run("doctor", "-w", indexed).out


# -- hostile text ----------------------------------------------------------------------------------

NEVER_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "\x1b[31m\x1b]0;owned\x07 \x9b2J \u202eevil\u202c \x7f [red]bold[/red] [/nothing]"


def test_hostile_characters_never_reach_the_terminal(tmp_path: Path, run: Run) -> None:
    prose = "The keeper of the tower lights the lamp every evening at dusk. " * 12
    name = "\x1b[31mevil\x9b [/red].txt"  # markup to Rich, a folder and a file to the system
    text = f"The tower {HOSTILE}\n\n{prose}\n\nThe tower was {HOSTILE} built by Ada Lund.\n"
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "\x1b[2J junk.txt").write_bytes(bytes(4000))
    (tmp_path / "\x1b[2J link.txt").symlink_to("/nowhere")
    (tmp_path / "x.\x1b[2J").write_bytes(b"")
    question = "Who built the tower?"
    saved = tmp_path / "answer.json"
    commands: list[list[str | Path]] = [
        ["index", tmp_path],
        ["index", tmp_path, "--json"],
        ["ask", question, "-w", tmp_path],
        ["ask", question, "-w", tmp_path, "--explain"],
        ["ask", question, "-w", tmp_path, "--json"],
        ["search", "tower keeper", "-w", tmp_path],
        ["search", "tower keeper", "-w", tmp_path, "--json"],
        ["verify", saved, "-w", tmp_path],
        ["doctor", "-w", tmp_path],
        ["doctor", "-w", tmp_path, "--json"],
        ["ask", "\x1b[31m \x9b", "-w", tmp_path / "\x1b[2Jgone"],
    ]
    shown = []
    for command in commands:
        done = run(*command)
        assert [] == NEVER_SHOWN.findall(done.out + done.err), command
        shown.append(done.out)
        if "--json" in command:
            json.loads(done.out)
            if command[0] == "ask":
                saved.write_text(done.out, encoding="utf-8")
                quote = json.loads(done.out)["citations"][0]["quote"]
                assert HOSTILE in quote, "the quote itself is verbatim"
    assert any("[red]bold[/red]" in each for each in shown), "markup is plain text"


def test_hostile_names_do_not_break_the_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    # "[/red].txt" once ended an index with a markup error, on a terminal only.
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    monkeypatch.setattr(terminal, "messages", console)
    with terminal.show_progress("Indexing") as draw:
        draw(1, 2, "notes [/red] \x9b2J.txt")
    assert "[/red]" in screen.getvalue()
    assert "\x9b" not in screen.getvalue()


def test_on_a_terminal_the_quote_is_lit_and_markup_is_text(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    answer = QuickWorkspace(indexed).ask(QUESTION)
    start = answer.citations[0].quote.index("Ada Lund")
    first = answer.citations[0]
    lit = replace(
        first,
        start=first.start + start,
        end=first.start + start + len("Ada Lund"),
        quote="Ada Lund",
        title="[bold]Title[/bold]",
    )
    for is_terminal, wanted in ((True, "\x1b[1;4mAda Lund\x1b[0m"), (False, "»Ada Lund«")):
        screen = io.StringIO()
        console = Console(
            file=screen, force_terminal=is_terminal, color_system="truecolor", soft_wrap=True
        )
        monkeypatch.setattr(terminal, "out", console)
        terminal.print_answer(replace(answer, citations=(lit,)))
        assert wanted in screen.getvalue()
        assert "[bold]Title[/bold]" in screen.getvalue()


# -- usage -----------------------------------------------------------------------------------------


def commands() -> list[str]:
    import typer

    return list(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


def test_the_commands_are_those_of_the_design() -> None:
    assert {"chat", "index", "ask", "search", "verify", "evaluate", "doctor"} <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_the_help_of_every_command_has_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert 0 == done.code
    assert re.search(rf"Example: scoqa {command}\b", done.out)
    assert re.search(rf"Usage: scoqa {command} \[OPTIONS\]", done.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["ask"],
        ["ask", "Why?", "--no-such-option"],
        ["ask", "Why?", "too", "many"],
        ["search", "x", "-k", "0"],
        ["search", "x", "-k", "many"],
        ["search", "x", "-k", "101"],
        ["verify"],
        ["evaluate"],
        ["chat", "--port", "many"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_so(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (2, "") == (done.code, done.out)
    assert "Usage: scoqa" in done.err
    assert "Traceback" not in done.err


def test_a_port_out_of_range_is_a_wrong_setting(folder: Path, run: Run) -> None:
    done = run("chat", folder, "--port", "0")
    assert (2, "option: port = 0 is not allowed. Allowed: a whole number from 1 to 65535.") == (
        done.code,
        done.sentence,
    )


def test_the_version_is_printed(run: Run) -> None:
    assert (0, f"scoqa {__version__}\n") == (run("--version").code, run("--version").out)


def test_debug_shows_the_trace(tmp_path: Path, run: Run) -> None:
    from scoqa.errors import WorkspaceError

    with pytest.raises(WorkspaceError):
        run("--debug", "index", tmp_path / "gone")


# -- as a process of its own -----------------------------------------------------------------------


def test_help_loads_nothing_heavy() -> None:
    done = python("-X", "importtime", "-m", "scoqa", "--help")
    assert 0 == done.code
    loaded = {line.split("|")[-1].strip() for line in done.err.splitlines() if "|" in line}
    assert "scoqa.cli" in loaded
    assert [] == [name for name in sorted(loaded) if name.split(".")[0] in HEAVY]
    assert "Example: scoqa chat ~/Papers" in done.out


def test_a_process_says_one_sentence_and_ends_with_1(indexed: Path) -> None:
    """The index of the quick embedder is, to the real one, that of another model."""
    before = index_files(indexed)
    done = python("-m", "scoqa", "ask", QUESTION, "-w", indexed)
    assert (1, "") == (done.code, done.out)
    assert "quick@1" in done.sentence
    assert "all-MiniLM-L6-v2@53aa51172d142c89" in done.sentence
    assert before == index_files(indexed)


def test_a_second_process_that_indexes_is_told_who_does(indexed: Path) -> None:
    with Workspace(indexed).store.writer():
        done = python("-m", "scoqa", "index", indexed)
    assert 1 == done.code
    assert f"is being written by process {os.getpid()} on" in done.sentence


def test_a_reader_of_the_output_may_leave_early(indexed: Path) -> None:
    command = f'"{sys.executable}" -m scoqa --help | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert "Usage: scoqa" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_real_program_answers_as_python_does(sco: Workspace) -> None:
    question = "Who sponsored the First SCO Defence and Security Forum?"
    arguments = ["-m", "scoqa", "ask", question, "-w", sco.root, "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = python(*arguments, env=environment, cwd=ROOT)
    assert 0 == done.code, done.err
    answer = answer_from_json(json.loads(done.out))
    expected = answer_from_json(json.loads(json.dumps(to_json(sco.ask(question)))))
    assert expected == answer
    assert {"true"} >= {verdict.kind for verdict in sco.verify(answer)}


def test_chat_while_the_first_index_is_being_built_says_so(folder: Path, run: Run) -> None:
    with Workspace(folder).store.writer():
        done = run("chat", folder)
    assert 1 == done.code
    assert "is being written by process" in done.sentence


def test_ctrl_c_while_indexing_says_how_to_go_on(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scoqa.workspace.sync", stopped)
    done = run("index", folder)
    assert 130 == done.code
    assert f"Stopped. The work so far is saved; resume with: scoqa index {folder}" in done.err
