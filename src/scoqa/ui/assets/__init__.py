"""The styles, scripts and templates of the pages, one folder per part of the user interface."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def read_asset(name: str) -> str:
    """Return the text of the asset `name`, such as "chat/chat.css". Raises FileNotFoundError."""
    return (FOLDER / name).read_text(encoding="utf-8")
