"""The guard that keeps the tests off the network does refuse, here and in what they start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import OFFLINE, offline

ATTEMPT = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=1)"


def test_a_connection_elsewhere_is_refused_and_remembered() -> None:
    with socket.socket() as door, pytest.raises(OSError, match="reach no network"):
        door.connect(("192.0.2.1", 9))  # an address kept for documentation (RFC 5737)
    assert [("192.0.2.1", 9)] == offline.tried
    offline.tried.clear()


def test_so_it_is_in_a_program_that_a_test_starts(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    environment = {**os.environ, "PYTHONPATH": str(OFFLINE), offline.TRIED_FILE: str(tried)}
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPT], env=environment, capture_output=True, text=True
    )
    assert "reach no network" in done.stderr
    assert "('192.0.2.1', 9)\n" == tried.read_text(encoding="utf-8")
