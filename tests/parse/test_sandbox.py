"""Whatever a file does to what reads it, it does to one process and costs itself alone."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import quick_workspace
from scoqa.errors import ParseError, ScoqaError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.sandbox import answers, containment, pool, worker
from scoqa.types import Mark

# What a worker does with files of these names instead of reading them.
MISDEEDS = {
    "crash": "os.abort()",
    "hang": "time.sleep(600)",
    "memory": "bytearray(16 * 2**30)",
    "write": "open(request['file'] + '.left', 'wb', 0).write(b'left')",
    "print": "os.write(1, b'noise')",
    "end": "os._exit(3)",
    "big": "[bytearray(b'x' * 600 * 2**20) for _ in (1,)]",
    "environment": "dict(problem=' '.join(sorted(os.environ)))",
    "socket": "attempt(lambda: socket.socket())",
    "local": "attempt(lambda: socket.socket(socket.AF_UNIX))",
    "program": "attempt(lambda: subprocess.run(['/bin/true']))",
    "longer": "setattr(worker, '_write', lambda f, data: f.write((2**62).to_bytes(8, 'big')))",
    "shorter": "setattr(worker, '_write', lambda f, data: f.write((4).to_bytes(8, 'big')))",
    "list": "setattr(worker, '_encode_outcome', lambda outcome: b'[' * 100_000)",
    "forged": "dict(real(request), marks=[[0, 99, 'page', '', None]])",
}
MISBEHAVE = f"""
import os, socket, subprocess, sys, time
from scoqa.parse.sandbox import worker
misdeeds = {MISDEEDS!r}
real = worker.parse
def attempt(call):
    try:
        call()
    except OSError as error:
        return dict(problem=f"refused: {{error.strerror}}")
    return dict(problem="done")
def parse(request):
    name = request["path"].removesuffix(".txt")
    if name in misdeeds:
        answer = eval(misdeeds[name])
        if isinstance(answer, dict):
            return answer
    return real(request)
worker.TASKS["parse"] = parse
worker.main()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", MISBEHAVE])
    monkeypatch.setattr(pool, "_workers", pool._Workers())
    for name in ("good", *MISDEEDS):
        (tmp_path / f"{name}.txt").write_text(f"The {name} file.\n")
    return tmp_path


def reason(folder: Path, name: str) -> str:
    with pytest.raises(ParseError) as caught:
        parse_file(folder / name, name)
    assert name == caught.value.path
    return caught.value.reason


def text(folder: Path, name: str) -> str:
    return parse_file(folder / name, name).document.text


def test_a_secret_of_the_environment_does_not_reach_the_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOQA_PASSWORD", "tide tables")
    names = set(reason(folder, "environment.txt").split())
    assert names <= {*containment.VARIABLES, "OPENBLAS_NUM_THREADS"}
    assert "PATH" in names


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="the filter of system calls exists on Linux on these processors",
)
def test_the_process_opens_no_socket_and_starts_no_program(folder: Path) -> None:
    for name in ("socket", "local", "program"):
        assert "refused: Permission denied" == reason(folder, f"{name}.txt")
    assert "The good file.\n" == text(folder, "good.txt")


def test_where_the_kernel_has_no_filter_files_are_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    assert not containment.forbid_system_calls()


@pytest.mark.parametrize(
    ("name", "said"),
    [("longer", "made the parser return 4,398,046,511,104 MB; scoqa accepts at most 1,024 MB."),
     ("shorter", "made the parser return a result that is not a document."),
     ("list", "made the parser return a result that is not a document."),
     ("forged", "made the parser return a result that is not a document.")],
)  # fmt: skip
def test_a_false_answer_is_refused(folder: Path, name: str, said: str) -> None:
    assert reason(folder, f"{name}.txt").startswith(said)
    assert "The good file.\n" == text(folder, "good.txt")


SOUND = {
    "digest": "0" * 64, "modified": "2026-01-01", "text": "abc", "text_digest": "1" * 64,
    "title": None, "marks": [[0, 3, "page", "1", [0, 0, 1.5, 2]]], "warnings": ["w"], "boxes": [""],
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"text": 3}, {"digest": "0"}, {"title": []}, {"marks": {}}, {"marks": [[0, 3, "page", "1"]]},
     {"marks": [[2, 1, "page", "1", None]]}, {"marks": [[-1, 1, "page", "1", None]]},
     {"marks": [[0, 4, "page", "1", None]]}, {"marks": [[0, True, "page", "1", None]]},
     {"marks": [[0, 1, "page", "1", [1, 2]]]}, {"warnings": [1]}, {"boxes": [None]}],
    ids=str,
)  # fmt: skip
def test_only_documents_pass(change: dict[str, Any]) -> None:
    answers.check_document(SOUND, "a.txt")
    with pytest.raises(ParseError, match="not a document"):
        answers.check_document({**SOUND, **change}, "a.txt")
    with pytest.raises(ParseError, match="not a document"):
        answers.decode_bytes("*", "a.txt")


def test_marks_and_warnings_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_MARKS", 3)
    marks = [[0, 1, "row", "", None]] * 4
    with pytest.raises(ParseError, match=r"has 4 marks .* at most 3\. Split it"):
        answers.check_document({**SOUND, "marks": marks}, "a.txt")
    with pytest.raises(ParseError, match="has 101 warnings; scoqa accepts at most 100"):
        answers.check_document({**SOUND, "warnings": ["w"] * 101}, "a.txt")
    (tmp_path / "a.txt").write_text("a")
    request = {"file": str(tmp_path / "a.txt"), "path": "a.txt"}

    def many(count: int) -> list[str]:
        parsed = Parsed("a", None, warnings=tuple(f"warning {each}" for each in range(count)))
        form = SimpleNamespace(read=lambda data, path: parsed)
        monkeypatch.setattr(worker, "format_at", lambda path: form)
        return list(worker.parse(request)["warnings"])

    assert [f"warning {each}" for each in range(100)] == many(100)
    assert [*(f"warning {each}" for each in range(99)), "has 3 more warnings."] == many(102)
    crowded = Parsed("a", None, tuple(Mark(0, 1, "row", "") for _ in range(4)))
    form = SimpleNamespace(read=lambda data, path: crowded)
    monkeypatch.setattr(worker, "format_at", lambda path: form)
    with pytest.raises(ParseError, match="has 4 marks"):
        worker.parse(request)


def test_a_crash_costs_one_file(folder: Path) -> None:
    assert "The good file.\n" == text(folder, "good.txt")
    assert reason(folder, "crash.txt").startswith("crashed the parser (SIGABRT)")
    assert reason(folder, "end.txt").startswith("crashed the parser (exit code 3)")
    assert "The good file.\n" == text(folder, "good.txt")


def test_a_file_that_takes_for_ever_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text(folder, "good.txt")
    monkeypatch.setattr(pool, "BASE_SECONDS", 1.0)
    assert reason(folder, "hang.txt").startswith("took longer than 1 seconds")
    monkeypatch.setattr(pool, "BASE_SECONDS", 60.0)
    assert "The good file.\n" == text(folder, "good.txt")


def test_a_file_that_takes_all_memory_is_given_up(folder: Path) -> None:
    assert "takes more than 4 GB of memory" in reason(folder, "memory.txt")
    assert "The good file.\n" == text(folder, "good.txt")


def test_nothing_is_written_to_any_file(folder: Path) -> None:
    assert "OSError" in reason(folder, "write.txt")
    left = folder / "write.txt.left"
    assert 0 == (left.stat().st_size if left.exists() else 0)


def test_what_a_library_prints_is_no_answer(folder: Path) -> None:
    assert "The print file.\n" == text(folder, "print.txt")
    assert "The good file.\n" == text(folder, "good.txt")


def test_a_process_that_once_took_much_memory_is_not_kept(folder: Path) -> None:
    text(folder, "good.txt")
    kept = pool._workers._idle[0].process
    text(folder, "good.txt")
    assert kept is pool._workers._idle[0].process
    assert "The big file.\n" == text(folder, "big.txt")
    assert [] == pool._workers._idle
    assert kept.poll() is not None


def test_a_process_that_does_not_start_is_no_file_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("The mill grinds rye.")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    (tmp_path / "a.txt").write_text("The mill grinds oats.")
    monkeypatch.setattr(pool, "_workers", pool._Workers())
    for command, said in (
        ([sys.executable, "-c", "raise SystemExit('no room')"], "no room"),
        ([str(tmp_path / "nowhere")], "No such file"),
    ):
        monkeypatch.setattr(pool, "COMMAND", command)
        with pytest.raises(ScoqaError, match=f"could not be started: .*{said}"):
            workspace.sync()
    assert ["a.txt"] == [hit.path for hit in workspace.search("rye")]


def test_one_that_ends_between_files_costs_no_file(folder: Path) -> None:
    text(folder, "good.txt")
    pool._workers._idle[0].process.kill()
    pool._workers._idle[0].process.wait()
    assert "The good file.\n" == text(folder, "good.txt")


def test_warnings_of_the_environment_are_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("The mill grinds rye.")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setattr(pool, "_workers", pool._Workers())
    assert "The mill grinds rye." == text(tmp_path, "a.txt")


def test_a_large_program_that_asks_makes_no_process_large(folder: Path) -> None:
    """The system counts a new process from the size of the one that started it."""
    ballast = bytearray(b"x") * (pool.MOST_IDLE_BYTES + 2**20)
    text(folder, "good.txt")
    assert 1 == len(pool._workers._idle), len(ballast)


def test_a_file_too_large_to_read_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "endless.txt"
    with file.open("wb") as handle:
        handle.truncate(2 * 2**30)  # one line of two gigabytes, which takes no room on the disk
    assert "has 2,048 MB; scoqa reads files of at most 512 MB" in reason(tmp_path, "endless.txt")


def test_a_module_in_the_folder_one_stands_in_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("charset_normalizer", "json", "lxml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
    words = "Le café de la gare était fermé. Les élèves ont préféré aller à la bibliothèque."
    (tmp_path / "latin.txt").write_bytes(words.encode("cp1252"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pool, "_workers", pool._Workers())
    assert words == text(tmp_path, "latin.txt")


def test_the_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    (tmp_path / "hang.txt").write_text("Hang.")
    program = (
        "import sys; from pathlib import Path; from scoqa.parse import parse_file;"
        "from scoqa.parse.sandbox import pool;"
        f"pool.COMMAND = [sys.executable, '-P', '-c', {MISBEHAVE!r}];"
        "worker = pool._workers.take(); print(worker.process.pid, flush=True);"
        "pool._workers.return_worker(worker);"
        f"parse_file(Path({str(tmp_path / 'hang.txt')!r}), 'hang.txt')"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not alive(worker):
            return
        time.sleep(0.1)
    raise AssertionError("the worker goes on")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().split(")")[-1].split()[0] != "Z"
