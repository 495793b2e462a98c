"""Load the settings: flags override the environment, which overrides scoqa.toml and defaults.

Input: a workspace folder, the environment and flags. Output: a frozen `Settings`, which defines
every key with its default. `docs/guide/settings.md` lists the keys.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scoqa.errors import ConfigError

FILE_NAME = "scoqa.toml"
ENVIRONMENT_PREFIX = "SCOQA_"
DEVICES = ("auto", "cpu", "cuda", "mps")
SPAN_READER, SENTENCE_READER = "span", "sentence"  # built-in readers; other names are folders
LOGINS = ".scoqa-logins"  # in the workspace; hidden, so it is never indexed as a document


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Counts are integers, `threshold` is a probability."""

    # The folder of the documents in the workspace; None: docs/ if it exists, else the workspace.
    documents: str | None = None
    exclude: tuple[str, ...] = ()  # glob patterns of documents to leave out
    embedder: str = "all-MiniLM-L6-v2"  # a known name, or a folder
    reader: str = SPAN_READER  # or SENTENCE_READER, or a folder
    device: str = "auto"  # one of DEVICES, for both models; "auto": a GPU if PyTorch finds one
    passage_tokens: int = 180  # leaves 70 of the embedder's 256 for the heading
    search_k: int = 100  # candidates taken from each search before fusion
    read_k: int = 10  # passages handed to the reader, see docs/guide/log.md
    threshold: float | None = None  # minimum probability to answer; None: the reader's own
    host: str = "127.0.0.1"  # address the chat binds to; any non-local address needs a login
    port: int = 7860
    allowed_hosts: tuple[str, ...] = ()  # host names the chat accepts in addition to localhost
    logins: str = LOGINS  # file of names and salted passwords; if it exists, a login is required


# Minimum and maximum of each number. Passages under 20 tokens are too short for a sentence; over
# 200 tokens leave no space for a heading within the embedder's 256.
_RANGES: dict[str, tuple[float, float]] = {
    "passage_tokens": (20, 200),
    "search_k": (1, 1000),
    "read_k": (1, 100),
    "threshold": (0.0, 1.0),
    "port": (1, 65535),
}
_NAMES = tuple(field.name for field in fields(Settings))


def _validate(source: str, key: str, value: Any) -> Any:
    """Return `value` in the type of the setting `key`, or raise ConfigError."""

    def error(allowed: str) -> ConfigError:
        return ConfigError(source=source, key=key, value=value, allowed=allowed)

    if key not in _NAMES:
        raise error(f"only the keys {', '.join(_NAMES)}")
    default = Settings.__dataclass_fields__[key].default
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise error('a list of strings, such as ["drafts/**"]')
        return tuple(value)
    if key in _RANGES:
        low, high = _RANGES[key]
        whole = key != "threshold"
        number = not isinstance(value, bool) and isinstance(value, int if whole else (int, float))
        if not number or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise error(f"{kind} from {low:g} to {high:g}")
        return value
    if not isinstance(value, str) or not value.strip():
        raise error("a text that is not empty")
    if key == "device" and value not in DEVICES:
        raise error(f"one of {', '.join(DEVICES)}")
    if key == "documents":
        folder = Path(os.path.normpath(value))
        if folder.anchor or os.pardir in folder.parts:
            raise error("a folder in the workspace, relative to it, such as papers or .")
        return str(folder)
    if key == "host" and value != "localhost":
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        try:
            return str(ipaddress.ip_address(bare))
        except ValueError:
            raise error("localhost, or an address such as 127.0.0.1, 0.0.0.0 or ::1") from None
    name = Path(value).name
    if key == "logins" and not name.startswith(".") and Path(name).suffix:
        # It must never be indexed as a document, in any folder: see parse.folder.scan.
        raise error("a file whose name begins with a dot or has no extension")
    return value


def _parse_text(key: str, text: str) -> Any:
    """Convert `text` from the environment; `_validate` rejects invalid values."""
    if key in _NAMES and isinstance(Settings.__dataclass_fields__[key].default, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    for number in (int, float) if key in _RANGES else ():
        try:
            return number(text)
        except ValueError:
            continue
    return text


def load_settings(
    workspace: Path,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the effective settings of `workspace`.

    Parameters
    ----------
    environment
        Defaults to the environment of the process. Keys are SCOQA_ plus the setting's name in
        capitals; lists are separated by commas.
    flags
        Values from the command line; None means not given.

    Raises
    ------
    ConfigError
        Names the source, the key, the value and the allowed values.
    """
    values: dict[str, Any] = {}
    path = workspace / FILE_NAME
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        table = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            source=str(path), key="(the file)", value=str(error), allowed="a readable TOML file"
        ) from error
    for key, value in table.items():
        values[key] = _validate(str(path), key, value)
    for key in ("embedder", "reader"):
        folder = workspace / str(values.get(key, ""))
        built_in = values.get(key) in (SPAN_READER, SENTENCE_READER)
        if key in values and not built_in and folder.is_dir():
            values[key] = str(folder)  # folders in the file are relative to the workspace
    if "logins" in values:
        values["logins"] = str(workspace / values["logins"])
    for key in _NAMES:
        text = (os.environ if environment is None else environment).get(
            ENVIRONMENT_PREFIX + key.upper()
        )
        if text is not None:
            source = f"environment variable {ENVIRONMENT_PREFIX}{key.upper()}"
            values[key] = _validate(source, key, _parse_text(key, text))
    return override_settings(Settings(**values), flags or {})


def override_settings(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """Return `settings` with `overrides` in their place; None means not given.

    Raises ConfigError for a wrong value of either, as `load_settings`.
    """
    values = {
        key: _validate("settings", key, value)
        for key in _NAMES
        if (value := getattr(settings, key)) is not None
    }
    for key, value in overrides.items():
        if value is not None:
            values[key] = _validate("option", key, value)
    return Settings(**values)
