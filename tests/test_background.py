"""Work in the background: it can be stopped, and its errors are not lost."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time

import pytest

from scoqa.background import BackgroundTask, StoppedError, stop_tasks


def work_until_stopped(task: BackgroundTask) -> None:
    while True:
        task.check()
        time.sleep(0.01)


def test_a_stopped_task_ends_at_its_next_check_without_an_error() -> None:
    task = BackgroundTask("count", work_until_stopped)
    task.start()
    assert (False, True) == (task.stopping, task.is_alive())
    task.stop()
    task.join(10)
    assert (True, False, None) == (task.stopping, task.is_alive(), task.error)
    with pytest.raises(StoppedError):
        task.check()


def test_the_error_of_a_task_is_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(task: BackgroundTask) -> None:
        raise ValueError("no such boat")

    task = BackgroundTask("fail", fail)
    with caplog.at_level(logging.ERROR):
        task.start()
        task.join(10)
    assert "no such boat" == str(task.error)
    assert ["The background task scoqa-fail failed."] == [each.message for each in caplog.records]


def test_stopping_all_returns_those_that_do_not_end() -> None:
    go = threading.Event()
    stubborn = BackgroundTask("stubborn", lambda _: go.wait(30))
    obedient = BackgroundTask("obedient", work_until_stopped)
    for task in (stubborn, obedient):
        task.start()
    began = time.monotonic()
    assert [stubborn] == stop_tasks(0.2)
    assert time.monotonic() - began < 5
    assert not obedient.is_alive()
    go.set()
    assert [] == stop_tasks(10)


def test_a_task_does_not_keep_the_program_alive() -> None:
    program = (
        "import time; from scoqa.background import BackgroundTask;"
        "BackgroundTask('sleep', lambda _: time.sleep(60)).start()"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=20)
    assert 0 == ended.returncode


def test_only_this_module_starts_threads() -> None:
    # Parsers run ahead in threads of their own, and a parser process watches its parent.
    allowed = {"background.py", "ahead.py", "worker.py"}
    from test_layers import SOURCE

    found = {
        file.name
        for file in SOURCE.rglob("*.py")
        if "threading.Thread(" in file.read_text(encoding="utf-8")
    }
    assert found <= allowed
