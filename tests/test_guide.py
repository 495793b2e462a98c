"""The guide is true: generated pages have not drifted, and the examples in it run.

`python tests/test_guide.py --write` writes docs/guide/cli.md anew.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import typer
import typer.models

from scoqa import Workspace, terminal
from scoqa.config import Settings
from scoqa.normalization import fold
from scoqa.types import Answer, Citation

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guide"


# What None stands for.
DEFAULTS = {"documents": "`docs` if it exists, else `.`", "threshold": "the reader's own"}


def command_line_page() -> str:
    """Return docs/guide/cli.md as the commands' own help texts make it."""
    from scoqa.cli import app

    parts = [
        "# Command line\n",
        "Generated from the help texts by `python tests/test_guide.py --write`.",
        "Data goes to standard output, messages and progress to standard error.",
        "Exit codes: 0 done (silence included), 1 error, 2 usage, 3 silence with "
        "`--exit-on-silence`, 4 verification failed, 5 worse than `--fail-on` allows.",
        "Before a command stand `--debug` (show the trace of an error) and `--version`.",
    ]
    # From what the functions declare, not from rendered help: that changes with typer's version.
    for command in app.registered_commands:
        assert command.callback is not None
        hints = get_type_hints(command.callback, include_extras=True)
        declared = {
            name: (get_args(hints[name])[-1], parameter.default is parameter.empty)
            for name, parameter in inspect.signature(command.callback).parameters.items()
        }
        rows, usage = [], [f"scoqa {command.name or command.callback.__name__}"]
        for name, (info, required) in declared.items():
            if isinstance(info, typer.models.ArgumentInfo):
                called = info.metavar or name.upper()
                if get_origin(get_args(hints[name])[0]) is list:
                    called += "..."
                usage.append(called if required else f"[{called}]")
            else:
                # In Annotated, typer takes the first name for a default and puts it back later.
                first = [info.default] if isinstance(info.default, str) else []
                names = [*first, *(info.param_decls or ())]
                called = ", ".join(names or ["--" + name.replace("_", "-")])
            rows.append(f"| `{called}` | {info.help} |")
        parts += [f"\n## {usage[0]}\n", f"`{' '.join(usage)}`\n", str(command.callback.__doc__), ""]
        parts += ["| | |", "|---|---|", *rows, ""]
        parts.append(str(command.epilog).replace("Example: ", "Example: `") + "`")
    return "\n".join(parts) + "\n"


def test_the_command_line_page_is_what_help_says() -> None:
    expected = command_line_page()
    actual = (GUIDE / "cli.md").read_text(encoding="utf-8")
    assert expected == actual, "run: python tests/test_guide.py --write"


def test_every_setting_stands_in_the_settings_page_with_its_default() -> None:
    page = (GUIDE / "settings.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    assert list(listed) == [each.name for each in fields(Settings)]
    for each in fields(Settings):
        default = each.default
        if default is None:
            assert listed[each.name] == DEFAULTS[each.name]
        else:
            shown = (
                "[]" if default == () else f'"{default}"' if isinstance(default, str) else default
            )
            assert listed[each.name] == f"`{shown}`"


def test_every_field_of_an_answer_and_a_citation_stands_in_the_data_model() -> None:
    page = (GUIDE / "data-model.md").read_text(encoding="utf-8")
    for kind in (Answer, Citation):
        section = page.split(f"## {kind.__name__}\n")[1].split("\n## ")[0]
        named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.+?) \|", section, re.M)))
        assert [each.name for each in fields(kind)] == named


def test_links_between_pages_lead_somewhere() -> None:
    missing = []
    for page in [ROOT / "README.md", *GUIDE.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                missing.append(f"{page.relative_to(ROOT)}: {target}")
    assert missing == []


def test_the_readme_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert code is not None
    source = code.group(1).replace('"embeddings/example"', repr(str(tmp_path / "index")))
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        exec(compile(source, "README.md", "exec"), {})
    finally:
        os.chdir(before)
    printed = capsys.readouterr().out
    assert "international college of defence studies" in fold(printed)


def test_the_examples_of_the_python_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("handbook", "laws", "cases"):
        (tmp_path / name).mkdir()
    text = "Everyone has 30 days of leave a year.\n"
    (tmp_path / "handbook" / "leave.txt").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    page = (GUIDE / "python.md").read_text(encoding="utf-8")
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "python.md", "exec"), names)
    assert "30" in names["answer"].citations[0].quote
    assert names["laws"].models is names["cases"].models
    assert 20 == names["cases"].settings.read_k


def test_the_tutorial_shows_what_the_command_prints(sco: Workspace) -> None:
    page = (GUIDE / "tutorial.md").read_text(encoding="utf-8")
    shown = re.search(r"^\$ scoqa ask \"(.+?)\"\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert shown is not None
    with terminal.out.capture() as printed:
        terminal.print_answer(sco.ask(shown.group(1)))
    # The page has plain spaces where the documents have non-breaking ones.
    assert printed.get().strip().replace("\u00a0", " ") == shown.group(2).strip()


if __name__ == "__main__" and "--write" in sys.argv:
    (GUIDE / "cli.md").write_text(command_line_page(), encoding="utf-8")
