"""The application: pages, styles and settings of Gradio, inside the guard.

Receives a Workspace; hands on gr.Blocks, or the ASGI application that a server runs.
Everything that keeps Gradio silent, local and in our own looks stands here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from scoqa.ui.address import in_url
from scoqa.ui.assets import FOLDER, asset
from scoqa.ui.auth import passwords
from scoqa.ui.auth.guard import Guard
from scoqa.ui.auth.login import Login
from scoqa.ui.work.model_loader import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

STYLES = (
    "page/tokens",
    "page/frame",
    "chat/welcome",
    "chat/chat",
    "chat/expected",
    "source/source",
    "source/structure",
    "source/page_images",
    "page/print",
)
SCRIPTS = ("chat/talk", "page/keys")  # of the whole page; the others belong to one component each

# Set, not defaulted: scoqa sends nothing, whatever the environment says. Gradio and the hub's
# client read these when they are imported.
_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_CACHE_SECONDS = 3600


def build(workspace: Workspace, loading: Loading | None = None, *, login: bool = False) -> Any:
    """Return the chat of `workspace` as gr.Blocks; Gradio is imported here.

    login: whether people log in, and so can log out.
    """
    os.environ.update(_SILENT)
    import gradio as gr

    from scoqa.ui.chat import components

    title = f"{workspace.root.resolve().name} · scoqa"
    with gr.Blocks(
        title=title,
        analytics_enabled=False,
        fill_width=True,
        fill_height=True,
        delete_cache=(_CACHE_SECONDS, _CACHE_SECONDS),
    ) as blocks:
        components.page(workspace, loading or Loading(workspace), login=login)
    _take_no_files(blocks)
    blocks.queue()
    return blocks


def application(
    workspace: Workspace,
    loading: Loading | None = None,
    *,
    logins: passwords.Logins | None = None,
) -> Guard:
    """Return the ASGI application: Gradio's, behind the login if there is one, behind the guard.

    logins: what passwords.find gives, which is asked if this is None; empty: nobody logs in.
    Mounted rather than launched: launch() would open its own server, which knows no Host check
    and calls itself over the network before it says it is ready.
    """
    if logins is None:
        logins = passwords.find(workspace)
    loading = loading or Loading(workspace)
    blocks = build(workspace, loading, login=bool(logins))
    import gradio as gr
    from fastapi import FastAPI

    from scoqa.ui.evaluation import routes
    from scoqa.ui.evaluation.runner import Evaluating
    from scoqa.ui.source import page_images

    undocumented: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    outer = FastAPI(**undocumented)
    # Before Gradio's.
    outer.router.routes.extend(routes.routes(Evaluating(workspace, loading)))
    outer.router.routes.extend(page_images.routes(workspace))
    gr.mount_gradio_app(
        outer,
        blocks,
        path="/",
        app_kwargs=undocumented,
        server_name="127.0.0.1",
        footer_links=[],
        run_history=False,
        show_error=False,
        allowed_paths=[],
        max_file_size=1,  # nothing is uploaded; the guard refuses it before
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(FOLDER / "page" / "favicon.svg"),
        # Names alone: a theme's own fonts would be fetched. tokens.css says which.
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        # Not `css`: Gradio writes every rule anew with a prefix, splits `:is(a, b)` at its comma
        # and drops shorthands that hold variables.
        head=_head(),
    )
    settings = workspace.settings
    names = (in_url(settings.host), *settings.allowed_hosts)
    return Guard(Login(outer, logins) if logins else outer, names)


def _take_no_files(blocks: Any) -> None:
    """Have Gradio refuse every input that says it is a file, should one get past the guard.

    It would fetch the address or copy the path that such an input names, of whatever component
    and before any function of ours sees it, since it was mounted and not launched.
    """
    import gradio as gr

    async def refuse(*_: object, **__: object) -> str:
        raise gr.Error("The chat takes no files.", print_exception=False)

    for block in blocks.blocks.values():
        block.async_move_resource_to_block_cache = refuse


def _head() -> str:
    """Return the styles and scripts of the whole page, as markup for its head."""

    def joined(names: tuple[str, ...], kind: str) -> str:
        return "".join(asset(f"{name}.{kind}") for name in names)

    return f"<style>{joined(STYLES, 'css')}</style><script>{joined(SCRIPTS, 'js')}</script>"
