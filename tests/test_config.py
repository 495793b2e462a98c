"""Settings: which source wins, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scoqa.config import Settings, load_settings
from scoqa.errors import ConfigError

EXAMPLES: dict[str, tuple[str, str, Any, Any]] = {
    # key: (in scoqa.toml, in the environment, as a flag, what the environment's stands for)
    "documents": ('"one"', "./two/", "three", "two"),
    "exclude": ('["a/**"]', "b/**, c.txt", ["d/**"], ("b/**", "c.txt")),
    "embedder": ('"file"', "environment", "flag", "environment"),
    "reader": ('"sentence"', "environment", "flag", "environment"),
    "device": ('"cpu"', "cuda", "mps", "cuda"),
    "passage_tokens": ("100", "110", 120, 110),
    "search_k": ("10", "11", 12, 11),
    "read_k": ("3", "4", 5, 4),
    "threshold": ("0.1", "0.2", 0.3, 0.2),
    "host": ('"0.0.0.0"', "[::1]", "localhost", "::1"),
    "port": ("8001", "8002", 8003, 8002),
    "allowed_hosts": ('["one"]', "two,three", ["four"], ("two", "three")),
    "logins": ('"file"', "environment", ".flag", "environment"),
}


def refusal(
    folder: Path, *, environment: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        load_settings(folder, environment=environment or {}, flags=flags)
    return refused.value


def test_there_is_an_example_of_every_setting() -> None:
    assert list(Settings.__dataclass_fields__) == list(EXAMPLES)


def test_without_anything_the_defaults_serve(tmp_path: Path) -> None:
    assert Settings() == load_settings(tmp_path, environment={})


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(
    tmp_path: Path, key: str
) -> None:
    in_file, in_environment, flag, meant = EXAMPLES[key]
    environment = {f"SCOQA_{key.upper()}": in_environment}

    def value(**sources: Any) -> Any:
        return getattr(load_settings(tmp_path, **{"environment": {}, **sources}), key)

    assert getattr(Settings(), key) == value()
    (tmp_path / "scoqa.toml").write_text(f"{key} = {in_file}\n", encoding="utf-8")
    by_file = value()
    assert by_file != getattr(Settings(), key)
    assert meant == value(environment=environment)
    given = tuple(flag) if isinstance(flag, list) else flag
    assert given == value(environment=environment, flags={key: flag})
    assert by_file == value(flags={key: None}), "a flag that is not given changes nothing"


def test_the_environment_of_the_process_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOQA_PORT", "9001")
    assert 9001 == load_settings(tmp_path).port


WRONG = [
    ("colour", '"red"', "'red'", "only the keys documents, exclude,"),
    ("documents", '"../other"', "'../other'", "a folder in the workspace, relative to it"),
    ("documents", '"a/../../b"', "'a/../../b'", "a folder in the workspace"),
    ("documents", '"/etc"', "'/etc'", "a folder in the workspace"),
    ("documents", '""', "''", "a text that is not empty"),
    ("exclude", '"drafts"', "'drafts'", 'a list of strings, such as ["drafts/**"]'),
    ("exclude", "[1, 2]", "[1, 2]", "a list of strings"),
    ("allowed_hosts", "true", "True", "a list of strings"),
    ("passage_tokens", "19", "19", "a whole number from 20 to 200"),
    ("passage_tokens", "201", "201", "a whole number from 20 to 200"),
    ("passage_tokens", "100.0", "100.0", "a whole number from 20 to 200"),
    ("passage_tokens", '"100"', "'100'", "a whole number from 20 to 200"),
    ("search_k", "0", "0", "a whole number from 1 to 1000"),
    ("read_k", "true", "True", "a whole number from 1 to 100"),
    ("threshold", "1.5", "1.5", "a number from 0 to 1"),
    ("threshold", "nan", "nan", "a number from 0 to 1"),
    ("threshold", "false", "False", "a number from 0 to 1"),
    ("port", "0", "0", "a whole number from 1 to 65535"),
    ("port", "70000", "70000", "a whole number from 1 to 65535"),
    ("embedder", '"  "', "'  '", "a text that is not empty"),
    ("embedder", "7", "7", "a text that is not empty"),
    ("reader", "[]", "[]", "a text that is not empty"),
    ("device", '"gpu"', "'gpu'", "one of auto, cpu, cuda, mps"),
    ("device", '"cuda:1"', "'cuda:1'", "one of auto, cpu, cuda, mps"),
]


@pytest.mark.parametrize(("key", "toml", "shown", "allowed"), WRONG)
def test_a_wrong_value_in_the_file_names_file_key_value_and_what_is_allowed(
    tmp_path: Path, key: str, toml: str, shown: str, allowed: str
) -> None:
    file = tmp_path / "scoqa.toml"
    file.write_text(f"{key} = {toml}\n", encoding="utf-8")
    error = refusal(tmp_path)
    assert str(error).startswith(f"{file}: {key} = {shown} is not allowed. Allowed: {allowed}")
    assert (str(file), key, 2) == (error.source, error.key, error.exit_code)


@pytest.mark.parametrize(
    ("key", "text", "shown", "allowed"),
    [
        ("port", "eighty", "'eighty'", "a whole number from 1 to 65535"),
        ("port", "", "''", "a whole number from 1 to 65535"),
        ("port", "80.5", "80.5", "a whole number from 1 to 65535"),
        ("threshold", "inf", "inf", "a number from 0 to 1"),
        ("threshold", "half", "'half'", "a number from 0 to 1"),
        ("embedder", " ", "' '", "a text that is not empty"),
    ],
)
def test_a_wrong_value_in_the_environment_names_the_variable(
    tmp_path: Path, key: str, text: str, shown: str, allowed: str
) -> None:
    name = f"SCOQA_{key.upper()}"
    error = refusal(tmp_path, environment={name: text})
    expected = f"environment variable {name}: {key} = {shown} is not allowed. Allowed: {allowed}."
    assert expected == str(error)


def test_a_wrong_flag_says_it_was_an_option(tmp_path: Path) -> None:
    error = refusal(tmp_path, flags={"port": 0})
    assert str(error).startswith("option: port = 0 is not allowed. Allowed: a whole number")
    assert "colour" == refusal(tmp_path, flags={"colour": "red"}).key


@pytest.mark.parametrize("content", [b"port = ", b"= 3", b"port = 1\nport = 2", b"\xff\xfe\x00"])
def test_a_broken_file_is_named_with_the_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scoqa.toml").write_bytes(content)
    message = str(refusal(tmp_path))
    assert message.startswith(f"{tmp_path / 'scoqa.toml'}: (the file) = ")
    assert message.endswith("Allowed: a readable TOML file.")


def test_a_folder_called_scoqa_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "scoqa.toml").mkdir()
    assert "Is a directory" in str(refusal(tmp_path))


def test_a_byte_order_mark_before_the_settings_does_no_harm(tmp_path: Path) -> None:
    # Notepad writes one; TOML knows none.
    (tmp_path / "scoqa.toml").write_bytes(b"\xef\xbb\xbfport = 8001\n")
    assert 8001 == load_settings(tmp_path, environment={}).port


@pytest.mark.parametrize("key", ["embedder", "reader"])
def test_a_folder_named_in_the_file_stands_beside_the_file(tmp_path: Path, key: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "scoqa.toml").write_text(f'{key} = "mine"\n', encoding="utf-8")
    assert str(tmp_path / "mine") == getattr(load_settings(tmp_path, environment={}), key)


def test_a_folder_does_not_hide_the_reader_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "span").mkdir()
    (tmp_path / "scoqa.toml").write_text('reader = "span"\n', encoding="utf-8")
    assert "span" == load_settings(tmp_path, environment={}).reader
