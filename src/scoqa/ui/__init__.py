"""The chat: a page on this machine that answers questions and shows where the answers stand.

Receives a Workspace; hands on a page served at its host until it is told to end.
Gradio is imported only when `build` or `serve` is called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scoqa.ui.auth.passwords import Logins
    from scoqa.workspace import Workspace

__all__ = ["build", "serve"]


def build(workspace: Workspace) -> Any:
    """Return the chat of `workspace` as gr.Blocks, not yet served."""
    from scoqa.ui.app import build as build_blocks

    return build_blocks(workspace)


def serve(
    workspace: Workspace,
    *,
    port: int = 7860,
    logins: Logins | None = None,
    on_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve the chat at its host until SIGINT, SIGTERM or `stop`; see scoqa.ui.server."""
    from scoqa.ui.server import serve as serve_page

    serve_page(workspace, port=port, logins=logins, on_ready=on_ready, stop=stop)
