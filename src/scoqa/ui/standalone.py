"""Render pages without Gradio, each complete in one response with its own content policy.

Input: the name of a page and escaped values for its template. Output: a response. The template is
the asset `NAME.html`; its styles are `page/tokens.css` and `NAME.css` (or `page/alone.css`); its
script is `NAME.js`, if that exists.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from string import Template

from starlette.responses import HTMLResponse

from scoqa.ui.assets import FOLDER, read_asset

# Gradio sets the class `dark` on its page and keeps it up to date; this script does so on our
# pages. Without that class a page is light.
_SCRIPT = (
    'const scheme=matchMedia("(prefers-color-scheme: dark)");'
    '(scheme.onchange=()=>document.documentElement.classList.toggle("dark",scheme.matches))()'
)


def render_page(name: str, status: int = 200, /, **values: str) -> HTMLResponse:
    """Return the page `name`, such as "auth/login", with the escaped `values` in its template."""
    template, parts, policy = _load_page(name)
    text = template.substitute(parts, **values)
    return HTMLResponse(text, status, {"content-security-policy": policy})


@cache
def _load_page(name: str) -> tuple[Template, dict[str, str], str]:
    """Return a page's template, its styles and scripts, and a policy that allows only those."""

    def text(file: str) -> str:
        return read_asset(file) if (FOLDER / file).exists() else ""

    styles = text("page/tokens.css") + (text(f"{name}.css") or text("page/alone.css"))
    behaviour = text(f"{name}.js")
    scripts = " ".join(_source_hash(script) for script in (_SCRIPT, behaviour) if script)
    connect = "connect-src 'self'; " if behaviour else ""
    policy = (
        f"default-src 'none'; img-src 'self'; style-src {_source_hash(styles)};"
        f" script-src {scripts}; {connect}base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    )
    parts = {"styles": styles, "script": _SCRIPT, "behaviour": behaviour}
    return Template(text(f"{name}.html")), parts, policy


def _source_hash(text: str) -> str:
    """Return `text` as a hash source of a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
