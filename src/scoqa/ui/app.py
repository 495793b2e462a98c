"""Build the web application: Gradio with our pages and styles, behind the login and the guard.

Input: a Workspace. Output: gr.Blocks, or the ASGI application that a server runs. This module has
all the settings that keep Gradio offline, local and in our own style.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from scoqa.model_runtime import offline_imports
from scoqa.ui.address import url_host
from scoqa.ui.assets import FOLDER, read_asset
from scoqa.ui.auth import passwords
from scoqa.ui.auth.guard import Guard
from scoqa.ui.auth.login import Login
from scoqa.ui.work.model_loader import ModelLoader

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
    "source/tables",
    "source/page_images",
    "page/print",
)
SCRIPTS = ("chat/talk", "page/keys")  # for the page; each of the others belongs to one component

_CACHE_SECONDS = 3600


def build(workspace: Workspace, loader: ModelLoader | None = None, *, login: bool = False) -> Any:
    """Return the chat of `workspace` as gr.Blocks; Gradio is imported here.

    login: whether users log in, and therefore can log out.
    """
    # Overrides the environment, so that scoqa never sends anything. It is not restored, because
    # Gradio reads it whenever it could send something.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with offline_imports():
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
        components.add_page(workspace, loader or ModelLoader(workspace), login=login)
    _refuse_files(blocks)
    blocks.queue()
    return blocks


def build_application(
    workspace: Workspace,
    loader: ModelLoader | None = None,
    *,
    logins: passwords.Logins | None = None,
) -> Guard:
    """Return the ASGI application: Gradio's, inside the login if there is one, inside the guard.

    logins: None means those of passwords.find_logins; empty means that no login is required.
    Gradio is mounted, not launched: launch() would open its own server, which does not check the
    Host header and sends itself a network request before it reports that it is ready.
    """
    if logins is None:
        logins = passwords.find_logins(workspace)
    loader = loader or ModelLoader(workspace)
    blocks = build(workspace, loader, login=bool(logins))
    import gradio as gr
    from fastapi import FastAPI

    from scoqa.ui.evaluation import routes
    from scoqa.ui.evaluation.runner import EvaluationRunner
    from scoqa.ui.source import page_images

    undocumented: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    outer = FastAPI(**undocumented)
    # Before Gradio is mounted, so that these routes match first.
    outer.router.routes.extend(routes.build_routes(EvaluationRunner(workspace, loader)))
    outer.router.routes.extend(page_images.build_routes(workspace))
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
        max_file_size=1,  # Gradio accepts no uploads; the guard refuses them before
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(FOLDER / "page" / "favicon.svg"),
        # Only generic names: a theme's own fonts would be fetched. tokens.css sets the fonts.
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        # Not with `css`: Gradio rewrites every rule with a prefix, splits `:is(a, b)` at its comma
        # and drops shorthands that contain variables.
        head=_head(),
    )
    settings = workspace.settings
    names = (url_host(settings.host), *settings.allowed_hosts)
    return Guard(Login(outer, logins) if logins else outer, names)


def _refuse_files(blocks: Any) -> None:
    """Make Gradio refuse every input that describes a file, in case one passes the guard.

    A mounted Gradio fetches the address, or copies the path, that such an input names. It does so
    for any component, before any of our functions is called.
    """
    import gradio as gr

    async def refuse(*_: object, **__: object) -> str:
        raise gr.Error("The chat takes no files.", print_exception=False)

    for block in blocks.blocks.values():
        block.async_move_resource_to_block_cache = refuse


def _head() -> str:
    """Return the styles and scripts of the page as markup for its head."""

    def join(names: tuple[str, ...], suffix: str) -> str:
        return "".join(read_asset(f"{name}.{suffix}") for name in names)

    return f"<style>{join(STYLES, 'css')}</style><script>{join(SCRIPTS, 'js')}</script>"
