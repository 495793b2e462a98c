"""The chat: a local web page that answers questions and shows each answer in its document.

Input: a Workspace. Output: a page served at the host of its settings until it is stopped.
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
    """Serve the chat until SIGINT, SIGTERM or `stop`; see scoqa.ui.server.serve."""
    from scoqa.ui.server import serve as serve_page

    serve_page(workspace, port=port, logins=logins, on_ready=on_ready, stop=stop)
