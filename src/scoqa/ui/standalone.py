"""Pages that Gradio does not draw, each complete in one response, under its own content policy.

Input: the name of a page and its words, escaped. Output: a response. The template is the asset
`NAME.html`; its style is `page/tokens.css` and `NAME.css` (or `page/alone.css`); its script is
`NAME.js`, if that exists.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from string import Template

from starlette.responses import HTMLResponse

from scoqa.ui.assets import FOLDER, asset

# Gradio sets the class `dark` on its page, also while it is open; on ours, this does. Without it
# the page is light.
_SCRIPT = (
    'const scheme=matchMedia("(prefers-color-scheme: dark)");'
    '(scheme.onchange=()=>document.documentElement.classList.toggle("dark",scheme.matches))()'
)


def page(name: str, status: int = 200, /, **words: str) -> HTMLResponse:
    """Return the page `name`, as "auth/login", with the escaped `words` in its template."""
    template, parts, policy = _parts(name)
    text = template.substitute(parts, **words)
    return HTMLResponse(text, status, {"content-security-policy": policy})


@cache
def _parts(name: str) -> tuple[Template, dict[str, str], str]:
    """Return a page's template, its styles and scripts, and a policy that allows nothing else."""

    def text(file: str) -> str:
        return asset(file) if (FOLDER / file).exists() else ""

    styles = text("page/tokens.css") + (text(f"{name}.css") or text("page/alone.css"))
    behaviour = text(f"{name}.js")
    scripts = " ".join(_only(each) for each in (_SCRIPT, behaviour) if each)
    asks = "connect-src 'self'; " if behaviour else ""
    policy = (
        f"default-src 'none'; img-src 'self'; style-src {_only(styles)}; script-src {scripts};"
        f" {asks}base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    parts = {"styles": styles, "script": _SCRIPT, "behaviour": behaviour}
    return Template(text(f"{name}.html")), parts, policy


def _only(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
