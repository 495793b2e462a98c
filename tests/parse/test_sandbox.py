"""Whatever a file does to what reads it, it does to one process and costs itself alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import quick_workspace
from scoqa.errors import ParseError, ScoqaError
from scoqa.parse import parse_file
from scoqa.parse.sandbox import pool

# What a worker does with files of these names instead of reading them.
MISDEEDS = {
    "crash": "os.abort()",
    "hang": "time.sleep(600)",
    "memory": "bytearray(16 * 2**30)",
    "write": "open(request['file'] + '.left', 'wb', 0).write(b'left')",
    "print": "os.write(1, b'noise')",
    "end": "os._exit(3)",
    "big": "[bytearray(b'x' * 600 * 2**20) for _ in (1,)]",
}
MISBEHAVE = f"""
import os, sys, time
from scoqa.parse.sandbox import worker
misdeeds = {MISDEEDS!r}
real = worker.parse
def parse(request):
    name = request["path"].removesuffix(".txt")
    if name in misdeeds:
        eval(misdeeds[name])
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
