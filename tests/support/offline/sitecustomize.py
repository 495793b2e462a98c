"""Refuse every connection that would leave this machine, and remember that it was tried.

Python imports a module of this name at its start when its folder is on PYTHONPATH: so the
programs that tests start are guarded like the tests themselves (see `no_network` in conftest).
TRIED_FILE in the environment names a file that gets a line for every attempt.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOOPBACK = ("127.", "::1", "localhost")
TRIED_FILE = "SCOQA_TESTS_TRIED_FILE"
tried: list[object] = []


def _guarded(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]  # sendto has it last, connect has nothing else
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            tried.append(address)
            if name := os.environ.get(TRIED_FILE):
                with Path(name).open("a", encoding="utf-8") as handle:
                    handle.write(f"{address}\n")
            raise OSError(f"the tests reach no network: {address}")
        return real(self, *arguments)

    return call


for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _guarded(getattr(socket.socket, _name)))
