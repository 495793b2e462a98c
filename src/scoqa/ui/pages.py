"""Pages of our own, beside Gradio's: whole in one answer, under a policy that allows only them.

Receives a page's name and its words, escaped; hands on a response. `NAME.html` is its template,
`NAME.css` its style after the tokens (`alone.css` if it has none), `NAME.js` its script if it has
one.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

_ASSETS = Path(__file__).with_name("assets")
# Gradio sets the class `dark` on its page, also while it is open; on ours, this does. Without it
# the page is light.
_SCRIPT = (
    'const scheme=matchMedia("(prefers-color-scheme: dark)");'
    '(scheme.onchange=()=>document.documentElement.classList.toggle("dark",scheme.matches))()'
)


def page(name: str, status: int = 200, /, **words: str) -> HTMLResponse:
    """Return the page `name` with `words` in its template's places, each escaped already."""
    template, parts, policy = _parts(name)
    text = template.substitute(parts, **words)
    return HTMLResponse(text, status, {"content-security-policy": policy})


@cache
def _parts(name: str) -> tuple[Template, dict[str, str], str]:
    """Return a page's template, its styles and scripts, and a policy that allows nothing else."""

    def text(file: str) -> str:
        path = _ASSETS / file
        return path.read_text(encoding="utf-8") if path.exists() else ""

    styles = text("tokens.css") + (text(f"{name}.css") or text("alone.css"))
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
